//! Policies: the anchor, and how votes are counted.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

mod story;

use std::collections::BTreeSet;

use proptest::prelude::*;
use story::{OPERATE, ORIGIN, base64, key, vkey, witness};
use transparency::key::VerifyingKey;
use transparency::policy::{LineProblem, MAX_POLICY, Policy, PolicyError};

fn wkey(name: &str) -> VerifyingKey {
    witness(name).verifying_key().clone()
}

/// A policy with the witnesses A to E, and these lines below them.
fn with(lines: &str) -> Result<Policy, PolicyError> {
    let witnesses: String = ["a", "b", "c", "d", "e"]
        .map(|name| {
            format!(
                "witness {} {} https://{name}.example/\n",
                name.to_uppercase(),
                wkey(name)
            )
        })
        .concat();
    Policy::parse(
        format!(
            "# who we trust\nlog {} https://registry.example/\n\n{witnesses}{lines}",
            vkey(OPERATE)
        )
        .as_bytes(),
    )
}

fn problem(lines: &str) -> LineProblem {
    match with(lines) {
        Err(PolicyError::Line { line, problem }) => {
            let last = 8 + lines.lines().count();
            assert_eq!(line, last, "{lines}: {problem}");
            problem
        }
        other => panic!("{lines}: {other:?}"),
    }
}

#[test]
fn a_policy_may_be_as_long_as_the_limit_and_no_longer() {
    let head = format!("log {}\nquorum none\n#", vkey(OPERATE));
    let long = |length: usize| head.clone() + &"x".repeat(length - head.len());
    assert!(Policy::parse(long(MAX_POLICY).as_bytes()).is_ok());
    let longer = Policy::parse(long(MAX_POLICY + 1).as_bytes());
    assert!(matches!(longer, Err(PolicyError::TooLong)));
}

#[test]
fn a_policy_says_whom_to_ask() {
    let policy = with("quorum none\n").unwrap();
    assert_eq!(policy.origin().as_str(), ORIGIN);
    assert_eq!(policy.operate_key(), &vkey(OPERATE));
    assert_eq!(policy.witnesses().len(), 5);
    assert!(policy.is_quorum(&BTreeSet::new()));
    assert_eq!(policy.quorum(), None);
    let tabs = with("\tgroup\tG  any A\tB \n  # a cömment\u{a0}\u{202e}\n quorum G\n").unwrap();
    assert_eq!(tabs.quorum(), Some("G"));
    assert!(tabs.is_quorum(&BTreeSet::from([wkey("b")])));
    assert!(!tabs.is_quorum(&BTreeSet::from([wkey("c")])));
}

/// Of all 32 sets of witnesses, exactly those that the rule names are a quorum.
#[test]
fn votes_are_counted() {
    type Rule = fn(&[bool; 5]) -> bool;
    let rules: [(&str, Rule); 8] = [
        ("quorum C\n", |[_, _, c, _, _]| *c),
        ("group G all A B\nquorum G\n", |[a, b, ..]| *a && *b),
        ("group G any A B\nquorum G\n", |[a, b, ..]| *a || *b),
        ("group G 1 A\nquorum G\n", |[a, ..]| *a),
        ("group G 2 A B C\nquorum G\n", |[a, b, c, ..]| {
            u8::from(*a) + u8::from(*b) + u8::from(*c) >= 2
        }),
        ("group G 5 A B C D E\nquorum G\n", |all| {
            all.iter().all(|vote| *vote)
        }),
        (
            "group X any A B\ngroup Y 2 C D E\ngroup G all X Y\nquorum G\n",
            |[a, b, c, d, e]| (*a || *b) && u8::from(*c) + u8::from(*d) + u8::from(*e) >= 2,
        ),
        (
            "group X any A B\ngroup G 2 X C D\nquorum G\n",
            |[a, b, c, d, _]| u8::from(*a || *b) + u8::from(*c) + u8::from(*d) >= 2,
        ),
    ];
    for (lines, rule) in rules {
        let policy = with(lines).unwrap();
        for bits in 0u8..32 {
            let votes = [0, 1, 2, 3, 4].map(|position| bits >> position & 1 == 1);
            let cosigners: BTreeSet<_> = ["a", "b", "c", "d", "e"]
                .iter()
                .zip(votes)
                .filter(|(_, vote)| *vote)
                .map(|(name, _)| wkey(name))
                .chain([wkey("stranger")])
                .collect();
            assert_eq!(
                policy.is_quorum(&cosigners),
                rule(&votes),
                "{lines}{votes:?}"
            );
        }
    }
}

