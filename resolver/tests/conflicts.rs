//! What people read when there is no solution, letter by letter: each story beside its message in `conflicts/`.
//!
//! `SNAPSHOTS=overwrite cargo test -p cargo-warg-resolver --test conflicts` writes them anew.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod world;

use std::fmt::Write as _;
use std::path::Path;

use resolver::NamedLocation;
use resolver::cutoff::Cutoff;
use resolver::problem::{RootRequirement, Written};
use transparency::name::Kind;
use transparency::number::Time;
use world::{Release, World, requirement, selection};

/// A story and how it ends, as the file has them.
fn tell(world: &World) -> String {
    let mut told = String::new();
    for (package, (kind, releases)) in &world.packages {
        writeln!(told, "{kind} {package}").unwrap();
        let is_plain = |release: &Release| {
            *release == world::release(package.as_str(), &release.version.to_string(), &[])
        };
        let (plain, others): (Vec<_>, Vec<_>) = releases.iter().partition(|one| is_plain(one));
        let plain: Vec<String> = plain.iter().map(|one| one.version.to_string()).collect();
        if !plain.is_empty() {
            let plain = match plain.as_slice() {
                [first, .., last] if plain.len() > 9 => format!("{first} … {last}"),
                plain => plain.join(", "),
            };
            writeln!(told, "    {plain}").unwrap();
        }
        let mut alike: Vec<(String, Vec<String>)> = Vec::new();
        for release in others {
            let (version, about) = (release.version.to_string(), about(release));
            match alike.last_mut() {
                Some((known, versions)) if *known == about => versions.push(version),
                _ => alike.push((about, vec![version])),
            }
        }
        for (about, versions) in alike {
            let versions = match versions.as_slice() {
                [first, .., last] if versions.len() > 9 => format!("{first} … {last}"),
                versions => versions.join(", "),
            };
            writeln!(told, "    {versions}: {about}").unwrap();
        }
    }
    for (name, member) in &world.problem.members {
        writeln!(told, "{name}").unwrap();
        for root in &member.requirements {
            writeln!(told, "    {}", line(root)).unwrap();
        }
        for local in &member.locals {
            let location = local.location.as_deref().unwrap_or_default();
            writeln!(
                told,
                "    has {} {}@{} at {location}",
                local.kind, local.name, local.version
            )
            .unwrap();
        }
        for held in &member.held {
            writeln!(told, "    holds {held}").unwrap();
        }
    }
    if let Some(limit) = world.problem.options.exclude_newer {
        writeln!(told, "exclude-newer {limit}").unwrap();
    }
    let error = world
        .solve()
        .expect_err("a story of this file has no solution");
    write!(told, "\nerror: {error}\n").unwrap();
    if let resolver::Unresolved::Conflict(conflict) = error {
        for help in conflict.help() {
            writeln!(told, "help: {help}").unwrap();
        }
    }
    told
}

fn about(release: &Release) -> String {
    let mut about: Vec<String> = Vec::new();
    let requirements = release.requirements.iter();
    about.extend(requirements.map(|one| format!("requires {} {}", one.name, one.req)));
    about.extend(release.exports.iter().map(|one| format!("exports {one}")));
    let objection = release.objection.iter();
    about.extend(objection.map(|one| format!("{}: {}", one.word(), one.reason())));
    if release.time != Time::from_unix(1_000_000).unwrap() {
        about.push(format!("of {}", release.time));
    }
    about.join("; ")
}

fn line(root: &RootRequirement) -> String {
    let wanted = &root.requirement;
    let mut line = match &root.written {
        Some(Written::Text(text)) => format!("{} {} \"{text}\"", wanted.kind, wanted.name),
        Some(Written::Path(path)) => format!("{} {} at {path}", wanted.kind, wanted.name),
        Some(Written::Reference) => format!("{}@{}", wanted.name, wanted.req.pinned().unwrap()),
        Some(Written::Through(_)) | None => wanted.to_string(),
    };
    if let Some(location) = &root.location {
        write!(line, " in {location}").unwrap();
    }
    for export in &root.exports {
        write!(line, "; imports {export}").unwrap();
        if let Some(location) = root.export_locations.get(export) {
            write!(line, " in {location}").unwrap();
        }
    }
    line
}

