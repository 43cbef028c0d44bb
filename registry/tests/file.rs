//! How files of a machine are read and written: whole, within limits, and never through a link.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;

use registry::file::{self, NewFolder, Obstacle, Tree};
use tempfile::TempDir;

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn make_pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

#[track_caller]
fn refused(result: io::Result<impl std::fmt::Debug>, why: &str) {
    let error = result.unwrap_err();
    assert!(Obstacle::of(&error).is_some(), "{error:?}");
    assert!(error.to_string().contains(why), "{error}");
}

#[test]
fn only_regular_files_are_read_and_none_is_waited_for() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    make_pipe(&at("pipe"));
    let _socket = UnixListener::bind(at("socket")).unwrap();
    symlink("/dev/zero", at("zeros")).unwrap();
    symlink("pipe", at("to-pipe")).unwrap();
    for (name, why) in [
        ("pipe", "it is a named pipe, not a regular file"),
        ("to-pipe", "it is a named pipe"),
        ("socket", "it is a socket"),
        ("zeros", "it is a device"),
    ] {
        refused(file::open(&at(name)), why);
        refused(file::read(&at(name), 10), why);
        refused(file::read_text(&at(name), 10), why);
        refused(file::read_secret(&at(name), 10), why);
        refused(file::replace(&at(name), b"x"), why);
    }
    assert_eq!(
        file::read(dir.path(), 10).unwrap_err().kind(),
        io::ErrorKind::IsADirectory
    );
    assert_eq!(
        file::read(&at("nothing"), 10).unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
}

#[test]
fn nothing_longer_than_its_limit_is_read() {
    let dir = folder();
    let path = dir.path().join("file");
    for length in [0, 1, 9, 10] {
        fs::write(&path, vec![b'x'; length]).unwrap();
        assert_eq!(file::read(&path, 10).unwrap().len(), length);
        assert_eq!(file::read_argument(&path, 10).unwrap().len(), length);
        let stream = file::read_stream(&b"0123456789"[..length], 10);
        assert_eq!(stream.unwrap().len(), length);
    }
    fs::write(&path, "x".repeat(11)).unwrap();
    refused(file::read(&path, 10), "it has more than 10 bytes");
    refused(file::read_text(&path, 10), "it has more than 10 bytes");
    // What a command is told to read may be no regular file; a limit holds all the same.
    refused(
        file::read_argument(Path::new("/dev/zero"), 10),
        "it has more than 10 bytes",
    );
    assert_eq!(
        file::read_argument(Path::new("/dev/null"), 10).unwrap(),
        b""
    );
    // A sparse file costs nothing before it is refused.
    let sparse = fs::File::create(&path).unwrap();
    sparse.set_len(1 << 40).unwrap();
    refused(file::read(&path, 1 << 20), "more than");
    fs::write(&path, b"\xff").unwrap();
    let error = file::read_text(&path, 10).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn a_file_of_the_users_own_keeps_its_links_and_permissions() {
    let dir = folder();
    let at = |name: &str| dir.path().join(name);
    fs::create_dir(at("elsewhere")).unwrap();
    fs::write(at("elsewhere/file"), "old").unwrap();
    fs::set_permissions(at("elsewhere/file"), Permissions::from_mode(0o640)).unwrap();
    symlink("elsewhere/file", at("link")).unwrap();
    file::replace(&at("link"), b"new").unwrap();
    assert!(at("link").is_symlink());
    assert_eq!(fs::read(at("elsewhere/file")).unwrap(), b"new");
    assert_eq!(mode(&at("elsewhere/file")), 0o640);

    fs::set_permissions(at("elsewhere/file"), Permissions::from_mode(0o444)).unwrap();
    for path in ["link", "elsewhere/file"] {
        refused(file::replace(&at(path), b"newer"), "it is read-only");
        refused(file::output(&at(path), b"newer"), "it is read-only");
    }
    assert_eq!(fs::read(at("elsewhere/file")).unwrap(), b"new");

    // A link that leads nowhere: only who named the path himself means what it leads to.
    symlink("elsewhere/next", at("next")).unwrap();
    let nowhere = "it is a link to something that is not there";
    refused(file::replace(&at("next"), b"new"), nowhere);
    assert!(!at("elsewhere/next").exists());
    file::output(&at("next"), b"new").unwrap();
    assert!(at("next").is_symlink());
    assert_eq!(fs::read(at("elsewhere/next")).unwrap(), b"new");

    fs::write(at("plain"), "").unwrap();
    file::replace(&at("fresh"), b"new").unwrap();
    assert_eq!(mode(&at("fresh")), mode(&at("plain")), "the umask decides");
    refused(file::replace(&at("no/file"), b"new"), "there is no folder");
    assert!(file::replace(&at("elsewhere"), b"new").is_err());
    file::output(Path::new("/dev/null"), b"new").unwrap();
    // Nothing is left beside.
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 5);
    assert_eq!(fs::read_dir(at("elsewhere")).unwrap().count(), 2);
}

