//! One bad package never ends an import: it is left out, and told with its name, location and reason; all others go in, and the
//! exit code says that something did not.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use crate::support::{Project, Sandbox};

/// A project with the registries `acme` and `wasi`, each of its namespace; `acme` has `acme:io`, and the component `acme:c`.
/// The namespace `theirs` is somebody else's, and `ghost` is nobody's.
fn project(sandbox: &Sandbox) -> Project {
    let app = sandbox.cargo_project("app", "");
    let other = app.with_home(sandbox.join("other-home"));
    other.warg(&["key", "new", "other/ci"]).code(0);
    let theirs = other.warg(&["key", "list"]).code(0);
    let mut words = theirs.stdout.split_whitespace();
    let vkey = words.find(|word| word.starts_with("other/ci+"));
    let vkey = vkey.unwrap_or_else(|| panic!("no key: {theirs}"));
    app.warg(&["key", "new", "acme/ci"]).code(0);
    app.warg(&[
        "registry",
        "new",
        "../acme-registry",
        "--name",
        "acme",
        "--namespace",
        "acme=acme/ci",
        "--namespace",
        &format!("theirs={vkey}"),
    ])
    .code(0);
    app.registry("wasi", &["wasi"]);
    app.publish_wit("package acme:io@1.0.0;\ninterface i { f: func(); }\n")
        .code(0);
    app.publish_component("acme:c", "1.0.0", "package acme:c@1.0.0;\nworld w {}\n")
        .code(0);
    app.write(
        "in/good/g.wit",
        "package acme:good@1.0.0;\ninterface i {}\n",
    );
    app
}

/// What lies in the way, the exit code, and what is said of it.
struct Case {
    what: &'static str,
    files: &'static [(&'static str, &'static str)],
    arrange: fn(&Project),
    code: i32,
    says: &'static [&'static str],
    skipped: usize,
}

const NOTHING: fn(&Project) = |_| {};

const CASES: &[Case] = &[
    Case {
        what: "a namespace without registry",
        files: &[("in/x/x.wit", "package ghost:x@1.0.0;\ninterface i {}\n")],
        arrange: |app| {
            let manifest = app.read("Cargo.toml");
            assert!(!manifest.contains("default-registry"), "{manifest}");
        },
        code: 101,
        says: &["in/x declares: no registry is configured for the namespace `ghost` of `ghost:x`"],
        skipped: 1,
    },
    Case {
        what: "a namespace of another holder",
        files: &[("in/x/x.wit", "package theirs:x@1.0.0;\ninterface i {}\n")],
        arrange: NOTHING,
        code: 13,
        says: &[
            "in/x declares: theirs:x@1.0.0 cannot be released: none of your keys holds the namespace `theirs`",
        ],
        skipped: 1,
    },
    Case {
        what: "a release with other contents",
        files: &[("in/x/x.wit", "package acme:io@1.0.0;\ninterface other {}\n")],
        arrange: NOTHING,
        code: 13,
        says: &["in/x declares: acme:io@1.0.0 is released already, with other contents"],
        skipped: 1,
    },
    Case {
        what: "a release that differs in build metadata",
        files: &[("in/x/x.wit", "package acme:io@1.0.0+b1;\ninterface i {}\n")],
        arrange: NOTHING,
        code: 13,
        says: &["in/x declares: acme:io@1.0.0+b1 is released already, as 1.0.0"],
        skipped: 1,
    },
    Case {
        what: "the name of a component",
        files: &[("in/x/x.wit", "package acme:c@2.0.0;\ninterface i {}\n")],
        arrange: NOTHING,
        code: 13,
        says: &["in/x declares: `acme:c` is of kind `component`"],
        skipped: 1,
    },
    Case {
        what: "two texts for one version, and who needs it",
        files: &[
            (
                "in/x/x.wit",
                "package acme:x@1.0.0;\ninterface i { type t = u8; }\n",
            ),
            (
                "in/y/x.wit",
                "package acme:x@1.0.0;\ninterface i { type t = u16; }\n",
            ),
            (
                "in/z/z.wit",
                "package acme:z@1.0.0;\ninterface i { use acme:x/i@1.0.0.{t}; }\n",
            ),
        ],
        arrange: NOTHING,
        code: 101,
        says: &[
            "different contents are called acme:x@1.0.0: sha256:",
            "in in/x, and acme:x@1.0.0: sha256:",
            "in in/y; none of them was imported",
            "in/z declares: acme:z@1.0.0 could not be used by anyone",
        ],
        skipped: 2,
    },
    Case {
        what: "two contents that build metadata tells apart",
        files: &[
            ("in/x/x.wit", "package acme:x@1.0.0+a;\ninterface i {}\n"),
            ("in/y/x.wit", "package acme:x@1.0.0+b;\ninterface i {}\n"),
        ],
        arrange: NOTHING,
        code: 101,
        says: &[
            "acme:x@1.0.0+a: sha256:",
            "and acme:x@1.0.0+b: sha256:",
            "in in/y; none of them",
        ],
        skipped: 1,
    },
    Case {
        what: "two texts of a package without version",
        files: &[
            ("in/x/x.wit", "package foo:foo;\ninterface i {}\n"),
            ("in/y/x.wit", "package foo:foo;\ninterface j {}\n"),
        ],
        arrange: NOTHING,
        code: 101,
        says: &[
            "declares: `foo:foo` has no version",
            "--> in/x/x.wit:1:9\n",
            "--> in/y/x.wit:1:9\n",
        ],
        skipped: 2,
    },
    Case {
        what: "a file that is none",
        files: &[("in/x/good.wit", "package acme:x@1.0.0;\ninterface i {}\n")],
        arrange: |app| {
            let path = app.path().join("in/fifo.wit");
            assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
            std::os::unix::fs::symlink("nowhere.wit", app.path().join("in/x/link.wit")).unwrap();
        },
        code: 101,
        says: &["fifo.wit", "link.wit"],
        skipped: 2,
    },
    Case {
        what: "a file that nobody may read",
        files: &[("in/x/x.wit", "package acme:x@1.0.0;\ninterface i {}\n")],
        arrange: |app| {
            let path = app.path().join("in/x/x.wit");
            std::fs::write(&path, b"package acme:x@1.0.0;\n// \xff\n").unwrap();
            std::fs::set_permissions(path, Permissions::from_mode(0o000)).unwrap();
        },
        code: 101,
        says: &["in/x/x.wit"],
        skipped: 1,
    },
    Case {
        what: "folders too deep",
        files: &[(
            "in/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16/x.wit",
            "package acme:x@1.0.0;\ninterface i {}\n",
        )],
        arrange: NOTHING,
        code: 101,
        says: &["in/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16 lies more than 16 folders deep"],
        skipped: 1,
    },
    Case {
        what: "one fault of a text that nests others",
        files: &[(
            "in/x/x.wit",
            "package acme:x@1.0.0;\ninterface i { use acme:gone/i@1.0.0.{t}; }\n\
                 package acme:n1@1.0.0 { interface i {} }\npackage acme:n2@1.0.0 { interface i {} }\n",
        )],
        arrange: NOTHING,
        code: 11,
        says: &["`acme:x@1.0.0` needs `acme:gone/i@1.0.0`"],
        skipped: 1,
    },
];

