//! What WIT texts that go into a registry refer to, and where it is found.
//!
//! It is looked for among the texts first, and then in the registries. There it is verified, and taken exactly at the
//! version that is named, as when locking.
//!
//! What is taken from the registries is one closed set, so that it is what whoever locks the package would have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use registry::client::{ClientError, LoadedLog};
use resolver::closed_set::Provenance;
use resolver::index::Address;
use resolver::problem::{Local, Member, Options, Origins, Problem, RootRequirement, Written};
use resolver::resolution::Resolution;
use semver::Version;
use transparency::content::Content;
use transparency::digest::Digest;
use transparency::name::{Kind, Origin, PackageName};
use transparency::package;
use transparency::release::{Objection, Release};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::version::VersionReq;
use wit_parser::PackageName as WitName;

use crate::error::{Class, Classified as _, Classify, Error, Result};
use crate::ops::session::Sessions;
use crate::ops::session::contents::Wanted;
use crate::ops::session::registries::no_registry;
use component::span::{Annotation, Location};
use component::wit::at_hand::{AtHand, Contradiction, Needs, release_of};
use component::wit::binary::Decoded;
use component::wit::import::declared;
use component::wit::publish::{Contents, PublishError};
use component::wit::selected::Form;
use component::wit::selected::Selected;
use component::wit::text::{Group, Printed, Reference};

/// How many versions a message names.
const SHOWN: usize = 5;

/// A reference that nothing serves, or that two serve differently.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// Neither a text at hand nor a registry has it.
    #[error("`{user}` needs `{target}`, and {why}")]
    Unmet {
        /// The package version whose text refers.
        user: String,
        /// The interface or world that is meant.
        target: String,
        /// Why the registries do not have it.
        why: Absence,
        /// Where the text refers to it.
        location: Option<Location>,
    },
    /// A text beside says another thing than the release of that version.
    #[error(
        "{} contradicts the release of `{package}`, which is what everybody else gets{}",
        path.display(),
        differs(interface.as_deref())
    )]
    Contradiction {
        /// The package version.
        package: String,
        /// The file or folder that declares it.
        path: PathBuf,
        /// In which interface.
        interface: Option<String>,
    },
    /// A text that `fetch` wrote is not what it was written of.
    #[error(
        "{} is what `cargo warg fetch` wrote of {from}, and is another content of `{package}` now",
        path.display()
    )]
    Printed {
        /// The package version.
        package: String,
        /// The file or folder that declares it.
        path: PathBuf,
        /// What it was written of.
        from: Printed,
    },
    /// What a content holds of another package is not what that package's release says.
    #[error(
        "it holds another `{interface}` than the release of `{package}`, which is what everybody else gets"
    )]
    Copy {
        /// The package version.
        package: String,
        /// The interface.
        interface: String,
    },
}

fn differs(interface: Option<&str>) -> String {
    interface.map_or_else(String::new, |name| {
        format!(": the interface `{name}` differs")
    })
}

/// Why the registries do not have a package version.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Absence {
    /// No registry has its namespace.
    #[error("no registry is configured for the namespace `{}`", .0.namespace())]
    NoRegistry(PackageName),
    /// There is no such package.
    #[error("`{origin}` has no such package")]
    NoPackage {
        /// The registry.
        origin: Origin,
    },
    /// It is of another kind.
    #[error("`{name}` is a {}", found.noun())]
    Kind {
        /// The package.
        name: PackageName,
        /// What it holds.
        found: Kind,
    },
    /// Its log breaks the rules.
    #[error("what `{origin}` has of it cannot be used: {reason}")]
    Refused {
        /// The registry.
        origin: Origin,
        /// Which rule its log breaks, and where.
        reason: String,
    },
    /// It has other versions.
    #[error("`{origin}` has no such version of it that can be used")]
    NoVersion {
        /// The registry.
        origin: Origin,
        /// The newest that can be used, newest first.
        newest: Vec<Version>,
    },
}

