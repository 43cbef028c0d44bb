//! Text → binary → text is the identity, on the packages of WASI and on random texts.
//!
//! A package that is published from a text, printed as `fetch` does, and published again from that, has the same bytes.
//! A text is its seed: `WARG_TEXTS=5000` tries more, `WARG_TEXT=17` one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::env;
use std::fmt::Write as _;
use std::ops::Range;
use std::path::Path;

use component::wit::at_hand::AtHand;
use component::wit::binary::Decoded;
use component::wit::deps::{PlanError, check_alone};
use component::wit::publish::{PublishError, WitPackage};
use component::wit::selected::{Form, Selected};
use component::wit::text::{Group, TextError, wit_name};
use fixtures::random::Random;
use transparency::digest::Digest;
use upstream::tree::WitTree;
use wit_parser::{PackageName as WitName, Resolve};

/// The content of a package of texts that no registry has anything for.
fn encode(at_hand: &AtHand, name: &WitName) -> Result<Vec<u8>, PublishError> {
    let needs = at_hand.needs(name, |_| Ok::<_, PublishError>(false))?;
    let mut contents = at_hand.encode(name, &needs, &[])?;
    contents.remove(name).unwrap()
}

fn selected(package: &WitPackage) -> Selected<'_> {
    Selected {
        name: &package.name,
        version: &package.version,
        digest: Digest::of(&package.bytes),
        form: Form::Binary(&package.bytes),
    }
}

fn print(bytes: &[u8]) -> String {
    Decoded::open(bytes).unwrap().print().unwrap()
}

/// Publishes a package again, from the text that is printed of what its text became.
fn check_round(at_hand: &AtHand, name: &WitName, bytes: &[u8], case: &str) {
    let printed = print(bytes);
    let group = Group::parse(Path::new("package.wit"), &printed)
        .unwrap_or_else(|error| panic!("{case}: {error}\n{printed}"));
    let again = encode(&at_hand.instead(&group), name)
        .unwrap_or_else(|error| panic!("{case}: {error:?}\n{printed}"));
    assert_eq!(print(&again), printed, "{case}");
    assert!(again == bytes, "{case}: other bytes of one text\n{printed}");
}

#[test]
fn what_is_printed_of_wasi_is_published_as_the_same_bytes() {
    let mut count = 0;
    for folder in fixtures::wasi::folders().unwrap() {
        let tree = WitTree::read(std::slice::from_ref(&folder)).unwrap();
        for name in tree.in_order() {
            let bytes = encode(&tree.at_hand, name).unwrap();
            check_round(
                &tree.at_hand,
                name,
                &bytes,
                &format!("{name} of {folder:?}"),
            );
            count += 1;
        }
    }
    assert_eq!(count, 60);
}

const DOCS: [&str; 16] = [
    "/// A line.\n",
    "/// Two\n/// lines.\n",
    "/// One.\n///\n///   indented\n",
    "///\tBegins with a tab\n",
    "///\ta\n///\t\tb\n",
    "/// a\n///\tb\n",
    "/** A block. */\n",
    "/**\n * With stars.\n *  more\n */\n",
    "/**\n\t\tTabs\n\t\t  and spaces  \n\n*/\n",
    "//// Four.\n",
    "/** /slash */\n",
    "//\n",
    "/* no doc */\n",
    "/// trailing   \n",
    "/// caf\u{e9} \u{1f980} \u{a0}\n",
    "///no space\n///  two\n",
];

const FEATURES: [&str; 3] = ["x", "y", "z"];

const TYPES: [&str; 9] = [
    "u8",
    "string",
    "list<u32>",
    "option<bool>",
    "tuple<u8, char>",
    "result<u8, string>",
    "list<u8, 4>",
    "result<_, u8>",
    "stream<u8>",
];

struct Writer<'r> {
    random: &'r mut Random,
    /// Whether features gate what others refer to as well, which may be wrong.
    loose: bool,
}

