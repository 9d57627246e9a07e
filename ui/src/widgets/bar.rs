//! Bars, gauges and sparklines: one row high.

use crate::{brush::Brush, glyphs::Glyphs};
use ratatui::style::Style;

/// A bar, `columns` wide in all: `━━━╸────`, or `[|||   ]`. A value above nothing shows at least half a cell.
pub(crate) fn bar(brush: &mut Brush<'_>, glyphs: &Glyphs, columns: usize, value: f64, full: f64, fill: Style, track: Style) {
    let ends = glyphs.bar_ends.map(str::len);
    if columns < ends[0] + ends[1] + 1 {
        return;
    }
    let cells = columns - ends[0] - ends[1];
    let share = if full > 0.0 { (value / full).clamp(0.0, 1.0) } else { 0.0 };
    let mut halves = (share * (cells * 2) as f64).round() as usize;
    if value > 0.0 && full > 0.0 {
        halves = halves.max(1);
    }
    brush.put(glyphs.bar_ends[0], track);
    for cell in 0..cells {
        let level = halves.saturating_sub(cell * 2).min(2);
        brush.put(glyphs.bar[level], if level == 0 { track } else { fill });
    }
    brush.put(glyphs.bar_ends[1], track);
}

/// What the lowest sign of a sparkline stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Floor {
    /// Nothing: for rates, whose size is the story.
    Zero,
    /// The lowest value: for times, whose change is. Changes below a quarter of the highest value stay small.
    Lowest,
}

/// The last `columns` values as heights up to the highest, newest at the right.
pub(crate) fn spark(
    brush: &mut Brush<'_>,
    glyphs: &Glyphs,
    columns: usize,
    values: impl ExactSizeIterator<Item = u64> + Clone,
    floor: Floor,
    style: Style,
) {
    let shown = values.len().min(columns);
    let values = values.clone().skip(values.len() - shown);
    let high = values.clone().max().unwrap_or(0).max(1);
    let low = match floor {
        Floor::Zero => 0,
        Floor::Lowest => values.clone().min().unwrap_or(0).min(high - high / 4),
    };
    let span = u128::from((high - low).max(1));
    brush.skip(columns - shown);
    for value in values {
        let height = (u128::from(value - low) * 7 + span / 2) / span;
        brush.put(glyphs.spark[height.min(7) as usize], style);
    }
}