/// Holds a story against its file.
#[track_caller]
fn assert_told(world: &World, name: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/conflicts/{name}.txt"));
    snapbox::assert_data_eq!(
        tell(world),
        snapbox::Data::read_from(&file, Some(snapbox::data::DataFormat::Text)).raw()
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
fn no_version_matches() {
    let mut world = clocks();
    world.writes("app", "component acme:clock 3", "Cargo.toml:9:1");
    assert_told(&world, "no_version_matches");
}

#[test]
fn a_pin_that_no_release_matches() {
    let mut world = wasi();
    world.refers("wasi:io@0.2.4", "wit/world.wit:3:10");
    assert_told(&world, "a_pin_that_no_release_matches");
}

#[test]
fn only_a_pre_release_exists() {
    let mut world = World::new();
    world.component("acme:clock", "1.0.0-rc.1", &[]);
    world.writes("app", "component acme:clock 1.0", "Cargo.toml:9:1");
    assert_told(&world, "only_a_pre_release_exists");
}

#[test]
fn a_package_that_does_not_exist() {
    let mut world = clocks();
    world.nobody_has("acme:clok");
    world.writes("app", "component acme:clok 1", "Cargo.toml:9:1");
    assert_told(&world, "a_package_that_does_not_exist");
}

#[test]
fn a_package_that_does_not_exist_further_down() {
    let mut world = clocks();
    world.component("acme:logger", "1.1.0", &["component acme:clock ^1"]);
    world.component("acme:logger", "1.2.0", &["component acme:nobody ^1"]);
    world.nobody_has("acme:nobody");
    world.writes("app", "component acme:logger 1.2", "Cargo.toml:9:1");
    assert_told(&world, "a_package_that_does_not_exist_further_down");
}

#[test]
fn a_package_of_another_kind() {
    let mut world = clocks();
    world.writes("app", "wit acme:clock 1.0", "Cargo.toml:12:1");
    assert_told(&world, "a_package_of_another_kind");
}

#[test]
fn a_reference_to_a_package_of_another_kind() {
    let mut world = clocks();
    world.refers("acme:clock@1.0.0", "wit/world.wit:3:10");
    assert_told(&world, "a_reference_to_a_package_of_another_kind");
}

#[test]
fn pins_that_conflict() {
    let mut world = wasi();
    world.refers("wasi:http@0.2.3", "wit/world.wit:3:10");
    world.refers("wasi:io@0.2.0", "wit/world.wit:7:12");
    assert_told(&world, "pins_that_conflict");
}

#[test]
fn a_pin_and_a_line_of_the_manifest() {
    let mut world = wasi();
    world.writes("app", "wit wasi:io 0.2.3", "Cargo.toml:12:1");
    world.refers("wasi:io@0.2.0", "wit/world.wit:3:10");
    assert_told(&world, "a_pin_and_a_line_of_the_manifest");
}

#[test]
fn a_pin_and_what_a_dependency_needs() {
    let mut world = wasi();
    for version in ["1.0.0", "1.1.0"] {
        world.component("acme:proxy", version, &["wit wasi:http ^0.2.3"]);
    }
    world.writes("app", "component acme:proxy 1", "Cargo.toml:9:1");
    world.refers("wasi:io@0.2.0", "wit/world.wit:3:10");
    assert_told(&world, "a_pin_and_what_a_dependency_needs");
}

#[test]
fn a_dependency_and_the_member_disagree() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "1.2.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "1.3.0-rc.1", &["component acme:clock ^1.1"]);
    world.writes("app", "component acme:clock 1.1", "Cargo.toml:9:1");
    world.writes("app", "component acme:logger 1", "Cargo.toml:10:1");
    assert_told(&world, "a_dependency_and_the_member_disagree");
}

#[test]
fn two_dependencies_disagree() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "1.2.0", &["component acme:clock =1.0.0"]);
    world.component("acme:timer", "0.9.0", &["component acme:clock ^1.0"]);
    world.component("acme:timer", "1.0.0", &["component acme:clock ^1.1"]);
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:timer 1", "Cargo.toml:10:1");
    assert_told(&world, "two_dependencies_disagree");
}

