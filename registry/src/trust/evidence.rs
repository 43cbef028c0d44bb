//! Evidence of misbehavior, kept for others.
//!
//! It is saved where it is found, before anybody decides what becomes of the error that it makes: so a second error cannot
//! hide it. Each piece is a file named after its own digest, in `trust/misbehavior/` of the state folder: saving it twice is
//! saving it once.

use std::io;
use std::path::{Path, PathBuf};

use transparency::digest::Digest;
use transparency::misbehavior::Misbehavior;

use super::TrustStore;

/// What became of evidence.
#[derive(Debug)]
pub enum Saved {
    /// It lies in this file.
    In(PathBuf),
    /// It could not be written.
    Failed(io::Error),
    /// Whoever found it has no trust store.
    Nowhere,
}

impl Saved {
    pub(crate) fn by(store: Option<&TrustStore>, evidence: &Misbehavior) -> Self {
        let Some(store) = store else {
            return Self::Nowhere;
        };
        match store.save(evidence) {
            Ok(path) => Self::In(path),
            Err(error) => Self::Failed(error),
        }
    }
}

impl TrustStore {
    /// Saves evidence; says in which file.
    fn save(&self, evidence: &Misbehavior) -> io::Result<PathBuf> {
        let text = evidence.to_string();
        // Beside the registry's own folder, which may not be there yet: one without its file would count as damaged.
        let below = Path::new(super::FOLDER)
            .join("misbehavior")
            .join(Digest::of(text.as_bytes()).hex());
        self.state.replace(&below, text.as_bytes())?;
        Ok(self.state.root().join(below))
    }
}
