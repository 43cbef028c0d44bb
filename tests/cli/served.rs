//! What serves a reference in `wit/`: never a name alone. What `lock` says is fine, `fetch` can do.

use crate::story::{self, Registry};
use crate::support::{Project, Sandbox};

/// A workspace of the crates `a` and `b`, which make `acme:a` and `acme:b`; `b` depends on `a` by its path.
fn workspace(sandbox: &Sandbox, registry: &Registry, on_a: &str) -> Project {
    let workspace = sandbox.virtual_workspace("ws", &["a", "b"]);
    workspace.append_to_manifest(&registry.configure(&workspace));
    for (member, dependencies) in [("a", ""), ("b", on_a)] {
        let manifest = workspace.read(&format!("{member}/Cargo.toml"));
        workspace.write(
            &format!("{member}/Cargo.toml"),
            format!(
                "{manifest}[package.metadata.warg]\npackage = \"acme:{member}\"\n\
                 [package.metadata.warg.dependencies]\n{dependencies}\n"
            ),
        );
    }
    workspace
}

const ON_A: &str = "\"acme:a\" = { path = \"../a\" }";

fn imports(what: &str) -> String {
    format!("package acme:b@0.1.0;\nworld w {{\n  import {what};\n  export hi: func();\n}}\n")
}

/// All commands that a locked project has to pass.
#[track_caller]
fn holds(project: &Project) {
    for command in [
        &["lock"][..],
        &["lock", "--locked"],
        &["fetch", "--locked"],
        &["verify"],
        &["fetch", "--locked"],
        &["verify", "--offline"],
    ] {
        project.warg(command).code(0);
    }
}

/// No command says that all is well where `lock` does not.
#[track_caller]
fn refused(project: &Project, code: i32, texts: &[&str]) {
    for command in [
        &["lock"][..],
        &["lock", "--locked"],
        &["fetch"],
        &["verify"],
    ] {
        let said = project.warg(command);
        let said = said.code(code);
        texts
            .iter()
            .fold(said, |said, text| said.stderr_contains(text));
    }
}

#[test]
fn what_a_project_says_that_it_will_export_is_written_for_those_who_import_it() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let ws = workspace(&sandbox, &registry, ON_A);
    ws.write(
        "a/wit/a.wit",
        "package acme:a@0.1.0;\n\
         interface types { record thing { n: u32 } }\n\
         /// Makes things.\n\
         interface gen { use types.{thing}; use acme:io/streams@1.0.1.{source}; make: func(s: source) -> thing; }\n\
         interface inner {}\n\
         world w { import acme:http/types@1.0.0; import inner; export gen; }\n",
    );
    ws.write("b/wit/b.wit", imports("acme:a/gen@0.1.0"));
    holds(&ws);
    let text = ws.read("b/wit/deps/acme-a-0.1.0/package.wit");
    assert!(text.contains("/// Makes things.\ninterface gen"), "{text}");
    assert!(text.contains("interface types"), "{text}");
    assert!(!text.contains("inner") && !text.contains("world"), "{text}");
    assert!(
        ws.has("b/wit/deps/acme-io-1.0.1/package.wit"),
        "what it uses"
    );
    assert!(
        !ws.has("b/wit/deps/acme-http-1.0.0"),
        "what only `a` imports"
    );
    let lock = ws.read("warg.lock");
    assert!(
        lock.contains("[[package]]\nkind = \"component\"\nname = \"acme:a\""),
        "{lock}"
    );
    assert!(
        !lock.contains("kind = \"wit\"\nname = \"acme:a\""),
        "{lock}"
    );

    // What it says changes: what was written is stale until it is fetched again.
    ws.write(
        "a/wit/a.wit",
        ws.read("a/wit/a.wit").replace("n: u32", "n: u64"),
    );
    ws.warg(&["lock", "--locked"]).code(0);
    ws.warg(&["verify"])
        .code(10)
        .stderr_contains("acme-a-0.1.0/package.wit is of an older selection");
    holds(&ws);
}

