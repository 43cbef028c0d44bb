//! The trust anchor: which operator, which witnesses, and how many of them.
//!
//! A C2SP tlog-policy file. It lies with the project, is read before anything else, and is the only source of witness
//! keys and quorum. One departure: the key of its single `log` line is the operate key, which signs the operator log
//! from record 0 on, not a key that signs checkpoints. The anchor is an offline key, so checkpoint keys can rotate
//! without anyone's policy changing. The key's name is the registry's origin.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeSet;
use alloc::string::String;
use alloc::vec::Vec;

use crate::field::is_deceptive;
use crate::key::{Algorithm, KeyError, Verifier, VerifyingKey, is_ml_dsa_witness};
use crate::name::{NameError, Origin};
use crate::number::Length;

/// The longest policy, in bytes: some hundred witnesses with their addresses.
pub const MAX_POLICY: usize = 64 * 1024;

/// Why a text is not a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// More bytes than any policy has.
    #[error("longer than {MAX_POLICY} bytes")]
    TooLong,
    /// Bytes that are not UTF-8.
    #[error("not UTF-8 text")]
    Text,
    /// A line that does not read.
    #[error("line {line}: {problem}")]
    Line {
        /// Which one, from 1.
        line: usize,
        /// What is wrong with it.
        problem: LineProblem,
    },
    /// No `log` line.
    #[error("there is no `log` line: write `log VKEY` with the registry's operate key")]
    NoLog,
    /// No `quorum` line.
    #[error("there is no `quorum` line: write `quorum none`, or the name of a witness or group")]
    NoQuorum,
}

