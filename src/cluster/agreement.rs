//! Whether the honest nodes of a cluster that run stand on one tip: folded from their events, and from what is done to them.

use super::Plan;
use crate::chain::BlockId;
use crate::node::{Event, Stamped};
use std::collections::BTreeSet;
use std::fmt;

/// How a node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stand {
    /// It does not run, and nobody wants it to.
    Down,
    /// It should run, and nothing is heard from it.
    Silent,
    /// It runs.
    On(BlockId, u64),
}

/// The tips of a cluster's honest nodes, kept up to date from their events.
#[derive(Clone, Debug)]
pub struct Agreement {
    stands: Vec<Stand>,
    adversaries: BTreeSet<u32>,
}

/// Where the nodes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All that run and are honest on one tip.
    Agreed {
        /// How many nodes.
        nodes: usize,
        /// The tip.
        tip: BlockId,
        /// Its height.
        height: u64,
    },
    /// On several tips, or some are not heard from, or none runs.
    Split {
        /// Tip, height and nodes of each group, the largest group first.
        groups: Vec<(BlockId, u64, Vec<u32>)>,
        /// Nodes that should run and do not say where they stand.
        silent: Vec<u32>,
    },
}

impl Agreement {
    /// For the nodes of a plan, none of which has started.
    pub fn new(plan: &Plan) -> Self {
        Self { stands: vec![Stand::Down; plan.count as usize], adversaries: plan.adversaries.clone() }
    }

    /// A node is told to start, or ended although nobody wanted it: until it says where it stands, it agrees with nobody.
    pub fn awaits(&mut self, node: u32) {
        self.set(node, Stand::Silent);
    }

    /// A node was ended: it has no say.
    pub fn down(&mut self, node: u32) {
        self.set(node, Stand::Down);
    }

    /// Takes one event. Returns whether it moved a tip.
    pub fn see(&mut self, stamped: &Stamped) -> bool {
        match &stamped.event {
            Event::Started { tip, height, .. } => self.set(stamped.node, Stand::On(*tip, *height)),
            // A killed node's last words may come late.
            Event::TipChanged { id, height, .. } if !self.is_down(stamped.node) => {
                self.set(stamped.node, Stand::On(*id, *height))
            }
            Event::Stopped => self.set(stamped.node, Stand::Down),
            _ => false,
        }
    }

    fn is_down(&self, node: u32) -> bool {
        self.stands.get(node as usize).is_none_or(|stand| *stand == Stand::Down)
    }

    fn set(&mut self, node: u32, stand: Stand) -> bool {
        let honest = !self.adversaries.contains(&node);
        let Some(place) = self.stands.get_mut(node as usize).filter(|_| honest) else { return false };
        std::mem::replace(place, stand) != stand
    }

    /// Where the nodes stand now.
    pub fn standing(&self) -> Standing {
        let mut groups: Vec<(BlockId, u64, Vec<u32>)> = Vec::new();
        let mut silent = Vec::new();
        for (index, stand) in (0_u32..).zip(&self.stands) {
            match stand {
                Stand::Down => {}
                Stand::Silent => silent.push(index),
                Stand::On(id, height) => match groups.iter_mut().find(|(known, ..)| known == id) {
                    Some((.., nodes)) => nodes.push(index),
                    None => groups.push((*id, *height, vec![index])),
                },
            }
        }
        // A stable sort: of equal groups the one with the lowest node stays first.
        groups.sort_by_key(|(.., nodes)| std::cmp::Reverse(nodes.len()));
        match groups.as_slice() {
            [(tip, height, nodes)] if silent.is_empty() => Standing::Agreed { nodes: nodes.len(), tip: *tip, height: *height },
            _ => Standing::Split { groups, silent },
        }
    }
}

impl Standing {
    /// In a few words, however many nodes there are.
    pub fn brief(&self) -> String {
        match self {
            Self::Agreed { height, .. } => format!("one tip, block {height}"),
            Self::Split { groups, .. } if groups.is_empty() => "no tip".to_owned(),
            Self::Split { groups, .. } => {
                let highest = groups.iter().map(|(_, height, _)| *height).max().unwrap_or_default();
                format!("{} tips, up to block {highest}", groups.len())
            }
        }
    }

