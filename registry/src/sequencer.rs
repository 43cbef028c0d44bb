//! Appending to a registry, so that a crash at any point loses nothing and doubles nothing.
//!
//! The order of writing, and why stopping between any two steps is harmless:
//!
//! 1. *Stage*: contents are put under the private prefix. Nobody reads there. What is never committed is waste.
//! 2. *Commit*: the batch's entries are put as one private object that is numbered by the log's size. Creating it is the
//!    decision: from here on these entries follow, whoever crashes. Who finds the number taken lost the race, finishes
//!    the winner's batch, and tries again behind it. A commit whose number is no longer the log's size decides nothing.
//! 3. *Apply*: contents, map pages, package files, bundles and tiles are put under their final names. All are
//!    create-only and follow from the commit alone, so doing it twice, or by two processes at once, is doing it once.
//!    No checkpoint names them yet.
//! 4. *Sign and advance*: the checkpoint is signed, by a key that the batch itself does not revoke, and replaced by
//!    compare-and-swap: of two processes that finish one batch, one writes it. Now the batch is public, and accepted.
//! 5. *Clean up*: the commit, the staged contents and the partial files that full ones replaced go. What a crash leaves
//!    lying is never read again.
//!
//! Opening a registry for writing does 3 to 5 for a commit that it finds: the ordinary path *is* the recovery. It refuses a
//! commit that no sequencer would have made, by a clock of its time: who can write the folder only must not get a batch
//! signed. The sequencer believes its own folder no more than a client does, and reads it through the same [`Client`].

mod commit;
mod plan;

use transparency::Unverified;
use transparency::clock::MAX_AHEAD;
use transparency::digest::{Digest, Hash};
use transparency::key::{SigningKey, VerifyingKey};
use transparency::map::{MapError, UpdateError};
use transparency::name::{Namespace, Origin, PackageName};
use transparency::number::{Index, Length, Position, Size, Time};
use transparency::operator;
use transparency::package::LogError;
use transparency::policy::{LineProblem, Policy};
use transparency::record::{Record, RecordError, SignedRecord, Subject};
use transparency::statement::Defect;
use transparency::tile::FileError;

use crate::client::{Client, ClientError, Session};
use crate::layout;
use crate::storage::{Storage, StorageError};
use crate::trust::TrustStore;
pub use commit::CommitProblem;
use plan::Plan;

/// How far a record's time may be from the sequencer's clock, in seconds: ten minutes.
pub const MAX_SKEW: u64 = MAX_AHEAD;

/// How long a registry may have no new entry before its signer is asked whether the clock is right, in seconds: 30 days. On
/// a machine that writes to a folder, nothing else shows that the clock is fast.
pub const MAX_IDLE: u64 = 30 * 24 * 60 * 60;

