//! Bundles that run: components compiled from Rust, written as text, or shipped by a crate are published, locked and bundled
//! with the real binary, and wasmtime, which knows nothing of it, runs what comes out. What they ask of the host:
//! `bundles_host.rs`.

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use fixtures::guests::{Guests, Ran};
use fixtures::programs;
use serde_json::{Value, json};

use crate::support::{Project, Said, Sandbox, files, make_executable};
use crate::user::User;

/// The text of the interface `acme:words/counting`, as its author has it.
fn counting() -> String {
    let text = include_str!("../../fixtures/guests/words/wit/words.wit");
    let begin = text.find("interface counting").unwrap();
    text[begin..text.find("world words").unwrap()].to_owned()
}

/// A registry that the program made, a project that publishes into it and bundles, and what runs the bundles.
pub(crate) struct Workshop {
    pub(crate) guests: Guests,
    pub(crate) project: Project,
    /// The manifest before it says what is published or depended on.
    manifest: String,
    _sandbox: Sandbox,
}

impl Workshop {
    /// An empty one; none where guests were not built.
    pub(crate) fn open() -> Option<Self> {
        let guests = Guests::built()?;
        let sandbox = Sandbox::new();
        let project = sandbox.cargo_project("app", "");
        project.registry("acme", &["acme"]);
        let manifest = project.read("Cargo.toml");
        Some(Self {
            guests,
            project,
            manifest,
            _sandbox: sandbox,
        })
    }

    /// Lets the manifest say under which name is published, and what is required: lines of its table.
    pub(crate) fn describe(&self, package: &str, requires: &[&str]) {
        let lines = requires.join("\n");
        let manifest = format!(
            "{}\n[package.metadata.warg]\npackage = \"{package}\"\n\
             [package.metadata.warg.dependencies]\n{lines}\n",
            self.manifest
        );
        self.project.write("Cargo.toml", manifest);
    }

    /// Publishes a component.
    #[track_caller]
    pub(crate) fn publish(&self, release: &str, requires: &[&str], content: &[u8]) -> Said {
        let (package, _) = release.split_once('@').unwrap();
        self.describe(package, requires);
        self.project.write("published.wasm", content);
        let said = self
            .project
            .warg(&["publish", "published.wasm", "--as", release]);
        said.code(0).stderr_lacks("warning")
    }

    /// Locks and bundles a root with these requirements, and gives the bundle's file.
    #[track_caller]
    pub(crate) fn bundle(&self, requires: &[&str], root: &[u8]) -> PathBuf {
        self.describe("acme:app", requires);
        self.project.write("root.wasm", root);
        self.project.warg(&["lock"]).code(0);
        self.project
            .warg(&["bundle", "root.wasm", "-o", "app.wasm"])
            .code(0);
        self.project.path().join("app.wasm")
    }

    #[track_caller]
    pub(crate) fn run(&self, bundle: &Path, calls: &[(&str, Value)]) -> Ran {
        let ran = self.guests.run(bundle, calls);
        ran.unwrap_or_else(|error| panic!("{error}"))
    }
}

pub(crate) fn call(name: &str) -> (&str, Value) {
    (name, json!([]))
}

const LEFT: &str = "acme:both/steps@1.0.0#left";
const RIGHT: &str = "acme:both/steps@1.0.0#right";

/// Both sides of a diamond reach the same counter, whose state they share.
#[test]
fn a_diamond_has_one_instance() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:counter@1.2.0", &[], &programs::counter("1.2.0"));
    for (side, counter) in [("left", "1.0.0"), ("right", "1.2.0")] {
        let requires = format!("\"acme:counter\" = \"{counter}\"");
        let content = programs::side(side, counter);
        shop.publish(&format!("acme:{side}@1.0.0"), &[&requires], &content);
    }
    let bundle = shop.bundle(
        &["\"acme:left\" = \"1.0\"", "\"acme:right\" = \"1.0\""],
        &programs::both(),
    );
    let ran = shop.run(&bundle, &[call(LEFT), call(RIGHT), call(RIGHT), call(LEFT)]);
    assert_eq!(*ran.results(), json!([1, 2, 3, 4]));
    assert!(ran.imports().is_empty(), "{ran:?}");
    assert_eq!(ran.exports(), ["acme:both/steps@1.0.0"]);
}

