//! How this machine reaches web servers: the one runtime, made when it is first needed, and who watches what comes.
//!
//! What is asked of a server, and what of its answer is taken, is decided in [`registry::http`].

use std::io;
use std::sync::{Arc, OnceLock};

use registry::http::{Address, AddressError, Http, Options};
use tokio::runtime::{Builder, Handle, Runtime};

use crate::error::{Class, Classify};

/// Why the network cannot be used. That a server does not answer is another thing.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// An address in Cargo.toml.
    #[error("`{text}` cannot be the address of a registry: {reason}")]
    Address {
        /// What stands there.
        text: String,
        /// Why not.
        reason: AddressError,
    },
    /// The system gives no threads.
    #[error("the system gives no threads for the network")]
    Runtime(#[source] io::Error),
}

impl Classify for NetworkError {
    fn class(&self) -> Class {
        match self {
            Self::Address { .. } | Self::Runtime(_) => Class::Other,
        }
    }

    fn help(&self) -> Option<String> {
        match self {
            Self::Address { .. } => {
                Some("an address looks like `https://registry.example/components`".to_owned())
            }
            Self::Runtime(_) => None,
        }
    }
}

/// The way to web servers. Clones share one runtime and its connections.
#[derive(Clone, Default)]
pub struct Network {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    runtime: OnceLock<Runtime>,
    options: Options,
}

impl Network {
    /// A registry at a web address. Nothing is asked yet.
    ///
    /// # Errors
    /// An address that cannot be one; a system without threads to give.
    pub fn registry(&self, url: &str) -> Result<Http, NetworkError> {
        let runtime = self.runtime()?.clone();
        Ok(Http::new(
            parse(url)?,
            Vec::new(),
            self.shared.options.clone(),
            runtime,
        ))
    }

    fn runtime(&self) -> Result<&Handle, NetworkError> {
        if let Some(runtime) = self.shared.runtime.get() {
            return Ok(runtime.handle());
        }
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("network")
            .enable_all()
            .build()
            .map_err(NetworkError::Runtime)?;
        Ok(self.shared.runtime.get_or_init(|| runtime).handle())
    }
}

fn parse(text: &str) -> Result<Address, NetworkError> {
    text.parse().map_err(|reason| NetworkError::Address {
        text: text.to_owned(),
        reason,
    })
}
