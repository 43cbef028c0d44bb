//! What a package record may do, and how it is written.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;
use core::fmt::Write as _;

use semver::Version;

use crate::digest::Hash;
use crate::field;
use crate::key::VerifyingKey;
use crate::keyring;
use crate::name::Kind;
use crate::number::{Position, Size};
use crate::operator::{read_permissions, words, write_permissions};
use crate::record::{Grammar, LineError, Lines, Subject};
use crate::statement::Attachment;
use crate::statement::Statement;
use crate::version::parse_version;

/// What a key may do in a package log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Permission {
    /// Everything, and giving and taking permissions.
    Own,
    /// To release versions.
    Release,
    /// Yanking and unyanking them.
    Yank,
    /// To annotate versions and the package.
    Annotate,
}

impl keyring::Permission for Permission {
    const ROOT: Self = Self::Own;

    fn implies(self, other: Self) -> bool {
        self == other || self == Self::Own
    }

    fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Release => "release",
            Self::Yank => "yank",
            Self::Annotate => "annotate",
        }
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(keyring::Permission::word(*self))
    }
}

/// The operator record by which a signer holds the namespace: `under operator 0 sha256:…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Under {
    /// Its position in the operator log.
    pub position: Position,
    /// The hash of that record.
    pub record: Hash,
}

impl fmt::Display for Under {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "under operator {} {}", self.position, self.record)
    }
}

/// Which releases an annotation is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// The whole package; written `*`.
    Package,
    /// The release of one version.
    Version(Version),
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Package => f.write_str("*"),
            Self::Version(version) => version.fmt(f),
        }
    }
}

/// One action of a package record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Begins the package log; the signer becomes its first owner.
    Init {
        /// What the package holds.
        kind: Kind,
        /// By which operator record the signer may.
        under: Under,
    },
    /// Gives permissions to a key.
    Grant {
        /// The key that gets them.
        key: VerifyingKey,
        /// What it may do from now on, beside what it may already.
        permissions: BTreeSet<Permission>,
        /// By which operator record the signer may, where it is no owner: recovery of a package whose owners are gone.
        under: Option<Under>,
    },
    /// Takes permissions from a key.
    Revoke {
        /// The key that loses them.
        key: VerifyingKey,
        /// What it may not do any more.
        permissions: BTreeSet<Permission>,
    },
    /// Releases a version.
    Release(Statement),
    /// Advises against a version; only who has it locked still gets it.
    Yank {
        /// The version that is advised against.
        version: Version,
        /// The reason, as it was given.
        reason: String,
    },
    /// Takes a yank back.
    Unyank {
        /// The version that is no longer advised against.
        version: Version,
        /// The reason, as it was given.
        reason: String,
    },
    /// Says something about a version or the package.
    Annotate {
        /// What it is about: one version or the whole package.
        scope: Scope,
        /// Under which key.
        key: String,
        /// The text that is kept under the key.
        value: String,
    },
    /// A line that this version does not know and may ignore: it begins with `?`.
    Ignored(String),
}

impl Action {
    /// The operator record that it names as the signer's permission.
    pub fn under(&self) -> Option<&Under> {
        match self {
            Self::Init { under, .. } => Some(under),
            Self::Grant { under, .. } => under.as_ref(),
            _ => None,
        }
    }
}

const EXPECTED_GRANT: &str = "grant VKEY PERMISSION,… [under operator POSITION HASH]";

fn read_all_permissions(text: &str) -> Result<BTreeSet<Permission>, LineError> {
    read_permissions(
        text,
        &[
            Permission::Own,
            Permission::Release,
            Permission::Yank,
            Permission::Annotate,
        ],
        "`own`, `release`, `yank`, `annotate`",
    )
}

fn read_under(words: [&str; 4], expected: &'static str) -> Result<Under, LineError> {
    match words {
        ["under", "operator", position, record] => Ok(Under {
            position: position.parse()?,
            record: record.parse()?,
        }),
        _ => Err(LineError::Form { expected }),
    }
}

/// Whether a text can be the key of an annotation: words of lower-case letters and digits, joined by `-` or `.`.
pub fn is_annotation_key(key: &str) -> bool {
    let word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
    };
    key.len() <= 64 && key.split(['-', '.']).all(word)
}

fn number(text: &str) -> Result<u64, LineError> {
    Ok(text.parse::<Size>()?.get())
}

/// Reads a `release` line's words and the lines that belong to it.
fn read_release(rest: &str, lines: &mut Lines<'_>) -> Result<Statement, LineError> {
    let [version, digest, size] = words(rest, "release VERSION DIGEST SIZE")?;
    let mut statement = Statement::new(parse_version(version)?, digest.parse()?, number(size)?);
    // Doubles and disorder are caught where the record is compared with its canonical form.
    while let Some(requirement) = lines.next_if("require") {
        statement.requirements.insert(requirement.parse()?);
    }
    while let Some(name) = lines.next_if("import") {
        statement.imports.insert(name.parse()?);
    }
    while let Some(name) = lines.next_if("export") {
        statement.exports.insert(name.parse()?);
    }
    if let Some(rest) = lines.next_if("lock") {
        let [digest, size] = words(rest, "lock DIGEST SIZE")?;
        statement.lock = Some(Attachment {
            digest: digest.parse()?,
            size: number(size)?,
        });
    }
    if let Some(rest) = lines.next_if("bundle") {
        let [digest, size, encoding] = words(rest, "bundle DIGEST SIZE ENCODING")?;
        let attachment = Attachment {
            digest: digest.parse()?,
            size: number(size)?,
        };
        statement.bundle = Some((attachment, number(encoding)?));
    }
    if let Some(reason) = lines.next_if("unusable") {
        statement.unusable = Some(LineError::free_text(reason)?);
    }
    Ok(statement)
}

