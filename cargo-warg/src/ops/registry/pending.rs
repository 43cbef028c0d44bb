//! Signed records that wait for the registry to say that it has them.
//!
//! A publisher who signs and then hears nothing does not know whether the registry has the record. The bytes are kept,
//! and a rerun with the same actions sends them again. The same bytes at the same position are success; a second record,
//! signed a minute later, would be a conflict. What is kept is only a help: whoever reads it compares it with what is to
//! be said now, and signs anew where it does not fit.

use std::io;
use std::path::{Path, PathBuf};

use registry::cache::registry_id;
use registry::file::{self, Tree};
use transparency::digest::Digest;
use transparency::policy::Policy;

/// The largest file of kept records, in bytes: as much as a thousand records of the greatest length.
const MAX_PENDING: u64 = 64 * 1024 * 1024;

/// The records of one append, in this user's state folder.
#[derive(Debug)]
pub struct Pending {
    state: Tree,
    /// Where they are kept, below the state folder.
    path: PathBuf,
}

impl Pending {
    /// Where the records that say this are kept: a line for each.
    pub fn of(state: &Path, policy: &Policy, says: impl Iterator<Item = String>) -> Self {
        let says: Vec<_> = says.collect();
        Self {
            state: Tree::private(state),
            path: Path::new("pending")
                .join(registry_id(policy))
                .join(Digest::of(says.join("\n").as_bytes()).hex()),
        }
    }

    /// The records that are kept, in order; none where the file is missing or damaged.
    pub fn read(&self) -> Vec<Vec<u8>> {
        self.read_file().unwrap_or_default()
    }

    fn read_file(&self) -> Option<Vec<Vec<u8>>> {
        let path = self.state.root().join(&self.path);
        parse(&file::read(&path, MAX_PENDING).ok()?)
    }

    /// Keeps records, durably, before they are sent.
    ///
    /// # Errors
    /// A state folder that cannot be written.
    pub fn keep(&self, records: &[Vec<u8>]) -> io::Result<()> {
        self.state.replace(&self.path, &print(records)?)
    }

    /// Forgets them: they are acknowledged. (What stays behind where that fails does not fit the next time.)
    pub fn forget(&self) {
        let _ = self.state.remove(&self.path);
    }
}

/// Reads a file of records, (u16 length ‖ record)*; none where it is cut.
pub fn parse(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (length, tail) = rest.split_first_chunk::<2>()?;
        let length = usize::from(u16::from_be_bytes(*length));
        let (record, tail) = tail.split_at_checked(length)?;
        records.push(record.to_vec());
        rest = tail;
    }
    Some(records)
}

/// Writes such a file.
///
/// # Errors
/// A record that is longer than any can be.
pub fn print(records: &[Vec<u8>]) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    for record in records {
        let length = u16::try_from(record.len()).map_err(io::Error::other)?;
        bytes.extend(length.to_be_bytes());
        bytes.extend(record);
    }
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_is_kept_is_read_again_and_what_is_damaged_counts_as_nothing() {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("pending/some/file");
        let pending = Pending {
            state: Tree::private(state.path()),
            path: "pending/some/file".into(),
        };
        assert!(pending.read().is_empty());
        let records = vec![b"first".to_vec(), Vec::new(), vec![0; 65_535]];
        pending.keep(&records).unwrap();
        assert_eq!(pending.read(), records);
        let whole = fs::read(&path).unwrap();
        fs::write(&path, &whole[..whole.len() - 1]).unwrap();
        assert!(pending.read().is_empty(), "a cut file");
        assert!(pending.keep(&[vec![0; 65_536]]).is_err());
        pending.forget();
        assert!(!path.exists());
        pending.forget();
    }
}
