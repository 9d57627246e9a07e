//! The way of one message through the network: as a tree from node to node, and in the order of arrival.

use super::relays;
use crate::{
    brush::{clean, width},
    facts, format, layout,
    model::{Node, NodeState, Relay, Snapshot},
    trace::{self, Branch},
    widgets::{
        bar,
        frame::{self, Look},
        list::Scroll,
    },
    world::Scene,
};
use ratatui::layout::Rect;
use std::{fmt::Write as _, time::Duration};

#[derive(Default)]
pub(crate) struct Trace {
    pub scroll: Scroll,
}

/// From so many columns on, the order of arrival stands beside the tree.
const TWO_PANELS: u16 = 100;
const TIME: usize = format::MILLIS_WIDTH + 4;

fn name(snapshot: &Snapshot, index: u32) -> String {
    facts::node(snapshot, index).map_or_else(|| format!("n{index}"), |node| clean(&node.name).into_owned())
}

/// Running nodes that it did not reach, by name.
fn missing(snapshot: &Snapshot, relay: &Relay) -> String {
    let runs = |node: &&Node| !matches!(node.state, NodeState::Down | NodeState::Starting);
    let lacks = |node: &&Node| !relay.hops.iter().any(|hop| hop.node == node.index);
    let mut text = String::new();
    let mut count = 0;
    for node in snapshot.nodes.iter().filter(runs).filter(lacks) {
        count += 1;
        if count <= 12 {
            let _ = write!(text, "{}{}", if text.is_empty() { "" } else { ", " }, clean(&node.name));
        }
    }
    if count > 12 {
        let _ = write!(text, " and {} more", count - 12);
    }
    text
}

impl Trace {
    pub fn draw(&mut self, scene: &mut Scene<'_>, area: Rect, relay: &Relay, look: Look) {
        let theme = scene.theme;
        let mut title = relays::word(relay.kind).to_owned();
        if let Some(height) = relay.height {
            let _ = write!(title, " {height}");
        }
        if !relay.id.is_empty() {
            let _ = write!(title, " {}", relay.id);
        }
        let inside = frame::frame(scene, area, look, &title, "Esc goes back", true);
        let (head, rest) = layout::top(inside, if inside.height > 4 { 2 } else { 1 });
        summary(scene, head, relay);
        if relay.hops.is_empty() {
            let mut brush = scene.brush(rest);
            brush.skip(1).put("from ", theme.label);
            for (place, name) in relay.path.iter().enumerate() {
                brush.put(if place > 0 { " to " } else { "" }, theme.label).put(name, theme.text);
            }
            brush.skip(2).put(&relay.note, theme.text);
            scene.brush(layout::row(rest, 1)).skip(1).put("only blocks and transactions are traced from hop to hop", theme.label);
            return;
        }
        let (left, right) =
            if rest.width >= TWO_PANELS { layout::left(rest, layout::share(rest.width, 56)) } else { (rest, Rect::ZERO) };
        let branches = trace::tree(&relay.hops);
        let (words, missing) = match trace::untold(relay) {
            0 => ("has not reached ", missing(scene.snapshot, relay)),
            // Who has it and who has not cannot be told any longer.
            more => ("the first hops; ", format!("{more} nodes more got it after them")),
        };
        // Below the tree, with a gap where there is room for one.
        let rows = u16::try_from(branches.len()).unwrap_or(u16::MAX).saturating_add(2);
        let kept = u16::from(!missing.is_empty() && left.height > 3);
        let (left, below) = layout::top(left, rows.min(left.height - kept));
        let below = layout::top(below, kept).0;
        let visible = usize::from(left.height.saturating_sub(1));
        let first = self.scroll.shown(visible, branches.len()).start;
        tree(scene, left, &branches, first);
        scene
            .brush(below)
            .skip(1)
            .put(words, if words.starts_with("has") { theme.warn } else { theme.label })
            .put(&missing, theme.text);
        if !right.is_empty() {
            arrivals(scene, right, relay, first);
        }
    }
}