#[test]
fn a_diamond() {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "1.2.0", "1.3.0"] {
        world.component("acme:store", version, &[]);
    }
    world.component("acme:cache", "1.0.0", &["component acme:store ~1.1"]);
    world.component("acme:queue", "1.0.0", &["component acme:store ^1.2"]);
    world.component("acme:queue", "0.9.0", &["component acme:store ^1.0"]);
    world.component(
        "acme:app-kit",
        "2.0.0",
        &["component acme:cache ^1", "component acme:queue ^1"],
    );
    world.component(
        "acme:app-kit",
        "1.9.0",
        &["component acme:cache ^1", "component acme:queue ^0.9"],
    );
    world.writes("app", "component acme:app-kit 2", "Cargo.toml:9:1");
    assert_told(&world, "a_diamond");
}

#[test]
fn all_yanked() {
    let mut world = clocks();
    world.yank("acme:clock", "1.0.0", "drifts");
    world.yank("acme:clock", "1.1.0", "drifts");
    world.writes("app", "component acme:clock 1", "Cargo.toml:9:1");
    assert_told(&world, "all_yanked");
}

#[test]
fn what_a_dependency_needs_is_yanked() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock ^1.0"]);
    world.component("acme:logger", "1.1.0", &["component acme:clock ~1.1"]);
    world.yank("acme:clock", "1.1.0", "drifts");
    world.writes("app", "component acme:logger 1.1", "Cargo.toml:9:1");
    assert_told(&world, "what_a_dependency_needs_is_yanked");
}

#[test]
fn withdrawn() {
    let mut world = clocks();
    world.withdraw("acme:clock", "2.0.0", "court order");
    world.writes("app", "component acme:clock 2", "Cargo.toml:9:1");
    assert_told(&world, "withdrawn");
}

#[test]
fn unusable() {
    let mut world = clocks();
    world.unusable(
        "acme:clock",
        "2.0.0",
        "its requirement of acme:gears lies in two tracks",
    );
    world.writes("app", "component acme:clock 2", "Cargo.toml:9:1");
    assert_told(&world, "unusable");
}

#[test]
fn excluded_by_date() {
    let mut world = clocks();
    world.component("acme:clock", "2.1.0", &[]);
    world.find("acme:clock", "2.0.0").time = Time::from_unix(1_790_000_000).unwrap();
    world.find("acme:clock", "2.1.0").time = Time::from_unix(1_791_000_000).unwrap();
    world.problem.options.exclude_newer = Time::from_unix(1_788_000_000).map(Cutoff::At);
    world.writes("app", "component acme:clock 2.0", "Cargo.toml:9:1");
    assert_told(&world, "excluded_by_date");
}

#[test]
fn every_version_for_another_reason() {
    let mut world = clocks();
    world.yank("acme:clock", "1.0.0", "drifts");
    world.withdraw("acme:clock", "1.1.0", "court order");
    world.find("acme:clock", "2.0.0").time = Time::from_unix(1_790_000_000).unwrap();
    world.problem.options.exclude_newer = Time::from_unix(1_788_000_000).map(Cutoff::At);
    world.writes("app", "component acme:clock >=1", "Cargo.toml:9:1");
    assert_told(&world, "every_version_for_another_reason");
}

#[test]
fn an_interface_that_no_release_exports() {
    let mut world = clocks();
    world.exports("acme:clock", "1.0.0", &["acme:clock/now@1.0.0"]);
    world.exports("acme:clock", "1.1.0", &["acme:clock/now@1.0.1"]);
    world.exports("acme:clock", "2.0.0", &["acme:clock/now@2.0.0"]);
    world.writes_for(
        "component acme:clock 1",
        "Cargo.toml:9:1",
        &["acme:clock/now@1.0.3 at wit/world.wit:3:10"],
    );
    assert_told(&world, "an_interface_that_no_release_exports");
}

#[test]
fn an_interface_that_another_version_exports() {
    let mut world = clocks();
    world.exports("acme:clock", "1.0.0", &["acme:clock/now@1.0.0"]);
    world.exports("acme:clock", "2.0.0", &["acme:clock/zone@2.0.0"]);
    world.writes_for(
        "component acme:clock 1",
        "Cargo.toml:9:1",
        &["acme:clock/zone@2.0.0 at wit/world.wit:3:10"],
    );
    assert_told(&world, "an_interface_that_another_version_exports");
}

