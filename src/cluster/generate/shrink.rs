//! Makes a failing scenario small: takes away whatever the failure does not need.

use super::plan::Plan;
use crate::link::LinkModel;
use std::time::Duration;

/// Seeds tried for each smaller scenario.
const SEEDS: u64 = 3;
/// Shortest run worth trying.
const SHORTEST: Duration = Duration::from_secs(5);

/// The smallest scenario found that `fails` as the given one does: fewer nodes, adversaries, faults, links and miners, no traffic, plain
/// links, shorter. Each step takes one thing away and keeps the change if the scenario still fails, until nothing more can go.
///
/// `fails` is called some dozens of times for each seed tried. If it does not hold for `plan` itself, `plan` comes back as it is.
pub fn shrink(plan: &Plan, mut fails: impl FnMut(&Plan) -> bool) -> Plan {
    let mut small = plan.clone();
    loop {
        let sound = smaller_ones(&small).filter(Plan::is_sound);
        let smaller = sound.flat_map(reseeded).find(|candidate| fails(candidate));
        match smaller {
            Some(candidate) => small = candidate,
            None => return small,
        }
    }
}

/// The plan, and as it would go with other chances: whatever is taken away moves all that chance decides later, and what failed by an
/// unlucky draw must not keep everything that came before the draw.
fn reseeded(plan: Plan) -> impl Iterator<Item = Plan> {
    (0..SEEDS).map(move |more| Plan { seed: plan.seed.wrapping_add(more), ..plan.clone() })
}

/// All that are one step smaller, the largest steps first.
fn smaller_ones(plan: &Plan) -> impl Iterator<Item = Plan> + '_ {
    let nodes = (0..plan.nodes).rev().map(|node| plan.without_node(node));
    let honest = (0..plan.adversaries.len()).map(|place| {
        let mut adversaries = plan.adversaries.clone();
        adversaries.remove(place);
        Plan { adversaries, ..plan.clone() }
    });
    let faults = (0..plan.timeline.len()).map(|place| {
        let mut timeline = plan.timeline.clone();
        timeline.remove(place);
        Plan { timeline, ..plan.clone() }
    });
    let plain = (plan.links != LinkModel::default()).then(|| Plan { links: LinkModel::default(), ..plan.clone() });
    let quiet = (plan.transactions_per_second > 0).then(|| Plan { transactions_per_second: 0, ..plan.clone() });
    let miners = (0..plan.miners.len()).map(|place| {
        let mut miners = plan.miners.clone();
        miners.remove(place);
        Plan { miners, ..plan.clone() }
    });
    let edges = (0..plan.edges.len()).map(|place| {
        let mut edges = plan.edges.clone();
        edges.remove(place);
        Plan { edges, ..plan.clone() }
    });
    nodes.chain(faults).chain(honest).chain(plain).chain(quiet).chain(shorter(plan)).chain(miners).chain(edges)
}

/// Three quarters as long, with the faults as far as they fit.
fn shorter(plan: &Plan) -> Option<Plan> {
    let duration = Duration::from_secs(plan.duration.as_secs() * 3 / 4);
    let mut timeline = plan.timeline.clone();
    timeline.retain(|entry| entry.at < duration);
    for entry in &mut timeline {
        entry.lasts = entry.lasts.map(|lasts| lasts.min(duration - entry.at));
    }
    (duration >= SHORTEST).then(|| Plan { duration, timeline, ..plan.clone() })
}
