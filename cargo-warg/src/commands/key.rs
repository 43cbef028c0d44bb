//! `cargo warg key`.

use std::io;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use registry::file;
use transparency::key::VerifyingKey;

use super::Context;
use super::change::parse_text;
use crate::error::{Class, Classified as _, Error, OrFail as _, Result};
use crate::keys::{self, Kept, Keys, MAX_KEY_FILE, Role};
use crate::message::{KeyExport, KeyRemove, Message};
use crate::output;
use crate::secret::{read_secret, write_secret};

/// `cargo warg key`.
#[derive(Subcommand)]
pub enum KeyCommand {
    /// Make a key, keep its secret half in this user's key file, and print its public half
    New(KeyNewArgs),
    /// Print the public halves of this user's keys, and what each is for
    List(KeyListArgs),
    /// Copy a key's secret half to a file, to be kept elsewhere
    Export(KeyExportArgs),
    /// Take the keys of a file into this user's key file
    Import(KeyImportArgs),
    /// Take a key out of this user's key file
    Remove(KeyRemoveArgs),
}

impl KeyCommand {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        match self {
            Self::New(args) => args.run(context),
            Self::List(args) => args.run(context),
            Self::Export(args) => args.run(context),
            Self::Import(args) => args.run(context),
            Self::Remove(args) => args.run(context),
        }
    }
}

/// `cargo warg key new`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg key new acme/ci
          cargo warg key new acme/ben --label 'the laptop'

The public half is what a registry's operator needs. The secret half never leaves the key file, which only you can \
read, but by `key export`; where there is no such file, CARGO_WARG_KEY may hold secret keys, one a line.")]
pub struct KeyNewArgs {
    /// What the key is called in records, such as acme/ci
    pub name: String,
    /// What you call it: for `key list`, and for nobody else
    #[arg(long, value_name = "TEXT", value_parser = parse_text)]
    pub label: Option<String>,
}

impl KeyNewArgs {
    fn run(self, context: &Context) -> Result<()> {
        let dirs = context.dirs()?;
        let key = keys::create(&dirs, &self.name, self.label).classified()?;
        let file = keys::file(&dirs);
        context.shell.status(
            "Created",
            format!("key `{}` in {}", self.name, file.display()),
        );
        if context.json {
            return say(context, &Keys::open_file(&dirs).classified()?, &[key]);
        }
        context.data(key)
    }
}

/// `cargo warg key list`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg key list

Each line is a public half, what it signs, and its label.")]
pub struct KeyListArgs {}

impl KeyListArgs {
    #[expect(clippy::unused_self, reason = "all commands look alike")]
    fn run(self, context: &Context) -> Result<()> {
        let keys = Keys::open(&context.dirs()?).classified()?;
        if context.json {
            return context.message(&Message::Keys(keys.kept().collect()));
        }
        for kept in keys.kept() {
            let key = kept.key.verifying_key();
            let label = kept.about.label.as_ref();
            let label = label.map_or_else(String::new, |label| format!("  {label}"));
            context.data(format!("{key}  {}{label}", role(kept)))?;
        }
        Ok(())
    }
}

/// Which of several keys of one name is meant.
#[derive(Args)]
pub struct KeyName {
    /// The key: its name, or its public line
    #[arg(value_name = "NAME")]
    pub name: String,
    /// In which role, where a registry's two keys have one name: `operate`, `checkpoint`, `personal` or `publisher`
    #[arg(long)]
    pub role: Option<Role>,
}

/// `cargo warg key export`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg key export acme.example/components --role operate -o /media/stick/acme.key
          cargo warg key export acme/ci -o - | age -p > acme.key.age

