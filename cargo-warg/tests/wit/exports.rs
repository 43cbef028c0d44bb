//! What components export, written as WIT.

use std::path::Path;

use cargo_warg::wit::deps::plan;
use cargo_warg::wit::root;
use component::content::Interface;
use component::wit::deps::{Lacking, PlanError};
use component::wit::exports;
use component::wit::exports::ExportsError;
use component::wit::selected::{Form, Selected};
use fixtures::component::IO;
use transparency::digest::Digest;

use crate::world::{Content, folder, logger, paths, planned, version};

/// A component whose API uses a package that uses another, at a version.
fn using(name: &str, version: &str, ty: &str) -> Content {
    let text = format!(
        "package {name}@1.0.0;
         interface api {{ use acme:units/u@1.0.0.{{span}}; wait: func(of: span); }}
         world w {{ export api; }}
         package acme:units@1.0.0 {{
           interface u {{ use acme:base/b@{version}.{{second}}; record span {{ of: second }} }}
         }}
         package acme:base@{version} {{ interface b {{ type second = {ty}; }} }}"
    );
    Content::component(name, "1.0.0", &text, "w")
}

#[test]
fn the_wit_of_a_components_exports_can_be_imported() {
    let dir = folder(&[(
        "wit/world.wit",
        "package my:app;\nworld app { import acme:logger/api@1.2.0; }\n",
    )]);
    let plan = planned(dir.path(), &[], &[logger()]).unwrap();
    assert_eq!(
        paths(&plan.write),
        [
            "deps/acme-logger-1.2.0/package.wit",
            "deps/wasi-io-0.2.3/package.wit"
        ],
        "what it merely imports is the host's affair"
    );
    let text = &plan.write[Path::new("deps/acme-logger-1.2.0/package.wit")];
    assert!(
        text.contains("interface api") && !text.contains("internal"),
        "{text}"
    );
    assert!(
        text.contains("use wasi:io/streams@0.2.3.{output-stream};"),
        "{text}"
    );
}

#[test]
fn a_selected_or_local_package_serves_what_a_component_uses_at_that_version() {
    let dir = folder(&[]);
    let plan = planned(dir.path(), &[Content::wit(IO)], &[logger()]).unwrap();
    let io = &plan.write[Path::new("deps/wasi-io-0.2.3/package.wit")];
    assert!(
        io.contains("interface poll"),
        "the selected package, whole: {io}"
    );

    let newer = Content::wit(&IO.replace("0.2.3", "0.2.6"));
    let plan = planned(dir.path(), &[newer], &[logger()]).unwrap();
    assert_eq!(
        paths(&plan.write),
        [
            "deps/acme-logger-1.2.0/package.wit",
            "deps/wasi-io-0.2.3/package.wit",
            "deps/wasi-io-0.2.6/package.wit"
        ]
    );

    let lacking =
        Content::wit("package wasi:io@0.2.3; interface streams { resource input-stream; }");
    match planned(dir.path(), &[lacking], &[logger()]) {
        Err(PlanError::Lacks {
            user,
            provider,
            what: Lacking::Type { interface, name },
        }) => {
            let found = [user, provider, interface, name];
            assert_eq!(
                found,
                [
                    "acme:logger@1.2.0",
                    "wasi:io@0.2.3",
                    "streams",
                    "output-stream"
                ]
            );
        }
        other => panic!("{other:?}"),
    }

    let local = folder(&[("wit/deps/io.wit", IO)]);
    let plan = planned(local.path(), &[], &[logger()]).unwrap();
    assert_eq!(paths(&plan.write), ["deps/acme-logger-1.2.0/package.wit"]);
}

#[test]
fn two_components_share_what_both_use() {
    let reader = Content::component(
        "acme:reader",
        "2.0.0",
        "package acme:reader@2.0.0;
         interface api { use wasi:io/streams@0.2.3.{input-stream}; read: func(of: input-stream) -> u8; }
         world reader { export api; }
         package wasi:io@0.2.3 { interface streams { resource input-stream; } }",
        "reader",
    );
    let text = "package my:app;\nworld app { import acme:logger/api@1.2.0; import acme:reader/api@2.0.0; }\n";
    let mut written = Vec::new();
    for components in [[logger(), reader.clone()], [reader, logger()]] {
        let dir = folder(&[("wit/world.wit", text)]);
        let plan = planned(dir.path(), &[], &components).unwrap();
        assert_eq!(plan.write.len(), 3);
        let io = &plan.write[Path::new("deps/wasi-io-0.2.3/package.wit")];
        assert!(
            io.contains("input-stream") && io.contains("output-stream"),
            "{io}"
        );
        let mark = io.lines().last().unwrap();
        assert_eq!(mark.matches("sha256:").count(), 2, "{mark}");
        written.push(plan.write);
    }
    assert_eq!(written[0], written[1], "in whichever order they come");
}

#[test]
fn components_that_contradict_each_other_are_named() {
    let uses = |name: &str, size: &str| {
        let text = format!(
            "package {name}@1.0.0;
             interface api {{ use acme:units/u@1.0.0.{{second}}; wait: func(of: second); }}
             world w {{ export api; }}
             package acme:units@1.0.0 {{ interface u {{ type second = {size}; }} }}"
        );
        Content::component(name, "1.0.0", &text, "w")
    };
    let components = [uses("acme:one", "u32"), uses("acme:two", "u64")];
    let error = planned(folder(&[]).path(), &[], &components).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`acme:two@1.0.0` holds another `acme:units/u@1.0.0` than the components before it"
    );
}

