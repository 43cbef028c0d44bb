//! Random worlds of folders: what `lock` says is fine, `fetch` can do.
//!
//! Members, projects and WIT packages in folders, patches, nested packages, `for` clauses and releases refer to one another,
//! now and then to what is not there. Whatever the world: where `lock` ends well, so do `lock --locked`, `fetch` and
//! `verify`; where it does not, none of them says that all is well.
//!
//! A world is its seed. `WARG_WORLDS=200` tries more, `WARG_WORLD=17` one.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use fixtures::random::Random;

use crate::story::Registry;
use crate::support::{Project, Sandbox};

const MEMBERS: usize = 3;
const FOLDERS: usize = 3;

/// What stands in each world's registry: `acme:t0` to `acme:t2` (WIT), each using the one before, and two components.
fn registry(sandbox: &Sandbox) -> Registry {
    let mut registry = Registry::new(sandbox, "acme", 9);
    for version in ["1.0.0", "1.1.0"] {
        for t in 0..3 {
            let (requires, uses, before) = match t {
                0 => (vec![], String::new(), String::new()),
                _ => (
                    vec![(format!("acme:t{}", t - 1), "^1.0.0")],
                    format!(
                        "use acme:t{}/i@1.0.0.{{x as before}}; g: func() -> before;",
                        t - 1
                    ),
                    format!(
                        "package acme:t{}@1.0.0 {{ interface i {{ type x = u32; }} }}\n",
                        t - 1
                    ),
                ),
            };
            let requires: Vec<_> = requires
                .iter()
                .map(|(name, req)| (name.as_str(), *req))
                .collect();
            let text = format!(
                "package acme:t{t}@{version};\ninterface i {{ type x = u32; {uses} }}\n{before}"
            );
            registry.wit_text(&format!("acme:t{t}"), version, &requires, &text);
        }
    }
    for c in 0..2 {
        let text = format!(
            "package acme:c{c}@1.0.0;\ninterface api {{ type x = u8; f: func() -> x; }}\nworld w {{ export api; }}\n"
        );
        registry.component(&format!("acme:c{c}"), "1.0.0", &[], &text);
    }
    registry
}

/// What a text may refer to, with what its manifest has to say for it.
struct Uses {
    imports: String,
    /// `use …;` within an interface.
    inside: String,
    components: BTreeSet<String>,
    wit: BTreeSet<String>,
}

impl Uses {
    fn new() -> Self {
        Self {
            imports: String::new(),
            inside: String::new(),
            components: BTreeSet::new(),
            wit: BTreeSet::new(),
        }
    }

    fn reference(&mut self, item: &str, random: &mut Random, number: usize) {
        if random.one_in(2) {
            let _ = write!(self.inside, " use {item}.{{x as x{number}}};");
        } else {
            let _ = writeln!(self.imports, "  import {item};");
        }
    }
}

/// References of member `m`: to releases, to folders, to members before it, and to the project outside.
fn uses(random: &mut Random, m: usize, t: &[&str; 3]) -> Uses {
    let mut uses = Uses::new();
    for number in 0..random.below(5) {
        match random.below(9) {
            0..=2 => {
                let of = random.below(3);
                let version = if random.one_in(12) { "1.7.0" } else { t[of] };
                uses.reference(&format!("acme:t{of}/i@{version}"), random, number);
            }
            3 | 4 => {
                let w = random.below(FOLDERS);
                uses.wit
                    .insert(format!("\"acme:w{w}\" = {{ path = \"../../w{w}\" }}"));
                let minor = if random.one_in(12) { 9 } else { w };
                if random.one_in(3) {
                    uses.reference(&format!("acme:deep{w}/i@1.0.0"), random, number);
                } else {
                    uses.reference(&format!("acme:w{w}/i@0.{minor}.0"), random, number);
                }
            }
            5 | 6 if m > 0 => {
                let other = random.below(m);
                let version = if random.one_in(12) { "0.9.0" } else { "0.1.0" };
                let gen_name = format!("acme:m{other}/gen@{version}");
                let clause = if random.one_in(3) {
                    format!(", for = [\"{gen_name}\"]")
                } else {
                    String::new()
                };
                if uses
                    .components
                    .iter()
                    .any(|one| one.starts_with(&format!("\"acme:m{other}\"")))
                {
                    continue;
                }
                uses.components.insert(format!(
                    "\"acme:m{other}\" = {{ path = \"../m{other}\"{clause} }}"
                ));
                uses.reference(&gen_name, random, number);
            }
            7 => {
                let c = random.below(2);
                uses.components.insert(format!("\"acme:c{c}\" = \"1\""));
                uses.reference(&format!("acme:c{c}/api@1.0.0"), random, number);
            }
            _ => {
                uses.components
                    .insert("\"acme:out\" = { path = \"../../out\", for = [\"acme:out/gen@0.1.0\", \"acme:hand/i@3.0.0\"] }".to_owned());
                let item = if random.one_in(2) {
                    "acme:out/gen@0.1.0"
                } else {
                    "acme:hand/i@3.0.0"
                };
                uses.reference(item, random, number);
            }
        }
    }
    uses
}

