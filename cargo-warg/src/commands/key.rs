//! `cargo warg key`.

use clap::{Args, Subcommand};

use super::Context;
use crate::error::{Classified as _, Result};
use crate::keys::{self, Keys};
use crate::message::{self, Message};

/// `cargo warg key`.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key, keep its secret half in this user's key file, and print its public half
    New(KeyNewArgs),
    /// Print the public halves of this user's keys
    List(KeyListArgs),
}

impl KeyCommand {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::New(args) => args.run(context),
            Self::List(args) => args.run(context),
        }
    }
}

/// `cargo warg key new`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg key new acme/ci

The public half is what a registry's operator needs. The secret half never leaves the key file, which only you can \
read; where there is no such file, CARGO_WARG_KEY may hold secret keys, one a line.")]
pub struct KeyNewArgs {
    /// What the key is called in records, such as acme/ci
    pub name: String,
}

impl KeyNewArgs {
    fn run(self, context: &Context) -> Result<()> {
        let dirs = context.dirs()?;
        let key = keys::create(&dirs, &self.name).classified()?;
        let file = keys::file(&dirs);
        context.shell.status(
            "Created",
            format!("key `{}` in {}", self.name, file.display()),
        );
        if context.json {
            let keys = vec![key.to_string()];
            return context.message(&Message::Keys(message::Keys { keys }));
        }
        context.data(key)
    }
}

/// `cargo warg key list`.
#[derive(Args)]
#[command(after_help = "Example: cargo warg key list")]
pub struct KeyListArgs {}

impl KeyListArgs {
    #[expect(clippy::unused_self, reason = "all commands look alike")]
    fn run(self, context: &Context) -> Result<()> {
        let keys = Keys::open(&context.dirs()?).classified()?;
        if context.json {
            let keys = keys.all().map(|key| key.verifying_key().to_string());
            let keys = keys.collect();
            return context.message(&Message::Keys(message::Keys { keys }));
        }
        for key in keys.all() {
            context.data(key.verifying_key())?;
        }
        Ok(())
    }
}
