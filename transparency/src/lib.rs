//! What may be believed of a registry, and why.
//!
//! This crate is pure: bytes and proofs in, facts or refusals out. It has no clock, no randomness, no files and no
//! network; who needs those brings them as arguments. Its types are a ladder. Each rung is a value with private fields and
//! one constructor that takes the evidence, so that holding the value is the proof, and nothing that was only parsed can be
//! mistaken for it:
//!
//! ```text
//!  bytes                              a file, a cache, a lock: all go through the same doors
//!    │  parse                         one spelling, limits, no panic
//!  Unverified<SignedCheckpoint>       says what to fetch next, and nothing else
//!    │  TrustedCheckpoint::open       policy → operator records → keys → signature → quorum → map entry, operator head
//!  checkpoint::TrustedCheckpoint      this log, of this size, is what the registry signed
//!    │  check_extends                 …and it continues what was seen before
//!    │  package::Presence::open       map pages from the root to the package; its last record is in the log
//!  package::Head, or Absence          this many records, ending with that one; or none, proved
//!    │  package::Log::replay          chain, signatures, permissions, to exactly that head
//!  package::Log                       every record that the map counts, and no other
//!    │  releases                      requirements, imports, exports, digest, status
//!  &release::Release                  what was released, by whom, in which record
//!    │  content::Content::open        the bytes have that digest, and are what the record says
//!  content::Content
//! ```
//!
//! It begins with a [`policy::Policy`], a file that lies with the project: the operate key of the registry, and which
//! witnesses count. Nothing is trusted on first use. The operate key signs the operator log from its record 0 on, and the
//! [`operator::Log`] says which keys sign checkpoints and who holds which namespace. A checkpoint is believed if a key that
//! is granted there, and not revoked, signed it, the policy's quorum cosigned it, its last entry is a map entry, and that
//! entry names exactly the operator log from which the key came.
//!
//! The map entry commits to the state of all packages: for each, how many records it has and what the last of them is. So
//! a registry can neither show an old log nor leave a record out without signing a contradiction, which is seen by whoever
//! saw the record; and what it signed is
//! [`misbehavior::Misbehavior`]: evidence for somebody who has nothing but the policy. A record is signed over its origin,
//! package, position, predecessor and the signer's whole key, so none can be replayed elsewhere. What breaks the chain, a
//! signature, a permission, time or grammar refuses the whole log; anything else wrong in a release makes that release
//! unusable, and says why.
//!
//! ```
//! use transparency::checkpoint::{Opening, TrustedCheckpoint};
//! use transparency::package::{Log, Presence, Proofs};
//! # use transparency::checkpoint::{Checkpoint, MapEntry};
//! # use transparency::digest::{Digest, Hash};
//! # use transparency::key::{Algorithm, SigningKey};
//! # use transparency::log::{Appender, VerifiedTiles};
//! # use transparency::map::{Key, Slot, build};
//! # use transparency::number::{Index, Length, Position, Time};
//! # use transparency::operator::{self, Role};
//! # use transparency::package::{self, Under};
//! # use transparency::record::{Record, Subject};
//! # use transparency::statement::Statement;
//! # let origin = "registry.example";
//! # let key = |name, seed| SigningKey::from_seed(name, Algorithm::Ed25519, [seed; 32]).unwrap();
//! # let (operate, online, alice) = (key(origin, 1), key(origin, 2), key("alice", 3));
//! # let vkey = operate.verifying_key();
//! # let time = Time::from_unix(1_795_000_000).unwrap();
//! # let name: transparency::name::PackageName = "acme:logger".parse().unwrap();
//! # // What a registry holds: an operator record, a package's first record, and the map entry.
//! # let operator_record = Record {
//! #     origin: origin.parse().unwrap(),
//! #     subject: Subject::Operator,
//! #     position: Position::ZERO,
//! #     previous: Hash::ZERO,
//! #     time,
//! #     signer: vkey.clone(),
//! #     actions: vec![
//! #         operator::Action::Init,
//! #         operator::Action::Grant(online.verifying_key().clone(), [Role::Checkpoint].into()),
//! #         operator::Action::Namespace(name.namespace(), [alice.verifying_key().clone()].into()),
//! #     ],
//! # };
//! # let operator_record = operator_record.sign(&operate).unwrap();
//! # let under = Under { position: Position::ZERO, record: Hash::of_leaf(&operator_record) };
//! # let content = Digest::of(b"the component");
//! # let package_record = Record {
//! #     origin: origin.parse().unwrap(),
//! #     subject: Subject::Package(name.clone()),
//! #     position: Position::ZERO,
//! #     previous: Hash::ZERO,
//! #     time,
//! #     signer: alice.verifying_key().clone(),
//! #     actions: vec![
//! #         package::Action::Init { kind: transparency::name::Kind::Component, under },
//! #         package::Action::Release(Statement::new("1.2.0".parse().unwrap(), content, 13)),
//! #     ],
//! # };
//! # let package_record = package_record.sign(&alice).unwrap();
//! # let head = Hash::of_leaf(&package_record);
//! # let (length, index) = (Length::new(1), Index::new(1));
//! # let map = build(vec![Slot { key: Key::of(&name), length, head, index }]).unwrap();
//! # let map_entry = MapEntry {
//! #     origin: origin.parse().unwrap(),
//! #     root: map.root,
//! #     packages: map.count,
//! #     operator_length: length,
//! #     operator_head: under.record,
//! #     operator_index: Index::ZERO,
//! #     time,
//! # };
//! # let map_entry = map_entry.to_string().into_bytes();
//! # let leaves = [under.record, head, Hash::of_leaf(&map_entry)];
//! # let log = Appender::empty().append(&leaves).unwrap();
//! # let note = Checkpoint { origin: origin.parse().unwrap(), size: log.size, root: log.root };
//! # let note = note.sign(&online).to_string().into_bytes();
//! # let tiles = VerifiedTiles::open(log.size, log.root, log.tiles).unwrap();
//! # let prove = |index| tiles.prove_inclusion(Index::new(index)).unwrap();
//! # let (first_proof, last_proof) = (prove(0), prove(2));
//! # let policy_file = format!("log {vkey}\nquorum none\n");
//! # let page = &map.pages[0].1;
//! # let operator_records = [(Index::ZERO, operator_record.as_slice())];
//! # let package_records = [(Index::new(1), package_record.as_slice())];
//! # let proofs: Proofs = (0..2).map(|index| (Index::new(index), prove(index))).collect();
//! // The policy lies with the project. All else was fetched: the note, the map entry, records, pages and proofs.
//! let policy = transparency::policy::Policy::parse(policy_file.as_bytes())?;
//! let opening = Opening {
//!     note: &note,
//!     map_entry: &map_entry,
//!     operator_records: &operator_records,
//!     map_entry_proof: &last_proof,
//!     operator_proof: &first_proof,
//! };
//! let checkpoint = TrustedCheckpoint::open(&policy, &opening)?;
//!
//! let mut pages = checkpoint.pages();
//! for (key, _digest) in pages.needed(&[Key::of(&name)]) {
//!     pages.admit(&key, page)?;
//! }
//! let Presence::Present(head) = Presence::open(&checkpoint, &name, &pages, &proofs)? else {
//!     panic!("proved absent");
//! };
//! let log = Log::replay(&head, &checkpoint, &package_records, &proofs)?;
//!
//! let release = log.release(&"1.2.0".parse()?).expect("it was released");
//! assert_eq!(release.digest(), &content);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Signatures are made and checked in [`key`], hashes in [`digest`], proofs in [`log`](mod@log) and [`map`]; votes are
//! counted in [`policy`], by key, each once. The formats stand in `docs/protocol.md`.

#![no_std]
#![warn(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::panic
)]

extern crate alloc;

pub mod checkpoint;
pub mod clock;
pub mod content;
pub mod cosignature;
pub mod digest;
pub mod field;
pub mod key;
pub mod log;
pub mod map;
pub mod misbehavior;
pub mod name;
pub mod note;
pub mod number;
pub mod operator;
pub mod package;
pub mod policy;
pub mod record;
pub mod release;
pub mod requirement;
pub mod selection;
pub mod statement;
pub mod tile;
pub mod version;

mod keyring;
mod undo;
mod unverified;

pub use keyring::KeyringError;
pub use unverified::Unverified;
