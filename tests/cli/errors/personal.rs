//! What is wrong with what was locked from personal registries, with this user's own, or with where it is filled from.

use std::fs;

use fixtures::component;

use super::Case;
use super::stage::{LOGGER, Shown, Stage};
use crate::support::{Project, files};

const IMPORT: &[&str] = &["registry", "import", "texts", "--registry", "personal"];

/// Texts of `wasi:io`, in a folder of the project.
fn texts(s: &Stage, source: &str) {
    s.write(
        "texts/io/io.wit",
        format!("package wasi:io@0.2.3;\ninterface streams {{ type source = {source}; }}\n"),
    );
}

/// A project that configured nothing, and has imported what it needs.
fn imported(s: &Stage) {
    s.only("");
    texts(s, "u32");
    s.does(IMPORT);
}

/// A project that configured nothing, locked by another user on another machine.
fn locked_elsewhere(s: &Stage) -> Project {
    s.only("");
    texts(s, "u8");
    s.world("  import wasi:io/streams@0.2.3;\n");
    let other = s.app.with_home(s.sandbox.join("other"));
    other.warg(IMPORT).code(0);
    other.warg(&["lock"]).code(0);
    other
}

/// Has the lock of such a project out of date.
fn changed(s: &Stage) {
    s.manifest("[package.metadata.warg.wit-dependencies]\n\"wasi:io\" = \"*\"");
}

/// What this user agreed to import from.
fn agreed(s: &Stage, text: &str) {
    let config = s.app.home().join("config");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("upstreams.toml"), text).unwrap();
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &[],
        title: "what was locked on another machine, and does not lie with the project",
        run: |s| {
            let other = locked_elsewhere(s);
            fs::remove_dir_all(s.app.path().join("vendor")).unwrap();
            s.fails(101, &["verify"])
                .mended(s, "it was vendored there", |_| {
                    other.warg(&["vendor"]).code(0);
                })
        },
    },
    Case {
        shows: &[],
        title: "a policy that is of another personal registry",
        run: |s| {
            locked_elsewhere(s);
            s.does(IMPORT);
            let policies = files(&s.app.path().join("trust"));
            let mut paths = policies
                .keys()
                .filter(|path| path.display().to_string().starts_with("personal-"));
            let path = paths.next().unwrap();
            let own = fs::read_to_string(s.app.home().join("data/personal/policy")).unwrap();
            s.write(&format!("trust/{}", path.display()), own);
            s.fails(13, &["verify"])
        },
    },
    Case {
        shows: &[],
        title: "other contents in this user's personal registry than in another machine's",
        run: |s| {
            locked_elsewhere(s);
            texts(s, "u16");
            s.does(IMPORT);
            changed(s);
            s.fails(13, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "other contents in a team's registry than in a personal one",
        run: |s| {
            locked_elsewhere(s);
            s.app.registry("team", &["wasi"]);
            s.app
                .publish_wit("package wasi:io@0.2.3;\ninterface streams { type source = u64; }\n")
                .code(0);
            let moved: Shown = s.fails(13, &["lock"]);
            moved.mended(s, "the lock was removed", |s| {
                fs::remove_file(s.app.path().join("warg.lock")).unwrap();
            })
        },
    },
    Case {
        shows: &[],
        title: "what a project brought lies upstream with other contents",
        run: |s| {
            locked_elsewhere(s);
            changed(s);
            s.does(&["lock"]);
            let up = s.sandbox.join("up");
            fs::create_dir_all(up.join("wasi/io")).unwrap();
            let bytes = component::wit_package(
                "package wasi:io@0.2.3;\ninterface streams { type source = u64; }\n",
            );
            fs::write(up.join("wasi/io/0.2.3.wasm"), bytes).unwrap();
            agreed(
                s,
                &format!("[namespaces]\nwasi = \"local:{}\"\n", up.display()),
            );
            let next = s.sandbox.cargo_project("next", "");
            let line = ["add", "wasi:io@0.2.3"];
            s.shown(13, &next.warg(&line), &line.join(" "))
        },
    },
    Case {
        shows: &[],
        title: "a file of upstreams that says something else",
        run: |s| {
            s.only("");
            agreed(s, "[namespaces]\nwasi = \"\"\n");
            s.fails(101, &["add", "wasi:io"])
        },
    },
    Case {
        shows: &[],
        title: "the key of this user's personal registry is gone",
        run: |s| {
            imported(s);
            let keys = s.app.home().join("config/keys");
            fs::remove_file(keys).unwrap();
            s.write("texts/a/a.wit", "package acme:a@1.0.0;\ninterface i {}\n");
            s.fails(13, IMPORT)
                .mended(s, "the registry was removed", |s| {
                    fs::remove_dir_all(s.app.home().join("data/personal")).unwrap();
                })
        },
    },
    Case {
        shows: &[],
        title: "a change in another machine's personal registry",
        run: |s| {
            locked_elsewhere(s);
            s.fails(2, &["yank", "wasi:io@0.2.3", "--reason", "it is slow"])
        },
    },
    Case {
        shows: &[],
        title: "publishing into a personal registry",
        run: |s| {
            imported(s);
            s.write("app.wasm", component::from_wit(LOGGER, "w"));
            let line = ["publish", "app.wasm", "--as", "acme:logger@1.0.0"];
            s.fails(2, &[&line[..], &["--registry", "personal"]].concat())
        },
    },
    Case {
        shows: &[],
        title: "a lock that names a personal registry, to be published",
        run: |s| {
            s.only("[package.metadata.warg]\npackage = \"acme:logger\"");
            s.app.registry("mine", &["acme"]);
            texts(s, "u32");
            s.does(IMPORT).does(&["add", "wasi:io"]);
            s.write("app.wasm", component::from_wit(LOGGER, "w"));
            s.fails(10, &["publish", "app.wasm", "--with-lock"])
        },
    },
];
