//! The catalogue of notices: each kind is provoked through the program, and what it says is a page of the documents.
//!
//! A kind that has no case fails here. `CARGO_WARG_BLESS=1` writes the page anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::thread;

use cargo_warg::notice::Kind;
use fixtures::component::{from_wit, wit_package};
use resolver::lockfile::Lockfile;
use serde_json::Value;
use transparency::operator;

use crate::candidates::{spoil, with_needed};
use crate::dep_solved::{forger, telling, timer};
use crate::errors::stage::plain;
use crate::gave_up::{dovecote, let_in, with_few_steps};
use crate::story::{self, Registry};
use crate::support::{Project, Said, Sandbox};

const PAGE: &str = "../docs/notices.md";

const INTRODUCTION: &str = "\
# Notices

What a command tells beside its result, as it looks: warnings, and notes. With `-q` none of it is printed.
[JSON](json.md#notices) has all of it, each with its kind. `verify --deny` makes [errors](ci.md#warnings-that-fail-a-job) of warnings.

This page is made by a test, `tests/cli/notices.rs`, which provokes each kind through the program.
";

/// Where a case is played.
struct Scene {
    sandbox: Sandbox,
    registry: Registry,
    app: Project,
}

impl Scene {
    /// A stocked registry, and a project of it that has these lines in its manifest.
    fn new(lines: &str) -> Self {
        let sandbox = Sandbox::new();
        let registry = story::stocked(&sandbox);
        let app = registry.app(&sandbox, "app", lines);
        Self {
            sandbox,
            registry,
            app,
        }
    }

    /// The project of [`story::fetched`].
    fn fetched() -> Self {
        let sandbox = Sandbox::new();
        let (registry, app) = story::fetched(&sandbox);
        Self {
            sandbox,
            registry,
            app,
        }
    }

    /// A registry of one's own, and a project whose component requires a clock, locked.
    fn forger() -> Self {
        let sandbox = Sandbox::new();
        let (registry, app) = forger(&sandbox);
        Self {
            sandbox,
            registry,
            app,
        }
    }

    /// A project whose lock has the markers of a merge.
    fn merged() -> Self {
        let scene = Self::new(CLOCK).does(&["lock"]);
        let lock = scene.app.read("warg.lock");
        let package = &lock[lock.find("[[package]]").unwrap()..];
        let both = format!("<<<<<<< HEAD\n{package}=======\n{package}>>>>>>> topic\n");
        scene.replaced("warg.lock", package, &both)
    }

    /// The project's `wit/world.wit`.
    fn world(self, items: &str) -> Self {
        let text = format!("package example:app@0.1.0;\n\nworld app {{\n{items}}}\n");
        self.app.write("wit/world.wit", text);
        self
    }

    /// Runs a command that must succeed.
    fn does(self, arguments: &[&str]) -> Self {
        self.app.warg(arguments).code(0);
        self
    }

    /// Puts another text for one in a file of the project.
    fn replaced(self, path: &str, from: &str, to: &str) -> Self {
        let text = self.app.read(path);
        assert!(text.contains(from), "no {from:?} in {text}");
        self.app.write(path, text.replacen(from, to, 1));
        self
    }

    fn size(&self) -> String {
        self.registry.world.size().to_string()
    }

    /// Runs the command that tells of it.
    fn tells(&self, arguments: &[&str]) -> Told {
        Told::of(&self.sandbox, arguments, &|line| {
            self.app.warg(line).code(0)
        })
    }
}

/// What a command told.
struct Told {
    line: String,
    stderr: String,
    /// The first message of each kind.
    messages: BTreeMap<String, String>,
}

impl Told {
    fn of(sandbox: &Sandbox, arguments: &[&str], run: &dyn Fn(&[&str]) -> Said) -> Self {
        let said = run(&[arguments, &["--message-format", "json"]].concat());
        let mut notices = Vec::new();
        for document in said.documents() {
            collect(&document, &mut notices);
        }
        let mut messages = BTreeMap::new();
        for notice in notices {
            let (kind, message) = (notice["kind"].as_str(), notice["message"].as_str());
            let message = plain(message.unwrap(), sandbox);
            messages.entry(kind.unwrap().to_owned()).or_insert(message);
        }
        Self {
            line: arguments.join(" "),
            stderr: plain(&said.stderr, sandbox),
            messages,
        }
    }

    /// The lines of stderr that are about a kind: its notice, up to the next one or what the command says otherwise.
    fn lines(&self, kind: Kind) -> Option<String> {
        let message = self.messages.get(kind.word())?;
        let head = format!("{}: {message}", kind.level().word());
        let rest = &self.stderr[self.stderr.find(&head)?..];
        let mut shown = head.clone();
        shown.push('\n');
        let others = rest[head.len()..].lines().skip(1);
        let is_other = |line: &&str| {
            let begins_in_the_margin = line.trim_start().starts_with(|c: char| c.is_uppercase());
            let is_notice = ["warning: ", "note: "]
                .iter()
                .any(|level| line.starts_with(level));
            is_notice || begins_in_the_margin
        };
        for line in others.take_while(|line| !is_other(line)) {
            writeln!(shown, "{line}").unwrap();
        }
        Some(shown)
    }
}

/// All notices of a document, at any depth.
fn collect(value: &Value, notices: &mut Vec<Value>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if name == "notices" {
                    notices.extend(field.as_array().unwrap().iter().cloned());
                } else {
                    collect(field, notices);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| collect(value, notices)),
        _ => {}
    }
}

