//! Who does what to a network, and when: the timeline, faults by hand, and the traffic. A state machine without clock or chance; what
//! comes out of it is the same on either engine.
//!
//! What holds at a moment follows from the plan and from the faults that are active then, in the order in which they began: ending one
//! restores what the others leave.
//!
//! | File | Its story |
//! |---|---|
//! | `effect` | what the active faults together do to links and nodes |
//! | `view` | what people are shown of it |
//! | `words` | a fault as a short sentence |

mod effect;
mod view;
mod words;

#[cfg(test)]
mod tests;

pub use words::{chosen, fault_words, seconds};

use super::limits::{MAX_FAULTS, MAX_MESHED};
use super::scenario::{Fault, TimelineEntry};
use super::{Payment, Plan, Selection, Traffic};
use crate::link::LinkModel;
use effect::{Effect, Life};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Something for an engine to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// One direction of a link behaves so from now on.
    SetLink {
        /// Sender.
        from: u32,
        /// Receiver.
        to: u32,
        /// How it behaves.
        model: LinkModel,
    },
    /// End a node as `kill -9` does.
    Kill(u32),
    /// Start a node that does not run.
    Start(u32),
    /// A node says goodbye and ends.
    Leave(u32),
    /// Stand a node still, or let it go on.
    Pause(u32, bool),
    /// A node's clock is off by so many milliseconds.
    SkewClock(u32, i64),
    /// A node's store fails every commit, or works again.
    DiskFull(u32, bool),
    /// A transfer.
    Pay(Payment),
}

/// Who set a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The preset's timeline.
    Timeline,
    /// Somebody at the dashboard.
    Hand,
}

/// A fault that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Active {
    /// Its number, as shown; never given twice in a run.
    pub number: u32,
    /// What it does.
    pub fault: Fault,
    /// Who set it.
    pub by: By,
    /// Since when, since the start of the run.
    pub since: Duration,
    /// When it ends by itself; `None`: it stays.
    pub until: Option<Duration>,
    /// Nodes that it no longer holds down: they were started again.
    spared: BTreeSet<u32>,
    /// Its place among what was done by hand.
    entry: Option<usize>,
}

/// Why something cannot be done; in one sentence, for the reader of the dashboard.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A node that is not there.
    #[error("there is no n{0}: choose another node")]
    NoNode(u32),
    /// Already down.
    #[error("n{0} is down already: restart it first")]
    Down(u32),
    /// Nothing would change.
    #[error("no link goes from {from} to {to}: choose two nodes that are linked")]
    NoLink {
        /// Senders.
        from: Selection,
        /// Receivers.
        to: Selection,
    },
    /// Links that come up by themselves would go around it.
    #[error("with more than {MAX_MESHED} nodes that look for peers a partition has holes: cut off nodes of a smaller network")]
    Leaks,
    /// It stands still by a fault that nobody set by hand.
    #[error("n{node} stands still by fault #{number} of the scenario: undo that one")]
    Paused {
        /// Which.
        node: u32,
        /// The fault's number.
        number: u32,
    },
    /// No such fault.
    #[error("fault #{0} does not hold (any more): the faults that do are listed with their numbers")]
    NoFault(u32),
    /// Nothing to undo.
    #[error("no fault holds: there is nothing to undo")]
    Nothing,
    /// Too many.
    #[error("{MAX_FAULTS} faults hold already: undo some first")]
    TooMany,
}

struct Payments {
    traffic: Traffic,
    next: Payment,
    due: Duration,
}

/// The state machine.
pub struct Director {
    count: u32,
    /// Of all pairs that a fault may part, linked or not.
    base: BTreeMap<(u32, u32), LinkModel>,
    /// The pairs between which there are links, or were, or may come up.
    linked: BTreeSet<(u32, u32)>,
    /// Whether links come up that no fault can part.
    leaks: bool,
    script: Vec<TimelineEntry>,
    next: usize,
    active: Vec<Active>,
    numbers: u32,
    /// Whether each node would run if no fault kept it down.
    wanted: Vec<bool>,
    /// What the engine was last told.
    told: Effect,
    payments: Option<Payments>,
    by_hand: Vec<TimelineEntry>,
    /// What happened since it was last asked, in words.
    news: Vec<String>,
}

impl Director {
    /// Before the start. The engine's links are clear and none of its nodes runs: [`Director::begin`] says what to do first.
    pub fn new(plan: &Plan) -> Self {
        let mut script = plan.timeline.clone();
        // Stable: of one moment, the file's order counts.
        script.sort_by_key(|entry| entry.at);
        let payments = plan.traffic().and_then(|mut traffic| {
            let next = traffic.next()?;
            Some(Payments { due: next.gap, next, traffic })
        });
        Self {
            count: plan.count,
            base: plan.links.iter().chain(&plan.others).map(|(pair, model)| (*pair, *model)).collect(),
            linked: plan.links.keys().copied().collect(),
            leaks: plan.seeks_peers && plan.count > MAX_MESHED,
            script,
            next: 0,
            active: Vec::new(),
            numbers: 0,
            wanted: (0..plan.count).map(|node| !plan.late.contains(&node)).collect(),
            told: Effect::before_start(plan.count),
            payments,
            by_hand: Vec::new(),
            news: Vec::new(),
        }
    }

