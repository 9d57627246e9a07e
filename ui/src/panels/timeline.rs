//! What the scenario did, where now is, and what comes when.

use crate::{
    brush::{clean, width},
    format, layout,
    model::TimelineLine,
    widgets::frame::{self, Look},
    world::Scene,
};
use ratatui::layout::Rect;
use std::time::Duration;

/// Columns of a moment: `1:02:03`.
const MOMENT: usize = 8;

#[derive(Default)]
pub(crate) struct Timeline {
    /// Rows away from where now is in sight.
    shift: isize,
}

/// When an entry comes: its words on the right.
fn countdown(line: &TimelineLine, now: Duration) -> String {
    match line.at.checked_sub(now) {
        Some(left) if !line.done => format!("in {}", format::minutes(left)),
        // The run has not come to do it yet.
        None if !line.done => "due".to_owned(),
        _ => String::new(),
    }
}

impl Timeline {
    pub fn step(&mut self, by: isize) {
        self.shift = self.shift.saturating_add(by);
    }

    /// Back to now.
    pub fn follow(&mut self) {
        self.shift = 0;
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let lines = &scene.snapshot.timeline;
        let done = lines.iter().filter(|line| line.done).count();
        let note = if lines.is_empty() { String::new() } else { format!("{done} of {} done", lines.len()) };
        let inside = frame::frame(scene, area, look, "Timeline", &note, active);
        if lines.is_empty() {
            frame::empty(scene, inside, "the scenario plans nothing");
            return;
        }
        let now = scene.snapshot.clock.elapsed;
        // Now stands before the first entry that is still to come, wherever the clock is: what is due is about to happen.
        let marker = lines.iter().position(|line| !line.done).unwrap_or(lines.len());
        let visible = usize::from(inside.height);
        let count = lines.len() + 1;
        let last = count.saturating_sub(visible);
        let rest = marker.saturating_sub(visible / 2).min(last);
        let first = rest.saturating_add_signed(self.shift).min(last);
        self.shift = first as isize - rest as isize;
        for row in 0..visible.min(count - first) {
            let at = layout::row(inside, row);
            match (first + row).cmp(&marker) {
                std::cmp::Ordering::Equal => now_line(scene, at, now),
                order => {
                    let place = first + row - usize::from(order.is_gt());
                    let next = place == marker;
                    entry(scene, at, &lines[place], now, next);
                }
            }
        }
    }
}

fn now_line(scene: &mut Scene<'_>, area: Rect, now: Duration) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let mut brush = scene.brush(area);
    brush.skip(1).put(glyphs.play, theme.accent).right(MOMENT, &format::minutes(now), theme.title).put(" now ", theme.title);
    while brush.room() > 1 {
        brush.put(glyphs.frame.horizontal, theme.accent);
    }
}

fn entry(scene: &mut Scene<'_>, area: Rect, line: &TimelineLine, now: Duration, next: bool) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let (sign, style, text) = match (line.done, next) {
        (true, _) => (glyphs.done, theme.ok, theme.label),
        (false, true) => (glyphs.arrow, theme.warn, theme.title),
        (false, false) => (glyphs.separator, theme.label, theme.text),
    };
    let when = countdown(line, now);
    let mut brush = scene.brush(area);
    brush.skip(1).left(1, sign, style).right(MOMENT, &format::minutes(line.at), theme.label).skip(1);
    let room = brush.room().saturating_sub(width(&when) + 3);
    brush.left(room, &clean(&line.text), text);
    brush.end_at(width(&when) + 1).put(&when, if next { theme.warn } else { theme.label });
}
