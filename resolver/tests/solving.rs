//! What a workspace gets, told as stories.
#![expect(clippy::unwrap_used, reason = "a story that cannot be told fails")]

mod world;

use resolver::Unresolved;
use resolver::cutoff::Cutoff;
use resolver::problem::{Mode, RootRequirement};
use transparency::name::Kind;
use transparency::number::Time;
use transparency::version::parse_version;
use world::{World, address, name, requirement, selection};

/// A logger whose clock is required loosely, and two wasi packages.
fn small() -> World {
    let mut world = World::new();
    for version in ["1.0.0", "1.0.4", "1.1.0"] {
        world.component("acme:clock", version, &[]);
    }
    world.component("acme:logger", "1.1.0", &["component acme:clock ^1.0"]);
    world.component("acme:logger", "1.2.0", &["component acme:clock ^1.0"]);
    for version in ["0.2.0", "0.2.3", "0.2.6"] {
        world.wit("wasi:io", version, &[]);
        let io = format!("wit wasi:io ^{version}");
        world.wit("wasi:http", version, &[&io]);
    }
    world.app_requires("component acme:logger ^1.1");
    world.app_requires("wit wasi:http =0.2.3");
    world
}

#[test]
fn components_are_the_highest_and_wit_the_lowest() {
    assert_eq!(
        small().app(),
        [
            "component acme:clock@1.1.0",
            "component acme:logger@1.2.0",
            "wit wasi:http@0.2.3",
            "wit wasi:io@0.2.3",
        ]
    );
}

/// A 1.0 requires a later B than A 1.1 does, and somebody requires A 1.1. The search passes A 1.0, so the B that A 1.0
/// requires counts.
#[test]
fn a_version_that_a_floor_passes_counts_as_in_go() {
    let mut world = World::new();
    world.wit("t:b", "1.0.0", &[]);
    world.wit("t:b", "1.5.0", &[]);
    world.wit("t:b", "1.7.0", &[]);
    world.wit("t:a", "1.0.0", &["wit t:b ^1.5"]);
    world.wit("t:a", "1.1.0", &["wit t:b ^1.0"]);
    world.wit("t:c", "1.0.0", &["wit t:a ^1.1"]);
    world.app_requires("wit t:a ^1.0");
    world.app_requires("wit t:c ^1.0");
    let expected = ["wit t:a@1.1.0", "wit t:b@1.5.0", "wit t:c@1.0.0"];
    assert_eq!(world.app(), expected);
    // What is locked stays: the search passes nothing.
    let locked = ["wit t:a@1.1.0", "wit t:b@1.0.0", "wit t:c@1.0.0"];
    world.member("app").selects = locked.map(selection).into();
    assert_eq!(world.app(), locked);
    // A member that does not require A 1.0 never gets to it.
    let app = world.member("app");
    app.selects.clear();
    app.requirements.clear();
    world.app_requires("wit t:c ^1.0");
    assert_eq!(world.app(), locked);
}

/// One allows 1.0 and 1.2, another 1.1 and 1.2: neither takes 1.2 by itself.
#[test]
fn a_floor_that_no_requirement_takes_alone_is_found() {
    let mut world = World::new();
    for version in ["1.0.0", "1.1.0", "1.2.0"] {
        world.wit("t:b", version, &[]);
    }
    world.yank("t:b", "1.1.0", "drifts");
    world.wit("t:a", "1.0.0", &["wit t:b >=1.0.0,<1.3.0"]);
    world.wit("t:c", "1.0.0", &["wit t:b >=1.1.0,<2.0.0"]);
    world.app_requires("wit t:a ^1.0");
    world.app_requires("wit t:c ^1.0");
    assert_eq!(world.app()[1], "wit t:b@1.2.0");
}