#[test]
fn what_a_project_does_not_export_is_refused_where_it_is_asked_for() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let ws = workspace(&sandbox, &registry, ON_A);
    let text =
        "package acme:a@0.1.0;\ninterface gen {}\ninterface inner {}\nworld w { export gen; }\n";
    ws.write("a/wit/a.wit", text);
    ws.write("b/wit/b.wit", imports("acme:a/gen@0.1.0"));
    holds(&ws);
    for (reference, said, help) in [
        (
            "acme:a/gen@0.9.0",
            "`acme:a/gen@0.9.0` is asked of `acme:a`, and the wit/ of a has `acme:a@0.1.0`",
            "help: write `acme:a/gen@0.1.0`",
        ),
        (
            "acme:a/inner@0.1.0",
            "`acme:a/inner@0.1.0` is asked of `acme:a`, and no world in the wit/ of a exports it",
            "help: export `inner` of `acme:a@0.1.0` from a world there",
        ),
        (
            "acme:a/nosuch@0.1.0",
            "no world in the wit/ of a exports it",
            "help: export `nosuch`",
        ),
    ] {
        ws.write("b/wit/b.wit", imports(reference));
        refused(&ws, 101, &[said, help, "--> b/wit/b.wit:3:"]);
    }
    ws.write("b/wit/b.wit", imports("acme:a/gen@0.1.0"));
    std::fs::remove_dir_all(ws.path().join("a/wit")).unwrap();
    refused(&ws, 101, &["no world in the wit/ of a exports it"]);
}

#[test]
fn for_clauses_of_a_project_take_its_texts_or_else_a_release() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "\"acme:a\" = { path = \"../a\", for = [\"acme:io/streams@1.0.1\", \"test:mine/i@2.0.0\"] }";
    let ws = workspace(&sandbox, &registry, on);
    ws.write(
        "a/wit/a.wit",
        "package acme:a@0.1.0;\nworld w { export acme:io/streams@1.0.1; export test:mine/i@2.0.0; }\n",
    );
    // What nobody released, the project holds itself.
    ws.write(
        "a/wit/deps/mine/mine.wit",
        "package test:mine@2.0.0;\ninterface i { use acme:io/streams@1.0.1.{source}; f: func() -> source; }\n",
    );
    ws.write(
        "b/wit/b.wit",
        imports("acme:io/streams@1.0.1;\n  import test:mine/i@2.0.0"),
    );
    holds(&ws);
    assert!(ws.has("b/wit/deps/acme-io-1.0.1/package.wit"));
    assert!(ws.has("b/wit/deps/test-mine-2.0.0/package.wit"));
    ws.write(
        "a/wit/a.wit",
        "package acme:a@0.1.0;\nworld w { export acme:io/streams@1.0.1; }\n",
    );
    refused(
        &ws,
        101,
        &["`test:mine/i@2.0.0` is asked of `acme:a`, and no world in the wit/ of a exports it"],
    );
}

#[test]
fn what_is_patched_says_what_it_will_export() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n";
    let app = registry.app(&sandbox, "app", on);
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import acme:clock/now@1.5.0; }\n",
    );
    app.warg(&["lock"]).code(11);
    let clock = sandbox.cargo_project(
        "clock",
        "[package.metadata.warg]\npackage = \"acme:clock\"\n",
    );
    clock.write(
        "Cargo.toml",
        clock.read("Cargo.toml").replace("0.1.0", "1.5.0"),
    );
    clock.write("wit/clock.wit", story::clock("1.5.0"));
    app.append_to_manifest(
        "[workspace.metadata.warg.patch]\n\"acme:clock\" = { path = \"../clock\" }\n",
    );
    holds(&app);
    assert!(app.has("wit/deps/acme-clock-1.5.0/package.wit"));
    clock.write("wit/clock.wit", story::clock("1.6.0"));
    refused(
        &app,
        101,
        &[
            "has `acme:clock@1.6.0`",
            "help: write `acme:clock/now@1.6.0`",
        ],
    );
}

