//! OCI registries, good and bad: what is taken is what its digest says, who asks is shown to nobody else, and everything ends.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use fixtures::component::{from_wit, wit_package};
use fixtures::oci::{CONFIG, Paging, Registry, Tokens, WASM, with_type};
use fixtures::server::{Answer, Server};
use registry::http::{Options, Timeouts, Tokens as OwnTokens, Web};
use semver::Version;
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use transparency::digest::Digest;
use transparency::name::{Kind, PackageName};
use upstream::login::{Login, Logins};
use upstream::{Oci, OciHost, Upstream as _, UpstreamError};

const REPOSITORY: &str = "wit/acme/clock";

fn clock() -> Vec<u8> {
    wit_package("package acme:clock@1.0.0; interface now { get: func() -> u64; }")
}

fn name() -> PackageName {
    "acme:clock".parse().unwrap()
}

fn one() -> Version {
    Version::new(1, 0, 0)
}

/// A login, and how often it was asked for.
#[derive(Default)]
struct Kept(Option<Login>, AtomicUsize);

impl Logins for Kept {
    fn of(&self, _: &OciHost) -> Result<Option<Login>, Box<dyn Error + Send + Sync>> {
        self.1.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.clone())
    }
}

fn basic() -> Login {
    Login::Basic {
        user: "me".into(),
        password: "secret".into(),
    }
}

/// A reader of one registry, with the runtime that drives it.
struct Reader {
    oci: Oci,
    logins: Arc<Kept>,
    _runtime: Runtime,
}

impl Reader {
    fn of(registry: &Registry) -> Self {
        Self::with(registry, None, "", Vec::new())
    }

    fn logged_in(registry: &Registry, login: Login) -> Self {
        Self::with(registry, Some(login), "", Vec::new())
    }

    fn with(registry: &Registry, login: Option<Login>, tokens: &str, realms: Vec<OciHost>) -> Self {
        let timeouts = Timeouts {
            connect: Duration::from_secs(5),
            idle: Duration::from_secs(5),
            whole: Duration::from_secs(20),
            slowest: u64::MAX,
            tries: 3,
            pause: Duration::from_millis(5),
            longest: Duration::from_secs(2),
        };
        let options = Options {
            timeouts,
            tokens: OwnTokens::parse(tokens).unwrap(),
            ..Options::default()
        };
        let runtime = Runtime::new().unwrap();
        let web = Web::new(options, runtime.handle().clone());
        let address = format!("{}/wit", registry.host()).parse().unwrap();
        let logins = Arc::new(Kept(login, AtomicUsize::new(0)));
        let kept: Arc<dyn Logins> = logins.clone();
        Self {
            oci: Oci::new(address, web, kept, realms),
            logins,
            _runtime: runtime,
        }
    }

    fn versions(&self) -> Vec<String> {
        let listing = self.oci.versions(&name()).unwrap();
        listing.versions.iter().map(ToString::to_string).collect()
    }

    /// What is said where the package does not come.
    fn refusal(&self) -> String {
        told(&self.oci.fetch(&name(), &one()).unwrap_err())
    }
}

fn told(error: &UpstreamError) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text = format!("{text}: {next}");
        cause = next.source();
    }
    text
}

fn with_clock() -> Registry {
    let registry = Registry::new();
    registry.push(REPOSITORY, "1.0.0", &clock());
    registry
}

/// The requests of a registry, as `METHOD path`, and the credentials that each showed.
fn asked(server: &Server) -> Vec<(String, Option<String>)> {
    let requests = server.requests().into_iter();
    requests
        .map(|request| {
            let path = request.target.split('?').next().unwrap_or_default();
            let shown = request.headers.get("authorization").cloned();
            (format!("{} {path}", request.method), shown)
        })
        .collect()
}

