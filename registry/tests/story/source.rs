//! Sources that write down what was read.

use std::cell::RefCell;
use std::collections::BTreeSet;

use registry::layout::ObjectPath;
use registry::storage::{Source, StorageError};

/// A source that remembers which files were asked for.
pub struct Recording<'a> {
    inner: &'a dyn Source,
    asked: RefCell<BTreeSet<String>>,
}

impl<'a> Recording<'a> {
    pub fn new(inner: &'a dyn Source) -> Self {
        let asked = RefCell::default();
        Self { inner, asked }
    }

    pub fn asked(&self) -> BTreeSet<String> {
        self.asked.borrow().clone()
    }
}

impl Source for Recording<'_> {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        self.asked.borrow_mut().insert(path.to_string());
        self.inner.get(path)
    }

    fn get_many(
        &self,
        paths: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let asked = paths.iter().map(ToString::to_string);
        self.asked.borrow_mut().extend(asked);
        self.inner.get_many(paths, most)
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.inner.address_of(path)
    }
}
