//! `cargo warg registry add`, `list` and `remove`: which registries a project has.

use clap::Args;
use transparency::name::Namespace;

use super::parse_alias;
use crate::commands::{Context, report};
use crate::error::Result;
use crate::message::Message;
use crate::ops::registry::add::{Addition, add};
use crate::ops::registry::list::{Listed, list};
use crate::ops::registry::policy_file::Fingerprint;
use crate::ops::registry::remove::remove;

/// `cargo warg registry add`.
#[derive(Args)]
#[command(after_help = "\
Examples: cargo warg registry add ../wasi-registry --policy ../wasi.policy --namespace wasi
          cargo warg registry add https://registry.example/acme --policy https://registry.example/acme.policy \\
              --fingerprint sha256:… --default

The policy says whom to believe about the registry, and is copied into trust/. One from the web is believed only by its \
fingerprint, which `cargo warg registry list` prints where it is trusted already.")]
pub struct RegistryAddArgs {
    /// Where the registry is: a folder, or an http address
    #[arg(value_name = "FOLDER|URL")]
    pub address: String,
    /// The policy of its operator
    #[arg(long, value_name = "FILE|URL")]
    pub policy: Option<String>,
    /// What the policy must hash to: the operator says it
    #[arg(long, value_name = "HASH")]
    pub fingerprint: Option<Fingerprint>,
    /// What Cargo.toml calls it; by default what its origin begins with
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
    /// A namespace that belongs to it; may be given more than once
    #[arg(long, value_name = "NAMESPACE")]
    pub namespace: Vec<Namespace>,
    /// It has every namespace that no other registry has
    #[arg(long)]
    pub default: bool,
}

impl RegistryAddArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let alias = self.name.as_deref().map(parse_alias).transpose()?;
        let workspace = context.workspace()?;
        let addition = Addition {
            address: &self.address,
            policy: self.policy.as_deref(),
            fingerprint: self.fingerprint,
            alias: alias.as_ref(),
            namespaces: &self.namespace,
            default: self.default,
            offline: context.offline,
        };
        let added = add(&workspace, &context.dirs()?, &context.network, &addition)?;
        let shell = &context.shell;
        let verb = if added.changed { "Added" } else { "Unchanged" };
        let policy = added.policy.display();
        shell.status(
            verb,
            format!("`{}`, {}, trusted by {policy}", added.alias, added.origin),
        );
        shell.status_verbose("Policy", added.fingerprint);
        match added.size {
            Some(size) => shell.status_verbose("Reached", format!("size {size}, by the policy")),
            None => {
                shell
                    .note("with --offline, nobody was asked whether the policy is this registry's");
            }
        }
        if self.namespace.is_empty() && !self.default {
            shell.note(format!(
                "no package is taken from it yet: `NAMESPACE = \"{}\"` in the namespaces of Cargo.toml, or `--namespace`, says \
                 which are",
                added.alias
            ));
        }
        context.message(&Message::RegistryAdd((&added).into()))
    }
}

/// `cargo warg registry list`.
#[derive(Args)]
#[command(after_help = "Example: cargo warg registry list --message-format json")]
pub struct RegistryListArgs {}

impl RegistryListArgs {
    #[expect(clippy::unused_self, reason = "all commands look alike")]
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let listed = list(&context.workspace()?);
        if context.json {
            return context.message(&Message::RegistryList(listed.as_slice().into()));
        }
        if listed.is_empty() {
            context.shell.note("Cargo.toml configures no registry");
        }
        for (position, one) in listed.iter().enumerate() {
            if position > 0 {
                context.data("")?;
            }
            print_registry(context, one)?;
        }
        Ok(())
    }
}

fn print_registry(context: &Context, listed: &Listed) -> Result<()> {
    let field = |what, value: String| report::field(context, what, [value]);
    let is_default = if listed.default { " (default)" } else { "" };
    field("registry", format!("{}{is_default}", listed.alias))?;
    field("address", listed.address.to_string())?;
    report::field(context, "mirrors", &listed.mirrors)?;
    let publish = listed.publish.iter();
    report::field(context, "publish", publish.map(|folder| folder.display()))?;
    let policy = listed.policy.display();
    match &listed.trusted {
        Ok((origin, fingerprint)) => {
            field("origin", origin.to_string())?;
            field("policy", policy.to_string())?;
            report::field(context, "fingerprint", fingerprint)?;
        }
        Err(error) => {
            let why: Vec<_> = error.chain().collect();
            field("policy", why.join(": "))?;
        }
    }
    if !listed.namespaces.is_empty() {
        field("namespaces", report::listed(&listed.namespaces))?;
    }
    Ok(())
}

/// `cargo warg registry remove`.
#[derive(Args)]
#[command(after_help = "Example: cargo warg registry remove acme")]
pub struct RegistryRemoveArgs {
    /// What Cargo.toml calls it
    #[arg(value_name = "NAME")]
    pub registry: String,
    /// Although the lock or a namespace needs it; its namespaces go with it
    #[arg(long)]
    pub yes: bool,
}

impl RegistryRemoveArgs {
    pub(super) fn run(self, context: &Context) -> Result<()> {
        let removed = remove(&context.workspace()?, &self.registry, self.yes)?;
        let shell = &context.shell;
        shell.status("Removed", format!("`{}` from Cargo.toml", removed.alias));
        for needed in &removed.needed {
            shell.note(format!("it was needed: {needed}"));
        }
        shell.note(format!("its policy stays in {}", removed.policy.display()));
        context.message(&Message::RegistryRemove((&removed).into()))
    }
}
