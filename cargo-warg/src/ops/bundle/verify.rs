//! A bundle, verified by what it says of itself.
//!
//! The lock in it is held to the rules of every lock; then the bundle is composed again, from the root that lies in it and
//! the contents that the registries vouch for, and compared byte by byte. What the root itself is, only its own record
//! could say: its digest is told.

use transparency::digest::Digest;
use transparency::name::Kind;
use transparency::selection::Selection;

use crate::error::{Class, Classified as _, Classify as _, Error, Result};
use crate::notice::Notice;
use crate::ops::bundle::embedded::LockedBundle;
use crate::ops::bundle::rebuild::{Rebuilt, rebuild};
use crate::ops::bundle::requirements;
use crate::ops::lock;
use crate::ops::lock::deny::Asked;
use crate::ops::lock::member_lock::{MemberLockError, check_shape};
use crate::ops::lock::verify::Whose;
use crate::ops::session::Sessions;
use crate::ops::session::proved::Proved;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;
use component::bundle::{EmbeddedError, Part, Wiring};

/// What verifying a bundle showed.
#[derive(Debug)]
pub struct VerifiedBundle {
    /// The root's name, as the lock has it: nobody vouches for that.
    pub name: String,
    /// The SHA-256 of the root.
    pub root: Digest,
    /// How many packages the lock has.
    pub packages: usize,
    /// How many contents were checked.
    pub contents: usize,
    /// Whether composing gives it again.
    pub bundle: Rebuilt,
    /// What serves an import whatever the requirements say. Nobody vouches for that.
    pub wire: Wiring,
    /// What was shown, by registry.
    pub proved: Vec<Proved>,
    /// What the user should know, and did not deny.
    pub notices: Vec<Notice>,
    /// What failed since it was denied, the gravest last.
    pub failures: Vec<Error>,
}

/// Verifies a bundle, which messages call `this`.
///
/// # Errors
/// Bytes that are no bundle; a claim of its lock that does not hold; other bytes than follow from it; whatever keeps a
/// registry from being read or believed.
pub fn verify_bundle(
    registries: &Registries,
    bytes: &[u8],
    this: &str,
    asked: &Asked,
) -> Result<VerifiedBundle> {
    let bundle = LockedBundle::open(bytes).classified()?;
    let (embedded, lock) = (&bundle.embedded, &bundle.lock);
    check_shape(lock).map_err(not_verifiable)?;
    let mut sessions = Sessions::new(registries, Reading::now(asked.offline));
    let is_component = |selection: &Selection| selection.kind == Kind::Component;
    let checked = lock::verify::check(
        registries.origins(),
        Whose::Carried,
        lock,
        &mut sessions,
        is_component,
    )
    .map_err(|error| error.context("the lock in the bundle does not hold"))?;
    let digest = embedded.root;
    let root = embedded
        .root()
        .and_then(|root| bytes.get(root.range.clone()));
    let root = root.ok_or(EmbeddedError::NoRoot { digest }).classified()?;
    let root = Part {
        requirements: requirements(lock),
        content: root,
    };
    let rebuilt = rebuild(bytes, &bundle, root, &checked.contents)
        .map_err(|error| error.context("the bundle does not hold"))?;
    let proved = sessions.proved();
    let mut notices: Vec<_> = rebuilt.notice().into_iter().collect();
    notices.extend(
        embedded
            .wire
            .0
            .iter()
            .map(|(import, package)| Notice::Redirected {
                import: import.clone(),
                package: package.clone(),
            }),
    );
    notices.extend(asked.silence(&proved));
    notices.extend(checked.yanked);
    let failures = asked.denied(this, &mut notices, None);
    Ok(VerifiedBundle {
        name: bundle.name().to_owned(),
        root: digest,
        packages: lock.packages.len(),
        contents: checked.count,
        bundle: rebuilt,
        wire: embedded.wire.clone(),
        proved,
        notices,
        failures,
    })
}

/// Nobody signed a bundle, and it may be the reader's own: there is no publisher to be told.
fn not_verifiable(error: MemberLockError) -> Error {
    if let MemberLockError::Folder { selection } = error {
        let message = format!("it has {selection} from a folder, which no registry vouches for");
        return Error::new(Class::Refused, message).with_help(
            "for others to verify it, publish that package, lock it without `path` or `patch`, and bundle again",
        );
    }
    Error::caused(error.class(), "the lock in the bundle does not hold", error)
        .with_help("nobody signed it: make the bundle again, or ask who made it")
}
