//! `cargo warg registry`.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use transparency::name::{Namespace, Origin};

use super::{Context, not_yet};
use crate::error::Result;

/// `cargo warg registry`.
#[derive(Subcommand)]
pub enum RegistryCommand {
    /// Make a registry in a folder, with its keys and policy, and add it to Cargo.toml
    New(RegistryNewArgs),
    /// Publish every WIT package that folders of .wit files hold, in order of their dependencies
    Import(RegistryImportArgs),
    /// Replay a registry's whole log, apply every rule, and compare every committed map
    Check(RegistryCheckArgs),
}

impl RegistryCommand {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::New(args) => args.run(context),
            Self::Import(args) => args.run(context),
            Self::Check(args) => args.run(context),
        }
    }
}

/// A namespace, and the name of the key that may publish in it: `wasi=acme/ci`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceKey {
    /// The namespace.
    pub namespace: Namespace,
    /// The name of one of this user's keys, or a vkey.
    pub key: String,
}

impl std::str::FromStr for NamespaceKey {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text.split_once('=') {
            Some((namespace, key)) if !key.is_empty() => Ok(Self {
                namespace: namespace.parse().map_err(|error| format!("{error}"))?,
                key: key.to_owned(),
            }),
            _ => Err("expected NAMESPACE=KEY, such as wasi=acme/ci".to_owned()),
        }
    }
}

/// `cargo warg registry new`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg registry new ../wasi-registry --name wasi --namespace wasi=acme/ci")]
pub struct RegistryNewArgs {
    /// The folder to make
    pub path: PathBuf,
    /// What Cargo.toml calls it
    #[arg(long, value_name = "NAME")]
    pub name: String,
    /// A namespace, and the key that may publish in it (a name of your own, or a public key); may be given more than once
    #[arg(long, value_name = "NAMESPACE=KEY")]
    pub namespace: Vec<NamespaceKey>,
    /// What its log is called, in every record and for good; a unique one is made up otherwise
    #[arg(long)]
    pub origin: Option<Origin>,
}

impl RegistryNewArgs {
    fn run(self, _context: &Context) -> Result<()> {
        Err(not_yet(self, "registry new"))
    }
}

/// `cargo warg registry import`.
#[derive(Args)]
#[command(after_help = "Example: cargo warg registry import wit/deps --registry wasi")]
pub struct RegistryImportArgs {
    /// Folders that hold .wit files, or folders of them
    #[arg(required = true, value_name = "DIR")]
    pub folders: Vec<PathBuf>,
    /// The registry, as Cargo.toml calls it
    #[arg(long, value_name = "NAME")]
    pub registry: Option<String>,
    /// The key to sign with, by its name
    #[arg(long, value_name = "NAME")]
    pub key: Option<String>,
}

impl RegistryImportArgs {
    fn run(self, _context: &Context) -> Result<()> {
        Err(not_yet(self, "registry import"))
    }
}

/// `cargo warg registry check`.
#[derive(Args)]
#[command(after_help = "Example: cargo warg registry check ../wasi-registry")]
pub struct RegistryCheckArgs {
    /// A registry's folder, or what Cargo.toml calls it
    #[arg(value_name = "PATH_OR_NAME")]
    pub registry: String,
}

impl RegistryCheckArgs {
    fn run(self, _context: &Context) -> Result<()> {
        Err(not_yet(self, "registry check"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_and_its_key_are_told_apart() {
        for (text, parts) in [
            ("wasi=acme/ci", Some(("wasi", "acme/ci"))),
            (
                "wasi=acme/ci+5b9a3c1e+AZ==",
                Some(("wasi", "acme/ci+5b9a3c1e+AZ==")),
            ),
            ("wasi", None),
            ("wasi=", None),
            ("=acme/ci", None),
            ("Wasi=acme/ci", None),
        ] {
            let read = text.parse::<NamespaceKey>().ok();
            let read = read
                .as_ref()
                .map(|read| (read.namespace.as_str(), read.key.as_str()));
            assert_eq!(read, parts, "{text}");
        }
    }
}
