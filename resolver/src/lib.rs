//! Which releases: from requirements and package logs to closed sets, and from closed sets to `warg.lock`.
//!
//! [`resolve`] solves a [`Problem`](problem::Problem) against an [`Index`](index::Index) with pubgrub, and says in words
//! why when there is no solution. Everything here is pure: no clock, no files, no network. What may be believed of a
//! registry is decided before its releases come here, in `transparency`.

pub mod ahead;
mod attempt;
mod beside;
pub mod budget;
pub mod closed_set;
pub mod closure;
pub mod cutoff;
mod derivation;
mod floors;
mod graph;
mod ground;
pub mod index;
mod kept;
pub mod location;
pub mod lockfile;
mod node;
mod numbered;
pub mod numbers;
pub mod obstacle;
pub mod order;
pub mod preference;
pub mod problem;
pub mod provider;
mod reason;
pub mod report;
pub mod requirement;
pub mod resolution;
mod rules;
mod scope;
mod stock;
pub mod trial;
pub mod unresolved;

pub use budget::Budget;
pub use location::NamedLocation;
pub use lockfile::Lockfile;
pub use numbers::Numbers;
pub use reason::Reason;
pub use resolution::{resolve, resolve_round, resolve_within};
pub use scope::Exclusion;
pub use unresolved::{GaveUp, Unresolved};
