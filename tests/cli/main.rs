//! The program as its users run it: the real binary, real folders, and what it says.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod add;
mod asked;
mod bad_input;
mod bundle;
mod bundles_host;
mod bundles_run;
mod candidates;
mod change;
mod ci;
mod clean;
mod clock;
mod dep_solved;
mod errors;
mod everyday;
mod fetch;
mod files;
mod help;
mod http;
mod info;
mod json;
mod lock;
mod lock_at;
mod merge;
mod options;
mod outdated;
mod patch;
mod publish;
mod publish_wit;
mod readme;
mod registry;
mod remove;
mod sbom;
mod schema;
mod self_check;
mod served;
mod served_random;
mod story;
mod support;
mod tree;
mod update;
mod user;
mod vendor;
mod verify;
mod wasi;
