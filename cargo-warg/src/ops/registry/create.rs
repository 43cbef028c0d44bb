//! Making a registry: keys, folder, policy, and its entry in Cargo.toml.
//!
//! Stopping anywhere loses nothing, and running it again finishes it. For that the order is:
//!
//! 1. Everything that can be refused is looked at.
//! 2. The registry is founded in a folder beside.
//! 3. Its keys are saved.
//! 4. The folder takes its name in one step.
//! 5. The policy file is written.
//! 6. Cargo.toml names all of it.
//!
//! A folder may hold a registry that this user's keys founded, with the same namespaces. Then a run that was cut off is
//! taken to have founded it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use registry::client::{Client, Session};
use registry::file::{self, NewFolder, Tree};
use registry::layout::{self, PRIVATE};
use registry::sequencer::{Founding, SequencerError, found};
use registry::storage::{Folder, Source as _};
use transparency::key::{SigningKey, VerifyingKey};
use transparency::name::{Namespace, Origin};
use transparency::number::{Size, Time};
use transparency::policy::Policy;

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::keys::{self, Kept, Keys, Role};
use crate::manifest::address::{address_text, resolve};
use crate::manifest::edit::NewRegistry;
use crate::manifest::{Alias, Workspace};
use crate::ops::registry::policy_file::{Fingerprint, below, in_the_way};
use crate::ops::session::personal::{ALIAS, is_reserved};
use crate::ops::session::policy::MAX_POLICY;

/// The registry to be made.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    /// Its folder.
    pub path: &'a Path,
    /// What Cargo.toml is to call it.
    pub alias: &'a Alias,
    /// Namespaces, each with the name of one of this user's keys, or with a vkey.
    pub namespaces: &'a [(Namespace, String)],
    /// What its log is called; otherwise a unique origin is made up, `ALIAS-<16 hex digits>.local`.
    pub origin: Option<&'a Origin>,
    /// The time that the records are written at.
    pub now: Time,
}

/// What was made.
#[derive(Debug)]
pub struct Made {
    /// What its log is called.
    pub origin: Origin,
    /// Where it is.
    pub folder: PathBuf,
    /// The key that signs operator records, and that the policy names.
    pub operate: VerifyingKey,
    /// The key that signs checkpoints.
    pub checkpoint: VerifyingKey,
    /// Where the secret halves are.
    pub keys: PathBuf,
    /// The policy file.
    pub policy: PathBuf,
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Whether it was founded now; otherwise an earlier run did, and this one finished it.
    pub founded: bool,
    /// Whether the root manifest changed.
    pub configured: bool,
}

/// Makes a registry, or finishes making one.
///
/// # Errors
/// A key that is not there; a folder that is not empty; a policy file or an entry of Cargo.toml that is in the way; a
/// disk that says no.
pub fn make(workspace: &Workspace, dirs: &Dirs, wanted: &Wanted<'_>) -> Result<Made> {
    check_not_personal(wanted.alias, wanted.origin)?;
    let secret = Keys::open(dirs).classified()?;
    let namespaces = holders(&secret, wanted.namespaces)?;
    let folder = resolve(wanted.path).or_fail(Class::Other, || {
        format!("cannot find the folder {}", wanted.path.display())
    })?;
    let policy_text = below(wanted.alias);
    let policy_path = workspace.root().join(&policy_text);
    let names: Vec<_> = namespaces.iter().map(|(name, _)| name.clone()).collect();
    let mut edit = None;
    if workspace.has_manifest() {
        let mut root = workspace.edit_root().classified()?;
        let url = address_text(workspace.root(), &folder, "a registry")?;
        root.add_registry(&NewRegistry {
            alias: wanted.alias,
            url: &url,
            policy: &policy_text,
            namespaces: &names,
        })
        .classified()?;
        edit = Some(root);
    }

    let begun = begun(&folder, &secret, &namespaces, wanted)?;
    let founded = begun.is_none();
    let (operate, checkpoint) = if let Some(keys) = begun {
        keys
    } else {
        if policy_path.exists() {
            return Err(in_the_way(&policy_path));
        }
        found_new(&folder, dirs, &namespaces, wanted)?
    };
    let policy = Policy::without_witnesses(operate.clone())
        .or_fail(Class::Other, || "the operate key cannot be a policy's")?;
    let fingerprint = write_policy(
        workspace.root(),
        Path::new(&policy_text),
        wanted.alias,
        &operate,
    )?;
    let configured = match edit {
        Some(edit) => edit.save().classified()?,
        None => false,
    };
    Ok(Made {
        origin: policy.origin().clone(),
        folder,
        operate,
        checkpoint,
        keys: keys::file(dirs),
        policy: policy_path,
        fingerprint,
        founded,
        configured,
    })
}

/// Demands that no registry is made or added which would look like somebody's personal one.
///
/// # Errors
/// It would.
pub fn check_not_personal(alias: &Alias, origin: Option<&Origin>) -> Result<()> {
    let message = if alias.as_str() == ALIAS {
        format!("`{ALIAS}` is what every user's personal registry is called")
    } else if let Some(origin) = origin.filter(|origin| is_reserved(origin)) {
        format!("`{origin}` looks as only origins of personal registries may")
    } else {
        return Ok(());
    };
    Err(Error::new(Class::Usage, message).with_help("choose another one"))
}

type Namespaces = Vec<(Namespace, Vec<VerifyingKey>)>;

