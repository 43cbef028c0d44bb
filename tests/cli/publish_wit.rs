//! What is published as WIT: nothing that nobody could use, and what refers to each other together.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use crate::support::{Project, Sandbox, files};

/// A project whose registry `acme` has the namespaces `acme` and `test`.
fn project(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme", "test"]);
    app
}

fn registry(sandbox: &Sandbox) -> BTreeMap<PathBuf, Vec<u8>> {
    files(&sandbox.join("acme-registry"))
}

const BASE: &str = "package acme:base@0.2.3;\ninterface types { record thing { a: u8 } }\n";
const MID: &str = "package acme:mid@1.0.0;\n\ninterface types {\n  use acme:base/types@0.2.3.{thing};\n  f: func(x: thing);\n}\n";

/// A fresh project of the same user, whose `wit/` imports an interface: it locks, fetches, and what it has parses.
fn consumes(sandbox: &Sandbox, from: &Project, name: &str, import: &str) {
    let consumer = sandbox.cargo_project(name, "");
    let manifest = from.read("Cargo.toml");
    let tables = manifest.find("[package.metadata").unwrap();
    consumer.append_to_manifest(&manifest[tables..]);
    consumer.write("trust/acme.policy", from.read("trust/acme.policy"));
    consumer.write(
        "wit/w.wit",
        format!("package app:{name};\nworld w {{ import {import}; }}\n"),
    );
    for command in [&["lock"][..], &["fetch"], &["verify"]] {
        consumer.warg(command).code(0);
    }
}

#[test]
fn what_nobody_could_use_is_not_published_and_the_location_is_named() {
    let base = BASE.replace("a: u8", "a: u16");
    for (what, files, code, says) in [
        (
            "a reference of another namespace that only a copy in deps serves",
            &[
                (
                    "w/w.wit",
                    "package acme:w@1.0.0;\nworld w {\n  import nowhere:x/i@0.1.0;\n}\n",
                ),
                (
                    "w/deps/x/x.wit",
                    "package nowhere:x@0.1.0;\ninterface i {}\n",
                ),
            ][..],
            11,
            &["w/w.wit:3:20", "acme:w@1.0.0 could not be used by anyone"][..],
        ),
        (
            "a package of one's own that is not published",
            &[(
                "w/w.wit",
                "package acme:w@1.0.0;\nworld w {\n  import acme:gone/i@1.0.0;\n}\n",
            )],
            11,
            &["w/w.wit:3:20", "`acme:w@1.0.0` needs `acme:gone/i@1.0.0`"],
        ),
        (
            "a copy in deps that is not what was released",
            &[("w/w.wit", MID), ("w/deps/base.wit", &base)],
            13,
            &[
                "w/deps/base.wit contradicts the release of `acme:base@0.2.3`, which is what everybody else gets: the interface `types` differs",
            ],
        ),
        (
            "a type that only the copy in deps has",
            &[
                (
                    "w/w.wit",
                    "package acme:w@1.0.0;\ninterface i {\n  use acme:base/types@0.2.3.{other};\n}\n",
                ),
                (
                    "w/deps/base.wit",
                    "package acme:base@0.2.3;\ninterface types { record thing { a: u8 } type other = u8; }\n",
                ),
            ],
            101,
            &["w/w.wit:3:", "other"],
        ),
    ] {
        let sandbox = Sandbox::new();
        let app = project(&sandbox);
        app.publish_wit(BASE).code(0);
        let before = registry(&sandbox);
        for (path, text) in files {
            app.write(path, text);
        }
        for line in [&["publish", "w", "--dry-run"][..], &["publish", "w"]] {
            let mut said = app.warg(line).code(code);
            for text in says {
                said = said.stderr_contains(text);
            }
            said.stderr_lacks("Checked").stderr_lacks("Published");
        }
        assert_eq!(registry(&sandbox), before, "{what}");
    }
}

