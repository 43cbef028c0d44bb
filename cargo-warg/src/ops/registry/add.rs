//! Adding a registry that is there to a project: its policy, its entry in Cargo.toml, and its namespaces.
//!
//! Nothing is written before all of it is known to fit: the policy is the one that was named, no other registry of the
//! project has the origin, and the registry that answers at the address is one that the policy believes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use transparency::name::{Namespace, Origin};
use transparency::number::Size;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::manifest::address::{address_text, resolve};
use crate::manifest::edit::NewRegistry;
use crate::manifest::{Address, Alias, Registry, Workspace};
use crate::network::{Network, check_address, without_user};
use crate::ops::registry::create::check_not_personal;
use crate::ops::registry::policy_file::{Fingerprint, PolicyFile, below};
use crate::ops::session::configured::Configured;
use crate::ops::session::policy::read_policy;
use crate::ops::session::reading::Reading;

/// The registry to be added.
#[derive(Debug, Clone, Copy)]
pub struct Addition<'a> {
    /// Where it is: an http address, or a folder.
    pub address: &'a str,
    /// Its policy: a file, or an http address.
    pub policy: Option<&'a str>,
    /// What the policy's file has to hash to.
    pub fingerprint: Option<Fingerprint>,
    /// What Cargo.toml is to call it; otherwise it is named for its origin.
    pub alias: Option<&'a Alias>,
    /// The namespaces that belong to it.
    pub namespaces: &'a [Namespace],
    /// Whether all other namespaces do, too.
    pub default: bool,
    /// Whether it is not asked.
    pub offline: bool,
}

/// What was added.
#[derive(Debug)]
pub struct Added {
    /// What Cargo.toml calls it.
    pub alias: Alias,
    /// What its log is called.
    pub origin: Origin,
    /// Its address, as Cargo.toml has it.
    pub address: String,
    /// The policy, where the project keeps it.
    pub policy: PathBuf,
    /// The policy's fingerprint.
    pub fingerprint: Fingerprint,
    /// How large its log was; none where it was not asked.
    pub size: Option<Size>,
    /// Whether the root manifest changed.
    pub changed: bool,
}

/// Adds a registry to the root manifest.
///
/// # Errors
/// A policy that is not named, cannot be read, or has another fingerprint; a registry that does not answer, or that the
/// policy does not believe; an entry of Cargo.toml or a policy that is in the way.
pub fn add(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    addition: &Addition<'_>,
) -> Result<Added> {
    let address = address_of(addition.address)?;
    let text = match &address {
        Address::Http(url) => url.clone(),
        Address::Folder(folder) => address_text(workspace.root(), folder, "a registry")?,
    };
    let policy = policy(addition, dirs, network)?;
    let origin = policy.policy.origin().clone();
    let alias = match addition.alias {
        Some(alias) => alias.clone(),
        None => alias_of(&origin).ok_or_else(|| {
            let message = format!("the origin `{origin}` gives the registry no name");
            Error::new(Class::Usage, message).with_help("choose one with `--name NAME`")
        })?,
    };
    check_not_personal(&alias, Some(&origin))?;
    check_origin(workspace, &origin, &alias)?;
    let policy_text = below(&alias);
    let mut edit = workspace.edit_root().classified()?;
    edit.add_registry(&NewRegistry {
        alias: &alias,
        url: &text,
        policy: &policy_text,
        namespaces: addition.namespaces,
    })
    .classified()?;
    if addition.default {
        edit.set_default_registry(&alias).classified()?;
    }
    let registry = Registry::new(alias.clone(), address, workspace.root().join(&policy_text));
    let size = if addition.offline {
        None
    } else {
        Some(ask(&registry, &policy, workspace, dirs, network)?)
    };
    let kept = policy.keep(workspace.root(), &alias)?;
    let changed = edit.save().classified()?;
    Ok(Added {
        alias,
        origin,
        address: text,
        fingerprint: policy.fingerprint(),
        policy: kept,
        size,
        changed,
    })
}

/// Where a registry is that the command line names.
///
/// # Errors
/// An address that cannot be a registry's; a current folder that is gone.
pub fn address_of(text: &str) -> Result<Address> {
    if text.contains("://") {
        check_address(text)?;
        return Ok(Address::Http(text.trim_end_matches('/').to_owned()));
    }
    let folder = resolve(Path::new(text));
    let folder = folder.or_fail(Class::Other, || format!("cannot find the folder {text}"))?;
    Ok(Address::Folder(folder))
}

