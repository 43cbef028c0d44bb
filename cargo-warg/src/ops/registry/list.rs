//! What the registries of a project are, as far as its own files say.

use std::path::PathBuf;

use transparency::name::{Namespace, Origin};

use crate::error::{Classified as _, Result};
use crate::manifest::{Address, Alias, Workspace};
use crate::ops::registry::policy_file::Fingerprint;
use crate::ops::session::policy::read_policy;

/// A registry of a project.
#[derive(Debug)]
pub struct Listed {
    /// What Cargo.toml calls it.
    pub alias: Alias,
    /// Where it is read.
    pub address: Address,
    /// Where else.
    pub mirrors: Vec<String>,
    /// The folder that it is written to, where that is another one.
    pub publish: Option<PathBuf>,
    /// The namespaces that belong to it.
    pub namespaces: Vec<Namespace>,
    /// Whether it has all the others.
    pub default: bool,
    /// The policy file.
    pub policy: PathBuf,
    /// What the policy says, and its file's fingerprint; or why that cannot be said.
    pub trusted: Result<(Origin, Option<Fingerprint>)>,
}

/// All of them, by name.
pub fn list(workspace: &Workspace) -> Vec<Listed> {
    let registries = workspace.registries();
    let default = registries.default_registry().map(|one| &one.alias);
    let listed = registries.iter().map(|registry| {
        let namespaces = registries.namespaces();
        let namespaces = namespaces.filter(|(_, of)| of.alias == registry.alias);
        let policy = read_policy(registry).classified();
        Listed {
            alias: registry.alias.clone(),
            address: registry.address.clone(),
            mirrors: registry.mirrors.clone(),
            publish: registry.publish.clone(),
            namespaces: namespaces.map(|(namespace, _)| namespace.clone()).collect(),
            default: default == Some(&registry.alias),
            policy: registry.policy.clone(),
            trusted: policy.map(|policy| {
                let fingerprint = Fingerprint::of_file(&registry.policy);
                (policy.origin().clone(), fingerprint)
            }),
        }
    });
    listed.collect()
}
