//! How often a reader waits: as often as one answer decides about the next question, and no more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::BTreeSet;

use fixtures::world::World;
use registry::client::{Client, Session};
use registry::layout::ObjectPath;
use registry::storage::{Source, StorageError};
use transparency::name::PackageName;
use transparency::release::Release;

use story::{chain, derive, name, names, present};

/// How many round trips a piece of work takes.
fn waits<T>(world: &World, work: impl FnOnce() -> T) -> (T, u64) {
    let before = world.storage().round_trips();
    let result = work();
    (result, world.storage().round_trips() - before)
}

fn open(world: &World) -> (Session<'_>, u64) {
    waits(world, || {
        Client::new(world.policy(), world.storage()).open().unwrap()
    })
}

#[test]
fn a_small_registry_opens_in_three_and_answers_any_number_of_packages_in_one() {
    let mut world = World::in_memory(1);
    for package in 0..20 {
        let name = format!("acme:package-{package}");
        world.release(&name, "1.0.0").publish();
    }
    let (mut session, trips) = open(&world);
    assert_eq!(trips, 3, "checkpoint; map entry and edge; operator records");
    let all: BTreeSet<PackageName> = (0..20)
        .map(|package| name(&format!("acme:package-{package}")))
        .collect();
    let (loaded, trips) = waits(&world, || session.load(&all).unwrap());
    assert_eq!(
        (loaded.len(), trips),
        (20, 1),
        "all package files; the map's only page came with the operator's records"
    );
    let (_, trips) = waits(&world, || {
        session
            .load(&names(&["acme:nobody", "test:nobody"]))
            .unwrap()
    });
    assert_eq!(trips, 0, "absence is on the page that is there already");
    let (loaded, trips) = waits(&world, || {
        session.load_one(&name("acme:package-7")).unwrap()
    });
    assert_eq!(trips, 0, "what was loaded is here");
    let loaded = present(loaded);
    let release = loaded.log().releases().next().unwrap();
    let (_, trips) = waits(&world, || {
        session
            .content(&name("acme:package-7"), release, derive)
            .unwrap()
    });
    assert_eq!(trips, 1, "the content");
    let index = loaded.index_hint(release.position()).unwrap();
    let included = [(release.record(), index)];
    let ((), trips) = waits(&world, || session.check_included(&included).unwrap());
    assert_eq!(trips, 0, "the right edge proves it");
}

#[test]
fn a_past_is_made_of_what_was_loaded() {
    let mut world = World::in_memory(6);
    for package in 0..20 {
        let name = format!("acme:package-{package}");
        world.release(&name, "1.0.0").publish();
    }
    let size = world.size();
    world.release("acme:package-7", "1.1.0").publish();
    let all: BTreeSet<PackageName> = (0..20)
        .map(|package| name(&format!("acme:package-{package}")))
        .collect();
    let mut now = Client::new(world.policy(), world.storage())
        .expecting(size)
        .open()
        .unwrap();
    now.load(&all).unwrap();
    let (then, trips) = waits(&world, || now.clone().at(size));
    assert_eq!(trips, 0, "the map entry came along");
    let (loaded, trips) = waits(&world, || then.unwrap().load(&all).unwrap());
    assert_eq!((loaded.len(), trips), (20, 1), "the map's page of then");
    let seventh = present(loaded[&name("acme:package-7")].clone());
    assert_eq!(seventh.log().releases().count(), 1);
    assert_eq!(seventh.newest().log().releases().count(), 2);
}

#[test]
fn the_graph_of_a_level_costs_one_round_trip() {
    let mut world = World::in_memory(2);
    world.release("acme:c", "1.0.0").publish();
    world
        .release("acme:b", "1.0.0")
        .requires("acme:c", "^1.0")
        .publish();
    world
        .release("acme:a", "1.0.0")
        .requires("acme:b", "^1.0")
        .publish();
    let (mut session, opening) = open(&world);
    let mut level = names(&["acme:a"]);
    let mut levels = Vec::new();
    while !level.is_empty() {
        let (loaded, trips) = waits(&world, || session.load(&level).unwrap());
        levels.push(trips);
        let logs = loaded.into_values().map(present);
        level = logs
            .flat_map(|loaded| {
                let requirements = loaded.log().releases().flat_map(Release::requirements);
                requirements
                    .map(|requirement| requirement.name.clone())
                    .collect::<Vec<_>>()
            })
            .collect();
    }
    assert_eq!((opening, levels), (3, vec![1, 1, 1]));
}

