//! Random closed sets without circles, held against wiring that is decided in the simplest way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use component::bundle::wiring::purpose;
use transparency::name::ExternName;
use transparency::requirement::Requirement;

use crate::world::{World, relay};

/// Steele's splitmix64: the same worlds on every machine.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(sides).unwrap()).unwrap()
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

/// A component, as it is drawn.
struct Drawn {
    name: String,
    version: String,
    requires: Vec<String>,
    imports: Vec<String>,
    exports: Vec<String>,
    /// What serves each import.
    wires: BTreeMap<String, String>,
}

/// The last is the root; each is served by earlier ones only.
fn draw(dice: &mut Dice) -> Vec<Drawn> {
    let count = 2 + dice.roll(9);
    let mut drawn: Vec<Drawn> = Vec::new();
    for number in 0..count {
        let is_root = number + 1 == count;
        // Some are a second release of a package, on another track.
        let second = !is_root && number > 0 && dice.one_in(5);
        let (name, major) = match drawn.last() {
            Some(before) if second && before.version.starts_with('1') => (before.name.clone(), 2),
            _ => (format!("acme:p{number}"), 1),
        };
        let version = format!("{major}.{}.0", 2 + dice.roll(3));
        let minor = dice.roll(3);
        let exports = vec![
            format!("{name}/api@{major}.{minor}.0"),
            format!("own-{number}"),
        ];
        let mut one = Drawn {
            name,
            version,
            requires: Vec::new(),
            imports: Vec::new(),
            exports,
            wires: BTreeMap::new(),
        };
        for server in &drawn {
            let is_wanted = if is_root {
                !dice.one_in(4)
            } else {
                dice.one_in(2)
            };
            if server.name == one.name || !is_wanted {
                continue;
            }
            let requirement = format!("{} ^{}", server.name, &server.version[..1]);
            let whole = format!("{}@{}", server.name, server.version);
            if dice.one_in(4) {
                // An import by a plain name. The requirement's `for` names it.
                let plain = &server.exports[1];
                one.requires.push(format!("{requirement} for {plain}"));
                one.imports.push(plain.clone());
                one.wires.insert(plain.clone(), format!("{whole} {plain}"));
                continue;
            }
            let export = &server.exports[0];
            let (interface, version) = export.split_once('@').unwrap();
            let (major, minor) = (&version[..1], version[2..3].parse::<usize>().unwrap());
            let import = format!("{interface}@{major}.{}.0", minor - dice.roll(minor + 1));
            one.requires.push(requirement);
            one.imports.push(import.clone());
            one.wires.insert(import, format!("{whole} {export}"));
        }
        // Imports of the host, some under names that parts export. What nobody required is not wired, whoever exports it.
        for _ in 0..dice.roll(3) {
            let import = match dice.roll(3) {
                0 => format!("wasi:clocks/now@0.2.{}", dice.roll(4)),
                1 => "plain".to_owned(),
                _ => format!("acme:p{}/api@1.0.0", dice.roll(count)),
            };
            let interface = import.split('/').next().unwrap();
            let is_required = one
                .requires
                .iter()
                .any(|required| required.starts_with(&format!("{interface} ")));
            if !is_required && !one.imports.contains(&import) && one.name != interface {
                one.imports.push(import.clone());
                one.wires.insert(import.clone(), String::new());
            }
        }
        drawn.push(one);
    }
    drawn
}

fn texts(texts: &[String]) -> Vec<&str> {
    texts.iter().map(String::as_str).collect()
}

fn world(drawn: &[Drawn], reversed: bool) -> World {
    let (root, parts) = drawn.split_last().unwrap();
    let content = |one: &Drawn| relay(&texts(&one.imports), &texts(&one.exports));
    let mut world = World::new(&texts(&root.requires), content(root));
    let mut parts: Vec<&Drawn> = parts.iter().collect();
    if reversed {
        parts.reverse();
    }
    for part in parts {
        let spec = format!("{}@{}", part.name, part.version);
        world = world.part(&spec, &texts(&part.requires), content(part));
    }
    world
}

/// What the bundle should contain: the components that are needed, and what serves each of their imports.
fn expected(drawn: &[Drawn]) -> BTreeMap<String, BTreeMap<String, String>> {
    let name = |position: usize| {
        if position + 1 == drawn.len() {
            "app".to_owned()
        } else {
            format!("{}@{}", drawn[position].name, drawn[position].version)
        }
    };
    let mut needed = vec!["app".to_owned()];
    for position in (0..drawn.len()).rev() {
        if needed.contains(&name(position)) {
            let servers = drawn[position]
                .wires
                .values()
                .filter_map(|wire| wire.split(' ').next());
            needed.extend(servers.map(str::to_owned));
        }
    }
    let is_needed = |position: &usize| needed.contains(&name(*position));
    // Imports of one track become one import of the host. It has the highest version that a needed component wants.
    let highest = |import: &str| {
        let Some((interface, version)) = import.split_once('@') else {
            return import.to_owned();
        };
        let track = if version.starts_with('0') {
            &version[..3]
        } else {
            &version[..1]
        };
        let all = (0..drawn.len())
            .filter(is_needed)
            .flat_map(|position| &drawn[position].wires);
        let all = all.filter(|(other, wire)| {
            wire.is_empty()
                && other.strip_prefix(interface).is_some_and(|rest| {
                    rest.strip_prefix('@')
                        .is_some_and(|version| version.starts_with(track))
                })
        });
        all.map(|(other, _)| other.clone()).max().unwrap()
    };
    (0..drawn.len())
        .filter(is_needed)
        .map(|position| {
            let wires = drawn[position].wires.iter().map(|(import, wire)| {
                let wire = if wire.is_empty() {
                    format!("host {}", highest(import))
                } else {
                    wire.clone()
                };
                (import.clone(), wire)
            });
            (name(position), wires.collect())
        })
        .collect()
}

