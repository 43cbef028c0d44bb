//! A registry from the side of who keeps it: made, imported into, appended to, changed and checked.

pub mod append;
pub mod change;
pub mod check;
pub mod clock;
pub mod create;
pub mod import;
pub mod pending;
pub mod personal;
pub mod references;
