//! What the active faults together do to links and nodes, and how to get there from what was before.

use super::{Action, Active};
use crate::cluster::Selection;
use crate::cluster::scenario::Fault;
use crate::link::LinkModel;
use std::collections::BTreeMap;

/// Whether a node runs, and how it ended if not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Life {
    Waiting,
    Up,
    Killed,
    Left,
}

/// How one node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct NodeEffect {
    life: Life,
    paused: bool,
    disk_full: bool,
    skew: i64,
}

/// How all is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Effect {
    links: BTreeMap<(u32, u32), LinkModel>,
    nodes: Vec<NodeEffect>,
}

const WAITING: NodeEffect = NodeEffect { life: Life::Waiting, paused: false, disk_full: false, skew: 0 };

/// Whether a link fault changes this direction.
pub(super) fn touches(from: &Selection, to: &Selection, both_ways: bool, (sender, receiver): (u32, u32)) -> bool {
    (from.contains(sender) && to.contains(receiver)) || (both_ways && from.contains(receiver) && to.contains(sender))
}

/// Which group a node is in; those in none form one more.
fn group(groups: &[Selection], node: u32) -> usize {
    groups.iter().position(|group| group.contains(node)).unwrap_or(groups.len())
}

impl Effect {
    pub(super) fn before_start(count: u32) -> Self {
        Self { links: BTreeMap::new(), nodes: vec![WAITING; count as usize] }
    }

    pub(super) fn of(base: &BTreeMap<(u32, u32), LinkModel>, wanted: &[bool], active: &[Active]) -> Self {
        let mut links = base.clone();
        let mut nodes: Vec<_> =
            (wanted.iter()).map(|runs| NodeEffect { life: if *runs { Life::Up } else { Life::Waiting }, ..WAITING }).collect();
        for active in active {
            let mut each = |chosen: &Selection, change: &dyn Fn(&mut NodeEffect)| {
                for (index, node) in (0..).zip(&mut nodes) {
                    if chosen.contains(index) && !active.spared.contains(&index) {
                        change(node);
                    }
                }
            };
            match &active.fault {
                Fault::Link { from, to, both_ways, change } => {
                    for (pair, model) in &mut links {
                        if touches(from, to, *both_ways, *pair) {
                            *model = change.apply(*model);
                        }
                    }
                }
                Fault::Partition { groups } => {
                    let of: Vec<_> = (0..).take(wanted.len()).map(|node| group(groups, node)).collect();
                    for ((from, to), model) in &mut links {
                        model.cut |= of.get(*from as usize) != of.get(*to as usize);
                    }
                }
                Fault::Pause(chosen) => each(chosen, &|node| node.paused = true),
                Fault::DiskFull(chosen) => each(chosen, &|node| node.disk_full = true),
                Fault::Kill(chosen) => each(chosen, &|node| node.life = node.life.ended(Life::Killed)),
                Fault::Leave(chosen) => each(chosen, &|node| node.life = node.life.ended(Life::Left)),
                Fault::ClockSkew { nodes, by, back } => {
                    let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
                    each(nodes, &|node| node.skew = if *back { -millis } else { millis });
                }
                // Done at once; what stays of them is who is wanted.
                Fault::Restart(_) | Fault::Join(_) => {}
            }
        }
        Self { links, nodes }
    }

    pub(super) fn links(&self) -> &BTreeMap<(u32, u32), LinkModel> {
        &self.links
    }

    pub(super) fn life(&self, node: u32) -> Option<Life> {
        self.nodes.get(node as usize).map(|node| node.life)
    }

    pub(super) fn set_life(&mut self, node: u32, life: Life) {
        if let Some(node) = self.nodes.get_mut(node as usize) {
            node.life = life;
        }
    }

    /// First what ends, then the links, then what begins: nobody talks over a link that is not there any more.
    pub(super) fn turn_into(&mut self, wanted: Self, out: &mut Vec<Action>) {
        let nodes = || (0..).zip(self.nodes.iter().zip(&wanted.nodes));
        for (index, (now, then)) in nodes() {
            if now.life == Life::Up && then.life != Life::Up {
                out.push(if then.life == Life::Killed { Action::Kill(index) } else { Action::Leave(index) });
            }
        }
        for ((from, to), model) in &wanted.links {
            if self.links.get(&(*from, *to)).copied().unwrap_or_default() != *model {
                out.push(Action::SetLink { from: *from, to: *to, model: *model });
            }
        }
        for (index, (now, then)) in nodes() {
            let begins = now.life != Life::Up && then.life == Life::Up;
            // Its pause and its disk are its machine's; they are set before it starts.
            if now.disk_full != then.disk_full {
                out.push(Action::DiskFull(index, then.disk_full));
            }
            if begins {
                out.push(Action::Start(index));
            }
            if now.paused != then.paused || (begins && then.paused) {
                out.push(Action::Pause(index, then.paused));
            }
            // A node that starts trusts its clock.
            if then.life == Life::Up && (now.skew != then.skew || (begins && then.skew != 0)) {
                out.push(Action::SkewClock(index, then.skew));
            }
        }
        *self = wanted;
    }
}

impl Life {
    /// A node that never ran has not ended.
    fn ended(self, how: Self) -> Self {
        if self == Self::Up { how } else { self }
    }
}
