//! Package logs: from the map to the head, from the head to the log, from the log to its releases.
//!
//! A [`Head`] is what a checkpoint's map says of a package, with its last record proved to lie in the log. A [`Log`] is
//! every record up to exactly that head, each chained, signed, and permitted by the records before it; where a signer's
//! right comes from the namespace, the operator record that gives it is proved to lie before, and the next one behind.
//! So a log is complete: what a registry hides, it cannot prove.
//!
//! A break in chain, signature, permission, time or grammar, an unknown action or a repeated version refuses the whole
//! log. Anything else wrong in a release makes that release unusable, and the rest stands.

mod action;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use semver::Version;

pub use action::{Action, Permission, Scope, Under};

use crate::checkpoint::{Checkpoint, TrustedCheckpoint};
use crate::digest::Hash;
use crate::key::{KeyError, KeyId, VerifyingKey};
use crate::keyring::{Keyring, KeyringError};
use crate::log::{InclusionProof, ProofError};
use crate::map::{Key, MapError, VerifiedPages};
use crate::name::{Kind, Origin, PackageName};
use crate::note::NoteError;
use crate::number::{Index, Length, Position, Time};
use crate::operator;
use crate::record::{Chain, ChainError, Record, RecordError, SignedRecord, Subject};
use crate::release::Release;
use crate::unverified::Unverified;
use crate::version::without_build;

/// Inclusion proofs by the index that each is for.
pub type Proofs = BTreeMap<Index, InclusionProof>;

/// Why the map does not show what a package's head is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// The pages do not lead to the package, or to its absence.
    #[error("the map pages for `{name}` do not prove anything")]
    Map {
        /// The package.
        name: PackageName,
        /// What is wrong with them.
        #[source]
        source: MapError,
    },
    /// The pages are those of another map than the checkpoint's.
    #[error("the map pages for `{name}` are not of the checkpoint's map")]
    OtherMap {
        /// The package.
        name: PackageName,
    },
    /// The head record is not proved to be in the log.
    #[error("the last record of `{name}` is not proved to be entry {index} of the log")]
    NotIncluded {
        /// The package.
        name: PackageName,
        /// Where the map says it is.
        index: Index,
        /// What is wrong with the proof; none where there was none.
        #[source]
        source: Option<ProofError>,
    },
}

/// What a checkpoint says of a package.
#[derive(Debug, Clone)]
pub enum Presence {
    /// It is there.
    Present(Head),
    /// It is not there, which is proved as well.
    Absent(Absence),
}

impl Presence {
    /// Reads a package's place in the map: from pages that go down to where its entry is or would be, and the proof
    /// that its last record is in the log, where there is one.
    ///
    /// # Errors
    /// Pages or a proof that do not show it.
    pub fn open(
        checkpoint: &TrustedCheckpoint,
        name: &PackageName,
        pages: &VerifiedPages,
        proofs: &Proofs,
    ) -> Result<Self, HeadError> {
        let entry = checkpoint.entry();
        if !pages.is_of(&entry.root, entry.packages) {
            return Err(HeadError::OtherMap { name: name.clone() });
        }
        let slot = pages
            .slot(&Key::of(name))
            .map_err(|source| HeadError::Map {
                name: name.clone(),
                source,
            })?;
        let Some(slot) = slot else {
            return Ok(Self::Absent(Absence {
                name: name.clone(),
                checkpoint: checkpoint.checkpoint().clone(),
            }));
        };
        let not_included = |source| HeadError::NotIncluded {
            name: name.clone(),
            index: slot.index,
            source,
        };
        let proof = proofs.get(&slot.index).ok_or_else(|| not_included(None))?;
        checkpoint
            .check_included(&slot.head, slot.index, proof)
            .map_err(|source| not_included(Some(source)))?;
        Ok(Self::Present(Head {
            name: name.clone(),
            checkpoint: checkpoint.checkpoint().clone(),
            length: slot.length,
            hash: slot.head,
            index: slot.index,
        }))
    }
}

