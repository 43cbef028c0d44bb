#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]
//! Random worlds publish a dep-solved release each, and a stranger derives all of them: right away, and when the registry
//! has gone on. A hundred of them in every run; `CARGO_WARG_WORLDS=1000` makes it a thousand, and 6,000 records.

use std::collections::BTreeSet;
use std::fs;

use fixtures::component::from_wit;
use fixtures::crowd::Crowd;
use fixtures::world::World;
use resolver::lockfile::Lockfile;
use resolver::problem::{Member, Options, Problem, RootRequirement};
use transparency::digest::{Digest, Hash};
use transparency::name::{Kind, PackageName};
use transparency::number::{Position, Time};
use transparency::package::Action;
use transparency::record::{Record, Subject};
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::statement::Attachment;
use transparency::statement::Statement;
use transparency::version::parse_version;

use crate::dirs::Dirs;
use crate::manifest::{ManifestArgs, Workspace};
use crate::network::Network;
use crate::ops::lock::build;
use crate::ops::lock::deny::Asked;
use crate::ops::release::derivation::{Derivation, fix_held};
use crate::ops::release::verify::verify_release;
use crate::ops::session::Sessions;
use crate::ops::session::reading::Reading;
use crate::ops::session::registries::Registries;

/// xorshift64*: a case is its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let number = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 20;
        usize::try_from(number % u64::try_from(end).unwrap()).unwrap()
    }

    fn pick<'a>(&mut self, items: &[&'a str]) -> &'a str {
        items[self.below(items.len())]
    }
}

const VERSIONS: [&str; 4] = ["1.0.0", "1.1.0", "1.2.0", "2.0.0"];
const PACKAGES: usize = 5;

fn name(world: usize, package: usize) -> PackageName {
    format!("acme:w{world}-p{package}").parse().unwrap()
}

fn requirement(name: PackageName, req: &str) -> Requirement {
    Requirement::new(Kind::Component, name, req.parse().unwrap())
}

/// A registry of many small worlds that know nothing of each other. It is made in memory and copied to a folder, without
/// the syncs of a thousand publications.
struct Worlds {
    registry: World,
    content: Vec<u8>,
    registries: Registries,
    folder: tempfile::TempDir,
}

