//! A preset played in virtual time, as fast as it goes, with nobody to look on.

use rumormill::cluster::expect::Judge;
use rumormill::cluster::{Audience, Conductor, Engine, Inbox, Outcome, Plan, Progress, RunSettings, SimulationEngine, Speed};
use rumormill::node::{EventSink, Time};
use rumormill::observe::Control;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::time::Duration;

/// Looks on, and has nothing to say.
struct Nobody;

impl Audience for Nobody {
    fn control(&self, _: Time, _: Control) {}
    fn now(&self, _: Time) {}
    fn keep_pace(&self) {}
    fn progress(&self, _: &Progress) {}
}

/// Plays a plan for so long, and tells each event to `also` too.
pub fn play(engine: &mut SimulationEngine, plan: &Plan, duration: Duration, also: Option<EventSink>) -> (Outcome, Judge) {
    let inbox = Inbox::default();
    let judge = inbox.sink();
    engine.set_events(match also {
        None => judge,
        Some(also) => Arc::new(move |stamped| {
            also(stamped.clone());
            judge(stamped);
        }),
    });
    let settings = RunSettings { duration: Some(duration), ends: true, keep: false, speed: Speed::FULL, readonly: true };
    let (_orders, wishes) = channel();
    let conductor = Conductor::new(engine, plan, settings, inbox, Arc::new(Nobody), Box::new(|_| String::new()));
    let (outcome, judge, _) = conductor.run(&wishes, &AtomicBool::new(false));
    (outcome, judge)
}
