//! A registry in a folder: what is put stays as it was put, one of two who race wins, and a system that says no is heard.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::fs::{self, File};
use std::path::Path;
use std::thread;

use fixtures::world::World;
use registry::layout::{self, ObjectPath};
use registry::storage::{Folder, Source as _, Storage as _, StorageError};
use tempfile::TempDir;
use transparency::checkpoint::Checkpoint;
use transparency::digest::{Digest, Hash};
use transparency::number::Size;

fn folder() -> (TempDir, Folder) {
    let dir = tempfile::tempdir().unwrap();
    let folder = Folder::new(dir.path().join("registry"));
    (dir, folder)
}

fn content(text: &str) -> ObjectPath {
    layout::content(&Digest::of(text.as_bytes()))
}

/// A signed checkpoint of any size.
fn note(size: u64) -> Vec<u8> {
    let world = World::in_memory(1);
    let checkpoint = Checkpoint {
        origin: world.origin().clone(),
        size: Size::new(size),
        root: Hash::of_leaf(&size.to_be_bytes()),
    };
    checkpoint
        .sign(world.checkpoint_key())
        .to_string()
        .into_bytes()
}

#[test]
fn what_is_put_twice_must_be_the_same() {
    let (_dir, folder) = folder();
    let path = content("one");
    assert_eq!(folder.get(&path).unwrap(), None);
    folder.put(&path, b"one").unwrap();
    folder
        .put(&path, b"one")
        .expect("the same again is success");
    let error = folder.put(&path, b"other").unwrap_err();
    assert!(matches!(error, StorageError::Exists { .. }), "{error:?}");
    assert_eq!(folder.get(&path).unwrap().unwrap(), b"one");
}

#[test]
fn threads_that_put_one_object_leave_one_of_theirs_whole() {
    for same in [true, false] {
        let (_dir, folder) = folder();
        let path = content("raced for");
        let bytes = |thread: usize| {
            vec![
                if same {
                    7
                } else {
                    u8::try_from(thread).unwrap()
                };
                100_000
            ]
        };
        let won: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|number| {
                    let (folder, path) = (&folder, &path);
                    scope.spawn(move || (number, folder.put(path, &bytes(number))))
                })
                .collect();
            let results = threads.into_iter().map(|thread| thread.join().unwrap());
            results
                .filter(|(_, result)| result.is_ok())
                .map(|(number, _)| number)
                .collect()
        });
        assert_eq!(won.len(), if same { 8 } else { 1 });
        assert_eq!(folder.get(&path).unwrap().unwrap(), bytes(won[0]));
        assert_eq!(temporary(&folder), 0);
    }
}

fn temporary(folder: &Folder) -> usize {
    let tmp = folder.root().join(layout::PRIVATE).join("tmp");
    fs::read_dir(tmp).map_or(0, Iterator::count)
}

#[test]
fn what_a_killed_process_left_is_in_nobody_s_way() {
    let (_dir, folder) = folder();
    let left = folder.root().join(layout::PRIVATE).join("tmp");
    fs::create_dir_all(&left).unwrap();
    fs::write(left.join(".tmpAbCdEf"), b"half").unwrap();
    File::create(folder.root().join(layout::PRIVATE).join("lock")).unwrap();
    let path = content("one");
    folder.put(&path, b"one").unwrap();
    folder.advance(None, &note(2)).unwrap();
    assert_eq!(folder.get(&path).unwrap().unwrap(), b"one");
    assert_eq!(folder.get(&layout::checkpoint()).unwrap().unwrap(), note(2));
}

#[test]
fn the_checkpoint_moves_forward_from_where_it_is_and_never_back() {
    let (_dir, folder) = folder();
    let moved = |from: Option<u64>, to: u64| {
        let from = from.map(note);
        folder.advance(from.as_deref(), &note(to))
    };
    assert!(
        matches!(moved(Some(2), 4), Err(StorageError::Moved)),
        "there is none yet"
    );
    moved(None, 2).unwrap();
    assert!(
        matches!(moved(None, 2), Err(StorageError::Moved)),
        "there is one by now"
    );
    moved(Some(2), 4).unwrap();
    assert!(matches!(moved(Some(2), 6), Err(StorageError::Moved)));
    let error = moved(Some(4), 3).unwrap_err();
    assert!(
        matches!(error, StorageError::Back { from, to } if (from.get(), to.get()) == (4, 3)),
        "{error:?}"
    );
    moved(Some(4), 4).expect("the same size, as with further cosignatures");
    assert_eq!(folder.get(&layout::checkpoint()).unwrap().unwrap(), note(4));
}

#[test]
fn of_threads_that_advance_from_one_checkpoint_exactly_one_wins() {
    let (_dir, folder) = folder();
    folder.advance(None, &note(2)).unwrap();
    let mut at = 2;
    for round in 0..10 {
        let winners: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (1..=4)
                .map(|step| {
                    let folder = &folder;
                    scope.spawn(move || {
                        (at + step, folder.advance(Some(&note(at)), &note(at + step)))
                    })
                })
                .collect();
            let results = threads.into_iter().map(|thread| thread.join().unwrap());
            results
                .filter_map(|(size, result)| match result {
                    Ok(()) => Some(size),
                    Err(error) => {
                        assert!(matches!(error, StorageError::Moved), "{error:?}");
                        None
                    }
                })
                .collect()
        });
        assert_eq!(winners.len(), 1, "round {round}");
        at = winners[0];
        assert_eq!(
            folder.get(&layout::checkpoint()).unwrap().unwrap(),
            note(at)
        );
    }
}

