//! Links as they were asked for, beside what is measured on them.

use crate::{
    brush::{clean, width},
    facts, format, layout,
    model::{End, Link, LinkShape, Snapshot},
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::Scene,
};
use ratatui::layout::Rect;
use std::{collections::BTreeMap, time::Duration};

#[derive(Default)]
pub(crate) struct Links {
    pub scroll: Scroll,
}

/// Bytes a second below which a limit is felt: a full block takes more than eight seconds.
const THIN: u64 = 1_000_000;

const NAME: usize = 11;
const STATE: usize = 8;
const DELAY: usize = 8;
const RTT: usize = 8;
const LOSS: usize = 7;
const LOST: usize = 7;
const LIMIT: usize = 9;
const RATE: usize = format::BYTES_WIDTH + 1;

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

/// How much a link is changed: cut, lossy, limited, slower than most, or none of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Change {
    Cut,
    Lossy,
    Limited,
    Delayed,
    None,
}

/// What most links have: what is worse was changed.
struct Usual {
    /// There and back together. Where the regions of a world are apart there is none.
    delay: Option<Duration>,
    loss: u32,
    bandwidth: u64,
}

impl Usual {
    fn of(links: &[Link]) -> Self {
        Self {
            delay: most_common(links.iter().map(delay)),
            loss: most_common(links.iter().map(loss)).unwrap_or(0),
            bandwidth: most_common(links.iter().map(limit)).unwrap_or(u64::MAX),
        }
    }
}

/// The value that at least half of them have, if there is one.
fn most_common<T: Ord>(values: impl Iterator<Item = T>) -> Option<T> {
    let mut counts = BTreeMap::new();
    let mut all = 0usize;
    for value in values {
        *counts.entry(value).or_insert(0usize) += 1;
        all += 1;
    }
    counts.into_iter().find(|(_, count)| count * 2 >= all).map(|(value, _)| value)
}

/// The higher loss of both directions.
fn loss(link: &Link) -> u32 {
    link.configured.map_or(0, |(there, back)| there.loss.max(back.loss))
}

/// The lower limit of both directions.
fn limit(link: &Link) -> u64 {
    let of = |shape: LinkShape| shape.bandwidth.unwrap_or(u64::MAX);
    link.configured.map_or(u64::MAX, |(there, back)| of(there).min(of(back)))
}

/// What was asked for, there and back.
fn delay(link: &Link) -> Duration {
    link.configured.map_or(Duration::ZERO, |(there, back)| there.latency.saturating_add(back.latency))
}

fn change(link: &Link, usual: &Usual) -> Change {
    if link.cut || link.configured.is_some_and(|(there, back)| there.cut || back.cut) {
        Change::Cut
    } else if loss(link) > usual.loss {
        Change::Lossy
    } else if limit(link) < usual.bandwidth.min(THIN) {
        Change::Limited
    } else if usual.delay.is_some_and(|usual| delay(link) > usual) {
        Change::Delayed
    } else {
        Change::None
    }
}

fn whole(value: Duration) -> String {
    if value.is_zero() { "-".to_owned() } else { format::millis(value).replace(".0 ", " ") }
}

impl Links {
    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let snapshot = scene.snapshot;
        // Those that were changed come first: they are what one looks for here.
        let mut links: Vec<&Link> = snapshot.links.iter().collect();
        let usual = Usual::of(&snapshot.links);
        links.sort_by_key(|link| change(link, &usual));
        let changed = links.iter().filter(|link| change(link, &usual) != Change::None).count();
        let note = format!("asked for beside measured {} {changed} of {} changed", scene.glyphs.separator, links.len());
        let inside = frame::frame(scene, area, look, "Links", &note, active);
        if links.is_empty() {
            frame::empty(scene, inside, "there are none");
            return;
        }
        let room = usize::from(inside.width);
        let name_columns = links.iter().map(|link| width(&name(snapshot, link))).max().unwrap_or(0).clamp(5, NAME) + 1;
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
            brush.right(LIMIT, "limit/s", theme.label).right(RATE, "now/s", theme.label);
        }
        let visible = usize::from(list.height);
        for (at, link) in links[self.scroll.shown(visible, links.len())].iter().enumerate() {
            row(scene, layout::row(list, at), (link, change(link, &usual)), name_columns, with_loss, with_rate);
        }
    }
}

fn row(scene: &mut Scene<'_>, area: Rect, (link, change): (&Link, Change), names: usize, with_loss: bool, with_rate: bool) {
    let (theme, snapshot) = (scene.theme, scene.snapshot);
    let shapes = link.configured.unwrap_or_default();
    let asked = |text: &str| if text == "-" { theme.label } else { theme.accent };
    let measured = if link.cut { theme.label } else { theme.text };
    let (sign, word, style) = match change {
        Change::Cut => (scene.glyphs.down, "cut", theme.bad),
        Change::Lossy => (scene.glyphs.lagging, "lossy", theme.warn),
        Change::Limited => (scene.glyphs.lagging, "thin", theme.warn),
        Change::Delayed => (scene.glyphs.lagging, "delayed", theme.warn),
        Change::None => (scene.glyphs.ok, "open", theme.ok),
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
        let limit = both(shapes, |shape| shape.bandwidth, |limit| limit.map_or_else(|| "-".to_owned(), format::bytes));
        brush.right(LIMIT, &limit, asked(&limit));
        brush.right(RATE, &format::bytes(link.rate), measured);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(to: u32, millis: u64) -> Link {
        let shape = LinkShape { latency: Duration::from_millis(millis), ..LinkShape::default() };
        Link { to: End::Node(to), configured: Some((shape, shape)), ..Link::default() }
    }

    #[test]
    fn a_delay_that_most_links_do_not_have_is_a_change() {
        let links = [link(1, 15), link(2, 15), link(3, 215), Link { to: End::Node(4), ..Link::default() }];
        let marks = |links: &[Link]| links.iter().map(|link| change(link, &Usual::of(links))).collect::<Vec<_>>();
        assert_eq!(marks(&links), [Change::None, Change::None, Change::Delayed, Change::None]);
        let world: Vec<_> = (1..6).map(|place| link(place, u64::from(place) * 40)).collect();
        assert_eq!(marks(&world), [Change::None; 5], "distances of their own are no changes");
        assert_eq!(marks(&[]), []);
    }

    /// A home line loses a packet in a thousand: so do all links of a preset on such lines, and nothing was done to them.
    #[test]
    fn a_loss_or_a_limit_that_most_links_have_is_no_change() {
        let home = |to, loss, bandwidth| {
            let shape = LinkShape { loss, bandwidth: Some(bandwidth), ..LinkShape::default() };
            Link { to: End::Node(to), configured: Some((shape, shape)), ..Link::default() }
        };
        let links = [
            home(1, 1_000, 500_000),
            home(2, 1_000, 500_000),
            home(3, 1_000, 500_000),
            home(4, 9_000, 500_000),
            home(5, 0, 4_000),
        ];
        let marks: Vec<_> = links.iter().map(|link| change(link, &Usual::of(&links))).collect();
        assert_eq!(marks, [Change::None, Change::None, Change::None, Change::Lossy, Change::Limited]);
    }
}
