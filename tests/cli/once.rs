//! What a command does once: the system counts which files are opened, and the server what it is asked for.

use std::collections::BTreeMap;
use std::mem::MaybeUninit;
use std::path::Path;

use fixtures::server::Server;
use rustix::fs::inotify;

use crate::dep_solved::published;
use crate::support::Sandbox;

/// How often a file of a folder is opened while something runs.
fn opened<T>(folder: &Path, file: &str, run: impl FnOnce() -> T) -> (usize, T) {
    let notify = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    // With closing between them, two openings are two events, and never one.
    let events = inotify::WatchFlags::OPEN | inotify::WatchFlags::CLOSE;
    inotify::add_watch(&notify, folder, events).unwrap();
    let done = run();
    let mut space = [MaybeUninit::uninit(); 1 << 14];
    let mut reader = inotify::Reader::new(&notify, &mut space);
    let mut count = 0;
    while let Ok(event) = reader.next() {
        let name = event.file_name().map(|name| name.to_string_lossy());
        let is_it = name.is_some_and(|name| name == file);
        count += usize::from(is_it && event.events().contains(inotify::ReadFlags::OPEN));
    }
    (count, done)
}

#[test]
fn the_lock_is_read_once_a_command_and_once_more_before_it_is_written_over() {
    let sandbox = Sandbox::new();
    let work = published(&sandbox);
    let publish = ["publish", "app.wasm", "-p", "app", "--dry-run"];
    let with = |flag| [publish.as_slice(), &[flag]].concat();
    let (with_lock, with_bundle) = (with("--with-lock"), with("--bundle"));
    let commands: [(&[&str], usize); 17] = [
        (&["lock"], 1),
        (&["lock", "--locked"], 1),
        (&["fetch"], 1),
        (&["verify"], 1),
        (&["verify", "--offline"], 1),
        (&["tree"], 1),
        (&["sbom", "-p", "app"], 1),
        (&["outdated"], 1),
        (&["info", "acme:clock"], 1),
        (&["self-check"], 1),
        (&["update"], 2),
        // That it may be written over is found out by opening it.
        (&["update", "acme:clock", "--precise", "1.0.0"], 3),
        (&["bundle", "app.wasm", "-p", "app", "-o", "bundle.wasm"], 1),
        (&publish, 1),
        (&with_lock, 1),
        (&with_bundle, 1),
        (&["vendor"], 1),
    ];
    let counted = commands.map(|(command, _)| {
        let (count, said) = opened(work.path(), "warg.lock", || work.warg(command));
        said.code(0);
        (command, count)
    });
    assert_eq!(counted, commands);
}

#[test]
fn what_a_release_carries_is_verified_with_one_answer_of_the_registry() {
    let sandbox = Sandbox::new();
    let work = published(&sandbox);
    work.warg(&["publish", "app.wasm", "-p", "app", "--bundle"])
        .code(0);
    let registry = sandbox.join("acme-registry");
    let server = Server::of_folder(&registry);
    let manifest = work.read("Cargo.toml");
    work.write(
        "Cargo.toml",
        manifest.replace("../acme-registry", &server.url()),
    );
    // As of a machine that saw nothing.
    let reader = work.with_home(sandbox.join("homes/reader"));
    reader.warg(&["verify", "acme:app@0.1.0"]).code(0);
    let mut asked = BTreeMap::new();
    for request in server.requests() {
        *asked.entry(request.target).or_insert(0) += 1;
    }
    asked.retain(|_, times| *times > 1);
    assert_eq!(asked, BTreeMap::new(), "asked for more than once");
}

#[test]
fn publishing_opens_the_registry_as_often_as_distrust_demands() {
    let sandbox = Sandbox::new();
    let work = published(&sandbox);
    let registry = sandbox.join("acme-registry");
    let publish = ["publish", "app.wasm", "-p", "app"];
    let with = |flag| [publish.as_slice(), &[flag]].concat();
    let counted = [with("--dry-run"), with("--bundle")].map(|command| {
        let (count, said) = opened(&registry, "checkpoint", || work.warg(&command));
        said.code(0);
        count
    });
    // For the check of who will require it; for the records, as they are checked and as they are signed. Then the sequencer,
    // which believes its folder no more than a client does, opens it, looks whether it moved, and replaces the checkpoint; and
    // what is reported as published was seen there.
    assert_eq!(counted, [3, 7]);
}