/// Proof that a package is not in a registry, at a checkpoint.
#[derive(Debug, Clone)]
pub struct Absence {
    name: PackageName,
    checkpoint: Checkpoint,
}

impl Absence {
    /// The package.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// Where it was proved absent.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }
}

/// How long a package's log is and what its last record is, at a checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    name: PackageName,
    checkpoint: Checkpoint,
    length: Length,
    hash: Hash,
    index: Index,
}

impl Head {
    /// The package.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// The checkpoint that it was proved at.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// How many records it has.
    pub fn length(&self) -> Length {
        self.length
    }

    /// The hash of the last one.
    pub fn hash(&self) -> Hash {
        self.hash
    }

    /// Where the log holds the last one.
    pub fn index(&self) -> Index {
        self.index
    }
}

/// Why a package log was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogError {
    /// The head was proved at another checkpoint than the one the log is read at.
    #[error("the head of `{name}` was proved at another checkpoint")]
    Checkpoint {
        /// The package.
        name: PackageName,
    },
    /// Another number of records than the map says.
    #[error("`{name}` has {expected} records, but {found} were given")]
    Length {
        /// The package.
        name: PackageName,
        /// What the map says.
        expected: Length,
        /// How many there are.
        found: Length,
    },
    /// The last record is not the one that the map names.
    #[error("the records of `{name}` end with {found}, but the map says {expected}")]
    Head {
        /// The package.
        name: PackageName,
        /// What the map says.
        expected: Hash,
        /// What the records end with.
        found: Hash,
    },
    /// A record was refused.
    #[error("record {position} of `{name}` is refused")]
    Record {
        /// The package.
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
        /// The version.
        version: Version,
    },
    /// A yank of what is yanked, or an unyank of what is not.
    #[error("version {version} is {} yanked", if *yanked { "already" } else { "not" })]
    Yanked {
        /// The version.
        version: Version,
        /// Whether it is.
        yanked: bool,
    },
}

/// Why a signer is not shown to hold a package's namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The operator record that is named does not give the namespace, or is another one.
    #[error(
        "operator record {position} does not give the namespace of `{name}`, or is not the one named"
    )]
    NoGrant {
        /// The package.
        name: PackageName,
        /// The record that is named.
        position: Position,
    },
    /// It gives the namespace to others.
    #[error(
        "key `{key}` does not hold the namespace `{namespace}`: operator record {position} gives it to {holders}"
    )]
    NotHolder {
        /// The signer.
        key: String,
        /// The namespace.
        namespace: String,
        /// The record that is named.
        position: Position,
        /// Who holds it.
        holders: String,
    },
    /// A later operator record gave the namespace anew before this one was written.
    #[error(
        "operator record {position} was replaced by operator record {later} before this record"
    )]
    Replaced {
        /// The record that is named.
        position: Position,
        /// The one that replaced it.
        later: Position,
    },
    /// The operator record is not older than the one it permits.
    #[error(
        "operator record {position}, at index {grant}, is not before this record, at index {record}"
    )]
    Order {
        /// The record that is named.
        position: Position,
        /// Where the log holds it.
        grant: Index,
        /// Where the log holds the record that it permits.
        record: Index,
    },
    /// One of the records that decide this is not proved to be where it is said to be.
    #[error(
        "entry {index} of the log is not proved to be the record that decides about the namespace"
    )]
    NotIncluded {
        /// Where it is said to be.
        index: Index,
        /// What is wrong with the proof; none where there was none.
        #[source]
        source: Option<ProofError>,
    },
}

/// How the right of a namespace's holder is shown.
enum Authority<'a> {
    /// By the places of three records in the log.
    Proved {
        checkpoint: &'a TrustedCheckpoint,
        index: Index,
        proofs: &'a Proofs,
    },
    /// The record is about to be appended behind everything that this operator log holds.
    Next(&'a operator::Log),
}

