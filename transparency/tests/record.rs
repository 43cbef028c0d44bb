//! Records: one grammar, one spelling.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use proptest::prelude::*;
use story::{
    OPERATE, World, grant, init, key, namespace, recover, release, resigned, vkey, witness,
};
use transparency::Unverified;
use transparency::digest::{Digest, Hash};
use transparency::name::Kind;
use transparency::note::{Note, NoteError};
use transparency::number::{Position, Time};
use transparency::operator;
use transparency::package::{Action, Permission, Scope, Under};
use transparency::record::{LineError, MAX_RECORD, Record, RecordError, SignedRecord, Subject};
use transparency::statement::Attachment;
use transparency::statement::Statement;
use transparency::version::parse_version;

const LOGGER: &str = "acme:logger";

fn parse(bytes: &[u8]) -> Result<Record<Action>, RecordError> {
    Unverified::<SignedRecord<Action>>::parse(bytes).map(|record| (**record.claims()).clone())
}

fn parse_operator(bytes: &[u8]) -> Result<Record<operator::Action>, RecordError> {
    Unverified::<SignedRecord<operator::Action>>::parse(bytes)
        .map(|record| (**record.claims()).clone())
}

/// A record with every line that there is.
fn full() -> Record<Action> {
    let world = World::with_logger();
    let under = world.under(0);
    let mut statement = Statement::new(
        parse_version("1.2.0-rc.1+linux").unwrap(),
        Digest::of(b"x"),
        48213,
    );
    for require in [
        "component acme:clock ^1.0 from registry.example for acme:clock/now,acme:clock/zone",
        "wit wasi:io >=0.2.3,<0.3",
    ] {
        statement.requirements.insert(require.parse().unwrap());
    }
    for import in ["wasi:io/streams@0.2.3", "run"] {
        statement.imports.insert(import.parse().unwrap());
    }
    statement
        .exports
        .insert("acme:logger/api@1.2.0".parse().unwrap());
    let attachment = |text: &[u8]| Attachment {
        digest: Digest::of(text),
        size: 9,
    };
    statement.lock = Some(attachment(b"lock"));
    statement.bundle = Some((attachment(b"bundle"), 1));
    statement.unusable = Some("never mind: 100 % é".into());
    let version = parse_version("1.0.0").unwrap();
    world.draft(
        LOGGER,
        "alice",
        vec![
            Action::Init {
                kind: Kind::Wit,
                under,
            },
            grant(
                "bob",
                &[
                    Permission::Own,
                    Permission::Release,
                    Permission::Yank,
                    Permission::Annotate,
                ],
            ),
            recover("carol", under),
            story::revoke("bob", &[Permission::Release, Permission::Annotate]),
            Action::Release(statement),
            Action::Yank {
                version: version.clone(),
                reason: "a reason\u{a0}with a space".into(),
            },
            Action::Unyank {
                version: version.clone(),
                reason: "why".into(),
            },
            Action::Annotate {
                scope: Scope::Version(version),
                key: "see-also.2".into(),
                value: "https://x.example/?a=b#c".into(),
            },
            Action::Annotate {
                scope: Scope::Package,
                key: "note".into(),
                value: "%".into(),
            },
            Action::Ignored("?later 1 2 3".into()),
        ],
    )
}

#[test]
fn whose_log_bytes_say_that_they_are_of_stands_on_their_third_line() {
    let world = World::with_logger();
    let record = full().sign(&key("alice")).unwrap();
    let package = Subject::Package(LOGGER.parse().unwrap());
    assert_eq!(Subject::claimed_by(&record), Some(package.clone()));
    let operator = world.operator_bytes()[0];
    assert_eq!(Subject::claimed_by(operator), Some(Subject::Operator));
    // No more than the line is looked at, and none but the third.
    assert_eq!(Subject::claimed_by(b"a\nb\nacme:logger"), Some(package));
    for other in [
        "",
        "a\nb",
        "acme:logger\nb\nc d\n",
        "a\nacme:logger\n\n",
        "a\nb\nOperator\n",
    ] {
        assert_eq!(Subject::claimed_by(other.as_bytes()), None, "{other:?}");
    }
    assert_eq!(Subject::claimed_by(b"a\nb\n\xff\n"), None);
}