#[test]
fn a_release_is_the_bytes_that_its_manifest_names_with_what_is_claimed_of_them() {
    let registry = with_clock();
    let manifest = registry.push(REPOSITORY, "1.0.0", &clock());
    registry.push(REPOSITORY, "latest", &clock());
    registry.push(REPOSITORY, &format!("sha256-{}", "0".repeat(64)), b"{}");
    let reader = Reader::of(&registry);
    let listing = reader.oci.versions(&name()).unwrap();
    assert_eq!(listing.versions, [one()].into());
    assert_eq!(listing.others, ["latest"]);
    let release = reader.oci.fetch(&name(), &one()).unwrap();
    assert_eq!((release.kind, &release.bytes), (Kind::Wit, &clock()));
    assert_eq!(release.digest, Digest::of(&clock()));
    let claims = release.claims;
    assert_eq!(
        claims.reference,
        format!("{}/wit/acme/clock:1.0.0", registry.host())
    );
    assert_eq!(claims.manifest.unwrap().digest, manifest);
    assert!(claims.config.is_some());
    assert_eq!(claims.annotations.len(), 1);
    assert_eq!(
        reader.oci.manifest(&name(), &one()).unwrap(),
        Some(manifest)
    );
    let size = u64::try_from(clock().len()).unwrap();
    let content = reader.oci.content(&name(), &one(), &release.digest, size);
    assert_eq!(content.unwrap(), clock());
    let other = registry.push(
        REPOSITORY,
        "1.0.0",
        &from_wit("package a:b; world c {}", "c"),
    );
    assert_eq!(
        reader.oci.manifest(&name(), &one()).unwrap(),
        Some(other),
        "the tag was moved"
    );
}

#[test]
fn a_component_comes_as_well_as_a_wit_package() {
    let registry = Registry::new();
    let app = from_wit("package acme:x; world app { export run: func(); }", "app");
    registry.push(REPOSITORY, "1.0.0", &app);
    let release = Reader::of(&registry).oci.fetch(&name(), &one()).unwrap();
    assert_eq!((release.kind, release.bytes), (Kind::Component, app));
}

#[test]
fn tags_are_listed_whole_in_whatever_pages_they_come() {
    let registry = Registry::new();
    for patch in 0..2500 {
        registry.push(REPOSITORY, &format!("1.0.{patch}"), b"");
    }
    for (paging, requests) in [
        (Paging::Ignored, 2), // one more, since there are more than were asked for: it brings nothing new
        (Paging::Linked(100), 25),
        (Paging::Linked(5000), 3), // a thousand at once, as was asked for
        (Paging::Counted, 3),
        (Paging::Circle, 2),
    ] {
        let how = format!("{paging:?}");
        registry.page(paging);
        let reader = Reader::of(&registry);
        let before = registry.server().requests().len();
        assert_eq!(reader.versions().len(), 2500, "{how}");
        assert_eq!(
            registry.server().requests().len() - before,
            requests,
            "{how}"
        );
    }
}

#[test]
fn a_list_that_never_ends_is_given_up_by_count() {
    let registry = with_clock();
    registry.page(Paging::Endless);
    let error = Reader::of(&registry).oci.versions(&name()).unwrap_err();
    assert!(
        told(&error).contains("more tags for `acme:clock` than are read"),
        "{error:?}"
    );
    assert_eq!(registry.server().requests().len(), 64);
}

/// A page of tags, and where the next one is.
fn page(tags: &[&str], to: Option<&str>, filling: usize) -> Answer {
    let body = json!({"tags": tags, "filling": " ".repeat(filling)});
    let link = to.map(|to| {
        let to = format!("</v2/{REPOSITORY}/tags/list?{to}>; rel=\"next\"");
        ("Link", to)
    });
    Answer::Full {
        status: 200,
        headers: link.into_iter().collect(),
        body: body.to_string().into(),
    }
}

