//! Links as they were asked for, beside what is measured on them.

use crate::{
    brush::{clean, width},
    facts, format, layout,
    model::{End, Link, LinkShape, Snapshot},
    widgets::frame::{self, Look},
    world::Scene,
};
use ratatui::layout::Rect;
use std::time::Duration;

#[derive(Default)]
pub(crate) struct Links {
    offset: usize,
}

const NAME: usize = 11;
const STATE: usize = 7;
const DELAY: usize = 9;
const RTT: usize = 9;
const LOSS: usize = 7;
const LOST: usize = 7;
const LIMIT: usize = 10;
const RATE: usize = 10;

/// The ends' names: `n0-n3`.
fn name(snapshot: &Snapshot, link: &Link) -> String {
    let node = |index| facts::node(snapshot, index).map_or_else(|| format!("n{index}"), |node| clean(&node.name).into_owned());
    let to = match link.to {
        End::Node(index) => node(index),
        End::Stranger(place) => {
            snapshot.strangers.get(place as usize).map_or_else(|| "?".to_owned(), |one| clean(&one.name).into_owned())
        }
    };
    format!("{}-{to}", node(link.from))
}

/// A number of both directions: one when they are equal.
fn both<T: PartialEq + Copy>(shapes: (LinkShape, LinkShape), of: impl Fn(LinkShape) -> T, text: impl Fn(T) -> String) -> String {
    let (there, back) = (of(shapes.0), of(shapes.1));
    if there == back { text(there) } else { format!("{}/{}", text(there), text(back)) }
}

/// Whether anything was asked for that a plain link does not do.
fn shaped(link: &Link) -> bool {
    link.cut || link.configured.is_some_and(|(there, back)| there != LinkShape::default() || back != LinkShape::default())
}

fn whole(value: Duration) -> String {
    if value.is_zero() { "-".to_owned() } else { format::millis(value).replace(".0 ", " ") }
}

impl Links {
    pub fn step(&mut self, by: isize) {
        self.offset = self.offset.saturating_add_signed(by);
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let snapshot = scene.snapshot;
        // Those that were changed come first: they are what one looks for here.
        let mut links: Vec<&Link> = snapshot.links.iter().collect();
        links.sort_by_key(|link| !shaped(link));
        let changed = links.iter().filter(|link| shaped(link)).count();
        let note = format!("asked for | measured {} {changed} of {} shaped", scene.glyphs.separator, links.len());
        let inside = frame::frame(scene, area, look, "Links", &note, active);
        if links.is_empty() {
            frame::empty(scene, inside, "there are none");
            return;
        }
        let room = usize::from(inside.width);
        let name_columns = links.iter().map(|link| width(&name(snapshot, link))).max().unwrap_or(0).clamp(6, NAME) + 2;
        let with_rate = room >= 1 + name_columns + STATE + DELAY + RTT + LOSS + LOST + LIMIT + RATE;
        let with_loss = with_rate || room >= 1 + name_columns + STATE + DELAY + RTT + LOSS + LOST;
        let theme = scene.theme;
        let (head, list) = layout::top(inside, u16::from(inside.height > 2));
        let mut brush = scene.brush(head);
        brush.skip(1).left(name_columns, "link", theme.label).left(STATE, "state", theme.label);
        brush.right(DELAY, "latency", theme.label).right(RTT, "RTT", theme.label);
        if with_loss {
            brush.right(LOSS, "loss", theme.label).right(LOST, "lost", theme.label);
        }
        if with_rate {
            brush.right(LIMIT, "limit", theme.label).right(RATE, "rate", theme.label);
        }
        let visible = usize::from(list.height);
        self.offset = self.offset.min(links.len().saturating_sub(visible.max(1)));
        for (at, link) in links.iter().skip(self.offset).take(visible).enumerate() {
            row(scene, layout::row(list, at), link, name_columns, with_loss, with_rate);
        }
    }
}

fn row(scene: &mut Scene<'_>, area: Rect, link: &Link, names: usize, with_loss: bool, with_rate: bool) {
    let (theme, snapshot) = (scene.theme, scene.snapshot);
    let shapes = link.configured.unwrap_or_default();
    let asked = |text: &str| if text == "-" { theme.label } else { theme.warn };
    let measured = if link.cut { theme.label } else { theme.text };
    let (sign, word, style) = if link.cut {
        (scene.glyphs.down, "cut", theme.bad)
    } else if shaped(link) {
        (scene.glyphs.lagging, "fault", theme.warn)
    } else {
        (scene.glyphs.ok, "open", theme.ok)
    };
    let mut brush = scene.brush(area);
    brush.skip(1).left(names, &name(snapshot, link), theme.text);
    brush.put(sign, style).put(" ", theme.text).left(STATE - 2, word, style);
    let delay = both(shapes, |shape| shape.latency, whole);
    brush.right(DELAY, &delay, asked(&delay));
    brush.right(RTT, &link.rtt.filter(|_| !link.cut).map_or_else(|| "--".to_owned(), format::millis), measured);
    if with_loss {
        let loss = both(shapes, |shape| shape.loss, |parts| if parts == 0 { "-".to_owned() } else { format::share(parts) });
        brush.right(LOSS, &loss, asked(&loss));
        brush.right(LOST, &link.lost.map_or_else(|| "--".to_owned(), format::share), measured);
    }
    if with_rate {
        let limit = both(shapes, |shape| shape.bandwidth, |limit| limit.map_or_else(|| "-".to_owned(), format::rate));
        brush.right(LIMIT, &limit, asked(&limit));
        brush.right(RATE, &format::rate(link.rate), measured);
    }
}
