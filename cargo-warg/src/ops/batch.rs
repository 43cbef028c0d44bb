//! A batch: releases that go into a registry together, all or none.
//!
//! The registry is read first, as by any client, so that one which is older than what this machine saw is refused. Then
//! the records are written: behind each package's last one, signed by the key that may, and admitted to the log as
//! readers will admit them. Only then is anything sent. Publishing to a folder is sequencing it, which needs the
//! registry's checkpoint key; the sequencer's order of writing is told in `registry::sequencer`.
//!
//! Afterwards the registry is read again: what is reported as published was seen there, and this machine remembers it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use registry::client::{Package, Session};
use registry::sequencer::{MAX_SKEW, Sequencer, SequencerError};
use registry::storage::Folder;
use registry::trust::TrustStore;
use semver::Version;
use transparency::Unverified;
use transparency::digest::{Digest, Hash};
use transparency::key::{SigningKey, VerifyingKey};
use transparency::name::{Kind, Namespace, Origin, PackageName};
use transparency::number::{Index, Time};
use transparency::operator;
use transparency::package::{Action, Log, LogError, Permission, Under};
use transparency::record::{Record, RecordError, SignedRecord, Subject};
use transparency::release::{Defect, Release, Statement, defect};
use transparency::version::without_build;

use super::failure;
use super::pending::Pending;
use super::registries::Configured;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Classify, Error, OrFail as _, Result};
use crate::keys::{Keys, KeysError};

/// How often a batch is written anew because somebody else's record took its place.
const ATTEMPTS: usize = 16;

/// Why a release cannot go into a registry.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The key that was asked for may not.
    #[error(
        "key `{key}` may not release `{name}` in registry `{registry}`: {}",
        who(holders)
    )]
    NotPermitted {
        /// The key's name.
        key: String,
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that may.
        holders: Vec<String>,
    },
    /// None of this user's keys may.
    #[error(
        "none of your keys may release `{name}` in registry `{registry}`: {}",
        who(holders)
    )]
    NoKey {
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that may.
        holders: Vec<String>,
    },
    /// A new package in a namespace that the key does not hold.
    #[error(
        "key `{key}` does not hold the namespace `{namespace}` in registry `{registry}`: {}",
        holds(holders)
    )]
    NotHolder {
        /// The key's name.
        key: String,
        /// The namespace.
        namespace: Namespace,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that hold it.
        holders: Vec<String>,
    },
    /// A new package in a namespace that none of this user's keys holds.
    #[error(
        "none of your keys holds the namespace `{namespace}` in registry `{registry}`: {}",
        holds(holders)
    )]
    NoHolder {
        /// The namespace.
        namespace: Namespace,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// The names of the keys that hold it.
        holders: Vec<String>,
    },
    /// The registry's own key is not here.
    #[error(
        "publishing to a folder writes the registry's log, which takes the registry's checkpoint key; you do not have \
         it: {}",
        list(keys)
    )]
    NoCheckpointKey {
        /// The keys that sign the registry's checkpoints.
        keys: Vec<VerifyingKey>,
    },
    /// The version is there, with other contents.
    #[error("{name}@{version} is released already, with other contents: {existing}, not {new}")]
    OtherContent {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The digest of what is there.
        existing: Digest,
        /// The digest of what was to be published.
        new: Digest,
    },
    /// The version is there, with the same contents and other claims.
    #[error("{name}@{version} is released already, with other requirements than those stated now")]
    OtherClaims {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
    },
    /// A version that differs only in build metadata is there.
    #[error(
        "{name}@{version} is released already, as {existing}: build metadata does not tell versions apart"
    )]
    OtherBuild {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The version that is there.
        existing: Version,
    },
    /// The package holds something else.
    #[error(
        "`{name}` is of kind `{existing}` in registry `{registry}`, and cannot hold a release of kind `{new}`"
    )]
    Kind {
        /// The package.
        name: PackageName,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// What it holds.
        existing: Kind,
        /// What was to be published.
        new: Kind,
    },
    /// The operator took this content away.
    #[error(
        "the operator of registry `{registry}` withdrew the content of {name}@{version}: {reason}"
    )]
    Withdrawn {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// Why.
        reason: String,
    },
    /// Nobody could use it.
    #[error("{name}@{version} could not be used by anyone")]
    Defect {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// Why not.
        #[source]
        defect: Box<Defect>,
    },
    /// More than a record can say: thousands of imports, say.
    #[error("no record can hold what is to be said of {name}@{version}")]
    Record {
        /// The package.
        name: PackageName,
        /// The version.
        version: Version,
        /// Why not.
        #[source]
        source: RecordError,
    },
    /// The log would refuse the record.
    #[error("the registry `{registry}` would refuse the record")]
    Log {
        /// The registry, as Cargo.toml calls it.
        registry: String,
        /// Why.
        #[source]
        source: Box<LogError>,
    },
}

