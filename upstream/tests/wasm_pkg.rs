//! A host that says where its packages lie, or does not.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::error::Error as _;

use fixtures::server::{Answer, Server};
use registry::http::{Options, Web};
use tokio::runtime::Runtime;
use upstream::document::metadata::Metadata;
use upstream::{UpstreamError, built_in, discover};

const PATH: &str = ".well-known/wasm-pkg/registry.json";

fn ask(server: &Server) -> Result<String, String> {
    let runtime = Runtime::new().unwrap();
    let web = Web::new(Options::default(), runtime.handle().clone());
    let host = server.address().to_string().parse().unwrap();
    let told = |error: UpstreamError| {
        let cause = error.source().map(ToString::to_string);
        format!("{error}: {}", cause.unwrap_or_default())
    };
    let found = discover(&web, &host).map_err(told);
    found.map(|address| address.to_string())
}

fn file(text: &str) -> Answer {
    Answer::Full {
        status: 200,
        headers: Vec::new(),
        body: text.into(),
    }
}

#[test]
fn a_host_says_where_its_packages_lie() {
    let server = Server::of_objects([].into());
    server.always(
        PATH,
        file(r#"{"oci":{"registry":"ghcr.io","namespacePrefix":"webassembly/"}}"#),
    );
    assert_eq!(ask(&server).as_deref(), Ok("oci:ghcr.io/webassembly"));
    assert_eq!(server.count(PATH), 1);
}

#[test]
fn a_host_that_does_not_say_it_is_never_taken_for_a_registry() {
    let server = Server::of_objects([].into());
    assert!(
        ask(&server)
            .unwrap_err()
            .contains("does not say in which OCI registry")
    );
    for (answer, words) in [
        (file("{}"), "it names no OCI registry"),
        (file("x"), "it is not JSON"),
        (Answer::page(), "cannot fetch"),
        (Answer::Endless, "cannot fetch"),
        (Answer::Status(403), "was answered with 403"),
        (file(r#"{"preferredProtocol":"warg"}"#), "are got by `warg`"),
    ] {
        server.always(PATH, answer);
        let refusal = ask(&server).unwrap_err();
        assert!(refusal.contains(words), "{refusal}");
    }
    let asked = server.requests();
    assert!(
        asked
            .iter()
            .all(|request| request.target == format!("/{PATH}")),
        "nothing else is asked"
    );
}

#[test]
fn two_namespaces_need_no_configuration() {
    for (namespace, address) in [
        ("wasi", Some("wasm-pkg:wasi.dev")),
        ("ba", Some("wasm-pkg:bytecodealliance.org")),
        ("acme", None),
    ] {
        let found = built_in(&namespace.parse().unwrap()).map(|address| address.to_string());
        assert_eq!(found.as_deref(), address);
    }
}

#[test]
fn what_the_file_says_is_repeated_as_one_short_line() {
    let long = format!("told\\r\\n{}", "x".repeat(10_000));
    for body in [
        format!("{{\"preferredProtocol\":\"{long}\"}}"),
        format!("{{\"oci\":{{\"registry\":\"{long}\"}}}}"),
        format!("{{\"oci\":{{\"namespacePrefix\":\"{long}\"}}}}"),
    ] {
        let host = "wasi.dev".parse().unwrap();
        let read = Metadata::parse(body.as_bytes()).and_then(|metadata| metadata.address(&host));
        let error = read.unwrap_err();
        let cause = error.source().map(ToString::to_string);
        let told = format!("{error}: {}", cause.unwrap_or_default());
        assert!(told.contains(r"`told\r\nxxx"), "{told}");
        assert!(told.chars().count() < 450, "{told}");
    }
}