impl Authority<'_> {
    fn check(
        &self,
        name: &PackageName,
        record: &SignedRecord<Action>,
        under: &Under,
    ) -> Result<(), AuthorityError> {
        let operator = match self {
            Self::Proved { checkpoint, .. } => checkpoint.operator(),
            Self::Next(operator) => operator,
        };
        let grants = operator.grants(&name.namespace());
        let place = grants
            .iter()
            .position(|grant| grant.position() == under.position && grant.record() == under.record)
            .ok_or_else(|| AuthorityError::NoGrant {
                name: name.clone(),
                position: under.position,
            })?;
        let mut grants = grants.iter().skip(place);
        let Some(grant) = grants.next() else {
            return Ok(()); // `position` found it
        };
        let next = grants.next();
        if !grant.keys().contains(&record.signer) {
            let holders: Vec<_> = grant.keys().iter().map(VerifyingKey::name).collect();
            return Err(AuthorityError::NotHolder {
                key: record.signer.name().to_string(),
                namespace: name.namespace().to_string(),
                position: under.position,
                holders: if holders.is_empty() {
                    "nobody".to_string()
                } else {
                    holders.join(", ")
                },
            });
        }
        let replaced = |next: &operator::NamespaceGrant| AuthorityError::Replaced {
            position: under.position,
            later: next.position(),
        };
        match (self, next) {
            (Self::Next(_), Some(next)) => Err(replaced(next)),
            (Self::Next(_), None) => Ok(()),
            (Self::Proved { index, .. }, next) => {
                self.check_included(&grant.record(), grant.index())?;
                self.check_included(&record.hash(), *index)?;
                if grant.index() >= *index {
                    return Err(AuthorityError::Order {
                        position: under.position,
                        grant: grant.index(),
                        record: *index,
                    });
                }
                match next {
                    Some(next) => {
                        self.check_included(&next.record(), next.index())?;
                        if next.index() > *index {
                            Ok(())
                        } else {
                            Err(replaced(next))
                        }
                    }
                    None => Ok(()),
                }
            }
        }
    }

    fn check_included(&self, hash: &Hash, index: Index) -> Result<(), AuthorityError> {
        let Self::Proved {
            checkpoint, proofs, ..
        } = self
        else {
            return Ok(());
        };
        let not_included = |source| AuthorityError::NotIncluded { index, source };
        let proof = proofs.get(&index).ok_or_else(|| not_included(None))?;
        checkpoint
            .check_included(hash, index, proof)
            .map_err(|source| not_included(Some(source)))
    }
}

