//! `cargo warg`: dependencies of WebAssembly components, from verified package logs.
//!
//! From the command line down: [`cli`] names the commands and flags; each file of [`commands`] is one command, which
//! reads its arguments and calls one operation. What a workspace asks for comes from [`manifest`]; this user's keys
//! and folders from [`keys`] and [`dirs`]; web servers are reached through [`network`], with the [`tokens`] that they ask for; [`upstreams`] opens what no log vouches for; what lies in folders of WIT is read and written in [`wit`]. Every
//! failure is an [`error::Error`], whose class is the exit code; only [`shell`] prints, and what it prints as JSON has its
//! shape from [`message`]. What users call a package is a [`spec::PackageSpec`].
//!
//! What may be believed of a registry is decided in `transparency`, which releases are chosen in `resolver`, what components
//! and WIT texts say in `component`, and bytes come and go in `registry`; nothing of that is decided here.

mod classify;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod dirs;
pub mod error;
pub mod keys;
pub mod lock_file;
pub mod manifest;
pub mod message;
pub mod network;
pub mod notice;
pub mod ops;
pub mod output;
mod path;
pub mod sbom;
mod secret;
pub mod shell;
pub mod spec;
pub mod tokens;
pub mod upstreams;
pub mod wit;
