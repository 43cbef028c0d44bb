//! Contents, locks and bundles: which bytes are taken for a release, and what is said of all others.

#![expect(
    clippy::unwrap_used,
    reason = "a story that cannot be told fails where it stops"
)]

mod story;

use std::collections::BTreeSet;
use std::convert::Infallible;

use story::{OPERATE, World, name};
use transparency::content::{Attached, Content, ContentError, Derived, check_bytes};
use transparency::digest::Digest;
use transparency::name::{ExternName, Kind};
use transparency::operator;
use transparency::package::Action;
use transparency::release::Release;
use transparency::release::Role;
use transparency::statement::Attachment;
use transparency::statement::Statement;
use transparency::version::parse_version;

const PACKAGE: &str = "acme:logger";
const BYTES: &[u8] = b"a component";
const LOCK: &[u8] = b"a lock";
const BUNDLE: &[u8] = b"a bundle";

fn names(names: &[&str]) -> BTreeSet<ExternName> {
    names.iter().map(|name| name.parse().unwrap()).collect()
}

fn attachment(bytes: &[u8]) -> Attachment {
    Attachment {
        digest: Digest::of(bytes),
        size: story::count(bytes.len()),
    }
}

/// A component that imports `a` and exports `x`, with a lock and a bundle.
fn component() -> Statement {
    let mut statement = Statement::new(
        parse_version("1.0.0").unwrap(),
        Digest::of(BYTES),
        story::count(BYTES.len()),
    );
    statement.imports = names(&["a"]);
    statement.exports = names(&["x"]);
    statement.lock = Some(attachment(LOCK));
    statement.bundle = Some((attachment(BUNDLE), 1));
    statement
}

/// The release as its registry shows it, and the operator log, after the operator withdrew these bytes.
fn shown(kind: Kind, statement: Statement, withdrawn: &[&[u8]]) -> (Release, operator::Log) {
    let version = statement.version.clone();
    let mut world = World::new();
    let under = world.under(0);
    let actions = vec![Action::Init { kind, under }, Action::Release(statement)];
    world.write(PACKAGE, "alice", actions);
    if !withdrawn.is_empty() {
        let actions = withdrawn.iter().map(|bytes| {
            let digest = Digest::of(bytes);
            operator::Action::Withdraw(digest, "harmful".into())
        });
        world.operate(OPERATE, actions.collect());
    }
    let log = world.publish().log(PACKAGE).unwrap();
    let release = log.release(&version).unwrap().clone();
    (release, world.operator_log())
}

fn derived(imports: &[&str], exports: &[&str]) -> Derived {
    Derived::Component {
        imports: names(imports),
        exports: names(exports),
    }
}

fn open(release: &Release, bytes: &[u8], derived: Derived) -> Result<Content, ContentError> {
    let derive = |read: &[u8]| {
        assert_eq!(read, bytes);
        Ok::<_, Infallible>(derived)
    };
    let Ok(opened) = Content::open(&name(PACKAGE), release, bytes.to_vec(), derive);
    opened
}

#[test]
fn a_content_is_what_its_record_says() {
    let (release, _) = shown(Kind::Component, component(), &[]);
    let as_recorded = derived(&["a"], &["x"]);
    let content = open(&release, BYTES, as_recorded.clone()).unwrap();
    assert_eq!(content.digest(), Digest::of(BYTES));
    assert_eq!(content.bytes(), BYTES);
    assert_eq!(content.derived(), &as_recorded);
    assert_eq!(content.into_bytes(), BYTES);
}

#[test]
fn other_bytes_are_no_content_and_are_not_parsed() {
    let (release, _) = shown(Kind::Component, component(), &[]);
    for bytes in [b"A component".as_slice(), b"a component ", b""] {
        let parsed = |_: &[u8]| -> Result<Derived, Infallible> { panic!("it was parsed") };
        let Ok(opened) = Content::open(&name(PACKAGE), &release, bytes.to_vec(), parsed);
        let error = opened.unwrap_err();
        assert_eq!(
            check_bytes(&name(PACKAGE), &release, bytes),
            Err(error.clone())
        );
        let (found, size) = (Digest::of(bytes), bytes.len());
        let expected = Digest::of(BYTES);
        assert_eq!(
            error.to_string(),
            format!(
                "the content of acme:logger@1.0.0 is {found} ({size} bytes), but its record says {expected} (11 bytes)"
            )
        );
    }
    assert_eq!(check_bytes(&name(PACKAGE), &release, BYTES), Ok(()));
    // The right digest beside a wrong size: the record itself is wrong, and nothing is its content.
    let mut statement = component();
    statement.size += 1;
    let (release, _) = shown(Kind::Component, statement, &[]);
    let error = check_bytes(&name(PACKAGE), &release, BYTES).unwrap_err();
    assert!(matches!(error, ContentError::Digest { .. }), "{error}");
}

