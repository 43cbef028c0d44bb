//! What sorts the errors of other crates into exit codes: a file for each crate, an exhaustive match for each error.
//!
//! An error of this crate has its class beside it. Nothing is read or written here.

mod component;
mod registry;
mod resolver;
mod upstream;
