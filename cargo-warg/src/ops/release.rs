//! Releases: what is published, what it refers to and carries, and how a stranger verifies it.

pub mod attach;
pub mod derivation;
pub mod info;
pub mod publish;
mod purpose;
pub mod verify;
