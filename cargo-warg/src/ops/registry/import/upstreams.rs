//! Importing from an upstream: the versions of packages that no log vouches for, released with what the upstream says of them.
//!
//! A version is released once. What an upstream has later under the same name is compared with what was released, and other
//! bytes are told as what they are: moved. They never replace anything.
//!
//! What a WIT package refers to comes along, since nobody could use it without: in the namespaces that were named, and where
//! nobody else releases that package. Otherwise whoever writes to an upstream would write into all of a team's packages.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::thread;

use registry::client::LoadedLog;
use semver::Version;
use transparency::digest::Digest;
use transparency::name::{Kind, Namespace, PackageName};
use transparency::number::Time;
use transparency::package::Scope;
use transparency::statement::Statement;
use transparency::version::{Track, VersionReq, without_build};
use upstream::{Fetched, Listing, Upstream, UpstreamError};

use super::{FoundItem, Imported, Moved, Report, Skipped, item, nothing_to_release, release, skip};
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::Workspace;
use crate::network::Network;
use crate::ops::registry::append::{Destination, Item, registry_of};
use crate::ops::registry::personal;
use crate::ops::session::Sessions;
use crate::ops::session::personal::{ALIAS, IMPORTED, held_back, is_personal};
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use component::content::Interface;
use component::order::{self, Next};
use component::wit::import::Imported as Found;

/// How many versions are fetched at once.
const AT_ONCE: usize = 4;

/// How many bytes of contents are gathered before they are released: more wait for the next append.
const GATHERED: usize = 64 << 20;

/// How many bytes of WIT packages that refer to each other are gathered at most: they are released together.
const MAX_GATHERED: usize = 1 << 30;

/// How many packages come along at most with those that are asked for.
const MAX_ALONG: usize = 1_000;

/// How many tags that are no version a message names.
const SHOWN: usize = 5;

/// The annotation that says under which OCI reference a release was found.
pub const REFERENCE: &str = "oci.reference";
/// The annotation with the digest of the manifest that named the content. The manifest is kept under it.
pub const MANIFEST: &str = "oci.manifest";
/// The annotation with the digest of the config that the manifest names. The config is kept under it.
pub const CONFIG: &str = "oci.config";
/// The annotation that says in which crate a release was found.
pub const CRATE: &str = "crate.reference";
/// The annotation with the digest of the crate's archive.
pub const CHECKSUM: &str = "crate.checksum";

/// What somebody names of an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// Every package of a namespace, where the upstream can list them.
    Namespace(Namespace),
    /// One package.
    Package(Wanted),
}

/// A package that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// Its name.
    pub name: PackageName,
    /// Which of its versions.
    pub versions: Versions,
}

/// Which versions of a package are wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Versions {
    /// Every one.
    All,
    /// This one, whatever is released already.
    One(Version),
    /// Of a WIT package every one; of a component those of the tracks that a requirement allows.
    Required(VersionReq),
}

/// What is to be imported, where, and by whom.
pub struct Import<'a> {
    /// Where it lies.
    pub upstream: &'a dyn Upstream,
    /// What of it is [`left_out`].
    pub left_out: Vec<Skipped>,
    /// What of it; everything, where nothing is named.
    pub named: &'a [Named],
    /// The registry; by default the one that has the namespaces.
    pub registry: Option<&'a str>,
    /// The name of the key to sign with, or its vkey; by default the one that may.
    pub key: Option<&'a str>,
    /// Whether what was imported before is compared with what lies upstream now.
    pub recheck: bool,
    /// The time that the records are written at.
    pub now: Time,
    /// Whether the user says that the clock is right, though the registry was idle for long.
    pub sure: bool,
}