    /// Sets the links and starts the nodes.
    pub fn begin(&mut self, out: &mut Vec<Action>) {
        self.settle(out);
        self.advance(Duration::ZERO, out);
    }

    /// Two nodes have a link, drawn or not: faults from now on are its own, too. Whether that is news.
    pub fn met(&mut self, one: u32, other: u32) -> bool {
        let mut met = |pair| {
            // Of more nodes than have a model for each pair: clear, as the engine has it.
            self.base.entry(pair).or_default();
            self.linked.insert(pair)
        };
        met((one, other)) | met((other, one))
    }

    /// When [`Director::advance`] has something to do next.
    pub fn due(&self) -> Option<Duration> {
        let expiry = self.active.iter().filter_map(|active| active.until).min();
        let entry = self.script.get(self.next).map(|entry| entry.at);
        let payment = self.payments.as_ref().map(|payments| payments.due);
        [expiry, entry, payment].into_iter().flatten().min()
    }

    /// Does what has become due, in the order of time.
    pub fn advance(&mut self, elapsed: Duration, out: &mut Vec<Action>) {
        while let Some(at) = self.due().filter(|at| *at <= elapsed) {
            let ended: Vec<_> =
                self.active.iter().filter(|active| active.until.is_some_and(|until| until <= at)).cloned().collect();
            self.active.retain(|active| active.until.is_none_or(|until| until > at));
            let changed = !ended.is_empty();
            for active in ended {
                self.news.push(format!("fault #{} is over: {}", active.number, fault_words(&active.fault)));
                self.after(&active);
            }
            if changed {
                self.settle(out);
            }
            while let Some(entry) = self.script.get(self.next).filter(|entry| entry.at <= at).cloned() {
                self.next += 1;
                self.carry_out(at, entry.fault, entry.lasts, By::Timeline, out);
            }
            if let Some(payments) = &mut self.payments
                && payments.due <= at
            {
                out.push(Action::Pay(payments.next));
                match payments.traffic.next() {
                    Some(next) => {
                        payments.due += next.gap;
                        payments.next = next;
                    }
                    None => self.payments = None,
                }
            }
        }
    }

    /// Makes no more transfers.
    pub fn end_traffic(&mut self) {
        self.payments = None;
    }

    /// Does something by hand. What was done, in words.
    ///
    /// # Errors
    /// [`Refusal`], where it would change nothing.
    pub fn inject(
        &mut self,
        elapsed: Duration,
        fault: Fault,
        lasts: Option<Duration>,
        out: &mut Vec<Action>,
    ) -> Result<String, Refusal> {
        self.check(&fault)?;
        self.by_hand.push(TimelineEntry { at: elapsed, fault: fault.clone(), lasts });
        Ok(self.carry_out(elapsed, fault, lasts, By::Hand, out))
    }

    /// Stands a node still, or lets it go on if that was done to it by hand. What was done, in words.
    ///
    /// # Errors
    /// [`Refusal`], where it would change nothing.
    pub fn toggle_pause(
        &mut self,
        elapsed: Duration,
        node: u32,
        lasts: Option<Duration>,
        out: &mut Vec<Action>,
    ) -> Result<String, Refusal> {
        let pauses = |active: &&Active| matches!(&active.fault, Fault::Pause(nodes) if nodes.contains(node));
        let mut pauses = self.active.iter().rev().filter(pauses);
        // Newest first; what a hand did a hand undoes, though the scenario may hold the node all the same.
        match pauses.clone().find(|active| active.by == By::Hand).or_else(|| pauses.next()) {
            Some(Active { by: By::Hand, number, .. }) => {
                let number = *number;
                self.undo(elapsed, Some(number), out)
            }
            Some(Active { number, .. }) => Err(Refusal::Paused { node, number: *number }),
            None => self.inject(elapsed, Fault::Pause(chosen([node])), lasts, out),
        }
    }

    /// Ends the fault with this number, or the one set last. What was undone, in words.
    ///
    /// # Errors
    /// [`Refusal`], where there is none.
    pub fn undo(&mut self, elapsed: Duration, number: Option<u32>, out: &mut Vec<Action>) -> Result<String, Refusal> {
        let place = match number {
            Some(number) => self.active.iter().position(|active| active.number == number).ok_or(Refusal::NoFault(number))?,
            None => self.active.len().checked_sub(1).ok_or(Refusal::Nothing)?,
        };
        let active = self.active.remove(place);
        self.end(elapsed, &active);
        self.settle(out);
        Ok(format!("undid fault #{}: {}", active.number, fault_words(&active.fault)))
    }

    /// Ends all faults. How many there were.
    pub fn clear(&mut self, elapsed: Duration, out: &mut Vec<Action>) -> usize {
        let ended = std::mem::take(&mut self.active);
        for active in &ended {
            self.end(elapsed, active);
        }
        self.settle(out);
        ended.len()
    }

