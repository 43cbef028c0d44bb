//! Words: numbers, times, hashes, names, keys and paths. Every input is read as each of them.

use std::fmt::Display;
use std::str::FromStr;

use resolver::cutoff::ExcludeNewer;
use resolver::problem::Mode;
use transparency::digest::{Digest, Hash};
use transparency::field;
use transparency::key::{SigningKey, VerifyingKey};
use transparency::name::{ExternName, InterfaceName, Kind, Namespace, Origin, PackageName};
use transparency::number::{Index, Length, Position, Size, Time};
use transparency::record::Subject;
use transparency::requirement::Requirement;
use transparency::selection::Selection;
use transparency::tile::{Part, Tile};

/// Reads a text whose kind has one spelling.
fn read<T: FromStr + Display>(text: &str) -> Option<T> {
    let value: T = text.parse().ok()?;
    assert_eq!(value.to_string(), text, "read, but not spelled so");
    Some(value)
}

pub(crate) fn word(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let number = read::<Index>(text).map(Index::get);
    assert_eq!(number, decimal(text), "a number");
    assert_eq!(number, read::<Size>(text).map(Size::get));
    assert_eq!(number, read::<Position>(text).map(Position::get));
    assert_eq!(number, read::<Length>(text).map(Length::get));
    assert_eq!(read::<Time>(text).map(Time::unix), seconds(text), "a time");
    if let Some(time) = number.and_then(Time::from_unix) {
        assert_eq!(
            read::<Time>(&time.to_string()),
            Some(time),
            "any time can be written"
        );
    }

    let digest = read::<Digest>(text).map(|digest| *digest.as_bytes());
    assert_eq!(digest, read::<Hash>(text).map(|hash| *hash.as_bytes()));
    if let Ok(hash) = Hash::from_base64(text) {
        assert_eq!(hash.base64(), text);
    }

    read::<Origin>(text);
    read::<Kind>(text);
    read::<Subject>(text);
    read::<ExternName>(text);
    if let Some(name) = read::<InterfaceName>(text) {
        assert!(text.len() > name.interface.len());
    }
    if let Some(namespace) = read::<Namespace>(text) {
        assert!(is_file_name(namespace.as_str()));
    }
    if let Some(package) = read::<PackageName>(text) {
        assert!(is_file_name(package.name()), "a path of the registry");
        assert_eq!(format!("{}:{}", package.namespace(), package.name()), text);
    }

    if let Some(key) = read::<VerifyingKey>(text) {
        // Not every 32 bytes are a key. The error must come without a panic.
        if let Ok(verifier) = key.verifier() {
            assert!(verifier.verify(data, data).is_err());
        }
    }
    if let Ok(key) = text.parse::<SigningKey>() {
        assert_eq!(key.danger_secret_text(), text);
        read::<VerifyingKey>(&key.verifying_key().to_string()).expect("its own public half");
    }

    read::<Requirement>(text);
    read::<Selection>(text);
    if let Ok(mode) = text.parse::<Mode>() {
        assert_eq!(mode.to_string(), text);
    }
    // These are written in one way and read in several.
    if let Ok(cutoff) = text.parse::<ExcludeNewer>() {
        assert_eq!(cutoff.to_string().parse().as_ref(), Ok(&cutoff));
    }
    if let Some(part) = read::<Part>(text) {
        assert_eq!(Part::new(part.number(), part.width()), Ok(part));
    }
    if let Some(tile) = read::<Tile>(text) {
        assert_eq!(
            Tile::new(tile.level(), tile.index(), tile.width()),
            Ok(tile)
        );
    }
}

/// A name that is safe as a part of a path, on every system.
fn is_file_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// A decimal number in its one spelling, read another way.
fn decimal(text: &str) -> Option<u64> {
    let mut number = 0u64;
    for byte in text.bytes() {
        let digit = byte.checked_sub(b'0').filter(|digit| *digit < 10)?;
        number = number.checked_mul(10)?.checked_add(u64::from(digit))?;
    }
    (!text.is_empty() && (text == "0" || !text.starts_with('0'))).then_some(number)
}

/// Seconds since 1970 of `YYYY-MM-DDTHH:MM:SSZ`, by the rules of the calendar.
fn seconds(text: &str) -> Option<u64> {
    let form = b"dddd-dd-ddTdd:dd:ddZ";
    let fits = text.len() == form.len()
        && text.bytes().zip(form).all(|(found, form)| match form {
            b'd' => found.is_ascii_digit(),
            sign => found == *sign,
        });
    if !fits {
        return None;
    }
    let part = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let (year, month, day) = (part(0, 4)?, part(5, 7)?, part(8, 10)?);
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    let leap = |year: u64| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    let lengths = [
        31,
        if leap(year) { 29 } else { 28 },
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ];
    let before = usize::try_from(month).ok()?.checked_sub(1)?;
    let length: u64 = *lengths.get(before)?;
    if year < 1970 || !(1..=length).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let years: u64 = (1970..year)
        .map(|year| if leap(year) { 366 } else { 365 })
        .sum();
    let months: u64 = lengths.iter().take(before).sum();
    let days = years + months + day - 1;
    let seconds = ((days * 24 + hour) * 60 + minute) * 60 + second;
    // 9999-12-30T22:00:00Z: the end of the calendar that writes it.
    (seconds <= 253_402_207_200).then_some(seconds)
}

pub(crate) fn free_text(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let decoded = field::decode(text);
    if let Some(plain) = &decoded {
        assert!(field::is_free_text(plain));
        assert_eq!(field::encode(plain), text, "another spelling");
    }
    let encoded = field::encode(text);
    assert!(
        encoded.bytes().all(|byte| byte.is_ascii_graphic()),
        "one word"
    );
    let again = field::decode(&encoded);
    assert_eq!(again.is_some(), field::is_free_text(text));
    assert!(again.is_none_or(|again| again == text));
    // A second reader decodes the text byte by byte, whether it is in canonical form or not.
    let plain = percent(data).and_then(|bytes| String::from_utf8(bytes).ok());
    let is_one = plain
        .as_ref()
        .is_some_and(|plain| field::is_free_text(plain) && field::encode(plain) == text);
    assert_eq!(decoded, plain.filter(|_| is_one));
}

/// Percent-decoding as RFC 3986 has it, in either case and of any byte.
fn percent(data: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    let mut bytes = data.iter();
    while let Some(byte) = bytes.next() {
        if *byte == b'%' {
            let mut digit = || char::from(*bytes.next()?).to_digit(16);
            let (high, low) = (digit()?, digit()?);
            plain.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            plain.push(*byte);
        }
    }
    Some(plain)
}
