//! Long logs, quickly: many records of one log in one batch.

use fixtures::storage::Memory;
use fixtures::world::World;
use transparency::digest::Hash;
use transparency::operator;
use transparency::package::{Action, Scope};
use transparency::record::{Record, Subject};

use super::{name, present};

/// So many further records of a package that is there, in one batch. They say nothing of interest.
pub fn annotate(world: &World<Memory>, package: &str, count: u64) {
    let loaded = present(world.session().load_one(&name(package)).unwrap());
    let mut record = Record {
        origin: world.origin().clone(),
        subject: Subject::Package(name(package)),
        position: loaded.log().length().next(),
        previous: loaded.log().head(),
        time: world.now(),
        signer: world.publisher().verifying_key().clone(),
        actions: Vec::new(),
    };
    let mut batch = Vec::new();
    for number in 0..count {
        record.actions = vec![Action::Annotate {
            scope: Scope::Package,
            key: "number".into(),
            value: number.to_string(),
        }];
        let bytes = record.sign(world.publisher()).unwrap();
        record.previous = Hash::of_leaf(&bytes);
        record.position = transparency::number::Position::new(record.position.get() + 1);
        batch.push(bytes);
    }
    world.append(&batch).unwrap();
}

/// Operator records with one action each, signed and not appended.
pub fn operator(world: &World<Memory>, actions: Vec<operator::Action>) -> Vec<Vec<u8>> {
    let session = world.session();
    let log = session.checkpoint().operator();
    let mut record = Record {
        origin: world.origin().clone(),
        subject: Subject::Operator,
        position: log.length().next(),
        previous: log.head(),
        time: world.now(),
        signer: world.operate_key().verifying_key().clone(),
        actions: Vec::new(),
    };
    let mut batch = Vec::new();
    for action in actions {
        record.actions = vec![action];
        let bytes = record.sign(world.operate_key()).unwrap();
        record.previous = Hash::of_leaf(&bytes);
        record.position = transparency::number::Position::new(record.position.get() + 1);
        batch.push(bytes);
    }
    batch
}
