//! What is known of a package: who may do what, what was released and by whom, and where its log has it, all proved.

use std::collections::{BTreeMap, BTreeSet};

use semver::Version;
use transparency::checkpoint::Checkpoint;
use transparency::digest::Hash;
use transparency::key::VerifyingKey;
use transparency::name::{Kind, PackageName};
use transparency::number::{Index, Length};
use transparency::package::{Permission, Scope};
use transparency::release::Release;

use crate::error::{Class, Error, Result};
use crate::manifest::{Alias, Workspace};
use crate::notice::{Notice, Tolerated};
use crate::ops::manifest::add::absent;
use crate::ops::registry::policy_file::Fingerprint;
use crate::ops::session::Sessions;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use crate::spec::PackageSpec;

/// A package, as its verified log has it.
#[derive(Debug)]
pub struct Info {
    /// The package.
    pub name: PackageName,
    /// What it holds.
    pub kind: Kind,
    /// What Cargo.toml calls its registry.
    pub registry: Alias,
    /// The fingerprint of its policy; none where the policy is no file.
    pub fingerprint: Option<Fingerprint>,
    /// The checkpoint that all of this was proved at.
    pub checkpoint: Checkpoint,
    /// How many records its log has.
    pub records: Length,
    /// The hash of the last of them.
    pub head: Hash,
    /// Which keys may do what.
    pub keys: BTreeMap<VerifyingKey, BTreeSet<Permission>>,
    /// The keys that hold the namespace: each may make itself an owner.
    pub holders: BTreeSet<VerifyingKey>,
    /// What was said about the package as a whole, by key.
    pub annotations: BTreeMap<String, String>,
    /// Which members have which version locked.
    pub locked: BTreeMap<String, BTreeSet<Version>>,
    /// The releases that are meant, the newest first.
    pub releases: Vec<Released>,
    /// The position in `releases` of the one to show in full.
    pub shown: Option<usize>,
    /// What the user should know.
    pub notices: Vec<Notice>,
}

/// A release, and where it is recorded.
#[derive(Debug)]
pub struct Released {
    /// The release.
    pub release: Release,
    /// Where the registry's log holds its record, proved; none where what this machine keeps does not prove it.
    pub index: Option<Index>,
    /// What was said about it, by key.
    pub annotations: BTreeMap<String, String>,
}

/// Reads the log of a package.
///
/// # Errors
/// A package that is proved not to be there, a version that it does not have; whatever keeps the log from being read or
/// believed.
pub fn info(
    workspace: &Workspace,
    registries: &Registries,
    offline: bool,
    spec: &PackageSpec,
) -> Result<Info> {
    let mut sessions = Sessions::new(registries, Reading::now(offline));
    let (address, log) = sessions.find(&spec.name)?;
    let Some(log) = log.map(registry::client::LoadedLog::log).cloned() else {
        let size = sessions.of(&address.origin)?.size();
        return Err(absent(&address, size, &registries.package_names()));
    };
    let Some(kind) = log.kind() else {
        let message = format!("`{}` has no records", spec.name);
        return Err(Error::new(Class::Other, message));
    };
    let mut releases: Vec<Release> = log
        .releases()
        .filter(|release| spec.matches(&spec.name, release.version()))
        .cloned()
        .collect();
    releases.reverse();
    if releases.is_empty() && spec.version.is_some() {
        return Err(no_version(spec, &log.releases().collect::<Vec<_>>()));
    }
    let indices = sessions.indices(&address, &releases)?;
    let about = |scope: &Scope| {
        let all = log.annotations().filter(|(about, _, _)| *about == scope);
        all.map(|(_, key, value)| (key.to_owned(), value.to_owned()))
            .collect()
    };
    let shown = releases
        .iter()
        .position(|release| release.is_usable() && release.version().pre.is_empty())
        .or_else(|| releases.iter().position(Release::is_usable))
        .or_else(|| (!releases.is_empty()).then_some(0));
    let mut notices = Vec::new();
    let locked = locked(workspace, &spec.name, &mut notices);
    let alias = registries.of_origin(&address.origin)?.alias.clone();
    let session = sessions.of(&address.origin)?;
    let grants = session
        .checkpoint()
        .operator()
        .grants(&spec.name.namespace());
    let holders = grants.last().map(|grant| grant.keys().clone());
    Ok(Info {
        name: spec.name.clone(),
        kind,
        fingerprint: workspace
            .registries()
            .find(alias.as_str())
            .and_then(|registry| Fingerprint::of_file(&registry.policy)),
        registry: alias,
        checkpoint: session.checkpoint().checkpoint().clone(),
        records: log.length(),
        head: log.head(),
        keys: log
            .keys()
            .map(|(key, may)| (key.clone(), may.clone()))
            .collect(),
        holders: holders.unwrap_or_default(),
        annotations: about(&Scope::Package),
        locked,
        shown,
        releases: releases
            .into_iter()
            .zip(indices)
            .map(|(release, index)| Released {
                annotations: about(&Scope::Version(release.version().clone())),
                release,
                index,
            })
            .collect(),
        notices,
    })
}

/// Which versions of a package the lock has, by member. A lock that does not read is no reason to say nothing.
fn locked(
    workspace: &Workspace,
    name: &PackageName,
    notices: &mut Vec<Notice>,
) -> BTreeMap<String, BTreeSet<Version>> {
    let mut locked: BTreeMap<String, BTreeSet<Version>> = BTreeMap::new();
    let lock = match workspace.lock_file().lock() {
        Ok(lock) => lock,
        Err(error) => {
            notices.push(Notice::UnreadableLock(Tolerated::from(&error)));
            None
        }
    };
    for (member, root) in lock.iter().flat_map(|lock| &lock.roots) {
        let versions = root.selects.iter().filter(|one| one.name == *name);
        for version in versions.map(|one| one.version.clone()) {
            locked.entry(member.clone()).or_default().insert(version);
        }
    }
    locked
}

/// How many versions a message names.
const SHOWN: usize = 10;

fn no_version(spec: &PackageSpec, releases: &[&Release]) -> Error {
    let version = spec
        .version
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    let message = format!("`{}` has no version {version}", spec.name);
    let error = Error::new(Class::Unsolved, message);
    let newest = releases.iter().rev().take(SHOWN);
    let versions: Vec<_> = newest
        .map(|release| release.version().to_string())
        .collect();
    if versions.is_empty() {
        return error;
    }
    error.with_help(format!("the newest ones are {}", versions.join(", ")))
}
