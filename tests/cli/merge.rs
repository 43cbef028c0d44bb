//! Merging branches that both locked: with git itself, in real repositories.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::story::{Registry, clock};
use crate::support::{Project, Sandbox, copy};

/// Runs git in a folder, with nobody's configuration, and says whether it succeeded.
pub(crate) fn try_git(folder: &Path, arguments: &[&str]) -> bool {
    let output = Command::new("git")
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", folder)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_AUTHOR_DATE", "2026-11-22T20:06:00Z")
        .env("GIT_COMMITTER_DATE", "2026-11-22T20:06:00Z")
        .envs([
            ("GIT_AUTHOR_NAME", "a"),
            ("GIT_AUTHOR_EMAIL", "a@a.example"),
        ])
        .envs([
            ("GIT_COMMITTER_NAME", "a"),
            ("GIT_COMMITTER_EMAIL", "a@a.example"),
        ])
        .output()
        .unwrap();
    output.status.success()
}

#[track_caller]
pub(crate) fn git(folder: &Path, arguments: &[&str]) {
    assert!(
        try_git(folder, arguments),
        "git {arguments:?} in {}",
        folder.display()
    );
}

/// What a member depends on: names with requirements.
type Wants = BTreeMap<&'static str, &'static str>;

/// Writes the manifest of a project that wants this.
fn write_manifest(app: &Project, registry: &Registry, wants: &Wants) {
    let mut manifest =
        "[package]\nname = \"app\"\nversion = \"0.1.0\"\nedition = \"2024\"\n".to_owned();
    manifest += "[package.metadata.warg.dependencies]\n";
    for (name, req) in wants {
        let _ = writeln!(manifest, "\"{name}\" = \"{req}\"");
    }
    app.write("Cargo.toml", manifest + &registry.configure(app));
    app.write("src/lib.rs", "");
}

/// A repository on its branch `main`, whose project wants this and locked it.
fn repository(sandbox: &Sandbox, registry: &Registry, name: &str, wants: &Wants) -> Project {
    let app = sandbox.folder_project(name);
    write_manifest(&app, registry, wants);
    app.warg(&["lock"]).code(0);
    git(app.path(), &["init", "-q", "-b", "main"]);
    commit(&app);
    app
}

fn commit(app: &Project) {
    git(app.path(), &["add", "-A"]);
    git(
        app.path(),
        &["commit", "-q", "--allow-empty", "-m", "a change"],
    );
}

/// Two components that both need `acme:clock`, which has several versions, and some that need nothing.
fn stocked(sandbox: &Sandbox) -> Registry {
    let mut registry = Registry::new(sandbox, "acme", 1);
    for version in ["1.0.0", "1.1.0"] {
        registry.component("acme:clock", version, &[], &clock(version));
    }
    for (name, needs) in [("acme:logger", "^1.0"), ("acme:timer", "^1.1")] {
        registry.component(name, "1.0.0", &[("acme:clock", needs)], &user(name));
    }
    for name in ["acme:alpha", "acme:beta", "acme:gamma"] {
        registry.component(name, "1.0.0", &[], &alone(name));
    }
    registry
}

fn user(name: &str) -> String {
    format!(
        "package {name}@1.0.0;\ninterface api {{ run: func(); }}\n\
         world w {{ import acme:clock/now@1.0.0; export api; }}\n\
         package acme:clock@1.0.0 {{ interface now {{ get: func() -> u64; }} }}\n"
    )
}

fn alone(name: &str) -> String {
    format!("package {name}@1.0.0;\ninterface api {{ run: func(); }}\nworld w {{ export api; }}\n")
}

