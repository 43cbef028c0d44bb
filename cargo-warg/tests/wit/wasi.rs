//! The 60 package versions of WASI: imported, and written for each release.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use cargo_warg::wit::deps::apply;
use component::derived::derive;
use component::wit::binary::Decoded;
use component::wit::deps::{Lacking, PlanError};
use component::wit::import::Imported;
use transparency::content::Derived;
use transparency::name::PackageName;

use crate::import::read_deps_folder;
use crate::world::{Content, folder, planned, told, write};

/// Every package version of WASI, as an import reads it.
static WASI: LazyLock<Vec<Imported>> = LazyLock::new(|| {
    let folders = fixtures::wasi::folders().unwrap();
    folders
        .iter()
        .flat_map(|folder| read_deps_folder(folder).unwrap().packages)
        .collect()
});

fn wasi(name: &str, at: &str) -> Content {
    let found = WASI
        .iter()
        .find(|package| package.name.as_str() == name && package.version.to_string() == at);
    let package = found.unwrap_or_else(|| panic!("no {name}@{at}"));
    Content {
        name: package.name.clone(),
        version: package.version.clone(),
        bytes: package.bytes.clone(),
    }
}

fn wasi_release(at: &str) -> Vec<Content> {
    let names = [
        "cli",
        "clocks",
        "filesystem",
        "http",
        "io",
        "random",
        "sockets",
    ];
    names
        .into_iter()
        .filter(|name| *name != "io" || at.starts_with("0.2."))
        .map(|name| wasi(&format!("wasi:{name}"), at))
        .collect()
}

const OLD: [&str; 6] = ["0.2.0", "0.2.1", "0.2.3", "0.2.4", "0.2.6", "0.2.12"];

const NEW: [&str; 3] = ["0.3.0-rc-2025-09-16", "0.3.0", "0.3.2"];

#[test]
fn all_sixty_are_imported_in_dependency_order() {
    let all: BTreeSet<_> = WASI
        .iter()
        .map(|package| format!("{}@{}", package.name, package.version))
        .collect();
    assert_eq!((WASI.len(), all.len()), (60, 60), "{all:?}");
    for folder in fixtures::wasi::folders().unwrap() {
        let import = read_deps_folder(&folder).unwrap();
        assert!(import.skipped.is_empty(), "{:?}", import.skipped);
        let mut earlier: BTreeSet<PackageName> = BTreeSet::new();
        for package in import.packages {
            let requirements = package.requirements.unwrap();
            for requirement in &requirements {
                assert!(
                    earlier.contains(&requirement.name),
                    "{}@{} comes before {requirement}",
                    package.name,
                    package.version
                );
            }
            earlier.insert(package.name);
        }
    }
}

#[test]
fn requirements_are_what_the_texts_name() {
    let of = |name: &str, at: &str| -> Vec<String> {
        match derive(&wasi(name, at).bytes).unwrap() {
            Derived::Wit { requirements, .. } => {
                requirements.iter().map(ToString::to_string).collect()
            }
            Derived::Component { .. } => panic!("{name}@{at} is a component"),
        }
    };
    assert_eq!(of("wasi:io", "0.2.3"), [""; 0]);
    assert_eq!(of("wasi:clocks", "0.2.3"), ["wit wasi:io ^0.2.3"]);
    assert_eq!(
        of("wasi:http", "0.2.3"),
        [
            "wit wasi:cli ^0.2.3",
            "wit wasi:clocks ^0.2.3",
            "wit wasi:io ^0.2.3",
            "wit wasi:random ^0.2.3",
        ]
    );
    assert_eq!(
        of("wasi:filesystem", "0.3.0-rc-2025-09-16"),
        ["wit wasi:clocks =0.3.0-rc-2025-09-16"]
    );
}

