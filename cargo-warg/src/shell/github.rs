//! What GitHub's runner reads of a job: annotations in the log, and the page of the job's summary.
//!
//! The runner reads stdout and stderr for commands: `::error …::…` at the beginning of a line, and `##[error]…` anywhere in
//! it. What is printed includes texts of strangers, from their records. So nothing but an annotation that is made here may
//! look like a command.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use registry::file;

use super::clean::{clean, clean_line};
use super::secrets::Secrets;
use crate::error::{Error, MAX_ANNOTATIONS};
use crate::notice::Notice;
use component::span::Location;

/// The rows of a table in the summary: GitHub takes 1 MiB a step.
const MAX_ROWS: usize = 500;
/// The characters of a cell or line there.
const MAX_CELL: usize = 400;

/// A job on GitHub.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Job {
    /// Whether its runner reads annotations.
    pub(super) annotates: bool,
    /// The folder of the repository.
    pub(super) repository: Option<PathBuf>,
    /// The file that takes the summary.
    pub(super) summary: Option<PathBuf>,
    /// What neither of them gets. It is hidden before anything is escaped, which would hide it from here.
    pub(super) secrets: Arc<Secrets>,
}

impl Job {
    /// The one that the environment tells of.
    pub(super) fn from_env(secrets: Arc<Secrets>) -> Self {
        let path = |name| {
            let value = std::env::var_os(name).filter(|value| !value.is_empty());
            value.map(PathBuf::from)
        };
        Self {
            annotates: std::env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            repository: path("GITHUB_WORKSPACE"),
            summary: path("GITHUB_STEP_SUMMARY"),
            secrets,
        }
    }

    /// The lines that annotate an error: at each of its locations, or at none.
    pub(super) fn error(&self, error: &Error, root: Option<&Path>) -> Vec<String> {
        let title = format!("cargo warg, exit code {}", error.class().exit_code());
        let causes: Vec<_> = error.chain().collect();
        let message = causes.join("\nCaused by: ");
        let locations: Vec<_> = error.annotations().map(|one| &one.location).collect();
        self.annotations(
            ("error", &title),
            (&message, error.help()),
            &locations,
            root,
        )
    }

    /// The lines that annotate a warning, in the same way.
    pub(super) fn warning(&self, notice: &Notice, root: Option<&Path>) -> Vec<String> {
        let title = format!("cargo warg, {}", notice.kind().word());
        let annotations = notice.annotations();
        let locations: Vec<_> = annotations.iter().map(|one| &one.location).collect();
        self.annotations(
            ("warning", &title),
            (&notice.to_string(), &notice.help()),
            &locations,
            root,
        )
    }

    /// The first location has all there is to say, the others the first line. GitHub shows ten annotations of a step.
    fn annotations(
        &self,
        (kind, title): (&str, &str),
        (message, help): (&str, &[String]),
        locations: &[&Location],
        root: Option<&Path>,
    ) -> Vec<String> {
        let help = help.iter().map(|help| format!("help: {help}"));
        let whole = [message.to_owned()].into_iter().chain(help);
        let whole = whole.collect::<Vec<_>>().join("\n");
        let Some((first, others)) = locations.split_first() else {
            return vec![self.annotation(kind, title, &whole, None, root)];
        };
        let brief = message.lines().next().unwrap_or("");
        let others = others.iter().map(|location| (*location, brief));
        let all = std::iter::once((*first, whole.as_str())).chain(others);
        all.take(MAX_ANNOTATIONS)
            .map(|(location, message)| self.annotation(kind, title, message, Some(location), root))
            .collect()
    }

    /// A line that annotates.
    pub(super) fn annotation(
        &self,
        kind: &str,
        title: &str,
        message: &str,
        location: Option<&Location>,
        root: Option<&Path>,
    ) -> String {
        let mut properties = Vec::new();
        if let Some(location) = location
            && let Some(file) = self.in_repository(location.file(), root)
        {
            let (line, column) = (location.line(), location.column());
            properties.push(format!("file={}", property(&file)));
            properties.push(format!("line={line},col={column}"));
        }
        properties.push(format!("title={}", property(title)));
        let message = data(&self.secrets.hidden(message));
        format!("::{kind} {}::{message}\n", properties.join(","))
    }

