//! Whether a set of packages is closed. It is judged from requirements and nothing else, whoever found it.
//!
//! The solver's answers, kept selections and locks are all judged here, and so is what a stranger claims.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;

use semver::{BuildMetadata, Version};
use transparency::name::{ExternName, Kind, PackageName};
use transparency::requirement::Requirement;
use transparency::version::Track;

use crate::closed_set::ClosedSet;
use crate::problem::Member;
use transparency::selection::Selection;

/// What is wrong with a closed set.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// Nothing in it meets a requirement.
    Unsatisfied {
        /// Who requires it. None where the member itself does.
        by: Option<Selection>,
        /// The requirement that is not met.
        requirement: Requirement,
    },
    /// Two versions of one track.
    TwoOfOneTrack {
        /// The lower version.
        one: Selection,
        /// The higher version.
        other: Selection,
    },
    /// Nothing in it requires the package.
    Unneeded {
        /// The package that could be left out.
        selection: Selection,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsatisfied {
                by: None,
                requirement,
            } => write!(f, "nothing selected meets `{requirement}`"),
            Self::Unsatisfied {
                by: Some(by),
                requirement,
            } => write!(
                f,
                "nothing selected meets `{requirement}`, which `{by}` requires"
            ),
            Self::TwoOfOneTrack { one, other } => {
                write!(f, "`{one}` and `{other}` are of one track")
            }
            Self::Unneeded { selection } => {
                write!(f, "nothing selected requires `{selection}`")
            }
        }
    }
}

/// A package of a closed set, as far as the check needs it.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// What it requires.
    pub requirements: &'a BTreeSet<Requirement>,
    /// What it exports, where this is known.
    pub exports: Option<&'a BTreeSet<ExternName>>,
}

/// All versions of one package among [`Packages`]. Their indices follow one another.
#[derive(Debug, Clone, Copy, Default)]
struct Versions {
    /// The index of the lowest.
    first: usize,
    /// How many they are.
    count: usize,
    /// Where their bits begin, in words. A set of packages has a bit for each version, and the versions of one package
    /// have words of their own.
    word: usize,
}

impl Versions {
    fn words(self) -> usize {
        self.count.div_ceil(WORD)
    }

    /// The word and the bit of one of them.
    fn bit(self, index: usize) -> (usize, u64) {
        let number = index - self.first;
        (self.word + number / WORD, 1 << (number % WORD))
    }
}

/// How many bits a word has.
const WORD: usize = 64;

/// What is required of a package, and which of its versions meet it.
#[derive(Debug, Clone, Copy)]
struct Required<'a> {
    requirement: &'a Requirement,
    versions: Versions,
    /// Where the bits of those that meet it begin, in words.
    met: usize,
}

/// Packages of which closed sets are made, and which of them meets which requirement.
///
/// It knows nothing of how a set was found. All members of a lock share one, so that each requirement is judged once
/// for each version: a stranger's lock may have hundreds of members, and thousands of both.
#[derive(Debug)]
pub struct Packages<'a> {
    /// Ascending by selection. A package is named by its index here.
    all: Vec<(&'a Selection, Claim<'a>)>,
    /// Ascending, by what they are versions of.
    versions: Vec<Versions>,
    /// For each package, the versions that it is one of.
    of: Vec<Versions>,
    /// For each package, what it requires.
    required: Vec<Vec<Required<'a>>>,
    /// The bits of what meets it.
    met: Vec<u64>,
}

/// What the versions of one package have in common.
fn key(selection: &Selection) -> (Kind, &PackageName) {
    (selection.kind, &selection.name)
}

impl<'a> Packages<'a> {
    /// Takes the packages in ascending order, as maps hold them.
    pub fn new(packages: impl IntoIterator<Item = (&'a Selection, Claim<'a>)>) -> Self {
        let mut made = Self {
            all: packages.into_iter().collect(),
            versions: Vec::new(),
            of: Vec::new(),
            required: Vec::new(),
            met: Vec::new(),
        };
        let mut next = Versions::default();
        let runs = made
            .all
            .chunk_by(|(one, _), (other, _)| key(one) == key(other));
        for run in runs {
            next.count = run.len();
            made.versions.push(next);
            made.of.resize(next.first + next.count, next);
            next.word += next.words();
            next.first += next.count;
        }
        let mut met = Vec::new();
        // Many require the same: it is judged once.
        let mut known: HashMap<&Requirement, Required<'a>> = HashMap::new();
        let required = made.all.iter().map(|(_, claim)| {
            let requirements = claim.requirements.iter();
            requirements
                .map(|requirement| {
                    let judge = || made.judge(requirement, None, &mut met);
                    *known.entry(requirement).or_insert_with(judge)
                })
                .collect()
        });
        made.required = required.collect();
        made.met = met;
        made
    }

