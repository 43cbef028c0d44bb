//! One or a few inputs for each target, made by what writes the format.

use std::collections::{BTreeMap, BTreeSet};

use component::bundle::{Composition, FORMAT, Part as BundlePart, Wiring, compose, open};
use fixtures::component::{from_wit, wit_package};
use fixtures::world::World;
use registry::trust::{NewsRead, TrustStore};
use resolver::Lockfile;
use resolver::lockfile::{LockedPackage, LockedRelease, Root, SOLVER};
use resolver::problem::{Mode, Options};
use transparency::cosignature::cosign;
use transparency::digest::{Digest, Hash};
use transparency::key::{Algorithm, SigningKey};
use transparency::log::{InclusionProof, VerifiedTiles};
use transparency::misbehavior::{CommittedMap, LoggedRecord, Misbehavior};
use transparency::note::Note;
use transparency::number::{Index, Size, Time};
use transparency::record::Subject;
use transparency::tile::{Part, Tile};

/// The name of a target, and an input.
type Seed = (&'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let mut seeds = Vec::new();
    words(&mut seeds);
    versions(&mut seeds);
    registry(&mut seeds);
    policies(&mut seeds);
    stories(&mut seeds);
    locks(&mut seeds);
    evidence(&mut seeds);
    own_files(&mut seeds);
    manifests(&mut seeds);
    contents(&mut seeds);
    bundles(&mut seeds);
    upstreams(&mut seeds);
    seeds
}

fn key(name: &str, algorithm: Algorithm, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, algorithm, [seed; 32]).unwrap()
}

fn words(seeds: &mut Vec<Seed>) {
    let secret = key("acme/ci", Algorithm::Ed25519, 7);
    let hash = Hash::of_leaf(b"a record");
    for word in [
        "0".to_owned(),
        "18446744073709551615".to_owned(),
        "2026-11-22T20:06:00Z".to_owned(),
        "2024-02-29T23:59:59Z".to_owned(),
        "9999-12-30T22:00:00Z".to_owned(),
        "253402207200".to_owned(),
        hash.to_string(),
        hash.base64(),
        "acme".to_owned(),
        "acme:logger-2".to_owned(),
        "registry.example/components".to_owned(),
        "component".to_owned(),
        "wit".to_owned(),
        "operator".to_owned(),
        "wasi:io/streams@0.2.3".to_owned(),
        "acme:logger/api@1.0.0-rc.1".to_owned(),
        "run".to_owned(),
        secret.verifying_key().to_string(),
        secret.danger_secret_text(),
        "component acme:clock ^1.0 from registry.example for acme:clock/now,acme:clock/then"
            .to_owned(),
        "wit wasi:io =0.2.3".to_owned(),
        "component acme:clock@1.2.0".to_owned(),
        "lowest-direct".to_owned(),
        "x001/x234/067.p/8".to_owned(),
        "tile/entries/x001/x234/067.p/255".to_owned(),
        "tile/3/x001/234".to_owned(),
    ] {
        seeds.push(("word", word.into_bytes()));
    }
    for text in [
        "120",
        "Sun, 22 Nov 2026 20:06:00 GMT",
        "https://registry.example:8443/a/b/",
        "http://[::1]/x",
        "# tokens\nhttps://r.example/a secret-1\nhttp://localhost t\n",
        "acme:logger@1.2",
        "acme:logger@0.3.0-rc.1",
    ] {
        seeds.push(("http", text.as_bytes().to_vec()));
    }
    for text in ["14d", "36h", "2w", "false", "2026-11-22"] {
        seeds.push(("word", text.as_bytes().to_vec()));
    }
    for text in [
        "broken",
        "a%20b",
        "caf%C3%A9%20%25",
        "%E2%80%AE",
        "two words",
        "naïve, 100 %",
    ] {
        seeds.push(("free-text", text.as_bytes().to_vec()));
    }
}

