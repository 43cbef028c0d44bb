//! WIT packages through all that happens to them: published, imported, fetched, compared; on the 60 package versions
//! of WASI and on small texts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod deps;
mod exports;
mod import;
mod publish;
mod root;
mod wasi;
mod world;