#[test]
fn each_release_is_written_and_parses_with_and_without_features() {
    for at in OLD.iter().chain(&NEW) {
        let text = format!("package my:app;\nworld app {{ include wasi:cli/command@{at}; }}\n");
        let dir = folder(&[("wit/world.wit", &text)]);
        let release = wasi_release(at);
        let plan = planned(dir.path(), &release, &[])
            .unwrap_or_else(|error| panic!("{at}: {}", told(&error)));
        assert_eq!(plan.write.len(), release.len(), "{at}");
        apply(&plan).unwrap();
        for all_features in [false, true] {
            let mut resolve = wit_parser::Resolve {
                all_features,
                ..Default::default()
            };
            if let Err(error) = resolve.push_dir(dir.path().join("wit")) {
                panic!(
                    "{at}, all features {all_features}: {}",
                    resolve.render_error(&error)
                );
            }
        }
    }
}

/// The one thing that 0.2.0 lacks of what others use: `timezone`, unstable since 0.2.1.
fn lacks_timezone(cli: &str, clocks: &str) -> bool {
    clocks == "0.2.0" && cli != "0.2.0"
}

#[test]
fn references_move_up_and_down_within_0_2() {
    let mut counts = (0, 0);
    for moved in WASI.iter().filter(|package| package.version.minor == 2) {
        let at = moved.version.to_string();
        for others in OLD.into_iter().filter(|others| *others != at) {
            // One package of its release among all others of another.
            let mut set = wasi_release(others);
            set.retain(|content| content.name != moved.name);
            set.push(wasi(moved.name.as_str(), &at));
            let lacks = match moved.name.as_str() {
                "wasi:cli" => lacks_timezone(&at, others),
                "wasi:clocks" => lacks_timezone(others, &at),
                _ => false,
            };
            let case = format!("{}@{at} among {others}", moved.name);
            match planned(folder(&[]).path(), &set, &[]) {
                Ok(plan) if !lacks => counts.0 += plan.write.len(),
                Err(PlanError::Lacks {
                    what: Lacking::Interface(name),
                    ..
                }) if lacks => {
                    assert_eq!(name, "timezone", "{case}");
                    counts.1 += 1;
                }
                Ok(_) => panic!("{case}: nothing is lacking"),
                Err(error) => panic!("{case}: {}", told(&error)),
            }
        }
    }
    assert_eq!(counts, (7 * (7 * 6 * 5 - 10), 10));
}

#[test]
fn unstable_items_survive() {
    let clocks = wasi("wasi:clocks", "0.2.3");
    let text = Decoded::open(&clocks.bytes).unwrap().print().unwrap();
    for kept in [
        "@unstable(feature = clocks-timezone)",
        "interface timezone",
        "@since(version = 0.2.0)",
    ] {
        assert!(text.contains(kept), "{kept} in {text}");
    }
    assert!(text.contains("/// "), "documentation in {text}");
}

/// What a user's build does: the bindings of a world that includes `wasi:http/proxy` are generated and compiled.
#[test]
fn the_example_crate_compiles_with_what_was_written() {
    let app = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/app");
    let dir = folder(&[]);
    for file in ["Cargo.toml", "Cargo.lock", "src/lib.rs", "wit/world.wit"] {
        write(
            &dir.path().join(file),
            &fs::read_to_string(app.join(file)).unwrap(),
        );
    }
    apply(&planned(dir.path(), &wasi_release("0.2.3"), &[]).unwrap()).unwrap();
    let checked = std::process::Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--locked"])
        .current_dir(dir.path())
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("app"),
        )
        .output()
        .unwrap();
    assert!(
        checked.status.success(),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}

#[test]
fn old_and_new_lie_side_by_side() {
    let dir = folder(&[(
        "wit/world.wit",
        "package my:app;\nworld app { import wasi:http/types@0.2.3; import wasi:http/types@0.3.0; }\n",
    )]);
    let mut set = wasi_release("0.2.3");
    set.extend(wasi_release("0.3.0"));
    assert_eq!(planned(dir.path(), &set, &[]).unwrap().write.len(), 13);
}
