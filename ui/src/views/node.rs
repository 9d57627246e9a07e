//! One node: its chain and where its blocks came from, synchronization, mempool, mining, peers, traffic.

use super::{Go, View};
use crate::{
    action::Command,
    brush::clean,
    facts, format,
    layout::{self, Size},
    model::{NodeState, Problem, Subject, SyncPhase},
    panels::{bandwidth::Bandwidth, book, nodes, peer, problems::Problems},
    widgets::{
        bar,
        frame::{self, Look},
    },
    world::{Scene, World},
};
use ratatui::layout::Rect;

#[derive(Default)]
pub(crate) struct Node {
    bandwidth: Bandwidth,
    problems: Problems,
}

/// A phase in words.
pub(crate) const fn phase(phase: SyncPhase) -> &'static str {
    match phase {
        SyncPhase::Idle => "idle: no peer to ask",
        SyncPhase::Discovering => "looking who has more",
        SyncPhase::Headers => "downloading headers",
        SyncPhase::Blocks => "downloading blocks",
        SyncPhase::Validating => "validating blocks",
        SyncPhase::Synced => "at the tip",
    }
}

impl View for Node {
    fn digit(&self) -> char {
        '2'
    }

    fn name(&self) -> &'static str {
        "Node"
    }

    fn step(&mut self, world: &mut World, by: isize) {
        world.step(by);
    }

    fn act(&mut self, command: Command, world: &mut World) -> Go {
        match command {
            Command::Left => world.step(-1),
            Command::Right => world.step(1),
            Command::Enter => return Go::Into('3'),
            Command::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let Some(node) = scene.world.chosen() else {
            return;
        };
        let size = Size::of(scene.buf.area);
        let (head, rest) = layout::top(area, if size == Size::Full { 2 } else { 1 });
        identity(scene, head, node);
        match size {
            Size::Tiny => chain(scene, rest, node, Look::Ruled),
            Size::Compact => {
                let (upper, lower) = layout::top(rest, 7.min(rest.height));
                let (left, right) = layout::left(upper, layout::share(upper.width, 50));
                sync(scene, left, node, Look::Ruled);
                pool(scene, right, node, Look::Ruled);
                // A list of one row each would be two lists of none.
                let chain_rows = if lower.height < 7 { lower.height } else { lower.height.div_ceil(2) };
                let (upper, lower) = layout::top(lower, chain_rows);
                chain(scene, upper, node, Look::Ruled);
                peer::list(scene, lower, node, Look::Ruled);
            }
            Size::Full => {
                let (left, right) = layout::left(rest, layout::share(rest.width, 52));
                let lower = (rest.height * 3 / 10).clamp(7, 14);
                let (table, traffic) = layout::bottom(left, lower);
                chain(scene, table, node, Look::Framed);
                self.bandwidth.draw(scene, traffic, "Traffic", &node.traffic);
                let (upper, right) = layout::top(right, 8);
                sync(scene, upper, node, Look::Framed);
                let (upper, right) = layout::top(right, 7);
                pool(scene, upper, node, Look::Framed);
                let wrong = 5.min(right.height / 3);
                let (upper, wrong) = layout::bottom(right, wrong);
                peer::list(scene, upper, node, Look::Framed);
                self.wrong(scene, wrong, node);
            }
        }
    }
}

/// Who it is, how it is, since when.
fn identity(scene: &mut Scene<'_>, area: Rect, node: &crate::model::Node) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let (sign, word, style) = scene.shown_state(node);
    let since = format::duration(scene.snapshot.clock.elapsed.saturating_sub(node.state_since));
    let place = facts::place(scene.snapshot, node.index).unwrap_or(0) + 1;
    let of = format!("node {} of {}", format::exact(place as u64), format::exact(scene.snapshot.nodes.len() as u64));
    let short = node.id.get(..16).unwrap_or(&node.id);
    let mut brush = scene.brush(area);
    brush.skip(1).put(&node.name, theme.title).skip(2).put(sign, style).put(" ", theme.text).put(word, style);
    brush.put(" for ", theme.label).put(&since, theme.text);
    if let Some(reason) = node.reason.as_deref().filter(|_| node.state == NodeState::Down) {
        brush.put(": ", theme.label).put(reason, theme.bad);
    } else {
        brush.skip(2).put(&node.address, theme.text).skip(2).put("id ", theme.label).put(short, theme.accent);
    }
    if brush.room() > of.len() + 2 {
        brush.end_at(of.len() + 1).put(&of, theme.label);
    }
    let mut brush = scene.brush(layout::row(area, 1));
    let blocks = format!(
        "{} mined {} {} from peers",
        format::count(node.blocks_mined),
        glyphs.separator,
        format::count(node.blocks_received)
    );
    let (reorgs, deepest) = node.reorgs;
    let reorgs = if reorgs == 0 { "none".to_owned() } else { format!("{} (deepest {deepest})", format::count(reorgs)) };
    let balance = format!("{}.{:02}", format::exact(node.balance / 100), node.balance % 100);
    let cells = [
        ("tip ", node.height.to_string()),
        ("blocks ", blocks),
        ("transactions ", format::count(node.transactions)),
        ("reorgs ", reorgs),
        ("balance ", balance),
    ];
    brush.skip(1);
    for (name, value) in &cells {
        brush.put(name, theme.label).put(value, theme.text).skip(3);
    }
}

