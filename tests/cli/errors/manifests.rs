//! What is wrong in a Cargo.toml.

use super::Case;

const REGISTRY: &str = "r = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }";

/// A cargo package beside the project that makes `acme:clock`.
fn clock_project(s: &super::stage::Stage, wit: &str) {
    s.write("../clock/Cargo.toml", "[package]\nname = \"clock\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[package.metadata.warg]\npackage = \"acme:clock\"\n");
    s.write("../clock/src/lib.rs", "");
    s.write("../clock/wit/clock.wit", wit);
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["ManifestError::CargoRun"],
        title: "cargo cannot be started",
        run: |s| {
            // A plain manifest is read without cargo.
            s.manifest("[workspace]\nmembers = [\"crates/*\"]");
            s.fails_with(101, &[("CARGO", "/w/no/cargo")], &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Cargo"],
        title: "cargo cannot read the manifest",
        run: |s| {
            s.write("Cargo.toml", "[package]\nname = 3\n");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Conflicted"],
        title: "conflict markers of a merge",
        run: |s| {
            s.depends("<<<<<<< ours\n\"acme:clock\" = \"1.0\"\n=======\n\"acme:clock\" = \"1.1\"\n>>>>>>> theirs");
            s.fails(101, &["lock"]).mended(s, "it is decided", |s| {
                s.replace(
                    "Cargo.toml",
                    "<<<<<<< ours\n\"acme:clock\" = \"1.0\"\n=======\n",
                    "",
                );
                s.replace("Cargo.toml", ">>>>>>> theirs", "");
            })
        },
    },
    Case {
        shows: &["ManifestError::CargoOutput"],
        title: "cargo prints something unexpected",
        run: |s| {
            s.manifest("[workspace]\nmembers = [\"crates/*\"]");
            s.write("cargo", "#!/bin/sh\necho '{}'\n");
            crate::support::make_executable(&s.app.path().join("cargo"));
            s.fails_with(101, &[("CARGO", "./cargo")], &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Size"],
        title: "a manifest that is too long",
        run: |s| {
            let line = format!("# {}\n", "-".repeat(1 << 16));
            s.manifest(&line.repeat(257));
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::UnknownKey"],
        title: "a misspelled key",
        run: |s| {
            s.depends("\"acme:clock\" = { verison = \"1\" }");
            s.fails(101, &["lock"])
                .mended(s, "the key is written as the help says", |s| {
                    s.replace("Cargo.toml", "verison", "version");
                })
        },
    },
    Case {
        shows: &["ManifestError::UnknownKey"],
        title: "a key that does not exist",
        run: |s| {
            s.depends("\"acme:clock\" = { version = \"1\", git = \"https://host.example/clock\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Misplaced"],
        title: "registries in a member's manifest",
        run: |s| {
            s.only("[workspace]\nmembers = [\"member\"]");
            s.write("member/src/lib.rs", "");
            s.write(
                "member/Cargo.toml",
                format!(
                    "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n\
                     [package.metadata.warg.registries]\n{REGISTRY}\n"
                ),
            );
            s.fails(101, &["lock"]).mended(s, "it is moved there", |s| {
                s.replace(
                    "member/Cargo.toml",
                    "[package.metadata.warg.registries]",
                    "",
                );
                s.replace("member/Cargo.toml", REGISTRY, "");
                s.manifest(&format!("[workspace.metadata.warg.registries]\n{REGISTRY}"));
            })
        },
    },
    Case {
        shows: &["ManifestError::Type"],
        title: "a value of another type",
        run: |s| {
            s.depends("\"acme:clock\" = 1");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Missing"],
        title: "a registry without a policy",
        run: |s| {
            s.only("[package.metadata.warg.registries]\nacme = { url = \"../acme-registry\" }");
            s.fails(101, &["lock"])
                .mended(s, "the policy is named", |s| {
                    s.replace(
                        "Cargo.toml",
                        "registry\" }",
                        "registry\", policy = \"trust/acme.policy\" }",
                    );
                })
        },
    },
    Case {
        shows: &["ManifestError::Missing"],
        title: "a registry without an address",
        run: |s| {
            s.only("[package.metadata.warg.registries.acme]\npolicy = \"trust/acme.policy\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Name"],
        title: "a name that is not a package name",
        run: |s| {
            s.depends("clock = \"1\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Version"],
        title: "a requirement that does not parse",
        run: |s| {
            s.depends("\"acme:clock\" = { version = \"latest\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Resolution"],
        title: "a resolution mode that does not exist",
        run: |s| {
            s.only("[workspace]\n[workspace.metadata.warg]\nresolution = \"newest\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Cutoff"],
        title: "an exclude-newer that is neither a time nor a span",
        run: |s| {
            s.only("[workspace]\n[workspace.metadata.warg]\nexclude-newer = \"last week\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::PatchElsewhere"],
        title: "a patch that is not a folder",
        run: |s| {
            s.only("[workspace]\n[workspace.metadata.warg.patch]\n\"acme:clock\" = { version = \"1.0.0\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Alias"],
        title: "a name that a registry cannot have",
        run: |s| {
            s.only("[package.metadata.warg.registries]\n\"acme corp\" = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }");
            s.fails(101, &["lock"])
                .mended(s, "other characters are used", |s| {
                    s.replace("Cargo.toml", "acme corp", "acme-corp");
                })
        },
    },
    Case {
        shows: &["ManifestError::UnknownRegistry"],
        title: "a misspelled registry name",
        run: |s| {
            s.depends("\"acme:clock\" = { version = \"1\", registry = \"amce\" }");
            s.fails(101, &["lock"])
                .mended(s, "the name is written as the help says", |s| {
                    s.replace("Cargo.toml", "amce", "acme");
                })
        },
    },
    Case {
        shows: &["ManifestError::UnknownRegistry"],
        title: "a registry is named, and none is configured",
        run: |s| {
            s.only("[package.metadata.warg]\ndefault-registry = \"acme\"");
            s.fails(101, &["lock"])
                .mended(s, "the registry is added to the table", |s| {
                    s.manifest(&format!(
                        "[package.metadata.warg.registries]\n{}",
                        REGISTRY.replacen('r', "acme", 1)
                    ));
                })
        },
    },
    Case {
        shows: &["ManifestError::Url"],
        title: "an address that is neither HTTP nor a folder",
        run: |s| {
            s.only("[package.metadata.warg.registries]\nacme = { url = \"file:///srv/acme\", policy = \"trust/acme.policy\" }");
            s.fails(101, &["lock"])
                .mended(s, "the path is written as it is", |s| {
                    s.replace("Cargo.toml", "file:///srv/acme", "../acme-registry");
                })
        },
    },
    Case {
        shows: &["ManifestError::Mirror"],
        title: "a mirror that is not an HTTP address",
        run: |s| {
            s.only("[package.metadata.warg.registries]\nacme = { url = \"https://registry.example/acme\", mirrors = [\"../acme-registry\"], policy = \"trust/acme.policy\" }");
            s.fails(101, &["lock"])
                .mended(s, "an address is written", |s| {
                    s.replace(
                        "Cargo.toml",
                        "../acme-registry",
                        "https://mirror.example/acme",
                    );
                })
        },
    },
    Case {
        shows: &["ManifestError::FolderMirrors"],
        title: "a folder with mirrors",
        run: |s| {
            s.only("[package.metadata.warg.registries]\nacme = { url = \"../acme-registry\", mirrors = [\"https://mirror.example/acme\"], policy = \"trust/acme.policy\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Together"],
        title: "two keys of cargo-component's that exclude each other",
        run: |s| {
            s.manifest("[package.metadata.component.target]\npackage = \"acme:http\"\nversion = \"1.0.0\"\npath = \"wit\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::NoVersion"],
        title: "a dependency without a version",
        run: |s| {
            s.depends("\"acme:clock\" = { registry = \"acme\" }");
            s.fails(101, &["lock"])
                .mended(s, "a version is added", |s| {
                    s.replace("Cargo.toml", "{ registry", "{ version = \"1.0\", registry");
                })
        },
    },
    Case {
        shows: &["ManifestError::Target"],
        title: "a target of cargo-component's without a version",
        run: |s| {
            s.manifest("[package.metadata.component]\ntarget = \"acme:http/types\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ManifestError::Differs"],
        title: "a dependency in both tables, with two meanings",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.0\"");
            s.manifest("[package.metadata.component.dependencies]\n\"acme:clock\" = \"1.1\"");
            s.fails(101, &["lock"])
                .mended(s, "both are made the same", |s| {
                    s.replace("Cargo.toml", "\"1.1\"", "\"1.0\"");
                })
        },
    },
    Case {
        shows: &["ManifestError::TwoNames"],
        title: "two names to publish under",
        run: |s| {
            s.replace(
                "Cargo.toml",
                "default-registry",
                "package = \"acme:app\"\ndefault-registry",
            );
            s.manifest("[package.metadata.component]\npackage = \"acme:other\"");
            s.fails(101, &["lock"]).mended(s, "one of them goes", |s| {
                s.replace("Cargo.toml", "package = \"acme:other\"", "");
            })
        },
    },
    Case {
        shows: &["ManifestError::Twice"],
        title: "a registry stated twice",
        run: |s| {
            s.manifest("[workspace]\n[workspace.metadata.warg.registries]\nacme = { url = \"../other\", policy = \"trust/acme.policy\" }");
            s.fails(101, &["lock"]).mended(s, "one of them goes", |s| {
                s.replace(
                    "Cargo.toml",
                    "acme = { url = \"../other\", policy = \"trust/acme.policy\" }",
                    "",
                );
            })
        },
    },
    Case {
        shows: &["ManifestError::TwoRegistries"],
        title: "a namespace that two registries claim",
        run: |s| {
            s.replace(
                "Cargo.toml",
                "acme = { url",
                "other = { url = \"../other\", policy = \"trust/acme.policy\" }\nacme = { url",
            );
            s.manifest("[package.metadata.warg.namespaces]\nacme = \"other\"");
            s.depends("\"acme:clock\" = { version = \"1\", registry = \"acme\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "init: another name than the one that is there",
        run: |s| {
            s.replace(
                "Cargo.toml",
                "[package.metadata.warg]\n",
                "[package.metadata.warg]\npackage = \"acme:app\"\n",
            );
            s.fails(2, &["init", "--name", "acme:other"])
        },
    },
    Case {
        shows: &["ManifestError::NoMember"],
        title: "a member that does not exist",
        run: |s| s.fails(2, &["lock", "-p", "ap"]),
    },
    Case {
        shows: &["ManifestError::WhichMember"],
        title: "several members where one is meant",
        run: |s| {
            s.manifest(
                "[workspace]\nmembers = [\"member\"]\ndefault-members = [\".\", \"member\"]",
            );
            s.write("member/src/lib.rs", "");
            s.write(
                "member/Cargo.toml",
                "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
            );
            s.fails(2, &["add", "acme:clock"])
        },
    },
    Case {
        shows: &["ManifestError::Taken"],
        title: "a new registry under a name that is taken",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            s.fails(
                101,
                &[
                    "registry",
                    "new",
                    "../new",
                    "--name",
                    "acme",
                    "--namespace",
                    "acme=acme/ci",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "a dependency of a namespace that has no registry",
        run: |s| {
            s.replace("Cargo.toml", "default-registry = \"acme\"\n", "");
            s.depends("\"acme:clock\" = \"1\"");
            s.fails(101, &["add", "acme:io"])
                .mended(s, "a default is named", |s| {
                    s.replace(
                        "Cargo.toml",
                        "[package.metadata.warg]\n",
                        "[package.metadata.warg]\ndefault-registry = \"acme\"\n",
                    );
                })
        },
    },
    Case {
        shows: &[],
        title: "a package that is to be added in two versions",
        run: |s| s.fails(2, &["add", "acme:clock@1.0", "acme:clock@1.1"]),
    },
    Case {
        shows: &["Unresolved::NoRegistry"],
        title: "a dependency of a namespace that has no registry, in lock",
        run: |s| {
            s.replace("Cargo.toml", "default-registry = \"acme\"\n", "");
            s.depends("\"acme:clock\" = \"1\"");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a path dependency whose folder does not exist",
        run: |s| {
            s.depends("\"acme:clock\" = { path = \"../clock\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a path dependency that has no name",
        run: |s| {
            s.write(
                "../clock/Cargo.toml",
                "[package]\nname = \"clock\"\nversion = \"1.0.0\"\nedition = \"2024\"\n",
            );
            s.write("../clock/src/lib.rs", "");
            s.depends("\"acme:clock\" = { path = \"../clock\" }");
            s.fails(101, &["lock"])
                .mended(s, "it says its name", |s| {
                    s.write("../clock/Cargo.toml", "[package]\nname = \"clock\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[package.metadata.warg]\npackage = \"acme:clock\"\n");
                })
        },
    },
    Case {
        shows: &["Unresolved::Conflict"],
        title: "a path dependency whose own requirement cannot be met",
        run: |s| {
            let requires = "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"9\"\n";
            s.write(
                "../watch/Cargo.toml",
                format!("[package]\nname = \"watch\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[package.metadata.warg]\npackage = \"acme:watch\"\n{requires}"),
            );
            s.write("../watch/src/lib.rs", "");
            s.depends("\"acme:watch\" = { path = \"../watch\" }");
            let shown = s.fails(11, &["lock"]);
            assert!(
                shown
                    .said
                    .contains("requires acme:logger ^9 (../watch/Cargo.toml:8:1)"),
                "{}",
                shown.said
            );
            shown
        },
    },
    Case {
        shows: &[],
        title: "a path dependency whose manifest has a misspelled key",
        run: |s| {
            s.write(
                "../watch/Cargo.toml",
                "[package]\nname = \"watch\"\nversion = \"1.0.0\"\nedition = \"2024\"\n[package.metadata.warg]\npackge = \"acme:watch\"\n",
            );
            s.write("../watch/src/lib.rs", "");
            s.depends("\"acme:watch\" = { path = \"../watch\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a path dependency of another name",
        run: |s| {
            s.write(
                "../clock/clock.wit",
                "package acme:watch@1.0.0;\ninterface now {}\n",
            );
            s.manifest("[package.metadata.warg.wit-dependencies]\n\"acme:clock\" = { path = \"../clock\" }");
            s.fails(101, &["lock"])
                .mended(s, "it is depended on by its name", |s| {
                    s.replace("Cargo.toml", "\"acme:clock\"", "\"acme:watch\"");
                })
        },
    },
    Case {
        shows: &[],
        title: "a path dependency of another version",
        run: |s| {
            s.write(
                "../clock/clock.wit",
                "package acme:clock@2.0.0;\ninterface now {}\n",
            );
            s.manifest("[package.metadata.warg.wit-dependencies]\n\"acme:clock\" = { path = \"../clock\", version = \"1.0\" }");
            s.fails(101, &["lock"])
                .mended(s, "the version is left out", |s| {
                    s.replace("Cargo.toml", ", version = \"1.0\"", "");
                })
        },
    },
    Case {
        shows: &[],
        title: "a project in a folder that does not export what is imported",
        run: |s| {
            clock_project(
                s,
                "package acme:clock@1.0.0;\ninterface now {}\nworld w {}\n",
            );
            s.depends("\"acme:clock\" = { path = \"../clock\" }");
            s.world("  import acme:clock/now@1.0.0;\n");
            s.fails(101, &["lock"])
                .mended(s, "a world there exports it", |s| {
                    s.replace(
                        "../clock/wit/clock.wit",
                        "world w {}",
                        "world w { export now; }",
                    );
                })
        },
    },
    Case {
        shows: &[],
        title: "a project in a folder that exports another version",
        run: |s| {
            clock_project(
                s,
                "package acme:clock@1.0.0;\ninterface now {}\nworld w { export now; }\n",
            );
            s.depends("\"acme:clock\" = { path = \"../clock\" }");
            s.world("  import acme:clock/now@0.9.0;\n");
            s.fails(101, &["lock"])
                .mended(s, "its version is written", |s| {
                    s.replace("wit/world.wit", "@0.9.0", "@1.0.0");
                })
        },
    },
    Case {
        shows: &[],
        title: "a component in a folder that does not export what is imported",
        run: |s| {
            let wit = "package acme:clock@1.0.0;\ninterface now {}\nworld w { export now; }\n";
            s.write("../clock.wasm", fixtures::component::from_wit(wit, "w"));
            s.depends("\"acme:clock\" = { path = \"../clock.wasm\" }");
            s.world("  import acme:clock/now@0.9.0;\n");
            s.fails(101, &["lock"])
                .mended(s, "what it exports is written", |s| {
                    s.replace("wit/world.wit", "@0.9.0", "@1.0.0");
                })
        },
    },
    Case {
        shows: &[],
        title: "a path dependency whose WIT does not parse",
        run: |s| {
            s.write(
                "../clock/clock.wit",
                "package acme:clock@1.0.0;\n\ninterface now {\n  get: fun() -> u64;\n}\n",
            );
            s.manifest("[package.metadata.warg.wit-dependencies]\n\"acme:clock\" = { path = \"../clock\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a path dependency that is not a component",
        run: |s| {
            s.write("../clock.wasm", "hello");
            s.depends("\"acme:clock\" = { path = \"../clock.wasm\" }");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "one registry under two names",
        run: |s| {
            s.replace("Cargo.toml", "acme = { url", "again = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }\nacme = { url");
            s.fails(101, &["lock"]).mended(s, "one of them goes", |s| {
                s.replace(
                    "Cargo.toml",
                    "again = { url = \"../acme-registry\", policy = \"trust/acme.policy\" }\n",
                    "",
                );
            })
        },
    },
];
