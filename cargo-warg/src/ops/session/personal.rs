//! What is known of personal registries by their names alone.
//!
//! A personal registry lies in a user's data folder and is filled on demand. Its origin says that it is one, no other
//! registry's does, and no Cargo.toml names it. [`registries`](super::registries) opens them, and
//! `ops::registry::personal` founds and fills this user's own.

use std::collections::BTreeSet;
use std::path::PathBuf;

use semver::Version;
use transparency::key::VerifyingKey;
use transparency::name::Origin;
use transparency::package::{Log, Scope};

use crate::dirs::Dirs;
use crate::error::{Class, OrFail as _, Result};

/// What this user's own is called, beside what Cargo.toml calls the others.
pub const ALIAS: &str = "personal";

/// What the origin of every personal registry begins with, and of no other.
pub(in crate::ops) const PREFIX: &str = "personal/";

/// How many hex digits follow.
const DIGITS: usize = 16;

/// The annotation of a release that was taken from another machine's personal registry: which one.
pub(in crate::ops) const ADOPTED: &str = "adopted";

/// The annotation of an adopted release that was found where this user imports from, too: from where.
pub(in crate::ops) const IMPORTED: &str = "imported";

/// The releases of a package of this user's personal registry that are there for those projects alone that have them locked:
/// another machine vouched for them, and nothing that this user imported from has them. Otherwise any project that is
/// cloned could bring what all others then get.
pub(in crate::ops) fn held_back(log: &Log) -> BTreeSet<Version> {
    let (mut adopted, mut imported) = (BTreeSet::new(), BTreeSet::new());
    for (about, key, _) in log.annotations() {
        match (about, key) {
            (Scope::Version(version), ADOPTED) => _ = adopted.insert(version.clone()),
            (Scope::Version(version), IMPORTED) => _ = imported.insert(version),
            _ => {}
        }
    }
    adopted.retain(|version| !imported.contains(version));
    adopted
}

/// The sixteen digits of a personal registry's origin; none of any other.
pub(in crate::ops) fn digits(origin: &Origin) -> Option<&str> {
    let digits = origin.as_str().strip_prefix(PREFIX)?;
    let is_hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (digits.len() == DIGITS && digits.bytes().all(is_hex)).then_some(digits)
}

/// Whether a registry is somebody's personal one.
pub fn is_personal(origin: &Origin) -> bool {
    digits(origin).is_some()
}

/// Whether an origin looks as only those of personal registries may.
pub fn is_reserved(origin: &Origin) -> bool {
    origin.as_str().starts_with(PREFIX)
}

/// An origin that no other registry has.
///
/// # Errors
/// A system without randomness.
pub(in crate::ops) fn new_origin() -> Result<String> {
    let mut random = [0; DIGITS / 2];
    getrandom::fill(&mut random).or_fail(
        Class::Other,
        || "the system gave no random bytes for an origin",
    )?;
    Ok(format!("{PREFIX}{:016x}", u64::from_be_bytes(random)))
}

/// The text of a personal registry's policy.
pub(in crate::ops) fn policy_text(key: &VerifyingKey) -> String {
    format!(
        "# Who signs for a personal registry: one user's machine. Whoever can change this file decides what this project trusts.\n\
         log {key}\n\
         quorum none\n"
    )
}

/// Where a project has the policy of a personal registry, below its root; none of any other registry.
pub(in crate::ops) fn policy_path(origin: &Origin) -> Option<PathBuf> {
    let digits = digits(origin)?;
    Some(PathBuf::from(format!("trust/personal-{digits}.policy")))
}

/// The folder of this user's personal registry and its policy. It may not exist.
pub(in crate::ops) fn folder(dirs: &Dirs) -> PathBuf {
    dirs.data().join("personal")
}

/// Where the registry lies in that folder.
pub(in crate::ops) const REGISTRY: &str = "registry";

/// Where its policy lies in that folder.
pub(in crate::ops) const POLICY: &str = "policy";

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_personal_origin_has_sixteen_digits_and_leads_to_no_other_file() {
        let made = new_origin().unwrap().parse::<Origin>().unwrap();
        assert!(is_personal(&made), "{made}");
        for (text, personal) in [
            ("personal/0123456789abcdef", true),
            ("personal/0123456789abcdeF", false),
            ("personal/0123456789abcde", false),
            ("personal/0123456789abcdef0", false),
            ("personal/../../../../etc/x", false),
            ("personal", false),
            ("x/personal/0123456789abcdef", false),
        ] {
            let origin = text.parse::<Origin>().unwrap();
            assert_eq!(is_personal(&origin), personal, "{text}");
            let path = policy_path(&origin);
            assert_eq!(path.is_some(), personal, "{text}: {path:?}");
            assert_eq!(
                is_reserved(&origin),
                text.starts_with("personal/"),
                "{text}"
            );
        }
    }
}