/// Why a registry did not take something.
#[derive(Debug, thiserror::Error)]
pub enum SequencerError {
    /// The registry cannot be read, or believed.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The registry cannot be written. Nothing was committed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The registry cannot be written, and the batch is committed, or may be: whoever publishes next finishes it.
    #[error(transparent)]
    Unfinished(StorageError),
    /// There is a registry already.
    #[error("there is a registry already at {address}")]
    Exists {
        /// Where its checkpoint lies.
        address: String,
    },
    /// Something lies where a founding begins.
    #[error("another registry was begun here: {address} says what it would begin with")]
    Begun {
        /// Where its first commit lies.
        address: String,
    },
    /// The key may not sign this registry's checkpoints.
    #[error("key `{name}` may not sign checkpoints of `{origin}`")]
    NotCheckpointKey {
        /// The key's name.
        name: String,
        /// The origin of the registry.
        origin: Origin,
    },
    /// The policy's key cannot be made one.
    #[error(transparent)]
    Policy(#[from] LineProblem),
    /// A record that does not read.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A package record that is refused.
    #[error(transparent)]
    Package(Box<LogError>),
    /// An operator record that is refused.
    #[error(transparent)]
    Operator(Box<operator::AdmitError>),
    /// Another record has that position.
    #[error(
        "record {position} of {subject} exists already: it has {length} records, the last is {head}"
    )]
    Conflict {
        /// Whose log it is: a package's or the operator's.
        subject: Subject,
        /// The position that was asked for.
        position: Position,
        /// How many records it has.
        length: Length,
        /// The hash of the last one.
        head: Hash,
    },
    /// A record from another time.
    #[error(
        "the record's time {found} is more than ten minutes from now, {now}: is the clock of this machine right?"
    )]
    Skew {
        /// The record's time.
        found: Time,
        /// The time of the sequencer's own clock.
        now: Time,
    },
    /// The registry's time is ahead of the clock that appends.
    #[error(
        "the registry's last entry is of {time}, but the clock of this machine says {now}: that is more than ten minutes ahead"
    )]
    Ahead {
        /// The registry's last time.
        time: Time,
        /// The time of the sequencer's own clock.
        now: Time,
    },
    /// A release that readers would not use.
    #[error("{name}@{version} would be unusable")]
    Defective {
        /// The package that is released.
        name: PackageName,
        /// The version that is released.
        version: semver::Version,
        /// What is wrong with it.
        #[source]
        defect: Box<Defect>,
    },
    /// A content that nobody staged, or that is not what the record says.
    #[error("the content {digest} of {name}@{version} was not handed in with its record")]
    Content {
        /// The package that the content is of.
        name: PackageName,
        /// The version that the content is of.
        version: semver::Version,
        /// The digest of the content, as the record has it.
        digest: Digest,
    },
    /// A content that the operator withdrew.
    #[error("the content {digest} of {name}@{version} was withdrawn: {reason}")]
    Withdrawn {
        /// The package that the content is of.
        name: PackageName,
        /// The version that the content is of.
        version: semver::Version,
        /// The digest of the content that was withdrawn.
        digest: Digest,
        /// The reason, as it was given.
        reason: String,
    },
    /// What the registry has does not go together, though each part verified.
    #[error("the map could not be updated")]
    Map(#[source] Box<UpdateError<StorageError>>),
    /// A file that does not read, or cannot be written.
    #[error("{address} is damaged")]
    File {
        /// Where the file lies: a path or a URL.
        address: String,
        /// What is wrong with it.
        #[source]
        source: FileError,
    },
    /// A file that is not what the log's tiles say.
    #[error("{address} does not hold the entries of the log")]
    Entries {
        /// Where the file lies: a path or a URL.
        address: String,
    },
    /// A commit that no sequencer left unfinished, or none with a right clock.
    #[error("{address} is a commit that cannot be finished")]
    Commit {
        /// Where the commit lies: a path or a URL.
        address: String,
        /// What shows that no sequencer began it.
        #[source]
        problem: CommitProblem,
    },
    /// More entries than 64 bits can count.
    #[error("the log is full")]
    Full,
}

impl From<LogError> for SequencerError {
    fn from(source: LogError) -> Self {
        Self::Package(Box::new(source))
    }
}

impl From<operator::AdmitError> for SequencerError {
    fn from(source: operator::AdmitError) -> Self {
        Self::Operator(Box::new(source))
    }
}

impl From<UpdateError<StorageError>> for SequencerError {
    fn from(source: UpdateError<StorageError>) -> Self {
        Self::Map(Box::new(source))
    }
}

impl From<MapError> for SequencerError {
    fn from(source: MapError) -> Self {
        Self::from(UpdateError::Map(source))
    }
}

/// What a registry begins with.
pub struct Founding<'a> {
    /// Signs operator record 0; its public half is the policy's key, its name the origin.
    pub operate: &'a SigningKey,
    /// Signs the checkpoints; bears the origin as its name too.
    pub checkpoint: &'a SigningKey,
    /// Who may publish where.
    pub namespaces: &'a [(Namespace, Vec<VerifyingKey>)],
    /// The time of the clock that founds it.
    pub now: Time,
}