/// Text to binary to text: what `fetch` wrote is what was published, in the same registry and in a mirror of it; where it
/// cannot be, since references were raised, it is left out.
#[test]
fn what_fetch_wrote_is_imported_as_the_very_content_or_not_at_all() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let documented = "/// Words.\npackage acme:words@1.0.0;\n\n/// An interface.\ninterface i {\n  /// A type.\n  type t = u8;\n}\n";
    app.publish_wit(documented).code(0);
    app.publish_wit(BASE).code(0);
    app.publish_wit(MID).code(0);
    let digests = |project: &Project| {
        ["acme:words", "acme:base", "acme:mid"].map(|name| {
            let info = project.json(&["info", name]);
            info["releases"][0]["digest"].clone()
        })
    };
    app.write(
        "wit/w.wit",
        "package app:w;\nworld w { import acme:words/i@1.0.0; import acme:mid/types@1.0.0; }\n",
    );
    app.warg(&["fetch"]).code(0);
    app.warg(&["registry", "import", "wit/deps"])
        .code(0)
        .stderr_contains("0 versions of 3 packages into `acme` (3 already there)");

    let mirror = sandbox.cargo_project("mirror", "");
    mirror.registry("mirror", &["acme"]);
    mirror
        .warg(&["registry", "import", "../app/wit/deps"])
        .code(0)
        .stderr_contains("3 versions of 3 packages");
    assert_eq!(digests(&mirror), digests(&app));

    // A reference is raised: what is written is another content, and no release of that name.
    app.publish_wit(&BASE.replace("0.2.3", "0.2.4")).code(0);
    app.write(
        "wit/w.wit",
        "package app:w;\nworld w { import acme:base/types@0.2.4; import acme:mid/types@1.0.0; }\n",
    );
    app.warg(&["fetch"]).code(0);
    let third = sandbox.cargo_project("third", "");
    third.registry("third", &["acme"]);
    third
        .warg(&["registry", "import", "../app/wit/deps"])
        .code(13)
        .stderr_contains("acme-mid-1.0.0 is what `cargo warg fetch` wrote of sha256:")
        .stderr_contains("1 version of 1 package into `third` (1 skipped)");
}

/// A package may be published in the binary form that another tool made, which no text of ours becomes: its text is then
/// imported as the content that it was printed from, wherever that is had.
#[test]
fn what_fetch_wrote_of_a_binary_form_is_imported_as_that_binary_form() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let text = "package acme:words@1.0.0;\n\ninterface i {\n  /// Before.\n  f: func();\n  resource r {\n    \
                /// Within.\n    m: func();\n  }\n}\n";
    let bytes = fixtures::component::wit_package(text);
    app.write("words.wasm", &bytes);
    app.write("words.wit", text);
    app.publish_wit(BASE).code(0);
    app.warg(&["publish", "words.wasm"]).code(0);
    app.warg(&["publish", "words.wit", "--dry-run"])
        .code(13)
        .stderr_contains("with other contents");
    app.write(
        "wit/w.wit",
        "package app:w;\nworld w { import acme:words/i@1.0.0; import acme:base/types@0.2.3; }\n",
    );
    app.warg(&["fetch"]).code(0);
    app.warg(&["registry", "import", "wit/deps"])
        .code(0)
        .stderr_contains("(2 already there)");
    let digest = |project: &Project| {
        let info = project.json(&["info", "acme:words"]);
        info["releases"][0]["digest"].clone()
    };
    let mirror = sandbox.cargo_project("mirror", "");
    mirror.registry("mirror", &["acme"]);
    mirror
        .warg(&["registry", "import", "../app/wit/deps"])
        .code(0)
        .stderr_contains("2 versions of 2 packages");
    assert_eq!(digest(&mirror), digest(&app));

    // Edited, it is another package; and so it is where nobody has the content.
    let file = "wit/deps/acme-words-1.0.0/package.wit";
    let fetched = app.read(file);
    let third = sandbox.cargo_project("third", "");
    third.registry("third", &["acme"]);
    third.write(
        "deps/words/package.wit",
        fetched.replace("Within", "Inside"),
    );
    let refused = "is what `cargo warg fetch` wrote of sha256:";
    third
        .warg(&["registry", "import", "deps"])
        .code(13)
        .stderr_contains(refused);
    third.write("deps/words/package.wit", fetched.replace('\n', "\r\n"));
    std::fs::remove_dir_all(app.home().join("cache")).unwrap();
    third
        .warg(&["registry", "import", "deps"])
        .code(13)
        .stderr_contains(refused);
    app.warg(&["registry", "import", "wit/deps"])
        .code(0)
        .stderr_contains("(2 already there)");
    third
        .warg(&["registry", "import", "deps"])
        .code(0)
        .stderr_contains("1 version of 1 package");
    assert_eq!(digest(&third), digest(&app));
}

