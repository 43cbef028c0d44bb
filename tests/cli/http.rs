//! Registries on web servers, good ones and bad ones.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use fixtures::server::{Answer, Server};

use crate::story::{Registry, clock, stocked};
use crate::support::{Project, Said, Sandbox, files};

/// An app that depends on `acme:logger` of a registry that is reached through a server.
fn app(sandbox: &Sandbox, registry: &Registry, server: &Server) -> Project {
    app_at(sandbox, registry, &server.url())
}

fn app_at(sandbox: &Sandbox, registry: &Registry, url: &str) -> Project {
    let app = sandbox.cargo_project("app", "");
    app.append_to_manifest(&format!(
        "{}\n[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n",
        registry.configure_at(&app, url)
    ));
    app
}

#[test]
fn a_folder_on_a_web_server_is_locked_fetched_and_verified_as_the_folder_is() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app(&sandbox, &registry, &server);
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Locked 2 packages");
    let asked = server.requests().len();
    app.warg(&["lock", "--locked"]).code(0);
    assert_eq!(server.requests().len(), asked, "--locked reads no registry");
    app.warg(&["fetch"]).code(0).stderr_contains("2 contents");
    app.warg(&["verify"]).code(0).stderr_contains("Verified");
    let over_http = app.read("warg.lock");

    let asked = server.requests().len();
    app.warg(&["verify", "--offline"]).code(0);
    app.warg(&["fetch", "--offline"]).code(0);
    assert_eq!(
        server.requests().len(),
        asked,
        "--offline is no network at all"
    );
    drop(server);
    app.warg(&["verify", "--offline"]).code(0);

    let from_folder = registry.app(&sandbox, "other", "");
    from_folder
        .append_to_manifest("[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n");
    from_folder.warg(&["lock"]).code(0);
    let text = from_folder
        .read("warg.lock")
        .replace("\"other\"", "\"app\"");
    assert_eq!(over_http, text, "where it was read from is not in a lock");
}

#[test]
fn a_server_that_is_not_there_is_unavailable() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app(&sandbox, &registry, &server);
    server.everything(Answer::Status(404));
    app.warg(&["lock"]).code(12).stderr_contains(&format!(
        "there is no registry at {}/checkpoint",
        server.url()
    ));
    app.warg(&["lock", "--offline"])
        .code(12)
        .stderr_contains("nothing of the registry");
}

/// A registry of five levels: each component requires the next one.
fn five_levels(sandbox: &Sandbox) -> Registry {
    let mut registry = Registry::new(sandbox, "acme", 1);
    for level in (1..=5).rev() {
        let next = format!("acme:level{}", level + 1);
        let requires = [(next.as_str(), "^1.0")];
        let requires = if level == 5 { &[][..] } else { &requires[..] };
        registry.component(
            &format!("acme:level{level}"),
            "1.0.0",
            requires,
            &format!("package acme:level{level}@1.0.0;\ninterface api {{ go: func(); }}\nworld w {{ export api; }}\n"),
        );
    }
    registry
}

/// How often a run waited for a server.
fn waves(server: &Server, run: impl FnOnce()) -> u64 {
    let before = server.waves();
    run();
    server.waves() - before
}

#[test]
fn five_levels_are_locked_in_eight_round_trips_and_fetched_by_a_stranger_in_six() {
    let sandbox = Sandbox::new();
    let registry = five_levels(&sandbox);
    let server = Server::of_folder(&registry.folder);
    server.hold_until_quiet(Duration::from_millis(300));
    let app = sandbox.cargo_project("app", "");
    app.append_to_manifest(&format!(
        "{}\n[package.metadata.warg.dependencies]\n\"acme:level1\" = \"1.0\"\n",
        registry.configure_at(&app, &server.url())
    ));
    let trips = waves(&server, || {
        app.warg(&["lock"])
            .code(0)
            .stderr_contains("Locked 5 packages");
    });
    assert_eq!(
        trips, 8,
        "checkpoint; edge and map entry; operator and map page; five levels"
    );

    let stranger = app.with_home(sandbox.join("stranger"));
    let trips = waves(&server, || {
        stranger
            .warg(&["fetch", "--locked"])
            .code(0)
            .stderr_contains("5 contents");
    });
    assert_eq!(trips, 5, "three to open; all logs; all contents");

    // The set is nearly the same after a change: all that the lock names is loaded at once.
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace(
            "\"acme:level1\" = \"1.0\"",
            "\"acme:level1\" = \"1.0\"\n\"acme:level3\" = \"1.0.0\"",
        ),
    );
    let another = app.with_home(sandbox.join("another"));
    let trips = waves(&server, || {
        another.warg(&["lock"]).code(0);
    });
    assert_eq!(trips, 4, "three to open; all logs");
    let trips = waves(&server, || {
        another
            .warg(&["lock"])
            .code(0)
            .stderr_contains("Up to date");
    });
    assert_eq!(trips, 0, "nothing changed");
}