fn versions(seeds: &mut Vec<Seed>) {
    for text in [
        "1.2.3",
        "0.3.0-rc.1+build.5",
        "18446744073709551615.0.0",
        "^1.0",
        "^0.2.3,<0.2.7",
        ">=1.2, <1.5",
        "1.*",
        "*",
        "~0.0.1-alpha.1",
        "=1.0.0",
        "> 1, <= 2.1, ~2",
    ] {
        seeds.push(("version", text.as_bytes().to_vec()));
        let listed = format!(
            "{text}\n1.0.0\n1.2.3-rc.1\n0.2.3\n0.2.4-alpha\n0.0.1-alpha.1\n2.0.0+x\n2.0.0+y\n"
        );
        seeds.push(("requirement", listed.into_bytes()));
    }
}

/// A registry with a history.
fn world() -> World {
    let mut world = World::in_memory(1);
    world.release("wasi:io", "0.2.3").wit().publish();
    world
        .release("acme:clock", "1.2.0")
        .exports("acme:clock/now@1.2.0")
        .publish();
    world
        .release("acme:logger", "1.2.0")
        .requires("acme:clock", "^1.0")
        .requires_wit("wasi:io", "^0.2.3")
        .imports("wasi:io/streams@0.2.3")
        .exports("acme:logger/api@1.0.0")
        .publish();
    world
        .release("acme:logger", "1.3.0-rc.1")
        .unusable("too early")
        .publish();
    world.yank("acme:logger", "1.2.0", "it is broken: 100 % of it");
    world.withdraw("acme:clock", "1.2.0", "a court said so");
    world
}

fn registry(seeds: &mut Vec<Seed>) {
    let world = world();
    let width = |path: &str| {
        let part = path
            .rsplit_once(".p/")
            .and_then(|(_, width)| width.parse().ok());
        part.unwrap_or(256u16).to_be_bytes()
    };
    for (path, bytes) in world.storage().objects() {
        if path == "checkpoint" {
            seeds.push(("note", bytes.clone()));
            seeds.push(("checkpoint", bytes.clone()));
            let witness = key("witness.example/w1", Algorithm::CosignatureV1, 9);
            let note = Note::parse(&bytes).unwrap();
            let line = cosign(
                note.text(),
                &witness,
                Time::from_unix(1_795_378_000).unwrap(),
            );
            seeds.push(("checkpoint", note.with(line).to_string().into_bytes()));
        } else if path.starts_with("map/at/") {
            seeds.push(("map-entry", bytes));
        } else if path.starts_with("map/") {
            seeds.push(("map-page", [&[0], [5; 32].as_slice(), &bytes].concat()));
        } else if path.starts_with("package/") || path.starts_with("operator/") {
            let part = Part::new(0, u16::from_be_bytes(width(&path))).unwrap();
            if let Ok(records) = part.parse_records(&bytes) {
                for (_, record) in records {
                    seeds.push(("record", [&[0], record].concat()));
                    seeds.push(("note", record.to_vec()));
                }
            }
            seeds.push(("tile", [width(&path).as_slice(), &bytes].concat()));
        } else if path.starts_with("tile/") {
            seeds.push(("tile", [width(&path).as_slice(), &bytes].concat()));
        }
    }
    let mut page = b"warg-map-branch/v1\n".to_vec();
    for _ in 0..256 {
        page.extend(2u64.to_be_bytes());
        page.extend([6; 32]);
    }
    seeds.push(("map-page", [&[0], [5; 32].as_slice(), &page].concat()));
    seeds.push(("map-page", [&[30], [5; 32].as_slice(), &page].concat()));

    let shown = Shown::of(&world);
    let proof = shown.tiles.prove_consistency(Size::new(5)).unwrap();
    seeds.push(("proof", proof.to_string().into_bytes()));
    let mut hashes = Vec::new();
    for number in [3u64, 5, 9] {
        hashes.extend(number.to_be_bytes());
    }
    hashes.extend(proof.hashes().iter().flat_map(|hash| *hash.as_bytes()));
    seeds.push(("proof", hashes));
    for (size, older, index) in [
        (0u16, 0u16, 0u16),
        (1, 0, 0),
        (7, 3, 5),
        (256, 255, 9),
        (599, 257, 300),
    ] {
        let mut seed = 17u16.to_be_bytes().to_vec();
        for number in [index, older, size] {
            seed.extend(number.to_be_bytes());
        }
        seed.extend(300u64.to_be_bytes());
        seed.extend([7; 64]);
        seeds.push(("log", seed));
    }
    for actions in [
        "release 1.2.0 sha256:0000000000000000000000000000000000000000000000000000000000000000 48213\nrequire component acme:clock ^1.0 for acme:clock/now\nimport wasi:io/streams@0.2.3\nexport acme:logger/api@1.2.0\nlock sha256:0000000000000000000000000000000000000000000000000000000000000000 9\nbundle sha256:0000000000000000000000000000000000000000000000000000000000000000 8 1\nunusable too%20early",
        "yank 1.2.0 broken\nunyank 1.2.0 mended\nannotate * source https://acme.example\nannotate 1.2.0 key a%20b\n?later 1",
    ] {
        seeds.push(("record", [&[2], actions.as_bytes()].concat()));
    }
    let alice = key("alice", Algorithm::Ed25519, 8);
    let vkey = alice.verifying_key();
    let zero = Hash::ZERO;
    seeds.push(("record", [&[2], format!("init wit under operator 0 {zero}\ngrant {vkey} own,release,yank,annotate\nrevoke {vkey} own\ngrant {vkey} own under operator 3 {zero}").as_bytes()].concat()));
    seeds.push(("record", [&[1], format!("init\ngrant {vkey} checkpoint,operate\nrevoke {vkey} operate\nnamespace acme {vkey}\nnamespace empty\nwitness {vkey} https://w.example\nwithdraw {zero} why\nrefresh 3600").as_bytes()].concat()));
}

