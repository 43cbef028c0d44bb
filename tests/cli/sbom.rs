//! `cargo warg sbom`: what it lists, that the same lock gives the same bytes, and that the format's own readers take it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use component::bundle::{Composition, FORMAT, Part, Wiring, compose};
use cyclonedx_bom::prelude::{Bom, Validate as _};
use fixtures::component::from_wit;
use resolver::lockfile::{Lockfile, Root, SOLVER};
use resolver::problem::Options;
use serde_json::{Value, json};
use transparency::digest::Digest;

use crate::story;
use crate::support::{Project, Sandbox, copy};

/// Two members on a stocked registry: one with a component, WIT packages and a local one, one with another clock.
fn workspace(sandbox: &Sandbox) -> Project {
    let registry = story::stocked(sandbox);
    let app = sandbox.virtual_workspace("ws", &["shop", "till"]);
    app.append_to_manifest(&registry.configure(&app));
    let depends = |member: &str, text: &str| {
        let path = format!("{member}/Cargo.toml");
        let manifest = app.read(&path);
        app.write(
            &path,
            format!("{manifest}\n[package.metadata.warg.dependencies]\n{text}"),
        );
    };
    depends(
        "shop",
        "\"acme:logger\" = \"1.0\"\n\
         [package.metadata.warg.wit-dependencies]\n\"acme:mine\" = { path = \"../mine\" }\n",
    );
    depends("till", "\"acme:clock\" = \"=1.0.0\"\n");
    app.write(
        "mine/mine.wit",
        "package acme:mine@0.1.0;\ninterface i {}\n",
    );
    app.write(
        "shop/wit/world.wit",
        "package example:shop@0.1.0;\n\nworld shop {\n  import acme:http/types@1.0.0;\n}\n",
    );
    app.warg(&["lock"]).code(0);
    app
}

fn bill(app: &Project, arguments: &[&str]) -> Value {
    let arguments = [&["sbom"], arguments].concat();
    let said = app.warg(&arguments).code(0);
    serde_json::from_str(&said.stdout).unwrap()
}

/// What each reference of a bill depends on.
fn edges(bill: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let edge = |one: &Value| {
        let on = one["dependsOn"].as_array();
        let on = on.into_iter().flatten().map(text).collect();
        (text(&one["ref"]), on)
    };
    let dependencies = bill["dependencies"].as_array().unwrap();
    dependencies.iter().map(edge).collect()
}

fn component<'b>(bill: &'b Value, reference: &str) -> &'b Value {
    let mut all = bill["components"].as_array().unwrap().iter();
    all.find(|one| one["bom-ref"] == reference)
        .unwrap_or_else(|| panic!("no {reference} in {bill:#}"))
}

#[test]
fn a_bill_lists_what_is_locked_with_digests_edges_and_evidence() {
    let sandbox = Sandbox::new();
    let app = workspace(&sandbox);
    let lock: Lockfile = app.read("warg.lock").parse().unwrap();
    let bill = bill(&app, &[]);
    let on = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
    let wanted: BTreeMap<String, BTreeSet<String>> = [
        ("workspace:workspace", on(&["root:shop", "root:till"])),
        (
            "root:shop",
            on(&[
                "component:acme:logger@1.0.0",
                "wit:acme:http@1.0.0",
                "wit:acme:mine@0.1.0",
            ]),
        ),
        ("root:till", on(&["component:acme:clock@1.0.0"])),
        (
            "component:acme:logger@1.0.0",
            on(&["component:acme:clock@1.1.0"]),
        ),
        ("component:acme:clock@1.0.0", on(&[])),
        ("component:acme:clock@1.1.0", on(&[])),
        ("wit:acme:http@1.0.0", on(&["wit:acme:io@1.0.1"])),
        ("wit:acme:io@1.0.1", on(&[])),
        ("wit:acme:mine@0.1.0", on(&[])),
    ]
    .into_iter()
    .map(|(one, on)| (one.to_owned(), on))
    .collect();
    assert_eq!(edges(&bill), wanted);
    let (selection, package) = lock.packages.first_key_value().unwrap();
    assert_eq!(selection.to_string(), "component acme:clock@1.0.0");
    let release = package.release.as_ref().unwrap();
    let checkpoint = lock.registries.values().next().unwrap();
    let hex = release.digest.hex();
    let property = |name: &str, value: &dyn std::fmt::Display| json!({"name": format!("cargo-warg:{name}"), "value": value.to_string()});
    assert_eq!(
        *component(&bill, "component:acme:clock@1.0.0"),
        json!({
            "type": "library",
            "bom-ref": "component:acme:clock@1.0.0",
            "group": "acme",
            "name": "clock",
            "version": "1.0.0",
            "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": hex}],
            "purl": format!("pkg:generic/acme/clock@1.0.0?checksum=sha256:{hex}&repository_url=registry.example%2Fworld-1"),
            "properties": [
                property("kind", &"component"),
                property("origin", &"registry.example/world-1"),
                property("record", &release.record),
                property("index", &release.index),
                property("size", &checkpoint.size),
                property("root", &checkpoint.root.base64()),
                property("checkpoint", &checkpoint.digest()),
            ],
        })
    );
    let local = component(&bill, "wit:acme:mine@0.1.0");
    assert!(local.get("hashes").is_none() && local.get("purl").is_none());
    let text = Digest::of(app.read("warg.lock").as_bytes());
    assert_eq!(
        bill["metadata"]["properties"],
        json!([property("lock", &text)])
    );

    // One member alone is what the bill is about.
    let till = self::bill(&app, &["-p", "till"]);
    assert_eq!(till["metadata"]["component"]["name"], "till");
    assert_eq!(till["metadata"]["component"]["version"], "0.1.0");
    assert_eq!(edges(&till).len(), 2);
    assert_ne!(till["serialNumber"], bill["serialNumber"]);

    let document = app.json(&["sbom"]);
    assert_eq!(document["bill"], bill);
    let document = app.json(&["sbom", "-o", "bill.json"]);
    assert_eq!(
        (&document["bill"], &document["components"]),
        (&Value::Null, &json!(8))
    );
    let written: Value = serde_json::from_str(&app.read("bill.json")).unwrap();
    assert_eq!(written, bill);
}

