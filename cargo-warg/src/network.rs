//! How this machine reaches web servers: the one runtime, this user's tokens, further certificates, and who watches.
//!
//! All of it is made when a registry on a web server is first read. What is asked of a server, and what of its answer is
//! taken, is decided in [`registry::http`].

use std::env;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use registry::file;
use registry::http::{Address, AddressError, Http, Options, Progress, Silent, Web};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Classify, Result};
use crate::tokens;

/// The variable that names a file of certificates which are believed beside the system's; cargo's own, for
/// `http.cainfo`.
pub const ROOTS_VARIABLE: &str = "CARGO_HTTP_CAINFO";

/// The largest file of certificates, in bytes: a system's own has a quarter of a megabyte.
const MAX_ROOTS: u64 = 16 * 1024 * 1024;

/// Why the network cannot be used. That a server does not answer is another thing.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// An address in Cargo.toml.
    #[error("`{text}` cannot be the address of a registry")]
    Address {
        /// What stands there.
        text: String,
        /// The error that caused it.
        #[source]
        source: AddressError,
    },
    /// The certificates that the variable names.
    #[error("cannot read the certificates of `{ROOTS_VARIABLE}`, {}", path.display())]
    Roots {
        /// The file.
        path: PathBuf,
        /// The error that caused it.
        #[source]
        source: io::Error,
    },
    /// The system gives no threads.
    #[error("the system gives no threads for the network")]
    Runtime(#[source] io::Error),
}

impl Classify for NetworkError {
    fn class(&self) -> Class {
        match self {
            Self::Address { .. } | Self::Roots { .. } | Self::Runtime(_) => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Address { .. } => {
                Some("an address looks like `https://registry.example/components`".to_owned())
            }
            Self::Roots { .. } => Some(format!(
                "`{ROOTS_VARIABLE}` names a file of certificates in PEM; without it, the system's are believed"
            )),
            Self::Runtime(_) => None,
        }
    }
}

/// The way to web servers. Clones share one runtime.
#[derive(Clone)]
pub struct Network {
    shared: Arc<Shared>,
}

struct Shared {
    runtime: OnceLock<Runtime>,
    progress: Option<Arc<dyn Progress>>,
}

impl Drop for Shared {
    /// Whoever gave up on a server does not wait for it here: the resolver's threads may still be at it.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Network {
    /// A way that is watched, or not. Nothing is set up yet.
    pub fn new(progress: Option<Arc<dyn Progress>>) -> Self {
        Self {
            shared: Arc::new(Shared {
                runtime: OnceLock::new(),
                progress,
            }),
        }
    }

    /// A registry at a web address and at mirrors. Nothing is asked yet.
    ///
    /// # Errors
    /// An address that cannot be one; tokens or certificates that do not read; a system without threads to give.
    pub fn registry(&self, url: &str, mirrors: &[String], dirs: &Dirs) -> Result<Http> {
        let address = parse(url).classified()?;
        let mirrors = mirrors.iter().map(|mirror| parse(mirror));
        let mirrors = mirrors
            .collect::<std::result::Result<_, _>>()
            .classified()?;
        let runtime = self.runtime().classified()?.clone();
        Ok(Http::new(address, mirrors, self.options(dirs)?, runtime))
    }

    /// The way to any other server. Nothing is asked yet.
    ///
    /// # Errors
    /// Tokens or certificates that do not read; a system without threads to give.
    pub fn web(&self, dirs: &Dirs) -> Result<Web> {
        let runtime = self.runtime().classified()?.clone();
        Ok(Web::new(self.options(dirs)?, runtime))
    }

    fn options(&self, dirs: &Dirs) -> Result<Options> {
        Ok(Options {
            tokens: tokens::read(dirs).classified()?,
            roots: roots().classified()?.into_iter().collect(),
            progress: match &self.shared.progress {
                Some(progress) => Arc::clone(progress),
                None => Arc::new(Silent),
            },
            ..Options::default()
        })
    }

    fn runtime(&self) -> std::result::Result<&Handle, NetworkError> {
        if let Some(runtime) = self.shared.runtime.get() {
            return Ok(runtime.handle());
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(NetworkError::Runtime)?;
        if let Some(progress) = &self.shared.progress {
            runtime.spawn(leave_cleanly(Arc::clone(progress)));
        }
        Ok(self.shared.runtime.get_or_init(|| runtime).handle())
    }
}

/// Removes a progress bar from the terminal on Ctrl-C, before the program ends. Nothing else needs to be done: every file
/// is written whole or not at all, whenever the program ends.
async fn leave_cleanly(progress: Arc<dyn Progress>) {
    if tokio::signal::ctrl_c().await.is_ok() {
        progress.end();
        #[expect(clippy::exit, reason = "Ctrl-C ends the program, whatever it is at")]
        std::process::exit(INTERRUPTED);
    }
}

/// What shells report of a program that was ended by SIGINT.
const INTERRUPTED: i32 = 130;

/// Demands that a text can be the address of a registry. Nobody is asked.
///
/// # Errors
/// It cannot.
pub fn check_address(text: &str) -> Result<()> {
    parse(text).classified().map(drop)
}

/// The address without a name and password that stand in it: those are for nobody's eyes.
pub fn without_user(text: &str) -> String {
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let end = rest.find('/').unwrap_or(rest.len());
    match rest.get(..end).and_then(|host| host.rfind('@')) {
        Some(at) => format!("{scheme}://…{}", rest.get(at..).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn parse(text: &str) -> std::result::Result<Address, NetworkError> {
    text.parse().map_err(|source| NetworkError::Address {
        text: without_user(text),
        source,
    })
}

fn roots() -> std::result::Result<Option<Vec<u8>>, NetworkError> {
    let Some(path) = env::var_os(ROOTS_VARIABLE).filter(|path| !path.is_empty()) else {
        return Ok(None);
    };
    let path = PathBuf::from(path);
    file::read(&path, MAX_ROOTS)
        .map(Some)
        .map_err(|source| NetworkError::Roots { path, source })
}
