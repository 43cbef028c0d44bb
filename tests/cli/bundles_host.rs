//! What bundles ask of their host: WASI of every version, once for all parts, and resources that are the host's.

use fixtures::{component, programs, wasi};

use crate::bundles_run::{Workshop, call};

/// A part and its root were built for different versions of WASI: the host is asked once, for the newer, and both print.
#[test]
fn two_versions_of_wasi_are_one() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:hello@1.0.0", &[], &programs::hello("0.2.3"));
    let bundle = shop.bundle(&["\"acme:hello\" = \"1.0\""], &programs::greeting("0.2.12"));
    let ran = shop.run(&bundle, &[call("wasi:cli/run@0.2.12#run")]);
    assert_eq!(ran.stdout(), "hello\nworld\n");
    let mut imports = ran.imports();
    imports.sort_unstable();
    assert_eq!(
        imports,
        [
            "wasi:cli/stdout@0.2.12",
            "wasi:io/error@0.2.12",
            "wasi:io/streams@0.2.12"
        ]
    );
}

/// A component that somebody else built, all of whose imports are the host's.
#[test]
fn a_component_with_nothing_but_wasi_is_its_own_bundle() {
    let Some(shop) = Workshop::open() else { return };
    let handler = shop.guests.http_handler();
    let bundle = shop.bundle(&[], &handler);
    let ran = shop.run(&bundle, &[]);
    assert_eq!(ran.exports(), ["wasi:http/incoming-handler@0.2.0"]);
    assert_eq!(ran.imports().len(), 11, "{ran:?}");
}

/// The same as a part: what hands its requests on to it is the root. Their resources are the host's, and the same for both.
#[test]
fn middleware_stands_before_a_handler() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:handler@1.0.0", &[], &shop.guests.http_handler());
    let requires =
        "\"acme:handler\" = { version = \"1.0\", for = [\"wasi:http/incoming-handler@0.2.0\"] }";
    let bundle = shop.bundle(&[requires], &programs::middleware("0.2.0"));
    let ran = shop.run(&bundle, &[]);
    assert_eq!(ran.exports(), ["wasi:http/incoming-handler@0.2.0"]);
    assert_eq!(ran.imports().len(), 11, "{ran:?}");
}

/// Handlers in a row: each is served by the next, not by itself, nor by the host.
#[test]
fn middleware_stands_before_middleware() {
    let Some(shop) = Workshop::open() else { return };
    let by = |package: &str| {
        format!(
            "\"{package}\" = {{ version = \"1.0\", for = [\"wasi:http/incoming-handler@0.2.0\"] }}"
        )
    };
    let middleware = programs::middleware("0.2.0");
    shop.publish("acme:handler@1.0.0", &[], &shop.guests.http_handler());
    shop.publish("acme:inner@1.0.0", &[&by("acme:handler")], &middleware);
    shop.publish("acme:outer@1.0.0", &[&by("acme:inner")], &middleware);
    let bundle = shop.bundle(&[&by("acme:outer")], &middleware);
    let ran = shop.run(&bundle, &[]);
    assert_eq!(ran.exports(), ["wasi:http/incoming-handler@0.2.0"]);
    assert_eq!(ran.imports().len(), 11, "{ran:?}");
}

/// A part takes a resource of the host by an older version of WASI than that of the root, which lends it.
#[test]
fn a_resource_of_the_host_is_lent_across_versions() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:hello@1.0.0", &[], &programs::hello_to("0.2.3"));
    let root = programs::greeting_to("0.2.3", "0.2.12");
    let bundle = shop.bundle(&["\"acme:hello\" = \"1.0\""], &root);
    let ran = shop.run(&bundle, &[call("wasi:cli/run@0.2.12#run")]);
    assert_eq!(ran.stdout(), "hello\nworld\n");
}

/// A root and five parts, each built for another version of WASI 0.2, all of it: the host is asked for the newest alone, and
/// has it.
#[test]
fn all_of_wasi_0_2_is_merged() {
    let Some(shop) = Workshop::open() else { return };
    let folders = wasi::folders().unwrap();
    let of_0_2: Vec<_> = wasi::VERSIONS
        .into_iter()
        .zip(&folders)
        .filter(|(version, _)| version.starts_with("0.2."))
        .collect();
    let part = |version: &str| format!("acme:for-{}", version.replace('.', "-"));
    for (version, folder) in &of_0_2 {
        let name = part(version);
        let text = format!(
            "package {name}@1.0.0;
            interface go {{ go: func(); }}
            world w {{
                include wasi:cli/imports@{version};
                import wasi:http/outgoing-handler@{version};
                export go;
            }}"
        );
        let content = component::from_wit_beside(&text, "w", folder);
        shop.publish(&format!("{name}@1.0.0"), &[], &content);
    }
    for (version, folder) in &of_0_2 {
        let names: Vec<_> = of_0_2.iter().map(|(version, _)| part(version)).collect();
        let imports = names.iter().map(|name| format!("import {name}/go@1.0.0;"));
        let imports = imports.collect::<Vec<_>>().concat();
        let nested = names
            .iter()
            .map(|name| format!("package {name}@1.0.0 {{ interface go {{ go: func(); }} }}"));
        let nested = nested.collect::<Vec<_>>().concat();
        let text = format!(
            "package acme:root@1.0.0;
            world w {{ include wasi:cli/command@{version}; {imports} }}\n{nested}"
        );
        let root = component::from_wit_beside(&text, "w", folder);
        let requires: Vec<_> = names
            .iter()
            .map(|name| format!("\"{name}\" = \"1.0\""))
            .collect();
        let requires: Vec<_> = requires.iter().map(String::as_str).collect();
        let bundle = shop.bundle(&requires, &root);
        let ran = shop.run(&bundle, &[]);
        assert_eq!(ran.exports(), [format!("wasi:cli/run@{version}")]);
        for import in ran.imports() {
            assert!(import.ends_with("@0.2.12"), "{import}");
        }
    }
}

/// WASI 0.3, with streams and futures: composed and valid. It is not run, as the runtime's package has no host for it.
#[test]
fn wasi_0_3_is_merged() {
    let Some(shop) = Workshop::open() else { return };
    let folders = wasi::folders().unwrap();
    let folder = |version: &str| {
        let position = wasi::VERSIONS.iter().position(|one| *one == version);
        &folders[position.unwrap()]
    };
    let part = "package acme:part@1.0.0;
        interface go { go: func(); }
        world w { include wasi:cli/imports@0.3.0; export go; }";
    let part = component::from_wit_beside(part, "w", folder("0.3.0"));
    shop.publish("acme:part@1.0.0", &[], &part);
    let root = "package acme:root@1.0.0;
        world w { include wasi:cli/command@0.3.2; import acme:part/go@1.0.0; }
        package acme:part@1.0.0 { interface go { go: func(); } }";
    let root = component::from_wit_beside(root, "w", folder("0.3.2"));
    let bundle = shop.bundle(&["\"acme:part\" = \"1.0\""], &root);
    let bytes = std::fs::read(bundle).unwrap();
    let outside = ::component::content::Interface::of_component(&bytes).unwrap();
    assert!(!outside.imports.is_empty());
    for import in outside.imports {
        assert!(import.to_string().ends_with("@0.3.2"), "{import}");
    }
    shop.project.warg(&["verify", "app.wasm"]).code(0);
}