#[test]
fn the_same_lock_gives_the_same_bytes_with_no_registry_in_reach() {
    let sandbox = Sandbox::new();
    let app = workspace(&sandbox);
    let here = app.warg(&["sbom"]).code(0).stdout;
    let other = Sandbox::new();
    copy(app.path(), &other.join("a/b/elsewhere"));
    let there = other.folder_project("a/b/elsewhere");
    assert_eq!(there.warg(&["sbom", "--offline"]).code(0).stdout, here);
    there.warg(&["sbom", "-o", "bill.json"]).code(0);
    assert_eq!(there.read("bill.json"), here);
}

#[test]
fn a_stale_lock_makes_no_bill_unless_that_is_allowed() {
    let sandbox = Sandbox::new();
    let app = workspace(&sandbox);
    let path = "till/Cargo.toml";
    app.write(path, app.read(path).replace("=1.0.0", "1.1"));
    let said = app.warg(&["sbom"]).code(10);
    assert!(said.stdout.is_empty(), "{said}");
    said.stderr_contains("is not up to date")
        .stderr_contains("help: or pass `--allow-stale`");
    let said = app.warg(&["sbom", "--allow-stale"]).code(0);
    let bill: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        bill["metadata"]["properties"][1],
        json!({"name": "cargo-warg:stale", "value": "true"})
    );
    said.stderr_contains("warning: ")
        .stderr_contains("help: what is shown here is what the lock says\n");
    fs::remove_file(app.path().join("warg.lock")).unwrap();
    app.warg(&["sbom", "--allow-stale"])
        .code(10)
        .stderr_contains("warg.lock is missing");
}

/// A reader of the format that others wrote finds nothing wrong, and finds what was written.
#[test]
fn the_formats_own_crate_takes_the_bill() {
    let sandbox = Sandbox::new();
    let app = workspace(&sandbox);
    for arguments in [
        &["sbom"][..],
        &["sbom", "-p", "till"],
        &["sbom", "-p", "shop"],
    ] {
        let said = app.warg(arguments).code(0);
        let bom = Bom::parse_from_json(said.stdout.as_bytes()).unwrap();
        let result = bom.validate();
        assert!(
            result.passed(),
            "{arguments:?}: {:#?}",
            result.errors().collect::<Vec<_>>()
        );
        let bill: Value = serde_json::from_str(&said.stdout).unwrap();
        let mut again = Vec::new();
        bom.output_as_json_v1_5(&mut again).unwrap();
        let again: Value = serde_json::from_slice(&again).unwrap();
        assert_eq!(again["components"], bill["components"], "{arguments:?}");
        assert_eq!(edges(&again), edges(&bill), "{arguments:?}");
    }
    let bad = app.warg(&["sbom"]).code(0).stdout;
    let bad = bad.replacen("\"ref\": \"root:shop\"", "\"ref\": \"root:shopp\"", 1);
    assert!(
        !Bom::parse_from_json(bad.as_bytes())
            .unwrap()
            .validate()
            .passed()
    );
}

