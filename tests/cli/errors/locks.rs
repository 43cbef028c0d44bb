//! What is wrong with a warg.lock.

use resolver::lockfile::Lockfile;
use transparency::digest::Hash;
use transparency::number::{Index, Size};
use transparency::operator;

use super::Case;
use super::stage::{Shown, Stage};
use crate::story;

/// A locked project, with an edit of its lock.
fn edited(s: &Stage, from: &str, to: &str) -> Shown {
    s.depends("\"acme:logger\" = \"1.0\"").does(&["lock"]);
    s.replace("warg.lock", from, to);
    s.fails(10, &["lock"])
}

/// The same, mended by what the help says: removing it.
fn removed(s: &Stage, from: &str, to: &str) -> Shown {
    edited(s, from, to).mended(s, "it is removed", |s| {
        std::fs::remove_file(s.app.path().join("warg.lock")).unwrap();
    })
}

/// A fetched project with a claim of its lock changed.
fn claimed(s: &Stage, code: i32, change: impl FnOnce(&mut Lockfile)) -> Shown {
    s.depends("\"acme:logger\" = \"1.0\"").does(&["fetch"]);
    let mut lock: Lockfile = s.app.read("warg.lock").parse().unwrap();
    change(&mut lock);
    s.write("warg.lock", lock.to_string());
    s.fails(code, &["verify"])
}

/// A lock, and the manifest with it, in which `acme:clock` has another name.
fn renamed(s: &Stage, name: &str) -> Shown {
    s.depends("\"acme:clock\" = \"=1.0.0\"").does(&["fetch"]);
    for file in ["Cargo.toml", "warg.lock"] {
        let text = s.app.read(file);
        s.write(file, text.replace("acme:clock", name));
    }
    s.fails(13, &["verify"])
}

/// Two members, of which each needs `acme:io` 1.0.1.
fn members(s: &Stage) {
    s.manifest("[workspace]\nmembers = [\"member\"]");
    s.write("member/src/lib.rs", "");
    s.write(
        "member/Cargo.toml",
        "[package]\nname = \"member\"\nversion = \"0.1.0\"\nedition = \"2024\"\n",
    );
    let world = |name: &str| {
        format!(
            "package example:{name}@0.1.0;\n\nworld w {{\n  import acme:io/streams@1.0.1;\n}}\n"
        )
    };
    s.write("wit/world.wit", world("app"));
    s.write("member/wit/world.wit", world("member"));
}

