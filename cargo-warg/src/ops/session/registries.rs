//! The configured registries, with their policies: from the names of Cargo.toml to origins that can be read.
//!
//! Two aliases for one origin are an error: a lock names origins, so nobody could tell which alias was meant.

mod personal;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use registry::layout;
use resolver::problem::Origins;
use semver::Version;
use transparency::digest::Digest;
use transparency::name::{Namespace, Origin, PackageName};
use transparency::package::Log;

use self::personal::Personal;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::lock_file::LockFile;
use crate::manifest::{self, Alias, Workspace};
use crate::network::Network;
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::{ALIAS, held_back, is_personal, is_reserved};
use crate::ops::session::policy::read_policy;

/// All registries of a workspace, by origin.
pub struct Registries {
    by_origin: BTreeMap<Origin, Configured>,
    /// What Cargo.toml says of namespaces.
    configured: Origins,
    /// That, and which ones the lock takes from personal registries.
    origins: Origins,
    personal: Personal,
    lock_file: Arc<LockFile>,
    /// What the manifests require.
    required: BTreeSet<PackageName>,
}

impl Registries {
    /// Reads the policy of every configured registry.
    ///
    /// # Errors
    /// A policy that is missing or malformed; two registries with one origin.
    pub fn open(workspace: &Workspace, dirs: &Dirs, network: &Network) -> Result<Self> {
        let mut by_origin: BTreeMap<Origin, Configured> = BTreeMap::new();
        let mut by_alias = BTreeMap::new();
        for registry in workspace.registries().iter() {
            let policy = read_policy(registry)
                .classified()
                .map_err(|error| error.below(workspace.root()))?;
            let origin = policy.origin().clone();
            check_not_personal(registry, &origin)?;
            if let Some(other) = by_origin.get(&origin) {
                return Err(Error::new(
                    Class::Other,
                    format!(
                        "registries `{}` and `{}` have one origin, `{origin}`",
                        other.alias, registry.alias
                    ),
                )
                .at(registry.location.clone())
                .with_help(
                    "keep one of them: each origin is one registry, and the lock names origins only",
                ));
            }
            by_alias.insert(registry.alias.clone(), origin.clone());
            let vendor = workspace.vendor();
            by_origin.insert(
                origin,
                Configured::open(
                    registry,
                    policy,
                    dirs,
                    network,
                    vendor,
                    Arc::clone(workspace.lock_file()),
                ),
            );
        }
        let origin_of = |alias: &Alias| by_alias.get(alias).cloned();
        let table = workspace.registries();
        let default = table.default_registry();
        let configured = Origins {
            default: default.and_then(|registry| origin_of(&registry.alias)),
            namespaces: table
                .namespaces()
                .filter_map(|(namespace, registry)| {
                    Some((namespace.clone(), origin_of(&registry.alias)?))
                })
                .collect(),
        };
        let personal = Personal::open(
            dirs,
            network,
            workspace.root(),
            workspace.vendor(),
            workspace.lock_file(),
        );
        let mut origins = configured.clone();
        let locked = personal.namespaces().iter();
        add_open(
            &mut origins,
            locked.map(|(one, origin)| (one.clone(), origin.clone())),
        );
        let members = workspace.members().iter();
        let required = members.flat_map(|member| &member.dependencies);
        let required = required.map(|dependency| dependency.name.clone());
        Ok(Self {
            by_origin,
            configured,
            origins,
            personal,
            lock_file: Arc::clone(workspace.lock_file()),
            required: required.collect(),
        })
    }

    /// The names of packages that this machine and this project know of, without asking anybody: for suggestions.
    pub(in crate::ops) fn package_names(&self) -> BTreeSet<PackageName> {
        let mut names = self.required.clone();
        names.extend(self.lock_file.package_names());
        let registries = self.by_origin.values().chain(self.personal.opened());
        names.extend(registries.flat_map(Configured::package_names));
        names
    }

    /// Whether the lock names a personal registry.
    pub(in crate::ops) fn has_personal(&self) -> bool {
        !self.personal.namespaces().is_empty()
    }

    /// The lock that the registries are held to.
    pub(in crate::ops) fn lock_file(&self) -> &LockFile {
        &self.lock_file
    }

    /// This user's personal registry; none where nothing was ever imported into it.
    ///
    /// # Errors
    /// A policy that is not its.
    pub(in crate::ops) fn own(&self) -> Result<Option<&Configured>> {
        self.personal.own()
    }

    /// The releases of a package of this user's personal registry that are there for other projects alone.
    pub(in crate::ops) fn held_back(&self, log: &Log) -> Result<BTreeSet<Version>> {
        let is_own = is_personal(log.origin())
            && self
                .own()?
                .is_some_and(|own| own.policy.origin() == log.origin());
        if !is_own {
            return Ok(BTreeSet::new());
        }
        let mut held = held_back(log);
        if !held.is_empty() {
            for locked in self.lock_file.selections() {
                if locked.name == *log.name() {
                    held.remove(&locked.version);
                }
            }
        }
        Ok(held)
    }

    /// Whether Cargo.toml has no registry for a namespace: then it belongs to a personal one, or to none.
    pub(in crate::ops) fn leaves_open(&self, namespace: &Namespace) -> bool {
        self.configured.default.is_none() && !self.configured.namespaces.contains_key(namespace)
    }

