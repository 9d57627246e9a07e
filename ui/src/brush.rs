//! Writes text into a buffer from left to right: never outside its row, never wider than its cell, never a control sign.
//!
//! Names, agents and reasons come from strangers. A control or direction-changing sign in them must not reach the
//! terminal, and a wide one must not push a column aside.

use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::borrow::Cow;
use unicode_width::UnicodeWidthStr;

/// Signs that would move the cursor, or turn the text around them.
fn is_harmful(sign: char) -> bool {
    sign.is_control() || matches!(sign, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// The text without harmful signs; borrowed when there are none, which is nearly always.
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    if text.chars().any(is_harmful) {
        Cow::Owned(text.chars().filter(|sign| !is_harmful(*sign)).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Columns that a text takes.
pub(crate) fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}

/// One row of a buffer, and the place where the next word goes.
pub(crate) struct Brush<'a> {
    buf: &'a mut Buffer,
    x: u16,
    y: u16,
    start: u16,
    end: u16,
    ellipsis: &'static str,
}

impl<'a> Brush<'a> {
    /// The first row of `area`, as far as it lies on the buffer.
    pub fn new(buf: &'a mut Buffer, area: Rect, ellipsis: &'static str) -> Self {
        let area = area.intersection(buf.area);
        let end = if area.height == 0 { area.x } else { area.right() };
        Self { buf, x: area.x, y: area.y, start: area.x, end, ellipsis }
    }

    /// Columns left.
    pub fn room(&self) -> usize {
        usize::from(self.end.saturating_sub(self.x))
    }

    /// Writes as much of the text as fits; says with an ellipsis that some is missing.
    pub fn put(&mut self, text: &str, style: Style) -> &mut Self {
        let room = self.room();
        self.write(text, room, style);
        self
    }

    /// A cell of fixed width, text on the left.
    pub fn left(&mut self, columns: usize, text: &str, style: Style) -> &mut Self {
        let columns = columns.min(self.room());
        let start = self.x;
        self.write(text, columns, style);
        self.x = start.saturating_add(columns as u16);
        self
    }

    /// A cell of fixed width, text on the right.
    pub fn right(&mut self, columns: usize, text: &str, style: Style) -> &mut Self {
        let columns = columns.min(self.room());
        let start = self.x;
        let taken = width(&clean(text));
        if taken < columns {
            self.x = start.saturating_add((columns - taken) as u16);
        }
        self.write(text, columns, style);
        self.x = start.saturating_add(columns as u16);
        self
    }

    /// Leaves columns free.
    pub fn skip(&mut self, columns: usize) -> &mut Self {
        self.x = self.x.saturating_add(columns.min(self.room()) as u16);
        self
    }

    /// Goes to where a text of `columns` ends at the right edge; stays when that place is taken already.
    pub fn end_at(&mut self, columns: usize) -> &mut Self {
        let x = self.end.saturating_sub(columns.min(usize::from(u16::MAX)) as u16);
        self.x = self.x.max(x);
        self
    }

    /// Goes to a column counted from the start of the row, unless it is passed already.
    pub fn column(&mut self, column: usize) -> &mut Self {
        let x = self.start.saturating_add(column.min(usize::from(u16::MAX)) as u16).min(self.end);
        self.x = self.x.max(x);
        self
    }

    fn write(&mut self, text: &str, columns: usize, style: Style) {
        if columns == 0 || self.room() == 0 {
            return;
        }
        let text = clean(text);
        // What was here before leaves nothing behind: a word over a line must not take the line's colour.
        let area = Rect { x: self.x, y: self.y, width: width(&text).min(columns) as u16, height: 1 };
        self.buf.set_style(area, Style::reset());
        if width(&text) <= columns {
            (self.x, _) = self.buf.set_stringn(self.x, self.y, &text, columns, style);
        } else {
            let (x, _) = self.buf.set_stringn(self.x, self.y, &text, columns - 1, style);
            (self.x, _) = self.buf.set_stringn(x, self.y, self.ellipsis, 1, style);
        }
    }
}

#[cfg(test)]
#[path = "brush_tests.rs"]
mod tests;