#[test]
fn a_record_reads_as_the_protocol_says() {
    let record = full();
    let bytes = record.sign(&key("alice")).unwrap();
    let under = format!("under operator 0 {}", World::with_logger().under(0).record);
    let (alice, bob, carol) = (vkey("alice"), vkey("bob"), vkey("carol"));
    let (x, lock, bundle) = (Digest::of(b"x"), Digest::of(b"lock"), Digest::of(b"bundle"));
    let expected = format!(
        "warg-record/v1
registry.example
acme:logger
1
{previous}
2026-11-18T11:06:40Z
{alice}
init wit {under}
grant {bob} own,release,yank,annotate
grant {carol} own {under}
revoke {bob} release,annotate
release 1.2.0-rc.1+linux {x} 48213
require component acme:clock ^1.0 from registry.example for acme:clock/now,acme:clock/zone
require wit wasi:io >=0.2.3,<0.3
import run
import wasi:io/streams@0.2.3
export acme:logger/api@1.2.0
lock {lock} 9
bundle {bundle} 9 1
unusable never%20mind:%20100%20%25%20%C3%A9
yank 1.0.0 a%20reason%C2%A0with%20a%20space
unyank 1.0.0 why
annotate 1.0.0 see-also.2 https://x.example/?a=b#c
annotate * note %25
?later 1 2 3
",
        previous = record.previous,
    );
    let text = String::from_utf8(bytes.clone()).unwrap();
    let (signed, signature) = text.split_at(expected.len());
    assert_eq!(signed, expected);
    assert!(signature.starts_with("\n— alice "), "{signature}");
    assert_eq!(parse(&bytes).unwrap(), record);
    let signed = Unverified::<SignedRecord<Action>>::parse(&bytes).unwrap();
    assert_eq!(signed.claims().hash(), Hash::of_leaf(&bytes));
}

#[test]
fn an_operator_record_reads_as_the_protocol_says() {
    let world = World::bare();
    let actions = vec![
        operator::Action::Init,
        story::grant_role(
            "registry.example#c",
            &[operator::Role::Operate, operator::Role::Checkpoint],
        ),
        namespace("acme", &["b", "a", "a!", "a-b"]),
        namespace("closed", &[]),
        operator::Action::Witness(
            witness("w.example").verifying_key().clone(),
            "https://w.example".into(),
        ),
        operator::Action::Withdraw(Digest::of(b"x"), "why not".into()),
        operator::Action::Refresh(60),
        operator::Action::Ignored("?x".into()),
    ];
    let record = world.operator_draft(OPERATE, actions);
    let bytes = record.sign(&key(OPERATE)).unwrap();
    assert_eq!(parse_operator(&bytes).unwrap(), record);
    let text = String::from_utf8(bytes).unwrap();
    let mut keys = ["a", "a!", "a-b", "b"].map(|name| vkey(name).to_string());
    keys.sort();
    assert_eq!(
        keys[0],
        vkey("a!").to_string(),
        "`!` comes before `+`: the text decides"
    );
    assert!(
        text.contains(&format!(
            "\nnamespace acme {}\nnamespace closed\nwitness ",
            keys.join(" ")
        )),
        "{text}"
    );
    assert!(text.starts_with("warg-record/v1\nregistry.example\noperator\n0\nsha256:0000"));
    assert!(text.contains("\nrefresh 60\n?x\n\n— registry.example "));
    // `init` stands alone.
    let found = parse_operator(&resigned(
        text.as_bytes(),
        "\ninit\n",
        "\ninit operator\n",
        OPERATE,
    ));
    assert!(
        matches!(
            found,
            Err(RecordError::Line {
                line: 8,
                problem: LineError::Form { .. }
            })
        ),
        "{found:?}"
    );
    // In any other order it is refused.
    let reversed: Vec<_> = keys.iter().rev().map(String::as_str).collect();
    let found = parse_operator(&resigned(
        text.as_bytes(),
        &keys.join(" "),
        &reversed.join(" "),
        OPERATE,
    ));
    assert!(
        matches!(found, Err(RecordError::Spelling { line: 10 })),
        "{found:?}"
    );
}