#[test]
fn two_tracks() {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "2.0.0", "2.1.0"] {
        world.component("acme:clock", version, &[]);
    }
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "1.1.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "2.0.0", &["component acme:clock =2.0.0"]);
    world.component(
        "acme:timer",
        "1.0.0",
        &["component acme:clock =1.1.0", "component acme:clock =2.1.0"],
    );
    world.writes("app", "component acme:logger >=1", "Cargo.toml:9:1");
    world.writes("app", "component acme:timer 1", "Cargo.toml:10:1");
    assert_told(&world, "two_tracks");
}

#[test]
fn a_requirement_over_tracks() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:timer", "1.0.0", &["component acme:clock =1.1.0"]);
    world.component("acme:timer", "2.0.0", &["component acme:clock ^3"]);
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:timer *", "Cargo.toml:10:1");
    assert_told(&world, "a_requirement_over_tracks");
}

#[test]
fn three_that_only_conflict_together() {
    let mut world = World::new();
    world.component(
        "acme:red",
        "1.0.0",
        &["component acme:paint >=1.0.0,<1.2.0"],
    );
    world.component(
        "acme:green",
        "1.0.0",
        &["component acme:paint >=1.1.0,<1.3.0"],
    );
    world.component(
        "acme:blue",
        "1.0.0",
        &["component acme:paint =1.0.0", "component acme:brush ^1"],
    );
    world.component(
        "acme:blue",
        "1.1.0",
        &["component acme:paint =1.2.0", "component acme:brush ^1"],
    );
    world.component("acme:brush", "1.0.0", &[]);
    for version in ["1.0.0", "1.1.0", "1.2.0", "1.3.0"] {
        world.component("acme:paint", version, &[]);
    }
    world.writes("app", "component acme:red 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:green 1", "Cargo.toml:10:1");
    world.writes("app", "component acme:blue 1", "Cargo.toml:11:1");
    assert_told(&world, "three_that_only_conflict_together");
}

#[test]
fn a_long_way_down() {
    let mut world = World::new();
    world.component("acme:site", "1.0.0", &["component acme:pages ^1"]);
    world.component("acme:pages", "1.4.0", &["component acme:forms ^2"]);
    world.component("acme:forms", "2.0.0", &["component acme:fields ^1"]);
    world.component("acme:fields", "1.0.0", &["component acme:dates ^3"]);
    world.component("acme:dates", "3.0.0", &["component acme:clock ^1.1"]);
    world.component("acme:dates", "3.1.0", &["component acme:clock ^1.1"]);
    world.component("acme:clock", "1.0.0", &[]);
    world.component("acme:clock", "1.1.0", &[]);
    world.writes("app", "component acme:site 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:clock =1.0.0", "Cargo.toml:10:1");
    assert_told(&world, "a_long_way_down");
}

#[test]
fn a_step_that_is_used_again() {
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
    world.writes("app", "component acme:menu 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:font 1.1", "Cargo.toml:10:1");
    assert_told(&world, "a_step_that_is_used_again");
}

#[test]
fn every_version_fails_in_its_own_way() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:logger", "1.1.0", &["component acme:clock ^3"]);
    world.withdraw("acme:clock", "1.0.0", "court order");
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    assert_told(&world, "every_version_fails_in_its_own_way");
}

#[test]
fn a_release_that_requires_another_of_its_own() {
    let mut world = World::new();
    world.component("acme:clock", "1.1.0", &[]);
    world.component("acme:clock", "1.2.0", &["component acme:clock =1.1.0"]);
    world.writes("app", "component acme:clock 1.2", "Cargo.toml:9:1");
    assert_told(&world, "a_release_that_requires_another_of_its_own");
}

#[test]
fn a_local_package_in_the_way() {
    let mut world = clocks();
    world.component("acme:logger", "0.9.0", &["component acme:clock ^1.0"]);
    world.component("acme:logger", "1.0.0", &["component acme:clock ^1.1"]);
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:clock 1.0", "Cargo.toml:10:1");
    world.app_has_local(Kind::Component, "acme:clock", "1.0.9", &[]);
    assert_told(&world, "a_local_package_in_the_way");
}

