//! Registries on web servers, good ones and bad ones.

use fixtures::server::{Answer, Server};

use crate::story::{Registry, stocked};
use crate::support::{Project, Sandbox};

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
