//! Whether what must come out does: expectations, judged from the events of the nodes alone.
//!
//! Everything is counted as it happens, so that judging a thousand nodes costs little more than ten. What is judged depends only on the
//! events and their times, never on when somebody looks.
//!
//! | File | Its story |
//! |---|---|
//! | `facts` | what is known of each node |
//! | `spread` | how blocks and transactions travel from node to node |
//! | `histogram` | durations counted in bounded memory, and their median |
//! | `gauge` | one measure of one expectation, and whether it is within its bounds |
//! | `tally` | a multiset with a lowest and a highest member |
//! | `words` | the expectation as a sentence, the measure in words, the names of events |

mod facts;
mod gauge;
mod histogram;
mod spread;
mod tally;
mod words;

#[cfg(test)]
mod tests;

pub use facts::{Facts, RoundTrips};
pub use spread::{Spread, Travel};
pub use words::{event_kind, expectation_words};

use super::Plan;
use super::director::seconds;
use super::scenario::{Expectation, What, When};
use crate::node::{Stamped, Time};
use gauge::Gauge;
use rumormill_ui::model::{ExpectationLine, Verdict};
use std::time::Duration;

/// One expectation and how it stands.
struct Watch {
    expectation: Expectation,
    gauge: Gauge,
    verdict: Verdict,
    /// When the verdict was reached.
    at: Option<Duration>,
    /// The measure in words, as it was when the verdict was reached.
    measured: Option<String>,
    /// From when on a [`When::By`] is judged: what held before the last disturbance says nothing.
    from: Duration,
}

/// The judge of one run.
pub struct Judge {
    start: Time,
    facts: Facts,
    watches: Vec<Watch>,
    /// Up to when it has judged.
    now: Duration,
    ended: bool,
}

impl Judge {
    /// Before the first event of a run that starts at `start`.
    pub fn new(plan: &Plan, start: Time) -> Self {
        let watches = (plan.expectations.iter())
            .map(|expectation| Watch {
                gauge: Gauge::new(expectation, plan),
                verdict: Verdict::Pending,
                at: None,
                measured: None,
                from: judged_from(plan, expectation),
                expectation: expectation.clone(),
            })
            .collect();
        Self { start, facts: Facts::new(plan), watches, now: Duration::ZERO, ended: false }
    }

    /// Takes one event; they come in the order of time.
    pub fn see(&mut self, stamped: &Stamped) {
        self.advance(stamped.at.since(self.start));
        let change = self.facts.see(stamped);
        for watch in &mut self.watches {
            if watch.gauge.see(stamped, &self.facts, &change) {
                watch.look(self.now, &self.facts);
            }
        }
    }

    /// A node was killed: it cannot say so itself.
    pub fn down(&mut self, at: Duration, node: u32) {
        self.advance(at);
        self.facts.down(node);
        for watch in &mut self.watches {
            if watch.gauge.node_changed(node, &self.facts) {
                watch.look(self.now, &self.facts);
            }
        }
    }

    /// The process's resident memory now, in bytes.
    pub fn memory(&mut self, bytes: u64) {
        self.facts.memory = self.facts.memory.max(bytes);
        for watch in self.watches.iter_mut().filter(|watch| watch.expectation.what == What::Memory) {
            watch.look(self.now, &self.facts);
        }
    }

    /// Time has come so far, with nothing new.
    pub fn advance(&mut self, now: Duration) {
        if now <= self.now || self.ended {
            return;
        }
        for watch in self.watches.iter_mut().filter(|watch| watch.verdict == Verdict::Pending) {
            match watch.expectation.when {
                When::By(by) => {
                    // What has held since before it counted holds at the moment from which it does: a figure that never changes, too.
                    if watch.from >= self.now && watch.from < now {
                        watch.look(watch.from, &self.facts);
                    }
                    if now > by {
                        watch.close(by, &self.facts);
                    }
                }
                When::From(from) if from > self.now && from <= now => watch.look(from, &self.facts),
                When::From(_) | When::AtEnd => {}
            }
        }
        self.now = now;
    }