fn policies(seeds: &mut Vec<Seed>) {
    let log = key("registry.example", Algorithm::Ed25519, 1);
    let log = log.verifying_key();
    let witnesses = [1, 2, 3].map(|n| {
        key(
            &format!("witness.example/w{n}"),
            Algorithm::CosignatureV1,
            n,
        )
    });
    let [a, b, c] = witnesses.each_ref().map(SigningKey::verifying_key);
    let head = format!(
        "# who signs\nlog {log}\n\nwitness w1 {a}\nwitness w2 {b} https://w.example\nwitness w3 {c}\n"
    );
    for text in [
        format!("log {log}\nquorum none\n"),
        format!("{head}quorum w1\n"),
        format!("{head}group g 2 w1 w2 w3\nquorum g\n"),
        format!("{head}group g any w1 w2\ngroup h all g w3\nquorum h\n"),
    ] {
        seeds.push(("policy", text.into_bytes()));
    }
}

fn stories(seeds: &mut Vec<Seed>) {
    let zero = Hash::ZERO;
    let founded = "oa+\ninit\ngrant $b checkpoint\nnamespace acme $c";
    let released = format!("pc+\ninit component under operator 0 $o\nrelease 1.0.0 {zero} 1");
    for story in [
        founded.to_owned(),
        format!("{founded}\n\n{released}"),
        format!(
            "{founded}\n\n{released}\n\npc+\ngrant $d release,yank\n\npd+\nrelease 1.1.0 {zero} 2\nyank 1.0.0 broken\n\npc+\nrevoke $d release\nunyank 1.0.0 fine\nannotate * k v"
        ),
        format!(
            "{founded}\n\n{released}\n\noa+\nnamespace acme $d\ngrant $a operate\nwithdraw {zero} why\nrefresh 60\n\npd+\ngrant $d own under operator 0 $o\n\npc-\nrevoke $c own"
        ),
    ] {
        seeds.push(("replay", story.into_bytes()));
    }
}

