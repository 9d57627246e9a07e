//! Every built-in preset in virtual time: what must come out does, and a seed gives one history.
//!
//! That each would fail if what it shows were broken is told in docs/presets.md, under "What proves it".

#[path = "common/play.rs"]
mod play;

use play::play;
use rumormill::cluster::expect::Judge;
use rumormill::cluster::{BUILT_IN, Blueprint, Engine, Outcome, Plan, Preset, SimulationEngine};
use rumormill::node::EventSink;
use rumormill_ui::model::Verdict;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How far the history of a costly preset is repeated: beyond the first connections, blocks, transfers and offences. Those that take up
/// to a minute where nothing is optimised would take as long again for more of the same.
const A_WHILE: Duration = Duration::from_secs(12);

/// What came out, and all that the nodes said within a while from the start, traffic by kind and second included, as a number.
fn run(preset: &Preset, duration: Option<Duration>) -> (Outcome, Judge, u64) {
    let plan = Plan::of(preset, preset.seed);
    let mut engine = SimulationEngine::new(&Blueprint::new(preset, preset.seed, None));
    let until = engine.start_time() + A_WHILE;
    let said = Arc::new(Mutex::new(DefaultHasher::new()));
    let hears = Arc::clone(&said);
    let hear: EventSink = Arc::new(move |stamped| {
        if stamped.at < until {
            format!("{stamped:?}").hash(&mut *hears.lock().unwrap());
        }
    });
    let (outcome, judge) = play(&mut engine, &plan, duration.unwrap_or_else(|| plan.natural_duration()), Some(hear));
    let said = said.lock().unwrap().finish();
    (outcome, judge, said)
}

fn find(name: &str) -> Preset {
    Preset::find(name).unwrap_or_else(|error| panic!("{error}"))
}

/// All that a preset expects comes out, and its seed gives the same history again: all of it, or the first `repeated`.
fn holds(name: &str, repeated: Option<Duration>) {
    let preset = find(name);
    let (outcome, judge, said) = run(&preset, None);
    assert!(outcome.judged && !outcome.lines.is_empty(), "{name} was not judged");
    for line in &outcome.lines {
        assert_eq!(line.verdict, Verdict::Met, "{name}: {} ({})", line.text, line.measured);
    }
    let (again, its, repeats) = run(&preset, repeated);
    assert_eq!(said, repeats, "{name}: two beginnings of one seed");
    if repeated.is_none() {
        let history =
            |outcome: Outcome, judge: Judge| (outcome.trace_hash.expect("virtual time has a trace"), judge.facts().sent());
        assert_eq!(history(outcome, judge), history(again, its), "{name}: two histories of one seed");
    }
}

macro_rules! presets {
    ($($test:ident: $name:literal, $repeated:expr;)*) => {
        $(
            #[test]
            fn $test() {
                holds($name, $repeated);
            }
        )*

        const TESTED: &[&str] = &[$($name),*];
    };
}

// One test each: the machine's cores share them.
presets! {
    thousand: "thousand", Some(A_WHILE);
    eclipse: "eclipse", Some(A_WHILE);
    sybil: "sybil", Some(A_WHILE);
    spam: "spam", Some(A_WHILE);
    late_joiner: "late-joiner", None;
    world: "world", None;
    small_world_50: "small-world-50", None;
    slow_reader: "slow-reader", None;
    churn: "churn", None;
    mesh_16: "mesh-16", None;
    broadcast_25_mesh: "broadcast-25-mesh", None;
    broadcast_25_grid: "broadcast-25-grid", None;
    broadcast_25_tree: "broadcast-25-tree", None;
    partition_heal: "partition-heal", None;
    invalid_blocks: "invalid-blocks", None;
    ring_8: "ring-8", None;
    hello: "hello", None;
}

#[test]
fn none_is_left_out() {
    for (name, _) in BUILT_IN {
        assert!(TESTED.contains(name), "{name} is built in and not tested: add a line to `presets!`");
    }
    assert_eq!(TESTED.len(), BUILT_IN.len());
}
