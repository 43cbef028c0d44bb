//! The operations: what commands do, without command line and without terminal.
//!
//! Each takes values and returns values, so that a command is a call and a few lines of text.

pub mod bundle;
pub mod contents;
pub mod lock;
pub mod machine;
pub mod manifest;
pub mod registry;
pub mod release;
pub mod session;
