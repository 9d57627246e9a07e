//! `rumormill replay`: lines from a file as they were printed live, and what a person gets to read whose file cannot be played.

mod common;

use common::PATIENCE;
use predicates::prelude::*;
use predicates::str::contains;
use rumormill::chain::Address;
use rumormill::node::{ConnectionId, Direction, Event, Stamped, Time};
use rumormill::observe::{Control, Format, Header, Lines, Names, Recorder};
use std::path::{Path, PathBuf};

const START: Time = Time(1_800_000_000_000_000);

/// A small run of two nodes; each event a quarter of a second after the one before.
fn events() -> Vec<Stamped> {
    let (a, b) = (Address([1; 32]), Address([2; 32]));
    let (connection, address) = (ConnectionId(1), "127.0.0.1:8080".parse().unwrap());
    let started = |id| Event::Started { id, height: 0, tip: Default::default(), balance: 0, max_peers: 8, mining: None };
    let all = [
        (0, started(a)),
        (1, started(b)),
        (0, Event::Connected { connection, address, direction: Direction::Outbound, peer: b }),
        (0, Event::BlockMined { id: Default::default(), height: 1, transactions: 0, size: 300, reward: 5_000 }),
        (0, Event::Asked { connection, what: "headers".to_owned() }),
        (1, Event::Warning { text: "the disk is slow".to_owned() }),
        (0, Event::Disconnected { connection, peer: b, address, why: "connection reset".to_owned(), guest: false }),
        (0, Event::Stopped),
    ];
    let stamp = |(number, (node, event)): (u64, (u32, Event))| Stamped { at: Time(START.0 + number * 250_000), node, event };
    (0..).zip(all).map(stamp).collect()
}

fn record(folder: &Path) -> PathBuf {
    let path = folder.join("run.jsonl");
    let nodes = vec!["left".to_owned(), "right".to_owned()];
    let header = Header { title: "two".to_owned(), start: START, speed_percent: 100, nodes, ..Header::default() };
    let recorder = Recorder::create(&path, &header, |why| panic!("{why}")).unwrap();
    let sink = recorder.sink();
    recorder.control(START, Control::Cuts { pairs: vec![(0, 1)] });
    events().into_iter().for_each(|event| sink(event));
    assert_eq!(recorder.finish(Time(START.0 + 2_000_000)).problem, None);
    path
}

/// What the live run printed.
fn live(format: Format) -> String {
    let mut names = Names::new();
    names.set_node(0, "left");
    names.set_node(1, "right");
    let mut out = Vec::new();
    let mut lines = Lines::new(&mut out, format, names);
    for event in events() {
        assert!(lines.write(&event).unwrap());
    }
    drop(lines);
    String::from_utf8(out).unwrap()
}

fn replay(arguments: &[&str]) -> assert_cmd::assert::Assert {
    let mut command = assert_cmd::Command::from_std(common::rumormill());
    let assert = command.arg("replay").args(arguments).timeout(PATIENCE).assert();
    assert.stderr(contains("panicked").not()).stderr(contains("\u{1b}").not())
}

#[test]
fn lines_are_those_of_the_live_run() {
    let folder = tempfile::tempdir().unwrap();
    let file = record(folder.path());
    let file = file.to_str().unwrap();
    let plain = live(Format::Plain);
    assert!(plain.contains("left mined block 1") && plain.lines().count() == 7, "{plain}");
    replay(&[file, "--headless"]).code(0).stdout(plain.clone()).stderr("");
    replay(&[file, "--json"]).code(0).stdout(live(Format::Json)).stderr("");
    // At a speed: 1.75 s of run in the 17.5 ms that it takes.
    replay(&[file, "--headless", "--speed", "100x"]).code(0).stdout(plain);
}

#[test]
fn a_run_that_was_cut_off_plays_to_its_last_whole_line_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let file = record(folder.path());
    let whole = std::fs::read_to_string(&file).unwrap();
    let place = whole.find("\"stopped\"").unwrap();
    std::fs::write(&file, &whole[..place]).unwrap();
    let path = file.to_str().unwrap();
    let without_last: String = live(Format::Plain).lines().take(6).map(|line| format!("{line}\n")).collect();
    replay(&[path, "--headless"]).code(0).stdout(without_last).stderr(contains("middle of a line"));
    // Cut off between two lines.
    let place = whole.lines().last().unwrap().len() + 1;
    std::fs::write(&file, &whole[..whole.len() - place]).unwrap();
    replay(&[path, "--headless"]).code(0).stdout(live(Format::Plain)).stderr(contains("no end"));
}

#[test]
fn a_file_that_cannot_be_played_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("x.jsonl");
    let path = file.to_str().unwrap();
    let refused = |words: &[&str]| {
        for mode in ["--headless", "--json"] {
            let mut assert = replay(&[path, mode]).code(2).stdout("");
            for word in words.iter().chain(&["error: FILE", path]) {
                assert = assert.stderr(contains(*word));
            }
        }
    };
    refused(&["cannot read it"]);
    std::fs::write(&file, "hello\nworld\n").unwrap();
    refused(&["no recording", "--record"]);
    std::fs::write(&file, "").unwrap();
    refused(&["nothing to play"]);
    std::fs::write(&file, "{\"rumormill\":\"recording\",\"version\":7}\n").unwrap();
    refused(&["version 7", "newer rumormill"]);
    replay(&[folder.path().to_str().unwrap(), "--headless"]).code(2).stderr(contains("cannot read it"));
}

#[test]
fn wrong_arguments_are_named() {
    replay(&[]).code(2).stderr(contains("<FILE>"));
    for speed in ["0", "-1", "fast", "1000x"] {
        replay(&["x.jsonl", "--speed", speed]).code(2).stderr(contains("--speed")).stderr(contains("0.1x to 100x"));
    }
}
