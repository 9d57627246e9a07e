//! Who is linked with whom: nodes on a ring, messages under way, links cut or hot. A single node stands in the middle of
//! its peers.

use crate::{
    facts, format,
    glyphs::state_word,
    layout,
    model::{End, NodeState},
    widgets::{
        dots::Dots,
        frame::{self, Look},
        topology::{self, Kind, Line, Point},
    },
    world::{Hit, Scene},
};
use ratatui::layout::Rect;

/// What is written on the links.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Metric {
    #[default]
    Off,
    Bandwidth,
    Rtt,
}

impl Metric {
    pub const fn next(self) -> Self {
        match self {
            Self::Off => Self::Bandwidth,
            Self::Bandwidth => Self::Rtt,
            Self::Rtt => Self::Off,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Bandwidth => "bandwidth",
            Self::Rtt => "rtt",
        }
    }
}

/// A link is hot when it carries this share, in percent, of what the busiest one does…
const HOT_SHARE: u64 = 75;
/// …and at least this many bytes a second.
const HOT_RATE: u64 = 10_000;
/// With more links than this their labels would cover each other.
const MOST_LABELS: usize = 24;
/// A message takes this long, in milliseconds, from one end to the other on the screen.
const MESSAGE_TRAVEL: u128 = 1600;

#[derive(Default)]
pub(crate) struct Topology {
    pub metric: Metric,
    dots: Dots,
}

impl Topology {
    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look) {
        let snapshot = scene.snapshot;
        let (nodes, strangers) = (&snapshot.nodes, &snapshot.strangers);
        let alone = nodes.len() == 1;
        let busiest = snapshot.links.iter().map(|link| link.rate).max().unwrap_or(0);
        let labelled = snapshot.links.len() <= MOST_LABELS;
        let lines: Vec<Line> = snapshot
            .links
            .iter()
            .filter_map(|link| {
                let from = facts::place(snapshot, link.from)?;
                let to = match link.to {
                    End::Node(index) => facts::place(snapshot, index)?,
                    End::Stranger(place) => nodes.len() + place as usize,
                };
                let hot = link.rate >= HOT_RATE && link.rate.saturating_mul(100) >= busiest.saturating_mul(HOT_SHARE);
                let chosen = scene.world.link_to.is_some_and(|to| {
                    let node = scene.world.node;
                    (link.from, link.to) == (node.min(to), End::Node(node.max(to)))
                });
                let kind = if chosen {
                    Kind::Chosen
                } else if link.cut {
                    Kind::Cut
                } else if hot {
                    Kind::Hot
                } else {
                    Kind::Link
                };
                let label = match self.metric {
                    // What was measured before the cut says nothing now.
                    _ if link.cut => None,
                    Metric::Bandwidth if labelled => Some(format::bytes(link.rate)),
                    Metric::Rtt if labelled => link.rtt.map(format::millis),
                    _ => None,
                };
                Some(Line { ends: (from, to), kind, label, messages: link.messages })
            })
            .collect();
        let theme = scene.theme;
        let points: Vec<Point<'_>> = nodes
            .iter()
            .map(|node| Point {
                glyph: scene.glyphs.state(node.state),
                glyph_style: scene.state_style(node.state),
                name: &node.name,
                chosen: node.index == scene.world.node && !alone,
                rank: node.state as u8,
                centre: alone,
            })
            .chain(strangers.iter().map(|stranger| Point {
                glyph: scene.glyphs.stranger,
                glyph_style: theme.accent,
                name: &stranger.name,
                chosen: false,
                rank: 0,
                centre: false,
            }))
            .collect();
        let note = if self.metric != Metric::Off && !labelled {
            "too many links to label".to_owned()
        } else {
            format!("m metric: {}", self.metric.name())
        };
        let inside = frame::frame(scene, area, look, "Topology", &note, false);
        let (drawing, legend) = layout::bottom(inside, if inside.height >= 10 { 2 } else { u16::from(inside.height >= 6) });
        let phase = (snapshot.clock.elapsed.as_millis() % MESSAGE_TRAVEL) as f64 / MESSAGE_TRAVEL as f64;
        let (places, hidden) = topology::draw(scene, &mut self.dots, drawing, &points, &lines, phase);
        for (node, place) in nodes.iter().zip(places) {
            scene.hit(place, Hit::Node(node.index));
        }
        self.legend(scene, legend, lines.len(), hidden);
    }

    /// Signs with their words and how many there are.
    fn legend(&self, scene: &mut Scene<'_>, area: Rect, lines: usize, hidden: usize) {
        let (theme, glyphs, snapshot) = (scene.theme, scene.glyphs, scene.snapshot);
        let [plain, cut, hot] = glyphs.links;
        let styles = [NodeState::Ok, NodeState::Syncing, NodeState::Lagging, NodeState::Down, NodeState::Starting]
            .map(|state| (state, scene.state_style(state)));
        let gap = if area.width < 56 { 1 } else { 2 };
        let mut brush = scene.brush(area);
        brush.skip(1);
        for (state, style) in styles {
            let count = snapshot.nodes.iter().filter(|node| node.state == state).count();
            if count > 0 {
                let count = format::exact(count as u64);
                brush
                    .put(glyphs.state(state), style)
                    .put(" ", theme.text)
                    .put(&count, theme.text)
                    .put(" ", theme.text)
                    .put(state_word(state), theme.text)
                    .skip(gap);
            }
        }
        if !snapshot.strangers.is_empty() {
            let count = format!(" {} peers", snapshot.strangers.len());
            brush.put(glyphs.stranger, theme.accent).put(&count, theme.text);
        }
        let mut brush = scene.brush(layout::row(area, 1));
        brush.skip(1).put(plain, theme.link).put(" link  ", theme.label).put(hot, theme.hot).put(" hot  ", theme.label);
        brush.put(cut, theme.bad).put(" cut  ", theme.label);
        if hidden > 0 {
            let text = format!("{} of {} drawn", format::count((lines - hidden) as u64), format::count(lines as u64));
            brush.put(&text, theme.label);
        } else {
            brush.put(glyphs.message, theme.hot).put(" message", theme.label);
        }
    }
}
