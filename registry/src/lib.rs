//! A registry is a tree of static files. This crate reads it with proof, and writes it without losing anything.
//!
//! [`layout`] says where things lie, [`storage`] is the outside world, [`http`] the one that is far away, and [`client`] the way from bytes to what may be
//! believed, as `transparency` defines it. What was verified goes to the [`cache`]; what was seen is remembered by
//! [`trust`], so that a registry cannot take it back. [`sequencer`] appends, [`check`] replays everything. Files, of whatever
//! sort, are read and written by [`mod@file`].

pub mod arena;
pub mod cache;
pub mod check;
pub mod client;
mod date;
pub mod fetch;
pub mod file;
pub mod http;
pub mod layout;
pub mod sequencer;
pub mod storage;
pub mod trust;