fn lock(world: &World, version: &str) -> Lockfile {
    let checkpoint = world.session().checkpoint().checkpoint().clone();
    let origin = world.origin().clone();
    let mut options = Options {
        mode: Mode::Lowest,
        exclude_newer: Some("14d".parse().unwrap()),
        ..Options::default()
    };
    options.origins.default = Some(origin.clone());
    options
        .origins
        .namespaces
        .insert("wasi".parse().unwrap(), origin.clone());
    let release = |index| {
        Some(LockedRelease {
            origin: origin.clone(),
            digest: Digest::of(b"content"),
            record: Hash::of_leaf(b"record"),
            index: Index::new(index),
        })
    };
    let from = |text: &str| format!("{text} from {origin}").parse().unwrap();
    let logger = format!("component acme:logger@{version}").parse().unwrap();
    let clock = "component acme:clock@1.2.0".parse().unwrap();
    let root = Root {
        requires: BTreeSet::from([from("component acme:logger ^1.2")]),
        selects: BTreeSet::from([&logger, &clock].map(Clone::clone)),
        held: BTreeSet::new(),
    };
    Lockfile {
        options,
        solver: SOLVER,
        registries: BTreeMap::from([(origin.clone(), checkpoint)]),
        roots: BTreeMap::from([
            ("app".to_owned(), root.clone()),
            ("a \"strange\" one".to_owned(), root),
        ]),
        packages: BTreeMap::from([
            (
                logger,
                LockedPackage {
                    release: release(3),
                    requires: BTreeSet::from([from("component acme:clock ^1.0")]),
                },
            ),
            (
                clock,
                LockedPackage {
                    release: release(2),
                    requires: BTreeSet::new(),
                },
            ),
        ]),
    }
}

fn locks(seeds: &mut Vec<Seed>) {
    let world = world();
    let (ours, theirs) = (lock(&world, "1.2.0"), lock(&world, "1.2.7"));
    for lock in [&ours, &theirs] {
        assert_eq!(lock.to_string().parse().as_ref(), Ok(lock));
        seeds.push(("lock", lock.to_string().into_bytes()));
    }
    let mut small = ours.clone();
    small.options = Options::default();
    small
        .options
        .origins
        .default
        .clone_from(&ours.options.origins.default);
    small.roots.remove("a \"strange\" one");
    seeds.push(("lock", small.to_string().replace('\n', "\r\n").into_bytes()));
    let merged =
        format!("<<<<<<< HEAD\n{ours}||||||| base\n{small}=======\n{theirs}>>>>>>> other\n");
    seeds.push(("conflict", merged.into_bytes()));
    seeds.push((
        "conflict",
        b"a\n<<<<<<< x\nb\n=======\nc\n>>>>>>> y\nd\n".to_vec(),
    ));
}

/// What a registry shows at its checkpoint.
struct Shown {
    note: Vec<u8>,
    size: u64,
    entry: Vec<u8>,
    page: Vec<u8>,
    operator: Vec<Vec<u8>>,
    tiles: VerifiedTiles,
}

impl Shown {
    fn of(world: &World) -> Self {
        let session = world.session();
        let trusted = session.checkpoint();
        let checkpoint = trusted.checkpoint();
        let objects = world.storage().objects();
        let edge = VerifiedTiles::edge(checkpoint.size);
        let tiles = edge
            .into_iter()
            .map(|tile: Tile| (tile, objects[&tile.path()].clone()));
        let part = Part::of(trusted.operator().length().get(), 0).unwrap();
        let hex = trusted.entry().root.hex();
        let (folder, file) = hex.split_at(2);
        Self {
            note: objects["checkpoint"].clone(),
            size: checkpoint.size.get(),
            entry: objects[&format!("map/at/{}", checkpoint.size)].clone(),
            page: objects[&format!("map/{folder}/{file}")].clone(),
            operator: part
                .parse_records(&objects[&format!("operator/{part}")])
                .unwrap()
                .into_iter()
                .map(|(_, record)| record.to_vec())
                .collect(),
            tiles: VerifiedTiles::open(checkpoint.size, checkpoint.root, tiles.collect()).unwrap(),
        }
    }

