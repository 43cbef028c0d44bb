//! Closed sets in the making, and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use component::bundle::wiring::Plan;
use component::bundle::{ComposeError, Composition, FORMAT, Part, Wiring, compose};
use component::content::Interface;
use transparency::digest::Digest;
use transparency::name::ExternName;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use wasmparser::{
    Chunk, ComponentAlias, ComponentExternalKind, ComponentInstance, ComponentTypeRef, Parser,
    Payload, Validator,
};

/// A part: what it requires, and its bytes.
type Owned = (BTreeSet<Requirement>, Vec<u8>);

/// A closed set in the making.
#[derive(Clone)]
pub(crate) struct World {
    root: Owned,
    parts: BTreeMap<Selection, Owned>,
    wire: Wiring,
    lock: String,
}

fn requirements(requires: &[&str]) -> BTreeSet<Requirement> {
    let parse = |text: &&str| format!("component {text}").parse().unwrap();
    requires.iter().map(parse).collect()
}

impl World {
    /// A root; `requires` are requirements without their kind: `acme:clock ^1.0 for acme:clock/now@1.0.0`.
    pub(crate) fn new(requires: &[&str], content: impl Into<Content>) -> Self {
        Self {
            root: (requirements(requires), content.into().0),
            parts: BTreeMap::new(),
            wire: Wiring::default(),
            lock: "a lock\n".to_owned(),
        }
    }

    pub(crate) fn part(
        mut self,
        spec: &str,
        requires: &[&str],
        content: impl Into<Content>,
    ) -> Self {
        let selection = format!("component {spec}").parse().unwrap();
        let content = content.into().0;
        self.parts
            .insert(selection, (requirements(requires), content));
        self
    }

    pub(crate) fn redirect(mut self, import: &str, name: &str) -> Self {
        let redirection = (import.parse().unwrap(), name.parse().unwrap());
        self.wire.0.extend([redirection]);
        self
    }

    /// With another lock in it.
    pub(crate) fn locked(mut self, lock: &str) -> Self {
        lock.clone_into(&mut self.lock);
        self
    }

    pub(crate) fn composition(&self) -> Composition<'_> {
        fn part((requirements, content): &Owned) -> Part<'_> {
            Part {
                requirements,
                content,
            }
        }
        let parts = self.parts.iter();
        Composition {
            root: part(&self.root),
            digest: Digest::of(&self.root.1),
            parts: parts
                .map(|(selection, of)| (selection.clone(), part(of)))
                .collect(),
            wire: &self.wire,
            name: "app",
            lock: &self.lock,
        }
    }

    pub(crate) fn compose(&self) -> Result<Vec<u8>, ComposeError> {
        compose(&self.composition(), FORMAT)
    }

    /// Composed, valid, and the same the second time.
    #[track_caller]
    pub(crate) fn bundle(&self) -> Bundle {
        let bytes = self.compose().unwrap_or_else(|error| panic!("{error}"));
        Validator::new().validate_all(&bytes).unwrap();
        assert!(bytes == self.clone().compose().unwrap(), "the second time");
        Bundle::read(&bytes)
    }

    #[track_caller]
    pub(crate) fn refusal(&self) -> String {
        self.compose()
            .map(|bytes| bytes.len())
            .unwrap_err()
            .to_string()
    }

    /// What was asked for and has no effect.
    pub(crate) fn unused(&self) -> Vec<String> {
        let composition = self.composition();
        let plan = Plan::new(&composition).unwrap_or_else(|error| panic!("{error}"));
        plan.unused().iter().map(ToString::to_string).collect()
    }

    /// By digests, what the components in a bundle are called.
    fn name_of(&self, content: &[u8]) -> String {
        let mut parts = self.parts.iter();
        let part = parts.find(|(_, (_, bytes))| bytes == content);
        part.map_or("app".to_owned(), |(selection, _)| {
            format!("{}@{}", selection.name, selection.version)
        })
    }

    /// For each instance in the bundle, what serves each of its imports: `host NAME`, or `PACKAGE EXPORT`.
    #[track_caller]
    pub(crate) fn wires(&self) -> BTreeMap<String, BTreeMap<String, String>> {
        let bundle = self.bundle();
        let mut wires = BTreeMap::new();
        let mut names = Vec::new();
        for (component, arguments) in &bundle.instances {
            let name = self.name_of(&bundle.components[*component]);
            let served = arguments.iter().map(|(import, from)| {
                let server = match from {
                    From::Host(name) => format!("host {name}"),
                    From::Instance(instance, export) => {
                        let server: &String = &names[*instance];
                        format!("{server} {export}")
                    }
                };
                (import.clone(), server)
            });
            let before = wires.insert(name.clone(), served.collect());
            assert!(before.is_none(), "two instances of {name}");
            names.push(name);
        }
        assert_eq!(names.len(), bundle.components.len());
        wires
    }
}

/// Bytes of a component: as they are, or as text.
pub(crate) struct Content(Vec<u8>);

