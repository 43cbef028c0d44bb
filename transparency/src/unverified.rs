//! What was read and not yet checked.

/// Something that parsed, and of which nothing else is known.
///
/// The word stands on this side of the ladder only: what has been checked is a plain noun with a type of its own.
#[derive(Debug, Clone)]
pub struct Unverified<T>(T);

impl<T> Unverified<T> {
    pub(crate) fn new(claims: T) -> Self {
        Self(claims)
    }

    /// What it says, for the constructor that checked it.
    pub(crate) fn into_claims(self) -> T {
        self.0
    }

    /// What it says. Good for deciding what to fetch next, and for messages; for nothing else.
    pub fn claims(&self) -> &T {
        &self.0
    }
}
