//! This user's personal registry: founded when something is first imported, and written to by its one key.
//!
//! One key serves as operate, checkpoint and publisher key. It lies among this user's keys, under the registry's origin.
//! Registry and policy appear together, in one step, after the key was saved. So whoever stops in between leaves nothing
//! but a key without a registry.

use std::collections::BTreeSet;
use std::path::Path;

use registry::client::LoadedPackage;
use registry::file::{NewFolder, Tree};
use registry::sequencer::{Founding, Sequencer, found as found_registry};
use registry::storage::Folder;
use semver::Version;
use transparency::name::{Namespace, PackageName};
use transparency::number::Time;
use transparency::operator::Action;
use transparency::package::Scope;
use transparency::policy::Policy;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::keys::{self, Kept, Keys, Role};
use crate::ops::registry::append::{Change, Destination, Draft};
use crate::ops::registry::operator::record;
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::{
    IMPORTED, POLICY, REGISTRY, folder, held_back, new_origin, policy_text,
};
use crate::ops::session::reading::Reading;

/// Held while the registry is founded, so that two runs do not found two.
const LOCK: &str = "personal.lock";

/// Founds this user's personal registry, unless it is there; says whether it did.
///
/// # Errors
/// Folders that cannot be written; keys that cannot be kept.
pub fn found(dirs: &Dirs, now: Time) -> Result<bool> {
    let data = Tree::private(dirs.make_data().classified()?);
    let folder = folder(dirs);
    let cannot = || format!("cannot found the personal registry in {}", folder.display());
    let _turn = data.lock(Path::new(LOCK)).or_fail(Class::Other, cannot)?;
    if folder.join(POLICY).exists() {
        return Ok(false);
    }
    let key = keys::generate(&new_origin()?).classified()?;
    let new = NewFolder::beside(&folder).or_fail(Class::Other, cannot)?;
    let registry = new.path().join(REGISTRY);
    Tree::private(&registry)
        .make()
        .or_fail(Class::Other, cannot)?;
    let founding = Founding {
        operate: &key,
        checkpoint: &key,
        namespaces: &[],
        now,
    };
    found_registry(&Folder::new(&registry), &founding).classified()?;
    let policy = Policy::without_witnesses(key.verifying_key().clone())
        .or_fail(Class::Other, || "the key cannot be a policy's")?;
    let text = policy_text(policy.operate_key());
    let policy = Tree::private(new.path()).create(Path::new(POLICY), text.as_bytes());
    policy.or_fail(Class::Other, cannot)?;
    // Without its key nobody can write to it. So that is on disk before the registry has its name.
    keys::add(dirs, &[Kept::new(key, Role::Personal)]).classified()?;
    new.finish().or_fail(Class::Other, cannot)?;
    Ok(true)
}

/// Opens namespaces in the personal registry, as its operator, so that its key may release in them. Those that are open
/// stay as they are.
///
/// # Errors
/// A key that is not there; a registry that cannot be read, believed or written.
pub(in crate::ops::registry) fn open_namespaces(
    own: &Configured,
    keys: &Keys,
    namespaces: BTreeSet<Namespace>,
    now: Time,
) -> Result<()> {
    let session = own.session(Reading::Now)?;
    let operator = session.checkpoint().operator();
    let key = own.policy.operate_key();
    let is_open = |namespace: &Namespace| {
        let grant = operator.grants(namespace).last();
        grant.is_some_and(|grant| grant.keys().contains(key))
    };
    let missing = namespaces.into_iter().filter(|one| !is_open(one));
    let holders = BTreeSet::from([key.clone()]);
    let actions = missing.map(|namespace| Action::Namespace(namespace, holders.clone()));
    let actions: Vec<_> = actions.collect();
    if actions.is_empty() {
        return Ok(());
    }
    let secret = keys.find_vkey(key).ok_or_else(|| no_key(own))?;
    let record = record(operator, secret, actions, now)?;
    drop(session);
    let folder = Folder::new(own.folder()?);
    Sequencer::new(&folder, &own.policy, secret)
        .saving_evidence(own.trust())
        .append(&[record], now)
        .map(drop)
        .classified()
}

/// Says of releases that were adopted that they are imported now: what was found lies here with the same contents.
///
/// # Errors
/// As [`Destination::append`].
pub(in crate::ops::registry) fn confirm<'f>(
    destination: &Destination<'_>,
    found: impl IntoIterator<Item = (&'f PackageName, &'f Version)>,
    from: &str,
) -> Result<()> {
    let found: Vec<_> = found.into_iter().collect();
    if found.is_empty() {
        return Ok(());
    }
    let own = destination.registry;
    let mut session = own.session(Reading::Now)?;
    let names = found.iter().map(|(name, _)| (*name).clone()).collect();
    let loaded = session.load(&names).map_err(|error| own.failure(error))?;
    let held = found.into_iter().filter(|(name, version)| {
        matches!(loaded.get(*name), Some(LoadedPackage::Present(log)) if held_back(log.log()).contains(*version))
    });
    let changes = held.map(|(name, version)| {
        let change = Change::Annotate {
            scope: Scope::Version(version.clone()),
            key: IMPORTED.to_owned(),
            value: from.to_owned(),
        };
        (name, change)
    });
    let changes: Vec<_> = changes.collect();
    let drafts = changes
        .iter()
        .map(|(name, change)| Draft::Change(name, change));
    let drafts: Vec<_> = drafts.collect();
    if drafts.is_empty() {
        return Ok(());
    }
    destination.append(&drafts).map(drop)
}

/// A registry without its key is of no use: it is founded anew.
fn no_key(own: &Configured) -> Error {
    let message = format!(
        "the key of this user's personal registry, {}, is not among this user's keys",
        own.policy.operate_key()
    );
    let folder = own.folder().ok().and_then(Path::parent);
    let folder = folder.map_or_else(String::new, |path| path.display().to_string());
    Error::new(Class::Refused, message).with_help(format!(
        "bring the key back; or remove {folder}: another one is founded then, and projects adopt what they have locked"
    ))
}

/// Where releases of the personal registry go, and who signs them.
pub(in crate::ops::registry) fn destination<'a>(
    own: &'a Configured,
    keys: &'a Keys,
    dirs: &'a Dirs,
    now: Time,
) -> Result<Destination<'a>> {
    let signer = keys.find_vkey(own.policy.operate_key());
    Ok(Destination {
        registry: own,
        keys,
        signer: Some(signer.ok_or_else(|| no_key(own))?),
        dirs,
        now,
        // It is idle whenever nothing new is needed, and nobody else reads it.
        sure: true,
    })
}