impl Classify for ReferenceError {
    fn class(&self) -> Class {
        match self {
            Self::Unmet { .. } => Class::Unsolved,
            Self::Contradiction { .. } | Self::Printed { .. } | Self::Copy { .. } => Class::Refused,
        }
    }

    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Unmet { why, .. } => match why {
                Absence::NoRegistry(name) => return no_registry(name).help().first().cloned(),
                Absence::NoPackage { .. } => {
                    "publish it first; WIT packages can go together: `cargo warg publish FOLDER FOLDER`"
                        .to_owned()
                }
                Absence::Kind { .. } | Absence::Refused { .. } => return None,
                Absence::NoVersion { newest, .. } if newest.is_empty() => {
                    "publish it first".to_owned()
                }
                Absence::NoVersion { newest, .. } => {
                    let newest: Vec<_> = newest.iter().map(ToString::to_string).collect();
                    format!(
                        "publish that version first, or refer to one of {}",
                        newest.join(", ")
                    )
                }
            },
            Self::Printed { .. } => {
                "`fetch` set its references to the versions that were selected, or it was edited, or it is a part of what a \
                 component exports: take the release from its own registry; a text of your own does not end with that line"
                    .to_owned()
            }
            Self::Copy { .. } => {
                "make it again with what is released, or refer to a version that says what it says".to_owned()
            }
            Self::Contradiction { .. } => {
                "remove it, and what is released is taken; or refer to a version that says what it says".to_owned()
            }
        })
    }

    fn annotations(&self) -> Vec<Annotation> {
        match self {
            Self::Unmet { location, .. } => {
                location.iter().cloned().map(Annotation::from).collect()
            }
            Self::Contradiction { .. } | Self::Printed { .. } | Self::Copy { .. } => Vec::new(),
        }
    }
}

/// Whether a failure says nothing of a text or release, but of a registry, or of this project's lock: it ends an import.
pub(crate) fn is_of_a_registry(error: &Error) -> bool {
    matches!(
        error.class(),
        Class::Unavailable | Class::Misbehavior | Class::Lock
    ) || error.cause::<ClientError>().is_some()
}

/// The content of a package that was made of its text.
pub(crate) struct Made {
    /// The binary form.
    pub bytes: Vec<u8>,
    /// Where the package refers to each other first.
    pub locations: BTreeMap<PackageName, Location>,
}

/// The making of contents of texts. What one text declares is made at once, since it refers to the same.
pub(crate) struct Making {
    at_hand: AtHand,
    /// By the main package of each text; none where its text is wrong, which was told.
    made: BTreeMap<WitName, Option<MadeText>>,
    taken: BTreeSet<Selection>,
}

/// The contents of the packages of one text, and where each refers to what.
struct MadeText {
    contents: Contents,
    locations: BTreeMap<WitName, BTreeMap<PackageName, Location>>,
}

impl Making {
    pub(crate) fn new(at_hand: AtHand) -> Self {
        Self {
            at_hand,
            made: BTreeMap::new(),
            taken: BTreeSet::new(),
        }
    }

    pub(crate) fn at_hand(&self) -> &AtHand {
        &self.at_hand
    }

    /// What was taken from the registries because no text has it.
    pub(crate) fn taken(self) -> BTreeSet<Selection> {
        self.taken
    }

    /// Makes the content of one of the packages; none where that was asked for before, or what is wrong with its text was
    /// told of another package in it.
    ///
    /// # Errors
    /// Texts that do not resolve; a reference that nothing serves; a text beside that contradicts what is released;
    /// whatever keeps a registry from being read or believed.
    pub(crate) fn make(
        &mut self,
        name: &WitName,
        sessions: &mut Sessions<'_>,
    ) -> Result<Option<Made>> {
        let Some(text) = self.at_hand.text_of(name) else {
            return Ok(None);
        };
        let text = text.name().clone();
        if !self.made.contains_key(&text) {
            self.made.insert(text.clone(), None);
            let made = self.make_text(&text, sessions)?;
            self.made.insert(text.clone(), Some(made));
        }
        let Some(Some(made)) = self.made.get_mut(&text) else {
            return Ok(None);
        };
        let Some(bytes) = made.contents.remove(name) else {
            return Ok(None);
        };
        let locations = made.locations.remove(name).unwrap_or_default();
        let declared = |error: PublishError| error.declared_in(self.at_hand.text_of(name), name);
        let bytes = bytes.map_err(declared).classified()?;
        Ok(Some(Made { bytes, locations }))
    }

