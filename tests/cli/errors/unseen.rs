//! Errors that no command line brings about, or none that a test can: what they say, and why nobody saw them here.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::sources::Texts;

const RACE: &str = "another program must change the file between two reads of one run";
const DISK: &str = "takes a disk that fails, or a user who is not root";
const LIBRARY: &str = "the WIT library accepts these texts, or has an error of its own first";
const PAIR: &str =
    "takes components or packages that contradict each other; `cargo-warg/tests/wit.rs` makes them";
const DEFECT: &str = "would be a defect of this program";
const LIAR: &str = "takes a registry that lies in this very way; `registry/tests/` has them";
const WRITER: &str = "is refused by `publish` before, with a text of its own; `registry/tests/sequencer.rs` makes them";
const HISTORY: &str =
    "takes an operator who signs such a history; `registry/tests/folder.rs` has them";
const SIGNER: &str =
    "takes a publisher who signs something made up; `tests/cli/dep_solved.rs` has them";
const SLOW: &str = "lasts longer than a test may; `registry/tests/` makes them with shorter limits";
const HARD: &str = "takes a registry that is made to be hard; `resolver/tests/budget.rs` makes them with smaller budgets";

const PLANTED: &str = "takes somebody else who writes the registry's folder, or a fast clock and a crash; `registry/tests/commit.rs` has them";

/// The variants, with the reason.
const VARIANTS: &[(&str, &[&str])] = &[
    (
        RACE,
        &[
            "ManifestError::Read",
            "ManifestError::Toml",
            "ManifestError::Changed",
            "StorageError::Moved",
            "SaveError::Changed",
        ],
    ),
    (
        DISK,
        &[
            "ManifestError::Write",
            "ApplyError::Write",
            "SaveError::Write",
            "ApplyError::Remove",
            "KeysError::Write",
            "ClientError::Kept",
        ],
    ),
    (
        LIBRARY,
        &[
            "TextError::Package",
            "TextError::Print",
            "TextError::GaveUp",
            "BinaryError::Decode",
            "BinaryError::GaveUp",
            "PublishError::Encode",
            "PublishError::GaveUp",
            "Refusal::Reprint",
            "ContentError::Name",
            "ContentError::Wit",
            "ContentError::Refused",
            "ExportsError::GaveUp",
        ],
    ),
    (
        PAIR,
        &[
            "ExportsError::Content",
            "ExportsError::Contradiction",
            "ExportsError::Merge",
            "ExportsError::Text",
            "PlanError::Content",
            "PlanError::Missing",
            "PlanError::Exports",
            "PlanError::Text",
        ],
    ),
    (HARD, &["Unresolved::GaveUp"]),
    (
        DEFECT,
        &[
            "BuildError::NoIndex",
            "BuildError::Inconsistent",
            "ComposeError::Unmet",
            "ComposeError::Bundle",
            "Unresolved::Missing",
            "ClientError::Unasked",
            "ClientError::Outside",
            "StorageError::Exists",
            "StorageError::Back",
            "ManifestError::NoRegistry",
        ],
    ),
    (
        SIGNER,
        &[
            "MemberLockError::Read",
            "MemberLockError::Spelling",
            "MemberLockError::Roots",
            "MemberLockError::Held",
            "MemberLockError::Folder",
            "MemberLockError::Requirements",
            "DerivationError::Differs",
            "DerivationError::Underivable",
            "RebuildError::Claim",
            "RebuildError::Bytes",
        ],
    ),
    (
        LIAR,
        &[
            "ClientError::Head",
            "ClientError::Log",
            "Absence::Refused",
            "ClientError::Longer",
            "ClientError::Diverged",
            "ClientError::OtherOperator",
            "ClientError::OperatorCut",
            "ClientError::Lost",
            "ClientError::LeftOut",
            "ClientError::Moved",
            "ClientError::TimeBack",
            "ClientError::NeverCheckpoint",
            "EntryError::Again",
            "ClientError::Long",
            "CheckError::Storage",
            "CheckError::Root",
            "CheckError::Underivable",
            "FetchError::Length",
            "FetchError::Pieces",
        ],
    ),
    (
        HISTORY,
        &[
            "EntryError::Record",
            "EntryError::MapEntry",
            "EntryError::Operator",
            "EntryError::Map",
            "EntryError::Committed",
            "EntryError::NoOperator",
            "EntryError::Time",
        ],
    ),
    (
        WRITER,
        &[
            "SequencerError::Client",
            "SequencerError::Storage",
            "SequencerError::Unfinished",
            "SequencerError::Exists",
            "SequencerError::NotCheckpointKey",
            "SequencerError::Policy",
            "SequencerError::Record",
            "SequencerError::Package",
            "SequencerError::Operator",
            "SequencerError::Conflict",
            "SequencerError::Skew",
            "SequencerError::Ahead",
            "SequencerError::Defective",
            "SequencerError::Content",
            "SequencerError::Withdrawn",
            "SequencerError::Map",
            "SequencerError::File",
            "SequencerError::Entries",
            "SequencerError::Full",
        ],
    ),
    (
        PLANTED,
        &[
            "SequencerError::Commit",
            "CommitProblem::Damaged",
            "CommitProblem::Empty",
            "CommitProblem::Known",
            "CommitProblem::Times",
            "CommitProblem::Ahead",
            "CommitProblem::Record",
        ],
    ),
    (
        "takes a record of a later release of this program",
        &["ComposeError::Format"],
    ),
    (
        "takes two versions of the host's interfaces that contradict each other; `component/tests/bundle/` has them",
        &["ComposeError::HostCircle"],
    ),
    (
        "only who verifies a bundle asks for it",
        &["EmbeddedError::Missing"],
    ),
    (SLOW, &["FetchError::Stalled", "FetchError::Slow"]),
    (
        "is the text of `TextError`, or a defect",
        &["PinError::Text", "PinError::Unsure", "SaveError::Text"],
    ),
    (
        "says it in the words of `StorageError::TooLarge`",
        &["FetchError::TooLarge"],
    ),
    (
        "takes members that disagree; `resolver/tests/lock.rs` has them",
        &["BuildError::TwoSources"],
    ),
    (
        "takes two pins of which one moved to the manifest; `resolver/tests/lock.rs` has them",
        &["Stale::NotOfTexts"],
    ),
    (
        "the system's certificates would have to be damaged",
        &["FetchError::Setup"],
    ),
    (
        "a lock that claims it is refused for another claim first, or was not written by this program",
        &[
            "ClaimError::OtherRegistry",
            "ClaimError::NotExported",
            "ClaimError::TooNew",
            "ClaimError::Unusable",
            "Stale::Solver",
            "Stale::Held",
        ],
    ),
    (
        "takes a release that only a later release of the tools, or an operator, makes",
        &[
            "AppendError::Withdrawn",
            "AppendError::Defect",
            "AppendError::Record",
            "AppendError::Log",
        ],
    ),
    (
        "the file would have more bytes than a test should write",
        &["ContentError::TooLarge", "EmbeddedError::TooLong"],
    ),
    (
        "an environment that a test cannot hand over, or a system without threads or randomness",
        &[
            "KeysError::Variable",
            "TokensError::Variable",
            "KeysError::Random",
            "NetworkError::Runtime",
        ],
    ),
];

