//! What an operator says: one more record behind the operator log.

use transparency::key::SigningKey;
use transparency::number::Time;
use transparency::operator::{self, Action};
use transparency::record::{Record, Subject};

use crate::error::{Class, OrFail as _, Result};

/// The record that says these things, behind the last one of the log, signed by this key. The log decides whether the key may.
///
/// # Errors
/// More than a record can hold.
pub(super) fn record(
    log: &operator::Log,
    key: &SigningKey,
    actions: Vec<Action>,
    now: Time,
) -> Result<Vec<u8>> {
    let record = Record {
        origin: log.origin().clone(),
        subject: Subject::Operator,
        position: log.length().next(),
        previous: log.head(),
        time: log.next_time(now, &actions),
        signer: key.verifying_key().clone(),
        actions,
    };
    record
        .sign(key)
        .or_fail(Class::Other, || "cannot write the record")
}
