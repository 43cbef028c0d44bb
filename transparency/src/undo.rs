//! What a record that is refused may have changed, put back as it was: so a log that takes a record or leaves it costs what
//! the record changes, and not a copy of all that the log holds.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

/// Some values of a map, as they were; none where there was none.
pub(crate) type Before<K, V> = Vec<(K, Option<V>)>;

/// Writes down what a map has under a key.
pub(crate) fn keep<K: Ord, V: Clone>(before: &mut Before<K, V>, map: &BTreeMap<K, V>, key: K) {
    let value = map.get(&key).cloned();
    before.push((key, value));
}

/// Puts back what was written down before anything changed.
pub(crate) fn put_back<K: Ord, V>(map: &mut BTreeMap<K, V>, before: Before<K, V>) {
    for (key, value) in before {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