/// Texts of operations that nobody can provoke, and why.
pub(super) const OWN: &[(&str, &str)] = &[
    ("`…` has no records", "a package log has at least one"),
    ("cannot lock …", DISK),
    ("cannot keep the signed records", DISK),
    (
        "the lock in the bundle does not hold",
        "takes a bundle that another program made",
    ),
    ("cannot write the record", DEFECT),
    (
        "the clock of this machine is not set",
        "takes a clock before 1970",
    ),
    (
        "`…` is no member any more",
        "the lock would have been stale before",
    ),
    ("… was changed by another program meanwhile", RACE),
    ("… was removed meanwhile", RACE),
    (
        "… cannot be written into Cargo.toml: it is not UTF-8",
        "takes a path that a test cannot name",
    ),
    (
        "no registry of Cargo.toml has the origin `…`",
        "the lock would have been stale before",
    ),
    (
        "cannot find the folder …",
        "takes a current folder that is gone",
    ),
    ("the operate key cannot be a policy's", DEFECT),
    ("it is no bundle as cargo warg makes it", SIGNER),
    ("…@… is not usable: …", SIGNER),
    (
        "warg.lock has no closed set of `…`",
        "the lock would have been stale before",
    ),
    (
        "the system gave no random bytes for an origin",
        "takes a system without randomness",
    ),
    ("no session with `…`", DEFECT),
    ("`…` of `…` was loaded, and nothing is known of it", DEFECT),
    (
        "solving asked for … packages, and none that is not there",
        DEFECT,
    ),
    ("there is nothing to release", DEFECT),
    ("the texts declare nothing that can be released", DEFECT),
    (
        "`…` is patched with …, and `…` takes it from …",
        "a path dependency beside a patch: `tests/cli/patch.rs` has it",
    ),
    (
        "`…` is locked in several versions for `…`",
        "takes a version of no track that is locked",
    ),
    (
        "nothing that `…` depends on takes … …",
        "takes a component that others hold back: `tests/cli/update.rs` has it",
    ),
    ("cannot read what `cargo warg fetch` wrote for `…`", DISK),
    ("cannot remove …", DISK),
    (
        "cannot write into …",
        "`self-check` finds it and goes on: `tests/cli/self_check.rs` has it",
    ),
];

/// Their part of the page.
pub(super) fn section(texts: &Texts, seen: &mut BTreeSet<&'static str>) -> String {
    let mut page =
        "\n## Not seen here\n\nWhat no command line brings about, or none that the test can run.\n"
            .to_owned();
    for (why, names) in VARIANTS {
        writeln!(page, "\nWhy not: {why}.\n").unwrap();
        for name in *names {
            assert!(seen.insert(name), "{name} is seen, and listed as unseen");
            match texts.of_variant_if_any(name) {
                Some(text) if !text.is_empty() => writeln!(page, "- `{name}`: {text}").unwrap(),
                _ => writeln!(page, "- `{name}`").unwrap(),
            }
        }
    }
    writeln!(page, "\nWhat operations say:\n").unwrap();
    for (text, why) in OWN {
        writeln!(page, "- {text} ({why})").unwrap();
    }
    page
}
