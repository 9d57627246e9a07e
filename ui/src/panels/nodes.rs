//! The table of nodes: one row each, sorted so that none moves under the cursor unless the reader asked for it.

use crate::{
    brush::{clean, width},
    facts, format, layout,
    model::{Node, NodeState, SyncPhase},
    widgets::{
        bar,
        frame::{self, Look},
        list::{Scroll, cycle},
    },
    world::{Hit, Scene, World},
};
use ratatui::{layout::Rect, style::Modifier};
use std::cmp::Ordering;

/// What the rows are sorted by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Id,
    State,
    Tip,
    Lag,
    Peers,
    Reputation,
    In,
    Out,
}

impl Sort {
    const ALL: [Self; 8] = [Self::Id, Self::State, Self::Tip, Self::Lag, Self::Peers, Self::Reputation, Self::In, Self::Out];

    pub fn next(self) -> Self {
        cycle(&Self::ALL, self, 1)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::State => "state",
            Self::Tip => "tip",
            Self::Lag => "lag",
            Self::Peers => "peers",
            Self::Reputation => "rep",
            Self::In => "in",
            Self::Out => "out",
        }
    }
}

#[derive(Default)]
pub(crate) struct Nodes {
    pub sort: Sort,
    pub reversed: bool,
    scroll: Scroll,
}

/// Which columns there is room for, and how wide they are.
struct Columns {
    name: usize,
    lag: bool,
    peers: bool,
    reputation: bool,
    traffic: bool,
    sync: bool,
    bar: usize,
}

const MARK: usize = 2;
const STATE: usize = 11;
const TIP: usize = 7;
const LAG: usize = 5;
const PEERS: usize = 6;
const REPUTATION: usize = 4;
const TRAFFIC: usize = format::BYTES_WIDTH + 1;
const SYNC: usize = 5;
/// Wider bars say no more.
const WIDEST_BAR: usize = 40;

impl Columns {
    fn new(room: usize, longest_name: usize) -> Self {
        let name = longest_name.clamp(2, 12) + 1;
        let mut left = room.saturating_sub(MARK + name + STATE + TIP);
        let mut take = |columns: usize| {
            let fits = left >= columns;
            if fits {
                left -= columns;
            }
            fits
        };
        let (lag, peers, traffic, reputation, sync) = (take(LAG), take(PEERS), take(2 * TRAFFIC), take(REPUTATION), take(SYNC));
        let bar = if traffic && left >= 2 * 4 { (left / 2).min(WIDEST_BAR) } else { 0 };
        Self { name, lag, peers, reputation, traffic, sync, bar }
    }
}

impl Nodes {
    /// Places of the nodes in the order of the rows.
    pub fn order(&self, world: &World) -> Vec<usize> {
        let nodes = &world.snapshot.nodes;
        let mut order: Vec<usize> = (0..nodes.len()).collect();
        let compare = |a: &usize, b: &usize| -> Ordering {
            let (one, other) = (&nodes[*a], &nodes[*b]);
            match self.sort {
                Sort::Id => Ordering::Equal,
                // The worst first, the most first: that is what one sorts for.
                Sort::State => other.state.cmp(&one.state),
                Sort::Tip => other.height.cmp(&one.height),
                Sort::Lag => other.lag.cmp(&one.lag),
                Sort::Peers => other.peers.len().cmp(&one.peers.len()),
                Sort::Reputation => {
                    let value = |place: usize| world.facts.reputation.get(place).copied().flatten().unwrap_or(f64::MAX);
                    value(*a).total_cmp(&value(*b))
                }
                Sort::In => facts::rate(other).0.cmp(&facts::rate(one).0),
                Sort::Out => facts::rate(other).1.cmp(&facts::rate(one).1),
            }
        };
        // Ties keep the order of ids, also when turned around.
        order.sort_by(|a, b| {
            let by_key = compare(a, b);
            if self.sort == Sort::Id {
                if self.reversed { b.cmp(a) } else { a.cmp(b) }
            } else {
                if self.reversed { by_key.reverse() } else { by_key }.then(a.cmp(b))
            }
        });
        order
    }

