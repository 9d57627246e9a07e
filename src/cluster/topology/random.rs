//! Topologies drawn from a seed: whole numbers only, from one generator.

use super::{islands, tidy};
use crate::link::MILLION;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;

/// A generator for links alone: other users of the same seed draw other numbers.
pub fn generator(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed ^ u64::from_le_bytes(*b"topology"))
}

/// `degree / 2` random circles through all nodes, and random pairs besides if the degree is odd: linked together by the first
/// circle, and with 2 to `degree` links each.
pub fn random(count: u32, degree: u32, seed: u64) -> Vec<(u32, u32)> {
    let nodes: Vec<u32> = (0..count).collect();
    circles(&nodes, degree, &mut generator(seed))
}

/// [`random`] among these nodes.
pub fn circles(nodes: &[u32], degree: u32, rng: &mut ChaCha8Rng) -> Vec<(u32, u32)> {
    let degree = degree.max(2) as usize;
    if nodes.len() <= degree {
        // Everybody can be linked to everybody.
        return nodes.iter().enumerate().flat_map(|(at, a)| nodes[at + 1..].iter().map(move |b| (*a, *b))).collect();
    }
    let mut edges = Vec::with_capacity(nodes.len() * degree / 2);
    let mut order = nodes.to_vec();
    for _ in 0..degree / 2 {
        shuffle(&mut order, rng);
        edges.extend(order.windows(2).map(|pair| (pair[0], pair[1])));
        edges.push((order[order.len() - 1], order[0]));
    }
    if degree % 2 == 1 {
        shuffle(&mut order, rng);
        edges.extend(order.chunks_exact(2).map(|pair| (pair[0], pair[1])));
    }
    edges
}

/// Fisher and Yates.
fn shuffle(order: &mut [u32], rng: &mut ChaCha8Rng) {
    for last in (1..order.len()).rev() {
        order.swap(last, rng.random_range(0..=last));
    }
}

/// Watts and Strogatz (1998): a circle where each node is linked to its `degree` nearest; the far end of each link leads, with the
/// chance `rewire`, to a node chosen at random instead. Each node keeps its own `degree / 2`. An island that this happens to
/// cut off is linked again.
pub fn small_world(count: u32, degree: u32, rewire: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut rng = generator(seed);
    let side = (degree / 2).clamp(1, (count.saturating_sub(1) / 2).max(1));
    let mut edges: BTreeSet<(u32, u32)> =
        super::regular::circle(count, side * 2).into_iter().filter(|(a, b)| a != b).map(|(a, b)| (a.min(b), a.max(b))).collect();
    for step in 1..=side {
        for node in 0..count {
            let neighbour = (node + step) % count;
            if rng.random_range(0..MILLION) >= rewire {
                continue;
            }
            // A crowded node finds nobody new within a few tries, and keeps its neighbour.
            let other = (0..8)
                .map(|_| rng.random_range(0..count))
                .find(|other| *other != node && !edges.contains(&(node.min(*other), node.max(*other))));
            if let Some(other) = other
                && edges.remove(&(node.min(neighbour), node.max(neighbour)))
            {
                edges.insert((node.min(other), node.max(other)));
            }
        }
    }
    join_islands(edges.into_iter().collect(), count, &mut rng)
}

/// Barabási and Albert (1999): it begins with `degree + 1` nodes that all know each other; each newcomer links to `degree` others,
/// chosen by how many links they have.
pub fn scale_free(count: u32, degree: u32, seed: u64) -> Vec<(u32, u32)> {
    let mut rng = generator(seed);
    let degree = degree.clamp(1, count.saturating_sub(1).max(1));
    let mut edges = super::regular::full(count.min(degree + 1));
    // Each node once for each of its links: a fair draw from this list favours those with many.
    let mut ends: Vec<u32> = edges.iter().flat_map(|(a, b)| [*a, *b]).collect();
    for newcomer in degree + 1..count {
        let mut chosen = BTreeSet::new();
        while chosen.len() < degree as usize {
            chosen.insert(ends[rng.random_range(0..ends.len())]);
        }
        for other in chosen {
            edges.push((other, newcomer));
            ends.extend([other, newcomer]);
        }
    }
    edges
}

/// Links each further island's lowest node to somebody below it.
fn join_islands(edges: Vec<(u32, u32)>, count: u32, rng: &mut ChaCha8Rng) -> Vec<(u32, u32)> {
    let mut edges = tidy(edges, count);
    for lowest in islands(&edges, count).into_iter().skip(1) {
        // Whoever is below an island's lowest node belongs to an earlier island.
        edges.push((rng.random_range(0..lowest), lowest));
    }
    edges
}