/// Who parses a package enables features of their own: something that is there without one may refer to nothing that is not.
#[test]
fn what_a_feature_gates_is_used_by_what_it_gates_alone() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let gated = "package acme:gated@1.0.0;\n\ninterface i {\n  @unstable(feature = later)\n  type t = u8;\n  \
                 f: func() -> t;\n}\n";
    let why = "whoever enables no feature cannot parse it: `f` refers to `t`, which `@unstable(feature = later)` gates";
    app.write("gated/gated.wit", gated);
    for args in [
        &["publish", "gated"][..],
        &["publish", "gated", "--dry-run"],
        &["registry", "import", "gated"],
    ] {
        app.warg(args)
            .code(101)
            .stderr_contains(why)
            .stderr_contains("gated/gated.wit:6:3");
    }
    app.write("gated.wasm", fixtures::component::wit_package(gated));
    app.warg(&["publish", "gated.wasm"])
        .code(101)
        .stderr_contains(why);
    app.write(
        "wit/w.wit",
        "package app:w;\nworld w { import acme:gated/i@1.0.0; }\n",
    );
    let table = "\n[package.metadata.component.target.dependencies]\n\"acme:gated\" = { path = \"gated\" }\n";
    app.write("Cargo.toml", app.read("Cargo.toml") + table);
    app.warg(&["lock"]).code(101).stderr_contains(why);

    // Gated alike, it is sound. A project may use it ungated: its features are its own affair.
    app.write(
        "gated/gated.wit",
        gated.replace("  f:", "  @unstable(feature = later)\n  f:"),
    );
    app.warg(&["lock"]).code(0);
    app.warg(&["publish", "gated"]).code(0);
    let other = "package acme:other@1.0.0;\n\ninterface i {\n  use acme:gated/i@1.0.0.{t};\n}\n";
    app.publish_wit(other)
        .code(101)
        .stderr_contains("this `use` refers to `t`, which `@unstable(feature = later)` gates");
    app.publish_wit(&other.replace("  use", "  @unstable(feature = later)\n  use"))
        .code(0);
}

/// A world imports what its interfaces use, without a word of its own: that is gated as it is where it stands, or who has not
/// enabled the feature could not parse what `fetch` writes.
#[test]
fn what_a_world_imports_only_by_others_is_gated_as_it_is() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.publish_wit(
        "package acme:base@1.0.0;\n\n@unstable(feature = later)\ninterface j {\n  @unstable(feature = later)\n  \
         type t = u8;\n}\n\ninterface i {\n  @unstable(feature = later)\n  use j.{t};\n  \
         @unstable(feature = later)\n  f: func() -> t;\n  g: func();\n}\n\nworld w {\n  import i;\n}\n",
    )
    .code(0);
    app.publish_wit("package acme:top@1.0.0;\n\nworld v {\n  include acme:base/w@1.0.0;\n}\n\nworld w {\n  export acme:base/i@1.0.0;\n}\n")
        .code(0);
    app.write(
        "wit/w.wit",
        "package app:w;\nworld w { include acme:top/v@1.0.0; include acme:top/w@1.0.0; }\n",
    );
    app.warg(&["fetch"]).code(0);
    for all_features in [false, true] {
        let mut resolve = wit_parser::Resolve {
            all_features,
            ..Default::default()
        };
        let (package, _) = resolve.push_dir(app.path().join("wit")).unwrap();
        let world = resolve.packages[package].worlds["w"];
        let imports = resolve.worlds[world].imports.len();
        assert_eq!(imports, if all_features { 2 } else { 1 });
    }
    app.warg(&["registry", "import", "wit/deps"])
        .code(0)
        .stderr_contains("(2 already there)");
}

/// What is nested in a text and belongs to another registry is not released with it, and must be what is there.
#[test]
fn a_nested_package_of_another_registry_is_only_referred_to() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.registry("other", &["other"]);
    app.publish_wit("package other:base@1.0.0;\ninterface i { type t = u8; }\n")
        .code(0);
    let text = "package acme:a@1.0.0;\ninterface j { use other:base/i@1.0.0.{t}; f: func(x: t); }\n\
                package other:base@1.0.0 { interface i { type t = u8; } }\n";
    app.publish_wit(&text.replace("type t = u8", "type t = u16"))
        .code(13)
        .stderr_contains("it holds another `i` than the release of `other:base@1.0.0`");
    app.publish_wit(text)
        .code(0)
        .stderr_contains("Published acme:a@1.0.0")
        .stderr_lacks("other:base@1.0.0 is in");
}

