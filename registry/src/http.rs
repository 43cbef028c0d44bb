//! Reading a registry from any static web server.
//!
//! What comes over the network is bytes, and nothing is believed of them here. A [`Client`](crate::client::Client) verifies
//! them as it would those of a folder, so a server can withhold files, and nothing else.
//!
//! This module limits what a server can do to our time, memory and credentials. Sizes are limited by kind of object. There
//! are three timeouts. Few redirects are followed, and none to less security. A token goes to the addresses that it was
//! given for, and nowhere else.
//!
//! A registry may have several mirrors. A round of tries asks each of them once, in order. The pauses between rounds grow.
//! The mirror that had the object is asked first from then on.

mod address;
mod connection;
mod credential;
mod excerpt;
mod exchange;
mod innermost;
mod progress;
mod request;
mod round;
mod tag;
mod timeouts;
mod token;
mod web;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};

pub use address::{Address, AddressError};
pub use credential::Credential;
pub use excerpt::{MAX_EXCERPT, excerpt};
pub use progress::{Progress, Silent};
pub use reqwest::Url;
pub use timeouts::Timeouts;
pub use token::{TokenError, Tokens};
pub use web::{Method, Question, Reply, Web};

use crate::fetch::FetchError;
use crate::layout::{self, ObjectPath};
use crate::storage::{Current, Source, StorageError, Tag};
use connection::Connections;
use exchange::Exchange;
use request::{Answer, Request};
use round::Round;
use tag::Condition;

/// The most files that are asked for at once: enough to hide a slow line, and few enough for any server.
pub const AT_ONCE: usize = 32;

/// How the network is reached.
#[derive(Clone)]
pub struct Options {
    /// How long to wait, and how often to try.
    pub timeouts: Timeouts,
    /// Which credentials go where.
    pub tokens: Tokens,
    /// Certificates in PEM that are believed beside the system's.
    pub roots: Vec<Vec<u8>>,
    /// Who is told what is under way.
    pub progress: Arc<dyn Progress>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            timeouts: Timeouts::default(),
            tokens: Tokens::default(),
            roots: Vec::new(),
            progress: Arc::new(Silent),
        }
    }
}

/// A registry on web servers that all serve the same.
pub struct Http {
    inner: Arc<Inner>,
    runtime: Handle,
}

struct Inner {
    mirrors: Vec<Address>,
    /// Which mirror is asked first.
    first: AtomicUsize,
    /// How often another mirror was put first because one lagged.
    turns: AtomicUsize,
    /// Which mirror an object came from, where that is not the first one: for messages.
    elsewhere: Mutex<BTreeMap<ObjectPath, usize>>,
    connections: Connections,
    options: Options,
}

impl Http {
    /// The registry at an address and at others that serve the same. Nothing is connected yet.
    pub fn new(address: Address, mirrors: Vec<Address>, options: Options, runtime: Handle) -> Self {
        let mut all = vec![address];
        all.extend(mirrors);
        Self {
            inner: Arc::new(Inner {
                mirrors: all,
                first: AtomicUsize::new(0),
                turns: AtomicUsize::new(0),
                elsewhere: Mutex::default(),
                connections: Connections::new(&options),
                options,
            }),
            runtime,
        }
    }

    /// Asks for one object, of which a version may be known.
    fn ask(
        &self,
        path: &ObjectPath,
        known: Option<&Tag>,
        tries: u32,
    ) -> Result<Current, StorageError> {
        let progress = &self.inner.options.progress;
        progress.begin(1);
        let asked = Asked {
            known,
            tries,
            round: None,
        };
        let answer = self.runtime.block_on(self.inner.fetch(path, &asked));
        progress.end();
        Ok(match answer? {
            Answer::Absent | Answer::Later => Current::Absent, // it is in no round, so it is not put off
            Answer::Unchanged => Current::Same,
            Answer::Found { bytes, tag } => Current::Found { bytes, tag },
        })
    }

    /// Asks for everything, a bounded number at a time, until too many bytes have come. The first failure ends it all.
    async fn fetch_many(
        inner: Arc<Inner>,
        paths: Vec<ObjectPath>,
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let round = Arc::new(Round::of(most));
        let mut found: Vec<Option<Option<Vec<u8>>>> = paths.iter().map(|_| None).collect();
        let mut waiting = paths.into_iter().enumerate();
        let mut running = JoinSet::new();
        loop {
            let more = if round.is_full() {
                0
            } else {
                AT_ONCE - running.len()
            };
            for (position, path) in waiting.by_ref().take(more) {
                let inner = Arc::clone(&inner);
                // The first one comes whatever it takes: so each round gets on.
                let round = (position > 0).then(|| Arc::clone(&round));
                running.spawn(async move {
                    let asked = Asked {
                        known: None,
                        tries: inner.options.timeouts.tries,
                        round,
                    };
                    (position, inner.fetch(&path, &asked).await)
                });
            }
            let Some(finished) = running.join_next().await else {
                let whole = found.into_iter().map_while(|found| found);
                return Ok(whole.collect());
            };
            let (position, answer) = match finished.map_err(JoinError::try_into_panic) {
                Ok(finished) => finished,
                // A defect of this program must not look like a fault of the registry, nor as if a file were missing.
                Err(Ok(panic)) => std::panic::resume_unwind(panic),
                Err(Err(_)) => continue, // cancelled, as nothing does here
            };
            inner.options.progress.finished();
            let answer = match answer? {
                Answer::Found { bytes, .. } => Some(bytes),
                Answer::Absent | Answer::Unchanged => None,
                Answer::Later => continue,
            };
            if position == 0 {
                round.add(answer.as_ref().map_or(0, Vec::len));
            }
            if let Some(slot) = found.get_mut(position) {
                *slot = Some(answer);
            }
        }
    }
}