/// Where the sides need versions that are not compatible, there are two counters, and each side has its own.
#[test]
fn two_tracks_are_two_instances() {
    let Some(shop) = Workshop::open() else { return };
    for (side, counter) in [("left", "1.2.0"), ("right", "2.0.0")] {
        let release = format!("acme:counter@{counter}");
        shop.publish(&release, &[], &programs::counter(counter));
        let requires = format!("\"acme:counter\" = \"{counter}\"");
        let content = programs::side(side, counter);
        shop.publish(&format!("acme:{side}@1.0.0"), &[&requires], &content);
    }
    let bundle = shop.bundle(
        &["\"acme:left\" = \"1.0\"", "\"acme:right\" = \"1.0\""],
        &programs::both(),
    );
    let ran = shop.run(&bundle, &[call(LEFT), call(RIGHT), call(RIGHT), call(LEFT)]);
    assert_eq!(*ran.results(), json!([1, 1, 2, 2]));
}

#[test]
fn a_chain_of_ten_hands_on_in_order() {
    let Some(shop) = Workshop::open() else { return };
    for number in (2..=10).rev() {
        let next = format!("\"acme:link-{}\" = \"1.0\"", number + 1);
        let requires: &[&str] = if number == 10 { &[] } else { &[&next] };
        let release = format!("acme:link-{number}@1.0.0");
        shop.publish(&release, requires, &programs::link(number, 10));
    }
    let bundle = shop.bundle(&["\"acme:link-2\" = \"1.0\""], &programs::link(1, 10));
    let ran = shop.run(
        &bundle,
        &[("acme:link-1/hand-on@1.0.0#hand-on", json!([7]))],
    );
    assert_eq!(*ran.results(), json!([programs::handed_on(7, 10)]));
}

/// What a compiler made, and what was written by hand, understand each other: strings, lists, records and results.
#[test]
fn a_consumer_in_text_has_a_provider_in_rust() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:words@1.0.0", &[], &shop.guests.words());
    let bundle = shop.bundle(&["\"acme:words\" = \"1.0\""], &programs::ask(&counting()));
    let most = "acme:ask/ask@1.0.0#most";
    let ran = shop.run(
        &bundle,
        &[
            (most, json!(["ein Wort, noch ein Wort, EIN"])),
            (most, json!(["…"])),
        ],
    );
    assert_eq!(*ran.results(), json!(["ein", "(refused)"]));
    assert!(ran.imports().is_empty(), "{ran:?}");
}

/// Two components in Rust, with a resource between them; the root prints through WASI.
#[test]
fn a_program_in_rust_prints() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:words@1.0.0", &[], &shop.guests.words());
    let said = shop.publish(
        "acme:report@1.0.0",
        &["\"acme:words\" = \"1.0\""],
        &shop.guests.report(),
    );
    said.stderr_contains("acme:report@1.0.0");
    let bundle = shop.bundle(&["\"acme:words\" = \"1.0\""], &shop.guests.report());
    let run = "wasi:cli/run@0.2.12#run";
    let ran = shop
        .guests
        .run_with(
            &bundle,
            &["to be, or not to be", "that is the question"],
            &[call(run)],
        )
        .unwrap();
    assert_eq!(ran.stdout(), "  2 be\n  2 to\n  1 is\n 10 in all\n");
    assert_eq!(*ran.results(), json!([{"ok": null}]));
    assert!(
        ran.imports()
            .iter()
            .all(|import| import.starts_with("wasi:")),
        "{ran:?}"
    );

    let ran = shop.guests.run_with(&bundle, &["?"], &[call(run)]).unwrap();
    assert_eq!(ran.stdout(), "refused: no word\n  0 in all\n");
    assert_eq!(*ran.results(), json!([{"err": null}]));
}

/// A resource that one part owns is lent by the root to another part, which knows it by the first part's interface.
#[test]
fn a_resource_goes_from_hand_to_hand() {
    let Some(shop) = Workshop::open() else { return };
    let words = "\"acme:words\" = \"1.0\"";
    shop.publish("acme:words@1.0.0", &[], &shop.guests.words());
    shop.publish("acme:tally@1.0.0", &[words], &programs::tally(&counting()));
    let root = programs::rank(&counting());
    let bundle = shop.bundle(&[words, "\"acme:tally\" = \"1.0\""], &root);
    let first = ("acme:rank/rank@1.0.0#first", json!(["a b c", "c d c"]));
    let ran = shop.run(&bundle, &[first]);
    assert_eq!(*ran.results(), json!(["c"]));
}

/// One interface of a part uses types of another interface of the same part.
#[test]
fn interfaces_of_a_part_share_types() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:pens@1.0.0", &[], &programs::pens());
    let bundle = shop.bundle(&["\"acme:pens\" = \"1.0\""], &programs::sketch());
    let ran = shop.run(
        &bundle,
        &[("acme:sketch/sketch@1.0.0#ink", json!([3, 4, 5]))],
    );
    assert_eq!(*ran.results(), json!([27]));
}

