//! What a user should know beside a result: warnings and notes.
//!
//! An operation returns its notices as values. `message/` makes JSON of them, and `shell` prints them. What `verify --deny`
//! makes errors of is decided in `ops/lock/deny.rs`, by their [kinds](Kind). Nothing is decided by their words, which are in
//! `words.rs`, all of them.

mod kind;
mod words;

use component::bundle::wiring::Unused;
use component::span::{Annotation, Location};
use resolver::index::Address;
use resolver::lockfile::ReadError;
use resolver::obstacle::Obstacle;
use resolver::unresolved::GaveUp;
use semver::Version;
use transparency::digest::Digest;
use transparency::name::{ExternName, Origin, PackageName};
use transparency::number::Time;
use transparency::selection::Selection;

pub use self::kind::{Kind, Level};
use crate::error::Error;

/// Something that a user should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A release that is selected, or was verified, is yanked.
    Yanked {
        /// The release.
        release: Selection,
        /// The publisher's words.
        reason: String,
        /// Where warg.lock has it.
        location: Option<Location>,
    },
    /// A release that was selected at a past checkpoint was yanked since.
    YankedSince {
        /// The release.
        release: Selection,
        /// The publisher's words.
        reason: String,
    },
    /// The operator took away the content of a release that was locked.
    Withdrawn {
        /// The release.
        release: Selection,
        /// The origin of its registry.
        origin: Origin,
        /// The operator's words.
        reason: String,
    },
    /// The operator took away the content of a release that was selected at a past checkpoint.
    WithdrawnSince {
        /// The release.
        release: Selection,
        /// The operator's words.
        reason: String,
    },
    /// A newer release was no choice, because of what it requires.
    PassedOver {
        /// The newest of them.
        release: Selection,
        /// What it requires, and why nothing serves that.
        obstacle: Box<Obstacle>,
        /// The version that was selected instead.
        instead: Version,
        /// How many others above that version are no choice either.
        others: usize,
    },
    /// Nothing of a package can be chosen: its log breaks the rules, as its registry committed to it.
    RefusedLog {
        /// The package and its registry.
        address: Address,
        /// Which rule, and how.
        why: String,
    },
    /// A registry could not be asked what it is now; what this machine has of it stood in.
    Unasked {
        /// Its origin.
        origin: Origin,
        /// The time of the checkpoint that stood in.
        since: Time,
        /// Why it could not be asked.
        why: String,
    },
    /// A registry says nothing new for longer than its operator promised.
    Silent {
        /// Its origin.
        origin: Origin,
        /// The time of its newest checkpoint.
        time: Time,
        /// How many seconds the operator promised at most to let pass.
        refresh: u64,
    },
    /// The lock that is shown is not what the workspace asks for any more.
    StaleLock(Tolerated),
    /// The lock does not read, and a command that only wanted to tell of it goes on.
    UnreadableLock(Tolerated),
    /// A lock with the conflict markers of a merge was made one again.
    MergedLock,
    /// A lock that was not as this program writes it was made one again.
    RewrittenLock {
        /// How it was not.
        why: ReadError,
    },
    /// The search for a member's newer versions gave up.
    GaveUp(GaveUp),
    /// No member selects what is patched.
    UnusedPatch {
        /// The package, with the version that lies in the folder.
        release: Selection,
        /// The folder.
        path: String,
        /// Where the patch is stated.
        location: Option<Location>,
    },
    /// Texts below `wit/` that nothing reads.
    UnreadTexts {
        /// The folder.
        path: String,
    },
    /// WIT packages of `wit/deps` that somebody else put there.
    OwnTexts {
        /// The first package.
        release: Selection,
        /// Its folder.
        path: String,
        /// How many others the member has.
        others: usize,
    },
    /// Packages that lie in folders, of which no record says anything.
    Unvouched {
        /// How many.
        packages: usize,
    },
    /// A world names an interface at several versions of a track, so its versions stay.
    TwinPins {
        /// The member.
        member: String,
        /// The package.
        package: PackageName,
        /// The versions, and where each stands.
        pins: Vec<(Version, Option<Location>)>,
    },
    /// Exact versions in `wit/` hold back newer ones.
    HeldPins {
        /// How many.
        count: usize,
        /// The package of the first.
        package: PackageName,
        /// Its version.
        version: Version,
        /// The newest that could stand there.
        available: Version,
        /// Where the first stands.
        location: Option<Location>,
    },
    /// A package that was removed from a manifest is still referred to in `wit/`.
    StillReferredTo {
        /// The package.
        package: PackageName,
        /// What stands in the text.
        reference: String,
        /// Where.
        location: Location,
    },
    /// A package that was removed from a manifest stays locked: something else requires it.
    StaysLocked {
        /// What is locked.
        release: Selection,
    },
    /// Something of a bundle's closed set was asked for and does nothing.
    Unused {
        /// What it is.
        unused: Unused,
        /// Where the project asks for it; none where a package does.
        location: Option<Location>,
    },
    /// An import of a bundle is served by another package than the requirements say.
    Redirected {
        /// The import.
        import: ExternName,
        /// The package that serves it.
        package: PackageName,
    },
    /// A closed set was checked, but not solved again.
    NotDerived {
        /// The number of its solving algorithm.
        solver: u64,
    },
    /// A bundle was checked, but not composed again.
    NotComposed {
        /// The number of its encoding.
        format: u64,
    },
    /// A component that is published does not import what a requirement is for.
    NotImported {
        /// The package that is required.
        package: PackageName,
        /// The imports that it is required for, and that are missing.
        imports: Vec<ExternName>,
        /// Where the requirement stands.
        location: Location,
    },
    /// A component that is published imports nothing that a package exports which it requires.
    NothingImported {
        /// The package that is required.
        package: PackageName,
        /// Where the requirement stands.
        location: Location,
    },
    /// A component that is published without requirements looks like the one of a member with another name.
    OtherMembersComponent {
        /// The release.
        release: Selection,
        /// The member.
        member: String,
        /// The name that it publishes its component under.
        package: Option<PackageName>,
    },
    /// A WIT package is published under the name that a member publishes its component under.
    ComponentsName {
        /// The name.
        package: PackageName,
        /// The member.
        member: String,
    },
    /// A package of a text declares nothing of its own, and was not published.
    EmptyPackage(Tolerated),
    /// A release was imported that nobody can use.
    ImportedUnusable {
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
        /// Which rule it breaks.
        reason: String,
    },
    /// Something was left out of an import.
    Skipped {
        /// The file or folder that declares it, or the reference of its upstream.
        from: String,
        /// What is wrong with it, or where it belongs.
        why: Tolerated,
        /// Whether nothing is wrong with it: it belongs to another registry.
        is_elsewhere: bool,
    },
    /// A version is other bytes upstream than those that were imported.
    MovedUpstream {
        /// The package.
        package: PackageName,
        /// The version.
        version: Version,
        /// Where it lies upstream.
        from: String,
        /// The digest of what was imported, and stays.
        released: Digest,
        /// The digest of what lies there now.
        found: Digest,
    },
}

