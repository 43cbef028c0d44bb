//! What cannot be bundled, and bundles that were changed.

use std::fmt::Write as _;
use std::fs;

use component::bundle::SECTION;
use fixtures::component::{from_wit, wit_package};

use super::Case;
use super::stage::{Shown, Stage};
use crate::story;

/// An app that imports the clock.
const APP: &str =
    "package acme:app@0.1.0; world w { import acme:clock/now@1.0.0; export run: func(); }
package acme:clock@1.0.0 { interface now { get: func() -> u64; } }";

/// The app, and packages that lie beside it as files, each with its version and text; locked.
fn files(s: &Stage, app: &str, packages: &[(&str, &str, &str)]) {
    s.write("app.wasm", from_wit(app, "w"));
    let mut lines = String::new();
    for (name, version, text) in packages {
        let file = name.replace(':', "-");
        s.write(&format!("{file}.wasm"), from_wit(text, "w"));
        writeln!(
            lines,
            "\"{name}\" = {{ path = \"{file}.wasm\", version = \"{version}\" }}"
        )
        .unwrap();
    }
    s.depends(&lines).does(&["lock"]);
}

fn bundle(s: &Stage, code: i32) -> Shown {
    s.fails(code, &["bundle", "app.wasm", "-o", "bundle.wasm"])
}

/// A bundle of the app with the registry's clock, and what it says of itself changed.
fn changed(s: &Stage, change: impl Fn(&mut Vec<u8>, &str)) -> Shown {
    s.write("app.wasm", from_wit(APP, "w"));
    s.depends("\"acme:clock\" = \"1.0\"").does(&["lock"]);
    s.does(&["bundle", "app.wasm", "-o", "bundle.wasm"]);
    let bundle = fs::read(s.app.path().join("bundle.wasm")).unwrap();
    let at = bundle
        .windows(SECTION.len())
        .rposition(|window| window == SECTION.as_bytes())
        .unwrap();
    let text = String::from_utf8(bundle[at + SECTION.len()..].to_vec()).unwrap();
    let mut bytes = bundle[..bundle.len() - section(&text).len()].to_vec();
    change(&mut bytes, &text);
    s.write("bundle.wasm", bytes);
    s.fails(13, &["inspect", "bundle.wasm"])
}

/// A custom section of bundles.
fn section(text: &str) -> Vec<u8> {
    let name = u8::try_from(SECTION.len()).unwrap();
    let content = [&[name], SECTION.as_bytes(), text.as_bytes()].concat();
    let mut bytes = vec![0];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend(content);
    bytes
}

