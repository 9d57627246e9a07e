//! A scenario from a seed.

use super::limits::{CLOCK_SKEW, FAULT, FAULTS, NODES, RUN};
use super::plan::Plan;
use crate::cluster::Selection;
use crate::cluster::scenario::{Adversaries, Fault, LinkChange, Misbehaviour, TimelineEntry};
use crate::link::LinkModel;
use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use std::collections::BTreeSet;
use std::time::Duration;

const MS: Duration = Duration::from_millis(1);

/// The scenario of this seed: a network of honest nodes linked to each other, fewer than a third of adversaries, links from loopback to bad,
/// some traffic, and faults that are all over when it ends.
pub fn scenario(seed: u64) -> Plan {
    let mut rng = ChaCha8Rng::seed_from_u64(seed ^ u64::from_le_bytes(*b"scenario"));
    let nodes = rng.random_range(NODES.0..=NODES.1);
    let bad = rng.random_range(0..=(nodes - 1) / 3);
    let honest = nodes - bad;
    let duration = Duration::from_secs(rng.random_range(RUN.0.as_secs()..=RUN.1.as_secs()));
    let mut miners: BTreeSet<u32> = (0..honest).filter(|_| rng.random_range(0..2) == 0).collect();
    // With one miner there is never a fork; two at least, and more than there are adversaries.
    miners.extend(0..(bad + 2).min(honest));
    let adversaries: Vec<_> = (honest..nodes)
        .map(|node| Adversaries { nodes: Selection::of_nodes([node]), misbehaviour: misbehaviour(&mut rng) })
        .collect();
    miners.extend((honest..nodes).filter(|_| rng.random_range(0..2) == 0));
    Plan {
        seed,
        nodes,
        miners: miners.into_iter().collect(),
        edges: edges(&mut rng, honest, nodes),
        links: links(&mut rng),
        transactions_per_second: rng.random_range(0..=4),
        timeline: timeline(&mut rng, nodes, duration),
        adversaries,
        duration,
    }
}

/// A tree of the honest, some links more, and adversaries linked to some of them.
fn edges(rng: &mut ChaCha8Rng, honest: u32, nodes: u32) -> Vec<(u32, u32)> {
    let mut edges = BTreeSet::new();
    for node in 1..honest {
        edges.insert((rng.random_range(0..node), node));
    }
    for _ in 0..rng.random_range(0..=honest) {
        let (a, b) = (rng.random_range(0..honest), rng.random_range(0..honest));
        if a != b {
            edges.insert((a.min(b), a.max(b)));
        }
    }
    for node in honest..nodes {
        for _ in 0..rng.random_range(1..=3) {
            edges.insert((rng.random_range(0..node), node));
        }
    }
    edges.into_iter().collect()
}

fn links(rng: &mut ChaCha8Rng) -> LinkModel {
    match rng.random_range(0..4) {
        0 => LinkModel::default(),
        1 => LinkModel { latency: 20 * MS, jitter: 5 * MS, ..LinkModel::default() },
        2 => LinkModel { latency: 100 * MS, jitter: 40 * MS, loss: 10_000, bandwidth: Some(1_000_000), ..LinkModel::default() },
        _ => LinkModel {
            latency: 250 * MS,
            jitter: 100 * MS,
            loss: 30_000,
            bandwidth: Some(125_000),
            reorder: 10_000,
            duplicate: 10_000,
            ..LinkModel::default()
        },
    }
}

fn misbehaviour(rng: &mut ChaCha8Rng) -> Misbehaviour {
    match rng.random_range(0..11) {
        0 => Misbehaviour::Silent,
        1 => Misbehaviour::Slow(rng.random_range(100..=8_000) * MS),
        2 => Misbehaviour::Spam(rng.random_range(10..=60)),
        3 => Misbehaviour::InvalidBlocks,
        4 => Misbehaviour::InvalidTransactions,
        5 => Misbehaviour::HeaderFlood,
        6 => Misbehaviour::Withholding,
        7 => Misbehaviour::Equivocation,
        8 => Misbehaviour::StaleAnnouncer,
        9 => Misbehaviour::SlowLoris,
        _ => Misbehaviour::BanBaiting,
    }
}

fn timeline(rng: &mut ChaCha8Rng, nodes: u32, duration: Duration) -> Vec<TimelineEntry> {
    let mut entries: Vec<_> = (0..rng.random_range(0..=FAULTS))
        .map(|_| {
            let lasts = rng.random_range(FAULT.0.as_millis() as u32..=FAULT.1.as_millis() as u32) * MS;
            let latest = duration.saturating_sub(lasts).as_millis() as u32;
            TimelineEntry { at: rng.random_range(0..=latest) * MS, fault: fault(rng, nodes), lasts: Some(lasts) }
        })
        .collect();
    entries.sort_by_key(|entry| entry.at);
    entries
}

/// One or two nodes.
fn few(rng: &mut ChaCha8Rng, nodes: u32) -> BTreeSet<u32> {
    (0..rng.random_range(1..=2)).map(|_| rng.random_range(0..nodes)).collect()
}

fn fault(rng: &mut ChaCha8Rng, nodes: u32) -> Fault {
    match rng.random_range(0..9) {
        0 => {
            // The first on one side, the last on the other, so that there are two.
            let side = (1..nodes - 1).filter(|_| rng.random_range(0..2) == 0);
            Fault::Partition { groups: vec![Selection::of_nodes(std::iter::once(0).chain(side))] }
        }
        kind @ 1..=3 => {
            let change = match kind {
                1 => LinkChange { cut: Some(true), ..LinkChange::default() },
                2 => LinkChange {
                    latency: Some(rng.random_range(100..=1_500) * MS),
                    jitter: Some(rng.random_range(0..=500) * MS),
                    loss: Some(rng.random_range(0..=100_000)),
                    ..LinkChange::default()
                },
                _ => LinkChange {
                    bandwidth: Some(rng.random_range(2_000..=20_000)),
                    corrupt: Some(rng.random_range(0..=5_000)),
                    ..LinkChange::default()
                },
            };
            let (from, to) = (Selection::of_nodes(few(rng, nodes)), Selection::of_nodes(few(rng, nodes)));
            Fault::Link { from, to, both_ways: rng.random_range(0..2) == 0, change }
        }
        4 => Fault::Pause(Selection::of_nodes(few(rng, nodes))),
        5 => Fault::Kill(Selection::of_nodes(few(rng, nodes))),
        6 => Fault::Leave(Selection::of_nodes(few(rng, nodes))),
        7 => Fault::DiskFull(Selection::of_nodes(few(rng, nodes))),
        _ => Fault::ClockSkew {
            nodes: Selection::of_nodes(few(rng, nodes)),
            by: Duration::from_secs(rng.random_range(1..=CLOCK_SKEW.as_secs())),
            back: rng.random_range(0..2) == 0,
        },
    }
}