/// What means the same and is spelled otherwise is another record, and no good one.
#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn there_is_one_spelling() {
    let good = full().sign(&key("alice")).unwrap();
    let plain: &[(&str, &str)] = &[
        ("init wit ", "init wit  "),
        ("?later 1 2 3", "?later 1  2 3"),
        ("?later 1 2 3", "?later 1 2 3 "),
        ("?later 1 2 3", "?later \u{7f}"),
        ("?later 1 2 3", "?later é"),
        ("?later 1 2 3", "?later \u{9b}31m"),
        ("?later 1 2 3", " ?later"),
        ("?later 1 2 3", "?later\n\n?more"),
        ("\ninit", "\n\ninit"),
        ("unyank 1.0.0 why", "unyank 1.0.0 why "),
        ("%C3%A9", "é"),
    ];
    let spelling: &[(&str, &str)] = &[
        ("own,release,yank,annotate", "own,yank,release,annotate"),
        ("own,release,yank,annotate", "own,own,release,yank,annotate"),
        (
            "import run\nimport wasi:io/streams@0.2.3",
            "import wasi:io/streams@0.2.3\nimport run",
        ),
        ("import run\n", "import run\nimport run\n"),
    ];
    let line: &[(&str, &str)] = &[
        ("2026-11-18T11:06:40Z", "2026-11-18t11:06:40Z"),
        ("2026-11-18T11:06:40Z", "2026-11-18T11:06:40.0Z"),
        ("2026-11-18T11:06:40Z", "2026-11-18T13:06:40+02:00"),
        ("2026-11-18T11:06:40Z", "2026-11-18T11:06:60Z"),
        ("2026-11-18T11:06:40Z", "1969-11-18T11:06:40Z"),
        ("2026-11-18T11:06:40Z", "2026-02-30T11:06:40Z"),
        ("\nacme:logger\n1\n", "\nacme:logger\n01\n"),
        ("\nacme:logger\n1\n", "\nacme:logger\n+1\n"),
        (
            "\nacme:logger\n1\n",
            "\nacme:logger\n18446744073709551616\n",
        ),
        ("\nacme:logger\n", "\nAcme:logger\n"),
        ("\nacme:logger\n", "\noperator\n"),
        ("\nacme:logger\n", "\nacme:logger:x\n"),
        ("\nregistry.example\n", "\nregistry example\n"),
        ("init wit", "init Wit"),
        ("init wit under operator 0", "init wit under operator 00"),
        ("init wit under operator 0", "init wit under Operator 0"),
        ("init wit under operator 0 ", "init wit under operator "),
        ("grant ", "grant x "),
        ("own,release,yank,annotate", "own,release,yank,annotate,"),
        ("own,release,yank,annotate", "everything"),
        (
            "release,annotate\n",
            "release,annotate under operator 0 x\n",
        ),
        ("48213", "048213"),
        ("48213", "48213 x"),
        ("1.2.0-rc.1+linux", "1.2"),
        ("1.2.0-rc.1+linux", "v1.2.0"),
        ("1.2.0-rc.1+linux", "1.2.0-rc.01"),
        ("^1.0 from", "1.0 from"),
        ("^1.0 from", "^1.0, from"),
        (" from registry.example", ""),
        (
            "for acme:clock/now,acme:clock/zone",
            "for acme:clock/zone,acme:clock/now",
        ),
        (
            "for acme:clock/now,acme:clock/zone",
            "for acme:clock/now,acme:clock/now",
        ),
        ("for acme:clock/now,acme:clock/zone", "for"),
        (">=0.2.3,<0.3", ">=0.2.3, <0.3"),
        (">=0.2.3,<0.3", ">=0.2.3,<0.3 for x"),
        ("import run", "import run,x"),
        ("never%20mind:", "never%20mind%3A"),
        ("%C3%A9", "%c3%a9"),
        ("%C3%A9", "%C3"),
        ("%C3%A9", "%"),
        ("%C3%A9", "%E2%80%AE"),
        ("%C3%A9", "%1B"),
        ("%C3%A9", "%C2%9B"),
        ("%C3%A9", "%D8%9C"),
        ("unyank 1.0.0 why", "unyank 1.0.0"),
        ("unyank 1.0.0 why", "unyank 1.0.0 why not"),
        ("see-also.2", "See-also.2"),
        ("see-also.2", "see--also.2"),
        ("annotate *", "annotate **"),
        // Lines below `release` in another order.
        ("\nlock ", "\nbundle "),
        ("unusable never", "lock never"),
    ];
    for (kind, cases) in [("plain", plain), ("spelling", spelling), ("line", line)] {
        for (from, to) in cases {
            let bytes = resigned(&good, from, to, "alice");
            let found = parse(&bytes);
            if to.is_empty() && kind == "line" {
                // Only to show that `from ORIGIN` may be left out.
                assert!(found.is_ok(), "{from}: {found:?}");
                continue;
            }
            let expected = match kind {
                "plain" => matches!(found, Err(RecordError::Plain { .. })),
                "spelling" => matches!(found, Err(RecordError::Spelling { .. })),
                _ => matches!(found, Err(RecordError::Line { .. })),
            };
            assert!(expected, "{kind}: `{from}` as `{to}`: {found:?}");
        }
    }
}

