//! Closed sets composed into one component: who serves what, with which types, and the same bytes every time.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod hostile;
mod random;
mod section;
mod types;
mod wiring;
mod world;
