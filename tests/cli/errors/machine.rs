//! What is wrong on this machine: keys, folders, and where things are to go.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::Case;
use super::stage::{Shown, Stage};

fn found(s: &Stage, code: i32, path: &str, name: &str) -> Shown {
    s.fails(
        code,
        &[
            "registry",
            "new",
            path,
            "--name",
            name,
            "--namespace",
            "new=acme/ci",
        ],
    )
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["KeysError::Unknown"],
        title: "a secret key that does not exist",
        run: |s| {
            s.founded();
            s.fails(
                101,
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
        shows: &["KeysError::Unknown"],
        title: "a secret key, and no key file",
        run: |s| found(s, 101, "../new", "new").mended_by(s, "key new acme/ci"),
    },
    Case {
        shows: &["KeysError::Several"],
        title: "several keys of one name",
        run: |s| {
            s.founded();
            let secrets = s.app.secrets();
            let name = secrets[1].split('+').nth(2).unwrap().to_owned();
            let line = [
                "publish",
                "logger.wasm",
                "--as",
                "acme:x@1.0.0",
                "--key",
                &name,
            ];
            let said = s.app.warg(&line);
            let mut shown = s.shown(
                101,
                &said,
                "publish logger.wasm --as acme:x@1.0.0 --key ORIGIN",
            );
            shown.said = shown.said.replace(&name, "ORIGIN");
            shown
        },
    },
    Case {
        shows: &["SequencerError::Begun"],
        title: "a folder for a new registry in which somebody began one",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            let planted = s.sandbox.join("new/.private/commit/0");
            fs::create_dir_all(planted.parent().unwrap()).unwrap();
            fs::write(&planted, "entries").unwrap();
            found(s, 101, "../new", "new").mended(s, "the folder was removed", |s| {
                fs::remove_dir_all(s.sandbox.join("new")).unwrap();
            })
        },
    },
    Case {
        shows: &["KeysError::Taken"],
        title: "a new key with a name that is taken",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            s.fails(101, &["key", "new", "acme/ci"])
        },
    },
    Case {
        shows: &["KeysError::Name"],
        title: "a name that no key can have",
        run: |s| s.fails(101, &["key", "new", "acme+ci"]),
    },
    Case {
        shows: &["KeysError::Open"],
        title: "a key file that others can read",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            let file = s.app.home().join("config/keys");
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
            s.fails(101, &["key", "list"])
                .mended(s, "the command was run", |s| {
                    let file = s.app.home().join("config/keys");
                    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).unwrap();
                })
        },
    },
    Case {
        shows: &["KeysError::Line"],
        title: "a line of the key file that is not a key",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            let file = s.app.home().join("config/keys");
            let text = fs::read_to_string(&file).unwrap();
            fs::write(file, format!("{text}\nacme/dev: 12345\n")).unwrap();
            s.fails(101, &["key", "new", "acme/dev"])
        },
    },
    Case {
        shows: &["KeysError::Line"],
        title: "a variable that does not hold a key",
        run: |s| s.fails_with(101, &[("CARGO_WARG_KEY", "secret")], &["key", "list"]),
    },
    Case {
        shows: &["KeysError::Size"],
        title: "a key file that is too long",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            let file = s.app.home().join("config/keys");
            fs::write(file, "#\n".repeat(1 << 20)).unwrap();
            s.fails(101, &["key", "list"])
        },
    },
    Case {
        shows: &["KeysError::Read"],
        title: "a folder where the key file should be",
        run: |s| {
            fs::create_dir_all(s.app.home().join("config/keys")).unwrap();
            s.fails(101, &["key", "list"])
        },
    },
    Case {
        shows: &["DirsError::Make", "KeysError::Dirs"],
        title: "a file where the config folder should be",
        run: |s| {
            fs::create_dir_all(s.app.home()).unwrap();
            fs::write(s.app.home().join("config"), "").unwrap();
            s.fails(101, &["key", "new", "acme/ci"])
        },
    },
    Case {
        shows: &["DirsError::NoHome"],
        title: "no home folder",
        run: |s| {
            s.fails_with(
                101,
                &[("CARGO_WARG_HOME", ""), ("HOME", "nowhere")],
                &["key", "list"],
            )
        },
    },
    Case {
        shows: &["DirsError::Relative"],
        title: "a CARGO_WARG_HOME that is not an absolute path",
        run: |s| s.fails_with(101, &[("CARGO_WARG_HOME", "rel")], &["key", "list"]),
    },
    Case {
        shows: &["ClientError::Keep"],
        title: "a file where the cache should be",
        run: |s| {
            s.depends("\"acme:clock\" = \"1\"");
            fs::create_dir_all(s.app.home()).unwrap();
            fs::write(s.app.home().join("cache"), "").unwrap();
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TrustStoreError::Io"],
        title: "a file where the state folder should be",
        run: |s| {
            s.depends("\"acme:clock\" = \"1\"");
            fs::create_dir_all(s.app.home()).unwrap();
            fs::write(s.app.home().join("state"), "").unwrap();
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a new registry in a folder that is in use",
        run: |s| {
            s.does(&["key", "new", "acme/ci"])
                .write("full/file", "mine");
            found(s, 101, "full", "new")
        },
    },
    Case {
        shows: &[],
        title: "a new registry where a file is",
        run: |s| {
            s.does(&["key", "new", "acme/ci"])
                .write("full/file", "mine");
            found(s, 101, "full/file", "new")
        },
    },
    Case {
        shows: &[],
        title: "a new registry in the workspace's own folder",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            found(s, 2, ".", "new")
        },
    },
    Case {
        shows: &[],
        title: "a new registry with a name that it cannot have",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            found(s, 2, "../new", "new/one")
        },
    },
    Case {
        shows: &[],
        title: "a new registry whose policy file is another's",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            let other = s.app.read("trust/acme.policy");
            s.write("trust/new.policy", other);
            found(s, 101, "../new", "new")
        },
    },
    Case {
        shows: &[],
        title: "tree: a package that is not locked",
        run: |s| {
            s.depends("\"acme:clock\" = \"1\"").does(&["lock"]);
            s.fails(2, &["tree", "-i", "acme:logger"])
        },
    },
];