#[test]
fn the_tiles_of_a_log_of_several_come_with_the_first_files() {
    let mut world = World::in_memory(3);
    world.release("acme:clock", "1.0.0").publish();
    chain::annotate(&world, "acme:clock", 300);
    world.release("acme:late", "1.0.0").publish();
    chain::annotate(&world, "acme:late", 600);
    world.release("acme:logger", "1.0.0").publish();
    let (mut session, trips) = open(&world);
    assert_eq!(
        trips, 3,
        "the operator's record comes with the tile that proves it"
    );
    let (_, trips) = waits(&world, || session.load_one(&name("acme:logger")).unwrap());
    assert_eq!(trips, 1, "the file, and all tiles");
    let (_, trips) = waits(&world, || session.load_one(&name("acme:clock")).unwrap());
    assert_eq!(trips, 1, "two files: all proofs are there");
    let (mut session, _) = open(&world);
    let (_, trips) = waits(&world, || session.load_one(&name("acme:late")).unwrap());
    assert_eq!(
        trips, 1,
        "three files, and all tiles, the one of its `init` too"
    );
}

#[test]
fn contents_come_at_once_and_what_is_asked_about_a_past_comes_along() {
    let mut world = World::in_memory(4);
    for package in 0..5 {
        world
            .release(&format!("acme:p{package}"), "1.0.0")
            .publish();
    }
    chain::annotate(&world, "acme:p0", 300);
    let (session, _) = open(&world);
    let past = session.checkpoint().checkpoint().clone();
    drop(session);
    chain::annotate(&world, "acme:p1", 600);
    let (mut session, trips) = waits(&world, || {
        let client = Client::new(world.policy(), world.storage());
        client.expecting(past.size).open().unwrap()
    });
    assert_eq!(trips, 3);
    let ((), trips) = waits(&world, || session.check_prefix(&past).unwrap());
    assert_eq!(
        trips, 0,
        "its map entry and the tiles of the proof are there"
    );
    let all: BTreeSet<_> = (0..5)
        .map(|package| name(&format!("acme:p{package}")))
        .collect();
    let (loaded, trips) = waits(&world, || session.load(&all).unwrap());
    assert_eq!(trips, 1);
    let loaded: Vec<_> = loaded.into_values().map(present).collect();
    let wanted: Vec<_> = loaded
        .iter()
        .map(|one| (one.log().name(), one.log().releases().next().unwrap()))
        .collect();
    let mut seen = Vec::new();
    let ((), trips) = waits(&world, || {
        session
            .contents(&wanted, derive, |position, content| {
                seen.push((position, content.digest()));
            })
            .unwrap();
    });
    assert_eq!(trips, 1);
    let expected: Vec<_> = wanted
        .iter()
        .enumerate()
        .map(|(position, (_, release))| (position, *release.digest()))
        .collect();
    assert_eq!(seen, expected);
}

/// Fails wherever more is asked for than is needed, and hides what only a guess asks for.
#[test]
fn a_guess_that_fails_changes_nothing() {
    let mut world = World::in_memory(5);
    world.release("acme:clock", "1.0.0").publish();
    chain::annotate(&world, "acme:clock", 600);
    world.release("acme:logger", "1.0.0").publish();
    let expected = story::read_all(&mut open(&world).0).unwrap();
    let without_guesses = Picky { world: &world };
    let mut session = Client::new(world.policy(), &without_guesses)
        .open()
        .unwrap();
    assert_eq!(story::read_all(&mut session).unwrap(), expected);
}

/// Refuses to give anything together with a tile or a map page, as if each of those were a stall.
struct Picky<'w> {
    world: &'w World,
}

impl Source for Picky<'_> {
    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        self.world.storage().get(path)
    }

    fn get_many(
        &self,
        paths: &[ObjectPath],
        most: u64,
    ) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        let is_guess = |path: &&ObjectPath| {
            let path = path.as_str();
            path.starts_with("map/") && !path.starts_with("map/at/")
        };
        let guesses = paths.iter().filter(is_guess).count();
        if guesses > 0 && guesses < paths.len() {
            return Err(StorageError::Moved);
        }
        self.world.storage().get_many(paths, most)
    }

    fn address_of(&self, path: &ObjectPath) -> String {
        self.world.storage().address_of(path)
    }
}