impl Writer<'_> {
    fn docs(&mut self) -> String {
        let mut docs = String::new();
        if self.random.one_in(2) {
            let line = *self.random.pick(&DOCS);
            docs.push_str(line);
        }
        match self.random.below(6) {
            0 => docs.push_str("@since(version = 1.0.0)\n"),
            1 => docs.push_str("@since(version = 0.9.0)\n@deprecated(version = 1.0.0)\n"),
            _ if self.loose && self.random.one_in(12) => docs.push_str(&self.gate()),
            _ => {}
        }
        docs
    }

    fn gate(&mut self) -> String {
        let feature = self.random.pick(&FEATURES);
        format!("@unstable(feature = {feature})\n")
    }

    /// Before what nothing else refers to.
    fn leaf(&mut self) -> String {
        let docs = self.docs();
        if docs.contains("@since") || docs.contains("@unstable") || !self.random.one_in(5) {
            return docs;
        }
        docs + &self.gate()
    }

    fn ty(&mut self, types: &[String]) -> String {
        if types.is_empty() || self.random.one_in(3) {
            return (*self.random.pick(&TYPES)).to_owned();
        }
        let name = &types[self.random.below(types.len())];
        match self.random.below(4) {
            0 => format!("list<{name}>"),
            1 => format!("option<{name}>"),
            _ => name.clone(),
        }
    }

    fn func(&mut self, types: &[String]) -> String {
        let params: Vec<_> = (0..self.random.below(3))
            .map(|place| format!("p{place}: {}", self.ty(types)))
            .collect();
        let result = if self.random.one_in(2) {
            format!(" -> {}", self.ty(types))
        } else {
            String::new()
        };
        let word = if self.random.one_in(6) { "async " } else { "" };
        format!("{word}func({}){result}", params.join(", "))
    }

    /// A type and how it is declared.
    fn type_of(&mut self, name: &str, types: &[String], resources: &mut Vec<String>) -> String {
        let docs = self.docs();
        let text = match self.random.below(7) {
            0 => format!("type {name} = {};", self.ty(types)),
            1 => {
                let mut text = format!("record {name} {{\n");
                for field in 0..=self.random.below(3) {
                    let (docs, ty) = (self.plain_docs(), self.ty(types));
                    let _ = writeln!(text, "{docs}f{field}: {ty},");
                }
                text + "}"
            }
            2 => {
                let mut text = format!("variant {name} {{\n");
                for case in 0..=self.random.below(3) {
                    let (docs, ty) = (self.plain_docs(), self.ty(types));
                    let _ = writeln!(text, "{docs}c{case}({ty}),");
                }
                text + "}"
            }
            3 => {
                let (a, b) = (self.plain_docs(), self.plain_docs());
                format!("enum {name} {{\n{a}a,\n{b}b }}")
            }
            4 => {
                let (a, b) = (self.plain_docs(), self.plain_docs());
                format!("flags {name} {{\n{a}a,\n{b}b }}")
            }
            _ => {
                resources.push(name.to_owned());
                let mut inside = Vec::new();
                if self.random.one_in(3) {
                    inside.push(format!("{}constructor(a: u8);", self.leaf()));
                }
                for method in 0..self.random.below(4) {
                    let word = if self.random.one_in(3) { "static " } else { "" };
                    let (docs, func) = (self.leaf(), self.func(types));
                    inside.push(format!("{docs}m{method}: {word}{func};"));
                }
                self.random.shuffle(&mut inside);
                format!("resource {name} {{\n{}\n}}", inside.join("\n"))
            }
        };
        format!("{docs}{text}")
    }

    fn plain_docs(&mut self) -> String {
        if self.random.one_in(2) {
            (*self.random.pick(&DOCS)).to_owned()
        } else {
            String::new()
        }
    }

    /// The items of an interface, in any order; the types that others may use.
    fn items(&mut self, number: usize, used: &[(String, String)]) -> (String, Vec<String>) {
        let mut items = Vec::new();
        let mut types = Vec::new();
        let mut resources = Vec::new();
        for (place, (from, name)) in used.iter().enumerate() {
            if self.random.one_in(3) {
                let own = format!("u{number}-{place}");
                let gate = match self.random.below(4) {
                    0 => "@since(version = 1.0.0)\n".to_owned(),
                    1 if self.loose => self.gate(),
                    _ => String::new(),
                };
                items.push(format!("{gate}use {from}.{{{name} as {own}}};"));
                types.push(own);
            }
        }
        let mut own = Vec::new();
        for place in 0..self.random.below(5) {
            let name = format!("t{number}-{place}");
            items.push(self.type_of(&name, &types, &mut resources));
            types.push(name.clone());
            own.push(name);
        }
        for place in 0..self.random.below(5) {
            let (docs, func) = (self.leaf(), self.func(&types));
            items.push(format!("{docs}f{number}-{place}: {func};"));
        }
        self.random.shuffle(&mut items);
        (items.join("\n"), own)
    }
}

/// A package, and what others may use of it.
struct Written {
    text: String,
    /// Types, each with its interface.
    types: Vec<(String, String)>,
    /// Worlds, each with the names that an `include` may change.
    worlds: Vec<(String, Vec<String>)>,
}