#[test]
fn errors_name_the_line() {
    let good = full().sign(&key("alice")).unwrap();
    let line = |from: &str, to: &str| match parse(&resigned(&good, from, to, "alice")).unwrap_err()
    {
        RecordError::Line { line, problem } => (line, problem),
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        line("registry.example\n", "a+b\n"),
        (2, LineError::Name(_))
    ));
    assert!(matches!(
        line("acme:logger\n1\n", "acme:logger\nx\n"),
        (4, LineError::Number(_))
    ));
    assert!(matches!(
        line("sha256:", "sha255:"),
        (5, LineError::Digest(_))
    ));
    assert!(matches!(
        line("11:06:40Z", "11:06"),
        (6, LineError::Number(_))
    ));
    assert!(matches!(line("alice+", "alicia+"), (7, LineError::Key(_))));
    assert!(matches!(
        line("init wit", "init wat"),
        (8, LineError::Name(_))
    ));
    assert!(matches!(
        line("own,release", "own,rel"),
        (9, LineError::Permission { .. })
    ));
    assert!(matches!(
        line("1.2.0-rc.1+linux", "1"),
        (12, LineError::Version(_))
    ));
    assert!(matches!(
        line("wit wasi:io", "wut wasi:io"),
        (14, LineError::Requirement(_))
    ));
    assert!(matches!(
        line("%C3%A9", "%"),
        (20, LineError::FreeText { .. })
    ));
    let (number, problem) = line("\nlock ", "\nimport x\nlock ");
    assert_eq!(number, 18, "{problem}");
    let (number, problem) = line("export acme", "require wit a:b ^1\nexport acme");
    assert_eq!(number, 17);
    assert!(problem.to_string().contains("in this order"), "{problem}");
    assert!(matches!(
        line("?later 1 2 3", "later 1 2 3"),
        (25, LineError::Newer { .. })
    ));
}

#[test]
fn a_record_without_actions_is_none() {
    let mut record = full();
    record.actions.clear();
    let found = record.sign(&key("alice"));
    assert!(
        matches!(
            found,
            Err(RecordError::Line {
                problem: LineError::Missing { .. },
                ..
            })
        ),
        "{found:?}"
    );
    // Nor one that ends earlier.
    let good = String::from_utf8(full().sign(&key("alice")).unwrap()).unwrap();
    for count in 1..7 {
        let lines: Vec<_> = good.lines().take(count).collect();
        let text = lines.join("\n") + "\n";
        let found = parse(Note::sign(text, &key("alice")).to_string().as_bytes());
        assert!(
            matches!(
                found,
                Err(RecordError::Line {
                    problem: LineError::Missing { .. },
                    ..
                })
            ),
            "{count} lines: {found:?}"
        );
    }
}

#[test]
fn only_the_key_that_is_named_can_sign() {
    let record = full();
    let found = record.sign(&key("bob"));
    assert!(
        matches!(found, Err(RecordError::Signer { .. })),
        "{found:?}"
    );
    let found = record.sign(&key("alice#other"));
    assert!(
        matches!(found, Err(RecordError::Signer { .. })),
        "the same name, another key: {found:?}"
    );
    let mut witnessed = record.clone();
    witnessed.signer = witness("alice").verifying_key().clone();
    let found = witnessed.sign(&witness("alice"));
    assert!(
        matches!(found, Err(RecordError::Line { line: 7, .. })),
        "{found:?}"
    );
    let mut foreign = record;
    foreign.signer = vkey("é");
    let found = foreign.sign(&key("é"));
    assert!(
        matches!(found, Err(RecordError::Plain { line: 7 })),
        "{found:?}"
    );
}

