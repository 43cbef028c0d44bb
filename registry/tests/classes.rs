//! No class of files is exempt from checking. Another good file of the registry's own making, served instead of the right
//! one, is refused or is never read.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::BTreeMap;

use fixtures::world::World;
use registry::check::check;

use story::machine::Machine;
use story::{copy, derive};

/// What kind of file a path is.
fn class(path: &str) -> &'static str {
    let classes = [
        "checkpoint",
        "tile/entries/",
        "tile/",
        "map/at/",
        "map/",
        "package/",
        "operator/",
        "content/",
    ];
    let mut classes = classes.into_iter();
    classes.find(|class| path.starts_with(class)).unwrap()
}

/// The same story under the same keys, with other contents and reasons.
fn told(contents: &str) -> World {
    let mut world = World::in_memory(1);
    for (name, version) in [("acme:clock", "1.0.0"), ("acme:logger", "1.0.0")] {
        let content = format!("{contents} of {name}").into_bytes();
        world.release(name, version).content(content).publish();
    }
    world.yank("acme:clock", "1.0.0", contents);
    world.operate(vec![transparency::operator::Action::Ignored(format!(
        "?{contents}"
    ))]);
    world
}

#[test]
fn a_good_file_instead_of_another_is_refused_whatever_class_it_is_of() {
    let (world, other) = (told("one"), told("other"));
    let (objects, others) = (world.storage().objects(), other.storage().objects());
    let honest = Machine::new(world.policy()).read(world.storage()).unwrap();
    let mut refused: BTreeMap<&str, usize> = BTreeMap::new();
    for (path, bytes) in &objects {
        let same = others.get(path);
        let alike = others
            .iter()
            .filter(|(other, _)| class(other) == class(path));
        let candidates = same.into_iter().chain(alike.map(|(_, bytes)| bytes));
        let Some(candidate) = candidates.into_iter().find(|candidate| *candidate != bytes) else {
            panic!("nothing to put instead of {path}");
        };
        let swapped = copy(&objects);
        swapped.tamper(|objects| _ = objects.insert(path.clone(), candidate.clone()));
        // By whoever reads all packages, and by whoever replays all.
        let read = Machine::new(world.policy()).read(&swapped);
        if let Ok(found) = &read {
            assert_eq!(*found, honest, "{path} was read, and believed");
        }
        let replayed = check(world.policy(), &swapped, derive);
        assert!(replayed.is_err(), "{path} passes the replay");
        *refused.entry(class(path)).or_default() += usize::from(read.is_err());
    }
    let unread: Vec<_> = refused.iter().filter(|(_, count)| **count == 0).collect();
    assert_eq!(unread, [(&"tile/entries/", &0)], "{refused:?}");
}
