//! A dep-solved release, verified from its record and the policy alone.
//!
//! The record is proved, and with it the digests of content, lock and bundle. First the closed set is *checked*, by the
//! rules that every lock is held to: what it says is in the package logs, every requirement is met, and nothing is there
//! that is not needed. That verdict depends on no solver. Then it is *derived* again, at the lock's checkpoints, and
//! compared line by line; and the bundle is composed again and compared byte by byte.

use std::collections::BTreeSet;

use registry::client::ClientError;
use resolver::index::Address;
use resolver::lockfile::{Lockfile, Root};
use semver::Version;
use transparency::content::{Attached, Content};
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use transparency::number::Index as LogIndex;
use transparency::release::Role;
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::notice::Notice;
use crate::ops::bundle::embedded::LockedBundle;
use crate::ops::bundle::rebuild::{RebuildError, Rebuilt, rebuild};
use crate::ops::lock;
use crate::ops::lock::deny::Asked;
use crate::ops::lock::member_lock::{MemberLockError, check_shape};
use crate::ops::lock::verify::{Checked, Whose};
use crate::ops::manifest::add::absent;
use crate::ops::manifest::update::gave_up;
use crate::ops::release::derivation::{Derivation, derive};
use crate::ops::session::Sessions;
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use component::bundle::{FORMAT, Part};

/// What verifying a release showed.
#[derive(Debug)]
pub struct VerifiedRelease {
    /// The package.
    pub name: PackageName,
    /// The version.
    pub version: Version,
    /// What it holds.
    pub kind: Kind,
    /// The SHA-256 of its content.
    pub digest: Digest,
    /// The name of the key that released it.
    pub signer: String,
    /// Where the log holds its record; none where what this machine keeps does not show it.
    pub index: Option<LogIndex>,
    /// Its closed set; none where it carries none.
    pub closed_set: Option<VerifiedSet>,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// What the user should know, and did not deny.
    pub notices: Vec<Notice>,
    /// What failed since it was denied, the gravest last.
    pub failures: Vec<Error>,
}

/// What verifying a closed set showed.
#[derive(Debug)]
pub struct VerifiedSet {
    /// The SHA-256 of the lock.
    pub lock: Digest,
    /// How many packages it has.
    pub packages: usize,
    /// How many contents were checked.
    pub contents: usize,
    /// Whether solving gives it again.
    pub derivation: Derivation,
    /// Whether composing gives its bundle again; none where the release has none.
    pub bundle: Option<Rebuilt>,
}

impl VerifiedSet {
    /// What could not be done of it.
    fn notices(&self) -> impl Iterator<Item = Notice> {
        let derived = match self.derivation {
            Derivation::Derived { .. } => None,
            Derivation::Checked { solver } => Some(Notice::NotDerived { solver }),
        };
        derived
            .into_iter()
            .chain(self.bundle.and_then(Rebuilt::notice))
    }
}

/// Verifies a release: its record, its content, and the closed set and bundle that it carries.
///
/// # Errors
/// A package or release that is not there; a claim that does not hold; whatever keeps a registry from being read or
/// believed.
pub fn verify_release(
    registries: &Registries,
    name: &PackageName,
    version: &Version,
    asked: &Asked,
) -> Result<VerifiedRelease> {
    let mut sessions = Sessions::new(registries, Reading::now(asked.offline));
    let (address, release) = find(&mut sessions, name, version)?;
    let mut yanked = None;
    match release.objection() {
        None | Some(Objection::Withdrawn { .. }) => {} // a withdrawn content is refused below
        Some(Objection::Yanked { reason }) => yanked = Some(reason),
        Some(objection @ Objection::Unusable { .. }) => {
            let message = format!("{name}@{version} {objection}");
            return Err(Error::new(Class::Refused, message));
        }
    }
    let content = sessions.with(&address.origin, |session| {
        session.content(name, &release, component::derived::derive)
    })?;
    let indices = sessions.indices(&address, std::slice::from_ref(&release))?;
    let index = indices.into_iter().next().flatten();
    let mut subject = Subject {
        registries,
        sessions: &mut sessions,
        address: &address,
        release: &release,
        content: &content,
    };
    let (closed_set, within) = subject.closed_set()?.unzip();
    let mut notices: Vec<_> = closed_set.iter().flat_map(VerifiedSet::notices).collect();
    let kind = content.derived().kind();
    let proved = sessions.proved();
    notices.extend(asked.silence(&proved));
    notices.extend(yanked.map(|reason| Notice::Yanked {
        release: Selection {
            kind,
            name: name.clone(),
            version: version.clone(),
        },
        reason,
        location: None,
    }));
    notices.extend(within.into_iter().flatten());
    let failures = asked.denied(&format!("{name}@{version}"), &mut notices, None);
    Ok(VerifiedRelease {
        name: name.clone(),
        version: version.clone(),
        kind,
        digest: *release.digest(),
        signer: release.signer().name().to_owned(),
        index,
        closed_set,
        proved,
        notices,
        failures,
    })
}

