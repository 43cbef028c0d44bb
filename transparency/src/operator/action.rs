//! What an operator record may do, and how it is written.

use alloc::collections::BTreeSet;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::digest::Digest;
use crate::field;
use crate::key::VerifyingKey;
use crate::keyring;
use crate::name::Namespace;
use crate::number::Time;
use crate::record::{Grammar, LineError, Lines, Subject};

/// What a key of the operator may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Sign operator records. Kept offline.
    Operate,
    /// Sign checkpoints, and nothing else. Kept where the log is sequenced.
    Checkpoint,
}

impl keyring::Permission for Role {
    const ROOT: Self = Self::Operate;

    fn implies(self, other: Self) -> bool {
        self == other
    }

    fn word(self) -> &'static str {
        match self {
            Self::Operate => "operate",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// One action of an operator record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Begins the operator log; the signer becomes its first operate key.
    Init,
    /// Gives roles to a key.
    Grant(VerifyingKey, BTreeSet<Role>),
    /// Takes roles from a key.
    Revoke(VerifyingKey, BTreeSet<Role>),
    /// Gives a namespace to keys, and to no others from then on. No key closes it.
    Namespace(Namespace, BTreeSet<VerifyingKey>),
    /// Advice to the sequencer: a witness to ask, and where. It never counts for a client.
    Witness(VerifyingKey, String),
    /// Makes a content unavailable, for legal or safety reasons.
    Withdraw(Digest, String),
    /// Promises a new checkpoint at least this often, in seconds.
    Refresh(u64),
    /// Says that of what lies before this record, times later than this one were wrong: see [`clock`](crate::clock).
    Clock(Time),
    /// A line that this version does not know and may ignore: it begins with `?`.
    Ignored(String),
}

/// Reads `a,b`; order and doubles are caught where the record is compared with its canonical form.
pub(crate) fn read_permissions<P: keyring::Permission>(
    text: &str,
    all: &[P],
    expected: &'static str,
) -> Result<BTreeSet<P>, LineError> {
    text.split(',')
        .map(|word| {
            all.iter()
                .copied()
                .find(|permission| permission.word() == word)
                .ok_or_else(|| LineError::Permission {
                    word: word.to_string(),
                    expected,
                })
        })
        .collect()
}

pub(crate) fn write_permissions<P: keyring::Permission>(permissions: &BTreeSet<P>) -> String {
    let mut text = String::new();
    for permission in permissions {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(permission.word());
    }
    text
}

fn read_roles(text: &str) -> Result<BTreeSet<Role>, LineError> {
    read_permissions(
        text,
        &[Role::Operate, Role::Checkpoint],
        "`operate`, `checkpoint`",
    )
}

/// The words of a line, as many as the form has.
pub(crate) fn words<'t, const N: usize>(
    rest: &'t str,
    expected: &'static str,
) -> Result<[&'t str; N], LineError> {
    let mut found = [""; N];
    let mut words = rest.split(' ');
    for word in &mut found {
        *word = words.next().ok_or(LineError::Form { expected })?;
    }
    match words.next() {
        None => Ok(found),
        Some(_) => Err(LineError::Form { expected }),
    }
}

impl Grammar for Action {
    fn belongs_to(subject: &Subject) -> bool {
        *subject == Subject::Operator
    }

    fn read(lines: &mut Lines<'_>) -> Result<Self, LineError> {
        let line = lines.next("an action")?;
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        Ok(match word {
            "init" if rest.is_empty() => Self::Init,
            "init" => return Err(LineError::Form { expected: "init" }),
            "grant" | "revoke" => {
                let [key, roles] = words(rest, "grant|revoke VKEY operate,checkpoint")?;
                let (key, roles) = (key.parse()?, read_roles(roles)?);
                if word == "grant" {
                    Self::Grant(key, roles)
                } else {
                    Self::Revoke(key, roles)
                }
            }
            "namespace" => {
                let mut words = rest.split(' ');
                let name = words.next().unwrap_or_default().parse()?;
                let keys = words.map(str::parse).collect::<Result<_, _>>()?;
                Self::Namespace(name, keys)
            }
            "witness" => {
                let [key, url] = words(rest, "witness VKEY URL")?;
                Self::Witness(key.parse()?, LineError::free_text(url)?)
            }
            "withdraw" => {
                let [digest, reason] = words(rest, "withdraw DIGEST REASON")?;
                Self::Withdraw(digest.parse()?, LineError::free_text(reason)?)
            }
            "refresh" => {
                let [seconds] = words(rest, "refresh SECONDS")?;
                Self::Refresh(seconds.parse::<crate::number::Size>()?.get())
            }
            "clock" => {
                let [time] = words(rest, "clock TIME")?;
                Self::Clock(time.parse()?)
            }
            _ if line.starts_with('?') => Self::Ignored(line.to_string()),
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
            Self::Init => writeln!(text, "init"),
            Self::Grant(key, roles) => writeln!(text, "grant {key} {}", write_permissions(roles)),
            Self::Revoke(key, roles) => writeln!(text, "revoke {key} {}", write_permissions(roles)),
            Self::Namespace(name, keys) => {
                let _ = write!(text, "namespace {name}");
                let mut keys: Vec<_> = keys.iter().map(ToString::to_string).collect();
                keys.sort_unstable();
                for key in keys {
                    let _ = write!(text, " {key}");
                }
                writeln!(text)
            }
            Self::Witness(key, url) => writeln!(text, "witness {key} {}", field::encode(url)),
            Self::Withdraw(digest, reason) => {
                writeln!(text, "withdraw {digest} {}", field::encode(reason))
            }
            Self::Refresh(seconds) => writeln!(text, "refresh {seconds}"),
            Self::Clock(time) => writeln!(text, "clock {time}"),
            Self::Ignored(line) => writeln!(text, "{line}"),
        };
    }
}