#[test]
fn random_closed_sets_are_wired_as_their_requirements_say_and_always_to_the_same_bytes() {
    let (mut shared, mut left_out, mut merged) = (0, 0, 0);
    for seed in 0..200 {
        let drawn = draw(&mut Dice(seed));
        let mut story = format!("seed {seed}");
        for one in &drawn {
            write!(
                story,
                "\n{}@{} requires {:?} imports {:?} exports {:?}",
                one.name, one.version, one.requires, one.imports, one.exports
            )
            .unwrap();
        }
        let one = world(&drawn, false);
        let bytes = one
            .compose()
            .unwrap_or_else(|error| panic!("{error}\n{story}"));
        assert!(world(&drawn, true).compose().unwrap() == bytes, "{story}");
        let (found, wanted) = (one.wires(), expected(&drawn));
        assert_eq!(found, wanted, "{story}");
        // The generator made each of the cases that matter.
        let mut servers: Vec<&String> = wanted
            .values()
            .flat_map(|wires| wires.values())
            .filter(|wire| !wire.starts_with("host"))
            .collect();
        let all = servers.len();
        servers.sort();
        servers.dedup();
        shared += usize::from(servers.len() < all);
        left_out += usize::from(wanted.len() < drawn.len());
        let renamed = |(import, wire): (&String, &String)| {
            wire.starts_with("host") && *wire != format!("host {import}")
        };
        merged += usize::from(wanted.values().flatten().any(renamed));
    }
    assert!(
        shared > 50 && left_out > 10 && merged > 20,
        "{shared} {left_out} {merged}"
    );
}

fn names(texts: &[String]) -> BTreeSet<ExternName> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

/// Packages that export what is theirs and what is not, and what a component takes of them as the root is what it takes as
/// somebody's dependency by its record, whatever they export later.
#[test]
fn a_component_is_wired_by_its_record_as_it_is_as_the_root() {
    let (mut composed, mut shared) = (0, 0);
    for seed in 0..400 {
        let dice = &mut Dice(seed);
        let foreign: Vec<String> = (0..4)
            .map(|at| format!("acme:t{at}/i@1.{}.0", at % 2))
            .collect();
        let count = 1 + dice.roll(3);
        let mut servers: Vec<(String, Vec<String>)> = Vec::new();
        for number in 0..count {
            let mut exports = vec![format!("acme:c{number}/api@1.1.0")];
            exports.extend(foreign.iter().filter(|_| dice.one_in(4)).cloned());
            servers.push((format!("acme:c{number}"), exports));
        }
        let mut imports: Vec<String> = foreign.iter().filter(|_| dice.one_in(2)).cloned().collect();
        let mut requires = Vec::new();
        for (name, exports) in &servers {
            if dice.one_in(2) {
                imports.push(format!("{name}/api@1.{}.0", dice.roll(2)));
            }
            requires.push(match dice.roll(4) {
                0 => format!("{name} ^1 for {}", exports.last().unwrap()),
                _ => format!("{name} ^1"),
            });
        }
        let with = |mut world: World, later: bool| {
            for (name, exports) in &servers {
                let more = foreign.iter().filter(|_| later);
                let all: BTreeSet<String> = exports.iter().chain(more).cloned().collect();
                let all: Vec<String> = all.into_iter().collect();
                world = world.part(&format!("{name}@1.1.0"), &[], relay(&[], &texts(&all)));
            }
            world
        };
        let content = relay(&texts(&imports), &["acme:lib/api@1.0.0"]);
        let root = with(World::new(&texts(&requires), content.clone()), false);
        if root.compose().is_err() {
            continue; // ambiguous: whoever publishes it is told
        }
        let requirements: Vec<Requirement> = requires
            .iter()
            .map(|text| format!("component {text}").parse().unwrap())
            .collect();
        let by_name: BTreeSet<ExternName> = requirements
            .iter()
            .flat_map(|one| one.serves.clone())
            .collect();
        let record: Vec<String> = requirements
            .iter()
            .zip(&servers)
            .map(|(requirement, (_, exports))| {
                let all = names(&imports);
                let asked = if requirement.serves.is_empty() {
                    all.difference(&by_name).cloned().collect()
                } else {
                    all
                };
                let mut stated = requirement.clone();
                stated.serves = purpose(requirement, &asked, &names(exports));
                stated.to_string().replacen("component ", "", 1)
            })
            .collect();
        let last = relay(&["acme:lib/api@1.0.0"], &["acme:last/api@1.0.0"]);
        let consumer = |later: bool| {
            let world = World::new(&["acme:lib ^1"], last.clone());
            let world = world.part("acme:lib@1.0.0", &texts(&record), content.clone());
            with(world, later).wires()["acme:lib@1.0.0"].clone()
        };
        let wanted = root.wires()["app"].clone();
        let story = format!("seed {seed}: {servers:?} {requires:?} {imports:?} {record:?}");
        assert_eq!(consumer(false), wanted, "{story}");
        // One that serves nothing is for nothing, which whoever publishes it is told.
        if requirements
            .iter()
            .zip(&record)
            .all(|(_, text)| text.contains(" for "))
        {
            assert_eq!(consumer(true), wanted, "{story}");
            composed += 1;
        }
        let takes_foreign = |(import, wire): (&String, &String)| {
            import.starts_with("acme:t") && !wire.starts_with("host")
        };
        shared += usize::from(wanted.iter().any(takes_foreign));
    }
    assert!(composed > 50 && shared > 20, "{composed} {shared}");
}