const CLOCK: &str = "[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1.0\"\n";
const ANY: &str = "[package.metadata.warg.dependencies]\n\"acme:a\" = \"0.9\"\n";
const STREAMS: &str = "  import acme:io/streams@1.0.1;\n";

/// Provokes a kind.
#[expect(clippy::too_many_lines, reason = "one table")]
fn told(kind: Kind) -> Told {
    match kind {
        Kind::Yanked => {
            let mut scene = Scene::fetched();
            let world = &mut scene.registry.world;
            world.yank("acme:clock", "1.1.0", "loses seconds");
            scene.tells(&["verify"])
        }
        Kind::YankedSince => {
            let mut scene = Scene::new(CLOCK);
            let then = scene.size();
            let world = &mut scene.registry.world;
            world.yank("acme:clock", "1.1.0", "loses seconds");
            scene.tells(&["lock", "--at", &then, "-o", "then.lock"])
        }
        Kind::Withdrawn => {
            let mut scene = Scene::new(CLOCK).does(&["lock"]);
            let world = &mut scene.registry.world;
            world.withdraw("acme:clock", "1.1.0", "not ours to give away");
            scene.world(STREAMS).tells(&["lock"])
        }
        Kind::WithdrawnSince => {
            let mut scene = Scene::new(CLOCK);
            let then = scene.size();
            let world = &mut scene.registry.world;
            world.withdraw("acme:clock", "1.1.0", "not ours to give away");
            scene.tells(&["lock", "--at", &then, "-o", "then.lock"])
        }
        Kind::PassedOver | Kind::RefusedLog => {
            let mut scene = Scene::new(ANY);
            with_needed(&mut scene.registry);
            spoil(&mut scene.registry);
            scene.tells(&["lock"])
        }
        Kind::RegistryUnasked => {
            let scene = Scene::new(CLOCK).does(&["vendor"]);
            fs::remove_dir_all(&scene.registry.folder).unwrap();
            scene.tells(&["fetch"])
        }
        Kind::RegistrySilent => {
            let mut scene = Scene::fetched();
            let promise = vec![operator::Action::Refresh(86_400)];
            scene.registry.world.operate(promise);
            scene.tells(&["verify"])
        }
        Kind::StaleLock => {
            let scene = Scene::new(CLOCK).does(&["lock"]);
            scene
                .replaced("Cargo.toml", "\"1.0\"", "\"=1.0.0\"")
                .tells(&["tree"])
        }
        Kind::UnreadableLock => Scene::merged().tells(&["info", "acme:clock"]),
        Kind::MergedLock => Scene::merged().tells(&["lock"]),
        Kind::RewrittenLock => {
            let logger = CLOCK.replace("acme:clock", "acme:logger");
            let scene = Scene::new(&logger).does(&["lock"]);
            let selects = "    \"component acme:clock@1.1.0\",\n";
            scene.replaced("warg.lock", selects, "").tells(&["lock"])
        }
        Kind::GaveUp => {
            let sandbox = Sandbox::new();
            let mut registry = dovecote(&sandbox);
            let needs = "[package.metadata.warg.dependencies]\n\"acme:app\" = \"1.0\"\n";
            let app = registry.app(&sandbox, "app", needs);
            with_few_steps(&app, &["lock"]).code(0);
            let_in(&mut registry);
            Told::of(&sandbox, &["outdated"], &|line| {
                with_few_steps(&app, line).code(0)
            })
        }
        Kind::UnusedPatch => {
            let patch = "[workspace.metadata.warg.patch]\n\"acme:io\" = { path = \"../io\" }\n";
            let scene = Scene::new("").world(STREAMS);
            scene.app.append_to_manifest(patch);
            scene.app.write(
                "../io/io.wit",
                "package acme:io@7.0.0;\ninterface streams {}\n",
            );
            scene.tells(&["lock"])
        }
        Kind::UnreadTexts => {
            let scene = Scene::new("").world("");
            scene
                .app
                .write("wit/mine/mine.wit", "package acme:mine@1.0.0;\n");
            scene.tells(&["lock"])
        }
        Kind::OwnTexts => {
            let scene = Scene::new("").world("  import acme:mine/i@1.0.0;\n");
            let text = "package acme:mine@1.0.0;\ninterface i {}\n";
            scene.app.write("wit/deps/mine/mine.wit", text);
            scene.tells(&["lock"])
        }
        Kind::Unvouched => {
            let clock = "{ path = \"clock.wasm\", version = \"1.0.0\" }";
            let scene = Scene::new(&CLOCK.replace("\"1.0\"", clock));
            let built = from_wit(&story::clock("1.0.0"), "w");
            scene.app.write("clock.wasm", built);
            scene.does(&["lock"]).tells(&["verify"])
        }
        Kind::TwinPins => {
            let both = "  import acme:io/streams@1.0.0;\n  import acme:io/streams@1.0.1;\n";
            let scene = Scene::new("").world(both).does(&["lock"]);
            scene.tells(&["update", "--pins"])
        }
        Kind::HeldPins => Scene::new("")
            .world(STREAMS)
            .does(&["lock"])
            .tells(&["update"]),
        Kind::StillReferredTo | Kind::StaysLocked => {
            let table = "[package.metadata.warg.wit-dependencies]\n\"acme:io\" = \"1.0\"\n";
            let scene = Scene::new(table).world(STREAMS).does(&["lock"]);
            scene.tells(&["remove", "acme:io"])
        }
        Kind::UnusedRequirement => {
            let scene = Scene::new(CLOCK).does(&["lock"]);
            let alone = from_wit("package acme:app@0.1.0;\nworld w {}\n", "w");
            scene.app.write("app.wasm", alone);
            scene.tells(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        }
        Kind::UnusedRedirection => {
            let wire = "[package.metadata.warg.wire]\n\"acme:timer/now@1.0.0\" = \"acme:clock\"\n";
            let scene = Scene::forger();
            scene.app.append_to_manifest(wire);
            scene.tells(&["bundle", "app.wasm", "-o", "bundle.wasm"])
        }
        Kind::Redirected => {
            let wire = "[package.metadata.warg.wire]\n\"acme:clock/now@1.0.0\" = \"acme:clock\"\n";
            let scene = Scene::forger();
            scene.app.append_to_manifest(wire);
            let scene = scene.does(&["bundle", "app.wasm", "-o", "bundle.wasm"]);
            scene.tells(&["verify", "bundle.wasm"])
        }
        Kind::NotDerived => {
            let mut scene = Scene::forger();
            let mut lock: Lockfile = scene.app.read("warg.lock").parse().unwrap();
            lock.solver = 7;
            let telling = telling(&mut scene.registry, "0.1.0");
            telling.lock(lock.to_string().into_bytes()).publish();
            scene.tells(&["verify", "acme:app@0.1.0"])
        }
        Kind::NotComposed => {
            let mut scene = Scene::forger().does(&["bundle", "app.wasm", "-o", "bundle.wasm"]);
            let lock = scene.app.read("warg.lock").into_bytes();
            let bundle = fs::read(scene.app.path().join("bundle.wasm")).unwrap();
            let telling = telling(&mut scene.registry, "0.1.0");
            telling.lock(lock).bundle(bundle, 9).publish();
            scene.tells(&["verify", "acme:app@0.1.0"])
        }
        Kind::OtherMembersComponent => {
            let scene = Publisher::new(
                "package = \"acme:app\"\n[package.metadata.warg.dependencies]\n\"acme:clock\" = \"1\"\n",
            );
            scene
                .app
                .publish_component("acme:clock", "1.0.0", &story::clock("1.0.0"))
                .code(0);
            scene.app.write("timer.wasm", timer());
            scene.tells(&["publish", "timer.wasm", "--as", "acme:timer@1.0.0"])
        }
        Kind::ComponentsName => {
            let scene = Publisher::new("package = \"acme:app\"\n");
            scene
                .app
                .write("wit/app.wit", "package acme:app@0.1.0;\nworld w {}\n");
            scene.tells(&["publish", "wit", "--yes"])
        }
        Kind::EmptyPackage => {
            let scene = Publisher::new("");
            let nested = "package acme:heads@1.0.0;\npackage acme:tails@1.0.0 { interface i {} }\n";
            scene.app.write("heads.wit", nested);
            scene.tells(&["publish", "heads.wit"])
        }
        Kind::ImportedUnusable => {
            let scene = Publisher::new("");
            for version in ["1.0.0", "1.1.0"] {
                let text = format!("package acme:io@{version};\ninterface streams {{}}\n");
                scene.app.write(&format!("in/{version}/io.wit"), text);
            }
            let both = "package acme:both@1.0.0;\n\
                        world w { import acme:io/streams@1.0.0; import acme:io/streams@1.1.0; }\n";
            scene.app.write("in/both/both.wit", both);
            scene.tells(&["registry", "import", "in"])
        }
        Kind::Skipped => {
            let scene = Publisher::new("");
            let good = "package acme:io@1.0.0;\ninterface streams {}\n";
            scene.app.write("in/io/io.wit", good);
            let versionless = "package acme:http;\ninterface types {}\n";
            scene.app.write("in/http/http.wit", versionless);
            scene.ends(101, &["registry", "import", "in"])
        }
        Kind::SkippedElsewhere => {
            let scene = Publisher::new("");
            scene.app.registry("wasi", &["wasi"]);
            for name in ["acme:io", "wasi:io"] {
                let text = format!("package {name}@1.0.0;\ninterface streams {{}}\n");
                scene.app.write(&format!("in/{}/io.wit", &name[..4]), text);
            }
            scene.tells(&["registry", "import", "in", "--registry", "acme"])
        }
        Kind::MovedUpstream => {
            let scene = Publisher::new("");
            let put = |function: &str| {
                let text =
                    format!("package acme:io@1.0.0;\ninterface s {{ {function}: func(); }}\n");
                let wit = wit_package(&text);
                scene.app.write("../up/acme/io/1.0.0.wasm", wit);
            };
            let import = ["registry", "import", "local:../up", "acme:io@1.0.0"];
            put("read");
            scene.app.warg(&import).code(0);
            put("spy");
            scene.ends(13, &import)
        }
    }
}

/// A project whose registry was made by the program, for those who publish.
struct Publisher {
    sandbox: Sandbox,
    app: Project,
}

impl Publisher {
    fn new(settings: &str) -> Self {
        let sandbox = Sandbox::new();
        let app = sandbox.cargo_project("app", &format!("[package.metadata.warg]\n{settings}"));
        app.registry("acme", &["acme"]);
        Self { sandbox, app }
    }

    fn tells(&self, arguments: &[&str]) -> Told {
        self.ends(0, arguments)
    }

    /// The same, where it did only what it could.
    fn ends(&self, code: i32, arguments: &[&str]) -> Told {
        Told::of(&self.sandbox, arguments, &|line| {
            self.app.warg(line).code(code)
        })
    }
}

/// Provokes all kinds, a few at once; none where one went otherwise. Its own panic says why.
fn play() -> Vec<Option<Told>> {
    let mut played = Vec::new();
    for kinds in Kind::ALL.chunks(4) {
        thread::scope(|scope| {
            let playing: Vec<_> = kinds
                .iter()
                .map(|kind| scope.spawn(|| told(*kind)))
                .collect();
            played.extend(playing.into_iter().map(|one| one.join().ok()));
        });
    }
    played
}

#[test]
fn every_kind_of_notice_is_catalogued_as_it_looks() {
    let mut page = INTRODUCTION.to_owned();
    let mut untold = Vec::new();
    for (kind, told) in Kind::ALL.iter().zip(play()) {
        let Some(told) = told else {
            untold.push(kind.word().to_owned());
            continue;
        };
        let Some(lines) = told.lines(*kind) else {
            untold.push(format!("{} by {}: {}", kind.word(), told.line, told.stderr));
            continue;
        };
        write!(
            page,
            "\n## `{}`\n\n{}\n\n```text\n$ cargo warg {}\n{lines}```\n",
            kind.word(),
            kind.about(),
            told.line
        )
        .unwrap();
    }
    assert!(untold.is_empty(), "these are not told: {untold:#?}");
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    if std::env::var_os("CARGO_WARG_BLESS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == page,
        "CARGO_WARG_BLESS=1 writes docs/notices.md anew"
    );
}
