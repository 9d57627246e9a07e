//! Points on an ellipse and lines between them. What the points stand for, the panel knows.

use super::dots::Dots;
use crate::{
    brush::{clean, width},
    world::Scene,
};
use ratatui::{layout::Rect, style::Style};
use std::f64::consts::TAU;

/// Lines above this many are thinned out: more of them is one grey blot.
const MOST_LINES: usize = 600;
/// Points above this many have no names.
const MOST_NAMES: usize = 48;

/// A point and its name.
pub(crate) struct Point<'a> {
    pub glyph: &'a str,
    pub glyph_style: Style,
    pub name: &'a str,
    pub chosen: bool,
    /// Where points share a place, the highest is seen: the one in trouble.
    pub rank: u8,
    /// In the middle, not on the ellipse.
    pub centre: bool,
}

/// How a line is drawn; the later kinds lie over the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Link = 1,
    Hot = 2,
    Cut = 3,
    Chosen = 4,
}

/// A line between two points, by their places.
pub(crate) struct Line {
    pub ends: (usize, usize),
    pub kind: Kind,
    pub label: Option<String>,
    /// Messages on their way.
    pub messages: u64,
}

/// Draws everything. `phase` in 0..1 moves the messages along their lines. Returns where each point was drawn, and how
/// many lines were left out.
pub(crate) fn draw(
    scene: &mut Scene<'_>,
    dots: &mut Dots,
    area: Rect,
    points: &[Point<'_>],
    lines: &[Line],
    phase: f64,
) -> (Vec<Rect>, usize) {
    let area = area.intersection(scene.buf.area);
    if area.width < 8 || area.height < 3 {
        return (vec![Rect::ZERO; points.len()], lines.len());
    }
    let names = points.iter().map(|point| width(&clean(point.name))).max().unwrap_or(0).min(usize::from(area.width) / 4) as u16;
    let named = points.len() <= MOST_NAMES;
    let margin = if named { names + 3 } else { 1 };
    let (middle_x, middle_y) =
        (f64::from(area.x) + f64::from(area.width - 1) / 2.0, f64::from(area.y) + f64::from(area.height - 1) / 2.0);
    let radius_y = (f64::from(area.height - 1) / 2.0 - if area.height > 8 { 0.6 } else { 0.0 }).max(1.0);
    // A cell is twice as high as wide: at most a little wider than a circle, or the ring becomes a ribbon.
    let radius_x = ((f64::from(area.width) / 2.0 - f64::from(margin)).max(1.0)).min(radius_y * 2.9);
    let around = points.iter().filter(|point| !point.centre).count().max(1);
    // An even number starts half a step before the top, so that the ring lies flat.
    let turn = if around.is_multiple_of(2) { 0.5 } else { 0.0 };
    let mut next = 0_usize;
    let places: Vec<(u16, u16)> = points
        .iter()
        .map(|point| {
            if point.centre {
                return (middle_x.round() as u16, middle_y.round() as u16);
            }
            let angle = TAU * ((next as f64 - turn) / around as f64 - 0.25);
            next += 1;
            ((middle_x + radius_x * angle.cos()).round() as u16, (middle_y + radius_y * angle.sin()).round() as u16)
        })
        .collect();
    // Lines.
    dots.clear(area);
    let dot = |(x, y): (u16, u16)| (i32::from(x - area.x) * 2, i32::from(y - area.y) * 4 + 1);
    // Which lines stay is decided by their place alone, mixed: every third line of a sorted list would be of one kind.
    let stays = |place: usize| {
        lines.len() <= MOST_LINES || (place as u32).wrapping_mul(2_654_435_761) as usize % lines.len() < MOST_LINES
    };
    let drawn = || {
        let known = |line: &Line| line.ends.0 < places.len() && line.ends.1 < places.len();
        lines.iter().enumerate().filter(move |(place, line)| stays(*place) && known(line)).map(|(_, line)| line)
    };
    for line in drawn() {
        let (from, to) = (dot(places[line.ends.0]), dot(places[line.ends.1]));
        // A cut link leaves out every other cell, so that it is broken in ASCII too.
        let flat = (to.0 - from.0).abs() > (to.1 - from.1).abs();
        let cut = line.kind == Kind::Cut;
        let kind = line.kind as u8;
        let keep = |x: i32, y: i32| !cut || if flat { x / 2 % 2 == 0 } else { y / 4 % 2 == 0 };
        dots.line(from, to, kind, keep);
        if matches!(line.kind, Kind::Hot | Kind::Chosen) {
            // Twice as thick: its colour must not be the only sign.
            let beside = |at: (i32, i32)| {
                if flat { (at.0, at.1 + 1) } else { (at.0 + 1, at.1) }
            };
            dots.line(beside(from), beside(to), kind, keep);
        }
    }
    let theme = scene.theme;
    dots.paint(scene.buf, scene.glyphs.set, |rank| match rank {
        1 => theme.link,
        2 => theme.hot,
        4 => theme.title,
        _ => theme.bad,
    });
    // What is on the lines.
    if named {
        for (place, line) in drawn().enumerate() {
            let (from, to) = (places[line.ends.0], places[line.ends.1]);
            let between = |share: f64| {
                let x = f64::from(from.0) + (f64::from(to.0) - f64::from(from.0)) * share;
                let y = f64::from(from.1) + (f64::from(to.1) - f64::from(from.1)) * share;
                Rect::new(x.round() as u16, y.round() as u16, 1, 1)
            };
            if line.messages > 0 && line.kind != Kind::Cut {
                // Lines start out of step with each other, or all messages would march in one row.
                let share = (phase + place as f64 * 0.37).fract();
                let (glyph, style) = (scene.glyphs.message, theme.hot);
                scene.brush(between(0.08 + 0.84 * share)).put(glyph, style);
            }
            if let Some(label) = &line.label {
                let at = between(0.5);
                let long = width(label) as u16;
                let x = at.x.saturating_sub(long / 2).max(area.x);
                scene.brush(Rect { x, width: long.min(area.right().saturating_sub(x)), ..at }).put(label, theme.text);
            }
        }
    }
    // Points last, over the lines, and those in trouble over the others.
    let mut order: Vec<usize> = (0..points.len()).collect();
    order.sort_by_key(|&place| (points[place].chosen, points[place].rank));
    let mut rects = vec![Rect::ZERO; points.len()];
    let names = if named { names } else { 0 };
    for place in order {
        let on_left = f64::from(places[place].0) < middle_x - 0.5;
        rects[place] = point(scene, area, &points[place], places[place], names, on_left);
    }
    (rects, lines.len() - drawn().count())
}

/// Draws a point with its name on the outer side, `names` columns at most; returns where.
fn point(scene: &mut Scene<'_>, area: Rect, point: &Point<'_>, (x, y): (u16, u16), names: u16, on_left: bool) -> Rect {
    let theme = scene.theme;
    let long = (width(&clean(point.name)) as u16).min(names);
    let whole = match (long, on_left) {
        (0, _) => Rect::new(x, y, 1, 1),
        (_, true) => Rect::new(x.saturating_sub(long + 1), y, long + 2, 1),
        (_, false) => Rect::new(x, y, long + 2, 1),
    };
    let visible = whole.intersection(area);
    let mut brush = scene.brush(visible);
    if long == 0 {
        brush.put(point.glyph, point.glyph_style);
    } else if on_left {
        brush.right(usize::from(long), point.name, theme.text).put(" ", theme.text).put(point.glyph, point.glyph_style);
    } else {
        brush.put(point.glyph, point.glyph_style).put(" ", theme.text).left(usize::from(long), point.name, theme.text);
    }
    if point.chosen {
        scene.select(visible);
        let beside = if on_left { whole.x.checked_sub(2) } else { Some(whole.right() + 1) };
        if let Some(x) = beside.filter(|x| *x >= area.x && *x < area.right() && long > 0) {
            let mark = if on_left { ">" } else { scene.glyphs.left };
            scene.brush(Rect::new(x, y, 1, 1)).put(mark, theme.title);
        }
    }
    visible
}
