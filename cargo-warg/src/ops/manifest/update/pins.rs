//! The exact versions in `wit/`: which of them hold something back, and how they move with what is locked.

use std::collections::BTreeMap;

use resolver::problem::{Member, Problem, RootRequirement};
use resolver::resolution::Resolution;
use semver::Version;
use transparency::name::{Kind, PackageName};
use transparency::release::Release;
use transparency::selection::Selection;
use transparency::version::{Track, VersionReq};

use crate::error::{Classified as _, Result};
use crate::notice::Notice;
use crate::ops::manifest::update::Request;
use crate::ops::session::Sessions;
use crate::ops::session::project::Project;
use component::span::Location;
use component::wit::pins::{Moves, PinEdit, is_own};
use component::wit::root::{Pin, Root};

/// An exact version in `wit/` that holds back a newer one of its track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldPin {
    /// The member.
    pub member: String,
    /// The package.
    pub name: PackageName,
    /// What stands in the text.
    pub version: Version,
    /// Where it stands first.
    pub location: Option<Location>,
    /// The newest that could stand there.
    pub available: Version,
}

impl HeldPin {
    /// That there are some, if there are.
    pub(super) fn notice(held: &[Self]) -> Option<Notice> {
        let first = held.first()?;
        Some(Notice::HeldPins {
            count: held.len(),
            package: first.name.clone(),
            version: first.version.clone(),
            available: first.available.clone(),
            location: first.location.clone(),
        })
    }
}

/// Whether a pin is of what is selected, or, where the text was changed since, of another version of its track.
pub(super) fn is_pin_near(pin: &Pin, selection: &Selection) -> bool {
    selection.kind == Kind::Wit
        && pin.name == selection.name
        && Track::of(&pin.version) == Track::of(&selection.version)
}

pub(super) fn requires_pin(root: &RootRequirement, pin: &Pin) -> bool {
    root.requirement.kind == Kind::Wit
        && root.requirement.name == pin.name
        && root.exports.is_empty()
        && root.requirement.req == VersionReq::exact(&pin.version)
}

/// The exact versions in the texts of members that may change, as far as they are to move.
pub(super) fn pins_in_scope<'p>(
    project: &'p Project,
    problem: &Problem,
    request: &Request<'_>,
) -> Vec<(&'p String, &'p Pin)> {
    let mut pins = Vec::new();
    for (member, all) in &project.pins {
        if problem.members.get(member).is_none_or(|member| member.keep) {
            continue;
        }
        let meant = |pin: &&Pin| {
            request.specs.is_empty()
                || request
                    .specs
                    .iter()
                    .any(|spec| spec.matches(&pin.name, &pin.version))
        };
        pins.extend(all.iter().filter(meant).map(|pin| (member, pin)));
    }
    pins
}

/// Whether a pin stands in the member's own text, and nowhere in its `deps` or in another project's; and can move without
/// one of the text's lines having to go. A track of which one pin has to stay stays as a whole: what is let go within it
/// would have to meet what stays.
pub(super) fn is_movable(project: &Project, member: &str, pin: &Pin) -> bool {
    if pin.is_shared {
        return false;
    }
    let Some(wit) = project.workspace.member(member).map(|member| &member.wit) else {
        return false;
    };
    let Some(root) = project
        .roots
        .get(member)
        .filter(|root| !root.has_twins(pin))
    else {
        return false;
    };
    let references = root.references();
    references
        .iter()
        .filter(|reference| {
            reference.package == component::wit::text::wit_name(&pin.name, &pin.version)
        })
        .all(|reference| {
            let location = reference.location.as_ref();
            location.is_some_and(|location| is_own(wit, location.file()))
        })
}

/// The usable versions of a package that are newer than one of their track, ascending.
pub(super) fn newer_of_track(
    project: &Project,
    sessions: &Sessions<'_>,
    name: &PackageName,
    than: &Version,
) -> Vec<Version> {
    let track = Track::of(than);
    let releases = sessions.usable(name, &project.problem.options).into_iter();
    let versions = releases.map(Release::version);
    let newer = versions.filter(|version| *version > than && Track::of(version) == track);
    newer.cloned().collect()
}

/// Replaces the requirement of a pin; false where the member has none for it.
fn restate(member: &mut Member, pin: &Pin, req: VersionReq) -> bool {
    let mut pinned = member.requirements.iter();
    let Some(mut restated) = pinned.find(|one| requires_pin(one, pin)).cloned() else {
        return false;
    };
    member.requirements.remove(&restated);
    restated.requirement.req = req;
    member.requirements.insert(restated);
    true
}

