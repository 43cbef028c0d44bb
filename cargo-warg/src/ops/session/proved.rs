//! What an operation proved of each registry that it read.

use registry::client::ClientError;
use transparency::checkpoint::Checkpoint;
use transparency::number::Time;

use crate::ops::session::Sessions;

/// What was shown of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proved {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// Package logs that were replayed whole.
    pub logs: usize,
    /// Records in them, each chained, signed and permitted.
    pub records: u64,
    /// Packages that were proved not to be there.
    pub absent: usize,
    /// When the checkpoint's map entry was written, by its registry's clock.
    pub time: Time,
    /// How many seconds the operator promised at most to let pass between checkpoints; none without a promise.
    pub refresh: Option<u64>,
    /// Why it is not known what the registry is now, though it was asked.
    pub unasked: Option<String>,
}

impl Proved {
    /// How many seconds ago the checkpoint was made; none where the registry's clock is ahead of this one.
    pub fn age(&self, now: Time) -> u64 {
        now.unix().saturating_sub(self.time.unix())
    }
}

impl Sessions<'_> {
    /// What was shown, by registry.
    pub fn proved(&self) -> Vec<Proved> {
        let mut proved = Vec::new();
        for (origin, session) in &self.open {
            let here = self.loaded.iter();
            let here = here.filter(|(address, _)| address.origin == *origin);
            let here: Vec<_> = here.filter_map(|(_, log)| log.as_ref().ok()).collect();
            let logs: Vec<_> = here.iter().filter_map(|log| log.as_ref()).collect();
            proved.push(Proved {
                checkpoint: session.checkpoint().checkpoint().clone(),
                records: logs.iter().map(|log| log.log().length().get()).sum(),
                absent: here.iter().filter(|log| log.is_none()).count(),
                logs: logs.len(),
                time: session.checkpoint().entry().time,
                refresh: session.checkpoint().operator().refresh(),
                unasked: session.unasked().map(chain),
            });
        }
        proved
    }
}

/// An error with its causes, in one line.
fn chain(error: &ClientError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    text
}