#[test]
fn a_withdrawn_content_is_refused_although_its_bytes_are_right() {
    let (release, _) = shown(Kind::Component, component(), &[BYTES]);
    let error = open(&release, BYTES, derived(&["a"], &["x"])).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the content of acme:logger@1.0.0 was withdrawn by the registry's operator: harmful"
    );
    assert_eq!(check_bytes(&name(PACKAGE), &release, BYTES), Err(error));
}

#[test]
fn what_the_bytes_say_must_be_what_the_record_says() {
    let (release, _) = shown(Kind::Component, component(), &[]);
    let said = |derived| open(&release, BYTES, derived).unwrap_err().to_string();
    let contradicts =
        |what: &str| format!("the content of acme:logger@1.0.0 contradicts its record: {what}");
    assert_eq!(
        said(derived(&["a", "b", "c"], &["x"])),
        contradicts("imports: only the content says b, c")
    );
    assert_eq!(
        said(derived(&["a"], &[])),
        contradicts("exports: only the record says x")
    );
    assert_eq!(
        said(derived(&["b"], &["x"])),
        contradicts("imports: only the content says b; only the record says a")
    );
    let wit = Derived::Wit {
        name: name(PACKAGE),
        version: parse_version("1.0.0").unwrap(),
        requirements: BTreeSet::new(),
    };
    assert_eq!(
        said(wit),
        "the content of acme:logger@1.0.0 is a wit, but the package is of kind component"
    );
}

#[test]
fn a_wit_package_is_the_one_of_its_release() {
    let statement = |version: &str| {
        let bytes = story::count(BYTES.len());
        let mut statement =
            Statement::new(parse_version(version).unwrap(), Digest::of(BYTES), bytes);
        statement.requirements = ["wit acme:io ^1.0".parse().unwrap()].into_iter().collect();
        statement
    };
    let wit = |package: &str, version: &str, requirements: &[&str]| Derived::Wit {
        name: name(package),
        version: parse_version(version).unwrap(),
        requirements: requirements
            .iter()
            .map(|text| text.parse().unwrap())
            .collect(),
    };
    let io: &[&str] = &["wit acme:io ^1.0"];
    let (release, _) = shown(Kind::Wit, statement("1.0.0"), &[]);
    open(&release, BYTES, wit(PACKAGE, "1.0.0", io)).unwrap();
    for (other, expected) in [
        (
            wit("acme:clock", "1.0.0", io),
            "name and version: only the content says acme:clock@1.0.0; only the record says acme:logger@1.0.0",
        ),
        (
            wit(PACKAGE, "1.0.1", io),
            "name and version: only the content says acme:logger@1.0.1; only the record says acme:logger@1.0.0",
        ),
        (
            wit(PACKAGE, "1.0.0", &[]),
            "requirements: only the record says wit acme:io ^1.0",
        ),
        (
            wit(
                PACKAGE,
                "1.0.0",
                &["wit acme:io ^1.0", "wit acme:clock ^1.0"],
            ),
            "requirements: only the content says wit acme:clock ^1.0",
        ),
    ] {
        let error = open(&release, BYTES, other).unwrap_err().to_string();
        assert!(error.ends_with(expected), "{error}");
    }
    // Build metadata is the release's own business.
    let (release, _) = shown(Kind::Wit, statement("1.0.0+build"), &[]);
    open(&release, BYTES, wit(PACKAGE, "1.0.0", io)).unwrap();
}

#[test]
fn locks_and_bundles_are_those_of_the_record_or_refused() {
    let (release, operator) = shown(Kind::Component, component(), &[]);
    let open = |release: &Release, operator: &operator::Log, role, bytes: &[u8]| {
        Attached::open(&name(PACKAGE), release, role, operator, bytes.to_vec())
    };
    for (role, word, bytes) in [
        (Role::Content, "content", BYTES),
        (Role::Lock, "lock", LOCK),
        (Role::Bundle, "bundle", BUNDLE),
    ] {
        assert_eq!(release.attachment(role), Some(attachment(bytes)));
        let attached = open(&release, &operator, role, bytes).unwrap().unwrap();
        assert_eq!(attached.into_bytes(), bytes);
        let error = open(&release, &operator, role, b"others").unwrap_err();
        let begins = format!("the {word} of acme:logger@1.0.0 is ");
        assert!(error.to_string().starts_with(&begins), "{error}");
        // What was withdrawn is that one file.
        let (release, operator) = shown(Kind::Component, component(), &[bytes]);
        let error = open(&release, &operator, role, bytes).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!(
                "the {word} of acme:logger@1.0.0 was withdrawn by the registry's operator: harmful"
            )
        );
        for (other, bytes) in [(Role::Lock, LOCK), (Role::Bundle, BUNDLE)] {
            let opened = open(&release, &operator, other, bytes);
            assert_eq!(opened.is_ok(), other != role, "{other}");
        }
    }
    let mut bare = component();
    (bare.lock, bare.bundle) = (None, None);
    let (release, operator) = shown(Kind::Component, bare, &[]);
    for role in [Role::Lock, Role::Bundle] {
        assert_eq!(release.attachment(role), None);
        assert!(open(&release, &operator, role, LOCK).unwrap().is_none());
    }
}
