//! `cargo warg outdated`: which newer versions there are, and what holds them back.

use crate::story;
use crate::support::Sandbox;

#[test]
fn what_is_newer_is_shown_with_what_holds_it_and_a_yank_is_marked() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:http/types@1.0.0;\n  import test:other/other@1.0.0;\n}\n",
    );
    app.warg(&["lock"]).code(0);
    registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
    registry.component("acme:clock", "2.0.0", &[], &story::clock("2.0.0"));
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    registry.wit("test:other", "1.1.0", &[], "interface other {}\n");
    let before = registry.snapshot(&app);
    let said = app.warg(&["outdated"]).code(0);
    assert_eq!(
        said.stdout,
        "\
Name        Kind       Locked          Compatible  Latest  Held by
acme:clock  component  1.1.0 (yanked)  1.2.0       2.0.0   ^1.0 of acme:logger 1.0.0
acme:io     wit        1.0.1           1.0.1       2.0.0   ^1.0.1 of acme:http 1.0.0
test:other  wit        1.0.0           1.0.0       1.1.0   =1.0.0 at wit/world.wit:5:21
"
    );
    app.warg(&["outdated", "--offline", "--exit-code", "3"])
        .code(3);
    let json = app.json(&["outdated"]);
    let clock = &json["packages"][0];
    assert_eq!(clock["member"], "app");
    assert_eq!(clock["mark"], "yanked");
    assert_eq!(clock["mark-reason"], "it is slow");
    assert_eq!(clock["held-by"][0]["by"], "acme:logger@1.0.0");
    assert_eq!(
        json["packages"][2]["held-by"][0]["location"],
        "wit/world.wit:5:21"
    );
    assert_eq!(registry.snapshot(&app), before, "it changes nothing");
    registry.world.withdraw("acme:clock", "1.1.0", "it steals");
    let said = app.warg(&["outdated"]).code(0);
    assert!(said.stdout.contains("1.1.0 (withdrawn)"), "{said}");
}

#[test]
fn nothing_newer_is_said_and_ends_well() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n",
    );
    app.warg(&["lock"]).code(0);
    let said = app
        .warg(&["outdated", "--exit-code", "3"])
        .code(0)
        .stderr_contains("Up to date nothing newer is there");
    assert_eq!(said.stdout, "");
    assert_eq!(
        app.json(&["outdated"])["packages"]
            .as_array()
            .unwrap()
            .len(),
        0
    );
}

#[test]
fn a_lowest_version_is_held_by_the_rule_and_each_member_has_its_table() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.wit("test:other", "1.1.0", &[], "interface other {}\n");
    let work = sandbox.virtual_workspace("work", &["one", "two"]);
    work.append_to_manifest(&registry.configure(&work));
    for member in ["one", "two"] {
        let manifest = work.read(&format!("{member}/Cargo.toml"));
        work.write(
            &format!("{member}/Cargo.toml"),
            format!(
                "{manifest}[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0\"\n"
            ),
        );
    }
    work.warg(&["lock"]).code(0);
    let table = "\
Name        Kind  Locked  Compatible  Latest  Held by
test:other  wit   1.0.0   1.0.0       1.1.0   the lowest that does
";
    let said = work.warg(&["outdated"]).code(0);
    assert_eq!(said.stdout, format!("one\n{table}\ntwo\n{table}"));
    let said = work.warg(&["outdated", "-p", "two"]).code(0);
    assert_eq!(said.stdout, table);
}

#[test]
fn each_pin_of_one_track_has_its_own_row_and_is_held_by_itself() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld a { import acme:io/streams@1.0.0; }\nworld b { import acme:io/streams@1.0.1; }\n",
    );
    app.warg(&["lock"]).code(0);
    let said = app.warg(&["outdated"]).code(0);
    assert_eq!(
        said.stdout,
        "\
Name     Kind  Locked  Compatible  Latest  Held by
acme:io  wit   1.0.0   1.0.0       2.0.0   =1.0.0 at wit/world.wit:2:26
acme:io  wit   1.0.1   1.0.1       2.0.0   =1.0.1 at wit/world.wit:3:26
"
    );
}
