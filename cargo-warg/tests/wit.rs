//! WIT packages through all that happens to them: published, imported, fetched, compared; on the 60 package versions
//! of WASI and on small texts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cargo_warg::error::Classify as _;
use cargo_warg::error::Error;
use cargo_warg::wit::deps::{apply, compare, plan};
use cargo_warg::wit::publish::Texts;
use cargo_warg::wit::root;
use component::content::{ContentError, Interface, kind_of};
use component::derived::derive;
use component::wit::at_hand::AtHand;
use component::wit::binary::{BinaryError, Decoded, Refusal};
use component::wit::deps::{Difference, Lacking, Plan, PlanError};
use component::wit::exports::{self, ExportsError};
use component::wit::import::{Imported, declared};
use component::wit::publish::{Package, PublishError};
use component::wit::root::{Root, RootError};
use component::wit::selected::Form;
use component::wit::selected::Selected;
use component::wit::text::MARK;
use component::wit::text::TextError;
use fixtures::component::{from_wit, wit_package};
use semver::Version;
use transparency::content::Derived;
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use upstream::tree::{ImportError, Tree};
use wit_parser::PackageName as WitName;

/// A folder with these files, gone when dropped.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(&dir.path().join(path), text);
    }
    dir
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn version(text: &str) -> Version {
    text.parse().unwrap()
}

/// The chain of an error, as a user reads it.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// A package version and its content, as a closed set would hold it.
#[derive(Clone)]
struct Content {
    name: PackageName,
    version: Version,
    bytes: Vec<u8>,
}

impl Content {
    fn wit(text: &str) -> Self {
        let Package {
            name,
            version,
            bytes,
            ..
        } = Package::open(wit_package(text)).unwrap();
        Self {
            name,
            version,
            bytes,
        }
    }

    fn component(name: &str, at: &str, text: &str, world: &str) -> Self {
        Self {
            name: name.parse().unwrap(),
            version: version(at),
            bytes: from_wit(text, world),
        }
    }

    fn selected(&self) -> Selected<'_> {
        Selected {
            name: &self.name,
            version: &self.version,
            digest: Digest::of(&self.bytes),
            form: Form::Binary(&self.bytes),
        }
    }
}

fn planned(dir: &Path, wit: &[Content], components: &[Content]) -> Result<Plan, PlanError> {
    let wit: Vec<_> = wit.iter().map(Content::selected).collect();
    let components: Vec<_> = components.iter().map(Content::selected).collect();
    plan(&root::read(&dir.join("wit")).unwrap(), &wit, &components)
}

fn paths(files: &BTreeMap<PathBuf, String>) -> Vec<&str> {
    files.keys().map(|path| path.to_str().unwrap()).collect()
}

/// What a tree of folders holds by itself, without any registry.
#[derive(Debug)]
struct Import {
    packages: Vec<Imported>,
    skipped: Vec<Skipped>,
}

/// A file, folder or package that was left out.
#[derive(Debug)]
struct Skipped {
    path: PathBuf,
    why: Error,
}

/// The content of a package of texts that no registry has anything for.
fn encode(at_hand: &AtHand, name: &WitName) -> Result<Vec<u8>, PublishError> {
    let needs = at_hand.needs(name, |_| Ok::<_, PublishError>(false))?;
    let mut contents = at_hand.encode(name, &needs, &[])?;
    contents.remove(name).unwrap()
}

fn read_deps_folder(dir: &Path) -> Result<Import, ImportError> {
    let tree = Tree::read(&[dir.to_owned()])?;
    let mut packages = Vec::new();
    let mut skipped = Vec::new();
    for name in tree.in_order() {
        let first = tree.at_hand.text_of(name);
        let twins = tree.twins.iter();
        let twins = twins.filter(|twin| twin.names().any(|one| one == name));
        for text in first.into_iter().chain(twins) {
            let (path, at_hand) = (text.path().to_owned(), tree.at_hand.instead(text));
            let imported = declared(name)
                .and_then(|_| encode(&at_hand, name))
                .and_then(|bytes| Imported::open(bytes, &path));
            match imported {
                Ok(imported) => packages.push(imported),
                Err(why) => skipped.push(Skipped {
                    path,
                    why: Error::classified(why.declared_in(at_hand.text_of(name), name)),
                }),
            }
        }
    }
    skipped.extend(tree.skipped.into_iter().map(|skipped| Skipped {
        path: skipped.path,
        why: Error::classified(skipped.why),
    }));
    Ok(Import { packages, skipped })
}

/// The package of a `wit/` folder or of one `.wit` file, by the texts that lie there alone.
fn read_package(path: &Path) -> Result<Package, PublishError> {
    let Texts { text, beside } = Texts::read(path)?;
    let name = text.name().clone();
    let mut at_hand = AtHand::default();
    at_hand.give(text)?;
    for text in beside {
        at_hand.put_beside(text)?;
    }
    let package = encode(&at_hand, &name).and_then(Package::open);
    package.map_err(|error| error.declared_in(at_hand.given().get(&name), &name))
}

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

mod wasi_packages {
    use super::*;

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
}

mod roots {
    use super::*;

    fn pins(root: &Root) -> Vec<String> {
        let references = root.references();
        let mut seen = BTreeSet::new();
        references
            .iter()
            .map(|reference| root.pin(reference).unwrap())
            .filter(|pin| seen.insert((pin.name.clone(), pin.version.clone())))
            .map(|pin| {
                let place = pin.location.as_ref().unwrap();
                let file = place.file().file_name().unwrap().to_str().unwrap();
                format!(
                    "{}@{} {file}:{}:{}",
                    pin.name,
                    pin.version,
                    place.line(),
                    place.column()
                )
            })
            .collect()
    }

    #[test]
    fn a_missing_folder_asks_for_nothing() {
        let dir = folder(&[]);
        let root = root::read(&dir.path().join("wit")).unwrap();
        assert_eq!(pins(&root), [""; 0]);
        assert!(root.locals().is_empty());
    }

    #[test]
    fn every_version_named_is_a_pin_at_its_first_place() {
        let dir = folder(&[
            (
                "wit/a.wit",
                "package my:app@1.0.0;\n\nworld app {\n  include wasi:http/proxy@0.2.3;\n  import wasi:io/poll@0.2.6;\n}\n",
            ),
            (
                "wit/b.wit",
                "interface i {\n  use wasi:http/types@0.2.3.{method};\n}\n",
            ),
        ]);
        let root = root::read(&dir.path().join("wit")).unwrap();
        assert_eq!(
            pins(&root),
            ["wasi:http@0.2.3 a.wit:4:21", "wasi:io@0.2.6 a.wit:5:18"]
        );
    }