fn find(
    sessions: &mut Sessions<'_>,
    name: &PackageName,
    version: &Version,
) -> Result<(Address, Release)> {
    let (address, log) = sessions.find(name)?;
    let Some(log) = log else {
        let size = sessions.of(&address.origin)?.size();
        return Err(absent(&address, size, &sessions.package_names()));
    };
    let release = log.log().release(version).cloned();
    let release = release.ok_or_else(|| {
        let newest = log.log().releases().last().map(Release::version);
        let error = Error::new(
            Class::Unsolved,
            format!("`{name}` has no release {version} in `{}`", address.origin),
        );
        match newest {
            Some(newest) => error.with_help(format!("its newest is {newest}")),
            None => error,
        }
    })?;
    Ok((address, release))
}

/// A release whose record and content are proved.
struct Subject<'s, 'a> {
    registries: &'a Registries,
    sessions: &'s mut Sessions<'a>,
    address: &'s Address,
    release: &'s Release,
    content: &'s Content,
}

impl Subject<'_, '_> {
    /// Checks, derives and composes what the release carries; none where it carries nothing.
    fn closed_set(&mut self) -> Result<Option<(VerifiedSet, Vec<Notice>)>> {
        let attachment = self.release.attachment(Role::Lock);
        let (Some(attachment), Some(bytes)) = (attachment, self.attached(Role::Lock)?) else {
            return Ok(None);
        };
        let checked = self.check(&bytes);
        let (lock, checked, derivation) =
            checked.map_err(|error| self.of_release(error, Role::Lock))?;
        let bundle = match self.attached(Role::Bundle)? {
            None => None,
            Some(bundle) => {
                let rebuilt = self.rebuild(&bundle, &lock, &checked);
                Some(rebuilt.map_err(|error| self.of_release(error, Role::Bundle))?)
            }
        };
        let set = VerifiedSet {
            lock: attachment.digest,
            packages: lock.packages.len(),
            contents: checked.count,
            derivation,
            bundle,
        };
        Ok(Some((set, checked.yanked)))
    }

    fn of_release(&self, error: Error, role: Role) -> Error {
        let (name, version) = (&self.address.name, self.release.version());
        if gave_up(&error).is_some() {
            return error.context(format!(
                "whether the {role} of {name}@{version} follows from its requirements was not found out"
            ));
        }
        error.context(format!("the {role} of {name}@{version} does not hold"))
    }

    /// The bytes of a lock or bundle; none where the record has none.
    fn attached(&mut self, role: Role) -> Result<Option<Vec<u8>>> {
        let (name, release) = (&self.address.name, self.release);
        let attached = self.sessions.with(&self.address.origin, |session| {
            session.attached(name, release, role)
        });
        let attached = attached.map_err(|error| match error.cause() {
            Some(ClientError::Missing { .. }) => error.context(format!(
                "the record of {name}@{} names a {role}, which cannot be had",
                release.version()
            )),
            _ => error,
        })?;
        Ok(attached.map(Attached::into_bytes))
    }

