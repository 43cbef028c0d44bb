//! What is loaded before the solver asks for it: rounds of guesses, and where they go on after a wrong one.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod world;

use std::collections::BTreeSet;

use resolver::ahead::Ahead;
use resolver::index::{Address, Index};
use world::{World, address};

fn load(world: &World, index: &mut Index, addresses: &BTreeSet<Address>) {
    for address in addresses {
        world.load(index, &address.name);
    }
}

#[test]
fn guesses_go_on_from_what_the_solver_asks_for_and_none_of_them_led_to() {
    let mut world = World::new();
    world.component("t:a", "1.0.0", &["component t:old ^1"]);
    world.component("t:a", "1.1.0", &[]);
    world.component("t:old", "1.0.0", &["component t:rest ^1"]);
    world.component("t:rest", "1.0.0", &["component t:last ^1"]);
    world.component("t:last", "1.0.0", &[]);
    world.app_requires("component t:a ^1");
    let options = &world.problem.options;
    let mut index = Index::new();
    let mut ahead = Ahead::new(&world.problem);
    let first = ahead.next(options, &index);
    assert_eq!(first, BTreeSet::from([address("t:a")]));
    load(&world, &mut index, &first);
    assert!(
        ahead.next(options, &index).is_empty(),
        "1.1.0 needs nothing"
    );
    let asked = BTreeSet::from([address("t:old")]);
    load(&world, &mut index, &asked);
    ahead.went_to(&asked, &index);
    for name in ["t:rest", "t:last"] {
        let next = ahead.next(options, &index);
        assert_eq!(next, BTreeSet::from([address(name)]));
        load(&world, &mut index, &next);
    }
    assert!(ahead.next(options, &index).is_empty());
}