/// A crate's manifest and `wit/`.
fn write_crate(project: &Project, folder: &str, name: &str, uses: &Uses, random: &mut Random) {
    let list = |lines: &BTreeSet<String>| {
        lines
            .iter()
            .fold(String::new(), |all, line| all + line + "\n")
    };
    project.write(
        &format!("{folder}/Cargo.toml"),
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
             [package.metadata.warg]\npackage = \"acme:{name}\"\n\
             [package.metadata.warg.dependencies]\n{}\
             [package.metadata.warg.wit-dependencies]\n{}",
            list(&uses.components),
            list(&uses.wit)
        ),
    );
    project.write(&format!("{folder}/src/lib.rs"), "");
    let nested = if random.one_in(3) {
        format!("package acme:nested-{name}@0.4.0 {{ interface i {{ type x = u16; }} }}\n")
    } else {
        String::new()
    };
    let uses_nested = if nested.is_empty() {
        String::new()
    } else {
        format!(" use acme:nested-{name}/i@0.4.0.{{x as nested}};")
    };
    let export = if random.one_in(12) {
        ""
    } else {
        "  export gen;\n"
    };
    project.write(
        &format!("{folder}/wit/world.wit"),
        format!(
            "package acme:{name}@0.1.0;\n\
             interface types {{ type x = u64; }}\n\
             interface gen {{ use types.{{x}};{}{uses_nested} make: func() -> x; }}\n\
             world w {{\n{}{export}}}\n{nested}",
            uses.inside, uses.imports
        ),
    );
}

