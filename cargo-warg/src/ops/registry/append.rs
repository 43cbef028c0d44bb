//! Appending to a registry: releases and changes that go into it together, all or none.
//!
//! The registry is read first, as by any client, so that one which is older than what this machine saw is refused. Then
//! the records are written: behind each package's last one, signed by the key that may, and admitted to the log as
//! readers will admit them. Only then is anything sent. Publishing to a folder is sequencing it, which needs the
//! registry's checkpoint key; the sequencer's order of writing is told in `registry::sequencer`.
//!
//! Afterwards the registry is read again: what is reported as published was seen there, and this machine remembers it.

mod consumer;
mod draft;
mod error;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use registry::client::{LoadedPackage, Session};
use registry::sequencer::{MAX_SKEW, Receipt, Sequencer, SequencerError};
use registry::storage::Folder;
use resolver::index::Address;
use transparency::Unverified;
use transparency::digest::Hash;
use transparency::key::{SigningKey, VerifyingKey};
use transparency::name::{Kind, Origin, PackageName};
use transparency::number::{Index, Size, Time};
use transparency::operator::{self, NamespaceGrant};
use transparency::package::{Action, Log};
use transparency::record::{Record, SignedRecord, Subject};
use transparency::statement::Statement;
use transparency::statement::defect;

pub use consumer::Unusable;
pub use draft::{Change, Draft};
pub use error::AppendError;

use self::draft::Right;
use crate::clock::check_idle;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::keys::{Keys, KeysError};
use crate::ops::manifest::add::absent;
use crate::ops::registry::pending::Pending;
use crate::ops::session::configured::Configured;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;

/// How often the records are written anew because somebody else published in between.
const ATTEMPTS: usize = 16;

/// What to know of a write that was broken off: once the records lie in the registry, whoever publishes next finishes it.
const UNSURE: &str = "it may take effect all the same, with the next publish of anybody: the signed records are kept, and may lie in the \
                      registry already. Once there is room, run the same command again: it sees it through, or says that it is done";

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
    /// Its lock and bundle, where the statement has them; and files that annotations name by their digests.
    pub attached: Vec<Vec<u8>>,
    /// What is said of the version in the same record, beside the statement: keys and texts of annotations.
    pub annotations: Vec<(String, String)>,
}

/// What became of a [`Draft`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Its record is in the registry now, signed by the key of this name.
    Published {
        /// The signer's name.
        signer: String,
        /// Where the log holds its record; proved.
        index: Index,
    },
    /// The registry said so before.
    Existed,
    /// It would be written, signed by the key of this name.
    Checked {
        /// The signer's name.
        signer: String,
    },
}

/// One of this user's keys, by its name, or by its vkey where several bear the name.
///
/// # Errors
/// There is none, or there are several.
fn named<'k>(keys: &'k Keys, text: &str) -> std::result::Result<&'k SigningKey, KeysError> {
    let key = text.parse::<VerifyingKey>().ok();
    match key.and_then(|key| keys.find_vkey(&key)) {
        Some(key) => Ok(key),
        None => keys.find(text),
    }
}

/// Where records are appended, and who signs them.
pub struct Destination<'a> {
    /// The registry.
    pub registry: &'a Configured,
    /// This user's keys.
    pub keys: &'a Keys,
    /// The key to sign with; otherwise the first of `keys` that may.
    pub signer: Option<&'a SigningKey>,
    /// This user's folders.
    pub dirs: &'a Dirs,
    /// The time that the records are written at.
    pub now: Time,
    /// Whether the user says that the clock is right, though the registry was idle for long.
    pub sure: bool,
}

/// A record, and the key that signed it; none where the registry says so already.
type SignedDraft<'a> = Option<(Vec<u8>, &'a SigningKey)>;

/// Records to append, written and signed as far as the registry would take them.
struct Written<'a> {
    session: Session<'a>,
    /// Of each draft.
    records: Vec<Result<SignedDraft<'a>>>,
    pending: Pending,
    logs: BTreeMap<PackageName, Log>,
}

/// Records to append, written and signed, not sent.
struct Signed<'a> {
    /// The size of the log that they are to follow.
    size: Size,
    /// Of each draft.
    records: Vec<SignedDraft<'a>>,
    checkpoint_key: &'a SigningKey,
    pending: Pending,
    /// The packages as they will be.
    logs: BTreeMap<PackageName, Log>,
}

