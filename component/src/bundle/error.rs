//! Why a closed set cannot be composed, and why a component does not say what is in it.

use std::collections::BTreeSet;
use std::fmt;

use transparency::digest::Digest;
use transparency::name::{ExternName, PackageName};
use transparency::requirement::Requirement;
use transparency::selection::Selection;

use super::{FORMAT, MAX_SECTION};
use crate::content::ContentError;

/// A component of a closed set, for messages.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A selected package.
    Package(Selection),
    /// The root, by its name in the lock.
    Root(String),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package(selection) => write!(f, "`{}@{}`", selection.name, selection.version),
            Self::Root(name) => write!(f, "`{name}`"),
        }
    }
}

/// Why a closed set cannot be composed.
#[derive(Debug, thiserror::Error)]
pub enum ComposeError {
    /// An encoding that this build does not know.
    #[error(
        "bundles of format {format} were made by a newer cargo warg; this one knows format {FORMAT}"
    )]
    Format {
        /// The number of the encoding that was asked for.
        format: u64,
    },
    /// A part that is no component.
    #[error("{part} cannot be part of a bundle")]
    Content {
        /// The part whose bytes do not read.
        part: Part,
        /// What it is.
        source: Box<ContentError>,
    },
    /// A requirement that no part meets: the closed set is not closed.
    #[error("{by} requires `{requirement}`, and no component of the closed set meets that")]
    Unmet {
        /// The part that has the requirement.
        by: Part,
        /// The requirement that is not met.
        requirement: Requirement,
    },
    /// A redirection to a package that is not in the closed set.
    #[error("`{import}` is redirected to `{name}`, which is not in the closed set")]
    Redirected {
        /// The import, as the redirection names it.
        import: ExternName,
        /// The package that it is redirected to.
        name: PackageName,
    },
    /// Two packages could serve an import.
    #[error(
        "{by} imports `{import}`, and both {} and {} export it",
        list(one),
        list(other)
    )]
    Ambiguous {
        /// The part that imports.
        by: Part,
        /// The import that both could serve.
        import: ExternName,
        /// The releases of one package that export it.
        one: Box<Vec<Selection>>,
        /// The releases of another package that export it.
        other: Box<Vec<Selection>>,
    },
    /// A package that is to serve an import and exports nothing of the sort.
    #[error(
        "{by} imports `{import}` from {}, which exports nothing that fits: {}",
        list(server),
        exported(exports)
    )]
    ExportsNothing {
        /// The part that imports.
        by: Part,
        /// The import that is not served.
        import: ExternName,
        /// The releases that ought to serve it.
        server: Box<Vec<Selection>>,
        /// What it exports.
        exports: BTreeSet<ExternName>,
    },
    /// The interface is there in an older version.
    #[error(
        "{by} imports `{import}` from {}, which exports the older `{export}`",
        list(server)
    )]
    Older {
        /// The part that imports.
        by: Part,
        /// The import, in the version that is wanted.
        import: ExternName,
        /// The releases that ought to serve it.
        server: Box<Vec<Selection>>,
        /// What it exports.
        export: ExternName,
    },
    /// The interface is there on another track.
    #[error("{by} imports `{import}` from {}, which exports it on another track: `{export}`{}", list(server), also(other.as_deref()))]
    OtherTrack {
        /// The part that imports.
        by: Part,
        /// The import, in the version that is wanted.
        import: ExternName,
        /// The releases that ought to serve it.
        server: Box<Vec<Selection>>,
        /// What it exports.
        export: ExternName,
        /// Who imports it on that track.
        other: Option<Box<Part>>,
    },
    /// Components that need each other.
    #[error("components need each other: {}", circle(cycle))]
    Cycle {
        /// Each is served by the next, and the last by the first.
        cycle: Vec<Part>,
    },
    /// A part's import is not what its server exports.
    #[error("{by} imports `{import}` from {server}, and its types do not fit: {message}")]
    Mismatch {
        /// The part that imports.
        by: Part,
        /// The import whose types do not fit.
        import: ExternName,
        /// Who serves it.
        server: Part,
        /// The validator's words.
        message: String,
    },
    /// Two parts that want different things of the host under one name.
    #[error(
        "{by} wants `{import}` of the host, and what is wanted of it elsewhere has other types: {message}"
    )]
    HostMismatch {
        /// The part that imports.
        by: Part,
        /// The import whose types do not fit.
        import: ExternName,
        /// The validator's words.
        message: String,
    },
    /// An import of the host whose types belong to an interface that a package serves.
    #[error("{by} wants `{import}` of the host, with types of `{of}`, which {server} serves")]
    HostUses {
        /// The part that imports.
        by: Part,
        /// The import of the host.
        import: ExternName,
        /// The interface of the types.
        of: ExternName,
        /// Who serves that.
        server: Part,
    },
    /// An import of the host of a sort that no host has.
    #[error(
        "{by} imports `{import}` of the host, which is {what}: only functions, types and instances of functions and types can be passed on"
    )]
    HostSort {
        /// The part that imports.
        by: Part,
        /// The import of the host.
        import: ExternName,
        /// Of which sort it is.
        what: &'static str,
    },
    /// Imports of the host that are made of each other's types.
    #[error("imports of the host are made of each other's types: {}", imports.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))]
    HostCircle {
        /// The imports, ascending; also those that are made of types of theirs.
        imports: BTreeSet<ExternName>,
    },
    /// An export of the root that the bundle cannot have.
    #[error(
        "{root} exports `{export}`, which a bundle cannot, unless the types in it are the host's or exported, too: {message}"
    )]
    Export {
        /// The root, whose export it is.
        root: Part,
        /// The name of the export; empty where it is not known.
        export: String,
        /// The validator's words.
        message: String,
    },
    /// A part that is not valid.
    #[error("{part} is not valid: {message}")]
    Invalid {
        /// The part that the validator refuses.
        part: Part,
        /// The validator's words.
        message: String,
    },
    /// What was composed is not valid.
    #[error("the bundle is not valid: {message}")]
    Bundle {
        /// The validator's words.
        message: String,
    },
}

