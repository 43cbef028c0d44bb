//! What `--message-format json` prints: one document a line on stdout, each with its `reason`.
//!
//! These types are the shape of those documents and nothing else: nothing is read into them, and nothing that is
//! trusted is built from them. Every document has a schema in `docs/schemas/`, generated from its type; fields are only
//! ever added.

use serde::Serialize;

use crate::error::Error;

/// A document.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(tag = "reason", rename_all = "kebab-case")]
pub enum Message {
    /// The command failed. It is the last document.
    Error(Failure),
}

/// A failure.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Failure {
    /// The exit code of the run.
    pub code: u8,
    /// What went wrong.
    pub message: String,
    /// Why, each cause after what it caused.
    pub causes: Vec<String>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl From<&Error> for Message {
    fn from(error: &Error) -> Self {
        let mut chain = error.chain();
        Self::Error(Failure {
            code: error.class().exit_code(),
            message: chain.next().unwrap_or_default(),
            causes: chain.collect(),
            help: error.help().to_vec(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::path::Path;

    use super::*;

    /// The committed schema is that of the types. `CARGO_WARG_BLESS=1` writes it anew.
    #[test]
    fn the_schema_in_docs_is_that_of_the_types() {
        let schema = schemars::schema_for!(Message);
        let mut text = serde_json::to_string_pretty(&schema).unwrap();
        text.push('\n');
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/message.json");
        if std::env::var_os("CARGO_WARG_BLESS").is_some() {
            std::fs::write(&path, &text).unwrap();
        }
        let committed = std::fs::read_to_string(&path).unwrap();
        assert!(
            committed == text,
            "docs/schemas/message.json is not the schema of message.rs: CARGO_WARG_BLESS=1 cargo test -p cargo-warg --lib"
        );
    }
}
