//! WIT packages: what a project's `wit/` asks for, what a package holds, and what `fetch` writes into `wit/deps`.
//!
//! Parsing, encoding and printing are wit-parser's and wit-component's; what is decided here is which texts count,
//! which versions their references are set to, and what is refused. Nothing here solves, trusts or prints: contents
//! arrive verified, versions arrive selected, and notes and errors are values.
//!
//! Every text is parsed with all features: an encoder without them would drop `@unstable` items for good.

mod agreement;
pub mod at_hand;
pub mod binary;
pub mod deps;
pub mod exported;
pub mod exports;
pub mod guard;
pub mod import;
pub mod local;
mod normal_form;
pub mod pins;
pub mod publish;
pub mod root;
pub mod selected;
mod size;
pub mod text;