fn list(selections: &[Selection]) -> String {
    let each = selections
        .iter()
        .map(|one| format!("`{}@{}`", one.name, one.version));
    each.collect::<Vec<_>>().join(" and ")
}

fn exported(exports: &BTreeSet<ExternName>) -> String {
    if exports.is_empty() {
        return "it exports nothing at all".to_owned();
    }
    let each = exports.iter().map(|name| format!("`{name}`"));
    format!("its exports are {}", each.collect::<Vec<_>>().join(", "))
}

fn also(other: Option<&Part>) -> String {
    other
        .map(|other| format!(", as {other} imports it"))
        .unwrap_or_default()
}

fn circle(cycle: &[Part]) -> String {
    let parts = cycle.iter().chain(cycle.first());
    parts
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(" → ")
}

/// Why a component does not say what is in it.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// It is no component.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// It carries no lock.
    #[error("the component carries no lock: it is no bundle, or its custom section was stripped")]
    Missing,
    /// It carries several.
    #[error("the component carries {count} locks")]
    Several {
        /// How many custom sections have that name.
        count: usize,
    },
    /// Another section follows the one that carries the lock.
    #[error("the lock of a bundle is the last thing in it, and here something follows")]
    NotLast,
    /// Larger than [`MAX_SECTION`].
    #[error("the lock in the bundle is larger than {MAX_SECTION} bytes")]
    TooLong,
    /// An encoding that this build does not know.
    #[error(
        "made by a newer cargo warg: the bundle is of format {format}, and this one knows format {FORMAT}"
    )]
    Format {
        /// The number of the encoding that it names.
        format: u64,
    },
    /// A line that no cargo warg writes.
    #[error("line {line} of the section is not as cargo warg writes it: expected {expected}")]
    Line {
        /// Which, from 1.
        line: u64,
        /// What is to stand there.
        expected: &'static str,
    },
    /// Written otherwise than cargo warg writes the same.
    #[error("the section is not as cargo warg writes it")]
    NotCanonical,
    /// The root is not in it.
    #[error("the bundle does not contain the root that it names, {digest}")]
    NoRoot {
        /// The digest of the root, as the section has it.
        digest: Digest,
    },
}