#[test]
fn a_component_that_is_built_serves_what_it_exports() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "[package.metadata.warg.dependencies]\n\"acme:clock\" = { path = \"../clock.wasm\", version = \"1.0.0\" }\n";
    let app = registry.app(&sandbox, "app", on);
    let bytes = fixtures::component::from_wit(&story::clock("1.0.0"), "w");
    std::fs::write(sandbox.join("clock.wasm"), bytes).unwrap();
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import acme:clock/now@1.0.0; }\n",
    );
    holds(&app);
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import acme:clock/now@0.9.0; }\n",
    );
    refused(
        &app,
        101,
        &[
            "`acme:clock/now@0.9.0` is asked of `acme:clock`, and ",
            "clock.wasm does not export it",
            "help: it exports `acme:clock/now@1.0.0`",
        ],
    );
}

#[test]
fn wit_packages_in_folders_may_refer_to_one_another() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "[package.metadata.warg.wit-dependencies]\n\"acme:wb\" = { path = \"../wb\" }\n\"acme:wa\" = { path = \"../wa\" }\n";
    let app = registry.app(&sandbox, "app", on);
    let folder = sandbox.join("");
    let write = |name: &str, text: &str| {
        std::fs::create_dir_all(folder.join(name)).unwrap();
        std::fs::write(folder.join(name).join("p.wit"), text).unwrap();
    };
    write(
        "wa",
        "package acme:wa@1.1.0;\ninterface t { use acme:io/streams@1.0.0.{source}; use acme:nested/n@0.3.0.{m}; type x = source; }\n\
         package acme:nested@0.3.0 { interface n { type m = u8; } }\n",
    );
    write(
        "wb",
        "package acme:wb@1.0.0;\ninterface u { use acme:wa/t@1.0.0.{x}; f: func() -> x; }\nworld base { import u; }\n",
    );
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { include acme:wb/base@1.0.0; import acme:wa/t@1.1.0; }\n",
    );
    holds(&app);
    let text = app.read("wit/deps/acme-wb-1.0.0/package.wit");
    assert!(text.contains("use acme:wa/t@1.1.0.{x};"), "{text}");
    assert!(app.has("wit/deps/acme-nested-0.3.0/package.wit"));
    // What one lacks of the other is told where it is used.
    write(
        "wb",
        "package acme:wb@1.0.0;\ninterface u {\n  use acme:wa/t@1.0.0.{gone};\n}\nworld base { import u; }\n",
    );
    refused(&app, 101, &["gone", "wb/p.wit:3:"]);
    // A circle of packages is no world.
    write(
        "wb",
        "package acme:wb@1.0.0;\ninterface u { use acme:wa/t@1.1.0.{x}; }\nworld base {}\n",
    );
    write(
        "wa",
        "package acme:wa@1.1.0;\ninterface t { use acme:wb/u@1.0.0.{x}; }\n",
    );
    refused(&app, 101, &["cycle", "/p.wit:2:"]);
}

#[test]
fn a_package_that_is_nested_in_a_folders_text_is_required_by_who_refers_to_it() {
    let sandbox = Sandbox::new();
    let registry = Registry::new(&sandbox, "acme", 1);
    let folder = sandbox.folder_project("types");
    for (crates, version) in [("full", "1.0.0"), ("pre", "1.0.0-rc.1")] {
        folder.write(
            "types.wit",
            format!(
                "package acme:types@{version};\ninterface t {{ type x = u8; }}\n\
                 package acme:nested@1.0.0 {{ interface q {{ type x = u32; }} }}\n"
            ),
        );
        let types = format!("  import acme:types/t@{version};\n");
        let nested = "  import acme:nested/q@1.0.0;\n";
        for (number, imports) in [types.clone() + nested, nested.to_owned(), types]
            .iter()
            .enumerate()
        {
            let app = registry.app(
                &sandbox,
                &format!("{crates}-{number}"),
                "[package.metadata.warg.wit-dependencies]\n\"acme:types\" = { path = \"../types\" }\n",
            );
            app.write(
                "wit/world.wit",
                format!("package acme:app@0.1.0;\nworld w {{\n{imports}}}\n"),
            );
            holds(&app);
            let lock = app.read("warg.lock");
            assert_eq!(
                lock.contains("acme:nested@1.0.0"),
                imports.contains("nested"),
                "{lock}"
            );
        }
    }
}

