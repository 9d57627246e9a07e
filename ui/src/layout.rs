//! Cutting the screen into pieces with integer arithmetic: nothing to solve, nothing to allocate, nothing that can fail.

use ratatui::layout::Rect;

/// How much fits: what is left out on small screens is decided once, here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// One line of health and the list of nodes.
    Tiny,
    /// Every list, one under the other, without frames.
    Compact,
    /// Everything, in frames side by side.
    Full,
}

/// Below this nothing but a list makes sense.
const COMPACT: (u16, u16) = (60, 15);
/// From here on, drawings and lists fit side by side.
const FULL: (u16, u16) = (108, 30);

impl Size {
    pub const fn of(area: Rect) -> Self {
        if area.width < COMPACT.0 || area.height < COMPACT.1 {
            Self::Tiny
        } else if area.width < FULL.0 || area.height < FULL.1 {
            Self::Compact
        } else {
            Self::Full
        }
    }
}

/// The upper `rows` rows, and the rest.
pub(crate) fn top(area: Rect, rows: u16) -> (Rect, Rect) {
    let rows = rows.min(area.height);
    (Rect { height: rows, ..area }, Rect { y: area.y + rows, height: area.height - rows, ..area })
}

/// The rest, and the lower `rows` rows.
pub(crate) fn bottom(area: Rect, rows: u16) -> (Rect, Rect) {
    top(area, area.height - rows.min(area.height))
}

/// The left `columns` columns, and the rest.
pub(crate) fn left(area: Rect, columns: u16) -> (Rect, Rect) {
    let columns = columns.min(area.width);
    (Rect { width: columns, ..area }, Rect { x: area.x + columns, width: area.width - columns, ..area })
}

/// Row `index` of an area; empty when it has no such row.
pub(crate) fn row(area: Rect, index: usize) -> Rect {
    let index = index.min(usize::from(area.height)) as u16;
    Rect { y: area.y + index, height: u16::from(index < area.height), ..area }
}

/// A share of `whole`, in percent.
pub(crate) fn share(whole: u16, percent: u16) -> u16 {
    (u32::from(whole) * u32::from(percent) / 100) as u16
}

#[cfg(test)]
#[path = "layout_tests.rs"]
mod tests;