/// A package of interfaces and worlds. `others` are types elsewhere, each with its interface, and `worlds` what may be included.
fn text(
    random: &mut Random,
    loose: bool,
    name: &str,
    others: &[(String, String)],
    worlds: &[(String, Vec<String>)],
) -> Written {
    let mut writer = Writer { random, loose };
    let docs = writer.plain_docs();
    let mut parts = Vec::new();
    let mut used = others.to_vec();
    let (mut types, mut made) = (Vec::new(), Vec::new());
    let mut interfaces: Vec<String> = others.iter().map(|(from, _)| from.clone()).collect();
    for number in 0..=writer.random.below(3) {
        let docs = writer.docs();
        let (items, own) = writer.items(number, &used);
        parts.push(format!("{docs}interface i{number} {{\n{items}\n}}"));
        interfaces.push(format!("i{number}"));
        for ty in own {
            used.push((format!("i{number}"), ty.clone()));
            let (name, version) = name.split_once('@').unwrap();
            types.push((format!("{name}/i{number}@{version}"), ty));
        }
    }
    interfaces.dedup();
    // What worlds include of each other is not to clash.
    let tag = &name[5..6];
    for number in 0..writer.random.below(3) {
        let mut items = Vec::new();
        let mut plain = Vec::new();
        for interface in &interfaces {
            if writer.random.one_in(2) {
                let docs = writer.docs();
                items.push(format!("{docs}import {interface};"));
            }
        }
        if let Some(interface) = interfaces.last().filter(|_| writer.random.one_in(2)) {
            let docs = writer.docs();
            items.push(format!("{docs}export {interface};"));
        }
        let mut local = Vec::new();
        for (place, (from, ty)) in used.iter().enumerate() {
            if writer.random.one_in(6) {
                let own = format!("{tag}u{number}-{place}");
                items.push(format!("use {from}.{{{ty} as {own}}};"));
                local.push(own);
            }
        }
        for place in 0..writer.random.below(3) {
            let name = format!("{tag}{number}t{place}");
            let ty = writer.type_of(&name, &local, &mut Vec::new());
            items.push(ty);
            local.push(name);
        }
        for place in 0..writer.random.below(3) {
            let (docs, func) = (writer.leaf(), writer.func(&local));
            plain.push(format!("{tag}{number}f{place}"));
            items.push(format!("{docs}import {tag}{number}f{place}: {func};"));
        }
        for place in 0..writer.random.below(3) {
            let docs = writer.leaf();
            if writer.random.one_in(2) {
                let func = writer.func(&local);
                items.push(format!("{docs}export {tag}{number}e{place}: {func};"));
            } else {
                let (inside, _) = writer.items(90 + place, &[]);
                items.push(format!(
                    "{docs}import {tag}{number}n{place}: interface {{\n{inside}\n}}"
                ));
            }
        }
        for (place, (world, names)) in worlds.iter().enumerate() {
            if writer.random.one_in(3) {
                let renames: Vec<_> = names
                    .iter()
                    .map(|name| format!("{name} as r{place}{number}-{name}"))
                    .collect();
                items.push(if renames.is_empty() {
                    format!("include {world};")
                } else {
                    format!("include {world} with {{ {} }}", renames.join(", "))
                });
            }
        }
        writer.random.shuffle(&mut items);
        let docs = writer.docs();
        parts.push(format!(
            "{docs}world w{number} {{\n{}\n}}",
            items.join("\n")
        ));
        let (name, version) = name.split_once('@').unwrap();
        made.push((format!("{name}/w{number}@{version}"), plain));
    }
    writer.random.shuffle(&mut parts);
    Written {
        text: format!("{docs}package {name};\n{}\n", parts.join("\n")),
        types,
        worlds: made,
    }
}

/// Three packages, each after those that it may use, as texts.
fn texts(random: &mut Random, loose: bool) -> Vec<(WitName, String)> {
    let (mut types, mut worlds) = (Vec::new(), Vec::new());
    let mut all = Vec::new();
    // What a package includes may say of itself that it is there since a later version than its own.
    for (name, version) in [
        ("acme:a", "2.0.0"),
        ("acme:b", "1.0.0"),
        ("acme:c", "1.1.0"),
    ] {
        let full = format!("{name}@{version}");
        let written = text(random, loose, &full, &types, &worlds);
        types.extend(written.types);
        worlds.extend(written.worlds);
        let mut written = written.text;
        if name == "acme:a" {
            written = written.replace("@since(version = 1.0.0)", "@since(version = 1.5.0)");
        }
        if random.one_in(4) {
            written = written.replace('\n', "\r\n");
        }
        all.push((
            wit_name(&name.parse().unwrap(), &version.parse().unwrap()),
            written,
        ));
    }
    all
}