    fn make_text(&mut self, name: &WitName, sessions: &mut Sessions<'_>) -> Result<MadeText> {
        let at_hand = &self.at_hand;
        let origins = sessions.origins().clone();
        let needs = at_hand.needs(name, |reference| {
            let (package, version) = release(reference)?;
            Ok::<_, Error>(absence(Kind::Wit, &package, Some(&version), sessions)?.is_none())
        })?;
        if let Some(reference) = needs.unmet.first() {
            let (package, version) = release(reference)?;
            if let Some(why) = absence(Kind::Wit, &package, Some(&version), sessions)? {
                return Err(Error::classified(unmet(reference, why)));
            }
        }
        let contents = closed_set(at_hand, name, &needs, &origins, sessions)?;
        let selected: Vec<_> = contents.iter().map(as_selected).collect();
        let mut made = at_hand.encode(name, &needs, &selected).classified()?;
        if let Some(text) = at_hand.text_of(name)
            && let Some(from) = text.printed_from()
            && let Some(Ok(bytes)) = made.get_mut(name)
            && from != Printed::Of(Digest::of(bytes))
        {
            let other = || {
                Error::classified(ReferenceError::Printed {
                    package: name.to_string(),
                    path: text.path().to_owned(),
                    from,
                })
            };
            let Printed::Of(digest) = from else {
                return Err(other());
            };
            let printed = content_by_digest(name, digest, sessions)?.ok_or_else(other)?;
            // Another tool encoded it, and otherwise: what counts is that it says the same.
            let path = text.path();
            let text = Decoded::open(&printed).map_err(PublishError::from);
            let text = text.and_then(|one| Ok(Group::parse(path, &one.print()?)?));
            let again = at_hand.instead(&text.classified()?);
            let again = again.encode(name, &needs, &selected);
            match again.ok().and_then(|mut all| all.remove(name)) {
                Some(Ok(again)) if again == *bytes => *bytes = printed,
                _ => return Err(other()),
            }
        }
        let contradiction = at_hand.contradiction(name, &needs, &selected);
        if let Some(Contradiction {
            package,
            path,
            interface,
        }) = contradiction.classified()?
        {
            return Err(Error::classified(ReferenceError::Contradiction {
                package: package.to_string(),
                path,
                interface,
            }));
        }
        let mut locations: BTreeMap<WitName, BTreeMap<_, _>> = BTreeMap::new();
        for reference in at_hand
            .text_of(name)
            .into_iter()
            .flat_map(Group::references)
        {
            if let (Ok((package, _)), Some(location)) = (release_of(&reference), reference.location)
            {
                let of_user = locations.entry(reference.user).or_default();
                of_user.entry(package).or_insert(location);
            }
        }
        let taken = needs.from_registries.iter();
        let taken = taken.filter(|reference| !at_hand.lies_beside(&reference.package));
        let taken = taken.filter_map(|reference| release_of(reference).ok());
        self.taken.extend(taken.map(|(name, version)| Selection {
            kind: Kind::Wit,
            name,
            version,
        }));
        Ok(MadeText {
            contents: made,
            locations,
        })
    }
}

fn as_selected<'c>((selection, content): (&'c Selection, &'c Content)) -> Selected<'c> {
    Selected {
        name: &selection.name,
        version: &selection.version,
        digest: content.digest(),
        form: Form::Binary(content.bytes()),
    }
}

fn unmet(reference: &Reference, why: Absence) -> ReferenceError {
    ReferenceError::Unmet {
        user: reference.user.to_string(),
        target: reference.extern_name(),
        why,
        location: reference.location.clone(),
    }
}

fn release(reference: &Reference) -> Result<(PackageName, Version)> {
    release_of(reference)
        .map_err(|why| PublishError::Refused {
            package: reference.user.to_string(),
            why: Box::new(why),
            location: reference.location.clone(),
        })
        .classified()
}

/// Why the registries do not have a package of a kind, or, where a version is asked for, that version; none where they do.
pub(crate) fn absence(
    kind: Kind,
    name: &PackageName,
    version: Option<&Version>,
    sessions: &mut Sessions<'_>,
) -> Result<Option<Absence>> {
    let Some(origin) = sessions.origins().of(name).cloned() else {
        return Ok(Some(Absence::NoRegistry(name.clone())));
    };
    match sessions.kind_of(name)? {
        None => {
            return Ok(Some(match sessions.why_refused(name) {
                Some(refused) => Absence::Refused {
                    origin,
                    reason: refused.to_string(),
                },
                None => Absence::NoPackage { origin },
            }));
        }
        Some(found) if found != kind => {
            let name = name.clone();
            return Ok(Some(Absence::Kind { name, found }));
        }
        Some(_) => {}
    }
    let Some(version) = version else {
        return Ok(None);
    };
    let log = sessions.log_of(name).map(LoadedLog::log);
    let can_be_taken =
        |release: &&Release| matches!(release.objection(), None | Some(Objection::Yanked { .. }));
    let release = log.and_then(|log| log.release(version));
    if release.as_ref().is_some_and(can_be_taken) {
        return Ok(None);
    }
    let releases = log.into_iter().flat_map(package::Log::releases);
    let mut newest: Vec<_> = releases
        .filter(can_be_taken)
        .map(Release::version)
        .collect();
    newest.sort();
    Ok(Some(Absence::NoVersion {
        origin,
        newest: newest.into_iter().rev().take(SHOWN).cloned().collect(),
    }))
}

