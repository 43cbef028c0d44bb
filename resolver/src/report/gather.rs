//! Steps that say the same of one version after the other, as one.
//!
//! A package of forty versions that each require another range of what is settled gives forty steps. Each rests on the
//! one before and on what one more version requires. Together they rest on all those requirements and conclude what the
//! last one concludes. Only what was concluded on the way is left out.

use std::collections::{BTreeMap, BTreeSet};

use transparency::name::{Kind, PackageName};

use super::{Fact, Group, Premise, Step};

/// From how many steps on they become one. Fewer are easier to follow one by one.
const ENOUGH: usize = 4;

/// Who requires, and of which package.
pub(super) type Subject = (Kind, PackageName, Kind, PackageName);

/// What a fact says that one package requires of another.
pub(super) fn subject(fact: &Fact) -> Option<Subject> {
    let Fact::Requires {
        by: Some(Group { kind, name, .. }),
        wishes,
        ..
    } = fact
    else {
        return None;
    };
    let wanted = &wishes.first()?.requirement;
    Some((*kind, name.clone(), wanted.kind, wanted.name.clone()))
}

/// What a step adds to the one before it, where that is nothing but what some versions of one package require of another.
fn adds(step: &Step, before: usize) -> Option<Subject> {
    let mut subjects: BTreeSet<Subject> = BTreeSet::new();
    let mut follows = false;
    for premise in &step.premises {
        match premise {
            Premise::Step(earlier) if *earlier == before => follows = true,
            Premise::Step(_) => return None,
            Premise::Fact(fact) => {
                subjects.insert(subject(fact)?);
            }
        }
    }
    let one = subjects.pop_first()?;
    (follows && subjects.is_empty()).then_some(one)
}

/// The same derivation with runs of such steps as one step each.
pub(super) fn gathered(steps: Vec<Step>) -> Vec<Step> {
    let mut uses: BTreeMap<usize, usize> = BTreeMap::new();
    for premise in steps.iter().flat_map(|step| &step.premises) {
        if let Premise::Step(earlier) = premise {
            let count = uses.entry(*earlier).or_default();
            *count = count.saturating_add(1);
        }
    }
    // The first step of the run that each step is in.
    let mut heads: Vec<usize> = Vec::new();
    let mut last: Option<Subject> = None;
    for (here, step) in steps.iter().enumerate() {
        let before = here.checked_sub(1);
        let added = before
            .filter(|before| uses.get(before) == Some(&1))
            .and_then(|before| adds(step, before));
        let head = before.and_then(|before| heads.get(before).copied());
        let goes_on = match (&added, head) {
            (Some(subject), Some(head)) => last.as_ref() == Some(subject) || Some(head) == before,
            _ => false,
        };
        heads.push(head.filter(|_| goes_on).unwrap_or(here));
        last = added;
    }
    let mut lengths: BTreeMap<usize, usize> = BTreeMap::new();
    for head in &heads {
        let length = lengths.entry(*head).or_default();
        *length = length.saturating_add(1);
    }
    let mut positions: BTreeMap<usize, usize> = BTreeMap::new();
    let mut kept: Vec<Step> = Vec::new();
    for (here, (mut step, head)) in steps.into_iter().zip(heads).enumerate() {
        let is_gathered = lengths.get(&head).is_some_and(|length| *length >= ENOUGH);
        let mut premises = match kept.last_mut() {
            Some(before) if is_gathered && head != here => {
                step.premises
                    .retain(|premise| !matches!(premise, Premise::Step(_)));
                std::mem::take(&mut before.premises)
            }
            _ => {
                for premise in &mut step.premises {
                    if let Premise::Step(earlier) = premise {
                        *earlier = positions.get(earlier).copied().unwrap_or(*earlier);
                    }
                }
                Vec::new()
            }
        };
        if !premises.is_empty() {
            kept.pop();
        }
        for premise in step.premises {
            if !premises.contains(&premise) {
                premises.push(premise);
            }
        }
        step.premises = premises;
        positions.insert(here, kept.len());
        kept.push(step);
    }
    kept
}