/// No text can say it: `p` uses `q`, which uses `p`, by interfaces that do not.
#[test]
fn packages_that_use_each_other_in_a_circle_are_refused_and_not_followed() {
    let bytes = wat::parse_str(
        r#"(component
          (import "p:p/l@1.0.0" (instance $l (export "t" (type (sub resource)))))
          (alias export $l "t" (type $t))
          (import "q:q/k@1.0.0" (instance $k
            (alias outer 1 $t (type $t0))
            (export "t" (type (eq $t0)))))
          (alias export $k "t" (type $kt))
          (import "p:p/i@1.0.0" (instance $i
            (alias outer 1 $kt (type $x0))
            (export "t" (type $x1 (eq $x0)))
            (type $b (borrow $x1))
            (export "f" (func (param "x" $b)))))
          (export "p:p/i@1.0.0" (instance $i)))"#,
    )
    .unwrap();
    let dir = folder(&[]);
    let (name, version) = ("acme:x".parse().unwrap(), version("1.0.0"));
    let component = Selected {
        name: &name,
        version: &version,
        digest: Digest::of(&bytes),
        form: Form::Binary(&bytes),
    };
    let root = root::read(&dir.path().join("wit")).unwrap();
    assert!(matches!(
        plan(&root, &[], &[component]),
        Err(PlanError::Exports(ExportsError::Content { .. }))
    ));
}

#[test]
fn where_components_use_two_versions_of_a_track_the_higher_counts() {
    let [low, high] = ["1.0.0", "1.1.0"];
    for (one, two) in [(low, high), (high, low)] {
        let components = [using("acme:one", one, "u32"), using("acme:two", two, "u32")];
        let plan = planned(folder(&[]).path(), &[], &components).unwrap();
        assert_eq!(
            paths(&plan.write),
            [
                "deps/acme-base-1.1.0/package.wit",
                "deps/acme-one-1.0.0/package.wit",
                "deps/acme-two-1.0.0/package.wit",
                "deps/acme-units-1.0.0/package.wit"
            ]
        );
        let units = &plan.write[Path::new("deps/acme-units-1.0.0/package.wit")];
        assert!(units.contains("acme:base/b@1.1.0"), "{units}");
    }
    let components = [
        using("acme:one", "1.0.0", "u32"),
        using("acme:two", "2.0.0", "u32"),
    ];
    let error = planned(folder(&[]).path(), &[], &components).unwrap_err();
    assert!(
        error.to_string().contains("another `acme:units/u@1.0.0`"),
        "{error}"
    );
}

#[test]
fn what_is_selected_or_local_is_not_compared_with_what_components_hold() {
    let components = [
        using("acme:one", "1.0.0", "u32"),
        using("acme:two", "1.0.0", "u64"),
    ];
    assert!(planned(folder(&[]).path(), &[], &components).is_err());
    let units = "package acme:units@1.0.0;
                 interface u { use acme:base/b@1.0.0.{second}; record span { of: second } }";
    let base = "package acme:base@1.0.0; interface b { type second = u32; }";
    let nested = base.replace("1.0.0;", "1.0.0 {") + "}";
    let wit = [
        Content::wit(base),
        Content::wit(&format!("{units}\n{nested}")),
    ];
    let plan = planned(folder(&[]).path(), &wit, &components).unwrap();
    assert_eq!(plan.write.len(), 4);
    let local = folder(&[("wit/deps/units.wit", units), ("wit/deps/base.wit", base)]);
    let plan = planned(local.path(), &[], &components).unwrap();
    assert_eq!(plan.write.len(), 2);
}

#[test]
fn what_a_component_merely_imports_contradicts_no_other() {
    let importing = Content::component(
        "acme:one",
        "1.0.0",
        "package acme:one@1.0.0;
         interface api { go: func(); }
         world w { import acme:units/u@1.0.0; export api; }
         package acme:units@1.0.0 { interface u { type second = string; now: func(a: u8) -> second; } }",
        "w",
    );
    let exporting = Content::component(
        "acme:two",
        "1.0.0",
        "package acme:two@1.0.0;
         world w { export acme:units/u@1.0.0; }
         package acme:units@1.0.0 { interface u { type second = u64; now: func() -> second; } }",
        "w",
    );
    let plan = planned(folder(&[]).path(), &[], &[importing, exporting]).unwrap();
    assert_eq!(
        paths(&plan.write),
        [
            "deps/acme-one-1.0.0/package.wit",
            "deps/acme-units-1.0.0/package.wit"
        ]
    );
    let units = &plan.write[Path::new("deps/acme-units-1.0.0/package.wit")];
    assert!(units.contains("type second = u64;"), "{units}");
}

/// All of these are valid components.
#[test]
fn exports_without_wit_are_an_error_and_no_crash() {
    let cases = [
        // The decoder panics on this one.
        "(component (import \"a:b/c\" (func)) (export \"x:y/z\" (func 0)))",
        "(component (import \"a\" (type $t (sub resource))) (export \"b\" (type $t)))",
        "(component (import \"c:d/e\" (instance (export \"a\" (type (sub resource))))) (export \"g:h/i\" (instance 0)))",
        "(component (import \"x\" (component)) (export \"g\" (component 0)))",
    ];
    for text in cases {
        let component = Content {
            name: "acme:odd".parse().unwrap(),
            version: version("1.0.0"),
            bytes: wat::parse_str(text).unwrap(),
        };
        Interface::of_component(&component.bytes).unwrap();
        let error = exports::check(&component.selected()).unwrap_err();
        assert!(
            matches!(error, ExportsError::Content { .. }),
            "{text}: {error:?}"
        );
        assert!(
            planned(folder(&[]).path(), &[], &[component]).is_err(),
            "{text}"
        );
    }
    exports::check(&logger().selected()).unwrap();
}
