//! Choosing nodes by name: `all`, `n2`, `n0..n3` (both ends included), or several of these with commas between.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Some of a cluster's nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every node.
    All,
    /// Those within any of these ranges of indices. As read, and as made by [`Selection::of`], they are sorted and apart from each
    /// other, so that the same nodes compare equal however they were named. None at all is written "none".
    Some(Vec<RangeInclusive<u32>>),
}

/// The text names no nodes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no nodes: write \"all\", \"n2\", \"n0..n3\" (both ends included), or several of these with commas between")]
pub struct ParseSelectionError(String);

impl Selection {
    /// Those within any of these ranges.
    pub fn of(ranges: impl IntoIterator<Item = RangeInclusive<u32>>) -> Self {
        let mut ranges: Vec<_> = ranges.into_iter().filter(|range| !range.is_empty()).collect();
        ranges.sort_unstable_by_key(|range| (*range.start(), *range.end()));
        let mut merged: Vec<RangeInclusive<u32>> = Vec::with_capacity(ranges.len());
        for range in ranges {
            match merged.last_mut() {
                Some(last) if *range.start() <= last.end().saturating_add(1) => {
                    *last = *last.start()..=(*last.end()).max(*range.end());
                }
                _ => merged.push(range),
            }
        }
        Self::Some(merged)
    }

    /// These nodes.
    pub fn of_nodes(nodes: impl IntoIterator<Item = u32>) -> Self {
        Self::of(nodes.into_iter().map(|node| node..=node))
    }

    /// The chosen ones of `count` nodes, in order, if the ranges are sorted and apart.
    pub fn iter(&self, count: u32) -> impl Iterator<Item = u32> {
        let ranges = match self {
            Self::All => std::iter::once(0..count).collect::<Vec<_>>(),
            Self::Some(ranges) => ranges.iter().map(|range| *range.start()..range.end().saturating_add(1).min(count)).collect(),
        };
        ranges.into_iter().flatten()
    }

    /// Whether the node of this index is chosen.
    pub fn contains(&self, index: u32) -> bool {
        match self {
            Self::All => true,
            Self::Some(ranges) => ranges.iter().any(|range| range.contains(&index)),
        }
    }

    /// The highest index named, if any is.
    pub fn highest(&self) -> Option<u32> {
        match self {
            Self::All => None,
            Self::Some(ranges) => ranges.iter().map(|range| *range.end()).max(),
        }
    }

    /// How many of `count` nodes are chosen.
    pub fn size(&self, count: u32) -> u32 {
        match self {
            Self::All => count,
            Self::Some(_) => (0..count).map(|index| u32::from(self.contains(index))).sum(),
        }
    }
}

impl FromStr for Selection {
    type Err = ParseSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "all" {
            return Ok(Self::All);
        }
        if text.trim() == "none" {
            return Ok(Self::Some(Vec::new()));
        }
        let index = |name: &str| {
            let digits = name.trim().strip_prefix('n')?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u32>().ok())?
        };
        let range = |part: &str| match part.split_once("..") {
            Some((first, last)) => Some(index(first)?..=index(last)?).filter(|range| !range.is_empty()),
            None => index(part).map(|only| only..=only),
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self::of).ok_or_else(|| ParseSelectionError(text.to_owned()))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::Some(ranges) if ranges.is_empty() => f.write_str("none"),
            Self::Some(ranges) => ranges.iter().enumerate().try_for_each(|(place, range)| {
                let comma = if place == 0 { "" } else { ", " };
                if range.start() == range.end() {
                    write!(f, "{comma}n{}", range.start())
                } else {
                    write!(f, "{comma}n{}..n{}", range.start(), range.end())
                }
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nodes_are_selected_by_name() {
        let pick = |text: &str| text.parse::<Selection>().map(|selection| selection.iter(6).collect::<Vec<_>>());
        assert_eq!(pick("all").unwrap(), [0, 1, 2, 3, 4, 5]);
        assert!(pick("none").unwrap().is_empty());
        assert_eq!(pick("n1..n3").unwrap(), [1, 2, 3]);
        assert_eq!(pick("n4..n5, n0").unwrap(), [0, 4, 5]);
        assert_eq!(pick("n4..n4294967295").unwrap(), [4, 5]);
        for wrong in ["", "3", "n", "n3..n1", "n1..", "x2", "n1,,n2", "all, n1", "n+1"] {
            assert!(pick(wrong).is_err(), "{wrong:?} was taken");
        }
        assert_eq!("n0,n4..n5".parse::<Selection>().unwrap().to_string(), "n0, n4..n5");
        assert_eq!("n1, n0, n5..n6, n2".parse::<Selection>().unwrap().to_string(), "n0..n2, n5..n6");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(nodes in proptest::collection::vec(0_u32..50, 0..20)) {
            let selection = Selection::of_nodes(nodes.clone());
            prop_assert_eq!(selection.to_string().parse::<Selection>().unwrap(), selection.clone());
            for node in 0..50 {
                prop_assert_eq!(selection.contains(node), nodes.contains(&node));
            }
            prop_assert_eq!(selection.iter(50).count(), selection.size(50) as usize);
        }
    }
}