    #[test]
    fn local_packages_serve_their_version_and_pin_what_they_use() {
        let dir = folder(&[
            (
                "wit/world.wit",
                "package my:app;\nworld app { import acme:clock/now@1.0.0; import my:types/t@0.1.0; import my:bare/b; }\npackage my:types@0.1.0 { interface t { use acme:units/u@2.0.0.{second}; } }\n",
            ),
            (
                "wit/deps/clock/clock.wit",
                "package acme:clock@1.0.0;\ninterface now { use wasi:clocks/wall-clock@0.2.3.{datetime}; now: func() -> datetime; }\n",
            ),
            ("wit/deps/bare.wit", "package my:bare;\ninterface b {}\n"),
            (
                "wit/deps/wasi-io-0.2.3/package.wit",
                &format!("package wasi:io@0.2.3;\n{MARK}00\n"),
            ),
            ("wit/deps/notes.txt", "no WIT"),
            ("wit/deps/empty/readme.md", "no WIT"),
        ]);
        let root = root::read(&dir.path().join("wit")).unwrap();
        assert_eq!(
            pins(&root),
            [
                "acme:units@2.0.0 world.wit:3:55",
                "wasi:clocks@0.2.3 clock.wit:2:33"
            ]
        );
        let locals: Vec<_> = root
            .locals()
            .iter()
            .map(|local| local.package.to_string())
            .collect();
        assert_eq!(locals, ["acme:clock@1.0.0", "my:bare", "my:types@0.1.0"]);
        assert_eq!(root.fetched().iter().collect::<Vec<_>>(), ["wasi-io-0.2.3"]);
    }

    #[test]
    fn a_local_package_may_be_binary() {
        let dir = folder(&[(
            "wit/world.wit",
            "package my:app;\nworld app { import acme:units/u@2.0.0; }\n",
        )]);
        fs::create_dir_all(dir.path().join("wit/deps")).unwrap();
        let units = wit_package("package acme:units@2.0.0; interface u { type second = u32; }");
        fs::write(dir.path().join("wit/deps/units.wasm"), units).unwrap();
        let root = root::read(&dir.path().join("wit")).unwrap();
        assert_eq!(pins(&root), [""; 0]);
        assert_eq!(planned(dir.path(), &[], &[]).unwrap().write.len(), 0);
    }

