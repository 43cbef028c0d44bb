//! Who serves which import, and when that cannot be told.

use crate::world::{World, relay};

fn diamond() -> World {
    World::new(
        &["acme:left ^1.0", "acme:right ^1.0"],
        relay(
            &["acme:left/api@1.0.0", "acme:right/api@1.0.0"],
            &["acme:app/api@0.1.0"],
        ),
    )
    .part(
        "acme:left@1.0.0",
        &["acme:base ^1.0"],
        relay(&["acme:base/api@1.0.0"], &["acme:left/api@1.0.0"]),
    )
    .part(
        "acme:right@1.2.0",
        &["acme:base ^1.0"],
        relay(&["acme:base/api@1.0.0"], &["acme:right/api@1.0.0"]),
    )
    .part(
        "acme:base@1.1.0",
        &[],
        relay(&["wasi:clocks/now@0.2.3"], &["acme:base/api@1.0.0"]),
    )
}

#[test]
fn a_diamond_has_one_instance_of_what_both_sides_need() {
    let wires = diamond().wires();
    assert_eq!(wires.len(), 4);
    for side in ["acme:left@1.0.0", "acme:right@1.2.0"] {
        assert_eq!(
            wires[side]["acme:base/api@1.0.0"],
            "acme:base@1.1.0 acme:base/api@1.0.0"
        );
    }
    assert_eq!(
        wires["acme:base@1.1.0"]["wasi:clocks/now@0.2.3"],
        "host wasi:clocks/now@0.2.3"
    );
    let bundle = diamond().bundle();
    assert_eq!(bundle.imports, ["wasi:clocks/now@0.2.3"]);
    assert_eq!(bundle.exports, ["acme:app/api@0.1.0"]);
}

#[test]
fn a_chain_of_ten() {
    let name = |position: usize| format!("acme:link-{position}/api@1.0.0");
    let mut world = World::new(
        &["acme:link-1 ^1.0"],
        relay(&[&name(1)], &["acme:app/api@1.0.0"]),
    );
    for position in 1..10 {
        let next = format!("acme:link-{} ^1.0", position + 1);
        let content = relay(&[&name(position + 1)], &[&name(position)]);
        world = world.part(&format!("acme:link-{position}@1.0.0"), &[&next], content);
    }
    let world = world.part("acme:link-10@1.0.0", &[], relay(&[], &[&name(10)]));
    let wires = world.wires();
    assert_eq!(wires.len(), 11);
    assert_eq!(
        wires["acme:link-9@1.0.0"][&name(10)],
        format!("acme:link-10@1.0.0 {}", name(10))
    );
    assert_eq!(world.bundle().imports, Vec::<String>::new());
}

#[test]
fn only_what_a_package_itself_requires_serves_it() {
    // `acme:base` is in the closed set, and its name would fit: but the root does not require it.
    let world = World::new(
        &["acme:left ^1.0"],
        relay(
            &["acme:left/api@1.0.0", "acme:base/api@1.0.0"],
            &["acme:app/api@0.1.0"],
        ),
    )
    .part(
        "acme:left@1.0.0",
        &["acme:base ^1.0"],
        relay(&["acme:base/api@1.0.0"], &["acme:left/api@1.0.0"]),
    )
    .part("acme:base@1.1.0", &[], relay(&[], &["acme:base/api@1.0.0"]));
    let wires = world.wires();
    assert_eq!(
        wires["app"]["acme:base/api@1.0.0"],
        "host acme:base/api@1.0.0"
    );
    assert_eq!(
        wires["acme:left@1.0.0"]["acme:base/api@1.0.0"],
        "acme:base@1.1.0 acme:base/api@1.0.0"
    );
}

#[test]
fn the_exact_version_is_preferred_then_a_later_one_of_the_track_and_never_an_older_one() {
    let wants = |version: &str| {
        let import = format!("acme:clock/now@{version}");
        World::new(
            &["acme:clock ^1.0"],
            relay(&[&import], &["acme:app/api@1.0.0"]),
        )
        .part(
            "acme:clock@1.4.0",
            &[],
            relay(
                &[],
                &[
                    "acme:clock/now@1.1.0",
                    "acme:clock/now@1.2.0",
                    "acme:clock/now@2.0.0",
                ],
            ),
        )
    };
    for (version, served) in [
        ("1.0.0", "1.1.0"),
        ("1.1.0", "1.1.0"),
        ("1.1.5", "1.2.0"),
        ("2.0.0", "2.0.0"),
    ] {
        let import = format!("acme:clock/now@{version}");
        let export = format!("acme:clock@1.4.0 acme:clock/now@{served}");
        assert_eq!(wants(version).wires()["app"][&import], export);
    }
    assert!(wants("1.3.0").refusal().starts_with("`app` imports `acme:clock/now@1.3.0` from `acme:clock@1.4.0`, which exports the older `acme:clock/now@1."));
    assert!(
        wants("3.0.0")
            .refusal()
            .contains("which exports it on another track: `acme:clock/now@1.1.0`")
    );
    assert!(
        wants("1.1.0-rc.1").refusal().contains("another track"),
        "a pre-release is a track of its own"
    );
}

