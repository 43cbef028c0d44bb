//! A registry that the command line names instead of a Cargo.toml: by where it is, and by the policy that says whom to
//! believe of it.

use std::path::Path;

use transparency::name::Namespace;

use crate::error::{Classified as _, Result};
use crate::manifest::{Alias, Registry, Workspace};
use crate::ops::registry::add::{address_of, alias_of};
use crate::ops::session::policy::{read_policy, read_policy_file};

/// Where a registry is, and its policy.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    /// An http address, or a folder.
    pub address: &'a str,
    /// The policy file.
    pub policy: &'a Path,
}

impl Given<'_> {
    /// The workspace with this registry in it, and what the registry is called there. It has the namespace, if one is
    /// named; and it stands for one of the same origin that is configured already.
    ///
    /// # Errors
    /// A policy that cannot be read; an address that cannot be one.
    pub fn adopt(
        &self,
        workspace: Workspace,
        namespace: Option<Namespace>,
    ) -> Result<(Workspace, Alias)> {
        let policy = read_policy_file(self.policy, None).classified()?;
        let origin = policy.origin();
        let address = address_of(self.address)?;
        let is_it =
            |other: &&Registry| read_policy(other).is_ok_and(|policy| policy.origin() == origin);
        let configured = workspace.registries().iter().find(is_it);
        let alias = match configured {
            Some(configured) => configured.alias.clone(),
            None => free(&workspace, alias_of(origin)),
        };
        let registry = Registry::new(alias.clone(), address, self.policy.to_owned());
        Ok((workspace.with_registry(registry, namespace), alias))
    }
}

/// The name, or one like it that no other registry has.
fn free(workspace: &Workspace, wanted: Option<Alias>) -> Alias {
    let is_free = |alias: &Alias| workspace.registries().find(alias.as_str()).is_none();
    let plain = wanted.filter(is_free);
    let numbered = (1_u64..).filter_map(|number| Alias::parse(&format!("registry-{number}")));
    plain
        .into_iter()
        .chain(numbered)
        .find(is_free)
        .expect("a workspace has fewer registries than there are numbers")
}
