//! Errors that no command line brings about, or none that a test can: what they say and mean, and why no case shows
//! them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::sources::Texts;

// Each says what it means for a user, and what to do. Its comment says why no case shows it.

/// Another program must change the file between two reads of one run.
const RACE: &str = "Another program changed the file while the command ran. Run the command again.";
/// Takes a disk that fails, or a user who is not root.
const DISK: &str = "The disk failed or is full, or this user may not read or write there. `Caused by:` has the reason of the system.";
/// The WIT library accepts these texts, or has an error of its own first.
const LIBRARY: &str = "The library that reads WIT refuses the text. Mend what it names. If nothing is wrong there, please report it, with the text.";
/// Takes components or packages that contradict each other; `cargo-warg/tests/wit/` makes them.
const PAIR: &str = "Two packages that were selected contradict each other. Ask their publishers, or select another version of one: `cargo warg update NAME --precise VERSION`.";
/// Would be a defect of this program.
const DEFECT: &str =
    "This is a defect of cargo warg. Please report it, with the command and what it printed.";
/// Takes a registry that lies in this very way; `registry/tests/` has them.
const LIAR: &str = "The registry, or a server on the way, contradicts itself or what this machine saw before. Ask its operator. The page on trust says [what is proved by that](../trust.md#misbehavior).";
/// Is refused by `publish` before, with a text of its own; `registry/tests/sequencer.rs` makes them.
const WRITER: &str = "The registry was changed between reading it and writing to it, or the clock of this machine is wrong. Run the command again.";
/// Takes an operator who signs such a history; `registry/tests/folder.rs` has them.
const HISTORY: &str = "`registry check` found an entry that the operator should not have signed. Ask the operator. The page on trust says [what is proved by that](../trust.md#misbehavior).";
/// Takes a publisher who signs something made up; `tests/cli/dep_solved.rs` has them.
const SIGNER: &str = "The publisher released a lock or a bundle that does not follow from the release. Do not use it, and tell the publisher.";
/// Lasts longer than a test may; `registry/tests/` makes them with shorter limits.
const SLOW: &str = "The server is slow. Try again later, or name `mirrors` for the registry.";
/// Takes a registry that is made to be hard; `resolver/tests/budget.rs` makes them with smaller budgets.
const HARD: &str = "The search was given up after its budget of steps. Allow fewer versions.";
/// Takes somebody else who writes the registry's folder, or a fast clock and a crash; `registry/tests/commit.rs` has them.
const PLANTED: &str = "The folder of the registry holds a commit that cannot be finished. See who else can write there, and whether the clock was right.";
/// Takes what a later release of this program writes.
const NEWER: &str = "It was made by a newer cargo warg. Install that.";
/// Takes two versions of the host's interfaces that contradict each other; `component/tests/bundle/` has them.
const CIRCLE: &str = "Two components of the bundle use types of the host that are made of each other. Select versions that agree on the host.";
/// Only who verifies a bundle asks for it.
const VERIFIED: &str =
    "The file is not a bundle, or a tool removed its custom sections. Make the bundle again.";
/// Is the text of `TextError`, or a defect.
const ANOTHER: &str = "The text cannot be changed without risk. Change the version there by hand.";
/// Says it in the words of `StorageError::TooLarge`.
const SAME: &str = "The answer is longer than the file can be. Check the address of the registry.";
/// Takes members that disagree; `resolver/tests/lock.rs` has them.
const MEMBERS: &str = "Members of the workspace take one package from different sources. Take it from one in all of them.";
/// Takes two pins of which one moved to the manifest; `resolver/tests/lock.rs` has them.
const MOVED: &str = "The lock is out of date. Run `cargo warg lock`.";
/// The system's certificates would have to be damaged.
const SYSTEM: &str =
    "The certificates of this system cannot be read. Name others with `CARGO_HTTP_CAINFO`.";
