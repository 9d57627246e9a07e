//! Choosing nodes by name: `all`, `n2`, `n0..n3` (both ends included), or several of these with commas between.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

/// Some of a cluster's nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Every node.
    All,
    /// Those within any of these ranges of indices.
    Some(Vec<RangeInclusive<u32>>),
}

/// The text names no nodes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} names no nodes: write \"all\", \"n2\", \"n0..n3\" (both ends included), or several of these with commas between")]
pub struct ParseSelectionError(String);

impl Selection {
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
        (0..count).map(|index| u32::from(self.contains(index))).sum()
    }
}

impl FromStr for Selection {
    type Err = ParseSelectionError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.trim() == "all" {
            return Ok(Self::All);
        }
        let index = |name: &str| name.trim().strip_prefix('n').and_then(|digits| digits.parse::<u32>().ok());
        let range = |part: &str| match part.split_once("..") {
            Some((first, last)) => Some(index(first)?..=index(last)?).filter(|range| !range.is_empty()),
            None => index(part).map(|only| only..=only),
        };
        let ranges: Option<Vec<_>> = text.split(',').map(range).collect();
        ranges.map(Self::Some).ok_or_else(|| ParseSelectionError(text.to_owned()))
    }
}

impl fmt::Display for Selection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
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

impl<'de> serde::Deserialize<'de> for Selection {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
