//! What must hold in every scenario, and what did not.

use super::limits::{COMPARE, GRACE, LOOK};
use super::plan::Plan;
use super::stage::{Stage, address};
use crate::chain::Hash256;
use crate::node::{Event, Node, Stamped};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Something that must never happen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Violation {
    /// They had their time.
    #[error("the honest nodes do not agree {grace:?} after the end: {tips}")]
    NoAgreement {
        /// How long they had.
        grace: Duration,
        /// Each one's height and tip, in words.
        tips: String,
    },
    /// The network stood still.
    #[error("the honest nodes did not find a single block in {0:?} after the last fault")]
    NoGrowth(Duration),
    /// An honest node punished an honest one.
    #[error("n{by} punished n{of}, which is honest: {why}")]
    HonestBlamed {
        /// Who did.
        by: u32,
        /// Whom.
        of: u32,
        /// Why, in its words.
        why: String,
    },
    /// Something grew beyond its bound.
    #[error("n{node} holds more than it may: {what}")]
    OverBudget {
        /// Which node.
        node: u32,
        /// What, in words.
        what: String,
    },
    /// Coins appeared or vanished.
    #[error("the balances on n{node} at height {height} sum up to {sum}, {wanted} were made")]
    Supply {
        /// Which node.
        node: u32,
        /// The height of its tip.
        height: u64,
        /// All balances.
        sum: u128,
        /// The allocation and all rewards.
        wanted: u128,
    },
    /// A state that is not the one its header tells of.
    #[error("the state of n{0} does not have the root that its tip's header names")]
    StateRoot(u32),
    /// A node that should run does not.
    #[error("n{0} does not run at the end")]
    Down(u32),
}

/// What came of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// What was violated, in the order in which it was noticed, each kind once for each node.
    pub violations: Vec<Violation>,
    /// The honest nodes' lowest height.
    pub height: u64,
    /// The deepest reorg on an honest node, in blocks.
    pub deepest_reorg: u64,
    /// Bans of adversaries.
    pub bans: usize,
    /// Drops of an honest node's reputation with an honest one, below what bans or parts: each reason and how often.
    pub slips: BTreeMap<String, usize>,
    /// The hash of its history: the same plan always gives the same.
    pub trace: Hash256,
}

/// Plays a scenario in the simulation and looks at what must hold: at every second that no budget is exceeded, and in the end that the honest
/// nodes agree, go on, and kept their books. Throughout, that none of them bans another or parts with it for its reputation.
pub fn check(plan: &Plan) -> Outcome {
    let events = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&events);
    let honest = plan.honest();
    let watched: BTreeSet<u32> = honest.iter().copied().collect();
    let wanted = move |stamped: &Stamped| {
        watched.contains(&stamped.node)
            && matches!(
                stamped.event,
                Event::Banned { .. } | Event::Disconnected { .. } | Event::Reputation { .. } | Event::Reorg { .. }
            )
    };
    let mut stage = Stage::new(
        plan,
        Arc::new(move |stamped| {
            if wanted(&stamped) {
                sink.lock().unwrap_or_else(PoisonError::into_inner).push(stamped);
            }
        }),
    );
    let mut violations = Vec::new();
    let mut time = Duration::ZERO;
    while time < plan.duration {
        time = (time + LOOK).min(plan.duration);
        stage.run_until(time);
        budgets(&stage, &honest, &mut violations);
    }
    let before = lowest(&stage, &honest);
    let end = plan.duration + GRACE;
    let mut agreed = false;
    while !agreed && time < end {
        time = (time + COMPARE).min(end);
        stage.run_until(time);
        let tips: Vec<_> = honest.iter().map(|node| stage.sim().node(*node as usize).map(|node| node.ledger().tip())).collect();
        agreed = tips.iter().all(|tip| *tip == tips[0]) && tips[0].is_some_and(|tip| tip.height > before);
    }
    if !agreed {
        let tips: BTreeSet<_> =
            honest.iter().map(|node| stage.sim().node(*node as usize).map(|node| node.ledger().tip().id)).collect();
        violations.push(match tips.len() {
            1 => Violation::NoGrowth(GRACE),
            _ => Violation::NoAgreement { grace: GRACE, tips: words(&stage, &honest) },
        });
    }
    budgets(&stage, &honest, &mut violations);
    for index in &honest {
        match stage.sim().node(*index as usize) {
            Some(node) => books(*index, node, &mut violations),
            None => violations.push(Violation::Down(*index)),
        }
    }
    let mut outcome = Outcome {
        violations,
        height: lowest(&stage, &honest),
        deepest_reorg: 0,
        bans: 0,
        slips: BTreeMap::new(),
        trace: stage.sim().trace_hash(),
    };
    let events = events.lock().unwrap_or_else(PoisonError::into_inner);
    events.iter().for_each(|stamped| judge(plan, &honest, stamped, &mut outcome));
    outcome
}