#[test]
fn a_for_decides_where_two_could_serve() {
    let both = |requires: &[&str]| {
        World::new(
            requires,
            relay(&["acme:clock/now@1.0.0"], &["acme:app/api@1.0.0"]),
        )
        .part(
            "acme:clock@1.0.0",
            &[],
            relay(&[], &["acme:clock/now@1.0.0"]),
        )
        .part(
            "test:fake@1.0.0",
            &[],
            relay(&[], &["acme:clock/now@1.0.0", "test:fake/own@1.0.0"]),
        )
    };
    assert_eq!(
        both(&["acme:clock ^1.0", "test:fake ^1.0"]).refusal(),
        "`app` imports `acme:clock/now@1.0.0`, and both `acme:clock@1.0.0` and `test:fake@1.0.0` export it"
    );
    let decided = both(&["acme:clock ^1.0", "test:fake ^1.0 for acme:clock/now@1.0.0"]);
    assert_eq!(
        decided.wires()["app"]["acme:clock/now@1.0.0"],
        "test:fake@1.0.0 acme:clock/now@1.0.0"
    );
    assert_eq!(
        decided.unused(),
        ["`app` requires `acme:clock`, which exports nothing that it imports"]
    );
    // Without a version it means all of them.
    let decided = both(&["acme:clock ^1.0", "test:fake ^1.0 for acme:clock/now"]);
    assert_eq!(
        decided.wires()["app"]["acme:clock/now@1.0.0"],
        "test:fake@1.0.0 acme:clock/now@1.0.0"
    );
    assert!(
        both(&[
            "acme:clock ^1.0 for acme:clock/now@1.0.0",
            "test:fake ^1.0 for acme:clock/now@1.0.0"
        ])
        .refusal()
        .contains("both")
    );
}

#[test]
fn plain_names_are_wired_where_a_for_names_them_and_functions_too() {
    let greeter = r#"(component
        (import "hello" (func $hello (param "who" string) (result u32)))
        (import "other" (func (result u32)))
        (export "greet" (func $hello)))"#;
    let hello = r#"(component
        (core module $m (func (export "f") (param i32 i32) (result i32) (i32.const 7))
            (memory (export "memory") 1)
            (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 8)))
        (core instance $i (instantiate $m))
        (func $f (param "who" string) (result u32) (canon lift (core func $i "f")
            (memory (core memory $i "memory")) (realloc (core func $i "realloc"))))
        (export "hello" (func $f)))"#;
    let world =
        |requires: &[&str]| World::new(requires, greeter).part("acme:hello@1.0.0", &[], hello);
    let wires = world(&["acme:hello ^1.0 for hello"]).wires();
    assert_eq!(wires["app"]["hello"], "acme:hello@1.0.0 hello");
    assert_eq!(wires["app"]["other"], "host other");
    // A plain name does not name a package. The one requirement whose package exports it serves it.
    assert_eq!(
        world(&["acme:hello ^1.0"]).wires()["app"]["hello"],
        "acme:hello@1.0.0 hello"
    );
    assert_eq!(
        world(&["acme:hello ^1.0 for other"]).refusal(),
        "`app` imports `other` from `acme:hello@1.0.0`, which exports nothing that fits: its exports are `hello`"
    );
}

#[test]
fn a_package_that_exports_nothing_of_the_name_it_has_is_an_error_and_one_that_is_not_wanted_a_remark()
 {
    let world = |import: &str, exports: &[&str]| {
        World::new(
            &["acme:clock ^1.0"],
            relay(&[import], &["acme:app/api@1.0.0"]),
        )
        .part("acme:clock@1.0.0", &[], relay(&[], exports))
    };
    assert_eq!(
        world("acme:clock/now@1.0.0", &["acme:clock/zone@1.0.0"]).refusal(),
        "`app` imports `acme:clock/now@1.0.0` from `acme:clock@1.0.0`, which exports nothing that fits: its exports are \
         `acme:clock/zone@1.0.0`"
    );
    assert!(
        world("acme:clock/now@1.0.0", &[])
            .refusal()
            .ends_with("nothing at all")
    );
    let unused = world("wasi:clocks/now@0.2.3", &["acme:clock/now@1.0.0"]);
    assert_eq!(
        unused.unused(),
        ["`app` requires `acme:clock`, which exports nothing that it imports"]
    );
    assert_eq!(unused.wires().len(), 1, "what serves nothing is left out");
}

