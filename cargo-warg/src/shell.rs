//! The only file that prints, with cargo's manners.
//!
//! Status lines, warnings and errors go to stderr, data to stdout. What is printed may hold text from outside, such as a
//! registry's reason for a yank, or a file name. So all of it passes through [`clean`]: no message can move the cursor,
//! recolour a terminal or hide text. Where a runner of jobs reads the output, no message can give it orders. A reader that
//! goes away (`cargo warg … | head`) is no error.

mod clean;
mod excerpt;
mod github;
mod progress;
mod secrets;

use std::fmt;
use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anstream::AutoStream;
use anstyle::{AnsiColor, Effects, Style};
use registry::http::Progress;

use crate::error::{Error, MAX_ANNOTATIONS};
use crate::notice::{Level, Notice};
use crate::tokens;
use component::span;

pub use clean::{clean, clean_line};
pub use github::{Summary, Table};
pub use secrets::has_secret;

use clean::{is_hidden, shortened};
use secrets::Secrets;

const STATUS: Style = AnsiColor::BrightGreen.on_default().effects(Effects::BOLD);
const NOTE: Style = AnsiColor::BrightCyan.on_default().effects(Effects::BOLD);
const WARNING: Style = AnsiColor::BrightYellow.on_default().effects(Effects::BOLD);
const ERROR: Style = AnsiColor::BrightRed.on_default().effects(Effects::BOLD);

/// The variable that stands for `--color` where that is not given; cargo's own.
const COLOR_VARIABLE: &str = "CARGO_TERM_COLOR";

/// How much is said on stderr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Verbosity {
    /// `-q`: errors only.
    Quiet,
    /// What changed.
    #[default]
    Normal,
    /// `-v`: what was looked at, too.
    Verbose,
}

/// The longest answer to a question, in bytes.
const MAX_ANSWER: u64 = 1024;

/// When to print colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Color {
    /// Where a terminal shows them, and `NO_COLOR` is not set.
    #[default]
    Auto,
    /// In any case.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// What `CARGO_TERM_COLOR` asks for; `auto` where it is not set, or to something else.
    pub fn from_env() -> Self {
        match std::env::var(COLOR_VARIABLE).as_deref() {
            Ok("always") => Self::Always,
            Ok("never") => Self::Never,
            _ => Self::Auto,
        }
    }
}

/// Where it prints to.
struct Sink {
    to: Box<dyn Write + Send>,
    colors: bool,
    /// The reader is gone; what else is written to it is dropped.
    closed: bool,
    /// A runner of jobs reads along, and takes some lines for commands.
    read_along: bool,
    secrets: Arc<Secrets>,
}

