//! Replaying logs: an input is a story of records, each of which is signed, chained and admitted.

use transparency::digest::Hash;
use transparency::key::{Algorithm, SigningKey};
use transparency::note::Note;
use transparency::number::{Index, Time};
use transparency::{operator, package};

const ORIGIN: &str = "registry.example";
const PACKAGE: &str = "acme:logger";

/// The keys, as a story names them: `$a` and `$b` are the operator's, `$c` and `$d` publishers'.
fn keys() -> [SigningKey; 4] {
    let names = [(1, ORIGIN), (2, ORIGIN), (3, "acme/ci"), (4, "acme/bob")];
    names.map(|(seed, name)| {
        SigningKey::from_seed(name, Algorithm::Ed25519, [seed; 32]).expect("a good name")
    })
}

/// Records stand behind blank lines. The first line of each is `o` or `p` (of the operator, of the package), one of `abcd`
/// (who signs) and `+` for a minute later, `-` for one earlier. Then come its actions, in which `$a` to `$d` are the keys and
/// `$o` is the hash of operator record 0.
pub(crate) fn replay(data: &[u8]) {
    let Ok(story) = std::str::from_utf8(data) else {
        return;
    };
    let keys = keys();
    let origin: transparency::name::Origin = ORIGIN.parse().expect("an origin");
    let name = PACKAGE.parse().expect("a name");
    let mut operator = operator::Log::empty(origin.clone(), keys[0].verifying_key().clone());
    let mut log = package::Log::danger_before_first_record(origin, name);
    let mut first = Hash::ZERO;
    let mut seconds = 1_795_377_960u64;
    for (position, record) in story.split("\n\n").take(8).enumerate() {
        let (head, actions) = record.split_once('\n').unwrap_or((record, ""));
        let signs = |letter: &str| head.contains(letter);
        let key = match () {
            () if signs("d") => &keys[3],
            () if signs("c") => &keys[2],
            () if signs("b") => &keys[1],
            () => &keys[0],
        };
        seconds = match () {
            () if signs("+") => seconds.saturating_add(60),
            () if signs("-") => seconds.saturating_sub(60),
            () => seconds,
        };
        let mut actions = actions.replace("$o", &first.to_string());
        for (letter, key) in ["$a", "$b", "$c", "$d"].iter().zip(&keys) {
            actions = actions.replace(letter, &key.verifying_key().to_string());
        }
        let time = Time::from_unix(seconds).expect("before the year 9999");
        let of_operator = signs("o");
        let (subject, length, previous) = if of_operator {
            ("operator", operator.length(), operator.head())
        } else {
            (PACKAGE, log.length(), log.head())
        };
        let text = format!(
            "warg-record/v1\n{ORIGIN}\n{subject}\n{length}\n{previous}\n{time}\n{}\n{actions}\n",
            key.verifying_key()
        );
        let bytes = Note::sign(text, key).to_string().into_bytes();
        // One byte differs: then it is not what was signed.
        let mut forged = bytes.clone();
        let at = data.len().wrapping_mul(31).wrapping_add(position) % forged.len();
        forged[at] ^= 1;
        let hash = Hash::of_leaf(&bytes);
        let index = Index::new(u64::try_from(position).expect("few records"));
        if of_operator {
            assert!(operator.clone().admit(index, &forged).is_err());
            let admitted = operator.admit(index, &bytes).is_ok();
            let after = (operator.length(), operator.head());
            expect(admitted, (length, previous), after, hash);
            if admitted && length.get() == 0 {
                first = hash;
            }
        } else {
            assert!(log.clone().admit(&operator, &forged).is_err());
            let admitted = log.admit(&operator, &bytes).is_ok();
            let after = (log.length(), log.head());
            expect(admitted, (length, previous), after, hash);
            if admitted {
                assert!(log.clone().admit(&operator, &bytes).is_err(), "twice");
            }
        }
    }
}

type State = (transparency::number::Length, Hash);

/// What was admitted is the head now. What was refused left no trace.
fn expect(admitted: bool, before: State, after: State, hash: Hash) {
    if admitted {
        assert_eq!(after, (before.0.plus_one().expect("a short log"), hash));
    } else {
        assert_eq!(after, before);
    }
}
