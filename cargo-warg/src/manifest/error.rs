//! Why a manifest cannot be read or changed.

use std::io;
use std::path::PathBuf;

use resolver::cutoff::CutoffError;
use resolver::problem::ModeError;
use transparency::name::{NameError, Namespace, PackageName};
use transparency::version::VersionError;

use super::alias::Alias;
use crate::error::{Class, Classify};
use component::span::Annotation;
use component::span::Location;

/// The largest manifest that is read, in bytes. cargo has read it before; this keeps a special file out.
pub const MAX_MANIFEST: u64 = 16 * 1024 * 1024;

/// Why a manifest cannot be read or changed. Each that stems from a text says where.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// cargo could not be started.
    #[error("cannot run `cargo metadata`")]
    CargoRun(#[source] io::Error),
    /// cargo cannot read the workspace.
    #[error("{said}")]
    Cargo {
        /// What cargo said.
        said: String,
    },
    /// A merge left a manifest undecided.
    #[error("the manifest has conflict markers of a merge")]
    Conflicted {
        /// The first marker.
        location: Location,
    },
    /// cargo's answer is not what `--format-version 1` promises.
    #[error("cannot read what `cargo metadata` printed: {problem}")]
    CargoOutput {
        /// What is wrong with it.
        problem: cargo_metadata::Error,
    },
    /// A manifest cannot be read.
    #[error("cannot read `{}`", path.display())]
    Read {
        /// The manifest.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A manifest cannot be written.
    #[error("cannot write `{}`", path.display())]
    Write {
        /// The manifest.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// A manifest is longer than [`MAX_MANIFEST`].
    #[error("`{}` is longer than {MAX_MANIFEST} bytes, which no manifest is", path.display())]
    Size {
        /// The manifest.
        path: PathBuf,
    },
    /// A manifest changed between reading and writing it.
    #[error("`{}` was changed by another program meanwhile", path.display())]
    Changed {
        /// The manifest.
        path: PathBuf,
    },
    /// The text is not TOML.
    #[error("{message}")]
    Toml {
        /// Where it stands.
        location: Location,
        /// What the parser says.
        message: String,
    },
    /// A key that a table of ours does not have.
    #[error("unknown key `{key}` in {table}")]
    UnknownKey {
        /// Where it stands.
        location: Location,
        /// The key.
        key: String,
        /// The table.
        table: String,
        /// The keys that it may have.
        known: Vec<&'static str>,
    },
    /// A key that belongs to the root manifest.
    #[error("`{key}` belongs in the root manifest of the workspace")]
    Misplaced {
        /// Where it stands.
        location: Location,
        /// The key.
        key: &'static str,
    },
    /// A value of another type.
    #[error("`{key}` must be {expected}, and is {}", with_article(found))]
    Type {
        /// Where it stands.
        location: Location,
        /// The key.
        key: String,
        /// What it must be, with its article.
        expected: &'static str,
        /// TOML's word for what it is.
        found: &'static str,
    },
    /// A key that must be there.
    #[error("{table} lacks the key `{key}`")]
    Missing {
        /// Where the table is.
        location: Location,
        /// The key.
        key: &'static str,
        /// The table.
        table: String,
    },
    /// A name that does not parse.
    #[error("{problem}")]
    Name {
        /// Where it stands.
        location: Location,
        /// What is wrong.
        problem: NameError,
    },
    /// A version requirement that does not parse.
    #[error("{problem}")]
    Version {
        /// Where it stands.
        location: Location,
        /// What is wrong.
        problem: VersionError,
    },
    /// A `resolution` that is none.
    #[error("{problem}")]
    Resolution {
        /// Where it stands.
        location: Location,
        /// What is wrong.
        problem: ModeError,
    },
    /// An `exclude-newer` that is neither a date, a time nor a span.
    #[error("{problem}")]
    Cutoff {
        /// Where it stands.
        location: Location,
        /// What is wrong.
        problem: CutoffError,
    },
    /// A patch that is not a folder.
    #[error("`{name}` can be patched with a folder only, not with `{key}`")]
    PatchElsewhere {
        /// Where it stands.
        location: Location,
        /// The package.
        name: PackageName,
        /// The key.
        key: String,
    },
    /// A registry's short name with other characters than letters, digits, `-` and `_`.
    #[error("`{text}` cannot name a registry")]
    Alias {
        /// Where it stands.
        location: Location,
        /// The name.
        text: String,
    },
    /// A registry that is not configured.
    #[error("there is no registry `{alias}`")]
    UnknownRegistry {
        /// Where it is named.
        location: Location,
        /// The name.
        alias: Alias,
        /// The registries there are.
        known: Vec<Alias>,
    },
    /// A registry's address that is neither `http(s)://…` nor a folder.
    #[error("`{url}` is neither an http address nor a folder")]
    Url {
        /// Where it stands.
        location: Location,
        /// The address.
        url: String,
    },
    /// A mirror that is no address.
    #[error("the mirror `{url}` is not an http address")]
    Mirror {
        /// Where it stands.
        location: Location,
        /// What stands there.
        url: String,
    },
    /// Mirrors of a registry in a folder.
    #[error("a registry in a folder has no mirrors")]
    FolderMirrors {
        /// Where it stands.
        location: Location,
    },
    /// A web server to publish to.
    #[error(
        "`publish` names the folder that a registry is written to, and `{url}` is an http address"
    )]
    Publish {
        /// Where it stands.
        location: Location,
        /// What stands there.
        url: String,
    },
    /// Another registry is the default one.
    #[error("the default registry is `{alias}` already")]
    OtherDefault {
        /// Where it says so.
        location: Location,
        /// The registry.
        alias: String,
    },
    /// Two keys that exclude each other.
    #[error("`{first}` and `{second}` cannot stand together")]
    Together {
        /// Where it stands.
        location: Location,
        /// One of the two keys.
        first: &'static str,
        /// The other key.
        second: &'static str,
    },
    /// A dependency with neither version nor path.
    #[error("`{name}` has neither a version nor a path")]
    NoVersion {
        /// Where it stands.
        location: Location,
        /// The dependency.
        name: PackageName,
    },
    /// cargo-component's `target` in a form that is not its own.
    #[error("`{text}` is not a target: expected `PACKAGE[/WORLD]@VERSION`")]
    Target {
        /// Where it stands.
        location: Location,
        /// What stood there.
        text: String,
    },
    /// One dependency, stated in our table and in cargo-component's, with two meanings.
    #[error("`{name}` is stated twice, and differently")]
    Differs {
        /// The dependency.
        name: PackageName,
        /// In `package.metadata.warg`.
        ours: Location,
        /// In `package.metadata.component`.
        theirs: Location,
    },
    /// A word of later, on how many instances a component has in a bundle.
    #[error(
        "`instance = \"{text}\"` means nothing yet: a component has one instance in a bundle, which all share"
    )]
    Instance {
        /// Where it stands.
        location: Location,
        /// The word.
        text: String,
    },
    /// Two names to publish under.
    #[error("the name to publish under is stated twice, and differently")]
    TwoNames {
        /// In `package.metadata.warg`.
        ours: Location,
        /// In `package.metadata.component`.
        theirs: Location,
    },
    /// A registry, or the default, stated both for the workspace and for its root package.
    #[error("{what} is stated twice")]
    Twice {
        /// What is stated twice.
        what: String,
        /// Where it stands first.
        first: Location,
        /// Where it stands again.
        second: Location,
    },
    /// A namespace that two registries claim.
    #[error(
        "the namespace `{namespace}` belongs to two registries, `{}` and `{}`",
        first.0, second.0
    )]
    TwoRegistries {
        /// The namespace.
        namespace: Namespace,
        /// One of them, and what says so.
        first: Box<(Alias, Location)>,
        /// The other registry, and what says so.
        second: Box<(Alias, Location)>,
    },
    /// No registry for a package.
    #[error("no registry is configured for `{name}`")]
    NoRegistry {
        /// The package.
        name: PackageName,
        /// The dependency, where a manifest states it.
        location: Option<Location>,
    },
    /// No member of that name.
    #[error("the workspace has no package `{name}`")]
    NoMember {
        /// The name asked for.
        name: String,
        /// The names there are.
        members: Vec<String>,
    },
    /// A change of one manifest, and several selected.
    #[error("several packages could be meant")]
    WhichMember {
        /// Their names.
        members: Vec<String>,
    },
    /// A registry of that name is configured otherwise.
    #[error("there is a registry `{alias}` already, and it is another")]
    Taken {
        /// Where it stands.
        location: Location,
        /// The name.
        alias: Alias,
    },
}