#[test]
fn a_record_fits_into_an_entry() {
    let base = World::with_logger().draft(LOGGER, "alice", vec![release("1.0.0")]);
    let length = base.sign(&key("alice")).unwrap().len();
    let pad = |more: usize| {
        let mut record = base.clone();
        record
            .actions
            .push(Action::Ignored(format!("?{}", "x".repeat(more - 2))));
        record.sign(&key("alice"))
    };
    assert_eq!(pad(MAX_RECORD - length).unwrap().len(), MAX_RECORD);
    assert_eq!(pad(MAX_RECORD - length + 1), Err(RecordError::TooLong));
    assert!(matches!(
        parse(b"no note"),
        Err(RecordError::Note(NoteError::Form))
    ));
    let unsigned = Note::sign("warg-record/v9\nwhatever é\n".into(), &key("alice"));
    assert!(matches!(
        parse(unsigned.to_string().as_bytes()),
        Err(RecordError::Newer { .. })
    ));
    let other = Note::sign("registry.example\n2\n".into(), &key("alice"));
    assert!(matches!(
        parse(other.to_string().as_bytes()),
        Err(RecordError::Line { line: 1, .. })
    ));
}

fn any_name() -> impl Strategy<Value = String> {
    "[a-z][a-z0-9]{0,6}(-[a-z0-9]{1,4}){0,2}:[a-z][a-z0-9]{0,6}"
}

fn any_free_text() -> impl Strategy<Value = String> {
    "[ -~à-ÿ一-十]{1,40}"
}

fn any_version() -> impl Strategy<Value = String> {
    "[0-9]\\.[1-9][0-9]{0,3}\\.[0-9](-[a-z]{1,3}\\.[1-9])?(\\+[a-z0-9]{1,5})?"
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let requirement = (
        any_name(),
        "\\^[1-9]\\.[0-9]|=[0-9]\\.[0-9]\\.[0-9]|\\*|>=1\\.2,<1\\.5",
        any::<bool>(),
        prop::collection::btree_set("[a-z]{1,5}:[a-z]{1,5}/[a-z]{1,5}", 0..3),
    );
    let requirement = requirement.prop_map(|(name, req, from, serves)| {
        let from = if from { " from o.example" } else { "" };
        let serves: Vec<_> = serves.into_iter().collect();
        let tail = if serves.is_empty() {
            String::new()
        } else {
            format!(" for {}", serves.join(","))
        };
        format!("component {name} {req}{from}{tail}")
            .parse()
            .unwrap()
    });
    (
        any_version(),
        prop::collection::btree_set(requirement, 0..4),
        prop::collection::btree_set("[!-+\\--~]{1,20}", 0..4),
        prop::collection::btree_set("[!-+\\--~]{1,20}", 0..4),
        prop::option::of(any::<u64>()),
        prop::option::of((any::<u64>(), any::<u64>())),
        prop::option::of(any_free_text()),
    )
        .prop_map(
            |(version, requirements, imports, exports, lock, bundle, unusable)| {
                let attachment = |size: u64| Attachment {
                    digest: Digest::of(&size.to_be_bytes()),
                    size,
                };
                let mut statement = Statement::new(
                    parse_version(&version).unwrap(),
                    Digest::of(version.as_bytes()),
                    3,
                );
                statement.requirements = requirements.into();
                statement.imports = imports.iter().map(|name| name.parse().unwrap()).collect();
                statement.exports = exports.iter().map(|name| name.parse().unwrap()).collect();
                statement.lock = lock.map(attachment);
                statement.bundle = bundle.map(|(size, encoding)| (attachment(size), encoding));
                statement.unusable = unusable;
                statement
            },
        )
}