/// Who publishes to another registry than the one that the project reads, publishes for those who read it there.
#[test]
fn what_goes_to_a_registry_by_its_name_is_tried_as_those_will_who_read_it_there() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    let mirror = sandbox.cargo_project("mirror", "");
    mirror.registry("mirror", &["acme"]);
    app.publish_wit(BASE).code(0);
    mirror.write("base.wit", BASE);
    mirror.write("mid.wit", MID);
    mirror.write("trust/acme.policy", app.read("trust/acme.policy"));
    let manifest = mirror
        .read("Cargo.toml")
        .replace("acme = \"mirror\"", "acme = \"acme\"");
    let table = "[package.metadata.warg.registries]\n";
    assert!(manifest.contains(table), "{manifest}");
    let acme = "acme = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }\n";
    mirror.write(
        "Cargo.toml",
        manifest.replace(table, &format!("{table}{acme}")),
    );
    mirror
        .warg(&["publish", "mid.wit", "--registry", "mirror"])
        .code(11)
        .stderr_contains("has no such package");
    mirror
        .warg(&["publish", "base.wit", "mid.wit", "--registry", "mirror"])
        .code(0);
    mirror
        .warg(&["publish", "mid.wit", "-v"])
        .code(0)
        .stderr_contains("of `acme` is its record");
}

#[test]
fn packages_nested_in_a_text_are_published_with_it() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.write(
        "all.wit",
        "package acme:root@1.0.0;\nworld w { import acme:nested/i@1.2.0; }\npackage acme:nested@1.2.0 { interface i {} }\n",
    );
    let said = app.warg(&["publish", "all.wit"]).code(0);
    let order = ["Published acme:nested@1.2.0", "Published acme:root@1.0.0"];
    let positions = order.map(|text| {
        said.stderr
            .find(text)
            .unwrap_or_else(|| panic!("{text}: {said}"))
    });
    assert!(positions[0] < positions[1], "{said}");
    consumes(&sandbox, &app, "one", "acme:nested/i@1.2.0");
    app.warg(&["publish", "all.wit"])
        .code(0)
        .stderr_contains("Unchanged acme:nested@1.2.0")
        .stderr_contains("Unchanged acme:root@1.0.0");

    app.write(
        "heads.wit",
        "package acme:heads@1.0.0;\npackage acme:tails@1.0.0 { interface i {} }\n",
    );
    app.warg(&["publish", "heads.wit"])
        .code(0)
        .stderr_contains(
            "warning: `acme:heads@1.0.0` holds no interface and no world, and is left out",
        )
        .stderr_contains("Published acme:tails@1.0.0");
    app.warg(&["registry", "check", "acme"]).code(0);
}

#[test]
fn a_workspace_of_wit_crates_is_published_in_the_order_of_its_references_all_or_none() {
    let sandbox = Sandbox::new();
    let work = sandbox.virtual_workspace("work", &["a", "b", "c", "d"]);
    work.registry("acme", &["acme"]);
    // The names are in another order than the references; `d` has no version, and is nobody else's.
    work.write(
        "a/wit/a.wit",
        "package acme:a@1.0.0;\ninterface i { use acme:b/i@1.0.0.{t}; f: func(x: t); }\n",
    );
    work.write(
        "b/wit/b.wit",
        "package acme:b@1.0.0;\ninterface i { use acme:c/i@1.0.0.{t}; f: func(x: t); }\n",
    );
    work.write(
        "c/wit/c.wit",
        "package acme:c@1.0.0;\ninterface i { type t = u8; }\n",
    );
    work.write(
        "d/wit/d.wit",
        "package acme:d;\nworld w { import acme:a/i@1.0.0; }\n",
    );
    let before = registry(&sandbox);
    work.write(
        "c/wit/c.wit",
        "package acme:c@1.0.0;\ninterface i { type u = u8; }\n",
    );
    work.warg(&["publish", "--workspace"])
        .code(101)
        .stderr_contains("b/wit/b.wit:2:");
    assert_eq!(registry(&sandbox), before);
    work.write(
        "c/wit/c.wit",
        "package acme:c@1.0.0;\ninterface i { type t = u8; }\n",
    );
    work.warg(&["publish", "a/wit", "-n"])
        .code(11)
        .stderr_contains("acme:b/i@1.0.0");
    let said = work.warg(&["publish", "--workspace"]).code(0);
    let positions = ["c", "b", "a"].map(|name| {
        let text = format!("Published acme:{name}@1.0.0");
        said.stderr
            .find(&text)
            .unwrap_or_else(|| panic!("{text}: {said}"))
    });
    assert!(positions.is_sorted(), "{said}");
    // Three records and one map entry: one append.
    work.warg(&["registry", "check", "acme"])
        .code(0)
        .stderr_contains("6 entries");
    let documents = work
        .warg(&["publish", "b/wit", "a/wit", "--message-format", "json"])
        .code(0)
        .documents();
    let names: Vec<_> = documents.iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["acme:b", "acme:a"]);
}