#[test]
fn a_list_is_given_up_by_its_bytes_as_well() {
    let registry = with_clock();
    let list = format!("v2/{REPOSITORY}/tags/list");
    for at in 1..=9 {
        let path = match at {
            1 => format!("{list}?n=1000"),
            _ => format!("{list}?{at}"),
        };
        let next = (at + 1).to_string();
        let answer = page(&[&format!("1.0.{at}")], Some(&next), 3 << 20);
        registry.server().always(&path, answer);
    }
    let error = Reader::of(&registry).oci.versions(&name()).unwrap_err();
    assert!(
        told(&error).contains("more tags for `acme:clock` than are read"),
        "{error:?}"
    );
    assert_eq!(registry.server().requests().len(), 6, "16 MiB and a bit");
}

#[test]
fn a_page_without_a_new_tag_does_not_end_a_list_that_goes_on() {
    let registry = with_clock();
    let list = format!("v2/{REPOSITORY}/tags/list");
    for (path, answer) in [
        (format!("{list}?n=1000"), page(&["1.0.0"], Some("2"), 0)),
        (format!("{list}?2"), page(&["1.0.0"], Some("3"), 0)),
        (format!("{list}?3"), page(&[], Some("4"), 0)),
        (format!("{list}?4"), page(&["1.0.1"], Some("2"), 0)),
    ] {
        registry.server().always(&path, answer);
    }
    assert_eq!(Reader::of(&registry).versions(), ["1.0.0", "1.0.1"]);
    assert_eq!(
        registry.server().requests().len(),
        4,
        "an address that was asked ends it"
    );
}

#[test]
fn a_list_goes_on_in_the_same_list_alone() {
    let registry = with_clock();
    let other = Server::answering(|_| Answer::Status(200));
    for link in [
        format!("{}/v2/wit/acme/clock/tags/list?n=1", other.url()),
        "https://evil.example/v2/wit/acme/clock/tags/list".to_owned(),
        "/v2/wit/acme/other/tags/list".to_owned(),
        "/elsewhere".to_owned(),
        "http://".to_owned(),
    ] {
        registry.page(Paging::Told(link));
        let error = Reader::of(&registry).oci.versions(&name()).unwrap_err();
        assert!(told(&error).contains("which is not followed"), "{error:?}");
    }
    assert!(other.requests().is_empty());
}

#[test]
fn a_token_is_got_for_each_repository_and_shown_to_the_registry_alone() {
    let registry = with_clock();
    registry.want(Tokens::Public);
    registry.push("wit/acme/logger", "1.0.0", b"");
    let reader = Reader::of(&registry);
    assert_eq!(reader.versions(), ["1.0.0"]);
    let list = "GET /v2/wit/acme/clock/tags/list".to_owned();
    let token = "GET /token".to_owned();
    let shown = |repository: &str| Some(format!("Bearer opaque-0-{repository}"));
    assert_eq!(
        asked(registry.server()),
        [
            (list.clone(), None),
            (token.clone(), None),
            (list, shown(REPOSITORY))
        ]
    );
    // What the registry wants is known by now: two requests for each further package.
    reader
        .oci
        .versions(&"acme:logger".parse().unwrap())
        .unwrap();
    let list = "GET /v2/wit/acme/logger/tags/list".to_owned();
    assert_eq!(
        asked(registry.server())[3..],
        [(token, None), (list, shown("wit/acme/logger"))]
    );
    // A token that ran out is got anew.
    registry.forget_tokens();
    assert!(reader.oci.fetch(&name(), &one()).is_ok());
    assert_eq!(
        reader.logins.1.load(Ordering::Relaxed),
        1,
        "the login is looked for once"
    );
}

