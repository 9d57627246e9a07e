//! `cluster --processes`: a process for each node, that no end of the launcher leaves behind.

#![cfg(unix)]

mod common;

use common::{PATIENCE, rumormill};
use rumormill::cluster::{Engine, Preset, ProcessesEngine, RunFolder};
use rumormill::node::Event;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// `rumormill cluster PRESET --processes`, its nodes' data below `place`.
fn cluster(place: &Path, preset: &str) -> Command {
    let mut command = rumormill();
    command.env("TMPDIR", place).args(["cluster", preset, "--processes"]).stdin(Stdio::null());
    command
}

/// Runs to its end: the exit code, and the lines.
fn run(place: &Path, preset: &str, arguments: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let mut command = cluster(place, preset);
    command.arg("--json").args(arguments);
    let (code, lines, errors) = common::run(command);
    (code, lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect(), errors)
}

/// The folders and files that are there.
fn content(place: &Path) -> Vec<PathBuf> {
    std::fs::read_dir(place).unwrap().map(|entry| entry.unwrap().path()).collect()
}

/// The locks of three nodes' data: the system frees them when the processes end, however they end.
fn locks(folder: &Path) -> Vec<File> {
    (0..3).map(|node| File::open(folder.join(format!("n{node}/lock"))).unwrap()).collect()
}

/// Waits until their processes have ended.
fn wait_for_the_end(locks: Vec<File>) {
    assert!(!locks.is_empty());
    for lock in locks {
        let (done, ended) = channel();
        std::thread::spawn(move || done.send(lock.lock()));
        ended.recv_timeout(PATIENCE).expect("a node's process goes on").unwrap();
    }
}

fn pid(folder: &Path, node: u32) -> Pid {
    let text = std::fs::read_to_string(folder.join(format!("n{node}/lock"))).unwrap();
    Pid::from_raw(text.trim().parse().unwrap()).unwrap()
}

/// An engine with the nodes of `hello`, all of them started, and what they say.
fn engine(place: &Path) -> (ProcessesEngine, PathBuf, Receiver<(u32, Event)>) {
    let folder = RunFolder::create(place).unwrap();
    let path = folder.path().to_owned();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_rumormill"));
    let mut engine = ProcessesEngine::new(&Preset::find("hello").unwrap(), 1, program, folder);
    let (say, said) = channel();
    engine.set_events(Arc::new(move |stamped| drop(say.send((stamped.node, stamped.event)))));
    for node in 0..3 {
        engine.start(node).unwrap();
    }
    (engine, path, said)
}

fn wait_for(said: &Receiver<(u32, Event)>, what: &str, mut found: impl FnMut(u32, &Event) -> bool) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let (node, event) = said.recv_timeout(left).unwrap_or_else(|_| panic!("not seen: {what}"));
        if found(node, &event) {
            return;
        }
    }
}