/// A folder with links where a file is to be written: on the way, and under its name.
struct Linked {
    dir: TempDir,
}

impl Linked {
    fn new() -> Self {
        let dir = folder();
        let at = |name: &str| dir.path().join(name);
        fs::create_dir_all(at("tree/deps")).unwrap();
        fs::create_dir(at("outside")).unwrap();
        fs::write(at("outside/file"), "precious").unwrap();
        symlink("../../outside", at("tree/deps/linked")).unwrap();
        symlink("../outside/file", at("tree/file")).unwrap();
        Self { dir }
    }

    fn tree(&self) -> std::path::PathBuf {
        self.dir.path().join("tree")
    }

    fn check_outside(&self) {
        let outside = self.dir.path().join("outside");
        assert_eq!(fs::read(outside.join("file")).unwrap(), b"precious");
        assert_eq!(fs::read_dir(&outside).unwrap().count(), 1);
    }
}

#[test]
fn nothing_is_written_or_removed_through_a_link_on_the_way() {
    let linked = Linked::new();
    for tree in [Tree::shared(linked.tree()), Tree::private(linked.tree())] {
        let name = linked.tree().join("deps/linked").display().to_string();
        let why = format!("{name} is a link, and nothing is written or removed through one");
        for below in ["deps/linked/file", "deps/linked/new", "deps/linked/a/b/c"] {
            let below = Path::new(below);
            refused(tree.replace(below, b"x"), &why);
            refused(tree.create(below, b"x"), &why);
            refused(tree.begin(below, OsStr::new("file"), b"x"), &why);
            refused(tree.remove(below), &why);
            refused(tree.remove_all(below), &why);
            refused(tree.remove_whole(below), &why);
            refused(tree.remove_folder(below), &why);
            refused(tree.lock(below), &why);
        }
        refused(
            tree.begin(Path::new("deps/linked"), OsStr::new("file"), b"x"),
            &why,
        );
        let staged = tree.staged_in("deps/linked");
        refused(staged.replace(Path::new("new"), b"x"), &why);
        linked.check_outside();
        assert!(!linked.tree().join("new").exists());
    }
    // The folder itself may be one: whoever named it decided that.
    let root = linked.dir.path().join("root");
    symlink("tree", &root).unwrap();
    let tree = Tree::shared(&root);
    tree.replace(Path::new("deps/own/file"), b"x").unwrap();
    assert_eq!(fs::read(linked.tree().join("deps/own/file")).unwrap(), b"x");
    for out in ["../outside/file", "/etc/hosts", "deps/../../outside/file"] {
        assert!(tree.replace(Path::new(out), b"x").is_err(), "{out}");
        assert!(tree.remove(Path::new(out)).is_err(), "{out}");
    }
    linked.check_outside();
}

#[test]
fn a_link_in_a_files_place_is_refused_where_others_read_and_replaced_where_nobody_does() {
    let linked = Linked::new();
    let file = Path::new("file");
    let shared = Tree::shared(linked.tree());
    refused(shared.replace(file, b"x"), "file is a link");
    refused(shared.remove(file), "file is a link");
    refused(shared.lock(file), "file is a link");
    assert!(!shared.create(file, b"x").unwrap(), "something is there");
    let private = Tree::private(linked.tree());
    refused(private.lock(file), "file is a link");
    private.replace(file, b"x").unwrap();
    assert!(!linked.tree().join(file).is_symlink());
    linked.check_outside();

    let kept = linked.tree().join("kept");
    fs::write(&kept, "old").unwrap();
    fs::set_permissions(&kept, Permissions::from_mode(0o444)).unwrap();
    refused(shared.replace(Path::new("kept"), b"x"), "it is read-only");
    private.replace(Path::new("kept"), b"x").unwrap();
    assert_eq!(mode(&kept), 0o600);
}

#[test]
fn a_tree_goes_without_what_its_links_lead_to() {
    let linked = Linked::new();
    let tree = Tree::shared(linked.tree());
    assert!(tree.remove_all(Path::new("deps")).unwrap());
    assert!(!tree.remove_all(Path::new("deps")).unwrap(), "it is gone");
    linked.check_outside();
}

