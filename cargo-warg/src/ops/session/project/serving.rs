//! What serves the references of a member's `wit/`: a component, a package in a folder, or else a release.
//!
//! Nothing is served by its name alone: what lies in a folder serves what its texts hold, or what its component exports.
//! The texts of a project that is not built yet are taken instead of its component, and refer to others in their turn.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use resolver::problem::Local;
use transparency::name::{ExternName, Kind};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use wit_parser::PackageName as WitName;

use crate::error::{Class, Classified as _, Error, Result};
use crate::manifest::{Dependency, Member, Workspace};
use crate::ops::session::project::folder::{Folders, Held, Key, Unbuilt, key};
use crate::ops::session::project::{relative, requirement};
use component::span::Location;
use component::wit::exported::Exported;
use component::wit::root::{Pin, Root};
use component::wit::text::{Group, Reference};

/// What serves a member's references.
#[derive(Debug, Default)]
pub(super) struct Served {
    /// What a registry has to serve, or a patch.
    pub(super) pins: Vec<Pin>,
    /// What each component dependency has to export, by its position among the dependencies, and where that is asked.
    pub(super) exports: BTreeMap<usize, BTreeMap<ExternName, Option<Location>>>,
    /// The texts of components that are not built.
    pub(super) texts: BTreeMap<Key, Vec<Group>>,
    /// Components that these texts use, whose own WIT is needed too.
    pub(super) used: BTreeSet<Requirement>,
}

impl Served {
    /// What a member depends on itself is written for it anyway.
    fn note_use(&mut self, user: User<'_>, dependency: &Dependency) {
        if matches!(user, User::Folder(..)) {
            self.used.insert(requirement(dependency));
        }
    }
}

/// Whose reference it is.
#[derive(Clone, Copy)]
enum User<'f> {
    Member,
    Folder(&'f Key, &'f Unbuilt),
}

/// Finds out what serves the references of one member.
pub(super) struct Serving<'a> {
    pub(super) workspace: &'a Workspace,
    pub(super) roots: &'a BTreeMap<String, Root>,
    pub(super) member: &'a Member,
    pub(super) root: &'a Root,
    /// What the member takes from folders, and what is patched.
    pub(super) locals: &'a BTreeSet<Local>,
    /// The WIT packages that it takes from folders itself: its manifest requires them already.
    pub(super) wit: &'a BTreeSet<Selection>,
    pub(super) folders: &'a Folders<'a>,
}

/// What serves a reference.
enum Answer<'f> {
    /// A text of a component that is not built.
    Text(&'f Key, &'f Unbuilt, &'f Group),
    /// A component that is built, or will be read when it is fetched.
    Component,
    /// A release, or what the solver takes instead.
    Release,
}

impl<'a> Serving<'a> {
    /// Goes through all references, and those of the texts that serve them.
    ///
    /// # Errors
    /// A reference that what is to serve it does not have; one that nothing can serve.
    pub(super) fn served(&self) -> Result<Served> {
        let mut served = Served::default();
        let own = self.root.references().into_iter();
        let mut ahead: VecDeque<_> = own.map(|reference| (reference, User::Member)).collect();
        let mut taken: BTreeSet<WitName> = BTreeSet::new();
        while let Some((reference, user)) = ahead.pop_front() {
            if self.root.holds(&reference.package) {
                continue;
            }
            match self.answer(&reference, user, &mut served)? {
                Answer::Text(key, folder, text) => {
                    if taken.insert(text.name().clone()) {
                        let references = text.references().into_iter();
                        ahead.extend(
                            references.map(|reference| (reference, User::Folder(key, folder))),
                        );
                        served
                            .texts
                            .entry(key.clone())
                            .or_default()
                            .push(text.clone());
                    }
                }
                Answer::Component => {}
                Answer::Release => self.pin(&reference, user, &mut served.pins)?,
            }
        }
        Ok(served)
    }