/// A failure that a command goes on after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tolerated {
    /// What went wrong, and why.
    pub message: String,
    /// Where.
    pub annotations: Vec<Annotation>,
    /// What to do about it.
    pub help: Vec<String>,
}

impl From<&Error> for Tolerated {
    fn from(error: &Error) -> Self {
        Self {
            message: error.chain().collect::<Vec<_>>().join(": "),
            annotations: error.annotations().cloned().collect(),
            help: error.help().to_vec(),
        }
    }
}

/// What a notice is about, as far as it is about one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subject<'n> {
    /// A package.
    pub package: Option<&'n PackageName>,
    /// A version of it.
    pub version: Option<&'n Version>,
    /// The origin of a registry.
    pub registry: Option<&'n Origin>,
    /// A member of the workspace.
    pub member: Option<&'n str>,
    /// A file or folder.
    pub path: Option<&'n str>,
}

impl<'n> Subject<'n> {
    fn of(release: &'n Selection) -> Self {
        Self {
            package: Some(&release.name),
            version: Some(&release.version),
            ..Self::default()
        }
    }

    fn of_package(package: &'n PackageName) -> Self {
        Self {
            package: Some(package),
            ..Self::default()
        }
    }

    fn of_registry(origin: &'n Origin) -> Self {
        Self {
            registry: Some(origin),
            ..Self::default()
        }
    }
}