#[test]
fn what_a_local_package_requires() {
    let mut world = clocks();
    world.writes("app", "component acme:logger 0.1", "Cargo.toml:9:1");
    world.writes("app", "component acme:clock 1.1", "Cargo.toml:10:1");
    world.app_has_local(
        Kind::Component,
        "acme:logger",
        "0.1.0",
        &["component acme:clock =1.0.0"],
    );
    world.component("acme:logger", "0.1.2", &["component acme:clock ^1.0"]);
    assert_told(&world, "what_a_local_package_requires");
}

#[test]
fn what_is_held() {
    let mut world = clocks();
    world.component("acme:timer", "1.0.0", &["component acme:clock ^1.1"]);
    world.writes("app", "component acme:timer 1", "Cargo.toml:9:1");
    let held = requirement("component acme:clock =1.0.0");
    world.member("app").held.insert(held);
    assert_told(&world, "what_is_held");
}

#[test]
fn one_member_of_several() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.writes("app", "component acme:clock 1", "app/Cargo.toml:9:1");
    world.writes("web", "component acme:clock 1.1", "web/Cargo.toml:9:1");
    world.writes("web", "component acme:logger 1", "web/Cargo.toml:10:1");
    world
        .member("app")
        .selects
        .insert(selection("component acme:clock@1.0.0"));
    world.member("app").keep = true;
    assert_told(&world, "one_member_of_several");
}

#[test]
fn what_has_nothing_to_do_with_it() {
    let mut world = clocks();
    world.component("acme:logger", "1.0.0", &["component acme:clock =1.0.0"]);
    world.component("acme:timer", "1.0.0", &["component acme:clock ^1"]);
    world.component(
        "acme:mixer",
        "1.0.0",
        &["component acme:timer ^1", "component acme:logger ^1"],
    );
    world.writes("app", "component acme:clock 1.1", "Cargo.toml:9:1");
    world.writes("app", "component acme:logger 1", "Cargo.toml:10:1");
    world.writes("app", "component acme:mixer 1", "Cargo.toml:11:1");
    world.writes("app", "component acme:timer 1", "Cargo.toml:12:1");
    assert_told(&world, "what_has_nothing_to_do_with_it");
}

#[test]
fn two_registries_for_one_name() {
    let mut world = clocks();
    world.component(
        "acme:logger",
        "1.0.0",
        &["component acme:clock ^1 from elsewhere.example/components"],
    );
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    assert_told(&world, "two_registries_for_one_name");
}

#[test]
fn a_namespace_without_registry() {
    let mut world = clocks();
    let origins = &mut world.problem.options.origins;
    let own = origins.default.take().unwrap();
    origins.namespaces.insert("acme".parse().unwrap(), own);
    world.component("acme:logger", "1.0.0", &["component ghost:b ^1"]);
    world.component(
        "acme:logger",
        "1.1.0",
        &["component spook:c ^1 from elsewhere.example/components"],
    );
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    assert_told(&world, "a_namespace_without_registry");
    let namespaces = world.conflict().unowned();
    let namespaces: Vec<_> = namespaces.iter().map(ToString::to_string).collect();
    assert_eq!(namespaces, ["ghost", "spook"]);
}

#[test]
fn a_pre_release_among_others() {
    let mut world = World::new();
    for version in ["0.9.0", "1.0.0-rc.1", "1.0.0-rc.2", "2.0.0-beta"] {
        world.component("acme:clock", version, &[]);
    }
    world.writes("app", "component acme:clock 1", "Cargo.toml:9:1");
    assert_told(&world, "a_pre_release_among_others");
}

#[test]
fn a_path_without_a_version() {
    let mut world = clocks();
    world.app_has_local(
        Kind::Component,
        "acme:logger",
        "0.3.0",
        &["component acme:clock ^2"],
    );
    let root = RootRequirement {
        location: Some(NamedLocation::new("Cargo.toml:9:1")),
        written: Some(Written::Path("../logger".to_owned())),
        ..RootRequirement::new(requirement("component acme:logger =0.3.0"))
    };
    world.member("app").requirements.insert(root);
    world.writes("app", "component acme:clock =1.0.0", "Cargo.toml:10:1");
    world.app_has_local(
        Kind::Component,
        "acme:clock",
        "2.0.0",
        &["component acme:spring ^1"],
    );
    world.nobody_has("acme:spring");
    assert_told(&world, "a_path_without_a_version");
}