/// Functions without an interface are wired where the requirement says so.
#[test]
fn plain_names_are_wired() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:plain@1.0.0", &[], &programs::plain());
    let requires = "\"acme:plain\" = { version = \"1.0\", for = [\"double\"] }";
    let bundle = shop.bundle(&[requires], &programs::plainer());
    let ran = shop.run(&bundle, &[("quadruple", json!([5]))]);
    assert_eq!(*ran.results(), json!([20]));
}

/// A bundle is a component: it can be published, and be a part of another.
#[test]
fn a_bundle_is_a_part_of_a_bundle() {
    let Some(shop) = Workshop::open() else { return };
    for number in [3, 2] {
        let next = format!("\"acme:link-{}\" = \"1.0\"", number + 1);
        let requires: &[&str] = if number == 3 { &[] } else { &[&next] };
        let release = format!("acme:link-{number}@1.0.0");
        shop.publish(&release, requires, &programs::link(number, 3));
    }
    let inner = shop.bundle(&["\"acme:link-3\" = \"1.0\""], &programs::link(2, 3));
    let inner = std::fs::read(inner).unwrap();
    shop.publish("acme:link-2@1.1.0", &[], &inner);
    let bundle = shop.bundle(&["\"acme:link-2\" = \"1.1\""], &programs::link(1, 3));
    let ran = shop.run(
        &bundle,
        &[("acme:link-1/hand-on@1.0.0#hand-on", json!([7]))],
    );
    assert_eq!(*ran.results(), json!([programs::handed_on(7, 3)]));
    shop.project
        .warg(&["inspect", "app.wasm"])
        .code(0)
        .stderr_lacks("acme:link-3");
}

/// As a pipe, without a project's root: stdin to a file, by what the manifest requires.
#[test]
fn a_pipe_makes_what_a_file_makes() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:words@1.0.0", &[], &shop.guests.words());
    let requires = ["\"acme:words\" = \"1.0\""];
    let report = shop.guests.report();
    let bundle = std::fs::read(shop.bundle(&requires, &report)).unwrap();
    let piped = shop
        .project
        .warg_stdin(&report, &["bundle", "-", "-o", "piped.wasm"])
        .code(0);
    assert!(piped.stdout.is_empty(), "{piped}");
    let piped = std::fs::read(shop.project.path().join("piped.wasm")).unwrap();
    assert!(piped == bundle, "a pipe makes other bytes than a file");
    let again = shop
        .project
        .warg_stdin(&bundle, &["bundle", "-o", "again.wasm"])
        .code(0);
    let bytes = std::fs::read(shop.project.path().join("again.wasm")).unwrap();
    assert!(
        bytes == bundle,
        "a bundle of a bundle's root differs: {again}"
    );
}

/// A resource that a part owns leaves the bundle.
#[test]
fn a_root_gives_away_what_a_part_owns() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:words@1.0.0", &[], &shop.guests.words());
    let bundle = shop.bundle(&["\"acme:words\" = \"1.0\""], &programs::shop(&counting()));
    let ran = shop.run(&bundle, &[call("acme:shop/shop@1.0.0#open")]);
    assert_eq!(*ran.results(), json!(["resource"]));
}

/// Types in common come from a package that nobody implements, in two versions.
#[test]
fn types_of_two_versions_are_the_same() {
    let Some(shop) = Workshop::open() else { return };
    let versions = [("1.0.0", "1.0.0"), ("1.0.0", "1.1.0"), ("1.1.0", "1.0.0")];
    for (patch, (theirs, ours)) in versions.into_iter().enumerate() {
        let release = format!("acme:mover@1.0.{patch}");
        shop.publish(&release, &[], &programs::mover(theirs));
        let root = programs::walk(theirs, ours);
        let requires = format!("\"acme:mover\" = \"=1.0.{patch}\"");
        let bundle = shop.bundle(&[&requires], &root);
        let walk = ("acme:walk/walk@1.0.0#walk", json!([{"x": 4, "y": 2}]));
        let ran = shop.run(&bundle, &[walk]);
        assert_eq!(*ran.results(), json!([5]), "{theirs}, {ours}");
    }
}

