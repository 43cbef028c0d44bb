//! `cargo warg annotate`.

use std::str::FromStr;

use clap::Args;
use transparency::name::PackageName;
use transparency::package::{Scope, is_annotation_key};

use super::Context;
use super::change::{ChangeArgs, parse_text};
use super::publish::ReleaseName;
use crate::error::Result;
use crate::ops::registry::append::Change;

/// A package, or a release of it: `acme:logger`, `acme:logger@1.2.0`.
#[derive(Debug, Clone)]
pub struct Subject {
    package: PackageName,
    scope: Scope,
}

impl FromStr for Subject {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        if text.contains('@') {
            let ReleaseName { package, version } = text.parse()?;
            let scope = Scope::Version(version);
            return Ok(Self { package, scope });
        }
        Ok(Self {
            package: text.parse().map_err(|error| format!("{error}"))?,
            scope: Scope::Package,
        })
    }
}

fn parse_key(text: &str) -> std::result::Result<String, String> {
    if is_annotation_key(text) {
        return Ok(text.to_owned());
    }
    Err(
        "expected lower-case words of letters and digits joined by `-` or `.`, such as see-also"
            .to_owned(),
    )
}

/// `cargo warg annotate`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg annotate acme:logger see-also https://acme.example/logger
          cargo warg annotate acme:logger@1.2.0 audit 'read by Bob'

Of several notes under one key the last one counts. All of them stay on record.")]
pub struct AnnotateArgs {
    /// The package, or one release of it
    #[arg(value_name = "NAME[@VERSION]")]
    pub subject: Subject,
    /// What the note is about: words joined by `-` or `.`
    #[arg(value_name = "KEY", value_parser = parse_key)]
    pub about: String,
    /// The note
    #[arg(value_name = "VALUE", value_parser = parse_text)]
    pub value: String,
    #[command(flatten)]
    pub(super) change: ChangeArgs,
}

impl AnnotateArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let Subject { package, scope } = self.subject;
        let (key, value) = (self.about, self.value);
        self.change.run(context, &package, |_| {
            Ok(Change::Annotate { scope, key, value })
        })
    }
}