#[test]
fn a_hostile_server_ends_in_its_exit_code_and_its_own_words() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app(&sandbox, &registry, &server);
    let with_length = |length: &str| Answer::Full {
        status: 200,
        headers: vec![("Content-Length", length.into())],
        body: b"ten bytes.".into(),
    };
    for (answer, code, words) in [
        (Answer::Endless, 13, "has more than 131072 bytes"),
        (with_length("5"), 13, "the checkpoint of the registry"),
        (Answer::page(), 12, "a web page came instead of the file"),
        (
            Answer::redirect("/checkpoint"),
            12,
            "redirected more than 3 times",
        ),
        (
            Answer::Status(401),
            101,
            "no token is known for this address",
        ),
        (Answer::Status(418), 12, "answered 418"),
    ] {
        server.always("checkpoint", answer);
        let said = app.warg(&["lock"]).code(code).stderr_contains(words);
        // A checkpoint that came whole and is none is told as the registry's, not as the server's.
        let address = if words.starts_with("the checkpoint") {
            "registry.example"
        } else {
            &server.url()
        };
        said.stderr_contains(address);
        assert!(!app.has("warg.lock"));
    }
    server.next("checkpoint", [Answer::Status(500), Answer::Close]);
    server.always("checkpoint", Answer::File);
    app.warg(&["lock"]).code(0);
    // A content that is missing, and a page instead.
    for content in registry.contents() {
        server.always(&content, Answer::page());
    }
    app.warg(&["fetch"])
        .code(12)
        .stderr_contains("a web page came");
    for content in registry.contents() {
        server.always(&content, Answer::Status(404));
    }
    app.warg(&["fetch"]).code(12).stderr_contains("is missing");
    for content in registry.contents() {
        server.always(&content, Answer::File);
    }
    app.warg(&["fetch"]).code(0);
}

#[test]
fn tokens_come_from_a_private_file_or_the_environment_and_are_never_said() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app(&sandbox, &registry, &server);
    let file = app.home().join("config/tokens");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(&file, format!("{} s3cret-of-file\n", server.url())).unwrap();
    let sent = || {
        let requests = server.requests();
        requests
            .last()
            .unwrap()
            .headers
            .get("authorization")
            .cloned()
    };
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("is open to others")
        .stderr_contains("chmod 600")
        .stderr_lacks("s3cret");
    assert!(server.requests().is_empty());
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    app.warg(&["-vv", "lock"]).code(0).stderr_lacks("s3cret");
    assert_eq!(sent().as_deref(), Some("Bearer s3cret-of-file"));
    let variable = format!("{}/ s3cret-of-variable", server.url());
    server.always("checkpoint", Answer::Status(403));
    app.warg_with(&[("CARGO_WARG_TOKENS", &variable)], &["fetch", "-vv"])
        .code(101)
        .stderr_contains("the token for this address was refused")
        .stderr_lacks("s3cret");
    assert_eq!(sent().as_deref(), Some("Bearer s3cret-of-variable"));
    app.warg_with(
        &[("CARGO_WARG_TOKENS", "http://registry.example s3cret")],
        &["fetch"],
    )
    .code(101)
    .stderr_contains("the address of line 1 has no TLS")
    .stderr_contains("help: use an `https://` address")
    .stderr_lacks("s3cret");
}

#[test]
fn mirrors_stand_in_the_manifest_and_take_over() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let (broken, good) = (
        Server::of_folder(&registry.folder),
        Server::of_folder(&registry.folder),
    );
    broken.everything(Answer::Status(404));
    let app = app_at(&sandbox, &registry, &broken.url());
    let manifest = app.read("Cargo.toml");
    let with =
        |mirrors: &str| manifest.replace(", policy", &format!(", mirrors = {mirrors}, policy"));
    app.write("Cargo.toml", with(&format!("[\"{}\"]", good.url())));
    app.warg(&["fetch"]).code(0);
    for (mirrors, why) in [
        ("\"https://m.example\"", "must be a list of http addresses"),
        ("[1]", "must be a list of http addresses"),
        (
            "[\"../registry\"]",
            "the mirror `../registry` is not an http address",
        ),
        ("[\"https://u:p@m.example\"]", "it names a user"),
    ] {
        app.write("Cargo.toml", with(mirrors));
        app.warg(&["fetch"]).code(101).stderr_contains(why);
    }
    app.write(
        "Cargo.toml",
        manifest
            .replace(&broken.url(), &registry.folder.display().to_string())
            .replace(", policy", ", mirrors = [], policy"),
    );
    app.warg(&["fetch"])
        .code(101)
        .stderr_contains("a registry in a folder has no mirrors");

    // The lock knows a newer state than the first mirror has.
    let old = Server::of_objects(
        files(&registry.folder)
            .into_iter()
            .map(|(path, bytes)| (path.display().to_string(), bytes))
            .collect(),
    );
    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    app.write("Cargo.toml", with(&format!("[\"{}\"]", good.url())));
    std::fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["lock"]).code(0);
    let stranger = app.with_home(sandbox.join("stranger"));
    app.write("Cargo.toml", manifest.replace(&broken.url(), &old.url()));
    stranger
        .warg(&["verify"])
        .code(12)
        .stderr_contains("knows nothing yet of size");
    app.write(
        "Cargo.toml",
        with(&format!("[\"{}\"]", good.url())).replace(&broken.url(), &old.url()),
    );
    stranger.warg(&["verify"]).code(0);
}