/// Leaves out the yanks that others of these tell, too: those of a lock, where its contents are told of with their lines.
pub fn leave_out_yanks(notices: &mut Vec<Notice>, others: &[Notice]) {
    let told: Vec<_> = others.iter().filter_map(Notice::yanked).collect();
    notices.retain(|notice| {
        let release = notice.yanked();
        release.is_none_or(|release| !told.contains(&release))
    });
}

impl Notice {
    /// Its kind.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Yanked { .. } => Kind::Yanked,
            Self::YankedSince { .. } => Kind::YankedSince,
            Self::Withdrawn { .. } => Kind::Withdrawn,
            Self::WithdrawnSince { .. } => Kind::WithdrawnSince,
            Self::PassedOver { .. } => Kind::PassedOver,
            Self::RefusedLog { .. } => Kind::RefusedLog,
            Self::Unasked { .. } => Kind::RegistryUnasked,
            Self::Silent { .. } => Kind::RegistrySilent,
            Self::StaleLock(_) => Kind::StaleLock,
            Self::UnreadableLock(_) => Kind::UnreadableLock,
            Self::MergedLock => Kind::MergedLock,
            Self::RewrittenLock { .. } => Kind::RewrittenLock,
            Self::GaveUp(_) => Kind::GaveUp,
            Self::UnusedPatch { .. } => Kind::UnusedPatch,
            Self::UnreadTexts { .. } => Kind::UnreadTexts,
            Self::OwnTexts { .. } => Kind::OwnTexts,
            Self::Unvouched { .. } => Kind::Unvouched,
            Self::TwinPins { .. } => Kind::TwinPins,
            Self::HeldPins { .. } => Kind::HeldPins,
            Self::StillReferredTo { .. } => Kind::StillReferredTo,
            Self::StaysLocked { .. } => Kind::StaysLocked,
            Self::Unused {
                unused: Unused::Requirement { .. },
                ..
            }
            | Self::NotImported { .. }
            | Self::NothingImported { .. } => Kind::UnusedRequirement,
            Self::Unused {
                unused: Unused::Redirection { .. },
                ..
            } => Kind::UnusedRedirection,
            Self::Redirected { .. } => Kind::Redirected,
            Self::NotDerived { .. } => Kind::NotDerived,
            Self::NotComposed { .. } => Kind::NotComposed,
            Self::OtherMembersComponent { .. } => Kind::OtherMembersComponent,
            Self::ComponentsName { .. } => Kind::ComponentsName,
            Self::EmptyPackage(_) => Kind::EmptyPackage,
            Self::ImportedUnusable { .. } => Kind::ImportedUnusable,
            Self::Skipped {
                is_elsewhere: false,
                ..
            } => Kind::Skipped,
            Self::Skipped {
                is_elsewhere: true, ..
            } => Kind::SkippedElsewhere,
            Self::MovedUpstream { .. } => Kind::MovedUpstream,
        }
    }

    /// Whether it is a warning or a note.
    pub fn level(&self) -> Level {
        self.kind().level()
    }

    /// The release that it says is yanked.
    pub fn yanked(&self) -> Option<&Selection> {
        match self {
            Self::Yanked { release, .. } | Self::YankedSince { release, .. } => Some(release),
            _ => None,
        }
    }

    /// What it is about.
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Self::Yanked { release, .. }
            | Self::YankedSince { release, .. }
            | Self::WithdrawnSince { release, .. }
            | Self::PassedOver { release, .. }
            | Self::StaysLocked { release } => Subject::of(release),
            Self::Withdrawn {
                release, origin, ..
            } => Subject {
                registry: Some(origin),
                ..Subject::of(release)
            },
            Self::RefusedLog { address, .. } => Subject {
                registry: Some(&address.origin),
                ..Subject::of_package(&address.name)
            },
            Self::Unasked { origin, .. } | Self::Silent { origin, .. } => {
                Subject::of_registry(origin)
            }
            Self::GaveUp(gave_up) => Subject {
                member: Some(&gave_up.member),
                ..Subject::default()
            },
            Self::UnusedPatch { release, path, .. } | Self::OwnTexts { release, path, .. } => {
                Subject {
                    path: Some(path),
                    ..Subject::of(release)
                }
            }
            Self::MovedUpstream {
                package,
                version,
                from,
                ..
            } => Subject {
                version: Some(version),
                path: Some(from),
                ..Subject::of_package(package)
            },
            Self::UnreadTexts { path } | Self::Skipped { from: path, .. } => Subject {
                path: Some(path),
                ..Subject::default()
            },
            Self::TwinPins {
                member, package, ..
            }
            | Self::ComponentsName { package, member } => Subject {
                member: Some(member),
                ..Subject::of_package(package)
            },
            Self::OtherMembersComponent {
                release, member, ..
            } => Subject {
                member: Some(member),
                ..Subject::of(release)
            },
            Self::HeldPins {
                package, version, ..
            }
            | Self::ImportedUnusable {
                package, version, ..
            } => Subject {
                version: Some(version),
                ..Subject::of_package(package)
            },
            Self::StillReferredTo { package, .. }
            | Self::Unused {
                unused: Unused::Requirement { name: package, .. },
                ..
            }
            | Self::Redirected { package, .. }
            | Self::NotImported { package, .. }
            | Self::NothingImported { package, .. } => Subject::of_package(package),
            Self::StaleLock(_)
            | Self::UnreadableLock(_)
            | Self::MergedLock
            | Self::RewrittenLock { .. } => Subject {
                path: Some("warg.lock"),
                ..Subject::default()
            },
            Self::Unvouched { .. }
            | Self::Unused {
                unused: Unused::Redirection { .. },
                ..
            }
            | Self::NotDerived { .. }
            | Self::NotComposed { .. }
            | Self::EmptyPackage(_) => Subject::default(),
        }
    }

    /// Where it is, if it is in a text.
    pub fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Yanked { location, .. }
            | Self::UnusedPatch { location, .. }
            | Self::HeldPins { location, .. }
            | Self::Unused { location, .. } => {
                location.iter().cloned().map(Annotation::from).collect()
            }
            Self::StillReferredTo { location, .. }
            | Self::NotImported { location, .. }
            | Self::NothingImported { location, .. } => vec![location.clone().into()],
            Self::TwinPins { pins, .. } => {
                let pins = pins.iter().filter_map(|(_, location)| location.clone());
                pins.map(Annotation::from).collect()
            }
            Self::StaleLock(why)
            | Self::UnreadableLock(why)
            | Self::EmptyPackage(why)
            | Self::Skipped { why, .. } => why.annotations.clone(),
            Self::YankedSince { .. }
            | Self::Withdrawn { .. }
            | Self::WithdrawnSince { .. }
            | Self::PassedOver { .. }
            | Self::RefusedLog { .. }
            | Self::Unasked { .. }
            | Self::Silent { .. }
            | Self::MergedLock
            | Self::RewrittenLock { .. }
            | Self::GaveUp(_)
            | Self::UnreadTexts { .. }
            | Self::OwnTexts { .. }
            | Self::Unvouched { .. }
            | Self::StaysLocked { .. }
            | Self::Redirected { .. }
            | Self::NotDerived { .. }
            | Self::NotComposed { .. }
            | Self::OtherMembersComponent { .. }
            | Self::ComponentsName { .. }
            | Self::ImportedUnusable { .. }
            | Self::MovedUpstream { .. } => Vec::new(),
        }
    }
}