#[test]
fn groups_may_be_nested_as_deep_as_a_file_is_long() {
    let depth = 2800;
    let mut lines = vec!["group g0 any A".to_string()];
    lines.extend((0..depth).map(|below| format!("group g{} 1 g{below}", below + 1)));
    lines.push(format!("quorum g{depth}\n"));
    let lines = lines.join("\n");
    assert!(lines.len() > MAX_POLICY * 3 / 4, "{}", lines.len());
    let policy = with(&lines).unwrap();
    assert!(policy.is_quorum(&BTreeSet::from([wkey("a")])));
    assert!(!policy.is_quorum(&BTreeSet::from([wkey("b")])));
}

#[test]
fn one_log_and_one_quorum() {
    let log = format!("log {}\n", vkey(OPERATE));
    let parse = |text: &str| Policy::parse(text.as_bytes()).unwrap_err();
    assert_eq!(parse("quorum none\n"), PolicyError::NoLog);
    assert_eq!(parse(&log), PolicyError::NoQuorum);
    assert_eq!(parse(""), PolicyError::NoLog);
    assert_eq!(Policy::parse(b"\xff").unwrap_err(), PolicyError::Text);
    assert_eq!(parse(&"#".repeat(MAX_POLICY + 1)), PolicyError::TooLong);
    assert!(matches!(problem(&log), LineProblem::Second { word: "log" }));
    assert!(matches!(
        problem("quorum none\nquorum A\n"),
        LineProblem::Second { word: "quorum" }
    ));
}

#[test]
fn what_is_wrong_with_a_line_is_said() {
    assert!(matches!(problem("Quorum none\n"), LineProblem::Word { .. }));
    for line in [
        "quorum",
        "quorum A B",
        "log",
        "witness A",
        "witness A b c d",
        "group G",
        "group",
        "log a b c",
    ] {
        assert!(matches!(problem(line), LineProblem::Form { .. }), "{line}");
    }
    assert!(matches!(
        problem("witness F nonsense\n"),
        LineProblem::Key(_)
    ));
    assert!(matches!(
        problem(&format!("witness F {}\n", vkey("f"))),
        LineProblem::KeyType { .. }
    ));
    assert!(matches!(
        problem(&format!("witness A {}\n", wkey("f"))),
        LineProblem::Defined { .. }
    ));
    assert!(matches!(
        problem(&format!("witness none {}\n", wkey("f"))),
        LineProblem::Defined { .. }
    ));
    assert!(matches!(
        problem("group A any B\n"),
        LineProblem::Defined { .. }
    ));
    assert!(matches!(
        problem("group none any B\n"),
        LineProblem::Defined { .. }
    ));
    assert!(matches!(
        problem("group G any B Z\n"),
        LineProblem::Undefined { .. }
    ));
    assert!(matches!(
        problem("group G any G\n"),
        LineProblem::Undefined { .. }
    ));
    assert!(matches!(
        problem("quorum Z\n"),
        LineProblem::Undefined { .. }
    ));
    for threshold in ["0", "3"] {
        let found = problem(&format!("group G {threshold} A B\n"));
        assert!(
            matches!(found, LineProblem::Threshold { members: 2, .. }),
            "{threshold}: {found}"
        );
    }
    for threshold in ["any", "all"] {
        let found = problem(&format!("group G {threshold}\n"));
        assert!(
            matches!(found, LineProblem::Threshold { members: 0, .. }),
            "{threshold}: {found}"
        );
    }
    for threshold in ["-1", "+1", "01", "1.5", "All", "99999999999999999999"] {
        assert!(
            matches!(
                problem(&format!("group G {threshold} A B\n")),
                LineProblem::Form { .. }
            ),
            "{threshold}"
        );
    }
    // The log line, alone.
    let log = |vkey: &str| match Policy::parse(format!("log {vkey}\nquorum none\n").as_bytes()) {
        Err(PolicyError::Line { line: 1, problem }) => problem,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        log(&wkey("w").to_string()),
        LineProblem::KeyType { .. }
    ));
    assert!(matches!(
        log(&key("é.example").verifying_key().to_string()),
        LineProblem::Name(_)
    ));
    assert!(matches!(log("x"), LineProblem::Key(_)));
    assert!(matches!(
        Policy::without_witnesses(wkey("w")),
        Err(LineProblem::KeyType { .. })
    ));
}

