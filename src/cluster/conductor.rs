//! Runs a plan on an engine: the director says what happens, the engine does it, the judge looks on, and whoever watches is told.
//!
//! The loop decides nothing by the real clock but when to wait: in a simulation the same plan and seed give the same history, at
//! any speed, paused or not, watched or not. Only what is done by hand makes it another one.

use super::director::{Action, Director};
use super::expect::Judge;
use super::limits::AGREEMENT_GRACE;
use super::pace::{Pace, Speed};
use super::scenario::EngineKind;
use super::{Agreement, Engine, Plan, Standing};
use crate::chain::Hash256;
use crate::node::{Event, EventSink, Stamped, Time};
use crate::observe::{Control, LoadMeter};
use rumormill_ui::model::{ExpectationLine, Intent};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an engine runs before somebody looks for wishes: below what a person feels as a delay.
const SLICE: Duration = Duration::from_millis(20);
/// How long a run that has nothing to do waits for wishes in one go.
const WAIT: Duration = Duration::from_millis(50);
/// Between steps of a run that keeps to a pace: finer than a frame of the dashboard.
const BEAT: Duration = Duration::from_millis(5);
/// Between two tellings of what changes all the time (figures measured so far), real time.
const TELL: Duration = Duration::from_millis(250);
/// Between two words on how far a run without a screen has come, real time.
const PROGRESS: Duration = Duration::from_secs(2);
/// Between two readings of the process's memory, real time.
const MEMORY: Duration = Duration::from_millis(500);
/// How much further a run goes at a time that waits at its end for its nodes to agree.
const GRACE_STEP: Duration = Duration::from_millis(100);

/// Whoever is told of a run beyond its events.
pub trait Audience: Send + Sync {
    /// Something changed that no event says.
    fn control(&self, at: Time, control: Control);
    /// The run has come so far.
    fn now(&self, at: Time);
    /// The run is so late against its own clock, in real time.
    fn late(&self, _by: Duration) {}
    /// Waits until what was told has been taken, so that a run in virtual time does not outrun it.
    fn keep_pace(&self);
    /// For people without a screen, every few seconds.
    fn progress(&self, progress: &Progress);
}

/// How far a run has come.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Time of the run.
    pub elapsed: Duration,
    /// When it is judged, if ever.
    pub end: Option<Duration>,
    /// Where its nodes stand.
    pub standing: Standing,
    /// Expectations met, missed, and not decided.
    pub counts: (usize, usize, usize),
}

/// How to run.
#[derive(Clone, Debug)]
pub struct RunSettings {
    /// When the run is judged; `None`: never.
    pub duration: Option<Duration>,
    /// Whether the run ends once it has been judged.
    pub ends: bool,
    /// Whether it goes on all the same if something was missed.
    pub keep: bool,
    /// How fast virtual time runs.
    pub speed: Speed,
    /// Whether wishes to change anything are refused.
    pub readonly: bool,
}

/// What came out.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What ran it.
    pub engine: EngineKind,
    /// Time of the run until it was judged, or until it ended.
    pub elapsed: Duration,
    /// Whether it came to its judgement.
    pub judged: bool,
    /// The expectations with their verdicts.
    pub lines: Vec<ExpectationLine>,
    /// Expectations met, missed, and not decided.
    pub counts: (usize, usize, usize),
    /// Where the nodes stand.
    pub standing: Standing,
    /// The hash of the history, in a simulation.
    pub trace_hash: Option<Hash256>,
}

/// Saves what was done by hand. What was done, or why not, in words.
pub type Save = Box<dyn Fn(&Director) -> String>;

/// Where the events of a run wait for its judge.
#[derive(Clone, Default)]
pub struct Inbox(Arc<Mutex<Vec<Stamped>>>);