#[test]
fn what_is_not_in_deps_is_taken_from_the_registries_at_the_very_version() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.publish_wit(BASE).code(0);
    app.publish_wit(
        &BASE
            .replace("0.2.3", "0.2.4")
            .replace("a: u8", "a: u8, b: u8"),
    )
    .code(0);
    app.write("alone/m.wit", MID);
    app.write("beside/m.wit", MID);
    app.write("beside/deps/base.wit", BASE);
    let digest = |said: &str| {
        let start = said.find("sha256:").unwrap();
        said[start..start + 71].to_owned()
    };
    let beside = app
        .warg(&["publish", "beside", "-n", "-v"])
        .code(0)
        .stderr_lacks("from the registries");
    let alone = app
        .warg(&["publish", "alone", "-n", "-v"])
        .code(0)
        .stderr_contains("Using acme:base@0.2.3, from the registries");
    assert_eq!(digest(&alone.stderr), digest(&beside.stderr));
    // The cache has it now.
    app.warg(&["publish", "alone", "-n", "--offline"]).code(0);
    app.warg(&["publish", "alone"]).code(0);
    consumes(&sandbox, &app, "one", "acme:mid/types@1.0.0");
    let fresh = app.with_home(sandbox.join("fresh"));
    fresh
        .warg(&["publish", "alone", "-n", "--offline"])
        .code(12);
}

#[test]
fn an_import_finds_references_in_all_its_folders_and_in_the_registry() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.publish_wit(BASE).code(0);
    app.write("mid/wit/m.wit", MID);
    app.write(
        "top/wit/t.wit",
        "package acme:top@1.0.0;\nworld w { import acme:mid/types@1.0.0; }\n",
    );
    app.warg(&["registry", "import", "top/wit", "mid/wit"])
        .code(0)
        .stderr_contains("2 versions of 2 packages");
    consumes(&sandbox, &app, "one", "acme:mid/types@1.0.0");
}

#[test]
fn a_link_upwards_ends_no_import_and_leads_out_of_no_tree() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    app.write("tree/a/a.wit", "package acme:a@1.0.0;\ninterface i {}\n");
    app.write("tree/b/b.wit", "package acme:b@1.0.0;\ninterface i {}\n");
    app.write("around.wit", "package acme:around@1.0.0;\ninterface i {}\n");
    for (link, to) in [
        ("tree/a/out", "../.."), // to what lies around the tree
        ("tree/a/top", ".."),
        ("tree/a/self", "."),
        ("tree/a/x", "../b"), // two that lead to each other
        ("tree/b/y", "../a"),
    ] {
        std::os::unix::fs::symlink(to, app.path().join(link)).unwrap();
    }
    app.warg(&["registry", "import", "tree"])
        .code(101)
        .stderr_contains("skipped what tree/a/out declares: cannot read tree/a/out: it is a link to a folder in which it lies itself")
        .stderr_contains("Imported 2 versions of 2 packages into `acme` (1 skipped)");
}

