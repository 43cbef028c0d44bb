//! Registries opened and held to what is known of them, and problems solved with what they have.

pub mod contents;
pub mod evidence;
pub mod lock_file;
pub mod near;
pub mod project;
pub mod registries;
pub mod remembered;
pub mod served;
pub mod solve;
