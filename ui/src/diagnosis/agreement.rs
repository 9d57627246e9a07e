//! Whether the nodes can reach each other, and whether they agree on the chain.

use super::{WARM_UP, ago, runs, say, settled};
use crate::{
    format,
    model::{Node, NodeState, Problem, Severity, Snapshot, Subject},
};
use std::{collections::BTreeMap, fmt::Write as _, time::Duration};

/// Nodes this close to the best tip are compared with each other; others lag, which is another rule's matter.
const SIMILAR_LAG: u64 = 2;
/// A fork this deep does not pass with the next block.
const DEEP_FORK: u64 = 2;
/// Names in a group before the rest is counted.
const NAMES_SHOWN: usize = 6;

/// Groups of running nodes that can reach each other, each sorted, of two nodes and more. A node all alone is not a
/// group: it has no peers, which is a rule of its own.
pub(super) fn groups(snapshot: &Snapshot) -> Vec<Vec<&Node>> {
    let place = |index: u32| snapshot.nodes.binary_search_by_key(&index, |node| node.index).ok();
    let mut leader: Vec<usize> = (0..snapshot.nodes.len()).collect();
    fn find(leader: &mut [usize], mut at: usize) -> usize {
        while leader[at] != at {
            leader[at] = leader[leader[at]];
            at = leader[at];
        }
        at
    }
    for link in snapshot.links.iter().filter(|link| !link.cut) {
        let crate::model::End::Node(to) = link.to else {
            continue;
        };
        if let (Some(from), Some(to)) = (place(link.from), place(to))
            && runs(&snapshot.nodes[from])
            && runs(&snapshot.nodes[to])
        {
            let (one, other) = (find(&mut leader, from), find(&mut leader, to));
            leader[one.max(other)] = one.min(other);
        }
    }
    let mut groups: BTreeMap<usize, Vec<&Node>> = BTreeMap::new();
    for (at, node) in snapshot.nodes.iter().enumerate() {
        if runs(node) {
            groups.entry(find(&mut leader, at)).or_default().push(node);
        }
    }
    groups.into_values().filter(|group| group.len() > 1).collect()
}

/// `{n0, n1, n7}`; runs of neighbours are drawn together: `{n3..n6}`.
pub(super) fn names(group: &[&Node]) -> String {
    let mut text = String::from("{");
    let mut at = 0;
    let mut shown = 0;
    while at < group.len() {
        if shown == NAMES_SHOWN {
            let _ = write!(text, " and {} more", group.len() - at);
            break;
        }
        let mut end = at;
        while end + 1 < group.len() && group[end + 1].index == group[end].index + 1 {
            end += 1;
        }
        if at > 0 {
            text.push_str(", ");
        }
        text.push_str(&group[at].name);
        if end >= at + 2 {
            let _ = write!(text, "..{}", group[end].name);
            at = end + 1;
        } else {
            at += 1;
        }
        shown += 1;
    }
    text.push('}');
    text
}

pub(super) fn partition(snapshot: &Snapshot, groups: &[Vec<&Node>], found: &mut Vec<Problem>) {
    if groups.len() < 2 || snapshot.clock.elapsed < WARM_UP {
        return;
    }
    let shown: Vec<_> = groups.iter().take(3).map(|group| names(group)).collect();
    let more = if groups.len() > 3 { format!(" and {} more", groups.len() - 3) } else { String::new() };
    let cut = snapshot.links.iter().any(|link| link.cut);
    // Of several the newest; a partition rather than a cut, which parts groups only along with others.
    let newest = |word| snapshot.faults.iter().rev().find(|fault| fault.text.split([' ', ',']).any(|found| found == word));
    let fault = newest("partition").or_else(|| newest("cut"));
    let cause = match fault {
        Some(fault) => {
            let left = fault.left.map(|left| format!(", {} left", format::duration(left))).unwrap_or_default();
            let last = snapshot.faults.last().is_some_and(|last| last.number == fault.number);
            let remedy = match (snapshot.controls.faults, last) {
                (false, _) => "",
                (true, true) => ". u undoes it",
                (true, false) => ". 7, then Enter on it undoes it",
            };
            format!("links cut by fault #{}{left}{remedy}", fault.number)
        }
        None if cut => "links were cut".to_owned(),
        None => "no link joins them. One side must dial the other".to_owned(),
    };
    say(found, Severity::Warning, Subject::Cluster, format!("partition {}{more}: {cause}", shown.join(" | ")));
}

/// The block that a node has at a height, and since when.
fn block_at(node: &Node, height: u64) -> Option<(&str, Duration)> {
    if node.height == height {
        return Some((node.tip.get(..8).unwrap_or(&node.tip), node.tip_since));
    }
    node.blocks.iter().find(|block| block.height == height).map(|block| (block.id.get(..8).unwrap_or(&block.id), block.at))
}

pub(super) fn disagreement(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    let near: Vec<_> = snapshot
        .nodes
        .iter()
        .filter(|node| matches!(node.state, NodeState::Ok | NodeState::Lagging) && node.lag <= SIMILAR_LAG)
        .collect();
    let Some(height) = near.iter().map(|node| node.height).min() else {
        return;
    };
    // Who holds which block at the highest height that all of them have.
    let mut camps: Vec<(&str, Vec<&Node>, Duration)> = Vec::new();
    for node in &near {
        let Some((id, since)) = block_at(node, height) else {
            continue;
        };
        if id.is_empty() || !settled(snapshot, since) {
            continue;
        }
        match camps.iter_mut().find(|camp| camp.0 == id) {
            Some(camp) => {
                camp.1.push(node);
                camp.2 = camp.2.min(since);
            }
            None => camps.push((id, vec![node], since)),
        }
    }
    if camps.len() < 2 {
        return;
    }
    camps.sort_by_key(|camp| (std::cmp::Reverse(camp.1.len()), camp.1[0].index));
    let depth = depth(camps[0].1[0], camps[1].1[0], height);
    let since = camps.iter().map(|camp| camp.2).max().unwrap_or_default();
    let mut sides = String::new();
    for (id, nodes, _) in camps.iter().take(3) {
        let _ = write!(sides, "{}{} on {}", if sides.is_empty() { "" } else { ", " }, names(nodes), id.get(..4).unwrap_or(id));
    }
    let (severity, advice) = if depth >= DEEP_FORK {
        (Severity::Critical, "a longer branch should have settled this. Enter shows who is linked")
    } else {
        (Severity::Warning, "two blocks at once; the next block decides")
    };
    let text = format!("tips disagree at {height} for {}: {sides}, {depth} deep; {advice}", ago(snapshot, since));
    say(found, severity, Subject::Cluster, text);
}

/// How many blocks back from `height` two nodes still differ, as far as their last blocks tell.
fn depth(one: &Node, other: &Node, height: u64) -> u64 {
    let mut depth = 1;
    while let (Some(a), Some(b)) = (block_at(one, height.saturating_sub(depth)), block_at(other, height.saturating_sub(depth)))
        && a.0 != b.0
        && depth < height
    {
        depth += 1;
    }
    depth
}
