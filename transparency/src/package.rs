//! Package logs: from the map to the head, from the head to the log, from the log to its releases.
//!
//! A [`Head`] is what a checkpoint's map says of a package, with its last record proved to lie in the log. A [`Log`] is
//! every record up to exactly that head, each chained, signed, and permitted by the records before it; where a signer's
//! right comes from the namespace, the operator record that gives it is proved to lie before, and the next one behind.
//! So a log is complete as far as the map says. A registry cannot take a record out of the middle, or show an old end of a
//! log beside a new map. What it can do, at the price of evidence for whoever reads the log, is to sign a map that does not
//! count a record: that is `registry::client`'s to notice, of what came since it last looked.
//!
//! A break in chain, signature, permission, time or grammar, an unknown action or a repeated version refuses the whole
//! log. Anything else wrong in a release makes that release unusable, and the rest stands.

mod action;
mod authority;
mod head;
mod opened;
mod order;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::sync::Arc;
use alloc::vec::Vec;

use semver::Version;

pub use action::{Action, Permission, Scope, Under, is_annotation_key};
use authority::Authority;
pub use authority::{AuthorityError, asks};
pub use head::{Absence, Head, HeadError, Presence, Proofs};
pub use opened::OpenedRecord;

use crate::checkpoint::TrustedCheckpoint;
use crate::clock;
use crate::digest::Hash;
use crate::key::{KeyError, KeyId, VerifyingKey};
use crate::keyring::{self, Keyring, KeyringError};
use crate::name::{Kind, Origin, PackageName};
use crate::note::NoteError;
use crate::number::{Index, Length, Position, Time};
use crate::operator;
use crate::record::{Chain, ChainError, Record, RecordError, SignedRecord, Subject};
use crate::release::Release;
use crate::undo;
use crate::version::without_build;

/// Why a package log was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The head was proved at another checkpoint than the one the log is read at.
    #[error("the head of `{name}` was proved at another checkpoint")]
    Checkpoint {
        /// The package whose head it is.
        name: PackageName,
    },
    /// Another number of records than the map says.
    #[error("`{name}` has {expected} records, but {found} were given")]
    Length {
        /// The package whose log it is.
        name: PackageName,
        /// What the map says.
        expected: Length,
        /// How many there are.
        found: Length,
    },
    /// The last record is not the one that the map names.
    #[error("the records of `{name}` end with {found}, but the map says {expected}")]
    Head {
        /// The package whose log it is.
        name: PackageName,
        /// What the map says.
        expected: Hash,
        /// What the records end with.
        found: Hash,
    },
    /// The last record is said to be at another index of the log than the map says.
    #[error(
        "the last record of `{name}` is entry {expected} of the log, but is said to be entry {found}"
    )]
    Index {
        /// The package whose log it is.
        name: PackageName,
        /// What the map says.
        expected: Index,
        /// What is said with the record.
        found: Index,
    },
    /// A record was refused.
    #[error("record {position} of `{name}` is refused")]
    Record {
        /// The package whose log it is.
        name: PackageName,
        /// Where it stands.
        position: Position,
        /// What is wrong with it.
        #[source]
        fault: Fault,
    },
}

