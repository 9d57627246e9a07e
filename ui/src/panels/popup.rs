//! A question in the middle of the page: what is about to be done, how much, how long.

use crate::{
    brush::{clean, width},
    layout,
    popup::PopUp,
    widgets::frame::{self, Look},
    world::Scene,
};
use ratatui::layout::Rect;

/// Narrower pop-ups would jump with each title.
const NARROWEST: u16 = 46;
/// Rows around the fields: frame, meaning, keys, gaps.
const AROUND: u16 = 7;

/// Draws it over what is there; in one line where there is no room for a frame.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect, popup: &PopUp) {
    let theme = scene.theme;
    let fields = popup.fields.len() as u16;
    let wanted = AROUND + fields - u16::from(fields == 0);
    let longest = width(&clean(&popup.title)).max(width(popup.meaning)).min(usize::from(u16::MAX - 6)) as u16 + 6;
    if area.height < wanted || area.width < NARROWEST {
        let line = layout::bottom(area, 1).1;
        frame::clear(scene, line);
        scene.brush(line).put(&popup.line(), theme.title);
        return;
    }
    let columns = longest.clamp(NARROWEST, area.width);
    let place =
        Rect { x: area.x + (area.width - columns) / 2, y: area.y + (area.height - wanted) / 3, width: columns, height: wanted };
    frame::clear(scene, place);
    let inside = frame::frame(scene, place, Look::Framed, &popup.title, "", true);
    scene.brush(layout::row(inside, 1)).skip(2).put(popup.meaning, theme.label);
    let [before, after] = scene.glyphs.choose;
    for (at, field) in popup.fields.iter().enumerate() {
        let row = layout::row(inside, 3 + at);
        let chosen = at == popup.chosen;
        let text = field.text();
        let mut brush = scene.brush(row);
        brush.put(if chosen { " > " } else { "   " }, theme.title).left(8, field.name, theme.label);
        if field.is_text() {
            // A cursor says that it is typed into.
            brush.put(&text, theme.title).put(" ", if chosen { theme.select } else { theme.text });
            continue;
        }
        let around = if chosen { theme.accent } else { theme.border };
        brush.put(before, around).put(" ", theme.text);
        let (x, long) = (row.right() - brush.room() as u16, width(&text).max(12) as u16);
        // In the middle, so that both arrows stand still.
        let pad = (usize::from(long) - width(&text)) / 2;
        brush.skip(pad).put(&text, theme.title).skip(usize::from(long) - pad - width(&text));
        brush.put(" ", theme.text).put(after, around);
        if chosen {
            scene.select(Rect { x, width: long, ..row });
        }
    }
    let keys = layout::bottom(inside, 1).1;
    scene
        .brush(keys)
        .skip(2)
        .put("Enter", theme.title)
        .put(" does it   ", theme.label)
        .put("Esc", theme.title)
        .put(" cancels", theme.label);
}