/// Lets pins go up within their tracks, the newest first.
pub(super) fn relax(
    problem: &mut Problem,
    project: &Project,
    sessions: &mut Sessions<'_>,
    pins: &[(&String, &Pin)],
) -> Result<()> {
    for (name, pin) in pins {
        if !is_movable(project, name, pin) {
            continue;
        }
        sessions.find(&pin.name)?;
        let newer = newer_of_track(project, sessions, &pin.name, &pin.version);
        let Some(member) = problem.members.get_mut(*name).filter(|_| !newer.is_empty()) else {
            continue;
        };
        if !restate(member, pin, VersionReq::caret(&pin.version)) {
            continue;
        }
        // The solver prefers these from the highest down.
        let selections = newer.into_iter().map(|version| Selection {
            kind: Kind::Wit,
            name: pin.name.clone(),
            version,
        });
        member.selects.extend(selections);
    }
    Ok(())
}

/// Writes into the problem what the texts will say, and plans their changes.
pub(super) fn set_pins(
    asked: &mut Problem,
    project: &Project,
    resolution: &Resolution,
    pins: &[(&String, &Pin)],
    precise: Option<&Version>,
) -> Result<PinEdit> {
    let mut moves: BTreeMap<&String, Moves> = BTreeMap::new();
    for (name, pin) in pins {
        let (Some(set), Some(member)) =
            (resolution.members.get(*name), asked.members.get_mut(*name))
        else {
            continue;
        };
        let of_package =
            |selection: &&Selection| selection.kind == Kind::Wit && selection.name == pin.name;
        let selected: Vec<_> = set.packages.keys().filter(of_package).collect();
        if selected
            .iter()
            .any(|selection| selection.version == pin.version)
            || !is_movable(project, name, pin)
        {
            continue;
        }
        // Other pins of its track, which stay as they are, may lie beside what was found for it.
        let relaxed = VersionReq::caret(&pin.version);
        let is_for_it = |selection: &&&Selection| match precise {
            Some(precise) => selection.version == *precise,
            None => relaxed.matches(&selection.version),
        };
        let Some(now) = selected.iter().rev().find(is_for_it) else {
            continue;
        };
        if !restate(member, pin, VersionReq::exact(&now.version)) {
            continue;
        }
        let moves = moves.entry(name).or_default();
        moves.insert((pin.name.clone(), pin.version.clone()), now.version.clone());
    }
    let mut edit = PinEdit::default();
    for (name, moves) in moves {
        if let Some(member) = project.workspace.member(name) {
            edit.merge(crate::wit::pins::plan(&member.wit, &moves).classified()?);
        }
    }
    Ok(edit)
}

/// The pins that hold something back.
pub(super) fn held(
    project: &Project,
    sessions: &Sessions<'_>,
    pins: &[(&String, &Pin)],
) -> Vec<HeldPin> {
    let held = pins.iter().filter_map(|(member, pin)| {
        let available = newer_of_track(project, sessions, &pin.name, &pin.version).pop()?;
        Some(HeldPin {
            member: (*member).clone(),
            name: pin.name.clone(),
            version: pin.version.clone(),
            location: location(project, pin),
            available,
        })
    });
    held.collect()
}

/// The pins that stay as they are since a world names an interface at several versions of their track.
pub(super) fn twins(project: &Project, pins: &[(&String, &Pin)]) -> Vec<Notice> {
    let mut twins: BTreeMap<(&String, &PackageName, Track), Vec<_>> = BTreeMap::new();
    for (member, pin) in pins {
        let has_twins = |root: &Root| root.has_twins(pin);
        if project.roots.get(*member).is_some_and(has_twins) {
            let key = (*member, &pin.name, Track::of(&pin.version));
            let named = twins.entry(key).or_default();
            named.push((pin.version.clone(), location(project, pin)));
        }
    }
    let notices = twins
        .into_iter()
        .map(|((member, package, _), pins)| Notice::TwinPins {
            member: member.clone(),
            package: package.clone(),
            pins,
        });
    notices.collect()
}

/// Where a pin stands, as it is shown.
fn location(project: &Project, pin: &Pin) -> Option<Location> {
    Some(pin.location.as_ref()?.below(project.workspace.root()))
}