    fn answer(
        &self,
        reference: &Reference,
        user: User<'a>,
        served: &mut Served,
    ) -> Result<Answer<'a>> {
        let member = match user {
            User::Member => self.member,
            User::Folder(key, folder) => {
                if let Some(text) = self.exported(folder)?.text(&reference.package) {
                    return Ok(Answer::Text(key, folder, text));
                }
                &folder.member
            }
        };
        let mut dependencies = member.dependencies.iter().enumerate();
        let serving = dependencies.find(|(_, one)| serves(one, reference));
        let Some((position, dependency)) = serving else {
            return Ok(Answer::Release);
        };
        let held = self
            .local(dependency)
            .and_then(|local| self.folders.held.get_key_value(&key(local)));
        match held {
            Some((key, Held::Project(folder))) => {
                self.said(reference, user, dependency, key, folder)
            }
            Some((_, Held::Component { exports, .. })) => {
                let name = reference.extern_name();
                if exports.iter().any(|export| export.as_str() == name) {
                    served.note_use(user, dependency);
                    return Ok(Answer::Component);
                }
                Err(self.not_exported(reference, user, dependency, exports))
            }
            _ => {
                if let (User::Member, Ok(name)) = (user, reference.extern_name().parse()) {
                    let exports = served.exports.entry(position).or_default();
                    let location = || reference.location.clone();
                    exports.entry(name).or_insert_with(location);
                }
                served.note_use(user, dependency);
                Ok(Answer::Component)
            }
        }
    }

    /// What the `wit/` of a project says that its component will export.
    fn said(
        &self,
        reference: &Reference,
        user: User<'a>,
        dependency: &Dependency,
        key: &'a Key,
        folder: &'a Unbuilt,
    ) -> Result<Answer<'a>> {
        let exported = self.exported(folder)?;
        let is_own = matches!(user, User::Member);
        let text = exported.text(&reference.package);
        if let Some(text) = text.filter(|text| text.lacks(reference).is_none())
            && (!is_own || exported.may_export(reference))
        {
            return Ok(Answer::Text(key, folder, text));
        }
        let names_it = is_of(dependency, reference);
        if text.is_none() && !names_it && exported.may_export(reference) {
            // It will export what its texts do not hold: a registry's package has to.
            return Ok(Answer::Release);
        }
        Err(self.not_said(reference, user, dependency, exported))
    }

    fn exported(&self, folder: &'a Unbuilt) -> Result<&'a Exported> {
        folder
            .exported(self.roots)
            .map_err(|error| error.below(self.workspace.root()))
    }

    /// The local package that the solver will take for a component dependency, if any.
    fn local(&self, dependency: &Dependency) -> Option<&'a Local> {
        let path = dependency.path.as_ref();
        let path = path.map(|path| relative(self.workspace, &path.display().to_string()));
        let versions = dependency.requirement_or_any();
        let fits = |local: &&Local| {
            local.kind == Kind::Component
                && local.name == dependency.name
                && versions.matches(&local.version)
                && (path.is_none() || local.location == path)
        };
        self.locals.iter().find(fits)
    }

    fn pin(&self, reference: &Reference, user: User<'_>, pins: &mut Vec<Pin>) -> Result<()> {
        let mut pin = self.root.pin(reference).classified()?;
        if let User::Folder(_, folder) = user {
            pin.is_shared = true;
            pin.location = self.exported(folder)?.location(reference).cloned();
        }
        let is_it = |one: &&mut Pin| one.name == pin.name && one.version == pin.version;
        if let Some(same) = pins.iter_mut().find(is_it) {
            same.is_shared |= pin.is_shared;
            return Ok(());
        }
        // A package of a folder serves the pin as a folder of `wit/deps` does.
        let selection = Selection {
            kind: Kind::Wit,
            name: pin.name.clone(),
            version: pin.version.clone(),
        };
        if !self.wit.contains(&selection) {
            pins.push(pin);
        }
        Ok(())
    }

    fn refused(&self, reference: &Reference, user: User<'_>, message: String) -> Error {
        let location = match user {
            User::Member => reference.location.clone(),
            User::Folder(_, folder) => self
                .exported(folder)
                .ok()
                .and_then(|exported| exported.location(reference).cloned()),
        };
        let error = Error::new(Class::Other, message);
        let error = location.into_iter().fold(error, Error::at);
        error.below(self.workspace.root())
    }

    /// A component that is built, and has no such export.
    fn not_exported(
        &self,
        reference: &Reference,
        user: User<'_>,
        dependency: &Dependency,
        exports: &BTreeSet<ExternName>,
    ) -> Error {
        let name = reference.extern_name();
        let message = format!(
            "`{name}` is asked of `{}`, and {} does not export it",
            dependency.name,
            self.path(dependency)
        );
        let exports: Vec<_> = exports.iter().map(|export| format!("`{export}`")).collect();
        let error = self.refused(reference, user, message);
        if exports.is_empty() {
            return error.with_help("it exports nothing");
        }
        error.with_help(format!("it exports {}", exports.join(", ")))
    }

    /// A project whose `wit/` does not say that its component will export it.
    fn not_said(
        &self,
        reference: &Reference,
        user: User<'_>,
        dependency: &Dependency,
        exported: &Exported,
    ) -> Error {
        let (name, item) = (reference.extern_name(), &reference.item);
        let path = self.path(dependency);
        let others = exported.other_versions(reference);
        let is_there = others.iter().any(|found| **found == reference.package);
        let asked = format!("`{name}` is asked of `{}`", dependency.name);
        if is_there || others.is_empty() {
            let message = format!("{asked}, and no world in the wit/ of {path} exports it");
            return self.refused(reference, user, message).with_help(format!(
                "export `{item}` of `{}` from a world there, or refer to what it does export",
                reference.package
            ));
        }
        let has: Vec<_> = others.iter().map(|found| format!("`{found}`")).collect();
        let names: Vec<_> = others
            .iter()
            .map(|found| format!("`{}`", found.interface_id(item)))
            .collect();
        let message = format!("{asked}, and the wit/ of {path} has {}", has.join(", "));
        self.refused(reference, user, message)
            .with_help(format!("write {}", names.join(" or ")))
    }

    /// Where a dependency lies, as messages write it.
    fn path(&self, dependency: &Dependency) -> String {
        let location = self.local(dependency).and_then(|one| one.location.clone());
        location.unwrap_or_else(|| "its folder".to_owned())
    }
}

/// Whether a reference is to the package of a dependency's own name.
fn is_of(dependency: &Dependency, reference: &Reference) -> bool {
    let WitName {
        namespace, name, ..
    } = &reference.package;
    dependency.name.as_str() == format!("{namespace}:{name}")
}

/// Whether a component dependency serves what a `wit/` refers to: by its `for`, or by its own name.
fn serves(dependency: &Dependency, reference: &Reference) -> bool {
    if dependency.kind != Kind::Component {
        return false;
    }
    if dependency.serves.is_empty() {
        return is_of(dependency, reference);
    }
    let name = reference.extern_name();
    let mut serves = dependency.serves.iter();
    serves.any(|served| served.as_str() == name)
}
