//! `cargo warg bundle`.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::Args;
use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::version::VersionReq;

use super::{Context, report};
use crate::error::{Classified as _, Context as _, Result};
use crate::message::Message;
use crate::ops::bundle::{Asked, bundle};
use crate::output;
use component::content::kind_of;

/// What a component requires: `acme:clock@1.0`, or `acme:clock@1.0 for acme:clock/now@1.0.0,acme:clock/zone@1.0.0`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Require(pub Requirement);

impl FromStr for Require {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let (spec, serves) = match text.split_once(" for ") {
            Some((spec, serves)) => (spec, Some(serves)),
            None => (text, None),
        };
        let (name, req) = spec
            .split_once('@')
            .ok_or("expected NAMESPACE:NAME@REQUIREMENT, such as acme:clock@1.0")?;
        let name: PackageName = name.parse().map_err(|error| format!("{error}"))?;
        let req = VersionReq::from_user(req).map_err(|error| error.to_string())?;
        let mut requirement = Requirement::new(Kind::Component, name, req);
        for import in serves.into_iter().flat_map(|serves| serves.split(',')) {
            let import: ExternName = import.trim().parse().map_err(|error| format!("{error}"))?;
            requirement.serves.insert(import);
        }
        Ok(Self(requirement))
    }
}

/// `cargo warg bundle`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg bundle target/app.wasm -o bundle.wasm
          wasm-tools component new core.wasm | cargo warg bundle - -o app.wasm
          cargo warg bundle app.wasm --require acme:clock@1.0 -o bundle.wasm

Each registry is asked once what it is now. Where one does not answer and all is at hand, that is a warning.
Who serves which import, and what a bundle says of itself, stands in docs/bundles.md.")]
pub struct BundleArgs {
    /// The component; `-` or nothing is stdin. Of a bundle, its root is taken
    #[arg(default_value = "-", hide_default_value = true)]
    pub file: PathBuf,
    /// Where to write the bundle; by default to stdout
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Take the closed set from this lock, in the place of warg.lock
    #[arg(long, value_name = "LOCKFILE", conflicts_with = "require")]
    pub lock: Option<PathBuf>,
    /// Solve for the component itself, which requires this: `acme:clock@1.0`, or `acme:clock@1.0 for IMPORT,…`
    #[arg(long, value_name = "NAME@REQ")]
    pub require: Vec<Require>,
}

impl BundleArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        context.shell.show_lines_of(&self.lock);
        let to = output::named(self.output.as_deref());
        if to.is_none() {
            context.check_binary_stdout()?;
        }
        let content = output::read(&self.file)?;
        let shown = output::shown(&self.file);
        kind_of(&content)
            .classified()
            .context(|| format!("{shown} cannot be bundled"))?;
        let project = context.project_if_any(&context.manifest)?;
        let requires: Vec<_> = self.require.into_iter().map(|one| one.0).collect();
        let asked = Asked {
            content: &content,
            shown: &shown,
            lock: self.lock.as_deref(),
            requires: &requires,
            offline: context.offline,
        };
        let bundled = bundle(project.as_ref(), &asked)?;
        context.tell(&bundled.notices);
        report::proved(context, &bundled.proved);
        match to {
            Some(path) => output::write(path, &bundled.bytes)?,
            None => context.binary(&bundled.bytes)?,
        }
        let file = to.unwrap_or(Path::new("stdout"));
        let components = report::counted(bundled.components, "component");
        let size = report::size(bundled.bytes.len());
        let what = format!(
            "{}, {components}, {size} → {}",
            bundled.name,
            file.display()
        );
        context.shell.status("Bundled", what);
        context.message(&Message::Bundle((&bundled, to).into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_a_name_a_requirement_and_what_it_is_for() {
        for (text, meant) in [
            ("acme:clock@1.0", "component acme:clock ^1.0"),
            ("acme:clock@=1.0.2", "component acme:clock =1.0.2"),
            (
                "acme:clock@1 for hello",
                "component acme:clock ^1 for hello",
            ),
            ("acme:clock@1 for b, a", "component acme:clock ^1 for a,b"),
        ] {
            let require: Require = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(require.0.to_string(), meant);
        }
        for text in ["acme:clock", "clock@1", "acme:clock@", "acme:clock@1 for "] {
            assert!(text.parse::<Require>().is_err(), "{text}");
        }
    }
}