#[test]
fn a_file_above_its_limit_is_refused_without_being_read() {
    let (_dir, folder) = folder();
    let path = content("huge");
    folder.put(&path, b"huge").unwrap();
    // A hole of a terabyte: nobody could read it into memory, or wait for it.
    let file = File::options()
        .write(true)
        .open(folder.root().join(path.as_str()))
        .unwrap();
    file.set_len(1 << 40).unwrap();
    let error = folder.get(&path).unwrap_err();
    let StorageError::TooLarge { address, limit } = &error else {
        panic!("{error:?}");
    };
    assert!(address.ends_with(path.as_str()), "{address}");
    assert_eq!(*limit, layout::MAX_CONTENT);

    let path = layout::map_at(Size::new(2));
    folder.put(&path, &vec![b'x'; 1024]).unwrap();
    assert_eq!(
        folder.get(&path).unwrap().unwrap().len(),
        1024,
        "exactly the limit"
    );
    let path = layout::map_at(Size::new(4));
    folder.put(&path, &vec![b'x'; 1025]).unwrap();
    assert!(matches!(
        folder.get(&path),
        Err(StorageError::TooLarge { .. })
    ));
}

#[test]
fn what_is_in_the_way_is_said() {
    let (dir, folder) = folder();
    // A file where a folder should be: for reading it is absence, for writing an error with its path.
    fs::create_dir_all(folder.root()).unwrap();
    fs::write(folder.root().join("content"), b"in the way").unwrap();
    let path = content("one");
    assert_eq!(folder.get(&path).unwrap(), None);
    let error = folder.put(&path, b"one").unwrap_err();
    assert!(error.to_string().contains(path.as_str()), "{error}");
    // A folder where a file should be.
    let path = layout::map_at(Size::new(2));
    fs::create_dir_all(folder.root().join(path.as_str())).unwrap();
    for error in [folder.get(&path).map(drop), folder.put(&path, b"one")] {
        let error = error.unwrap_err();
        assert!(
            matches!(error, StorageError::Io { action: "read", .. }),
            "{error:?}"
        );
    }
    // The whole registry is a file.
    let file = dir.path().join("file");
    fs::write(&file, b"no folder").unwrap();
    let folder = Folder::new(file);
    assert_eq!(folder.get(&layout::checkpoint()).unwrap(), None);
    assert!(folder.put(&layout::checkpoint(), b"one").is_err());
    assert!(folder.advance(None, &note(2)).is_err());
}

#[test]
#[cfg(unix)]
fn a_folder_without_the_right_to_write_says_so_and_stays_as_it_is() {
    let (_dir, folder) = folder();
    folder.advance(None, &note(2)).unwrap();
    folder.put(&content("one"), b"one").unwrap();
    let private = folder.root().join(layout::PRIVATE).join("tmp");
    set_mode(&private, 0o555);
    // The superuser writes anywhere: then there is nothing to be seen here.
    if File::create(private.join("probe")).is_err() {
        let error = folder.put(&content("two"), b"two").unwrap_err();
        assert!(
            matches!(
                error,
                StorageError::Io {
                    action: "write",
                    ..
                }
            ),
            "{error:?}"
        );
        let error = folder.advance(Some(&note(2)), &note(4)).unwrap_err();
        assert!(
            matches!(
                error,
                StorageError::Io {
                    action: "write",
                    ..
                }
            ),
            "{error:?}"
        );
        folder
            .put(&content("one"), b"one")
            .expect("it is there already");
    }
    set_mode(&private, 0o755);
    assert_eq!(folder.get(&content("two")).unwrap(), None);
    assert_eq!(folder.get(&layout::checkpoint()).unwrap().unwrap(), note(2));
}

#[cfg(unix)]
fn set_mode(folder: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
#[cfg(unix)]
fn whoever_serves_the_folder_can_read_what_was_put() {
    use std::os::unix::fs::PermissionsExt as _;
    let (dir, folder) = folder();
    let path = content("one");
    folder.put(&path, b"one").unwrap();
    folder.advance(None, &note(2)).unwrap();
    // As any new file: what the umask of this process allows.
    let plain = dir.path().join("plain");
    fs::write(&plain, b"").unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
    for file in [path.as_str(), "checkpoint"] {
        assert_eq!(mode(&folder.root().join(file)), mode(&plain), "{file}");
    }
}

#[test]
fn removing_takes_emptied_folders_of_partial_files_along_and_nothing_else() {
    let (_dir, folder) = folder();
    let part = |width| layout::entries(transparency::tile::Part::new(0, width).unwrap());
    for width in [1, 2] {
        folder.put(&part(width), b"entries").unwrap();
    }
    folder.remove(&part(1)).unwrap();
    folder.remove(&part(1)).expect("it is gone already");
    assert_eq!(folder.get(&part(2)).unwrap().unwrap(), b"entries");
    folder.remove(&part(2)).unwrap();
    let entries = folder.root().join("tile/entries");
    assert_eq!(fs::read_dir(entries).unwrap().count(), 0, "000.p went");
}