/// Releases what an upstream has.
///
/// # Errors
/// Nothing that can be released, and nothing that was released before; packages of two registries, where none is named; a
/// registry that cannot be read, believed or written.
pub fn import(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    import: Import<'_>,
) -> Result<Report> {
    let to_own = import.registry == Some(ALIAS);
    if to_own {
        personal::found(dirs, import.now)?;
    }
    let registries = Registries::open(workspace, dirs, network)?;
    let wanted = listed(import.upstream, import.named)?;
    let names = wanted.iter().map(|one| &one.name);
    let registry = registry_of(&registries, import.registry, names)?;
    let keys = Keys::open(dirs).classified()?;
    let namespaces: BTreeSet<Namespace> = wanted.iter().map(|one| one.name.namespace()).collect();
    if to_own {
        personal::open_namespaces(registry, &keys, namespaces.clone(), import.now)?;
    }
    let destination = Destination::open(
        registry,
        &keys,
        import.key,
        dirs,
        import.now,
        import.sure || to_own,
    )?;
    let upstream = |name: &PackageName| {
        let is_named = namespaces.contains(&name.namespace());
        is_named.then_some(import.upstream)
    };
    let mut importer = Importer::new(&registries, &destination, &upstream);
    importer.recheck = import.recheck;
    importer.report.skipped = import.left_out;
    importer.import(wanted)?;
    let report = importer.report;
    if report.packages.is_empty() && report.unchanged == 0 && report.moved.is_empty() {
        return Err(nothing_to_release(&report.skipped));
    }
    Ok(report)
}

/// What is wrong in an upstream, and belongs to no package of it that could be asked for.
pub fn left_out(upstream: &mut dyn Upstream) -> Vec<Skipped> {
    let mut skipped = Vec::new();
    for (path, why) in upstream.left_out() {
        let from = path.display().to_string();
        skip(&mut skipped, &from, Error::classified(why));
    }
    skipped
}

/// What is wanted: the packages that are named, and those of each namespace that is. Where nothing is named, everything is.
fn listed(upstream: &dyn Upstream, named: &[Named]) -> Result<Vec<Wanted>> {
    let list = || {
        upstream.packages().classified()?.ok_or_else(|| {
            let message = format!("{upstream} does not say which packages it has");
            Error::new(Class::Usage, message)
                .with_help("name the packages behind it: `NAMESPACE:NAME NAMESPACE:NAME`")
        })
    };
    let all = |name| Wanted {
        name,
        versions: Versions::All,
    };
    if named.is_empty() {
        return Ok(list()?.into_iter().map(all).collect());
    }
    let mut wanted = Vec::new();
    for one in named {
        match one {
            Named::Package(package) => wanted.push(package.clone()),
            Named::Namespace(namespace) => {
                let before = wanted.len();
                let packages = list()?.into_iter();
                let packages = packages.filter(|name| name.namespace() == *namespace);
                wanted.extend(packages.map(all));
                if wanted.len() == before {
                    let message =
                        format!("{upstream} has no package of the namespace `{namespace}`");
                    return Err(Error::new(Class::Unsolved, message));
                }
            }
        }
    }
    Ok(wanted)
}

/// What imports: from the upstream of each package into one registry.
pub struct Importer<'a, 'd> {
    registries: &'a Registries,
    destination: &'d Destination<'a>,
    upstream: &'d dyn Fn(&PackageName) -> Option<&'d dyn Upstream>,
    sessions: Sessions<'a>,
    /// Whether what was imported before is compared with what lies upstream now.
    pub recheck: bool,
    /// Packages that somebody named.
    named: BTreeSet<PackageName>,
    /// Those that were asked for, whatever came of it: these, and what they refer to.
    asked: BTreeSet<PackageName>,
    /// How many of them nobody named.
    along: usize,
    /// Found, and not released yet.
    found: BTreeMap<(PackageName, Version), FoundItem>,
    /// How many bytes their contents have.
    gathered: usize,
    /// What a project brought into this user's personal registry, and lies upstream with the same contents.
    same: BTreeSet<(PackageName, Version)>,
    /// What came of it.
    pub report: Report,
}

/// What the registry has of a package.
struct Released {
    /// By the version without its build metadata.
    versions: BTreeMap<Version, ReleasedVersion>,
    /// Whether all of them were imported: nobody publishes the package there.
    is_imported: bool,
}

/// One version that the registry has.
struct ReleasedVersion {
    version: Version,
    content: Digest,
    /// The manifest that named the content, where one did.
    manifest: Option<Digest>,
    /// Whether a project brought it, and nothing that this user imported from was seen to have it.
    is_held_back: bool,
}

impl<'a, 'd> Importer<'a, 'd> {
    /// Nothing is asked yet. `upstream` says where each package lies.
    pub fn new(
        registries: &'a Registries,
        destination: &'d Destination<'a>,
        upstream: &'d dyn Fn(&PackageName) -> Option<&'d dyn Upstream>,
    ) -> Self {
        Self {
            registries,
            destination,
            upstream,
            sessions: Sessions::new(registries, Reading::Now),
            recheck: false,
            named: BTreeSet::new(),
            asked: BTreeSet::new(),
            along: 0,
            found: BTreeMap::new(),
            gathered: 0,
            same: BTreeSet::new(),
            report: Report {
                registry: destination.registry.alias.clone(),
                packages: Vec::new(),
                unchanged: 0,
                unversioned: 0,
                moved: Vec::new(),
                skipped: Vec::new(),
            },
        }
    }

