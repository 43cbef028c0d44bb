//! What may be believed of a registry, and why.

#![no_std]
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

extern crate alloc;

pub mod digest;
pub mod field;
pub mod log;
pub mod map;
pub mod name;
pub mod number;
pub mod release;
pub mod tile;
pub mod version;
