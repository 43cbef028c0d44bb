//! Which registry is meant: by what Cargo.toml calls it, or, where none does, by where it is and its policy.

use std::path::PathBuf;

use clap::Args;
use transparency::name::PackageName;

use super::Context;
use crate::error::{Class, Error, Result};
use crate::manifest::Workspace;
use crate::ops::registry::given::Given;

/// The flags that name a registry.
#[derive(Args)]
pub(super) struct RegistryArgs {
    /// The registry, as Cargo.toml calls it; by default the one that has the namespace. With `--policy`, its folder or address
    #[arg(long, value_name = "NAME|FOLDER|URL")]
    pub registry: Option<String>,
    /// Whom to believe about a registry that Cargo.toml does not name: the policy of its operator
    #[arg(long, value_name = "FILE", requires = "registry")]
    pub policy: Option<PathBuf>,
}

impl RegistryArgs {
    /// The workspace with the registry that is named, and what the registry is called there. The package, if one is named,
    /// is that registry's. A registry that Cargo.toml does not name is no error here.
    pub(super) fn workspace(
        &self,
        context: &Context,
        package: Option<&PackageName>,
    ) -> Result<(Workspace, Option<String>)> {
        let workspace = context.workspace_or_folder()?;
        let namespace = package.map(PackageName::namespace);
        match (&self.registry, &self.policy) {
            (Some(address), Some(policy)) => {
                let (workspace, alias) = Given { address, policy }.adopt(workspace, namespace)?;
                Ok((workspace, Some(alias.to_string())))
            }
            _ if !workspace.has_manifest() => Err(nowhere()),
            (Some(alias), _) => {
                let registry = workspace.registries().find(alias).cloned();
                let workspace = match registry {
                    Some(registry) => workspace.with_registry(registry, namespace),
                    None => workspace,
                };
                Ok((workspace, Some(alias.clone())))
            }
            (None, _) => Ok((workspace, None)),
        }
    }
}

fn nowhere() -> Error {
    let message =
        "no Cargo.toml lies here or further up, and nothing else says which registry is meant";
    Error::new(Class::Usage, message)
        .with_help("name it: `--registry FOLDER|URL --policy FILE`; or run this in a project")
}
