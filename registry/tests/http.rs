//! Web servers that are busy, broken or hostile: each ends in its own clear error, in bounded time, or does no harm.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod story;

use std::time::{Duration, Instant};

use fixtures::server::{Answer, Server};
use fixtures::world::World;
use registry::client::{Client, ClientError, Remedy};
use registry::http::{AT_ONCE, Address, AddressError, Http, Options, Timeouts, Tokens};
use registry::layout::{self, ObjectPath};
use registry::storage::{Current, Source as _, StorageError};
use tokio::runtime::Runtime;

use story::machine::Machine;
use story::{derive, name, read_all};

/// Waits briefly: whole runs of tries take less than a second.
fn timeouts() -> Timeouts {
    Timeouts {
        connect: Duration::from_secs(5),
        idle: Duration::from_millis(250),
        whole: Duration::from_millis(900),
        slowest: u64::MAX,
        tries: 3,
        pause: Duration::from_millis(5),
        longest: Duration::from_millis(200),
    }
}

fn options() -> Options {
    Options {
        timeouts: timeouts(),
        ..Options::default()
    }
}

/// A client of some servers, with the runtime that drives it.
struct Reader {
    http: Http,
    _runtime: Runtime,
}

impl Reader {
    fn new(servers: &[&Server]) -> Self {
        Self::with(servers, options())
    }

    fn with(servers: &[&Server], options: Options) -> Self {
        let urls: Vec<_> = servers.iter().map(|server| server.url()).collect();
        Self::at(&urls, options)
    }

    fn at(urls: &[String], options: Options) -> Self {
        let runtime = Runtime::new().unwrap();
        let mut addresses = urls.iter().map(|url| url.parse().unwrap());
        let first = addresses.next().unwrap();
        Self {
            http: Http::new(
                first,
                addresses.collect(),
                options,
                runtime.handle().clone(),
            ),
            _runtime: runtime,
        }
    }

    fn get(&self, path: &ObjectPath) -> Result<Option<Vec<u8>>, StorageError> {
        self.http.get(path)
    }
}

/// The whole story of an error, and what to do about it.
fn told(error: &StorageError) -> (String, Remedy) {
    let remedy = error.remedy();
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    (text, remedy)
}

fn world() -> World {
    let mut world = World::in_memory(1);
    world.release("acme:clock", "1.0.0").publish();
    world
        .release("acme:logger", "1.0.0")
        .requires("acme:clock", "^1.0")
        .publish();
    world
}