    /// What was done by hand, as it would stand on a timeline: what was undone early lasts as long as it did.
    pub fn by_hand(&self) -> &[TimelineEntry] {
        &self.by_hand
    }

    /// The faults that hold, in the order in which they began.
    pub fn active(&self) -> &[Active] {
        &self.active
    }

    /// Whether the node runs, as far as the engine was told.
    pub fn is_up(&self, node: u32) -> bool {
        self.told.life(node) == Some(Life::Up)
    }

    /// What happened on the timeline since this was last called, in words.
    pub fn news(&mut self) -> Vec<String> {
        std::mem::take(&mut self.news)
    }

    fn end(&mut self, elapsed: Duration, active: &Active) {
        if let Some(entry) = active.entry.and_then(|entry| self.by_hand.get_mut(entry)) {
            entry.lasts = Some(elapsed.saturating_sub(active.since));
        }
        self.after(active);
    }

    /// What the end of a fault brings about by itself: those who joined for a time leave.
    fn after(&mut self, active: &Active) {
        if let Fault::Join(nodes) = &active.fault {
            self.want(nodes, false);
        }
    }

    fn check(&self, fault: &Fault) -> Result<(), Refusal> {
        if self.active.len() >= MAX_FAULTS {
            return Err(Refusal::TooMany);
        }
        let highest = |selection: &Selection| match selection.highest() {
            Some(highest) if highest >= self.count => Err(Refusal::NoNode(highest)),
            _ => Ok(()),
        };
        match fault {
            Fault::Link { from, to, both_ways, .. } => {
                highest(from)?;
                highest(to)?;
                let touched = self.linked.iter().any(|pair| effect::touches(from, to, *both_ways, *pair));
                if touched { Ok(()) } else { Err(Refusal::NoLink { from: from.clone(), to: to.clone() }) }
            }
            Fault::Partition { .. } if self.leaks => Err(Refusal::Leaks),
            Fault::Partition { groups } => groups.iter().try_for_each(highest),
            Fault::Kill(nodes) | Fault::Leave(nodes) | Fault::Pause(nodes) => {
                highest(nodes)?;
                let mut chosen = (0..self.count).filter(|node| nodes.contains(*node));
                match (chosen.clone().any(|node| self.is_up(node)), chosen.next()) {
                    (false, Some(first)) => Err(Refusal::Down(first)),
                    _ => Ok(()),
                }
            }
            Fault::Restart(nodes) | Fault::Join(nodes) | Fault::DiskFull(nodes) | Fault::ClockSkew { nodes, .. } => {
                highest(nodes)
            }
        }
    }

    fn carry_out(&mut self, at: Duration, fault: Fault, lasts: Option<Duration>, by: By, out: &mut Vec<Action>) -> String {
        let text = fault_words(&fault);
        let stays = match &fault {
            Fault::Restart(nodes) => {
                self.restart(nodes, out);
                false
            }
            Fault::Join(nodes) => {
                self.spare(nodes);
                self.want(nodes, true);
                lasts.is_some()
            }
            _ => true,
        };
        let said = if stays {
            self.numbers += 1;
            let entry = (by == By::Hand).then(|| self.by_hand.len().saturating_sub(1));
            let until = lasts.map(|lasts| at.saturating_add(lasts));
            self.active.push(Active { number: self.numbers, fault, by, since: at, until, spared: BTreeSet::new(), entry });
            let time = lasts.map_or_else(String::new, |lasts| format!(" for {}", seconds(lasts)));
            format!("fault #{}: {text}{time}", self.numbers)
        } else {
            text
        };
        if by == By::Timeline {
            self.news.push(said.clone());
        }
        self.settle(out);
        said
    }

    /// Those that run are killed first.
    fn restart(&mut self, nodes: &Selection, out: &mut Vec<Action>) {
        for node in (0..self.count).filter(|node| nodes.contains(*node)) {
            if self.is_up(node) {
                out.push(Action::Kill(node));
                self.told.set_life(node, Life::Killed);
            }
        }
        self.spare(nodes);
        self.want(nodes, true);
    }

    /// No fault keeps these nodes down any more; one that keeps nobody down is over.
    fn spare(&mut self, nodes: &Selection) {
        let count = self.count;
        self.active.retain_mut(|active| {
            let (Fault::Kill(kept) | Fault::Leave(kept)) = &active.fault else { return true };
            active.spared.extend((0..count).filter(|node| kept.contains(*node) && nodes.contains(*node)));
            (0..count).any(|node| kept.contains(node) && !active.spared.contains(&node))
        });
    }

    fn want(&mut self, nodes: &Selection, runs: bool) {
        for (node, wanted) in (0..).zip(&mut self.wanted) {
            if nodes.contains(node) {
                *wanted = runs;
            }
        }
    }

    /// Brings the engine from what it was last told to what holds now.
    fn settle(&mut self, out: &mut Vec<Action>) {
        let wanted = Effect::of(&self.base, &self.wanted, &self.active);
        self.told.turn_into(wanted, out);
    }
}