    /// Chooses the node some rows further down (or up).
    pub fn step(&self, world: &mut World, by: isize) {
        let order = self.order(world);
        if order.is_empty() {
            return;
        }
        let row =
            facts::place(&world.snapshot, world.node).and_then(|place| order.iter().position(|at| *at == place)).unwrap_or(0);
        let row = row.saturating_add_signed(by).min(order.len() - 1);
        let index = world.snapshot.nodes[order[row]].index;
        world.choose(index);
    }

    /// Rows that the table takes for so many nodes, frame and head included.
    pub fn wanted(nodes: usize, look: Look) -> u16 {
        let around = if look == Look::Framed { 3 } else { 2 };
        u16::try_from(nodes).unwrap_or(u16::MAX - around).saturating_add(around)
    }

    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, active: bool) {
        let count = scene.snapshot.nodes.len();
        let turned = if self.reversed { scene.glyphs.up } else { scene.glyphs.down_arrow };
        let visible = area.height.saturating_sub(if look == Look::Framed { 3 } else { 2 });
        let note = format!("{}{}sort: {} {turned}", link_note(scene), self.position(scene, count, visible), self.sort.name());
        let inside = frame::frame(scene, area, look, "Nodes", &note, active);
        self.rows(scene, inside);
    }

    /// `41/1,000`, when not all rows are to be seen.
    fn position(&self, scene: &Scene<'_>, count: usize, visible: u16) -> String {
        if count <= usize::from(visible) {
            return String::new();
        }
        let order = self.order(scene.world);
        let place = facts::place(scene.snapshot, scene.world.node);
        let row = place.and_then(|place| order.iter().position(|at| *at == place)).unwrap_or(0);
        format!("{}/{} {} ", format::exact(row as u64 + 1), format::exact(count as u64), scene.glyphs.separator)
    }

    /// Head and rows, without a frame.
    pub fn rows(&mut self, scene: &mut Scene<'_>, area: Rect) {
        if area.is_empty() {
            return;
        }
        let longest = scene.snapshot.nodes.iter().map(|node| width(&node.name)).max().unwrap_or(2);
        let columns = Columns::new(usize::from(area.width), longest);
        // On the smallest screens a head would take the place of a node.
        let (head, list) = layout::top(area, u16::from(area.height > 2));
        if !head.is_empty() {
            self.head(scene, head, &columns);
        }
        let order = self.order(scene.world);
        let place = facts::place(scene.snapshot, scene.world.node);
        let row = place.and_then(|place| order.iter().position(|at| *at == place)).unwrap_or(0);
        let visible = usize::from(list.height);
        for (line, &place) in order[self.scroll.around(row, visible, order.len())].iter().enumerate() {
            let node = &scene.snapshot.nodes[place];
            let at = layout::row(list, line);
            let chosen = node.index == scene.world.node;
            line_of(scene, at, node, place, &columns, chosen);
            scene.hit(at, Hit::Node(node.index));
        }
    }

    fn head(&self, scene: &mut Scene<'_>, area: Rect, columns: &Columns) {
        let theme = scene.theme;
        let style = |sort: Sort| {
            if sort == self.sort { theme.label.add_modifier(Modifier::UNDERLINED) } else { theme.label }
        };
        let mut brush = scene.brush(area);
        // An underlined word must not underline its padding, which would look like a rule.
        let right = |brush: &mut crate::brush::Brush<'_>, columns: usize, word: &str, by: Sort| {
            let pad = columns.saturating_sub(word.len());
            brush.skip(pad).put(word, style(by));
        };
        brush.skip(MARK);
        let word = if columns.name > 4 { "node" } else { "id" };
        brush.put(word, style(Sort::Id)).column(MARK + columns.name);
        brush.put("state", style(Sort::State)).column(MARK + columns.name + STATE);
        right(&mut brush, TIP, "tip", Sort::Tip);
        if columns.lag {
            right(&mut brush, LAG, "lag", Sort::Lag);
        }
        if columns.peers {
            right(&mut brush, PEERS, "peers", Sort::Peers);
        }
        if columns.reputation {
            right(&mut brush, REPUTATION, "rep", Sort::Reputation);
        }
        if columns.traffic {
            right(&mut brush, TRAFFIC, "in/s", Sort::In);
            brush.skip(columns.bar);
            right(&mut brush, TRAFFIC, "out/s", Sort::Out);
            brush.skip(columns.bar);
        }
        if columns.sync {
            brush.right(SYNC, "sync", theme.label);
        }
    }
}

