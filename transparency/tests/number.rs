//! Numbers and times: one spelling each, and every one that can be had can be written.

#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on says where it stopped"
)]

use transparency::number::{Index, Length, NumberError, Position, Size, Time};

#[test]
fn numbers_have_one_spelling() {
    for text in ["0", "1", "10", "18446744073709551615"] {
        assert_eq!(text.parse::<Index>().unwrap().to_string(), text);
        assert_eq!(text.parse::<Size>().unwrap().get().to_string(), text);
    }
    for text in [
        "",
        "00",
        "01",
        "+1",
        "-1",
        " 1",
        "1 ",
        "1_0",
        "0x1",
        "١",
        "18446744073709551616",
    ] {
        assert!(text.parse::<Index>().is_err(), "`{text}`");
        assert!(text.parse::<Position>().is_err(), "`{text}`");
    }
}

#[test]
fn sizes_and_indices_belong_together() {
    assert_eq!(Index::new(0).size(), Some(Size::new(1)));
    assert_eq!(Index::new(7).size(), Some(Size::new(8)));
    assert_eq!(Index::new(u64::MAX).size(), None);
    assert_eq!(Size::ZERO.last(), None);
    assert_eq!(Size::new(8).last(), Some(Index::new(7)));
    assert!(Size::new(8).holds(Index::new(7)) && !Size::new(8).holds(Index::new(8)));
    assert_eq!(Length::ZERO.last(), None);
    assert_eq!(Length::new(8).last(), Some(Position::new(7)));
    assert_eq!(Length::new(8).next(), Position::new(8));
    assert_eq!(Length::new(8).plus_one(), Some(Length::new(9)));
    assert_eq!(Length::new(u64::MAX).plus_one(), None);
    assert!(Length::new(8).holds(Position::new(7)) && !Length::new(8).holds(Position::new(8)));
}

#[test]
fn every_time_that_can_be_had_can_be_written() {
    let last = 253_402_207_200;
    for seconds in [0, 1, 951_782_400, 1_795_377_960, last - 1, last] {
        let time = Time::from_unix(seconds).unwrap();
        assert_eq!(time.unix(), seconds);
        assert_eq!(time.to_string().parse(), Ok(time));
    }
    assert_eq!(
        Time::from_unix(last).unwrap().to_string(),
        "9999-12-30T22:00:00Z"
    );
    for seconds in [last + 1, 253_402_300_799, u64::MAX] {
        assert_eq!(Time::from_unix(seconds), None);
    }
}

#[test]
fn times_have_one_spelling() {
    let time: Time = "2026-11-22T20:06:00Z".parse().unwrap();
    assert_eq!(time.unix(), 1_795_377_960);
    for text in [
        "2026-11-22T20:06:00.0Z",
        "2026-11-22T20:06:00+00:00",
        "2026-11-22t20:06:00z",
        "2026-11-22 20:06:00Z",
        "2026-11-22T20:06Z",
        "2026-02-29T00:00:00Z",
        "2026-11-22T24:00:00Z",
        "2026-11-22T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "9999-12-30T22:00:01Z",
        "@1795377960",
    ] {
        assert!(text.parse::<Time>().is_err(), "`{text}`");
    }
}

#[test]
fn a_person_writes_a_day_or_a_time_with_any_offset() {
    for (text, time) in [
        ("2026-11-22", "2026-11-22T23:59:59Z"),
        ("2026-11-22T20:06:00Z", "2026-11-22T20:06:00Z"),
        ("2026-11-22T22:06:00+02:00", "2026-11-22T20:06:00Z"),
        ("2026-11-22T20:06:00.999Z", "2026-11-22T20:06:00Z"),
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z"),
    ] {
        assert_eq!(Time::from_user(text), time.parse(), "`{text}`");
    }
    for text in [
        "",
        "tomorrow",
        "2026-11",
        "2026-11-2x",
        "2026-02-29",
        "1969-12-31",
        "1969-12-31T23:59:59Z",
        "2026-11-22T20:06:00",
    ] {
        let text = text.to_owned();
        let error = Time::from_user(&text).unwrap_err();
        assert_eq!(error, NumberError::Time { text });
    }
    // The longest: nanoseconds and the name of a zone. One byte more is refused unread.
    let zone = "[America/Argentina/ComodRivadavia]";
    let longest = format!("2026-11-22T20:06:00.000000000Z{zone}");
    assert_eq!(longest.len(), 64);
    assert_eq!(Time::from_user(&longest), "2026-11-22T20:06:00Z".parse());
    for longer in [
        format!("2026-11-22T20:06:00.000000000+00{zone}"),
        format!("2026-11-22T20:06:00.000000000+00:00{zone}"),
    ] {
        assert!(Time::from_user(&longer).is_err(), "`{longer}`");
    }
}