    /// A file's path from the root of the repository, as GitHub wants it; none where it lies elsewhere.
    fn in_repository(&self, file: &Path, root: Option<&Path>) -> Option<String> {
        let repository = self.repository.as_ref()?;
        let file = match root {
            Some(root) => root.join(file),
            None => std::env::current_dir().ok()?.join(file),
        };
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let below = real(&file).strip_prefix(real(repository)).ok()?.to_owned();
        let parts = below.components().map(|part| part.as_os_str().to_str());
        let parts: Option<Vec<_>> = parts.collect();
        Some(parts?.join("/"))
    }

    /// Adds a page to the job's summary, where there is one.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub(super) fn summarize(&self, summary: &Summary) -> io::Result<()> {
        let Some(path) = &self.summary else {
            return Ok(());
        };
        file::append(path, summary.markdown(&self.secrets).as_bytes())
    }
}

/// A page of a job's summary, as plain text: it is escaped when it is written.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Its heading.
    pub heading: String,
    /// Lines below it, with a word before each (`error`, `warning`).
    pub lines: Vec<(&'static str, String)>,
    /// Tables.
    pub tables: Vec<Table>,
}

/// A table of a summary.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// The heads of its columns.
    pub heads: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
}

impl Summary {
    fn markdown(&self, secrets: &Secrets) -> String {
        let markdown = |text: &str| markdown(&secrets.hidden(text));
        let mut page = format!("### {}\n\n", markdown(&self.heading));
        for (word, line) in self.lines.iter().take(MAX_ROWS) {
            page.extend([format!("- **{word}**: {}\n", markdown(line))]);
        }
        page.push('\n');
        for table in self.tables.iter().filter(|table| !table.rows.is_empty()) {
            page.extend([format!("| {} |\n", table.heads.join(" | "))]);
            page.extend([format!("|{}\n", " --- |".repeat(table.heads.len()))]);
            for row in table.rows.iter().take(MAX_ROWS) {
                let cells: Vec<_> = row.iter().map(|cell| markdown(cell)).collect();
                page.extend([format!("| {} |\n", cells.join(" | "))]);
            }
            page.push('\n');
            let more = table.rows.len().saturating_sub(MAX_ROWS);
            if more > 0 {
                page.extend([format!("and {more} more\n\n")]);
            }
        }
        page
    }
}

