//! `cargo warg`: dependencies of WebAssembly components, from verified package logs.
//!
//! From the command line down: [`cli`] names the commands and flags; each file of [`commands`] is one command, which
//! reads its arguments and calls one operation. What a workspace asks for comes from [`manifest`]; this user's keys
//! and folders from [`keys`] and [`dirs`]; web servers are reached through [`network`], with the [`tokens`] that they ask for; what contents say of themselves is read by [`component`] and [`wit`], and a closed set becomes one component in [`bundle`]. Every
//! failure is an [`error::Error`], whose class is the exit code; only [`shell`] prints, and what it prints as JSON has its
//! shape from [`message`]. What users call a package is a [`spec::PackageSpec`].
//!
//! What may be believed of a registry is decided in `transparency`, which releases are chosen in `resolver`, and bytes
//! come and go in `registry`; nothing of that is decided here.

pub mod bundle;
mod classify;
pub mod cli;
pub mod commands;
pub mod component;
pub mod dirs;
pub mod error;
pub mod keys;
pub mod manifest;
pub mod message;
pub mod network;
pub mod ops;
pub mod place;
pub mod sbom;
pub mod shell;
pub mod spec;
pub mod tokens;
pub mod wit;
