//! A WIT package in its binary form: what it declares, what it requires, and its text.
//!
//! Requirements are the references of the *printed* text, since that text is what `fetch` writes: what a package only
//! reaches through another is the other's requirement.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use semver::Version;
use transparency::name::{Kind, NameError, PackageName};
use transparency::requirement::Requirement;
use transparency::version::{Track, VersionError, VersionReq, parse_version};
use wit_component::{DecodedWasm, decode};
use wit_parser::{PackageId, PackageName as WitName, Resolve, Stability, WorldId};

use super::agreement::Comparison;
use super::guard::{GaveUp, guarded};
use super::text::{Group, Groups, Reference, TextError, print};
use crate::content::{ContentError, kind_of};
use crate::order::{Next, sort};

/// The largest WIT package in its binary form, in bytes. The largest of WASI has 60 thousand.
pub const MAX_WIT: u64 = 4 << 20;

/// Bytes that are not the binary form of a WIT package.
#[derive(Debug, thiserror::Error)]
pub enum BinaryError {
    /// Something else, or nothing known.
    #[error(transparent)]
    Content(Box<ContentError>),
    /// Larger than [`MAX_WIT`].
    #[error("a WIT package of more than {MAX_WIT} bytes")]
    TooLarge,
    /// The decoder refuses it.
    #[error("cannot be decoded as WIT: {message}")]
    Decode {
        /// The decoder's words.
        message: String,
    },
    /// The decoder met input that it does not expect.
    #[error("cannot be decoded as WIT")]
    GaveUp(#[from] GaveUp),
}

impl From<ContentError> for BinaryError {
    fn from(error: ContentError) -> Self {
        Self::Content(Box::new(error))
    }
}

/// Why a WIT package may not be released, although it is sound in itself.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Its name is not one that a registry can hold.
    #[error(transparent)]
    Name(#[from] NameError),
    /// Its version, or one it refers to, is not one that a registry can hold.
    #[error(transparent)]
    Version(#[from] VersionError),
    /// Its text gives it no version.
    #[error("`{package}` has no version")]
    NoVersion {
        /// The package that has no version.
        package: String,
    },
    /// It refers to a package without saying which version.
    #[error("it refers to `{package}/{item}` without a version")]
    Unversioned {
        /// The package referred to.
        package: String,
        /// The interface or world.
        item: String,
    },
    /// It refers to two versions of which a closed set can hold one.
    #[error("it refers to two versions of one track: `{package}@{first}` and `{package}@{second}`")]
    TwoVersions {
        /// The package referred to.
        package: PackageName,
        /// The lower one.
        first: Version,
        /// The higher one.
        second: Version,
    },
    /// It refers to a version of itself that no closed set can hold beside it.
    #[error("it refers to `{package}@{version}`, which is of its own track")]
    Itself {
        /// The package, which is the one referred to, too.
        package: PackageName,
        /// The version referred to.
        version: Version,
    },
    /// The text that `fetch` would write of it does not parse.
    #[error("its printed text does not parse: {0}")]
    Reprint(TextError),
}

/// A decoded WIT package, with as much of other packages as it refers to.
#[derive(Debug, Clone)]
pub struct Decoded {
    resolve: Resolve,
    package: PackageId,
}

impl Decoded {
    /// Decodes a WIT package.
    ///
    /// # Errors
    /// Anything else, and what the decoder refuses.
    pub fn open(bytes: &[u8]) -> Result<Self, BinaryError> {
        if kind_of(bytes)? != Kind::Wit {
            return Err(ContentError::Component.into());
        }
        if u64::try_from(bytes.len()).map_or(true, |size| size > MAX_WIT) {
            return Err(BinaryError::TooLarge);
        }
        match open(bytes)? {
            DecodedWasm::WitPackage(resolve, package) => Ok(Self { resolve, package }),
            DecodedWasm::Component(..) => Err(ContentError::Component.into()),
        }
    }

    /// The name in the text, and its version where it has one.
    pub fn name(&self) -> &WitName {
        &self.resolve.packages[self.package].name
    }

    /// The name and version that it would be released under.
    ///
    /// # Errors
    /// A name or version that a registry cannot hold.
    pub fn declares(&self) -> Result<(PackageName, Version), Refusal> {
        release_name(self.name())
    }

    /// The text, with every reference as it was published.
    pub fn print(&self) -> Result<String, TextError> {
        print(&self.resolve, self.package)
    }

    /// The text, with the references that `select` answers set to that version.
    pub fn print_with(
        mut self,
        select: impl Fn(&WitName) -> Option<Version>,
    ) -> Result<String, TextError> {
        for (id, package) in &mut self.resolve.packages {
            if id != self.package
                && let Some(version) = select(&package.name)
            {
                package.name.version = Some(version);
            }
        }
        self.print()
    }

    /// The references of its text.
    fn references(&self) -> Result<Vec<Reference>, TextError> {
        let path = Path::new("package.wit");
        Ok(Group::parse(path, &self.print()?)?.references())
    }

    /// What it requires: `^` each version that its text names, `=` each pre-release.
    ///
    /// # Errors
    /// What publishing refuses: see [`Refusal`].
    pub fn requirements(&self) -> Result<BTreeSet<Requirement>, Refusal> {
        let (name, version) = self.declares()?;
        let references = self.references().map_err(Refusal::Reprint)?;
        let requirements = requirements_of(&name, &version, references)?;
        self.reprint().map_err(Refusal::Reprint)?;
        Ok(requirements)
    }

    /// What `fetch` will do: prints it, with all that came along, and parses the texts.
    fn reprint(&self) -> Result<(), TextError> {
        let mut groups = Groups::default();
        for (id, package) in &self.resolve.packages {
            let path = format!("{}.wit", package.name);
            groups.insert(Group::parse(Path::new(&path), &print(&self.resolve, id)?)?)?;
        }
        groups.check()
    }

    /// The other package versions that it holds something of, where a registry could hold them.
    pub fn others(&self) -> Vec<(PackageName, Version)> {
        let others = self.resolve.packages.iter();
        let others = others.filter(|(id, _)| *id != self.package);
        others
            .filter_map(|(_, package)| release_name(&package.name).ok())
            .collect()
    }

    /// Whether something in it is there only for those who have enabled a feature.
    pub fn is_gated(&self) -> bool {
        let Resolve {
            types,
            interfaces,
            worlds,
            ..
        } = &self.resolve;
        let types = types.iter().map(|(_, ty)| &ty.stability);
        let interfaces = interfaces.iter().flat_map(|(_, interface)| {
            let functions = interface.functions.values();
            let functions = functions.map(|function| &function.stability);
            functions.chain([&interface.stability])
        });
        let worlds = worlds.iter().flat_map(|(_, world)| {
            let items = world.imports.values().chain(world.exports.values());
            let items = items.map(|item| item.stability(&self.resolve));
            items.chain([&world.stability])
        });
        let mut all = types.chain(interfaces).chain(worlds);
        all.any(|stability| matches!(stability, Stability::Unstable { .. }))
    }

    /// An interface of another package that this one holds otherwise, as far as both have the same names in it.
    ///
    /// # Errors
    /// The WIT library's own assertions.
    pub fn contradicts(&self, other: &Self) -> Result<Option<String>, BinaryError> {
        let (own, other_name) = (&self.resolve, other.name());
        let package = own.packages.iter().find(|(_, one)| one.name == *other_name);
        let interfaces = package.map(|(_, package)| &package.interfaces);
        let theirs = unversioned(other.resolve.clone());
        let ours = unversioned(own.clone());
        let found = guarded(|| {
            let mut interfaces = interfaces.into_iter().flatten();
            let mut comparison = Comparison::new(&ours, &theirs);
            interfaces.find(|(_, id)| !comparison.agrees(**id))
        })?;
        Ok(found.map(|(name, _)| name.clone()))
    }

    pub(super) fn into_resolve(self) -> Resolve {
        self.resolve
    }
}

/// The same without the versions of packages and without since when something is there: which version of another is
/// selected makes no difference, and a content says of other packages nothing about their past.
pub(super) fn unversioned(mut resolve: Resolve) -> Resolve {
    for (_, ty) in &mut resolve.types {
        ty.stability = Stability::Unknown;
    }
    for (_, interface) in &mut resolve.interfaces {
        for function in interface.functions.values_mut() {
            function.stability = Stability::Unknown;
        }
    }
    for (_, package) in &mut resolve.packages {
        package.name.version = None;
    }
    let names = resolve.packages.iter();
    resolve.package_names = names
        .map(|(id, package)| (package.name.clone(), id))
        .collect();
    resolve
}

/// A decoded component: its world, whose packages hold as much as it imports and exports.
pub(super) fn open_component(bytes: &[u8]) -> Result<(Resolve, WorldId), BinaryError> {
    match open(bytes)? {
        DecodedWasm::Component(resolve, world) => Ok((resolve, world)),
        DecodedWasm::WitPackage(..) => Err(ContentError::WitPackage.into()),
    }
}

fn open(bytes: &[u8]) -> Result<DecodedWasm, BinaryError> {
    let decoded = guarded(|| decode(bytes))?.map_err(|error| BinaryError::Decode {
        message: format!("{error:#}"),
    })?;
    if guarded(|| is_circular(decoded.resolve()))? {
        return Err(BinaryError::Decode {
            message: "packages in it use each other in a circle".to_owned(),
        });
    }
    Ok(decoded)
}

/// Whether packages use each other in a circle. No text can say that, but a component's imports can, and the WIT library
/// would follow it without end.
fn is_circular(resolve: &Resolve) -> bool {
    let uses = |id| resolve.package_direct_deps(id).collect();
    let packages = resolve.packages.iter().map(|(id, _)| (id, uses(id)));
    let packages: BTreeMap<PackageId, BTreeSet<PackageId>> = packages.collect();
    !sort(&packages, Next::Least).stuck.is_empty()
}

/// The name and version that a registry knows a package by.
///
/// # Errors
/// A name or version that a registry cannot hold.
pub(super) fn release_name(name: &WitName) -> Result<(PackageName, Version), Refusal> {
    Ok((package_name(name)?, required_version(name)?))
}

/// What the references in a package's text require.
pub(super) fn requirements_of(
    name: &PackageName,
    version: &Version,
    references: impl IntoIterator<Item = Reference>,
) -> Result<BTreeSet<Requirement>, Refusal> {
    let mut versions: BTreeMap<(PackageName, Track), Version> = BTreeMap::new();
    for reference in references {
        if reference.package.version.is_none() {
            return Err(Refusal::Unversioned {
                package: reference.package.to_string(),
                item: reference.item,
            });
        }
        let other = package_name(&reference.package)?;
        let wanted = required_version(&reference.package)?;
        let track = Track::of(&wanted);
        if other == *name && track == Track::of(version) {
            return Err(Refusal::Itself {
                package: other,
                version: wanted,
            });
        }
        match versions.get(&(other.clone(), track.clone())) {
            Some(earlier) if *earlier != wanted => {
                return Err(Refusal::TwoVersions {
                    package: other,
                    first: earlier.min(&wanted).clone(),
                    second: earlier.max(&wanted).clone(),
                });
            }
            _ => versions.insert((other, track), wanted),
        };
    }
    Ok(versions
        .into_iter()
        .map(|((name, _), version)| {
            let req = if version.pre.is_empty() {
                VersionReq::caret(&version)
            } else {
                VersionReq::exact(&version)
            };
            Requirement::new(Kind::Wit, name, req)
        })
        .collect())
}

fn package_name(name: &WitName) -> Result<PackageName, NameError> {
    format!("{}:{}", name.namespace, name.name).parse()
}

fn required_version(name: &WitName) -> Result<Version, Refusal> {
    match &name.version {
        Some(version) => Ok(parse_version(&version.to_string())?),
        None => Err(Refusal::NoVersion {
            package: name.to_string(),
        }),
    }
}