fn clock(version: &str, body: &str) -> String {
    format!("package acme:clock@{version}; interface now {{ {body} }} world w {{ export now; }}")
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["ComposeError::Content", "ContentError::WitPackage"],
        title: "bundle: a WIT package",
        run: |s| {
            s.write(
                "app.wasm",
                wit_package("package acme:io@1.0.0; interface streams {}"),
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &[],
        title: "verify: a bundle with a part from a folder",
        run: |s| {
            s.write("clock.wasm", from_wit(&story::clock("1.0.0"), "w"));
            s.write("app.wasm", from_wit(APP, "w"));
            s.depends("\"acme:clock\" = { path = \"clock.wasm\", version = \"1\" }")
                .does(&["lock"])
                .does(&["bundle", "app.wasm", "-o", "bundle.wasm"]);
            s.fails(13, &["verify", "bundle.wasm"])
        },
    },
    Case {
        shows: &["BundleError::Embedded", "EmbeddedError::Content"],
        title: "inspect: a file that is not WebAssembly",
        run: |s| {
            s.write("text.wasm", "hello");
            s.fails(101, &["inspect", "text.wasm"])
        },
    },
    Case {
        shows: &["ComposeError::Invalid"],
        title: "bundle: a component that is not valid inside",
        run: |s| {
            // A function that leaves an i64 where it says that it leaves an i32.
            let module = b"\0asm\x01\0\0\0\x01\x05\x01\x60\0\x01\x7f\x03\x02\x01\0\x0a\x06\x01\x04\0\x42\x01\x0b";
            let mut app = from_wit(
                "package acme:app@0.1.0; world w { export run: func(); }",
                "w",
            );
            app.extend([1, u8::try_from(module.len()).unwrap()]);
            app.extend(module);
            s.write("app.wasm", app);
            bundle(s, 101)
        },
    },
    Case {
        shows: &[],
        title: "bundle: a dependency that is not built",
        run: |s| {
            let clock = s.sandbox.cargo_project(
                "clock",
                "[package.metadata.warg]\npackage = \"acme:clock\"\n",
            );
            s.write("app.wasm", from_wit(APP, "w"));
            s.depends("\"acme:clock\" = { path = \"../clock\" }")
                .does(&["lock"]);
            bundle(s, 101).mended(s, "it is built, and its file named", |s| {
                clock.write("clock.wasm", from_wit(&story::clock("1.0.0"), "w"));
                s.replace(
                    "Cargo.toml",
                    "path = \"../clock\"",
                    "path = \"../clock/clock.wasm\", version = \"1.0.0\"",
                )
                .does(&["lock"]);
            })
        },
    },
    Case {
        shows: &["ComposeError::Ambiguous"],
        title: "bundle: two packages that could serve an import",
        run: |s| {
            let fake = "package test:fake@1.0.0; world w { export acme:clock/now@1.0.0; } package acme:clock@1.0.0 { interface now { get: func() -> u64; } }";
            files(
                s,
                APP,
                &[
                    ("acme:clock", "1.0.0", &story::clock("1.0.0")),
                    ("test:fake", "1.0.0", fake),
                ],
            );
            bundle(s, 101).mended(s, "it is said which", |s| {
                s.replace(
                    "Cargo.toml",
                    "\"test-fake.wasm\",",
                    "\"test-fake.wasm\", for = [\"acme:clock/now@1.0.0\"],",
                )
                .does(&["lock"]);
            })
        },
    },
    Case {
        shows: &["ComposeError::ExportsNothing"],
        title: "bundle: a package that exports nothing that is imported",
        run: |s| {
            let zone = "package acme:clock@1.0.0; interface zone {} world w { export zone; }";
            files(s, APP, &[("acme:clock", "1.0.0", zone)]);
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::Older"],
        title: "bundle: a package that exports an older version of what is imported",
        run: |s| {
            files(
                s,
                &APP.replace("@1.0.0", "@1.2.0"),
                &[(
                    "acme:clock",
                    "1.3.0",
                    &clock("1.1.0", "get: func() -> u64;"),
                )],
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::OtherTrack"],
        title: "bundle: one interface on two tracks of one package",
        run: |s| {
            let app = "package acme:app@0.1.0; world w { import acme:clock/now@1.0.0; import acme:clock/now@2.0.0; export run: func(); }
                package acme:clock@1.0.0 { interface now { get: func() -> u64; } }
                package acme:clock@2.0.0 { interface now { get: func() -> u64; } }";
            files(
                s,
                app,
                &[(
                    "acme:clock",
                    "2.0.0",
                    &clock("2.0.0", "get: func() -> u64;"),
                )],
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::Mismatch"],
        title: "bundle: a function of another type",
        run: |s| {
            files(
                s,
                APP,
                &[(
                    "acme:clock",
                    "1.0.0",
                    &clock("1.0.0", "get: func() -> string;"),
                )],
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::HostMismatch"],
        title: "bundle: two meanings of one type of the host",
        run: |s| {
            let wasi = |cases: &str| {
                format!(
                    "package wasi:random@0.2.3 {{ interface seed {{ enum quality {{ {cases} }} get: func() -> quality; }} }}"
                )
            };
            let app = APP.replace("export run", "import wasi:random/seed@0.2.3; export run")
                + &wasi("good");
            let clock = "package acme:clock@1.0.0; interface now { get: func() -> u64; } world w { import wasi:random/seed@0.2.3; export now; }".to_owned() + &wasi("good, bad");
            files(s, &app, &[("acme:clock", "1.0.0", &clock)]);
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::HostUses"],
        title: "bundle: an import of the host with types of a package",
        run: |s| {
            let app = "package acme:app@0.1.0; world w { import acme:clock/now@1.0.0; import wasi:random/seed@0.2.3; export run: func(); }
                package acme:clock@1.0.0 { interface now { resource moment; get: func() -> u64; } }
                package wasi:random@0.2.3 { interface seed { use acme:clock/now@1.0.0.{moment}; get: func() -> moment; } }";
            files(
                s,
                app,
                &[(
                    "acme:clock",
                    "1.0.0",
                    &clock("1.0.0", "resource moment; get: func() -> u64;"),
                )],
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::HostSort"],
        title: "bundle: an import that no host has",
        run: |s| {
            // (component (import "m" (core module)))
            s.write(
                "app.wasm",
                b"\0asm\x0d\0\x01\0\x03\x03\x01\x50\0\x0a\x07\x01\0\x01m\0\x11\0",
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::Export"],
        title: "bundle: an export with types of a package",
        run: |s| {
            let app = "package acme:app@0.1.0; world w { use acme:clock/now@1.0.0.{moment}; export when: func() -> moment; }
                package acme:clock@1.0.0 { interface now { record moment { at: u64 } } }";
            files(
                s,
                app,
                &[(
                    "acme:clock",
                    "1.0.0",
                    &clock("1.0.0", "record moment { at: u64 } get: func() -> moment;"),
                )],
            );
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::Cycle"],
        title: "bundle: components that need each other",
        run: |s| {
            let mut registry = s.registry();
            let text = |own: &str, other: &str| {
                format!(
                    "package acme:{own}@1.0.0; interface api {{ get: func() -> u64; }} world w {{ import acme:{other}/api@1.0.0; export api; }}
                    package acme:{other}@1.0.0 {{ interface api {{ get: func() -> u64; }} }}"
                )
            };
            registry.component(
                "acme:left",
                "1.0.0",
                &[("acme:right", "^1.0")],
                &text("left", "right"),
            );
            registry.component(
                "acme:right",
                "1.0.0",
                &[("acme:left", "^1.0")],
                &text("right", "left"),
            );
            s.write(
                "app.wasm",
                from_wit(
                    &APP.replace("acme:clock", "acme:left").replace("now", "api"),
                    "w",
                ),
            );
            s.depends("\"acme:left\" = \"1.0\"").does(&["lock"]);
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ComposeError::Redirected"],
        title: "bundle: a redirection to what is not in the closed set",
        run: |s| {
            s.write("app.wasm", from_wit(APP, "w"));
            s.depends("\"acme:clock\" = \"1.0\"");
            s.manifest("[package.metadata.warg.wire]\n\"acme:clock/now\" = \"acme:logger\"")
                .does(&["lock"]);
            bundle(s, 101)
        },
    },
    Case {
        shows: &["ManifestError::Instance"],
        title: "an instance for one component alone",
        run: |s| {
            s.depends("\"acme:clock\" = { version = \"1.0\", instance = \"private\" }");
            s.fails(101, &["lock"]).mended(s, "it is left out", |s| {
                s.replace("Cargo.toml", ", instance = \"private\"", "");
            })
        },
    },
    Case {
        shows: &[],
        title: "bundle: requirements and no registry",
        run: |s| {
            s.write("app.wasm", from_wit(APP, "w"));
            fs::remove_file(s.app.path().join("Cargo.toml")).unwrap();
            s.fails(2, &["bundle", "app.wasm", "--require", "acme:clock@1.0"])
        },
    },
    Case {
        shows: &[],
        title: "bundle: a component and JSON, both on stdout",
        run: |s| s.fails(2, &["bundle", "app.wasm", "--message-format", "json"]),
    },
    Case {
        shows: &[],
        title: "bundle: a lock that is not there",
        run: |s| {
            s.write("app.wasm", from_wit(APP, "w"));
            s.fails(
                10,
                &[
                    "bundle",
                    "app.wasm",
                    "--lock",
                    "other.lock",
                    "-o",
                    "bundle.wasm",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "bundle: a lock of others",
        run: |s| {
            s.write("app.wasm", from_wit(APP, "w"));
            let lock = "# This file is written by cargo warg. It is not meant to be edited.\nversion = 1\n";
            let root = |name: &str| {
                format!("\n[[root]]\nname = \"{name}\"\nrequires = []\nselects = []\n")
            };
            s.write("other.lock", format!("{lock}{}{}", root("a"), root("b")));
            s.fails(
                10,
                &[
                    "bundle",
                    "app.wasm",
                    "--lock",
                    "other.lock",
                    "-o",
                    "bundle.wasm",
                ],
            )
        },
    },
    Case {
        shows: &[],
        title: "bundle: a file that cannot be written",
        run: |s| {
            s.write("app.wasm", from_wit(APP, "w"));
            s.fails(101, &["bundle", "app.wasm", "-o", "none/bundle.wasm"])
        },
    },
    Case {
        shows: &["EmbeddedError::Several"],
        title: "inspect: a bundle with two locks",
        run: |s| {
            changed(s, |bytes, text| {
                bytes.extend(section(text));
                bytes.extend(section(text));
            })
        },
    },
    Case {
        shows: &["EmbeddedError::NotLast"],
        title: "inspect: a bundle with something after its lock",
        run: |s| {
            changed(s, |bytes, text| {
                bytes.extend(section(text));
                bytes.extend([0, 2, 1, b'x']);
            })
        },
    },
    Case {
        shows: &["EmbeddedError::Format"],
        title: "inspect: a bundle of a later format",
        run: |s| {
            s.write(
                "later.wasm",
                [b"\0asm\x0d\0\x01\0".to_vec(), section("format 2\n")].concat(),
            );
            s.fails(101, &["inspect", "later.wasm"])
        },
    },
    Case {
        shows: &["EmbeddedError::Line"],
        title: "inspect: a bundle with an edited line",
        run: |s| {
            changed(s, |bytes, text| {
                bytes.extend(section(&text.replacen("root sha256:", "root sha1:", 1)));
            })
        },
    },
    Case {
        shows: &["BundleError::Lock", "ReadError::Unexpected"],
        title: "inspect: a bundle with an edited lock",
        run: |s| {
            changed(s, |bytes, text| {
                bytes.extend(section(&text.replacen(
                    "name = \"app\"",
                    "called = \"app\"",
                    1,
                )));
            })
        },
    },
    Case {
        shows: &["BundleError::Roots"],
        title: "inspect: a bundle whose lock has no root",
        run: |s| {
            changed(s, |bytes, text| {
                let (head, lock) = text.split_once("\n\n").unwrap();
                let header = lock.split("\n\n").next().unwrap();
                bytes.extend(section(&format!("{head}\n\n{header}\n")));
            })
        },
    },
    Case {
        shows: &["EmbeddedError::NotCanonical"],
        title: "inspect: a bundle with another spelling",
        run: |s| {
            changed(s, |bytes, text| {
                bytes.extend(section(&text.replacen("format 1", "format 01", 1)));
            })
        },
    },
    Case {
        shows: &["BundleError::Unnamed"],
        title: "inspect: a bundle with an edited byte",
        run: |s| {
            changed(s, |bytes, text| {
                let at = bytes
                    .windows(3)
                    .position(|window| window == b"get")
                    .unwrap();
                bytes[at] = b'j';
                bytes.extend(section(text));
            })
        },
    },
    Case {
        shows: &["EmbeddedError::NoRoot"],
        title: "inspect: a forged bundle",
        run: |s| {
            changed(s, |bytes, text| {
                *bytes = [b"\0asm\x0d\0\x01\0".to_vec(), section(text)].concat();
            })
        },
    },
];
