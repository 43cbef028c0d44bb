//! What fills this user's personal registry while something is solved: what is adopted of other machines, and what is imported
//! from upstreams that this user agreed to.
//!
//! What is signed here is this user's word for bytes. So each statement is made from the bytes, whatever anybody's record
//! said of them.

mod pairs;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use semver::Version;
use transparency::content::{Content, Derived};
use transparency::name::{Namespace, PackageName};
use transparency::number::Time;
use transparency::statement::Statement;
use transparency::version::VersionReq;
use upstream::{Upstream, UpstreamAddress, built_in};

use self::pairs::Pairs;
use crate::dirs::Dirs;
use crate::error::{Class, Classified as _, Error, Result};
use crate::keys::Keys;
use crate::network::Network;
use crate::ops::registry::append::{Draft, Item};
use crate::ops::registry::import::upstreams::{Importer, Versions, Wanted, left_out};
use crate::ops::registry::import::{Moved, Report, Skipped};
use crate::ops::registry::personal::{destination, found, open_namespaces};
use crate::ops::session::configured::Configured;
use crate::ops::session::personal::ADOPTED;
use crate::ops::session::registries::Registries;
use crate::ops::session::supply::{Adopted, Supply};
use crate::upstreams;

/// Whether this user agrees that packages are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Consent {
    /// They said so.
    Given,
    /// They said no.
    Refused,
    /// Nobody can be asked.
    Unasked,
}

/// How this user is asked: whether packages of a namespace may be imported from an upstream.
pub type Ask<'a> = dyn Fn(&Namespace, &UpstreamAddress) -> Result<Consent> + 'a;

/// What fills the personal registry: what is adopted, and what is imported from upstreams that this user agreed to.
pub struct Supplier<'a> {
    dirs: &'a Dirs,
    network: &'a Network,
    now: Time,
    /// Nothing is asked of an upstream.
    offline: bool,
    ask: &'a Ask<'a>,
    /// The upstreams that were opened, or why one is not to be asked.
    upstreams: RefCell<BTreeMap<Namespace, Option<Rc<dyn Upstream>>>>,
    /// What is wrong in those, and is not reported yet.
    left_out: RefCell<Vec<Skipped>>,
    reports: RefCell<Vec<Report>>,
    why_not: RefCell<Vec<Error>>,
    helps: RefCell<BTreeSet<String>>,
}

impl<'a> Supplier<'a> {
    /// Nothing is founded, asked or opened yet.
    pub fn new(
        dirs: &'a Dirs,
        network: &'a Network,
        now: Time,
        offline: bool,
        ask: &'a Ask<'a>,
    ) -> Self {
        Self {
            dirs,
            network,
            now,
            offline,
            ask,
            upstreams: RefCell::default(),
            left_out: RefCell::default(),
            reports: RefCell::default(),
            why_not: RefCell::default(),
            helps: RefCell::default(),
        }
    }

    /// What was imported.
    pub fn reports(&self) -> Vec<Report> {
        self.reports.take()
    }

    /// The upstream of a namespace, where this user agrees to it.
    fn upstream(&self, namespace: &Namespace) -> Result<Option<Rc<dyn Upstream>>> {
        if let Some(known) = self.upstreams.borrow().get(namespace) {
            return Ok(known.clone());
        }
        let opened = match self.address(namespace)? {
            Some(address) => {
                let (network, dirs) = (self.network, self.dirs);
                let mut upstream = upstreams::open(&address, network, dirs, self.offline)?;
                self.left_out
                    .borrow_mut()
                    .append(&mut left_out(&mut *upstream));
                Some(Rc::from(upstream))
            }
            None => None,
        };
        let mut upstreams = self.upstreams.borrow_mut();
        upstreams.insert(namespace.clone(), opened.clone());
        Ok(opened)
    }

    /// Where packages of a namespace lie, where this user agrees that they are imported from there.
    fn address(&self, namespace: &Namespace) -> Result<Option<UpstreamAddress>> {
        if self.offline {
            return Ok(None);
        }
        if let Some(address) = Pairs::read(self.dirs)?.agreed(namespace) {
            return Ok(Some(address.clone()));
        }
        let path = pairs::path(self.dirs);
        let Some(address) = pairs::known(namespace)? else {
            self.helps.borrow_mut().insert(format!(
                "or say where packages of `{namespace}` lie: `{namespace} = \"oci:HOST/PREFIX\"` below [namespaces] in {}",
                path.display()
            ));
            return Ok(None);
        };
        if (self.ask)(namespace, &address)? == Consent::Given {
            pairs::agree(self.dirs, namespace, &address)?;
            return Ok(Some(address));
        }
        let line = format!(
            "write `{namespace} = \"{address}\"` below [namespaces] in {}",
            path.display()
        );
        let help = if built_in(namespace).is_some() {
            format!(
                "or pass `--yes`, which imports packages of `{namespace}` from {address} into this user's personal registry; \
                 or {line}"
            )
        } else {
            format!("or {line}, to import its packages into this user's personal registry")
        };
        self.helps.borrow_mut().insert(help);
        Ok(None)
    }