/// The chosen link and how many nodes are marked, where there are any: what the fault keys would change.
fn link_note(scene: &Scene<'_>) -> String {
    let (world, separator) = (scene.world, scene.glyphs.separator);
    let mut note = String::new();
    if let (Some(to), Some(node)) = (world.link_to, world.chosen()) {
        let other = facts::node(scene.snapshot, to).map_or("?", |node| &node.name);
        note.push_str(&format!("link {}-{} {separator} ", clean(&node.name), clean(other)));
    }
    if !world.marked.is_empty() {
        note.push_str(&format!("{} marked {separator} ", world.marked.len()));
    }
    note
}

/// How far a node's chain is, in percent of what it wants.
pub(crate) fn synced(node: &Node) -> Option<u64> {
    match (node.state, node.sync.phase) {
        (NodeState::Down | NodeState::Starting, _) => None,
        (_, SyncPhase::Synced) => Some(100),
        // Everything is there only when the node says so.
        _ if node.sync.target > node.height => Some(format::percent(node.height, node.sync.target).min(99)),
        (_, SyncPhase::Idle) => None,
        _ => Some(100),
    }
}

fn line_of(scene: &mut Scene<'_>, area: Rect, node: &Node, place: usize, columns: &Columns, chosen: bool) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let (mark, word, state) = scene.shown_state(node);
    let reputation = scene.world.facts.reputation.get(place).copied().flatten();
    let peak = scene.world.facts.peak_rate as f64;
    let off = node.state == NodeState::Down;
    let numbers = if off { theme.label } else { theme.text };
    let (inbound, outbound) = if off { (0, 0) } else { facts::rate(node) };
    let end = scene.world.link_to == Some(node.index);
    let sign = if chosen {
        ">"
    } else if end {
        "="
    } else {
        " "
    };
    let marked = scene.world.marked.contains(&node.index);
    let mut brush = scene.brush(area);
    brush.put(sign, theme.title).put(if marked { "*" } else { " " }, theme.warn);
    brush.left(columns.name, &clean(&node.name), theme.text);
    brush.put(mark, state).put(" ", theme.text).put(word, state);
    brush.column(MARK + columns.name + STATE).right(TIP, &node.height.to_string(), numbers);
    if columns.lag {
        brush.right(LAG, &format::count(node.lag), if node.lag > 0 { theme.text } else { theme.label });
    }
    if columns.peers {
        brush.right(PEERS, &format!("{}/{}", node.peers.len(), node.max_peers), numbers);
    }
    if columns.reputation {
        let text = reputation.map_or_else(|| "-".to_owned(), |value| format!("{value:.0}"));
        brush.right(REPUTATION, &text, if reputation.is_some_and(|value| value < 0.0) { theme.warn } else { numbers });
    }
    if columns.traffic {
        for (value, style) in [(inbound, theme.inbound), (outbound, theme.outbound)] {
            brush.right(TRAFFIC, &format::bytes(value), numbers);
            if columns.bar > 2 {
                brush.skip(1);
                bar::bar(&mut brush, glyphs, columns.bar - 1, value as f64, peak, style, theme.border);
            }
        }
    }
    if columns.sync {
        let text = synced(node).map_or_else(|| "--".to_owned(), |percent| format!("{percent}%"));
        brush.right(SYNC, &text, if node.state == NodeState::Syncing { theme.busy } else { numbers });
    }
    if chosen {
        scene.select(area);
    }
}