#[test]
fn blobs_that_lie_elsewhere_come_without_credentials() {
    let registry = with_clock();
    registry.want(Tokens::Public);
    let bucket = Server::answering({
        let blobs = [clock()].map(|blob| (Digest::of(&blob), blob));
        move |request| {
            let digest = request.target.trim_start_matches('/').split('?').next();
            let digest = digest.unwrap_or_default().parse::<Digest>().unwrap();
            let found = blobs.iter().find(|(known, _)| *known == digest);
            match found {
                Some((_, blob)) => Answer::Full {
                    status: 200,
                    headers: Vec::new(),
                    body: blob.clone(),
                },
                None => Answer::Status(404),
            }
        }
    });
    registry.redirect_blobs(bucket.url());
    let reader = Reader::of(&registry);
    let size = u64::try_from(clock().len()).unwrap();
    let content = reader
        .oci
        .content(&name(), &one(), &Digest::of(&clock()), size);
    assert_eq!(content.unwrap(), clock());
    let requests = bucket.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].headers.get("authorization"), None);
}

#[test]
fn what_is_private_or_absent_is_said_to_be_one_of_the_two() {
    let registry = Registry::new();
    registry.want(Tokens::Public);
    registry.push("wit/acme/other", "1.0.0", b"");
    let words = "has no package `acme:clock`, or it is private";
    let refusal = Reader::of(&registry).refusal();
    assert!(refusal.ends_with(words), "{refusal}");
    registry.want(Tokens::Private("me".into(), "secret".into()));
    registry.push(REPOSITORY, "1.0.0", &clock());
    assert!(Reader::of(&registry).refusal().ends_with(words));
    let other = Login::Basic {
        user: "me".into(),
        password: "old".into(),
    };
    let refusal = Reader::logged_in(&registry, other).refusal();
    assert!(
        refusal.contains("it does not accept the login"),
        "{refusal}"
    );
    assert!(
        Reader::logged_in(&registry, basic())
            .oci
            .fetch(&name(), &one())
            .is_ok()
    );
    registry.want(Tokens::None);
    let absent = Registry::new();
    let error = Reader::of(&absent).oci.versions(&name()).unwrap_err();
    assert!(told(&error).ends_with("has no package `acme:clock`"));
    let error = Reader::of(&absent).oci.fetch(&name(), &one()).unwrap_err();
    assert!(told(&error).ends_with("has no `acme:clock@1.0.0`"));
}

#[test]
fn a_login_that_ran_out_does_not_hide_what_is_public() {
    let registry = with_clock();
    registry.want(Tokens::Public);
    let once = Answer::Status(401);
    let query = "token?service=told&scope=repository%3Awit%2Facme%2Fclock%3Apull";
    registry.server().next(query, [once]);
    assert!(
        Reader::logged_in(&registry, basic())
            .oci
            .fetch(&name(), &one())
            .is_ok()
    );
    let shown: Vec<_> = asked(registry.server())
        .into_iter()
        .filter(|(path, _)| path == "GET /token")
        .collect();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[0].1.as_deref(), Some("Basic bWU6c2VjcmV0"));
    assert_eq!(shown[1].1, None);
}

#[test]
fn each_kind_of_login_is_shown_in_its_way() {
    let registry = with_clock();
    for (tokens, login) in [
        (Tokens::Basic("me".into(), "secret".into()), basic()),
        (Tokens::Private("me".into(), "secret".into()), basic()),
        (
            Tokens::Identity("identity".into()),
            Login::Identity("identity".into()),
        ),
    ] {
        let how = format!("{tokens:?}");
        registry.want(tokens);
        let reader = Reader::logged_in(&registry, login);
        assert!(reader.oci.fetch(&name(), &one()).is_ok(), "{how}");
    }
    registry.want(Tokens::Public);
    let own = format!("http://{} opaque-0-wit/acme/clock", registry.host());
    let before = registry.server().requests().len();
    let reader = Reader::with(&registry, Some(basic()), &own, Vec::new());
    assert!(reader.oci.fetch(&name(), &one()).is_ok());
    let after = asked(registry.server()).split_off(before);
    assert!(
        after.iter().all(|(path, _)| path != "GET /token"),
        "a token of this user's is shown as it is"
    );
    assert_eq!(reader.logins.1.load(Ordering::Relaxed), 0);
    let wrong = format!("http://{} wrong", registry.host());
    let refusal = Reader::with(&registry, None, &wrong, Vec::new()).refusal();
    assert!(refusal.contains("does not accept the login"), "{refusal}");
}