    /// Judges a requirement by all versions of the package that it names: which of them meet it and have the exports
    /// asked for, as far as theirs are known. A root asks for its exports letter by letter. What a package requires must
    /// serve what its `for` names.
    fn judge<'r>(
        &self,
        requirement: &'r Requirement,
        exports: Option<&BTreeSet<ExternName>>,
        met: &mut Vec<u64>,
    ) -> Required<'r> {
        let asked = (requirement.kind, &requirement.name);
        let named = self.versions.binary_search_by(|versions| {
            let first = self.all.get(versions.first);
            first.map_or(Ordering::Less, |(selection, _)| key(selection).cmp(&asked))
        });
        let versions = named.ok().and_then(|index| self.versions.get(index));
        let required = Required {
            requirement,
            versions: versions.copied().unwrap_or_default(),
            met: met.len(),
        };
        let Versions { first, count, .. } = required.versions;
        let is_met = |(selection, claim): &(&Selection, Claim<'_>)| {
            let exporting = match (exports, claim.exports) {
                (Some(asked), Some(found)) => asked.is_subset(found),
                (None, Some(found)) => requirement.is_served_by(found),
                (_, None) => true,
            };
            exporting && requirement.req.matches(&selection.version)
        };
        let packages = self.all.get(first..first + count);
        let words = packages.unwrap_or_default().chunks(WORD).map(|packages| {
            let bits = packages.iter().enumerate();
            bits.map(|(bit, package)| u64::from(is_met(package)) << bit)
                .sum::<u64>()
        });
        met.extend(words);
        required
    }

    /// The indices of a closed set's packages.
    ///
    /// # Errors
    /// The first that is none of these.
    pub fn indices<'s>(&self, set: &'s BTreeSet<Selection>) -> Result<Vec<usize>, &'s Selection> {
        let mut ahead = self.all.iter().map(|(found, _)| *found).enumerate();
        // Both ascend, so one walk finds all.
        set.iter()
            .map(|selection| {
                ahead
                    .find(|(_, found)| *found >= selection)
                    .filter(|(_, found)| *found == selection)
                    .map(|(index, _)| index)
                    .ok_or(selection)
            })
            .collect()
    }

    /// Judges a closed set, given by ascending indices. Every requirement must be met, each track must have one version,
    /// and everything must be needed.
    ///
    /// Each root comes with the exports that it asks for. They are checked where the exports of a claim are known.
    pub fn check<'r>(
        &self,
        roots: impl IntoIterator<Item = (&'r Requirement, &'r BTreeSet<ExternName>)>,
        set: &[usize],
    ) -> Vec<Flaw> {
        let roots: Vec<_> = roots.into_iter().collect();
        let mut flaws = self.check_tracks(&roots, set);
        let words = self
            .versions
            .last()
            .map_or(0, |last| last.word + last.words());
        let mut chosen = vec![0; words];
        for index in set {
            let bit = self.of.get(*index).map(|versions| versions.bit(*index));
            if let Some((word, bit)) = bit
                && let Some(chosen) = chosen.get_mut(word)
            {
                *chosen |= bit;
            }
        }
        let mut needed = vec![0; words];
        let mut met_by_roots = Vec::new();
        let roots: Vec<_> = roots
            .iter()
            .map(|(requirement, exports)| self.judge(requirement, Some(exports), &mut met_by_roots))
            .collect();
        // What is still to be met, by whom it is required, and the bits of what meets it.
        let roots = roots.into_iter();
        let mut ahead: Vec<_> = roots.map(|root| (None, root, &met_by_roots)).collect();
        while let Some((by, required, met)) = ahead.pop() {
            let mut is_met = false;
            let Required { versions, .. } = required;
            let met = met.get(required.met..required.met + versions.words());
            for (word, met) in met.into_iter().flatten().enumerate() {
                let index = versions.word + word;
                let (Some(chosen), Some(needed)) = (chosen.get(index), needed.get_mut(index))
                else {
                    continue;
                };
                let met = met & chosen;
                is_met |= met != 0;
                let mut new = met & !*needed;
                *needed |= new;
                while new != 0 {
                    let bit = usize::try_from(new.trailing_zeros()).unwrap_or(WORD);
                    new &= new - 1;
                    let index = versions.first + word * WORD + bit;
                    let by = self.all.get(index).map(|(selection, _)| *selection);
                    let more = self.required.get(index).into_iter().flatten();
                    ahead.extend(more.map(|required| (by, *required, &self.met)));
                }
            }
            if !is_met {
                flaws.push(Flaw::Unsatisfied {
                    by: by.cloned(),
                    requirement: required.requirement.clone(),
                });
            }
        }
        for index in set {
            let bit = self.of.get(*index).map(|versions| versions.bit(*index));
            let is_needed = bit.is_some_and(|(word, bit)| {
                needed.get(word).is_some_and(|needed| needed & bit != 0)
            });
            if !is_needed && let Some((selection, _)) = self.all.get(*index) {
                flaws.push(Flaw::Unneeded {
                    selection: (*selection).clone(),
                });
            }
        }
        flaws.sort();
        flaws
    }

    /// Compares each package's versions with the first of their track. WIT that the member pins to one version each may be
    /// of one track, since its worlds are apart.
    fn check_tracks(
        &self,
        roots: &[(&Requirement, &BTreeSet<ExternName>)],
        set: &[usize],
    ) -> Vec<Flaw> {
        let mut flaws = Vec::new();
        // Versions ascend, so between two of one track stand at most pre-releases, each of which is a track of its own.
        let mut first: Option<((Kind, &PackageName), Track, &Selection)> = None;
        let mut first_pre = None;
        let pins = roots.iter().filter(|(one, _)| one.kind == Kind::Wit);
        let pins = pins.filter_map(|(one, _)| Some((&one.name, one.req.pinned()?)));
        let pins: BTreeSet<(&PackageName, Version)> = pins.collect();
        let is_pinned = |selection: &Selection| {
            let version = Version {
                build: BuildMetadata::EMPTY,
                ..selection.version.clone()
            };
            selection.kind == Kind::Wit && pins.contains(&(&selection.name, version))
        };
        for (selection, _) in set.iter().filter_map(|index| self.all.get(*index)) {
            let (package, track) = (key(selection), Track::of(&selection.version));
            let first = if selection.version.pre.is_empty() {
                &mut first
            } else {
                &mut first_pre
            };
            match &*first {
                Some((of, same, one)) if *of == package && *same == track => {
                    if !(is_pinned(one) && is_pinned(selection)) {
                        flaws.push(Flaw::TwoOfOneTrack {
                            one: (*one).clone(),
                            other: (*selection).clone(),
                        });
                    }
                }
                _ => *first = Some((package, track, *selection)),
            }
        }
        flaws
    }
}

