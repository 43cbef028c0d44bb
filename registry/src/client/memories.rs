//! Step 2 of the ladder: a checkpoint that continues all that is remembered of its registry.
//!
//! Two kinds of checkpoints are remembered: the last one that this machine saw, and those that the project has, in its lock
//! and in its vendored folder. All of them are compared before anything is refused ([`Doubts`]). Only then the new
//! checkpoint becomes the last one that this machine saw.

use transparency::Unverified;
use transparency::checkpoint::{Checkpoint, SignedCheckpoint};
use transparency::clock::earliest;
use transparency::log::ConsistencyProof;
use transparency::number::{Size, Time};

use super::doubts::Doubts;
use super::{Client, ClientError, Session, evidence};
use crate::trust::{self, Memory, NewsRead, Sighting, Since};

impl<'a> Session<'a> {
    /// What the registry says was not written in the future.
    pub(super) fn check_now(&self, now: Option<Time>) -> Result<(), ClientError> {
        let checked = now.map_or(Ok(()), |now| self.checkpoint.check_time(now));
        checked.map_err(|source| ClientError::trust(self.policy, source))
    }

    /// Step 2: the checkpoint continues all that is remembered of the registry, by this machine and by the project. What was
    /// seen is returned, and how much of the log was read as news.
    pub(super) fn check_memories(
        &mut self,
        client: &Client<'a>,
        other: Option<&[u8]>,
        doubts: &mut Doubts,
    ) -> Result<(Option<Memory>, NewsRead), ClientError> {
        let seen = match self.trust {
            Some(trust) => trust.read()?,
            None => None,
        };
        let checked = self.check_seen(seen.as_ref(), doubts);
        let mut news = doubts.weigh(checked)?.unwrap_or(NewsRead {
            from: self.size(),
            unread: None,
        });
        if let Some(other) = other {
            doubts.weigh(self.check_other(other))?;
        }
        for older in &client.continued {
            // What this machine saw last may be younger than the project's lock, and what lies between was never read.
            let entry = doubts.weigh(self.check_went_through(older))?.flatten();
            if let Some(entry) = entry.filter(|_| older.size < news.from) {
                let since = Since::map_entry(older.size, &entry);
                let read = self.read_news(since, seen.as_ref(), doubts)?;
                if read.from < news.from {
                    news = read;
                }
            }
        }
        Ok((seen, news))
    }

    /// Now the checkpoint is what this machine saw last.
    pub(super) fn remember(
        &mut self,
        mut seen: Option<Memory>,
        mut news: NewsRead,
    ) -> Result<(), ClientError> {
        let Some(trust) = self.trust else {
            return Ok(());
        };
        loop {
            self.memory = trust.advance(seen.as_ref(), &self.checkpoint, news)?;
            if self.memory.is_some() {
                return Ok(());
            }
            // Another process moved first: what it saw is to be continued, too.
            seen = trust.read()?;
            if seen.is_none() {
                continue; // it was removed on purpose, while this session ran
            }
            let mut doubts = Doubts::default();
            news = self.check_seen(seen.as_ref(), &mut doubts)?;
            doubts.settle()?;
        }
    }

    /// The checkpoint continues what this machine saw. How much of the log was read as news by now is returned.
    fn check_seen(
        &mut self,
        seen: Option<&Memory>,
        doubts: &mut Doubts,
    ) -> Result<NewsRead, ClientError> {
        let Some(seen) = seen else {
            let (from, unread) = (self.size(), None);
            return Ok(NewsRead { from, unread });
        };
        let first_record = trust::first_record(&self.checkpoint);
        if seen.first_record() != first_record {
            return Err(ClientError::OtherOperator {
                origin: self.policy.origin().clone(),
                seen: seen.first_record(),
                found: first_record,
            });
        }
        if seen.checkpoint().size > self.size() {
            return Err(evidence::older(self, seen));
        }
        let proof = self.consistency_with(seen.checkpoint().size)?;
        let Checkpoint { size, root, .. } = seen.checkpoint();
        if self.checkpoint.check_extends(*size, root, &proof).is_err() {
            return Err(evidence::fork(self, seen, &proof));
        }
        doubts.weigh(self.check_operator(seen.operator()))?;
        doubts.weigh(self.check_time(seen.operator(), seen.time()))?;
        let since = seen.since();
        let read = self.read_news(since, Some(seen), doubts)?;
        let goes_on = read.from == since.size;
        Ok(NewsRead {
            from: if goes_on { seen.read_from() } else { read.from },
            ..read
        })
    }

    /// The checkpoint continues a smaller one, as signed, that is not remembered: the project's, or the registry's where
    /// the project has a larger one.
    pub(super) fn check_other(&mut self, note: &[u8]) -> Result<(), ClientError> {
        let claims = Unverified::<SignedCheckpoint>::parse(note)
            .map_err(|error| ClientError::trust(self.policy, error.into()))?;
        let older = claims.claims().checkpoint();
        self.check_origin(older)?;
        let proof = self.consistency_with(older.size)?;
        let extends = self
            .checkpoint
            .check_extends(older.size, &older.root, &proof);
        extends.map_err(
            |source| match evidence::branched_off(self, note, older.size, &proof) {
                Some(evidence) => evidence::misbehavior(self, evidence),
                None => ClientError::NotPrefix {
                    origin: older.origin.clone(),
                    size: older.size,
                    source,
                },
            },
        )
    }

    pub(super) fn consistency_with(
        &mut self,
        older: Size,
    ) -> Result<ConsistencyProof, ClientError> {
        let needed = self.tiles.needed_for_consistency(older);
        self.reader.admit(&mut self.tiles, &needed)?;
        Ok(self.tiles.prove_consistency(older)?)
    }

    /// The operator log is at least as long as it was, and continues it. Without this check, a thief who holds a revoked
    /// checkpoint key could append a map entry that commits to the operator log as it was before the revocation. To every
    /// witness, that would be an honest append.
    pub(super) fn check_operator(&mut self, sighting: &Sighting) -> Result<(), ClientError> {
        evidence::check_operator(self, sighting)
    }

    /// The registry's time is not before that of when it had so many operator records, unless one of the later operator
    /// records allows it.
    pub(super) fn check_time(&self, operator: &Sighting, seen: Time) -> Result<(), ClientError> {
        let log = self.checkpoint.operator();
        let found = self.checkpoint.entry().time;
        if found < earliest(log.clocks_since(operator.seen.length), seen) {
            return Err(ClientError::TimeBack {
                origin: self.policy.origin().clone(),
                seen,
                found,
            });
        }
        Ok(())
    }
}