/// Its last blocks, newest first.
fn chain(scene: &mut Scene<'_>, area: Rect, node: &crate::model::Node, look: Look) {
    let note = format!("tip {} {}", node.height, node.tip.get(..8).unwrap_or(&node.tip));
    let inside = frame::frame(scene, area, look, "Chain", &note, false);
    if node.blocks.is_empty() {
        frame::empty(scene, inside, "no block but the genesis");
        return;
    }
    let theme = scene.theme;
    let elapsed = scene.snapshot.clock.elapsed;
    let columns = |brush: &mut crate::brush::Brush<'_>, cells: [&str; 7], styles: [ratatui::style::Style; 7]| {
        let wide = brush.room() >= 54;
        brush
            .right(8, cells[0], styles[0])
            .skip(2)
            .left(9, cells[1], styles[1])
            .left(10, cells[2], styles[2])
            .right(4, cells[3], styles[3]);
        if wide {
            brush.right(8, cells[4], styles[4]);
        }
        brush.right(9, cells[5], styles[5]).skip(2).put(cells[6], styles[6]);
    };
    let (head, list) = layout::top(inside, 1);
    columns(&mut scene.brush(head), ["height", "id", "miner", "txs", "size", "age", "from"], [theme.label; 7]);
    for (line, block) in node.blocks.iter().take(usize::from(list.height)).enumerate() {
        let own = block.from.is_none();
        let cells = [
            &*block.height.to_string(),
            block.id.get(..8).unwrap_or(&block.id),
            &clean(&block.miner),
            &block.transactions.to_string(),
            &format::bytes(block.size),
            &format::duration(elapsed.saturating_sub(block.at)),
            block.from.as_deref().unwrap_or("itself"),
        ];
        let from = if own { theme.ok } else { theme.text };
        columns(
            &mut scene.brush(layout::row(list, line)),
            cells,
            [theme.title, theme.accent, theme.text, theme.text, theme.label, theme.label, from],
        );
    }
}

/// How far it is, with a gauge and the time it still takes.
fn sync(scene: &mut Scene<'_>, area: Rect, node: &crate::model::Node, look: Look) {
    let (theme, glyphs) = (scene.theme, scene.glyphs);
    let doing = if node.state == NodeState::Down { "down" } else { phase(node.sync.phase) };
    let inside = frame::frame(scene, area, look, "Sync", doing, false);
    let percent = nodes::synced(node);
    let style = if node.state == NodeState::Syncing { theme.busy } else { scene.state_style(node.state) };
    let mut brush = scene.brush(inside);
    brush.skip(1);
    let columns = brush.room().saturating_sub(7);
    bar::bar(&mut brush, glyphs, columns, percent.unwrap_or(0) as f64, 100.0, style, theme.border);
    brush.right(6, &percent.map_or_else(|| "--".to_owned(), |percent| format!("{percent}%")), theme.title);
    let sync = &node.sync;
    let target = sync.target.max(node.height);
    let eta = match (&sync.eta, sync.phase) {
        _ if node.state == NodeState::Down => "--".to_owned(),
        (_, SyncPhase::Synced) => "done".to_owned(),
        (Some(eta), _) => format::duration(*eta),
        (None, _) => "--".to_owned(),
    };
    let height = format!("{} of {target}", node.height);
    let speed = format!("{:.1}", sync.blocks_per_second);
    let from = sync.from.as_deref().unwrap_or("--");
    let (headers, lag) = (sync.headers.to_string(), format::count(node.lag));
    if inside.width < PAIRS {
        let eta = format!("{eta} at {speed} blocks/s");
        let rows = [("height", &*height), ("ETA", &*eta), ("headers", &*headers), ("lag", &*lag), ("from", from)];
        for (line, row) in rows.into_iter().enumerate() {
            pairs(scene, layout::row(inside, line + 1), row, None);
        }
        return;
    }
    let (downloaded, validated) = (format::count(sync.downloaded), format::count(sync.validated));
    let rows = [
        (("height", &*height), ("ETA", &*eta)),
        (("headers", &*headers), ("blocks/s", &*speed)),
        (("downloaded", &*downloaded), ("validated", &*validated)),
        (("from", from), ("lag", &*lag)),
    ];
    for (line, (row, other)) in rows.into_iter().enumerate() {
        pairs(scene, layout::row(inside, line + 1), row, Some(other));
    }
}

