//! Registries opened and held to what is known of them, and problems solved with what they have.

pub mod evidence;
pub mod registries;
pub mod remembered;
pub mod solve;
