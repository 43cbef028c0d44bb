//! What fills this user's personal registry while something is solved.
//!
//! That writes to a registry, so it belongs to operations above those that solve: they hand it in with [`Sessions`].
//!
//! [`Sessions`]: super::Sessions

use transparency::content::Content;
use transparency::name::Origin;
use transparency::selection::Selection;

use crate::error::Result;
use crate::ops::session::registries::Registries;

/// A release that another machine's personal registry vouches for, verified, to be released in this user's own.
#[derive(Debug)]
pub struct Adopted {
    /// What it is.
    pub selection: Selection,
    /// Its content, which is what its record says.
    pub content: Content,
    /// Whose personal registry it is from.
    pub from: Origin,
}

/// What fills this user's personal registry.
pub trait Supply {
    /// Releases all of these in it. Where there is none, it is founded first.
    ///
    /// # Errors
    /// A key that is not there; a registry that cannot be read, believed or written.
    fn adopt(&self, registries: &Registries, adopted: Vec<Adopted>) -> Result<()>;
}
