//! `cargo warg remove`: out of Cargo.toml and of the lock, and nothing else.

use crate::story;
use crate::support::Sandbox;

const TABLES: &str = "\
[package.metadata.warg.dependencies]
# About all of these.

# The clock.
\"acme:clock\" = \"1.0\" # good
# The logger.
\"acme:logger\" = { version = \"1.0\" }

[package.metadata.warg.wit-dependencies]
\"my:io\" = { package = \"acme:io\", version = \"1.0.1\" } # renamed
\"test:other\" = \"1.0.0\"
";

#[test]
fn a_dependency_goes_with_its_comment_and_the_lock_follows() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", TABLES);
    app.warg(&["lock"]).code(0);
    let before = registry.snapshot(&app);
    app.warg(&["remove", "acme:clock", "--dry-run"])
        .code(0)
        .stderr_contains("Removing acme:clock from [package.metadata.warg.dependencies]")
        .stderr_contains("not changing Cargo.toml due to dry run");
    assert_eq!(registry.snapshot(&app), before);
    let manifest = app.read("Cargo.toml");
    app.warg(&["remove", "acme:clock", "acme:io"])
        .code(0)
        .stderr_contains("Removing acme:clock from [package.metadata.warg.dependencies]")
        .stderr_contains("Removing acme:io from [package.metadata.warg.wit-dependencies]")
        .stderr_contains("Removing acme:io v1.0.1")
        .stderr_contains("note: acme:clock v1.1.0 stays locked\n")
        .stderr_contains("help: `cargo warg tree -i acme:clock` shows what requires it\n");
    let expected = manifest
        .replace("# The clock.\n\"acme:clock\" = \"1.0\" # good\n", "")
        .replace(
            "\"my:io\" = { package = \"acme:io\", version = \"1.0.1\" } # renamed\n",
            "",
        );
    assert_eq!(app.read("Cargo.toml"), expected);
    app.warg(&["lock", "--locked"]).code(0);
    let json = app.json(&["remove", "acme:logger"]);
    assert_eq!(json["dependencies"][0]["name"], "acme:logger");
    assert_eq!(json["lock"]["changes"][0]["action"], "remove");
    app.warg(&["lock", "--locked"]).code(0);
}

#[test]
fn what_is_no_dependency_is_said_with_what_may_have_been_meant() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", TABLES);
    app.warg(&["lock"]).code(0);
    let before = registry.snapshot(&app);
    app.warg(&["remove", "acme:clokc"])
        .code(2)
        .stderr_contains("`acme:clokc` is no dependency in Cargo.toml")
        .stderr_contains("a dependency of a similar name is there: `acme:clock`");
    app.warg(&["remove", "acme:clock", "acme:http"]).code(2);
    assert_eq!(registry.snapshot(&app), before);
}

#[test]
fn where_wit_still_refers_to_it_the_location_is_said() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(
        &sandbox,
        "app",
        "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n\
         [package.metadata.warg.wit-dependencies]\n\"acme:io\" = \"1.0.1\"\n",
    );
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\nworld app {\n  import acme:io/streams@1.0.1;\n  import acme:clock/now@1.1.0;\n}\n",
    );
    app.warg(&["lock"]).code(0);
    app.warg(&["remove", "acme:io"])
        .code(0)
        .stderr_contains("warning: wit/ still refers to acme:io/streams@1.0.1\n")
        .stderr_contains(" --> wit/world.wit:3:18\n")
        .stderr_contains("acme:io v1.0.1 stays locked");
    // What the component served is a WIT package to look for now, and there is none.
    let before = registry.snapshot(&app);
    app.warg(&["remove", "acme:clock"])
        .code(11)
        .stderr_contains("wit/world.wit:4:21 still refers to acme:clock/now@1.1.0")
        .stderr_contains("Cargo.toml is as it was before");
    assert_eq!(registry.snapshot(&app), before);
}