impl Inbox {
    /// What to give to nodes.
    pub fn sink(&self) -> EventSink {
        let inbox = self.clone();
        Arc::new(move |stamped| inbox.lock().push(stamped))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Stamped>> {
        // A push cannot leave the list half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs a plan on an engine.
pub struct Conductor<'a> {
    pub(super) engine: &'a mut dyn Engine,
    pub(super) director: Director,
    judge: Judge,
    agreement: Agreement,
    mines: bool,
    pub(super) settings: RunSettings,
    pub(super) pace: Pace,
    inbox: Inbox,
    events: Vec<Stamped>,
    pub(super) audience: Arc<dyn Audience>,
    pub(super) save: Save,
    /// Whether something was asked of peers by hand.
    pub(super) peered: bool,
    /// When it is judged; moves while it waits for agreement.
    end: Option<Duration>,
    outcome: Option<Outcome>,
    meter: LoadMeter,
    told: Instant,
    progressed: Instant,
    measured: Instant,
    /// Whether a link came up that nobody was told of.
    met: bool,
    pub(super) actions: Vec<Action>,
}

impl<'a> Conductor<'a> {
    /// Of an engine none of whose nodes runs yet, and whose events go to `inbox`.
    pub fn new(
        engine: &'a mut dyn Engine,
        plan: &Plan,
        settings: RunSettings,
        inbox: Inbox,
        audience: Arc<dyn Audience>,
        save: Save,
    ) -> Self {
        let now = Instant::now();
        Self {
            director: Director::new(plan),
            judge: Judge::new(plan, engine.start_time()),
            agreement: Agreement::new(plan),
            mines: plan.mines,
            pace: Pace::new(settings.speed, now),
            end: settings.duration,
            engine,
            settings,
            inbox,
            events: Vec::new(),
            audience,
            save,
            peered: false,
            outcome: None,
            meter: LoadMeter::new(),
            told: now,
            progressed: now,
            measured: now,
            met: false,
            actions: Vec::new(),
        }
    }

    /// Runs until `ending` is set, or until its own end. What came out; the nodes still run.
    pub fn run(mut self, orders: &Receiver<Intent>, ending: &AtomicBool) -> (Outcome, Judge, Director) {
        let mut actions = std::mem::take(&mut self.actions);
        self.director.begin(&mut actions);
        self.actions = actions;
        self.act();
        // A run in virtual time may be over before the first half second of real time is.
        self.measure();
        self.pace.set(self.settings.speed, false, Instant::now(), self.engine.elapsed());
        self.tell_all();
        while !ending.load(Ordering::Acquire) {
            while let Ok(order) = orders.try_recv() {
                self.obey(&order);
            }
            let wait = self.advance();
            self.look();
            if self.outcome.is_some() && self.ends() {
                break;
            }
            if wait.is_zero() {
                continue;
            }
            let asked = Instant::now();
            match orders.recv_timeout(wait) {
                Ok(order) => {
                    self.obey(&order);
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                // Nobody can wish for anything any more: time passes all the same.
                Err(RecvTimeoutError::Disconnected) => std::thread::sleep(wait),
            }
            if self.engine.kind() == EngineKind::Sockets {
                // Real time is never late; who lives in it is, when the machine wakes him late.
                self.audience.late(asked.elapsed().saturating_sub(wait));
            }
        }
        self.hear();
        let outcome = self.outcome.take().unwrap_or_else(|| self.judgement(false));
        (outcome, self.judge, self.director)
    }

    /// Lets a stretch of time pass. How long to wait before the next one.
    fn advance(&mut self) -> Duration {
        let elapsed = self.engine.elapsed();
        if self.pace.is_paused() {
            return WAIT;
        }
        let now = Instant::now();
        let bound = [self.director.due(), self.end.filter(|_| self.outcome.is_none())].into_iter().flatten().min();
        if self.engine.kind() == EngineKind::Sockets {
            let arrived = bound.is_none_or(|bound| self.engine.run_until(bound, now));
            self.hear();
            let elapsed = self.engine.elapsed();
            if arrived && bound.is_some() {
                self.arrive(elapsed);
            }
            self.judge.advance(elapsed);
            return self.next_bound().map_or(WAIT, |bound| bound.saturating_sub(elapsed).min(WAIT));
        }
        let target = self.pace.target(now, elapsed);
        self.audience.late(self.pace.late());
        let until = match (bound, target) {
            (Some(bound), Some(target)) => bound.min(target),
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => elapsed.saturating_add(Duration::from_secs(1)),
        };
        let until = until.max(elapsed);
        let arrived = self.engine.run_until(until, now + SLICE);
        self.hear();
        self.audience.keep_pace();
        if !arrived {
            return Duration::ZERO;
        }
        self.judge.advance(until);
        if bound == Some(until) {
            self.arrive(until);
            return Duration::ZERO;
        }
        if target.is_some() { BEAT } else { Duration::ZERO }
    }

    fn next_bound(&self) -> Option<Duration> {
        [self.director.due(), self.end.filter(|_| self.outcome.is_none())].into_iter().flatten().min()
    }

    /// A moment has come at which the timeline goes on, or the run is judged; all before it is done. (The engine's own clock may be finer
    /// or coarser than the timeline's.)
    fn arrive(&mut self, elapsed: Duration) {
        let mut actions = std::mem::take(&mut self.actions);
        self.director.advance(elapsed, &mut actions);
        self.actions = actions;
        if !self.actions.is_empty() {
            self.act();
        }
        // Also of a fault that changes nothing, because another holds: it is on the list, or no more.
        let news = self.director.news();
        for text in &news {
            self.log(text);
        }
        if !news.is_empty() {
            self.tell_faults();
        }
        if let Some(end) = self.end.filter(|end| self.outcome.is_none() && elapsed >= *end) {
            let started = self.settings.duration.unwrap_or(end);
            self.director.end_traffic();
            // What was found in the last moment is still on its way.
            let settled = self.judge.settled() && (self.judge.decides_all(elapsed) || self.agrees());
            if settled || end >= started.saturating_add(AGREEMENT_GRACE) {
                self.measure();
                self.judge.end(elapsed);
                self.outcome = Some(self.judgement(true));
                self.tell_all();
            } else {
                self.end = Some(end + GRACE_STEP);
            }
        }
    }

    /// Does the next single thing of a paused run, or what the timeline has before it.
    pub(super) fn single_step(&mut self) {
        match (self.next_bound(), self.engine.next()) {
            (Some(bound), next) if next.is_none_or(|next| bound < next) => {
                if self.engine.run_until(bound, Instant::now() + SLICE) {
                    self.arrive(bound);
                }
            }
            _ => {
                self.engine.step();
            }
        }
        self.hear();
        // At the moment of the run that it has come to, it goes on.
        self.pace.set(self.pace.speed(), true, Instant::now(), self.engine.elapsed());
    }

    /// A chain on which nobody mines agrees on its genesis; where somebody does, agreement takes a block.
    fn agrees(&self) -> bool {
        self.agreement.standing().agreed_at(u64::from(self.mines))
    }

    fn judgement(&self, judged: bool) -> Outcome {
        Outcome {
            engine: self.engine.kind(),
            elapsed: self.engine.elapsed(),
            judged,
            lines: self.judge.lines(),
            counts: self.judge.counts(),
            standing: self.agreement.standing(),
            trace_hash: self.engine.trace_hash(),
        }
    }

    fn ends(&self) -> bool {
        let failed = self.outcome.as_ref().is_some_and(|outcome| outcome.failed(u64::from(self.mines)));
        self.settings.ends && !(self.settings.keep && failed)
    }

    /// Has the engine do what the director wants.
    pub(super) fn act(&mut self) {
        // Whatever was said before belongs to the time before.
        self.hear();
        let now = self.now();
        for action in std::mem::take(&mut self.actions) {
            if let Action::Start(node) = action {
                // Before it can say that it has started.
                self.agreement.awaits(node);
            }
            if let Err(error) = self.engine.act(&action) {
                self.audience.control(now, Control::Down { node: error.node, reason: error.why });
                continue;
            }
            match action {
                Action::Kill(node) => {
                    // What it said before it ended, it said.
                    self.hear();
                    self.agreement.down(node);
                    self.judge.down(self.engine.elapsed(), node);
                    self.audience.control(now, Control::Down { node, reason: self.director.why_down(node) });
                }
                Action::Pause(node, paused) => self.audience.control(now, Control::Paused { node, paused }),
                _ => {}
            }
        }
        self.hear();
    }

    /// Gives the judge what the nodes said.
    fn hear(&mut self) {
        let mut events = std::mem::take(&mut self.events);
        std::mem::swap(&mut events, &mut *self.inbox.lock());
        for stamped in events.drain(..) {
            self.agreement.see(&stamped);
            self.judge.see(&stamped);
            if let Event::NewPeer { peer, .. } = &stamped.event
                && let Some(peer) = self.judge.facts().index(peer)
            {
                self.met |= self.director.met(stamped.node, peer);
            }
        }
        self.events = events;
    }

    /// Tells those who watch, now and then.
    fn look(&mut self) {
        let now = Instant::now();
        for (node, reason) in self.engine.lost() {
            self.hear();
            // Nobody wanted it: that the others agree does not make up for it.
            self.agreement.awaits(node);
            self.judge.down(self.engine.elapsed(), node);
            self.log(&format!("n{node} is down: {reason}"));
            self.audience.control(self.now(), Control::Down { node, reason });
        }
        self.audience.now(self.now());
        if now.duration_since(self.measured) >= MEMORY {
            self.measured = now;
            self.measure();
        }
        if now.duration_since(self.told) >= TELL {
            self.told = now;
            self.tell_judgement();
            if std::mem::take(&mut self.met) {
                self.tell_faults();
            }
        }
        if now.duration_since(self.progressed) >= PROGRESS {
            self.progressed = now;
            self.audience.progress(&Progress {
                elapsed: self.engine.elapsed(),
                end: self.settings.duration,
                standing: self.agreement.standing(),
                counts: self.judge.counts(),
            });
        }
    }

    /// Reads the memory of all who run the nodes.
    fn measure(&mut self) {
        if let Some(memory) = self.meter.read(Duration::ZERO).memory {
            self.judge.memory(memory.saturating_add(self.engine.memory()));
        }
    }

    pub(super) fn now(&self) -> Time {
        self.engine.start_time() + self.engine.elapsed()
    }

    pub(super) fn tell_judgement(&self) {
        self.audience.control(self.now(), Control::Expectations { lines: self.judge.lines() });
    }
}

impl Outcome {
    /// Whether the run was judged and did not come out as it should: an expectation was missed, or, where there are none or the run was
    /// too short for some, the nodes do not agree on a block of this height at least.
    pub fn failed(&self, least: u64) -> bool {
        let (_, missed, pending) = self.counts;
        let open = pending > 0 || self.lines.is_empty();
        self.judged && (missed > 0 || (open && !self.standing.agreed_at(least)))
    }
}
