//! The operator log: which keys sign checkpoints, who holds which namespace, which contents are withdrawn.
//!
//! Its record 0 is signed by the policy's key; every later one by a key that the log itself made an operate key. A
//! [`Log`] has been replayed record by record. Whether it is the *whole* log is not its to say: see
//! [`TrustedCheckpoint::open`](crate::checkpoint::TrustedCheckpoint::open).

mod action;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::{String, ToString};
use alloc::vec::Vec;

pub use action::{Action, Role};
pub(crate) use action::{read_permissions, words, write_permissions};

use crate::clock::Clock;
use crate::digest::{Digest, Hash};
use crate::key::{KeyError, Verifier, VerifyingKey};
use crate::keyring::{self, Keyring, KeyringError};
use crate::name::{Namespace, Origin};
use crate::note::NoteError;
use crate::number::{Index, Length, Position, Time};
use crate::record::{Chain, ChainError, RecordError, SignedRecord, Subject};
use crate::undo;
use crate::unverified::Unverified;

/// Why an operator record was refused, and with it the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("operator record {position} is refused")]
pub struct AdmitError {
    /// Where it stands.
    pub position: Position,
    /// What is wrong with it.
    #[source]
    pub fault: Fault,
}

/// What is wrong with an operator record.
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
    /// A key it names is none.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// Record 0 by another key than the policy's.
    #[error("it is signed by `{found}`, not by the policy's key `{expected}`")]
    NotAnchor {
        /// The policy's key, as a vkey.
        expected: String,
        /// The signer, as a vkey.
        found: String,
    },
    /// `init` that is missing from record 0, or stands elsewhere.
    #[error("`init` must be the first action of record 0, and stand nowhere else")]
    Init,
    /// A clock that is set to a time behind its own record.
    #[error("`clock {time}` is later than its own record, of {record}")]
    Clock {
        /// What it says.
        time: Time,
        /// The time of the record.
        record: Time,
    },
    /// A checkpoint key that does not bear the registry's name.
    #[error(
        "checkpoint key `{name}` must be named as the registry, `{origin}`: that is the name its signatures bear"
    )]
    CheckpointName {
        /// The key's name.
        name: String,
        /// The registry, whose name the key must bear.
        origin: Origin,
    },
}

/// One `namespace` action: who held the namespace from then on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamespaceGrant {
    position: Position,
    record: Hash,
    index: Index,
    keys: BTreeSet<VerifyingKey>,
}

impl NamespaceGrant {
    /// The operator record that it stands in.
    pub fn position(&self) -> Position {
        self.position
    }

    /// That record's hash.
    pub fn record(&self) -> Hash {
        self.record
    }

    /// Where the log is said to hold that record. A hint, until an inclusion proof shows it.
    pub fn index(&self) -> Index {
        self.index
    }

    /// The keys that it gives the namespace to.
    pub fn keys(&self) -> &BTreeSet<VerifyingKey> {
        &self.keys
    }
}

/// The operator's records, replayed: every one chained, signed and permitted.
#[derive(Debug, Clone)]
pub struct Log {
    anchor: VerifyingKey,
    chain: Chain,
    keyring: Keyring<Role>,
    namespaces: BTreeMap<Namespace, Vec<NamespaceGrant>>,
    /// Every key that was ever a checkpoint key: what evidence may be signed by.
    signers: BTreeMap<VerifyingKey, Verifier>,
    witnesses: BTreeMap<VerifyingKey, String>,
    withdrawn: BTreeMap<Digest, String>,
    refresh: Option<u64>,
    clocks: Vec<Clock>,
}

/// What a record may change of a log, as it was before.
struct Before {
    keyring: keyring::Before<Role>,
    signers: undo::Before<VerifyingKey, Verifier>,
    namespaces: undo::Before<Namespace, Vec<NamespaceGrant>>,
    witnesses: undo::Before<VerifyingKey, String>,
    withdrawn: undo::Before<Digest, String>,
    refresh: Option<u64>,
    /// How many there were.
    clocks: usize,
}

impl Before {
    fn of(log: &Log, record: &SignedRecord<Action>) -> Self {
        let mut before = Self {
            keyring: keyring::Before::nothing(),
            signers: Vec::new(),
            namespaces: Vec::new(),
            witnesses: Vec::new(),
            withdrawn: Vec::new(),
            refresh: log.refresh,
            clocks: log.clocks.len(),
        };
        for action in &record.actions {
            match action {
                Action::Init => before.keyring.keep(&log.keyring, &record.signer),
                Action::Grant(key, _) => {
                    before.keyring.keep(&log.keyring, key);
                    undo::keep(&mut before.signers, &log.signers, key.clone());
                }
                Action::Revoke(key, _) => before.keyring.keep(&log.keyring, key),
                Action::Namespace(namespace, _) => {
                    undo::keep(&mut before.namespaces, &log.namespaces, namespace.clone());
                }
                Action::Witness(key, _) => {
                    undo::keep(&mut before.witnesses, &log.witnesses, key.clone());
                }
                Action::Withdraw(digest, _) => {
                    undo::keep(&mut before.withdrawn, &log.withdrawn, *digest);
                }
                Action::Refresh(_) | Action::Clock(_) | Action::Ignored(_) => {}
            }
        }
        before
    }

