//! A panel's frame: a name on the left, a word about it on the right. On small screens one rule above is all.

use crate::{
    brush::{clean, width},
    layout,
    world::Scene,
};
use ratatui::layout::Rect;

/// How a panel is set apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// On all sides.
    Framed,
    /// By one rule above.
    Ruled,
}

/// Draws the frame and returns the room inside. `active` marks the panel that the keys move in.
pub(crate) fn frame(scene: &mut Scene<'_>, area: Rect, look: Look, title: &str, note: &str, active: bool) -> Rect {
    let area = area.intersection(scene.buf.area);
    if area.is_empty() {
        return area;
    }
    let (theme, pieces) = (scene.theme, scene.glyphs.frame);
    let border = if active { theme.accent } else { theme.border };
    let boxed = look == Look::Framed;
    let (last_x, last_y) = (area.right() - 1, area.bottom() - 1);
    for x in area.x..=last_x {
        scene.buf[(x, area.y)].set_symbol(pieces.horizontal).set_style(border);
        if boxed && last_y > area.y {
            scene.buf[(x, last_y)].set_symbol(pieces.horizontal).set_style(border);
        }
    }
    if boxed {
        for y in area.y..=last_y {
            scene.buf[(area.x, y)].set_symbol(pieces.vertical).set_style(border);
            scene.buf[(last_x, y)].set_symbol(pieces.vertical).set_style(border);
        }
        for (at, corner) in
            [(area.x, area.y), (last_x, area.y), (area.x, last_y), (last_x, last_y)].into_iter().zip(pieces.corners)
        {
            scene.buf[at].set_symbol(corner).set_style(border);
        }
    }
    let inset = 1;
    let head = Rect { x: area.x + inset, width: area.width.saturating_sub(2 * inset), height: 1, ..area };
    let mut brush = scene.brush(head);
    brush.put(" ", border).put(title, theme.title).put(" ", border);
    let taken = width(&clean(note)) + 2;
    if !note.is_empty() && brush.room() > taken {
        brush.end_at(taken).put(" ", border).put(note, theme.label).put(" ", border);
    }
    if boxed {
        Rect { x: area.x + 1, y: area.y + 1, width: area.width.saturating_sub(2), height: area.height.saturating_sub(2) }
    } else {
        layout::top(area, 1).1
    }
}

/// Makes an area empty, for what lies over the page.
pub(crate) fn clear(scene: &mut Scene<'_>, area: Rect) {
    for at in area.intersection(scene.buf.area).positions() {
        scene.buf[at].reset();
    }
}

/// Says that a panel has nothing to show, and why.
pub(crate) fn empty(scene: &mut Scene<'_>, area: Rect, text: &str) {
    let style = scene.theme.label;
    scene.brush(area).skip(1).put(text, style);
}
