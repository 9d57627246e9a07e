use super::conductor::{Audience, Conductor, Inbox, Outcome, Progress, RunSettings};
use super::director::{Director, chosen};
use super::report::Report;
use super::scenario::Fault;
use super::*;
use crate::net::Workers;
use crate::node::{Event, Stamped, Time};
use crate::observe::Control;
use rumormill_ui::model::{Intent, LinkTweak, Verdict};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Four nodes in a ring, cut in two for a while, one of them killed for a while.
const SMALL: &str = r#"
title = "Small"
about = "For tests."
seed = 7
duration = "40s"

[nodes]
count = 4
mining = { nodes = "all", tries_per_second = 100, block_time = "1s" }

[topology]
kind = "ring"

[links]
latency = "20ms"
jitter = "10ms"
loss = "1%"

[traffic]
transactions_per_second = 5

[[timeline]]
at = "5s"
fault = { partition = [["n0..n1"], ["n2..n3"]], for = "5s" }

[[timeline]]
at = "12s"
fault = { kill = "n2", for = "3s" }

[[expect]]
what = "same-tip"
by = "40s"

[[expect]]
what = "height"
at_least = 5
by = "40s"

[[expect]]
what = "bans"
at_most = 0
"#;

/// Remembers what it was told.
#[derive(Default)]
struct Told(Mutex<Vec<Control>>, Mutex<Duration>);

impl Audience for Told {
    fn control(&self, _: Time, control: Control) {
        self.0.lock().unwrap().push(control);
    }
    fn now(&self, _: Time) {}
    fn late(&self, by: Duration) {
        let mut late = self.1.lock().unwrap();
        *late = by.max(*late);
    }
    fn keep_pace(&self) {}
    fn progress(&self, _: &Progress) {}
}

impl Told {
    fn notices(&self) -> Vec<String> {
        let told = self.0.lock().unwrap();
        let notice = |control: &Control| if let Control::Notice { text } = control { Some(text.clone()) } else { None };
        told.iter().filter_map(notice).collect()
    }
}

struct Ran {
    outcome: Outcome,
    judge: expect::Judge,
    director: Director,
    events: Vec<Stamped>,
    told: Arc<Told>,
}

fn conduct(engine: &mut dyn Engine, plan: &Plan, speed: Speed, wishes: Vec<Intent>, save: conductor::Save) -> Ran {
    let (inbox, told, events) = (Inbox::default(), Arc::new(Told::default()), Arc::new(Mutex::new(Vec::new())));
    let all = events.clone();
    let seen: crate::node::EventSink = Arc::new(move |stamped| all.lock().unwrap().push(stamped));
    engine.set_events(crate::observe::tee(vec![inbox.sink(), seen]));
    let settings = RunSettings { duration: plan.duration, ends: true, keep: false, speed, readonly: false };
    let (orders, orders_in) = channel();
    for wish in wishes {
        orders.send(wish).unwrap();
    }
    let conductor = Conductor::new(engine, plan, settings, inbox, told.clone(), save);
    let (outcome, judge, director) = conductor.run(&orders_in, &AtomicBool::new(false));
    engine.stop();
    let events = std::mem::take(&mut *events.lock().unwrap());
    Ran { outcome, judge, director, events, told }
}

fn simulate(text: &str, seed: u64, speed: Speed, wishes: Vec<Intent>) -> Ran {
    let preset = Preset::parse("small", text).unwrap_or_else(|error| panic!("{error}"));
    let mut engine = SimulationEngine::new(&Blueprint::new(&preset, seed, None));
    conduct(&mut engine, &Plan::of(&preset, seed), speed, wishes, Box::new(|_| String::new()))
}

#[test]
fn a_seed_gives_one_history_at_any_speed() {
    let one = simulate(SMALL, 7, Speed::FULL, Vec::new());
    assert!(one.outcome.judged && one.outcome.counts == (3, 0, 0), "{:?}", one.outcome);
    let again = simulate(SMALL, 7, Speed::FULL, Vec::new());
    assert_eq!(one.outcome.trace_hash, again.outcome.trace_hash);
    assert_eq!(one.outcome.lines, again.outcome.lines);
    assert!(one.events == again.events, "other events of the same history");
    // Forty times slower than it could be, in many small steps, and stopped and looked at on its way.
    let stops = vec![Intent::TogglePause, Intent::Step, Intent::Step, Intent::TogglePause, Intent::Speed(10_000)];
    let paced = simulate(SMALL, 7, "50x".parse().unwrap(), stops);
    assert_eq!(one.outcome.trace_hash, paced.outcome.trace_hash);
    assert_eq!(one.outcome.lines, paced.outcome.lines);
    let other = simulate(SMALL, 8, Speed::FULL, Vec::new());
    assert_ne!(one.outcome.trace_hash, other.outcome.trace_hash);
}

