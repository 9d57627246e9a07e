//! Real processes over real sockets: they find each other, agree, survive a kill, and end when told.

#![cfg(unix)]

mod common;

use common::{Fleet, GRACE, Known, PATIENCE, rumormill};
use rustix::process::Signal;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::process::Stdio;

/// Tries a second in these tests: ten times the default, so that blocks come quickly.
const QUICK: &str = "20000";

fn agree(known: &[Known], least: u64) -> bool {
    known[0].height() >= least && known.iter().all(|node| node.tip == known[0].tip)
}

fn know_each_other(known: &[Known]) -> bool {
    let knows = |node: &Known| known.iter().filter(|other| other.id != node.id).all(|other| node.peers.contains_key(&other.id));
    known.iter().all(knows)
}

#[test]
fn three_processes_find_each_other_and_agree() {
    let mut fleet = Fleet::new();
    fleet.start(&["0", "--ephemeral", "--tries", QUICK]);
    let first = fleet.known[0].address.clone();
    assert!(first.starts_with("127.0.0.1:"), "listens beyond loopback: {first}");
    fleet.start(&["0", &first, "--ephemeral", "--tries", QUICK]);
    fleet.start(&["0", &first, "--ephemeral", "--no-mine"]);
    // The second and the third were told of the first alone.
    fleet.wait("all three know each other", know_each_other);
    fleet.wait("one tip for all", |known| agree(known, 3));
    assert_eq!(fleet.known[2].count("block-mined"), 0, "--no-mine mined");
    assert!(fleet.known[2].count("block-received") > 0);
}

#[test]
fn a_killed_node_continues_from_its_stored_chain() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let mut fleet = Fleet::new();
    fleet.start(&["0", "--data-dir", folder, "--tries", QUICK]);
    let first = fleet.known[0].address.clone();
    fleet.start(&["0", &first, "--ephemeral", "--tries", QUICK]);
    fleet.wait("some blocks on both", |known| agree(known, 4));
    fleet.kill(0);
    let (id, reached) = (fleet.known[0].id.clone(), fleet.known[0].height());
    let before = fleet.known[1].height();
    fleet.wait("the other goes on alone", |known| known[1].height() >= before + 2);

    // The same port, so that the other finds it again, and no mining, so that all it gains it gains by catching up.
    let port = first.rsplit_once(':').unwrap().1;
    let again = fleet.start(&[port, "--data-dir", folder, "--no-mine"]);
    let restarted = &fleet.known[again];
    assert_eq!(restarted.id, id, "another identity after the restart");
    assert!(restarted.started_at >= 1, "it began anew although it had reached block {reached}");
    fleet.wait("it catches up", |known| known[again].height() > before && known[again].tip == known[1].tip);
}

/// Whether this process was started with SIGHUP ignored, as far as the system says so (Linux does).
fn ignores_hang_up() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 != 0)
}

#[test]
fn a_signal_ends_a_node_in_time_with_everything_stored() {
    // Under `nohup` a node is not to end by it, and the node inherits what this process ignores.
    let heard =
        [Signal::TERM, Signal::INT, Signal::HUP].into_iter().filter(|signal| *signal != Signal::HUP || !ignores_hang_up());
    for signal in heard {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().to_str().unwrap();
        let mut fleet = Fleet::new();
        fleet.start(&["0", "--data-dir", folder, "--tries", QUICK]);
        fleet.wait("a block", |known| known[0].height() >= 2);
        fleet.signal(0, signal);
        let (status, errors) = fleet.end(0, GRACE);
        assert_eq!(status.code(), Some(0), "{signal:?}: {errors}");
        assert_eq!(fleet.known[0].count("stopped"), 1, "{signal:?}");
        let reached = fleet.known[0].height();
        let again = fleet.start(&["0", "--data-dir", folder, "--no-mine"]);
        assert_eq!(fleet.known[again].started_at, reached, "{signal:?}: not everything was stored");
    }
}

#[test]
fn a_peer_that_is_not_up_yet_is_tried_again() {
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut fleet = Fleet::new();
    fleet.start(&["0", &format!("127.0.0.1:{port}"), "--ephemeral", "--no-mine"]);
    fleet.wait("it says that it cannot reach its peer, twice", |known| known[0].count("dial-failed") >= 2);
    fleet.start(&[&port.to_string(), "--ephemeral", "--no-mine"]);
    fleet.wait("they meet", know_each_other);
}

#[test]
fn a_headless_cluster_ends_with_a_verdict() {
    let output = rumormill().args(["cluster", "hello", "--headless", "--duration", "6s"]).stdin(Stdio::null()).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(0), "{text}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.lines().last().unwrap().starts_with("all 3 nodes agree on block "), "{text}");
    assert!(!text.contains('\u{1b}'), "an escape sequence without a terminal");
}

#[test]
fn a_verdict_in_json_is_the_last_line() {
    let output = rumormill()
        .args(["cluster", "hello", "--json", "--duration", "3s", "--seed", "7"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let verdict = lines.last().unwrap();
    assert_eq!(
        (verdict["event"].as_str(), verdict["agreed"].as_bool(), verdict["nodes"].as_u64()),
        (Some("verdict"), Some(true), Some(3))
    );
    assert_eq!(lines.iter().filter(|line| line["event"] == "stopped").count(), 3, "{text}");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_reader_that_leaves_ends_the_run_quietly() {
    let mut child = rumormill()
        .args(["cluster", "hello", "--headless"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    assert!(!first.is_empty());
    let (done, ended) = std::sync::mpsc::channel();
    let waiter = std::thread::spawn(move || done.send(child.wait_with_output()));
    let output = ended.recv_timeout(PATIENCE).expect("it goes on although nobody reads").unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    waiter.join().unwrap().unwrap();
}