fn seeds(count: u64) -> Range<u64> {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    match number("WARG_TEXT") {
        Some(seed) => seed..seed + 1,
        None => 0..number("WARG_TEXTS").unwrap_or(count),
    }
}

#[test]
fn what_is_printed_of_random_packages_is_published_as_the_same_bytes() {
    let (mut checked, mut all_of_them) = (0, 0);
    for seed in seeds(150) {
        let mut at_hand = AtHand::default();
        let all = texts(&mut Random::new(seed), false);
        for (name, text) in &all {
            let group = Group::parse(Path::new(&format!("{name}.wit")), text)
                .unwrap_or_else(|error| panic!("text {seed}: {error}\n{text}"));
            at_hand.give(group).unwrap();
        }
        for (name, text) in &all {
            all_of_them += 1;
            // A world may export what it imports otherwise, which the WIT library refuses.
            if let Ok(bytes) = encode(&at_hand, name) {
                let case = format!("text {seed}, {name}:\n{text}");
                check_round(&at_hand, name, &bytes, &case);
                checked += 1;
            }
        }
    }
    assert!(
        checked * 10 > all_of_them * 7,
        "{checked} of {all_of_them} texts can be published"
    );
}

/// What is wrong with texts for somebody who has enabled some features; nothing, if they can be parsed with all sets of them.
fn wrong_for_some(texts: &[String]) -> Option<String> {
    (0..1_u8 << FEATURES.len()).find_map(|set| {
        let enabled = (0..)
            .zip(FEATURES)
            .filter(|(place, _)| (set >> place) & 1 == 1);
        let features = enabled.map(|(_, feature)| feature.to_owned());
        let mut resolve = Resolve {
            features: features.collect(),
            ..Resolve::default()
        };
        let wrong = texts.iter().find_map(|text| {
            let result = resolve.push_source("a.wit", text);
            result.err().map(|error| resolve.render_error(&error))
        });
        wrong.map(|why| format!("{:?}: {why}", resolve.features))
    })
}

/// A package can be published just where everybody can parse its text, whatever features they enable, if the packages can that it
/// refers to; and then they can parse what is printed of it. Almost: what is printed has another order, and the parser gates a
/// type of another package by the first `use` of it.
#[test]
fn what_is_gated_is_published_just_where_all_can_parse_it() {
    let (mut published, mut refused, mut reordered) = (0, 0, 0);
    for seed in seeds(300) {
        let mut at_hand = AtHand::default();
        let all = texts(&mut Random::new(seed), true);
        for (name, text) in &all {
            let group = Group::parse(Path::new(&format!("{name}.wit")), text).unwrap();
            at_hand.give(group).unwrap();
        }
        let (mut sources, mut contents) = (Vec::new(), Vec::new());
        for (name, text) in &all {
            sources.push(text.clone());
            let case = format!("text {seed}, {name}:\n{text}");
            let wrong = wrong_for_some(&sources);
            let bytes = match encode(&at_hand, name) {
                Ok(bytes) => bytes,
                Err(PublishError::Text(error @ TextError::Gated { .. })) => {
                    assert!(wrong.is_some(), "{case}\nrefused: {error}");
                    refused += 1;
                    break;
                }
                // Wrong with all features.
                Err(_) => break,
            };
            assert_eq!(wrong, None, "{case}");
            contents.push(WitPackage::open(bytes.clone()).unwrap());
            let printed: Vec<_> = contents.iter().map(|one| print(&one.bytes)).collect();
            let wrong = wrong_for_some(&printed);
            let selected: Vec<_> = contents.iter().map(selected).collect();
            match check_alone(name, &selected, &[]) {
                Ok(()) => {
                    let printed = printed.join("\n");
                    assert_eq!(wrong, None, "{case}\nprinted:\n{printed}");
                    check_round(&at_hand, name, &bytes, &case);
                    published += 1;
                }
                Err(PlanError::Text(error @ TextError::Gated { .. })) => {
                    assert!(wrong.is_some(), "{case}\nrefused: {error}");
                    reordered += 1;
                    break;
                }
                Err(error) => panic!("{case}\n{error}"),
            }
        }
    }
    let counts = format!("{published} published, {refused} refused, {reordered} as printed");
    assert!(
        published * 4 > refused && refused * 4 > published,
        "{counts}"
    );
    assert!(reordered * 20 < published, "{counts}");
}