impl<'a> Destination<'a> {
    /// A registry, and this user's key of this name or vkey; otherwise the first that may.
    ///
    /// # Errors
    /// There is no such key, or there are several.
    pub fn open(
        registry: &'a Configured,
        keys: &'a Keys,
        key: Option<&str>,
        dirs: &'a Dirs,
        now: Time,
        sure: bool,
    ) -> Result<Self> {
        let signer = key.map(|key| named(keys, key)).transpose();
        Ok(Self {
            registry,
            keys,
            signer: signer.classified()?,
            dirs,
            now,
            sure,
        })
    }

    /// Does everything but send: reads, chooses keys, signs, and admits the records to what was read.
    ///
    /// # Errors
    /// As [`append`](Self::append), but for what only writing shows.
    pub fn check(&self, drafts: &[Draft<'_>]) -> Result<Vec<Outcome>> {
        self.registry.writable()?;
        let Some(signed) = self.sign(drafts)? else {
            return Ok(vec![Outcome::Existed; drafts.len()]);
        };
        let outcome = |record: &Option<(_, &SigningKey)>| match record {
            None => Outcome::Existed,
            Some((_, key)) => Outcome::Checked {
                signer: key.verifying_key().name().to_owned(),
            },
        };
        Ok(signed.records.iter().map(outcome).collect())
    }

    /// Appends what the drafts say, all or none. What the registry says already is left out.
    ///
    /// # Errors
    /// A registry that cannot be read, believed or written; a key that may not; a version that is there with another
    /// content or other claims; a change that the package's log does not allow.
    pub fn append(&self, drafts: &[Draft<'_>]) -> Result<Vec<Outcome>> {
        let folder = Folder::new(self.registry.writable()?);
        let mut attempts = 1;
        loop {
            let Some(signed) = self.sign(drafts)? else {
                return Ok(vec![Outcome::Existed; drafts.len()]);
            };
            let records: Vec<_> = signed.records.iter().flatten().collect();
            let records: Vec<_> = records.iter().map(|(bytes, _)| bytes.clone()).collect();
            signed
                .pending
                .keep(&records)
                .or_fail(Class::Other, || "cannot keep the signed records")?;
            let sequencer = Sequencer::new(&folder, &self.registry.policy, signed.checkpoint_key)
                .saving_evidence(self.registry.trust());
            for (draft, record) in drafts.iter().zip(&signed.records) {
                for content in draft.contents().filter(|_| record.is_some()) {
                    sequencer.stage(content).classified()?;
                }
            }
            match sequencer.append(&records, self.now) {
                // Somebody published in between, perhaps this user in a run that was cut off. The failure may come of
                // that, so the registry is read again.
                Err(_) if attempts < ATTEMPTS && self.has_moved(signed.size) => attempts += 1,
                Err(error) => {
                    let is_unsure = matches!(error, SequencerError::Unfinished(_));
                    let failure = Error::classified(error);
                    return Err(if is_unsure {
                        failure.with_help(UNSURE)
                    } else {
                        failure
                    });
                }
                Ok(receipts) => {
                    let outcomes = self.confirm(drafts, &signed, receipts)?;
                    signed.pending.forget();
                    return Ok(outcomes);
                }
            }
        }
    }

    /// Whether the registry has grown since it had this size.
    fn has_moved(&self, size: Size) -> bool {
        let session = self.registry.session(Reading::Now);
        session.is_ok_and(|session| session.size() > size)
    }

    /// Reads the registry again, and proves that the records are there. This machine now remembers them.
    fn confirm(
        &self,
        drafts: &[Draft<'_>],
        signed: &Signed<'_>,
        receipts: Vec<Receipt>,
    ) -> Result<Vec<Outcome>> {
        let mut session = self.registry.session(Reading::Now)?;
        session
            .load(&names(drafts))
            .map_err(|error| self.registry.failure(error))?;
        let mut proved = Vec::new();
        let mut outcomes = Vec::new();
        let mut receipts = receipts.into_iter();
        for record in &signed.records {
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

    /// Writes and signs the records of the drafts; none where the registry says all of it already.
    fn sign(&self, drafts: &[Draft<'_>]) -> Result<Option<Signed<'a>>> {
        self.seal(self.write(drafts)?)
    }

    /// Writes and signs the records of those drafts that can be.
    ///
    /// The registry is opened each time: a record follows the last one, and whoever publishes meanwhile may have written it.
    fn write(&self, drafts: &[Draft<'_>]) -> Result<Written<'a>> {
        self.dirs.make_state().classified()?;
        let mut session = self.registry.session(Reading::Now)?;
        let loaded = session
            .load_each(&names(drafts))
            .map_err(|error| self.registry.failure(error))?;
        let mut logs = BTreeMap::new();
        let mut refused = BTreeMap::new();
        for (name, package) in loaded {
            match package {
                Ok(LoadedPackage::Absent(absence)) => _ = logs.insert(name, Log::vacant(&absence)),
                Ok(LoadedPackage::Present(loaded)) => _ = logs.insert(name, loaded.log().clone()),
                Err(log) => _ = refused.insert(name, log),
            }
        }
        let is_missing = |draft: &Draft<'_>| {
            if let Some(refused) = refused.get(draft.name()) {
                return Err(self.registry.failure(refused.clone().into()));
            }
            let log = logs.get(draft.name()).filter(|log| log.kind().is_some());
            match (log, draft) {
                (None, Draft::Release(_)) => Ok(true),
                (None, Draft::Change(name, _)) => {
                    let known = self.registry.package_names();
                    Err(no_package(name, &session, &known))
                }
                (Some(log), draft) => Ok(!draft.is_said(log, &self.alias()).classified()?),
            }
        };
        let missing: Vec<_> = drafts.iter().map(is_missing).collect();
        if missing.iter().any(|missing| matches!(missing, Ok(true))) {
            let last = session.checkpoint().entry().time;
            check_idle("the registry's last entry is of", last, self.now, self.sure)?;
        }
        let waiting = drafts.iter().zip(&missing);
        let waiting = waiting.filter(|(_, missing)| matches!(missing, Ok(true)));
        let pending = Pending::of(
            self.dirs.state(),
            &self.registry.policy,
            waiting.map(|(draft, _)| draft.to_string()),
        );
        let mut writer = Writer {
            destination: self,
            session: &session,
            kept: pending.read().into(),
        };
        let mut records = Vec::new();
        for (draft, missing) in drafts.iter().zip(missing) {
            records.push(match (missing, logs.get_mut(draft.name())) {
                (Ok(true), Some(log)) => writer.write(log, draft).classified().map(Some),
                (missing, _) => missing.map(|_| None),
            });
        }
        Ok(Written {
            session,
            records,
            pending,
            logs,
        })
    }

    /// What was written whole; none where the registry says all of it already.
    fn seal(&self, written: Written<'a>) -> Result<Option<Signed<'a>>> {
        let records = written.records.into_iter().collect::<Result<Vec<_>>>()?;
        if records.iter().all(Option::is_none) {
            return Ok(None);
        }
        Ok(Some(Signed {
            size: written.session.size(),
            records,
            checkpoint_key: self.checkpoint_key(&written.session).classified()?,
            pending: written.pending,
            logs: written.logs,
        }))
    }

    fn alias(&self) -> String {
        self.registry.alias.to_string()
    }

    fn checkpoint_key(
        &self,
        session: &Session<'_>,
    ) -> std::result::Result<&'a SigningKey, AppendError> {
        let granted = || session.checkpoint().operator().checkpoint_keys();
        granted()
            .find_map(|granted| self.keys.find_vkey(granted.key()))
            .ok_or_else(|| AppendError::NoCheckpointKey {
                keys: granted().map(|granted| granted.key().clone()).collect(),
            })
    }

    /// The key that signs: the one asked for, or the first that may.
    fn signer(
        &self,
        log: &Log,
        operator: &operator::Log,
        draft: &Draft<'_>,
    ) -> std::result::Result<&'a SigningKey, AppendError> {
        let name = draft.name();
        let right = draft.right(log);
        let namespace = operator.grants(&name.namespace()).last();
        let namespace: Vec<_> = namespace
            .into_iter()
            .flat_map(NamespaceGrant::keys)
            .collect();
        let holders: Vec<&VerifyingKey> = match right {
            Right::Namespace => namespace.clone(),
            Right::Permission(permission) => log
                .keys()
                .map(|(key, _)| key)
                .filter(|key| log.permits(key, permission))
                .collect(),
        };
        let among = |keys: &[&VerifyingKey]| match self.signer {
            Some(key) => Some(key).filter(|key| keys.contains(&key.verifying_key())),
            None => self
                .keys
                .all()
                .find(|key| keys.contains(&key.verifying_key())),
        };
        among(&holders).ok_or_else(|| {
            let key = self.signer.map(|key| key.verifying_key().name().to_owned());
            let holders = holders.iter().map(|key| key.name().to_owned()).collect();
            let (name, registry) = (name.clone(), self.alias());
            match right {
                Right::Permission(permission) => AppendError::NotPermitted {
                    key,
                    permission,
                    recoverable: draft.is_recoverable() && among(&namespace).is_some(),
                    name,
                    registry,
                    holders,
                },
                Right::Namespace => AppendError::NotHolder {
                    key,
                    namespace: name.namespace(),
                    registry,
                    holders,
                },
            }
        })
    }
}

/// The one registry that the packages go to: by its name, or the one that has their namespaces.
///
/// # Errors
/// None is configured; packages of two.
pub fn registry_of<'r, 'n>(
    registries: &'r Registries,
    alias: Option<&str>,
    names: impl IntoIterator<Item = &'n PackageName>,
) -> Result<&'r Configured> {
    if let Some(alias) = alias {
        return registries.of_alias(alias);
    }
    let mut found: Option<&Configured> = None;
    for name in names {
        let registry = registries.of_package(name)?;
        match found {
            Some(first) if first.alias != registry.alias => {
                let message = format!(
                    "these are packages of two registries, `{}` and `{}`",
                    first.alias, registry.alias
                );
                return Err(Error::new(Class::Usage, message).with_help(
                    "name one with `--registry`, or take those of each registry by themselves",
                ));
            }
            _ => found = Some(registry),
        }
    }
    found.ok_or_else(|| Error::new(Class::Other, "there is nothing to release"))
}

fn names(drafts: &[Draft<'_>]) -> BTreeSet<PackageName> {
    drafts.iter().map(|draft| draft.name().clone()).collect()
}

/// The failure to find the package that is to be changed.
fn no_package(name: &PackageName, session: &Session<'_>, known: &BTreeSet<PackageName>) -> Error {
    let origin = session.checkpoint().checkpoint().origin.clone();
    let name = name.clone();
    absent(&Address { origin, name }, session.size(), known)
}

/// Writes records, each behind the one before it.
struct Writer<'d, 's, 'a> {
    destination: &'d Destination<'a>,
    session: &'s Session<'s>,
    /// What an earlier run signed and saw no answer to.
    kept: VecDeque<Vec<u8>>,
}

impl<'a> Writer<'_, '_, 'a> {
    /// The record of a draft, which the log then holds.
    fn write(
        &mut self,
        log: &mut Log,
        draft: &Draft<'_>,
    ) -> std::result::Result<(Vec<u8>, &'a SigningKey), AppendError> {
        let operator = self.session.checkpoint().operator();
        let destination = self.destination;
        if let Draft::Release(item) = draft {
            self.check_usable(item)?;
        }
        let key = destination.signer(log, operator, draft)?;
        let now = destination.now;
        let record = Record {
            origin: self.origin().clone(),
            subject: Subject::Package(draft.name().clone()),
            position: log.length().next(),
            previous: log.head(),
            time: log.next_time(operator, now),
            signer: key.verifying_key().clone(),
            actions: draft.actions(log, operator),
        };
        if let Some(kept) = self.take_kept(&record)
            && log.admit(operator, &kept).is_ok()
        {
            return Ok((kept, key));
        }
        let bytes = record.sign(key).map_err(|source| AppendError::Record {
            draft: draft.to_string(),
            source,
        })?;
        log.admit(operator, &bytes)
            .map_err(|source| AppendError::Log {
                registry: destination.alias(),
                source: Box::new(source),
            })?;
        Ok((bytes, key))
    }

    fn origin(&self) -> &Origin {
        &self.session.checkpoint().checkpoint().origin
    }

    fn check_usable(&self, item: &Item) -> std::result::Result<(), AppendError> {
        let (name, version) = (&item.name, &item.statement.version);
        let operator = self.session.checkpoint().operator();
        if let Some(reason) = operator.withdrawn(&item.statement.digest) {
            return Err(AppendError::Withdrawn {
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
            Some(defect) => Err(AppendError::Defect {
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
