//! The lines that a message is about, as rustc shows them.

use std::ops::Range;

pub(super) use annotate_snippets::Level;
use annotate_snippets::{Annotation, AnnotationKind, Group, Renderer, Snippet};

use super::clean::{clean_line, is_hidden};
use super::secrets::Secrets;
use component::span;

/// The longest line that is shown, in bytes. The renderer is slow with longer ones; of those only the location is printed.
pub(super) const MAX_LINE: usize = 16 * 1024;
/// How far two annotations of one text may lie apart, in bytes, to be shown together.
const MAX_EXCERPT: usize = 256 * 1024;

/// The lines that some annotations are about, with what is meant underlined. The first annotation is where it is wrong. Of those that
/// may not be shown, or whose line is too long, only the location is named, behind the others.
pub(super) fn rendered(
    level: Level<'_>,
    annotations: &[&span::Annotation],
    may_show: impl Fn(&span::Annotation) -> bool,
    colors: bool,
    secrets: &Secrets,
) -> String {
    let (shown, named): (Vec<&span::Annotation>, Vec<&span::Annotation>) =
        (annotations.iter().copied())
            .partition(|annotation| !is_too_long(annotation) && may_show(annotation));
    let renderer = if colors {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let excerpts = excerpts(&shown);
    let mut shown = String::new();
    if !excerpts.is_empty() {
        let group = Group::with_level(level);
        let excerpts = excerpts.iter().map(|one| one.snippet(secrets));
        shown = renderer.render(&[group.elements(excerpts)]);
    }
    for annotation in named {
        shown.push('\n');
        shown.push_str(&clean_line(&format!(" --> {}", annotation.location)));
    }
    shown
}

/// Some lines of a text, and the annotations in them.
struct Excerpt<'a> {
    annotations: Vec<(&'a span::Annotation, AnnotationKind)>,
    lines: Range<usize>,
}

/// The lines to show, those of one text together where they are near.
fn excerpts<'a>(annotations: &[&'a span::Annotation]) -> Vec<Excerpt<'a>> {
    let mut excerpts: Vec<Excerpt<'_>> = Vec::new();
    for (number, &annotation) in annotations.iter().enumerate() {
        let kind = if number == 0 {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let lines = annotation.location.whole_line();
        let joined = |one: &Excerpt<'_>| {
            let start = one.lines.start.min(lines.start);
            start..one.lines.end.max(lines.end)
        };
        let near = excerpts.iter_mut().find(|one| {
            let same_text = one.annotations.first().is_some_and(|(first, _)| {
                first.location.file() == annotation.location.file()
                    && first.location.text() == annotation.location.text()
            });
            same_text && joined(one).len() <= MAX_EXCERPT
        });
        match near {
            Some(excerpt) => {
                excerpt.lines = joined(excerpt);
                excerpt.annotations.push((annotation, kind));
            }
            None => excerpts.push(Excerpt {
                annotations: vec![(annotation, kind)],
                lines,
            }),
        }
    }
    excerpts
}

fn is_too_long(annotation: &span::Annotation) -> bool {
    annotation.location.whole_line().len() > MAX_LINE
}

impl<'a> Excerpt<'a> {
    fn snippet(&self, secrets: &Secrets) -> Snippet<'a, Annotation<'a>> {
        let first = self
            .annotations
            .iter()
            .map(|(annotation, _)| &annotation.location)
            .min();
        let Some(first) = first else {
            return Snippet::source("");
        };
        // Before the renderer cuts long lines: half a secret would pass for none.
        let text = first.text().get(self.lines.clone()).unwrap_or("");
        let text = &*secrets.covered(text);
        let mut snippet = Snippet::source(shown(text, text.len()))
            .line_start(first.line())
            .path(clean_line(&first.file().to_string_lossy()).into_owned());
        for (annotation, kind) in &self.annotations {
            let (span, line) = (annotation.location.span(), annotation.location.whole_line());
            // What goes on in further lines would take a whole page.
            let offset = |at: usize| {
                let at = at.clamp(line.start, line.end);
                shown(text, at.saturating_sub(self.lines.start)).len()
            };
            let label = annotation.label.as_deref();
            let label = label.map(|label| clean_line(label).into_owned());
            let annotation = kind.span(offset(span.start)..offset(span.end));
            snippet = snippet.annotation(annotation.label(label));
        }
        snippet
    }
}

/// The beginning of a text, up to so many bytes. Each hidden character is replaced by one that shows, so columns stay as
/// they are.
fn shown(text: &str, until: usize) -> String {
    let glyph = |(at, c): (usize, char)| match c {
        '\n' | '\t' => Some(c),
        '\r' if text
            .get(at.saturating_add(1)..)
            .is_some_and(|rest| rest.starts_with('\n')) =>
        {
            None
        }
        c if is_hidden(c) => Some(char::REPLACEMENT_CHARACTER),
        c => Some(c),
    };
    let characters = text.char_indices().take_while(|(at, _)| *at < until);
    characters.filter_map(glyph).collect()
}