#[test]
fn forty_versions_that_each_need_another_range() {
    let mut world = World::new();
    for minor in 0..=40 {
        world.component("acme:clock", &format!("1.{minor}.0"), &[]);
    }
    for minor in 0..40 {
        let clock = format!("component acme:clock =1.{}.0", minor + 1);
        world.component("acme:logger", &format!("1.{minor}.0"), &[&clock]);
    }
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    world.writes("app", "component acme:clock =1.0.0", "Cargo.toml:10:1");
    assert_told(&world, "forty_versions_that_each_need_another_range");
    assert!(world.conflict().steps().len() < 4);
}

#[test]
fn two_conflicts_that_have_nothing_to_do_with_one_another() {
    let mut world = clocks();
    world.component("acme:ink", "1.0.0", &[]);
    world.writes("app", "component acme:clock 3", "Cargo.toml:9:1");
    world.writes("app", "component acme:ink 2", "Cargo.toml:10:1");
    assert_told(
        &world,
        "two_conflicts_that_have_nothing_to_do_with_one_another",
    );
    assert!(world.conflict().leaves_another());
}

/// A hundred releases on either side need what does not exist.
fn far_away(distance: u64) -> World {
    let mut world = World::new();
    world.component("acme:clock", "1.0.0", &[]);
    for minor in 0..=distance {
        let clock = if minor == 0 {
            "component acme:clock ^1"
        } else {
            "component acme:clock ^2"
        };
        world.component("acme:logger", &format!("1.{minor}.0"), &[clock]);
    }
    world.writes(
        "app",
        &format!("component acme:logger =1.{distance}.0"),
        "Cargo.toml:9:1",
    );
    world
}

#[test]
fn a_change_that_is_far_away_is_found_and_one_too_far_is_not() {
    assert_told(&far_away(200), "a_change_that_is_far_away");
    assert_told(&far_away(201), "a_change_that_is_too_far_away");
}

#[test]
fn very_many_versions() {
    let mut world = World::new();
    for minor in 0..60 {
        world.component("acme:clock", &format!("1.{minor}.0"), &[]);
    }
    for minor in 0..40 {
        let clock = format!("component acme:clock ^1.{}", minor % 4);
        world.component("acme:logger", &format!("1.{minor}.0"), &[&clock]);
    }
    world.component("acme:timer", "1.0.0", &["component acme:clock =1.2.0"]);
    world.component("acme:timer", "1.1.0", &["component acme:clock ^2"]);
    world.writes("app", "component acme:logger >=1.3", "Cargo.toml:9:1");
    world.writes("app", "component acme:timer 1.1", "Cargo.toml:10:1");
    assert_told(&world, "very_many_versions");
}

#[test]
fn an_interface_that_a_dependency_needs_and_no_release_exports() {
    let mut world = clocks();
    world.exports("acme:clock", "1.0.0", &["acme:clock/now@1.0.0"]);
    let asks = "component acme:clock ^1.0 for acme:clock/now@1.1.0";
    world.component("acme:logger", "1.0.0", &[asks]);
    world.writes("app", "component acme:logger 1", "Cargo.toml:9:1");
    assert_told(
        &world,
        "an_interface_that_a_dependency_needs_and_no_release_exports",
    );
}

#[test]
fn what_a_pin_beside_another_requires() {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0"] {
        world.wit("acme:q", version, &[]);
    }
    world.wit("acme:io", "0.2.3", &["wit acme:q =1.0.0"]);
    world.wit("acme:io", "0.2.6", &["wit acme:q =1.1.0"]);
    world.refers("acme:io@0.2.3", "wit/w.wit:2:26");
    world.refers("acme:io@0.2.6", "wit/w.wit:2:50");
    assert_told(&world, "what_a_pin_beside_another_requires");
}