impl Sink {
    /// Writes whole lines.
    fn text(&mut self, text: &str) -> io::Result<()> {
        let text = self.secrets.hidden(text);
        if self.read_along {
            return self.write(github::defused(&text).as_bytes());
        }
        self.write(text.as_bytes())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let result = self.to.write_all(bytes).and_then(|()| self.to.flush());
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}

/// Where a command talks to its user.
pub struct Shell {
    out: Mutex<Sink>,
    err: Mutex<Sink>,
    verbosity: Verbosity,
    job: github::Job,
    secrets: Arc<Secrets>,
    /// The folder that paths are named from.
    root: Mutex<Option<PathBuf>>,
    /// What a command was told to read, beside that folder.
    told: Mutex<Vec<PathBuf>>,
}

impl Shell {
    /// The process's own stdout and stderr.
    pub fn new(verbosity: Verbosity, color: Color) -> Self {
        let choice = match color {
            Color::Auto => anstream::ColorChoice::Auto,
            Color::Always => anstream::ColorChoice::Always,
            Color::Never => anstream::ColorChoice::Never,
        };
        let shows = |detected| {
            choice != anstream::ColorChoice::Never && detected != anstream::ColorChoice::Never
        };
        let err = AutoStream::new(io::stderr(), choice);
        let err_colors = shows(err.current_choice());
        let secrets = Arc::new(Secrets::of(tokens::words()));
        let job = github::Job::from_env(Arc::clone(&secrets));
        let sink = |to, colors| {
            Mutex::new(Sink {
                to,
                colors,
                closed: false,
                read_along: job.annotates,
                secrets: Arc::clone(&secrets),
            })
        };
        Self {
            out: sink(Box::new(io::stdout()), false),
            err: sink(Box::new(err), err_colors),
            verbosity,
            job,
            secrets,
            root: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Prints to these two instead, without colours: for tests, and for callers that keep what is said.
    pub fn to(
        out: impl Write + Send + 'static,
        err: impl Write + Send + 'static,
        verbosity: Verbosity,
    ) -> Self {
        let sink = |to| {
            Mutex::new(Sink {
                to,
                colors: false,
                closed: false,
                read_along: false,
                secrets: Arc::default(),
            })
        };
        Self {
            out: sink(Box::new(out)),
            err: sink(Box::new(err)),
            verbosity,
            job: github::Job::default(),
            secrets: Arc::default(),
            root: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// Says which folder paths are named from, once it is known: that of the workspace. From then on, only texts in that
    /// folder are shown, links resolved. A project can name any file of its user, and its contents must not get into a log.
    pub fn name_paths_from(&self, root: &Path) {
        *locked(&self.root) = Some(root.to_owned());
    }

    /// Says that lines are shown also of what lies at and below these: the user named them.
    pub fn show_lines_of<'p>(&self, paths: impl IntoIterator<Item = &'p PathBuf>) {
        locked(&self.told).extend(paths.into_iter().cloned());
    }

    /// Whether lines of a text may be shown: its file really lies in the workspace, or the user named it. Some texts are no
    /// files, such as stdin and the lock in a bundle; those the user handed over, too.
    fn may_show(&self, annotation: &span::Annotation) -> bool {
        let Some(root) = locked(&self.root).clone() else {
            return true; // nothing is read yet that a project names
        };
        let file = annotation.location.file();
        let here = std::env::current_dir().unwrap_or_default();
        let named = [root.join(file), here.join(file)];
        let mut there = named.iter().filter(|path| path.symlink_metadata().is_ok());
        let mut shown = vec![root];
        shown.extend(locked(&self.told).iter().cloned());
        let shown: Vec<_> = shown
            .iter()
            .filter_map(|one| one.canonicalize().ok())
            .collect();
        let is_shown = |path: &PathBuf| {
            let real = path.canonicalize();
            real.is_ok_and(|real| shown.iter().any(|one| real.starts_with(one)))
        };
        match there.next() {
            Some(first) => is_shown(first) && there.all(is_shown),
            None => file.components().count() == 1 && file.is_relative(),
        }
    }

    /// Adds a page to the summary of the job that this runs in, where it has one.
    pub fn summary(&self, summary: &Summary) {
        if let Err(error) = self.job.summarize(summary) {
            self.warning(format!("cannot write the summary of this job: {error}"));
        }
    }

    /// Annotates the job that this runs in, if its runner reads annotations.
    fn annotate(&self, lines: impl FnOnce(&github::Job, Option<&Path>) -> Vec<String>) {
        let root = locked(&self.root);
        if self.job.annotates {
            for line in lines(&self.job, root.as_deref()) {
                let _ = locked(&self.err).write(line.as_bytes());
            }
        }
    }

    /// Who shows what is under way; nobody where that would disturb: `-q`, no terminal, `CARGO_TERM_PROGRESS_WHEN=never`.
    pub fn progress(&self) -> Option<Arc<dyn Progress>> {
        let colors = locked(&self.err).colors;
        let wanted = self.verbosity >= Verbosity::Normal;
        wanted.then(|| progress::bar(colors)).flatten()
    }

    /// Whether `-v` was given.
    pub fn is_verbose(&self) -> bool {
        self.verbosity >= Verbosity::Verbose
    }

    /// `      Locking 3 packages`: what is being done, or was done. Not with `-q`.
    pub fn status(&self, verb: impl fmt::Display, message: impl fmt::Display) {
        if self.verbosity >= Verbosity::Normal {
            self.line(STATUS, &format!("{verb:>12}"), &message);
        }
    }

    /// The same, with `-v` only.
    pub fn status_verbose(&self, verb: impl fmt::Display, message: impl fmt::Display) {
        if self.verbosity >= Verbosity::Verbose {
            self.status(verb, message);
        }
    }

    /// `warning: …` or `note: …`, the lines of text that it is about, and what to do under `help:`. Not with `-q`.
    pub fn notice(&self, notice: &Notice) {
        if self.verbosity < Verbosity::Normal {
            return;
        }
        let annotations = notice.annotations();
        let annotations: Vec<_> = annotations.iter().take(MAX_ANNOTATIONS).collect();
        match notice.level() {
            Level::Warning => {
                self.annotate(|job, root| job.warning(notice, root));
                self.line(WARNING, "warning:", notice);
            }
            Level::Note => self.line(NOTE, "note:", notice),
        }
        if !annotations.is_empty() {
            self.snippet(excerpt::Level::WARNING, &annotations, "");
        }
        self.help(&notice.help(), !annotations.is_empty());
    }

    /// `warning: …`. Not with `-q`.
    pub fn warning(&self, message: impl fmt::Display) {
        if self.verbosity >= Verbosity::Normal {
            self.annotate(|job, root| {
                let message = message.to_string();
                vec![job.annotation("warning", "cargo warg", &message, None, root)]
            });
            self.line(WARNING, "warning:", &message);
        }
    }

    /// `note: …`. Not with `-q`.
    pub fn note(&self, message: impl fmt::Display) {
        if self.verbosity >= Verbosity::Normal {
            self.line(NOTE, "note:", &message);
        }
    }

    /// `error: …`, each cause under `Caused by:`, and what to do under `help:`.
    pub fn error(&self, error: &Error) {
        self.annotate(|job, root| job.error(error, root));
        let mut long = false;
        for (position, message) in error.chain().enumerate() {
            if position == 0 {
                self.line(ERROR, "error:", &message);
            } else {
                long = true;
                let indented = shortened(&message).replace('\n', "\n  ");
                self.raw(&format!("\nCaused by:\n  {indented}\n"));
            }
            let annotations: Vec<&span::Annotation> = error.annotations_of(position).collect();
            if !annotations.is_empty() {
                long = true;
                let indent = if position == 0 { "" } else { "  " };
                self.snippet(excerpt::Level::ERROR, &annotations, indent);
            }
        }
        self.help(error.help(), long);
    }

    /// `help: …`, each in a line of its own; apart from what was said before, where that was long.
    fn help(&self, help: &[String], apart: bool) {
        for (index, help) in help.iter().enumerate() {
            if apart && index == 0 {
                self.raw("\n");
            }
            self.line(NOTE, "help:", help);
        }
    }

    /// The lines of some texts, with what is meant underlined.
    fn snippet(&self, level: excerpt::Level<'_>, annotations: &[&span::Annotation], indent: &str) {
        let may_show = |annotation: &span::Annotation| self.may_show(annotation);
        let mut sink = locked(&self.err);
        let shown = excerpt::rendered(level, annotations, may_show, sink.colors, &self.secrets);
        for line in shown.trim_start_matches('\n').lines() {
            let _ = sink.text(&format!("{indent}{}\n", line.trim_end()));
        }
    }

    /// A line of data, on stdout.
    ///
    /// # Errors
    /// Stdout cannot be written to (a full disk). A reader that went away is no error.
    pub fn data(&self, line: impl fmt::Display) -> io::Result<()> {
        let line = format!("{line}\n");
        locked(&self.out).text(&clean(&line))
    }

    /// Bytes on stdout, as they are: for files, never for a terminal.
    ///
    /// # Errors
    /// As [`Shell::data`].
    pub fn binary(&self, bytes: &[u8]) -> io::Result<()> {
        locked(&self.out).write(bytes)
    }

    /// Whether what goes to stdout is shown to a person.
    pub fn is_terminal(&self) -> bool {
        io::stdout().is_terminal()
    }

    /// Whether somebody is there to be asked: stdin and stderr are terminals, and this is no pipeline.
    pub fn can_ask(&self) -> bool {
        let is_pipeline = std::env::var_os("CI").is_some();
        !is_pipeline && io::stdin().is_terminal() && io::stderr().is_terminal()
    }

    /// Asks a question, and waits for the answer: yes, or anything else.
    ///
    /// # Errors
    /// Stdin cannot be read.
    pub fn ask(&self, question: impl fmt::Display) -> io::Result<bool> {
        self.raw(&format!("{} [y/N] ", clean_line(&question.to_string())));
        let mut answer = String::new();
        io::stdin().lock().take(MAX_ANSWER).read_line(&mut answer)?;
        let answer = answer.trim().to_ascii_lowercase();
        Ok(matches!(answer.as_str(), "y" | "yes"))
    }

    fn line(&self, style: Style, head: &str, message: &dyn fmt::Display) {
        let message = shortened(&message.to_string());
        let (head, message) = (clean(head), clean(&message));
        let mut sink = locked(&self.err);
        let line = if sink.colors {
            format!("{style}{head}{style:#} {message}\n")
        } else {
            format!("{head} {message}\n")
        };
        // Nothing can be said about a stderr that cannot be written to.
        let _ = sink.text(&line);
    }

    fn raw(&self, text: &str) {
        let _ = locked(&self.err).text(&clean(text));
    }
}

/// A panic elsewhere leaves a sink usable: it holds no half-written state.
fn locked<T>(state: &Mutex<T>) -> MutexGuard<'_, T> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The same for a JSON document. Hidden characters are written as JSON's escapes, so the document means the same; only
/// strings can hold them. `#` is escaped as well where a runner could take the line for a command; it, too, stands in
/// strings only.
pub fn clean_json(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let has_commands = github::has_commands(text);
    for c in text.chars() {
        if is_hidden(c) || (c == '#' && has_commands) {
            let units = c.encode_utf16(&mut [0; 2]).to_vec();
            cleaned.extend(units.iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            cleaned.push(c);
        }
    }
    cleaned
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use std::sync::Arc;

    use super::excerpt::MAX_LINE;
    use super::*;
    use crate::error::Class;
    use component::span::Text;

    #[derive(Clone, Default)]
    struct Page(Arc<Mutex<Vec<u8>>>);

    impl Page {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Page {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn said(verbosity: Verbosity, what: impl FnOnce(&Shell)) -> (String, String) {
        let (out, err) = (Page::default(), Page::default());
        what(&Shell::to(out.clone(), err.clone(), verbosity));
        (out.text(), err.text())
    }

    fn everything(shell: &Shell) {
        shell.status("Locking", "3 packages");
        shell.status_verbose("Reading", "wit/");
        shell.warning("yanked");
        shell.note("local");
        shell.error(&Error::new(Class::Other, "lost"));
        shell.data("acme:logger 1.2.0").unwrap();
    }

    #[test]
    fn status_verbs_end_at_column_twelve_and_data_goes_to_stdout() {
        let (out, err) = said(Verbosity::Normal, everything);
        assert_eq!(out, "acme:logger 1.2.0\n");
        assert_eq!(
            err,
            "     Locking 3 packages\nwarning: yanked\nnote: local\nerror: lost\n"
        );
    }

    #[test]
    fn quiet_keeps_errors_and_data_and_verbose_adds_lines() {
        let (out, err) = said(Verbosity::Quiet, everything);
        assert_eq!(
            (out.as_str(), err.as_str()),
            ("acme:logger 1.2.0\n", "error: lost\n")
        );
        let (_, err) = said(Verbosity::Verbose, everything);
        assert!(err.contains("     Reading wit/\n"));
    }

    #[test]
    fn an_error_shows_its_causes_and_then_what_to_do() {
        let cause = io::Error::other("two\nlines");
        let error = Error::caused(Class::Unavailable, "cannot read tile/0/000", cause)
            .context("cannot lock")
            .with_help("try again");
        let (_, err) = said(Verbosity::Quiet, |shell| shell.error(&error));
        assert_eq!(
            err,
            "error: cannot lock\n\nCaused by:\n  cannot read tile/0/000\n\nCaused by:\n  two\n  lines\n\nhelp: try again\n"
        );
        let error = Error::new(Class::Usage, "what?").with_help("say more");
        let (_, err) = said(Verbosity::Quiet, |shell| shell.error(&error));
        assert_eq!(err, "error: what?\nhelp: say more\n");
    }

    #[test]
    fn text_from_outside_cannot_drive_the_terminal() {
        for (text, line) in [
            ("plain é 日本", "plain é 日本"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("over\rwritten", "over\\rwritten"),
            ("rtl\u{202e}cba", "rtl\\u{202e}cba"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("tag\u{e0041}\u{61c}", "tag\\u{e0041}\\u{61c}"),
            ("c1\u{9b}31m", "c1\\u{9b}31m"),
        ] {
            assert_eq!(clean(text), line, "{text:?}");
            assert_eq!(clean_line(text), line, "{text:?}");
            let (_, err) = said(Verbosity::Normal, |shell| shell.note(text));
            assert_eq!(err, format!("note: {line}\n"), "{text:?}");
        }
        assert_eq!(clean("a\n\tb"), "a\n\tb");
        assert_eq!(clean_line("a\nerror: b"), "a\\nerror: b");
    }

    #[test]
    fn json_reads_as_the_same_text_and_cannot_drive_the_terminal_either() {
        for text in [
            "plain é 日本 😀",
            "\u{1b}[31m\r\n\t\"\\",
            "\u{7f}\u{9b}31m\u{202e}\u{200d}\u{2066}\u{feff}\u{61c}\u{180e}\u{e0041}",
            "##[error]it",
        ] {
            let json = clean_json(&serde_json::to_string(text).unwrap());
            assert!(!json.contains(is_hidden), "{json}");
            assert!(!github::has_commands(&json), "{json}");
            assert_eq!(clean(&json), json, "printing changes nothing");
            assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }

    fn snippet_of(annotations: &[span::Annotation]) -> String {
        let annotations = annotations.iter().cloned();
        let error = annotations.fold(Error::new(Class::Other, "wrong"), Error::at);
        let (_, err) = said(Verbosity::Quiet, |shell| shell.error(&error));
        err
    }

    #[test]
    fn locations_whose_line_is_too_long_to_show_are_named_on_a_line_each() {
        let text = "x".repeat(MAX_LINE + 1);
        let location = Text::new(Path::new("warg.lock"), text).at(2..3);
        assert_eq!(
            snippet_of(&[location.clone().into(), location.into()]),
            "error: wrong\n --> warg.lock:1:3\n --> warg.lock:1:3\n"
        );
    }

    #[test]
    fn an_annotation_is_shown_with_its_line_and_others_with_theirs() {
        let text = Text::new(Path::new("Cargo.toml"), "[a]\nb = 1\n\n\n\tc = 2 # é\n");
        let (b, c) = (text.at(4..5), text.at(13..14));
        assert_eq!(
            snippet_of(&[c.labelled("once more"), b.labelled("first")]),
            "error: wrong\n \
             --> Cargo.toml:5:2\n  |\n\
             2 | b = 1\n  | - first\n...\n\
             5 |     c = 2 # é\n  |     ^ once more\n"
        );
        let other = Text::new(Path::new("wit/a.wit"), "world w {").at(6..7);
        assert_eq!(
            snippet_of(&[b.into(), other.into()]),
            "error: wrong\n \
             --> Cargo.toml:2:1\n  |\n\
             2 | b = 1\n  | ^\n  |\n \
             ::: wit/a.wit:1:7\n  |\n\
             1 | world w {\n  |       -\n"
        );
        let error = Error::new(Class::Other, "inner")
            .at(c)
            .context("outer")
            .with_help("mend it");
        let (_, err) = said(Verbosity::Quiet, |shell| shell.error(&error));
        assert_eq!(
            err,
            "error: outer\n\nCaused by:\n  inner\n   \
             --> Cargo.toml:5:2\n    |\n  \
             5 |     c = 2 # é\n    |     ^\n\nhelp: mend it\n"
        );
    }

    #[test]
    fn no_text_is_too_strange_to_be_shown() {
        let dark = Text::new(
            Path::new("a\u{1b}b\n"),
            "x = \"\u{1b}[31m\u{202e}\u{200b}日本\r\" # \r\ny = 1\r\n",
        );
        let quote = dark.as_str().rfind('"').unwrap();
        let err = snippet_of(&[dark.at(quote..quote).labelled("\u{1b}]8;;\r\nerror: x")]);
        assert!(!err.contains(|c: char| is_hidden(c) && c != '\n'), "{err}");
        assert!(err.contains(" --> a\\u{1b}b\\n:1:16\n"), "{err}");
        assert!(err.contains("x = \"�[31m��日本�\" #"), "{err}");

        let long = "a".repeat(MAX_LINE);
        let wide = Text::new(Path::new("f"), format!("{long} = 1\n{long}{long}\nb"));
        for (location, says) in [
            (wide.at(1000..1003), " --> f:1:1001\n"),
            (wide.line(2), " --> f:2:1\n"),
        ] {
            let err = snippet_of(&[location.into()]);
            assert!(err.contains(says) && err.len() < 1000, "{err}");
        }
        for text in ["", "\n", "\r\n", "é", "a\n\n"] {
            let text = Text::new(Path::new("f"), text);
            for start in 0..5 {
                for end in 0..5 {
                    let err = snippet_of(&[text.at(start..end).into(), text.line(9).into()]);
                    assert!(err.contains(" --> f:"), "{err}");
                }
            }
        }
    }

    #[test]
    fn no_secret_key_is_printed_wherever_it_comes_from() {
        let key = "PRIVATE+KEY+acme/ci+0a1b2c3d+AaBb/+c=";
        let page = "error: `PRIVATE+KEY+…` and 'PRIVATE+KEY+…'\nnote: PRIVATE+KEY+…\n";
        let (out, err) = said(Verbosity::Normal, |shell| {
            let error = format!("`{key}` and '{key}'");
            shell.error(&Error::new(Class::Other, error));
            shell.note(key);
            shell.data(format!("{{\"a\":\"{key}\"}}")).unwrap();
        });
        assert_eq!(err, page);
        assert_eq!(out, "{\"a\":\"PRIVATE+KEY+…\"}\n");
        let text = Text::new(Path::new("Cargo.toml"), format!("key = \"{key}\"\n"));
        let shown = snippet_of(&[text.at(0..3).into()]);
        assert!(
            shown.contains("PRIVATE+KEY+…") && !shown.contains("AaBb"),
            "{shown}"
        );
    }

    struct Gone(io::ErrorKind);

    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_error_and_a_full_disk_is_one() {
        let shell = |kind| Shell::to(Gone(kind), Gone(kind), Verbosity::Normal);
        let left = shell(io::ErrorKind::BrokenPipe);
        everything(&left);
        assert!(left.data("more").is_ok());
        let full = shell(io::ErrorKind::StorageFull);
        assert_eq!(
            full.data("line").unwrap_err().kind(),
            io::ErrorKind::StorageFull
        );
    }

    #[test]
    fn colours_wrap_the_head_only() {
        let err = Page::default();
        let shell = Shell::to(io::sink(), err.clone(), Verbosity::Normal);
        locked(&shell.err).colors = true;
        shell.status("Locking", "3");
        assert_eq!(err.text(), "\u{1b}[1m\u{1b}[92m     Locking\u{1b}[0m 3\n");
    }

    #[test]
    fn a_line_of_a_message_is_no_longer_than_anybody_reads() {
        let names = vec!["`acme:logger/api@1.0.0`"; 60_000].join(", ");
        let said = shortened(&format!("it imports\n{names}\nand no more"));
        assert!(said.len() < 5000, "{}", said.len());
        assert!(said.starts_with("it imports\n`acme:logger/api@1.0.0`, "));
        assert!(said.ends_with(" characters more\nand no more"), "{said}");
        assert_eq!(shortened("short\nlines"), "short\nlines");
        // Not in the middle of a character.
        let said = shortened(&"ö".repeat(5000));
        assert!(said.ends_with("ö… and 2952 characters more"));
    }
}
