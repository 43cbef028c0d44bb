//! What servers and other tools write, read without believing it: OCI's lists and manifests, challenges and tokens.
//!
//! Everything here is pure, and has a limit beside it.

pub mod challenge;
pub mod manifest;
pub mod metadata;
pub mod tags;
pub mod token;
pub mod wkg;
