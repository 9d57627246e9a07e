use super::fixture::{block, id, transaction};
use super::{Format, Hub, Lines, Names, json_line, plain_line};
use crate::node::{ConnectionId, Direction, Event, PeerTraffic, Stamped, SyncPhase, Time};
use std::io::{Error, ErrorKind, Write};
use std::time::Duration;

/// 2026-11-20, 18:10:08.123.
const AT: Time = Time(1_795_198_208_123_000);

fn names() -> Names {
    let mut names = Names::new();
    names.set_node(0, "n0");
    names.set_node(3, "alice");
    names.set_id(3, id(3));
    names
}

fn stamped(event: Event) -> Stamped {
    Stamped { at: AT, node: 0, event }
}

/// Every event with the plain line it gives (after moment and node), and whether it is a JSON line.
fn all() -> Vec<(Event, Option<&'static str>, bool)> {
    let address = "127.0.0.1:8080".parse().unwrap();
    let connection = ConnectionId(5);
    let (peer, stranger) = (id(3), id(9));
    let why = || "connection reset".to_owned();
    vec![
        (
            Event::Started { id: peer, height: 7, tip: block(1), balance: 100, max_peers: 40, mining: Some(2_000) },
            Some("starts as 00000003 at height 7, mining at 2000 tries a second"),
            true,
        ),
        (Event::Listening { address }, Some("listening on 127.0.0.1:8080"), true),
        (Event::Mapped { address }, Some("reachable from outside at 127.0.0.1:8080"), true),
        (Event::Unmapped { address }, Some("no longer reachable from outside at 127.0.0.1:8080"), true),
        (Event::Connecting { address }, Some("connecting to 127.0.0.1:8080"), true),
        (
            Event::DialFailed { address, why: "connection refused".into(), retry_in: Duration::from_millis(1_630) },
            Some("cannot connect to 127.0.0.1:8080: connection refused; still trying, again in 1.6 s"),
            true,
        ),
        (
            Event::Connected { connection, address, direction: Direction::Outbound, peer },
            Some("connected to 127.0.0.1:8080 (alice)"),
            true,
        ),
        (
            // Said as "new peer", or why it is none.
            Event::Connected { connection, address, direction: Direction::Inbound, peer: stranger },
            None,
            true,
        ),
        (
            Event::NewPeer { connection, peer: stranger, address, agent: "x/1\u{1b}[31m".into(), version: 1, height: 12 },
            Some("new peer 00000009 at 127.0.0.1:8080: x/1?[31m, protocol 1, height 12"),
            true,
        ),
        (
            Event::Disconnected { connection, peer, address, why: why(), guest: false },
            Some("disconnected from alice (127.0.0.1:8080): connection reset"),
            true,
        ),
        (Event::Disconnected { connection, peer, address, why: why(), guest: true }, None, true),
        (Event::RoundTrip { connection, time: Duration::from_micros(1_234) }, None, false),
        (Event::PeerHeight { connection, height: 3 }, None, false),
        (
            Event::Reputation { connection, peer, delta: -2_000, value: -1_990, reason: "malformed frame".into() },
            Some("reputation of alice: 0.1 -> -19.9: malformed frame"),
            true,
        ),
        (Event::Reputation { connection, peer, delta: 200, value: 200, reason: "new block".into() }, None, true),
        (
            Event::Banned { peer, reason: "invalid block".into(), time: Duration::from_secs(600) },
            Some("banned alice for 10 min: invalid block"),
            true,
        ),
        (Event::Unbanned { peer }, Some("the ban of alice has ended"), true),
        (Event::AddressesReceived { connection, count: 14, known: 25 }, None, true),
        (
            Event::BlockMined { id: block(5), height: 12, transactions: 3, size: 900, reward: 5_003 },
            Some("mined block 12 (05000000): 3 transactions, reward 50.03"),
            true,
        ),
        (
            Event::BlockReceived { id: block(5), height: 12, transactions: 1, size: 900, miner: peer, connection, peer },
            Some("received block 12 (05000000) from alice: 1 transaction"),
            true,
        ),
        (Event::TipChanged { id: block(5), height: 12, balance: 1, transactions: 2 }, None, true),
        (
            Event::Reorg { depth: 2, fork_height: 10, old_tip: block(5), new_tip: block(6) },
            Some("reorg: left 2 blocks above 10, tip 05000000 -> 06000000"),
            true,
        ),
        (Event::BlockInvalid { id: block(5), why: "no seal".into() }, Some("block 05000000 is invalid: no seal"), true),
        (Event::TransactionAccepted { id: transaction(1), from: Some(connection) }, None, true),
        (Event::TransactionAccepted { id: transaction(1), from: None }, Some("submitted transaction 01000000"), true),
        (
            Event::TransactionRefused { id: transaction(1), why: "already in the pool".into() },
            Some("transaction 01000000 refused: already in the pool"),
            true,
        ),
        (Event::Asked { connection, what: "headers".into() }, None, false),
        (Event::Mining { height: 13, difficulty: 9 }, None, false),
        (
            Event::Sync { phase: SyncPhase::Headers, height: 1, headers: 20, target: 40, downloaded: 0, from: Some(connection) },
            Some("sync: headers 20 of 40 from connection 5"),
            true,
        ),
        (
            Event::Pulse { peers: vec![PeerTraffic::default()], duplicates: 0, mempool: 0, mempool_bytes: 0, messages: vec![] },
            None,
            false,
        ),
        (
            Event::Statistics { blocks: 1, transactions: 30, balance: 55_000, peers: 3, mempool: 2 },
            Some("1 block, 30 transactions, balance 550.00, 3 peers, 2 waiting"),
            true,
        ),
        (
            Event::Warning { text: "the store failed\r\n2026 n0 forged".into() },
            Some("warning: the store failed??2026 n0 forged"),
            true,
        ),
        (Event::Stopped, Some("stopped"), true),
    ]
}

