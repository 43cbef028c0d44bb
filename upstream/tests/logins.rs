//! Logins as docker and podman keep them: in files, and by helpers, which may be slow, loud or broken.

#![cfg(unix)] // helpers are scripts here
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;
use upstream::login::docker::DockerLogins;
use upstream::login::{Login, Logins as _};

/// A home folder with docker's file, and helpers.
struct Home(TempDir);

impl Home {
    fn new(config: &Value) -> Self {
        let home = TempDir::new().unwrap();
        fs::write(home.path().join("config.json"), config.to_string()).unwrap();
        Self(home)
    }

    fn helper(self, name: &str, script: &str) -> Self {
        let path = self.0.path().join(format!("docker-credential-{name}"));
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        self
    }

    fn logins(&self) -> DockerLogins {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let file = self.0.path().join("config.json");
        DockerLogins::new(vec![file], path.into()).with_time(Duration::from_secs(20))
    }

    fn of(&self, host: &str) -> Option<Login> {
        self.logins().of(&host.parse().unwrap()).unwrap()
    }

    fn refusal(&self) -> String {
        told(&self.logins())
    }
}

fn told(logins: &DockerLogins) -> String {
    let error = logins.of(&"ghcr.io".parse().unwrap()).unwrap_err();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    assert!(!text.contains("secret"), "{text}");
    text
}

fn basic(user: &str, password: &str) -> Login {
    Login::Basic {
        user: user.to_owned(),
        password: password.to_owned(),
    }
}

#[test]
fn a_login_is_found_under_the_names_that_docker_gives_a_host() {
    let home = Home::new(&json!({"auths": {
        "ghcr.io": {"auth": "bWU6c2VjcmV0"}, // me:secret
        "https://plain.example/v2/": {"username": "me", "password": "se:cret"},
        "unpadded.example:5000": {"auth": "YTpiYw"},
        "https://index.docker.io/v1/": {"identitytoken": "identity"},
        "token.example": {"registrytoken": "bearer"},
        "empty.example": {},
        "part.example/acme": {"auth": "bWU6c2VjcmV0"},
    }, "HttpHeaders": {"x": 1}}));
    for (host, login) in [
        ("ghcr.io", Some(basic("me", "secret"))),
        ("plain.example", Some(basic("me", "se:cret"))),
        ("unpadded.example:5000", Some(basic("a", "bc"))),
        ("unpadded.example", None),
        ("docker.io", Some(Login::Identity("identity".into()))),
        (
            "registry-1.docker.io",
            Some(Login::Identity("identity".into())),
        ),
        ("token.example", Some(Login::Bearer("bearer".into()))),
        ("empty.example", None),
        ("part.example", None),
        ("other.example", None),
    ] {
        assert_eq!(home.of(host), login, "{host}");
    }
    let missing = DockerLogins::new(vec!["/nowhere/config.json".into()], "".into());
    assert_eq!(missing.of(&"ghcr.io".parse().unwrap()).unwrap(), None);
}

#[test]
fn a_helper_is_asked_for_the_host_alone() {
    let answer = r#"read server; echo "{\"Username\":\"$server\",\"Secret\":\"secret\"}""#;
    let config = json!({"credHelpers": {"ghcr.io": "told"}, "credsStore": "store"});
    let store = r#"read server; echo "{\"Username\":\"<token>\",\"Secret\":\"$server\"}""#;
    let home = Home::new(&config)
        .helper("told", answer)
        .helper("store", store);
    assert_eq!(home.of("ghcr.io"), Some(basic("ghcr.io", "secret")));
    let hub = Some(Login::Identity("https://index.docker.io/v1/".into()));
    assert_eq!(home.of("docker.io"), hub);
    let none = "echo credentials not found in native keychain; exit 1";
    let home = Home::new(&json!({"credsStore": "none"})).helper("none", none);
    assert_eq!(home.of("ghcr.io"), None);
}

#[test]
fn a_helper_that_is_slow_loud_or_broken_is_ended_and_told() {
    let config = json!({"credsStore": "x"});
    for (script, words) in [
        (
            "echo secret; exit 1",
            "failed, or answered nothing that can be read",
        ),
        (
            "echo secret",
            "failed, or answered nothing that can be read",
        ),
        ("yes secret", "more than 65536 bytes, and was ended"),
        ("yes secret >&2", "more than 65536 bytes, and was ended"),
    ] {
        let refusal = Home::new(&config).helper("x", script).refusal();
        assert!(refusal.contains(words), "{script}: {refusal}");
    }
    assert!(Home::new(&config).refusal().contains("cannot be started"));
    let home = Home::new(&config).helper("x", "echo $$ > pid; exec sleep 600");
    let slow = told(&home.logins().with_time(Duration::from_millis(300)));
    assert!(slow.contains("was ended"), "{slow}");
    let pid = fs::read_to_string(home.0.path().join("pid")).unwrap();
    assert!(!Path::new("/proc").join(pid.trim()).exists(), "it is gone");
}

#[test]
fn a_file_that_is_wrong_is_told_without_what_stands_there() {
    let path = |name: &str| json!({"credsStore": name});
    for (config, words) in [
        (json!([]), "is not what docker writes, at line 1"),
        (
            json!({"auths": {"ghcr.io": {"auth": "secret!"}}}),
            "is no name and password in base64",
        ),
        (path("../evil"), "no name of a program"),
        (path("a b"), "no name of a program"),
    ] {
        let refusal = Home::new(&config).refusal();
        assert!(refusal.contains(words), "{refusal}");
    }
}
