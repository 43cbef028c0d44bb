//! Every variant of every error that reaches users. One that is added does not compile until it stands here, and then
//! the catalogue wants a case of it.

use cargo_warg::dirs::DirsError;
use cargo_warg::keys::KeysError;
use cargo_warg::manifest::ManifestError;
use cargo_warg::network::NetworkError;
use cargo_warg::ops::bundle::embedded::BundleError;
use cargo_warg::ops::bundle::rebuild::RebuildError;
use cargo_warg::ops::lock::member_lock::MemberLockError;
use cargo_warg::ops::lock::verify::ClaimError;
use cargo_warg::ops::registry::append::AppendError;
use cargo_warg::ops::registry::references::{Absence, ReferenceError};
use cargo_warg::ops::release::derivation::DerivationError;
use cargo_warg::ops::session::policy::PolicyFileError;
use cargo_warg::tokens::TokensError;
use cargo_warg::upstreams::{TokenServersError, WkgFileError};
use cargo_warg::wit::deps::ApplyError;
use cargo_warg::wit::pins::SaveError;
use component::bundle::{ComposeError, EmbeddedError};
use component::content::ContentError;
use component::derived::DeriveError;
use component::wit::binary::{BinaryError, Refusal};
use component::wit::deps::PlanError;
use component::wit::exports::ExportsError;
use component::wit::pins::PinError;
use component::wit::publish::PublishError;
use component::wit::root::RootError;
use component::wit::text::TextError;
use registry::check::{CheckError, EntryError};
use registry::client::ClientError;
use registry::fetch::FetchError;
use registry::http::{AddressError, TokenError};
use registry::sequencer::{CommitProblem, SequencerError};
use registry::storage::StorageError;
use registry::trust::TrustStoreError;
use resolver::lockfile::merge::MergeError;
use resolver::lockfile::{BuildError, ReadError, Stale};
use resolver::unresolved::Unresolved;
use upstream::document::challenge::ChallengeError;
use upstream::document::manifest::OciManifestError;
use upstream::document::metadata::MetadataError;
use upstream::document::token::NoToken;
use upstream::document::wkg::WkgConfigError;
use upstream::login::docker::DockerError;
use upstream::tree::ImportError;
use upstream::{CrateError, ProcessError, UpstreamAddressError, UpstreamError};

macro_rules! variants {
    ($($enum:ident { $($variant:ident),* $(,)? })*) => {
        $(const _: fn(&$enum) = |error| match error {
            $($enum::$variant { .. } => {})*
        };)*

        /// Their names.
        pub(super) const ALL: &[&str] = &[
            $($(concat!(stringify!($enum), "::", stringify!($variant)),)*)*
        ];
    };
}

