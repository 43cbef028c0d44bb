//! A `wit/deps` that was filled by hand, handed over to `lock` and `fetch`.

use crate::story::{self, IO};
use crate::support::{Sandbox, files};

const WORLD: &str = "package example:app@0.1.0;\n\nworld app {\n  import acme:http/types@1.0.0;\n  import mine:log/log@1.0.0;\n}\n";

#[test]
fn what_a_registry_has_with_the_same_text_is_handed_over_and_the_rest_stays() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write("wit/world.wit", WORLD);
    app.write(
        "wit/deps/http/http.wit",
        "package acme:http@1.0.0;\n// by hand\ninterface types { use acme:io/streams@1.0.1.{source}; get: func() -> source; }\n",
    );
    app.write("wit/deps/io.wit", format!("package acme:io@1.0.1;\n{IO}"));
    app.write(
        "wit/deps/log/log.wit",
        "package mine:log@1.0.0;\ninterface log {}\n",
    );
    app.write("wit/deps/log/README", "mine");
    let said = app.warg(&["lock"]).code(0);
    let notes: Vec<_> = said
        .stderr
        .lines()
        .filter(|line| line.starts_with("note"))
        .collect();
    assert_eq!(notes.len(), 1, "{said}");
    assert!(
        notes[0]
            .contains(", and 2 other packages as it is, which `cargo warg fetch` did not write")
            && notes[0].contains("--adopt-deps"),
        "{said}"
    );
    app.warg(&["lock", "--adopt-deps", "--locked"]).code(2);

    app.warg(&["lock", "--adopt-deps"])
        .code(0)
        .stderr_contains("Adopted 2 packages of wit/deps")
        .stderr_contains("note: wit/deps/log stays: it holds README")
        .stderr_contains("Locked 2 packages in warg.lock");
    assert!(!app.has("wit/deps/io.wit") && !app.has("wit/deps/http/http.wit"));
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    assert!(app.has("wit/deps/acme-io-1.0.1/package.wit"));
    assert!(app.has("wit/deps/log/log.wit"));
}

#[test]
fn a_text_that_differs_stays_and_a_lock_that_fails_puts_all_back() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/world.wit",
        "package example:app@0.1.0;\n\nworld app {\n  import acme:io/streams@1.0.1;\n}\n",
    );
    app.write(
        "wit/deps/io.wit",
        format!("package acme:io@1.0.1;\n{IO}interface more {{}}\n"),
    );
    app.warg(&["lock", "--adopt-deps"])
        .code(0)
        .stderr_contains("Adopted 0 packages of wit/deps")
        .stderr_contains(
            "note: wit/deps/io.wit stays: its text differs from that of acme:io@1.0.1 in ",
        );
    assert!(app.has("wit/deps/io.wit"));

    app.write("wit/deps/io.wit", format!("package acme:io@1.0.1;\n{IO}"));
    app.append_to_manifest("[package.metadata.warg.dependencies]\n\"acme:nowhere\" = \"1\"\n");
    let before = files(&app.path().join("wit"));
    app.warg(&["lock", "--adopt-deps"])
        .code(11)
        .stderr_contains("help: wit/deps is as it was before");
    assert_eq!(files(&app.path().join("wit")), before);
}
