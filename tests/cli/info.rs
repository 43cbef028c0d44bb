//! `cargo warg info`: what the log of a package says, and who says it.

use crate::story;
use crate::support::Sandbox;

#[test]
fn a_package_is_shown_with_its_keys_releases_and_the_newest_in_full() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.warg(&["lock"]).code(0);
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    let vkey = registry.world.publisher().verifying_key().to_string();
    let said = app.warg(&["info", "acme:clock"]).code(0);
    for text in [
        "acme:clock (component)\n".to_owned(),
        format!("may:       {vkey}: own\n"),
        format!("{vkey} holds `acme`\n"),
        "locked:    1.1.0 of `app`\n".to_owned(),
        "  yanked: it is slow\n".to_owned(),
        "\nacme:clock 1.0.0\n".to_owned(),
        "exports:   acme:clock/now@1.0.0\n".to_owned(),
        "of the registry, proved; record 0 of the package, sha256:".to_owned(),
    ] {
        assert!(said.stdout.contains(&text), "no `{text}` in {said}");
    }
    let said = app.warg(&["info", "acme:logger@1"]).code(0);
    assert!(
        said.stdout
            .contains("requires:  component acme:clock ^1.0\n"),
        "{said}"
    );
    assert!(
        said.stdout.contains("imports:   acme:clock/now@1.0.0\n"),
        "{said}"
    );
}

#[test]
fn as_json_every_release_has_its_index_and_offline_what_is_kept_is_shown() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.warg(&["fetch"]).code(0);
    registry
        .world
        .yank("acme:clock", "1.0.0", "it stands still");
    let info = app.json(&["info", "acme:clock"]);
    assert_eq!(info["records"], 3);
    assert_eq!(info["keys"][0]["permissions"][0], "own");
    assert_eq!(info["locked"][0]["version"], "1.1.0");
    let releases = info["releases"].as_array().unwrap();
    assert_eq!(releases[0]["version"], "1.1.0");
    assert_eq!(releases[0]["standing"], "usable");
    assert_eq!(releases[1]["standing"], "yanked");
    assert_eq!(releases[1]["why"], "it stands still");
    let lock = app.read("warg.lock");
    let index = releases[0]["index"].as_u64().unwrap();
    assert!(
        lock.contains(&format!("index = {index}\n")),
        "{index} in {lock}"
    );
    assert!(lock.contains(releases[0]["record"].as_str().unwrap()));
    let one = app.json(&["info", "acme:clock@1.0.0"]);
    assert_eq!(one["releases"].as_array().unwrap().len(), 1);

    std::fs::remove_dir_all(&registry.folder).unwrap();
    let kept = app.json(&["info", "acme:clock", "--offline"]);
    assert_eq!(kept["releases"][0]["index"], index);
    assert_eq!(kept["releases"][1]["standing"], "yanked");
    app.warg(&["info", "test:other", "--offline"]).code(12);
    app.warg(&["info", "acme:clock"]).code(12);
}

#[test]
fn what_is_not_there_is_said_to_be_proved_absent() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.warg(&["info", "acme:nothing"])
        .code(11)
        .stderr_contains("`acme:nothing` is not in the registry")
        .stderr_contains("proved absent");
    app.warg(&["info", "acme:clock@3"])
        .code(11)
        .stderr_contains("`acme:clock` has no version 3")
        .stderr_contains("the newest ones are 1.1.0, 1.0.0");
    app.warg(&["info", "clock"]).code(2);
}