/// What an honest node did to another.
fn judge(plan: &Plan, honest: &[u32], stamped: &Stamped, outcome: &mut Outcome) {
    let honest = |id| honest.iter().copied().find(|node| address(plan, *node) == id);
    let (peer, why) = match &stamped.event {
        Event::Reorg { depth, .. } => {
            outcome.deepest_reorg = outcome.deepest_reorg.max(*depth);
            return;
        }
        Event::Reputation { peer, delta, reason, .. } => {
            if *delta < 0 && honest(*peer).is_some() {
                *outcome.slips.entry(reason.clone()).or_default() += 1;
            }
            return;
        }
        Event::Banned { peer, reason, .. } => {
            outcome.bans += usize::from(honest(*peer).is_none());
            (*peer, reason)
        }
        // These words are the node's own: see its `reputation`.
        Event::Disconnected { peer, why, .. } if why.starts_with("its reputation fell too low") => (*peer, why),
        _ => return,
    };
    if let Some(of) = honest(peer) {
        let violation = Violation::HonestBlamed { by: stamped.node, of, why: why.clone() };
        if !outcome.violations.contains(&violation) {
            outcome.violations.push(violation);
        }
    }
}

fn budgets(stage: &Stage, honest: &[u32], violations: &mut Vec<Violation>) {
    for index in honest {
        let over = stage.sim().node(*index as usize).and_then(Node::over_budget);
        let known = violations.iter().any(|known| matches!(known, Violation::OverBudget { node, .. } if node == index));
        if let Some(what) = over.filter(|_| !known) {
            violations.push(Violation::OverBudget { node: *index, what });
        }
    }
}

/// Coins are made by rewards and by nothing else, and the state is the header's.
fn books(index: u32, node: &Node, violations: &mut Vec<Violation>) {
    let ledger = node.ledger();
    let tip = ledger.tip();
    let sum: u128 = ledger.state().iter().map(|(_, account)| u128::from(account.balance)).sum();
    let allocated: u128 = ledger.spec().allocation.iter().map(|(_, balance)| u128::from(*balance)).sum();
    let wanted = allocated + u128::from(ledger.spec().reward) * u128::from(tip.height);
    if sum != wanted {
        violations.push(Violation::Supply { node: index, height: tip.height, sum, wanted });
    }
    if ledger.header(&tip.id).is_none_or(|header| header.state_root != ledger.state().root()) {
        violations.push(Violation::StateRoot(index));
    }
}

fn lowest(stage: &Stage, honest: &[u32]) -> u64 {
    let heights = honest.iter().map(|node| stage.sim().node(*node as usize).map_or(0, |node| node.ledger().tip().height));
    heights.min().unwrap_or(0)
}

fn words(stage: &Stage, honest: &[u32]) -> String {
    let each = honest.iter().map(|index| match stage.sim().node(*index as usize) {
        Some(node) => {
            let (tip, best) = (node.ledger().tip(), node.ledger().best_header());
            format!(
                "n{index} at {} {} (headers to {}, {} peers)",
                tip.height,
                tip.id.short(),
                best.height,
                node.ready_peers().len()
            )
        }
        None => format!("n{index} down"),
    });
    each.collect::<Vec<_>>().join(", ")
}