/// `acme/ci and acme/dev may`, or that nobody may.
fn who(names: &[String]) -> String {
    match names {
        [] => "nobody may".to_owned(),
        names => format!("{} may", quoted(names)),
    }
}

fn holds(names: &[String]) -> String {
    match names {
        [] => "its operator gave it to nobody".to_owned(),
        [one] => format!("`{one}` holds it"),
        names => format!("{} hold it", quoted(names)),
    }
}

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn list(keys: &[VerifyingKey]) -> String {
    let keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
    keys.join(", ")
}

impl Classify for BatchError {
    fn class(&self) -> Class {
        match self {
            Self::NotPermitted { .. }
            | Self::NoKey { .. }
            | Self::NotHolder { .. }
            | Self::NoHolder { .. }
            | Self::NoCheckpointKey { .. }
            | Self::OtherContent { .. }
            | Self::OtherClaims { .. }
            | Self::OtherBuild { .. }
            | Self::Kind { .. }
            | Self::Withdrawn { .. }
            | Self::Defect { .. }
            | Self::Record { .. }
            | Self::Log { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::NotPermitted { .. } | Self::NoKey { .. } => {
                "an owner of the package can grant `release` to your key".to_owned()
            }
            Self::NotHolder { .. } | Self::NoHolder { .. } => {
                "send the operator your public key: `cargo warg key list` prints it".to_owned()
            }
            Self::NoCheckpointKey { .. } => {
                "ask whoever keeps the registry to publish, or for that key: its line goes into your key file, or into \
                 the variable `CARGO_WARG_KEY`"
                    .to_owned()
            }
            Self::OtherContent { .. } | Self::OtherClaims { .. } | Self::OtherBuild { .. } => {
                "a release never changes: publish under a new version".to_owned()
            }
            Self::Kind { .. } => "publish under another name".to_owned(),
            Self::Log { .. } => {
                "if it says that a time is wrong, look at the clock of this machine".to_owned()
            }
            Self::Withdrawn { .. } | Self::Defect { .. } | Self::Record { .. } => return None,
        })
    }
}

/// A release to be made.
#[derive(Debug, Clone)]
pub struct Item {
    /// The package.
    pub name: PackageName,
    /// What it holds.
    pub kind: Kind,
    /// What is said of the release.
    pub statement: Statement,
    /// Its content.
    pub content: Vec<u8>,
}

/// What became of an [`Item`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the registry now, signed by the key of this name.
    Published {
        /// The signer's name.
        signer: String,
        /// Where the log holds its record; proved.
        index: Index,
    },
    /// It was there before, the same.
    Existed,
    /// It would be published, signed by the key of this name.
    Checked {
        /// The signer's name.
        signer: String,
    },
}

/// One of this user's keys, by its name, or by its vkey where several bear the name.
///
/// # Errors
/// There is none, or there are several.
pub fn named<'k>(keys: &'k Keys, text: &str) -> std::result::Result<&'k SigningKey, KeysError> {
    let key = text.parse::<VerifyingKey>().ok();
    match key.and_then(|key| keys.find_vkey(&key)) {
        Some(key) => Ok(key),
        None => keys.find(text),
    }
}

/// Where a batch goes, and who signs it.
pub struct Destination<'a> {
    /// The registry.
    pub registry: &'a Configured,
    /// This user's keys.
    pub keys: &'a Keys,
    /// The key to sign with; otherwise the first of `keys` that may.
    pub signer: Option<&'a SigningKey>,
    /// This user's folders.
    pub dirs: &'a Dirs,
    /// The time.
    pub now: Time,
}

