//! A scenario as a preset, so that it can be kept, read and played again.

use super::limits::{BLOCK_TIME, GRACE, TRIES_PER_SECOND};
use super::plan::Plan;
use crate::cluster::limits::MAX_BLOCK_TRANSACTIONS;
use crate::cluster::scenario::{Bounds, EngineKind, Expectation, Fault, LinkChange, What, When};
use crate::cluster::{Chain, Links, Mining, Nodes, Preset, Selection, Settings, Topology, TrafficRate};
use crate::link::LinkModel;
use std::time::Duration;

impl Plan {
    /// The scenario as a preset, with those of its invariants that a preset can state: the honest agree, and none of them is banned.
    pub fn to_preset(&self) -> Preset {
        let honest = Selection::of_nodes(self.honest());
        let end = self.duration + GRACE;
        Preset {
            name: format!("scenario-{}", self.seed),
            title: format!("Scenario {}", self.seed),
            about: "Made from a seed: whatever fails and whoever misbehaves, the honest agree in the end.".to_owned(),
            seed: self.seed,
            engine: EngineKind::Simulation,
            duration: Some(end),
            nodes: Nodes {
                count: self.nodes,
                mining: Some(Mining {
                    nodes: Selection::of_nodes(self.miners.iter().copied()),
                    tries_per_second: TRIES_PER_SECOND,
                    block_time: BLOCK_TIME,
                }),
                starts: Selection::All,
                settings: Settings::default(),
                groups: Vec::new(),
            },
            // The bound fits.
            chain: Chain { blocks: 0, nodes: Selection::All, max_transactions: MAX_BLOCK_TRANSACTIONS as u32 },
            topology: Topology::Edges(self.edges.clone()),
            links: Links { profile: None, change: change_of(&self.links), between: Vec::new() },
            traffic: TrafficRate { transactions_per_second: f64::from(self.transactions_per_second) },
            // A link that is not there cannot change.
            timeline: self.timeline.iter().filter(|entry| self.touches_a_link(&entry.fault)).cloned().collect(),
            adversaries: self.adversaries.clone(),
            expectations: vec![
                Expectation { what: What::SameTip, nodes: honest.clone(), bounds: Bounds::default(), when: When::By(end) },
                Expectation {
                    what: What::BansOf,
                    nodes: honest,
                    bounds: Bounds { at_least: None, at_most: Some(0.0) },
                    when: When::AtEnd,
                },
            ],
        }
    }

    fn touches_a_link(&self, fault: &Fault) -> bool {
        let Fault::Link { from, to, .. } = fault else { return true };
        self.edges.iter().any(|(a, b)| [(a, b), (b, a)].into_iter().any(|(a, b)| from.contains(*a) && to.contains(*b)))
    }

    /// The same as TOML.
    pub fn to_toml(&self) -> String {
        self.to_preset().to_toml()
    }
}

/// A whole model as a change of a clear link.
fn change_of(model: &LinkModel) -> LinkChange {
    let parts = |parts: u32| (parts > 0).then_some(parts);
    let delay = |delay: Duration| (delay > Duration::ZERO).then_some(delay);
    LinkChange {
        latency: delay(model.latency),
        jitter: delay(model.jitter),
        loss: parts(model.loss),
        bandwidth: model.bandwidth,
        reorder: parts(model.reorder),
        duplicate: parts(model.duplicate),
        corrupt: parts(model.corrupt),
        cut: model.cut.then_some(true),
    }
}