/// What is wrong with a package record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It does not read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// It does not follow the record before it.
    #[error(transparent)]
    Chain(#[from] ChainError),
    /// Its signature is not good.
    #[error(transparent)]
    Signature(#[from] NoteError),
    /// Its signer, or a key it names.
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    /// Its signer is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Its signer is no key of this log.
    #[error("key `{name}` ({id}) is not a key of this package")]
    NoKey {
        /// The signer's name.
        name: String,
        /// The signer's id.
        id: KeyId,
    },
    /// Its signer does not hold the namespace.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// `init` that is missing from record 0, or stands elsewhere.
    #[error("`init` must be the first action of record 0, and stand nowhere else")]
    Init,
    /// A recovery that gives more, or less, than ownership.
    #[error("a `grant … under operator` must give `own` and nothing else")]
    Recovery,
    /// A version that is released already, build metadata aside.
    #[error("version {version} is released already, as {existing}")]
    Repeated {
        /// The version of this record.
        version: Version,
        /// The one that is there.
        existing: Version,
    },
    /// An action on a version that is not released.
    #[error("version {version} is not released")]
    NoVersion {
        /// The version that is not there.
        version: Version,
    },
    /// A yank of what is yanked, or an unyank of what is not.
    #[error("version {version} is {} yanked", if *yanked { "already" } else { "not" })]
    Yanked {
        /// The version that the action is on.
        version: Version,
        /// Whether it is.
        yanked: bool,
    },
}

/// A package's records up to its head, replayed.
#[derive(Debug, Clone)]
pub struct Log {
    name: PackageName,
    chain: Chain,
    kind: Option<Kind>,
    keyring: Keyring<Permission>,
    releases: BTreeMap<Version, Arc<Release>>,
    annotations: BTreeMap<(Scope, String), String>,
    /// How many of the operator's clocks lie before the last record.
    passed: usize,
}

/// What a record may change of a log, as it was before.
struct Before {
    kind: Option<Kind>,
    keyring: keyring::Before<Permission>,
    releases: undo::Before<Version, Arc<Release>>,
    annotations: undo::Before<(Scope, String), String>,
}

impl Before {
    fn of(log: &Log, record: &SignedRecord<Action>) -> Self {
        let mut before = Self {
            kind: log.kind,
            keyring: keyring::Before::nothing(),
            releases: Vec::new(),
            annotations: Vec::new(),
        };
        for action in &record.actions {
            match action {
                Action::Init { .. } => before.keyring.keep(&log.keyring, &record.signer),
                Action::Grant { key, .. } | Action::Revoke { key, .. } => {
                    before.keyring.keep(&log.keyring, key);
                }
                Action::Release(statement) => before.keep_release(log, &statement.version),
                Action::Yank { version, .. } | Action::Unyank { version, .. } => {
                    before.keep_release(log, version);
                }
                Action::Annotate { scope, key, .. } => {
                    let about = (scope.clone(), key.clone());
                    undo::keep(&mut before.annotations, &log.annotations, about);
                }
                Action::Ignored(_) => {}
            }
        }
        before
    }

    fn keep_release(&mut self, log: &Log, version: &Version) {
        undo::keep(&mut self.releases, &log.releases, without_build(version));
    }

    fn put_back(self, log: &mut Log) {
        log.kind = self.kind;
        self.keyring.put_back(&mut log.keyring);
        undo::put_back(&mut log.releases, self.releases);
        undo::put_back(&mut log.annotations, self.annotations);
    }
}

/// A package's log on the way to its head: records are taken one after the other, as [`Log::replay`] does, each opened by
/// somebody else, perhaps, and perhaps on another core.
#[derive(Debug)]
pub struct Replay<'a> {
    log: Log,
    head: &'a Head,
    checkpoint: &'a TrustedCheckpoint,
    proofs: &'a Proofs,
    dated: Vec<order::Dated>,
}

impl<'a> Replay<'a> {
    /// Begins with a log of so many records, which must be as many as the head says.
    ///
    /// # Errors
    /// Another number of records; a head that was proved at another checkpoint.
    pub fn begin(
        head: &'a Head,
        checkpoint: &'a TrustedCheckpoint,
        length: Length,
        proofs: &'a Proofs,
    ) -> Result<Self, LogError> {
        let name = head.name();
        if head.checkpoint() != checkpoint.checkpoint() {
            return Err(LogError::Checkpoint { name: name.clone() });
        }
        if length != head.length() {
            return Err(LogError::Length {
                name: name.clone(),
                expected: head.length(),
                found: length,
            });
        }
        Ok(Self {
            log: Log::empty(checkpoint.checkpoint().origin.clone(), name.clone()),
            head,
            checkpoint,
            proofs,
            dated: Vec::new(),
        })
    }

    /// Takes the next record, and the index at which the registry's log is said to hold it. After an error there is nothing
    /// to go on with.
    ///
    /// # Errors
    /// A record that does not read, follow, verify, or that its signer may not write.
    pub fn take(&mut self, index: Index, record: OpenedRecord) -> Result<(), LogError> {
        let authority = Authority::Proved {
            checkpoint: self.checkpoint,
            index,
            proofs: self.proofs,
        };
        self.log.apply(record, &authority)?;
        let time = self.log.chain.time;
        self.dated.extend(time.map(|time| (index, time)));
        Ok(())
    }

    /// Shows that the records lie on that side of the operator's clocks on which they were taken to lie.
    fn check_order(&self) -> Result<(), LogError> {
        let clocks = self.checkpoint.operator().clocks();
        for (clock, number) in order::neighbors(clocks, &self.dated) {
            let position = Position::new(u64::try_from(number).unwrap_or(u64::MAX));
            let record = self.dated.get(number).zip(self.log.hash_at(position));
            let Some((&(index, _), hash)) = record else {
                continue; // it is the number of a record that was taken
            };
            let authority = Authority::Proved {
                checkpoint: self.checkpoint,
                index,
                proofs: self.proofs,
            };
            authority
                .check_beside(&hash, clock)
                .map_err(|fault| LogError::Record {
                    name: self.log.name.clone(),
                    position,
                    fault: fault.into(),
                })?;
        }
        Ok(())
    }

