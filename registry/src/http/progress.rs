//! Who is told what is under way. Nothing here prints.

/// Somebody who watches downloads. Calls come from several threads.
pub trait Progress: Send + Sync {
    /// So many files are asked for now.
    fn begin(&self, files: usize);
    /// So many bytes arrived.
    fn received(&self, bytes: u64);
    /// One of the files is there, or is not to be had.
    fn finished(&self);
    /// None of them is waited for any more.
    fn end(&self);
}

/// Nobody watches: every call does nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {
    fn begin(&self, _: usize) {}
    fn received(&self, _: u64) {}
    fn finished(&self) {}
    fn end(&self) {}
}