#[test]
fn every_event_has_its_plain_line() {
    for (event, line, _) in all() {
        let want = line.map(|line| format!("2026-11-20T18:10:08Z n0 {line}"));
        assert_eq!(plain_line(&stamped(event), &names()), want);
    }
}

#[test]
fn every_json_line_is_one_object_that_begins_alike() {
    for (event, _, printed) in all() {
        let name = serde_json::to_value(&event).unwrap()["event"].as_str().unwrap().to_owned();
        let line = json_line(&stamped(event), &names());
        assert_eq!(line.is_some(), printed, "{name}");
        let Some(line) = line else { continue };
        let begin = format!("{{\"at\":\"2026-11-20T18:10:08.123Z\",\"node\":\"n0\",\"event\":\"{name}\"");
        assert!(line.starts_with(&begin), "{line}");
        assert!(!line.contains('\n') && !line.contains("nanos"), "{line}");
        assert!(serde_json::from_str::<serde_json::Value>(&line).unwrap().is_object());
    }
}

#[test]
fn json_fields_have_stable_names() {
    let line = |event| json_line(&stamped(event), &names()).unwrap();
    let address = "127.0.0.1:8080".parse().unwrap();
    let retry_in = Duration::from_micros(1_630_500);
    let failed = line(Event::DialFailed { address, why: "a \"b\"".into(), retry_in });
    assert!(
        failed.ends_with(r#""event":"dial-failed","address":"127.0.0.1:8080","retry_in_ms":1630.5,"why":"a \"b\""}"#),
        "{failed}"
    );
    let banned = line(Event::Banned { peer: id(3), reason: "x".into(), time: Duration::from_secs(10) });
    let want = format!(r#""event":"banned","peer":"{}","reason":"x","time_ms":10000}}"#, id(3));
    assert!(banned.ends_with(&want), "{banned}");
}

#[test]
fn a_moment_beyond_the_calendar_is_its_last() {
    let line = plain_line(&Stamped { at: Time::MAX, node: 0, event: Event::Stopped }, &names());
    assert_eq!(line.unwrap(), "9999-12-31T23:59:59Z n0 stopped");
}

fn lines(format: Format, events: Vec<(u64, Event)>) -> Vec<String> {
    let mut out = Vec::new();
    let mut lines = Lines::new(&mut out, format, names());
    for (millis, event) in events {
        let at = AT + Duration::from_millis(millis);
        assert!(lines.write(&Stamped { at, node: 0, event }).unwrap());
    }
    assert!(lines.flush().unwrap());
    let text = String::from_utf8(out).unwrap();
    text.lines().map(|line| line.split_once(" n0 ").map_or(line, |parts| parts.1).to_owned()).collect()
}

#[test]
fn old_blocks_are_summed_up_while_they_are_fetched() {
    let connection = ConnectionId(5);
    let (peer, address) = (id(3), "127.0.0.1:8080".parse().unwrap());
    let sync =
        |phase, height| Event::Sync { phase, height, headers: 500, target: 500, downloaded: height, from: Some(connection) };
    let received =
        |height| Event::BlockReceived { id: block(height), height, transactions: 0, size: 1, miner: peer, connection, peer };
    let mut events = vec![
        (0, Event::Connected { connection, address, direction: Direction::Outbound, peer }),
        (1, sync(SyncPhase::Headers, 0)),
    ];
    for height in 1..=500 {
        events.push((height * 10, received(height)));
        events.push((height * 10, sync(SyncPhase::Blocks, height)));
    }
    events.push((5_010, sync(SyncPhase::Synced, 500)));
    events.push((5_011, sync(SyncPhase::Synced, 500)));
    events.push((9_000, received(501)));
    let lines = lines(Format::Plain, events);
    let begins = ["connected", "sync: headers 500 of 500 from alice", "sync: blocks 1 of 500"];
    for (line, begin) in lines.iter().zip(begins) {
        assert!(line.starts_with(begin), "{line}");
    }
    assert_eq!(lines.iter().filter(|line| line.starts_with("sync: blocks")).count(), 3);
    assert!(lines.iter().filter(|line| line.starts_with("received block 4")).count() <= 8);
    assert_eq!(lines.iter().filter(|line| line.starts_with("sync: at the tip")).count(), 1);
    assert!(lines.last().unwrap().starts_with("received block 501"));
}

#[test]
fn json_is_written_line_by_line() {
    let lines = lines(Format::Json, vec![(0, Event::Stopped), (1, Event::Mining { height: 1, difficulty: 1 })]);
    assert_eq!(lines.len(), 1);
    assert!(lines[0].starts_with('{') && lines[0].ends_with('}'));
}

struct Broken(ErrorKind);

impl Write for Broken {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(Error::from(self.0))
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Err(Error::from(self.0))
    }
}

#[test]
fn a_closed_pipe_ends_quietly_and_a_full_disk_does_not() {
    let mut lines = Lines::new(Broken(ErrorKind::BrokenPipe), Format::Plain, names());
    assert!(!lines.write(&stamped(Event::Stopped)).unwrap());
    assert!(!lines.flush().unwrap());
    let mut lines = Lines::new(Broken(ErrorKind::StorageFull), Format::Json, names());
    assert!(lines.write(&stamped(Event::Stopped)).is_err());
}

#[test]
fn a_hub_is_printed_and_what_was_lost_is_told() {
    let hub = Hub::with_capacity(1);
    hub.push(stamped(Event::Stopped));
    hub.push(stamped(Event::Stopped));
    for (format, want) in [(Format::Plain, "warning: 1 events"), (Format::Json, "\"count\":1}")] {
        let mut out = Vec::new();
        let mut lines = Lines::new(&mut out, format, names());
        assert!(lines.drain(&hub).unwrap());
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text.lines().count(), 2);
        assert!(text.contains(want), "{text}");
        hub.push(stamped(Event::Stopped));
        hub.push(stamped(Event::Stopped));
    }
}
