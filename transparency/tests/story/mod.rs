//! A registry in memory, to tell stories with: who signs what, what the log holds, what a checkpoint says of it.
//!
//! It checks nothing, so that it can lie as well. Trees and proofs are computed by RFC 6962's recursive definitions,
//! independent of the code under test. Keys are made of their names: `key("alice")` is always the same key.

#![allow(
    dead_code,
    clippy::allow_attributes,
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "each test file uses a part of it"
)]

use std::collections::BTreeMap;

use transparency::checkpoint::{Checkpoint, MapEntry, Opening, TrustError, TrustedCheckpoint};
use transparency::digest::{Digest, Hash};
use transparency::key::{Algorithm, SigningKey, VerifyingKey};
use transparency::log::{ConsistencyProof, InclusionProof};
use transparency::map::{self, Key, Slot, VerifiedPages};
use transparency::name::{Kind, PackageName};
use transparency::number::{Index, Length, Position, Size, Time};
use transparency::operator::{self, Role};
use transparency::package::{
    self, Head, LogError, OpenedRecord, Permission, Presence, Proofs, Replay, Under, asks,
};
use transparency::policy::Policy;
use transparency::record::{Record, Subject};
use transparency::statement::Statement;
use transparency::version::parse_version;

pub const ORIGIN: &str = "registry.example";

pub fn seed(name: &str) -> [u8; 32] {
    *Digest::of(name.as_bytes()).as_bytes()
}

/// The key of this name. `operate` and `checkpoint` keys bear the registry's name.
pub fn key(name: &str) -> SigningKey {
    let bears = name.split('#').next().unwrap();
    SigningKey::from_seed(bears, Algorithm::Ed25519, seed(name)).unwrap()
}

pub fn vkey(name: &str) -> VerifyingKey {
    key(name).verifying_key().clone()
}

pub fn witness(name: &str) -> SigningKey {
    SigningKey::from_seed(name, Algorithm::CosignatureV1, seed(name)).unwrap()
}

/// The operate key, and a checkpoint key: `registry.example#…`.
pub const OPERATE: &str = "registry.example#operate";
pub const CHECKPOINT: &str = "registry.example#checkpoint";

pub fn name(text: &str) -> PackageName {
    text.parse().unwrap()
}

pub fn at(minute: u64) -> Time {
    Time::from_unix(1_795_000_000 + 60 * minute).unwrap()
}

pub fn release(version: &str) -> package::Action {
    let content = Digest::of(version.as_bytes());
    package::Action::Release(Statement::new(parse_version(version).unwrap(), content, 7))
}

pub fn grant(to: &str, permissions: &[Permission]) -> package::Action {
    package::Action::Grant {
        key: vkey(to),
        permissions: permissions.iter().copied().collect(),
        under: None,
    }
}

pub fn revoke(from: &str, permissions: &[Permission]) -> package::Action {
    package::Action::Revoke {
        key: vkey(from),
        permissions: permissions.iter().copied().collect(),
    }
}

pub fn recover(to: &str, under: Under) -> package::Action {
    package::Action::Grant {
        key: vkey(to),
        permissions: [Permission::Own].into(),
        under: Some(under),
    }
}

pub fn init(under: Under) -> package::Action {
    package::Action::Init {
        kind: Kind::Component,
        under,
    }
}

pub fn namespace(name: &str, keys: &[&str]) -> operator::Action {
    let keys = keys.iter().map(|name| vkey(name)).collect();
    operator::Action::Namespace(name.parse().unwrap(), keys)
}

pub fn grant_role(to: &str, roles: &[Role]) -> operator::Action {
    operator::Action::Grant(vkey(to), roles.iter().copied().collect())
}

pub fn revoke_role(from: &str, roles: &[Role]) -> operator::Action {
    operator::Action::Revoke(vkey(from), roles.iter().copied().collect())
}

/// A count as a `u64`.
pub fn count(things: usize) -> u64 {
    u64::try_from(things).unwrap()
}

/// The root of a tree, as RFC 6962 §2.1 defines it.
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = halves(leaves);
            Hash::of_node(&root(left), &root(right))
        }
    }
}

fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
    leaves.split_at(leaves.len().next_power_of_two() / 2)
}

