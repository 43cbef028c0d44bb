//! What is demanded of the parsers of `registry`, `upstream` and `cargo-warg`.

mod http;
mod manifest;
mod store;
mod upstream;

/// What a target does with an input.
pub(crate) type Target = fn(&[u8]);

/// The targets, by name.
pub(crate) const TARGETS: [(&str, Target); 8] = [
    ("http", http::http),
    ("key-file", store::key_file),
    ("manifest", manifest::manifest),
    ("manifest-edit", manifest::edit),
    ("oci", upstream::oci),
    ("pending", store::pending),
    ("trust-store", store::trust_store),
    ("wasm-pkg", upstream::wasm_pkg),
];
