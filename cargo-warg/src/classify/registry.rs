//! Errors of `registry`: what they ask of the caller, and what to do about them.

use registry::check::CheckError;
use registry::client::{ClientError, Remedy};
use registry::fetch::FetchError;
use registry::sequencer::{CommitProblem, SequencerError};
use registry::storage::StorageError;
use registry::trust::{Saved, TrustStoreError};
use transparency::checkpoint::TrustError;

use crate::error::{Class, Classify};
use crate::network::ROOTS_VARIABLE;
use crate::tokens::TOKENS_VARIABLE;

pub(super) fn class_of(remedy: Remedy) -> Class {
    match remedy {
        Remedy::Retry => Class::Unavailable,
        Remedy::Investigate => Class::Refused,
        Remedy::Report => Class::Misbehavior,
        Remedy::Mend => Class::Other,
        Remedy::Ask => Class::Usage,
    }
}

impl Classify for ClientError {
    fn class(&self) -> Class {
        class_of(self.remedy())
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Storage(StorageError::Fetch { source, .. }) => return fetch_help(source),
            Self::NoRegistry { .. } => {
                "check its `url` in Cargo.toml: a registry has a file `checkpoint`, and paths start at the root manifest"
                    .to_owned()
            }
            Self::NothingKept { .. } => {
                "run `cargo warg fetch` once with the registry in reach; it keeps what `--offline` needs".to_owned()
            }
            Self::Missing { .. } => {
                "offline, `cargo warg fetch` keeps what is needed; in a registry, the file may be on its way (try \
                 again), or was lost"
                    .to_owned()
            }
            Self::SetBack { .. } => {
                "read a registry that is up to date; if it was set back on purpose, that is what this check is for"
                    .to_owned()
            }
            Self::Trust { source, .. } if matches!(**source, TrustError::Ahead { .. }) => {
                "if the clock of this machine is right, the registry's was not: its operator sets it right with \
                 `cargo warg registry clock`"
                    .to_owned()
            }
            Self::Trust { .. } => {
                "the policy file says whom this project trusts: ask the operator for the key, by a way that does not \
                 lead through the registry, and find out which of the two is wrong"
                    .to_owned()
            }
            Self::Behind { .. } => "read a registry that is up to date".to_owned(),
            Self::NoCheckpoint { .. } => {
                "ask for the size of a checkpoint: every warg.lock names those that it was solved at".to_owned()
            }
            Self::LeftOut { .. } => {
                "whoever reads that past would not have been told of the record: show this to others who use this \
                 registry"
                    .to_owned()
            }
            Self::NotPrefix { .. } | Self::NeverCheckpoint { .. } => {
                "the lock was edited, or its registry shows another history than it did: restore the lock where it is not \
                 what is in version control; else keep it, for it is evidence, and ask the registry's operator"
                    .to_owned()
            }
            Self::Misbehavior {
                saved: Saved::In(path),
                ..
            } => format!(
                "the evidence is saved in {}; it convinces anyone who has the policy: show it to the operator and to \
                 others who use this registry",
                path.display()
            ),
            Self::Misbehavior {
                saved: Saved::Failed(error),
                ..
            } => format!("the evidence could not be saved: {error}"),
            Self::Memory(TrustStoreError::OtherKey { folder, .. }) => format!(
                "find out who changed the policy, and why. If the operator says, by a way that does not lead through the \
                 registry or this change, that the new key is theirs, remove {}: this machine then sees the registry for the \
                 first time",
                folder.display()
            ),
            Self::Memory(TrustStoreError::Damaged { .. }) => {
                "if you are sure that the damage is an accident, remove the folder; this machine then trusts the \
                 registry as if it saw it for the first time"
                    .to_owned()
            }
            Self::File { .. }
            | Self::Tile(_)
            | Self::Map { .. }
            | Self::Head(_)
            | Self::Log { .. }
            | Self::Unchained { .. }
            | Self::Longer { .. }
            | Self::Outside { .. }
            | Self::NotIncluded { .. }
            | Self::Content(_)
            | Self::Long { .. }
            | Self::Underivable { .. } => {
                "nothing of it was kept; where this is a copy or a mirror, read the registry itself, or else tell its \
                 operator"
                    .to_owned()
            }
            Self::Storage(_)
            | Self::Memory(TrustStoreError::Io { .. })
            | Self::Diverged { .. }
            | Self::OtherOperator { .. }
            | Self::OperatorCut { .. }
            | Self::Lost { .. }
            | Self::Moved { .. }
            | Self::TimeBack { .. }
            | Self::Misbehavior {
                saved: Saved::Nowhere,
                ..
            }
            | Self::Kept(_)
            | Self::Keep(_)
            | Self::Unasked { .. } => return None,
        })
    }
}

