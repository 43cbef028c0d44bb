//! A registry from the side of who keeps it: made, imported into, appended to, changed and checked.

pub mod add;
pub mod append;
pub mod change;
pub mod check;
pub mod clock;
pub mod create;
pub mod given;
pub mod import;
pub mod list;
mod operator;
pub mod pending;
pub mod personal;
pub mod policy_file;
pub mod references;
pub mod remove;
pub mod supplier;