/// Founds a registry: operator record 0, and the map entry of the empty map.
///
/// # Errors
/// A registry that is there already, keys that cannot serve, a storage that cannot be written.
pub fn found(storage: &dyn Storage, founding: &Founding<'_>) -> Result<Policy, SequencerError> {
    let Founding {
        operate,
        checkpoint,
        namespaces,
        now,
    } = founding;
    let policy = Policy::without_witnesses(operate.verifying_key().clone())?;
    let path = layout::checkpoint();
    if storage.get(&path)?.is_some() {
        return Err(SequencerError::Exists {
            address: storage.address_of(&path),
        });
    }
    let mut actions = vec![
        operator::Action::Init,
        operator::Action::Grant(
            checkpoint.verifying_key().clone(),
            [operator::Role::Checkpoint].into(),
        ),
    ];
    for (namespace, keys) in *namespaces {
        let keys = keys.iter().cloned().collect();
        actions.push(operator::Action::Namespace(namespace.clone(), keys));
    }
    let record = Record {
        origin: policy.origin().clone(),
        subject: Subject::Operator,
        position: Position::ZERO,
        previous: Hash::ZERO,
        time: *now,
        signer: operate.verifying_key().clone(),
        actions,
    };
    let record = record.sign(operate)?;
    let plan = Plan::founding(&policy, record, *now)?;
    let commit = layout::commit(Size::ZERO);
    storage
        .put(&commit, &plan.commit())
        .map_err(|error| match error {
            StorageError::Exists { address } => SequencerError::Begun { address },
            error => error.into(),
        })?;
    plan.apply(storage, None, checkpoint)?;
    Ok(policy)
}

/// What became of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Where the log holds it, or is said to, where it was there before.
    pub index: Index,
    /// Whether it was there before.
    pub existed: bool,
}

/// Appends to one registry.
pub struct Sequencer<'a> {
    storage: &'a dyn Storage,
    policy: &'a Policy,
    key: &'a SigningKey,
    saving: Option<&'a TrustStore>,
}

impl<'a> Sequencer<'a> {
    /// A sequencer that signs with this checkpoint key.
    pub fn new(storage: &'a dyn Storage, policy: &'a Policy, key: &'a SigningKey) -> Self {
        Self {
            storage,
            policy,
            key,
            saving: None,
        }
    }

    /// The same, which saves evidence of misbehavior in this trust store.
    #[must_use]
    pub fn saving_evidence(self, store: &'a TrustStore) -> Self {
        Self {
            saving: Some(store),
            ..self
        }
    }