/// PATH of RFC 6962 §2.1.1.
pub fn path(leaves: &[Hash], position: usize) -> Vec<Hash> {
    if leaves.len() <= 1 {
        return Vec::new();
    }
    let (left, right) = halves(leaves);
    let (mut path, other) = match position.checked_sub(left.len()) {
        None => (path(left, position), right),
        Some(position) => (path(right, position), left),
    };
    path.push(root(other));
    path
}

/// PROOF of RFC 6962 §2.1.2.
pub fn proof(leaves: &[Hash], older: usize) -> Vec<Hash> {
    fn sub(leaves: &[Hash], older: usize, whole: bool) -> Vec<Hash> {
        if older == leaves.len() {
            return if whole {
                Vec::new()
            } else {
                vec![root(leaves)]
            };
        }
        let (left, right) = halves(leaves);
        let (mut path, other) = match older.checked_sub(left.len()) {
            None | Some(0) => (sub(left, older, whole), right),
            Some(rest) => (sub(right, rest, false), left),
        };
        path.push(root(other));
        path
    }
    if older == 0 {
        return Vec::new();
    }
    sub(leaves, older, true)
}

/// A registry, and everything it holds.
#[derive(Clone)]
pub struct World {
    pub policy: Policy,
    pub entries: Vec<Vec<u8>>,
    pub operator: Vec<(Index, Vec<u8>)>,
    pub packages: BTreeMap<PackageName, Vec<(Index, Vec<u8>)>>,
    pub pages: BTreeMap<Digest, Vec<u8>>,
    pub signer: &'static str,
    pub now: Time,
}

/// A registry as one checkpoint shows it.
#[derive(Clone)]
pub struct Shown {
    pub world: World,
    pub note: Vec<u8>,
    pub entry: Vec<u8>,
    pub leaves: Vec<Hash>,
}

impl World {
    /// A registry whose operator gave the namespace `acme` to `alice`.
    pub fn new() -> Self {
        let mut world = Self::bare();
        world.operate(
            OPERATE,
            vec![
                operator::Action::Init,
                grant_role(CHECKPOINT, &[Role::Checkpoint]),
                namespace("acme", &["alice"]),
            ],
        );
        world
    }

    /// A registry without any record.
    pub fn bare() -> Self {
        Self {
            policy: Policy::without_witnesses(vkey(OPERATE)).unwrap(),
            entries: Vec::new(),
            operator: Vec::new(),
            packages: BTreeMap::new(),
            pages: BTreeMap::new(),
            signer: CHECKPOINT,
            now: at(0),
        }
    }

    /// With the package `acme:logger`, which `alice` owns, and a release 1.0.0.
    pub fn with_logger() -> Self {
        let mut world = Self::new();
        world.write(
            "acme:logger",
            "alice",
            vec![init(world.under(0)), release("1.0.0")],
        );
        world
    }

    /// What names the operator record at this position.
    pub fn under(&self, position: usize) -> Under {
        Under {
            position: Position::new(count(position)),
            record: Hash::of_leaf(&self.operator[position].1),
        }
    }

    pub fn next_index(&self) -> Index {
        Index::new(count(self.entries.len()))
    }

    /// The next operator record, not signed yet.
    pub fn operator_draft(
        &self,
        signer: &str,
        actions: Vec<operator::Action>,
    ) -> Record<operator::Action> {
        Record {
            origin: ORIGIN.parse().unwrap(),
            subject: Subject::Operator,
            position: Position::new(count(self.operator.len())),
            previous: head(&self.operator),
            time: self.now,
            signer: vkey(signer),
            actions,
        }
    }

    /// The next record of a package, not signed yet.
    pub fn draft(
        &self,
        package: &str,
        signer: &str,
        actions: Vec<package::Action>,
    ) -> Record<package::Action> {
        let records = self.packages.get(&name(package));
        Record {
            origin: ORIGIN.parse().unwrap(),
            subject: Subject::Package(name(package)),
            position: Position::new(count(records.map_or(0, Vec::len))),
            previous: records.map_or(Hash::ZERO, |records| head(records)),
            time: self.now,
            signer: vkey(signer),
            actions,
        }
    }

    /// Appends an operator record, whether it is good or not.
    pub fn operate(&mut self, signer: &str, actions: Vec<operator::Action>) {
        let bytes = self
            .operator_draft(signer, actions)
            .sign(&key(signer))
            .unwrap();
        self.append_operator(bytes);
    }