/// The contents of what the registries have to have for a package: what it refers to, exactly, and what that requires.
fn closed_set(
    at_hand: &AtHand,
    name: &WitName,
    needs: &Needs,
    origins: &Origins,
    sessions: &mut Sessions<'_>,
) -> Result<BTreeMap<Selection, Content>> {
    if needs.from_registries.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut member = Member::default();
    for reference in &needs.from_registries {
        let (package, version) = release(reference)?;
        let requirement = Requirement::new(Kind::Wit, package, VersionReq::exact(&version));
        member.requirements.insert(RootRequirement {
            location: reference.location.clone().map(resolver::NamedLocation::new),
            written: Some(Written::Reference),
            ..RootRequirement::new(requirement)
        });
        // What is referred to literally is wanted even where it was yanked since.
        member.selects.insert(Selection {
            kind: Kind::Wit,
            name: release(reference)?.0,
            version,
        });
    }
    for text in at_hand.given().names().chain(needs.beside()) {
        let Ok((name, version)) = declared(text) else {
            continue; // no release can refer to it
        };
        member.locals.insert(Local::new(Kind::Wit, name, version));
    }
    let resolution = sessions.solve(&Problem {
        options: Options {
            origins: origins.clone(),
            ..Options::default()
        },
        members: [(name.to_string(), member)].into(),
        ..Problem::default()
    })?;
    contents(Kind::Wit, &resolution, sessions, |_| false)
}

/// The contents of the packages of one kind in a resolution, verified; but for those that the caller has.
pub(crate) fn contents(
    kind: Kind,
    resolution: &Resolution,
    sessions: &mut Sessions<'_>,
    has: impl Fn(&Selection) -> bool,
) -> Result<BTreeMap<Selection, Content>> {
    let mut wanted = Wanted::default();
    for (selection, provenance) in resolution.packages() {
        let Provenance::Registry { origin, .. } = provenance else {
            continue;
        };
        if selection.kind != kind || has(selection) {
            continue;
        }
        let address = Address {
            origin: origin.clone(),
            name: selection.name.clone(),
        };
        let log = sessions.log(&address);
        if let Some(release) = log.and_then(|log| log.log().release(&selection.version)) {
            wanted.push(origin, selection, release.clone());
        }
    }
    wanted.read(sessions, |_| true)
}

/// The content of a WIT release; none where there is none that can be taken.
pub(crate) fn content_of(
    selection: &Selection,
    sessions: &mut Sessions<'_>,
) -> Result<Option<Content>> {
    let Selection {
        kind,
        name,
        version,
    } = selection;
    if absence(*kind, name, Some(version), sessions)?.is_some() {
        return Ok(None);
    }
    let (address, log) = sessions.find(name)?;
    let Some(release) = log.and_then(|log| log.log().release(version).cloned()) else {
        return Ok(None);
    };
    let content = sessions.with(&address.origin, |session| {
        session.content(name, &release, component::derived::derive)
    });
    content.map(Some)
}

/// A content that a text says it was printed from: of the release where the project has the package from, or of what this
/// machine keeps. None where neither has it.
fn content_by_digest(
    name: &WitName,
    digest: Digest,
    sessions: &mut Sessions<'_>,
) -> Result<Option<Vec<u8>>> {
    if let Ok((name, version)) = declared(name)
        && let Some(origin) = sessions.usual_origins().of(&name).cloned()
        && sessions.knows(&origin)
    {
        let address = Address { origin, name };
        sessions.load(&BTreeSet::from([address.clone()]))?;
        let log = sessions.log(&address);
        let release = log.and_then(|log| log.log().release(&version).cloned());
        if let Some(release) = release.filter(|release| *release.digest() == digest) {
            let content = sessions.with(&address.origin, |session| {
                session.content(&address.name, &release, component::derived::derive)
            });
            return Ok(Some(content?.bytes().to_vec()));
        }
    }
    Ok(sessions.kept_content(&digest))
}

/// A content that this run made itself, as one of a closed set.
pub(crate) fn selected<'c>(selection: &'c Selection, bytes: &'c [u8]) -> Selected<'c> {
    Selected {
        name: &selection.name,
        version: &selection.version,
        digest: Digest::of(bytes),
        form: Form::Binary(bytes),
    }
}

/// The contents as parts of a closed set.
pub(crate) fn all_selected(contents: &BTreeMap<Selection, Content>) -> Vec<Selected<'_>> {
    contents.iter().map(as_selected).collect()
}