/// Judges one closed set of which every package is part; see [`Packages::check`].
pub fn check_closed_set<'a>(
    roots: impl IntoIterator<Item = (&'a Requirement, &'a BTreeSet<ExternName>)>,
    set: &BTreeMap<&'a Selection, Claim<'a>>,
) -> Vec<Flaw> {
    let packages = Packages::new(set.iter().map(|(selection, claim)| (*selection, *claim)));
    let all: Vec<usize> = (0..set.len()).collect();
    packages.check(roots, &all)
}

/// Judges a member's closed set against what the member requires now.
pub fn check_member(member: &Member, set: &ClosedSet) -> Vec<Flaw> {
    let roots = member.requirements.iter();
    let claims = set.packages.iter().map(|(selection, provenance)| {
        let claim = Claim {
            requirements: provenance.requirements(),
            exports: provenance.exports(),
        };
        (selection, claim)
    });
    check_closed_set(
        roots.map(|root| (&root.requirement, &root.exports)),
        &claims.collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crowd of packages that all require the same of one with many versions is a line of bits, not one for each.
    #[test]
    fn what_many_require_is_judged_once() {
        let selection = |text: String| -> Selection { text.parse().expect("a selection") };
        let requires = |texts: &[&str]| -> BTreeSet<Requirement> {
            let parse = |text: &&str| text.parse().expect("a requirement");
            texts.iter().map(parse).collect()
        };
        let nothing = requires(&[]);
        let same = requires(&["component t:many ^1", "component t:many >=1.9.0"]);
        let many = (0..640).map(|minor| selection(format!("component t:many@1.{minor}.0")));
        let many: Vec<_> = many.map(|one| (one, &nothing)).collect();
        let crowd = (0..1_000).map(|number| selection(format!("component t:user{number}@1.0.0")));
        let all: BTreeMap<_, _> = crowd.map(|one| (one, &same)).chain(many).collect();
        let claims = all.iter().map(|(selection, requirements)| {
            let exports = None;
            (
                selection,
                Claim {
                    requirements,
                    exports,
                },
            )
        });
        let packages = Packages::new(claims);
        assert_eq!(packages.met.len(), 2 * 640 / WORD);
        // The answer is the same as if each requirement were judged by itself.
        let roots = requires(&["component t:user7 ^1"]);
        let judged = |chosen: &[&str]| {
            let chosen = chosen.iter().map(|text| selection((*text).to_owned()));
            let chosen: BTreeSet<_> = chosen.collect();
            let indices = packages.indices(&chosen).expect("all of them are claimed");
            let roots = roots.iter().map(|root| (root, const { &BTreeSet::new() }));
            packages.check(roots, &indices).len()
        };
        assert_eq!(
            judged(&["component t:user7@1.0.0", "component t:many@1.9.0"]),
            0
        );
        assert_eq!(
            judged(&["component t:user7@1.0.0", "component t:many@1.8.0"]),
            1
        );
    }
}