fn write_release(statement: &Statement, text: &mut String) -> fmt::Result {
    let Statement {
        version,
        digest,
        size,
        ..
    } = statement;
    writeln!(text, "release {version} {digest} {size}")?;
    let mut group = |word: &str, mut lines: Vec<String>| {
        lines.sort_unstable();
        lines
            .iter()
            .try_for_each(|line| writeln!(text, "{word} {line}"))
    };
    group("require", lines_of(&statement.requirements))?;
    group("import", lines_of(&statement.imports))?;
    group("export", lines_of(&statement.exports))?;
    if let Some(lock) = &statement.lock {
        writeln!(text, "lock {} {}", lock.digest, lock.size)?;
    }
    if let Some((bundle, encoding)) = &statement.bundle {
        writeln!(text, "bundle {} {} {encoding}", bundle.digest, bundle.size)?;
    }
    if let Some(reason) = &statement.unusable {
        writeln!(text, "unusable {}", field::encode(reason))?;
    }
    Ok(())
}

fn lines_of(set: &BTreeSet<impl ToString>) -> Vec<String> {
    set.iter().map(ToString::to_string).collect()
}

impl Grammar for Action {
    fn belongs_to(subject: &Subject) -> bool {
        matches!(subject, Subject::Package(_))
    }

    fn read(lines: &mut Lines<'_>) -> Result<Self, LineError> {
        let line = lines.next("an action")?;
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "init" => {
                const EXPECTED: &str = "init component|wit under operator POSITION HASH";
                let [kind, under @ ..]: [&str; 5] = words(rest, EXPECTED)?;
                Self::Init {
                    kind: kind.parse()?,
                    under: read_under(under, EXPECTED)?,
                }
            }
            "grant" => {
                let (head, under) = match rest.split_once(" under ") {
                    Some((head, _)) => {
                        let tail = rest.strip_prefix(head).unwrap_or_default();
                        let tail = words(tail.trim_start_matches(' '), EXPECTED_GRANT)?;
                        (head, Some(read_under(tail, EXPECTED_GRANT)?))
                    }
                    None => (rest, None),
                };
                let [key, permissions] = words(head, EXPECTED_GRANT)?;
                Self::Grant {
                    key: key.parse()?,
                    permissions: read_all_permissions(permissions)?,
                    under,
                }
            }
            "revoke" => {
                let [key, permissions] = words(rest, "revoke VKEY PERMISSION,…")?;
                Self::Revoke {
                    key: key.parse()?,
                    permissions: read_all_permissions(permissions)?,
                }
            }
            "release" => Self::Release(read_release(rest, lines)?),
            "yank" | "unyank" => {
                let [version, reason] = words(rest, "yank|unyank VERSION REASON")?;
                let (version, reason) = (parse_version(version)?, LineError::free_text(reason)?);
                if word == "yank" {
                    Self::Yank { version, reason }
                } else {
                    Self::Unyank { version, reason }
                }
            }
            "annotate" => {
                const EXPECTED: &str = "annotate VERSION|* KEY VALUE";
                let [scope, key, value] = words(rest, EXPECTED)?;
                if !is_annotation_key(key) {
                    return Err(LineError::Form { expected: EXPECTED });
                }
                Self::Annotate {
                    scope: match scope {
                        "*" => Scope::Package,
                        version => Scope::Version(parse_version(version)?),
                    },
                    key: key.to_string(),
                    value: LineError::free_text(value)?,
                }
            }
            _ if line.starts_with('?') => Self::Ignored(line.to_string()),
            "require" | "import" | "export" | "lock" | "bundle" | "unusable" => {
                return Err(LineError::Form {
                    expected: "release …, and below it require, import, export, lock, bundle, unusable, in this order",
                });
            }
            word => {
                return Err(LineError::Newer {
                    word: word.to_string(),
                });
            }
        })
    }

    fn write(&self, text: &mut String) {
        // Writing to a `String` cannot fail.
        let _ = match self {
            Self::Init { kind, under } => writeln!(text, "init {kind} {under}"),
            Self::Grant {
                key,
                permissions,
                under,
            } => {
                let _ = write!(text, "grant {key} {}", write_permissions(permissions));
                if let Some(under) = under {
                    let _ = write!(text, " {under}");
                }
                writeln!(text)
            }
            Self::Revoke { key, permissions } => {
                writeln!(text, "revoke {key} {}", write_permissions(permissions))
            }
            Self::Release(statement) => write_release(statement, text),
            Self::Yank { version, reason } => {
                writeln!(text, "yank {version} {}", field::encode(reason))
            }
            Self::Unyank { version, reason } => {
                writeln!(text, "unyank {version} {}", field::encode(reason))
            }
            Self::Annotate { scope, key, value } => {
                writeln!(text, "annotate {scope} {key} {}", field::encode(value))
            }
            Self::Ignored(line) => writeln!(text, "{line}"),
        };
    }
}