#[test]
fn a_login_goes_to_the_registry_and_to_configured_pairs_alone() {
    let registry = with_clock();
    registry.want(Tokens::Private("me".into(), "secret".into()));
    let elsewhere = Server::answering(|_| Answer::Status(403));
    registry.give_tokens_at(format!("{}/token", elsewhere.url()));
    let refusal = Reader::logged_in(&registry, basic()).refusal();
    let place = elsewhere.address().to_string();
    assert!(
        refusal.ends_with(&format!("was not sent, since tokens are given at {place}")),
        "{refusal}"
    );
    assert!(asked(&elsewhere).iter().all(|(_, shown)| shown.is_none()));
    let realms = vec![place.parse().unwrap()];
    Reader::with(&registry, Some(basic()), "", realms).refusal();
    assert!(asked(&elsewhere).iter().any(|(_, shown)| shown.is_some()));
    // From this machine's registry to another host, and without TLS, nothing goes at all.
    registry.give_tokens_at("http://evil.example/token");
    let refusal = Reader::logged_in(&registry, basic()).refusal();
    assert!(
        refusal.contains("at evil.example, which is without TLS"),
        "{refusal}"
    );
}

#[test]
fn tokens_that_are_none_are_refused_in_words() {
    let registry = with_clock();
    registry.want(Tokens::Public);
    for (answer, words) in [
        (json!({"token": "a\nb"}).to_string(), "has a line break"),
        (
            json!({"token": "a\r\nX-Evil: 1"}).to_string(),
            "has a line break",
        ),
        (
            json!({"access_token": "a b"}).to_string(),
            "has a line break, a space",
        ),
        (json!({"token": "ä"}).to_string(), "another character"),
        (json!({"token": ""}).to_string(), "is no token in JSON"),
        (json!({"token": 1}).to_string(), "is no token in JSON"),
        ("[".repeat(60_000), "is no token in JSON"),
        ("<html>".to_owned(), "a web page came"),
        (
            format!("{{\"token\":\"{}\"}}", "x".repeat(70_000)),
            "more than 65536 bytes",
        ),
    ] {
        registry.answer_tokens(answer);
        let refusal = Reader::of(&registry).refusal();
        assert!(refusal.contains(words), "{words}: {refusal}");
    }
    let header = [("WWW-Authenticate", "Negotiate".to_owned())];
    registry.server().everything(Answer::Full {
        status: 401,
        headers: header.into(),
        body: Vec::new(),
    });
    let refusal = Reader::of(&registry).refusal();
    assert!(
        refusal.contains("no kind of login that is known here"),
        "{refusal}"
    );
}

#[test]
fn bytes_that_are_not_what_their_digest_says_are_refused() {
    let registry = with_clock();
    let mut other = clock();
    other.reverse();
    registry.replace(Digest::of(&clock()), &other);
    let refusal = Reader::of(&registry).refusal();
    assert!(
        refusal.contains(&format!("and not {}", Digest::of(&clock()))),
        "{refusal}"
    );
    registry.replace(Digest::of(&clock()), b"short");
    assert!(Reader::of(&registry).refusal().contains("and not sha256:"));
    registry.replace(Digest::of(&clock()), &vec![0; clock().len() + 1]);
    assert!(Reader::of(&registry).refusal().contains("more than"));
    let path = format!("v2/{REPOSITORY}/blobs/{}", Digest::of(&clock()));
    registry.server().always(&path, Answer::Endless);
    assert!(Reader::of(&registry).refusal().contains("more than"));
    assert!(
        registry.server().sent() < 8 << 20,
        "no more is read than was announced"
    );
    registry.server().always(&path, Answer::Status(404));
    assert!(
        Reader::of(&registry)
            .refusal()
            .contains("which is not there")
    );
}