    /// The registry as it is to be written to, founded where there is none.
    fn own<'r>(&self, registries: &'r Registries) -> Result<&'r Configured> {
        found(self.dirs, self.now)?;
        let own = registries.own()?;
        own.ok_or_else(|| Error::new(Class::Other, "this user's personal registry is not there"))
    }

    /// Imports, all from upstreams that are open. What was adopted before is compared with what lies there.
    fn fill(
        &self,
        registries: &Registries,
        wanted: &BTreeMap<PackageName, VersionReq>,
    ) -> Result<()> {
        let own = self.own(registries)?;
        let keys = Keys::open(self.dirs).classified()?;
        let pairs = Pairs::read(self.dirs)?;
        let namespaces = pairs.namespaces().cloned();
        let wanted_ones = wanted.keys().map(PackageName::namespace);
        open_namespaces(
            own,
            &keys,
            namespaces.chain(wanted_ones).collect(),
            self.now,
        )?;
        let destination = destination(own, &keys, self.dirs, self.now)?;
        let opened = self.upstreams.borrow().clone();
        let upstream = |name: &PackageName| {
            let upstream = opened.get(&name.namespace())?;
            upstream.as_deref()
        };
        let mut importer = Importer::new(registries, &destination, &upstream);
        importer.report.skipped = self.left_out.take();
        let required = wanted.iter();
        let required = required.map(|(name, req)| Wanted {
            name: name.clone(),
            versions: Versions::Required(req.clone()),
        });
        importer.import(required.collect())?;
        let report = importer.report;
        let moved = report.moved.iter().map(moved);
        let mut why_not = self.why_not.borrow_mut();
        why_not.extend(moved);
        self.reports.borrow_mut().push(report);
        Ok(())
    }
}

impl Supply for Supplier<'_> {
    fn adopt(&self, registries: &Registries, adopted: Vec<Adopted>) -> Result<()> {
        let items: Vec<_> = adopted.into_iter().map(item).collect();
        let own = self.own(registries)?;
        let keys = Keys::open(self.dirs).classified()?;
        let namespaces = items.iter().map(|item| item.name.namespace());
        open_namespaces(own, &keys, namespaces.collect(), self.now)?;
        let drafts: Vec<_> = items.iter().map(Draft::Release).collect();
        destination(own, &keys, self.dirs, self.now)?
            .append(&drafts)
            .map(drop)
    }

    fn knows(&self, namespace: &Namespace) -> Result<bool> {
        let pairs = Pairs::read(self.dirs)?;
        Ok(pairs.agreed(namespace).is_some() || pairs::known(namespace)?.is_some())
    }

    fn found(&self, namespaces: &BTreeSet<Namespace>) -> Result<()> {
        for namespace in namespaces {
            if self.upstream(namespace)?.is_some() {
                found(self.dirs, self.now)?;
            }
        }
        Ok(())
    }

    fn import(
        &self,
        registries: &Registries,
        wanted: &BTreeMap<PackageName, VersionReq>,
    ) -> Result<()> {
        let mut may = BTreeMap::new();
        for (name, req) in wanted {
            if self.upstream(&name.namespace())?.is_some() {
                may.insert(name.clone(), req.clone());
            }
        }
        if may.is_empty() {
            return Ok(());
        }
        // Nearly everything refers to WASI.
        if let Ok(wasi) = "wasi".parse() {
            self.upstream(&wasi)?;
        }
        // What these refer to may come from wherever this user agreed to import from.
        for namespace in Pairs::read(self.dirs)?.namespaces() {
            self.upstream(namespace)?;
        }
        self.fill(registries, &may)
    }

    fn why_not(&self) -> Option<Error> {
        let mut reasons = self.why_not.take();
        for report in &mut *self.reports.borrow_mut() {
            let (elsewhere, wrong) = std::mem::take(&mut report.skipped)
                .into_iter()
                .partition::<Vec<_>, _>(|one| one.is_elsewhere);
            report.skipped = elsewhere;
            reasons.extend(wrong.into_iter().map(|one| one.why));
        }
        let gravity = |error: &Error| error.class().gravity();
        reasons.into_iter().max_by_key(gravity)
    }

    fn helps(&self) -> Vec<String> {
        self.helps.take().into_iter().collect()
    }
}

/// What was adopted, and lies upstream with other contents.
fn moved(moved: &Moved) -> Error {
    let Moved {
        name,
        version,
        from,
        released,
        found,
    } = moved;
    let message = format!(
        "{name}@{version} is {released} in this user's personal registry, and {found} at {from}"
    );
    Error::new(Class::Refused, message).with_help(
        "a project brought one of them, or upstream changed it: find out which is what its author published",
    )
}

/// The release of a content, as its bytes say it.
fn item(adopted: Adopted) -> Item {
    let Adopted {
        selection,
        content,
        from,
    } = adopted;
    let statement = statement(&content, selection.version);
    Item {
        name: selection.name,
        kind: content.derived().kind(),
        statement,
        content: content.into_bytes(),
        attached: Vec::new(),
        annotations: vec![(ADOPTED.to_owned(), from.to_string())],
    }
}

fn statement(content: &Content, version: Version) -> Statement {
    let size = u64::try_from(content.bytes().len()).unwrap_or(u64::MAX);
    let mut statement = Statement::new(version, content.digest(), size);
    match content.derived().clone() {
        Derived::Component { imports, exports } => {
            statement.imports = imports;
            statement.exports = exports;
        }
        Derived::Wit { requirements, .. } => statement.requirements = requirements.into(),
    }
    statement
}
