//! Two lines over time: what went out drawn through, what came in dotted.

use super::dots::Dots;
use crate::{brush::Brush, format, world::Scene};
use ratatui::layout::Rect;
use std::collections::VecDeque;

/// Seconds that the chart spans.
const SPAN: usize = 60;
/// Room for the scale on the left.
const SCALE: u16 = 8;
const INBOUND: u8 = 1;
const OUTBOUND: u8 = 2;

/// The next round number above a rate, so that the scale rests while values wander.
fn ceiling(value: u64) -> u64 {
    let mut scale = 1_000_u64;
    while scale < u64::MAX / 10 {
        for tenths in [10, 15, 20, 30, 40, 60, 80] {
            if scale / 10 * tenths >= value {
                return scale / 10 * tenths;
            }
        }
        scale *= 10;
    }
    value
}

/// Draws bytes in and out of the last minute, with their scale.
pub(crate) fn chart(scene: &mut Scene<'_>, dots: &mut Dots, area: Rect, samples: &[crate::model::TrafficSample]) {
    if area.width <= SCALE + 4 || area.height < 2 {
        return;
    }
    let theme = scene.theme;
    let shown: VecDeque<_> = samples.iter().rev().take(SPAN + 1).copied().collect();
    let full = ceiling(shown.iter().map(|sample| sample.bytes_in.max(sample.bytes_out)).max().unwrap_or(0));
    let plot = Rect { x: area.x + SCALE, width: area.width - SCALE, height: area.height - 1, ..area };
    // The scale: top, middle if there is room, bottom.
    scene.brush(area).right(usize::from(SCALE) - 1, &format::bytes(full), theme.label);
    if plot.height >= 5 {
        let middle = Rect { y: area.y + (plot.height - 1) / 2, height: 1, ..area };
        scene.brush(middle).right(usize::from(SCALE) - 1, &format::bytes(full / 2), theme.label);
    }
    if plot.height >= 2 {
        let low = Rect { y: plot.bottom() - 1, height: 1, ..area };
        scene.brush(low).right(usize::from(SCALE) - 1, "0", theme.label);
    }
    let times = Rect { y: area.bottom() - 1, height: 1, x: plot.x, width: plot.width };
    let mut brush: Brush<'_> = scene.brush(times);
    brush.put("-60 s", theme.label);
    if plot.width >= 24 {
        brush.column(usize::from(plot.width) / 2 - 2).put("-30 s", theme.label);
    }
    brush.end_at(3).put("now", theme.label);
    dots.clear(plot);
    let (across, down) = dots.size();
    let place = |back: usize, bytes: u64| {
        let x = across - 1 - (back as i64 * i64::from(across - 1) / SPAN as i64) as i32;
        let y = down - 1 - (u128::from(bytes) * (down - 1) as u128 / u128::from(full.max(1))) as i32;
        (x, y)
    };
    for (back, pair) in shown.iter().zip(shown.iter().skip(1)).enumerate() {
        dots.line(place(back, pair.0.bytes_in), place(back + 1, pair.1.bytes_in), INBOUND, |x, _| x % 2 == 0);
    }
    for (back, pair) in shown.iter().zip(shown.iter().skip(1)).enumerate() {
        dots.line(place(back, pair.0.bytes_out), place(back + 1, pair.1.bytes_out), OUTBOUND, |_, _| true);
    }
    dots.paint(scene.buf, scene.glyphs.set, |rank| if rank == OUTBOUND { theme.outbound } else { theme.inbound });
}