#[test]
fn what_a_header_says_of_a_digest_decides_nothing() {
    let registry = with_clock();
    let manifest = registry.push(REPOSITORY, "1.0.0", &clock());
    for lie in [
        Digest::ZERO.to_string(),
        "nocolon".to_owned(),
        "sha512:00".to_owned(),
    ] {
        registry.state_digest(&lie);
        let reader = Reader::of(&registry);
        let release = reader.oci.fetch(&name(), &one()).unwrap();
        assert_eq!(release.claims.manifest.unwrap().digest, manifest);
        assert_eq!(
            reader.oci.manifest(&name(), &one()).unwrap(),
            Some(manifest)
        );
    }
}

#[test]
fn a_busy_registry_is_asked_again_when_it_says_so() {
    let registry = with_clock();
    let busy = |after: &str| Answer::Full {
        status: 503,
        headers: vec![("Retry-After", after.to_owned())],
        body: b"Egress is over the account limit".into(),
    };
    let path = format!("v2/{REPOSITORY}/manifests/1.0.0");
    registry.server().next(&path, [busy("0"), busy("1")]);
    assert!(Reader::of(&registry).oci.fetch(&name(), &one()).is_ok());
    assert_eq!(registry.server().count(&path), 3);
    registry.server().always(&path, busy("3600"));
    let refusal = Reader::of(&registry).refusal();
    assert!(refusal.contains("503"), "{refusal}");
    assert_eq!(
        registry.server().count(&path),
        4,
        "an hour is not waited for"
    );
}

#[test]
fn what_is_no_package_in_an_oci_registry_is_refused_in_words() {
    let registry = Registry::new();
    let wasm = || with_type(registry.put(&clock()), WASM);
    let second = || with_type(registry.put(b"\0asm other"), WASM);
    let policy = || with_type(registry.put(b"{}"), "application/vnd.policy+json");
    let digests = |layers: &[&Value]| {
        let digests: Vec<_> = layers.iter().map(|layer| layer["digest"].clone()).collect();
        json!({"layerDigests": digests})
    };
    let of = |config: &Value, layers: &[Value]| registry.manifest(CONFIG, config, layers);
    let none = json!({"layerDigests": []});
    let mut sha512 = wasm();
    sha512["digest"] = format!("sha512:{}", "0".repeat(128)).into();
    let mut huge = wasm();
    huge["size"] = (1_u64 << 60).into();
    for (manifest, words) in [
        (
            json!({"schemaVersion": 2, "manifests": []}),
            "an index of several manifests",
        ),
        (
            json!({"schemaVersion": 1, "fsLayers": []}),
            "names no config",
        ),
        (json!([]), "manifest does not read"),
        (
            registry.manifest("application/vnd.oci.empty.v1+json", &none, &[wasm()]),
            "its config is of type `application/vnd.oci.empty.v1+json`",
        ),
        (of(&none, &[]), "among 0"),
        (of(&none, &[policy()]), "among 1"),
        (
            of(&digests(&[&second()]), &[wasm()]),
            "does not name the layer",
        ),
        (of(&none, &[wasm(), policy()]), "does not name the layer"),
        (
            of(&none, &[wasm(), second()]),
            "2 of its layers are of type",
        ),
        (
            of(&digests(&[&wasm(), &second()]), &[wasm(), second()]),
            "2 of its layers are of type",
        ),
        (
            of(&none, &[sha512]),
            "only digests of the form `sha256:<hex>`",
        ),
        (of(&none, &[huge]), "content has 1152921504606846976 bytes"),
        (of(&json!([1]), &[wasm()]), "config does not read"),
    ] {
        registry.push_manifest(REPOSITORY, "1.0.0", &manifest);
        let refusal = Reader::of(&registry).refusal();
        assert!(refusal.contains(words), "{words}: {refusal}");
    }
    for (config, layers) in [
        (none.clone(), vec![wasm()]),
        (digests(&[&wasm(), &policy()]), vec![wasm(), policy()]),
        (digests(&[&wasm()]), vec![second(), wasm()]),
    ] {
        registry.push_manifest(REPOSITORY, "1.0.0", &of(&config, &layers));
        let release = Reader::of(&registry).oci.fetch(&name(), &one()).unwrap();
        assert_eq!(release.bytes, clock());
    }
    registry.push(REPOSITORY, "1.0.0", b"\0asm\x01\0\0\0");
    assert!(
        Reader::of(&registry)
            .refusal()
            .contains("a core module, not a component")
    );
    registry.push(REPOSITORY, "2.0.0", &clock());
    let error = Reader::of(&registry)
        .oci
        .fetch(&name(), &Version::new(2, 0, 0));
    assert!(told(&error.unwrap_err()).contains("its bytes say that they are `acme:clock@1.0.0`"));
}