#[test]
fn modes_turn_that_round() {
    let mut world = small();
    world.problem.options.mode = Mode::Lowest;
    assert_eq!(
        world.app()[..2],
        ["component acme:clock@1.0.0", "component acme:logger@1.1.0"]
    );
    world.problem.options.mode = Mode::LowestDirect;
    assert_eq!(
        world.app()[..2],
        ["component acme:clock@1.1.0", "component acme:logger@1.1.0"]
    );
    world.problem.options.mode = Mode::Highest;
    assert_eq!(
        world.app()[2..],
        ["wit wasi:http@0.2.3", "wit wasi:io@0.2.6"]
    );
}

#[test]
fn what_is_locked_stays_and_a_yanked_release_only_there() {
    let mut world = small();
    world.yank("acme:clock", "1.0.4", "drifts");
    world.yank("acme:clock", "1.1.0", "drifts more");
    assert_eq!(world.app()[0], "component acme:clock@1.0.0");
    world
        .member("app")
        .selects
        .insert(selection("component acme:clock@1.0.4"));
    assert_eq!(world.app()[0], "component acme:clock@1.0.4");
    world.withdraw("acme:clock", "1.0.4", "court order");
    assert_eq!(world.app()[0], "component acme:clock@1.0.0");
}

#[test]
fn what_any_member_had_locked_is_preferred_by_each_its_own_first_then_the_greatest() {
    for other in ["aaa", "zoo"] {
        let mut world = small();
        let clock = |version: &str| selection(&format!("component acme:clock@{version}"));
        world.member("app").selects.insert(clock("1.0.0"));
        let loose = RootRequirement::new(requirement("component acme:clock ^1"));
        world.member(other).requirements.insert(loose);
        assert_eq!(world.got(other), ["component acme:clock@1.0.0"]);
        // What is no member any more counts, too.
        world.problem.locked.insert(clock("1.0.4"));
        assert_eq!(world.got(other), ["component acme:clock@1.0.4"]);
        assert_eq!(world.app()[0], "component acme:clock@1.0.0");
        world.member(other).selects.insert(clock("1.1.0"));
        assert_eq!(world.got(other), ["component acme:clock@1.1.0"]);
        // A member does not follow the others in a package that it moves itself.
        world.member(other).selects.clear();
        world.member(other).moves.insert(clock("1.0.0"));
        assert_eq!(world.got(other), ["component acme:clock@1.1.0"]);
    }
}

#[test]
fn a_yanked_release_that_any_member_has_locked_serves_each() {
    for other in ["aaa", "zoo"] {
        let mut world = small();
        world.yank("acme:clock", "1.0.4", "drifts");
        let old = selection("component acme:clock@1.0.4");
        world.member("app").selects.insert(old);
        let exact = RootRequirement::new(requirement("component acme:clock =1.0.4"));
        world.member(other).requirements.insert(exact);
        assert_eq!(world.got(other), ["component acme:clock@1.0.4"]);
    }
}

#[test]
fn of_a_wit_requirement_over_tracks_the_lowest_track_is_taken() {
    for req in ["*", ">=0.1,<3", ">=0.2.1"] {
        let mut world = small();
        world.wit("wasi:io", "0.1.0", &[]);
        world.wit("wasi:io", "1.0.0", &[]);
        world.problem.members.clear();
        world.app_requires(&format!("wit wasi:io {req}"));
        let lowest = if req == ">=0.2.1" { "0.2.3" } else { "0.1.0" };
        assert_eq!(world.app(), [format!("wit wasi:io@{lowest}")], "{req}");
        // What is locked stays.
        let old = selection("wit wasi:io@1.0.0");
        world.member("app").selects.insert(old);
        assert_eq!(world.app(), ["wit wasi:io@1.0.0"], "{req}");
        world.member("app").selects.clear();
        world.problem.options.mode = Mode::Highest;
        assert_eq!(world.app(), ["wit wasi:io@1.0.0"], "{req}");
    }
}

