//! The program as its users run it: the real binary, real folders, and what it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod add;
mod bad_input;
mod fetch;
mod lock;
mod publish;
mod readme;
mod registry;
mod story;
mod support;
mod verify;
mod wasi;