    /// The log, if it ends with exactly the head.
    ///
    /// # Errors
    /// It ends elsewhere; a record that is not proved to lie before or behind one of the operator's clocks, as it is said to.
    pub fn finish(mut self) -> Result<Log, LogError> {
        let (log, head) = (&self.log, self.head);
        let name = head.name();
        let found = log.length();
        if found != head.length() {
            return Err(LogError::Length {
                name: name.clone(),
                expected: head.length(),
                found,
            });
        }
        if log.head() != head.hash() {
            return Err(LogError::Head {
                name: name.clone(),
                expected: head.hash(),
                found: log.head(),
            });
        }
        if let Some(found) = log.chain.index.filter(|found| *found != head.index()) {
            return Err(LogError::Index {
                name: name.clone(),
                expected: head.index(),
                found,
            });
        }
        self.check_order()?;
        for release in self.log.releases.values_mut() {
            if let Some(reason) = self.checkpoint.operator().withdrawn(release.digest()) {
                Arc::make_mut(release).withdraw(reason);
            }
        }
        Ok(self.log)
    }
}

impl Log {
    fn empty(origin: Origin, name: PackageName) -> Self {
        Self {
            chain: Chain::new(origin, Subject::Package(name.clone())),
            name,
            kind: None,
            keyring: Keyring::new(),
            releases: BTreeMap::new(),
            annotations: BTreeMap::new(),
            passed: 0,
        }
    }

    /// The log of a package that is proved not to be there yet: what its first record is admitted to.
    pub fn vacant(absence: &Absence) -> Self {
        Self::empty(absence.checkpoint().origin.clone(), absence.name().clone())
    }

    /// The log of a package before its first record, on the caller's word: for who replays a whole registry from its
    /// first entry on and sees for himself that there was no record before.
    pub fn danger_before_first_record(origin: Origin, name: PackageName) -> Self {
        Self::empty(origin, name)
    }

    /// A log without records that has these releases all the same: for tests and benchmarks of what chooses among
    /// releases.
    #[cfg(feature = "danger")]
    pub fn danger_unverified(
        origin: Origin,
        name: PackageName,
        kind: Kind,
        releases: impl IntoIterator<Item = Release>,
    ) -> Self {
        let releases = releases.into_iter().map(|release| {
            let version = without_build(release.version());
            (version, Arc::new(release))
        });
        Self {
            kind: Some(kind),
            releases: releases.collect(),
            ..Self::empty(origin, name)
        }
    }

    /// Replays a package's records, oldest first, each with the index at which the log is said to hold it, to exactly
    /// the head. The indices must ascend, and end with the head's.
    ///
    /// `proofs` hold an inclusion proof for each index of [`asks`].
    ///
    /// # Errors
    /// Records that do not lead to the head, or one that is refused.
    pub fn replay(
        head: &Head,
        checkpoint: &TrustedCheckpoint,
        records: &[(Index, &[u8])],
        proofs: &Proofs,
    ) -> Result<Self, LogError> {
        Self::replay_opened(head, checkpoint, records, proofs, |bytes, log| {
            OpenedRecord::open_by(bytes, &log.keyring)
        })
    }

    /// This log as it was when it ended with an earlier head, by what the checkpoint of then says. The records are replayed
    /// as [`Log::replay`] does it, but those of this log were signed well: that is not checked again.
    ///
    /// # Errors
    /// Those of [`Log::replay`].
    pub fn replay_past(
        &self,
        head: &Head,
        checkpoint: &TrustedCheckpoint,
        records: &[(Index, &[u8])],
        proofs: &Proofs,
    ) -> Result<Self, LogError> {
        Self::replay_opened(head, checkpoint, records, proofs, |bytes, log| {
            if self.hash_at(log.length().next()) == Some(Hash::of_leaf(bytes)) {
                OpenedRecord::open_signed(bytes)
            } else {
                OpenedRecord::open_by(bytes, &log.keyring)
            }
        })
    }

    fn replay_opened(
        head: &Head,
        checkpoint: &TrustedCheckpoint,
        records: &[(Index, &[u8])],
        proofs: &Proofs,
        open: impl Fn(&[u8], &Self) -> OpenedRecord,
    ) -> Result<Self, LogError> {
        let length = Length::new(u64::try_from(records.len()).unwrap_or(u64::MAX));
        let mut replay = Replay::begin(head, checkpoint, length, proofs)?;
        for &(index, bytes) in records {
            let record = open(bytes, &replay.log);
            replay.take(index, record)?;
        }
        replay.finish()
    }