#[test]
fn a_kept_member_keeps_its_selection_while_it_is_valid() {
    let mut world = small();
    let kept: Vec<_> = [
        "component acme:clock@1.0.0",
        "component acme:logger@1.1.0",
        "wit wasi:http@0.2.3",
        "wit wasi:io@0.2.6",
    ]
    .into();
    world.member("app").selects = kept.iter().map(|text| selection(text)).collect();
    world.member("app").keep = true;
    assert_eq!(world.app(), kept);
    world.withdraw("acme:clock", "1.0.0", "court order");
    assert_eq!(
        world.app(),
        [
            "component acme:clock@1.1.0",
            "component acme:logger@1.1.0",
            "wit wasi:http@0.2.3",
            "wit wasi:io@0.2.6",
        ]
    );
}

#[test]
fn tracks_live_side_by_side() {
    let mut world = small();
    world.wit("wasi:io", "0.3.0", &[]);
    world.app_requires("wit wasi:io =0.3.0");
    assert_eq!(world.app()[3..], ["wit wasi:io@0.2.3", "wit wasi:io@0.3.0"]);
}

#[test]
fn a_requirement_over_tracks_takes_the_highest_or_the_locked_one() {
    let mut world = small();
    world.component("acme:clock", "2.0.0", &[]);
    world.component("acme:clock", "3.0.0-rc.1", &[]);
    world.app_requires("component acme:clock >=1.0.4");
    assert_eq!(
        world.app()[..2],
        ["component acme:clock@1.1.0", "component acme:clock@2.0.0"]
    );
    world
        .member("app")
        .selects
        .insert(selection("component acme:clock@1.0.4"));
    assert_eq!(world.app()[0], "component acme:clock@1.0.4");
    assert_eq!(world.app()[1], "component acme:logger@1.2.0");
}

#[test]
fn a_held_version_is_the_only_candidate_of_its_track() {
    let mut world = small();
    world
        .member("app")
        .held
        .insert(requirement("component acme:clock =1.0.0"));
    world
        .member("app")
        .held
        .insert(requirement("component acme:unneeded =1.0.0"));
    assert_eq!(world.app()[0], "component acme:clock@1.0.0");
}

#[test]
fn nothing_newer_than_the_limit() {
    let mut world = small();
    world.find("acme:clock", "1.1.0").time = Time::from_unix(3_000_000).unwrap();
    world.problem.options.exclude_newer = Time::from_unix(2_000_000).map(Cutoff::At);
    assert_eq!(world.app()[0], "component acme:clock@1.0.4");
}

#[test]
fn exports_decide_which_releases_are_candidates() {
    let mut world = small();
    world.exports("acme:clock", "1.0.4", &["acme:clock/now@1.0.0"]);
    world.exports("acme:clock", "1.1.0", &["acme:clock/now@1.1.0"]);
    world.app_requires_at(
        "component acme:clock ^1",
        "wit/world.wit:3",
        &["acme:clock/now@1.0.0"],
    );
    assert_eq!(world.app()[0], "component acme:clock@1.0.4");
}

#[test]
fn a_local_package_stands_in_for_its_track_and_needs_no_registry() {
    let mut world = small();
    world.app_has_local(
        Kind::Component,
        "acme:clock",
        "1.0.9",
        &["component acme:spring ^1"],
    );
    world.component("acme:spring", "1.0.0", &[]);
    assert_eq!(
        world.app()[..2],
        ["component acme:clock@1.0.9", "component acme:logger@1.2.0"]
    );
    assert_eq!(world.app()[2], "component acme:spring@1.0.0");

    let mut local = World::new();
    local.problem.options.origins.default = None;
    local.app_has_local(Kind::Component, "acme:clock", "1.0.9", &[]);
    local.app_requires("component acme:clock *");
    assert_eq!(local.app(), ["component acme:clock@1.0.9"]);
}

#[test]
fn what_is_missing_is_asked_for_all_at_once() {
    let world = small();
    let empty = resolver::index::Index::new();
    let Err(Unresolved::Missing(missing)) = resolver::resolve(&world.problem, &empty) else {
        panic!("solved from nothing");
    };
    assert_eq!(
        Vec::from_iter(missing),
        [address("acme:logger"), address("wasi:http")]
    );
    assert_eq!(world.solve_lazily(&[]), world.solve());
    assert_eq!(world.solve_lazily(&[name("wasi:io")]), world.solve());
}