    fn proof(&self, index: u64) -> InclusionProof {
        self.tiles.prove_inclusion(Index::new(index)).unwrap()
    }
}

fn evidence(seeds: &mut Vec<Seed>) {
    let mut one = World::in_memory(1);
    one.release("acme:clock", "1.0.0").publish();
    let mut other = one.fork();
    // One goes on with a third record of the clock, the other with a logger, and both sign what they have.
    let second = one.release("acme:clock", "1.1.0").publish();
    let first = other
        .release("acme:clock", "1.2.0")
        .content(b"other".to_vec())
        .publish();
    let (a, b) = (Shown::of(&one), Shown::of(&other));
    let operator: Vec<&[u8]> = a.operator.iter().map(Vec::as_slice).collect();
    let policy = one.policy();
    let root = other.session().checkpoint().checkpoint().root;
    let proof = b.tiles.prove_consistency(Size::new(a.size)).unwrap();
    let fork = Misbehavior::fork(policy, &operator, &a.note, &b.note, &root, &proof).unwrap();
    seeds.push(("evidence", fork.to_string().into_bytes()));

    let index = Index::new(a.size - 2); // before the map entry
    let (proof_a, proof_b) = (a.proof(a.size - 2), b.proof(b.size - 2));
    let located = |checkpoint, record, proof| LoggedRecord {
        checkpoint,
        record,
        index,
        proof,
    };
    let located_a = located(&a.note, &second, &proof_a);
    let located_b = located(&b.note, &first, &proof_b);
    let two = Misbehavior::two_records(policy, &operator, &located_a, &located_b).unwrap();
    seeds.push(("evidence", two.to_string().into_bytes()));

    // A later checkpoint of another history, which knows fewer of its records.
    let mut third = World::in_memory(1);
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        third.release("acme:logger", version).publish();
    }
    let third_clock = third.release("acme:clock", "1.0.0").publish();
    let c = Shown::of(&third);
    let entries = (a.proof(a.size - 1), c.proof(c.size - 1));
    let (pages_a, pages_c) = ([a.page.as_slice()], [c.page.as_slice()]);
    let older = CommittedMap {
        checkpoint: &a.note,
        entry: &a.entry,
        index: Index::new(a.size - 1),
        proof: &entries.0,
        pages: &pages_a,
    };
    let newer = CommittedMap {
        checkpoint: &c.note,
        entry: &c.entry,
        index: Index::new(c.size - 1),
        proof: &entries.1,
        pages: &pages_c,
    };
    let clock = Subject::Package("acme:clock".parse().unwrap());
    let shrunk = Misbehavior::shrunk(policy, &operator, &clock, &older, &newer).unwrap();
    seeds.push(("evidence", shrunk.to_string().into_bytes()));
    // Of the same two logs, taken for one: a record that lies before the one that it follows.
    let last = c.proof(c.size - 2);
    let late = LoggedRecord {
        index: Index::new(c.size - 2),
        proof: &last,
        ..located(&c.note, &third_clock, &last)
    };
    let repeated = Misbehavior::repeated(policy, &operator, &late, &located_a).unwrap();
    seeds.push(("evidence", repeated.to_string().into_bytes()));
    let omitted = Misbehavior::omitted(policy, &operator, &newer, &located_a).unwrap();
    seeds.push(("evidence", omitted.to_string().into_bytes()));
}