#[test]
fn a_conflict_in_the_lock_is_merged_by_lock_and_by_nothing_that_may_not_write() {
    let sandbox = Sandbox::new();
    let mut registry = stocked(&sandbox);
    let app = repository(&sandbox, &registry, "app", &[("acme:logger", "1.0")].into());
    git(app.path(), &["checkout", "-q", "-b", "topic"]);
    registry.component("acme:clock", "1.2.0", &[], &clock("1.2.0"));
    write_manifest(
        &app,
        &registry,
        &[("acme:logger", "1.0"), ("acme:timer", "1.0")].into(),
    );
    app.warg(&["lock"]).code(0);
    commit(&app);
    git(app.path(), &["checkout", "-q", "main"]);
    registry.component("acme:clock", "1.3.0", &[], &clock("1.3.0"));
    write_manifest(
        &app,
        &registry,
        &[("acme:alpha", "1.0"), ("acme:logger", "1.0")].into(),
    );
    app.warg(&["lock"]).code(0);
    commit(&app);
    assert!(
        !try_git(app.path(), &["merge", "-q", "--no-edit", "topic"]),
        "no conflict"
    );

    // First the manifest, of which only its author knows what it should say.
    let both = [
        ("acme:alpha", "1.0"),
        ("acme:logger", "1.0"),
        ("acme:timer", "1.0"),
    ]
    .into();
    let manifest = "<<<<<<< HEAD\n[dependencies]\n=======\n>>>>>>> topic\n";
    app.append_to_manifest(manifest);
    app.warg(&["lock"])
        .code(101)
        .stderr_contains("Cargo.toml")
        .stderr_contains("the manifest has conflict markers of a merge")
        .stderr_contains("help: decide there what is required");
    write_manifest(&app, &registry, &both);
    let undecided = app.read("warg.lock");
    assert!(undecided.contains("<<<<<<< "), "{undecided}");
    for command in [
        &["lock", "--locked"][..],
        &["lock", "--check"],
        &["fetch", "--locked"],
        &["verify"],
        &["tree"],
    ] {
        app.warg(command)
            .code(10)
            .stderr_contains("conflict markers of a merge")
            .stderr_contains("help: run `cargo warg lock`");
        assert_eq!(app.read("warg.lock"), undecided);
    }
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("warg.lock had conflict markers of a merge")
        .stderr_contains("Locked 4 packages");
    let merged = app.read("warg.lock");
    assert!(
        merged.contains("\"component acme:clock@1.1.0\""),
        "nobody asked for a newer clock: {merged}"
    );
    app.warg(&["lock"])
        .code(0)
        .stderr_contains("Up to date")
        .stderr_lacks("markers");
    app.warg(&["lock", "--locked"]).code(0);
    assert_eq!(app.read("warg.lock"), merged);
    app.warg(&["fetch", "--locked"]).code(0);
    app.warg(&["verify", "--offline"]).code(0);
    commit(&app);
    // Later, and the other way around, it comes out the same: nothing was solved.
    registry.component("acme:clock", "1.4.0", &[], &clock("1.4.0"));
    git(app.path(), &["checkout", "-q", "topic"]);
    assert!(
        !try_git(app.path(), &["merge", "-q", "--no-edit", "main~1"]),
        "no conflict"
    );
    write_manifest(&app, &registry, &both);
    app.warg(&["lock"]).code(0);
    assert_eq!(app.read("warg.lock"), merged);
}

