//! What speaks against a registry that convicts nobody, while all that might convict it is still compared.
//!
//! Who is shown two things that are wrong is to have the evidence, not what was looked at first: else whoever forks a log
//! would date it a little ahead, and be told to set his clock. So a refusal is set aside here, the next comparison is made
//! all the same, and only then it ends what was begun. A file that is not to be had ends it at once: nothing can be
//! compared then.

use super::{ClientError, Remedy};

/// The first refusal; none, as long as nothing speaks against the registry.
#[derive(Debug, Default)]
pub(super) struct Doubts(Option<ClientError>);

impl Doubts {
    /// Takes in what a check found, and goes on: with what it gave, or without.
    ///
    /// # Errors
    /// Evidence of misbehavior; or something that keeps the next comparison from being made.
    pub(super) fn weigh<T>(
        &mut self,
        checked: Result<T, ClientError>,
    ) -> Result<Option<T>, ClientError> {
        match checked {
            Ok(found) => Ok(Some(found)),
            Err(error) => match error.remedy() {
                Remedy::Report => Err(error),
                Remedy::Investigate => {
                    self.0.get_or_insert(error);
                    Ok(None)
                }
                Remedy::Retry | Remedy::Mend | Remedy::Ask => Err(self.0.take().unwrap_or(error)),
            },
        }
    }

    /// What was set aside.
    pub(super) fn into_refusal(self) -> Option<ClientError> {
        self.0
    }

    /// Ends with what was set aside.
    ///
    /// # Errors
    /// The first refusal.
    pub(super) fn settle(self) -> Result<(), ClientError> {
        self.0.map_or(Ok(()), Err)
    }
}
