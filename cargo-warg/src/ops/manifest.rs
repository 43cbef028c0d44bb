//! What changes `Cargo.toml`, or says what could: dependencies added, removed and moved.

pub mod add;
pub mod outdated;
pub mod remove;
pub mod update;