#[test]
fn a_lock_that_was_merged_cleanly_into_none_is_put_right() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let wants = [
        ("acme:alpha", "1.0"),
        ("acme:gamma", "1.0"),
        ("acme:logger", "1.0"),
    ];
    let app = repository(&sandbox, &registry, "app", &wants.into());
    let lock = app.read("warg.lock");
    // One branch stops to need what is only needed by what the other adds.
    let clockless = lock.replace("    \"component acme:clock@1.1.0\",\n", "");
    let (before, _) = lock
        .split_once("[[package]]\nkind = \"component\"\nname = \"acme:gamma\"")
        .unwrap();
    let unordered = lock.replacen(
        "\"component acme:alpha@1.0.0\",\n    \"component acme:clock@1.1.0\"",
        "\"component acme:clock@1.1.0\",\n    \"component acme:alpha@1.0.0\"",
        1,
    );
    for (case, broken) in [
        ("not closed", clockless.as_str()),
        ("without an entry", before.trim_end_matches('\n')),
        ("not in order", &unordered),
    ] {
        let broken = format!("{}\n", broken.trim_end());
        assert_ne!(broken, lock, "{case}");
        app.write("warg.lock", &broken);
        for command in [
            &["lock", "--locked"][..],
            &["verify"],
            &["fetch", "--frozen"],
        ] {
            app.warg(command)
                .code(10)
                .stderr_contains("warg.lock cannot be used")
                .stderr_contains("help: if a merge did it, run `cargo warg lock`");
            assert_eq!(app.read("warg.lock"), broken, "{case}");
        }
        app.warg(&["lock"])
            .code(0)
            .stderr_contains("warning: warg.lock was not as cargo warg writes it");
        assert_eq!(app.read("warg.lock"), lock, "{case}");
    }
}

#[test]
fn what_no_log_contains_is_refused_in_a_merge_too() {
    let sandbox = Sandbox::new();
    let registry = stocked(&sandbox);
    let app = repository(&sandbox, &registry, "app", &[("acme:logger", "1.0")].into());
    let lock = app.read("warg.lock");
    let at = lock.find("size = ").unwrap();
    let end = lock[at..].find("\n\n").unwrap() + at + 1;
    let good = &lock[at..end];
    let said: resolver::lockfile::Lockfile = lock.parse().unwrap();
    let mut other = said.registries.values().next().unwrap().clone();
    other.root = transparency::digest::Hash::of_leaf(b"another history");
    let bad = format!(
        "size = {}\nroot = \"{}\"\ncheckpoint = \"{}\"\n",
        other.size,
        other.root.base64(),
        other.digest()
    );
    for (ours, theirs) in [(good, bad.as_str()), (bad.as_str(), good)] {
        let conflict = format!("<<<<<<< HEAD\n{ours}=======\n{theirs}>>>>>>> topic\n");
        let text = lock.replace(good, &conflict);
        app.write("warg.lock", &text);
        app.warg(&["lock"])
            .code(13)
            .stderr_contains("the lock does not go with its registry");
        assert_eq!(app.read("warg.lock"), text);
    }
    for (case, text) in [
        (
            "no end",
            lock.replace(good, &format!("<<<<<<< HEAD\n{good}")),
        ),
        (
            "no lock",
            lock.replace(
                good,
                &format!("<<<<<<< HEAD\n{good}=======\nsize = x\n>>>>>>> topic\n"),
            ),
        ),
    ] {
        app.write("warg.lock", &text);
        app.warg(&["lock"])
            .code(10)
            .stderr_contains("warg.lock cannot be merged")
            .stderr_contains("help: take one of the two sides");
        assert_eq!(app.read("warg.lock"), text, "{case}");
    }
}

/// xorshift64*: a history is its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let next = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 20;
        usize::try_from(next % u64::try_from(end).unwrap()).unwrap()
    }
}

const NAMES: [&str; 6] = [
    "acme:alpha",
    "acme:beta",
    "acme:clock",
    "acme:gamma",
    "acme:logger",
    "acme:timer",
];

/// One branch's work on `main`: some dependencies come, go, or are locked at what is newest then.
fn work(
    random: &mut Random,
    registry: &mut Registry,
    app: &Project,
    branch: &str,
    base: &Wants,
) -> Wants {
    git(app.path(), &["checkout", "-q", "-b", branch, "main"]);
    let mut wants = base.clone();
    for _ in 0..=random.below(3) {
        let name = NAMES[random.below(NAMES.len())];
        match random.below(5) {
            0 => {
                wants.remove(name);
            }
            1 | 2 => {
                // What `update` does for one package: its lines are as if it had never been locked.
                let newest = format!("1.{}.0", registry.world.size());
                registry.component("acme:clock", &newest, &[], &clock(&newest));
                std::fs::remove_file(app.path().join("warg.lock")).unwrap();
            }
            3 if name == "acme:clock" => {
                wants.insert(name, "1.1");
            }
            _ => {
                wants.insert(name, "1.0");
            }
        }
        if wants.is_empty() {
            wants.insert("acme:beta", "1.0");
        }
        write_manifest(app, registry, &wants);
        app.warg(&["lock"]).code(0);
        commit(app);
    }
    wants
}

