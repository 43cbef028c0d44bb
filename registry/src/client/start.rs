//! Where a session begins: which checkpoint it climbs to, and which other one that must continue.
//!
//! The registry is asked for its current checkpoint, unless nothing may be asked. A vendored folder counts as one more
//! mirror, written some time ago. Of its checkpoint and the registry's, the session climbs to the larger one, and the
//! smaller one must be a past of it. If nothing is asked, the session climbs to the larger of the vendored checkpoint and
//! the last one that this machine saw.
//!
//! If the registry cannot be asked, that is an error, unless something at hand may stand in. Then the session says why the
//! registry was not asked ([`Session::unasked`](super::Session::unasked)), and whoever opened it decides what that means.

use super::reader::Reader;
use super::{Client, ClientError, Remedy};
use crate::layout;
use crate::storage::size_of;

/// What may stand in for a registry that cannot be asked what it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StandIn {
    /// Nothing stands in: not to be answered is an error.
    #[default]
    Nothing,
    /// What lies with the project.
    Vendored,
    /// What lies with the project, or what this machine keeps. Where there is either, the registry is asked once, and not
    /// waited for.
    Kept,
}

/// Where a session begins.
pub(super) struct Start {
    /// The checkpoint to climb to. Nothing shows yet that it is to be believed.
    pub(super) note: Vec<u8>,
    /// The project's or the registry's, whichever is the smaller one, where they differ.
    pub(super) other: Option<Vec<u8>>,
    /// Why it is not known what the registry is now, though it was asked.
    pub(super) unasked: Option<ClientError>,
}

impl Start {
    pub(super) fn choose(
        client: &Client<'_>,
        reader: &mut Reader<'_>,
    ) -> Result<Self, ClientError> {
        let vendored = reader.vendored_checkpoint()?;
        let seen = match client.trust {
            Some(trust) => trust.read()?,
            None => None,
        };
        let seen = seen.map(|seen| seen.note().to_vec());
        let stands_in = match client.stand_in {
            StandIn::Nothing => false,
            StandIn::Vendored => vendored.is_some(),
            StandIn::Kept => vendored.is_some() || seen.is_some(),
        };
        let Some(source) = client.source else {
            let note = larger(vendored, seen);
            return Ok(Self {
                note: note.ok_or_else(|| ClientError::nothing_kept(client.policy))?,
                other: None,
                unasked: None,
            });
        };
        let once = stands_in && client.stand_in == StandIn::Kept;
        let note = match reader.checkpoint(source, once) {
            Ok(note) => note,
            Err(error) if stands_in && error.is_no_answer() => {
                return Ok(Self {
                    // There is one: it stands in.
                    note: larger(vendored, seen).unwrap_or_default(),
                    other: None,
                    unasked: Some(error),
                });
            }
            Err(error) => return Err(error),
        };
        let Some(vendored) = vendored.filter(|vendored| *vendored != note) else {
            return Ok(Self {
                note,
                other: None,
                unasked: None,
            });
        };
        let sizes = (size_of(&vendored), size_of(&note));
        let (Some(asked), Some(size)) = sizes else {
            // One of them is no checkpoint: it is refused as the one to climb to.
            let note = if sizes.0.is_none() { vendored } else { note };
            return Ok(Self {
                note,
                other: None,
                unasked: None,
            });
        };
        if asked <= size {
            return Ok(Self {
                note,
                other: Some(vendored),
                unasked: None,
            });
        }
        Ok(Self {
            note: vendored,
            other: Some(note),
            unasked: Some(ClientError::Behind {
                origin: client.policy.origin().clone(),
                address: source.address_of(&layout::checkpoint()),
                asked,
                size,
            }),
        })
    }
}

impl ClientError {
    /// Whether there was no answer to what the registry is now, so that something else may stand in: no reason to doubt
    /// what is at hand.
    fn is_no_answer(&self) -> bool {
        match self {
            // A token that is refused is to be looked at.
            Self::Storage(error) => error.remedy() == Remedy::Retry,
            Self::NoRegistry { .. } => true,
            _ => false,
        }
    }
}

/// The larger one of two checkpoints, by what they claim; the first, where that cannot be told.
fn larger(one: Option<Vec<u8>>, other: Option<Vec<u8>>) -> Option<Vec<u8>> {
    match (one, other) {
        (Some(one), Some(other)) if size_of(&one).is_some() && size_of(&one) < size_of(&other) => {
            Some(other)
        }
        (one, other) => one.or(other),
    }
}
