//! Every byte of a small registry is flipped; every file is lost, cut and exchanged. A reader with an empty cache then finds
//! the same facts, or refuses. The bytes whose change is harmless are named one by one.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use fixtures::storage::Memory;
use fixtures::world::World;
use registry::check::check;
use registry::client::{Client, ClientError, Remedy};
use transparency::package::Action;
use transparency::policy::Policy;
use transparency::version::parse_version;

use story::source::Recording;
use story::{copy, derive, read_all};

type Objects = BTreeMap<String, Vec<u8>>;

/// Three packages of both kinds in few batches: releases, a yank, and a withdrawn content.
fn registry() -> (Policy, Objects) {
    let mut world = World::in_memory(7);
    let io = |version| format!("wit wasi:io {version}").into_bytes();
    let batch = [
        (world.release("wasi:io", "0.2.3").wit())
            .content(io("0.2.3"))
            .sign(),
        (world
            .release("acme:clock", "1.0.0")
            .exports("acme:clock/now"))
        .content(b"export acme:clock/now".into())
        .sign(),
        (world
            .release("acme:logger", "1.2.0")
            .requires("acme:clock", "^1.0"))
        .requires_wit("wasi:io", "^0.2.3")
        .sign(),
    ];
    world.append(&batch).unwrap();
    let yank = Action::Yank {
        version: parse_version("1.0.0").unwrap(),
        reason: "slow".into(),
    };
    let batch = [
        (world.release("wasi:io", "0.2.6").wit())
            .content(io("0.2.6"))
            .sign(),
        (world
            .release("acme:logger", "1.2.1")
            .imports("wasi:io/streams@0.2.3"))
        .content(b"import wasi:io/streams@0.2.3".into())
        .sign(),
        world.record("acme:clock", vec![yank]),
    ];
    world.append(&batch).unwrap();
    world.withdraw("acme:logger", "1.2.0", "unsafe");
    (world.policy().clone(), world.storage().objects())
}

fn read(policy: &Policy, memory: &Memory) -> Result<String, ClientError> {
    read_all(&mut Client::new(policy, memory).open()?)
}

/// Files that the honest reading never asks for.
fn unread(policy: &Policy, objects: &Objects) -> BTreeSet<String> {
    let memory = copy(objects);
    let source = Recording::new(&memory);
    read_all(&mut Client::new(policy, &source).open().unwrap()).unwrap();
    let asked = source.asked();
    objects
        .keys()
        .filter(|path| !asked.contains(*path))
        .cloned()
        .collect()
}

fn is_error_for_the_reader(error: &ClientError) -> bool {
    matches!(
        error.remedy(),
        Remedy::Retry | Remedy::Investigate | Remedy::Report
    )
}

fn mask(position: usize) -> u8 {
    if position.is_multiple_of(2) {
        0x01
    } else {
        0x80
    }
}

/// Does something for every item, on all cores, and gathers what was found.
fn on_all_cores<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> Vec<R> + Sync) -> Vec<R> {
    let cores = thread::available_parallelism().map_or(2, usize::from);
    thread::scope(|scope| {
        let shares: Vec<_> = (0..cores)
            .map(|core| {
                let share = items.iter().skip(core).step_by(cores);
                let work = &work;
                scope.spawn(move || share.flat_map(work).collect::<Vec<_>>())
            })
            .collect();
        shares
            .into_iter()
            .flat_map(|share| share.join().unwrap())
            .collect()
    })
}

#[test]
fn every_flipped_byte_is_refused_or_is_one_that_nobody_reads() {
    let (policy, objects) = registry();
    let honest = read(&policy, &copy(&objects)).unwrap();
    assert!(honest.contains("acme:nobody is absent"), "{honest}");
    let unread = unread(&policy, &objects);
    let mut expected = BTreeSet::new();
    let mut flips = Vec::new();
    for (path, bytes) in &objects {
        if unread.contains(path) {
            // The file is never asked for, so one flip of it stands for all.
            expected.insert((path.clone(), 0));
            flips.push((path.clone(), 0));
            continue;
        }
        flips.extend((0..bytes.len()).map(|position| (path.clone(), position)));
    }
    let harmless = on_all_cores(&flips, |(path, position)| {
        let memory = copy(&objects);
        memory.tamper(|objects| objects.get_mut(path).unwrap()[*position] ^= mask(*position));
        match read(&policy, &memory) {
            Err(error) => {
                assert!(
                    is_error_for_the_reader(&error),
                    "{path} byte {position}: {error:?}"
                );
                Vec::new()
            }
            Ok(found) => {
                assert!(
                    found == honest,
                    "{path} byte {position}: something else was believed"
                );
                vec![(path.clone(), *position)]
            }
        }
    });
    let harmless: BTreeSet<_> = harmless.into_iter().collect();
    assert_eq!(
        harmless, expected,
        "harmless are the files that are never read"
    );
}

