//! Messages by kind: how many, how fast, how large; and how many were in vain.

use crate::{
    brush::{clean, width},
    format, layout,
    model::MessageCount,
    widgets::{
        bar,
        frame::{self, Look},
        list::Scroll,
    },
    world::Scene,
};
use ratatui::{layout::Rect, style::Style};

#[derive(Default)]
pub(crate) struct Kinds {
    pub scroll: Scroll,
}

/// Longer kinds are cut.
const LONGEST_KIND: usize = 19;
const COUNT: usize = format::COUNT_WIDTH + 2;
const RATE: usize = format::COUNT_WIDTH + 3;
const BYTES: usize = format::BYTES_WIDTH + 2;
/// Rows below the kinds: all received, duplicates, drops.
const SUMS: u16 = 3;

impl Kinds {
    /// Rows for so many kinds, with head, gap, sums and what is around.
    pub fn wanted(kinds: usize, look: Look) -> u16 {
        u16::try_from(kinds).unwrap_or(u16::MAX - 9).saturating_add(SUMS + 2 + if look == Look::Framed { 2 } else { 1 })
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let snapshot = scene.snapshot;
        let kinds = &snapshot.messages;
        let rate: u64 = kinds.iter().map(|kind| kind.rate).fold(0, u64::saturating_add);
        let note = format!("{} a second", format::count(rate));
        let inside = frame::frame(scene, area, look, "By kind", &note, active);
        let theme = scene.theme;
        let long = kinds.iter().map(|kind| width(&clean(&kind.kind))).max().unwrap_or(0).clamp(10, LONGEST_KIND) + 1;
        if inside.height <= SUMS + 2 {
            return short(scene, inside);
        }
        let (list, sums) = layout::bottom(inside, SUMS);
        // The sums follow the last kind, with a gap where there is room for one.
        let used = u16::try_from(kinds.len().max(1)).unwrap_or(u16::MAX).saturating_add(2).min(list.height);
        let sums = Rect { y: list.y + used, ..sums };
        let (head, list) = layout::top(layout::top(list, used).0, 1);
        let mut brush = scene.brush(head);
        brush.skip(1).left(long, "kind", theme.label).right(COUNT, "count", theme.label).right(RATE, "a sec.", theme.label);
        brush.right(BYTES, "bytes", theme.label);
        let busiest = kinds.iter().map(|kind| kind.rate).max().unwrap_or(0);
        let visible = usize::from(list.height);
        for (at, kind) in kinds[self.scroll.shown(visible, kinds.len())].iter().enumerate() {
            kind_row(scene, layout::row(list, at), kind, busiest, long);
        }
        if kinds.is_empty() {
            frame::empty(scene, list, "none were counted yet");
        }
        let totals = snapshot.totals;
        let mut brush = scene.brush(sums);
        brush.skip(1).left(long, "received", theme.label).right(COUNT, &format::count(totals.messages_in), theme.title);
        brush.skip(RATE).right(BYTES, &format::bytes(totals.bytes_in), theme.title);
        for (row, word, count, share, style, meaning) in [
            (1, "duplicates", totals.duplicates, vain(scene), theme.text, "  nothing new"),
            (2, "dropped", totals.drops, String::new(), drops(scene), "  on their way"),
        ] {
            let mut brush = scene.brush(layout::row(sums, row));
            brush.skip(1).left(long, word, theme.label).right(COUNT, &format::count(count), style).right(RATE, &share, style);
            if brush.room() > meaning.len() {
                brush.put(meaning, theme.label);
            }
        }
    }
}

/// Messages that brought nothing new, in percent of all received.
fn vain(scene: &Scene<'_>) -> String {
    let totals = scene.snapshot.totals;
    format!("{}%", format::percent(totals.duplicates, totals.messages_in.max(1)))
}

fn drops(scene: &Scene<'_>) -> Style {
    if scene.snapshot.totals.drops > 0 { scene.theme.warn } else { scene.theme.text }
}

/// In two rows: the busiest kinds, and the sums.
fn short(scene: &mut Scene<'_>, area: Rect) {
    let (theme, totals) = (scene.theme, scene.snapshot.totals);
    let mut kinds: Vec<&MessageCount> = scene.snapshot.messages.iter().collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.rate));
    let mut brush = scene.brush(area);
    brush.skip(1);
    for kind in kinds {
        let rate = format!(" {}/s", format::count(kind.rate));
        if brush.room() > width(&clean(&kind.kind)) + rate.len() + 2 {
            brush.put(&kind.kind, theme.accent).put(&rate, theme.text).skip(2);
        }
    }
    let (vain, drops) = (vain(scene), drops(scene));
    let mut brush = scene.brush(layout::row(area, 1));
    brush.skip(1).put("duplicates ", theme.label).put(&format::count(totals.duplicates), theme.text);
    brush.put(" (", theme.label).put(&vain, theme.label).put(")  dropped ", theme.label);
    brush.put(&format::count(totals.drops), drops);
}

fn kind_row(scene: &mut Scene<'_>, area: Rect, kind: &MessageCount, busiest: u64, long: usize) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let mut brush = scene.brush(area);
    brush.skip(1).left(long - 1, &kind.kind, theme.accent).skip(1);
    brush.right(COUNT, &format::count(kind.count), theme.text).right(RATE, &format::count(kind.rate), theme.text);
    brush.right(BYTES, &format::bytes(kind.bytes), theme.text).skip(2);
    let columns = brush.room().saturating_sub(1).min(24);
    if columns >= 4 {
        bar::bar(&mut brush, glyphs, columns, kind.rate as f64, busiest as f64, theme.inbound, theme.border);
    }
}