impl Worlds {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let registry = World::in_memory(4);
        let project = folder.path().join("project");
        fs::create_dir_all(project.join("src")).unwrap();
        fs::write(project.join("src/lib.rs"), "").unwrap();
        fs::write(project.join("acme.policy"), registry.policy_text()).unwrap();
        let manifest = "[package]\nname = \"stranger\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n\
            [workspace.metadata.warg]\ndefault-registry = \"acme\"\n[workspace.metadata.warg.registries]\n\
            acme = { url = \"../registry\", policy = \"acme.policy\" }\n";
        fs::write(project.join("Cargo.toml"), manifest).unwrap();
        let args = ManifestArgs {
            manifest_path: Some(project.join("Cargo.toml")),
            ..ManifestArgs::default()
        };
        let workspace = Workspace::load(&args).unwrap();
        let dirs = Dirs::under(&folder.path().join("home"));
        let registries = Registries::open(&workspace, &dirs, &Network::new(None)).unwrap();
        let content = from_wit("package a:b@1.0.0;\nworld w {}", "w");
        registry.sequencer().stage(&content).unwrap();
        Self {
            registry,
            content,
            registries,
            folder,
        }
    }

    fn statement(&self, version: &str) -> Statement {
        let size = u64::try_from(self.content.len()).unwrap();
        let version = parse_version(version).unwrap();
        Statement::new(version, Digest::of(&self.content), size)
    }

    /// A package's first record.
    fn first(&self, name: PackageName, releases: Vec<Statement>) -> Vec<u8> {
        let kind = Kind::Component;
        let under = self.registry.under(&"acme".parse().unwrap());
        let releases = releases.into_iter().map(Action::Release);
        let record = Record {
            origin: self.registry.origin().clone(),
            subject: Subject::Package(name),
            position: Position::ZERO,
            previous: Hash::ZERO,
            time: self.registry.now(),
            signer: self.registry.publisher().verifying_key().clone(),
            actions: [Action::Init { kind, under }]
                .into_iter()
                .chain(releases)
                .collect(),
        };
        record.sign(self.registry.publisher()).unwrap()
    }

    fn append(&mut self, records: &[Vec<u8>]) {
        self.registry.wait(60);
        self.registry.append(records).unwrap();
        self.write();
    }

    /// Brings the folder up to date.
    fn write(&self) {
        let folder = self.folder.path().join("registry");
        self.registry.storage().write_to(&folder).unwrap();
    }

    /// Five packages of some versions, each of which requires some of those after it; one record a package.
    fn packages(&self, world: usize, random: &mut Random) -> Vec<Vec<u8>> {
        let mut records = Vec::new();
        for package in 0..PACKAGES {
            let mut releases = Vec::new();
            for version in VERSIONS {
                if version != "1.0.0" && random.below(4) == 0 {
                    continue;
                }
                let mut statement = self.statement(version);
                for later in package + 1..PACKAGES {
                    if random.below(3) == 0 {
                        let req = random.pick(&["^1", "^1.1", "^1.0.0", "^2"]);
                        let requirement = requirement(name(world, later), req);
                        statement.requirements.insert(requirement);
                    }
                }
                releases.push(statement);
            }
            records.push(self.first(name(world, package), releases));
        }
        records
    }

    /// What a project locks that prefers some random versions; none where its requirements have no solution.
    fn lock(&self, world: usize, random: &mut Random) -> Option<Lockfile> {
        let mut member = Member::default();
        for _ in 0..=random.below(2) {
            let package = name(world, random.below(PACKAGES));
            let req = random.pick(&["^1", "^1.1", "^1.0.0", "^2"]);
            let root = RootRequirement::new(requirement(package, req));
            member.requirements.insert(root);
        }
        for package in 0..PACKAGES {
            if random.below(2) == 0 {
                member.selects.insert(Selection {
                    kind: Kind::Component,
                    name: name(world, package),
                    version: parse_version(random.pick(&VERSIONS)).unwrap(),
                });
            }
        }
        let problem = Problem {
            options: Options {
                origins: self.registries.origins().clone(),
                ..Options::default()
            },
            members: [("app".to_owned(), member)].into(),
            ..Problem::default()
        };
        let mut sessions = Sessions::new(&self.registries, Reading::Now);
        let resolution = sessions.solve(&problem).ok()?;
        Some(build(&problem, &resolution, &mut sessions).unwrap())
    }

    /// The release that carries the lock, as `publish --with-lock` makes it.
    fn release(&self, world: usize, lock: Lockfile) -> (Vec<u8>, bool) {
        let now = Sessions::new(&self.registries, Reading::Now);
        let mut then = Sessions::at_lock(&now, &lock);
        let lock = fix_held(lock, &mut then).unwrap();
        let (_, root) = lock.only_root().unwrap();
        let mut statement = self.statement("1.0.0");
        let requires = root.requires.iter();
        let requires = requires.map(|one| requirement(one.name.clone(), &one.req.to_string()));
        statement.requirements = requires.collect();
        let bytes = lock.to_string().into_bytes();
        statement.lock = Some(Attachment {
            digest: self.registry.sequencer().stage(&bytes).unwrap(),
            size: u64::try_from(bytes.len()).unwrap(),
        });
        let app = format!("acme:w{world}-app").parse().unwrap();
        (self.first(app, vec![statement]), !root.held.is_empty())
    }

    fn verify(&self, world: usize) -> Derivation {
        let app = format!("acme:w{world}-app").parse().unwrap();
        let version = parse_version("1.0.0").unwrap();
        let asked = Asked {
            offline: false,
            deny: BTreeSet::new(),
            now: Time::from_unix(1_800_000_000).unwrap(),
        };
        let verified = verify_release(&self.registries, &app, &version, &asked);
        let verified = verified.unwrap_or_else(|error| panic!("world {world}: {error:?}"));
        verified.closed_set.unwrap().derivation
    }
}

/// How many worlds share a publication.
const PHASE: usize = 50;

#[test]
fn random_worlds_publish_dep_solved_releases_and_all_are_derived_again() {
    let mut worlds = Worlds::new();
    let (mut published, mut holding) = (Vec::new(), 0);
    let all = std::env::var("CARGO_WARG_WORLDS").map_or(100, |text| text.parse().unwrap());
    for phase in 0..all / PHASE {
        let mut locks = Vec::new();
        let here = phase * PHASE..(phase + 1) * PHASE;
        let mut randoms: Vec<_> = here
            .map(|world| {
                let seed = u64::try_from(world).unwrap();
                let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
                random.below(2);
                (world, random)
            })
            .collect();
        let packages = randoms
            .iter_mut()
            .flat_map(|(world, random)| worlds.packages(*world, random));
        let packages: Vec<_> = packages.collect();
        worlds.append(&packages);
        for (world, random) in &mut randoms {
            locks.extend(worlds.lock(*world, random).map(|lock| (*world, lock)));
        }
        let mut releases = Vec::new();
        for (world, lock) in locks {
            let (record, holds) = worlds.release(world, lock);
            releases.push(record);
            holding += usize::from(holds);
            published.push(world);
        }
        worlds.append(&releases);
        let derived = |world: &usize| matches!(worlds.verify(*world), Derivation::Derived { .. });
        assert!(published.iter().rev().take(PHASE / 5).all(derived));
    }
    // And then others publish ten times as much.
    let crowd = Crowd {
        packages: all * 10,
        records: 1,
    };
    crowd.join(&worlds.registry);
    worlds.write();
    let derived = |world: &usize| matches!(worlds.verify(*world), Derivation::Derived { .. });
    assert!(published.iter().all(derived));
    assert!(
        published.len() > all / 10 * 7 && holding > all / 10,
        "{} published, {holding} hold",
        published.len()
    );
}