#[test]
fn nothing_is_imported_that_a_link_leads_to_out_of_the_tree() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "");
    app.registry("acme", &["acme"]);
    let text = |name: &str| format!("package acme:{name}@1.0.0;\ninterface i {{}}\n");
    app.write("tree/a/a.wit", text("a"));
    app.write("tree/half/h.wit", text("half"));
    app.write("tree/deps/b.wit", text("b"));
    app.write("private/deep/p.wit", text("private"));
    app.write("private/half.wit", "interface j {}\n");
    for (link, to) in [
        ("tree/x", "../private"),
        ("tree/half/more.wit", "../../private/half.wit"),
        ("tree/deps/p.wit", "../../private/deep/p.wit"),
        ("tree/in.wit", "a/a.wit"), // one that stays in the tree
    ] {
        std::os::unix::fs::symlink(to, app.path().join(link)).unwrap();
    }
    let said = app.warg(&["registry", "import", "tree"]).code(101);
    for link in ["tree/x", "tree/half/more.wit", "tree/deps/p.wit"] {
        let why = format!("cannot read {link}: it is a link to what does not lie in the folder");
        assert!(said.stderr.contains(&why), "{said}");
    }
    said.stderr_contains("Imported 2 versions of 2 packages into `acme` (3 skipped)");
}

#[test]
fn what_is_wrong_is_left_out_of_an_import_with_all_that_needs_it() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    for (path, text) in [
        (
            "in/good/g.wit",
            "package acme:good@1.0.0;\ninterface i {}\n",
        ),
        ("in/empty/e.wit", "package acme:e@1.0.0;\n"),
        ("in/word/w.wit", "package acme:word@1.0.0;\ninterfce i {}\n"),
        (
            "in/user/u.wit",
            "package acme:user@1.0.0;\nworld w { import acme:word/i@1.0.0; }\n",
        ),
    ] {
        app.write(path, text);
    }
    app.warg(&["registry", "import", "in"])
        .code(101)
        .stderr_contains("declares: `acme:e@1.0.0` holds no interface and no world")
        .stderr_contains("--> in/empty/e.wit:1:9\n")
        .stderr_contains("in/word/w.wit:2:1")
        .stderr_contains("declares: `acme:user@1.0.0` needs `acme:word/i@1.0.0`")
        .stderr_contains("--> in/user/u.wit:2:28\n")
        .stderr_contains("1 version of 1 package into `acme` (3 skipped)");
    consumes(&sandbox, &app, "one", "acme:good/i@1.0.0");
}

#[test]
fn who_gives_the_name_of_his_component_to_wit_is_warned_before() {
    let sandbox = Sandbox::new();
    let app = sandbox.cargo_project("app", "[package.metadata.warg]\npackage = \"acme:app\"\n");
    app.registry("acme", &["acme"]);
    app.write("wit/app.wit", "package acme:app@0.1.0;\nworld w {}\n");
    app.warg(&["publish", "--workspace"])
        .code(2)
        .stderr_contains("`acme:app` would be a WIT package for good");
    app.warg(&["publish", "wit"])
        .code(2)
        .stderr_contains("`acme:app` would be a WIT package for good")
        .stderr_contains("or say `--yes`, if it is meant");
    for line in [&["publish", "wit", "-n"][..], &["publish", "wit", "--yes"]] {
        app.warg(line).code(0).stderr_contains(
            "warning: `acme:app` would be a WIT package for good, and is the name that `app` publishes",
        );
    }
    app.write("wit/app.wit", "package acme:app@0.2.0;\nworld w {}\n");
    app.warg(&["publish", "wit"])
        .code(0)
        .stderr_lacks("for good");
}

/// Random numbers that a seed gives again.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Worlds of packages that refer to each other, published in folders, together or one by one, with and without copies in
/// `deps`, some of them false: whatever publishing takes, a fresh consumer locks, fetches and parses.
#[test]
fn whatever_is_published_can_be_used() {
    let mut all = 0;
    for seed in 0..4 {
        let mut random = Random(seed + 7);
        random.below(1);
        let sandbox = Sandbox::new();
        let app = project(&sandbox);
        let mut published: Vec<(u64, String)> = Vec::new();
        let (mut taken, mut refused) = (0, 0);
        for step in 0..8 {
            let mut paths = Vec::new();
            let mut names = Vec::new();
            for package in 0..=random.below(2) {
                let text = random.package(&published);
                let path = format!("s{step}-{package}");
                app.write(&format!("{path}/p.wit"), &text.text);
                if let Some(copy) = text.beside {
                    app.write(&format!("{path}/deps/d.wit"), copy);
                }
                names.push(text.name);
                paths.push(path);
            }
            let paths = paths.iter().map(String::as_str);
            let line: Vec<_> = ["publish"].into_iter().chain(paths).collect();
            let said = app.warg(&line);
            match said.exit_code() {
                0 => {
                    taken += 1;
                    published.extend(names);
                }
                11 | 13 | 101 => refused += 1,
                _ => panic!("seed {seed}: {said}"),
            }
        }
        assert!(taken > 0, "seed {seed}: {taken} taken, {refused} refused");
        all += taken;
        published.sort();
        published.dedup();
        for (position, (name, version)) in published.iter().enumerate() {
            let import = format!("acme:p{name}/i@{version}");
            consumes(&sandbox, &app, &format!("c{position}"), &import);
        }
    }
    assert!(all > 8, "{all}");
}