    /// Checks the closed set, then derives it again.
    fn check(&mut self, bytes: &[u8]) -> Result<(Lockfile, Checked, Derivation)> {
        // What is not UTF-8 is no lock either, and is refused as such.
        let text = String::from_utf8_lossy(bytes);
        let lock: Lockfile = text.parse().map_err(MemberLockError::Read).classified()?;
        if lock.to_string().as_bytes() != bytes {
            return Err(MemberLockError::Spelling).classified();
        }
        check_shape(&lock).classified()?;
        if let Some((_, root)) = lock.only_root() {
            check_requirements(root, self.release).classified()?;
        }
        let is_component = |selection: &Selection| {
            selection.kind == Kind::Component && self.release.attachment(Role::Bundle).is_some()
        };
        let checked = lock::verify::check(
            self.registries.origins(),
            Whose::Carried,
            &lock,
            self.sessions,
            is_component,
        )?;
        let mut then = Sessions::at_lock(self.sessions, &lock);
        let derivation = derive(&lock, &mut then)?;
        Ok((lock, checked, derivation))
    }

    fn rebuild(&self, bytes: &[u8], lock: &Lockfile, checked: &Checked) -> Result<Rebuilt> {
        let format = self
            .release
            .statement()
            .bundle
            .map_or(0, |(_, format)| format);
        if format != FORMAT {
            return Ok(Rebuilt::Unknown { format });
        }
        let bundle = LockedBundle::open(bytes)
            .or_fail(Class::Refused, || "it is no bundle as cargo warg makes it")?;
        let claim = |what, found: Digest, expected: Digest| RebuildError::Claim {
            what,
            found,
            expected,
        };
        if bundle.lock != *lock {
            let digest = |lock: &Lockfile| Digest::of(lock.to_string().as_bytes());
            return Err(claim("lock", digest(&bundle.lock), digest(lock))).classified();
        }
        let (found, expected) = (bundle.embedded.root, *self.release.digest());
        if found != expected {
            return Err(claim("root", found, expected)).classified();
        }
        let root = Part {
            requirements: self.release.requirements(),
            content: self.content.bytes(),
        };
        rebuild(bytes, &bundle, root, &checked.contents)
    }
}

/// The components that the lock's root requires are those of the record, of the registries that it names, where it names
/// any. Where the lock says what one is for, so does the record, and names nothing else: the member's `wit/` may ask for more
/// than the component imports. The bundle is composed by the record, as whoever requires the release wires it.
fn check_requirements(root: &Root, release: &Release) -> std::result::Result<(), MemberLockError> {
    let same = |recorded: &Requirement, locked: &Requirement| {
        let of = |one: &Requirement| (one.kind, one.name.clone(), one.req.clone());
        of(recorded) == of(locked)
            && (recorded.origin.is_none() || recorded.origin == locked.origin)
    };
    let recorded = release.requirements();
    let locked: BTreeSet<&Requirement> = root
        .requires
        .iter()
        .filter(|requirement| requirement.kind == Kind::Component)
        .collect();
    let is_locked = |one: &&Requirement| {
        let mut locked = locked.iter();
        let is_for_it = |other: &Requirement| {
            let is_part = !one.serves.is_empty() && one.serves.is_subset(&other.serves);
            other.serves.is_empty() || is_part
        };
        locked.any(|other| same(one, other) && is_for_it(other))
    };
    let is_recorded = |one: &&&Requirement| recorded.iter().any(|other| same(other, one));
    let only_record: Vec<_> = recorded
        .iter()
        .filter(|one| !is_locked(one))
        .cloned()
        .collect();
    let only_lock: Vec<_> = locked.iter().filter(|one| !is_recorded(one)).collect();
    if only_record.is_empty() && only_lock.is_empty() {
        return Ok(());
    }
    Err(MemberLockError::Requirements {
        lock: only_lock.into_iter().copied().cloned().collect(),
        record: only_record,
    })
}

#[cfg(test)]
mod tests;