    /// Takes the next record, which is to be appended to a registry's log behind everything that `operator` holds; or
    /// leaves the log as it was.
    ///
    /// # Errors
    /// A record that does not read, follow, verify, or that its signer may not write.
    pub fn admit(&mut self, operator: &operator::Log, bytes: &[u8]) -> Result<(), LogError> {
        let record = OpenedRecord::open_by(bytes, &self.keyring);
        let before = record.claims().map(|record| Before::of(self, record));
        let admitted = self.apply(record, &Authority::Next(operator));
        if let (Err(_), Some(before)) = (&admitted, before) {
            before.put_back(self);
        }
        admitted
    }

    fn apply(&mut self, record: OpenedRecord, authority: &Authority<'_>) -> Result<(), LogError> {
        let position = self.length().next();
        self.take(record, authority)
            .map_err(|fault| LogError::Record {
                name: self.name.clone(),
                position,
                fault,
            })
    }

    fn take(&mut self, record: OpenedRecord, authority: &Authority<'_>) -> Result<(), Fault> {
        let (record, signature) = record.into_parts()?;
        let record = &record;
        self.chain.check(record)?;
        let index = authority.index();
        if let Some(index) = index {
            self.chain.check_order(index)?;
        }
        let clocks = authority.operator().clocks();
        let passed = authority.clocks_passed();
        let between = clocks.get(self.passed..passed).unwrap_or_default();
        self.chain.check_time(record.time, between)?;
        // What a later clock takes back counts as no later than it says.
        let behind = clocks.get(passed..).unwrap_or_default();
        let time = clock::earliest(behind, record.time);
        let is_key = self.keyring.verifier(&record.signer).is_some();
        // Who is no key of this log may only act under the operator.
        if !is_key && !record.actions.iter().any(|action| action.under().is_some()) {
            return Err(Fault::NoKey {
                name: record.signer.name().to_string(),
                id: record.signer.id(),
            });
        }
        signature?;
        for (number, action) in record.actions.iter().enumerate() {
            let first = record.position == Position::ZERO && number == 0;
            if first != matches!(action, Action::Init { .. }) {
                return Err(Fault::Init);
            }
            if let Some(under) = action.under() {
                authority.check(&self.name, record, under)?;
            }
            self.act(record, time, action)?;
        }
        self.passed = passed;
        self.chain.advance(record, index);
        Ok(())
    }

    fn permit(&self, record: &Record<Action>, permission: Permission) -> Result<(), Fault> {
        Ok(self.keyring.check(&record.signer, permission)?)
    }

    fn act(
        &mut self,
        record: &SignedRecord<Action>,
        time: Time,
        action: &Action,
    ) -> Result<(), Fault> {
        match action {
            Action::Init { kind, .. } => {
                self.kind = Some(*kind);
                let own = BTreeSet::from([Permission::Own]);
                self.keyring.grant(&record.signer, &own)?;
            }
            Action::Grant {
                key,
                permissions,
                under,
            } => {
                match under {
                    Some(_) if *permissions != BTreeSet::from([Permission::Own]) => {
                        return Err(Fault::Recovery);
                    }
                    Some(_) => {}
                    None => self.permit(record, Permission::Own)?,
                }
                self.keyring.grant(key, permissions)?;
            }
            Action::Revoke { key, permissions } => {
                self.permit(record, Permission::Own)?;
                self.keyring.revoke(key, permissions)?;
            }
            Action::Release(statement) => {
                self.permit(record, Permission::Release)?;
                let version = without_build(&statement.version);
                if let Some(existing) = self.releases.get(&version) {
                    return Err(Fault::Repeated {
                        version: statement.version.clone(),
                        existing: existing.version().clone(),
                    });
                }
                let kind = self.kind.ok_or(Fault::Init)?;
                let mut statement = statement.clone();
                // Mostly a release requires what the one before it did.
                let before = self.releases.range(..&version).next_back();
                if let Some((_, before)) = before
                    && *before.requirements() == statement.requirements
                {
                    statement.requirements = before.requirements().clone();
                }
                let release = Release::new(&self.name, kind, statement, record, time);
                self.releases.insert(version, Arc::new(release));
            }
            Action::Yank { version, reason } => {
                self.permit(record, Permission::Yank)?;
                self.yank(version, Some(reason))?;
            }
            Action::Unyank { version, .. } => {
                self.permit(record, Permission::Yank)?;
                self.yank(version, None)?;
            }
            Action::Annotate { scope, key, value } => {
                self.permit(record, Permission::Annotate)?;
                if let Scope::Version(version) = scope {
                    self.release(version).ok_or_else(|| Fault::NoVersion {
                        version: version.clone(),
                    })?;
                }
                self.annotations
                    .insert((scope.clone(), key.clone()), value.clone());
            }
            Action::Ignored(_) => {}
        }
        Ok(())
    }

