//! WIT packages that decode and may not be released.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use component::wit::binary::Refusal;
use component::wit::publish::{PublishError, WitPackage};
use fixtures::component::wit_package;

fn refused(text: &str) -> Refusal {
    match WitPackage::open(wit_package(text)) {
        Err(PublishError::Refused { why, .. }) => *why,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn each_refusal_says_what_is_wrong() {
    let own = refused(
        "package a:b@0.2.4; interface i { use a:b/j@0.2.3.{t}; } package a:b@0.2.3 { interface j { type t = u8; } }",
    );
    assert!(matches!(&own, Refusal::Itself { .. }), "{own:?}");
    let two = refused(
        "package a:b@1.0.0; interface i { use c:d/j@0.2.3.{t}; use c:d/j@0.2.6.{t as u}; } \
         package c:d@0.2.3 { interface j { type t = u8; } } package c:d@0.2.6 { interface j { type t = u8; } }",
    );
    assert_eq!(
        two.to_string(),
        "it refers to two versions of one track: `c:d@0.2.3` and `c:d@0.2.6`"
    );
    let bare = refused(
        "package a:b@1.0.0; interface i { use c:d/j.{t}; } package c:d { interface j { type t = u8; } }",
    );
    assert_eq!(bare.to_string(), "it refers to `c:d/j` without a version");
    let none = refused("package a:b; interface i {}");
    assert_eq!(none.to_string(), "`a:b` has no version");
    let name = refused(&format!(
        "package a:{}@1.0.0; interface i {{}}",
        "b".repeat(65)
    ));
    assert!(matches!(&name, Refusal::Name(_)), "{name:?}");
    // Two tracks side by side are what a bridge between them needs.
    let bridge = WitPackage::open(wit_package(
        "package a:b@1.0.0; interface i { use c:d/j@0.2.3.{t}; use c:d/j@0.3.0.{t as u}; } \
         package c:d@0.2.3 { interface j { type t = u8; } } package c:d@0.3.0 { interface j { type t = u8; } }",
    ));
    assert_eq!(bridge.unwrap().requirements.len(), 2);
}