variants! {
    ManifestError {
        CargoRun, Cargo, Conflicted, CargoOutput, Read, Write, Size, Changed, Toml, UnknownKey, Misplaced, Type, Missing, Name,
        Version, Resolution, Cutoff, PatchElsewhere, Alias, UnknownRegistry, Url, Mirror, FolderMirrors, Publish, OtherDefault, Together, NoVersion, Target, Instance, Differs,
        TwoNames, Twice, TwoRegistries, NoRegistry, NoMember, WhichMember, Taken,
    }
    PolicyFileError { Missing, Read, Malformed }
    TextError { Read, TooLarge, TooMany, TooWide, Parse, Gated, TooManyFeatures, Package, Duplicate, Print, GaveUp }
    PinError { Text, Unsure }
    SaveError { Text, Changed, Write }
    RootError { Text, Binary, Unversioned, Name, Version }
    BinaryError { Content, TooLarge, Decode, GaveUp }
    ContentError { TooLarge, NotWasm, WitText, Outdated, OldName, Module, Component, WitPackage, Invalid, Name }
    DeriveError { Content, Wit, Refused }
    ComposeError {
        Format, Content, Unmet, Redirected, Ambiguous, ExportsNothing, Older, OtherTrack, Cycle, Mismatch, HostMismatch,
        HostUses, HostSort, HostCircle, Export, Invalid, Bundle,
    }
    EmbeddedError {
        Content, Missing, Several, NotLast, TooLong, Format, Line, NotCanonical, NoRoot,
    }
    BundleError { Embedded, Lock, Roots, Unnamed }
    Refusal { Name, Version, NoVersion, Unversioned, TwoVersions, Itself, Reprint }
    PublishError { Text, Empty, Encode, GaveUp, Binary, NoContents, Refused }
    ImportError { Text, TooDeep, Empty }
    UpstreamAddressError { Host, NotHost, InTheClear, Prefix, Crate, Empty }
    UpstreamError {
        NoPackage, NoVersion, AbsentOrPrivate, Fetch, Status, Json, Link, TooManyTags, NoMetadata, Metadata, Crate, NoToken, Login,
        Manifest, NoBlob, Differs, Content, Wit, OtherPackage, TwoTexts, Unmet, Texts, Folder, Read,
    }
    NoToken { Challenge, Unsafe, Malformed, Characters, Status }
    ChallengeError { Unknown, Realm }
    OciManifestError { Json, Index, NoConfig, Config, NoContent, Ambiguous, OtherLayers, Digest, TooLarge }
    MetadataError { Json, Type, Protocol, NoRegistry, Local, Address }
    WkgFileError { Read, Malformed }
    TokenServersError { Read, Line }
    WkgConfigError { Toml, Type, Backend, NoRoot, Host, Metadata }
    DockerError { Read, File, Encoding, Name, Helper, Answer }
    ProcessError { Start, Slow, Loud, Lost }
    CrateError { Scratch, Cargo, Absent, Failed, Output, Elsewhere }
    ReferenceError { Unmet, Contradiction, Printed, Copy }
    Absence { NoRegistry, NoPackage, Kind, Refused, NoVersion }
    ExportsError { Content, Contradiction, Merge, Text, GaveUp }
    PlanError { Content, Missing, Lacks, Exports, Occupied, Text }
    ApplyError { Write, Remove }
    ReadError {
        TooLong, Conflicted, Future, Syntax, NoVersion, Unexpected, Value, Checkpoint, NotCanonical, Inconsistent,
    }
    Stale {
        Mode, ExcludeNewer, ExcludeNewerPackage, Solver, DefaultOrigin, Namespace, MemberAdded, MemberRemoved,
        RequirementAdded, RequirementRemoved, RequirementChanged, NotOfTexts, Held, LocalAppeared, LocalGone, LocalChanged,
    }
    MergeError { Markers, Side }
    BuildError { NoIndex, TwoSources, Inconsistent }
    Unresolved { Missing, Conflict, GaveUp, NoRegistry, LocalsDiffer }
    ClaimError { OtherRegistry, NoPackage, Kind, NoRelease, Differs, NotExported, TooNew, Unusable, Withdrawn }
    MemberLockError { Read, Spelling, Roots, Held, Folder, Requirements }
    DerivationError { Differs, Underivable, Tracks }
    RebuildError { Claim, Bytes }
    ClientError {
        Storage, NoRegistry, NothingKept, Missing, SetBack, Behind, Trust, File, Tile, Map, Head, Log, Unchained, Longer, Outside,
        NotIncluded, NotPrefix, Diverged, OtherOperator, OperatorCut, Lost, Misbehavior, Content, Long, Underivable, Memory,
        Kept, Keep, Unasked, NoCheckpoint, LeftOut, Moved, TimeBack, NeverCheckpoint,
    }
    StorageError { Io, Fetch, TooLarge, Exists, Moved, Back }
    FetchError {
        Setup, Connect, Stalled, Slow, Broken, Length, TooLarge, Encoded, WebPage, Busy, Denied, Status,
        Pieces, Redirects, Redirect,
    }
    TrustStoreError { Io, Damaged, OtherKey }
    CheckError { Client, Storage, Missing, File, Differs, Root, Entry, Content, Underivable }
    EntryError { Again, Record, MapEntry, Package, Operator, Map, Committed, NoOperator, Time }
    SequencerError {
        Client, Storage, Unfinished, Exists, Begun, NotCheckpointKey, Policy, Record, Package, Operator, Conflict, Skew,
        Ahead, Defective,
        Content, Withdrawn, Map, File, Entries, Commit, Full,
    }
    CommitProblem { Damaged, Empty, Known, Times, Ahead, Record }
    AppendError {
        NotPermitted, NotHolder, NoVersion, OtherReason, LastOwner, Implied, NoCheckpointKey, OtherContent,
        OtherClaims, OtherBuild, Kind, Withdrawn, Defect, Record, Log,
    }
    KeysError { Dirs, Read, Write, Open, Size, Line, Variable, Random, Name, Taken, Unknown, Several }
    DirsError { NoHome, Relative, Make }
    NetworkError { Address, Roots, Runtime }
    AddressError { Malformed, Credentials, Query, Ambiguous }
    TokensError { Read, Open, Malformed, Variable }
    TokenError { Line, Address, InTheClear, Twice }
}
