//! Faults that were injected and still hold: the reader must never mistake them for the network's own.

use crate::{
    brush::{clean, width},
    facts, format, layout,
    model::Fault,
    widgets::{
        bar,
        frame::{self, Look},
        list::Scroll,
    },
    world::{Hit, Scene},
};
use ratatui::layout::Rect;

fn left(fault: &Fault) -> String {
    fault.left.map_or_else(|| "until undone".to_owned(), |left| format!("{} left", format::duration(left)))
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

/// Columns of a bar for the time left.
const BAR: usize = 6;
/// From so many columns on, the bar stands behind the sentence.
const ROOMY: u16 = 52;

/// One a row, the chosen one marked: what can be undone here.
#[derive(Default)]
pub(crate) struct List {
    scroll: Scroll,
}

impl List {
    /// Rows for so many faults, with what is around them.
    pub fn wanted(faults: usize, look: Look) -> u16 {
        u16::try_from(faults.max(1)).unwrap_or(u16::MAX - 2).saturating_add(if look == Look::Framed { 2 } else { 1 })
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let snapshot = scene.snapshot;
        let faults = &snapshot.faults;
        let inside = frame::frame(scene, area, look, "Active faults", &faults.len().to_string(), active);
        if faults.is_empty() {
            let text = if scene.world.means.faults {
                "none; in 1, 2 and 3 the keys x c p l d b make some"
            } else {
                "none: the network is as it is by itself"
            };
            frame::empty(scene, inside, text);
            return;
        }
        let chosen = facts::chosen_fault(snapshot, scene.world.fault).map(|fault| fault.number);
        let row = faults.iter().position(|fault| Some(fault.number) == chosen).unwrap_or(0);
        let visible = usize::from(inside.height);
        for (line, fault) in faults[self.scroll.around(row, visible, faults.len())].iter().enumerate() {
            let at = layout::row(inside, line);
            let is_chosen = Some(fault.number) == chosen;
            fault_row(scene, at, fault, is_chosen && active);
            scene.hit(at, Hit::Fault(fault.number));
        }
    }
}

fn fault_row(scene: &mut Scene<'_>, area: Rect, fault: &Fault, chosen: bool) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let left = left(fault);
    let span = scene.world.spans.get(&fault.number).copied().unwrap_or_default();
    let mut brush = scene.brush(area);
    brush.put(if chosen { "> " } else { "  " }, theme.title).left(3, &format!("#{}", fault.number), theme.warn).skip(1);
    let bar = area.width >= ROOMY;
    let behind = width(&left) + 1 + if bar { BAR + 2 } else { 0 };
    let room = brush.room().saturating_sub(behind + 2);
    brush.left(room, &fault.text, theme.text).end_at(behind).put(&left, theme.label);
    if let (true, Some(rest)) = (bar, fault.left) {
        brush.skip(2);
        bar::bar(&mut brush, glyphs, BAR, rest.as_secs_f64(), span.as_secs_f64(), theme.warn, theme.border);
    }
    if chosen {
        scene.select(area);
    }
}
