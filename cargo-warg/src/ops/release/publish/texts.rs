//! WIT packages that are published together: texts and binary forms, encoded one behind the other.
//!
//! A text may declare several packages, nested in each other. Those of the registry that is published to are released with
//! it; those of another are only what it refers to, and must be there already.

use std::collections::{BTreeMap, BTreeSet};

use transparency::name::{Origin, PackageName};
use transparency::selection::Selection;
use wit_parser::PackageName as WitName;

use crate::error::{Class, Classified as _, Context as _, Error, Result};
use crate::notice::{Notice, Tolerated};
use crate::ops::registry::append::Item;
use crate::ops::registry::references::{Made, Making};
use crate::ops::release::publish::{Locations, Publication, Read, wit_item};
use crate::ops::session::Sessions;
use crate::ops::session::registries::Registries;
use component::span::Location;
use component::wit::at_hand::{AtHand, in_order};
use component::wit::import::declared;
use component::wit::publish::{PublishError, WitPackage};

/// WIT packages to be released.
pub(super) struct Texts {
    /// Each behind those it refers to.
    pub items: Vec<Item>,
    /// Where their texts refer to what.
    pub locations: Locations,
    /// What was taken from the registries because no text has it.
    pub taken: BTreeSet<Selection>,
    /// What the publisher may want to know.
    pub notices: Vec<Notice>,
}

/// Makes the releases of what was read.
///
/// # Errors
/// Texts that do not resolve, and what may not be released; a reference that nothing serves; whatever keeps a registry
/// from being read or believed.
pub(super) fn make(
    read: Vec<Read>,
    publication: &Publication<'_>,
    registries: &Registries,
    sessions: &mut Sessions<'_>,
) -> Result<Texts> {
    let mut at_hand = AtHand::default();
    let mut binaries = BTreeMap::new();
    let mut main = BTreeSet::new();
    for read in read {
        match read {
            Read::Text(texts) => {
                let texts = *texts;
                main.insert(texts.text.name().clone());
                at_hand.give(texts.text).classified()?;
                for text in texts.beside {
                    at_hand.put_beside(text).classified()?;
                }
            }
            Read::Wit(path, package) => {
                let text = package.text(&path).classified()?;
                main.insert(text.name().clone());
                binaries.insert(text.name().clone(), package);
                at_hand.give(text).classified()?;
            }
            Read::Component(..) => {}
        }
    }
    if let Some(alias) = publication.registry {
        // What is published elsewhere than the project reads it is for those who read it there.
        let origin = registries.of_alias(alias)?.policy.origin();
        for (name, _) in main.iter().filter_map(|name| declared(name).ok()) {
            sessions.assign(name.namespace(), origin.clone());
        }
    }
    let own = main.iter().find_map(|name| origin_of(name, sessions));
    let mut made = Texts {
        items: Vec::new(),
        locations: Locations::new(),
        taken: BTreeSet::new(),
        notices: Vec::new(),
    };
    let mut empty = None;
    let names: Vec<WitName> = in_order(at_hand.given()).into_iter().cloned().collect();
    let mut making = Making::new(at_hand);
    for name in &names {
        // A package that is nested in the text, of another registry, is only what the text refers to.
        if !main.contains(name) && origin_of(name, sessions) != own {
            continue;
        }
        if let Some(package) = binaries.remove(name) {
            made.items.push(wit_item(package));
            continue;
        }
        match make_one(&mut making, name, sessions) {
            Ok(None) => {}
            Ok(Some((item, locations))) => {
                let version = item.statement.version.clone();
                made.locations
                    .insert((item.name.clone(), version), locations);
                made.items.push(item);
            }
            Err(error) if is_empty(&error) => empty = Some(error),
            Err(error) => return Err(error),
        }
    }
    made.taken = making.taken();
    match (empty, made.items.is_empty()) {
        (Some(error), true) => return Err(error),
        // What only gathers packages nested in it is none itself.
        (Some(error), false) => {
            let chain: Vec<_> = error.chain().skip(1).collect(); // without "cannot publish"
            made.notices.push(Notice::EmptyPackage(Tolerated {
                message: chain.join(": "),
                annotations: error.annotations().cloned().collect(),
                help: Vec::new(),
            }));
        }
        (None, true) => {
            return Err(Error::new(
                Class::Other,
                "the texts declare nothing that can be released",
            ));
        }
        (None, false) => {}
    }
    Ok(made)
}

/// The release of one of the packages, and where its text refers to what.
fn make_one(
    making: &mut Making,
    name: &WitName,
    sessions: &mut Sessions<'_>,
) -> Result<Option<(Item, BTreeMap<PackageName, Location>)>> {
    let text = making.at_hand().text_of(name).cloned();
    let shown = text.as_ref().map_or_else(
        || name.to_string(),
        |text| text.path().display().to_string(),
    );
    let cannot = || format!("cannot publish {shown}");
    let located = |error: PublishError| error.declared_in(text.as_ref(), name);
    let release = declared(name).map_err(located).classified();
    release.context(cannot)?;
    let Some(Made { bytes, locations }) = making.make(name, sessions).context(cannot)? else {
        return Ok(None);
    };
    let opened = WitPackage::open(bytes).map_err(located).classified();
    Ok(Some((wit_item(opened.context(cannot)?), locations)))
}

fn is_empty(error: &Error) -> bool {
    matches!(error.cause(), Some(PublishError::NoContents { .. }))
}

fn origin_of(name: &WitName, sessions: &Sessions<'_>) -> Option<Origin> {
    let (name, _) = declared(name).ok()?;
    sessions.origins().of(&name).cloned()
}