/// A batch, written and signed, not sent.
struct Signed<'a> {
    /// For each item its record and signer; none where it is there already.
    items: Vec<Option<(Vec<u8>, &'a SigningKey)>>,
    checkpoint_key: &'a SigningKey,
    pending: Pending,
}

impl<'a> Destination<'a> {
    /// Does everything but send: reads, chooses keys, signs, and admits the records to what was read.
    ///
    /// # Errors
    /// As [`append`](Self::append), but for what only writing shows.
    pub fn check(&self, items: &[Item]) -> Result<Vec<Outcome>> {
        self.registry.folder()?;
        let Some(signed) = self.sign(items)? else {
            return Ok(vec![Outcome::Existed; items.len()]);
        };
        let outcome = |record: &Option<(_, &SigningKey)>| match record {
            None => Outcome::Existed,
            Some((_, key)) => Outcome::Checked {
                signer: key.verifying_key().name().to_owned(),
            },
        };
        Ok(signed.items.iter().map(outcome).collect())
    }

    /// Appends the batch, all or none; what is there already, and the same, is left out.
    ///
    /// # Errors
    /// A registry that cannot be read, believed or written; a key that may not; a version that is there with another
    /// content or other claims.
    pub fn append(&self, items: &[Item]) -> Result<Vec<Outcome>> {
        let folder = Folder::new(self.registry.folder()?);
        let mut attempts = 1;
        loop {
            let Some(signed) = self.sign(items)? else {
                return Ok(vec![Outcome::Existed; items.len()]);
            };
            let records: Vec<_> = signed.items.iter().flatten().collect();
            let records: Vec<_> = records.iter().map(|(bytes, _)| bytes.clone()).collect();
            signed
                .pending
                .keep(&records)
                .or_fail(Class::Other, || "cannot keep the signed records")?;
            let sequencer = Sequencer::new(&folder, &self.registry.policy, signed.checkpoint_key);
            for (item, record) in items.iter().zip(&signed.items) {
                if record.is_some() {
                    sequencer
                        .stage(&item.content)
                        .map_err(|error| self.failure(error))?;
                }
            }
            match sequencer.append(&records, self.now) {
                // Somebody's record came in between, perhaps our own from a run that was cut off: look again.
                Err(SequencerError::Conflict { .. }) if attempts < ATTEMPTS => attempts += 1,
                Err(error) => return Err(self.failure(error)),
                Ok(receipts) => {
                    let mut indices = receipts.iter().map(|receipt| receipt.index);
                    let outcomes = self.look(items, &signed, &mut indices)?;
                    signed.pending.forget();
                    return Ok(outcomes);
                }
            }
        }
    }

    fn failure(&self, error: SequencerError) -> Error {
        let trust = TrustStore::open(self.dirs.state(), &self.registry.policy);
        failure::sequencer(error, trust.folder())
    }

    /// Reads the registry again, and proves that the records are there. This machine now remembers them.
    fn look(
        &self,
        items: &[Item],
        signed: &Signed<'_>,
        indices: &mut dyn Iterator<Item = Index>,
    ) -> Result<Vec<Outcome>> {
        let mut session = self.registry.session(false)?;
        session
            .load(&names(items))
            .map_err(|error| self.registry.failure(error))?;
        let mut proved = Vec::new();
        let mut outcomes = Vec::new();
        for record in &signed.items {
            outcomes.push(match record.as_ref().zip(indices_for(record, indices)) {
                None => Outcome::Existed,
                Some(((bytes, key), index)) => {
                    proved.push((Hash::of_leaf(bytes), index));
                    Outcome::Published {
                        signer: key.verifying_key().name().to_owned(),
                        index,
                    }
                }
            });
        }
        session
            .check_included(&proved)
            .map_err(|error| self.registry.failure(error))?;
        Ok(outcomes)
    }