struct RandomText {
    name: (u64, String),
    text: String,
    beside: Option<String>,
}

impl Random {
    /// A version of a package, more often than not one that is there.
    fn reference(&mut self, published: &[(u64, String)]) -> (u64, String) {
        let position = usize::try_from(self.below(8)).unwrap();
        match published.get(position) {
            Some(one) if self.below(4) > 0 => one.clone(),
            _ => (self.below(4), format!("1.{}.0", self.below(2))),
        }
    }

    fn package(&mut self, published: &[(u64, String)]) -> RandomText {
        let name = (
            self.below(4),
            format!("{}.{}.0", 1 + self.below(2), self.below(2)),
        );
        let mut text = format!("package acme:p{}@{};\ninterface i {{\n", name.0, name.1);
        let few = u64::try_from(published.len().min(2)).unwrap();
        for number in 0..self.below(few + 1) {
            let (other, version) = self.reference(published);
            writeln!(text, "  use acme:p{other}/i@{version}.{{t as t{number}}};").unwrap();
        }
        text.push_str("  type t = u8;\n}\n");
        if self.below(3) == 0 {
            let (other, version) = self.reference(published);
            writeln!(
                text,
                "world w {{ import acme:p{other}/i@{version}; export i; }}"
            )
            .unwrap();
        }
        if self.below(4) == 0 {
            writeln!(
                text,
                "package acme:q{}@1.0.0 {{ interface i {{ type t = u8; }} }}",
                self.below(3)
            )
            .unwrap();
        }
        let beside = (self.below(2) == 0).then(|| {
            let (other, version) = self.reference(published);
            let ty = if self.below(4) == 0 { "u16" } else { "u8" };
            format!("package acme:p{other}@{version};\ninterface i {{ type t = {ty}; }}\n")
        });
        RandomText { name, text, beside }
    }
}

/// What `fetch` puts together of what two components export is no content of anybody's.
#[test]
fn what_fetch_wrote_of_several_components_is_no_text_of_ones_own() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    for (name, interface) in [("acme:one", "i"), ("acme:two", "j")] {
        let text = format!(
            "package {name}@1.0.0;\nworld w {{ export acme:x/{interface}@1.0.0; }}\n\
             package acme:x@1.0.0 {{ interface {interface} {{ f: func(); }} }}\n"
        );
        app.publish_component(name, "1.0.0", &text).code(0);
    }
    app.append_to_manifest(
        "\n[package.metadata.warg.dependencies]\n\
         \"acme:one\" = { version = \"1\", for = [\"acme:x/i@1.0.0\"] }\n\
         \"acme:two\" = { version = \"1\", for = [\"acme:x/j@1.0.0\"] }\n",
    );
    app.write(
        "wit/w.wit",
        "package app:w;\nworld w { import acme:x/i@1.0.0; import acme:x/j@1.0.0; }\n",
    );
    app.warg(&["fetch"]).code(0);
    let text = app.read("wit/deps/acme-x-1.0.0/package.wit");
    let last = text.trim_end().lines().next_back().unwrap();
    assert_eq!(last.matches("sha256:").count(), 2, "{last}");
    let third = sandbox.cargo_project("third", "");
    third.registry("third", &["acme"]);
    let said = "is what `cargo warg fetch` wrote of what several components hold of it";
    third
        .warg(&["publish", "../app/wit/deps/acme-x-1.0.0"])
        .code(13)
        .stderr_contains(said);
    third
        .warg(&["registry", "import", "../app/wit/deps"])
        .code_is_no_success()
        .stderr_contains(said);
}