    fn put_back(self, log: &mut Log) {
        self.keyring.put_back(&mut log.keyring);
        undo::put_back(&mut log.signers, self.signers);
        undo::put_back(&mut log.namespaces, self.namespaces);
        undo::put_back(&mut log.witnesses, self.witnesses);
        undo::put_back(&mut log.withdrawn, self.withdrawn);
        log.refresh = self.refresh;
        log.clocks.truncate(self.clocks);
    }
}

impl Log {
    /// The log before its first record, which must be signed by this key.
    pub fn empty(origin: Origin, anchor: VerifyingKey) -> Self {
        Self {
            anchor,
            chain: Chain::new(origin, Subject::Operator),
            keyring: Keyring::new(),
            namespaces: BTreeMap::new(),
            signers: BTreeMap::new(),
            witnesses: BTreeMap::new(),
            withdrawn: BTreeMap::new(),
            refresh: None,
            clocks: Vec::new(),
        }
    }

    /// Replays records, oldest first, each with the index at which the log is said to hold it.
    ///
    /// # Errors
    /// The first record that is refused.
    pub fn replay<'r>(
        origin: Origin,
        anchor: VerifyingKey,
        records: impl IntoIterator<Item = (Index, &'r [u8])>,
    ) -> Result<Self, AdmitError> {
        let mut log = Self::empty(origin, anchor);
        for (index, bytes) in records {
            log.admit(index, bytes)?;
        }
        Ok(log)
    }

    /// Takes the next record, or leaves the log as it was.
    ///
    /// # Errors
    /// A record that does not read, follow, verify, or that its signer may not write.
    pub fn admit(&mut self, index: Index, bytes: &[u8]) -> Result<(), AdmitError> {
        let position = self.length().next();
        let refused = |fault| AdmitError { position, fault };
        let record = Unverified::<SignedRecord<Action>>::parse(bytes)
            .map_err(|error| refused(error.into()))?;
        let record = record.claims();
        let before = Before::of(self, record);
        self.apply(index, record).map_err(|fault| {
            before.put_back(self);
            refused(fault)
        })
    }

    fn apply(&mut self, index: Index, record: &SignedRecord<Action>) -> Result<(), Fault> {
        self.chain.check(record)?;
        self.chain.check_order(index)?;
        self.chain
            .check_time(record.time, &clocks_of(record, index))?;
        if record.position == Position::ZERO {
            if record.signer != self.anchor {
                return Err(Fault::NotAnchor {
                    expected: self.anchor.to_string(),
                    found: record.signer.to_string(),
                });
            }
            record.check_signature(&self.anchor.verifier()?)?;
        } else {
            self.keyring.check(&record.signer, Role::Operate)?;
            if let Some(verifier) = self.keyring.verifier(&record.signer) {
                record.check_signature(verifier)?;
            }
        }
        self.clocks.extend(clocks_of(record, index));
        for (number, action) in record.actions.iter().enumerate() {
            let first = record.position == Position::ZERO && number == 0;
            if first != (*action == Action::Init) {
                return Err(Fault::Init);
            }
            if !first {
                self.keyring.check(&record.signer, Role::Operate)?;
            }
            self.act(record, index, action)?;
        }
        self.chain.advance(record, Some(index));
        Ok(())
    }

