//! What is wrong between this machine and a registry on a server: addresses, tokens, answers.

use std::fs;

use fixtures::server::{Answer, Server};

use super::Case;
use super::stage::{Shown, Stage};

const CLOCK: &str = "\"acme:clock\" = \"1\"";

/// These tokens in the variable, and a registry on a server.
fn tokens(s: &Stage, lines: &str) -> Shown {
    s.depends(CLOCK);
    s.replace(
        "Cargo.toml",
        "../acme-registry",
        "https://registry.example/acme",
    );
    s.fails_with(101, &[("CARGO_WARG_TOKENS", lines)], &["lock"])
}

/// A server that answers like this, instead of the folder.
fn served(s: &Stage, code: i32, answer: Answer) -> Shown {
    serving(s, code, |server| server.everything(answer))
}

fn serving(s: &Stage, code: i32, how: impl FnOnce(&Server)) -> Shown {
    s.depends(CLOCK);
    let server = Server::of_folder(s.sandbox.join("acme-registry"));
    how(&server);
    s.replace("Cargo.toml", "../acme-registry", &server.url());
    let mut shown = s.fails(code, &["lock"]);
    shown.said = shown.said.replace(&server.url(), "http://127.0.0.1:8000");
    shown
}

pub(super) const CASES: &[Case] = &[
    Case {
        shows: &["NetworkError::Address", "AddressError::Credentials"],
        title: "an address with a password in it",
        run: |s| {
            s.depends(CLOCK);
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://user:password@registry.example/acme",
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["AddressError::Query"],
        title: "an address with a query",
        run: |s| {
            s.depends(CLOCK);
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://registry.example/?name=acme",
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["AddressError::Ambiguous"],
        title: "an address that servers read in two ways",
        run: |s| {
            s.depends(CLOCK);
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://registry.example/acme/..%2fother",
            );
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["NetworkError::Roots"],
        title: "a file of certificates that is not there",
        run: |s| {
            s.depends(CLOCK);
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://registry.example/acme",
            );
            s.fails_with(101, &[("CARGO_HTTP_CAINFO", "roots.pem")], &["lock"])
        },
    },
    Case {
        shows: &["TokensError::Malformed", "TokenError::Line"],
        title: "a line that is not a token",
        run: |s| tokens(s, "secret"),
    },
    Case {
        shows: &["TokenError::InTheClear"],
        title: "a token for an address without TLS",
        run: |s| tokens(s, "http://registry.example/acme secret"),
    },
    Case {
        shows: &["TokenError::Twice"],
        title: "two tokens for one address",
        run: |s| {
            tokens(
                s,
                "https://registry.example/acme one\nhttps://registry.example/acme two",
            )
        },
    },
    Case {
        shows: &["TokenError::Address", "AddressError::Malformed"],
        title: "a token for something else than an address",
        run: |s| tokens(s, "registry.example secret"),
    },
    Case {
        shows: &["TokensError::Open"],
        title: "a tokens file that others can read",
        run: |s| {
            s.depends(CLOCK);
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://registry.example/acme",
            );
            let file = s.app.home().join("config/tokens");
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, "https://registry.example/acme secret\n").unwrap();
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["TokensError::Read"],
        title: "a folder where the tokens file should be",
        run: |s| {
            use std::os::unix::fs::PermissionsExt as _;
            s.depends(CLOCK);
            s.replace(
                "Cargo.toml",
                "../acme-registry",
                "https://registry.example/acme",
            );
            let folder = s.app.home().join("config/tokens");
            fs::create_dir_all(&folder).unwrap();
            fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).unwrap();
            s.fails(101, &["lock"])
        },
    },
    Case {
        shows: &["FetchError::Denied", "StorageError::Fetch"],
        title: "a server that denies access",
        run: |s| served(s, 101, Answer::Status(403)),
    },
    Case {
        shows: &["FetchError::Status"],
        title: "a server that answers with an unexpected status",
        run: |s| served(s, 12, Answer::Status(418)),
    },
    Case {
        shows: &["FetchError::WebPage"],
        title: "a server that sends a web page instead of a file",
        run: |s| served(s, 12, Answer::page()),
    },
    Case {
        shows: &["FetchError::Redirect"],
        title: "a redirect to another kind of address",
        run: |s| served(s, 12, Answer::redirect("ftp://127.0.0.1/checkpoint")),
    },
    Case {
        shows: &["FetchError::Redirects"],
        title: "too many redirects",
        run: |s| served(s, 12, Answer::redirect("/checkpoint")),
    },
    Case {
        shows: &["FetchError::Encoded"],
        title: "a server that compresses its answer",
        run: |s| {
            served(
                s,
                12,
                Answer::Full {
                    status: 200,
                    headers: vec![("Content-Encoding", "br".to_owned())],
                    body: vec![0; 8],
                },
            )
        },
    },
    Case {
        shows: &["FetchError::Busy"],
        title: "a server that is busy",
        run: |s| served(s, 12, Answer::Status(503)),
    },
    Case {
        shows: &["FetchError::Broken"],
        title: "a server that does not speak HTTP",
        run: |s| served(s, 12, Answer::Raw(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
    },
    Case {
        shows: &["StorageError::TooLarge"],
        title: "an answer that is longer than the file can be",
        run: |s| served(s, 13, Answer::Endless),
    },
    Case {
        shows: &["FetchError::Connect"],
        title: "a server that cannot be reached",
        run: |s| {
            s.depends(CLOCK);
            s.replace("Cargo.toml", "../acme-registry", "http://127.0.0.1:1");
            s.fails(12, &["lock"])
        },
    },
];
