//! What a registry says that warg.lock contradicts, on a machine that never saw the registry: the lock is the only witness,
//! and no command writes another one over it.

use fixtures::component;
use fixtures::forge::Forge;

use crate::story::{Registry, clock};
use crate::support::{Project, Sandbox};

/// A registry, the app that locked the last release of `acme:clock`, and what its publisher signed as well.
struct Story {
    registry: Registry,
    app: Project,
    /// Another `acme:clock@1.1.0`.
    other: Vec<u8>,
    /// `acme:clock@1.0.0` once more, in the place of 1.1.0 and behind it: a log with that breaks a rule.
    again: Vec<u8>,
    behind: Vec<u8>,
}

const DEPENDENCIES: &str = "[package.metadata.warg.dependencies]\n";

impl Story {
    fn new(sandbox: &Sandbox) -> Self {
        let mut registry = Registry::new(sandbox, "acme", 1);
        let text =
            "package acme:lamp@1.0.0;\ninterface api { on: func(); }\nworld w { export api; }\n";
        registry.component("acme:lamp", "1.0.0", &[], text);
        registry.component("acme:clock", "1.0.0", &[], &clock("1.0.0"));
        let evil = component::from_wit(&clock("1.1.0").replace("u64", "u32"), "w");
        let mut sign = |version: &str| {
            let telling = registry.world.release("acme:clock", version);
            telling
                .content(evil.clone())
                .exports("acme:clock/now@1.1.0")
                .sign()
        };
        let (other, again) = (sign("1.1.0"), sign("1.0.0"));
        registry.component("acme:clock", "1.1.0", &[], &clock("1.1.0"));
        let behind = registry.world.release("acme:clock", "1.0.0").sign();
        let app = registry.app(
            sandbox,
            "app",
            &format!("{DEPENDENCIES}\"acme:clock\" = \"1\"\n"),
        );
        app.warg(&["lock"]).code(0);
        Self {
            registry,
            app,
            other,
            again,
            behind,
        }
    }

    /// Requires another component, too: then the lock is stale.
    fn ask_for_more(&self) {
        let manifest = self.app.read("Cargo.toml");
        let more = format!("{DEPENDENCIES}\"acme:lamp\" = \"1\"\n");
        self.app
            .write("Cargo.toml", manifest.replace(DEPENDENCIES, &more));
    }

    /// Requires nothing but another component.
    fn ask_for_another(&self) {
        let manifest = self.app.read("Cargo.toml");
        self.app
            .write("Cargo.toml", manifest.replace("acme:clock", "acme:lamp"));
    }

    /// Demands that a new machine is refused by each command, in these words, and that nothing is written.
    #[track_caller]
    fn check_refused(&self, sandbox: &Sandbox, commands: &[&[&str]], code: i32, says: &str) {
        let before = self.registry.snapshot(&self.app);
        for (number, command) in commands.iter().enumerate() {
            let home = sandbox.join(format!("home-{}-{number}", command[0]));
            let _ = std::fs::remove_dir_all(&home);
            let machine = self.app.with_home(home);
            machine
                .warg(command)
                .code(code)
                .stderr_contains(says)
                .stderr_contains("help: ")
                .stderr_lacks("run `cargo warg lock`");
            assert_eq!(
                self.registry.snapshot(&self.app),
                before,
                "{command:?} changed something"
            );
        }
    }
}

const SOLVING: [&[&str]; 4] = [
    &["verify"],
    &["update"],
    &["update", "acme:clock"],
    &["add", "acme:lamp"],
];

const STALE: [&[&str]; 5] = [
    &["lock"],
    &["fetch"],
    &["vendor"],
    &["update"],
    &["outdated"],
];

const MERGING: [&[&str]; 3] = [&["lock"], &["fetch"], &["vendor"]];

#[track_caller]
fn check_contradicted(lie: impl FnOnce(&Story, &mut Forge<'_>), code: i32, says: &str) {
    let sandbox = Sandbox::new();
    let story = Story::new(&sandbox);
    story.registry.lie(|forge| lie(&story, forge));
    story.check_refused(&sandbox, &SOLVING, code, says);
    story.ask_for_more();
    story.check_refused(&sandbox, &STALE, code, says);
    let lock = story.app.read("warg.lock");
    let text = format!("<<<<<<< HEAD\n{lock}=======\n{lock}>>>>>>> topic\n");
    story.app.write("warg.lock", text);
    story.check_refused(&sandbox, &MERGING, code, says);
}

#[test]
fn a_record_that_was_moved_since_it_was_locked_convicts_and_the_lock_stays() {
    let says = "the evidence is saved in ";
    check_contradicted(|_, forge| _ = forge.repeat("acme:clock"), 14, says);
}

#[test]
fn another_record_for_a_locked_version_is_refused_and_the_lock_stays() {
    let lie = |story: &Story, forge: &mut Forge<'_>| {
        forge.cut("acme:clock");
        forge.extend("acme:clock", story.other.clone());
    };
    let says = "the lock says that the digest of component acme:clock@1.1.0 is sha256:";
    check_contradicted(lie, 13, says);
}

#[test]
fn a_locked_release_that_the_map_leaves_out_is_refused_and_the_lock_stays() {
    let says = "the lock has component acme:clock@1.1.0, but `acme:clock` has no such release";
    check_contradicted(|_, forge| forge.cut("acme:clock"), 13, says);
    let says = "but `acme:clock` is proved not to be in";
    check_contradicted(|_, forge| _ = forge.omit("acme:clock"), 13, says);
}

#[test]
fn a_digest_that_no_log_has_is_refused_in_a_stale_lock_and_on_either_side_of_a_merge() {
    let sandbox = Sandbox::new();
    let story = Story::new(&sandbox);
    let good = story.app.read("warg.lock");
    let (before, rest) = good.split_once("digest = \"sha256:").unwrap();
    let bad = format!(
        "{before}digest = \"sha256:{}{}",
        "ab".repeat(32),
        &rest[64..]
    );
    let says = "the lock says that the digest of component acme:clock@1.1.0 is sha256:abab";
    for (ours, theirs) in [(&good, &bad), (&bad, &good), (&bad, &bad)] {
        let text = format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> topic\n");
        story.app.write("warg.lock", text);
        story.check_refused(&sandbox, &MERGING, 13, says);
    }
    story.app.write("warg.lock", &bad);
    story.check_refused(&sandbox, &SOLVING, 13, says);
    story.ask_for_more();
    story.check_refused(&sandbox, &STALE, 13, says);
    // What the help says helps.
    story.app.write("warg.lock", &good);
    story.app.warg(&["lock"]).code(0);
}

#[test]
fn of_a_log_that_breaks_a_rule_the_locked_record_is_demanded_and_no_more() {
    let sandbox = Sandbox::new();
    let story = Story::new(&sandbox);
    story.ask_for_another();
    let before = story.app.read("warg.lock");
    let behind = story.behind.clone();
    story
        .registry
        .lie(|forge| _ = forge.extend("acme:clock", behind));
    let machine = story.app.with_home(sandbox.join("fresh"));
    machine.warg(&["lock"]).code(0);
    assert_ne!(story.app.read("warg.lock"), before);

    let sandbox = Sandbox::new();
    let story = Story::new(&sandbox);
    story.ask_for_another();
    let again = story.again.clone();
    story.registry.lie(|forge| {
        forge.cut("acme:clock");
        forge.extend("acme:clock", again);
    });
    let says = "the lock has component acme:clock@1.1.0, but `acme:clock` has no such release";
    story.check_refused(&sandbox, &[&["lock"], &["update"]], 13, says);
}