#[test]
fn the_usual_variables_name_a_proxy_and_this_machine_needs_none() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let proxy = Server::of_folder(&registry.folder);
    let app = app_at(&sandbox, &registry, "http://registry.invalid");
    let variables = [("HTTP_PROXY", proxy.url()), ("NO_PROXY", String::new())];
    let variables: Vec<_> = variables
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    app.warg_with(&variables, &["lock"]).code(0);
    assert_eq!(
        proxy.requests()[0].target,
        "http://registry.invalid/checkpoint"
    );
    app.warg_with(
        &[
            ("HTTP_PROXY", &proxy.url()),
            ("NO_PROXY", "registry.invalid"),
        ],
        &["fetch"],
    )
    .code(12)
    .stderr_contains("cannot connect");
    let asked = proxy.requests().len();
    let server = Server::of_folder(&registry.folder);
    let manifest = app.read("Cargo.toml");
    app.write(
        "Cargo.toml",
        manifest.replace("http://registry.invalid", &server.url()),
    );
    app.warg_with(&[("HTTP_PROXY", &proxy.url())], &["fetch"])
        .code(0);
    assert_eq!(
        proxy.requests().len(),
        asked,
        "loopback goes through no proxy"
    );
}

#[test]
fn an_interrupted_download_leaves_nothing_that_the_next_run_trips_over() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    let app = app(&sandbox, &registry, &server);
    app.warg(&["lock"]).code(0);
    let contents = registry.contents();
    for content in &contents {
        server.always(content, Answer::StallHalfway);
    }
    let child = app.start_interruptible(&["fetch"]);
    let process = child.id().to_string();
    let asked = || contents.iter().any(|content| server.count(content) > 0);
    let begun = std::time::Instant::now();
    while !asked() {
        assert!(
            begun.elapsed() < Duration::from_mins(1),
            "it never came to the contents"
        );
        std::thread::sleep(Duration::from_millis(10));
    }
    let before = files(&app.home().join("cache"));
    let killed = std::process::Command::new("kill")
        .args(["-INT", &process])
        .status()
        .unwrap();
    assert!(killed.success());
    let said = Said::of_child(child, "fetch");
    assert!(matches!(said.code, None | Some(130)), "{said}");
    assert_eq!(
        files(&app.home().join("cache")),
        before,
        "nothing half-written"
    );
    assert!(!app.has("wit/deps"));
    for content in &contents {
        server.always(content, Answer::File);
    }
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify", "--offline"]).code(0);
}

#[test]
fn no_progress_is_drawn_where_nobody_watches() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder(&registry.folder);
    server.delay(Duration::from_millis(250)); // longer in all than the bar waits
    let app = app(&sandbox, &registry, &server);
    let said = app.warg(&["fetch"]).code(0);
    assert!(
        !said.stderr.contains("Fetching") && !said.stderr.contains('\r'),
        "{said}"
    );
}

#[test]
fn tls_is_believed_by_the_systems_certificates_and_by_further_ones_that_are_named() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let server = Server::of_folder_with_tls(&registry.folder);
    let app = app(&sandbox, &registry, &server);
    let authority = sandbox.join("authority.pem");
    std::fs::write(&authority, fixtures::server::AUTHORITY).unwrap();
    let authority = authority.display().to_string();
    app.warg(&["lock"])
        .code(12)
        .stderr_contains("cannot connect")
        .stderr_contains("certificate");
    assert!(
        server.requests().is_empty(),
        "nothing was said to a stranger"
    );
    for variable in ["CARGO_HTTP_CAINFO", "SSL_CERT_FILE"] {
        app.warg_with(&[(variable, &authority)], &["fetch"]).code(0);
    }
    let cainfo = ("CARGO_HTTP_CAINFO", authority.as_str());
    app.warg_with(&[("CARGO_HTTP_CAINFO", "/no/such/file")], &["fetch"])
        .code(101)
        .stderr_contains("/no/such/file");
    // A token needs TLS, and neither it nor anything else goes on without.
    let plain = Server::of_folder(&registry.folder);
    server.always(
        "checkpoint",
        Answer::redirect(format!("{}/checkpoint", plain.url())),
    );
    let token = format!("{} s3cret", server.url());
    app.warg_with(&[cainfo, ("CARGO_WARG_TOKENS", &token)], &["verify"])
        .code(12)
        .stderr_contains(&format!(
            "redirected to {}/checkpoint, which is not followed",
            plain.url()
        ));
    assert!(plain.requests().is_empty());
    let last = server.requests().pop().unwrap();
    assert_eq!(last.headers["authorization"], "Bearer s3cret");
}