/// The places in the log that replaying these records will ask proofs for, beside the head's.
///
/// A guess made of unverified records: too few, and [`Log::replay`] says which is missing.
pub fn asks<'r>(
    operator: &operator::Log,
    name: &PackageName,
    records: impl IntoIterator<Item = (Index, &'r [u8])>,
) -> BTreeSet<Index> {
    let mut asks = BTreeSet::new();
    let grants = operator.grants(&name.namespace());
    for (index, bytes) in records {
        // Parsing is for the few records that may name an operator record; all others cost a search for a word.
        if !contains(bytes, b" under operator ") {
            continue;
        }
        let Ok(record) = Unverified::<SignedRecord<Action>>::parse(bytes) else {
            continue;
        };
        for under in record.claims().actions.iter().filter_map(Action::under) {
            asks.insert(index);
            let mut from = grants
                .iter()
                .skip_while(|grant| grant.position() != under.position);
            asks.extend(from.next().map(operator::NamespaceGrant::index));
            asks.extend(from.next().map(operator::NamespaceGrant::index));
        }
    }
    asks
}

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// A package's records up to its head, replayed.
#[derive(Debug, Clone)]
pub struct Log {
    name: PackageName,
    chain: Chain,
    kind: Option<Kind>,
    keyring: Keyring<Permission>,
    releases: BTreeMap<Version, Release>,
    annotations: BTreeMap<(Scope, String), String>,
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
        }
    }

    /// The log of a package that is proved not to be there yet: what its first record is admitted to.
    pub fn vacant(absence: &Absence) -> Self {
        Self::empty(absence.checkpoint.origin.clone(), absence.name.clone())
    }

    /// The log of a package before its first record, on the caller's word: for who replays a whole registry from its
    /// first entry on and sees for himself that there was no record before.
    pub fn danger_before_first_record(origin: Origin, name: PackageName) -> Self {
        Self::empty(origin, name)
    }

    /// Replays a package's records, oldest first, each with the index at which the log is said to hold it, to exactly
    /// the head.
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
        let name = &head.name;
        if head.checkpoint != *checkpoint.checkpoint() {
            return Err(LogError::Checkpoint { name: name.clone() });
        }
        let found = Length::new(u64::try_from(records.len()).unwrap_or(u64::MAX));
        if found != head.length {
            return Err(LogError::Length {
                name: name.clone(),
                expected: head.length,
                found,
            });
        }
        let mut log = Self::empty(checkpoint.checkpoint().origin.clone(), name.clone());
        for &(index, bytes) in records {
            let authority = Authority::Proved {
                checkpoint,
                index,
                proofs,
            };
            log.apply(bytes, &authority)?;
        }
        if log.head() != head.hash {
            return Err(LogError::Head {
                name: name.clone(),
                expected: head.hash,
                found: log.head(),
            });
        }
        for release in log.releases.values_mut() {
            release.withdraw(checkpoint.operator());
        }
        Ok(log)
    }

    /// Takes the next record, which is to be appended to a registry's log behind everything that `operator` holds; or
    /// leaves the log as it was.
    ///
    /// # Errors
    /// A record that does not read, follow, verify, or that its signer may not write.
    pub fn admit(&mut self, operator: &operator::Log, bytes: &[u8]) -> Result<(), LogError> {
        let mut next = self.clone();
        next.apply(bytes, &Authority::Next(operator))?;
        *self = next;
        Ok(())
    }

    fn apply(&mut self, bytes: &[u8], authority: &Authority<'_>) -> Result<(), LogError> {
        let position = self.length().next();
        self.take(bytes, authority)
            .map_err(|fault| LogError::Record {
                name: self.name.clone(),
                position,
                fault,
            })
    }

    fn take(&mut self, bytes: &[u8], authority: &Authority<'_>) -> Result<(), Fault> {
        let record = Unverified::<SignedRecord<Action>>::parse(bytes)?;
        let record = record.claims();
        self.chain.check(record)?;
        match self.keyring.verifier(&record.signer) {
            Some(verifier) => record.check_signature(verifier)?,
            // Who is no key of this log may only act under the operator.
            None if record.actions.iter().any(|action| action.under().is_some()) => {
                record.check_signature(&record.signer.verifier()?)?;
            }
            None => {
                return Err(Fault::NoKey {
                    name: record.signer.name().to_string(),
                    id: record.signer.id(),
                });
            }
        }
        for (place, action) in record.actions.iter().enumerate() {
            let first = record.position == Position::ZERO && place == 0;
            if first != matches!(action, Action::Init { .. }) {
                return Err(Fault::Init);
            }
            if let Some(under) = action.under() {
                authority.check(&self.name, record, under)?;
            }
            self.act(record, action)?;
        }
        self.chain.advance(record);
        Ok(())
    }

    fn permit(&self, record: &Record<Action>, permission: Permission) -> Result<(), Fault> {
        Ok(self.keyring.check(&record.signer, permission)?)
    }

    fn act(&mut self, record: &SignedRecord<Action>, action: &Action) -> Result<(), Fault> {
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
                let release = Release::new(&self.name, kind, statement.clone(), record);
                self.releases.insert(version, release);
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
        release.yank(reason.cloned());
        Ok(())
    }

    /// The package.
    pub fn name(&self) -> &PackageName {
        &self.name
    }

    /// The registry.
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

    /// Its releases, by ascending version.
    pub fn releases(&self) -> impl Iterator<Item = &Release> {
        self.releases.values()
    }

    /// The release of a version, build metadata and all.
    pub fn release(&self, version: &Version) -> Option<&Release> {
        self.releases
            .get(&without_build(version))
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
        /// The package.
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
        /// The package.
        name: PackageName,
        /// The position of the last record seen.
        position: Position,
        /// Its hash then.
        seen: Hash,
        /// Its hash now.
        found: Hash,
    },
}