/// A lock that claims it is refused for another claim first, or was not written by this program.
const CLAIMED: &str = "Somebody edited the lock, or merged it by hand. Find out what changed; `cargo warg lock` writes it again from the manifests.";
/// Takes a release that only a later release of the tools, or an operator, makes.
const LATER: &str = "The registry cannot take the release, for the reason that is given.";
/// The file would have more bytes than a test should write.
const BYTES: &str = "The file is larger than any that can be released or bundled.";
/// An environment that a test cannot hand over, or a system without threads or randomness.
const ENVIRONMENT: &str = "The system or its environment lacks what the command needs.";
/// The lock would have been stale before.
const STALE: &str = "The lock and the manifests do not agree. Run `cargo warg lock`.";
/// Another test has it: `tests/cli/patch.rs`, `tests/cli/update.rs`.
const COVERED: &str = "Two things are asked for that cannot both be. Change one of them.";
/// Takes a warning that is neither of a yank nor of silence; `tests/cli/dep_solved.rs` has them.
const DENIED: &str = "What was checked has warnings of a kind that `--deny` names. Each of them is listed: see what it says.";
/// Takes a folder or a path that a test cannot make.
const FOLDER: &str =
    "The current folder is gone, or a path is not UTF-8. Change to another folder, or rename it.";

/// Takes a registry of another kind, with something wrong in it; `upstream/tests/` has them.
const UPSTREAM: &str = "A source that packages are imported from lacks a package, or has something wrong. Nothing of it was taken. The message names it; ask who runs that source.";

/// Takes a crate whose texts differ, or refer elsewhere; `upstream/tests/folders.rs` makes such folders.
const TEXTS: &str = "The texts of the upstream do not serve each other. Import its folder together with the one that has what is missing.";
/// Takes a helper or a cargo that hangs or talks without end, or a host far away; `upstream/tests/` has them.
const HELPER: &str = "A program that was run, or a host that was asked, said something else than it should. Run it by hand, and see what it says.";
/// Is of a package's own registry, which `add` asks for; the tests of `upstream/src/document/wkg.rs` make them.
const WKG: &str = "wasm-pkg's configuration of this user does not say where the package lies. Mend what it names.";

/// The variants, with what they mean.
const VARIANTS: &[(&str, &[&str])] = &[
    (TEXTS, &["UpstreamError::TwoTexts", "UpstreamError::Unmet"]),
    (
        HELPER,
        &[
            "DockerError::Answer",
            "ProcessError::Slow",
            "ProcessError::Loud",
            "ProcessError::Lost",
            "CrateError::Scratch",
            "CrateError::Cargo",
            "CrateError::Failed",
            "CrateError::Output",
            "MetadataError::Local",
        ],
    ),
    (
        WKG,
        &[
            "WkgConfigError::Backend",
            "WkgConfigError::NoRoot",
            "WkgConfigError::Host",
            "WkgConfigError::Metadata",
        ],
    ),
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
            "DeriveError::Wit",
            "DeriveError::Refused",
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
    (NEWER, &["ComposeError::Format"]),
    (CIRCLE, &["ComposeError::HostCircle"]),
    (VERIFIED, &["EmbeddedError::Missing"]),
    (SLOW, &["FetchError::Stalled", "FetchError::Slow"]),
    (
        ANOTHER,
        &["PinError::Text", "PinError::Unsure", "SaveError::Text"],
    ),
    (SAME, &["FetchError::TooLarge"]),
    (MEMBERS, &["BuildError::TwoSources"]),
    (MOVED, &["Stale::NotOfTexts"]),
    (SYSTEM, &["FetchError::Setup"]),
    (
        CLAIMED,
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
        LATER,
        &[
            "AppendError::Withdrawn",
            "AppendError::Defect",
            "AppendError::Record",
            "AppendError::Log",
        ],
    ),
    (BYTES, &["ContentError::TooLarge", "EmbeddedError::TooLong"]),
    (
        ENVIRONMENT,
        &[
            "KeysError::Variable",
            "TokensError::Variable",
            "KeysError::Random",
            "NetworkError::Runtime",
        ],
    ),
];