impl std::convert::From<Vec<u8>> for Content {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl std::convert::From<&str> for Content {
    fn from(text: &str) -> Self {
        Self(wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}")))
    }
}

/// A component that exports these with a function `get`, which calls that of each import. A plain name is an instance
/// too.
pub(crate) fn relay(imports: &[&str], exports: &[&str]) -> Vec<u8> {
    let mut text = String::from("(component\n");
    let mut core = String::from("(core module $m\n");
    let mut with = String::new();
    let mut sum = String::from("(i32.const 1)");
    for (position, import) in imports.iter().enumerate() {
        writeln!(
            text,
            "(import \"{import}\" (instance $i{position} (export \"get\" (func (result u32)))))"
        )
        .unwrap();
        writeln!(
            text,
            "(core func $l{position} (canon lower (func $i{position} \"get\")))"
        )
        .unwrap();
        writeln!(
            core,
            "(import \"\" \"f{position}\" (func $f{position} (result i32)))"
        )
        .unwrap();
        write!(with, "(export \"f{position}\" (func $l{position}))").unwrap();
        sum = format!("(i32.add {sum} (call $f{position}))");
    }
    writeln!(core, "(func (export \"get\") (result i32) {sum}))").unwrap();
    write!(
        text,
        "{core}(core instance $c (instantiate $m (with \"\" (instance {with}))))"
    )
    .unwrap();
    writeln!(
        text,
        "(func $g (result u32) (canon lift (core func $c \"get\")))"
    )
    .unwrap();
    writeln!(text, "(instance $x (export \"get\" (func $g)))").unwrap();
    for export in exports {
        writeln!(text, "(export \"{export}\" (instance $x))").unwrap();
    }
    wat::parse_str(text + ")").unwrap()
}

/// Where an argument comes from.
#[derive(Debug, Clone)]
pub(crate) enum From {
    Host(String),
    Instance(usize, String),
}

/// A bundle, read again without any code that made it.
pub(crate) struct Bundle {
    pub(crate) bytes: Vec<u8>,
    pub(crate) imports: Vec<String>,
    pub(crate) exports: Vec<String>,
    pub(crate) components: Vec<Vec<u8>>,
    /// Each instance of a component: its component, and the argument of each import.
    pub(crate) instances: Vec<(usize, BTreeMap<String, From>)>,
}

impl Bundle {
    #[expect(clippy::too_many_lines, reason = "one walk over the sections")]
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut bundle = Self {
            bytes: bytes.to_vec(),
            imports: Vec::new(),
            exports: Vec::new(),
            components: Vec::new(),
            instances: Vec::new(),
        };
        // What stands at each position of each sort. The host's instances come before those of components.
        let mut items: BTreeMap<u8, Vec<From>> = BTreeMap::new();
        let (mut parser, mut rest) = (Parser::new(0), bytes);
        loop {
            let Chunk::Parsed { consumed, payload } = parser.parse(rest, true).unwrap() else {
                panic!("all of it is there");
            };
            rest = &rest[consumed..];
            match payload {
                Payload::End(_) => return bundle,
                Payload::ComponentSection {
                    unchecked_range, ..
                } => {
                    let range = usize::try_from(unchecked_range.start).unwrap()
                        ..usize::try_from(unchecked_range.end).unwrap();
                    rest = &rest[range.len()..];
                    bundle.components.push(bytes[range].to_vec());
                }
                Payload::ComponentImportSection(section) => {
                    for import in section {
                        let import = import.unwrap();
                        let name = import.name.name.to_owned();
                        if !matches!(import.ty, ComponentTypeRef::Module(_)) {
                            items
                                .entry(sort(import.ty.kind()))
                                .or_default()
                                .push(From::Host(name.clone()));
                        }
                        bundle.imports.push(name);
                    }
                }
                Payload::ComponentTypeSection(section) => {
                    for _ in 0..section.count() {
                        let types = items.entry(sort(ComponentExternalKind::Type)).or_default();
                        types.push(From::Host("a type".to_owned()));
                    }
                }
                Payload::ComponentAliasSection(section) => {
                    for alias in section {
                        let ComponentAlias::InstanceExport {
                            kind,
                            instance_index,
                            name,
                        } = alias.unwrap()
                        else {
                            panic!("only exports are aliased");
                        };
                        let instances = &items[&sort(ComponentExternalKind::Instance)];
                        let from = match &instances[usize::try_from(instance_index).unwrap()] {
                            From::Instance(number, whole) if whole.is_empty() => {
                                From::Instance(*number, name.to_owned())
                            }
                            other => other.clone(),
                        };
                        items.entry(sort(kind)).or_default().push(from);
                    }
                }
                Payload::ComponentInstanceSection(section) => {
                    for instance in section {
                        let ComponentInstance::Instantiate {
                            component_index,
                            args,
                        } = instance.unwrap()
                        else {
                            panic!("only components are instantiated");
                        };
                        let arguments = args.iter().map(|argument| {
                            let position = usize::try_from(argument.index).unwrap();
                            (
                                argument.name.to_owned(),
                                items[&sort(argument.kind)][position].clone(),
                            )
                        });
                        let instance = (
                            usize::try_from(component_index).unwrap(),
                            arguments.collect(),
                        );
                        let whole = From::Instance(bundle.instances.len(), String::new());
                        bundle.instances.push(instance);
                        items
                            .entry(sort(ComponentExternalKind::Instance))
                            .or_default()
                            .push(whole);
                    }
                }
                Payload::ComponentExportSection(section) => {
                    bundle.exports.extend(
                        section
                            .into_iter()
                            .map(|export| export.unwrap().name.name.to_owned()),
                    );
                }
                _ => {}
            }
        }
    }
}

fn sort(kind: ComponentExternalKind) -> u8 {
    match kind {
        ComponentExternalKind::Module => 0,
        ComponentExternalKind::Func => 1,
        ComponentExternalKind::Value => 2,
        ComponentExternalKind::Type => 3,
        ComponentExternalKind::Instance => 4,
        ComponentExternalKind::Component => 5,
    }
}

/// The imports of a component, by name.
pub(crate) fn imports(bytes: &[u8]) -> BTreeSet<ExternName> {
    Interface::of_component(bytes).unwrap().imports
}