    /// Imports packages, and what they refer to. What cannot be imported is left out and told in the report.
    ///
    /// # Errors
    /// A registry that cannot be read, believed or written.
    pub fn import(&mut self, wanted: Vec<Wanted>) -> Result<()> {
        self.named.extend(wanted.iter().map(|one| one.name.clone()));
        for one in wanted {
            // What one package refers to is gathered before anything of it is released.
            let mut ahead = VecDeque::from([one]);
            while let Some(one) = ahead.pop_front() {
                let is_new = self.asked.insert(one.name.clone());
                if is_new && !self.named.contains(&one.name) {
                    self.along = self.along.saturating_add(1);
                }
                if is_new || matches!(one.versions, Versions::One(_)) {
                    self.gather(&one, &mut ahead)?;
                }
                if self.along > MAX_ALONG {
                    let message = format!(
                        "more than {MAX_ALONG} packages would come along with those that were named"
                    );
                    return Err(Error::new(Class::Other, message)
                        .with_help("name the versions that are needed: `NAMESPACE:NAME@VERSION`"));
                }
            }
            if self.gathered > GATHERED {
                self.release()?;
            }
        }
        self.release()
    }

    /// Fetches what is wanted of one package and is not released yet.
    fn gather(&mut self, wanted: &Wanted, ahead: &mut VecDeque<Wanted>) -> Result<()> {
        let name = &wanted.name;
        let Some(upstream) = (self.upstream)(name) else {
            return Ok(());
        };
        let origin = self.destination.registry.policy.origin();
        self.sessions.assign(name.namespace(), origin.clone());
        let released = self.released(name)?;
        if !self.named.contains(name) && !released.is_imported {
            return Ok(()); // whoever publishes it there decides which versions it has
        }
        let versions = match versions(upstream, wanted) {
            Ok(versions) => versions,
            Err(error) => {
                self.skip(&format!("{name} of {upstream}"), error);
                return Ok(());
            }
        };
        self.report.unversioned = self
            .report
            .unversioned
            .saturating_add(versions.others.len());
        if versions.versions.is_empty() {
            let from = format!("{name} of {upstream}");
            skip(
                &mut self.report.skipped,
                &from,
                no_version(&versions.others),
            );
        }
        let (there, new) = self.told_apart(upstream, name, versions.versions, &released);
        self.report.unchanged = self.report.unchanged.saturating_add(there.len());
        let asked = matches!(wanted.versions, Versions::One(_)) || self.recheck;
        for version in &there {
            let Some(known) = released.versions.get(&without_build(version)) else {
                continue;
            };
            // What a project brought is there for that project alone until it is seen upstream, too.
            if known.is_held_back || asked {
                self.compare(upstream, name, version, known, ahead);
            }
        }
        let (new, first) = self.wanted_of(upstream, wanted, new)?;
        if let Some(first) = first {
            self.take(first, ahead);
        }
        for some in new.chunks(AT_ONCE) {
            for (version, fetched) in fetch(upstream, name, some) {
                match fetched {
                    Ok(fetched) => self.take(fetched, ahead),
                    Err(error) => self.skip(&format!("{name}@{version} of {upstream}"), error),
                }
            }
            self.release_or_refuse(name)?;
        }
        Ok(())
    }

    /// The versions that the registry has, and those that it lacks. Of several that differ in build metadata alone, nobody can
    /// say which is meant: they are left out, but for the one that was released.
    fn told_apart(
        &mut self,
        upstream: &dyn Upstream,
        name: &PackageName,
        versions: BTreeSet<Version>,
        released: &Released,
    ) -> (Vec<Version>, Vec<Version>) {
        let mut same: BTreeMap<Version, Vec<Version>> = BTreeMap::new();
        for version in versions {
            same.entry(without_build(&version))
                .or_default()
                .push(version);
        }
        let (mut there, mut new) = (Vec::new(), Vec::new());
        for (version, mut all) in same {
            let known = released.versions.get(&version);
            let known = known.and_then(|known| all.iter().position(|one| *one == known.version));
            if let Some(known) = known {
                there.push(all.swap_remove(known));
            } else if released.versions.contains_key(&version) {
                there.extend(all.pop());
            } else if let [_] = *all {
                new.append(&mut all);
            }
            if !all.is_empty() {
                let from = format!("{name}@{version} of {upstream}");
                skip(&mut self.report.skipped, &from, ambiguous(&all));
            }
        }
        (there, new)
    }

