//! `cargo warg verify` in pipelines: what a job log shows, what is denied, and what the forge is told.

use resolver::lockfile::Lockfile;
use resolver::resolution::Selection;
use transparency::digest::Digest;
use transparency::operator;

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

/// A project on a stocked registry, fetched and good.
fn fetched(sandbox: &Sandbox) -> (Registry, Project) {
    let registry = story::stocked(sandbox);
    let app = registry.app(
        sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:http/types@1.0.0;\n}\n",
    );
    app.warg(&["fetch"]).code(0);
    (registry, app)
}

/// The line of warg.lock that names a package, counted from 1.
fn line_of(app: &Project, name: &str) -> usize {
    let lock = app.read("warg.lock");
    let wanted = format!("name = \"{name}\"");
    lock.lines().position(|line| line == wanted).unwrap() + 1
}

#[test]
fn yanked_since_is_a_warning_with_its_line_and_an_error_where_it_is_denied() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    app.warg(&["verify", "--deny", "yanked", "--deny", "warnings"])
        .code(0);
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    registry.world.yank("acme:io", "1.0.1", "it leaks");
    let (clock, io) = (line_of(&app, "acme:clock"), line_of(&app, "acme:io"));
    let said = app.warg(&["verify"]).code(0);
    let end = format!(
        "    Verified warg.lock: 4 packages, 4 contents, and 3 files of wit/deps\n\
         warning: acme:clock@1.1.0 is yanked: it is slow\n --> warg.lock:{clock}:1\n\
         warning: acme:io@1.0.1 is yanked: it leaks\n --> warg.lock:{io}:1\n"
    );
    assert!(said.stderr.ends_with(&end), "{said}");
    let document = app.json(&["verify"]);
    assert_eq!(document["yanked"][0]["name"], "acme:clock");
    assert_eq!(document["yanked"][0]["line"], clock);
    assert_eq!(document["warnings"].as_array().unwrap().len(), 2);
    for deny in ["yanked", "warnings"] {
        let said = app.warg(&["verify", "--deny", deny]).code(10);
        let said = said
            .stderr_contains("Checked 4 contents against their records\n")
            .stderr_lacks("Verified")
            .stderr_lacks("warning: ")
            .stderr_contains(
                "error: warg.lock has yanked releases, and `--deny yanked` was given\n",
            )
            .stderr_contains(
                "\n  acme:clock@1.1.0 is yanked: it is slow\n  acme:io@1.0.1 is yanked: it leaks\n",
            )
            .stderr_contains(&format!("warg.lock:{clock}:1\n"))
            .stderr_contains(&format!("{io} | name = \"acme:io\"\n"));
        assert!(
            said.stderr.ends_with(
                "help: run `cargo warg update acme:clock acme:io`, and commit what it changes\n"
            ),
            "{said}"
        );
    }
    // What the help says helps, for what has another release.
    registry.world.yank("acme:http", "1.0.0", "never mind");
    registry.component("acme:clock", "1.1.1", &[], &story::clock("1.1.1"));
    app.warg(&["update", "acme:clock"]).code(0);
    app.warg(&["verify", "--deny", "yanked"])
        .code(10)
        .stderr_lacks("acme:clock");
    app.warg(&["verify", "--deny", "all"]).code(2);
}

#[test]
fn what_fails_on_its_own_is_all_reported_and_the_gravest_comes_last() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    registry.world.yank("acme:clock", "1.1.0", "it is slow");
    let file = "wit/deps/acme-io-1.0.1/package.wit";
    app.write(file, app.read(file).replace("u32", "u64"));
    let said = app.warg(&["verify", "--deny", "yanked"]).code(13);
    let yanked = said.stderr.find("error: warg.lock has yanked releases");
    let deps = said.stderr.find("error: what `cargo warg fetch` wrote");
    assert!(yanked.unwrap() < deps.unwrap(), "{said}");
    assert!(
        said.stderr
            .trim_end()
            .lines()
            .last()
            .unwrap()
            .contains("writes it anew")
    );

    // Every claim that does not hold, with its line.
    let mut lock: Lockfile = app.read("warg.lock").parse().unwrap();
    let edited: [Selection; 2] = [
        "component acme:clock@1.1.0".parse().unwrap(),
        "wit acme:io@1.0.1".parse().unwrap(),
    ];
    for selection in &edited {
        let package = lock.packages.get_mut(selection).unwrap();
        package.release.as_mut().unwrap().digest = Digest::of(b"evil");
    }
    app.write("warg.lock", lock.to_string());
    for command in ["verify", "fetch"] {
        let said = app
            .warg(&[command])
            .code(13)
            .stderr_contains("error: 2 claims of warg.lock do not hold\n");
        let said = said
            .stderr_contains("the digest of component acme:clock@1.1.0 is sha256:")
            .stderr_contains("the digest of wit acme:io@1.0.1 is sha256:");
        for name in ["acme:clock", "acme:io"] {
            let line = line_of(&app, name);
            assert!(
                said.stderr
                    .contains(&format!("{line} | name = \"{name}\"\n")),
                "{said}"
            );
        }
        assert_eq!(said.stderr.matches("help: ").count(), 1, "{said}");
    }

    // Every reason why the lock is stale, and where it is written.
    app.append_to_manifest(
        "\n[package.metadata.warg.wit-dependencies]\n\"test:other\" = \"1.0.0\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@2.0.0;\n}\n",
    );
    app.warg(&["verify"])
        .code(10)
        .stderr_contains("test:other")
        .stderr_contains(" --> wit/world.wit:4:18\n")
        .stderr_contains(" ::: Cargo.toml:16:1\n");
}

#[test]
fn a_registry_that_is_silent_for_longer_than_promised_is_seen() {
    let sandbox = Sandbox::new();
    let (mut registry, app) = fetched(&sandbox);
    app.warg(&["verify"])
        .code(0)
        .stderr_contains(" old\n")
        .stderr_lacks("promised");
    registry.world.operate(vec![operator::Action::Refresh(60)]);
    // The world's clock stands in 2026-11-22.
    let says = "the newest checkpoint of `registry.example/world-1` is of 2026-11-22T";
    app.warg(&["verify"])
        .code(0)
        .stderr_contains(&format!("warning: {says}"))
        .stderr_contains("Z, and its operator promised one every 60 seconds\n");
    app.warg(&["verify", "--deny", "silent"])
        .code(12)
        .stderr_contains(&format!("error: {says}"))
        .stderr_contains("help: read a registry that is up to date");
    app.warg(&["verify", "--deny", "silent", "--offline"])
        .code(0);
}
