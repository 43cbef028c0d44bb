//! What cannot be published or imported.

use super::Case;
use super::stage::{LOGGER, Shown, Stage};

fn publish(s: &Stage, code: i32, path: &str) -> Shown {
    s.founded();
    s.fails(code, &["publish", path, "--as", "acme:x@1.0.0"])
}

fn text(s: &Stage, text: &str) -> Shown {
    s.founded().write("x.wit", text);
    s.fails(101, &["publish", "x.wit"])
}

fn logger() -> Vec<u8> {
    fixtures::component::from_wit(LOGGER, "w")
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &[],
        title: "a file that is not there",
        run: |s| publish(s, 101, "none.wasm"),
    },
    Case {
        shows: &["ContentError::NotWasm"],
        title: "a file that is not WebAssembly",
        run: |s| {
            s.write("text.wasm", "hello");
            publish(s, 101, "text.wasm")
        },
    },
    Case {
        shows: &["ContentError::WitText"],
        title: "WIT as text on stdin",
        run: |s| {
            let text = b"// what is exported\npackage acme:text@1.0.0;\n";
            let arguments = ["bundle", "-"];
            let said = s.app.warg_stdin(text, &arguments);
            s.shown(101, &said, "bundle - < text.wit")
        },
    },
    Case {
        shows: &["ContentError::Module"],
        title: "a core module",
        run: |s| {
            s.write("module.wasm", b"\0asm\x01\0\0\0");
            publish(s, 101, "module.wasm")
        },
    },
    Case {
        shows: &["ContentError::Invalid"],
        title: "a component that is cut off",
        run: |s| {
            let mut broken = logger();
            broken.truncate(broken.len() - 3);
            s.write("broken.wasm", broken);
            publish(s, 101, "broken.wasm")
        },
    },
    Case {
        shows: &["PublishError::Empty"],
        title: "a folder without texts",
        run: |s| {
            s.write("empty/readme.md", "");
            publish(s, 101, "empty")
        },
    },
    Case {
        shows: &["PublishError::Text"],
        title: "a text that does not parse",
        run: |s| text(s, "package acme:x@1.0.0;\ninterface {}\n"),
    },
    Case {
        shows: &["PublishError::Refused", "Refusal::NoVersion"],
        title: "a package without a version",
        run: |s| {
            text(s, "package acme:x;\ninterface i {}\n").mended(s, "the version is written", |s| {
                s.replace("x.wit", "acme:x;", "acme:x@1.0.0;");
            })
        },
    },
    Case {
        shows: &["Refusal::Unversioned"],
        title: "a reference without a version",
        run: |s| {
            text(
                s,
                "package acme:x@1.0.0;\ninterface i { use acme:y/j.{t}; f: func(t: t); }\npackage acme:y { interface j { type t = u8; } }\n",
            )
        },
    },
    Case {
        shows: &["Refusal::TwoVersions"],
        title: "references to two versions of one track",
        run: |s| {
            text(
                s,
                "package acme:x@1.0.0;\nworld w { import acme:y/j@1.0.0; import acme:y/j@1.1.0; }\n\
             package acme:y@1.0.0 { interface j {} }\npackage acme:y@1.1.0 { interface j {} }\n",
            )
        },
    },
    Case {
        shows: &["Refusal::Itself"],
        title: "a reference to an earlier version of itself",
        run: |s| {
            text(
                s,
                "package acme:x@1.1.0;\nworld w { import acme:x/j@1.0.0; }\npackage acme:x@1.0.0 { interface j {} }\n",
            )
        },
    },
    Case {
        shows: &["Refusal::Name"],
        title: "a name that no registry can hold",
        run: |s| text(s, "package acme:X@1.0.0;\ninterface i {}\n"),
    },
    Case {
        shows: &["Refusal::Version"],
        title: "a version that no registry can hold",
        run: |s| {
            text(
                s,
                &format!(
                    "package acme:x@1.0.0-{};\ninterface i {{}}\n",
                    "a".repeat(130)
                ),
            )
        },
    },
    Case {
        shows: &["PublishError::Binary"],
        title: "a WIT package that is too large",
        run: |s| {
            let mut bytes =
                fixtures::component::wit_package("package acme:x@1.0.0; interface i {}");
            bytes.extend([0, 2, 1, b'x'].repeat(1 << 20));
            s.founded().write("x.wasm", bytes);
            s.fails(101, &["publish", "x.wasm"])
        },
    },
    Case {
        shows: &[],
        title: "a package under another name than its own",
        run: |s| {
            s.founded()
                .write("x.wit", "package acme:x@1.0.0;\ninterface i {}\n");
            s.fails(2, &["publish", "x.wit", "--as", "acme:y@1.0.0"])
        },
    },
    Case {
        shows: &[],
        title: "a component without a name",
        run: |s| {
            s.founded();
            s.fails(2, &["publish", "logger.wasm"])
                .mended(s, "the manifest says it", |s| {
                    s.manifest("[package.metadata.warg]\npackage = \"acme:x\"");
                })
        },
    },
    Case {
        shows: &[],
        title: "two members that are published under one name",
        run: |s| {
            s.founded();
            s.manifest("[package.metadata.warg]\npackage = \"acme:x\"\n[workspace]\nmembers = [\"member\"]\ndefault-members = [\".\", \"member\"]");
            s.write("member/src/lib.rs", "");
            s.write(
                "member/Cargo.toml",
                "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[package.metadata.warg]\npackage = \"acme:x\"\n",
            );
            s.fails(2, &["publish", "logger.wasm", "--as", "acme:x@1.0.0"])
        },
    },
    Case {
        shows: &[],
        title: "a dependency that is a path only",
        run: |s| {
            s.founded();
            s.manifest("[package.metadata.warg]\npackage = \"acme:x\"\n[package.metadata.warg.dependencies]\n\"acme:dep\" = { path = \"../dep\" }");
            s.fails(101, &["publish", "logger.wasm"]).mended(
                s,
                "it is published, and the version is stated",
                |s| {
                    s.replace("Cargo.toml", "../dep\" }", "../dep\", version = \"1.2\" }");
                    s.does(&["publish", "logger.wasm", "--as", "acme:dep@1.2.0"]);
                },
            )
        },
    },
    Case {
        shows: &[],
        title: "a dependency whose requirement is too wide",
        run: |s| {
            s.founded();
            s.manifest("[package.metadata.warg]\npackage = \"acme:x\"\n[package.metadata.warg.dependencies]\n\"acme:dep\" = \">=1.4, <3\"");
            s.does(&["publish", "logger.wasm", "--as", "acme:dep@1.4.0"]);
            s.fails(101, &["publish", "logger.wasm"]).mended(
                s,
                "the requirement is written that the help names",
                |s| {
                    s.replace("Cargo.toml", "\">=1.4, <3\"", "\"1.4\"");
                },
            )
        },
    },
    Case {
        shows: &[],
        title: "a registry that is not configured",
        run: |s| {
            s.founded();
            s.fails(
                2,
                &[
                    "publish",
                    "logger.wasm",
                    "--as",
                    "acme:x@1.0.0",
                    "--registry",
                    "wasi",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "a registry on a server",
        run: |s| {
            s.founded();
            s.replace(
                "Cargo.toml",
                "\"../acme-registry\"",
                "\"https://registry.example/acme\"",
            );
            s.fails(2, &["publish", "logger.wasm", "--as", "acme:x@1.0.0"])
        },
    },
    Case {
        shows: &["AppendError::NotPermitted"],
        title: "a key that may not release",
        run: |s| {
            s.founded().does(&["key", "new", "acme/dev"]);
            s.fails(
                13,
                &[
                    "publish",
                    "logger.wasm",
                    "--as",
                    "acme:logger@1.1.0",
                    "--key",
                    "acme/dev",
                ],
            )
        },
    },
    Case {
        shows: &["AppendError::NotHolder"],
        title: "a key that does not hold the namespace",
        run: |s| {
            s.founded().does(&["key", "new", "acme/dev"]);
            s.fails(
                13,
                &[
                    "publish",
                    "logger.wasm",
                    "--as",
                    "acme:x@1.0.0",
                    "--key",
                    "acme/dev",
                ],
            )
        },
    },
    Case {
        shows: &["AppendError::NotHolder"],
        title: "no key that holds the namespace",
        run: |s| {
            s.founded();
            let stranger = s.app.with_home(s.sandbox.join("stranger"));
            let line = ["publish", "logger.wasm", "--as", "acme:x@1.0.0"];
            s.shown(13, &stranger.warg(&line), &line.join(" "))
        },
    },
    Case {
        shows: &["AppendError::NoCheckpointKey"],
        title: "no key of the registry's own",
        run: |s| {
            s.founded();
            let secrets = s.app.secrets();
            let stranger = s.app.with_home(s.sandbox.join("stranger"));
            let line = ["publish", "logger.wasm", "--as", "acme:x@1.0.0"];
            let said = stranger.warg_with(&[("CARGO_WARG_KEY", &secrets[0])], &line);
            s.shown(13, &said, &line.join(" "))
        },
    },
    Case {
        shows: &["AppendError::OtherContent"],
        title: "a version that is released already",
        run: |s| {
            s.founded();
            s.write(
                "other.wasm",
                fixtures::component::from_wit(&LOGGER.replace("line", "text"), "w"),
            );
            s.fails(13, &["publish", "other.wasm", "--as", "acme:logger@1.0.0"])
        },
    },
    Case {
        shows: &["AppendError::OtherClaims"],
        title: "a version that is released already, with other requirements",
        run: |s| {
            s.founded();
            s.manifest("[package.metadata.warg]\npackage = \"acme:logger\"\n[package.metadata.warg.dependencies]\n\"acme:dep\" = \"1\"");
            s.fails(13, &["publish", "logger.wasm", "--as", "acme:logger@1.0.0"])
        },
    },
    Case {
        shows: &["AppendError::OtherBuild"],
        title: "a version that differs in build metadata only",
        run: |s| {
            s.founded();
            s.fails(
                13,
                &["publish", "logger.wasm", "--as", "acme:logger@1.0.0+b2"],
            )
        },
    },
    Case {
        shows: &["AppendError::Kind"],
        title: "a package of another kind",
        run: |s| {
            s.founded()
                .write("x.wit", "package acme:logger@2.0.0;\ninterface i {}\n");
            s.fails(13, &["publish", "x.wit"])
        },
    },
    Case {
        shows: &["PublishError::NoContents"],
        title: "a package without contents",
        run: |s| text(s, "package acme:x@1.0.0;\n"),
    },
    Case {
        shows: &["ReferenceError::Unmet", "Absence::NoRegistry"],
        title: "a reference to a package of a namespace without a registry",
        run: |s| {
            s.founded().write(
                "x.wit",
                "package acme:x@1.0.0;\nworld w {\n  import nowhere:y/i@0.1.0;\n}\n",
            );
            s.fails(11, &["publish", "x.wit"])
        },
    },
    Case {
        shows: &["ReferenceError::Unmet", "Absence::NoPackage"],
        title: "a reference to a package that is not released",
        run: |s| {
            s.founded().write(
                "x.wit",
                "package acme:x@1.0.0;\nworld w {\n  import acme:y/i@1.0.0;\n}\n",
            );
            s.write("y.wit", "package acme:y@1.0.0;\ninterface i {}\n");
            s.fails(11, &["publish", "x.wit"])
                .mended(s, "it is published first", |s| {
                    s.does(&["publish", "y.wit"]);
                })
        },
    },
    Case {
        shows: &["ReferenceError::Unmet", "Absence::NoVersion"],
        title: "a reference to a version that is not released",
        run: |s| {
            s.founded().write(
                "x.wit",
                "package acme:x@1.0.0;\nworld w {\n  import acme:y/i@1.1.0;\n}\n",
            );
            s.write("y.wit", "package acme:y@1.0.0;\ninterface i {}\n");
            s.does(&["publish", "y.wit"]);
            s.fails(11, &["publish", "x.wit"]).mended(
                s,
                "the version is written that the help names",
                |s| {
                    s.replace("x.wit", "i@1.1.0", "i@1.0.0");
                },
            )
        },
    },
    Case {
        shows: &["ReferenceError::Unmet", "Absence::Kind"],
        title: "a reference to a package that is a component",
        run: |s| {
            s.founded().write(
                "x.wit",
                "package acme:x@1.0.0;\nworld w {\n  import acme:logger/api@1.0.0;\n}\n",
            );
            s.fails(11, &["publish", "x.wit"])
        },
    },
    Case {
        shows: &["ReferenceError::Contradiction"],
        title: "a text in deps that is not what was released",
        run: |s| {
            s.founded();
            s.write(
                "y.wit",
                "package acme:y@1.0.0;\ninterface i { type t = u8; }\n",
            );
            s.does(&["publish", "y.wit"]);
            s.write(
                "x/x.wit",
                "package acme:x@1.0.0;\ninterface j {\n  use acme:y/i@1.0.0.{t};\n  f: func(a: t);\n}\n",
            );
            s.write(
                "x/deps/y.wit",
                "package acme:y@1.0.0;\ninterface i { type t = u16; }\n",
            );
            s.fails(13, &["publish", "x"])
                .mended(s, "it is removed", |s| {
                    std::fs::remove_file(s.app.path().join("x/deps/y.wit")).unwrap();
                })
        },
    },
    Case {
        shows: &["ReferenceError::Printed"],
        title: "a text of fetch that was edited",
        run: |s| {
            s.founded();
            let digest = "0123456789abcdef".repeat(4);
            s.write(
                "x.wit",
                format!(
                    "package acme:x@1.0.0;\ninterface i {{}}\n// cargo warg: from sha256:{digest}\n"
                ),
            );
            s.fails(13, &["publish", "x.wit"])
        },
    },
    Case {
        shows: &["ReferenceError::Copy"],
        title: "a WIT package that was made with what was never released",
        run: |s| {
            s.founded();
            s.write(
                "y.wit",
                "package acme:y@1.0.0;\ninterface i { type t = u8; }\n",
            );
            s.does(&["publish", "y.wit"]);
            s.write(
                "x.wasm",
                fixtures::component::wit_package(
                    "package acme:x@1.0.0;\ninterface j { use acme:y/i@1.0.0.{t}; f: func(a: t); }\n\
                     package acme:y@1.0.0 { interface i { type t = u16; } }\n",
                ),
            );
            s.fails(13, &["publish", "x.wasm"])
        },
    },
    Case {
        shows: &[],
        title: "a component whose requirement nobody can meet",
        run: |s| {
            s.founded();
            s.manifest("[package.metadata.warg]\npackage = \"acme:x\"\n[package.metadata.warg.dependencies]\n\"acme:dep\" = \"1.2\"");
            s.fails(11, &["publish", "logger.wasm"])
        },
    },
    Case {
        shows: &[],
        title: "nothing is named to be published",
        run: |s| {
            s.founded();
            s.fails(2, &["publish"])
        },
    },
    Case {
        shows: &[],
        title: "no member has anything to publish",
        run: |s| {
            s.founded();
            s.fails(2, &["publish", "--workspace"])
        },
    },
    Case {
        shows: &[],
        title: "a workspace whose WIT has the name of its component",
        run: |s| {
            s.founded();
            s.manifest("[package.metadata.warg]\npackage = \"acme:x\"");
            s.write("wit/x.wit", "package acme:x@1.0.0;\nworld w {}\n");
            s.fails(2, &["publish", "--workspace"])
                .mended(s, "the WIT gets another name", |s| {
                    s.replace("wit/x.wit", "acme:x@", "acme:x-worlds@");
                })
        },
    },
    Case {
        shows: &[],
        title: "a component beside other packages",
        run: |s| {
            s.founded();
            s.write("y.wit", "package acme:y@1.0.0;\ninterface i {}\n");
            s.fails(2, &["publish", "y.wit", "logger.wasm"])
        },
    },
    Case {
        shows: &[],
        title: "one name for several packages",
        run: |s| {
            s.founded();
            s.write("x.wit", "package acme:x@1.0.0;\ninterface i {}\n");
            s.write("y.wit", "package acme:y@1.0.0;\ninterface i {}\n");
            s.fails(2, &["publish", "x.wit", "y.wit", "--as", "acme:x@1.0.0"])
        },
    },
    Case {
        shows: &["ContentError::Outdated"],
        title: "a component in an old encoding",
        run: |s| {
            s.write("old.wasm", b"\0asm\x0c\0\x01\0");
            publish(s, 101, "old.wasm")
        },
    },
    Case {
        shows: &["ContentError::OldName"],
        title: "a component that names what it depends on in the old way",
        run: |s| {
            let old = "(component (import \"unlocked-dep=<acme:clock@*>\" (instance)))";
            let old = wat::parse_str(old).unwrap();
            s.write("old.wasm", old);
            publish(s, 101, "old.wasm")
        },
    },
    Case {
        shows: &["ImportError::Empty"],
        title: "import: nothing there",
        run: |s| {
            s.founded().write("empty/readme.md", "");
            s.fails(101, &["registry", "import", "empty"])
        },
    },
    Case {
        shows: &[],
        title: "import: two texts for one version",
        run: |s| {
            s.founded();
            s.write("bad/one/a.wit", "package acme:a@1.0.0;\ninterface i {}\n");
            s.write("bad/two/a.wit", "package acme:a@1.0.0;\ninterface j {}\n");
            s.fails(101, &["registry", "import", "bad"])
                .mended(s, "one of them is removed", |s| {
                    std::fs::remove_dir_all(s.app.path().join("bad/two")).unwrap();
                })
        },
    },
    Case {
        shows: &["ImportError::Text"],
        title: "import: texts that do not parse, refer to what is not there, or to each other in a circle",
        run: |s| {
            s.founded();
            s.write("bad/none/a.wit", "package acme:none@1.0.0;\ninterface {\n");
            s.write(
                "bad/user/a.wit",
                "package acme:user@1.0.0;\ninterface i {\n  use acme:gone/j@1.0.0.{t};\n}\n",
            );
            s.write(
                "bad/a/a.wit",
                "package acme:a@1.0.0;\ninterface i { use acme:b/i@1.0.0.{t}; }\n",
            );
            s.write(
                "bad/b/b.wit",
                "package acme:b@1.0.0;\ninterface i { use acme:a/i@1.0.0.{t}; }\n",
            );
            s.fails(101, &["registry", "import", "bad"])
        },
    },
    Case {
        shows: &["ImportError::TooDeep"],
        title: "import: folders too deep",
        run: |s| {
            s.founded().write(
                &format!("{}a.wit", "deep/".repeat(18)),
                "package acme:a@1.0.0;\n",
            );
            s.fails(101, &["registry", "import", "deep"])
        },
    },
    Case {
        shows: &[],
        title: "import: two contents of one version",
        run: |s| {
            s.founded();
            s.write("one/a.wit", "package acme:a@1.0.0;\ninterface i {}\n");
            s.write("two/a.wit", "package acme:a@1.0.0;\ninterface j {}\n");
            s.fails(101, &["registry", "import", "one", "two"])
        },
    },
    Case {
        shows: &[],
        title: "import: nothing that can be released",
        run: |s| {
            s.founded()
                .write("bad/a.wit", "package acme:a;\ninterface i {}\n");
            s.fails(101, &["registry", "import", "bad"])
        },
    },
    Case {
        shows: &[],
        title: "import: packages of two registries",
        run: |s| {
            s.founded();
            s.does(&[
                "registry",
                "new",
                "../test-registry",
                "--name",
                "test",
                "--namespace",
                "test=acme/ci",
            ]);
            s.write("all/a.wit", "package acme:a@1.0.0;\ninterface i {}\n");
            s.write("all/t.wit", "package test:t@1.0.0;\ninterface i {}\n");
            s.fails(2, &["registry", "import", "all"])
        },
    },
    Case {
        shows: &[],
        title: "import: nothing but packages of another registry",
        run: |s| {
            s.founded();
            s.does(&[
                "registry",
                "new",
                "../test-registry",
                "--name",
                "test",
                "--namespace",
                "test=acme/ci",
            ]);
            s.write("all/a.wit", "package acme:a@1.0.0;\ninterface i {}\n");
            s.fails(101, &["registry", "import", "all", "--registry", "test"])
        },
    },
    Case {
        shows: &[],
        title: "a project with patches",
        run: |s| {
            s.founded();
            s.write(
                "../clock/Cargo.toml",
                "[package]\nname = \"clock\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
            );
            s.manifest("[workspace]\n[workspace.metadata.warg.patch]\n\"acme:clock\" = { path = \"../clock\" }");
            s.fails(101, &["publish", "logger.wasm", "--as", "acme:x@1.0.0"])
                .mended(s, "the patch is removed", |s| {
                    s.replace("Cargo.toml", "\"acme:clock\" = { path = \"../clock\" }", "");
                })
        },
    },
    Case {
        shows: &["DerivationError::Tracks"],
        title: "with its lock: a requirement of several tracks",
        run: |s| {
            member(s)
                .manifest("[package.metadata.warg.wit-dependencies]\n\"acme:words\" = \">=1.0\"\n");
            s.does(&["lock"]);
            s.fails(10, CARRYING)
                .mended(s, "the requirement is narrowed", |s| {
                    s.replace("Cargo.toml", ">=1.0", "1.0").does(&["lock"]);
                })
        },
    },
    Case {
        shows: &[],
        title: "with its lock: something from a folder",
        run: |s| {
            member(s).manifest(
                "[package.metadata.warg.wit-dependencies]\n\"acme:words\" = { path = \"words\" }\n",
            );
            s.does(&["lock"]);
            s.fails(10, CARRYING)
                .mended(s, "the path is taken out", |s| {
                    s.replace("Cargo.toml", "{ path = \"words\" }", "\"1.0\"")
                        .does(&["lock"]);
                })
        },
    },
    Case {
        shows: &[],
        title: "with its lock: a requirement that serves nothing",
        run: |s| {
            member(s).depends("\"acme:logger\" = \"1.0\"\n");
            s.does(&["lock"]);
            s.fails(101, CARRYING)
                .mended(s, "the dependency is removed", |s| {
                    s.does(&["remove", "acme:logger"]).does(&["lock"]);
                })
        },
    },
    Case {
        shows: &[],
        title: "a component of two crates",
        run: |s| {
            s.founded();
            s.replace(
                "Cargo.toml",
                "edition = \"2024\"\n",
                "edition = \"2024\"\n\n[workspace]\nmembers = [\"two\"]\n\n",
            );
            let manifest = s
                .app
                .read("Cargo.toml")
                .replace("[package.metadata", "[workspace.metadata");
            let depends = "\n[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1\"\n";
            s.write("Cargo.toml", format!("{manifest}{depends}"));
            let two = "[package]\nname = \"two\"\nversion = \"0.1.0\"\nedition = \"2024\"\n";
            s.write("two/Cargo.toml", format!("{two}{depends}"));
            s.write("two/src/lib.rs", "");
            let user = LOGGER.replace("export api", "import api");
            s.write("user.wasm", fixtures::component::from_wit(&user, "w"));
            s.fails(
                2,
                &[
                    "publish",
                    "user.wasm",
                    "--as",
                    "acme:user@1.0.0",
                    "--workspace",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "with its lock: no member publishes that component",
        run: |s| {
            s.founded();
            s.replace(
                "Cargo.toml",
                "edition = \"2024\"\n",
                "edition = \"2024\"\n[package.metadata.warg]\npackage = \"acme:y\"\n",
            );
            s.fails(
                2,
                &[
                    "publish",
                    "logger.wasm",
                    "--as",
                    "acme:x@1.0.0",
                    "--with-lock",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "with its lock: a WIT package",
        run: |s| {
            member(s);
            s.fails(2, &["publish", "words/words.wit", "--with-lock"])
        },
    },
    Case {
        shows: &[],
        title: "a lock that remembers a patch",
        run: |s| {
            member(s)
                .manifest("[package.metadata.warg.wit-dependencies]\n\"acme:words\" = \"1.0\"\n");
            s.manifest("[workspace]\n[workspace.metadata.warg.patch]\n\"acme:words\" = { path = \"words\" }\n");
            s.does(&["lock"]);
            s.replace("Cargo.toml", "\"acme:words\" = { path = \"words\" }\n", "");
            s.fails(10, &["publish", "logger.wasm"])
                .mended(s, "it is locked again", |s| {
                    s.does(&["lock"]);
                })
        },
    },
    Case {
        shows: &[],
        title: "verify: a release that is not there",
        run: |s| s.fails(11, &["verify", "acme:logger@9.0.0"]),
    },
];

const CARRYING: &[&str] = &["publish", "logger.wasm", "--with-lock"];

/// A project that is published as `acme:app`, beside a WIT package of its own that the registry has too.
fn member(s: &Stage) -> &Stage {
    s.founded();
    s.write(
        "words/words.wit",
        "package acme:words@1.0.0;\n\ninterface say {\n  word: func();\n}\n",
    );
    s.does(&["publish", "words/words.wit"]);
    s.manifest("[package.metadata.warg]\npackage = \"acme:app\"\n")
}
