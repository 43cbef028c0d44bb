//! The operations: what commands do, without command line and without terminal.
//!
//! Each takes values and returns values, so that a command is a call and a few lines of text.

pub mod add;
pub mod batch;
pub mod bundle;
pub mod bundled;
pub mod change;
pub mod check;
pub mod claims;
pub mod clean;
pub mod clock;
pub mod dep_solved;
pub mod derivation;
pub mod embedded;
pub mod entry;
mod evidence;
pub mod fetch;
pub mod hold;
pub mod import;
pub mod info;
pub mod inspect;
pub mod lock;
pub mod outdated;
pub mod output;
pub mod pending;
pub mod place;
pub mod project;
pub mod publish;
pub mod rebuild;
pub mod references;
pub mod registries;
pub mod registry_clock;
pub mod registry_new;
mod remembered;
pub mod remove;
pub mod sbom;
pub mod self_check;
mod served;
pub mod solve;
pub mod tree;
pub mod update;
pub mod vendor;
pub mod verify;