fn own_files(seeds: &mut Vec<Seed>) {
    let world = world();
    let state = tempfile::tempdir().unwrap();
    let store = TrustStore::open(state.path(), world.policy());
    store
        .advance(
            None,
            world.session().checkpoint(),
            NewsRead {
                from: world.size(),
                unread: None,
            },
        )
        .unwrap()
        .unwrap();
    let seen = std::fs::read(store.folder().join("seen")).unwrap();
    let text = String::from_utf8(seen.clone()).unwrap();
    let line = format!("acme:logger 3 {} 5\n\n", Hash::of_leaf(b"x"));
    seeds.push(("trust-store", seen));
    seeds.push((
        "trust-store",
        text.replacen("\n\n", &format!("\n{line}"), 1).into_bytes(),
    ));

    let records = [b"first".to_vec(), Vec::new(), vec![b'x'; 300]];
    let pending = cargo_warg::ops::registry::pending::print(&records).unwrap();
    seeds.push(("pending", pending));
    let keys = [7, 8].map(|seed| key("acme/ci", Algorithm::Ed25519, seed).danger_secret_text());
    seeds.push((
        "key-file",
        format!("# keys\n\n{}\n  {}\n", keys[0], keys[1]).into_bytes(),
    ));
}

fn manifests(seeds: &mut Vec<Seed>) {
    let ours = r#"[package]
name = "app"
version = "0.1.0"

[package.metadata.warg]
package = "acme:app"
default-registry = "acme"

[package.metadata.warg.dependencies] # what it calls
"acme:logger" = "1.2"
"acme:clock" = { version = "^1", registry = "acme", for = ["acme:clock/now"] }
"acme:old" = { package = "acme:new", path = "../new" }

[package.metadata.warg.wit-dependencies]
"wasi:http" = { version = "0.2.3" }

[package.metadata.warg.registries]
acme = { url = "../acme-registry", policy = "trust/acme.policy" }
wasi = { url = "https://wasi.example/", policy = "trust/wasi.policy" }

[package.metadata.warg.namespaces]
wasi = "wasi"
"#;
    let theirs = r#"[package]
name = "app"

[package.metadata.component]
package = "acme:app"
target = { path = "wit", world = "app" }

[package.metadata.component.target.dependencies]
"wasi:io" = { path = "wit/deps/io" }

[package.metadata.component.dependencies]
"acme:logger" = "1.2"
"#;
    let workspace = r#"[workspace]
members = ["a"]
[workspace.metadata.warg]
default-registry = "acme"
registries.acme = { url = "x", policy = "y" }
namespaces = { acme = "acme" }
"#;
    let target = "[package]\nmetadata.component.target = \"wasi:http/proxy@0.2.3\"\r\n";
    for text in [ours, theirs, workspace, target, "[package]\nname = \"a\"\n"] {
        seeds.push(("manifest", text.as_bytes().to_vec()));
        seeds.push(("manifest-edit", text.as_bytes().to_vec()));
    }
}

fn bundles(seeds: &mut Vec<Seed>) {
    let app = from_wit(
        "package acme:app@1.0.0; world w { import acme:clock/now@1.0.0; import wasi:io/streams@0.2.3; export run: func(); }
        package acme:clock@1.0.0 { interface now { get: func() -> u64; } }
        package wasi:io@0.2.3 { interface streams { resource input-stream { read: func() -> list<u8>; } } }",
        "w",
    );
    let clock = from_wit(
        "package acme:clock@1.0.0; interface now { get: func() -> u64; } world w { import wasi:io/streams@0.2.6; export now; }
        package wasi:io@0.2.6 { interface streams { resource input-stream { skip: func(); } } }",
        "w",
    );
    let requirements = BTreeSet::from(["component acme:clock ^1.0".parse().unwrap()]);
    let nothing = BTreeSet::new();
    let wire = Wiring::default();
    // A clock of one's own: it has no digest in the lock.
    let lock = "# This file is written by cargo warg. It is not meant to be edited.\nversion = 1\n\n[[root]]\nname = \"app\"\n\
        requires = [\n    \"component acme:clock ^1.0\",\n]\nselects = [\n    \"component acme:clock@1.0.0\",\n]\n\n\
        [[package]]\nkind = \"component\"\nname = \"acme:clock\"\nversion = \"1.0.0\"\n";
    let clock = BundlePart {
        requirements: &nothing,
        content: &clock,
    };
    let composition = Composition {
        root: BundlePart {
            requirements: &requirements,
            content: &app,
        },
        digest: Digest::of(&app),
        parts: BTreeMap::from([("component acme:clock@1.0.0".parse().unwrap(), clock)]),
        wire: &wire,
        name: "app",
        lock,
    };
    let bundle = compose(&composition, FORMAT).unwrap();
    assert_eq!(open(&bundle).unwrap().nested.len(), 2);
    seeds.push(("bundle", bundle));
    seeds.push(("bundle", app));
}