#[test]
fn one_bad_package_ends_no_import() {
    for case in CASES {
        let what = case.what;
        let sandbox = Sandbox::new();
        let app = project(&sandbox);
        for (path, text) in case.files {
            app.write(path, text);
        }
        (case.arrange)(&app);
        let said = app.warg(&["registry", "import", "in"]);
        let said = said.code(case.code);
        for says in case.says {
            assert!(said.stderr.contains(says), "{what}: {says}: {said}");
        }
        let count = said.stderr.matches("warning: skipped what in").count();
        assert_eq!(count, case.skipped, "{what}: {said}");
        let told = format!("{} skipped)", case.skipped);
        assert!(said.stderr.contains(&told), "{what}: {said}");
        app.warg(&["info", "acme:good@1.0.0"]).code(0);
        app.warg(&["registry", "check", "acme"]).code(0);
    }
}

#[test]
fn what_belongs_to_another_registry_is_left_to_it() {
    let sandbox = Sandbox::new();
    let app = project(&sandbox);
    app.publish_wit("package wasi:io@0.2.3;\ninterface s { type t = u8; }\n")
        .code(0);
    app.write(
        "wit/w.wit",
        "package acme:app@1.0.0;\nworld w { import acme:io/i@1.0.0; import wasi:io/s@0.2.3; }\n",
    );
    app.warg(&["fetch"]).code(0);
    app.write(
        "wit/deps/mine/mine.wit",
        "package acme:mine@1.0.0;\ninterface i { use wasi:io/s@0.2.3.{t}; }\n",
    );
    app.warg(&["registry", "import", "wit/deps"])
        .code(2)
        .stderr_contains("these are packages of two registries")
        .stderr_contains("--registry");
    let said = app
        .warg(&["registry", "import", "wit/deps", "--registry", "acme"])
        .code(0)
        .stderr_contains("note: skipped what wit/deps/")
        .stderr_contains("`wasi:io@0.2.3` belongs to registry `wasi`")
        .stderr_contains("1 version of 2 packages into `acme` (1 already there, 1 skipped)")
        .stderr_lacks("warning:");
    let json = app.json(&["registry", "import", "wit/deps", "--registry", "acme"]);
    assert_eq!(
        json["skipped"].as_array().unwrap().len(),
        1,
        "{json} {said}"
    );
    app.warg(&["registry", "import", "wit/deps", "--registry", "wasi"])
        .code(0)
        .stderr_contains("`acme:mine@1.0.0` belongs to registry `acme`");
}
