//! What is wrong with what a user adds to a project, takes out of it, or says of a registry without one; and with keys.

use std::fs;

use fixtures::server::Server;

use super::Case;
use super::stage::{LOGGER, Shown, Stage};

/// A registry that is to be added, and nothing of it is in the manifest.
fn adds(s: &Stage, code: i32, more: &[&str]) -> Shown {
    s.write("../acme.policy", s.app.read("trust/acme.policy"));
    s.only("");
    fs::remove_dir_all(s.app.path().join("trust")).unwrap();
    let line = ["registry", "add", "../acme-registry", "--default"];
    s.fails(code, &[&line[..], more].concat())
}

const ZEROS: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

/// Adds a registry with a policy that a server has, or has not.
fn served(s: &Stage, code: i32, fingerprint: &[&str]) -> Shown {
    let server = Server::of_folder(s.app.path().join("trust"));
    let name = if fingerprint.is_empty() {
        "acme.policy"
    } else {
        "none.policy"
    };
    let url = format!("{}/{name}", server.url());
    s.only("");
    let line = [
        "registry",
        "add",
        "../acme-registry",
        "--policy",
        url.as_str(),
    ];
    let mut shown = s.fails(code, &[&line[..], fingerprint].concat());
    shown.said = shown.said.replace(&server.url(), "http://127.0.0.1:8000");
    shown.line = shown.line.replace(&server.url(), "http://127.0.0.1:8000");
    shown
}

/// Where no manifest is.
fn nowhere(s: &Stage, code: i32, arguments: &[&str]) -> Shown {
    let folder = s.sandbox.join("empty");
    fs::create_dir(&folder).unwrap();
    fs::write(
        folder.join("logger.wasm"),
        fixtures::component::from_wit(LOGGER, "w"),
    )
    .unwrap();
    let said = s.app.in_folder(folder).warg(arguments);
    s.shown(code, &said, &arguments.join(" "))
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &[],
        title: "a registry that nothing says whom to believe about",
        run: |s| adds(s, 2, &[]),
    },
    Case {
        shows: &[],
        title: "a policy from the web, without its fingerprint",
        run: |s| served(s, 2, &[]),
    },
    Case {
        shows: &[],
        title: "a policy from the web, offline",
        run: |s| served(s, 2, &["--fingerprint", ZEROS, "--offline"]),
    },
    Case {
        shows: &[],
        title: "a policy that is not where it should be",
        run: |s| served(s, 12, &["--fingerprint", ZEROS]),
    },
    Case {
        shows: &[],
        title: "a policy with another fingerprint",
        run: |s| {
            adds(
                s,
                13,
                &["--policy", "../acme.policy", "--fingerprint", ZEROS],
            )
        },
    },
    Case {
        shows: &[],
        title: "a registry whose origin gives it no name",
        run: |s| {
            let name = format!("{}.example", "a".repeat(65));
            let key = s.app.warg(&["key", "new", &name]).stdout;
            s.write("../long.policy", format!("log {key}quorum none\n"));
            let line = [
                "registry",
                "add",
                "../r",
                "--policy",
                "../long.policy",
                "--offline",
            ];
            s.fails(2, &line)
        },
    },
    Case {
        shows: &[],
        title: "a registry that is there under another name",
        run: |s| {
            let line = [
                "registry",
                "add",
                "../acme-registry",
                "--policy",
                "trust/acme.policy",
            ];
            s.fails(2, &[&line[..], &["--name", "second"]].concat())
        },
    },
    Case {
        shows: &["ManifestError::OtherDefault"],
        title: "a second default registry",
        run: |s| {
            s.replace(
                "Cargo.toml",
                "default-registry = \"acme\"",
                "default-registry = \"other\"",
            );
            s.replace(
                "Cargo.toml",
                "acme = {",
                "other = { url = \"../other\", policy = \"trust/other.policy\" }\nacme = {",
            );
            let line = [
                "registry",
                "add",
                "../acme-registry",
                "--policy",
                "trust/acme.policy",
            ];
            s.fails(101, &[&line[..], &["--name", "acme", "--default"]].concat())
        },
    },
    Case {
        shows: &["ManifestError::Publish"],
        title: "a web server to publish to",
        run: |s| {
            s.replace(
                "Cargo.toml",
                "url = ",
                "publish = \"https://registry.example/acme\", url = ",
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &[],
        title: "a folder to publish to that is not here",
        run: |s| {
            s.founded();
            s.replace(
                "Cargo.toml",
                "url = \"../acme-registry\"",
                "url = \"https://registry.example/acme\", publish = \"../elsewhere\"",
            );
            s.fails(2, &["yank", "acme:logger@1.0.0", "--reason", "wrong"])
        },
    },
    Case {
        shows: &[],
        title: "removing a registry that is needed",
        run: |s| s.fails(2, &["registry", "remove", "acme"]),
    },
    Case {
        shows: &[],
        title: "removing a registry that a dependency names",
        run: |s| {
            s.depends("\"acme:clock\" = { version = \"1\", registry = \"acme\" }");
            s.fails(2, &["registry", "remove", "acme"])
        },
    },
    Case {
        shows: &[],
        title: "an update of a namespace of which nothing is locked",
        run: |s| {
            s.depends("\"acme:clock\" = \"1\"").does(&["lock"]);
            s.fails(2, &["update", "test:*"])
        },
    },
    Case {
        shows: &[],
        title: "an update of a namespace to a version that nothing of it has",
        run: |s| {
            s.depends("\"acme:clock\" = \"1\"").does(&["lock"]);
            s.fails(11, &["update", "acme:*", "--precise", "7.0.0"])
        },
    },
    Case {
        shows: &[],
        title: "no manifest, and no registry named",
        run: |s| nowhere(s, 2, &["info", "acme:logger"]),
    },
    Case {
        shows: &[],
        title: "no manifest, and no name to publish under",
        run: |s| {
            let at = [
                "--registry",
                "../acme-registry",
                "--policy",
                "../app/trust/acme.policy",
            ];
            nowhere(s, 2, &[&["publish", "logger.wasm"], &at[..]].concat())
        },
    },
    Case {
        shows: &[],
        title: "a registry to verify the lock with",
        run: |s| s.fails(2, &["verify", "--registry", "acme"]),
    },
    Case {
        shows: &[],
        title: "a secret key for a JSON document",
        run: |s| {
            s.does(&["key", "new", "acme/ci"]);
            s.fails(2, &["key", "export", "acme/ci", "--message-format", "json"])
        },
    },
    Case {
        shows: &[],
        title: "removing the only operate key",
        run: |s| {
            s.founded();
            let listed = s.app.warg(&["key", "list"]).stdout;
            let operate = listed
                .lines()
                .find_map(|line| line.split_once("  operate of "))
                .unwrap()
                .1;
            let said = s.app.warg(&["key", "remove", operate, "--role", "operate"]);
            s.shown(2, &said, "key remove ORIGIN --role operate")
        },
    },
    Case {
        shows: &[],
        title: "a file of keys that is not there",
        run: |s| s.fails(101, &["key", "import", "../acme.key"]),
    },
    Case {
        shows: &[],
        title: "a file of keys that holds none",
        run: |s| {
            let file = s.sandbox.join("acme.key");
            fs::write(&file, "# nothing\n").unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
            fs::set_permissions(&file, mode).unwrap();
            s.fails(101, &["key", "import", "../acme.key"])
        },
    },
];
