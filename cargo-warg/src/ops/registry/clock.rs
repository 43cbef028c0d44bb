//! Setting a registry's clock right: the operator's word that its later times were wrong.
//!
//! One record by a fast clock dates all that follows ahead, and every reader refuses a registry of the future. This is the
//! way back, told in `transparency::clock`. It is the one operation that reads a registry whatever its time.

use registry::sequencer::Sequencer;
use registry::storage::Folder;
use transparency::key::SigningKey;
use transparency::name::Origin;
use transparency::number::{Index, Time};
use transparency::operator::Action;

use crate::clock::check_idle;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::keys::Keys;
use crate::manifest::{Alias, Workspace};
use crate::network::Network;
use crate::ops::registry::operator::record;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;

/// What is to be said.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// The registry, as Cargo.toml calls it.
    pub registry: &'a str,
    /// Its last time that was right.
    pub time: Time,
    /// The time.
    pub now: Time,
    /// Whether the user says that this machine's clock is right.
    pub sure: bool,
}

/// What was said.
#[derive(Debug)]
pub struct Set {
    /// The registry, as Cargo.toml calls it.
    pub registry: Alias,
    /// Its origin.
    pub origin: Origin,
    /// What its time was.
    pub was: Time,
    /// The last one that was right.
    pub time: Time,
    /// Where the log holds the record.
    pub index: Index,
}

/// Appends the operator's word.
///
/// # Errors
/// A registry that cannot be read, believed or written; a time that it has not passed, or that is not past; keys that are
/// not this user's.
pub fn set(
    workspace: &Workspace,
    dirs: &Dirs,
    network: &Network,
    setting: &Setting<'_>,
) -> Result<Set> {
    let registries = Registries::open(workspace, dirs, network)?;
    let registry = registries.of_alias(setting.registry)?;
    let folder = Folder::new(registry.writable()?);
    dirs.make_state().classified()?;
    let keys = Keys::open(dirs).classified()?;
    let session = registry.danger_session_whatever_time()?;
    let operator = session.checkpoint().operator();
    let was = session.checkpoint().entry().time;
    let &Setting { time, now, .. } = setting;
    if time > now || time >= was {
        return Err(Error::new(
            Class::Usage,
            format!("{time} cannot be the last time of registry `{}` that was right: its last entry is of {was}, and the clock of this machine says {now}", registry.alias),
        )
        .with_help("name a time before both: that of the last entry that was written by a right clock, or a little earlier"));
    }
    check_idle(
        "the last time that was right is to be",
        time,
        now,
        setting.sure,
    )?;
    let operate = key_of(&keys, operator.operate_keys(), "operate", &registry.alias)?;
    let checkpoint = key_of(
        &keys,
        operator.checkpoint_keys(),
        "checkpoint",
        &registry.alias,
    )?;
    let record = record(operator, operate, vec![Action::Clock(time)], now)?;
    drop(session);
    let receipts = Sequencer::new(&folder, &registry.policy, checkpoint)
        .saving_evidence(registry.trust())
        .append(&[record], now)
        .classified()?;
    // Whoever reads the registry finds it good now, and this machine first of all.
    let session = registry.session(Reading::Now)?;
    Ok(Set {
        registry: registry.alias.clone(),
        origin: session.checkpoint().checkpoint().origin.clone(),
        was,
        time,
        index: receipts
            .first()
            .map_or(Index::ZERO, |receipt| receipt.index),
    })
}

fn key_of<'k, 'v>(
    keys: &'k Keys,
    mut granted: impl Iterator<Item = &'v transparency::key::Verifier>,
    role: &str,
    alias: &Alias,
) -> Result<&'k SigningKey> {
    granted
        .find_map(|key| keys.find_vkey(key.key()))
        .ok_or_else(|| {
            Error::new(
                Class::Refused,
                format!("the {role} key of registry `{alias}` is not among your keys"),
            )
            .with_help("its operator has it: `cargo warg registry new` said which keys are which")
        })
}
