//! Where a replay is: a line with its marks, how long it is, and what comes next.

use crate::{brush::width, format, model::Recording, world::Scene};
use ratatui::layout::Rect;
use std::time::Duration;

/// Shorter lines say nothing.
const SHORTEST: usize = 10;
/// The next mark's words get so many columns at most.
const WORDS: usize = 34;

/// Place of a moment on a line of so many columns.
fn place(at: Duration, length: Duration, columns: usize) -> usize {
    let last = columns.saturating_sub(1);
    if length.is_zero() {
        return last;
    }
    let share = at.min(length).as_millis() * last as u128 / length.as_millis().max(1);
    usize::try_from(share).unwrap_or(last).min(last)
}

/// Draws it in one row.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect, recording: &Recording) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let now = scene.snapshot.clock.elapsed;
    let times = format!("{} / {}", format::minutes(now), format::minutes(recording.length));
    let mut words = String::new();
    if recording.torn {
        words.push_str("torn: it ends in the middle of a line  ");
    }
    match recording.marks.iter().find(|(at, _)| *at > now) {
        Some((at, text)) => words.push_str(&format!("next {}: {text}", format::minutes(*at))),
        None if recording.marks.is_empty() => words.push_str("no marks"),
        None => words.push_str("no mark left"),
    }
    let mut brush = scene.brush(area);
    brush.skip(1);
    let torn = if recording.torn { WORDS + 16 } else { WORDS };
    let words_room = width(&words).min(torn).min(brush.room() / 2);
    let columns = brush.room().saturating_sub(width(&times) + 2 + words_room + 3);
    if columns >= SHORTEST {
        let here = place(now, recording.length, columns);
        let mut marks = vec![false; columns];
        for (at, _) in &recording.marks {
            marks[place(*at, recording.length, columns)] = true;
        }
        let [passed, coming, position, mark] = glyphs.scrub;
        for (column, marked) in marks.into_iter().enumerate() {
            let (sign, style) = if column == here {
                (position, theme.title)
            } else if marked {
                (mark, theme.warn)
            } else if column < here {
                (passed, theme.accent)
            } else {
                (coming, theme.border)
            };
            brush.put(sign, style);
        }
        brush.skip(2);
    }
    brush.put(&times, theme.title).skip(2);
    brush.put(&words, if recording.torn { theme.warn } else { theme.label });
}
