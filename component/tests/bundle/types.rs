//! Types that parts have in common: of the host, and of each other.

use fixtures::component::from_wit;

use component::content::Interface;

use crate::world::{World, imports, relay};

/// A provider that takes the host's streams, of some version of `wasi:io`, with some of what they have.
fn sink(version: &str) -> Vec<u8> {
    from_wit(
        &format!(
            "package acme:sink@1.0.0;
            interface api {{ use wasi:io/streams@{version}.{{output-stream, stream-error}}; drain: func(to: borrow<output-stream>) -> result<u64, stream-error>; }}
            world w {{ export api; }}
            package wasi:io@{version} {{
                interface error {{ resource error; }}
                interface streams {{
                    use error.{{error}};
                    variant stream-error {{ last(error), closed }}
                    resource output-stream {{ write: func(bytes: list<u8>) -> result<_, stream-error>; }}
                }}
            }}"
        ),
        "w",
    )
}

/// A root that opens one of the host's streams and hands it to the provider; it uses other functions of the stream.
fn pours(version: &str) -> Vec<u8> {
    from_wit(
        &format!(
            "package acme:app@1.0.0;
            world w {{ import wasi:cli/stdout@{version}; import acme:sink/api@1.0.0; export run: func(); }}
            package wasi:cli@{version} {{
                interface stdout {{ use wasi:io/streams@{version}.{{output-stream}}; get-stdout: func() -> output-stream; }}
            }}
            package acme:sink@1.0.0 {{
                interface api {{ use wasi:io/streams@{version}.{{output-stream, stream-error}}; drain: func(to: borrow<output-stream>) -> result<u64, stream-error>; }}
            }}
            package wasi:io@{version} {{
                interface error {{ resource error {{ to-text: func() -> string; }} }}
                interface streams {{
                    use error.{{error}};
                    variant stream-error {{ last(error), closed }}
                    resource output-stream {{ flush: func() -> result<_, stream-error>; }}
                    resource input-stream;
                    splice: func(source: borrow<input-stream>, to: borrow<output-stream>) -> result<u64, stream-error>;
                }}
            }}"
        ),
        "w",
    )
}

#[test]
fn resources_of_the_host_are_the_same_for_all_parts() {
    for (root, part) in [("0.2.3", "0.2.3"), ("0.2.3", "0.2.6"), ("0.2.12", "0.2.6")] {
        let world =
            World::new(&["acme:sink ^1.0"], pours(root)).part("acme:sink@1.0.0", &[], sink(part));
        let bundle = world.bundle();
        let highest = if root == "0.2.12" { root } else { part };
        let mut found = bundle.imports.clone();
        found.sort();
        // What the root alone imports keeps its version.
        assert_eq!(
            found,
            [
                format!("wasi:cli/stdout@{root}"),
                format!("wasi:io/error@{highest}"),
                format!("wasi:io/streams@{highest}")
            ]
        );
        // The import has every item that one of the two uses.
        let wit = wit_component::decode(&bundle.bytes).unwrap();
        let (_, interface) = wit
            .resolve()
            .interfaces
            .iter()
            .find(|(_, one)| one.name.as_deref() == Some("streams"))
            .unwrap();
        let functions: Vec<_> = interface.functions.keys().map(String::as_str).collect();
        for function in [
            "[method]output-stream.write",
            "[method]output-stream.flush",
            "splice",
        ] {
            assert!(
                functions.contains(&function),
                "no {function} in {functions:?}"
            );
        }
    }
}

#[test]
fn what_two_parts_mean_by_one_type_of_the_host_must_be_the_same() {
    let app = |case: &str| {
        from_wit(
            &format!(
                "package acme:app@1.0.0; world w {{ import wasi:random/seed@0.2.3; import acme:dice/api@1.0.0; export run: func(); }}
                package wasi:random@0.2.3 {{ interface seed {{ enum quality {{ {case} }} get: func() -> quality; }} }}
                package acme:dice@1.0.0 {{ interface api {{ roll: func() -> u32; }} }}"
            ),
            "w",
        )
    };
    let dice = from_wit(
        "package acme:dice@1.0.0; interface api { roll: func() -> u32; } world w { import wasi:random/seed@0.2.6; export api; }
        package wasi:random@0.2.6 { interface seed { enum quality { good, bad } get: func() -> quality; } }",
        "w",
    );
    let world = |case: &str| {
        World::new(&["acme:dice ^1.0"], app(case)).part("acme:dice@1.0.0", &[], dice.clone())
    };
    assert_eq!(
        world("good, bad").bundle().imports,
        ["wasi:random/seed@0.2.6"]
    );
    let refusal = world("good").refusal();
    assert!(
        refusal.starts_with("`app` wants `wasi:random/seed@0.2.3` of the host, and what is wanted of it elsewhere has other types: "),
        "{refusal}"
    );
    assert!(refusal.contains("quality"), "{refusal}");
}

