//! What servers and other tools write, read without believing it: OCI's lists and manifests, challenges and tokens.
//!
//! Everything here is pure, and has a limit beside it.

pub mod challenge;
pub mod manifest;
pub mod metadata;
pub mod tags;
pub mod token;
pub mod wkg;

use registry::http::excerpt;
use serde::de::Error as _;

/// What is wrong with a document, in which its own texts are repeated: they may be as long as it is.
fn excerpt_of(error: &serde_json::Error) -> serde_json::Error {
    let (line, column) = (error.line(), error.column());
    let end = format!(" at line {line} column {column}");
    let text = error.to_string();
    let text = text.strip_suffix(&end).unwrap_or(&text);
    // What stands behind it is read as the place again.
    serde_json::Error::custom(format_args!("{}{end}", excerpt(text)))
}