    /// Writes and signs the records of the batch; none where all of it is there already.
    fn sign(&self, items: &[Item]) -> Result<Option<Signed<'a>>> {
        self.dirs.make_state().classified()?;
        let mut session = self.registry.session(false)?;
        let loaded = session
            .load(&names(items))
            .map_err(|error| self.registry.failure(error))?;
        let mut logs: BTreeMap<PackageName, Log> = loaded
            .into_iter()
            .map(|(name, package)| {
                let log = match package {
                    Package::Absent(absence) => Log::vacant(&absence),
                    Package::Present(loaded) => loaded.log().clone(),
                };
                (name, log)
            })
            .collect();
        let mut missing = BTreeSet::new();
        for item in items {
            let log = logs.get(&item.name);
            if !log
                .map_or(Ok(false), |log| self.is_there(log, item))
                .classified()?
            {
                missing.insert((&item.name, &item.statement.version));
            }
        }
        if missing.is_empty() {
            return Ok(None);
        }
        let pending = Pending::of(
            self.dirs.state(),
            &self.registry.policy,
            missing.iter().copied(),
        );
        let mut writer = Writer {
            destination: self,
            session: &session,
            kept: pending.read().into(),
        };
        let mut signed = Vec::new();
        for item in items {
            signed.push(match logs.get_mut(&item.name) {
                Some(log) if missing.contains(&(&item.name, &item.statement.version)) => {
                    Some(writer.write(log, item).classified()?)
                }
                _ => None,
            });
        }
        let checkpoint_key = self.checkpoint_key(&session).classified()?;
        Ok(Some(Signed {
            items: signed,
            checkpoint_key,
            pending,
        }))
    }

    /// Whether the release is there already, the same.
    fn is_there(&self, log: &Log, item: &Item) -> std::result::Result<bool, BatchError> {
        let statement = &item.statement;
        let (name, version) = (item.name.clone(), statement.version.clone());
        if let Some(existing) = log.kind().filter(|kind| *kind != item.kind) {
            return Err(BatchError::Kind {
                name,
                registry: self.alias(),
                existing,
                new: item.kind,
            });
        }
        let same = |release: &&Release| without_build(release.version()) == without_build(&version);
        let Some(existing) = log.releases().find(same) else {
            return Ok(false);
        };
        if *existing.version() != version {
            return Err(BatchError::OtherBuild {
                name,
                version,
                existing: existing.version().clone(),
            });
        }
        if *existing.digest() != statement.digest {
            return Err(BatchError::OtherContent {
                name,
                version,
                existing: *existing.digest(),
                new: statement.digest,
            });
        }
        if let Some(reason) = existing.withdrawn() {
            return Err(BatchError::Withdrawn {
                name,
                version,
                registry: self.alias(),
                reason: reason.to_owned(),
            });
        }
        if existing.statement() != statement {
            return Err(BatchError::OtherClaims { name, version });
        }
        Ok(true)
    }

    fn alias(&self) -> String {
        self.registry.alias.to_string()
    }

    fn checkpoint_key(
        &self,
        session: &Session<'_>,
    ) -> std::result::Result<&'a SigningKey, BatchError> {
        let granted = || session.checkpoint().operator().checkpoint_keys();
        granted()
            .find_map(|granted| self.keys.find_vkey(granted.key()))
            .ok_or_else(|| BatchError::NoCheckpointKey {
                keys: granted().map(|granted| granted.key().clone()).collect(),
            })
    }

    /// The key that signs for a package: the one asked for, or the first that may.
    fn signer(
        &self,
        log: &Log,
        operator: &operator::Log,
        name: &PackageName,
    ) -> std::result::Result<&'a SigningKey, BatchError> {
        let holders: Vec<&VerifyingKey> = if log.kind().is_some() {
            log.keys()
                .map(|(key, _)| key)
                .filter(|key| log.permits(key, Permission::Release))
                .collect()
        } else {
            let grant = operator.grants(&name.namespace()).last();
            grant.into_iter().flat_map(|grant| grant.keys()).collect()
        };
        let may = |key: &&SigningKey| holders.contains(&key.verifying_key());
        let found = match self.signer {
            Some(key) => Some(key).filter(may),
            None => self.keys.all().find(may),
        };
        found.ok_or_else(|| {
            let holders = holders.iter().map(|key| key.name().to_owned()).collect();
            let (name, registry) = (name.clone(), self.alias());
            let key = self.signer.map(|key| key.verifying_key().name().to_owned());
            match (log.kind(), key) {
                (Some(_), Some(key)) => BatchError::NotPermitted {
                    key,
                    name,
                    registry,
                    holders,
                },
                (Some(_), None) => BatchError::NoKey {
                    name,
                    registry,
                    holders,
                },
                (None, Some(key)) => BatchError::NotHolder {
                    key,
                    namespace: name.namespace(),
                    registry,
                    holders,
                },
                (None, None) => BatchError::NoHolder {
                    namespace: name.namespace(),
                    registry,
                    holders,
                },
            }
        })
    }
}