    #[test]
    fn a_reference_without_version_needs_a_local_package() {
        let dir = folder(&[(
            "wit/world.wit",
            "package my:app;\nworld app {\n  import wasi:io/poll;\n}\n",
        )]);
        let root = root::read(&dir.path().join("wit")).unwrap();
        let error = root.pin(&root.references()[0]).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, RootError::Unversioned { .. }), "{text}");
        assert!(
            text.starts_with("`wasi:io/poll` names no version"),
            "{text}"
        );
        let help = error.help().unwrap();
        assert!(help.starts_with("write `wasi:io/poll@VERSION`"), "{help}");
        let place = error.annotations()[0].location.below(dir.path());
        assert_eq!(place.to_string(), "wit/world.wit:3:18");

        for (place, text) in [
            (
                "wit/deps/wasi-io-0.2.3/package.wit",
                format!("package wasi:io@0.2.3;\n{MARK}00\n"),
            ),
            (
                "wit/deps/io.wit",
                "package wasi:io@0.2.3;\ninterface poll {}\n".to_owned(),
            ),
        ] {
            let dir = folder(&[
                (
                    "wit/world.wit",
                    "package my:app;\nworld app { import wasi:io/poll; }\n",
                ),
                (place, &text),
            ]);
            let root = root::read(&dir.path().join("wit")).unwrap();
            let help = root.pin(&root.references()[0]).unwrap_err().help().unwrap();
            assert!(help.starts_with("write `wasi:io/poll@0.2.3`:"), "{help}");
        }
    }

    #[test]
    fn one_package_version_in_two_folders_is_an_error_that_names_both() {
        let io = "package wasi:io@0.2.3;\ninterface poll {}\n";
        let fetched = format!("{io}{MARK}00\n");
        let cases: [[(&str, &str); 2]; 4] = [
            [("wit/deps/a/io.wit", io), ("wit/deps/b/io.wit", io)],
            [("wit/deps/a.wit", io), ("wit/deps/b/io.wit", io)],
            [
                ("wit/deps/a/io.wit", io),
                ("wit/deps/wasi-io-0.2.3/package.wit", &fetched),
            ],
            [
                ("wit/deps/z/io.wit", io),
                ("wit/deps/wasi-io-0.2.3/package.wit", &fetched),
            ],
        ];
        for case in cases {
            let dir = folder(&case);
            match root::read(&dir.path().join("wit")) {
                Err(RootError::Text(TextError::Duplicate {
                    package,
                    first,
                    second,
                    ..
                })) => {
                    assert_eq!(package, "wasi:io@0.2.3");
                    let found: BTreeSet<_> = [first, second].into();
                    let expected = case.map(|(path, _)| {
                        let path = dir.path().join(path);
                        let in_folder = path.parent().unwrap() != dir.path().join("wit/deps");
                        if in_folder {
                            path.parent().unwrap().to_owned()
                        } else {
                            path
                        }
                    });
                    assert_eq!(found, expected.into(), "{case:?}");
                }
                other => panic!("{case:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_does_not_parse_is_shown_with_its_place() {
        let dir = folder(&[(
            "wit/world.wit",
            "package my:app;\nworld app {\n  imprt x;\n}\n",
        )]);
        let error = root::read(&dir.path().join("wit")).unwrap_err();
        let [place] = error.annotations().try_into().unwrap();
        let place = place.location.below(dir.path());
        assert_eq!(place.to_string(), "wit/world.wit:3:3");
        assert_eq!(&place.text()[place.span()], "imprt");
        assert!(error.to_string().starts_with("expected"), "{error}");
    }
}

mod publishing {
    use super::*;

    fn refused(text: &str) -> Refusal {
        match Package::open(wit_package(text)) {
            Err(PublishError::Refused { why, .. }) => *why,
            other => panic!("{text}: {other:?}"),
        }
    }

    #[test]
    fn a_folder_becomes_a_package_with_requirements() {
        let dir = folder(&[
            (
                "wit/api.wit",
                "package acme:logger@1.2.0;\ninterface api { use wasi:io/streams@0.2.3.{output-stream}; use acme:level/l@0.3.0-rc.1.{level}; log: func(to: borrow<output-stream>, at: level); }\n",
            ),
            (
                "wit/deps/io/streams.wit",
                "package wasi:io@0.2.3;\ninterface streams { use error.{error}; resource output-stream; }\n",
            ),
            (
                "wit/deps/io/error.wit",
                "interface error { resource error; }\n",
            ),
            (
                "wit/deps/level.wit",
                "package acme:level@0.3.0-rc.1;\ninterface l { use acme:deep/d@9.0.0.{d}; type level = d; }\n",
            ),
            (
                "wit/deps/deep.wit",
                "package acme:deep@9.0.0;\ninterface d { type d = u32; }\n",
            ),
            (
                "wit/deps/broken-but-unused.wit",
                "package a:b;\ninterface i { use c:d/e.{f}; }\n",
            ),
        ]);
        let package = read_package(&dir.path().join("wit")).unwrap();
        assert_eq!(package.name.as_str(), "acme:logger");
        assert_eq!(package.version, version("1.2.0"));
        let requirements: Vec<_> = package
            .requirements
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(
            requirements,
            ["wit acme:level =0.3.0-rc.1", "wit wasi:io ^0.2.3"]
        );
        assert_eq!(kind_of(&package.bytes).unwrap(), Kind::Wit);

        let beside = read_package(&dir.path().join("wit/deps/level.wit")).unwrap();
        let requirements: Vec<_> = beside
            .requirements
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(requirements, ["wit acme:deep ^9.0.0"]);
    }

    #[test]
    fn encoding_is_the_same_twice_and_wherever_the_files_were_written() {
        let files = [
            (
                "wit/a.wit",
                "package acme:logger@1.2.0;\ninterface a { @unstable(feature = q) use b.{t}; use wasi:io/s@0.2.3.{x}; }\n",
            ),
            (
                "wit/b.wit",
                "/// B.\ninterface b { @unstable(feature = q) type t = u8; }\n",
            ),
            ("wit/c.wit", "world c { import a; export b; }\n"),
            (
                "wit/deps/io/s.wit",
                "package wasi:io@0.2.3;\ninterface s { type x = u8; }\n",
            ),
        ];
        let mut backwards = files;
        backwards.reverse();
        let (one, two) = (folder(&files), folder(&backwards));
        let bytes = |dir: &tempfile::TempDir| read_package(&dir.path().join("wit")).unwrap().bytes;
        assert_eq!(bytes(&one), bytes(&one));
        assert_eq!(bytes(&one), bytes(&two));
    }

    #[test]
    fn each_refusal_says_what_is_wrong() {
        let own = refused(
            "package a:b@0.2.4; interface i { use a:b/j@0.2.3.{t}; } package a:b@0.2.3 { interface j { type t = u8; } }",
        );
        assert!(matches!(&own, Refusal::Itself { .. }), "{own:?}");
        let two = refused(
            "package a:b@1.0.0; interface i { use c:d/j@0.2.3.{t}; use c:d/j@0.2.6.{t as u}; } \
             package c:d@0.2.3 { interface j { type t = u8; } } package c:d@0.2.6 { interface j { type t = u8; } }",
        );
        assert_eq!(
            two.to_string(),
            "it refers to two versions of one track: `c:d@0.2.3` and `c:d@0.2.6`"
        );
        let bare = refused(
            "package a:b@1.0.0; interface i { use c:d/j.{t}; } package c:d { interface j { type t = u8; } }",
        );
        assert_eq!(bare.to_string(), "it refers to `c:d/j` without a version");
        let none = refused("package a:b; interface i {}");
        assert_eq!(none.to_string(), "`a:b` has no version");
        let name = refused(&format!(
            "package a:{}@1.0.0; interface i {{}}",
            "b".repeat(65)
        ));
        assert!(matches!(&name, Refusal::Name(_)), "{name:?}");
        // Two tracks side by side are what a bridge between them needs.
        let bridge = Package::open(wit_package(
            "package a:b@1.0.0; interface i { use c:d/j@0.2.3.{t}; use c:d/j@0.3.0.{t as u}; } \
             package c:d@0.2.3 { interface j { type t = u8; } } package c:d@0.3.0 { interface j { type t = u8; } }",
        ));
        assert_eq!(bridge.unwrap().requirements.len(), 2);
    }

    /// Types of which each is the one before, or the one behind.
    fn chain(length: usize, backward: bool) -> String {
        let alias = |at: usize| format!("type t{at:x}=t{:x};", at - 1);
        let aliases: String = if backward {
            (1..length).rev().map(alias).collect()
        } else {
            (1..length).map(alias).collect()
        };
        format!(
            "package my:chain@1.0.0;interface i{{{aliases}type t0=u8;f:func(x:t{:x})->t{:x};}}world w{{export i;}}",
            length - 1,
            length - 1
        )
    }

    #[test]
    fn a_chain_of_types_as_long_as_a_text_may_be_ends_no_process() {
        for backward in [false, true] {
            let dir = folder(&[("wit/chain.wit", &chain(30_000, backward))]);
            let package = read_package(&dir.path().join("wit")).unwrap();
            Decoded::open(&package.bytes).unwrap().print().unwrap();

            let text = chain(59_500, backward);
            assert!(text.len() > 1_000_000);
            write(&dir.path().join("wit/chain.wit"), &text);
            assert!(root::read(&dir.path().join("wit")).is_ok());
            // It decodes; its text is longer once it is printed.
            let error = told(&read_package(&dir.path().join("wit")).unwrap_err());
            assert!(error.contains("package.wit is larger than"), "{error}");
        }
    }

    #[test]
    fn all_texts_of_a_folder_together_have_a_limit() {
        let half = format!("package my:text@1.0.0;\n// {}", " ".repeat(600_000));
        let dir = folder(&[("wit/a.wit", &half)]);
        assert!(root::read(&dir.path().join("wit")).is_ok());
        write(&dir.path().join("wit/b.wit"), &half);
        let error = told(&root::read(&dir.path().join("wit")).unwrap_err());
        assert!(error.contains("wit is larger than 1048576"), "{error}");
    }

    #[test]
    fn a_binary_has_a_limit_too() {
        let mut bytes = wit_package("package my:types@1.0.0; interface i { type t = u8; }");
        let custom_section = [0, 2, 1, b'x'];
        bytes.extend(custom_section.repeat(1 << 20));
        assert_eq!(kind_of(&bytes).unwrap(), Kind::Wit);
        let error = Decoded::open(&bytes).unwrap_err();
        assert!(matches!(error, BinaryError::TooLarge), "{error:?}");
    }

    #[test]
    fn what_is_not_there_is_said_with_its_place() {
        let dir = folder(&[(
            "wit/api.wit",
            "package acme:logger@1.2.0;\ninterface api {\n  use wasi:io/streams@0.2.3.{output-stream};\n}\n",
        )]);
        let error = read_package(&dir.path().join("wit")).unwrap_err();
        let [place] = error.annotations().try_into().unwrap();
        let place = place.location.below(dir.path());
        assert_eq!(place.to_string(), "wit/api.wit:3:7");
        assert!(
            error
                .to_string()
                .contains("package 'wasi:io@0.2.3' not found"),
            "{error}"
        );
        let empty = folder(&[("wit/readme.md", "")]);
        let error = read_package(&empty.path().join("wit")).unwrap_err();
        assert!(matches!(error, PublishError::Empty { .. }), "{error:?}");
    }
}

mod importing {
    use super::*;

    #[test]
    fn flat_files_folders_and_nested_packages_are_all_found() {
        let dir = folder(&[
            (
                "flat-a.wit",
                "package x:a@1.0.0;\ninterface i { use x:b/i@1.0.0.{t}; }\n",
            ),
            (
                "flat-b.wit",
                "package x:b@1.0.0;\ninterface i { type t = u8; }\npackage x:nested@1.0.0 { interface n {} }\n",
            ),
            (
                "http-0.2.3/one.wit",
                "package x:http@0.2.3;\ninterface one { use x:a/i@1.0.0.{t}; }\n",
            ),
            ("http-0.2.3/two.wit", "interface two {}\n"),
            ("app/wit/world.wit", "package x:app;\nworld w {}\n"),
            (
                "app/wit/deps/b/b.wit",
                "package x:b@1.0.0;\ninterface i { type t = u8; }\npackage x:nested@1.0.0 { interface n {} }\n",
            ),
        ]);
        let import = read_deps_folder(dir.path()).unwrap();
        let found: Vec<_> = import
            .packages
            .iter()
            .map(|package| format!("{}@{}", package.name, package.version))
            .collect();
        assert_eq!(
            found,
            ["x:b@1.0.0", "x:nested@1.0.0", "x:a@1.0.0", "x:http@0.2.3"]
        );
        let skipped: Vec<_> = import
            .skipped
            .iter()
            .filter_map(|skipped| skipped.why.chain().next())
            .collect();
        assert_eq!(skipped, ["`x:app` has no version"]);
    }

    #[test]
    fn what_publishing_refuses_is_kept_with_its_reason() {
        let dir = folder(&[
            (
                "old.wit",
                "package x:a@0.2.3;\ninterface i { type t = u8; }\n",
            ),
            (
                "new.wit",
                "package x:a@0.2.4;\ninterface j { use x:a/i@0.2.3.{t}; }\n",
            ),
        ]);
        let import = read_deps_folder(dir.path()).unwrap();
        assert_eq!(import.packages.len(), 2);
        let new = &import.packages[1];
        assert_eq!(new.version, version("0.2.4"));
        assert_eq!(kind_of(&new.bytes).unwrap(), Kind::Wit);
        let reason = new.requirements.as_ref().unwrap_err().to_string();
        assert_eq!(
            reason,
            "it refers to `x:a@0.2.3`, which is of its own track"
        );
    }

    #[test]
    fn two_texts_for_one_version_are_both_read_and_a_folder_of_none_is_an_error() {
        let two = folder(&[
            ("a/a.wit", "package x:a@1.0.0;\ninterface i {}\n"),
            ("b/a.wit", "package x:a@1.0.0;\ninterface j {}\n"),
        ]);
        let import = read_deps_folder(two.path()).unwrap();
        assert!(import.skipped.is_empty(), "{:?}", import.skipped);
        let paths = import.packages.iter();
        let paths: Vec<_> = paths.map(|one| one.path.file_name().unwrap()).collect();
        assert_eq!(paths, ["a", "b"]);
        let error = read_deps_folder(folder(&[]).path())
            .unwrap_err()
            .to_string();
        assert!(error.ends_with("holds no WIT package"), "{error}");
    }

    /// What is left out of a folder, by the end of its place, in ascending order; and the names of what is not.
    fn read(files: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
        let dir = folder(files);
        let import = read_deps_folder(dir.path()).unwrap();
        let place = |skipped: &Skipped| {
            let place = skipped.why.annotations().next();
            let place = place.map(|place| place.location.clone());
            let place = place.map_or_else(
                || skipped.path.display().to_string(),
                |place| place.to_string(),
            );
            let place = place.replace(&format!("{}/", dir.path().display()), "");
            let why: Vec<_> = skipped.why.chain().collect();
            format!("{place}: {}", why.join(": "))
        };
        let mut skipped: Vec<_> = import.skipped.iter().map(place).collect();
        skipped.sort();
        let found = import.packages.iter();
        (skipped, found.map(|one| one.name.to_string()).collect())
    }

    const GOOD: (&str, &str) = ("good/g.wit", "package x:good@1.0.0;\ninterface i {}\n");

    #[test]
    fn one_bad_package_is_left_out_with_its_place_and_the_others_are_not() {
        let (skipped, found) = read(&[
            GOOD,
            ("empty/e.wit", "// nothing\npackage x:empty@1.0.0;\n"),
            ("none/n.wit", "package x:none;\n"),
            ("name/n.wit", "package x:KEB-ab@1.0.0;\ninterface i {}\n"),
            ("word/w.wit", "package x:word@1.0.0;\ninterfce i {}\n"),
            (
                "root/r.wit",
                "package x:root@1.0.0;\npackage x:nested@1.0.0 { interface i {} }\n",
            ),
            (
                "user/u.wit",
                "package x:user@1.0.0;\ninterface i { use x:gone/i@1.0.0.{t}; }\n",
            ),
        ]);
        assert_eq!(found, ["x:good", "x:nested"]);
        assert_eq!(
            skipped,
            [
                "empty/e.wit:2:9: `x:empty@1.0.0` holds no interface and no world",
                "name/n.wit:1:9: `x:KEB-ab` is not a package name: expected `namespace:name`, each in lower-case words \
                 joined by `-`, at most 64 bytes",
                "none/n.wit:1:9: `x:none` has no version",
                "root/r.wit:1:9: `x:root@1.0.0` holds no interface and no world",
                "user/u.wit:2:19: package 'x:gone@1.0.0' not found. known packages:\n    x:user@1.0.0",
                "word/w.wit:2:1: expected `world`, `interface` or `use`, found an identifier",
            ]
        );
    }

    #[test]
    fn packages_in_a_circle_are_left_out_with_their_places() {
        let (skipped, found) = read(&[
            GOOD,
            (
                "a.wit",
                "package x:a@1.0.0;\ninterface i { use x:b/i@1.0.0.{t}; }\n",
            ),
            (
                "b.wit",
                "package x:b@1.0.0;\ninterface i { use x:a/i@1.0.0.{t}; }\n",
            ),
        ]);
        assert_eq!(found, ["x:good"]);
        assert_eq!(skipped.len(), 2, "{skipped:?}");
        for line in &skipped {
            assert!(
                line.contains(".wit:2:") && line.contains("dependency cycle"),
                "{line}"
            );
        }
    }

    #[test]
    fn what_is_wrong_with_a_package_of_several_files_is_not_hidden_by_reading_each_alone() {
        let text = "package x:a@1.0.0;\ninterface i {}\n";
        let (skipped, found) = read(&[GOOD, ("a/one.wit", text), ("a/two.wit", text)]);
        assert_eq!(found, ["x:good"]);
        assert_eq!(skipped.len(), 1, "{skipped:?}");
        assert!(skipped[0].contains("duplicate item"), "{skipped:?}");
    }

    #[test]
    fn a_deps_within_a_folder_of_a_deps_is_not_read() {
        let (skipped, found) = read(&[
            ("wit/a.wit", "package x:a@1.0.0;\ninterface i {}\n"),
            ("wit/deps/b/b.wit", "package x:b@1.0.0;\ninterface i {}\n"),
            (
                "wit/deps/b/deps/c/c.wit",
                "package x:c@1.0.0;\ninterface i {}\n",
            ),
            (
                "wit/deps/b/deps/b.wit",
                "package x:b@1.0.0;\ninterface other {}\n",
            ),
        ]);
        assert_eq!(
            (skipped, found),
            (vec![], vec!["x:a".to_owned(), "x:b".to_owned()])
        );
    }
}

/// A logger whose exported types use WASI's streams, and that imports a clock for itself.
const LOGGER: &str = "
    package acme:logger@1.2.0;
    interface api { use wasi:io/streams@0.2.3.{output-stream}; log: func(to: borrow<output-stream>); }
    interface internal { tick: func(); }
    world logger { import acme:clock/now@1.0.0; import internal; export api; }
    package acme:clock@1.0.0 { interface now { now: func() -> u64; } }
    package wasi:io@0.2.3 {
        interface error { resource error; }
        interface streams { use error.{error}; resource output-stream { last: func() -> error; } }
    }";
const IO: &str = "package wasi:io@0.2.3;
    interface error { resource error; }
    interface poll { resource pollable; }
    interface streams { use error.{error}; resource output-stream { last: func() -> error; } resource input-stream; }";

fn logger() -> Content {
    Content::component("acme:logger", "1.2.0", LOGGER, "logger")
}

mod fetching {
    use super::*;

    fn units(at: &str, types: &str) -> Content {
        Content::wit(&format!(
            "package acme:units@{at}; interface u {{ {types} }} world w {{}}"
        ))
    }

    fn user(of: &str) -> Content {
        Content::wit(&format!(
            "package acme:user@1.0.0; interface i {{ use acme:units/u@{of}.{{second, hour}}; }} \
             package acme:units@{of} {{ interface u {{ type second = u32; type hour = u32; }} }}"
        ))
    }

    #[test]
    fn references_are_set_to_what_is_selected() {
        let dir = folder(&[]);
        let set = [
            units("0.2.6", "type second = u32; type hour = u32;"),
            user("0.2.3"),
        ];
        let plan = planned(dir.path(), &set, &[]).unwrap();
        let text = &plan.write[Path::new("deps/acme-user-1.0.0/package.wit")];
        assert!(
            text.ends_with(&format!(
                "\n// cargo warg: from {}\n",
                Digest::of(&set[1].bytes)
            )),
            "{text}"
        );
        assert!(
            text.contains("use acme:units/u@0.2.6.{second, hour};"),
            "{text}"
        );
    }

    #[test]
    fn a_selected_version_that_lacks_a_type_is_named_with_its_user() {
        let set = [units("0.2.6", "type second = u32;"), user("0.2.3")];
        let error = planned(folder(&[]).path(), &set, &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`acme:user@1.0.0` uses the type `hour` of the interface `u` of `acme:units@0.2.6`, which has no such type"
        );
        let set = [
            Content::wit("package acme:units@0.2.6; interface other {}"),
            user("0.2.3"),
        ];
        let error = planned(folder(&[]).path(), &set, &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`acme:user@1.0.0` uses the interface `u` of `acme:units@0.2.6`, which has no such interface"
        );
        let error = planned(folder(&[]).path(), &[user("0.2.3")], &[]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`acme:user@1.0.0` refers to `acme:units@0.2.3`, of which no version is selected"
        );
    }

    #[test]
    fn a_local_package_is_never_written_and_serves_the_others() {
        let dir = folder(&[(
            "wit/deps/mine/units.wit",
            "package acme:units@0.2.6;\ninterface u { type second = u32; type hour = u32; }\n",
        )]);
        let set = [
            units("0.2.6", "type second = u32; type hour = u32;"),
            user("0.2.3"),
        ];
        for set in [&set[..], &set[1..]] {
            let plan = planned(dir.path(), set, &[]).unwrap();
            let all = plan.write.len() + plan.keep.len();
            let user = Path::new("deps/acme-user-1.0.0/package.wit");
            let text = plan
                .write
                .get(user)
                .or_else(|| plan.keep.get(user))
                .unwrap();
            assert!(all == 1 && text.contains("acme:units/u@0.2.6"), "{plan:?}");
            apply(&plan).unwrap();
        }
        let plan = planned(dir.path(), &[], &[]).unwrap();
        assert_eq!(plan.remove.len(), 1, "only what fetch wrote");
        apply(&plan).unwrap();
        assert!(dir.path().join("wit/deps/mine/units.wit").is_file());
        assert!(!dir.path().join("wit/deps/acme-user-1.0.0").exists());
    }

    #[test]
    fn a_folder_with_other_texts_is_not_written_into() {
        let other = "package my:text@1.0.0;\ninterface i {}\n";
        let ours = format!("package acme:units@1.0.0;\n{MARK}00\n");
        let cases = [
            vec![("wit/deps/acme-units-1.0.0/mine.wit", other)],
            vec![("wit/deps/acme-units-1.0.0/package.wit", other)],
            vec![
                ("wit/deps/acme-units-1.0.0/package.wit", ours.as_str()),
                ("wit/deps/acme-units-1.0.0/mine.wit", other),
            ],
        ];
        for files in cases {
            let dir = folder(&files);
            let error = planned(dir.path(), &[units("1.0.0", "")], &[]).unwrap_err();
            assert!(
                matches!(error, PlanError::Occupied { .. }),
                "{files:?}: {error:?}"
            );
        }
    }

    #[test]
    fn the_wit_of_a_components_exports_can_be_imported() {
        let dir = folder(&[(
            "wit/world.wit",
            "package my:app;\nworld app { import acme:logger/api@1.2.0; }\n",
        )]);
        let plan = planned(dir.path(), &[], &[logger()]).unwrap();
        assert_eq!(
            paths(&plan.write),
            [
                "deps/acme-logger-1.2.0/package.wit",
                "deps/wasi-io-0.2.3/package.wit"
            ],
            "what it merely imports is the host's affair"
        );
        let text = &plan.write[Path::new("deps/acme-logger-1.2.0/package.wit")];
        assert!(
            text.contains("interface api") && !text.contains("internal"),
            "{text}"
        );
        assert!(
            text.contains("use wasi:io/streams@0.2.3.{output-stream};"),
            "{text}"
        );
    }

    #[test]
    fn a_selected_or_local_package_serves_what_a_component_uses_at_that_version() {
        let dir = folder(&[]);
        let plan = planned(dir.path(), &[Content::wit(IO)], &[logger()]).unwrap();
        let io = &plan.write[Path::new("deps/wasi-io-0.2.3/package.wit")];
        assert!(
            io.contains("interface poll"),
            "the selected package, whole: {io}"
        );

        let newer = Content::wit(&IO.replace("0.2.3", "0.2.6"));
        let plan = planned(dir.path(), &[newer], &[logger()]).unwrap();
        assert_eq!(
            paths(&plan.write),
            [
                "deps/acme-logger-1.2.0/package.wit",
                "deps/wasi-io-0.2.3/package.wit",
                "deps/wasi-io-0.2.6/package.wit"
            ]
        );

        let lacking =
            Content::wit("package wasi:io@0.2.3; interface streams { resource input-stream; }");
        match planned(dir.path(), &[lacking], &[logger()]) {
            Err(PlanError::Lacks {
                user,
                provider,
                what: Lacking::Type { interface, name },
            }) => {
                let found = [user, provider, interface, name];
                assert_eq!(
                    found,
                    [
                        "acme:logger@1.2.0",
                        "wasi:io@0.2.3",
                        "streams",
                        "output-stream"
                    ]
                );
            }
            other => panic!("{other:?}"),
        }

        let local = folder(&[("wit/deps/io.wit", IO)]);
        let plan = planned(local.path(), &[], &[logger()]).unwrap();
        assert_eq!(paths(&plan.write), ["deps/acme-logger-1.2.0/package.wit"]);
    }

    #[test]
    fn two_components_share_what_both_use() {
        let reader = Content::component(
            "acme:reader",
            "2.0.0",
            "package acme:reader@2.0.0;
             interface api { use wasi:io/streams@0.2.3.{input-stream}; read: func(of: input-stream) -> u8; }
             world reader { export api; }
             package wasi:io@0.2.3 { interface streams { resource input-stream; } }",
            "reader",
        );
        let text = "package my:app;\nworld app { import acme:logger/api@1.2.0; import acme:reader/api@2.0.0; }\n";
        let mut written = Vec::new();
        for components in [[logger(), reader.clone()], [reader, logger()]] {
            let dir = folder(&[("wit/world.wit", text)]);
            let plan = planned(dir.path(), &[], &components).unwrap();
            assert_eq!(plan.write.len(), 3);
            let io = &plan.write[Path::new("deps/wasi-io-0.2.3/package.wit")];
            assert!(
                io.contains("input-stream") && io.contains("output-stream"),
                "{io}"
            );
            let mark = io.lines().last().unwrap();
            assert_eq!(mark.matches("sha256:").count(), 2, "{mark}");
            written.push(plan.write);
        }
        assert_eq!(written[0], written[1], "in whichever order they come");
    }

    #[test]
    fn components_that_contradict_each_other_are_named() {
        let uses = |name: &str, size: &str| {
            let text = format!(
                "package {name}@1.0.0;
                 interface api {{ use acme:units/u@1.0.0.{{second}}; wait: func(of: second); }}
                 world w {{ export api; }}
                 package acme:units@1.0.0 {{ interface u {{ type second = {size}; }} }}"
            );
            Content::component(name, "1.0.0", &text, "w")
        };
        let components = [uses("acme:one", "u32"), uses("acme:two", "u64")];
        let error = planned(folder(&[]).path(), &[], &components).unwrap_err();
        assert_eq!(
            error.to_string(),
            "`acme:two@1.0.0` holds another `acme:units/u@1.0.0` than the components before it"
        );
    }

    /// A component whose API uses a package that uses another, at a version.
    fn using(name: &str, version: &str, ty: &str) -> Content {
        let text = format!(
            "package {name}@1.0.0;
             interface api {{ use acme:units/u@1.0.0.{{span}}; wait: func(of: span); }}
             world w {{ export api; }}
             package acme:units@1.0.0 {{
               interface u {{ use acme:base/b@{version}.{{second}}; record span {{ of: second }} }}
             }}
             package acme:base@{version} {{ interface b {{ type second = {ty}; }} }}"
        );
        Content::component(name, "1.0.0", &text, "w")
    }

    /// No text can say it: `p` uses `q`, which uses `p`, by interfaces that do not.
    #[test]
    fn packages_that_use_each_other_in_a_circle_are_refused_and_not_followed() {
        let bytes = wat::parse_str(
            r#"(component
              (import "p:p/l@1.0.0" (instance $l (export "t" (type (sub resource)))))
              (alias export $l "t" (type $t))
              (import "q:q/k@1.0.0" (instance $k
                (alias outer 1 $t (type $t0))
                (export "t" (type (eq $t0)))))
              (alias export $k "t" (type $kt))
              (import "p:p/i@1.0.0" (instance $i
                (alias outer 1 $kt (type $x0))
                (export "t" (type $x1 (eq $x0)))
                (type $b (borrow $x1))
                (export "f" (func (param "x" $b)))))
              (export "p:p/i@1.0.0" (instance $i)))"#,
        )
        .unwrap();
        let dir = folder(&[]);
        let (name, version) = ("acme:x".parse().unwrap(), version("1.0.0"));
        let component = Selected {
            name: &name,
            version: &version,
            digest: Digest::of(&bytes),
            form: Form::Binary(&bytes),
        };
        let root = root::read(&dir.path().join("wit")).unwrap();
        assert!(matches!(
            plan(&root, &[], &[component]),
            Err(PlanError::Exports(ExportsError::Content { .. }))
        ));
    }

    #[test]
    fn where_components_use_two_versions_of_a_track_the_higher_counts() {
        let [low, high] = ["1.0.0", "1.1.0"];
        for (one, two) in [(low, high), (high, low)] {
            let components = [using("acme:one", one, "u32"), using("acme:two", two, "u32")];
            let plan = planned(folder(&[]).path(), &[], &components).unwrap();
            assert_eq!(
                paths(&plan.write),
                [
                    "deps/acme-base-1.1.0/package.wit",
                    "deps/acme-one-1.0.0/package.wit",
                    "deps/acme-two-1.0.0/package.wit",
                    "deps/acme-units-1.0.0/package.wit"
                ]
            );
            let units = &plan.write[Path::new("deps/acme-units-1.0.0/package.wit")];
            assert!(units.contains("acme:base/b@1.1.0"), "{units}");
        }
        let components = [
            using("acme:one", "1.0.0", "u32"),
            using("acme:two", "2.0.0", "u32"),
        ];
        let error = planned(folder(&[]).path(), &[], &components).unwrap_err();
        assert!(
            error.to_string().contains("another `acme:units/u@1.0.0`"),
            "{error}"
        );
    }

    #[test]
    fn what_is_selected_or_local_is_not_compared_with_what_components_hold() {
        let components = [
            using("acme:one", "1.0.0", "u32"),
            using("acme:two", "1.0.0", "u64"),
        ];
        assert!(planned(folder(&[]).path(), &[], &components).is_err());
        let units = "package acme:units@1.0.0;
                     interface u { use acme:base/b@1.0.0.{second}; record span { of: second } }";
        let base = "package acme:base@1.0.0; interface b { type second = u32; }";
        let nested = base.replace("1.0.0;", "1.0.0 {") + "}";
        let wit = [
            Content::wit(base),
            Content::wit(&format!("{units}\n{nested}")),
        ];
        let plan = planned(folder(&[]).path(), &wit, &components).unwrap();
        assert_eq!(plan.write.len(), 4);
        let local = folder(&[("wit/deps/units.wit", units), ("wit/deps/base.wit", base)]);
        let plan = planned(local.path(), &[], &components).unwrap();
        assert_eq!(plan.write.len(), 2);
    }

    #[test]
    fn what_a_component_merely_imports_contradicts_no_other() {
        let importing = Content::component(
            "acme:one",
            "1.0.0",
            "package acme:one@1.0.0;
             interface api { go: func(); }
             world w { import acme:units/u@1.0.0; export api; }
             package acme:units@1.0.0 { interface u { type second = string; now: func(a: u8) -> second; } }",
            "w",
        );
        let exporting = Content::component(
            "acme:two",
            "1.0.0",
            "package acme:two@1.0.0;
             world w { export acme:units/u@1.0.0; }
             package acme:units@1.0.0 { interface u { type second = u64; now: func() -> second; } }",
            "w",
        );
        let plan = planned(folder(&[]).path(), &[], &[importing, exporting]).unwrap();
        assert_eq!(
            paths(&plan.write),
            [
                "deps/acme-one-1.0.0/package.wit",
                "deps/acme-units-1.0.0/package.wit"
            ]
        );
        let units = &plan.write[Path::new("deps/acme-units-1.0.0/package.wit")];
        assert!(units.contains("type second = u64;"), "{units}");
    }

    /// All of these are valid components.
    #[test]
    fn exports_without_wit_are_an_error_and_no_crash() {
        let cases = [
            // The decoder panics on this one.
            "(component (import \"a:b/c\" (func)) (export \"x:y/z\" (func 0)))",
            "(component (import \"a\" (type $t (sub resource))) (export \"b\" (type $t)))",
            "(component (import \"c:d/e\" (instance (export \"a\" (type (sub resource))))) (export \"g:h/i\" (instance 0)))",
            "(component (import \"x\" (component)) (export \"g\" (component 0)))",
        ];
        for text in cases {
            let component = Content {
                name: "acme:odd".parse().unwrap(),
                version: version("1.0.0"),
                bytes: wat::parse_str(text).unwrap(),
            };
            Interface::of_component(&component.bytes).unwrap();
            let error = exports::check(&component.selected()).unwrap_err();
            assert!(
                matches!(error, ExportsError::Content { .. }),
                "{text}: {error:?}"
            );
            assert!(
                planned(folder(&[]).path(), &[], &[component]).is_err(),
                "{text}"
            );
        }
        exports::check(&logger().selected()).unwrap();
    }

    #[test]
    fn a_second_run_writes_nothing_and_a_smaller_set_removes_what_is_left_over() {
        let dir = folder(&[(
            "wit/world.wit",
            "package my:app;\nworld app { import acme:units/u@1.0.0; }\n",
        )]);
        let both = [units("1.0.0", "type second = u32;"), units("2.0.0", "")];
        let plan = planned(dir.path(), &both, &[]).unwrap();
        apply(&plan).unwrap();
        let path = dir.path().join("wit/deps/acme-units-1.0.0/package.wit");
        let before = fs::metadata(&path).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let ordinary = fs::metadata(dir.path().join("wit/world.wit")).unwrap();
            assert_eq!(before.permissions().mode(), ordinary.permissions().mode());
        }

        let again = planned(dir.path(), &both, &[]).unwrap();
        assert_eq!(
            (again.write.len(), again.keep.len(), again.remove.len()),
            (0, 2, 0)
        );
        apply(&again).unwrap();
        assert_eq!(
            fs::metadata(&path).unwrap().modified().unwrap(),
            before.modified().unwrap()
        );

        let fewer = planned(dir.path(), &both[..1], &[]).unwrap();
        apply(&fewer).unwrap();
        assert!(!dir.path().join("wit/deps/acme-units-2.0.0").exists());
        let left: Vec<_> = fs::read_dir(dir.path().join("wit")).unwrap().collect();
        assert_eq!(left.len(), 2, "no temporary file is left: {left:?}");
    }

    #[test]
    fn two_at_once_both_succeed() {
        let set = [units("1.0.0", ""), units("2.0.0", ""), units("3.0.0", "")];
        for _ in 0..50 {
            let dir = folder(&[]);
            fs::create_dir(dir.path().join("wit")).unwrap();
            let plan = planned(dir.path(), &set, &[]).unwrap();
            std::thread::scope(|scope| {
                let both = [scope.spawn(|| apply(&plan)), scope.spawn(|| apply(&plan))];
                for one in both {
                    one.join().unwrap().unwrap();
                }
            });
            let again = planned(dir.path(), &set, &[]).unwrap();
            assert_eq!((again.write.len(), again.keep.len()), (0, 3));
            let left: Vec<_> = fs::read_dir(dir.path().join("wit")).unwrap().collect();
            assert_eq!(left.len(), 1, "no temporary file is left: {left:?}");
        }
    }

    #[test]
    fn what_a_killed_run_left_is_filled_or_removed() {
        let remnants: [&[&str]; 3] = [&[], &["package.wit"], &[".cargo-warg-abcdef"]];
        for remnant in remnants {
            let dir = folder(&[]);
            let deps = dir.path().join("wit/deps");
            for place in ["acme-units-1.0.0", "acme-units-2.0.0"] {
                fs::create_dir_all(deps.join(place)).unwrap();
                for file in remnant {
                    write(&deps.join(place).join(file), "");
                }
            }
            let set = [units("1.0.0", "")];
            let plan = planned(dir.path(), &set, &[]).unwrap();
            let root = root::read(&dir.path().join("wit")).unwrap();
            assert_eq!(compare(&root, &plan).unwrap().len(), 2, "{remnant:?}");
            apply(&plan).unwrap();
            let filled = fs::read(deps.join("acme-units-1.0.0/package.wit")).unwrap();
            let filled = String::from_utf8(filled).unwrap();
            let last = filled.lines().last().unwrap();
            assert!(last.starts_with(MARK), "{remnant:?}");
            assert!(!deps.join("acme-units-2.0.0").exists(), "{remnant:?}");
            let again = planned(dir.path(), &set, &[]).unwrap();
            assert_eq!((again.write.len(), again.remove.len()), (0, 0));
        }
    }

    #[test]
    fn a_folder_with_a_users_own_files_is_no_remnant() {
        for file in ["README.md", "types.wit"] {
            let dir = folder(&[
                ("wit/deps/mine/package.wit", ""),
                (&format!("wit/deps/mine/{file}"), "package my:types;\n"),
            ]);
            if file == "types.wit" {
                let plan = planned(dir.path(), &[], &[]).unwrap();
                assert_eq!(plan.remove.len(), 0);
                apply(&plan).unwrap();
            } else {
                assert!(root::read(&dir.path().join("wit")).is_err(), "no package");
            }
            assert!(dir.path().join("wit/deps/mine/package.wit").exists());
        }
    }

    #[test]
    fn a_fetched_folder_with_a_users_file_beside_keeps_that() {
        let dir = folder(&[("wit/deps/acme-units-2.0.0/NOTES", "mine")]);
        apply(&planned(dir.path(), &[units("2.0.0", "")], &[]).unwrap()).unwrap();
        apply(&planned(dir.path(), &[], &[]).unwrap()).unwrap();
        let left: Vec<_> = fs::read_dir(dir.path().join("wit/deps/acme-units-2.0.0"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        assert_eq!(left, ["NOTES"]);
    }

    #[test]
    fn comparing_sees_meaning_and_not_layout() {
        let dir = folder(&[]);
        let set = [units("1.0.0", "type second = u32;"), units("2.0.0", "")];
        let differences = |set: &[Content]| {
            let root = root::read(&dir.path().join("wit")).unwrap();
            let plan = planned(dir.path(), set, &[]).unwrap();
            compare(&root, &plan).unwrap()
        };
        let file = PathBuf::from("deps/acme-units-1.0.0/package.wit");
        assert_eq!(differences(&set[..1]), [Difference::Missing(file.clone())]);
        apply(&planned(dir.path(), &set, &[]).unwrap()).unwrap();
        assert_eq!(differences(&set), []);

        let path = dir.path().join("wit").join(&file);
        let text = fs::read_to_string(&path).unwrap();
        write(&path, &text.replace("  type", "  // a comment\n\ttype"));
        assert_eq!(differences(&set), [], "layout and comments");
        write(&path, &text.replace("u32", "u64"));
        assert_eq!(
            differences(&set),
            [Difference::Changed(file.clone())],
            "a type"
        );
        write(&path, &format!("nonsense\n{MARK}00\n"));
        assert_eq!(
            differences(&set),
            [Difference::Changed(file.clone())],
            "no WIT"
        );
        let nested = format!("package evil:x {{ interface i {{}} }}\n{MARK}");
        write(&path, &text.replace(MARK, &nested));
        assert_eq!(
            differences(&set),
            [Difference::Changed(file.clone())],
            "a package more"
        );
        let (before, _) = text.split_once(MARK).unwrap();
        let hex = "0".repeat(64);
        write(&path, &format!("{before}{MARK}{hex}\n"));
        assert_eq!(differences(&set), [], "the same, whatever it is from");
        write(
            &path,
            &format!("{}{MARK}{hex}\n", before.replace("u32", "u64")),
        );
        assert_eq!(
            differences(&set),
            [Difference::Behind(file.clone())],
            "printed from another content, it says"
        );
        write(&path, &text);
        let other = PathBuf::from("deps/acme-units-2.0.0/package.wit");
        assert_eq!(differences(&set[..1]), [Difference::Stale(other)]);
    }
}

mod contents {
    use super::*;

    #[test]
    fn a_component_says_what_it_imports_and_exports() {
        let component = logger();
        let Interface { imports, exports } = Interface::of_component(&component.bytes).unwrap();
        let names = |names: BTreeSet<transparency::name::ExternName>| -> Vec<String> {
            names.iter().map(ToString::to_string).collect()
        };
        assert_eq!(
            names(imports),
            [
                "acme:clock/now@1.0.0",
                "acme:logger/internal@1.2.0",
                "wasi:io/error@0.2.3",
                "wasi:io/streams@0.2.3"
            ]
        );
        assert_eq!(names(exports), ["acme:logger/api@1.2.0"]);
        assert_eq!(component.bytes, logger().bytes, "made twice, the same");
    }

    #[test]
    fn names_inside_of_a_component_are_not_its_own() {
        let bytes = wat::parse_str(
            "(component
                (import \"run\" (func))
                (component (import \"inner:a/b\" (instance)) (export \"c\" (instance 0)))
                (core module (import \"x\" \"y\" (func)))
                (export \"go\" (func 0)))",
        )
        .unwrap();
        let Interface { imports, exports } = Interface::of_component(&bytes).unwrap();
        let all: Vec<_> = imports
            .iter()
            .chain(&exports)
            .map(ToString::to_string)
            .collect();
        assert_eq!(all, ["run", "go"]);
    }

    #[test]
    fn anything_else_is_told_apart() {
        let module = wat::parse_str("(module)").unwrap();
        assert!(matches!(kind_of(&module), Err(ContentError::Module)));
        assert!(matches!(
            kind_of(b"package a:b;"),
            Err(ContentError::WitText)
        ));
        assert!(matches!(kind_of(b"hello"), Err(ContentError::NotWasm)));
        assert!(matches!(kind_of(b""), Err(ContentError::NotWasm)));
        let wit = wit_package(IO);
        assert!(matches!(
            Interface::of_component(&wit),
            Err(ContentError::WitPackage)
        ));
        let component = logger().bytes;
        let error = Decoded::open(&component).unwrap_err().to_string();
        assert_eq!(error, "a component, not a WIT package");
        let unsound = wat::parse_str("(component (export \"a\" (func 0)))");
        let error = Interface::of_component(&unsound.unwrap()).unwrap_err();
        assert!(matches!(error, ContentError::Invalid { .. }), "{error}");
        let world =
            wat::parse_str("(component (type $t (component)) (export \"t\" (type $t)))").unwrap();
        assert!(derive(&world).is_err(), "a type that is no WIT");
    }

    #[test]
    fn names_that_the_component_model_no_longer_has_are_refused() {
        let bytes =
            wat::parse_str("(component (import \"unlocked-dep=<a:b@*>\" (instance)))").unwrap();
        assert!(matches!(
            Interface::of_component(&bytes),
            Err(ContentError::OldName { package: Some(package), .. }) if package.as_str() == "a:b"
        ));
    }

    #[test]
    fn a_component_in_an_encoding_of_before_is_told_so() {
        let old = b"\0asm\x0c\0\x01\0";
        let error = Interface::of_component(old).unwrap_err();
        assert!(error.to_string().contains("encoding 12"), "{error}");
    }

    #[test]
    fn a_message_of_the_validator_shows_nothing_of_its_insides() {
        let two = "(component (import \"a\" (type $a (sub resource))) (import \"b\" (type $b (sub resource)))
            (component $c (import \"x\" (type $x (sub resource))) (import \"y\" (func (param \"p\" (own $x)))))
            (import \"f\" (func $f (param \"p\" (own $b))))
            (instance (instantiate $c (with \"x\" (type $a)) (with \"y\" (func $f)))))";
        let error = Interface::of_component(&wat::parse_str(two).unwrap()).unwrap_err();
        let said = error.to_string();
        assert!(said.contains("resource types are not the same"), "{said}");
        assert!(!said.contains('{'), "{said}");
    }

    /// Every cut and every flipped byte gives an error or another content, and never a panic that escapes.
    #[test]
    fn damaged_contents_never_panic() {
        let wit = wit_package(IO);
        let component = logger().bytes;
        let mut refused = 0;
        for bytes in [&wit, &component] {
            for end in 0..bytes.len() {
                refused += u32::from(derive(&bytes[..end]).is_err());
            }
            for place in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[place] ^= 0x10;
                refused += u32::from(derive(&damaged).is_err());
            }
        }
        assert!(refused > 1000, "{refused}");
    }
}
