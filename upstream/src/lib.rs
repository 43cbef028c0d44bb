//! Where packages live that no log vouches for: OCI registries, crates of cargo's registry, folders.
//!
//! An [`Upstream`] lists the versions of a package and brings one, with what it claims of it. Nothing that comes from here is
//! believed: it is imported into a registry, whose record then says what lay there. This crate decides how an upstream is
//! asked, within which limits, and which answers are refused. It prints nothing, reads no environment, and keeps nothing.
//!
//! [`UpstreamAddress`] says how each is written. The network is reached through [`registry::http`], and bytes are read by
//! [`component`].

mod address;
mod crates;
pub mod document;
mod error;
mod fetched;
pub mod folder;
mod listing;
mod local;
pub mod login;
mod oci;
mod process;
mod texts;
pub mod tree;
mod wasm_pkg;

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use semver::Version;
use transparency::digest::Digest;
use transparency::name::PackageName;

pub use address::{OciAddress, OciHost, UpstreamAddress, UpstreamAddressError};
pub use crates::{Cargo, CrateError};
pub use error::UpstreamError;
pub use fetched::{Claims, Document, Fetched};
pub use listing::Listing;
pub use local::Local;
pub use oci::Oci;
pub use process::ProcessError;
pub use texts::Texts;
pub use wasm_pkg::{built_in, discover};

/// Where packages are found, and what is said there of them. It shows itself as its [`UpstreamAddress`].
pub trait Upstream: fmt::Display + Send + Sync {
    /// The packages that it has; none where it cannot list them.
    ///
    /// # Errors
    /// What cannot be read.
    fn packages(&self) -> Result<Option<BTreeSet<PackageName>>, UpstreamError>;

    /// What is wrong there and was passed over, with where it lies: what it would have been, nobody can say. It is
    /// handed out, to be told once.
    fn left_out(&mut self) -> Vec<(PathBuf, UpstreamError)> {
        Vec::new() // most are asked for packages by their names, and say what is wrong with each
    }

    /// The versions of a package.
    ///
    /// # Errors
    /// No such package; what cannot be reached or read.
    fn versions(&self, package: &PackageName) -> Result<Listing, UpstreamError>;

    /// One version of a package. Its bytes are what the upstream's own digests say, and are of the package that was asked for.
    ///
    /// # Errors
    /// No such version; what cannot be reached or read; bytes that are another package's, or no component and no WIT package.
    fn fetch(&self, package: &PackageName, version: &Version) -> Result<Fetched, UpstreamError>;

    /// The digest of the manifest of a version, made of its bytes; none where the upstream has no manifests.
    ///
    /// # Errors
    /// No such version; what cannot be reached.
    fn manifest(
        &self,
        package: &PackageName,
        version: &Version,
    ) -> Result<Option<Digest>, UpstreamError> {
        let _ = (package, version); // most have no manifests
        Ok(None)
    }

    /// A content that is known by its digest.
    ///
    /// # Errors
    /// As [`Upstream::fetch`]; other bytes than these.
    fn content(
        &self,
        package: &PackageName,
        version: &Version,
        digest: &Digest,
        size: u64,
    ) -> Result<Vec<u8>, UpstreamError> {
        let _ = size; // what a whole release may have bounds this
        let release = self.fetch(package, version)?;
        error::check_digest(&release.claims.reference, digest, &release.bytes)?;
        Ok(release.bytes)
    }
}