    fn yank(&mut self, version: &Version, reason: Option<&String>) -> Result<(), Fault> {
        let release = self
            .releases
            .get_mut(&without_build(version))
            .filter(|release| release.version() == version)
            .ok_or_else(|| Fault::NoVersion {
                version: version.clone(),
            })?;
        if release.is_yanked() == reason.is_some() {
            return Err(Fault::Yanked {
                version: version.clone(),
                yanked: release.is_yanked(),
            });
        }
        Arc::make_mut(release).yank(reason.cloned());
        Ok(())
    }

    /// The package that the log is of.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// The registry that the log is in.
    pub fn origin(&self) -> &Origin {
        &self.chain.origin
    }

    /// What it holds; none before the first record.
    pub fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// How many records it has.
    pub fn length(&self) -> Length {
        self.chain.length()
    }

    /// The hash of its last record; zeros where there is none.
    pub fn head(&self) -> Hash {
        self.chain.head()
    }

    /// The hash of the record at a position.
    pub fn hash_at(&self, position: Position) -> Option<Hash> {
        self.chain.hash_at(position)
    }

    /// The time of its last record.
    pub fn time(&self) -> Option<Time> {
        self.chain.time
    }

    /// The time of a record that is written now, behind all that `operator` holds: no earlier than that of the last one,
    /// unless a clock takes that back.
    pub fn next_time(&self, operator: &operator::Log, now: Time) -> Time {
        let between = operator.clocks().get(self.passed..).unwrap_or_default();
        self.chain.next_time(now, between)
    }

    /// Its releases, by ascending version.
    pub fn releases(&self) -> impl Iterator<Item = &Release> {
        self.releases.values().map(Arc::as_ref)
    }

    /// The same, for who keeps releases: shared with the log, not copied.
    pub fn shared_releases(&self) -> impl Iterator<Item = &Arc<Release>> {
        self.releases.values()
    }

    /// The release of a version, build metadata and all.
    pub fn release(&self, version: &Version) -> Option<&Release> {
        self.releases
            .get(&without_build(version))
            .map(Arc::as_ref)
            .filter(|release| release.version() == version)
    }

    /// Its keys, and what each was granted.
    pub fn keys(&self) -> impl Iterator<Item = (&VerifyingKey, &BTreeSet<Permission>)> {
        self.keyring.all()
    }

    /// Whether a key may do something.
    pub fn permits(&self, key: &VerifyingKey, permission: Permission) -> bool {
        self.keyring.check(key, permission).is_ok()
    }

    /// The annotations: about what, under which key, saying what.
    pub fn annotations(&self) -> impl Iterator<Item = (&Scope, &str, &str)> {
        self.annotations
            .iter()
            .map(|((scope, key), value)| (scope, key.as_str(), value.as_str()))
    }

    /// Checks that this log continues the one that was seen before.
    ///
    /// # Errors
    /// A shorter log, or one that went another way: both are misbehavior of the registry.
    pub fn check_extends(&self, seen: &Seen) -> Result<(), ExtensionError> {
        let Some(last) = seen.length.last() else {
            return Ok(());
        };
        match self.hash_at(last) {
            None => Err(ExtensionError::Shrank {
                name: self.name.clone(),
                seen: seen.length,
                found: self.length(),
            }),
            Some(found) if found != seen.head => Err(ExtensionError::Diverged {
                name: self.name.clone(),
                position: last,
                seen: seen.head,
                found,
            }),
            Some(_) => Ok(()),
        }
    }
}

/// How long a package log was when it was last seen, and its head then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// How many records it had.
    pub length: Length,
    /// The hash of the last of them.
    pub head: Hash,
}

/// A package log does not continue what was seen of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExtensionError {
    /// It is shorter.
    #[error("`{name}` had {seen} records when it was last seen here, and has {found} now")]
    Shrank {
        /// The package whose log it is.
        name: PackageName,
        /// How many it had.
        seen: Length,
        /// How many it has.
        found: Length,
    },
    /// Another record stands where one was.
    #[error(
        "record {position} of `{name}` was {seen} when it was last seen here, and is {found} now"
    )]
    Diverged {
        /// The package whose log it is.
        name: PackageName,
        /// The position of the last record seen.
        position: Position,
        /// Its hash then.
        seen: Hash,
        /// Its hash now.
        found: Hash,
    },
}
