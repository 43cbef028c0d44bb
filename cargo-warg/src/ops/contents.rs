//! The contents that a lock names: into `wit/deps`, into the vendored folder, held against the lock again, and listed.

pub mod adopt;
pub mod fetch;
pub mod sbom;
pub mod vendor;
pub mod verify;