    pub fn append_operator(&mut self, bytes: Vec<u8>) {
        self.operator.push((self.next_index(), bytes.clone()));
        self.entries.push(bytes);
    }

    /// Appends a package record, whether it is good or not.
    pub fn write(&mut self, package: &str, signer: &str, actions: Vec<package::Action>) {
        let bytes = self
            .draft(package, signer, actions)
            .sign(&key(signer))
            .unwrap();
        self.append(package, bytes);
    }

    pub fn append(&mut self, package: &str, bytes: Vec<u8>) {
        let index = self.next_index();
        let records = self.packages.entry(name(package)).or_default();
        records.push((index, bytes.clone()));
        self.entries.push(bytes);
    }

    /// What the map must say of a package; none where it has no records.
    pub fn slot(&self, package: &str) -> Option<Slot> {
        let records = self.packages.get(&name(package))?;
        Some(Slot {
            key: Key::of(&name(package)),
            length: Length::new(count(records.len())),
            head: head(records),
            index: records.last()?.0,
        })
    }

    /// The operator log, replayed.
    pub fn operator_log(&self) -> operator::Log {
        self.replay_operator().unwrap()
    }

    /// The operator log as it was when the entry at `index` was appended.
    pub fn operator_log_before(&self, index: Index) -> operator::Log {
        let mut world = self.clone();
        world.operator.retain(|(other, _)| *other < index);
        world.operator_log()
    }

    pub fn replay_operator(&self) -> Result<operator::Log, operator::AdmitError> {
        let records = self
            .operator
            .iter()
            .map(|(index, bytes)| (*index, bytes.as_slice()));
        operator::Log::replay(ORIGIN.parse().unwrap(), vkey(OPERATE), records)
    }

    pub fn operator_bytes(&self) -> Vec<&[u8]> {
        self.operator
            .iter()
            .map(|(_, bytes)| bytes.as_slice())
            .collect()
    }

    /// Appends the map entry and signs a checkpoint.
    pub fn publish(&mut self) -> Shown {
        self.publish_as(|_, _| {})
    }

    /// As [`World::publish`], but with a map and a map entry that may say something else.
    pub fn publish_as(&mut self, lie: impl FnOnce(&mut Vec<Slot>, &mut MapEntry)) -> Shown {
        let names: Vec<_> = self.packages.keys().cloned().collect();
        let mut slots: Vec<Slot> = names
            .iter()
            .filter_map(|name| self.slot(name.as_str()))
            .collect();
        let mut entry = MapEntry {
            origin: ORIGIN.parse().unwrap(),
            root: Digest::ZERO,
            packages: 0,
            operator_length: Length::new(count(self.operator.len())),
            operator_head: head(&self.operator),
            operator_index: self
                .operator
                .last()
                .map_or(Index::ZERO, |(index, _)| *index),
            time: self.now,
        };
        lie(&mut slots, &mut entry);
        let map = map::build(slots).unwrap();
        self.pages.extend(map.pages);
        if entry.root == Digest::ZERO {
            (entry.root, entry.packages) = (map.root, map.count);
        }
        let entry = entry.to_string().into_bytes();
        self.entries.push(entry.clone());
        let leaves: Vec<Hash> = self
            .entries
            .iter()
            .map(|entry| Hash::of_leaf(entry))
            .collect();
        let checkpoint = Checkpoint {
            origin: ORIGIN.parse().unwrap(),
            size: Size::new(count(leaves.len())),
            root: root(&leaves),
        };
        let note = checkpoint.sign(&key(self.signer)).to_string().into_bytes();
        Shown {
            world: self.clone(),
            note,
            entry,
            leaves,
        }
    }
}

fn head(records: &[(Index, Vec<u8>)]) -> Hash {
    records
        .last()
        .map_or(Hash::ZERO, |(_, bytes)| Hash::of_leaf(bytes))
}

impl Shown {
    pub fn size(&self) -> Size {
        Size::new(count(self.leaves.len()))
    }

    pub fn inclusion(&self, index: Index) -> InclusionProof {
        let position = usize::try_from(index.get()).unwrap();
        let path = if position < self.leaves.len() {
            path(&self.leaves, position)
        } else {
            Vec::new()
        };
        InclusionProof::new(path).unwrap()
    }

    pub fn consistency(&self, older: usize) -> ConsistencyProof {
        ConsistencyProof::new(proof(&self.leaves, older)).unwrap()
    }

