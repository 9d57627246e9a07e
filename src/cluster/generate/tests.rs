use super::stage::Stage;
use super::*;
use crate::chain::Hash256;
use crate::cluster::scenario::{Fault, TimelineEntry};
use crate::cluster::{Audience, Blueprint, Conductor, Inbox, Preset, Progress, RunSettings, Selection, SimulationEngine, Speed};
use crate::node::Time;
use crate::observe::Control;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, mpsc};
use std::time::Duration;

struct Nobody;

impl Audience for Nobody {
    fn control(&self, _: Time, _: Control) {}
    fn now(&self, _: Time) {}
    fn keep_pace(&self) {}
    fn progress(&self, _: &Progress) {}
}

/// The history of a run of a preset, from start to end.
fn conducted(preset: &Preset) -> (Duration, Hash256) {
    let mut engine = SimulationEngine::new(&Blueprint::new(preset, preset.seed, None));
    let plan = crate::cluster::Plan::of(preset, preset.seed);
    let inbox = Inbox::default();
    crate::cluster::Engine::set_events(&mut engine, inbox.sink());
    let settings = RunSettings { duration: plan.duration, ends: true, keep: false, speed: Speed::FULL, readonly: true };
    let save = Box::new(|_: &crate::cluster::director::Director| String::new());
    let conductor = Conductor::new(&mut engine, &plan, settings, inbox, Arc::new(Nobody), save);
    let (outcome, ..) = conductor.run(&mpsc::channel().1, &AtomicBool::new(false));
    (outcome.elapsed, outcome.trace_hash.unwrap())
}

#[test]
fn what_a_seed_prints_plays_what_was_played() {
    let second = Duration::from_secs(1);
    let node = || Selection::of_nodes([1]);
    // Faults of one kind on one node that overlap: the end of the first leaves the second.
    let faults = [
        (5, 8, Fault::Pause(node())),
        (10, 8, Fault::Pause(node())),
        (20, 10, Fault::DiskFull(node())),
        (25, 10, Fault::DiskFull(node())),
        (22, 10, Fault::ClockSkew { nodes: node(), by: 9 * second, back: false }),
        (28, 10, Fault::ClockSkew { nodes: node(), by: 30 * second, back: true }),
        (34, 4, Fault::Kill(node())),
        (36, 4, Fault::Leave(node())),
    ];
    let entry = |(at, lasts, fault)| TimelineEntry { at: at * second, fault, lasts: Some(lasts * second) };
    let plan = Plan { timeline: faults.map(entry).into(), duration: 40 * second, ..scenario(4) };
    let preset = Preset::parse("printed", &plan.to_toml()).unwrap_or_else(|error| panic!("{error}"));
    let (end, trace) = conducted(&preset);
    let mut stage = Stage::new(&plan, Arc::new(|_| {}));
    stage.run_until(end);
    assert_eq!(stage.sim().trace_hash(), trace);
}

#[test]
fn a_seed_gives_one_scenario_and_one_history() {
    let plan = scenario(4);
    assert_eq!(plan, scenario(4));
    assert_ne!(plan, scenario(5));
    let (first, again) = (check(&plan), check(&plan));
    assert_eq!(first, again);
    assert_ne!(first.trace, check(&Plan { seed: 5, ..plan }).trace);
}

#[test]
fn scenarios_are_sound_small_and_over_in_time() {
    for seed in 0..500 {
        let plan = scenario(seed);
        assert!(plan.is_sound(), "seed {seed}: {plan:?}");
        let bad = plan.nodes as usize - plan.honest().len();
        assert!(bad * 3 < plan.nodes as usize, "seed {seed}: {bad} of {} misbehave", plan.nodes);
        for entry in &plan.timeline {
            assert!(entry.at + entry.lasts.unwrap() <= plan.duration, "seed {seed}: a fault outlasts the run");
        }
    }
    let all: Vec<_> = (0..500).map(scenario).collect();
    assert!(all.iter().any(|plan| plan.timeline.is_empty() && plan.adversaries.is_empty()), "peace, too");
    assert!(all.iter().any(|plan| plan.adversaries.len() >= 2));
}

#[test]
fn taking_a_node_out_renames_those_after_it() {
    let mut plan = scenario(0);
    while !plan.timeline.iter().any(|entry| matches!(entry.fault, Fault::Partition { .. })) || plan.nodes < 6 {
        plan = scenario(plan.seed + 1);
    }
    for gone in 0..plan.nodes {
        let less = plan.without_node(gone);
        assert_eq!(less.nodes, plan.nodes - 1);
        assert!(less.edges.iter().all(|(a, b)| a < b && *b < less.nodes));
        assert!(less.miners.iter().all(|miner| *miner < less.nodes));
        let was = if plan.misbehaves(gone) { 1 } else { 0 };
        assert_eq!(less.adversaries.len(), plan.adversaries.len() - was);
    }
}

/// An invariant that does not hold, on purpose: "no honest node ever leaves four blocks behind". Two that are out of touch for a while do, and
/// hardly anybody by mere chance. What is left has what it takes to fork and no more.
#[test]
fn a_broken_invariant_is_shrunk_to_what_breaks_it() {
    let breaks = |plan: &Plan| check(plan).deepest_reorg >= 4;
    let large = (0..).map(scenario).find(|plan| plan.nodes >= 6 && plan.timeline.len() >= 3 && breaks(plan)).unwrap();
    let small = shrink(&large, breaks);
    assert!(breaks(&small));
    assert!(small.nodes <= 4 && small.nodes < large.nodes, "{} nodes", small.nodes);
    assert!(small.timeline.len() <= 1, "{:?}", small.timeline);
    assert_eq!(small.transactions_per_second, 0);
    assert!(small.duration <= large.duration);
    assert_eq!(shrink(&small, breaks), small, "it is as small as it gets");
}

/// Only what is asked about is left.
#[test]
fn what_a_failure_does_not_need_goes() {
    let pauses = |plan: &Plan| plan.timeline.iter().any(|entry| matches!(entry.fault, Fault::Pause(_)));
    let large = (0..).map(scenario).find(|plan| pauses(plan) && plan.timeline.len() >= 4 && plan.adversaries.len() >= 2).unwrap();
    let small = shrink(&large, pauses);
    assert_eq!((small.nodes, small.timeline.len(), small.adversaries.len(), small.miners.len()), (2, 1, 0, 1), "{small:?}");
    // A failure that is none comes back untouched.
    assert_eq!(shrink(&large, |_| false), large);
}

#[test]
fn a_scenario_reads_back_as_the_preset_that_it_is() {
    for seed in 0..200 {
        let plan = scenario(seed);
        let read = crate::cluster::Preset::parse(&format!("scenario-{seed}"), &plan.to_toml());
        let read = read.unwrap_or_else(|error| panic!("seed {seed}: {error}\n{}", plan.to_toml()));
        assert_eq!(read, plan.to_preset(), "seed {seed}");
    }
}
