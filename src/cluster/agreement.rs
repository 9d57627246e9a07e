//! Whether the nodes of a cluster stand on one tip: folded from their events.

use crate::chain::BlockId;
use crate::node::{Event, Stamped};
use std::fmt;

/// The tips of a cluster's nodes, kept up to date from their events.
#[derive(Clone, Debug)]
pub struct Agreement {
    tips: Vec<Option<(BlockId, u64)>>,
}

/// Where the nodes stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All on one tip.
    Agreed {
        /// How many nodes.
        nodes: usize,
        /// The tip.
        tip: BlockId,
        /// Its height.
        height: u64,
    },
    /// On several tips, or some were never heard from.
    Split {
        /// Tip, height and nodes of each group, the largest group first.
        groups: Vec<(BlockId, u64, Vec<u32>)>,
        /// Nodes that never said where they stand.
        silent: Vec<u32>,
    },
}

impl Agreement {
    /// For `count` nodes, none heard from yet.
    pub fn new(count: u32) -> Self {
        Self { tips: vec![None; count as usize] }
    }

    /// Takes one event. Returns whether it moved a tip.
    pub fn see(&mut self, stamped: &Stamped) -> bool {
        let (id, height) = match &stamped.event {
            Event::Started { tip, height, .. } => (*tip, *height),
            Event::TipChanged { id, height, .. } => (*id, *height),
            _ => return false,
        };
        let Some(tip) = self.tips.get_mut(stamped.node as usize) else { return false };
        tip.replace((id, height)) != Some((id, height))
    }

    /// Where the nodes stand now.
    pub fn standing(&self) -> Standing {
        let mut groups: Vec<(BlockId, u64, Vec<u32>)> = Vec::new();
        let mut silent = Vec::new();
        for (index, tip) in (0_u32..).zip(&self.tips) {
            match tip {
                None => silent.push(index),
                Some((id, height)) => match groups.iter_mut().find(|(known, ..)| known == id) {
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
            Self::Split { groups, silent } => {
                f.write_str("the nodes disagree")?;
                for (place, (tip, height, nodes)) in groups.iter().enumerate() {
                    let mark = if place == 0 { ':' } else { ';' };
                    write!(f, "{mark} {} on block {height} ({})", names(nodes), tip.short())?;
                }
                if !silent.is_empty() {
                    write!(f, "; nothing was heard from {}", names(silent))?;
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

    #[test]
    fn agreement_takes_every_node() {
        let mut agreement = Agreement::new(2);
        agreement.see(&tip(0, 1, 5));
        assert_eq!(agreement.standing().to_string(), "the nodes disagree: n0 on block 5 (01010101); nothing was heard from n1");
        agreement.see(&tip(1, 1, 5));
        assert!(agreement.standing().agreed_at(5));
        assert!(!agreement.standing().agreed_at(6));
        assert_eq!(agreement.standing().to_string(), "all 2 nodes agree on block 5 (01010101)");
    }

    #[test]
    fn a_split_names_who_stands_where_the_largest_group_first() {
        let mut agreement = Agreement::new(3);
        for event in [tip(0, 1, 5), tip(1, 2, 6), tip(2, 2, 6)] {
            agreement.see(&event);
        }
        let text = agreement.standing().to_string();
        assert_eq!(text, "the nodes disagree: n1 n2 on block 6 (02020202); n0 on block 5 (01010101)");
    }
}