    pub fn entry_proof(&self) -> InclusionProof {
        self.inclusion(self.size().last().unwrap())
    }

    /// The rung: the checkpoint, opened with all that the registry shows.
    pub fn open(&self) -> Result<TrustedCheckpoint, TrustError> {
        self.open_by(&self.world.policy)
    }

    pub fn open_by(&self, policy: &Policy) -> Result<TrustedCheckpoint, TrustError> {
        let records: Vec<(Index, &[u8])> = self
            .world
            .operator
            .iter()
            .map(|(index, bytes)| (*index, bytes.as_slice()))
            .collect();
        let index = MapEntry::parse(&self.entry).map_or(Index::ZERO, |entry| entry.operator_index);
        TrustedCheckpoint::open(
            policy,
            &Opening {
                note: &self.note,
                map_entry: &self.entry,
                operator_records: &records,
                map_entry_proof: &self.entry_proof(),
                operator_proof: &self.inclusion(index),
            },
        )
    }

    /// The pages of the map that lead to a package or to its absence, root first.
    pub fn page_path(&self, package: &str) -> Vec<&[u8]> {
        let entry = MapEntry::parse(&self.entry).unwrap();
        let mut verified = VerifiedPages::open(entry.root, entry.packages);
        let mut path = Vec::new();
        let key = Key::of(&name(package));
        while let [(_, digest)] = verified.needed(&[key]).as_slice() {
            let bytes = self.world.pages[digest].as_slice();
            verified.admit(&key, bytes).unwrap();
            path.push(bytes);
        }
        path
    }

    /// The next rung: whether the package is there.
    pub fn presence(&self, package: &str) -> Presence {
        let checkpoint = self.open().unwrap();
        let mut pages = checkpoint.pages();
        let key = Key::of(&name(package));
        for page in self.page_path(package) {
            pages.admit(&key, page).unwrap();
        }
        let index = pages.slot(&key).unwrap().map(|slot| slot.index);
        let proofs = index
            .map(|index| (index, self.inclusion(index)))
            .into_iter()
            .collect();
        Presence::open(&checkpoint, &name(package), &pages, &proofs).unwrap()
    }

    pub fn head(&self, package: &str) -> Head {
        match self.presence(package) {
            Presence::Present(head) => head,
            Presence::Absent(_) => panic!("`{package}` is not there"),
        }
    }

    /// Inclusion proofs for all that replaying the package asks for.
    pub fn proofs(&self, package: &str) -> Proofs {
        let operator = self.world.operator_log();
        asks(&operator, &name(package), self.records(package))
            .into_iter()
            .map(|index| (index, self.inclusion(index)))
            .collect()
    }

    pub fn records(&self, package: &str) -> Vec<(Index, &[u8])> {
        let records = self.world.packages.get(&name(package));
        records
            .into_iter()
            .flatten()
            .map(|(index, bytes)| (*index, bytes.as_slice()))
            .collect()
    }

    /// The next rung: the package's log, replayed to its head. Records that were opened before, each apart from the others,
    /// give the same; and of several faults the same one.
    pub fn log(&self, package: &str) -> Result<package::Log, LogError> {
        let (head, checkpoint) = (self.head(package), self.open().unwrap());
        let (records, proofs) = (self.records(package), self.proofs(package));
        let log = package::Log::replay(&head, &checkpoint, &records, &proofs);
        let opened = OpenedRecord::open_all(records.iter().map(|(_, bytes)| *bytes));
        let length = Length::new(u64::try_from(records.len()).unwrap());
        let apart = Replay::begin(&head, &checkpoint, length, &proofs).and_then(|mut replay| {
            for ((index, _), record) in records.iter().zip(opened) {
                replay.take(*index, record)?;
            }
            replay.finish()
        });
        assert_eq!(format!("{apart:?}"), format!("{log:?}"));
        log
    }
}