fn names(items: &[Item]) -> BTreeSet<PackageName> {
    items.iter().map(|item| item.name.clone()).collect()
}

/// The next index, if this item has a record.
fn indices_for<T>(record: &Option<T>, indices: &mut dyn Iterator<Item = Index>) -> Option<Index> {
    record.as_ref().and_then(|_| indices.next())
}

/// Writes records, each behind the one before it.
struct Writer<'d, 's, 'a> {
    destination: &'d Destination<'a>,
    session: &'s Session<'s>,
    /// What an earlier run signed and saw no answer to.
    kept: VecDeque<Vec<u8>>,
}

impl<'a> Writer<'_, '_, 'a> {
    /// The record of a release, which the log then holds.
    fn write(
        &mut self,
        log: &mut Log,
        item: &Item,
    ) -> std::result::Result<(Vec<u8>, &'a SigningKey), BatchError> {
        let operator = self.session.checkpoint().operator();
        let destination = self.destination;
        self.check_usable(item)?;
        let key = destination.signer(log, operator, &item.name)?;
        let mut actions = vec![Action::Release(item.statement.clone())];
        if log.kind().is_none()
            && let Some(grant) = operator.grants(&item.name.namespace()).last()
        {
            let under = Under {
                position: grant.position(),
                record: grant.record(),
            };
            let kind = item.kind;
            actions.insert(0, Action::Init { kind, under });
        }
        let now = destination.now;
        let record = Record {
            origin: self.origin().clone(),
            subject: Subject::Package(item.name.clone()),
            position: log.length().next(),
            previous: log.head(),
            time: log.time().map_or(now, |last| last.max(now)),
            signer: key.verifying_key().clone(),
            actions,
        };
        if let Some(kept) = self.take_kept(&record)
            && log.admit(operator, &kept).is_ok()
        {
            return Ok((kept, key));
        }
        let bytes = record.sign(key).map_err(|source| BatchError::Record {
            name: item.name.clone(),
            version: item.statement.version.clone(),
            source,
        })?;
        log.admit(operator, &bytes)
            .map_err(|source| BatchError::Log {
                registry: destination.alias(),
                source: Box::new(source),
            })?;
        Ok((bytes, key))
    }

    fn origin(&self) -> &Origin {
        &self.session.checkpoint().checkpoint().origin
    }

    fn check_usable(&self, item: &Item) -> std::result::Result<(), BatchError> {
        let (name, version) = (&item.name, &item.statement.version);
        let operator = self.session.checkpoint().operator();
        if let Some(reason) = operator.withdrawn(&item.statement.digest) {
            return Err(BatchError::Withdrawn {
                name: name.clone(),
                version: version.clone(),
                registry: self.destination.alias(),
                reason: reason.to_owned(),
            });
        }
        if item.statement.unusable.is_some() {
            return Ok(());
        }
        match defect(name, item.kind, &item.statement) {
            None => Ok(()),
            Some(defect) => Err(BatchError::Defect {
                name: name.clone(),
                version: version.clone(),
                defect: Box::new(defect),
            }),
        }
    }

    /// The next kept record, if it says the same as this one and its time will still do. Otherwise the rest of what is
    /// kept follows another history, and goes too.
    fn take_kept(&mut self, record: &Record<Action>) -> Option<Vec<u8>> {
        let bytes = self.kept.pop_front();
        let kept = bytes
            .as_deref()
            .and_then(|bytes| Unverified::<SignedRecord<Action>>::parse(bytes).ok());
        let now = self.destination.now.unix();
        let fits = kept.is_some_and(|kept| {
            let kept = kept.claims();
            let same = Record {
                time: kept.time,
                ..record.clone()
            };
            **kept == same && kept.time.unix().abs_diff(now) <= MAX_SKEW
        });
        if !fits {
            self.kept.clear();
        }
        bytes.filter(|_| fits)
    }
}
