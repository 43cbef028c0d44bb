//! Who may begin a package, or take it over: the holders of its namespace, by an operator record that stands in the log
//! before theirs, with none between that gives the namespace anew.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::{Action, Proofs, Under, order};
use crate::checkpoint::TrustedCheckpoint;
use crate::clock::Clock;
use crate::digest::Hash;
use crate::key::VerifyingKey;
use crate::log::ProofError;
use crate::name::PackageName;
use crate::number::{Index, Position, Time};
use crate::operator;
use crate::record::SignedRecord;
use crate::unverified::Unverified;

/// Why a signer is not shown to hold a package's namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AuthorityError {
    /// The operator record that is named does not give the namespace, or is another one.
    #[error(
        "operator record {position} does not give the namespace of `{name}`, or is not the one named"
    )]
    NoGrant {
        /// The package whose record it is.
        name: PackageName,
        /// The record that is named.
        position: Position,
    },
    /// It gives the namespace to others.
    #[error(
        "key `{key}` does not hold the namespace `{namespace}`: operator record {position} gives it to {holders}"
    )]
    NotHolder {
        /// The name of the signing key.
        key: String,
        /// The namespace that the package is in.
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
        "entry {index} of the log is not proved to be the record that decides whether, and since when, this one stands"
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
pub(super) enum Authority<'a> {
    /// By the indices of three records in the log.
    Proved {
        checkpoint: &'a TrustedCheckpoint,
        index: Index,
        proofs: &'a Proofs,
    },
    /// The record is about to be appended behind everything that this operator log holds.
    Next(&'a operator::Log),
}

impl Authority<'_> {
    /// Where the registry's log is said to hold the record; none where it is to come.
    pub(super) fn index(&self) -> Option<Index> {
        match self {
            Self::Proved { index, .. } => Some(*index),
            Self::Next(_) => None,
        }
    }

    pub(super) fn operator(&self) -> &operator::Log {
        match self {
            Self::Proved { checkpoint, .. } => checkpoint.operator(),
            Self::Next(operator) => operator,
        }
    }

    /// How many of the operator's clocks lie before the record.
    pub(super) fn clocks_passed(&self) -> usize {
        let operator = self.operator();
        self.index().map_or(operator.clocks().len(), |index| {
            operator.clocks_before(index)
        })
    }

    /// Shows where this record and a clock lie. Which of them is before the other, their indices say.
    pub(super) fn check_beside(&self, record: &Hash, clock: &Clock) -> Result<(), AuthorityError> {
        if let Some(index) = self.index() {
            self.check_included(record, index)?;
        }
        self.check_included(&clock.record(), clock.index())
    }

    pub(super) fn check(
        &self,
        name: &PackageName,
        record: &SignedRecord<Action>,
        under: &Under,
    ) -> Result<(), AuthorityError> {
        let operator = self.operator();
        let grants = operator.grants(&name.namespace());
        let first = grants
            .iter()
            .position(|grant| grant.position() == under.position && grant.record() == under.record)
            .ok_or_else(|| AuthorityError::NoGrant {
                name: name.clone(),
                position: under.position,
            })?;
        let mut grants = grants.iter().skip(first);
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

/// The indices in the log that replaying these records will ask proofs for, beside the head's.
///
/// A guess made of unverified records: too few, and [`Log::replay`](super::Log::replay) says which is missing.
pub fn asks<'r>(
    operator: &operator::Log,
    name: &PackageName,
    records: impl IntoIterator<Item = (Index, &'r [u8])>,
) -> BTreeSet<Index> {
    let mut asks = BTreeSet::new();
    let grants = operator.grants(&name.namespace());
    let clocks = operator.clocks();
    let mut dated = Vec::new();
    for (index, bytes) in records {
        if !clocks.is_empty() {
            dated.extend(claimed_time(bytes).map(|time| (index, time)));
        }
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
    for (clock, position) in order::neighbors(clocks, &dated) {
        asks.insert(clock.index());
        asks.extend(dated.get(position).map(|(index, _)| *index));
    }
    asks
}

/// When a record says that it was written.
fn claimed_time(record: &[u8]) -> Option<Time> {
    let line = record.split(|byte| *byte == b'\n').nth(TIME_LINE)?;
    core::str::from_utf8(line).ok()?.parse().ok()
}

/// The line of a record that holds its time, from 0.
const TIME_LINE: usize = 5;

fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}