    /// Opens the registry, first finishing a batch that was committed and not published.
    ///
    /// # Errors
    /// A registry that cannot be read, believed or written, or a key that may not sign for it; a batch of the future.
    pub fn open(&self, now: Time) -> Result<Session<'a>, SequencerError> {
        self.open_whatever_time(Some(now))
    }

    /// Without a time, a batch of the future is finished too.
    fn open_whatever_time(&self, now: Option<Time>) -> Result<Session<'a>, SequencerError> {
        loop {
            let client = Client::new(self.policy, self.storage);
            let mut session = match self.saving {
                Some(store) => client.saving_evidence(store).open()?,
                None => client.open()?,
            };
            self.check_key(session.checkpoint().operator())?;
            let path = layout::commit(session.size());
            let Some(commit) = self.storage.get(&path)? else {
                return Ok(session);
            };
            // A commit counts only while its number is the log's size. A commit that counted is removed after the
            // checkpoint advanced. So if the checkpoint has not advanced since, this commit is not too late.
            if self.has_moved(&session)? {
                continue;
            }
            let recovered = Plan::recover(&mut session, self.storage, &commit, now);
            let recovered = recovered.and_then(|plan| {
                self.check_key(plan.operator())?;
                self.publish_plan(&session, &plan)
            });
            self.unless_moved(&session, recovered)?;
        }
    }

    /// A failure that is to be reported. If another process published since the session was opened, it may have moved
    /// contents out of the private folder and removed files that fuller ones replace, and that may be why this failed. Then
    /// nothing is reported, and everything is read again.
    fn unless_moved<T>(
        &self,
        session: &Session<'_>,
        result: Result<T, SequencerError>,
    ) -> Result<Option<T>, SequencerError> {
        match result {
            Err(_) if self.has_moved(session).unwrap_or(false) => Ok(None),
            result => result.map(Some),
        }
    }

    /// Whether another process published since the session was opened.
    fn has_moved(&self, session: &Session<'_>) -> Result<bool, SequencerError> {
        let note = self.storage.get(&layout::checkpoint())?;
        Ok(note.as_deref() != Some(session.checkpoint().note().to_string().as_bytes()))
    }

    fn check_key(&self, operator: &operator::Log) -> Result<(), SequencerError> {
        let key = self.key.verifying_key();
        if operator
            .checkpoint_keys()
            .any(|granted| granted.key() == key)
        {
            return Ok(());
        }
        Err(SequencerError::NotCheckpointKey {
            name: key.name().into(),
            origin: self.policy.origin().clone(),
        })
    }

    /// Puts a content where the registry will find it when its record is committed.
    ///
    /// # Errors
    /// A storage that cannot be written.
    pub fn stage(&self, content: &[u8]) -> Result<Digest, SequencerError> {
        let digest = Digest::of(content);
        if self.storage.get(&layout::content(&digest))?.is_none() {
            self.storage.put(&layout::staged(&digest), content)?;
        }
        Ok(digest)
    }

    /// Appends records, in order, all or none. One that is there already is success.
    ///
    /// # Errors
    /// A record that is refused; a registry that cannot be read, believed or written.
    pub fn append(&self, records: &[Vec<u8>], now: Time) -> Result<Vec<Receipt>, SequencerError> {
        // What a fast clock committed is in the way, and only the operator's word behind it sets the time right.
        let gate = (!records.iter().any(|record| sets_clock(record))).then_some(now);
        loop {
            let mut session = self.open_whatever_time(gate)?;
            let planned = Plan::new(&mut session, self.storage, records, now);
            let Some((plan, receipts)) = self.unless_moved(&session, planned)? else {
                continue;
            };
            let Some(plan) = plan else {
                return Ok(receipts);
            };
            self.check_key(plan.operator())?;
            let commit = layout::commit(session.size());
            match self.storage.put(&commit, &plan.commit()) {
                Ok(()) => {}
                // Another process committed first: finish its batch, then come behind it.
                Err(StorageError::Exists { .. }) => continue,
                Err(error) if matches!(self.storage.get(&commit), Ok(None)) => {
                    return Err(error.into());
                }
                Err(error) => return Err(SequencerError::Unfinished(error)),
            }
            // Another process may have published and cleaned up in between: then this number decides nothing any more.
            if self.has_moved(&session).map_err(unfinished)? {
                self.storage
                    .remove(&commit)
                    .map_err(SequencerError::Unfinished)?;
                continue;
            }
            let published = self.publish_plan(&session, &plan).map_err(unfinished);
            if self.unless_moved(&session, published)?.is_some() {
                return Ok(receipts);
            }
        }
    }

    fn publish_plan(&self, session: &Session<'_>, plan: &Plan) -> Result<(), SequencerError> {
        let note = session.checkpoint().note().to_string();
        match plan.apply(self.storage, Some(note.as_bytes()), self.key) {
            // Another process finished the same batch: what follows from a commit is the same, whoever does it.
            Err(SequencerError::Storage(StorageError::Moved)) => Ok(()),
            result => result,
        }
    }
}

/// A failure behind the commit of the very batch.
fn unfinished(error: SequencerError) -> SequencerError {
    match error {
        SequencerError::Storage(error) => SequencerError::Unfinished(error),
        error => error,
    }
}

/// Whether a record is the operator's word that later times were wrong.
fn sets_clock(record: &[u8]) -> bool {
    Subject::claimed_by(record) == Some(Subject::Operator)
        && Unverified::<SignedRecord<operator::Action>>::parse(record).is_ok_and(|record| {
            let mut actions = record.claims().actions.iter();
            actions.any(|action| matches!(action, operator::Action::Clock(_)))
        })
}
