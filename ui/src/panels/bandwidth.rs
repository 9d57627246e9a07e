//! Traffic of the last minute: bytes in and out as lines, messages as a sparkline.

use crate::{
    format, layout,
    model::TrafficSample,
    widgets::{
        bar::{self, Floor},
        chart,
        dots::Dots,
        frame::{self, Look},
    },
    world::Scene,
};
use ratatui::layout::Rect;

#[derive(Default)]
pub(crate) struct Bandwidth {
    dots: Dots,
}

/// From so many columns on, rates are written with their `/s` beside the title.
const ROOMY: u16 = 50;

fn messages(sample: &TrafficSample) -> u64 {
    sample.messages_in.saturating_add(sample.messages_out)
}

impl Bandwidth {
    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, title: &str, samples: &[TrafficSample]) {
        let now = samples.last().copied().unwrap_or_default();
        let [plain, dashed, _] =
            scene.glyphs.links.map(|link| &link[..link.char_indices().nth(2).map_or(link.len(), |(at, _)| at)]);
        // Widths are fixed, so that the words stand still while the numbers move.
        let note = if area.width >= ROOMY {
            let (out, inbound) = (format::rate(now.bytes_out), format::rate(now.bytes_in));
            format!("{plain} out {out:>8}  {dashed} in {inbound:>8}")
        } else {
            let (out, inbound) = (format::bytes(now.bytes_out), format::bytes(now.bytes_in));
            format!("{plain} out {out:>6} {dashed} in {inbound:>6}")
        };
        let inside = frame::frame(scene, area, Look::Framed, title, &note, false);
        if samples.len() < 2 {
            frame::empty(scene, inside, "no traffic yet");
            return;
        }
        let (upper, lower) = layout::bottom(inside, u16::from(inside.height >= 5));
        chart::chart(scene, &mut self.dots, upper, samples);
        line(scene, lower, samples, 7);
    }
}

/// `msg/s ▁▂▃▅▇ 142` in one row.
fn line(scene: &mut Scene<'_>, area: Rect, samples: &[TrafficSample], indent: usize) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let now = samples.last().map(messages).unwrap_or(0);
    let mut brush = scene.brush(area);
    brush.right(indent - 1, "msg/s", theme.label).skip(1);
    let columns = brush.room().saturating_sub(format::COUNT_WIDTH + 1);
    // As many seconds as the chart above, so that peaks stand under peaks where the widths allow it.
    bar::spark(&mut brush, glyphs, columns, samples.iter().map(messages), Floor::Zero, theme.link);
    brush.right(format::COUNT_WIDTH + 1, &format::count(now), theme.title);
}

/// Bandwidth in one line, for small screens. Returns the columns used.
pub(crate) fn short(scene: &mut Scene<'_>, area: Rect) -> usize {
    let (theme, glyphs, snapshot) = (scene.theme, scene.glyphs, scene.snapshot);
    let now = snapshot.traffic.last().copied().unwrap_or_default();
    let mut brush = scene.brush(area);
    let whole = brush.room();
    brush.skip(1).put("out", theme.label).right(format::RATE_WIDTH + 1, &format::rate(now.bytes_out), theme.title);
    brush.put("  in", theme.label).right(format::RATE_WIDTH + 1, &format::rate(now.bytes_in), theme.title).skip(2);
    if whole >= 70 {
        bar::spark(&mut brush, glyphs, 12, snapshot.traffic.iter().map(messages), Floor::Zero, theme.link);
    }
    brush.right(format::COUNT_WIDTH + 1, &format::count(messages(&now)), theme.title).put(" msg/s", theme.label);
    whole - brush.room()
}
