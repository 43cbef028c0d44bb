//! What is wrong in `wit/`.

use std::fmt::Write as _;
use std::fs;

use super::Case;

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["TextError::Parse", "RootError::Text"],
        title: "a word that WIT does not know",
        run: |s| {
            s.world("  imprt acme:io/streams@1.0.0;\n");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TextError::Parse"],
        title: "an interface that does not exist",
        run: |s| {
            s.world("  import streams;\n");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TextError::Read"],
        title: "a file that is not UTF-8 text",
        run: |s| {
            s.write("wit/world.wit", [0xff, 0xfe]);
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TextError::Read"],
        title: "a link in wit/deps to something that is not there",
        run: |s| {
            s.write("wit/deps/io.wit", "package acme:io@1.0.0;\n");
            s.link("wit/deps/other", "/nowhere");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["RootError::Unversioned"],
        title: "a package in a folder beside wit/deps, named without its version",
        run: |s| {
            s.world("  import ours:types/t;\n");
            s.write(
                "wit/own/types.wit",
                "// ours\npackage ours:types@1.0.0;\ninterface t {}\n",
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["Unresolved::Conflict"],
        title: "a package in a folder beside wit/deps",
        run: |s| {
            s.world("  import acme:mine/t@1.0.0;\n");
            s.write(
                "wit/own/types.wit",
                "// ours\npackage acme:mine@1.0.0;\ninterface t {}\n",
            );
            s.fails(11, &["lock"]).mended(s, "it was moved", |s| {
                fs::create_dir(s.app.path().join("wit/deps")).unwrap();
                fs::rename(
                    s.app.path().join("wit/own"),
                    s.app.path().join("wit/deps/own"),
                )
                .unwrap();
            })
        },
    },
    Case {
        shows: &["TextError::TooLarge"],
        title: "a text that is too long",
        run: |s| {
            s.write(
                "wit/world.wit",
                format!("// {}\n", "-".repeat(1021)).repeat(1025),
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TextError::TooMany"],
        title: "a folder with too many files",
        run: |s| {
            for number in 0..=4096 {
                s.write(&format!("wit/{number}"), "");
            }
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TextError::Gated"],
        title: "a reference to something that is gated by a feature",
        run: |s| {
            s.write(
                "wit/world.wit",
                "package acme:gated@1.0.0;\ninterface i {\n  @unstable(feature = later)\n  type t = u8;\n  f: \
                 func() -> t;\n}\n",
            );
            s.fails(101, &["publish", "wit", "--dry-run"])
        },
    },
    Case {
        shows: &["TextError::TooManyFeatures"],
        title: "more features than are tried",
        run: |s| {
            let mut text = format!(
                "package acme:gated@1.0.0;\n// {}\ninterface i {{\n",
                "-".repeat(600_000)
            );
            for n in 0..30 {
                writeln!(text, "  @unstable(feature = f{n})\n  f{n}: func();").unwrap();
            }
            text.push_str("}\n");
            s.write("wit/world.wit", text);
            s.fails(101, &["publish", "wit", "--dry-run"])
        },
    },
    Case {
        shows: &["TextError::TooWide"],
        title: "worlds that include too much",
        run: |s| {
            let mut text = "package example:app@0.1.0;\ninterface i0 { type t = u8; }\n".to_owned();
            for n in 1..400 {
                writeln!(text, "interface i{n} {{ use i{}.{{t}}; }}", n - 1).unwrap();
            }
            for n in 0..400 {
                writeln!(text, "world w{n} {{ import i399; }}").unwrap();
            }
            s.write("wit/world.wit", text);
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TextError::Duplicate"],
        title: "two folders for one package version",
        run: |s| {
            let text = "package acme:io@1.0.1;\ninterface streams { type source = u32; }\n";
            s.world("  import acme:io/streams@1.0.1;\n");
            s.write("wit/deps/one/io.wit", text);
            s.write("wit/deps/two/io.wit", text);
            s.fails(101, &["lock"])
                .mended(s, "one of them is removed", |s| {
                    fs::remove_dir_all(s.app.path().join("wit/deps/two")).unwrap();
                })
        },
    },
    Case {
        shows: &["TextError::Parse"],
        title: "files of two packages in one folder",
        run: |s| {
            s.write("wit/a.wit", "package acme:a@1.0.0;\n");
            s.write("wit/b.wit", "package acme:b@1.0.0;\n");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["RootError::Binary", "BinaryError::Content"],
        title: "a file of wit/deps that is not a WIT package",
        run: |s| {
            s.world("  import acme:io/streams@1.0.1;\n");
            s.write("wit/deps/io.wasm", "hello");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["RootError::Unversioned"],
        title: "a reference without a version",
        run: |s| {
            s.world("  import acme:io/streams;\n");
            s.fails(101, &["lock"])
                .mended(s, "the version is written", |s| {
                    s.replace("wit/world.wit", "streams;", "streams@1.0.1;");
                })
        },
    },
    Case {
        shows: &["RootError::Name"],
        title: "a reference to a name that no registry can hold",
        run: |s| {
            s.world("  import acme:IO/streams@1.0.1;\n");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["RootError::Version"],
        title: "a reference to a version that no registry can hold",
        run: |s| {
            let long = "a".repeat(130);
            s.world(&format!("  import acme:io/streams@1.0.1-{long};\n"));
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["Unresolved::Conflict"],
        title: "a version that does not exist",
        run: |s| {
            s.world("  import acme:io/streams@1.0.7;\n");
            s.fails(11, &["lock"])
                .mended(s, "the version is written that the help names", |s| {
                    s.replace("wit/world.wit", "1.0.7", "1.1.0");
                })
        },
    },
    Case {
        shows: &["PlanError::Occupied"],
        title: "a folder of your own where fetch must write",
        run: |s| {
            s.world("  import acme:io/streams@1.0.1;\n");
            s.write(
                "wit/deps/acme-io-1.0.1/notes.wit",
                "package test:notes@1.0.0;\n",
            );
            s.fails(101, &["fetch"])
                .mended(s, "the folder is moved", |s| {
                    let deps = s.app.path().join("wit/deps");
                    fs::rename(deps.join("acme-io-1.0.1"), deps.join("notes")).unwrap();
                })
        },
    },
    Case {
        shows: &["RootError::Binary", "ContentError::Component"],
        title: "a component in wit/deps",
        run: |s| {
            s.world("  import acme:io/streams@1.0.1;\n");
            s.write(
                "wit/deps/io.wasm",
                fixtures::component::from_wit(super::stage::LOGGER, "w"),
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["BinaryError::TooLarge"],
        title: "a WIT package in wit/deps that is too large",
        run: |s| {
            s.world("  import acme:io/streams@1.0.1;\n");
            let mut bytes =
                fixtures::component::wit_package("package acme:io@1.0.1; interface streams {}");
            bytes.extend([0, 2, 1, b'x'].repeat(1 << 20));
            s.write("wit/deps/io.wasm", bytes);
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ContentError::WitPackage"],
        title: "a WIT package where a component is meant",
        run: |s| {
            s.write(
                "clock.wasm",
                fixtures::component::wit_package("package acme:clock@1.0.1; interface now {}"),
            );
            s.depends("\"acme:clock\" = { path = \"clock.wasm\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a version whose build metadata are others",
        run: |s| {
            let mut registry = s.registry();
            registry.wit("test:base", "1.0.0+b1", &[], "interface types {}\n");
            s.world("  import test:base/types@1.0.0;\n");
            s.fails(11, &["lock"]).mended(s, "they are written", |s| {
                s.replace("wit/world.wit", "@1.0.0;", "@1.0.0+b1;");
            })
        },
    },
    Case {
        shows: &["PlanError::Lacks"],
        title: "a type that the selected version lacks",
        run: |s| {
            let mut registry = s.registry();
            registry.wit(
                "test:base",
                "1.0.0",
                &[],
                "interface types { type old = u32; }\n",
            );
            registry.wit(
                "test:base",
                "1.1.0",
                &[],
                "interface types { type new = u32; }\n",
            );
            registry.wit_text(
                "test:user",
                "1.0.0",
                &[("test:base", "^1.0.0")],
                "package test:user@1.0.0;\ninterface api { use test:base/types@1.0.0.{old}; get: func() -> old; }\n\
                 package test:base@1.0.0 { interface types { type old = u32; } }\n",
            );
            s.world("  import test:base/types@1.1.0;\n  import test:user/api@1.0.0;\n");
            s.does(&["lock"]);
            s.fails(11, &["fetch"])
        },
    },
    Case {
        shows: &[],
        title: "an edited file of wit/deps",
        run: |s| {
            s.world("  import acme:io/streams@1.0.1;\n");
            s.does(&["fetch"]);
            s.replace("wit/deps/acme-io-1.0.1/package.wit", "u32", "u64");
            s.fails(13, &["verify"]).mended_by(s, "fetch")
        },
    },
];
