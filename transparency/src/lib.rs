//! What may be believed of a registry, and why.

#![no_std]
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

extern crate alloc;

pub mod checkpoint;
pub mod content;
pub mod cosignature;
pub mod digest;
pub mod field;
pub mod key;
pub mod log;
pub mod map;
pub mod misbehavior;
pub mod name;
pub mod note;
pub mod number;
pub mod operator;
pub mod package;
pub mod policy;
pub mod record;
pub mod release;
pub mod tile;
pub mod version;

mod keyring;
mod unverified;

pub use keyring::KeyringError;
pub use unverified::Unverified;