#[test]
fn three_processes_meet_what_hello_expects() {
    let place = tempfile::tempdir().unwrap();
    // The same preset, four times as fast.
    let text = Preset::text("hello").unwrap().replace("\"4s\"", "\"1s\"").replace("\"1m\"", "\"15s\"");
    let path = place.path().join("hello.toml");
    std::fs::write(&path, text).unwrap();
    let runs = tempfile::tempdir().unwrap();
    let (code, lines, errors) = run(runs.path(), path.to_str().unwrap(), &[]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{lines:?}");
    let verdict = lines.last().unwrap();
    assert_eq!((verdict["verdict"].as_str(), verdict["counts"]["met"].as_u64()), (Some("met"), Some(3)), "{verdict}");
    for kind in ["started", "stopped"] {
        assert_eq!(lines.iter().filter(|line| line["event"] == kind).count(), 3, "{kind}");
    }
    assert_eq!(content(runs.path()), [] as [PathBuf; 0], "data is left");
}

#[test]
fn a_killed_launcher_leaves_no_process_and_the_next_run_no_data() {
    let place = tempfile::tempdir().unwrap();
    let mut launcher = cluster(place.path(), "hello").arg("--json").stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(launcher.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        assert!(lines.any(|line| line.unwrap().contains("\"started\"")), "it ended");
    }
    let left = content(place.path());
    assert_eq!(left.len(), 1);
    let locks = locks(&left[0]);
    assert!(locks.iter().all(|lock| lock.try_lock().is_err()), "the nodes have no processes of their own");
    launcher.kill().unwrap();
    launcher.wait().unwrap();
    wait_for_the_end(locks);

    assert!(left[0].exists());
    let (_, _, errors) = run(place.path(), "hello", &["--duration", "1s"]);
    assert!(errors.contains("removed what a run that was killed left") && errors.contains(left[0].to_str().unwrap()), "{errors}");
    assert_eq!(content(place.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_dropped_engine_leaves_nothing() {
    let place = tempfile::tempdir().unwrap();
    let (engine, folder, _said) = engine(place.path());
    let locks = locks(&folder);
    drop(engine);
    assert!(locks.iter().all(|lock| lock.try_lock().is_ok()), "a process goes on after the engine is gone");
    assert!(!folder.exists());
}

#[test]
fn a_process_that_dies_by_itself_is_down_with_its_status() {
    let place = tempfile::tempdir().unwrap();
    let (mut engine, folder, said) = engine(place.path());
    assert_eq!(engine.lost(), []);
    kill_process(pid(&folder, 1), Signal::KILL).unwrap();
    // Its neighbours notice at once; the engine, when it is asked.
    wait_for(&said, "a neighbour loses it", |node, event| node != 1 && matches!(event, Event::Disconnected { .. }));
    let deadline = Instant::now() + PATIENCE;
    let lost = loop {
        let lost = engine.lost();
        if !lost.is_empty() || Instant::now() > deadline {
            break lost;
        }
        let _ = said.recv_timeout(Duration::from_millis(20));
    };
    assert_eq!(lost.len(), 1, "{lost:?}");
    assert!(lost[0].0 == 1 && lost[0].1.contains("SIGKILL"), "{lost:?}");
    assert_eq!(engine.lost(), []);

    // One that was told to leave says goodbye, and is no loss.
    engine.leave(2);
    wait_for(&said, "it says goodbye", |node, event| node == 2 && matches!(event, Event::Stopped));
    engine.start(2).unwrap();
    assert_eq!(engine.lost(), []);
    engine.start(1).unwrap();
    wait_for(&said, "it is linked again", |node, event| node == 1 && matches!(event, Event::Connected { .. }));
    engine.stop();
}

const KILLED: &str = r#"
title = "Killed"
about = "A real kill."
duration = "12s"
seed = 3

[nodes]
count = 3
mining = { nodes = "n0", tries_per_second = 2000, block_time = "500ms" }

[topology]
kind = "line"

[[timeline]]
at = "4s"
fault = { kill = "n2", for = "4s" }

[[expect]]
what = "same-tip"
"#;

#[test]
fn a_node_killed_by_the_timeline_catches_up_from_what_it_stored() {
    let place = tempfile::tempdir().unwrap();
    let preset = place.path().join("killed.toml");
    std::fs::write(&preset, KILLED).unwrap();
    let runs = tempfile::tempdir().unwrap();
    let (code, lines, errors) = run(runs.path(), preset.to_str().unwrap(), &[]);
    assert_eq!((code, errors.as_str()), (Some(0), ""), "{:?}", lines.last());
    let of = |kind: &'static str| lines.iter().filter(move |line| line["node"] == "n2" && line["event"] == kind);
    let heights: Vec<_> = of("started").map(|line| line["height"].as_u64().unwrap()).collect();
    assert!(heights.len() == 2 && heights[0] == 0 && heights[1] > 0, "it began at {heights:?}");
    assert_eq!(of("stopped").count(), 1, "a killed node said goodbye");
    let verdict = lines.last().unwrap();
    assert_eq!((verdict["verdict"].as_str(), verdict["agreed"].as_bool()), (Some("met"), Some(true)), "{verdict}");
    assert!(verdict["height"].as_u64() > Some(heights[1]), "{verdict}");
}

#[test]
fn virtual_time_has_no_processes() {
    let place = tempfile::tempdir().unwrap();
    let (code, _, errors) = run(place.path(), "hello", &["--engine", "simulation"]);
    assert_eq!(code, Some(2), "{errors}");
    assert!(errors.contains("--processes") && errors.contains("--engine sockets"), "{errors}");
    assert_eq!(content(place.path()), [] as [PathBuf; 0]);
}

#[test]
fn a_child_is_started_by_nobody_else() {
    let output = rumormill().arg("run-child").stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("cluster --processes"), "{output:?}");
}