/// The umask is the process's own: each runs in a process of its own.
#[test]
fn what_is_private_is_so_whatever_the_umask() {
    for umask in ["000", "022", "077", "277"] {
        let dir = folder();
        let status = Command::new("sh")
            .args([
                "-c",
                "umask \"$1\" && exec \"$2\" --ignored --exact private_files_of_a_process",
            ])
            .args(["sh", umask])
            .arg(std::env::current_exe().unwrap())
            .env("WARG_TEST_FOLDER", dir.path())
            .output()
            .unwrap();
        assert!(status.status.success(), "{umask}: {status:?}");
        let at = |name: &str| dir.path().join("home").join(name);
        for folder in ["", "a", "a/b", "begun"] {
            assert_eq!(mode(&at(folder)), 0o700, "umask {umask}: {folder}");
        }
        for file in ["a/b/file", "begun/seen"] {
            assert_eq!(mode(&at(file)), 0o600, "umask {umask}: {file}");
        }
        assert_eq!(mode(&at("lock")) & 0o077, 0, "umask {umask}");
    }
}

#[test]
#[ignore = "what_is_private_is_so_whatever_the_umask runs it"]
fn private_files_of_a_process() {
    let Some(dir) = std::env::var_os("WARG_TEST_FOLDER") else {
        return;
    };
    let tree = Tree::private(Path::new(&dir).join("home"));
    tree.replace(Path::new("a/b/file"), b"secret").unwrap();
    assert!(
        tree.begin(Path::new("begun"), OsStr::new("seen"), b"secret")
            .unwrap()
    );
    drop(tree.lock(Path::new("lock")).unwrap());
}

#[test]
fn a_secret_is_its_owners_alone_and_so_is_the_name_it_has() {
    let dir = folder();
    let path = dir.path().join("keys");
    fs::write(&path, "secret").unwrap();
    for open in [0o640, 0o604, 0o660, 0o601, 0o777] {
        fs::set_permissions(&path, Permissions::from_mode(open)).unwrap();
        refused(
            file::read_secret(&path, 10),
            &format!("its mode is {open:03o}"),
        );
    }
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    for open in [0o770, 0o707, 0o722] {
        fs::set_permissions(dir.path(), Permissions::from_mode(open)).unwrap();
        refused(file::read_secret(&path, 10), "where others may write");
        // Nor does a link in a safe folder make it safe.
        let safe = folder();
        let link = safe.path().join("keys");
        symlink(&path, &link).unwrap();
        refused(file::read_secret(&link, 10), "where others may write");
    }
    for safe in [0o700, 0o755] {
        fs::set_permissions(dir.path(), Permissions::from_mode(safe)).unwrap();
        assert_eq!(file::read_secret(&path, 10).unwrap(), "secret");
    }
    fs::write(&path, b"secret\xff").unwrap();
    let error = file::read_secret(&path, 10).unwrap_err();
    assert!(!format!("{error:?}").contains("115"), "{error:?}");
}

#[test]
fn a_folder_begins_with_its_file_in_it_and_only_once() {
    let dir = folder();
    for tree in [
        Tree::shared(dir.path().join("shared")).staged_in(""),
        Tree::private(dir.path().join("private")),
    ] {
        let below = Path::new("deps/one");
        let name = OsStr::new("package.wit");
        assert!(tree.begin(below, name, b"first").unwrap());
        assert!(!tree.begin(below, name, b"second").unwrap());
        let file = tree.root().join("deps/one/package.wit");
        assert_eq!(fs::read(&file).unwrap(), b"first");
        fs::create_dir(tree.root().join("empty")).unwrap();
        assert!(tree.begin(Path::new("empty"), name, b"x").unwrap());
        assert!(tree.begin(&below.join("package.wit"), name, b"x").is_err());

        assert!(!tree.create(&below.join("package.wit"), b"x").unwrap());
        assert!(tree.create(&below.join("other.wit"), b"x").unwrap());
        assert!(tree.remove_folder(below).is_err(), "it is not empty");
        assert!(tree.remove(&below.join("other.wit")).unwrap());
        assert!(!tree.remove(&below.join("other.wit")).unwrap());
        assert!(tree.remove_whole(below).unwrap());
        assert!(!tree.remove_whole(below).unwrap());
        let left = fs::read_dir(tree.root()).unwrap().flatten();
        let left: Vec<_> = left.map(|entry| entry.file_name()).collect();
        assert_eq!(left.len(), 2, "nothing is left over: {left:?}");
    }
}

#[test]
fn a_new_folder_is_there_whole_or_leaves_nothing() {
    let dir = folder();
    let at = dir.path().join("registry");
    let new = NewFolder::beside(&at).unwrap();
    fs::write(new.path().join("file"), "x").unwrap();
    assert!(!at.exists());
    new.finish().unwrap();
    assert_eq!(fs::read(at.join("file")).unwrap(), b"x");
    let second = NewFolder::beside(&at).unwrap();
    assert!(second.finish().is_err(), "what is there stays");
    drop(NewFolder::beside(&at).unwrap());
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