#[test]
fn a_manifest_and_a_config_have_a_limited_number_of_layers() {
    let registry = Registry::new();
    let wasm = with_type(registry.put(&clock()), WASM);
    let other = with_type(registry.put(b"{}"), "application/vnd.policy+json");
    let of = |digests: usize, layers: usize| {
        let mut all = vec![other.clone(); layers - 1];
        all.push(wasm.clone());
        let mut named = vec![json!("sha256:0"); digests - 1];
        named.push(wasm["digest"].clone());
        registry.manifest(CONFIG, &json!({"layerDigests": named}), &all)
    };
    for (digests, layers, words) in [
        (1, 1001, "its manifest does not read: more than 1000 layers"),
        (1001, 1, "its config does not read: more than 1000 layers"),
    ] {
        registry.push_manifest(REPOSITORY, "1.0.0", &of(digests, layers));
        let refusal = Reader::of(&registry).refusal();
        assert!(refusal.contains(words), "{words}: {refusal}");
    }
    registry.push_manifest(REPOSITORY, "1.0.0", &of(1000, 1000));
    assert!(Reader::of(&registry).oci.fetch(&name(), &one()).is_ok());
}

#[test]
fn a_token_is_got_where_a_password_would_do_as_well() {
    let registry = with_clock();
    registry.want(Tokens::Public);
    let list = format!("v2/{REPOSITORY}/tags/list?n=1000");
    for (first, second) in [(true, false), (false, true)] {
        let bearer = format!(
            "Bearer realm=\"http://{}/token\",service=\"told\"",
            registry.host()
        );
        let mut challenges = vec![bearer];
        if first {
            challenges.insert(0, "Basic realm=\"told\"".into());
        }
        if second {
            challenges.push("Basic realm=\"told\"".into());
        }
        let asking = Answer::Full {
            status: 401,
            headers: vec![("WWW-Authenticate", challenges.join(", "))],
            body: Vec::new(),
        };
        registry.server().next(&list, [asking]);
        assert_eq!(Reader::of(&registry).versions(), ["1.0.0"]);
    }
}

#[test]
fn a_content_is_as_long_as_its_manifest_says() {
    let registry = Registry::new();
    let mut longer = with_type(registry.put(&clock()), WASM);
    longer["size"] = (clock().len() + 1).into();
    let digests = json!({"layerDigests": [longer["digest"]]});
    let manifest = registry.manifest(CONFIG, &digests, &[longer]);
    registry.push_manifest(REPOSITORY, "1.0.0", &manifest);
    let refusal = Reader::of(&registry).refusal();
    let came = clock().len();
    let words = format!(
        "{came} bytes came, but the server had announced {}",
        came + 1
    );
    assert!(refusal.ends_with(&words), "{refusal}");
}