    fn act(
        &mut self,
        record: &SignedRecord<Action>,
        index: Index,
        action: &Action,
    ) -> Result<(), Fault> {
        match action {
            Action::Init => {
                let operate = BTreeSet::from([Role::Operate]);
                self.keyring.grant(&record.signer, &operate)?;
            }
            Action::Grant(key, roles) => {
                if roles.contains(&Role::Checkpoint) && key.name() != self.chain.origin.as_str() {
                    return Err(Fault::CheckpointName {
                        name: key.name().into(),
                        origin: self.chain.origin.clone(),
                    });
                }
                self.keyring.grant(key, roles)?;
                if roles.contains(&Role::Checkpoint) {
                    self.signers.insert(key.clone(), key.verifier()?);
                }
            }
            Action::Revoke(key, roles) => self.keyring.revoke(key, roles)?,
            Action::Namespace(namespace, keys) => {
                let grant = NamespaceGrant {
                    position: record.position,
                    record: record.hash(),
                    index,
                    keys: keys.clone(),
                };
                for key in keys {
                    keyring::check_type(key)?;
                }
                let grants = self.namespaces.entry(namespace.clone()).or_default();
                // Two in one record: the later one counts, as if it stood alone.
                let _ = grants.pop_if(|last| last.position == record.position);
                grants.push(grant);
            }
            Action::Witness(key, url) => {
                self.witnesses.insert(key.clone(), url.clone());
            }
            Action::Withdraw(digest, reason) => {
                self.withdrawn.insert(*digest, reason.clone());
            }
            Action::Refresh(seconds) => self.refresh = Some(*seconds),
            Action::Clock(time) if *time > record.time => {
                return Err(Fault::Clock {
                    time: *time,
                    record: record.time,
                });
            }
            // A clock was taken before, with all of its record.
            Action::Clock(_) | Action::Ignored(_) => {}
        }
        Ok(())
    }

    /// The registry whose operator log it is.
    pub fn origin(&self) -> &Origin {
        &self.chain.origin
    }

    /// The policy's key, which signed record 0.
    pub fn anchor(&self) -> &VerifyingKey {
        &self.anchor
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

    /// Where the registry's log is said to hold its last record.
    pub fn index(&self) -> Option<Index> {
        self.chain.index
    }

    /// The time of its last record.
    pub fn time(&self) -> Option<Time> {
        self.chain.time
    }

    /// The keys that may sign checkpoints now.
    pub fn checkpoint_keys(&self) -> impl Iterator<Item = &Verifier> {
        self.keyring.with(Role::Checkpoint)
    }

    /// Every key that could sign checkpoints at some time, revoked ones included: whose signatures are evidence against the
    /// registry. Nothing is believed for them.
    pub fn checkpoint_keys_ever(&self) -> impl Iterator<Item = &Verifier> {
        self.signers.values()
    }

    /// The keys that may sign operator records now.
    pub fn operate_keys(&self) -> impl Iterator<Item = &Verifier> {
        self.keyring.with(Role::Operate)
    }

    /// Every `namespace` action of a namespace, oldest first.
    pub fn grants(&self, namespace: &Namespace) -> &[NamespaceGrant] {
        self.namespaces.get(namespace).map_or(&[], Vec::as_slice)
    }

    /// The namespaces that were ever given, with their grants.
    pub fn namespaces(&self) -> impl Iterator<Item = (&Namespace, &[NamespaceGrant])> {
        self.namespaces
            .iter()
            .map(|(namespace, grants)| (namespace, grants.as_slice()))
    }

    /// The witnesses that the operator names, with their addresses. Advice; quorums are the policy's.
    pub fn witnesses(&self) -> impl Iterator<Item = (&VerifyingKey, &str)> {
        self.witnesses.iter().map(|(key, url)| (key, url.as_str()))
    }

    /// Why a content was withdrawn; none where it was not.
    pub fn withdrawn(&self, digest: &Digest) -> Option<&str> {
        self.withdrawn.get(digest).map(String::as_str)
    }

    /// Every `clock` action, oldest first.
    pub fn clocks(&self) -> &[Clock] {
        &self.clocks
    }

    /// The clocks that lie behind what was when this log had `length` records.
    pub fn clocks_since(&self, length: Length) -> &[Clock] {
        let before = |clock: &Clock| length.holds(clock.position());
        self.clocks
            .get(self.clocks.partition_point(before)..)
            .unwrap_or_default()
    }

    /// How many clocks lie before an index of the registry's log, as their indices say.
    pub fn clocks_before(&self, index: Index) -> usize {
        self.clocks.partition_point(|clock| clock.index() < index)
    }

    /// The time of a record with these actions that is written now: no earlier than that of the last one, unless one of the
    /// actions takes that back.
    pub fn next_time(&self, now: Time, actions: &[Action]) -> Time {
        let clocks = clocks(actions, self.length().next(), Hash::ZERO, Index::ZERO);
        self.chain.next_time(now, &clocks)
    }

    /// How often a new checkpoint is promised, in seconds.
    pub fn refresh(&self) -> Option<u64> {
        self.refresh
    }
}

fn clocks_of(record: &SignedRecord<Action>, index: Index) -> Vec<Clock> {
    clocks(&record.actions, record.position, record.hash(), index)
}

fn clocks(actions: &[Action], position: Position, record: Hash, index: Index) -> Vec<Clock> {
    let times = actions.iter().filter_map(|action| match action {
        Action::Clock(time) => Some(*time),
        _ => None,
    });
    times
        .map(|time| Clock {
            time,
            position,
            record,
            index,
        })
        .collect()
}
