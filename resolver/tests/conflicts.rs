//! What people read when there is no solution, letter by letter.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod world;

use resolver::cutoff::Cutoff;
use transparency::name::Kind;
use transparency::number::Time;
use world::World;

#[track_caller]
fn assert_says(world: &World, lines: &[&str], hints: &[&str]) {
    let (text, found) = world.conflict();
    let expected = format!(
        "the requirements of `app` cannot all be met\n{}",
        lines.join("\n")
    );
    assert!(
        text == expected && found == hints,
        "it says:\n{text}\n{}",
        found.join("\n")
    );
}

fn clocks() -> World {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "2.0.0"] {
        world.component("acme:clock", version, &[]);
    }
    world
}

fn wasi() -> World {
    let mut world = World::new();
    for version in ["0.2.0", "0.2.3", "0.2.6"] {
        world.wit("wasi:io", version, &[]);
        let io = format!("wit wasi:io ^{version}");
        world.wit("wasi:http", version, &[&io]);
    }
    world
}

#[test]
fn nothing_matches() {
    let mut world = clocks();
    world.app_requires("component acme:clock ^3");
    assert_says(
        &world,
        &[
            "Because you require component acme:clock ^3, which no release meets (the existing versions are 1.0.0, 1.1.0 and 2.0.0), your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn two_dependencies_disagree() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "1.2.0", &["component acme:clock =1.0.0"]);
    world.component("acme:timer", "1.0.0", &["component acme:clock ^1.1"]);
    world.app_requires("component acme:logger ^1");
    world.app_requires("component acme:timer ^1");
    assert_says(
        &world,
        &[
            "Because acme:timer 1.0.0 requires component acme:clock ^1.1, acme:timer 1.0.0 needs acme:clock 1.1.0.",
            "And because every acme:logger 1.x requires component acme:clock =1.0.0, every acme:logger 1.x and acme:timer 1.0.0 cannot be used together.",
            "And because you require component acme:logger ^1, acme:timer 1.0.0 cannot be used.",
            "And because you require component acme:timer ^1, your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn a_pin_that_no_release_matches() {
    let mut world = wasi();
    world.app_requires_at("wit wasi:io =0.2.4", "wit/world.wit:3", &[]);
    assert_says(
        &world,
        &[
            "Because you require wit wasi:io =0.2.4 (wit/world.wit:3), which no release meets (the existing versions are 0.2.0, 0.2.3 and 0.2.6), your requirements cannot be met.",
        ],
        &["wit/world.wit:3: with wasi:io 0.2.6 instead of 0.2.4 it would work"],
    );
}

#[test]
fn pins_that_conflict() {
    let mut world = wasi();
    world.app_requires_at("wit wasi:http =0.2.3", "wit/world.wit:3", &[]);
    world.app_requires_at("wit wasi:io =0.2.0", "wit/world.wit:7", &[]);
    assert_says(
        &world,
        &[
            "Because wasi:http 0.2.3 requires wit wasi:io ^0.2.3, wasi:http 0.2.3 needs wasi:io 0.2.3 to 0.2.6.",
            "And because you require wit wasi:http =0.2.3 (wit/world.wit:3), you need wasi:io 0.2.3 to 0.2.6.",
            "And because you require wit wasi:io =0.2.0 (wit/world.wit:7), your requirements cannot be met.",
        ],
        &[
            "wit/world.wit:3: with wasi:http 0.2.0 instead of 0.2.3 it would work",
            "wit/world.wit:7: with wasi:io 0.2.3 instead of 0.2.0 it would work",
        ],
    );
}

#[test]
fn yanked_withdrawn_unusable_and_too_new() {
    let mut world = clocks();
    world.yank("acme:clock", "1.0.0", "drifts");
    world.withdraw("acme:clock", "1.1.0", "court order");
    world.find("acme:clock", "2.0.0").time = Time::from_unix(3_000_000_000).unwrap();
    world.problem.options.exclude_newer = Time::from_unix(2_000_000_000).map(Cutoff::At);
    world.app_requires("component acme:clock >=1");
    assert_says(
        &world,
        &[
            "Because you require component acme:clock >=1 and acme:clock 1.0.0 is yanked (drifts), acme:clock 1.1.0 is withdrawn (court order) and acme:clock 2.0.0 was released on 2065-01-24T05:20:00Z, which `exclude-newer` leaves aside, your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn a_package_that_does_not_exist() {
    let mut world = clocks();
    world.component("acme:logger", "1.2.0", &["component acme:nobody ^1"]);
    world.nobody_has("acme:nobody");
    world.app_requires("component acme:logger ^1");
    assert_says(
        &world,
        &[
            "Because acme:nobody does not exist (proved at the checkpoint of size 48), component acme:nobody cannot be used.",
            "And because acme:logger 1.2.0 requires component acme:nobody ^1, acme:logger 1.2.0 cannot be used.",
            "And because you require component acme:logger ^1, your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn a_package_of_another_kind() {
    let mut world = clocks();
    world.app_requires_at("wit acme:clock =1.0.0", "wit/world.wit:3", &[]);
    assert_says(
        &world,
        &[
            "Because acme:clock is a component, required as wit, wit acme:clock cannot be used.",
            "And because you require wit acme:clock =1.0.0 (wit/world.wit:3), your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn an_interface_that_no_release_exports() {
    let mut world = clocks();
    world.exports("acme:clock", "1.0.0", &["acme:clock/now@1.0.0"]);
    world.exports("acme:clock", "1.1.0", &["acme:clock/now@1.0.1"]);
    world.app_requires_at(
        "component acme:clock ^1",
        "wit/world.wit:3",
        &["acme:clock/now@1.0.3"],
    );
    assert_says(
        &world,
        &[
            "Because you require component acme:clock ^1 with the export acme:clock/now@1.0.3 (wit/world.wit:3), which no release meets (the existing versions are 1.0.0, 1.1.0 and 2.0.0), your requirements cannot be met.",
        ],
        &[
            "wit/world.wit:3: with acme:clock/now@1.0.1 instead of acme:clock/now@1.0.3 it would work",
        ],
    );
}

#[test]
fn a_requirement_over_tracks_shows_no_machinery() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:timer", "1.0.0", &["component acme:clock =1.1.0"]);
    world.component("acme:timer", "2.0.0", &["component acme:clock ^3"]);
    world.app_requires("component acme:logger ^1");
    world.app_requires("component acme:timer *");
    assert_says(
        &world,
        &[
            "Because acme:timer 1.0.0 requires component acme:clock =1.1.0, acme:timer * in 1.x needs acme:clock 1.1.0.",
            "And because acme:logger 1.0.0 requires component acme:clock =1.0.0, acme:logger 1.0.0 and acme:timer * in 1.x cannot be used together. (1)",
            "Because acme:timer 2.0.0 requires component acme:clock ^3, which no release meets (the existing versions are 1.0.0, 1.1.0 and 2.0.0), acme:timer 2.0.0 cannot be used.",
            "And because acme:logger 1.0.0 and acme:timer * in 1.x cannot be used together (1), acme:logger 1.0.0 and acme:timer * cannot be used together.",
            "And because you require component acme:logger ^1, acme:timer * cannot be used.",
            "And because you require component acme:timer *, your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn a_local_package_that_is_too_old() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock ^1.1"]);
    world.app_requires("component acme:logger ^1");
    world.app_has_local(Kind::Component, "acme:clock", "1.0.9", &[]);
    assert_says(
        &world,
        &[
            "Because acme:logger 1.0.0 requires component acme:clock ^1.1, which no release meets (the existing versions are 1.0.9 and 2.0.0), acme:logger 1.0.0 cannot be used.",
            "And because you require component acme:logger ^1, your requirements cannot be met.",
        ],
        &[],
    );
}

#[test]
fn a_long_way_down() {
    let mut world = World::new();
    world.component("acme:menu", "1.0.0", &["component acme:dropdown ^1"]);
    world.component("acme:menu", "1.1.0", &["component acme:dropdown ^2"]);
    world.component("acme:dropdown", "1.8.0", &["component acme:intl ^3"]);
    world.component("acme:dropdown", "2.0.0", &["component acme:icons ^2"]);
    world.component("acme:dropdown", "2.3.0", &["component acme:icons ^2"]);
    world.component("acme:icons", "1.0.0", &[]);
    world.component("acme:icons", "2.0.0", &["component acme:font =1.0.0"]);
    world.component("acme:font", "1.0.0", &[]);
    world.component("acme:font", "1.1.0", &[]);
    world.component("acme:intl", "3.0.0", &["component acme:font =1.0.0"]);
    world.app_requires("component acme:menu ^1");
    world.app_requires("component acme:font ^1.1");
    assert_says(
        &world,
        &[
            "Because acme:intl 3.0.0 requires component acme:font =1.0.0, acme:intl 3.0.0 needs acme:font 1.0.0.",
            "And because acme:dropdown 1.8.0 requires component acme:intl ^3, acme:dropdown 1.8.0 needs acme:font 1.0.0.",
            "And because acme:menu 1.0.0 requires component acme:dropdown ^1, acme:menu 1.0.0 needs acme:font 1.0.0. (1)",
            "Because acme:icons 2.0.0 requires component acme:font =1.0.0, acme:icons 2.0.0 needs acme:font 1.0.0.",
            "And because every acme:dropdown 2.x requires component acme:icons ^2, every acme:dropdown 2.x needs acme:font 1.0.0.",
            "And because acme:menu 1.1.0 requires component acme:dropdown ^2, acme:menu 1.1.0 needs acme:font 1.0.0.",
            "And because acme:menu 1.0.0 needs acme:font 1.0.0 (1), every acme:menu 1.x needs acme:font 1.0.0.",
            "And because you require component acme:font ^1.1, no acme:menu 1.x can be used.",
            "And because you require component acme:menu ^1, your requirements cannot be met.",
        ],
        &[],
    );
}