    /// Which registry each name belongs to where something is to be solved: of what Cargo.toml leaves open, the personal
    /// registry with this origin has the namespaces that the lock takes from any personal registry, and these.
    pub(in crate::ops) fn origins_with(
        &self,
        own: &Origin,
        namespaces: impl IntoIterator<Item = Namespace>,
    ) -> Origins {
        let locked = self.personal.namespaces().keys().cloned();
        let all = locked.chain(namespaces);
        let mut origins = self.configured.clone();
        add_open(&mut origins, all.map(|namespace| (namespace, own.clone())));
        origins
    }

    /// Which registry each name belongs to.
    pub fn origins(&self) -> &Origins {
        &self.origins
    }

    /// The registry of an origin.
    ///
    /// # Errors
    /// None has it: a lock from another configuration, say.
    pub fn of_origin(&self, origin: &Origin) -> Result<&Configured> {
        if is_personal(origin) {
            return self.personal.find(origin);
        }
        self.by_origin.get(origin).ok_or_else(|| {
            let message = format!("no registry of Cargo.toml has the origin `{origin}`");
            Error::new(Class::Refused, message)
        })
    }

    /// The registry that a package belongs to.
    ///
    /// # Errors
    /// None is configured for its namespace.
    pub fn of_package(&self, name: &PackageName) -> Result<&Configured> {
        match self.origins.of(name) {
            Some(origin) => self.of_origin(origin),
            None => Err(no_registry(name)),
        }
    }

    /// The registry, where Cargo.toml has only one.
    pub fn only(&self) -> Option<&Configured> {
        let mut all = self.by_origin.values();
        all.next().filter(|_| all.next().is_none())
    }

    /// What Cargo.toml calls the registries.
    pub fn aliases(&self) -> impl Iterator<Item = &Alias> {
        self.by_origin.values().map(|registry| &registry.alias)
    }

    /// A content that lies on this machine or with the project, whichever registry it came from: its digest says that it is
    /// that one, and nothing says that anybody released it.
    pub fn kept_content(&self, digest: &Digest) -> Option<Vec<u8>> {
        let path = layout::content(digest);
        let mut registries = self.by_origin.values().chain(self.personal.opened());
        registries.find_map(|registry| {
            // What cannot be read is not had.
            let kept = registry.kept(&path, true).ok().flatten();
            kept.filter(|bytes| Digest::of(bytes) == *digest)
        })
    }

    /// The registry that Cargo.toml calls so, or this user's personal one.
    ///
    /// # Errors
    /// There is none.
    pub fn of_alias(&self, alias: &str) -> Result<&Configured> {
        if alias == ALIAS {
            return self.own()?.ok_or_else(|| {
                let message = "this user has no personal registry yet";
                Error::new(Class::Usage, message)
                    .with_help("it is founded when something is first imported into it")
            });
        }
        self.by_origin
            .values()
            .find(|registry| registry.alias.as_str() == alias)
            .ok_or_else(|| {
                let known: Vec<_> = self
                    .by_origin
                    .values()
                    .map(|registry| format!("`{}`", registry.alias))
                    .collect();
                let known = if known.is_empty() {
                    "Cargo.toml names none; `cargo warg registry new` makes one".to_owned()
                } else {
                    format!("Cargo.toml names {}", known.join(", "))
                };
                Error::new(Class::Usage, format!("there is no registry `{alias}`")).with_help(known)
            })
    }
}

/// Adds what a table of namespaces leaves open; with a default registry, that is nothing.
fn add_open(origins: &mut Origins, more: impl Iterator<Item = (Namespace, Origin)>) {
    if origins.default.is_some() {
        return;
    }
    for (namespace, origin) in more {
        origins.namespaces.entry(namespace).or_insert(origin);
    }
}

/// Demands that Cargo.toml names no personal registry: it lies on one machine, and no other could read the project.
fn check_not_personal(registry: &manifest::Registry, origin: &Origin) -> Result<()> {
    let message = if registry.alias.as_str() == ALIAS {
        format!("`{ALIAS}` is what every user's personal registry is called")
    } else if is_reserved(origin) {
        format!(
            "the policy of registry `{}` is that of a personal one, `{origin}`",
            registry.alias
        )
    } else {
        return Ok(());
    };
    Err(Error::new(Class::Other, message)
        .at(registry.location.clone())
        .with_help("a registry that others read has another name and another origin: `cargo warg registry new` makes one"))
}

/// No registry has a package's namespace.
pub fn no_registry(name: &PackageName) -> Error {
    let namespace = name.namespace();
    Error::new(
        Class::Other,
        format!("no registry is configured for the namespace `{namespace}` of `{name}`"),
    )
    .with_help(name_registries(&BTreeSet::from([namespace])))
}

/// What to do about namespaces without a registry.
pub fn name_registries(namespaces: &BTreeSet<Namespace>) -> String {
    let lines: Vec<_> = namespaces
        .iter()
        .map(|namespace| format!("`{namespace} = \"REGISTRY\"`"))
        .collect();
    format!(
        "say in Cargo.toml which one has {}: {} in [workspace.metadata.warg.namespaces], or \
         `default-registry = \"REGISTRY\"` in [workspace.metadata.warg] (where there is no workspace, in \
         [package.metadata.warg])",
        if lines.len() == 1 { "it" } else { "each" },
        lines.join(" and ")
    )
}