fn contents(seeds: &mut Vec<Seed>) {
    let nested = "package wasi:io@0.2.3 { interface streams { resource input; read: func(source: borrow<input>) -> result<list<u8>, string>; } }";
    let wit = format!(
        "package acme:app@1.0.0;\n/// What it logs.\ninterface log {{ use wasi:io/streams@0.2.3.{{input}}; record line {{ at: u64, text: string }} enum level {{ low, high }} flags f {{ a, b }} variant v {{ x(line), y }} write: func(source: input, at: level) -> option<v>; }}\nworld app {{ import log; export run: func(); include other; }}\nworld other {{ import wasi:io/streams@0.2.3; }}\n{nested}\n"
    );
    let small = "package acme:small@0.1.0-rc.1; interface i { type t = u32; } world w { import i; export i; }";
    for text in [
        wit.as_str(),
        small,
        "package a:b; interface i { @since(version = 1.0.0) f: async func() -> future<u8>; }",
        "interface i {}",
    ] {
        seeds.push(("wit-text", text.as_bytes().to_vec()));
    }
    for text in [wit.as_str(), small] {
        let bytes = wit_package(text);
        seeds.push(("wit-binary", bytes.clone()));
        seeds.push(("component", bytes));
    }
    seeds.push(("component", from_wit(small, "w")));
    seeds.push(("wit-binary", from_wit(small, "w")));
    seeds.push(("component", b"\0asm\x0d\0\x01\0".to_vec()));
    seeds.push(("component", b"\0asm\x01\0\0\0".to_vec()));
}

fn upstreams(seeds: &mut Vec<Seed>) {
    let oci = [
        "Bearer realm=\"https://ghcr.io/token\",service=\"ghcr.io\",scope=\"repository:a/b:pull\"",
        "</v2/a/b/tags/list?last=1.0.0&n=1000>; rel=\"next\"",
        r#"{"name":"a/b","tags":["1.0.0","1.0.0_build","latest"]}"#,
        r#"{"token":"opaque","access_token":"opaque","expires_in":300}"#,
        r#"{"schemaVersion":2,"config":{"mediaType":"application/vnd.wasm.config.v0+json","digest":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","size":2},"layers":[{"mediaType":"application/wasm","digest":"sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef","size":8}],"annotations":{"a":"b"}}"#,
        r#"{"created":"2026-01-01T00:00:00Z","architecture":"wasm","os":"wasip2","layerDigests":["sha256:00"]}"#,
        "oci:ghcr.io/webassembly",
        "oci:https://127.0.0.1:5000/acme/wit-*",
        "wasm-pkg:wasi.dev",
        "crate:wasip2@=1.0.1",
        "local:packages",
    ];
    seeds.extend(oci.map(|seed| ("oci", seed.into())));
    let wasm_pkg = [
        r#"{"preferredProtocol":"oci","oci":{"registry":"ghcr.io","namespacePrefix":"webassembly/"}}"#,
        r#"{"ociRegistry":"ghcr.io","ociNamespacePrefix":"webassembly/"}"#,
        "default_registry = \"acme.example\"\n[namespace_registries]\nwasi = { registry = \"x\", metadata = { oci = { registry = \"ghcr.io\" } } }\n\
         [package_registry_overrides]\n\"acme:a\" = \"example.com\"\n[registry.\"example.com\".oci]\nauth = { username = \"a\", password = \"b\" }\n",
        "[namespace_registries]\nwasi = \"disk\"\n[registry.disk.local]\nroot = \"packages\"\n",
    ];
    seeds.extend(wasm_pkg.map(|seed| ("wasm-pkg", seed.into())));
}
