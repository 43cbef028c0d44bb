//! A project's `wit/` and other folders of WIT: read into what [`component::wit`] understands, and written.
//!
//! What the texts mean is decided there; here is what lies on disk.

pub mod deps;
pub mod pins;
pub mod publish;
pub mod root;