    /// Keeps in memory no more than is allowed. Components can go ahead, since they refer to nothing that is gathered.
    fn release_or_refuse(&mut self, name: &PackageName) -> Result<()> {
        if self.gathered <= GATHERED {
            return Ok(());
        }
        let mut kinds = self.found.values().map(|(_, item)| item.kind);
        if kinds.all(|kind| kind == Kind::Component) {
            return self.release();
        }
        if self.gathered <= MAX_GATHERED {
            return Ok(());
        }
        let message = format!(
            "the versions of {name} and of what they refer to have more than {MAX_GATHERED} bytes"
        );
        Err(Error::new(Class::Other, message).with_help(format!(
            "name the versions that are needed: `{name}@VERSION`"
        )))
    }

    fn skip(&mut self, from: &str, error: UpstreamError) {
        skip(&mut self.report.skipped, from, Error::classified(error));
    }

    /// What the registry has of a package already.
    fn released(&mut self, name: &PackageName) -> Result<Released> {
        let is_own = is_personal(self.destination.registry.policy.origin());
        let (_, log) = self.sessions.find(name)?;
        let Some(log) = log.map(LoadedLog::log) else {
            return Ok(Released {
                versions: BTreeMap::new(),
                is_imported: true,
            });
        };
        let mut manifests: BTreeMap<&Version, Digest> = BTreeMap::new();
        let mut imported: BTreeSet<&Version> = BTreeSet::new();
        for (scope, key, value) in log.annotations() {
            let Scope::Version(version) = scope else {
                continue;
            };
            match (key, value.parse()) {
                (MANIFEST, Ok(digest)) => _ = manifests.insert(version, digest),
                (REFERENCE | CRATE | IMPORTED, _) => _ = imported.insert(version),
                _ => {}
            }
        }
        let mut releases = log.releases();
        let is_imported = is_own || releases.all(|one| imported.contains(one.version()));
        let held_back = if is_own {
            held_back(log)
        } else {
            BTreeSet::new()
        };
        let versions = log.releases().map(|release| {
            let version = release.version();
            let released = ReleasedVersion {
                version: version.clone(),
                content: *release.digest(),
                manifest: manifests.get(version).copied(),
                is_held_back: held_back.contains(version),
            };
            (without_build(version), released)
        });
        Ok(Released {
            versions: versions.collect(),
            is_imported,
        })
    }

    /// Those versions that are wanted, once it is known what the package holds. Where only bytes say it, one version is
    /// fetched for that: it is handed back, and is not among the others.
    fn wanted_of(
        &mut self,
        upstream: &dyn Upstream,
        wanted: &Wanted,
        mut versions: Vec<Version>,
    ) -> Result<(Vec<Version>, Option<Fetched>)> {
        let Versions::Required(required) = &wanted.versions else {
            return Ok((versions, None));
        };
        let name = &wanted.name;
        let mut first = None;
        let mut kind = self.sessions.kind_of(name)?;
        if kind.is_none()
            && let Some(newest) = versions.iter().rposition(|one| required.matches(one))
            && let Some(Ok(fetched)) = versions.get(newest).map(|one| upstream.fetch(name, one))
        {
            kind = Some(fetched.kind);
            first = Some(fetched);
            versions.remove(newest);
        }
        if kind != Some(Kind::Component) {
            return Ok((versions, first));
        }
        let matching = versions.iter().filter(|version| required.matches(version));
        let matching = matching.chain(first.iter().map(|fetched| &fetched.version));
        let tracks: BTreeSet<Track> = matching.map(Track::of).collect();
        versions.retain(|version| tracks.contains(&Track::of(version)));
        Ok((versions, first))
    }