#[test]
fn one_interface_at_two_tracks_of_one_provider_is_named_with_who_wants_the_other() {
    let world = World::new(
        &["acme:left ^1.0", "acme:base ^2.0"],
        relay(
            &["acme:left/api@1.0.0", "acme:base/api@1.0.0"],
            &["acme:app/api@1.0.0"],
        ),
    )
    .part(
        "acme:left@1.0.0",
        &["acme:base ^2.0"],
        relay(&["acme:base/api@2.0.0"], &["acme:left/api@1.0.0"]),
    )
    .part("acme:base@2.0.0", &[], relay(&[], &["acme:base/api@2.0.0"]));
    assert_eq!(
        world.refusal(),
        "`app` imports `acme:base/api@1.0.0` from `acme:base@2.0.0`, which exports it on another track: \
         `acme:base/api@2.0.0`, as `acme:left@1.0.0` imports it"
    );
    // Two releases for two tracks are two instances.
    let world = World::new(
        &["acme:base ^1.0", "acme:base ^2.0"],
        relay(
            &["acme:base/api@1.0.0", "acme:base/api@2.0.0"],
            &["acme:app/api@1.0.0"],
        ),
    )
    .part("acme:base@1.5.0", &[], relay(&[], &["acme:base/api@1.0.0"]))
    .part("acme:base@2.0.0", &[], relay(&[], &["acme:base/api@2.0.0"]));
    assert_eq!(world.wires().len(), 3);
}

#[test]
fn components_that_need_each_other_are_shown_in_their_circle() {
    let world = World::new(
        &["acme:a ^1.0"],
        relay(&["acme:a/api@1.0.0"], &["acme:app/api@1.0.0"]),
    )
    .part(
        "acme:a@1.0.0",
        &["acme:b ^1.0"],
        relay(&["acme:b/api@1.0.0"], &["acme:a/api@1.0.0"]),
    )
    .part(
        "acme:b@1.0.0",
        &["acme:c ^1.0"],
        relay(&["acme:c/api@1.0.0"], &["acme:b/api@1.0.0"]),
    )
    .part(
        "acme:c@1.0.0",
        &["acme:b ^1.0"],
        relay(&["acme:b/api@1.0.0"], &["acme:c/api@1.0.0"]),
    );
    assert_eq!(
        world.refusal(),
        "components need each other: `acme:b@1.0.0` → `acme:c@1.0.0` → `acme:b@1.0.0`"
    );
    // Packages that require each other are no circle, as long as neither serves the other.
    let world = World::new(
        &["acme:a ^1.0"],
        relay(&["acme:a/api@1.0.0"], &["acme:app/api@1.0.0"]),
    )
    .part(
        "acme:a@1.0.0",
        &["acme:b ^1.0"],
        relay(&["acme:b/api@1.0.0"], &["acme:a/api@1.0.0"]),
    )
    .part(
        "acme:b@1.0.0",
        &["acme:a ^1.0"],
        relay(&[], &["acme:b/api@1.0.0"]),
    );
    assert_eq!(world.wires().len(), 3);
}

#[test]
fn the_root_redirects_for_all_but_the_package_that_it_redirects_to() {
    let world = || diamond_with_fake().redirect("acme:base/api", "test:fake");
    let wires = world().wires();
    for side in ["acme:left@1.0.0", "acme:right@1.2.0"] {
        assert_eq!(
            wires[side]["acme:base/api@1.0.0"],
            "test:fake@1.0.0 acme:base/api@1.0.0"
        );
    }
    assert_eq!(
        wires["test:fake@1.0.0"]["acme:base/api@1.0.0"],
        "acme:base@1.1.0 acme:base/api@1.0.0"
    );
    assert_eq!(world().unused(), Vec::<String>::new());

    // A host's import, of one version only.
    let wires = diamond_with_fake()
        .redirect("wasi:clocks/now@0.2.3", "test:fake")
        .refusal();
    assert!(
        wires.contains("from `test:fake@1.0.0`, which exports nothing that fits"),
        "{wires}"
    );
    assert_eq!(
        diamond_with_fake()
            .redirect("acme:base/api", "test:other")
            .refusal(),
        "`acme:base/api` is redirected to `test:other`, which is not in the closed set"
    );
    assert_eq!(
        diamond_with_fake()
            .redirect("acme:base/other@1.0.0", "test:fake")
            .unused()
            .last()
            .unwrap(),
        "`acme:base/other@1.0.0` is redirected, and nothing in the closed set imports it"
    );
}