/// What a registry is called whose user gave it no name: what its origin begins with, up to the first `.` or `/`, without
/// the digits of an origin that was made up.
pub fn alias_of(origin: &Origin) -> Option<Alias> {
    let first = origin.as_str().split(['.', '/']).next().unwrap_or_default();
    let made_up =
        |digits: &str| digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    let name = match first.rsplit_once('-') {
        Some((name, digits)) if made_up(digits) => name,
        _ => first,
    };
    Alias::parse(name)
}

fn policy(addition: &Addition<'_>, dirs: &Dirs, network: &Network) -> Result<PolicyFile> {
    let address = addition.address;
    match (addition.policy, addition.fingerprint) {
        (None, _) => Err(Error::new(
            Class::Usage,
            format!("nothing says whom to believe about {address}"),
        )
        .with_help(
            "ask the registry's operator for its policy, a file as `cargo warg registry new` wrote it into trust/, and name \
             it with `--policy FILE`; or for an address of it and, by a way that nobody else can write on, for the \
             fingerprint that `cargo warg registry list` prints: `--policy URL --fingerprint sha256:…`",
        )),
        (Some(url), None) if url.contains("://") => Err(Error::new(
            Class::Usage,
            format!("the policy at {} could be anybody's", without_user(url)),
        )
        .with_help(
            "ask the registry's operator for its fingerprint, by a way that nobody else can write on, and add \
             `--fingerprint sha256:…`: `cargo warg registry list` prints it there",
        )),
        (Some(url), Some(_)) if url.contains("://") && addition.offline => Err(Error::new(
            Class::Usage,
            format!("with --offline, the policy at {} cannot be read", without_user(url)),
        )
        .with_help("name a file with `--policy FILE`")),
        (Some(url), Some(fingerprint)) if url.contains("://") => {
            PolicyFile::fetch(url, fingerprint, dirs, network)
        }
        (Some(path), fingerprint) => {
            let policy = PolicyFile::read(Path::new(path))?;
            if let Some(fingerprint) = fingerprint {
                policy.check(fingerprint, path)?;
            }
            Ok(policy)
        }
    }
}

/// Demands that no registry of another name has the origin.
fn check_origin(workspace: &Workspace, origin: &Origin, alias: &Alias) -> Result<()> {
    let mut others = workspace.registries().iter();
    let same = others.find(|other| {
        let policy = read_policy(other).ok();
        other.alias != *alias && policy.is_some_and(|policy| policy.origin() == origin)
    });
    let Some(other) = same else {
        return Ok(());
    };
    let message = format!(
        "the registry `{origin}` is in Cargo.toml already, as `{}`",
        other.alias
    );
    Err(Error::new(Class::Usage, message)
        .at(other.location.clone())
        .with_help(format!(
            "give it `--name {}` to add namespaces; `mirrors` and `publish` beside its `url` name further addresses",
            other.alias
        )))
}

/// How large its log is, by the policy.
fn ask(
    registry: &Registry,
    policy: &PolicyFile,
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
) -> Result<Size> {
    dirs.make_state().classified()?;
    let lock_file = Arc::clone(workspace.lock_file());
    let policy = policy.policy.clone();
    let configured = Configured::open(registry, policy, dirs, network, None, lock_file);
    let session = configured.session(Reading::Now);
    let session = session.map_err(|error| match error.class() {
        Class::Unavailable => error.with_help("`--offline` adds it without asking it"),
        _ => error,
    })?;
    Ok(session.size())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_registry_is_named_for_its_origin() {
        for (origin, name) in [
            ("acme.example/components", Some("acme")),
            ("acme-0123456789abcdef.local", Some("acme")),
            ("acme-wasi.example", Some("acme-wasi")),
            ("registry/acme", Some("registry")),
        ] {
            let alias = alias_of(&origin.parse().unwrap());
            assert_eq!(alias.as_ref().map(Alias::as_str), name, "{origin}");
        }
    }

    #[test]
    fn a_fingerprint_is_read_as_tools_print_it() {
        let of = Fingerprint::of(b"log x\n");
        let text = of.to_string();
        let hex = text.strip_prefix("sha256:").unwrap();
        for good in [text.as_str(), hex, &hex.to_uppercase()] {
            assert_eq!(good.parse(), Ok(of), "{good}");
        }
        for bad in ["", "sha256:", &hex[1..], "sha512:00"] {
            assert!(bad.parse::<Fingerprint>().is_err(), "{bad}");
        }
    }
}
