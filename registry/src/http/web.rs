//! Any web server, asked within the limits that a registry's files are read by: the same connections, timeouts, tries,
//! redirects and tokens.

use std::sync::Arc;
use std::time::SystemTime;

use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue};
use reqwest::{Response, Url};
use tokio::runtime::Handle;
use tokio::time::{sleep, timeout};

use super::Options;
use super::connection::Connections;
use super::credential::Credential;
use super::exchange::{Exchange, Message};
use crate::fetch::FetchError;

/// The most bytes that are read of what a server says where it does not bring what was asked for.
const MAX_EXPLANATION: u64 = 64 * 1024;

/// How something is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method<'q> {
    /// It is to come.
    Get,
    /// A form is sent for it, encoded as HTML's are. No redirect is followed.
    Post(&'q str),
}

/// A question to a web server.
#[derive(Debug, Clone)]
pub struct Question<'q> {
    /// The address that is asked.
    pub url: &'q Url,
    /// How it is asked for.
    pub method: Method<'q>,
    /// What may come, as `Accept` has it; printable.
    pub accept: Option<&'static str>,
    /// Who asks. It goes nowhere but to the scheme, host and port of the address.
    pub credential: Option<&'q Credential>,
    /// The most bytes that may come.
    pub limit: u64,
    /// Whether it is asked again where that may help.
    pub again: bool,
}

/// What a web server answered: with what was asked for, or by saying why not.
#[derive(Debug, Clone)]
pub struct Reply {
    /// Never a redirect, nor that of a busy server.
    pub status: u16,
    /// Of the answer, which may have come from where a redirect led.
    headers: HeaderMap,
    /// What came. Where the status is not 200, as much of it as fits into a page.
    pub body: Vec<u8>,
}

impl Reply {
    /// The first header of a name, if it is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers_of(name).next()
    }

    /// All headers of a name that are text.
    pub fn headers_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let headers = self.headers.get_all(name).into_iter();
        headers.filter_map(|value| value.to_str().ok())
    }
}

/// The way to web servers. Clones share their connections.
#[derive(Clone)]
pub struct Web {
    inner: Arc<Inner>,
    runtime: Handle,
}

struct Inner {
    connections: Connections,
    options: Options,
}

impl Web {
    /// A way with these options. Nothing is connected yet.
    pub fn new(options: Options, runtime: Handle) -> Self {
        Self {
            inner: Arc::new(Inner {
                connections: Connections::new(&options),
                options,
            }),
            runtime,
        }
    }

    /// This user's token for an address, if there is one.
    pub fn token(&self, url: &Url) -> Option<Credential> {
        let token = self.inner.options.tokens.of(url)?;
        Some(Credential::Bearer(token.to_owned()))
    }

    /// Asks, again where that may help, and waits for the answer.
    ///
    /// # Errors
    /// A server that cannot be reached, is busy, or sends something else than HTTP allows; more bytes than may come.
    pub fn ask(&self, question: &Question<'_>) -> Result<Reply, FetchError> {
        let progress = &self.inner.options.progress;
        progress.begin(1);
        let whole = self.inner.options.timeouts.whole(question.limit);
        let asked = async { timeout(whole, self.inner.try_all(question)).await };
        let answer = self.runtime.block_on(asked);
        progress.finished();
        progress.end();
        answer.unwrap_or(Err(FetchError::Slow { limit: whole }))
    }
}

impl Inner {
    async fn try_all(&self, question: &Question<'_>) -> Result<Reply, FetchError> {
        let mut round = 0;
        loop {
            let error = match self.try_once(question).await {
                Ok(reply) => return Ok(reply),
                Err(error) => error,
            };
            round += 1;
            match self
                .options
                .timeouts
                .pause(round, &error, SystemTime::now())
            {
                Some(pause) if question.again => sleep(pause).await,
                _ => return Err(error),
            }
        }
    }

    async fn try_once(&self, question: &Question<'_>) -> Result<Reply, FetchError> {
        let exchange = Exchange {
            connections: &self.connections,
            options: &self.options,
        };
        let mut headers = HeaderMap::new();
        headers.extend(
            question
                .accept
                .and_then(|accept| Some((ACCEPT, HeaderValue::from_str(accept).ok()?))),
        );
        let (method, body) = match question.method {
            Method::Get => (reqwest::Method::GET, None),
            Method::Post(form) => {
                let form_type = HeaderValue::from_static("application/x-www-form-urlencoded");
                headers.insert(CONTENT_TYPE, form_type);
                (reqwest::Method::POST, Some(form))
            }
        };
        let message = Message {
            method,
            url: question.url,
            headers,
            credential: question.credential,
            body,
        };
        let response = exchange.send(message).await?;
        let status = response.status();
        if status.as_u16() == 407 {
            let token = false;
            return Err(FetchError::Denied { status, token });
        }
        let headers = response.headers().clone();
        let body = match status.as_u16() {
            200 => whole(exchange.read(response, question.limit, None).await?),
            _ => explanation(exchange, response).await,
        };
        Ok(Reply {
            status: status.as_u16(),
            headers,
            body,
        })
    }
}

/// What came in no round.
fn whole(bytes: Option<Vec<u8>>) -> Vec<u8> {
    bytes.unwrap_or_default()
}

/// What a server says of a failure, if it can be read.
async fn explanation(exchange: Exchange<'_>, response: Response) -> Vec<u8> {
    let read = exchange.read(response, MAX_EXPLANATION, None).await;
    whole(read.ok().flatten())
}