/// From so many columns on, two names with their values fit beside each other.
const PAIRS: u16 = 46;

/// A name with its value, and perhaps another beside it.
fn pairs(scene: &mut Scene<'_>, area: Rect, left: (&str, &str), right: Option<(&str, &str)>) {
    let theme = scene.theme;
    let half = usize::from(area.width) / 2;
    let mut brush = scene.brush(area);
    brush.skip(1).left(11, left.0, theme.label);
    match right {
        None => {
            brush.put(left.1, theme.text);
        }
        Some((name, value)) => {
            brush
                .left(half.saturating_sub(13), left.1, theme.text)
                .column(half)
                .left(10, name, theme.label)
                .put(value, theme.text);
        }
    }
}

/// What waits and what it works on.
fn pool(scene: &mut Scene<'_>, area: Rect, node: &crate::model::Node, look: Look) {
    let (theme, separator) = (scene.theme, scene.glyphs.separator);
    let inside = frame::frame(scene, area, look, "Mempool and mining", "", false);
    let (count, bytes) = node.mempool;
    let mut brush = scene.brush(inside);
    brush
        .skip(1)
        .left(11, "mempool", theme.label)
        .put(&format::count(count), theme.title)
        .put(" transactions, ", theme.text)
        .put(&format::bytes(bytes), theme.text);
    let mut brush = scene.brush(layout::row(inside, 1));
    brush.skip(1).left(11, "mining", theme.label);
    match node.mining.filter(|_| node.state != NodeState::Down) {
        None => {
            brush.put("off", theme.text);
        }
        Some(mining) => {
            let seconds = mining.difficulty.checked_div(mining.tries_per_second);
            let expected =
                seconds.map_or_else(|| "never".to_owned(), |seconds| format::duration(std::time::Duration::from_secs(seconds)));
            let text = format!("block {}", mining.height);
            brush
                .put(&text, theme.title)
                .put(&format!(" {separator} {} tries/s", format::count(mining.tries_per_second)), theme.text);
            let mut brush = scene.brush(layout::row(inside, 2));
            brush
                .skip(1)
                .left(11, "difficulty", theme.label)
                .put(&format!("{} tries", format::count(mining.difficulty)), theme.text);
            // Half a page of 80 columns has no room for the whole sentence.
            let long = format!(", about {expected} a block alone");
            let short = format!(", {expected} a block");
            let room = brush.room();
            brush.put([long, short].iter().find(|text| text.len() <= room).map_or("", |text| text), theme.text);
        }
    }
    let mut brush = scene.brush(layout::row(inside, 3));
    brush.skip(1).left(11, "book", theme.label).put(&book::line(node), theme.text);
    let mut brush = scene.brush(layout::row(inside, 4));
    let bans = if node.bans.is_empty() {
        "none held".to_owned()
    } else {
        format!("{} held: {}", node.bans.len(), node.bans.iter().map(|ban| &*ban.name).collect::<Vec<_>>().join(", "))
    };
    brush.skip(1).left(11, "bans", theme.label).put(&bans, if node.bans.is_empty() { theme.text } else { theme.warn });
}

impl Node {
    /// What is wrong with this node, and what is wrong with everything.
    fn wrong(&mut self, scene: &mut Scene<'_>, area: Rect, node: &crate::model::Node) {
        let about = |problem: &Problem| match problem.subject {
            Subject::Cluster => false,
            Subject::Node(index) | Subject::Peer { node: index, .. } => index == node.index,
        };
        let found: Vec<_> = scene.snapshot.problems.iter().enumerate().filter(|(_, problem)| about(problem)).collect();
        let note = if found.is_empty() { String::new() } else { found.len().to_string() };
        let inside = frame::frame(scene, area, Look::Framed, "What is wrong here", &note, false);
        self.problems.list(scene, inside, &found, None, "nothing with this node");
    }
}