#[test]
fn the_wit_of_a_folder_serves_no_other_version() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "[package.metadata.warg.wit-dependencies]\n\"acme:io\" = { path = \"../io\" }\n";
    let app = registry.app(&sandbox, "app", on);
    let write = |text: &str| {
        std::fs::create_dir_all(sandbox.join("io")).unwrap();
        std::fs::write(sandbox.join("io/io.wit"), text).unwrap();
    };
    write("package acme:io@1.5.0;\ninterface streams { type source = u32; }\n");
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app {\n  import acme:io/streams@1.5.0;\n}\n",
    );
    holds(&app);
    write("package acme:io@1.5.0;\ninterface other {}\n");
    refused(
        &app,
        101,
        &[
            "interface 'streams' not found in package 'acme:io@1.5.0'",
            "wit/app.wit:3:",
        ],
    );
}

#[test]
fn versions_in_wit_are_names_build_metadata_included() {
    let sandbox = Sandbox::new();
    let mut registry = story::stocked(&sandbox);
    registry.wit("acme:v", "1.0.0+b1", &[], "interface i {}\n");
    registry.wit("acme:plain", "1.0.0", &[], "interface i {}\n");
    let app = registry.app(&sandbox, "app", "");
    let text =
        |reference: &str| format!("package test:app;\nworld app {{\n  import {reference};\n}}\n");
    for (reference, released) in [
        ("acme:v/i@1.0.0", "1.0.0+b1"),
        ("acme:plain/i@1.0.0+mine", "1.0.0"),
    ] {
        let _ = std::fs::remove_file(app.path().join("warg.lock"));
        app.write("wit/app.wit", text(reference));
        let help = format!(
            "help: versions in WIT are names, build metadata included: write `@{released}`"
        );
        app.warg(&["lock"])
            .code(11)
            .stderr_contains("--> wit/app.wit:3:")
            .stderr_contains(&help);
        app.warg(&["fetch"]).code(11).stderr_contains(&help);
        assert!(!app.has("warg.lock"), "nothing is locked");
    }
    app.write("wit/app.wit", text("acme:v/i@1.0.0+b1"));
    holds(&app);
    // Only the metadata change, so the requirement does not.
    app.write("wit/app.wit", text("acme:v/i@1.0.0+b2"));
    refused(&app, 11, &["write `@1.0.0+b1`"]);
}

#[test]
fn an_invalid_text_is_an_error_with_its_location_in_every_command_that_reads_it() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    let outside = "interface z { use acme:io/streams@1.0.0.{source}; }\n";
    for (text, location) in [
        (
            "package test:app;\ninterface i {\n  use j.{x};\n}\ninterface j {}\n",
            "wit/app.wit:3:",
        ),
        (
            "package test:app;\nworld a { include b; }\nworld b { include nosuch; }\n",
            "wit/app.wit:3:",
        ),
        (
            "package test:app;\nworld a { import f: func(); }\nworld b {\n  include a;\n  import f: func(); }\n",
            "wit/app.wit:",
        ),
        (
            "package test:app;\ninterface i { resource r; }\ninterface j {\n  use i.{r};\n  f: func() -> borrow<r>;\n}\n",
            "wit/app.wit:5:",
        ),
        (
            "package test:app;\nworld w {\n  import acme:mine/nosuch@1.0.0;\n}\npackage acme:mine@1.0.0 { interface i {} }\n",
            "wit/app.wit:3:",
        ),
        (
            "package test:app;\npackage acme:x@1.0.0 { interface i { use acme:y/i@1.0.0.{t}; } }\npackage acme:y@1.0.0 { interface i { use acme:x/i@1.0.0.{t}; } }\n",
            "wit/app.wit:",
        ),
    ] {
        for text in [
            text.to_owned(),
            text.replacen(";\n", &format!(";\n{outside}"), 1),
        ] {
            app.write("wit/app.wit", &text);
            for command in [
                "lock", "fetch", "verify", "tree", "outdated", "sbom", "update",
            ] {
                let said = app.warg(&[command]).code(101);
                let file = location.split(':').next().unwrap();
                let said = said.stderr_contains(&format!("--> {file}:"));
                if !text.contains(outside) {
                    said.stderr_contains(location);
                }
            }
        }
    }
}