fn write_world(sandbox: &Sandbox, registry: &Registry, seed: u64) -> Project {
    let mut random = Random::new(seed);
    let names: Vec<_> = (0..MEMBERS).map(|m| format!("m{m}")).collect();
    let ws = sandbox.virtual_workspace(
        &format!("ws{seed}"),
        &names.iter().map(String::as_str).collect::<Vec<_>>(),
    );
    ws.append_to_manifest(&registry.configure(&ws));
    let around = ws.in_folder(sandbox.join(""));
    let pick = |random: &mut Random| if random.one_in(2) { "1.0.0" } else { "1.1.0" };
    for w in 0..FOLDERS {
        let mut uses = String::new();
        if random.one_in(2) {
            let _ = write!(
                uses,
                " use acme:t{}/i@{}.{{x as a}};",
                random.below(3),
                pick(&mut random)
            );
        }
        if w > 0 && random.one_in(2) {
            let _ = write!(uses, " use acme:w{}/i@0.{}.0.{{x as b}};", w - 1, w - 1);
        }
        // A member may refer to what is nested, whether the main package does or not.
        if random.one_in(3) {
            uses.push_str(" use acme:deep/i@1.0.0.{x as c};");
        }
        let nested = "package acme:deep@1.0.0 { interface i { type x = s8; } }\n";
        let nested = nested.replace("deep", &format!("deep{w}"));
        let uses = uses.replace("deep", &format!("deep{w}"));
        around.write(
            &format!("w{w}/w.wit"),
            format!("package acme:w{w}@0.{w}.0;\ninterface i {{ type x = u32;{uses} }}\n{nested}"),
        );
    }
    let t = [(); 3].map(|()| pick(&mut random));
    let outside = uses(&mut random, 0, &t);
    write_crate(
        &around,
        "out",
        "out",
        &Uses {
            components: BTreeSet::new(),
            wit: BTreeSet::new(),
            ..clean(&outside)
        },
        &mut random,
    );
    let exports = around.read("out/wit/world.wit");
    around.write(
        "out/wit/world.wit",
        exports.replace(
            "  export gen;\n",
            "  export gen;\n  export acme:hand/i@3.0.0;\n",
        ),
    );
    around.write(
        "out/wit/deps/hand/hand.wit",
        "package acme:hand@3.0.0;\ninterface i { type x = u8; }\n",
    );
    for (m, name) in names.iter().enumerate() {
        let uses = uses(&mut random, m, &t);
        write_crate(&ws, name, name, &uses, &mut random);
    }
    let mut patches = String::new();
    if random.one_in(3) {
        let version = pick(&mut random);
        around.write(
            "patched/t.wit",
            format!("package acme:t0@{version};\ninterface i {{ type x = u32; type y = u8; }}\n"),
        );
        patches.push_str("\"acme:t0\" = { path = \"../patched\" }\n");
    }
    if random.one_in(3) {
        write_crate(&around, "c0", "c0", &Uses::new(), &mut random);
        around.write(
            "c0/Cargo.toml",
            around.read("c0/Cargo.toml").replace("0.1.0", "1.2.0"),
        );
        around.write(
            "c0/wit/world.wit",
            "package acme:c0@1.0.0;\ninterface api { type x = u8; f: func() -> x; }\nworld w { export api; }\n",
        );
        patches.push_str("\"acme:c0\" = { path = \"../c0\" }\n");
    }
    if !patches.is_empty() {
        ws.append_to_manifest(&format!("[workspace.metadata.warg.patch]\n{patches}"));
    }
    ws
}

/// Only the references that need nothing in a manifest: of the project outside.
fn clean(uses: &Uses) -> Uses {
    let keep = |line: &&str| line.contains("acme:t") || line.trim().is_empty();
    let imports = uses
        .imports
        .lines()
        .filter(keep)
        .map(|line| format!("{line}\n"));
    let used = uses.inside.split_inclusive(';').filter(keep);
    Uses {
        imports: imports.collect(),
        inside: used.collect(),
        components: BTreeSet::new(),
        wit: BTreeSet::new(),
    }
}

#[test]
fn what_lock_says_is_fine_fetch_can_do() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|text| text.parse::<u64>().ok())
    };
    let seeds: Vec<u64> = match number("WARG_WORLD") {
        Some(seed) => vec![seed],
        None => (0..number("WARG_WORLDS").unwrap_or(12)).collect(),
    };
    let all = seeds.len();
    let mut good = 0;
    for seed in seeds {
        let sandbox = Sandbox::new();
        let registry = registry(&sandbox);
        let ws = write_world(&sandbox, &registry, seed);
        let name = || format!("world {seed}");
        let locked = ws.warg(&["lock"]);
        if locked.code != Some(0) {
            assert!(
                matches!(locked.code, Some(11 | 101)),
                "{}: {}",
                name(),
                locked.stderr
            );
            for command in [&["lock", "--locked"][..], &["fetch"], &["verify"]] {
                let said = ws.warg(command);
                assert_ne!(
                    said.code,
                    Some(0),
                    "{}: {command:?}: {}",
                    name(),
                    said.stderr
                );
            }
            continue;
        }
        good += 1;
        for command in [
            &["lock", "--locked"][..],
            &["fetch", "--locked"],
            &["verify"],
        ] {
            let said = ws.warg(command);
            assert_eq!(
                said.code,
                Some(0),
                "{}: {command:?}: {}",
                name(),
                said.stderr
            );
        }
        let again = ws.warg(&["fetch", "--locked"]);
        assert!(
            !again.stderr.contains("Wrote"),
            "{}: {}",
            name(),
            again.stderr
        );
    }
    assert!(
        all == 1 || good * 3 >= all,
        "only {good} of {all} worlds can be locked"
    );
}