/// Two packages have what one import wants: which is taken is the root's to say.
#[test]
fn the_root_redirects() {
    let Some(shop) = Workshop::open() else { return };
    shop.publish("acme:counter@1.0.0", &[], &programs::counter("1.0.0"));
    let by_ten = programs::counter_by(10, "1.0.0");
    shop.publish("acme:counter-by-ten@1.0.0", &[], &by_ten);
    let requires = [
        "\"acme:counter\" = \"1.0\"",
        "\"acme:counter-by-ten\" = \"1.0\"",
    ];
    let next = call("acme:root/step@1.0.0#step");
    for (wire, results) in [
        ("acme:counter", json!([1, 2])),
        ("acme:counter-by-ten", json!([10, 20])),
    ] {
        let wire =
            format!("[package.metadata.warg.wire]\n\"acme:counter/count@1.0.0\" = \"{wire}\"");
        let bundle = shop.bundle(
            &[requires[0], requires[1], &wire],
            &programs::side("root", "1.0.0"),
        );
        let ran = shop.run(&bundle, &[next.clone(), next.clone()]);
        assert_eq!(*ran.results(), results);
    }
}

/// The whole way: a program in Rust is published with its closed set and its bundle; a stranger, who has the policy alone,
/// verifies the release and the file, and what the registry holds is what runs.
#[test]
fn a_published_bundle_is_verified_and_runs() {
    let Some(shop) = Workshop::open() else { return };
    let requires = ["\"acme:words\" = \"1.0\""];
    shop.publish("acme:words@1.0.0", &[], &shop.guests.words());
    let report = shop.guests.report();
    let bundle = shop.bundle(&requires, &report);
    shop.describe("acme:report", &requires);
    shop.project.write("published.wasm", &report);
    shop.project.warg(&["lock"]).code(0);
    let release = [
        "publish",
        "published.wasm",
        "--as",
        "acme:report@1.0.0",
        "--bundle",
    ];
    shop.project.warg(&release).code(0);

    let stranger = shop.project.with_home(shop.project.path().join("stranger"));
    stranger.warg(&["verify", "acme:report@1.0.0"]).code(0);
    stranger.warg(&["verify", "app.wasm"]).code(0);
    let bytes = std::fs::read(&bundle).unwrap();
    let mut edited = bytes.clone();
    let start = edited
        .windows(10)
        .position(|window| window == b"refused: n")
        .unwrap();
    edited[start] = b'R';
    shop.project.write("edited.wasm", &edited);
    stranger.warg(&["verify", "edited.wasm"]).code(13);

    let registry = shop.project.path().join("../acme-registry/content");
    let held = files(&registry);
    let (held, _) = held
        .iter()
        .find(|(_, content)| {
            content.len() > report.len() && component::bundle::open(content).is_ok()
        })
        .unwrap();
    let run = "wasi:cli/run@0.2.12#run";
    let ran = shop
        .guests
        .run_with(&registry.join(held), &["a b a"], &[call(run)])
        .unwrap();
    assert_eq!(ran.stdout(), "  2 a\n  1 b\n  3 in all\n");
}

/// What stands in for `wasm-tools component new MODULE [-o FILE]`, which is not installed: the components were made before,
/// with the crate that it is made of, and lie beside it.
const WASM_TOOLS: &str = r#"#!/bin/sh
test "$1 $2" = "component new" || exit 2
made="$(dirname "$0")/$(basename "$3")"
if test "$4" = -o; then cp "$made" "$5"; else cat "$made"; fi
"#;

#[test]
fn the_page_runs_as_written() {
    let Some(guests) = Guests::built() else {
        return;
    };
    let clone = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = std::fs::read_to_string(clone.join("docs/running.md")).unwrap();
    let sandbox = Sandbox::new();
    let bin = sandbox.folder_project("bin");
    bin.write("wasm-tools", WASM_TOOLS);
    make_executable(&bin.path().join("wasm-tools"));
    bin.write("words.wasm", guests.words());
    bin.write("report.wasm", guests.report());
    symlink(clone.canonicalize().unwrap(), sandbox.join("cargo-warg")).unwrap();
    let tour = sandbox.folder_project("tour");
    let mut user = User::new(&sandbox.path(), "tour").with_programs(bin.path());
    let cache = guests.folder().parent().unwrap();
    std::fs::create_dir(sandbox.join("home/.cache")).unwrap();
    symlink(cache, sandbox.join("home/.cache/cargo-warg-fixtures")).unwrap();

    let lines: Vec<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("$ "))
        .collect();
    assert_eq!(lines.len(), 18, "{lines:#?}");
    let (last, lines) = lines.split_last().unwrap();
    for line in lines {
        user.line(line);
    }
    let ran = user.try_line(last).unwrap();
    let stdout = String::from_utf8(ran.stdout).unwrap();
    let said: Value = serde_json::from_str(&stdout)
        .unwrap_or_else(|_| panic!("{stdout}{}", String::from_utf8_lossy(&ran.stderr)));
    assert_eq!(said["stdout"], "  2 be\n  2 to\n  1 not\n  6 in all\n");
    assert!(tour.has("report/app.wasm"));
}