    /// Compares what lies upstream with what was released. The same manifest names the same content; of another one, the bytes
    /// decide. What was held back and is the same is so no longer, and what it refers to is asked for.
    fn compare(
        &mut self,
        upstream: &dyn Upstream,
        name: &PackageName,
        version: &Version,
        known: &ReleasedVersion,
        ahead: &mut VecDeque<Wanted>,
    ) {
        if !known.is_held_back
            && known.manifest.is_some()
            && let Ok(found) = upstream.manifest(name, version)
            && found == known.manifest
        {
            return;
        }
        match upstream.fetch(name, version) {
            Ok(fetched) if fetched.digest == known.content => {
                if known.is_held_back {
                    self.confirm(fetched, &known.version, ahead);
                }
            }
            Ok(fetched) => self.report.moved.push(Moved {
                name: name.clone(),
                version: version.clone(),
                from: fetched.claims.reference,
                released: known.content,
                found: fetched.digest,
            }),
            Err(error) => self.skip(&format!("{name}@{version} of {upstream}"), error),
        }
    }

    /// Takes note that what a project brought is what lies upstream.
    fn confirm(&mut self, fetched: Fetched, version: &Version, ahead: &mut VecDeque<Wanted>) {
        let from = fetched.claims.reference.clone();
        match item_of(fetched) {
            Ok(item) => {
                self.ask_for_references(&item, ahead);
                self.same.insert((item.name, version.clone()));
            }
            Err(why) => skip(&mut self.report.skipped, &from, why),
        }
    }

    /// Takes what was fetched, to be released; what it refers to is asked for.
    fn take(&mut self, fetched: Fetched, ahead: &mut VecDeque<Wanted>) {
        let from = fetched.claims.reference.clone();
        let item = match item_of(fetched) {
            Ok(item) => item,
            Err(why) => return skip(&mut self.report.skipped, &from, why),
        };
        self.ask_for_references(&item, ahead);
        let attached = item.attached.iter().map(Vec::len).sum::<usize>();
        let bytes = item.content.len().saturating_add(attached);
        self.gathered = self.gathered.saturating_add(bytes);
        let key = (item.name.clone(), without_build(&item.statement.version));
        self.found.insert(key, (from, item));
    }

    fn ask_for_references(&mut self, item: &Item, ahead: &mut VecDeque<Wanted>) {
        for requirement in &item.statement.requirements {
            let other = &requirement.name;
            if self.belongs_here(other) && !self.asked.contains(other) {
                ahead.push_back(Wanted {
                    name: other.clone(),
                    versions: Versions::Required(requirement.req.clone()),
                });
            }
        }
    }

    /// Whether what a package refers to is to be imported with it: it has no registry of its own, or this very one.
    fn belongs_here(&self, name: &PackageName) -> bool {
        match self.registries.of_package(name) {
            // What a lock takes from a personal registry is no word of Cargo.toml.
            Ok(registry)
                if !self.registries.leaves_open(&name.namespace())
                    && registry.alias != self.destination.registry.alias =>
            {
                false
            }
            _ => (self.upstream)(name).is_some(),
        }
    }

    /// What was appended is to be seen by what comes next, in the registry that is imported into.
    fn read_anew(&mut self) {
        self.sessions = Sessions::new(self.registries, Reading::Now);
        let origin = self.destination.registry.policy.origin();
        let names = self
            .asked
            .iter()
            .chain(self.found.keys().map(|(name, _)| name));
        for name in names.filter(|name| (self.upstream)(name).is_some()) {
            self.sessions.assign(name.namespace(), origin.clone());
        }
    }

    /// Releases what was gathered, in one append: each package version behind those it refers to.
    fn release(&mut self) -> Result<()> {
        // First what may be referred to from now on.
        let same = std::mem::take(&mut self.same);
        if !same.is_empty() {
            let same = same.iter().map(|(name, version)| (name, version));
            personal::confirm(self.destination, same, "an upstream")?;
            self.read_anew();
        }
        self.gathered = 0;
        let found = in_order(std::mem::take(&mut self.found));
        if found.is_empty() {
            return Ok(());
        }
        let skipped = &mut self.report.skipped;
        let imported: Vec<Imported> = release(self.destination, found, &self.sessions, skipped)?;
        self.report.packages.extend(imported);
        self.read_anew();
        Ok(())
    }
}

/// The versions that are asked for, as far as the upstream has them.
fn versions(
    upstream: &dyn Upstream,
    wanted: &Wanted,
) -> std::result::Result<Listing, UpstreamError> {
    match &wanted.versions {
        Versions::One(version) => Ok(Listing {
            versions: BTreeSet::from([version.clone()]),
            others: Vec::new(),
        }),
        Versions::All | Versions::Required(_) => upstream.versions(&wanted.name),
    }
}