fn with_article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("{article} {noun}")
}

/// The known word that was meant, if one is near: one letter in three may differ, and two at most.
fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let letters = word.chars().count();
    let limit = letters.div_ceil(3).min(2).min(letters.saturating_sub(1));
    known
        .into_iter()
        .map(|candidate| (distance(word, candidate), candidate))
        .filter(|(distance, _)| *distance <= limit)
        .min()
        .map(|(_, candidate)| candidate)
}

/// Levenshtein's, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = i;
        let mut left = i.saturating_add(1);
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (to, cell) in b.iter().zip(row.iter_mut().skip(1)) {
            let change = diagonal.saturating_add(usize::from(from != *to));
            diagonal = *cell;
            left = change
                .min(left.saturating_add(1))
                .min(cell.saturating_add(1));
            *cell = left;
        }
    }
    row.last().copied().unwrap_or(0)
}

fn list<T: ToString>(words: &[T]) -> String {
    let words: Vec<String> = words
        .iter()
        .map(|word| format!("`{}`", word.to_string()))
        .collect();
    words.join(", ")
}

impl Classify for ManifestError {
    fn class(&self) -> Class {
        match self {
            Self::CargoRun(_)
            | Self::Cargo { .. }
            | Self::Conflicted { .. }
            | Self::CargoOutput { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Size { .. }
            | Self::Changed { .. }
            | Self::Toml { .. }
            | Self::UnknownKey { .. }
            | Self::Misplaced { .. }
            | Self::Type { .. }
            | Self::Missing { .. }
            | Self::Name { .. }
            | Self::Version { .. }
            | Self::Resolution { .. }
            | Self::Cutoff { .. }
            | Self::PatchElsewhere { .. }
            | Self::Alias { .. }
            | Self::UnknownRegistry { .. }
            | Self::Url { .. }
            | Self::Mirror { .. }
            | Self::FolderMirrors { .. }
            | Self::Publish { .. }
            | Self::OtherDefault { .. }
            | Self::Together { .. }
            | Self::NoVersion { .. }
            | Self::Target { .. }
            | Self::Instance { .. }
            | Self::Differs { .. }
            | Self::TwoNames { .. }
            | Self::Twice { .. }
            | Self::TwoRegistries { .. }
            | Self::NoRegistry { .. }
            | Self::Taken { .. } => Class::Other,
            Self::NoMember { .. } | Self::WhichMember { .. } => Class::Usage,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::CargoRun(_) => "is cargo installed, and on the PATH?".to_owned(),
            Self::Changed { .. } => "run the command again".to_owned(),
            Self::Conflicted { .. } => {
                "decide there what is required; then `cargo warg lock` merges warg.lock by it".to_owned()
            }
            Self::UnknownKey { key, known, .. } => match nearest(key, known.iter().copied()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known keys: {}", list(known)),
            },
            Self::Misplaced { .. } => {
                "move it to [workspace.metadata.warg] of the root manifest; it then holds for all members".to_owned()
            }
            Self::Missing { key: "policy", .. } => {
                "a policy names the key that signs for the registry, and nothing is trusted without it: ask the operator for the key, write `log KEY` and `quorum none` to a file, and name the file here"
                    .to_owned()
            }
            Self::PatchElsewhere { name, .. } => format!(
                "write \"{name}\" = {{ path = \"…\" }}; which registry a package comes from is said by its namespace, in [workspace.metadata.warg.namespaces]"
            ),
            Self::Missing { key: "url", .. } => {
                "write `url = \"https://…\"`, or the path of a folder, relative to the root manifest".to_owned()
            }
            Self::Together { .. } => "remove one of them".to_owned(),
            Self::Alias { .. } => "use letters, digits, `-` and `_`".to_owned(),
            Self::UnknownRegistry { alias, known, .. } if known.is_empty() => format!(
                "add it: `{alias} = {{ url = \"…\", policy = \"…\" }}` in [workspace.metadata.warg.registries], or in \
                 [package.metadata.warg.registries] where there is no workspace"
            ),
            Self::UnknownRegistry { alias, known, .. } => {
                match nearest(alias.as_str(), known.iter().map(Alias::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("registries: {}", list(known)),
                }
            }
            Self::Mirror { .. } => {
                "mirrors are addresses such as `https://mirror.example/components`".to_owned()
            }
            Self::FolderMirrors { .. } => {
                "mirrors stand beside a `url` that is an http address".to_owned()
            }
            Self::Publish { .. } => {
                "publishing to a web server is not there yet: name the folder that the server serves, or that is copied to it"
                    .to_owned()
            }
            Self::OtherDefault { .. } => {
                "leave `--default` out and name the namespaces with `--namespace`; or change `default-registry` by hand"
                    .to_owned()
            }
            Self::Url { .. } => {
                "write a folder's path as it is, relative to the root manifest".to_owned()
            }
            Self::Instance { .. } => "leave `instance` out".to_owned(),
            Self::NoVersion { .. } => "add one, such as `version = \"1.2\"`".to_owned(),
            Self::Differs { .. } => {
                "make them the same, or keep one: both tables are read".to_owned()
            }
            Self::TwoNames { .. } | Self::Twice { .. } => "keep one of them".to_owned(),
            Self::TwoRegistries { .. } => {
                "give the namespace to one of them: its packages, and all that depend on them, come from there"
                    .to_owned()
            }
            Self::NoRegistry { name, .. } => format!(
                "add `{} = \"REGISTRY\"` to [workspace.metadata.warg.namespaces] (or to [package.metadata.warg.namespaces] where there is no workspace), or set `default-registry`",
                name.namespace()
            ),
            Self::NoMember { name, members } => {
                match nearest(name, members.iter().map(String::as_str)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("its packages are: {}", list(members)),
                }
            }
            Self::WhichMember { members } => {
                format!("choose one with `-p`: {}", list(members))
            }
            Self::Taken { .. } => "choose another name, or remove the entry".to_owned(),
            Self::Cargo { said } if said.starts_with("could not find `Cargo.toml`") => {
                "this works on a cargo project: run it in one, or name its manifest with `--manifest-path`".to_owned()
            }
            Self::Cargo { .. }
            | Self::CargoOutput { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Size { .. }
            | Self::Toml { .. }
            | Self::Type { .. }
            | Self::Missing { .. }
            | Self::Name { .. }
            | Self::Version { .. }
            | Self::Resolution { .. }
            | Self::Cutoff { .. }
            | Self::Target { .. } => return None,
        })
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Conflicted { location }
            | Self::Toml { location, .. }
            | Self::UnknownKey { location, .. }
            | Self::Misplaced { location, .. }
            | Self::Type { location, .. }
            | Self::Name { location, .. }
            | Self::Version { location, .. }
            | Self::Resolution { location, .. }
            | Self::Cutoff { location, .. }
            | Self::PatchElsewhere { location, .. }
            | Self::Alias { location, .. }
            | Self::UnknownRegistry { location, .. }
            | Self::Url { location, .. }
            | Self::Mirror { location, .. }
            | Self::FolderMirrors { location }
            | Self::Publish { location, .. }
            | Self::OtherDefault { location, .. }
            | Self::Together { location, .. }
            | Self::NoVersion { location, .. }
            | Self::Target { location, .. }
            | Self::Instance { location, .. }
            | Self::Taken { location, .. } => vec![location.clone().into()],
            Self::Missing { location, key, .. } => {
                vec![location.labelled(format!("`{key}` is missing"))]
            }
            Self::Differs { ours, theirs, .. } | Self::TwoNames { ours, theirs } => vec![
                theirs.labelled("in cargo-component's table"),
                ours.labelled("in cargo warg's table"),
            ],
            Self::Twice { first, second, .. } => {
                vec![second.labelled("here"), first.labelled("and here")]
            }
            Self::TwoRegistries { first, second, .. } => [second, first]
                .into_iter()
                .map(|claim| claim.1.labelled(format!("`{}`", claim.0)))
                .collect(),
            Self::NoRegistry { location, .. } => {
                location.iter().cloned().map(Annotation::from).collect()
            }
            Self::CargoRun(_)
            | Self::Cargo { .. }
            | Self::CargoOutput { .. }
            | Self::Read { .. }
            | Self::Write { .. }
            | Self::Size { .. }
            | Self::Changed { .. }
            | Self::NoMember { .. }
            | Self::WhichMember { .. } => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_hand_is_recognised() {
        let known = ["version", "path", "registry", "for", "package"];
        for (typed, meant) in [
            ("verison", Some("version")),
            ("regsitry", Some("registry")),
            ("versions", Some("version")),
            ("paht", Some("path")),
            ("optional", None),
            ("fur", Some("for")),
            ("f", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed, known), meant, "{typed}");
        }
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
    }
}
