//! This machine: its clock, its files and streams, what it keeps, and whether it can work at all.

pub mod clean;
pub mod self_check;
