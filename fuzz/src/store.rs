//! This machine's own files: the trust store, kept records, secret keys.

use cargo_warg::keys::Keys;
use cargo_warg::ops::registry::pending;
use registry::trust::Memory;
use transparency::digest::Digest;
use transparency::key::SigningKey;

/// The bytes, and the bytes with the right digest, which random changes would never find.
pub(crate) fn trust_store(data: &[u8]) {
    read_memory(data);
    let end = data.strip_suffix(b"\n").unwrap_or(data);
    let Some(last) = end.iter().rposition(|byte| *byte == b'\n') else {
        return;
    };
    let (text, _) = data.split_at(last + 1);
    let digest = Digest::of(text);
    read_memory(&[text, digest.to_string().as_bytes(), b"\n"].concat());
}

fn read_memory(bytes: &[u8]) {
    let Some(memory) = Memory::parse(bytes) else {
        return;
    };
    assert_eq!(memory.print(), bytes);
    assert_eq!(Memory::parse(&memory.print()), Some(memory.clone()));
    let size = memory.checkpoint().size.get();
    // Cut or changed anywhere, it is damaged.
    let position = usize::try_from(size).unwrap_or(0) % bytes.len();
    let mut changed = bytes.to_vec();
    changed[position] ^= 1;
    assert_eq!(Memory::parse(&changed), None);
    assert_eq!(Memory::parse(&bytes[..position]), None);
}

pub(crate) fn pending(data: &[u8]) {
    let Some(records) = pending::parse(data) else {
        return;
    };
    let length: usize = records.iter().map(|record| record.len() + 2).sum();
    assert_eq!(length, data.len());
    assert_eq!(pending::print(&records).expect("as long as before"), data);
}

pub(crate) fn key_file(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let Ok(keys) = Keys::parse("the input", text) else {
        return;
    };
    let lines: Vec<String> = keys.all().map(SigningKey::danger_secret_text).collect();
    let again = Keys::parse("the same", &lines.join("\n"));
    let again = again.unwrap_or_else(|error| panic!("written, and not read: {error}"));
    assert_eq!(again.all().count(), lines.len());
    for key in keys.all() {
        assert!(again.find_vkey(key.verifying_key()).is_some());
        assert!(
            text.contains(&key.danger_secret_text()),
            "a key from nowhere"
        );
    }
}
