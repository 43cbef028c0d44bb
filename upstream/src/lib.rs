//! Where packages live that no log vouches for: OCI registries, crates of cargo's registry, folders.

pub mod folder;
pub mod tree;