#[test]
fn a_self_dependency_is_met_by_itself_or_never() {
    let mut world = World::new();
    world.component("acme:a", "1.0.0", &["component acme:a ^1"]);
    world.component("acme:a", "1.1.0", &["component acme:a =1.0.0"]);
    world.component("acme:a", "1.2.0", &["component acme:a >=1.3.0"]);
    world.app_requires("component acme:a ^1");
    assert_eq!(world.app(), ["component acme:a@1.0.0"]);
    // Another track of its own can meet it, like anybody else's requirement.
    world.component("acme:a", "2.0.0", &["component acme:a ^1"]);
    world.app_requires("component acme:a ^2");
    assert_eq!(
        world.app(),
        ["component acme:a@1.2.0", "component acme:a@2.0.0"]
    );
}

/// No registry is configured but for `acme` and `wasi`.
fn without_default(mut world: World) -> World {
    let origins = &mut world.problem.options.origins;
    let own = origins.default.take().unwrap();
    for namespace in ["acme", "wasi"] {
        let namespace = namespace.parse().unwrap();
        origins.namespaces.insert(namespace, own.clone());
    }
    world
}

#[test]
fn a_release_that_needs_what_no_registry_here_has_is_no_choice_and_others_are() {
    for (version, requires) in [
        ("1.3.0", "component ghost:b ^1"),
        ("1.4.0", "component ghost:b ^1 from elsewhere.example/x"),
        ("1.5.0", "component acme:clock ^1 from elsewhere.example/x"),
        ("1.6.0", "component acme:nobody ^1"),
        ("1.7.0", "wit acme:clock ^1"),
    ] {
        let mut world = without_default(small());
        world.nobody_has("acme:nobody");
        world.component("acme:logger", version, &[requires]);
        let got = world.app();
        assert_eq!(got[..2], without_default(small()).app()[..2], "{requires}");
        assert_eq!(world.solve_lazily(&[]), world.solve(), "{requires}");
        // What is local needs no registry: with a local `ghost:b` the release is a choice.
        world.app_has_local(Kind::Component, "ghost:b", "1.0.0", &[]);
        let newest = format!("component acme:logger@{version}");
        let is_met = requires.contains("ghost");
        assert_eq!(world.app().contains(&newest), is_met, "{requires}");
    }
}

#[test]
fn what_members_require_of_namespaces_without_registry_is_told_all_at_once() {
    let mut world = without_default(small());
    world.writes("app", "component spook:c 1", "Cargo.toml:9:1");
    world.writes("zoo", "component ghost:b 2", "zoo/Cargo.toml:7:1");
    assert_eq!(
        world.solve().unwrap_err().to_string(),
        "no registry is configured for the namespaces `ghost` and `spook`\n  \
         `app` requires spook:c ^1 (Cargo.toml:9:1)\n  \
         `zoo` requires ghost:b ^2 (zoo/Cargo.toml:7:1)"
    );
}

#[test]
fn two_members_cannot_call_different_things_by_one_name() {
    let mut world = small();
    world.app_has_local(Kind::Wit, "acme:api", "0.1.0", &[]);
    let mut other =
        resolver::problem::Local::new(Kind::Wit, name("acme:api"), parse_version("0.1.0").unwrap());
    other.requirements.insert(requirement("wit wasi:io =0.2.0"));
    world.member("zoo").locals.insert(other);
    assert!(matches!(
        world.solve(),
        Err(Unresolved::LocalsDiffer { .. })
    ));
}

