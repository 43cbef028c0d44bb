//! A bar on stderr while files come, where somebody watches and it takes long: a terminal, no `-q`, and more than half a
//! second since the first file was asked for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use registry::http::Progress;

/// The variable that says when to show progress; cargo's own.
const WHEN_VARIABLE: &str = "CARGO_TERM_PROGRESS_WHEN";

/// How long nothing is shown: most commands are done by then.
const PATIENCE: Duration = Duration::from_millis(500);
/// How often the bar is drawn anew.
const BEAT: Duration = Duration::from_millis(100);

/// A bar, where one may be shown.
pub(super) fn bar(colors: bool) -> Option<Arc<dyn Progress>> {
    let unset = |name| std::env::var_os(name).is_none();
    let variable_is = |name, word| std::env::var(name).is_ok_and(|value| value == word);
    let wanted = !variable_is(WHEN_VARIABLE, "never")
        && !variable_is("TERM", "dumb")
        && unset("CI")
        && !ProgressDrawTarget::stderr().is_hidden(); // hidden where it is no terminal
    wanted.then(|| -> Arc<dyn Progress> { Arc::new(Bar::new(colors)) })
}

struct Bar(Arc<Mutex<State>>);

struct State {
    colors: bool,
    /// When the first file was asked for.
    since: Option<Instant>,
    /// Whether files are waited for.
    waiting: bool,
    asked: usize,
    finished: usize,
    bytes: u64,
    shown: Option<ProgressBar>,
}

impl Bar {
    fn new(colors: bool) -> Self {
        Self(Arc::new(Mutex::new(State {
            colors,
            since: None,
            waiting: false,
            asked: 0,
            finished: 0,
            bytes: 0,
            shown: None,
        })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        locked(&self.0)
    }
}

fn locked(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Draws again and again, until nobody has the bar any more. A server that sends nothing makes no calls.
fn beat(state: &Weak<Mutex<State>>) {
    while let Some(state) = state.upgrade() {
        locked(&state).draw();
        drop(state);
        thread::sleep(BEAT);
    }
}

impl State {
    fn draw(&mut self) {
        let is_late = self.since.is_some_and(|since| since.elapsed() >= PATIENCE);
        if !(self.waiting && is_late) {
            return;
        }
        let colors = self.colors;
        let bar = self.shown.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
            bar.with_style(style(colors)).with_prefix("Fetching")
        });
        let count = |files| u64::try_from(files).unwrap_or(u64::MAX);
        bar.set_length(count(self.asked));
        bar.set_position(count(self.finished));
        bar.set_message(HumanBytes(self.bytes).to_string());
        bar.tick();
    }
}

fn style(colors: bool) -> ProgressStyle {
    let head = if colors {
        "{prefix:>12.cyan.bold}"
    } else {
        "{prefix:>12}"
    };
    let template = format!("{head} [{{bar:25}}] {{pos}}/{{len}}, {{msg}}");
    ProgressStyle::with_template(&template)
        .unwrap_or_else(|_| ProgressStyle::default_bar())
        .progress_chars("=> ")
}

impl Progress for Bar {
    fn begin(&self, files: usize) {
        let mut state = self.state();
        if state.since.is_none() {
            state.since = Some(Instant::now());
            let watched = Arc::downgrade(&self.0);
            thread::spawn(move || beat(&watched));
        }
        state.waiting = true;
        (state.asked, state.finished, state.bytes) = (files, 0, 0);
    }

    fn received(&self, bytes: u64) {
        let mut state = self.state();
        state.bytes = state.bytes.saturating_add(bytes);
    }

    fn finished(&self) {
        let mut state = self.state();
        state.finished = state.finished.saturating_add(1);
    }

    fn end(&self) {
        let mut state = self.state();
        state.waiting = false;
        if let Some(bar) = state.shown.take() {
            bar.finish_and_clear();
        }
    }
}
