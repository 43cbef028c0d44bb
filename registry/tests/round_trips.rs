//! How often a reader waits: as often as one answer decides about the next question, and no more.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::BTreeSet;

use fixtures::world::World;
use registry::client::{Client, Session};
use transparency::name::PackageName;
use transparency::release::Release;

use story::{chain, derive, name, names, present};

/// Waits of a piece of work.
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
fn a_small_registry_opens_in_three_and_answers_any_number_of_packages_in_two() {
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
        (20, 2),
        "the map's only page; all package files"
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
    assert_eq!(trips, 1, "its file again: logs are the caller's to keep");
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
fn the_graph_of_a_level_costs_one_round_trip_and_the_page() {
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
    assert_eq!((opening, levels), (3, vec![2, 1, 1]));
}

#[test]
fn a_log_of_several_tiles_costs_no_further_wait_for_heads_and_one_for_what_records_name() {
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
    assert_eq!(trips, 2, "the page; the file: all its proofs are there");
    let (_, trips) = waits(&world, || session.load_one(&name("acme:clock")).unwrap());
    assert_eq!(trips, 1, "two files, and the tile of the head");
    let (mut session, _) = open(&world);
    let (_, trips) = waits(&world, || session.load_one(&name("acme:late")).unwrap());
    assert_eq!(
        trips, 3,
        "the page; three files, whose head is at the edge; the tile of its `init`"
    );
}