/// What is asked of an object.
struct Asked<'t> {
    /// Which version is known.
    known: Option<&'t Tag>,
    /// How often each mirror is asked.
    tries: u32,
    /// With which others it comes; none where it comes whatever it takes.
    round: Option<Arc<Round>>,
}

impl Inner {
    fn first(&self) -> usize {
        self.first.load(Ordering::Relaxed) % self.mirrors.len()
    }

    fn address(&self, mirror: usize, path: &ObjectPath) -> Url {
        let mirror = self.mirrors.get(mirror).unwrap_or(&self.mirrors[0]);
        mirror.of(path)
    }

    /// An object, from whichever mirror has it.
    async fn fetch(&self, path: &ObjectPath, asked: &Asked<'_>) -> Result<Answer, StorageError> {
        let timeouts = &self.options.timeouts;
        let whole = timeouts.whole(path.limit());
        match timeout(whole, self.try_all(path, asked)).await {
            Ok(answer) => answer,
            Err(_) => Err(self.failure(self.first(), path, FetchError::Slow { limit: whole })),
        }
    }

    /// Rounds of tries, until one mirror has the object, or all of them say that they have not, or time is up.
    async fn try_all(&self, path: &ObjectPath, asked: &Asked<'_>) -> Result<Answer, StorageError> {
        let timeouts = &self.options.timeouts;
        let (first, mirrors) = (self.first(), self.mirrors.len());
        let mut round = 0;
        loop {
            let mut failed = None;
            for mirror in (0..mirrors).map(|step| (first + step) % mirrors) {
                let url = self.address(mirror, path);
                let request = Request {
                    condition: asked.known.and_then(|tag| Condition::of(tag, &url)),
                    changes: *path == layout::checkpoint(),
                    limit: path.limit(),
                    round: asked.round.as_deref(),
                    url,
                };
                let exchange = Exchange {
                    connections: &self.connections,
                    options: &self.options,
                };
                match request.send(exchange).await {
                    Ok(Answer::Absent) => {}
                    Ok(Answer::Later) => return Ok(Answer::Later),
                    Ok(answer) => {
                        self.note_mirror(mirror, path, failed.is_some());
                        return Ok(answer);
                    }
                    Err(error) => {
                        // What a later mirror says is not what to mend: the first one is.
                        failed.get_or_insert((mirror, error));
                    }
                }
            }
            let Some((mirror, error)) = failed else {
                return Ok(Answer::Absent);
            };
            round += 1;
            match timeouts.pause(round, &error, SystemTime::now()) {
                Some(pause) if round < asked.tries => sleep(pause).await,
                _ => return Err(self.failure(mirror, path, error)),
            }
        }
    }

    /// A mirror had an object: it is asked first from now on if another one failed, and messages about the object name it.
    fn note_mirror(&self, mirror: usize, path: &ObjectPath, failed: bool) {
        if failed {
            self.first.store(mirror, Ordering::Relaxed);
        }
        if mirror != 0 {
            let mut elsewhere = self
                .elsewhere
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            elsewhere.insert(path.clone(), mirror);
        }
    }

    fn failure(&self, mirror: usize, path: &ObjectPath, error: FetchError) -> StorageError {
        let address = self.address(mirror, path).to_string();
        match error {
            FetchError::TooLarge { limit } => StorageError::TooLarge { address, limit },
            error => StorageError::Fetch {
                address,
                source: Box::new(error),
            },
        }
    }
}

impl Source for Http {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        let found = self.get_many(std::slice::from_ref(path), u64::MAX)?;
        Ok(found.into_iter().next().flatten())
    }

    fn get_many(
        &self,
        paths: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let progress = &self.inner.options.progress;
        progress.begin(paths.len());
        let found = self.runtime.block_on(Self::fetch_many(
            Arc::clone(&self.inner),
            paths.to_vec(),
            most,
        ));
        progress.end();
        found
    }

    fn get_again(&self, path: &ObjectPath, known: Option<&Tag>) -> Result<Current, StorageError> {
        self.ask(path, known, self.inner.options.timeouts.tries)
    }

    fn get_once(&self, path: &ObjectPath, known: Option<&Tag>) -> Result<Current, StorageError> {
        self.ask(path, known, 1)
    }

    fn next_mirror(&self) -> bool {
        let inner = &self.inner;
        let turns = inner.turns.load(Ordering::Relaxed).saturating_add(1);
        let others = turns < inner.mirrors.len();
        if others {
            inner.turns.store(turns, Ordering::Relaxed);
            let next = inner.first().saturating_add(1);
            inner.first.store(next, Ordering::Relaxed);
        }
        others
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        let elsewhere = self
            .inner
            .elsewhere
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let mirror = elsewhere.get(path).copied().unwrap_or(0);
        self.inner.address(mirror, path).to_string()
    }
}