/// Every namespace once, with all keys that are named for it.
fn holders(secret: &Keys, wanted: &[(Namespace, String)]) -> Result<Namespaces> {
    let mut namespaces: BTreeMap<Namespace, Vec<VerifyingKey>> = BTreeMap::new();
    for (namespace, key) in wanted {
        let key = match key.parse::<VerifyingKey>() {
            Ok(key) => key,
            Err(_) => secret.find(key).classified()?.verifying_key().clone(),
        };
        let holders = namespaces.entry(namespace.clone()).or_default();
        if !holders.contains(&key) {
            holders.push(key);
        }
    }
    Ok(namespaces.into_iter().collect())
}

/// The keys of the registry that an earlier run founded in the folder; none where the folder is free.
fn begun(
    folder: &Path,
    secret: &Keys,
    namespaces: &Namespaces,
    wanted: &Wanted<'_>,
) -> Result<Option<(VerifyingKey, VerifyingKey)>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        entries => entries.and_then(Iterator::collect::<io::Result<Vec<_>>>),
    };
    let entries = entries.or_fail(Class::Other, || format!("cannot read {}", folder.display()))?;
    if entries.is_empty() {
        return Ok(None);
    }
    let taken = |what: &str| {
        Error::new(Class::Other, format!("{} {what}", folder.display()))
            .with_help("choose another folder")
    };
    let storage = Folder::new(folder);
    for key in secret.all() {
        let Ok(policy) = Policy::without_witnesses(key.verifying_key().clone()) else {
            continue;
        };
        let Ok(session) = Client::new(&policy, &storage).open() else {
            continue;
        };
        let another = wanted
            .origin
            .is_some_and(|origin| origin != policy.origin());
        if another || !gives(&session, namespaces) {
            return Err(taken(&format!(
                "is the registry `{}` already, which you made with another origin or other namespaces",
                policy.origin()
            )));
        }
        let operator = session.checkpoint().operator();
        let mut granted = operator
            .checkpoint_keys()
            .map(|granted| granted.key().clone());
        if let Some(checkpoint) = granted.find(|key| secret.find_vkey(key).is_some()) {
            return Ok(Some((key.verifying_key().clone(), checkpoint)));
        }
    }
    if matches!(storage.get(&layout::checkpoint()), Ok(None))
        && matches!(storage.get(&layout::commit(Size::ZERO)), Ok(Some(_)))
    {
        let address = storage.address_of(&layout::commit(Size::ZERO));
        return Err(Error::classified(SequencerError::Begun { address }));
    }
    if entries.iter().any(|entry| entry.file_name() == PRIVATE) {
        return Err(taken("is a registry already, and none that your keys made"));
    }
    Err(taken("is not empty"))
}

/// Whether the operator gives exactly these namespaces to exactly these keys.
fn gives(session: &Session<'_>, namespaces: &Namespaces) -> bool {
    let operator = session.checkpoint().operator();
    let given: BTreeMap<_, BTreeSet<_>> = operator
        .namespaces()
        .filter_map(|(namespace, grants)| Some((namespace, grants.last()?.keys().iter().collect())))
        .collect();
    let asked: BTreeMap<_, BTreeSet<_>> = namespaces
        .iter()
        .map(|(namespace, keys)| (namespace, keys.iter().collect()))
        .collect();
    given == asked
}

/// New keys, saved, and a registry founded with them.
fn found_new(
    folder: &Path,
    dirs: &Dirs,
    namespaces: &Namespaces,
    wanted: &Wanted<'_>,
) -> Result<(VerifyingKey, VerifyingKey)> {
    let origin = match wanted.origin {
        Some(origin) => origin.as_str().to_owned(),
        None => unique_origin(wanted.alias)?,
    };
    let operate = keys::generate(&origin).classified()?;
    let checkpoint = keys::generate(&origin).classified()?;
    let public = |key: &SigningKey| key.verifying_key().clone();
    let made = (public(&operate), public(&checkpoint));
    let founding = Founding {
        operate: &operate,
        checkpoint: &checkpoint,
        namespaces,
        now: wanted.now,
    };
    let new = NewFolder::beside(folder)
        .or_fail(Class::Other, || format!("cannot make {}", folder.display()))?;
    found(&Folder::new(new.path()), &founding).classified()?;
    // Without its keys nobody can write to a registry. So they are on disk before it has its name.
    let kept = [
        Kept::new(operate, Role::Operate),
        Kept::new(checkpoint, Role::Checkpoint),
    ];
    keys::add(dirs, &kept).classified()?;
    new.finish()
        .or_fail(Class::Other, || format!("cannot make {}", folder.display()))?;
    Ok(made)
}

fn unique_origin(alias: &Alias) -> Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).or_fail(
        Class::Other,
        || "the system gave no random bytes for an origin",
    )?;
    Ok(format!("{alias}-{:016x}.local", u64::from_be_bytes(random)))
}

/// Writes the policy file, whole, unless one that names this key is there. Says what its fingerprint is.
fn write_policy(
    root: &Path,
    below: &Path,
    alias: &Alias,
    operate: &VerifyingKey,
) -> Result<Fingerprint> {
    let path = &root.join(below);
    match file::read(path, MAX_POLICY) {
        Ok(bytes) => {
            return match Policy::parse(&bytes) {
                Ok(policy) if policy.operate_key() == operate => Ok(Fingerprint::of(&bytes)),
                _ => Err(in_the_way(path)),
            };
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            let message = format!("cannot read {}", path.display());
            return Err(Error::caused(Class::Other, message, error));
        }
    }
    let text = format!(
        "# Who signs for the registry `{alias}`. Whoever can change this file decides what this project trusts.\n\
         log {operate}\n\
         quorum none\n"
    );
    let created = Tree::shared(root).create(below, text.as_bytes());
    if created.or_fail(Class::Other, || format!("cannot write {}", path.display()))? {
        Ok(Fingerprint::of(text.as_bytes()))
    } else {
        Err(in_the_way(path))
    }
}
