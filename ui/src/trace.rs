//! The way of one message: who had it from whom and when, and how fast most had it.

use crate::model::{Hop, Relay};
use std::{collections::BTreeSet, time::Duration};

/// One node's place in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub hop: Hop,
    /// Steps from the root.
    pub depth: usize,
    /// For each step down to here, whether it was the last child of its parent; one bit each, the lowest for the first step.
    pub last: u64,
}

/// Deeper steps are drawn at this depth: nobody could read them further right.
const DEEPEST: usize = 20;

/// The hops as a tree, parents before their children, children in the order of arrival. Each hop comes once, whatever the hops
/// claim: one whose giver is not among them starts a tree of its own, and so does one of a circle.
pub(crate) fn tree(hops: &[Hop]) -> Vec<Branch> {
    let mut order: Vec<usize> = (0..hops.len()).collect();
    order.sort_by_key(|&at| (hops[at].after, hops[at].node));
    let known: BTreeSet<u32> = hops.iter().map(|hop| hop.node).collect();
    let is_root = |hop: &Hop| hop.from.is_none_or(|from| from == hop.node || !known.contains(&from));
    let mut seen = vec![false; hops.len()];
    let mut found = Vec::with_capacity(hops.len());
    // Roots first; what they do not reach is a circle, entered where it was seen first.
    let roots = order.iter().copied().filter(|&at| is_root(&hops[at])).chain(order.iter().copied());
    for root in roots.collect::<Vec<_>>() {
        let mut open = vec![(root, 0_usize, 0_u64)];
        while let Some((at, depth, last)) = open.pop() {
            if std::mem::replace(&mut seen[at], true) {
                continue;
            }
            found.push(Branch { hop: hops[at], depth, last });
            let children: Vec<usize> = order
                .iter()
                .copied()
                .filter(|&child| !seen[child] && hops[child].from == Some(hops[at].node) && hops[child].node != hops[at].node)
                .collect();
            let below = (depth + 1).min(DEEPEST);
            // The stack gives them back in turn.
            for (place, &child) in children.iter().enumerate().rev() {
                let bit = u64::from(place + 1 == children.len()) << (below - 1);
                open.push((child, below, last & !(1 << (below - 1)) | bit));
            }
        }
    }
    found
}

/// Nodes that have it of which it is not known how they got it: of a large network only the first hops are kept.
pub(crate) fn untold(relay: &Relay) -> usize {
    (relay.seen.0 as usize).saturating_sub(relay.hops.len())
}

/// How long it took until half of the nodes that have it had it, until 95 of a hundred, and until the last one: by nearest rank. `None` in
/// place of a time: it is that of a hop which is not kept.
pub(crate) fn percentiles(relay: &Relay) -> Option<[Option<Duration>; 3]> {
    let mut times: Vec<Duration> = relay.hops.iter().map(|hop| hop.after).collect();
    times.sort_unstable();
    let last = times.last().copied()?;
    let have = times.len() + untold(relay);
    let last = if have > times.len() { last.max(relay.took) } else { last };
    let rank = |percent: usize| times.get((have * percent).div_ceil(100).saturating_sub(1)).copied();
    Some([rank(50), rank(95), Some(last)])
}

#[cfg(test)]
#[path = "trace_tests.rs"]
mod tests;