#[test]
fn without_expectations_the_honest_nodes_that_run_agree_and_no_others_are_asked() {
    let (head, _) = SMALL.split_once("[[timeline]]").unwrap();
    let text = head.replace("count = 4\n", "count = 6\nstarts = \"n0..n4\"\n").replace("\"40s\"", "\"15s\"")
        + r#"
[[adversary]]
nodes = "n4"
behaviour = "withholding"

[[timeline]]
at = "3s"
fault = { kill = "n3" }

[[timeline]]
at = "4s"
fault = { leave = "n2" }
"#;
    let ran = simulate(&text, 7, Speed::FULL, Vec::new());
    let Standing::Agreed { nodes: 2, height, .. } = ran.outcome.standing else { panic!("{}", ran.outcome.standing) };
    assert!(height > 0 && !ran.outcome.failed(1));
    assert!(ran.outcome.elapsed < Duration::from_secs(18), "it waits for nobody who cannot come: {:?}", ran.outcome.elapsed);
}

#[test]
#[cfg(target_os = "linux")]
fn memory_is_measured_however_short_a_run_is() {
    let text = r#"
title = "Short"
about = "For tests."
seed = 1
duration = "1s"
[nodes]
count = 1
[topology]
kind = "line"
[[expect]]
what = "memory"
at_most = "100 GB"
[[expect]]
what = "memory"
at_most = "100 GB"
from = "500ms"
"#;
    let ran = simulate(text, 1, Speed::FULL, Vec::new());
    assert_eq!(ran.outcome.counts, (2, 0, 0), "{:?}", ran.outcome.lines);
}

#[test]
fn a_run_that_the_machine_cannot_keep_up_with_says_how_late_it_is() {
    let late = |speed: &str| *simulate(SMALL, 7, speed.parse().unwrap(), Vec::new()).told.1.lock().unwrap();
    // 40 s in 4 ms: on no machine.
    assert!(late("10000x") > Duration::from_millis(1));
    assert_eq!(late("max"), Duration::ZERO);
}

#[test]
fn a_missed_expectation_is_told_with_what_was_measured() {
    let text = SMALL.replace("at_least = 5\nby", "at_least = 500\nby");
    let ran = simulate(&text, 7, Speed::FULL, Vec::new());
    assert_eq!(ran.outcome.counts, (2, 1, 0));
    assert!(ran.outcome.failed(1));
    assert_eq!(ran.outcome.lines[1].verdict, Verdict::Missed);
    let sentence = report::sentence(&ran.outcome.lines[1]);
    assert!(sentence.starts_with("MISSED: the height of all nodes is at least 500 by 40s ("), "{sentence}");
}

#[test]
fn peers_are_connected_banned_and_let_go_at_a_wish() {
    let id = |node| crate::cluster::node_keys(7, node).address().to_string();
    let wishes = vec![
        Intent::Connect { node: 0, address: "n2".into() },
        Intent::Connect { node: 0, address: "nowhere".into() },
        Intent::Ban { node: 1, id: id(0), lasts: Some(Duration::from_secs(3_600)) },
        Intent::Ban { node: 2, id: id(1), lasts: None },
        Intent::Unban { node: 2, id: id(1) },
        Intent::Disconnect { node: 3, id: id(2) },
    ];
    let ran = simulate(SMALL, 7, Speed::FULL, wishes);
    let notices = ran.told.notices();
    assert!(notices[0].starts_with("n0 dials ") && notices[1].starts_with("\"nowhere\" is no address"), "{notices:?}");
    assert!(notices[2].starts_with("n1 bans ") && notices[4].starts_with("n2 takes the ban"), "{notices:?}");
    let events = &ran.events;
    let peers = |node: u32, with: u32| {
        events.iter().fold(0, |count, stamped| match &stamped.event {
            Event::NewPeer { peer, .. } if stamped.node == node && peer.to_string() == id(with) => count + 1,
            _ => count,
        })
    };
    assert!(peers(0, 2) > 0, "no link of the ring: n0 was told to make it");
    assert_eq!((peers(0, 1), peers(1, 0)), (0, 0), "banned before they met");
    assert!(peers(2, 1) > 0, "whose ban is over is met");
    let bans = events.iter().filter(|stamped| matches!(stamped.event, Event::Banned { .. })).count();
    let ended = events.iter().filter(|stamped| matches!(stamped.event, Event::Unbanned { .. })).count();
    assert_eq!((bans, ended), (2, 1));
}

