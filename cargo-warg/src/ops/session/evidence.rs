//! The failure to open or to write to a registry, and the evidence that is saved where the registry misbehaved.

use std::path::{Path, PathBuf};

use registry::client::ClientError;
use registry::file::Tree;
use registry::sequencer::SequencerError;
use registry::trust::TrustStoreError;
use transparency::digest::Digest;
use transparency::misbehavior::Misbehavior;

use crate::error::Error;

/// A registry's failure; evidence of misbehavior is saved beside the folder of what this machine knows of it.
pub(crate) fn client(error: ClientError, folder: &Path) -> Error {
    if let ClientError::Memory(TrustStoreError::OtherKey { .. }) = error {
        return Error::classified(error).with_help(format!(
            "find out who changed the policy, and why. If the operator says, by a way that does not lead through the \
             registry or this change, that the new key is theirs, remove {}: this machine then sees the registry for the \
             first time",
            folder.display()
        ));
    }
    let saved = match &error {
        ClientError::Misbehavior { evidence, .. } => Some(save_evidence(evidence, folder)),
        _ => None,
    };
    let failure = Error::classified(error);
    match saved {
        None => failure,
        Some(Ok(path)) => failure.with_help(format!(
            "the evidence is saved in {}; it convinces anyone who has the policy: show it to the operator and to \
             others who use this registry",
            path.display()
        )),
        Some(Err(error)) => failure.with_help(format!("the evidence could not be saved: {error}")),
    }
}

/// A registry that does not go with the lock.
pub(crate) const NOT_OF_THE_LOCK: &str = "the lock does not go with its registry";

/// The failure to open a registry that is held to what the project's lock has of it.
pub(crate) fn opening(error: ClientError, tell: impl FnOnce(ClientError) -> Error) -> Error {
    let is_of_lock = matches!(
        error,
        ClientError::Behind { .. } | ClientError::NotPrefix { .. }
    );
    let failure = tell(error);
    if is_of_lock {
        failure.context(NOT_OF_THE_LOCK)
    } else {
        failure
    }
}

fn save_evidence(evidence: &Misbehavior, folder: &Path) -> std::io::Result<PathBuf> {
    let text = evidence.to_string();
    let name = Digest::of(text.as_bytes()).hex();
    // Beside it: where nothing was seen yet, there is no folder, and a folder without its file is a damaged one.
    let path = folder.with_file_name("misbehavior").join(name);
    let state = folder.ancestors().nth(2).unwrap_or(folder);
    let below = path.strip_prefix(state).unwrap_or(&path);
    Tree::private(state).replace(below, text.as_bytes())?;
    Ok(path)
}

/// A failure of writing to a registry.
pub(crate) fn sequencer(error: SequencerError, folder: &Path) -> Error {
    match error {
        SequencerError::Client(error) => client(error, folder),
        error => Error::classified(error),
    }
}
