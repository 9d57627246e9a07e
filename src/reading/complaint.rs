//! A mistake in a file, and how it is shown: where, what was found, what is allowed, and what was probably meant.

use super::nearest::nearest;
use std::cell::RefCell;
use std::fmt::Write;
use std::ops::Range;

/// A place in the file, in bytes.
pub type Span = Range<usize>;

/// One mistake.
#[derive(Clone, Debug)]
pub struct Complaint {
    span: Span,
    what: String,
    label: String,
    note: String,
    /// Follows from something else that may be wrong: not said of a file that is not even TOML.
    follows: bool,
}

impl Complaint {
    /// `what` was found at `span`.
    pub fn new(span: Span, what: impl Into<String>) -> Self {
        Self { span, what: what.into(), label: String::new(), note: String::new(), follows: false }
    }

    /// A name that is none of `known`: with the one that was probably meant, and all that are allowed.
    pub fn unknown<'k>(
        span: Span,
        what: impl Into<String>,
        found: &str,
        known: impl IntoIterator<Item = &'k str> + Clone,
    ) -> Self {
        let complaint = match nearest(found, known.clone()) {
            Some(meant) => Self::new(span, what).label(format!("did you mean `{meant}`?")),
            None => Self::new(span, what),
        };
        complaint.note(format!("allowed: {}", known.into_iter().collect::<Vec<_>>().join(", ")))
    }

    /// Said beside the caret.
    pub fn label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// Said below: what is allowed, or what to do.
    pub fn note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Marks it as possibly a consequence of a mistake elsewhere.
    pub fn follows(self) -> Self {
        Self { follows: true, ..self }
    }
}

/// Takes complaints in any order.
#[derive(Debug, Default)]
pub struct Report(RefCell<Vec<Complaint>>);

impl Report {
    /// One more.
    pub fn add(&self, complaint: Complaint) {
        self.0.borrow_mut().push(complaint);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }

    /// Of a file with errors of syntax, also these; what may only follow from them is left out, as is what is on their lines.
    pub fn add_syntax(&mut self, source: &str, errors: &[toml::de::Error]) {
        if errors.is_empty() {
            return;
        }
        let line = |at: usize| source.as_bytes()[..at.min(source.len())].iter().filter(|byte| **byte == b'\n').count();
        let complaints: Vec<_> = errors
            .iter()
            .map(|error| {
                Complaint::new(error.span().unwrap_or(0..0), "this is not TOML").label(error.message().replace('\n', "; "))
            })
            .collect();
        let broken: Vec<usize> = complaints.iter().map(|complaint| line(complaint.span.start)).collect();
        let mine = self.0.get_mut();
        mine.retain(|complaint| !complaint.follows && !broken.contains(&line(complaint.span.start)));
        mine.extend(complaints);
    }

    /// How many there are, and all of them in the order of the file, as text without a newline at its end.
    pub fn render(self, origin: &str, source: &str) -> (usize, String) {
        let mut complaints = self.0.into_inner();
        complaints.sort_by_key(|complaint| (complaint.span.start, complaint.span.end));
        complaints.dedup_by(|a, b| (&a.span, &a.what, &a.label) == (&b.span, &b.what, &b.label));
        let texts: Vec<_> = complaints.iter().map(|complaint| complaint.render(origin, source)).collect();
        (texts.len(), texts.join("\n\n"))
    }
}

/// Characters of a line that are shown; a longer line is cut there, so that one mistake stays on one screen.
const WIDTH: usize = 160;

impl Complaint {
    fn render(&self, origin: &str, source: &str) -> String {
        let start = source.floor_char_boundary(self.span.start);
        let line_start = source[..start].rfind('\n').map_or(0, |at| at + 1);
        let line = source[line_start..].lines().next().unwrap_or_default();
        let number = source[..line_start].matches('\n').count() + 1;
        let before = &source[line_start..start];
        let found = source[start..source.floor_char_boundary(self.span.end.max(start))].lines().next().unwrap_or_default();
        // A tab is as wide below the line as in it; a wide character takes two columns.
        let padding: String = before.chars().map(|c| if c == '\t' { "\t".to_owned() } else { " ".repeat(columns(c)) }).collect();
        let carets = "^".repeat(found.chars().map(columns).sum::<usize>().clamp(1, WIDTH));
        let margin = " ".repeat(number.to_string().len());
        let shown: String = printable(line).chars().take(WIDTH.max(before.chars().count() + WIDTH / 2)).collect();

        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = writeln!(text, "error: {}", printable(&self.what));
        let _ = writeln!(text, "{margin}--> {origin}:{number}:{}", before.chars().count() + 1);
        let _ = writeln!(text, "{margin} |");
        let _ = writeln!(text, "{}", format!("{number} | {shown}").trim_end());
        let _ = write!(text, "{margin} | {padding}{carets}");
        if !self.label.is_empty() {
            let _ = write!(text, " {}", printable(&self.label));
        }
        if !self.note.is_empty() {
            let _ = write!(text, "\n{margin} = {}", printable(&self.note));
        }
        text
    }
}

/// Columns of a terminal that a character takes, once [`printable`].
fn columns(c: char) -> usize {
    unicode_width::UnicodeWidthChar::width(c).unwrap_or(1)
}

/// A stranger's file draws no escape sequences on our terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}
