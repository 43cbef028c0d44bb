//! Connections: TLS, proxies and timeouts, made when first needed and shared by all requests.
//!
//! Certificates are those that the system believes (or `SSL_CERT_FILE` and `SSL_CERT_DIR`, which replace them) and the
//! extra ones of [`Options`]. Proxies are those of the usual variables; this very machine is never reached through one.

use std::sync::{Mutex, PoisonError};

use reqwest::{Certificate, Client, ClientBuilder, Url, redirect, retry};

use super::Options;
use super::address::is_loopback;
use super::innermost::Innermost;
use crate::fetch::FetchError;

/// What servers see of us.
const USER_AGENT: &str = concat!("cargo-warg/", env!("CARGO_PKG_VERSION"));

pub(super) struct Connections {
    /// By whether they use TLS and whether they stay on this machine.
    made: Mutex<[[Option<Client>; 2]; 2]>,
    roots: Vec<Vec<u8>>,
    connect: std::time::Duration,
    idle: std::time::Duration,
}

impl Connections {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            made: Mutex::default(),
            roots: options.roots.clone(),
            connect: options.timeouts.connect,
            idle: options.timeouts.idle,
        }
    }

    /// What to ask an address through.
    pub(super) fn of(&self, url: &Url) -> Result<Client, FetchError> {
        let (secure, local) = (url.scheme() == "https", is_loopback(url));
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let slot = &mut made[usize::from(secure)][usize::from(local)];
        if let Some(client) = slot {
            return Ok(client.clone());
        }
        let client = self.make(secure, local)?;
        *slot = Some(client.clone());
        Ok(client)
    }

    fn make(&self, secure: bool, local: bool) -> Result<Client, FetchError> {
        // Another part of the process may have chosen one; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = ClientBuilder::new()
            .user_agent(USER_AGENT)
            .connect_timeout(self.connect)
            .read_timeout(self.idle)
            .redirect(redirect::Policy::none()) // ours, see `request`
            .retry(retry::never()) // ours, see `timeouts`
            .referer(false);
        let builder = if local { builder.no_proxy() } else { builder };
        // Reading the system's certificates takes milliseconds that nobody should wait for without TLS.
        let builder = if secure {
            builder.tls_certs_merge(self.certificates()?)
        } else {
            builder.tls_certs_only([])
        };
        builder.build().map_err(setup)
    }

    fn certificates(&self) -> Result<Vec<Certificate>, FetchError> {
        let mut certificates = Vec::new();
        for pem in &self.roots {
            certificates.extend(Certificate::from_pem_bundle(pem).map_err(setup)?);
        }
        Ok(certificates)
    }
}

fn setup(error: reqwest::Error) -> FetchError {
    FetchError::Setup {
        source: Box::new(Innermost::of(error)),
    }
}
