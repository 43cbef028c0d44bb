//! What is wrong with a registry, or with what a policy, a lock or this machine says of it.

use std::fs;

use fixtures::world::World;
use transparency::key::Algorithm;

use super::Case;
use super::stage::{Shown, Stage};
use crate::story::{self, Registry};
use crate::support::{copy, files};

const CLOCK: &str = "\"acme:clock\" = \"1\"";

/// A policy with this text.
fn policy(s: &Stage, text: impl FnOnce(String) -> String) -> Shown {
    s.depends(CLOCK);
    let good = s.app.read("trust/acme.policy");
    s.write("trust/acme.policy", text(good.clone()));
    s.fails(13, &["lock"])
        .mended(s, "the policy is as it should be", |s| {
            s.write("trust/acme.policy", good);
        })
}

/// The files of the registry below a folder, damaged.
fn damaged(s: &Stage, below: &str, change: impl Fn(&mut Vec<u8>)) {
    let folder = s.sandbox.join("acme-registry").join(below);
    for (path, mut bytes) in files(&folder) {
        change(&mut bytes);
        fs::write(folder.join(path), bytes).unwrap();
    }
}

/// A digit of the first release in some records, changed.
#[expect(clippy::ptr_arg, reason = "one of several changes, some of which cut")]
fn change_release(bytes: &mut Vec<u8>) {
    if let Some(at) = bytes.windows(8).position(|word| word == b"release ") {
        bytes[at + 8] ^= 1;
    }
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["PolicyFileError::Missing"],
        title: "no policy",
        run: |s| {
            s.depends(CLOCK);
            let text = s.app.read("trust/acme.policy");
            fs::remove_file(s.app.path().join("trust/acme.policy")).unwrap();
            s.fails(13, &["lock"])
                .mended(s, "the policy is written", |s| {
                    s.write("trust/acme.policy", text);
                })
        },
    },
    Case {
        shows: &["PolicyFileError::Read"],
        title: "a folder where the policy should be",
        run: |s| {
            s.depends(CLOCK);
            s.replace("Cargo.toml", "trust/acme.policy", "trust");
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["PolicyFileError::Malformed"],
        title: "a policy whose key is damaged",
        run: |s| policy(s, |text| text.replacen("+A", "+B", 1)),
    },
    Case {
        shows: &["PolicyFileError::Malformed"],
        title: "a policy without a quorum",
        run: |s| policy(s, |text| text.replace("quorum none\n", "")),
    },
    Case {
        shows: &["PolicyFileError::Malformed"],
        title: "a policy whose quorum is not defined",
        run: |s| policy(s, |text| text.replace("quorum none", "quorum everybody")),
    },
    Case {
        shows: &["ClientError::Trust"],
        title: "a policy with another operator's key",
        run: |s| {
            policy(s, |_| {
                let key = fixtures::world::key(99, "registry.example/world-1", Algorithm::Ed25519);
                format!("log {}\nquorum none\n", key.verifying_key())
            })
        },
    },
    Case {
        shows: &["PolicyFileError::Missing"],
        title: "a policy on the command line that is not there",
        run: |s| {
            s.fails(
                101,
                &[
                    "registry",
                    "check",
                    "../acme-registry",
                    "--policy",
                    "acme.policy",
                ],
            )
        },
    },
    Case {
        shows: &["ClientError::NoRegistry"],
        title: "no registry in the folder",
        run: |s| {
            s.depends(CLOCK);
            s.replace("Cargo.toml", "../acme-registry", "../nowhere");
            s.fails(12, &["lock"])
                .mended(s, "the folder is named", |s| {
                    s.replace("Cargo.toml", "../nowhere", "../acme-registry");
                })
        },
    },
    Case {
        shows: &["ClientError::NothingKept"],
        title: "offline, and nothing was ever fetched",
        run: |s| {
            s.depends(CLOCK);
            s.fails(12, &["lock", "--offline"]).mended_by(s, "fetch")
        },
    },
    Case {
        shows: &["ClientError::Missing"],
        title: "offline, and this was not fetched",
        run: |s| {
            s.depends(CLOCK).does(&["fetch"]);
            s.replace("Cargo.toml", CLOCK, "\"acme:logger\" = \"1\"");
            s.fails(12, &["lock", "--offline"]).mended_by(s, "fetch")
        },
    },
    Case {
        shows: &["ClientError::SetBack"],
        title: "a registry that was set back",
        run: |s| {
            let mut registry = s.registry();
            s.depends(CLOCK);
            copy(&registry.folder, &s.sandbox.join("old"));
            registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
            s.does(&["lock"]);
            s.replace("Cargo.toml", "../acme-registry", "../old");
            s.fails(12, &["fetch"])
                .mended(s, "the registry that is up to date is read", |s| {
                    s.replace("Cargo.toml", "../old", "../acme-registry");
                })
        },
    },
    Case {
        shows: &["ClientError::Misbehavior"],
        title: "a registry with two histories",
        run: |s| {
            let mut registry = s.registry();
            s.depends(CLOCK);
            let fork = s.sandbox.join("fork");
            copy(&registry.folder, &fork);
            registry.component("acme:clock", "1.2.0", &[], &story::clock("1.2.0"));
            s.does(&["lock"]);
            let mut other = Registry {
                world: World::of_folder(&fork, 1),
                folder: fork.clone(),
            };
            other.wit("test:fork1", "1.0.0", &[], story::IO);
            other.wit("test:fork2", "1.0.0", &[], story::IO);
            s.replace("Cargo.toml", "../acme-registry", "../fork");
            s.fails(14, &["fetch"])
        },
    },
    Case {
        shows: &["ClientError::File"],
        title: "a damaged package log",
        run: |s| {
            s.depends(CLOCK);
            damaged(s, "package/acme/clock", |bytes| {
                bytes.truncate(bytes.len() / 2);
            });
            s.fails(13, &["lock"])
        },
    },
    Case {
        shows: &["ClientError::Unchained"],
        title: "a changed record",
        run: |s| {
            s.depends(CLOCK);
            damaged(s, "package/acme/clock", change_release);
            s.fails(13, &["lock"])
        },
    },
    Case {
        shows: &["ClientError::Map"],
        title: "a changed map page",
        run: |s| {
            s.depends(CLOCK);
            let folder = s.sandbox.join("acme-registry/map");
            for (path, mut bytes) in files(&folder) {
                if !path.starts_with("at") {
                    *bytes.last_mut().unwrap() ^= 1;
                    fs::write(folder.join(path), bytes).unwrap();
                }
            }
            s.fails(13, &["lock"])
        },
    },
    Case {
        shows: &["ClientError::Tile"],
        title: "a changed tile",
        run: |s| {
            s.depends(CLOCK);
            let folder = s.sandbox.join("acme-registry/tile/0");
            for (path, mut bytes) in files(&folder) {
                bytes[0] ^= 1;
                fs::write(folder.join(path), bytes).unwrap();
            }
            s.fails(13, &["lock"])
        },
    },
    Case {
        shows: &["ClientError::Content"],
        title: "a content that is not the one released",
        run: |s| {
            s.depends(CLOCK).does(&["lock"]);
            let folder = s.sandbox.join("acme-registry/content");
            for (path, mut bytes) in files(&folder) {
                *bytes.last_mut().unwrap() ^= 1;
                fs::write(folder.join(path), bytes).unwrap();
            }
            s.fails(13, &["fetch"])
        },
    },
    Case {
        shows: &["ClientError::Content"],
        title: "a content that contradicts its record",
        run: |s| {
            let mut registry = s.registry();
            let content = fixtures::component::from_wit(&story::clock("3.0.0"), "w");
            let telling = registry
                .world
                .release("acme:clock", "3.0.0")
                .content(content);
            telling
                .exports("acme:clock/now@3.0.0")
                .imports("acme:spy/listen@1.0.0")
                .publish();
            s.depends("\"acme:clock\" = \"3\"").does(&["lock"]);
            s.fails(13, &["fetch"])
        },
    },
    Case {
        shows: &[
            "ClientError::Underivable",
            "DeriveError::Content",
            "ContentError::NotWasm",
        ],
        title: "a content that is not a component",
        run: |s| {
            let mut registry = s.registry();
            registry
                .world
                .release("acme:clock", "3.0.0")
                .content(b"hello".to_vec())
                .publish();
            s.depends("\"acme:clock\" = \"3\"").does(&["lock"]);
            s.fails(13, &["fetch"])
        },
    },
    Case {
        shows: &["StorageError::Io", "ClientError::Storage"],
        title: "a folder where the checkpoint should be",
        run: |s| {
            s.depends(CLOCK);
            let checkpoint = s.sandbox.join("acme-registry/checkpoint");
            fs::remove_file(&checkpoint).unwrap();
            fs::create_dir(checkpoint).unwrap();
            s.fails(12, &["lock"])
        },
    },
    Case {
        shows: &["StorageError::TooLarge"],
        title: "a checkpoint that is too long",
        run: |s| {
            s.depends(CLOCK);
            fs::write(
                s.sandbox.join("acme-registry/checkpoint"),
                vec![b'x'; 1 << 21],
            )
            .unwrap();
            s.fails(13, &["lock"])
        },
    },
    Case {
        shows: &["TrustStoreError::Damaged", "ClientError::Memory"],
        title: "a damaged trust store",
        run: |s| {
            s.depends(CLOCK).does(&["lock"]);
            let state = s.app.home().join("state");
            for (path, bytes) in files(&state) {
                fs::write(state.join(path), &bytes[..bytes.len() / 2]).unwrap();
            }
            s.fails(13, &["fetch"])
                .mended(s, "the folder is removed", |s| {
                    fs::remove_dir_all(s.app.home().join("state")).unwrap();
                })
        },
    },
    Case {
        shows: &["TrustStoreError::OtherKey"],
        title: "an origin that this machine saw under another key",
        run: |s| {
            s.depends(CLOCK).does(&["lock"]);
            let origin = "registry.example/world-1";
            let other = fixtures::world::key(7, origin, Algorithm::Ed25519);
            let policy = format!("log {}\nquorum none\n", other.verifying_key());
            s.write("trust/acme.policy", policy);
            s.fails(13, &["fetch"])
        },
    },
    Case {
        shows: &["CheckError::Client"],
        title: "check: no registry",
        run: |s| {
            fs::remove_file(s.sandbox.join("acme-registry/checkpoint")).unwrap();
            s.fails(12, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &["CheckError::Missing"],
        title: "check: a content is missing",
        run: |s| {
            let folder = s.sandbox.join("acme-registry/content");
            let (path, _) = files(&folder).pop_last().unwrap();
            fs::remove_file(folder.join(path)).unwrap();
            s.fails(12, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &["CheckError::Differs"],
        title: "check: a file that says something else than the log",
        run: |s| {
            damaged(s, "package/acme/clock", |bytes| {
                *bytes.last_mut().unwrap() ^= 1;
            });
            s.fails(13, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &["CheckError::Entry", "EntryError::Package"],
        title: "check: changed entries",
        run: |s| {
            damaged(s, "tile/entries", change_release);
            s.fails(13, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &["CheckError::File"],
        title: "check: damaged entries",
        run: |s| {
            damaged(s, "tile/entries", |bytes| bytes.truncate(bytes.len() / 2));
            s.fails(13, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &["CheckError::Content"],
        title: "check: a changed content",
        run: |s| {
            damaged(s, "content", |bytes| *bytes.last_mut().unwrap() ^= 1);
            s.fails(13, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &[],
        title: "a registry whose time lies ahead",
        run: |s| {
            let yesterday = [("__CARGO_WARG_TEST_CLOCK", "2026-11-21T00:00:00Z")];
            s.fails_with(13, &yesterday, &["add", "acme:clock"])
        },
    },
    Case {
        shows: &[],
        title: "a registry that was idle for long, or a fast clock",
        run: |s| {
            s.founded();
            let years = [("__CARGO_WARG_TEST_CLOCK", "2036-11-21T00:00:00Z")];
            let yank = ["yank", "acme:logger@1.0.0", "--reason", "it is old"];
            s.fails_with(2, &years, &yank)
        },
    },
    Case {
        shows: &[],
        title: "a clock that is set to a time that was never right",
        run: |s| {
            s.founded();
            s.fails(2, &["registry", "clock", "acme", "2036-11-21"])
        },
    },
    Case {
        shows: &[],
        title: "a clock that is set by somebody who is not the operator",
        run: |s| s.fails(13, &["registry", "clock", "acme", "2026-11-21"]),
    },
    Case {
        shows: &[],
        title: "check: no such registry",
        run: |s| s.fails(2, &["registry", "check", "../somewhere"]),
    },
    Case {
        shows: &[],
        title: "check: a registry on a server",
        run: |s| {
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://registry.example/acme",
            );
            s.fails(2, &["registry", "check", "acme"])
        },
    },
    Case {
        shows: &[],
        title: "a package that does not exist",
        run: |s| s.fails(11, &["add", "acme:clok"]),
    },
    Case {
        shows: &[],
        title: "a version that does not exist",
        run: |s| s.fails(11, &["add", "acme:clock@2"]),
    },
    Case {
        shows: &[],
        title: "a lock of a registry that is configured no more",
        run: |s| {
            s.depends(CLOCK).does(&["fetch"]);
            s.only(&format!("[package.metadata.warg.dependencies]\n{CLOCK}"));
            s.fails(10, &["verify"])
        },
    },
];
