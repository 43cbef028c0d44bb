//! Whether two views of an interface say the same: contents hold parts of what others declare.
//!
//! Only the items that both have are compared. Two references to one track are equal: which version of it stands in a content
//! depends on what was selected when the content was made.

use std::collections::BTreeSet;

use semver::Version;
use transparency::version::Track;
use wit_component::{OutputToString, WitPrinter};
use wit_parser::{InterfaceId, Resolve};

/// Two collections of packages whose interfaces are compared by name.
pub(super) struct Comparison<'r> {
    ours: View<'r>,
    theirs: View<'r>,
}

impl<'r> Comparison<'r> {
    pub(super) fn new(ours: &'r Resolve, theirs: &'r Resolve) -> Self {
        Self {
            ours: View::of(ours),
            theirs: View::of(theirs),
        }
    }

    /// Whether theirs holds the same under the names that one of our interfaces shares with it.
    pub(super) fn agrees(&mut self, id: InterfaceId) -> bool {
        let Some(other) = same_interface(self.theirs.resolve, self.ours.resolve, id) else {
            return true;
        };
        let ours = &self.ours.resolve.interfaces[id];
        let theirs = &self.theirs.resolve.interfaces[other];
        let types = ours.types.keys();
        let types = types.filter(|name| theirs.types.contains_key(*name));
        let functions = ours.functions.keys();
        let functions = functions.filter(|name| theirs.functions.contains_key(*name));
        let shared = Shared {
            types: types.collect(),
            functions: functions.collect(),
        };
        self.ours.print(id, &shared) == self.theirs.print(other, &shared)
    }
}

/// The items that two interfaces have both, by name.
struct Shared<'r> {
    types: BTreeSet<&'r String>,
    functions: BTreeSet<&'r String>,
}

struct View<'r> {
    resolve: &'r Resolve,
    /// The same with the first version of each track, and less and less of it.
    reduced: Resolve,
}

impl<'r> View<'r> {
    fn of(resolve: &'r Resolve) -> Self {
        let mut reduced = resolve.clone();
        for (_, package) in &mut reduced.packages {
            package.name.version = package.name.version.as_ref().map(first_of_track);
        }
        Self { resolve, reduced }
    }

    /// An interface as text, reduced to what is shared; none where it cannot be printed.
    fn print(&mut self, id: InterfaceId, shared: &Shared<'_>) -> Option<String> {
        let interface = &mut self.reduced.interfaces[id];
        interface
            .types
            .retain(|name, _| shared.types.contains(name));
        interface.types.sort_keys();
        interface
            .functions
            .retain(|name, _| shared.functions.contains(name));
        interface.functions.sort_keys();
        let mut printer = WitPrinter::new(OutputToString::default());
        printer.emit_docs(false);
        printer.print_interface(&self.reduced, id).ok()?;
        Some(printer.output.into())
    }
}

fn first_of_track(version: &Version) -> Version {
    match Track::of(version) {
        Track::Patch(patch) => Version::new(0, 0, patch),
        Track::Minor(minor) => Version::new(0, minor, 0),
        Track::Major(major) => Version::new(major, 0, 0),
        Track::Pre(..) => version.clone(),
    }
}

/// The interface of others that has an interface's name, if any.
pub(super) fn same_interface(
    others: &Resolve,
    resolve: &Resolve,
    id: InterfaceId,
) -> Option<InterfaceId> {
    let interface = &resolve.interfaces[id];
    let package = &resolve.packages[interface.package?].name;
    let package = others.package_names.get(package)?;
    let interfaces = &others.packages[*package].interfaces;
    interfaces.get(interface.name.as_ref()?).copied()
}