/// A text as one line of Markdown that shows exactly that text. `CommonMark` allows a backslash before any ASCII
/// punctuation.
fn markdown(text: &str) -> String {
    let cut: String = text.chars().take(MAX_CELL).collect();
    let end = if cut.len() < text.len() { "…" } else { "" };
    let line = cut.replace('\n', " ");
    let mut escaped = String::with_capacity(line.len());
    for c in clean_line(&line).chars() {
        if c.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped + end
}

/// A text in a command, with none of the other kind inside.
fn data(text: &str) -> String {
    let text = defused(&clean(text)).replace('%', "%25");
    text.replace('\r', "%0D").replace('\n', "%0A")
}

/// The value of a property of a command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Whether a runner could take a line for a command. The runner ignores characters that do not show when it compares. So
/// only ASCII counts here, and spaces do not.
fn is_command(line: &str) -> bool {
    begins_with_colons(line) || has_hashes(line)
}

fn begins_with_colons(line: &str) -> bool {
    let graphic = line.chars().filter(char::is_ascii_graphic);
    graphic.take(2).eq("::".chars())
}

fn has_hashes(line: &str) -> bool {
    let graphic: String = line.chars().filter(char::is_ascii_graphic).collect();
    graphic.contains("##[")
}

/// Whether a runner could take a line of a text for a command.
pub(super) fn has_commands(text: &str) -> bool {
    text.lines().any(is_command)
}

/// A text of which no line is a command any more: the characters that make it one are written out.
pub(super) fn defused(text: &str) -> Cow<'_, str> {
    if !has_commands(text) {
        return Cow::Borrowed(text);
    }
    let lines = text.split_inclusive('\n').map(|line| {
        let mut line = Cow::Borrowed(line);
        if has_hashes(&line) {
            line = Cow::Owned(line.replace('#', "\\u{23}"));
        }
        if begins_with_colons(&line) {
            line = Cow::Owned(line.replacen(':', "\\u{3a}", 1));
        }
        line
    });
    Cow::Owned(lines.collect())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;
    use crate::error::Class;
    use component::span::Text;

    #[test]
    fn no_line_of_a_text_is_a_command_once_it_is_defused() {
        for (text, harmless) in [
            ("acme:clock@1.1.0 is yanked: ::error::no", true),
            ("::set-output name=a::b", false),
            ("  \t::warning::x", false),
            ("a\n::add-mask::b\nc", false),
            ("\u{ad}::debug::x", false),
            (":\u{ad}:debug::x", false),
            ("\u{a0}\u{3000}::debug::x", false),
            ("it is ##[error]bad", false),
            ("it is #\u{ad}#[error]bad", false),
            ("# a ## b [c]", true),
            ("", true),
        ] {
            let safe = defused(text);
            assert!(!has_commands(&safe), "{text:?} became {safe:?}");
            assert_eq!(safe == text, harmless, "{text:?} became {safe:?}");
        }
        assert_eq!(defused("a\n ::x::y\n"), "a\n \\u{3a}:x::y\n");
    }

    #[test]
    fn an_annotation_is_one_line_that_says_where() {
        let job = Job {
            annotates: true,
            repository: Some("/w".into()),
            ..Job::default()
        };
        let text = Text::new(Path::new("warg.lock"), "a\nname = \"b\"\nc\n");
        let error = Error::new(Class::Refused, "100% of it:\nwrong, \u{1b}[31m\r")
            .at(text.line(2))
            .at(text.line(3))
            .with_help("mend it");
        assert_eq!(
            job.error(&error, Some(Path::new("/w/a,b"))),
            [
                "::error file=a%2Cb/warg.lock,line=2,col=1,title=cargo warg%2C exit code 13::100%25 of it:%0A\
                 wrong, \\u{1b}[31m\\r%0Ahelp: mend it\n",
                "::error file=a%2Cb/warg.lock,line=3,col=1,title=cargo warg%2C exit code 13::100%25 of it:\n",
            ]
        );
        // What lies outside the repository has no path in it.
        let line = "::error title=cargo warg%2C exit code 13::100%25 of it:\n";
        assert_eq!(job.error(&error, Some(Path::new("/elsewhere")))[1], line);
        assert_eq!(Job::default().error(&error, Some(Path::new("/w")))[1], line);
    }

    #[test]
    fn a_summary_shows_text_and_no_markup_of_strangers() {
        let folder = tempfile::tempdir().unwrap();
        let job = Job {
            summary: Some(folder.path().join("summary.md")),
            secrets: Arc::new(Secrets::of(["token-of_a-user".to_owned()])),
            ..Job::default()
        };
        let summary = Summary {
            heading: "a `b` <c> token-of_a-user PRIVATE+KEY+a+1+b".to_owned(),
            lines: vec![("warning", "| [x](https://y) \n# z\u{202e}".to_owned())],
            tables: vec![Table {
                heads: vec!["one", "two"],
                rows: vec![vec!["a|b".to_owned(), "é".repeat(500)]; MAX_ROWS + 2],
            }],
        };
        job.summarize(&summary).unwrap();
        job.summarize(&summary).unwrap();
        let written = std::fs::read_to_string(folder.path().join("summary.md")).unwrap();
        assert!(written.starts_with(
            "### a \\`b\\` \\<c\\> … PRIVATE\\+KEY\\+…\n\n- **warning**: \\| \\[x\\]\\(https\\:\\/\\/y\\)  \\# z\\\\u\\{202e\\}\n\n\
             | one | two |\n| --- | --- |\n| a\\|b | é"
        ));
        assert_eq!(written.matches("\nand 2 more\n").count(), 2);
        assert!(
            written
                .lines()
                .all(|line| line.chars().count() < MAX_CELL + 20)
        );
        Job::default().summarize(&summary).unwrap();
    }
}