    /// Whether a run that ends now is long enough for each expectation, and there is one.
    pub fn decides_all(&self, now: Duration) -> bool {
        let decided = |watch: &Watch| watch.verdict != Verdict::Pending || watch.reached(now);
        !self.watches.is_empty() && self.watches.iter().all(decided)
    }

    /// The run is over: every expectation that it was long enough for gets its verdict.
    pub fn end(&mut self, now: Duration) {
        self.advance(now);
        self.ended = true;
        for watch in self.watches.iter_mut().filter(|watch| watch.verdict == Verdict::Pending && watch.reached(now)) {
            // Had one that holds throughout ever failed, it would not be pending.
            watch.close(now, &self.facts);
        }
    }

    /// Whether all that is judged at the end, and that a little more time could mend, holds now.
    pub fn settled(&self) -> bool {
        let mends = |watch: &&Watch| {
            matches!(watch.expectation.what, What::SameTip | What::TransactionsMined | What::Synced)
                && watch.expectation.when == When::AtEnd
        };
        self.watches.iter().filter(mends).all(|watch| watch.gauge.holds(&self.facts))
    }

    /// Each expectation as a sentence, with its verdict and what was measured.
    pub fn lines(&self) -> Vec<ExpectationLine> {
        self.watches.iter().map(|watch| watch.line(&self.facts)).collect()
    }

    /// How many expectations were met, missed, and are not decided.
    pub fn counts(&self) -> (usize, usize, usize) {
        let count = |verdict| self.watches.iter().filter(|watch| watch.verdict == verdict).count();
        (count(Verdict::Met), count(Verdict::Missed), count(Verdict::Pending))
    }

    /// What was seen.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }
}

impl Watch {
    /// Whether a run that ends now is long enough to judge it.
    fn reached(&self, now: Duration) -> bool {
        match self.expectation.when {
            When::By(at) | When::From(at) => at <= now,
            When::AtEnd => true,
        }
    }

    fn look(&mut self, now: Duration, facts: &Facts) {
        if self.verdict != Verdict::Pending {
            return;
        }
        match self.expectation.when {
            When::By(by) if now >= self.from && now <= by && self.gauge.holds(facts) => self.decide(Verdict::Met, now, facts),
            When::From(from) if now >= from && !self.gauge.holds(facts) => self.decide(Verdict::Missed, now, facts),
            When::By(_) | When::From(_) | When::AtEnd => {}
        }
    }

    /// The last moment that counts: it holds now, or it is missed.
    fn close(&mut self, at: Duration, facts: &Facts) {
        if self.verdict == Verdict::Pending {
            let verdict = if self.gauge.holds(facts) { Verdict::Met } else { Verdict::Missed };
            self.decide(verdict, at, facts);
        }
    }

    fn decide(&mut self, verdict: Verdict, at: Duration, facts: &Facts) {
        self.verdict = verdict;
        self.at = Some(at);
        let measured = self.gauge.measured(facts);
        let exact = !matches!(self.expectation.when, When::AtEnd);
        self.measured = Some(if exact { format!("{measured}, at {}", seconds(at)) } else { measured });
    }

    fn line(&self, facts: &Facts) -> ExpectationLine {
        ExpectationLine {
            text: expectation_words(&self.expectation),
            verdict: self.verdict,
            measured: self.measured.clone().unwrap_or_else(|| self.gauge.measured(facts)),
        }
    }
}

/// What can be lost and found again is judged from the last moment before its deadline at which the timeline does or ends something:
/// that it held before says nothing.
fn judged_from(plan: &Plan, expectation: &Expectation) -> Duration {
    let (When::By(by), What::SameTip | What::Synced | What::Connected | What::HonestOutbound) =
        (expectation.when, &expectation.what)
    else {
        return Duration::ZERO;
    };
    let moments =
        plan.timeline.iter().flat_map(|entry| [Some(entry.at), entry.lasts.map(|lasts| entry.at.saturating_add(lasts))]);
    moments.flatten().filter(|at| *at < by).max().unwrap_or_default()
}