#[test]
fn words_are_separated_by_spaces_and_tabs_alone_and_nothing_hides_in_a_line() {
    for (lines, character) in [
        ("quorum none\r\n", '\r'),
        ("quorum\u{a0}none\n", '\u{a0}'),
        ("quorum\u{3000}none\n", '\u{3000}'),
        ("quorum none\u{b}\n", '\u{b}'),
        ("group G\u{61c} any A\n", '\u{61c}'),
        ("group G any A\u{e0041}\n", '\u{e0041}'),
        ("# a comment\r\n", '\r'),
        ("# \u{1b}[31mred\n", '\u{1b}'),
        ("# \u{85}\n", '\u{85}'),
    ] {
        assert_eq!(
            problem(lines),
            LineProblem::Character { character },
            "{lines:?}"
        );
    }
}

/// It signs what no version can check yet, and so it has no vote. The policy stays good for all others.
#[test]
fn a_witness_of_a_later_kind_of_key_counts_for_nothing() {
    let key = |name: &str, algorithm: u8, length: usize| {
        let mut tail = vec![algorithm];
        tail.extend((0..length).map(|position| u8::try_from(position % 251).unwrap()));
        let id = transparency::digest::Digest::of(&[name.as_bytes(), b"\n", &tail].concat());
        format!("{name}+{}+{}", &id.hex()[..8], base64(&tail))
    };
    let later = key("later.example", 6, 1312);
    let line = format!("witness L {later}\n");
    let policy = with(&format!("{line}group G any A L\nquorum G\n")).unwrap();
    assert_eq!(policy.witnesses().len(), 5);
    assert!(policy.is_quorum(&BTreeSet::from([wkey("a")])));
    assert!(!policy.is_quorum(&BTreeSet::new()));
    let policy = with(&format!("{line}group G all A L\nquorum G\n")).unwrap();
    assert!(!policy.is_quorum(&BTreeSet::from([wkey("a")])));
    for wrong in [
        key("later.example", 6, 1311),
        key("later.example", 5, 1312),
        key("later example", 6, 1312),
        later.replacen("later", "other", 1),
    ] {
        let lines = format!("witness L {wrong}\n");
        assert!(with(&lines).is_err(), "{}", &wrong[..40]);
    }
}

/// A signature line names its key by name and id: of two keys with both, it would not say whose it is.
#[test]
fn two_witnesses_of_one_name_and_id_are_refused() {
    let (one, other) = story::same_id_of("w.example", 4);
    assert_ne!(one, other);
    assert_eq!(
        problem(&format!("witness F {one}\nwitness G {other}\n")),
        LineProblem::SameId { name: "G".into() }
    );
}

#[test]
fn a_key_has_one_vote() {
    let again = problem(&format!("witness F {}\n", wkey("a")));
    assert!(matches!(again, LineProblem::DuplicateKey { .. }), "{again}");
    // The same 32 bytes under another name.
    let tail = [&[4], wkey("a").public_bytes().as_slice()].concat();
    let id = transparency::digest::Digest::of(&[b"other\n".as_slice(), &tail].concat());
    let other = format!("other+{}+{}", &id.hex()[..8], base64(&tail));
    let again = problem(&format!("witness F {other}\n"));
    assert!(matches!(again, LineProblem::DuplicateKey { .. }), "{again}");
    // Nor through two groups, or twice in one.
    for lines in ["group G 2 A A\n", "group G any A\ngroup H any A\n"] {
        let again = problem(lines);
        assert!(
            matches!(again, LineProblem::Defined { .. }),
            "{lines}: {again}"
        );
    }
}

proptest! {
    #[test]
    fn any_bytes_are_a_policy_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Policy::parse(&bytes).map(|policy| policy.is_quorum(&BTreeSet::new()));
    }

    #[test]
    fn any_words_are_a_policy_or_an_error(lines in prop::collection::vec("(group [F-J]|group G|quorum|witness|log) (any|all|[0-9]|[A-J]|none)( [A-J]){0,4}", 0..8)) {
        let _ = with(&lines.join("\n")).map(|policy| policy.is_quorum(&BTreeSet::from([wkey("a")])));
    }
}