/// What to do about a file that could not be fetched.
pub(super) fn fetch_help(error: &FetchError) -> Option<String> {
    Some(match error {
        FetchError::Denied { status, .. } if status.as_u16() == 407 => {
            "the proxy asks for a name and password: write them into the address in `HTTPS_PROXY`".to_owned()
        }
        FetchError::Denied { token: true, .. } => format!(
            "the token for this address was refused: see the tokens file, or `{TOKENS_VARIABLE}`"
        ),
        FetchError::Denied { token: false, .. } => format!(
            "no token is known for this address: put a line `ADDRESS TOKEN` into the tokens file in the config folder, or \
             into `{TOKENS_VARIABLE}`; see docs/http.md"
        ),
        FetchError::Setup { .. } => format!(
            "certificates come from the system, or `SSL_CERT_FILE`, and from the file that `{ROOTS_VARIABLE}` names"
        ),
        FetchError::WebPage => {
            "this may be a login page on the way, or what the server sends for files it does not have: it should \
             answer 404"
                .to_owned()
        }
        FetchError::Connect { .. } | FetchError::Stalled { .. } | FetchError::Slow { .. } => {
            "check the address, the network and the proxy; `--offline` reads what this machine keeps".to_owned()
        }
        FetchError::Busy { .. } | FetchError::Broken { .. } | FetchError::Length { .. } => {
            "try again later, or name `mirrors` for the registry in Cargo.toml".to_owned()
        }
        FetchError::Encoded { .. }
        | FetchError::Status { .. }
        | FetchError::Pieces { .. }
        | FetchError::Redirects { .. }
        | FetchError::Redirect { .. } => {
            "check the address; docs/http.md says what a server of a registry has to do".to_owned()
        }
        FetchError::TooLarge { .. } => return None,
    })
}

impl Classify for SequencerError {
    fn class(&self) -> Class {
        match self {
            Self::Client(error) => error.class(),
            Self::Storage(StorageError::Moved) | Self::Unfinished(StorageError::Moved) => {
                Class::Unavailable
            }
            Self::Storage(error) | Self::Unfinished(error) => class_of(error.remedy()),
            Self::NotCheckpointKey { .. }
            | Self::Policy(_)
            | Self::Record(_)
            | Self::Package(_)
            | Self::Operator(_)
            | Self::Conflict { .. }
            | Self::Skew { .. }
            | Self::Ahead { .. }
            | Self::Defective { .. }
            | Self::Content { .. }
            | Self::Withdrawn { .. }
            | Self::Map(_)
            | Self::File { .. }
            | Self::Entries { .. }
            | Self::Commit { .. } => Class::Refused,
            Self::Exists { .. } | Self::Begun { .. } | Self::Full => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Client(error) => error.help(),
            Self::Conflict { .. } => {
                Some("somebody published in between: run the command again".to_owned())
            }
            Self::Ahead { .. } | Self::Skew { .. } => Some(
                "set the clock of this machine right; if it is, the registry's operator has `cargo warg registry clock`"
                    .to_owned(),
            ),
            Self::Commit {
                problem: CommitProblem::Ahead { .. },
                ..
            } => Some(
                "set the clock of this machine right; if it is, a fast clock began this commit: the registry's operator has `cargo warg registry clock`, which finishes it"
                    .to_owned(),
            ),
            Self::Commit { .. } => Some(
                "find out who else can write the registry's folder, then remove that file: nothing of it is published"
                    .to_owned(),
            ),
            Self::Exists { .. } => Some("choose another folder".to_owned()),
            Self::Begun { .. } => Some(
                "nothing of it is published: if nobody is founding one there just now, remove that file, or choose another \
                 folder"
                    .to_owned(),
            ),
            Self::Storage(_)
            | Self::Unfinished(_)
            | Self::NotCheckpointKey { .. }
            | Self::Policy(_)
            | Self::Record(_)
            | Self::Package(_)
            | Self::Operator(_)
            | Self::Defective { .. }
            | Self::Content { .. }
            | Self::Withdrawn { .. }
            | Self::Map(_)
            | Self::File { .. }
            | Self::Entries { .. }
            | Self::Full => None,
        }
    }
}

impl Classify for CheckError {
    fn class(&self) -> Class {
        class_of(self.remedy())
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Client(error) => error.help(),
            Self::Storage(_) => None,
            Self::Missing { .. }
            | Self::File { .. }
            | Self::Differs { .. }
            | Self::Root { .. }
            | Self::Entry { .. }
            | Self::Content(_)
            | Self::Underivable { .. } => Some(
                "find out what changed it, and restore it from a copy of the registry: files there never change"
                    .to_owned(),
            ),
        }
    }
}
