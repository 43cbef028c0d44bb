//! What two checkpoints show where one of them cannot be climbed to.
//!
//! The files of two histories do not go together, so a session can follow one of them only. But a checkpoint that cannot be
//! believed by itself may still be signed, and then it is evidence of a fork. So before the refusal is reported, both
//! checkpoints are compared, with as few files as that takes. Otherwise a registry could hide a fork by breaking the fork's
//! files.

use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, SignedCheckpoint};
use transparency::misbehavior::Misbehavior;
use transparency::number::Size;

use super::reader::Reader;
use super::records::borrowed;
use super::start::Start;
use super::{Client, ClientError, Session, evidence};

impl Client<'_> {
    /// The evidence, where there is some; none where the registry is merely not to be believed.
    pub(super) fn read_apart(&self) -> Option<ClientError> {
        let mut reader = Reader::new(self);
        let start = Start::choose(self, &mut reader).ok()?;
        let of_project = self.against_other(&start);
        of_project
            .or_else(|| self.against_memory(&mut reader, &start.note))
            .or_else(|| {
                let mut reader = reader.beside(self.past_cache?);
                self.against_memory(&mut reader, &start.note)
            })
    }

    /// Read apart from the other's, the files of the longer history may prove that there are two.
    fn against_other(&self, start: &Start) -> Option<ClientError> {
        let other = start.other.as_deref()?;
        let reader = Reader::new(self).only(start.unasked.is_some());
        let mut session = Session::climb(self, reader, &start.note).ok()?;
        let checked = session.check_other(other);
        checked
            .err()
            .filter(|error| matches!(error, ClientError::Misbehavior { .. }))
    }

    /// Whatever else is wrong with the registry's checkpoint: of it and the one that this machine saw, the smaller must be
    /// a past of the larger.
    fn against_memory(&self, reader: &mut Reader<'_>, note: &[u8]) -> Option<ClientError> {
        let seen = self.trust?.read().ok()??;
        let now = Unverified::<SignedCheckpoint>::parse(note).ok()?;
        let now = (note, now.claims().checkpoint());
        let before = (seen.note(), seen.checkpoint());
        let (older, newer) = if now.1.size < before.1.size {
            (now, before)
        } else {
            (before, now)
        };
        let (Checkpoint { size, root, .. }, past) = (newer.1, older.1.size);
        if past == Size::ZERO {
            return None; // every log continues it
        }
        let mut tiles = reader.edge(*size, *root).ok()?;
        let needed = tiles.needed_for_consistency(past);
        reader.admit(&mut tiles, &needed).ok()?;
        let length = seen.operator().seen.length;
        let records = reader.operator_records(self.policy, length, &mut tiles, &[]);
        let records = records.ok()?;
        let records: Vec<_> = borrowed(&records).map(|(_, record)| record).collect();
        let fork = Misbehavior::fork(
            self.policy,
            &records,
            older.0,
            newer.0,
            &tiles.root_at(past).ok()?,
            &tiles.prove_consistency(past).ok()?,
        );
        Some(evidence::convicted(self.policy, self.saving, fork.ok()?))
    }
}
