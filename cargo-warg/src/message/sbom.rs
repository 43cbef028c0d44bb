//! The bill of materials.

use std::path::Path;

use serde::Serialize;

use super::Notice;
use crate::ops::contents::sbom::Bill;

/// A bill of materials was made.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Sbom {
    /// The file that it was written to; null where it stands here.
    pub file: Option<String>,
    /// How many components it lists.
    pub components: usize,
    /// The bill, as `CycloneDX` has it; null where it was written to a file.
    pub bill: Option<serde_json::Value>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

impl Sbom {
    /// What is said of a bill, and the bill itself where no file has it.
    pub fn new(Bill { bom, notices }: &Bill, file: Option<&Path>) -> Self {
        Self {
            file: file.map(|path| path.display().to_string()),
            components: bom.components(),
            bill: match file {
                Some(_) => None,
                None => serde_json::to_value(bom).ok(),
            },
            notices: Notice::all(notices),
        }
    }
}