/// What the author of a merge writes: each side's changes, and of two changes of one line the greater.
fn merge_wants(base: &Wants, ours: &Wants, theirs: &Wants) -> Wants {
    let mut merged = Wants::new();
    for name in NAMES {
        let (base, ours, theirs) = (base.get(name), ours.get(name), theirs.get(name));
        let wanted = if ours == base {
            theirs
        } else if theirs == base {
            ours
        } else {
            ours.max(theirs)
        };
        merged.extend(wanted.map(|req| (name, *req)));
    }
    merged
}

#[test]
fn random_histories_merge_the_same_both_ways_and_only_once() {
    let (mut conflicts, mut clean, mut mended, mut kept) = (0, 0, 0, 0);
    for seed in 1..=10_u64 {
        let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let sandbox = Sandbox::new();
        let mut registry = stocked(&sandbox);
        let base: Wants = NAMES
            .into_iter()
            .filter(|_| random.below(2) == 0)
            .map(|name| (name, "1.0"))
            .collect();
        let base = if base.is_empty() {
            [("acme:logger", "1.0")].into()
        } else {
            base
        };
        let app = repository(&sandbox, &registry, "app", &base);
        let ours = work(&mut random, &mut registry, &app, "ours", &base);
        let theirs = work(&mut random, &mut registry, &app, "theirs", &base);
        let wants = merge_wants(&base, &ours, &theirs);
        registry.component("acme:delta", "1.0.0", &[], &alone("acme:delta"));
        let style = ["merge", "diff3", "zdiff3"][random.below(3)];
        let (mut locks, mut conflicted) = (Vec::new(), false);
        for (into, from) in [("ours", "theirs"), ("theirs", "ours")] {
            let folder = sandbox.join(format!("into-{into}"));
            copy(app.path(), &folder);
            let merging = sandbox.folder_project(&format!("into-{into}"));
            git(&folder, &["checkout", "-q", into]);
            git(&folder, &["config", "merge.conflictStyle", style]);
            let _ = try_git(&folder, &["merge", "-q", "--no-edit", from]);
            write_manifest(&merging, &registry, &wants);
            if wants.is_empty() {
                continue; // then nothing is left to lock
            }
            let text = merging.read("warg.lock");
            let has_markers = text.contains("<<<<<<< ");
            let checked = merging.warg(&["lock", "--locked"]);
            conflicted = has_markers;
            if has_markers {
                conflicts += 1;
                checked.code(10).stderr_contains("conflict markers");
            } else {
                clean += 1;
                mended += i32::from(checked.stderr.contains("cannot be used"));
            }
            let said = merging.warg(&["lock"]);
            assert_eq!(
                said.code,
                Some(0),
                "seed {seed}, into {into}, {style}: {said}\n{text}"
            );
            let lock = merging.read("warg.lock");
            merging.warg(&["lock", "--locked"]).code(0);
            merging
                .warg(&["lock"])
                .code(0)
                .stderr_contains("Up to date");
            assert_eq!(merging.read("warg.lock"), lock, "seed {seed}: again");
            merging.warg(&["verify"]).code(0);
            locks.push(lock);
        }
        if let [one, other] = locks.as_slice() {
            assert_eq!(one, other, "seed {seed}, {style}");
            let size = format!("\nsize = {}\n", registry.world.size());
            kept += i32::from(conflicted && !one.contains(&size));
        }
    }
    assert!(
        conflicts >= 6 && clean >= 2 && kept >= 2,
        "{conflicts} {clean} {mended} {kept}"
    );
}