#[test]
fn texts_in_a_folder_beside_deps_are_told() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write("wit/app.wit", "package test:app;\nworld app {}\n");
    app.write("wit/foo/bar.wit", "package foo:bar@1.0.0;\n");
    app.warg(&["lock"]).code(0).stderr_contains(
        "note: the texts in wit/foo are not read\nhelp: packages of your own belong into wit/deps\n",
    );
}

#[test]
fn where_nothing_is_asked_for_no_command_wants_a_lock() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import f: func(); }\n",
    );
    for command in [
        &["lock"][..],
        &["lock", "--locked"],
        &["lock", "--check"],
        &["fetch"],
        &["fetch", "--locked"],
        &["verify"],
        &["verify", "--deny", "warnings"],
        &["verify", "--offline"],
        &["tree"],
        &["tree", "--locked"],
        &["sbom"],
        &["outdated"],
        &["update"],
        &["update", "--dry-run"],
        &["update", "--pins"],
        &["vendor"],
    ] {
        app.warg(command).code(0);
        assert!(!app.has("warg.lock"), "{command:?} writes none");
    }
    app.warg(&["verify"])
        .code(0)
        .stderr_contains("Nothing to verify: no member needs anything from elsewhere");
    // As soon as something is asked for, it has to be locked.
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import acme:io/streams@1.0.0; }\n",
    );
    for command in ["verify", "tree", "sbom", "outdated"] {
        app.warg(&[command])
            .code(10)
            .stderr_contains("help: run `cargo warg lock`");
    }
}

#[test]
fn what_was_fetched_goes_with_the_last_reference() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/app.wit",
        "package test:app;\nworld app { import acme:io/streams@1.0.0; }\n",
    );
    holds(&app);
    for remove_lock in [false, true] {
        app.write(
            "wit/app.wit",
            "package test:app;\nworld app { import acme:io/streams@1.0.0; }\n",
        );
        app.warg(&["fetch"]).code(0);
        app.write("wit/app.wit", "package test:app;\nworld app {}\n");
        if remove_lock {
            std::fs::remove_file(app.path().join("warg.lock")).unwrap();
        } else {
            app.warg(&["lock"]).code(0);
        }
        app.warg(&["verify"])
            .code(10)
            .stderr_contains("is for nothing that is selected");
        app.warg(&["fetch"]).code(0);
        assert!(!app.has("wit/deps/acme-io-1.0.0"));
        app.warg(&["verify"]).code(0);
    }
}

#[test]
fn worlds_of_one_track_are_apart() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let app = registry.app(&sandbox, "app", "");
    app.write(
        "wit/app.wit",
        "package test:app;\n\
         world a { import acme:io/streams@1.0.0; import acme:http/types@1.0.0; }\n\
         world b { import acme:io/streams@1.1.0; }\n\
         world c { import acme:io/streams@1.0.1; }\n",
    );
    holds(&app);
    for version in ["1.0.0", "1.0.1", "1.1.0"] {
        let text = app.read(&format!("wit/deps/acme-io-{version}/package.wit"));
        assert!(
            text.contains(&format!("package acme:io@{version};")),
            "{text}"
        );
    }
    // What names a version gets it, where it is there.
    let http = app.read("wit/deps/acme-http-1.0.0/package.wit");
    assert!(
        http.contains("use acme:io/streams@1.0.1.{source};"),
        "{http}"
    );
    let lock = app.read("warg.lock");
    app.write(
        "wit/app.wit",
        app.read("wit/app.wit")
            .replace("world c { import acme:io/streams@1.0.1; }\n", ""),
    );
    app.warg(&["lock", "--locked"]).code(10);
    holds(&app);
    let http = app.read("wit/deps/acme-http-1.0.0/package.wit");
    assert!(
        http.contains("use acme:io/streams@1.1.0.{source};"),
        "{http}"
    );
    assert!(!app.has("wit/deps/acme-io-1.0.1"));
    assert_ne!(app.read("warg.lock"), lock);
    // A version that there is not is told as ever.
    app.write(
        "wit/app.wit",
        app.read("wit/app.wit")
            .replace("streams@1.0.0", "streams@1.0.9"),
    );
    app.warg(&["lock"]).code(11).stderr_contains("1.0.9");
}
