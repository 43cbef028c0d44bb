//! What components and WIT packages say of themselves, and a closed set of them as one component.
//!
//! Bytes and texts come in, facts and bytes go out: no file is opened here, nothing is fetched, nothing is solved and
//! nothing is believed. Who reads a project's `wit/`, a registry or a file hands over what was read, with the path that
//! messages call it by.
//!
//! - [`content`]: what the bytes of a release are.
//! - [`derived`]: what they claim, to be compared with a record.
//! - [`wit`]: texts, their packages and references, and the binary form of a package.
//! - [`bundle`]: who serves which import, one component of all, and what that component says of itself.
//! - [`order`]: things sorted by what each needs.
//! - [`span`]: where in a text something stands, for messages.

pub mod bundle;
pub mod content;
pub mod derived;
pub mod order;
pub mod span;
pub mod wit;
