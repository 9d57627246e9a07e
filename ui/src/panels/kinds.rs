//! Messages by kind: how many, how fast, how large; and how many were in vain.

use crate::{
    format, layout,
    model::MessageCount,
    widgets::{
        bar,
        frame::{self, Look},
    },
    world::Scene,
};
use ratatui::layout::Rect;

#[derive(Default)]
pub(crate) struct Kinds {
    offset: usize,
}

const KIND: usize = 14;
const COUNT: usize = format::COUNT_WIDTH + 2;
const RATE: usize = format::COUNT_WIDTH + 3;
const BYTES: usize = format::BYTES_WIDTH + 2;
/// Rows below the kinds: all received, duplicates, drops.
const SUMS: u16 = 3;

impl Kinds {
    /// Rows for so many kinds, with head, sums and what is around.
    pub fn wanted(kinds: usize, look: Look) -> u16 {
        u16::try_from(kinds).unwrap_or(u16::MAX - 9).saturating_add(SUMS + 1 + if look == Look::Framed { 2 } else { 1 })
    }

    pub fn step(&mut self, by: isize) {
        self.offset = self.offset.saturating_add_signed(by);
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let snapshot = scene.snapshot;
        let kinds = &snapshot.messages;
        let rate: u64 = kinds.iter().map(|kind| kind.rate).fold(0, u64::saturating_add);
        let note = format!("{} a second", format::count(rate));
        let inside = frame::frame(scene, area, look, "By kind", &note, active);
        let theme = scene.theme;
        let sums = if inside.height > SUMS + 2 { SUMS } else { 1.min(inside.height) };
        let (list, sums) = layout::bottom(inside, sums);
        let (head, list) = layout::top(list, u16::from(list.height > 1));
        let mut brush = scene.brush(head);
        brush.skip(1).left(KIND, "kind", theme.label).right(COUNT, "count", theme.label).right(RATE, "a sec.", theme.label);
        brush.right(BYTES, "bytes", theme.label);
        let busiest = kinds.iter().map(|kind| kind.rate).max().unwrap_or(0);
        let visible = usize::from(list.height);
        self.offset = self.offset.min(kinds.len().saturating_sub(visible.max(1)));
        for (at, kind) in kinds.iter().skip(self.offset).take(visible).enumerate() {
            kind_row(scene, layout::row(list, at), kind, busiest);
        }
        if kinds.is_empty() {
            frame::empty(scene, list, "none were counted yet");
        }
        let totals = snapshot.totals;
        let vain = format::percent(totals.duplicates, totals.messages_in.max(1));
        let mut brush = scene.brush(sums);
        if sums.height < SUMS {
            // All in one row.
            brush.skip(1).put("duplicates ", theme.label).put(&format::count(totals.duplicates), theme.text);
            brush.put(&format!(" ({vain}%)  "), theme.label).put("dropped ", theme.label);
            brush.put(&format::count(totals.drops), if totals.drops > 0 { theme.warn } else { theme.text });
            return;
        }
        brush.skip(1).left(KIND, "received", theme.label).right(COUNT, &format::count(totals.messages_in), theme.title);
        brush.skip(RATE).right(BYTES, &format::bytes(totals.bytes_in), theme.title);
        let mut brush = scene.brush(layout::row(sums, 1));
        brush.skip(1).left(KIND, "duplicates", theme.label).right(COUNT, &format::count(totals.duplicates), theme.text);
        brush.right(RATE, &format!("{vain}%"), theme.text).put("  brought nothing new", theme.label);
        let mut brush = scene.brush(layout::row(sums, 2));
        let style = if totals.drops > 0 { theme.warn } else { theme.text };
        brush.skip(1).left(KIND, "dropped", theme.label).right(COUNT, &format::count(totals.drops), style);
        brush.skip(RATE).put("  by links and full queues", theme.label);
    }
}

fn kind_row(scene: &mut Scene<'_>, area: Rect, kind: &MessageCount, busiest: u64) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let mut brush = scene.brush(area);
    brush.skip(1).left(KIND - 1, &kind.kind, theme.accent).skip(1);
    brush.right(COUNT, &format::count(kind.count), theme.text).right(RATE, &format::count(kind.rate), theme.text);
    brush.right(BYTES, &format::bytes(kind.bytes), theme.text).skip(2);
    let columns = brush.room().saturating_sub(1).min(24);
    if columns >= 4 {
        bar::bar(&mut brush, glyphs, columns, kind.rate as f64, busiest as f64, theme.inbound, theme.border);
    }
}