#[test]
fn pins_of_texts_in_one_track_come_beside_each_other_and_the_highest_is_the_tracks() {
    let mut world = World::new();
    for version in ["0.2.3", "0.2.6", "0.2.9"] {
        world.wit("wasi:io", version, &[]);
    }
    world.wit("wasi:clocks", "0.2.3", &["wit wasi:io ^0.2.3"]);
    world.wit("wasi:http", "0.2.3", &["wit wasi:clocks ^0.2.3"]);
    world.wit("wasi:http", "0.2.6", &[]);
    world.refers("wasi:http@0.2.3", "wit/a.wit:3");
    world.refers("wasi:http@0.2.6", "wit/b.wit:3");
    world.refers("wasi:io@0.2.3", "wit/a.wit:4");
    world.refers("wasi:io@0.2.6", "wit/b.wit:4");
    assert_eq!(
        world.app(),
        [
            // What the lower one requires is there, too.
            "wit wasi:clocks@0.2.3",
            "wit wasi:http@0.2.3",
            "wit wasi:http@0.2.6",
            "wit wasi:io@0.2.3",
            "wit wasi:io@0.2.6",
        ]
    );
    // What a manifest requires is for all worlds.
    let mut other = world.clone();
    other.writes("app", "wit wasi:io =0.2.9", "Cargo.toml:9:1");
    assert!(matches!(other.solve(), Err(Unresolved::Conflict(_))));
    // Nor does it matter that a lock has both: it has them as what texts name.
    let selects = world.solve().unwrap().members["app"].packages.clone();
    let mut moved = world.clone();
    let member = moved.member("app");
    member.selects = selects.into_keys().collect();
    member.keep = true;
    for root in member.requirements.clone() {
        if root.requirement.to_string() == "wit wasi:io =0.2.3" {
            member.requirements.remove(&root);
        }
    }
    moved.writes("app", "wit wasi:io =0.2.3", "Cargo.toml:9:1");
    assert!(matches!(moved.solve(), Err(Unresolved::Conflict(_))));
    // A reference to a version that does not exist does not help.
    world.refers("wasi:io@0.2.1", "wit/c.wit:3");
    assert!(matches!(world.solve(), Err(Unresolved::Conflict(_))));
}

/// A world where `acme:app` requires `acme:c1` for one interface, which not all releases export.
fn asking() -> World {
    let mut world = World::new();
    let asks = "component acme:c1 ^1 for acme:c1/api@1.1.0";
    world.component("acme:c2", "1.0.0", &[asks]);
    for (version, export) in [
        ("1.0.0", "acme:c1/api@1.0.0"),
        ("1.1.0", "acme:c1/api@1.1.0"),
        ("1.2.0", "acme:c1/other@1.2.0"),
    ] {
        world.component("acme:c1", version, &[]);
        world.exports("acme:c1", version, &[export]);
    }
    world.app_requires("component acme:c2 ^1");
    world
}

#[test]
fn what_a_release_requires_something_for_it_gets() {
    let mut world = asking();
    let with = |c1: &str| {
        [
            format!("component acme:c1@{c1}"),
            "component acme:c2@1.0.0".to_owned(),
        ]
    };
    assert_eq!(world.app(), with("1.1.0"));
    // A later version of the interface, in its track, serves too: what requires the one goes together with what requires the
    // other.
    world.component("acme:c1", "1.3.0", &[]);
    world.exports("acme:c1", "1.3.0", &["acme:c1/api@1.3.0"]);
    assert_eq!(world.app(), with("1.3.0"));
    world.component("acme:c1", "1.4.0", &[]);
    world.exports("acme:c1", "1.4.0", &["acme:c1/api@2.0.0"]);
    assert_eq!(world.app(), with("1.3.0"));
    // A member names it letter by letter, since its texts do.
    world.app_requires_at(
        "component acme:c1 ^1",
        "wit/w.wit:1",
        &["acme:c1/api@1.1.0"],
    );
    assert_eq!(world.app(), with("1.1.0"));
}

#[test]
fn a_set_in_which_something_does_not_serve_what_it_is_required_for_is_not_kept() {
    let mut world = asking();
    let before = world.solve().unwrap();
    let select = |version: &str| {
        let c1 = format!("component acme:c1@{version}");
        [c1.as_str(), "component acme:c2@1.0.0"].map(|text| text.parse().unwrap())
    };
    let member = world.member("app");
    member.keep = true;
    member.selects = select("1.2.0").into();
    assert_eq!(world.solve().unwrap(), before);
}
