//! The operations: what commands do, without command line and without terminal.
//!
//! Each takes values and returns values, so that a command is a call and a few lines of text.

pub mod add;
pub mod claims;
pub mod failure;
pub mod fetch;
pub mod lock;
pub mod project;
pub mod registries;
pub mod solve;