/// What is wrong with a line of a policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineProblem {
    /// The first word is none of the four.
    #[error("`{word}` is not one of `log`, `witness`, `group`, `quorum`")]
    Word {
        /// The first word.
        word: String,
    },
    /// Too few or too many words.
    #[error("expected `{expected}`")]
    Form {
        /// How the line is written.
        expected: &'static str,
    },
    /// A character that separates no words, and can be seen in none.
    #[error("`{}` must not stand here: words are separated by spaces and tabs, lines by line feeds alone", character.escape_unicode())]
    Character {
        /// The character that must not be there.
        character: char,
    },
    /// A key that does not read, or is no key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The log key's name is no origin.
    #[error(transparent)]
    Name(#[from] NameError),
    /// A witness key instead of the log key, or the other way round.
    #[error("key `{name}` is of the wrong type: a log key is type 01, a witness key type 04")]
    KeyType {
        /// The key's name.
        name: String,
    },
    /// A second `log` or `quorum` line.
    #[error("a second `{word}` line")]
    Second {
        /// The first word.
        word: &'static str,
    },
    /// A name that stands for something already.
    #[error("`{name}` is defined already")]
    Defined {
        /// The name that is defined twice.
        name: String,
    },
    /// Two witnesses with one key: it would have two votes.
    #[error("the key of `{name}` is another witness's already: a key has one vote")]
    DuplicateKey {
        /// The second witness's name.
        name: String,
    },
    /// Two witnesses whose keys have one name and one id: a signature would not say whose it is.
    #[error("the key of `{name}` has the name and the id of another witness's")]
    SameId {
        /// The second witness's name.
        name: String,
    },
    /// A name that is not defined above.
    #[error("`{name}` is not defined above this line")]
    Undefined {
        /// The name that is not defined.
        name: String,
    },
    /// A group that asks for none, or for more members than it has.
    #[error("the group asks for {threshold} of {members} members")]
    Threshold {
        /// How many it asks for.
        threshold: usize,
        /// How many it has.
        members: usize,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Voter {
    Witness(VerifyingKey),
    /// A witness whose signatures this version cannot check: it counts for nothing.
    Unsupported,
    Group {
        threshold: usize,
        members: BTreeSet<String>,
    },
}

/// A registry's operate key, the witnesses that count, and the quorum.
#[derive(Debug, Clone)]
pub struct Policy {
    origin: Origin,
    operate: VerifyingKey,
    /// In the order of the file: a group names only what stands before it.
    voters: Vec<(String, Voter)>,
    witnesses: Vec<Verifier>,
    quorum: Option<String>,
}

impl Policy {
    /// A policy with one log line and no witnesses.
    ///
    /// # Errors
    /// A key that cannot be a log's: of the wrong type, or with a name that is no origin.
    pub fn without_witnesses(operate: VerifyingKey) -> Result<Self, LineProblem> {
        let origin = log_origin(&operate)?;
        Ok(Self {
            origin,
            operate,
            voters: Vec::new(),
            witnesses: Vec::new(),
            quorum: None,
        })
    }

    /// Reads a policy file.
    ///
    /// # Errors
    /// Anything but a policy, with its line.
    pub fn parse(bytes: &[u8]) -> Result<Self, PolicyError> {
        if bytes.len() > MAX_POLICY {
            return Err(PolicyError::TooLong);
        }
        let text = core::str::from_utf8(bytes).map_err(|_| PolicyError::Text)?;
        let mut reader = Reader::default();
        for (number, line) in text.split('\n').enumerate() {
            reader.line(line).map_err(|problem| PolicyError::Line {
                line: number.saturating_add(1),
                problem,
            })?;
        }
        let (origin, operate) = reader.log.ok_or(PolicyError::NoLog)?;
        Ok(Self {
            origin,
            operate,
            voters: reader.voters,
            witnesses: reader.witnesses,
            quorum: match reader.quorum.ok_or(PolicyError::NoQuorum)? {
                Quorum::None => None,
                Quorum::Of(name) => Some(name),
            },
        })
    }

    /// The registry's origin: the name of the operate key.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The key that signs operator record 0.
    pub fn operate_key(&self) -> &VerifyingKey {
        &self.operate
    }

    /// The name of the witness or group that must have signed; none where nobody must.
    pub fn quorum(&self) -> Option<&str> {
        self.quorum.as_deref()
    }

    /// The witnesses' keys.
    pub fn witnesses(&self) -> &[Verifier] {
        &self.witnesses
    }

    /// Whether the quorum is met by witnesses with these keys. Votes are counted here alone: by key, each once.
    pub fn is_quorum(&self, cosigners: &BTreeSet<VerifyingKey>) -> bool {
        let Some(quorum) = &self.quorum else {
            return true;
        };
        // From the top of the file to its end, without recursion: groups may be nested thousands deep.
        let mut met: BTreeSet<&str> = BTreeSet::new();
        for (name, voter) in &self.voters {
            let votes = match voter {
                Voter::Witness(key) => cosigners.contains(key),
                Voter::Unsupported => false,
                Voter::Group { threshold, members } => {
                    let votes = members
                        .iter()
                        .filter(|member| met.contains(member.as_str()));
                    votes.count() >= *threshold
                }
            };
            if votes {
                met.insert(name);
            }
        }
        met.contains(quorum.as_str())
    }
}

/// The origin that a log key names.
fn log_origin(key: &VerifyingKey) -> Result<Origin, LineProblem> {
    if key.algorithm() != Algorithm::Ed25519 {
        return Err(LineProblem::KeyType {
            name: key.name().to_owned(),
        });
    }
    key.verifier()?;
    Ok(key.name().parse()?)
}

/// A number of members, without sign or leading zeros.
fn decimal(text: &str) -> Option<usize> {
    usize::try_from(text.parse::<Length>().ok()?.get()).ok()
}

#[derive(Default)]
struct Reader {
    log: Option<(Origin, VerifyingKey)>,
    voters: Vec<(String, Voter)>,
    /// What stands above the line that is read.
    names: BTreeSet<String>,
    witnesses: Vec<Verifier>,
    /// Members of groups: a voter in two groups would have two votes.
    grouped: BTreeSet<String>,
    quorum: Option<Quorum>,
}

/// What the `quorum` line says.
enum Quorum {
    None,
    Of(String),
}

impl Reader {
    fn line(&mut self, line: &str) -> Result<(), LineProblem> {
        let line = line.trim_matches([' ', '\t']);
        let is_comment = line.starts_with('#');
        let bad = |character: char| {
            let separates = matches!(character, ' ' | '\t');
            let hides = character.is_whitespace() || is_deceptive(character);
            !separates && (character.is_control() || (hides && !is_comment))
        };
        if let Some(character) = line.chars().find(|character| bad(*character)) {
            return Err(LineProblem::Character { character });
        }
        if is_comment {
            return Ok(());
        }
        let words = line.split([' ', '\t']).filter(|word| !word.is_empty());
        self.words(&words.collect::<Vec<_>>())
    }

    fn words(&mut self, words: &[&str]) -> Result<(), LineProblem> {
        match words {
            [] => Ok(()),
            ["log", key] | ["log", key, _] => self.log(key),
            ["log", ..] => Err(LineProblem::Form {
                expected: "log VKEY [URL]",
            }),
            ["witness", name, key] | ["witness", name, key, _] => self.witness(name, key),
            ["witness", ..] => Err(LineProblem::Form {
                expected: "witness NAME VKEY [URL]",
            }),
            ["group", name, threshold, members @ ..] => self.group(name, threshold, members),
            ["group", ..] => Err(LineProblem::Form {
                expected: "group NAME all|any|N MEMBER…",
            }),
            ["quorum", name] => self.quorum(name),
            ["quorum", ..] => Err(LineProblem::Form {
                expected: "quorum NAME|none",
            }),
            [word, ..] => Err(LineProblem::Word {
                word: (*word).to_owned(),
            }),
        }
    }

    fn log(&mut self, key: &str) -> Result<(), LineProblem> {
        let key: VerifyingKey = key.parse()?;
        let origin = log_origin(&key)?;
        match self.log.replace((origin, key)) {
            None => Ok(()),
            Some(_) => Err(LineProblem::Second { word: "log" }),
        }
    }

    fn define(&mut self, name: &str, voter: Voter) -> Result<(), LineProblem> {
        if name == "none" || !self.names.insert(name.to_owned()) {
            return Err(LineProblem::Defined {
                name: name.to_owned(),
            });
        }
        self.voters.push((name.to_owned(), voter));
        Ok(())
    }

    fn witness(&mut self, name: &str, key: &str) -> Result<(), LineProblem> {
        if is_ml_dsa_witness(key) {
            return self.define(name, Voter::Unsupported);
        }
        let key: VerifyingKey = key.parse()?;
        if key.algorithm() != Algorithm::CosignatureV1 {
            return Err(LineProblem::KeyType {
                name: key.name().to_owned(),
            });
        }
        let same = |witness: &Verifier| witness.key().public_bytes() == key.public_bytes();
        if self.witnesses.iter().any(same) {
            return Err(LineProblem::DuplicateKey {
                name: name.to_owned(),
            });
        }
        let alike = |witness: &Verifier| {
            witness.key().name() == key.name() && witness.key().id() == key.id()
        };
        if self.witnesses.iter().any(alike) {
            return Err(LineProblem::SameId {
                name: name.to_owned(),
            });
        }
        self.witnesses.push(key.verifier()?);
        self.define(name, Voter::Witness(key))
    }

    fn group(&mut self, name: &str, threshold: &str, members: &[&str]) -> Result<(), LineProblem> {
        let mut set = BTreeSet::new();
        for &member in members {
            if !self.names.contains(member) {
                return Err(LineProblem::Undefined {
                    name: member.to_owned(),
                });
            }
            if !set.insert(member.to_owned()) || !self.grouped.insert(member.to_owned()) {
                return Err(LineProblem::Defined {
                    name: member.to_owned(),
                });
            }
        }
        let number = match threshold {
            "all" => set.len(),
            "any" => 1,
            number => decimal(number).ok_or(LineProblem::Form {
                expected: "group NAME all|any|N MEMBER…",
            })?,
        };
        if number == 0 || number > set.len() {
            return Err(LineProblem::Threshold {
                threshold: number,
                members: set.len(),
            });
        }
        self.define(
            name,
            Voter::Group {
                threshold: number,
                members: set,
            },
        )
    }

    fn quorum(&mut self, name: &str) -> Result<(), LineProblem> {
        let quorum = match name {
            "none" => Quorum::None,
            name if self.names.contains(name) => Quorum::Of(name.to_owned()),
            name => {
                return Err(LineProblem::Undefined {
                    name: name.to_owned(),
                });
            }
        };
        match self.quorum.replace(quorum) {
            None => Ok(()),
            Some(_) => Err(LineProblem::Second { word: "quorum" }),
        }
    }
}