#[test]
fn every_lost_cut_or_exchanged_file_is_refused_or_is_one_that_nobody_reads() {
    let (policy, objects) = registry();
    let honest = read(&policy, &copy(&objects)).unwrap();
    let unread = unread(&policy, &objects);
    let paths: Vec<_> = objects.keys().cloned().collect();
    on_all_cores(&paths, |path| {
        let attack = |what: &str, change: &dyn Fn(&mut Objects)| {
            let memory = copy(&objects);
            memory.tamper(|objects| change(objects));
            match read(&policy, &memory) {
                Ok(found) => {
                    assert!(
                        found == honest,
                        "{path} {what}: something else was believed"
                    );
                    assert!(unread.contains(path), "{path} {what}: nobody noticed");
                }
                Err(error) => {
                    assert!(is_error_for_the_reader(&error), "{path} {what}: {error:?}");
                    if what == "lost" {
                        assert_eq!(error.remedy(), Remedy::Retry, "{path} {what}: {error:?}");
                    }
                }
            }
        };
        attack("lost", &|objects| {
            objects.remove(path);
        });
        attack("cut in half", &|objects| {
            let bytes = objects.get_mut(path).unwrap();
            // An empty file cannot be cut.
            bytes.truncate(bytes.len() / 2);
        });
        attack("followed by a byte", &|objects| {
            objects.get_mut(path).unwrap().push(b'\n');
        });
        let sort = path.split('/').next();
        for other in &paths {
            let same_sort = other > path && other.split('/').next() == sort;
            if same_sort
                && objects[other] != objects[path]
                && !(unread.contains(path) && unread.contains(other))
            {
                let memory = copy(&objects);
                memory.tamper(|all| {
                    all.insert(path.clone(), objects[other].clone());
                    all.insert(other.clone(), objects[path].clone());
                });
                match read(&policy, &memory) {
                    Ok(_) => panic!("{path} and {other} exchanged: nobody noticed"),
                    Err(error) => assert!(
                        is_error_for_the_reader(&error),
                        "{path} and {other}: {error:?}"
                    ),
                }
            }
        }
        Vec::<()>::new()
    });
}

#[test]
fn a_full_check_finds_every_flipped_byte_but_those_of_withdrawn_contents() {
    let (policy, objects) = registry();
    let honest = check(&policy, &copy(&objects), derive).unwrap();
    let withdrawn: Vec<_> = objects
        .iter()
        .filter(|(_, bytes)| bytes.as_slice() == b"the content of acme:logger@1.2.0")
        .map(|(path, _)| path)
        .collect();
    let [withdrawn] = withdrawn.as_slice() else {
        panic!("{withdrawn:?} should be one content");
    };
    let flips: Vec<_> = objects
        .iter()
        .flat_map(|(path, bytes)| (0..bytes.len()).map(move |position| (path, position)))
        .collect();
    let unfound = on_all_cores(&flips, |(path, position)| {
        let memory = copy(&objects);
        memory.tamper(|objects| objects.get_mut(*path).unwrap()[*position] ^= mask(*position));
        match check(&policy, &memory, derive) {
            Err(_) => None,
            Ok(report) => {
                assert_eq!(report, honest, "{path} byte {position}");
                Some((*path, *position))
            }
        }
        .into_iter()
        .collect()
    });
    let unfound: BTreeSet<_> = unfound.into_iter().collect();
    let expected = (0..objects[*withdrawn].len())
        .map(|position| (*withdrawn, position))
        .collect();
    assert_eq!(unfound, expected);
}

#[test]
fn a_full_check_misses_only_what_may_be_gone() {
    let (policy, objects) = registry();
    let mut may_be_gone = 0;
    for path in objects.keys() {
        let memory = copy(&objects);
        memory.tamper(|objects| {
            objects.remove(path);
        });
        let result = check(&policy, &memory, derive);
        let live = check_files(&policy, &objects);
        assert_eq!(
            result.is_err(),
            live.contains(path),
            "{path} lost: {result:?}"
        );
        may_be_gone += usize::from(result.is_ok());
    }
    assert!(may_be_gone > 0, "earlier partial files and maps are there");
}

/// What must be there: all that the last state is made of, the map entries of all, and the contents.
fn check_files(policy: &Policy, objects: &Objects) -> BTreeSet<String> {
    let memory = copy(objects);
    let source = Recording::new(&memory);
    read_all(&mut Client::new(policy, &source).open().unwrap()).unwrap();
    let mut files = source.asked();
    let widest = objects
        .keys()
        .filter_map(|path| path.strip_prefix("tile/entries/000.p/"));
    let widest = widest
        .filter_map(|width| width.parse::<u16>().ok())
        .max()
        .unwrap();
    files.insert(format!("tile/entries/000.p/{widest}"));
    files.extend(
        objects
            .keys()
            .filter(|path| path.starts_with("map/at/"))
            .cloned(),
    );
    files
}