fn summary(scene: &mut Scene<'_>, area: Rect, relay: &Relay) {
    let theme = scene.theme;
    let mut brush = scene.brush(area);
    brush.skip(1).put("first seen ", theme.label).put(&format::moment(relay.at), theme.text);
    if let Some(origin) = relay.path.first() {
        brush.put(" on ", theme.label).put(origin, theme.title);
    }
    let (have, all) = relay.seen;
    if all > 0 {
        let style = if have >= all { theme.ok } else { theme.warn };
        brush.skip(3).put(&format!("{have} of {all}"), style).put(" have it", theme.label);
    }
    for (word, value) in ["p50 ", "p95 ", "max "].into_iter().zip(trace::percentiles(relay).into_iter().flatten()) {
        let value = value.map_or_else(|| "--".to_owned(), format::millis);
        brush.skip(3).put(word, theme.label).put(&value, theme.title);
    }
}

fn tree(scene: &mut Scene<'_>, area: Rect, branches: &[Branch], offset: usize) {
    let (theme, glyphs, snapshot) = (scene.theme, scene.glyphs, scene.snapshot);
    let [branch_sign, last_sign, beside, nothing] = glyphs.tree;
    let label = |branch: &Branch| name(snapshot, branch.hop.node);
    let wide = branches.iter().map(|branch| branch.depth * 3 + width(&label(branch))).max().unwrap_or(4);
    let columns = (wide + 2).clamp(12, usize::from(area.width).saturating_sub(2 * TIME + 2).max(12));
    let mut brush = scene.brush(area);
    brush.skip(1).left(columns, "way", theme.label).right(TIME, "after", theme.label).right(TIME, "this hop", theme.label);
    let latest = branches.iter().map(|branch| branch.hop.after).max().unwrap_or_default();
    let given = |branch: &Branch| {
        let from = branch.hop.from?;
        let giver = branches.iter().find(|other| other.hop.node == from)?;
        branch.hop.after.checked_sub(giver.hop.after)
    };
    let list = layout::top(area, 1).1;
    for (line, branch) in branches.iter().skip(offset).take(usize::from(list.height)).enumerate() {
        let mut prefix = String::new();
        for step in 0..branch.depth {
            let last = branch.last >> step & 1 == 1;
            prefix.push_str(match (step + 1 == branch.depth, last) {
                (true, true) => last_sign,
                (true, false) => branch_sign,
                (false, true) => nothing,
                (false, false) => beside,
            });
        }
        let mut brush = scene.brush(layout::row(list, line));
        brush.skip(1);
        let long = width(&prefix).min(columns);
        brush.left(long, &prefix, theme.link).left(columns - long, &label(branch), theme.title);
        let style = if branch.hop.after.is_zero() { theme.label } else { theme.text };
        let after = if branch.hop.after.is_zero() { "first".to_owned() } else { format::millis(branch.hop.after) };
        brush.right(TIME, &after, style);
        brush.right(TIME, &given(branch).map_or_else(|| "--".to_owned(), format::millis), theme.label).skip(2);
        let room = brush.room().saturating_sub(1).min(24);
        if room >= 5 {
            let (value, full) = (branch.hop.after.as_secs_f64(), latest.as_secs_f64());
            bar::bar(&mut brush, glyphs, room, value, full, theme.busy, theme.border);
        }
    }
}

/// In the order of arrival: how many had it when.
fn arrivals(scene: &mut Scene<'_>, area: Rect, relay: &Relay, offset: usize) {
    let (theme, glyphs, snapshot) = (scene.theme, scene.glyphs, scene.snapshot);
    let mut hops = relay.hops.clone();
    hops.sort_by_key(|hop| (hop.after, hop.node));
    let names = hops.iter().map(|hop| width(&name(snapshot, hop.node))).max().unwrap_or(2).clamp(4, 12) + 2;
    let mut brush = scene.brush(area);
    brush.skip(2).left(names, "node", theme.label).right(TIME + 4, "first seen", theme.label).skip(2).put("have it", theme.label);
    let list = layout::top(area, 1).1;
    let all = (relay.seen.1 as usize).max(hops.len());
    for (line, (place, hop)) in hops.iter().enumerate().skip(offset).take(usize::from(list.height)).enumerate() {
        let moment: Duration = relay.at.saturating_add(hop.after);
        let mut brush = scene.brush(layout::row(list, line));
        let seconds = format!("{:.3} s", moment.as_secs_f64());
        brush.skip(2).left(names, &name(snapshot, hop.node), theme.text).right(TIME + 4, &seconds, theme.text).skip(2);
        let room = brush.room().saturating_sub(9).min(20);
        if room >= 5 {
            bar::bar(&mut brush, glyphs, room, (place + 1) as f64, all as f64, theme.ok, theme.border);
        }
        brush.skip(1).put(&format!("{}/{all}", place + 1), theme.label);
    }
}