#[test]
fn what_does_not_fit_is_named_with_package_interface_and_function() {
    let app = from_wit(
        "package acme:app@1.0.0; world w { import acme:clock/now@1.0.0; export run: func(); }
        package acme:clock@1.0.0 { interface now { get: func() -> u64; zone: func(of: string) -> u32; } }",
        "w",
    );
    let clock = |body: &str| {
        from_wit(
            &format!(
                "package acme:clock@1.1.0; interface now {{ {body} }} world w {{ export now; }}"
            ),
            "w",
        )
    };
    let world = |body: &str| {
        World::new(&["acme:clock ^1.0"], app.clone()).part("acme:clock@1.1.0", &[], clock(body))
    };
    let start =
        "`app` imports `acme:clock/now@1.0.0` from `acme:clock@1.1.0`, and its types do not fit: ";
    for (body, says) in [
        ("get: func() -> u64;", "zone"),
        (
            "get: func() -> string; zone: func(of: string) -> u32;",
            "get",
        ),
        ("get: func() -> u64; zone: func(of: u8) -> u32;", "zone"),
    ] {
        let refusal = world(body).refusal();
        assert!(
            refusal.starts_with(start) && refusal.contains(&format!("`{says}`")),
            "{refusal}"
        );
        assert!(!refusal.contains('\n'), "{refusal}");
    }
    // An export that has more than the import asks for is good, too.
    world("get: func() -> u64; zone: func(of: string) -> u32; more: func();").bundle();
}

#[test]
fn types_of_one_package_pass_through_another() {
    let clock = "package acme:clock@1.0.0 { interface types { record moment { at: u64 } resource timer { stop: func(); } start: func() -> timer; } }";
    let app = from_wit(
        &format!(
            "package acme:app@1.0.0; world w {{ import acme:clock/types@1.0.0; import acme:alarm/api@1.0.0; export run: func(); }}
            package acme:alarm@1.0.0 {{ interface api {{ use acme:clock/types@1.0.0.{{moment, timer}}; ring: func(at: moment, using: timer) -> timer; }} }}
            {clock}"
        ),
        "w",
    );
    let alarm = from_wit(
        &format!(
            "package acme:alarm@1.0.0; interface api {{ use acme:clock/types@1.0.0.{{moment, timer}}; ring: func(at: moment, using: timer) -> timer; }}
            world w {{ import acme:clock/types@1.0.0; export api; }} {clock}"
        ),
        "w",
    );
    let types = from_wit(
        "package acme:clock@1.0.0; interface types { record moment { at: u64 } resource timer { stop: func(); } start: func() -> timer; }
        world w { export types; }",
        "w",
    );
    let world = |requires: &[&str], of_alarm: &[&str]| {
        World::new(requires, app.clone())
            .part("acme:alarm@1.0.0", of_alarm, alarm.clone())
            .part("acme:clock@1.0.0", &[], types.clone())
    };
    let bundle = world(
        &["acme:alarm ^1.0", "acme:clock ^1.0"],
        &["acme:clock ^1.0"],
    )
    .bundle();
    assert_eq!(bundle.imports, Vec::<String>::new());
    assert_eq!(bundle.instances.len(), 3);
    // If one of them has its timers from the host, the types differ.
    let refusal = world(&["acme:alarm ^1.0", "acme:clock ^1.0"], &[]).refusal();
    assert!(
        refusal.starts_with(
            "`app` imports `acme:alarm/api@1.0.0` from `acme:alarm@1.0.0`, and its types do not fit"
        ),
        "{refusal}"
    );
    // The host cannot serve an import that is made of a package's types.
    assert_eq!(
        world(&["acme:clock ^1.0"], &[]).refusal(),
        "`app` wants `acme:alarm/api@1.0.0` of the host, with types of `acme:clock/types@1.0.0`, which `acme:clock@1.0.0` serves"
    );
}

#[test]
fn types_and_functions_of_a_world_are_passed_up() {
    let wit = |more: &str| {
        from_wit(
            &format!(
                "package acme:app@1.0.0; world w {{
                    use wasi:cli/types@0.2.3.{{level}};
                    import log: func(level: level, line: string) -> result<u32, level>;
                    {more}
                    export run: func(at: level) -> list<option<tuple<u8, level>>>;
                }}
                package wasi:cli@0.2.3 {{ interface types {{ variant level {{ low, high(u8) }} }} }}
                package acme:clock@1.0.0 {{ interface now {{ get: func() -> u32; }} }}"
            ),
            "w",
        )
    };
    let world = World::new(&["acme:clock ^1.0"], wit("import acme:clock/now@1.0.0;"))
        .part(
            "acme:clock@1.0.0",
            &["acme:log ^1.0"],
            relay(&["acme:log/api@1.0.0"], &["acme:clock/now@1.0.0"]),
        )
        .part("acme:log@1.0.0", &[], relay(&[], &["acme:log/api@1.0.0"]));
    let bundle = world.bundle();
    let mut found = bundle.imports.clone();
    found.sort();
    assert_eq!(found, ["level", "log", "wasi:cli/types@0.2.3"]);
    assert_eq!(bundle.exports, ["run"]);
    assert_eq!(imports(&bundle.bytes).len(), 3);
}

