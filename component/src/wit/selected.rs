//! A package version that was selected, with its content.

use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;

use super::text::Group;

/// A content in one of the forms that it may have.
#[derive(Debug, Clone, Copy)]
pub enum Form<'a> {
    /// The bytes of a release, or of a file.
    Binary(&'a [u8]),
    /// Of a WIT package in a folder: the texts that declare it. Of a component that is not built yet: the texts of what it
    /// will export.
    Text(&'a [Group]),
}

/// A package version that was selected, and its content: verified, or from a folder.
#[derive(Debug, Clone, Copy)]
pub struct Selected<'a> {
    /// The name of the package.
    pub name: &'a PackageName,
    /// The version that was selected.
    pub version: &'a Version,
    /// The SHA-256 of the content.
    pub digest: Digest,
    /// The content, as bytes or as texts.
    pub form: Form<'a>,
}
