//! The kinds of notices: the words that JSON calls them by, which stay, and what each is about.

/// How much a notice weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Good to know. Nothing is wrong.
    Note,
    /// Something may be wrong, and the command goes on. `verify --deny` can make an error of it.
    Warning,
}

impl Level {
    /// The word that stands before its text.
    pub fn word(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
        }
    }
}

/// One line a kind: its word, how much it weighs, and what it is about, which is also what `docs/notices.md` says.
macro_rules! kinds {
    ($(#[doc = $about:literal] $kind:ident, $word:literal, $level:ident;)*) => {
        /// The kind of a notice.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema))]
        pub enum Kind {
            $(
                #[doc = $about]
                #[serde(rename = $word)]
                $kind,
            )*
        }

        impl Kind {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$kind),*];

            /// Its word, as JSON has it.
            pub fn word(self) -> &'static str {
                match self {
                    $(Self::$kind => $word,)*
                }
            }

            /// How much it weighs.
            pub fn level(self) -> Level {
                match self {
                    $(Self::$kind => Level::$level,)*
                }
            }

            /// What it is about, in a sentence or two.
            pub fn about(self) -> &'static str {
                match self {
                    $(Self::$kind => $about.trim_start(),)*
                }
            }
        }
    };
}

kinds! {
    /// A publisher advises against a release that is locked, or that was verified.
    Yanked, "yanked", Warning;
    /// `lock --at`: a release that was locked at that past was yanked since.
    YankedSince, "yanked-since", Warning;
    /// A registry's operator took away the content of a release that was locked; it is not locked any more.
    Withdrawn, "withdrawn", Warning;
    /// `lock --at`: the content of a release that was locked at that past was withdrawn since.
    WithdrawnSince, "withdrawn-since", Warning;
    /// A newer release was no choice, since something that it requires is nowhere.
    PassedOver, "passed-over", Warning;
    /// A package's log breaks the rules, as its registry committed to it, so nothing of the package can be chosen.
    RefusedLog, "refused-log", Warning;
    /// A registry could not be asked what it is now. What this machine or the project keeps of it stood in.
    RegistryUnasked, "registry-unasked", Warning;
    /// The newest checkpoint of a registry is older than its operator promised.
    RegistrySilent, "registry-silent", Warning;
    /// `tree`, `outdated`, `sbom`: the lock is not what the workspace asks for any more, and is shown as it is.
    StaleLock, "stale-lock", Warning;
    /// `info`: the lock does not read, so nothing is said of what is locked.
    UnreadableLock, "unreadable-lock", Warning;
    /// The lock had the conflict markers of a merge, and was made one again.
    MergedLock, "merged-lock", Warning;
    /// The lock was not as this program writes it, and was made one again.
    RewrittenLock, "rewritten-lock", Warning;
    /// `outdated`: the search for a member's newer versions took too long.
    GaveUp, "gave-up", Warning;
    /// No member requires what a patch in Cargo.toml has.
    UnusedPatch, "unused-patch", Warning;
    /// Texts below `wit/` that nothing reads.
    UnreadTexts, "unread-texts", Note;
    /// A WIT package of `wit/deps` that `fetch` did not write is used.
    OwnTexts, "own-texts", Note;
    /// `verify`: some packages lie in folders, and nothing could be checked of them.
    Unvouched, "unvouched", Note;
    /// `update --pins`: a world names an interface at several versions, so these stay as they are.
    TwinPins, "twin-pins", Warning;
    /// `update`: exact versions in `wit/` hold back newer ones.
    HeldPins, "held-pins", Note;
    /// `remove`: `wit/` still refers to the package that was removed.
    StillReferredTo, "still-referred-to", Warning;
    /// `remove`: something else requires the package, so it stays locked.
    StaysLocked, "stays-locked", Note;
    /// `bundle`, `publish`: a requirement serves no import.
    UnusedRequirement, "unused-requirement", Warning;
    /// `bundle`: a redirection of an import that nothing has.
    UnusedRedirection, "unused-redirection", Warning;
    /// `verify FILE`: an import of a bundle is served by another package than the requirements say.
    Redirected, "redirected", Warning;
    /// `verify`: a closed set was checked, and not solved again: a newer cargo warg solved it.
    NotDerived, "not-derived", Warning;
    /// `verify`: a bundle was checked, and not composed again: a newer cargo warg composed it.
    NotComposed, "not-composed", Warning;
    /// `publish`: a component without requirements looks like the one of a member that is published under another name.
    OtherMembersComponent, "other-members-component", Warning;
    /// `publish`: a WIT package gets the name that a member publishes its component under.
    ComponentsName, "components-name", Warning;
    /// `publish`: a package of a text has nothing of its own, and is not published.
    EmptyPackage, "empty-package", Warning;
    /// `registry import`: a version is recorded that nobody can use.
    ImportedUnusable, "imported-unusable", Warning;
    /// `registry import`: something is wrong with a package, and it was left out.
    Skipped, "skipped", Warning;
    /// `registry import`: a package belongs to another registry, and was left to that.
    SkippedElsewhere, "skipped-elsewhere", Note;
    /// `registry import`: a version is other bytes upstream than those that were imported. These stay.
    MovedUpstream, "moved-upstream", Warning;
}