#[test]
fn what_a_server_wrote_is_repeated_as_one_short_line() {
    let registry = Registry::new();
    let long = format!("told\r\n::error::\u{1b}[31m{}", "x".repeat(10_000));
    let wasm = with_type(registry.put(&clock()), WASM);
    let none = json!({"layerDigests": []});
    let mut digest = wasm.clone();
    digest["digest"] = long.as_str().into();
    let mut size = wasm.clone();
    size["size"] = long.as_str().into();
    for manifest in [
        registry.manifest(&long, &none, std::slice::from_ref(&wasm)),
        registry.manifest(CONFIG, &none, &[digest]),
        registry.manifest(CONFIG, &none, &[size]),
        registry.manifest(CONFIG, &json!({"layerDigests": long}), &[wasm]),
        json!(long),
    ] {
        registry.push_manifest(REPOSITORY, "1.0.0", &manifest);
        let refusal = Reader::of(&registry).refusal();
        assert!(refusal.contains("told"), "{refusal}");
        is_short(&refusal);
    }
    registry.push(REPOSITORY, "1.0.0\r\n::error::", &clock());
    let listing = Reader::of(&registry).oci.versions(&name()).unwrap();
    assert_eq!(listing.others, ["1.0.0\\r\\n::error::"]);
    let elsewhere = format!("https://other.example/{}", "x".repeat(5000));
    registry.page(Paging::Told(elsewhere.clone()));
    is_short(&told(
        &Reader::of(&registry).oci.versions(&name()).unwrap_err(),
    ));
    let refused = elsewhere.replace("https", "ftp");
    registry.server().everything(Answer::Full {
        status: 302,
        headers: vec![("Location", refused)],
        body: Vec::new(),
    });
    let refusal = Reader::of(&registry).refusal();
    assert!(refusal.contains("ftp://other.example/xx"), "{refusal}");
    is_short(&refusal);
    let realm = format!(
        "Bearer realm=\"http://{}/{}\"",
        registry.host(),
        "x".repeat(5000)
    );
    registry.server().everything(Answer::Full {
        status: 401,
        headers: vec![("WWW-Authenticate", realm)],
        body: vec![b'x'; 100_000],
    });
    is_short(&Reader::of(&registry).refusal());
}

/// What a server wrote has at most 200 characters, and our words about it some more.
fn is_short(text: &str) {
    assert!(text.len() < 600, "{text}");
    assert!(!text.contains(char::is_control), "{text:?}");
}

#[test]
fn documents_have_limits() {
    let registry = with_clock();
    for (path, limit) in [
        (
            format!("v2/{REPOSITORY}/manifests/1.0.0"),
            "more than 4194304 bytes",
        ),
        (
            format!("v2/{REPOSITORY}/tags/list?n=1000"),
            "more than 8388608 bytes",
        ),
    ] {
        registry.server().always(&path, Answer::Endless);
        let reader = Reader::of(&registry);
        let error = if path.contains("tags") {
            reader.oci.versions(&name()).unwrap_err()
        } else {
            reader.oci.fetch(&name(), &one()).unwrap_err()
        };
        assert!(told(&error).contains(limit), "{error:?}");
    }
    assert!(registry.server().sent() < 40 << 20);
}

#[test]
fn a_registry_that_is_down_is_tried_again_for_the_first_package_alone() {
    let registry = with_clock();
    let down = Answer::Status(503);
    registry.server().everything(down);
    let reader = Reader::of(&registry);
    for asked in [3, 4, 5] {
        assert!(reader.oci.versions(&name()).is_err());
        assert_eq!(registry.server().requests().len(), asked);
    }
    let up = with_clock();
    let reader = Reader::of(&up);
    up.server().everything(Answer::Status(503));
    assert!(reader.oci.versions(&name()).is_err());
    up.server().next(
        &format!("v2/{REPOSITORY}/tags/list?n=1000"),
        [Answer::Full {
            status: 200,
            headers: Vec::new(),
            body: b"{\"tags\":[]}".into(),
        }],
    );
    assert!(reader.oci.versions(&name()).is_ok());
    let before = up.server().requests().len();
    assert!(reader.oci.versions(&name()).is_err());
    assert_eq!(
        up.server().requests().len() - before,
        3,
        "it was there in between"
    );
}
