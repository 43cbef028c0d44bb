//! This user's personal registry: founded when something is first imported, and filled.
//!
//! One key serves as operate, checkpoint and publisher key. It lies among this user's keys, under the registry's origin.
//! Registry and policy appear together, in one step, after the key was saved. So whoever stops in between leaves nothing
//! but a key without a registry.
//!
//! What is signed here is this user's word for bytes. So each statement is made from the bytes, whatever anybody's record
//! said of them.

use std::collections::BTreeSet;
use std::path::Path;

use registry::client::LoadedPackage;
use registry::file::{NewFolder, Tree};
use registry::sequencer::{Founding, Sequencer, found as found_registry};
use registry::storage::Folder;
use semver::Version;
use transparency::content::{Content, Derived};
use transparency::name::{Namespace, PackageName};
use transparency::number::Time;
use transparency::operator::Action;
use transparency::package::Scope;
use transparency::policy::Policy;
use transparency::record::{Record, Subject};
use transparency::statement::Statement;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::keys::{self, Kept, Keys, Role};
use crate::ops::registry::append::{Change, Destination, Draft, Item};
use crate::ops::session::personal::{
    ADOPTED, IMPORTED, POLICY, REGISTRY, folder, is_held_back, new_origin, policy_text,
};
use crate::ops::session::registries::{Configured, Reading, Registries};
use crate::ops::session::supply::{Adopted, Supply};

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
    let record = Record {
        origin: operator.origin().clone(),
        subject: Subject::Operator,
        position: operator.length().next(),
        previous: operator.head(),
        time: operator.next_time(now, &actions),
        signer: key.clone(),
        actions,
    };
    let record = record
        .sign(secret)
        .or_fail(Class::Other, || "cannot write the record")?;
    drop(session);
    let folder = Folder::new(own.folder()?);
    Sequencer::new(&folder, &own.policy, secret)
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
        matches!(loaded.get(*name), Some(LoadedPackage::Present(log)) if is_held_back(log.log(), version))
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

/// What fills the personal registry.
#[derive(Debug, Clone, Copy)]
pub struct Supplier<'a> {
    /// This user's folders.
    pub dirs: &'a Dirs,
    /// The time that records are written at.
    pub now: Time,
}

impl Supplier<'_> {
    /// Founds the registry where there is none, and releases items in it, all in one append.
    fn release(&self, registries: &Registries, items: &[Item]) -> Result<()> {
        found(self.dirs, self.now)?;
        let own = registries.own()?.ok_or_else(|| {
            Error::new(Class::Other, "this user's personal registry is not there")
        })?;
        let keys = Keys::open(self.dirs).classified()?;
        let namespaces = items.iter().map(|item| item.name.namespace());
        open_namespaces(own, &keys, namespaces.collect(), self.now)?;
        let signer = keys.find_vkey(own.policy.operate_key());
        let destination = Destination {
            registry: own,
            keys: &keys,
            signer: Some(signer.ok_or_else(|| no_key(own))?),
            dirs: self.dirs,
            now: self.now,
            // It is idle whenever nothing new is needed, and nobody else reads it.
            sure: true,
        };
        let drafts: Vec<_> = items.iter().map(Draft::Release).collect();
        destination.append(&drafts).map(drop)
    }
}

impl Supply for Supplier<'_> {
    fn adopt(&self, registries: &Registries, adopted: Vec<Adopted>) -> Result<()> {
        let items: Vec<_> = adopted.into_iter().map(item).collect();
        self.release(registries, &items)
    }
}

/// The release of a content, as its bytes say it.
fn item(adopted: Adopted) -> Item {
    let Adopted {
        selection,
        content,
        from,
    } = adopted;
    let statement = statement(&content, selection.version);
    Item {
        name: selection.name,
        kind: content.derived().kind(),
        statement,
        content: content.into_bytes(),
        attached: Vec::new(),
        annotations: vec![(ADOPTED.to_owned(), from.to_string())],
    }
}

fn statement(content: &Content, version: Version) -> Statement {
    let size = u64::try_from(content.bytes().len()).unwrap_or(u64::MAX);
    let mut statement = Statement::new(version, content.digest(), size);
    match content.derived().clone() {
        Derived::Component { imports, exports } => {
            statement.imports = imports;
            statement.exports = exports;
        }
        Derived::Wit { requirements, .. } => statement.requirements = requirements.into(),
    }
    statement
}