/// Nothing of what a package's tags say is a version.
fn no_version(others: &[String]) -> Error {
    let message = if others.is_empty() {
        "it has no tags".to_owned()
    } else {
        let shown: Vec<_> = others
            .iter()
            .take(SHOWN)
            .map(|tag| format!("`{tag}`"))
            .collect();
        let more = if others.len() > SHOWN { ", …" } else { "" };
        format!("none of its tags is a version: {}{more}", shown.join(", "))
    };
    Error::new(Class::Unsolved, message).with_help(
        "a tag is a version where it is one of semver, such as `0.2.3`, without a `v` before it",
    )
}

/// Tags of one version, build metadata aside.
fn ambiguous(versions: &[Version]) -> Error {
    let versions: Vec<_> = versions.iter().map(ToString::to_string).collect();
    let message = format!(
        "{} differ from another tag in build metadata alone, and were left out: nobody could say which is meant",
        versions.join(", ")
    );
    Error::new(Class::Refused, message)
        .with_help("ask its publisher which of them is the release, and import that from a folder")
}

/// What is said of a release: what its bytes say, and what the upstream claims.
fn item_of(fetched: Fetched) -> Result<Item> {
    let Fetched {
        name,
        version,
        kind,
        bytes,
        digest,
        claims,
    } = fetched;
    let mut item = match kind {
        Kind::Wit => {
            let found = Found::open(bytes, Path::new(&claims.reference)).classified()?;
            item(found, digest)
        }
        Kind::Component => {
            let interface = Interface::of_component(&bytes).classified()?;
            let size = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
            let mut statement = Statement::new(version, digest, size);
            statement.imports = interface.imports;
            statement.exports = interface.exports;
            Item {
                name,
                kind,
                statement,
                content: bytes,
                attached: Vec::new(),
                annotations: Vec::new(),
            }
        }
    };
    // A path says nothing to anybody else, and is nobody's business.
    let mut annotations = Vec::new();
    if claims.manifest.is_some() {
        annotations.push((REFERENCE.to_owned(), claims.reference));
    } else if let Some(checksum) = claims.checksum {
        annotations.push((CRATE.to_owned(), claims.reference));
        annotations.push((CHECKSUM.to_owned(), checksum.to_string()));
    } else {
        annotations.push((IMPORTED.to_owned(), "a folder".to_owned()));
    }
    for (key, document) in [(MANIFEST, claims.manifest), (CONFIG, claims.config)] {
        if let Some(document) = document {
            annotations.push((key.to_owned(), document.digest.to_string()));
            item.attached.push(document.bytes);
        }
    }
    item.annotations = annotations;
    Ok(item)
}

/// Several versions of a package, fetched at the same time.
fn fetch(
    upstream: &dyn Upstream,
    name: &PackageName,
    versions: &[Version],
) -> Vec<(Version, std::result::Result<Fetched, UpstreamError>)> {
    thread::scope(|scope| {
        let all: Vec<_> = versions
            .iter()
            .map(|version| (version, scope.spawn(|| upstream.fetch(name, version))))
            .collect();
        let joined = all.into_iter().map(|(version, fetched)| {
            let fetched = fetched.join();
            (
                version.clone(),
                fetched.unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            )
        });
        joined.collect()
    })
}

/// Each package version behind those that it refers to. Those that refer to each other come last: nobody could use them.
fn in_order(mut found: BTreeMap<(PackageName, Version), FoundItem>) -> Vec<FoundItem> {
    let mut needs: BTreeMap<&(PackageName, Version), BTreeSet<&(PackageName, Version)>> =
        BTreeMap::new();
    for (key, (_, item)) in &found {
        let needed = item
            .statement
            .requirements
            .iter()
            .filter_map(|requirement| {
                let of_name = (requirement.name.clone(), Version::new(0, 0, 0));
                let versions = found.range(of_name..).map(|(key, _)| key);
                let mut versions = versions.take_while(|(name, _)| *name == requirement.name);
                versions.find(|(_, version)| requirement.req.matches(version))
            });
        needs.insert(key, needed.collect());
    }
    let sorted = order::sort(&needs, Next::Least);
    let keys = sorted.order.into_iter().chain(sorted.stuck);
    let keys: Vec<_> = keys.cloned().collect();
    keys.iter().filter_map(|key| found.remove(key)).collect()
}