/// A locked project whose manifest says something else now.
fn stale(s: &Stage, change: impl FnOnce(&Stage)) -> Shown {
    s.depends("\"acme:logger\" = \"1.0\"").does(&["lock"]);
    change(s);
    s.fails(10, &["lock", "--locked"]).mended_by(s, "lock")
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &[],
        title: "no lock, and --locked",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"");
            s.fails(10, &["lock", "--locked"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &[],
        title: "no lock to verify",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"");
            s.fails(10, &["verify"])
                .mended(s, "`cargo warg lock`, then `fetch`", |s| {
                    s.does(&["lock"]).does(&["fetch"]);
                })
        },
    },
    Case {
        shows: &["Stale::RequirementAdded"],
        title: "a dependency that the lock does not know",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "\"acme:logger\"",
                    "\"acme:clock\" = \"1.0\"\n\"acme:logger\"",
                );
            })
        },
    },
    Case {
        shows: &["Stale::RequirementRemoved"],
        title: "a dependency that is gone",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "\"acme:logger\" = \"1.0\"",
                    "\"acme:clock\" = \"1.0\"",
                );
            })
        },
    },
    Case {
        shows: &["Stale::RequirementChanged"],
        title: "a requirement that changed",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "\"acme:logger\" = \"1.0\"",
                    "\"acme:logger\" = \"=1.0.0\"",
                );
            })
        },
    },
    Case {
        shows: &["Stale::MemberRemoved", "Stale::MemberAdded"],
        title: "a member with another name",
        run: |s| {
            stale(s, |s| {
                s.replace("Cargo.toml", "name = \"app\"", "name = \"tool\"");
            })
        },
    },
    Case {
        shows: &["Stale::Mode"],
        title: "another resolution",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "[package.metadata.warg]\n",
                    "[package.metadata.warg]\nresolution = \"highest\"\n",
                );
            })
        },
    },
    Case {
        shows: &["Stale::ExcludeNewer"],
        title: "another exclude-newer",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "[package.metadata.warg]\n",
                    "[package.metadata.warg]\nexclude-newer = \"2040-01-01\"\n",
                );
            })
        },
    },
    Case {
        shows: &["Stale::ExcludeNewerPackage"],
        title: "another exclude-newer of a package",
        run: |s| {
            stale(s, |s| {
                s.replace(
                "Cargo.toml",
                "[package.metadata.warg]\n",
                "[package.metadata.warg]\nexclude-newer-package.\"acme:clock\" = \"2040-01-01\"\n",
            );
            })
        },
    },
    Case {
        shows: &["Stale::DefaultOrigin"],
        title: "another default registry",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "default-registry = \"acme\"",
                    "namespaces.acme = \"acme\"",
                );
            })
        },
    },
    Case {
        shows: &["Stale::Namespace"],
        title: "a namespace with a registry of its own",
        run: |s| {
            stale(s, |s| {
                s.replace(
                    "Cargo.toml",
                    "default-registry = \"acme\"",
                    "default-registry = \"acme\"\nnamespaces.acme = \"acme\"",
                );
            })
        },
    },
    Case {
        shows: &["Stale::LocalAppeared"],
        title: "a local package instead of a release",
        run: |s| {
            s.world("  import acme:http/types@1.0.0;\n").does(&["lock"]);
            s.write(
                "wit/deps/io/io.wit",
                "package acme:io@1.0.1;\ninterface streams { type source = u32; }\n",
            );
            s.fails(10, &["lock", "--locked"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &["Stale::LocalGone"],
        title: "a local package that is gone",
        run: |s| {
            s.world("  import acme:http/types@1.0.0;\n");
            s.write(
                "wit/deps/io/io.wit",
                "package acme:io@1.0.1;\ninterface streams { type source = u32; }\n",
            );
            s.does(&["lock"]);
            std::fs::remove_dir_all(s.app.path().join("wit/deps")).unwrap();
            s.fails(10, &["lock", "--locked"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &["Stale::LocalChanged"],
        title: "a local package that requires something else",
        run: |s| {
            let wit = |body: &str| format!("package acme:mine@1.0.0;\ninterface i {{ {body} }}\n");
            s.manifest(
                "[package.metadata.warg.wit-dependencies]\n\"acme:mine\" = { path = \"mine\" }",
            );
            s.write("mine/mine.wit", wit(""));
            s.does(&["lock"]);
            s.write(
                "mine/mine.wit",
                wit("use acme:io/streams@1.0.1.{source}; get: func() -> source;"),
            );
            s.write(
                "mine/deps/io.wit",
                "package acme:io@1.0.1;\ninterface streams { type source = u32; }\n",
            );
            s.fails(10, &["lock", "--locked"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &["ReadError::TooLong"],
        title: "a lock that is too long",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"");
            s.write("warg.lock", vec![b'\n'; 16 * 1024 * 1024 + 1]);
            s.fails(10, &["verify"])
        },
    },
    Case {
        shows: &["ReadError::Future"],
        title: "a lock of a later format",
        run: |s| edited(s, "version = 1", "version = 2"),
    },
    Case {
        shows: &["ReadError::NoVersion"],
        title: "a lock without its version",
        run: |s| removed(s, "version = 1\n", ""),
    },
    Case {
        shows: &["ReadError::Syntax"],
        title: "a lock that is not TOML",
        run: |s| removed(s, "[[root]]", "[[root"),
    },
    Case {
        shows: &["ReadError::Unexpected"],
        title: "a lock with a further key",
        run: |s| removed(s, "[[root]]\n", "[[root]]\ncolour = \"red\"\n"),
    },
    Case {
        shows: &["ReadError::Value"],
        title: "a lock with a value that does not parse",
        run: |s| removed(s, "name = \"acme:clock\"", "name = \"acme clock\""),
    },
    Case {
        shows: &["ReadError::Checkpoint"],
        title: "a lock with another size of a registry",
        run: |s| removed(s, "size = ", "size = 9"),
    },
    Case {
        shows: &["ReadError::NotCanonical"],
        title: "a lock in another order",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"").does(&["fetch"]);
            let (clock, logger) = (
                "    \"component acme:clock@1.1.0\",\n",
                "    \"component acme:logger@1.0.0\",\n",
            );
            s.replace(
                "warg.lock",
                &format!("{clock}{logger}"),
                &format!("{logger}{clock}"),
            );
            s.fails(10, &["verify"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &["ReadError::Inconsistent"],
        title: "a lock in which a package is missing",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"").does(&["fetch"]);
            let mut lock: Lockfile = s.app.read("warg.lock").parse().unwrap();
            lock.packages.pop_first();
            s.write("warg.lock", lock.to_string());
            s.fails(10, &["verify"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &["ReadError::Conflicted"],
        title: "conflict markers of a merge, for verify",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"").does(&["fetch"]);
            let lock = s.app.read("warg.lock");
            let both = format!("<<<<<<< ours\n{lock}=======\n{lock}>>>>>>> theirs\n");
            s.write("warg.lock", both);
            s.fails(10, &["verify"]).mended_by(s, "lock")
        },
    },
    Case {
        shows: &["MergeError::Markers"],
        title: "conflict markers that are not in their order",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"").does(&["lock"]);
            let lock = s.app.read("warg.lock");
            s.write(
                "warg.lock",
                format!("{lock}<<<<<<< ours\n>>>>>>> theirs\n=======\n"),
            );
            s.fails(10, &["lock"])
        },
    },
    Case {
        shows: &["MergeError::Side"],
        title: "conflict markers with something else between them",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"").does(&["lock"]);
            let lock = s.app.read("warg.lock");
            s.write(
                "warg.lock",
                format!("<<<<<<< ours\n{lock}=======\nhello\n>>>>>>> theirs\n"),
            );
            s.fails(10, &["lock"])
        },
    },
    Case {
        shows: &["ClaimError::Differs"],
        title: "a digest that the log does not have",
        run: |s| {
            claimed(s, 13, |lock| {
                let release = lock.packages.values_mut().next().unwrap().release.as_mut();
                release.unwrap().record = Hash::ZERO;
            })
        },
    },
    Case {
        shows: &["ClaimError::NoPackage"],
        title: "a package that the registry does not have",
        run: |s| renamed(s, "acme:clokk"),
    },
    Case {
        shows: &["ClaimError::Kind"],
        title: "a package of another kind",
        run: |s| renamed(s, "acme:io"),
    },
    Case {
        shows: &["Unresolved::LocalsDiffer"],
        title: "local packages of two members that differ",
        run: |s| {
            members(s);
            let text = story::IO.replacen("interface", "package acme:io@1.0.1;\ninterface", 1);
            s.write("wit/deps/io/io.wit", &text);
            s.manifest("[package.metadata.warg.wit-dependencies]\n\"acme:x\" = { path = \"x\" }");
            s.write("x/x.wit", "package acme:x@1.0.0;\ninterface i { use acme:io/streams@1.0.1.{source}; f: func(s: source); }\n");
            s.write("x/deps/io.wit", &text);
            s.write(
                "member/wit/deps/x/x.wit",
                "package acme:x@1.0.0;\ninterface i {}\n",
            );
            s.write(
                "member/wit/world.wit",
                "package example:member@0.1.0;\n\nworld w {\n  import acme:x/i@1.0.0;\n}\n",
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["ClaimError::NoRelease"],
        title: "a version that the log does not have",
        run: |s| {
            claimed(s, 13, |lock| {
                let from = lock.packages.keys().next().unwrap().clone();
                let to: transparency::selection::Selection =
                    "component acme:clock@1.1.5".parse().unwrap();
                let package = lock.packages.remove(&from).unwrap();
                lock.packages.insert(to.clone(), package);
                for root in lock.roots.values_mut() {
                    root.selects.remove(&from);
                    root.selects.insert(to.clone());
                }
            })
        },
    },
    Case {
        shows: &["ClientError::NotIncluded"],
        title: "an index of the log at which the record is not",
        run: |s| {
            claimed(s, 13, |lock| {
                let release = lock.packages.values_mut().next().unwrap().release.as_mut();
                let release = release.unwrap();
                release.index = Index::new(release.index.get() - 1);
            })
        },
    },
    Case {
        shows: &["ClientError::NotPrefix"],
        title: "a checkpoint that the log never had",
        run: |s| {
            claimed(s, 13, |lock| {
                lock.registries.values_mut().next().unwrap().root = Hash::ZERO;
            })
        },
    },
    Case {
        shows: &["ClientError::Behind"],
        title: "a checkpoint that the registry does not have yet",
        run: |s| {
            claimed(s, 12, |lock| {
                let checkpoint = lock.registries.values_mut().next().unwrap();
                checkpoint.size = Size::new(checkpoint.size.get() + 100);
            })
        },
    },
    Case {
        shows: &["ClaimError::Withdrawn"],
        title: "a content that the operator withdrew",
        run: |s| {
            let mut registry = s.registry();
            s.depends("\"acme:logger\" = \"1.0\"").does(&["fetch"]);
            registry
                .world
                .withdraw("acme:clock", "1.1.0", "it holds a secret");
            s.fails(13, &["fetch", "--locked"])
                .mended_by(s, "update acme:clock")
        },
    },
    Case {
        shows: &[],
        title: "several claims that do not hold",
        run: |s| {
            claimed(s, 13, |lock| {
                for package in lock.packages.values_mut() {
                    package.release.as_mut().unwrap().record = Hash::ZERO;
                }
            })
        },
    },
    Case {
        shows: &[],
        title: "a yanked release, with `--deny yanked`",
        run: |s| {
            let mut registry = s.registry();
            s.depends("\"acme:clock\" = \"1.0\"").does(&["lock"]);
            registry.world.yank("acme:clock", "1.1.0", "it is slow");
            let shown = s.fails(10, &["verify", "--deny", "yanked"]);
            shown.mended_by(s, "update acme:clock")
        },
    },
    Case {
        shows: &[],
        title: "a registry that is silent, with `--deny silent`",
        run: |s| {
            let mut registry = s.registry();
            s.depends("\"acme:clock\" = \"1.0\"").does(&["lock"]);
            registry.world.operate(vec![operator::Action::Refresh(60)]);
            s.fails(12, &["verify", "--deny", "silent"])
        },
    },
    Case {
        shows: &["ClientError::NoCheckpoint"],
        title: "a size that never was a checkpoint, with `--at`",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"");
            s.fails(2, &["lock", "--at", "5"])
        },
    },
    Case {
        shows: &[],
        title: "a lock that would go back, with `--at`",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.0\"").does(&["lock"]);
            s.fails(2, &["lock", "--at", "16"])
        },
    },
    Case {
        shows: &[],
        title: "`--at` without a name, of two registries",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.0\"").manifest(
                "[package.metadata.warg.registries.other]\nurl = \"../acme-registry\"\npolicy = \"trust/other.policy\"",
            );
            let other = fixtures::world::World::in_memory(77);
            s.write("trust/other.policy", other.policy_text());
            s.fails(2, &["lock", "--at", "16"])
        },
    },
    Case {
        shows: &[],
        title: "`--at` twice for one registry",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.0\"");
            s.fails(2, &["lock", "--at", "acme=16", "--at", "acme=18"])
        },
    },
    Case {
        shows: &[],
        title: "`--at` with `--locked`",
        run: |s| s.fails(2, &["lock", "--at", "16", "--locked"]),
    },
    Case {
        shows: &[],
        title: "a lock and a document on one stdout",
        run: |s| s.fails(2, &["lock", "-o", "-", "--message-format", "json"]),
    },
    Case {
        shows: &[],
        title: "the lock itself as `-o`",
        run: |s| {
            s.depends("\"acme:clock\" = \"1.0\"").does(&["lock"]);
            s.fails(2, &["lock", "-o", "warg.lock"])
        },
    },
    Case {
        shows: &[],
        title: "a folder where the lock should be",
        run: |s| {
            s.depends("\"acme:logger\" = \"1.0\"");
            s.write("warg.lock/file", "");
            s.fails(101, &["lock"])
        },
    },
];
