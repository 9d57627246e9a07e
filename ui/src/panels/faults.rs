//! Faults that were injected and still hold: the reader must never mistake them for the network's own.

use crate::{
    brush::{clean, width},
    format, layout,
    model::Fault,
    widgets::frame::{self, Look},
    world::Scene,
};
use ratatui::layout::Rect;

fn left(fault: &Fault) -> String {
    fault.left.map_or_else(|| "until cleared".to_owned(), |left| format!("{} left", format::duration(left)))
}

/// In a frame, as many beside each other as fit.
pub(crate) fn draw(scene: &mut Scene<'_>, area: Rect) {
    let faults = &scene.snapshot.faults;
    let inside = frame::frame(scene, area, Look::Framed, "Active faults", &faults.len().to_string(), false);
    let theme = scene.theme;
    let mut row = 0;
    let mut brush = scene.brush(layout::row(inside, row));
    for (place, fault) in faults.iter().enumerate() {
        let left = left(fault);
        let number = format!("#{}", fault.number);
        let long = number.len() + 1 + width(&clean(&fault.text)) + 2 + left.len() + 4;
        if brush.room() < long && brush.room() < usize::from(inside.width) {
            row += 1;
            if row + 1 >= usize::from(inside.height) && place + 1 < faults.len() || row >= usize::from(inside.height) {
                let text = format!(" and {} more", faults.len() - place);
                brush.put(&text, theme.label);
                return;
            }
            brush = scene.brush(layout::row(inside, row));
        }
        brush
            .skip(1)
            .put(&number, theme.warn)
            .put(" ", theme.text)
            .put(&fault.text, theme.text)
            .skip(2)
            .put(&left, theme.label)
            .skip(3);
    }
}

/// In the rest of a line, for small screens.
pub(crate) fn short(scene: &mut Scene<'_>, area: Rect) {
    let (theme, faults) = (scene.theme, &scene.snapshot.faults);
    let mut brush = scene.brush(area);
    if faults.is_empty() {
        brush.put("no faults", theme.label);
        return;
    }
    let text = if faults.len() == 1 { "1 fault: ".to_owned() } else { format!("{} faults: ", faults.len()) };
    brush.put(&text, theme.warn);
    for fault in faults {
        let number = format!("#{} ", fault.number);
        brush.put(&number, theme.label).put(&fault.text, theme.text).put("  ", theme.text);
    }
}