/// The diamond, and a package that wraps its base.
fn diamond_with_fake() -> World {
    let app = relay(
        &["acme:left/api@1.0.0", "acme:right/api@1.0.0"],
        &["acme:app/api@0.1.0"],
    );
    World::new(
        &["acme:left ^1.0", "acme:right ^1.0", "test:fake ^1.0"],
        app,
    )
    .part(
        "acme:left@1.0.0",
        &["acme:base ^1.0"],
        relay(&["acme:base/api@1.0.0"], &["acme:left/api@1.0.0"]),
    )
    .part(
        "acme:right@1.2.0",
        &["acme:base ^1.0"],
        relay(&["acme:base/api@1.0.0"], &["acme:right/api@1.0.0"]),
    )
    .part(
        "acme:base@1.1.0",
        &[],
        relay(&["wasi:clocks/now@0.2.3"], &["acme:base/api@1.0.0"]),
    )
    .part(
        "test:fake@1.0.0",
        &["acme:base ^1.0"],
        relay(&["acme:base/api@1.0.0"], &["acme:base/api@1.0.0"]),
    )
}

#[test]
fn what_is_no_component_or_not_there_is_named() {
    let app = || relay(&["acme:clock/now@1.0.0"], &["acme:app/api@1.0.0"]);
    let with = |content: Vec<u8>| {
        World::new(&["acme:clock ^1.0"], app())
            .part("acme:clock@1.0.0", &[], content)
            .compose()
            .unwrap_err()
    };
    for (content, why) in [
        (
            wat::parse_str("(module)").unwrap(),
            "a core module, not a component",
        ),
        (
            fixtures::component::wit_package("package acme:clock@1.0.0; interface now {}"),
            "a WIT package, not a component",
        ),
        (b"hello".to_vec(), "not WebAssembly"),
        (
            relay(&[], &["acme:clock/now@1.0.0"])[..40].to_vec(),
            "not valid at byte",
        ),
    ] {
        let error = with(content);
        assert_eq!(
            error.to_string(),
            "`acme:clock@1.0.0` cannot be part of a bundle"
        );
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains(why), "{source}");
    }
    assert_eq!(
        World::new(&["acme:clock ^1.0"], app())
            .part("acme:clock@2.0.0", &[], relay(&[], &[]))
            .refusal(),
        "`app` requires `component acme:clock ^1.0`, and no component of the closed set meets that"
    );
    // Valid outside, and not inside.
    let module = wat::parse_str("(module (func (result i32) (i64.const 1)))").unwrap();
    let mut wrong = relay(&[], &["acme:clock/now@1.0.0"]);
    wrong.extend([1, u8::try_from(module.len()).unwrap()]);
    wrong.extend(module);
    let refusal = with(wrong).to_string();
    assert!(
        refusal.starts_with("`acme:clock@1.0.0` is not valid: "),
        "{refusal}"
    );
    assert_eq!(
        component::bundle::compose(&World::new(&[], app()).composition(), 2)
            .unwrap_err()
            .to_string(),
        "bundles of format 2 were made by a newer cargo warg; this one knows format 1"
    );
}

#[test]
fn a_requirement_with_a_for_takes_nothing_from_the_host_by_exporting_more() {
    let log = "acme:logger/api@1.0.0";
    let clock = "wasi:clocks/now@0.2.3";
    let world = |requirement: &str| {
        let root = relay(&[log, clock], &["acme:app/api@0.1.0"]);
        World::new(&[requirement], root).part("acme:logger@1.1.0", &[], relay(&[], &[log, clock]))
    };
    let served_by = |requirement: &str| world(requirement).wires()["app"][clock].clone();
    let host = format!("host {clock}");
    let logger = format!("acme:logger@1.1.0 {clock}");
    assert_eq!(served_by(&format!("acme:logger ^1.0 for {log}")), host);
    // A requirement without `for` does not either, if the root imports something of the required package.
    assert_eq!(served_by("acme:logger ^1.0"), host);
    // It serves imports of each package that its `for` names. Without `for`, and where the root imports nothing of its own
    // package, it serves whatever it exports.
    let both = format!("acme:logger ^1.0 for {log},wasi:clocks/zone@0.2.3");
    assert_eq!(served_by(&both), logger);
    let root = relay(&[clock], &["acme:app/api@0.1.0"]);
    let open = World::new(&["acme:logger ^1.0"], root);
    let open = open.part("acme:logger@1.1.0", &[], relay(&[], &[log, clock]));
    assert_eq!(open.wires()["app"][clock], logger);
}