/// What is wrong with the package's next record: asked of both doors, that of the sequencer and that of the reader, which
/// must say the same. None where the record is good.
pub fn fault_of(world: &World, package: &str, bytes: &[u8]) -> Option<package::Fault> {
    let mut log = package::Log::danger_before_first_record(ORIGIN.parse().unwrap(), name(package));
    for (index, record) in world.packages.get(&name(package)).into_iter().flatten() {
        log.admit(&world.operator_log_before(*index), record)
            .unwrap();
    }
    let operator = world.operator_log();
    let before = format!("{log:?}");
    let admitted = match log.admit(&operator, bytes) {
        Ok(()) => None,
        Err(LogError::Record { fault, .. }) => Some(fault),
        Err(other) => panic!("{other}"),
    };
    if admitted.is_some() {
        assert_eq!(
            format!("{log:?}"),
            before,
            "a refused record changes nothing"
        );
    }
    let mut world = world.clone();
    world.append(package, bytes.to_vec());
    let replayed = match world.publish().log(package) {
        Ok(_) => None,
        Err(LogError::Record { fault, .. }) => Some(fault),
        Err(other) => panic!("{other}"),
    };
    assert_eq!(admitted, replayed, "the sequencer and the reader disagree");
    replayed
}

/// As [`fault_of`], of a record that `signer` writes.
pub fn fault(
    world: &World,
    package: &str,
    signer: &str,
    actions: Vec<package::Action>,
) -> Option<package::Fault> {
    let bytes = world
        .draft(package, signer, actions)
        .sign(&key(signer))
        .unwrap();
    fault_of(world, package, &bytes)
}

/// What is wrong with the operator's next record.
pub fn operator_fault_of(world: &World, bytes: &[u8]) -> Option<operator::Fault> {
    let mut log = world.operator_log();
    let before = format!("{log:?}");
    let admitted = log
        .admit(world.next_index(), bytes)
        .err()
        .map(|error| error.fault);
    if admitted.is_some() {
        assert_eq!(
            format!("{log:?}"),
            before,
            "a refused record changes nothing"
        );
    }
    let mut world = world.clone();
    world.append_operator(bytes.to_vec());
    let replayed = world.replay_operator().err().map(|error| error.fault);
    assert_eq!(admitted, replayed, "admitting and replaying disagree");
    replayed
}

pub fn operator_fault(
    world: &World,
    signer: &str,
    actions: Vec<operator::Action>,
) -> Option<operator::Fault> {
    let bytes = world
        .operator_draft(signer, actions)
        .sign(&key(signer))
        .unwrap();
    operator_fault_of(world, &bytes)
}

/// The same bytes with one text replaced, signed anew where it is in the signed part.
pub fn resigned(bytes: &[u8], from: &str, to: &str, signer: &str) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    let (signed, _) = text.rsplit_once("\n\n").unwrap();
    assert!(
        signed.contains(from),
        "`{from}` does not stand in the record"
    );
    let text = format!("{}\n", signed.replacen(from, to, 1));
    transparency::note::Note::sign(text, &key(signer))
        .to_string()
        .into_bytes()
}

/// Two keys of one name and one id, the first of them a real key: found by trying.
pub fn same_id(name: &str) -> (VerifyingKey, VerifyingKey) {
    same_id_of(name, 1)
}

/// The same, of keys of this type.
pub fn same_id_of(name: &str, algorithm: u8) -> (VerifyingKey, VerifyingKey) {
    let mut seen = BTreeMap::new();
    for number in 0u64.. {
        let seed = *Digest::of(&number.to_be_bytes()).as_bytes();
        let mut text = name.as_bytes().to_vec();
        text.extend([b'\n', algorithm]);
        text.extend(seed);
        let id: [u8; 4] = Digest::of(&text).as_bytes()[..4].try_into().unwrap();
        if let Some(other) = seen.insert(id, seed) {
            let [one, other] = [other, seed].map(|public| vkey_of(name, algorithm, id, public));
            if one.verifier().is_ok() {
                return (one, other);
            }
        }
    }
    unreachable!("numbers do not end")
}

fn vkey_of(name: &str, algorithm: u8, id: [u8; 4], public: [u8; 32]) -> VerifyingKey {
    let mut tail = vec![algorithm];
    tail.extend(public);
    let id = u32::from_be_bytes(id);
    format!("{name}+{id:08x}+{}", base64(&tail))
        .parse()
        .unwrap()
}

pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut three = [0u8; 3];
        three[..chunk.len()].copy_from_slice(chunk);
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for position in 0..4 {
            if position <= chunk.len() {
                let digit = usize::try_from(bits >> (18 - 6 * position) & 63).unwrap();
                text.push(char::from(ALPHABET[digit]));
            } else {
                text.push('=');
            }
        }
    }
    text
}