#[test]
fn attributes_of_names_are_kept_and_an_implements_is_wired_by_its_interface() {
    let text = r#"(component
        (import "math" (implements "test:math/ops@1.0.0") (external-id "anything") (instance (export "get" (func (result u32)))))
        (import "more" (implements "test:math/ops@1.0.0") (instance (export "get" (func (result u32)))))
        (import "host" (external-id "kept") (func)))"#;
    let world = World::new(&["test:math ^1.0 for math"], text).part(
        "test:math@1.0.0",
        &[],
        relay(&[], &["test:math/ops@1.0.0"]),
    );
    let wires = world.wires();
    assert_eq!(wires["app"]["math"], "test:math@1.0.0 test:math/ops@1.0.0");
    let bundle = World::new(&[], text).bundle();
    let printed = format!("{:?}", String::from_utf8_lossy(&bundle.bytes[..200]));
    assert_eq!(
        printed.matches("kept").count(),
        1,
        "at the bundle's own outside: {printed}"
    );
    assert_eq!(printed.matches("anything").count(), 1);
}

#[test]
fn what_no_host_has_is_refused() {
    for (text, what) in [
        (r#"(component (import "m" (core module)))"#, "a core module"),
        (r#"(component (import "c" (component)))"#, "a component"),
        (
            r#"(component (import "i" (instance (export "j" (instance)))))"#,
            "an instance with more than functions and types",
        ),
    ] {
        let refusal = World::new(&[], text).refusal();
        assert!(
            refusal.contains(&format!("of the host, which is {what}: ")),
            "{refusal}"
        );
    }
}

#[test]
fn an_export_with_a_packages_own_types_cannot_be_the_bundles() {
    let app = from_wit(
        "package acme:app@1.0.0; world w { use acme:clock/types@1.0.0.{moment}; export when: func() -> moment; }
        package acme:clock@1.0.0 { interface types { record moment { at: u64 } } }",
        "w",
    );
    let clock = from_wit(
        "package acme:clock@1.0.0; interface types { record moment { at: u64 } now: func() -> moment; } world w { export types; }",
        "w",
    );
    let refusal = World::new(&["acme:clock ^1.0"], app)
        .part("acme:clock@1.0.0", &[], clock)
        .refusal();
    assert!(
        refusal.starts_with("`app` exports `when`, which a bundle cannot, unless the types in it are the host's or exported, too: "),
        "{refusal}"
    );
}

#[test]
fn a_type_that_a_world_uses_comes_with_the_interface_that_has_it() {
    let clock = |world: &str| {
        format!(
            "package acme:clock@1.0.0 {{ interface types {{ record moment {{ at: u64 }} resource timer {{ stop: func(); }} }} {world} }}"
        )
    };
    let app = from_wit(
        &format!(
            "package acme:app@1.0.0; world w {{
                use acme:clock/types@1.0.0.{{moment, timer as watch}};
                import show: func(at: moment, what: watch);
                export run: func();
            }} {}",
            clock("")
        ),
        "w",
    );
    let types = from_wit(
        "package acme:clock@1.0.0; interface types { record moment { at: u64 } resource timer { stop: func(); } } world w { export types; }",
        "w",
    );
    let world = |requires: &[&str]| {
        World::new(requires, app.clone()).part("acme:clock@1.0.0", &[], types.clone())
    };
    // The host would have to have a type that only a package has.
    assert_eq!(
        world(&["acme:clock ^1.0"]).refusal(),
        "`app` wants `show` of the host, with types of `acme:clock/types@1.0.0`, which `acme:clock@1.0.0` serves"
    );
    let mut found = world(&[]).bundle().imports;
    found.sort();
    assert_eq!(found, ["acme:clock/types@1.0.0", "moment", "show", "watch"]);

    let app = wat::parse_str(
        r#"(component
            (import "acme:clock/types@1.0.0" (instance $t (export "timer" (type (sub resource)))))
            (alias export $t "timer" (type $timer))
            (import "watch" (type $watch (eq $timer)))
            (import "same" (type (eq $watch))))"#,
    )
    .unwrap();
    let world = World::new(&["acme:clock ^1.0"], app).part("acme:clock@1.0.0", &[], types);
    assert_eq!(world.bundle().imports, Vec::<String>::new());
}