    /// Whether all nodes are on one tip at this height or above.
    pub fn agreed_at(&self, least: u64) -> bool {
        matches!(self, Self::Agreed { height, .. } if *height >= least)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = |nodes: &[u32]| nodes.iter().map(|node| format!("n{node}")).collect::<Vec<_>>().join(" ");
        match self {
            Self::Agreed { nodes, tip, height } => {
                write!(f, "all {nodes} nodes agree on block {height} ({})", tip.short())
            }
            Self::Split { groups, silent } if groups.is_empty() && silent.is_empty() => f.write_str("no honest node runs"),
            Self::Split { groups, silent } => {
                f.write_str("the nodes disagree")?;
                for (place, (tip, height, nodes)) in groups.iter().enumerate() {
                    let mark = if place == 0 { ':' } else { ';' };
                    write!(f, "{mark} {} on block {height} ({})", names(nodes), tip.short())?;
                }
                if !silent.is_empty() {
                    write!(f, "; nothing is heard from {}", names(silent))?;
                }
                Ok(())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Time;

    fn tip(node: u32, name: u8, height: u64) -> Stamped {
        let event = Event::TipChanged { id: BlockId([name; 32]), height, balance: 0, transactions: 0 };
        Stamped { at: Time(0), node, event }
    }

    fn of(count: u32) -> Agreement {
        let mut agreement = Agreement::new(&Plan { count, ..Plan::default() });
        (0..count).for_each(|node| agreement.awaits(node));
        agreement
    }

    #[test]
    fn agreement_takes_every_honest_node_that_runs_and_no_other() {
        let plan = Plan { count: 5, adversaries: [4].into(), ..Plan::default() };
        let mut agreement = Agreement::new(&plan);
        assert_eq!(agreement.standing().to_string(), "no honest node runs");
        // n3 waits for its join.
        [0, 1, 2, 4].into_iter().for_each(|node| agreement.awaits(node));
        for event in [tip(0, 1, 5), tip(1, 1, 5), tip(2, 2, 4), tip(4, 9, 9)] {
            agreement.see(&event);
        }
        assert!(!agreement.standing().agreed_at(0));
        agreement.down(2);
        assert_eq!(agreement.standing().to_string(), "all 2 nodes agree on block 5 (01010101)");
        agreement.see(&tip(2, 1, 5));
        assert_eq!(agreement.standing().to_string(), "all 2 nodes agree on block 5 (01010101)", "it is down");
        agreement.awaits(3);
        assert!(!agreement.standing().agreed_at(0), "told to start, and not heard from: it may be unable to");
        agreement.see(&tip(3, 1, 5));
        agreement.see(&Stamped { at: Time(0), node: 0, event: Event::Stopped });
        assert_eq!(agreement.standing().to_string(), "all 2 nodes agree on block 5 (01010101)");
    }

    #[test]
    fn agreement_takes_every_node() {
        let mut agreement = of(2);
        agreement.see(&tip(0, 1, 5));
        assert_eq!(agreement.standing().to_string(), "the nodes disagree: n0 on block 5 (01010101); nothing is heard from n1");
        agreement.see(&tip(1, 1, 5));
        assert!(agreement.standing().agreed_at(5));
        assert!(!agreement.standing().agreed_at(6));
        assert_eq!(agreement.standing().to_string(), "all 2 nodes agree on block 5 (01010101)");
    }

    #[test]
    fn a_split_names_who_stands_where_the_largest_group_first() {
        let mut agreement = of(3);
        for event in [tip(0, 1, 5), tip(1, 2, 6), tip(2, 2, 6)] {
            agreement.see(&event);
        }
        let text = agreement.standing().to_string();
        assert_eq!(text, "the nodes disagree: n1 n2 on block 6 (02020202); n0 on block 5 (01010101)");
    }
}
