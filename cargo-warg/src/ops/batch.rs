//! A batch: releases that go into a registry together, all or none.
//!
//! The registry is read first, as by any client, so that one which is older than what this machine saw is refused. Then
//! the records are written: behind each package's last one, signed by the key that may, and admitted to the log as
//! readers will admit them. Only then is anything sent. Publishing to a folder is sequencing it, which needs the
//! registry's checkpoint key; the sequencer's order of writing is told in `registry::sequencer`.
//!
//! Afterwards the registry is read again: what is reported as published was seen there, and this machine remembers it.

mod error;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use registry::client::{Package, Session};
use registry::sequencer::{MAX_SKEW, Receipt, Sequencer, SequencerError};
use registry::storage::Folder;
use registry::trust::TrustStore;
use transparency::Unverified;
use transparency::digest::Hash;
use transparency::key::{SigningKey, VerifyingKey};
use transparency::name::{Kind, Origin, PackageName};
use transparency::number::{Index, Size, Time};
use transparency::operator::{self, NamespaceGrant};
use transparency::package::{Action, Log, Permission, Under};
use transparency::record::{Record, SignedRecord, Subject};
use transparency::release::{Release, Statement, defect};
use transparency::version::without_build;

pub use error::BatchError;

use super::failure;
use super::pending::Pending;
use super::registries::Configured;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::keys::{Keys, KeysError};

/// How often a batch is written anew because somebody else published in between.
const ATTEMPTS: usize = 16;

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
    /// The size of the log that it is to follow.
    size: Size,
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
                // Somebody published in between, perhaps we ourselves in a run that was cut off: what failed may have
                // failed for that. Look again.
                Err(_) if attempts < ATTEMPTS && self.has_moved(signed.size) => attempts += 1,
                Err(error) => return Err(self.failure(error)),
                Ok(receipts) => {
                    let outcomes = self.look(items, &signed, receipts)?;
                    signed.pending.forget();
                    return Ok(outcomes);
                }
            }
        }
    }

    /// Whether the registry has grown since it had this size.
    fn has_moved(&self, size: Size) -> bool {
        let session = self.registry.session(false);
        session.is_ok_and(|session| session.size() > size)
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
        receipts: Vec<Receipt>,
    ) -> Result<Vec<Outcome>> {
        let mut session = self.registry.session(false)?;
        session
            .load(&names(items))
            .map_err(|error| self.registry.failure(error))?;
        let mut proved = Vec::new();
        let mut outcomes = Vec::new();
        let mut receipts = receipts.into_iter();
        for record in &signed.items {
            let record = record.as_ref();
            outcomes.push(
                match record.and_then(|record| Some((record, receipts.next()?))) {
                    None => Outcome::Existed,
                    Some(((bytes, key), Receipt { index, .. })) => {
                        proved.push((Hash::of_leaf(bytes), index));
                        Outcome::Published {
                            signer: key.verifying_key().name().to_owned(),
                            index,
                        }
                    }
                },
            );
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
            size: session.size(),
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
            grant.into_iter().flat_map(NamespaceGrant::keys).collect()
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