#[test]
fn interfaces_of_the_host_that_are_made_of_each_other_are_refused() {
    let one = |uses: &str, has: &str, world: &str| {
        let text = |version: &str, body: &str| format!("package wasi:x@0.2.{version} {{ {body} }}");
        let has = format!("interface {has} {{ record r {{ a: u8 }} get: func() -> r; }}");
        let uses = format!(
            "interface {uses} {{ use {}.{{r}}; put: func(r: r); }}",
            has.split(' ').nth(1).unwrap()
        );
        from_wit(&format!("{world} {}", text("3", &(has + &uses))), "w")
    };
    let app = "package acme:app@1.0.0; world w { import wasi:x/a@0.2.3; import acme:clock/now@1.0.0; } package acme:clock@1.0.0 { interface now { get: func() -> u64; } }";
    let clock = "package acme:clock@1.0.0; interface now { get: func() -> u64; } world w { import wasi:x/b@0.2.3; export now; }";
    let world = World::new(&["acme:clock ^1.0"], one("a", "b", app)).part(
        "acme:clock@1.0.0",
        &[],
        one("b", "a", clock),
    );
    assert_eq!(
        world.refusal(),
        "imports of the host are made of each other's types: `wasi:x/a@0.2.3`, `wasi:x/b@0.2.3`"
    );
}

#[test]
fn whatever_byte_of_a_part_is_changed_there_is_a_bundle_or_a_refusal() {
    let (root, sink) = (pours("0.2.3"), sink("0.2.6"));
    let (mut composed, mut refused) = (0, 0);
    for position in 0..root.len() {
        let mut changed = root.clone();
        changed[position] ^= 1;
        let world =
            World::new(&["acme:sink ^1.0"], changed).part("acme:sink@1.0.0", &[], sink.clone());
        match world.compose() {
            Ok(bytes) => {
                wasmparser::Validator::new().validate_all(&bytes).unwrap();
                composed += 1;
            }
            Err(error) => {
                assert!(!error.to_string().is_empty());
                refused += 1;
            }
        }
    }
    assert!(composed > 100 && refused > 100, "{composed} {refused}");
}

#[test]
fn a_resource_comes_before_the_functions_that_are_named_after_it() {
    for items in [
        "resource a { b: static func() -> u32; }",
        "resource z { b: static func() -> u32; } import aa: func();",
        "resource z { constructor(); m: func(); b: static func() -> u32; } import aa: func();",
        "resource z { b: static async func() -> u32; }",
    ] {
        let text = format!("package acme:app@1.0.0; world w {{ {items} export run: func(); }}");
        let bundle = World::new(&[], from_wit(&text, "w")).bundle();
        let position = |name: &str| bundle.imports.iter().position(|one| one == name);
        let resource = if items.contains("resource a") {
            "a"
        } else {
            "z"
        };
        let functions = bundle.imports.iter().filter(|one| one.starts_with('['));
        for function in functions {
            assert!(
                position(resource) < position(function),
                "{:?}",
                bundle.imports
            );
        }
    }
}

#[test]
fn a_function_is_exported_with_the_types_that_are_exported_beside_it() {
    let record = r#"(type $t (record (field "a" u8)))"#;
    let variant = r#"(type $t (variant (case "none") (case "some" u32)))"#;
    for (ty, param, flat) in [
        (record, "$r", "(param i32)"),
        (record, "(option $r)", "(param i32 i32)"),
        (record, "(tuple $r u8 $r)", "(param i32 i32 i32)"),
        (variant, "$r", "(param i32 i32)"),
        ("(type $t (enum \"a\" \"b\"))", "$r", "(param i32)"),
        ("(type $t (resource (rep i32)))", "(own $r)", "(param i32)"),
        (
            "(type $t (resource (rep i32)))",
            "(borrow $r)",
            "(param i32)",
        ),
    ] {
        let text = format!(
            r#"(component
                (core module $m (func (export "f") {flat}) (func (export "g")))
                (core instance $i (instantiate $m))
                {ty}
                (export $r "r" (type $t))
                (func $f (param "x" {param}) (canon lift (core func $i "f")))
                (func $g (canon lift (core func $i "g")))
                (export "f" (func $f))
                (export $again "again" (type $r))
                (func $h (param "x" $again) (canon lift (core func $i "f")))
                (export "g" (func $g)))"#
        );
        // A resource is no type of a value by itself.
        let without = text
            .lines()
            .filter(|line| {
                !(ty.contains("resource") || flat != "(param i32)") || !line.contains("$h")
            })
            .collect::<Vec<_>>()
            .join("\n");
        let bundle = World::new(&[], without.as_str()).bundle();
        let interface = Interface::of_component(&bundle.bytes).unwrap();
        let exports: Vec<_> = interface.exports.iter().map(ToString::to_string).collect();
        assert_eq!(exports, ["again", "f", "g", "r"], "{ty} {param}");
    }
}