#[test]
fn a_fault_that_changes_nothing_begins_and_ends_on_the_list_all_the_same() {
    // Within a partition that holds: a cut by hand that ends, and the timeline's own partition, which is the same.
    let wishes = vec![
        Intent::Partition { group: vec![0, 1], lasts: None },
        Intent::Link { from: 1, to: Some(2), tweak: LinkTweak::Cut, lasts: Some(Duration::from_secs(2)) },
    ];
    let ran = simulate(SMALL, 7, Speed::FULL, wishes);
    let told = ran.told.0.lock().unwrap();
    let mut lists: Vec<Vec<u32>> = (told.iter())
        .filter_map(|control| match control {
            Control::Faults { faults } => Some(faults.iter().map(|fault| fault.number).collect()),
            _ => None,
        })
        .collect();
    lists.dedup();
    assert_eq!(lists[..6], [vec![], vec![1], vec![1, 2], vec![1], vec![1, 3], vec![1]]);
}

#[test]
fn a_link_made_by_hand_is_parted_and_changed_as_those_that_were_drawn() {
    // A ring: no link goes from n0 to n2.
    let met = |wishes| {
        let text = SMALL.split_once("[[timeline]]").unwrap().0.to_owned();
        let ran = simulate(&text, 7, Speed::FULL, wishes);
        let id = crate::cluster::node_keys(7, 2).address();
        let met = |event: &Stamped| event.node == 0 && matches!(event.event, Event::NewPeer { peer, .. } if peer == id);
        (ran.events.iter().any(met), ran)
    };
    let connect = || Intent::Connect { node: 0, address: "n2".into() };
    let (together, ran) = met(vec![connect()]);
    assert!(together);
    let mut director = ran.director;
    let cut = Fault::Link {
        from: chosen([0]),
        to: chosen([2]),
        both_ways: true,
        change: scenario::LinkChange { cut: Some(true), ..Default::default() },
    };
    assert!(director.inject(Duration::from_secs(40), cut, None, &mut Vec::new()).is_ok(), "the link is known by now");
    let (apart, _) = met(vec![connect(), Intent::Partition { group: vec![0], lasts: None }]);
    assert!(!apart, "the partition leaks");
}

#[test]
fn wishes_at_the_dashboard_are_carried_out_or_refused() {
    let wishes = vec![
        Intent::Kill { node: 3, lasts: None },
        Intent::Kill { node: 3, lasts: None },
        Intent::Partition { group: vec![0], lasts: Some(Duration::from_secs(20)) },
        Intent::Link { from: 1, to: Some(2), tweak: LinkTweak::Loss(200_000), lasts: None },
        Intent::Link { from: 1, to: Some(3), tweak: LinkTweak::Cut, lasts: None },
        Intent::Undo(Some(3)),
        Intent::Unban { node: 0, id: "zz".into() },
        Intent::Step,
        Intent::SavePreset,
    ];
    let ran = simulate(SMALL, 7, Speed::FULL, wishes);
    assert_eq!(
        ran.told.notices(),
        [
            "fault #1: kill n3",
            "n3 is down already: restart it first",
            "fault #2: partition n0 | rest for 20s",
            "fault #3: loss 20% n1 <-> n2",
            "no link goes from n1 to n3: choose two nodes that are linked",
            "undid fault #3: loss 20% n1 <-> n2",
            "no peer has this id",
            "pause the run first",
            "",
        ]
    );
    let heights: Vec<u64> = ran.judge.facts().heights().collect();
    assert_eq!(heights[3], 0, "a killed node goes nowhere");
    assert!(heights[..3].iter().all(|height| *height > 0), "{heights:?}");
    assert!(heights[0] + 4 > heights[1], "n0 came over to the others' branch: {heights:?}");
    assert_eq!(ran.director.by_hand().len(), 3);
    assert!(ran.told.0.lock().unwrap().iter().any(|control| matches!(control, Control::Down { node: 3, .. })));
}

