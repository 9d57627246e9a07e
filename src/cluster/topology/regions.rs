//! Regions of the world: whose nodes are where, and how long a packet travels between them.

use super::random::{circles, generator};
use crate::cluster::Selection;
use rand::RngExt;
use std::time::Duration;

/// Some nodes in one region of the world.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// Where; one of [`NAMES`].
    pub place: Place,
    /// Whose nodes.
    pub nodes: Selection,
}

/// A region of the world, by its place in [`NAMES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place(usize);

/// The regions that have latencies, with the city of the data centre that stands for each.
pub const NAMES: &[&str] = &[
    "us-east",         // Virginia
    "us-west",         // Oregon
    "south-america",   // São Paulo
    "europe",          // Frankfurt
    "africa",          // Cape Town
    "south-asia",      // Mumbai
    "south-east-asia", // Singapore
    "east-asia",       // Tokyo
    "australia",       // Sydney
];

/// Round trips between regions, in milliseconds, in the order of [`NAMES`]; each row holds the regions before it and its own.
///
/// Typical figures between the public cloud's data centres in these cities, rounded to 5 ms, of the order that the measurements
/// published at cloudping.co show day after day. Within a region: cities of one region are some 10 ms of round trip apart.
const ROUND_TRIPS_MS: &[&[u16]] = &[
    &[10],
    &[70, 10],
    &[115, 175, 10],
    &[95, 145, 205, 10],
    &[225, 275, 335, 155, 10],
    &[190, 220, 300, 120, 260, 10],
    &[220, 165, 325, 160, 310, 60, 10],
    &[150, 100, 260, 225, 355, 130, 70, 10],
    &[200, 140, 310, 250, 410, 150, 95, 105, 10],
];

impl Place {
    /// The region of this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().position(|known| *known == name).map(Self)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        NAMES[self.0]
    }

    /// One way to another region, or within this one: half the round trip.
    pub fn latency(self, other: Self) -> Duration {
        let (low, high) = (self.0.min(other.0), self.0.max(other.0));
        Duration::from_micros(u64::from(ROUND_TRIPS_MS[high][low]) * 500)
    }
}

/// Random links within each region, and `bridges` links between random nodes of any two.
pub fn regions(regions: &[Region], degree: u32, bridges: u32, count: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut rng = generator(seed);
    let members: Vec<Vec<u32>> =
        regions.iter().map(|region| (0..count).filter(|node| region.nodes.contains(*node)).collect()).collect();
    let mut edges = Vec::new();
    for nodes in &members {
        edges.extend(circles(nodes, degree, &mut rng));
    }
    for (at, here) in members.iter().enumerate() {
        for there in &members[at + 1..] {
            if here.is_empty() || there.is_empty() {
                continue;
            }
            for _ in 0..bridges.max(1) {
                edges.push((here[rng.random_range(0..here.len())], there[rng.random_range(0..there.len())]));
            }
        }
    }
    edges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn latencies_are_the_same_both_ways_and_there_for_each_pair() {
        for (row, figures) in ROUND_TRIPS_MS.iter().enumerate() {
            assert_eq!(figures.len(), row + 1);
        }
        assert_eq!(ROUND_TRIPS_MS.len(), NAMES.len());
        let place = |name| Place::named(name).unwrap();
        assert_eq!(place("us-east").latency(place("europe")), Duration::from_micros(47_500));
        assert_eq!(place("europe").latency(place("us-east")), Duration::from_micros(47_500));
        assert_eq!(Place::named("atlantis"), None);
    }
}
