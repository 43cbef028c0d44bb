//! A project that wkg serves: its WIT and this user's wasm-pkg configuration are all it takes.

use fixtures::component::wit_package;
use fixtures::oci::{Registry, Tokens};

use crate::support::Sandbox;

const IO: &str = "package wasi:io@0.2.3;\ninterface streams { type input = u32; f: func(); }\n";
const HTTP: &str = "package wasi:http@0.2.3;\ninterface types { use wasi:io/streams@0.2.3.{input}; f: func(i: input); }\n\
                    package wasi:io@0.2.3 { interface streams { type input = u32; f: func(); } }";

#[test]
fn wasm_pkgs_configuration_and_the_texts_are_all_it_takes() {
    let sandbox = Sandbox::new();
    let registry = Registry::new();
    registry.want(Tokens::Public);
    registry.push("webassembly/wasi/io", "0.2.3", &wit_package(IO));
    registry.push("webassembly/wasi/http", "0.2.3", &wit_package(HTTP));
    let app = sandbox.cargo_project("app", "");
    let world = "package me:app;\nworld app { import wasi:http/types@0.2.3; }\n";
    app.write("wit/world.wit", world);
    let config = format!(
        "[namespace_registries]\nwasi = {{ registry = \"here\", metadata = {{ oci = {{ registry = \"{}\", \
         namespacePrefix = \"webassembly/\" }} }} }}\n",
        registry.host()
    );
    let file = app.home().join(".config/wasm-pkg/config.toml");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, config).unwrap();
    app.warg(&["lock", "--yes"]).code(0);
    // From here it may be gone.
    drop(registry);
    app.warg(&["fetch"]).code(0);
    app.warg(&["verify"]).code(0);
    assert!(app.path().join("wit/deps/wasi-io-0.2.3").is_dir());
}
