//! A WIT package that lies in a folder, as text: what it declares, and what it requires.
//!
//! It need not resolve by itself: what it refers to is another folder's, or a registry's, and is found when all is
//! selected. So nothing is encoded here, and folders may refer to one another in whichever order they are read.

use std::collections::BTreeSet;

use semver::Version;
use transparency::name::PackageName;
use transparency::requirement::Requirement;

use super::binary::{Refusal, release_name, requirements_of};
use super::publish::PublishError;
use super::text::{Group, wit_name};

/// One package version that a folder declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// From its text.
    pub name: PackageName,
    /// From its text.
    pub version: Version,
    /// What its text refers to.
    pub requirements: BTreeSet<Requirement>,
}

/// The packages of one folder, or of one file.
#[derive(Debug, Clone)]
pub struct LocalPackages {
    /// The texts of that folder or file.
    pub group: Group,
    /// The main package, and those nested in its text.
    pub packages: Vec<Declared>,
}

impl LocalPackages {
    /// What a folder's own `.wit` files, or one file, declare.
    ///
    /// # Errors
    /// What may not be released.
    pub fn of(group: Group) -> Result<Self, PublishError> {
        let references = group.references();
        let mut packages = Vec::new();
        for package in group.names() {
            let refused = |why: Refusal| PublishError::Refused {
                package: package.to_string(),
                why: Box::new(why),
                location: group.declaration(package),
            };
            let (name, version) = release_name(package).map_err(refused)?;
            let own = wit_name(&name, &version);
            let references = references.iter().filter(|one| one.user == own).cloned();
            let requirements = requirements_of(&name, &version, references).map_err(refused)?;
            packages.push(Declared {
                name,
                version,
                requirements,
            });
        }
        Ok(Self { group, packages })
    }

    /// The package that the folder is for.
    pub fn main(&self) -> Option<&Declared> {
        self.packages.first()
    }
}