fn full(headers: &[(&'static str, &str)], body: &[u8]) -> Answer {
    let headers = headers.iter().map(|(name, value)| (*name, (*value).into()));
    Answer::Full {
        status: 200,
        headers: headers.collect(),
        body: body.into(),
    }
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_way_to_fail_is_said_in_its_own_words_and_in_bounded_time() {
    use Remedy::{Investigate, Mend, Retry};
    let world = world();
    let bomb = full(&[("Content-Encoding", "gzip")], &[0x1f, 0x8b, 8, 0]);
    let lying = full(&[("Content-Length", "99999999999")], b"short");
    let mut crumbs = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    crumbs.extend(b"1\r\nx\r\n".repeat(10_000));
    let cases = [
        (
            "a body byte by byte",
            Answer::Raw(crumbs),
            " pieces",
            Retry,
            1,
        ),
        (
            "an endless body",
            Answer::Endless,
            "has more than 131072 bytes",
            Investigate,
            1,
        ),
        (
            "a length beyond the limit",
            lying,
            "has more than 131072 bytes",
            Investigate,
            1,
        ),
        (
            "silence",
            Answer::Stall,
            "nothing came for 0.25 seconds",
            Retry,
            3,
        ),
        (
            "silence halfway",
            Answer::StallHalfway,
            "nothing came for 0.25 seconds",
            Retry,
            3,
        ),
        (
            "a byte now and then",
            Answer::Drip(Duration::from_millis(50)),
            "was not there after 0.9 seconds",
            Retry,
            1,
        ),
        (
            "half an answer",
            Answer::Half,
            "broke off or is not HTTP",
            Retry,
            3,
        ),
        (
            "a closed connection",
            Answer::Close,
            "broke off or is not HTTP",
            Retry,
            3,
        ),
        (
            "garbage",
            Answer::Raw(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".into()),
            "broke off or is not HTTP",
            Retry,
            3,
        ),
        (
            "a status that is none",
            Answer::Raw(b"HTTP/1.1 abc Well\r\n\r\n".into()),
            "broke off or is not HTTP",
            Retry,
            3,
        ),
        (
            "headers without end",
            Answer::Raw([b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'x'; 2_000_000]].concat()),
            "broke off or is not HTTP",
            Retry,
            3,
        ),
        ("a bomb", bomb, "is encoded as `gzip`", Retry, 1),
        (
            "a web page",
            Answer::page(),
            "a web page came instead of the file",
            Retry,
            1,
        ),
        (
            "a fault that stays",
            Answer::Status(500),
            "answered 500 Internal Server Error",
            Retry,
            3,
        ),
        (
            "no gateway",
            Answer::Status(502),
            "answered 502 Bad Gateway",
            Retry,
            3,
        ),
        (
            "a request that took too long",
            Answer::Status(408),
            "answered 408 Request Timeout",
            Retry,
            3,
        ),
        (
            "no token",
            Answer::Status(401),
            "answered 401 Unauthorized",
            Mend,
            1,
        ),
        (
            "no permission",
            Answer::Status(403),
            "answered 403 Forbidden",
            Mend,
            1,
        ),
        (
            "a teapot",
            Answer::Status(418),
            "answered 418 I'm a teapot",
            Retry,
            1,
        ),
        (
            "a part",
            Answer::Status(206),
            "answered 206 Partial Content",
            Retry,
            1,
        ),
        (
            "a loop",
            Answer::redirect("/checkpoint"),
            "redirected more than 3 times",
            Retry,
            4,
        ),
        (
            "a redirect to a file",
            Answer::redirect("file:///etc/passwd"),
            "redirected to file:///etc/passwd, which is not followed",
            Retry,
            1,
        ),
        (
            "a redirect with a password",
            Answer::redirect("http://u:p@127.0.0.1:1/"),
            "which is not followed",
            Retry,
            1,
        ),
        (
            "a redirect to nowhere",
            Answer::Status(302),
            "redirected to nowhere",
            Retry,
            1,
        ),
        (
            "not modified, unasked",
            Answer::Status(304),
            "answered 304 Not Modified",
            Retry,
            1,
        ),
    ];
    for (what, answer, message, remedy, asked) in cases {
        let server = Server::of_world(&world);
        server.everything(answer);
        let start = Instant::now();
        let (text, found) = told(
            &Reader::new(&[&server])
                .get(&layout::checkpoint())
                .unwrap_err(),
        );
        assert!(
            start.elapsed() < Duration::from_secs(20),
            "{what}: it took too long"
        );
        assert!(text.contains(message), "{what}: {text}");
        assert!(
            text.contains(&format!("{}/checkpoint", server.url())),
            "{what}: {text}"
        );
        assert_eq!(found, remedy, "{what}");
        assert_eq!(
            server.count("checkpoint"),
            asked,
            "{what}: how often it was asked for"
        );
    }
}

#[test]
fn what_is_missing_is_absent_and_nobody_there_is_a_failure() {
    let world = world();
    let server = Server::of_world(&world);
    let reader = Reader::new(&[&server]);
    let missing = layout::map_at(transparency::number::Size::new(77));
    assert_eq!(reader.get(&missing).unwrap(), None);
    server.everything(Answer::Status(410));
    assert_eq!(reader.get(&layout::checkpoint()).unwrap(), None);
    let url = server.url();
    drop(server);
    let (text, remedy) = told(
        &Reader::at(&[url], options())
            .get(&layout::checkpoint())
            .unwrap_err(),
    );
    assert!(text.contains("cannot connect"), "{text}");
    assert_eq!(remedy, Remedy::Retry);
    let nowhere = Reader::at(&["http://no-such-host.invalid/x".into()], options());
    let (text, remedy) = told(&nowhere.get(&layout::checkpoint()).unwrap_err());
    assert!(
        text.contains("http://no-such-host.invalid/x/checkpoint"),
        "{text}"
    );
    assert_eq!(remedy, Remedy::Retry);
}

#[test]
fn what_passes_is_tried_again() {
    let world = world();
    let after = |status, value: &str| Answer::Full {
        status,
        headers: vec![("Retry-After", value.into())],
        body: Vec::new(),
    };
    let cases: [(&str, Vec<Answer>); 6] = [
        ("a fault", vec![Answer::Status(500), Answer::Status(503)]),
        ("a stall", vec![Answer::Stall]),
        ("a broken answer", vec![Answer::Half, Answer::Close]),
        (
            "too many requests, now again",
            vec![after(429, "0"), after(503, "0")],
        ),
        (
            "too many requests, until a date",
            vec![after(429, "Sun, 06 Nov 1994 08:49:37 GMT")],
        ),
        ("a date that does not read", vec![after(429, "tomorrow")]),
    ];
    for (what, answers) in cases {
        let server = Server::of_world(&world);
        let tries = answers.len() + 1;
        server.next("checkpoint", answers);
        let reader = Reader::new(&[&server]);
        let found = reader.get(&layout::checkpoint()).unwrap();
        let expected = world.storage().objects().remove("checkpoint");
        assert_eq!(found, expected, "{what}");
        assert_eq!(server.count("checkpoint"), tries, "{what}");
    }
}

#[test]
fn a_server_that_wants_to_be_left_alone_is() {
    let world = world();
    for (value, waits) in [("3600", false), ("Thu, 01 Jan 2099 00:00:00 GMT", false)] {
        let server = Server::of_world(&world);
        server.next(
            "checkpoint",
            [Answer::Full {
                status: 429,
                headers: vec![("Retry-After", value.into())],
                body: Vec::new(),
            }],
        );
        let error = Reader::new(&[&server])
            .get(&layout::checkpoint())
            .unwrap_err();
        let (text, _) = told(&error);
        assert!(text.contains("answered 429 Too Many Requests"), "{text}");
        assert_eq!(server.count("checkpoint") > 1, waits, "{value}");
    }
}

#[test]
fn a_body_of_another_length_than_announced_is_refused_here_or_by_its_digest() {
    let world = world();
    let server = Server::of_world(&world);
    let checkpoint = world.storage().objects().remove("checkpoint").unwrap();
    // More follows than is announced: what was announced is all that counts, and does not verify.
    server.always("checkpoint", full(&[("Content-Length", "20")], &checkpoint));
    let reader = Reader::new(&[&server]);
    let error = Client::new(world.policy(), &reader.http)
        .open()
        .err()
        .unwrap();
    assert_eq!(error.remedy(), Remedy::Investigate, "{error}");
}

#[test]
fn a_content_has_as_many_bytes_as_its_record_says_and_no_more() {
    let world = world();
    let server = Server::of_world(&world);
    let reader = Reader::new(&[&server]);
    let mut session = Client::new(world.policy(), &reader.http).open().unwrap();
    let loaded = story::present(session.load_one(&name("acme:clock")).unwrap());
    let release = loaded.log().releases().next().unwrap();
    let path = layout::content(release.digest());
    server.always(path.as_str(), Answer::Endless);
    let before = server.sent();
    let error = session
        .content(&name("acme:clock"), release, derive)
        .unwrap_err();
    assert!(
        matches!(error, ClientError::Long { source: StorageError::TooLarge { limit, .. }, .. } if limit == release.size()),
        "{error}"
    );
    assert!(
        server.sent() - before < 64 * 1024 * 1024,
        "it was not read to the end"
    );
    server.always(path.as_str(), full(&[], b"something else"));
    let error = session
        .contents(&[(&name("acme:clock"), release)], derive, |_, _| {
            panic!("it is not the content")
        })
        .unwrap_err();
    assert_eq!(error.remedy(), Remedy::Investigate, "{error}");
    server.always(path.as_str(), Answer::page());
    let error = session
        .content(&name("acme:clock"), release, derive)
        .unwrap_err();
    assert_eq!(error.remedy(), Remedy::Retry, "{error}");
}

#[test]
fn a_registry_reads_over_http_as_it_does_from_memory() {
    let world = world();
    let server = Server::of_world(&world);
    let reader = Reader::new(&[&server]);
    let mut session = Client::new(world.policy(), &reader.http).open().unwrap();
    let expected = read_all(&mut world.session()).unwrap();
    assert_eq!(read_all(&mut session).unwrap(), expected);
}

#[test]
fn no_more_bytes_come_together_than_are_asked_for_but_for_the_first_file() {
    let large = |number| (format!("map/at/{number}"), vec![b'x'; 1000]);
    let server = Server::of_objects((0..10).map(large).collect());
    let paths: Vec<_> = (0..10)
        .map(|number| layout::map_at(transparency::number::Size::new(number)))
        .collect();
    let reader = Reader::new(&[&server]);
    for (most, least, longest) in [(0, 1, 1), (2500, 1, 3), (10_000, 10, 10)] {
        let found = reader.http.get_many(&paths, most).unwrap();
        assert!(
            (least..=longest).contains(&found.len()),
            "{} files for {most} bytes",
            found.len()
        );
        assert!(found.iter().all(Option::is_some));
    }
    // Asked again for what is left, all of it comes.
    let mut rest = paths.as_slice();
    while !rest.is_empty() {
        rest = &rest[reader.http.get_many(rest, 1500).unwrap().len()..];
    }
}

#[test]
fn no_more_than_a_bounded_number_of_files_is_asked_for_at_once() {
    let objects = (0..200).map(|number| (format!("map/at/{number}"), b"x".to_vec()));
    let server = Server::of_objects(objects.collect());
    server.hold_until_quiet(Duration::from_millis(150));
    let paths: Vec<_> = (0..200)
        .map(|number| layout::map_at(transparency::number::Size::new(number)))
        .collect();
    let found = Reader::with(
        &[&server],
        Options {
            timeouts: Timeouts::default(),
            ..Options::default()
        },
    )
    .http
    .get_many(&paths, u64::MAX)
    .unwrap();
    assert!(found.iter().all(Option::is_some));
    assert!(
        server.most_at_once() <= AT_ONCE,
        "{}",
        server.most_at_once()
    );
    assert!(
        server.most_at_once() > AT_ONCE / 2,
        "{}",
        server.most_at_once()
    );
}

#[test]
fn a_token_goes_to_its_address_and_to_no_other() {
    let world = world();
    let (mine, other) = (Server::of_world(&world), Server::of_world(&world));
    let text = format!(
        "# mine\n{}/private secret-of-the-folder\n{} secret\n\n",
        mine.url(),
        mine.url()
    );
    let options = Options {
        tokens: Tokens::parse(&text).unwrap(),
        ..options()
    };
    let sent = |server: &Server| {
        let requests = server.requests();
        requests
            .last()
            .unwrap()
            .headers
            .get("authorization")
            .cloned()
    };
    let reader = Reader::with(&[&mine], options.clone());
    reader.get(&layout::checkpoint()).unwrap().unwrap();
    assert_eq!(sent(&mine).as_deref(), Some("Bearer secret"));
    // One text goes before another, however the address is written.
    let first = Tokens::parse(&format!("{} first", mine.url())).unwrap();
    let second = Tokens::parse(&format!("{}/ second", mine.url())).unwrap();
    for (tokens, said) in [
        (first.clone().or(second.clone()), "Bearer first"),
        (second.or(first), "Bearer second"),
    ] {
        let options = Options {
            tokens,
            ..options.clone()
        };
        let reader = Reader::with(&[&mine], options);
        reader.get(&layout::checkpoint()).unwrap().unwrap();
        assert_eq!(sent(&mine).as_deref(), Some(said));
    }
    let below = Reader::at(&[format!("{}/private", mine.url())], options.clone());
    below.get(&layout::checkpoint()).unwrap();
    assert_eq!(sent(&mine).as_deref(), Some("Bearer secret-of-the-folder"));
    let beside = Reader::at(&[format!("{}/privateer", mine.url())], options.clone());
    beside.get(&layout::checkpoint()).unwrap();
    assert_eq!(sent(&mine).as_deref(), Some("Bearer secret"));
    let elsewhere = Reader::with(&[&other], options.clone());
    elsewhere.get(&layout::checkpoint()).unwrap().unwrap();
    assert_eq!(sent(&other), None, "another port is another server");

    mine.always(
        "checkpoint",
        Answer::redirect(format!("{}/checkpoint", other.url())),
    );
    reader.get(&layout::checkpoint()).unwrap().unwrap();
    assert_eq!(sent(&other), None, "nor does a redirect take it there");
    mine.always("checkpoint", Answer::redirect("/private/checkpoint"));
    reader.get(&layout::checkpoint()).unwrap();
    assert_eq!(
        sent(&mine).as_deref(),
        Some("Bearer secret"),
        "the same server has it"
    );
    // Even one that the user has a token for: a registry cannot make us present it.
    other.always(
        "checkpoint",
        Answer::redirect(format!("{}/checkpoint", mine.url())),
    );
    elsewhere.get(&layout::checkpoint()).unwrap();
    assert_eq!(sent(&mine), None);
}

#[test]
fn no_address_lies_below_another_and_leads_out_of_it() {
    for path in [
        "reg/..%2fevil",
        "reg/..%2Fevil",
        "reg/%2e%2e%2fevil",
        "reg/..%5cevil",
        "reg/..;/evil",
        "reg/%2E.;x/evil",
        "reg/.;/evil",
    ] {
        let address: Result<Address, _> = format!("https://r.example/{path}").parse();
        assert_eq!(address.unwrap_err(), AddressError::Ambiguous, "{path}");
    }
    // What has one reading is that address, whose token it gets.
    for (path, shown) in [
        ("reg/../evil", "evil"),
        ("reg/%2e%2E/evil", "evil"),
        ("reg\\..\\evil", "evil"),
        ("reg/a%20b;c/...", "reg/a%20b;c/..."),
    ] {
        let address: Address = format!("https://r.example/{path}").parse().unwrap();
        assert_eq!(address.to_string(), format!("https://r.example/{shown}"));
    }
}

#[test]
fn tokens_are_read_strictly_and_never_shown() {
    for (text, why) in [
        ("https://registry.example", "line 1 is not"),
        ("\nhttps://registry.example secret more", "line 2 is not"),
        ("registry.example secret", "cannot be a registry's"),
        ("http://registry.example secret", "has no TLS"),
        ("ftp://registry.example secret", "cannot be a registry's"),
        ("https://user:pw@registry.example secret", "names a user"),
        (
            "https://r.example a\nhttps://r.example b",
            "line 2 has a second token",
        ),
        (
            "https://r.example/a a\nhttps://r.example:443/a/ b",
            "line 2 has a second token",
        ),
        ("https://r.example sec\u{e9}ret", "line 1 is not"),
    ] {
        let error = Tokens::parse(text).unwrap_err().to_string();
        assert!(error.contains(why), "{text}: {error}");
        assert!(
            !error.contains("secret") && !error.contains("pw"),
            "{error}"
        );
    }
    let tokens = Tokens::parse("https://r.example/a secret\nhttp://[::1]:80/ secret\n").unwrap();
    let shown = format!("{tokens:?}");
    assert!(
        shown.contains("r.example/a") && !shown.contains("secret"),
        "{shown}"
    );
}

#[test]
fn mirrors_take_over_where_one_fails_and_are_asked_first_from_then_on() {
    let world = world();
    let expected = read_all(&mut world.session()).unwrap();
    let bad = [
        Answer::Status(500),
        Answer::Status(401),
        Answer::Status(404),
        Answer::Close,
        Answer::Stall,
        Answer::page(),
        Answer::Endless,
        Answer::redirect("/checkpoint"),
    ];
    for answer in bad {
        let (broken, good) = (Server::of_world(&world), Server::of_world(&world));
        broken.everything(answer.clone());
        let reader = Reader::new(&[&broken, &good]);
        let mut session = Client::new(world.policy(), &reader.http).open().unwrap();
        assert_eq!(read_all(&mut session).unwrap(), expected, "{answer:?}");
        assert!(session.address().starts_with(&good.url()), "{answer:?}");
        if !matches!(answer, Answer::Status(404)) {
            assert!(
                broken.requests().len() <= 4,
                "{answer:?}: {} requests to the broken one",
                broken.requests().len()
            );
        }
    }
    let (broken, worse) = (Server::of_world(&world), Server::of_world(&world));
    broken.everything(Answer::Status(500));
    worse.everything(Answer::Status(404));
    let (text, remedy) = told(
        &Reader::new(&[&broken, &worse])
            .get(&layout::checkpoint())
            .unwrap_err(),
    );
    assert!(
        text.contains("answered 500"),
        "one that has not got it proves nothing of the other: {text}"
    );
    assert_eq!(remedy, Remedy::Retry);
}

#[test]
fn a_mirror_that_lags_is_no_error_where_another_does_not() {
    let mut world = world();
    let old = Server::of_world(&world);
    world.release("acme:logger", "1.1.0").publish();
    let new = Server::of_world(&world);
    let machine = Machine::new(world.policy());
    let reader = Reader::new(&[&new]);
    let expected = machine.read(&reader.http).unwrap();
    // This machine saw the newer state. The mirror that is asked first does not have it.
    let reader = Reader::new(&[&old, &new]);
    assert_eq!(machine.read(&reader.http).unwrap(), expected);
    let reader = Reader::new(&[&old]);
    let error = machine.open(&reader.http).err().unwrap();
    assert!(matches!(error, ClientError::SetBack { .. }), "{error}");
}

#[test]
fn a_checkpoint_that_did_not_change_does_not_come_again_and_is_verified_again() {
    let mut world = world();
    let server = Server::of_world(&world);
    let machine = Machine::new(world.policy());
    let reader = Reader::new(&[&server]);
    let first = machine.read(&reader.http).unwrap();
    let sent = server.sent();
    assert_eq!(machine.read(&reader.http).unwrap(), first);
    assert_eq!(server.sent(), sent, "a second run needs no byte");
    let last = server.requests().pop().unwrap();
    assert!(last.headers.contains_key("if-none-match"), "{last:?}");
    assert_eq!(last.headers["cache-control"], "no-cache");

    // A tag that is not this checkpoint's is not used.
    let kept = machine.cached_file("checkpoint");
    std::fs::write(&kept, b"other bytes").unwrap();
    assert_eq!(machine.read(&reader.http).unwrap(), first);
    let last = server.requests().pop().unwrap();
    assert!(!last.headers.contains_key("if-none-match"), "{last:?}");

    // A server that says "nothing changed" of what it never gave is asked again, without the question.
    let old = std::fs::read(&kept).unwrap();
    let old_tag = std::fs::read(machine.cached_file("checkpoint.tag")).unwrap();
    world.release("acme:logger", "1.1.0").publish();
    server.replace(world.storage().objects());
    let second = machine.read(&reader.http).unwrap();
    assert_ne!(second, first);
    // An old checkpoint with its tag, put back by hand or by a server that answers 304 for ever: no rule is weaker for it.
    std::fs::write(&kept, &old).unwrap();
    std::fs::write(machine.cached_file("checkpoint.tag"), &old_tag).unwrap();
    server.always("checkpoint", Answer::Status(304));
    let error = machine.open(&reader.http).err().unwrap();
    assert!(matches!(error, ClientError::SetBack { .. }), "{error}");
}

#[test]
fn what_another_address_said_is_not_asked_of_this_one() {
    let world = world();
    let (one, other) = (Server::of_world(&world), Server::of_world(&world));
    let reader = Reader::new(&[&one]);
    let path = layout::checkpoint();
    let Current::Found { tag: Some(tag), .. } = reader.http.get_again(&path, None).unwrap() else {
        panic!("the server gives tags");
    };
    assert_eq!(
        reader.http.get_again(&path, Some(&tag)).unwrap(),
        Current::Same
    );
    let elsewhere = Reader::new(&[&other]);
    let again = elsewhere.http.get_again(&path, Some(&tag)).unwrap();
    assert!(matches!(again, Current::Found { .. }));
    let last = other.requests().pop().unwrap();
    assert!(!last.headers.contains_key("if-none-match"));
}