fn any_action() -> impl Strategy<Value = Action> {
    let under = || {
        (any::<u64>(), any::<[u8; 32]>()).prop_map(|(position, bytes)| Under {
            position: Position::new(position),
            record: Hash::from_bytes(bytes),
        })
    };
    let permissions = || {
        prop::collection::btree_set(
            prop::sample::select(vec![
                Permission::Own,
                Permission::Release,
                Permission::Yank,
                Permission::Annotate,
            ]),
            1..5,
        )
    };
    let version = || any_version().prop_map(|version| parse_version(&version).unwrap());
    prop_oneof![
        under().prop_map(init),
        ("[!-*,-~]{1,20}", permissions(), prop::option::of(under())).prop_map(
            |(name, permissions, under)| Action::Grant {
                key: vkey(&name.replace('#', "x")),
                permissions,
                under
            }
        ),
        ("[!-*,-~]{1,20}", permissions()).prop_map(|(name, permissions)| Action::Revoke {
            key: vkey(&name.replace('#', "x")),
            permissions
        }),
        any_statement().prop_map(Action::Release),
        (version(), any_free_text()).prop_map(|(version, reason)| Action::Yank { version, reason }),
        (version(), any_free_text())
            .prop_map(|(version, reason)| Action::Unyank { version, reason }),
        (
            prop::option::of(version()),
            "[a-z0-9]{1,5}([.-][a-z0-9]{1,5}){0,2}",
            any_free_text()
        )
            .prop_map(|(version, key, value)| {
                Action::Annotate {
                    scope: version.map_or(Scope::Package, Scope::Version),
                    key,
                    value,
                }
            }),
        "\\?[!-~]{0,5}( [!-~]{1,5}){0,3}".prop_map(Action::Ignored),
    ]
}

proptest! {
    #[test]
    fn any_record_prints_and_parses(
        package in any_name(),
        position in any::<u64>(),
        previous in any::<[u8; 32]>(),
        seconds in 0u64..250_000_000_000,
        actions in prop::collection::vec(any_action(), 1..5),
    ) {
        let record = Record {
            origin: "registry.example".parse().unwrap(),
            subject: Subject::Package(story::name(&package)),
            position: Position::new(position),
            previous: Hash::from_bytes(previous),
            time: Time::from_unix(seconds).unwrap(),
            signer: vkey("alice"),
            actions,
        };
        let bytes = record.sign(&key("alice")).unwrap();
        prop_assert_eq!(parse(&bytes).unwrap(), record);
        prop_assert!(parse_operator(&bytes).is_err(), "a package's record is not the operator's");
    }

    #[test]
    fn any_bytes_are_a_record_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = parse(&bytes);
        let _ = parse_operator(&bytes);
    }

    /// Behind the seven good lines, anything.
    #[test]
    fn any_actions_are_actions_in_one_spelling_or_an_error(lines in prop::collection::vec(
        "(init|grant|revoke|release|require|import|lock|yank|annotate|namespace|witness|withdraw|refresh|\\?x) ?(wit|\\*|1\\.0\\.0|sha256:[0-9a-f]{64}|own|under|operator|[0-9]|[ -~]{0,8})( [ -~]{0,6}){0,4}", 1..5
    ), operator in any::<bool>()) {
        let subject = if operator { "operator" } else { LOGGER };
        let head = format!("warg-record/v1\nregistry.example\n{subject}\n0\n{}\n2026-11-22T20:06:00Z\n{}\n", Hash::ZERO, vkey("alice"));
        let note = Note::sign(format!("{head}{}\n", lines.join("\n")), &key("alice")).to_string();
        if let Ok(record) = parse(note.as_bytes()) {
            prop_assert_eq!(record.sign(&key("alice")).unwrap(), note.clone().into_bytes());
        }
        if let Ok(record) = parse_operator(note.as_bytes()) {
            prop_assert_eq!(record.sign(&key("alice")).unwrap(), note.into_bytes());
        }
    }

    /// One byte of a good record changed, and signed anew: another record, or none, but never the same one.
    #[test]
    fn no_two_texts_are_one_record(position in 0usize..1500, byte in 0x20u8..0x7f) {
        let record = full();
        let good = String::from_utf8(record.sign(&key("alice")).unwrap()).unwrap();
        let (text, _) = good.rsplit_once("\n\n").unwrap();
        let mut other = format!("{text}\n").into_bytes();
        let position = position % other.len();
        prop_assume!(other[position] != byte);
        other[position] = byte;
        let note = Note::sign(String::from_utf8(other).unwrap(), &key("alice")).to_string();
        if let Ok(found) = parse(note.as_bytes()) {
            prop_assert_ne!(found, record);
        }
    }
}

#[test]
fn what_an_action_names_as_its_permission() {
    let under = World::with_logger().under(0);
    assert_eq!(init(under).under(), Some(&under));
    assert_eq!(recover("x", under).under(), Some(&under));
    assert_eq!(grant("x", &[Permission::Own]).under(), None);
    assert_eq!(release("1.0.0").under(), None);
}
