//! A solve that takes more steps than it may: what is locked stays, and nothing is written.
//!
//! The registry holds pigeons, each of which wants a hole of its own: the fewest steps decide how early a solve gives up.

use crate::story::{Registry, clock};
use crate::support::{Project, Said, Sandbox, files};

const PIGEONS: usize = 5;
const STEPS: &str = "__CARGO_WARG_TEST_STEPS";
/// Enough for what has no pigeons in it, and too few for them.
const FEW: &str = "300";

/// Five pigeons and four holes, and a release `acme:app` 1.0.0 that needs none of them.
pub(crate) fn dovecote(sandbox: &Sandbox) -> Registry {
    let mut registry = Registry::new(sandbox, "acme", 1);
    for hole in 1..PIGEONS {
        for pigeon in 0..PIGEONS {
            let (name, version) = (format!("acme:hole{hole}"), format!("1.{pigeon}.0"));
            registry.world.release(&name, &version).publish();
        }
    }
    for pigeon in 0..PIGEONS {
        for hole in 1..PIGEONS {
            let (name, version) = (format!("acme:pigeon{pigeon}"), format!("1.{hole}.0"));
            let telling = registry.world.release(&name, &version);
            let wants = format!("=1.{pigeon}.0");
            telling
                .requires(&format!("acme:hole{hole}"), &wants)
                .publish();
        }
    }
    registry.component("acme:app", "1.0.0", &[], &clock("1.0.0"));
    registry
}

/// A release that requires all pigeons, which nobody can use.
pub(crate) fn let_in(registry: &mut Registry) {
    let mut telling = registry.world.release("acme:app", "1.1.0");
    for pigeon in 0..PIGEONS {
        telling = telling.requires(&format!("acme:pigeon{pigeon}"), "^1.0");
    }
    telling.publish();
}

pub(crate) fn with_few_steps(project: &Project, arguments: &[&str]) -> Said {
    project.warg_with(&[(STEPS, FEW)], arguments)
}

const NEEDS: &str = "[package.metadata.warg.dependencies]\n\"acme:app\" = \"1.0\"\n";

#[test]
fn what_is_locked_stays_where_a_solve_gives_up() {
    let sandbox = Sandbox::new();
    let mut registry = dovecote(&sandbox);
    let app = registry.app(&sandbox, "app", NEEDS);
    with_few_steps(&app, &["lock"]).code(0);
    let_in(&mut registry);
    let before = files(app.path());
    // Nothing newer is known to be possible, and nothing locked is in doubt.
    with_few_steps(&app, &["lock"]).code(0);
    with_few_steps(&app, &["lock", "--locked"]).code(0);
    with_few_steps(&app, &["verify"]).code(0);
    let said = with_few_steps(&app, &["update"]).code(11);
    let said = said
        .stderr_contains("gave up on the requirements of `app` after ")
        .stderr_contains("nothing was written: the lock stays as it is, and goes on working");
    assert!(
        said.stderr.contains("conflicts of acme:"),
        "it says where the work went: {said}"
    );
    with_few_steps(&app, &["outdated"])
        .code(0)
        .stderr_contains("gave up on the requirements of `app` after ")
        .stderr_contains("what is locked stands for it");
    assert_eq!(files(app.path()), before);
    // With all the steps that there are, each has its answer: 1.1.0 is no choice.
    app.warg(&["update"]).code(0);
    app.warg(&["outdated"]).code(0);
}

#[test]
fn a_first_lock_that_gives_up_names_where_the_work_went_and_writes_nothing() {
    let sandbox = Sandbox::new();
    let mut registry = dovecote(&sandbox);
    let_in(&mut registry);
    let needs = NEEDS.replace("1.0", "1.1");
    let app = registry.app(&sandbox, "app", &needs);
    let said = with_few_steps(&app, &["lock"]).code(11);
    assert!(
        said.stderr
            .contains("gave up on the requirements of `app` after "),
        "{said}"
    );
    assert!(
        said.stderr.contains("most of them for conflicts of acme:"),
        "{said}"
    );
    assert!(!app.has("warg.lock"));
    // It is no conflict before it is known to be one.
    app.warg(&["lock"])
        .code(11)
        .stderr_contains("cannot be met");
    assert!(!app.has("warg.lock"));
}