/// Texts of operations, with what they mean.
pub(super) const OWN: &[(&str, &str)] = &[
    ("`…` has no records", DEFECT),
    ("cannot lock …", DISK),
    ("cannot keep the signed records", DISK),
    ("the lock in the bundle does not hold", SIGNER),
    ("cannot write the record", DEFECT),
    ("the clock of this machine is not set", ENVIRONMENT),
    ("`…` is no member any more", STALE),
    ("… was changed by another program meanwhile", RACE),
    ("… was removed meanwhile", RACE),
    (
        "… cannot be written into Cargo.toml: it is not UTF-8",
        FOLDER,
    ),
    ("no registry of Cargo.toml has the origin `…`", STALE),
    ("cannot find the folder …", FOLDER),
    ("cannot find …", FOLDER),
    ("the operate key cannot be a policy's", DEFECT),
    ("it is no bundle as cargo warg makes it", SIGNER),
    ("…@… is not usable: …", SIGNER),
    ("warg.lock has no closed set of `…`", STALE),
    ("the system gave no random bytes for an origin", ENVIRONMENT),
    ("no session with `…`", DEFECT),
    ("`…` of `…` was loaded, and nothing is known of it", DEFECT),
    (
        "solving asked for … packages, and none that is not there",
        DEFECT,
    ),
    ("there is nothing to release", DEFECT),
    ("the texts declare nothing that can be released", DEFECT),
    ("`…` is patched with …, and `…` takes it from …", COVERED),
    ("`…` is locked in several versions for `…`", COVERED),
    ("nothing that `…` depends on takes … …", COVERED),
    ("… cannot be asked with --offline", UPSTREAM),
    ("`…` names no package of …", UPSTREAM),
    ("… does not say which packages it has", UPSTREAM),
    ("… has no package of the namespace `…`", UPSTREAM),
    ("cannot read what `cargo warg fetch` wrote for `…`", DISK),
    ("… has …, and `--deny …` was given\n  …", DENIED),
    (
        "the versions of … and of what they refer to have more than … bytes",
        BYTES,
    ),
    (
        "more than … packages would come along with those that were named",
        BYTES,
    ),
    (
        "… differ from another tag in build metadata alone, and were left out: nobody could say which is meant",
        UPSTREAM,
    ),
    ("cannot read an answer", ENVIRONMENT),
    ("`…` is …, which is no absolute path", ENVIRONMENT),
    ("… leads out of the project by a link, to …", DISK),
    (
        "this user's personal registry was founded, and is not there",
        DEFECT,
    ),
    ("this user's personal registry is not there", DEFECT),
    ("the key cannot be a policy's", DEFECT),
    (
        "… cannot be adopted: its record requires …, which its bytes do not say",
        SIGNER,
    ),
    (
        "the record of … would name the personal registry `…`, which nobody else can ask",
        SIGNER,
    ),
    (
        "… rounds of imports into the personal registry did not bring all that is required",
        HARD,
    ),
    ("cannot remove …", DISK),
    ("cannot write into …", DISK),
];

/// Their page: what each group means, and its texts.
pub(super) fn page(texts: &Texts, seen: &mut BTreeSet<&'static str>) -> String {
    let mut groups: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (means, names) in VARIANTS {
        for name in *names {
            assert!(seen.insert(name), "{name} is seen, and listed as unseen");
            let text = texts.of_variant_if_any(name);
            // What has no text of its own shows that of its cause.
            let shown = text.filter(|text| text.chars().any(char::is_alphabetic));
            groups.entry(means).or_default().extend(shown);
        }
    }
    for (text, means) in OWN {
        groups.entry(means).or_default().push((*text).to_owned());
    }
    let mut page = INTRODUCTION.to_owned();
    for (means, mut texts) in groups {
        texts.sort();
        texts.dedup();
        if !texts.is_empty() {
            write!(page, "\n{means}\n\n```text\n{}\n```\n", texts.join("\n")).unwrap();
        }
    }
    page
}

const INTRODUCTION: &str = "\
# Rare errors

The test that makes these pages does not provoke these, so this page has their words alone. `…` stands for what differs.
";
