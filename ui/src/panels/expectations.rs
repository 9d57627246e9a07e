//! What must come out of the run, whether it does, and the figure that says so.

use super::problems::wrap;
use crate::{
    brush::clean,
    layout,
    model::Verdict,
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::Scene,
};
use ratatui::layout::Rect;

#[derive(Default)]
pub(crate) struct Expectations {
    pub scroll: Scroll,
}

/// A verdict's word, beside its sign.
pub(crate) const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pending => "pending",
        Verdict::Met => "met",
        Verdict::Missed => "missed",
    }
}

/// Columns of sign and word.
const VERDICT: usize = 11;

impl Expectations {
    /// Rows that all of them take in so many columns, two at most for each: the sentence and the figure.
    pub fn wanted(count: usize) -> u16 {
        u16::try_from(count.max(1) * 2).unwrap_or(u16::MAX)
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let lines = &scene.snapshot.expectations;
        let met = lines.iter().filter(|line| line.verdict == Verdict::Met).count();
        let note = if lines.is_empty() { String::new() } else { format!("{met} of {} met", lines.len()) };
        let inside = frame::frame(scene, area, look, "Expectations", &note, active);
        if lines.is_empty() {
            frame::empty(scene, inside, "the scenario expects nothing");
            return;
        }
        let (theme, glyphs) = (scene.theme, scene.glyphs);
        let visible = usize::from(inside.height);
        let columns = usize::from(inside.width).saturating_sub(VERDICT + 1).max(1);
        // One row each when two do not fit; the figure then stands behind the sentence.
        let rows = if visible >= lines.len() * 2 { 2 } else { 1 };
        for (at, line) in lines[self.scroll.shown(visible / rows, lines.len())].iter().enumerate() {
            let style = match line.verdict {
                Verdict::Pending => theme.busy,
                Verdict::Met => theme.ok,
                Verdict::Missed => theme.bad,
            };
            let mut brush = scene.brush(layout::row(inside, at * rows));
            brush.skip(1).put(glyphs.verdict(line.verdict), style).put(" ", theme.text).put(word(line.verdict), style);
            brush.column(VERDICT);
            let text = clean(&line.text);
            if rows == 1 {
                brush.put(&text, theme.text);
                if !line.measured.is_empty() && brush.room() > 4 {
                    brush.put("  ", theme.text).put(&line.measured, theme.label);
                }
                continue;
            }
            let wrapped = wrap(&text, columns);
            brush.put(if wrapped.len() > 1 && line.measured.is_empty() { wrapped[0] } else { &text }, theme.text);
            let mut brush = scene.brush(layout::row(inside, at * rows + 1));
            brush.skip(VERDICT);
            if !line.measured.is_empty() {
                brush.put("measured: ", theme.label).put(&line.measured, theme.title);
            } else if let Some(more) = wrapped.get(1) {
                brush.put(more, theme.text);
            }
        }
    }
}
