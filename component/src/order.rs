//! Things in an order in which each comes after those that it needs.
//!
//! What needs what is often said by outside bytes, so nothing here recurses. The order is a function of the keys and of
//! what each needs, however they were found.

use std::collections::{BTreeMap, BTreeSet};

/// Which thing comes next, of those whose needs have all come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// The least of them.
    Least,
    /// The least of those that were free when the last round began. When all of them have come, another round begins.
    OfRound,
}

/// Things in an order, as far as there is one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted<K> {
    /// Each after those that it needs.
    pub order: Vec<K>,
    /// What is left: things that need each other, and things that need one of those.
    pub stuck: BTreeSet<K>,
}

/// Sorts things by what each needs. A need that is no key of the map holds nothing up.
pub fn sort<K: Copy + Ord>(needs: &BTreeMap<K, BTreeSet<K>>, next: Next) -> Sorted<K> {
    let mut waits: BTreeMap<K, usize> = BTreeMap::new();
    let mut users: BTreeMap<K, Vec<K>> = BTreeMap::new();
    for (key, needed) in needs {
        let needed = needed.iter().filter(|one| needs.contains_key(one));
        waits.insert(*key, needed.clone().count());
        for one in needed {
            users.entry(*one).or_default().push(*key);
        }
    }
    let free = waits.iter().filter(|(_, waits)| **waits == 0);
    // By rounds, the number of the round comes before the key.
    let mut free: BTreeSet<(usize, K)> = free.map(|(key, _)| (0, *key)).collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some((round, key)) = free.pop_first() {
        order.push(key);
        waits.remove(&key);
        for user in users.get(&key).into_iter().flatten() {
            if let Some(left) = waits.get_mut(user) {
                *left = left.saturating_sub(1);
                if *left == 0 {
                    let round = match next {
                        Next::Least => 0,
                        Next::OfRound => round.saturating_add(1),
                    };
                    free.insert((round, *user));
                }
            }
        }
    }
    Sorted {
        order,
        stuck: waits.into_keys().collect(),
    }
}

impl<K: Copy + Ord> Sorted<K> {
    /// Some of those that are stuck, of which each needs the next and the last needs the first. The least of them comes
    /// first. Empty where nothing is stuck.
    pub fn circle(&self, needs: &BTreeMap<K, BTreeSet<K>>) -> Vec<K> {
        let mut path: Vec<K> = Vec::new();
        let mut positions: BTreeMap<K, usize> = BTreeMap::new();
        let mut at = self.stuck.first().copied();
        while let Some(key) = at {
            if let Some(start) = positions.insert(key, path.len()) {
                let mut circle = path.split_off(start);
                let least = circle.iter().enumerate().min_by_key(|(_, key)| **key);
                let least = least.map_or(0, |(position, _)| position);
                circle.rotate_left(least);
                return circle;
            }
            path.push(key);
            // What is stuck needs something that is stuck.
            let needed = needs.get(&key).into_iter().flatten();
            at = needed.copied().find(|one| self.stuck.contains(one));
        }
        path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which numbers each number needs, as `1: 2 3, 2:`.
    fn needs(text: &str) -> BTreeMap<u32, BTreeSet<u32>> {
        let number = |text: &str| text.trim().parse().unwrap_or(u32::MAX);
        let each = text.split(", ").map(|one| {
            let (key, needed) = one.split_once(':').unwrap_or((one, ""));
            let needed = needed.split_whitespace().map(number);
            (number(key), needed.collect())
        });
        each.collect()
    }

    #[test]
    fn each_comes_after_those_that_it_needs() {
        for (text, least, of_round) in [
            ("1:, 2:, 3:", [1, 2, 3], [1, 2, 3]),
            ("1: 3, 2:, 3:", [2, 3, 1], [2, 3, 1]),
            ("1:, 2: 1, 3:", [1, 2, 3], [1, 3, 2]),
            ("1: 2 3, 2: 3, 3:", [3, 2, 1], [3, 2, 1]),
            ("1: 3, 2: 3, 3: 9", [3, 1, 2], [3, 1, 2]),
        ] {
            let needs = needs(text);
            assert_eq!(sort(&needs, Next::Least).order, least, "{text}");
            let by_rounds = sort(&needs, Next::OfRound);
            assert_eq!(by_rounds.order, of_round, "{text}");
            assert!(by_rounds.stuck.is_empty() && by_rounds.circle(&needs).is_empty());
        }
    }

    #[test]
    fn what_needs_itself_is_left_with_all_that_needs_it() {
        for (text, order, stuck, circle) in [
            ("1: 1", vec![], vec![1], vec![1]),
            ("1: 2, 2: 1, 3:", vec![3], vec![1, 2], vec![1, 2]),
            (
                "1: 2, 2: 4, 3: 2, 4: 3, 5:",
                vec![5],
                vec![1, 2, 3, 4],
                vec![2, 4, 3],
            ),
            (
                "1: 4, 2: 3, 3: 2, 4: 3",
                vec![],
                vec![1, 2, 3, 4],
                vec![2, 3],
            ),
        ] {
            let needs = needs(text);
            for next in [Next::Least, Next::OfRound] {
                let sorted = sort(&needs, next);
                assert_eq!(sorted.order, order, "{text}");
                assert_eq!(sorted.circle(&needs), circle, "{text}");
                assert_eq!(
                    sorted.stuck.into_iter().collect::<Vec<_>>(),
                    stuck,
                    "{text}"
                );
            }
        }
    }

    /// Of all relations among four things.
    #[test]
    fn whatever_needs_what_all_are_there_once_and_only_circles_are_left() {
        const THINGS: u32 = 4;
        for relation in 0..1_u32 << (THINGS * THINGS) {
            let has = |from: u32, to: u32| relation >> (from * THINGS + to) & 1 == 1;
            let needs: BTreeMap<u32, BTreeSet<u32>> = (0..THINGS)
                .map(|from| (from, (0..THINGS).filter(|to| has(from, *to)).collect()))
                .collect();
            let sorted = sort(&needs, Next::OfRound);
            let least = sort(&needs, Next::Least);
            assert_eq!(sorted.stuck, least.stuck);
            for Sorted { order, stuck } in [&sorted, &least] {
                assert_eq!(order.len() + stuck.len(), needs.len());
                for (position, key) in order.iter().enumerate() {
                    let (before, _) = order.split_at(position);
                    assert!(needs[key].iter().all(|one| before.contains(one)));
                }
                for key in stuck {
                    assert!(needs[key].iter().any(|one| stuck.contains(one)));
                }
            }
            let circle = sorted.circle(&needs);
            assert_eq!(circle.is_empty(), sorted.stuck.is_empty());
            let nexts = circle.iter().cycle().skip(1);
            assert!(circle.iter().zip(nexts).all(|(one, next)| has(*one, *next)));
            assert_eq!(circle.first(), circle.iter().min());
        }
    }

    #[test]
    fn a_long_chain_takes_no_stack() {
        let end = 200_000_u32;
        let mut needs: BTreeMap<u32, BTreeSet<u32>> = (0..end)
            .map(|key| (key, BTreeSet::from([key + 1])))
            .collect();
        assert!(
            sort(&needs, Next::Least)
                .order
                .iter()
                .copied()
                .eq((0..end).rev())
        );
        needs.insert(end, BTreeSet::from([0]));
        let sorted = sort(&needs, Next::Least);
        assert!(sorted.circle(&needs).into_iter().eq(0..=end));
    }
}