/// The folder of `CycloneDX`'s schemas, as the `PyPI` package `cyclonedx-python-lib` ships them.
struct Schemas(std::path::PathBuf);

impl jsonschema::Retrieve for Schemas {
    fn retrieve(
        &self,
        uri: &jsonschema::Uri<String>,
    ) -> Result<Value, Box<dyn std::error::Error + Send + Sync>> {
        let name = uri.as_str().rsplit('/').next().unwrap_or_default();
        let name = name.trim_end_matches('#');
        Ok(serde_json::from_slice(&fs::read(self.0.join(name))?)?)
    }
}

#[test]
#[ignore = "needs CARGO_WARG_CYCLONEDX, the folder of the official schemas: .ci/run fetches them"]
fn the_official_schema_takes_the_bill() {
    let schemas = Schemas(std::env::var_os("CARGO_WARG_CYCLONEDX").unwrap().into());
    let schema = fs::read(schemas.0.join("bom-1.5.SNAPSHOT.schema.json")).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    let validator = jsonschema::options()
        .with_retriever(schemas)
        .build(&schema)
        .unwrap();
    let sandbox = Sandbox::new();
    let app = workspace(&sandbox);
    for arguments in [&[][..], &["-p", "till"], &["--allow-stale"]] {
        let bill = bill(&app, arguments);
        let errors: Vec<_> = validator
            .iter_errors(&bill)
            .map(|one| one.to_string())
            .collect();
        assert!(errors.is_empty(), "{arguments:?}: {errors:#?}");
        let mut bad = bill;
        bad["components"][0]["scope"] = json!("wanted");
        assert!(!validator.is_valid(&bad), "the schema is looked at");
    }
}

#[test]
fn a_bundle_is_listed_by_the_lock_that_it_carries() {
    let sandbox = Sandbox::new();
    let registry = story::stocked(&sandbox);
    let on = "[package.metadata.warg.dependencies]\n\"acme:logger\" = \"1.0\"\n";
    let app = registry.app(&sandbox, "app", on);
    let wit = "package acme:app@0.1.0;\nworld w { import acme:logger/api@1.0.0; export run: func(); }\n\
               package acme:logger@1.0.0 { interface api { log: func(line: string); } }\n";
    app.write("app.wasm", from_wit(wit, "w"));
    app.warg(&["lock"]).code(0);
    app.warg(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        .code(0);
    let bundle = fs::read(app.path().join("bundle.wasm")).unwrap();
    // Anywhere, with nothing but the bundle.
    let elsewhere = Sandbox::new();
    let stranger = elsewhere.folder_project("nowhere");
    let said = stranger.warg_stdin(&bundle, &["sbom", "-"]).code(0);
    let bill: Value = serde_json::from_str(&said.stdout).unwrap();
    assert_eq!(
        bill["metadata"]["component"]["hashes"][0]["content"],
        Digest::of(&bundle).hex()
    );
    let known: Vec<_> = edges(&bill).into_keys().collect();
    assert_eq!(
        known,
        [
            "component:acme:clock@1.1.0",
            "component:acme:logger@1.0.0",
            "root:app"
        ]
    );
    app.warg(&["sbom", "app.wasm"])
        .code(13)
        .stderr_contains("app.wasm has no closed set to list");
}

/// A bundle's root may be called anything, and a runner of jobs reads along.
#[test]
fn a_root_that_is_called_like_a_command_leaves_the_bill_one_that_reads() {
    let sandbox = Sandbox::new();
    let project = sandbox.folder_project("plain");
    let name = "app\u{202e}##[error]x";
    let lock = Lockfile {
        options: Options::default(),
        solver: SOLVER,
        registries: BTreeMap::new(),
        roots: BTreeMap::from([(name.to_owned(), Root::default())]),
        packages: BTreeMap::new(),
    };
    let content = from_wit("package a:b@1.0.0; world w { export run: func(); }", "w");
    let (requirements, wire) = (BTreeSet::new(), Wiring::default());
    let composition = Composition {
        root: Part {
            requirements: &requirements,
            content: &content,
        },
        digest: Digest::of(&content),
        parts: BTreeMap::new(),
        wire: &wire,
        name,
        lock: &lock.to_string(),
    };
    project.write("evil.wasm", compose(&composition, FORMAT).unwrap());
    let mut command = project.command(&["sbom", "evil.wasm"]);
    let output = command.env("GITHUB_ACTIONS", "true").output().unwrap();
    assert!(!output.stdout.windows(3).any(|three| three == b"##["));
    let bill: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(bill["metadata"]["component"]["name"], name);
}