Whoever reads what it writes can sign in your name.")]
pub struct KeyExportArgs {
    #[command(flatten)]
    pub(super) key: KeyName,
    /// The file to write, which must not be there yet; `-` is stdout, even if that is a terminal
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl KeyExportArgs {
    fn run(self, context: &Context) -> Result<()> {
        let keys = Keys::open(&context.dirs()?).classified()?;
        let KeyName { name, role } = &self.key;
        let kept = keys.find_kept(name, *role).classified()?;
        let secret = kept.danger_secret_text();
        let is_asked = self.output.as_deref().is_some_and(output::is_stream);
        let Some(path) = output::named(self.output.as_deref()) else {
            if context.json || context.shell.is_terminal() && !is_asked {
                let message = "a secret key is not for a terminal, nor for a JSON document";
                return Err(Error::new(Class::Usage, message)
                    .with_help("name a file with `-o FILE`, or `-o -` for stdout"));
            }
            return context.binary(secret.as_bytes());
        };
        write_secret(path, &secret).map_err(|error| {
            let is_there = error.kind() == io::ErrorKind::AlreadyExists;
            let message = format!("cannot write {}", path.display());
            let error = Error::caused(Class::Other, message, error);
            if is_there {
                error.with_help("name a file that is not there yet: no key is written over another")
            } else {
                error
            }
        })?;
        context.shell.status(
            "Exported",
            format!(
                "key `{}` to {}",
                kept.key.verifying_key().name(),
                path.display()
            ),
        );
        context.message(&Message::KeyExport(KeyExport {
            key: kept.into(),
            path: path.display().to_string(),
        }))
    }
}

/// `cargo warg key import`.
#[derive(Args)]
#[command(after_help = "Example: cargo warg key import /media/stick/acme.key")]
pub struct KeyImportArgs {
    /// A file as `key export` writes it, which only you can read; `-` is stdin
    #[arg(value_name = "FILE")]
    pub file: PathBuf,
}

impl KeyImportArgs {
    fn run(self, context: &Context) -> Result<()> {
        let dirs = context.dirs()?;
        let read_from = output::shown(&self.file);
        let text = read(&self.file).or_fail(Class::Other, || {
            format!("cannot read keys from {read_from}")
        })?;
        let keys = Keys::parse(&read_from, &text).classified()?;
        let kept = keys.into_kept();
        if kept.is_empty() {
            let message = format!("{read_from} holds no secret key");
            return Err(Error::new(Class::Other, message)
                .with_help("a file of keys is what `cargo warg key export NAME -o FILE` writes"));
        }
        let new = keys::import(&dirs, &kept).classified()?;
        for one in &kept {
            let key = one.key.verifying_key();
            let (verb, there) = if new.contains(key) {
                ("Imported", "")
            } else {
                ("Unchanged", ", which was there")
            };
            let what = format!("key `{}` ({}){there}", key.name(), role(one));
            context.shell.status(verb, what);
        }
        say(context, &Keys::open_file(&dirs).classified()?, &new)
    }
}

/// The text of a file of keys, or of stdin.
fn read(path: &Path) -> io::Result<String> {
    if output::is_stream(path) {
        let bytes = file::read_stream(io::stdin().lock(), MAX_KEY_FILE)?;
        // Bytes that are no text are no keys, and are not repeated.
        return String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into());
    }
    read_secret(path, MAX_KEY_FILE)?.ok_or_else(|| io::ErrorKind::NotFound.into())
}

/// `cargo warg key remove`.
#[derive(Args)]
#[command(after_help = "\
Example: cargo warg key remove acme/ci

It goes to the file `keys.removed` beside the key file. What it signed stays good; what it may do is taken from it by \
`cargo warg revoke`.")]
pub struct KeyRemoveArgs {
    #[command(flatten)]
    pub(super) key: KeyName,
    /// Although it is a registry's operate or checkpoint key, and there is no other one here
    #[arg(long)]
    pub yes: bool,
}

impl KeyRemoveArgs {
    fn run(self, context: &Context) -> Result<()> {
        let dirs = context.dirs()?;
        let keys = Keys::open_file(&dirs).classified()?;
        let KeyName { name, role: wanted } = &self.key;
        let kept = keys.find_kept(name, *wanted).classified()?;
        let key = kept.key.verifying_key();
        let alike = |other: &&Kept| {
            other.about.role == kept.about.role && other.key.verifying_key().name() == key.name()
        };
        let is_last = kept.about.role != Role::Publisher && keys.kept().filter(alike).count() == 1;
        if is_last && !self.yes {
            let message = format!(
                "this machine has no other {} key of `{}`",
                kept.about.role,
                key.name()
            );
            return Err(Error::new(Class::Usage, message).with_help(format!(
                "make a copy first: `cargo warg key export {name} --role {} -o FILE`; then say `--yes`",
                kept.about.role
            )));
        }
        keys::remove(&dirs, key).classified()?;
        let path = keys::removed_file(&dirs);
        context.shell.status(
            "Removed",
            format!(
                "key `{}` ({}), now in {}",
                key.name(),
                role(kept),
                path.display()
            ),
        );
        context.message(&Message::KeyRemove(KeyRemove {
            key: kept.into(),
            path: path.display().to_string(),
        }))
    }
}

/// What a key is for, in words.
fn role(kept: &Kept) -> String {
    match kept.about.role {
        Role::Publisher => "publisher".to_owned(),
        Role::Personal => "all of this user's personal registry".to_owned(),
        role => format!("{role} of {}", kept.key.verifying_key().name()),
    }
}

fn say(context: &Context, keys: &Keys, new: &[VerifyingKey]) -> Result<()> {
    let kept = keys.kept();
    let new = kept.filter(|kept| new.contains(kept.key.verifying_key()));
    context.message(&Message::Keys(new.collect()))
}
