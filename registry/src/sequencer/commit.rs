//! A commit, the object that decides a batch, as bytes, and what is wrong with one that no sequencer left unfinished.
//!
//! A commit lies unsigned in the registry's folder, so it is believed no more than any other file there. Somebody who can
//! write the folder, and has no checkpoint key, must not get the next signer to sign a batch that no sequencer would have
//! begun.

use transparency::checkpoint::{Checkpoint, MapEntry};
use transparency::number::Time;

use super::SequencerError;

/// The first line of a commit; then the size and root that it follows, an empty line, and (u16 length ‖ entry)*.
const FIRST_LINE: &str = "warg-commit/v1";

/// Why a batch that lies in the folder is not finished.
#[derive(Debug, thiserror::Error)]
pub enum CommitProblem {
    /// Other bytes than follow from its records and the log.
    #[error("it does not continue the log")]
    Damaged,
    /// A map entry alone: a batch is of records.
    #[error("it has no records")]
    Empty,
    /// A record that the log has.
    #[error("it has a record that the log has already")]
    Known,
    /// Times that no clock brings together.
    #[error(
        "it has a record of {found}, and is itself of {time}: more than ten minutes lie between"
    )]
    Times {
        /// The record's time.
        found: Time,
        /// That of the map entry.
        time: Time,
    },
    /// A batch of the future.
    #[error(
        "it is of {time}, but the clock of this machine says {now}: that is more than ten minutes ahead"
    )]
    Ahead {
        /// The time of its map entry.
        time: Time,
        /// The time of the clock of whoever finishes it.
        now: Time,
    },
    /// A record that no sequencer admits.
    #[error("it has a record that is refused")]
    Record(#[source] Box<SequencerError>),
}

/// What a commit says.
pub(super) struct Commit {
    /// The records of the batch.
    pub(super) records: Vec<Vec<u8>>,
    /// The time of its map entry.
    pub(super) time: Time,
}

impl Commit {
    /// Reads a commit that is to follow a checkpoint; none if it does not.
    pub(super) fn parse(bytes: &[u8], after: &Checkpoint) -> Option<Self> {
        let mut rest = bytes.strip_prefix(header(after).as_bytes())?;
        let mut records = Vec::new();
        while let Some((length, tail)) = rest.split_first_chunk::<2>() {
            let (entry, tail) = tail.split_at_checked(u16::from_be_bytes(*length).into())?;
            records.push(entry.to_vec());
            rest = tail;
        }
        let entry = records.pop().filter(|_| rest.is_empty())?;
        let time = MapEntry::parse(&entry).ok()?.time;
        Some(Self { records, time })
    }

    /// The commit of a batch: its entries, the map entry last.
    pub(super) fn print(after: &Checkpoint, entries: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = header(after).into_bytes();
        for entry in entries {
            let length = u16::try_from(entry.len());
            let length = length.expect("records have at most 65,535 bytes, and map entries fewer");
            bytes.extend(length.to_be_bytes());
            bytes.extend(entry);
        }
        bytes
    }
}

fn header(after: &Checkpoint) -> String {
    let Checkpoint { size, root, .. } = after;
    format!("{FIRST_LINE}\n{size}\n{}\n\n", root.base64())
}