#[test]
fn what_was_done_by_hand_is_saved_as_a_preset_that_does_it_again() {
    let preset = Preset::parse("small", SMALL).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut director = Director::new(&Plan::of(&preset, 7));
    director.begin(&mut Vec::new());
    director.inject(Duration::from_secs(3), Fault::Kill(chosen([1])), Some(Duration::from_secs(9)), &mut Vec::new()).unwrap();
    let said = save(&preset, 9, scenario::EngineKind::Simulation, director.by_hand(), folder.path());
    let path = folder.path().join("small-by-hand.toml");
    assert_eq!(said, format!("saved as {}", path.display()));
    let saved = Preset::find(path.to_str().unwrap()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!((saved.seed, saved.engine), (9, scenario::EngineKind::Simulation), "that is what ran, whatever the file says");
    assert_eq!(saved.timeline.len(), preset.timeline.len() + 1);
    assert_eq!(saved.timeline[0], director.by_hand()[0]);
    assert!(
        save(&preset, 9, scenario::EngineKind::Simulation, director.by_hand(), folder.path()).ends_with("small-by-hand-2.toml")
    );

    // On the dashboard a run goes on past its end: what is done there is saved as a preset that can still be run.
    let late = Duration::from_nanos(301_234_567_891);
    director.inject(late, Fault::Kill(chosen([2])), Some(Duration::from_secs(30)), &mut Vec::new()).unwrap();
    save(&preset, 9, scenario::EngineKind::Simulation, director.by_hand(), folder.path());
    let saved =
        Preset::find(folder.path().join("small-by-hand-3.toml").to_str().unwrap()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(saved.timeline.last().unwrap().at, Duration::from_millis(301_200));
    assert!(saved.duration.unwrap() > Duration::from_secs(331));

    // No link is drawn from n0 to n2: a run of the preset has none to cut.
    assert!(director.met(0, 2));
    let change = scenario::LinkChange { cut: Some(true), ..Default::default() };
    let cut = Fault::Link { from: chosen([0]), to: chosen([2]), both_ways: true, change };
    director.inject(late, cut, None, &mut Vec::new()).unwrap();
    let said = save(&preset, 9, scenario::EngineKind::Simulation, director.by_hand(), folder.path());
    assert!(said.ends_with("-4.toml, without the fault on a link that was made by hand"), "{said}");
    assert!(Preset::find(folder.path().join("small-by-hand-4.toml").to_str().unwrap()).is_ok());
}

#[test]
fn what_is_asked_of_peers_takes_a_node_that_runs_and_is_no_part_of_a_preset() {
    let connect = |node| Intent::Connect { node, address: "n2".into() };
    let kill = Intent::Kill { node: 1, lasts: None };
    let wishes = vec![connect(0), Intent::SavePreset, kill, connect(1), Intent::SavePreset];
    let notices = simulate(SMALL, 7, Speed::FULL, wishes).told.notices();
    assert_eq!(notices[1], "nothing to save: a preset cannot say what was asked of single peers");
    assert_eq!(notices[3], "n1 is down already: restart it first");
    assert_eq!(notices[4], "; what was asked of single peers is not part of it");
}

#[test]
fn late_nodes_catch_up_with_a_chain_made_before_the_run() {
    let text = r#"
title = "Late"
about = "For tests."
seed = 3
duration = "30s"
[nodes]
count = 3
mining = { nodes = "n0", tries_per_second = 100, block_time = "1s" }
[chain]
blocks = 300
nodes = "n0..n1"
[topology]
kind = "line"
[[expect]]
what = "height"
at_least = 300
by = "20s"
[[expect]]
what = "synced"
by = "20s"
"#;
    let ran = simulate(text, 3, Speed::FULL, Vec::new());
    assert_eq!(ran.outcome.counts, (2, 0, 0), "{:?}", ran.outcome.lines);
}

#[test]
fn real_sockets_run_the_same_preset() {
    let text = SMALL
        .replace("40s", "12s")
        .replace("\"5s\"", "\"1s\"")
        .replace("at = \"12s\"", "at = \"3s\"")
        .replace("\"3s\" }", "\"1s\" }");
    let text = text.replace("at_least = 5\n", "at_least = 1\n");
    let preset = Preset::parse("small", &text).unwrap_or_else(|error| panic!("{error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let blueprint = Blueprint::new(&preset, 7, Some(real_time().as_millis()));
    let mut engine = SocketsEngine::new(blueprint, Workers::new(2), runtime.handle().clone());
    let wishes = vec![
        Intent::Kill { node: 0, lasts: Some(Duration::from_secs(1)) },
        Intent::Partition { group: vec![1], lasts: Some(Duration::from_secs(1)) },
        Intent::TogglePause,
    ];
    let plan = Plan::of(&preset, 7);
    let ran = conduct(&mut engine, &plan, Speed::REAL, wishes, Box::new(|_| String::new()));
    assert_eq!(ran.outcome.counts, (3, 0, 0), "{:?}", ran.outcome);
    assert_eq!(ran.outcome.trace_hash, None);
    assert!(ran.told.notices()[2].starts_with("only virtual time"));
    // n0 was killed by hand, n2 by the timeline.
    let starts = |node| {
        ran.events.iter().filter(move |event| event.node == node && matches!(event.event, crate::node::Event::Started { .. }))
    };
    assert_eq!((starts(0).count(), starts(1).count(), starts(2).count()), (2, 1, 2));
    let report = Report { name: "small", title: "Small", seed: 7, plan: &plan, outcome: &ran.outcome, facts: ran.judge.facts() };
    let links = report.json()["links"].as_array().unwrap().clone();
    assert!(!links.is_empty());
    for link in links {
        // The measured stands beside the configured, and cannot be less.
        assert_eq!(link["rtt_configured_us"], 40_000);
        assert!(link["rtt_measured_us"]["least"].as_u64().unwrap() >= 40_000, "{link}");
    }
}
