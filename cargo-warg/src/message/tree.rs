//! What depends on what.

use serde::Serialize;

use super::Notice;

/// A tree, line by line as it is shown.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct Tree {
    /// The lines; what is below one follows it, with a greater depth.
    pub nodes: Vec<TreeNode>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A line of a tree.
#[derive(Debug, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub struct TreeNode {
    /// 0 where a tree begins.
    pub depth: usize,
    /// What stands there.
    pub kind: TreeKind,
    /// The package's name, or the member's.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Where a member or a local package lies; null of a release.
    pub path: Option<String>,
    /// Whether what is below it stands further up.
    pub repeated: bool,
}

/// What stands on a line of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TreeKind {
    /// A member of the workspace.
    Member,
    /// A component.
    Component,
    /// A WIT package.
    Wit,
}
