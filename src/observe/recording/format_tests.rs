use super::format::{Control, FaultLine, Header, Line, glance};
use super::{EngineName, RecordingError};
use crate::chain::{Address, BlockId, TxId};
use crate::node::{ConnectionId, Direction, Event, KindCount, NamedCount, PeerTraffic, Stamped, SyncPhase, Time};
use rumormill_ui::model::{ClockMode, ExpectationLine, LogLevel, TimelineLine, Verdict};
use std::time::Duration;

const START: Time = Time(1_700_000_000_000_000);

fn every_event() -> Vec<Event> {
    let (id, block, connection) = (Address([7; 32]), BlockId([9; 32]), ConnectionId(u64::MAX));
    let address = "[::1]:8080".parse().unwrap();
    let why = "line\nbreak \"quoted\" \u{1f980}".to_owned();
    let time = Duration::new(3, 141_592_653);
    let (from, transactions) = (Some(connection), 2);
    vec![
        Event::Started { id, height: 1, tip: block, balance: u64::MAX, max_peers: 40, mining: None },
        Event::Listening { address },
        Event::Mapped { address },
        Event::Unmapped { address },
        Event::Connecting { address },
        Event::DialFailed { address, why: why.clone(), retry_in: time },
        Event::Connected { connection, address, direction: Direction::Inbound, peer: id },
        Event::NewPeer { connection, peer: id, address, agent: why.clone(), version: 1, height: 3 },
        Event::Disconnected { connection, peer: id, address, why: why.clone(), guest: true },
        Event::RoundTrip { connection, time },
        Event::PeerHeight { connection, height: 8 },
        Event::Reputation { connection, peer: id, delta: -2_000, value: -10_000, reason: why.clone() },
        Event::Banned { peer: id, reason: why.clone(), time },
        Event::Unbanned { peer: id },
        Event::AddressBanned { address: address.ip(), reason: why.clone(), time },
        Event::AddressUnbanned { address: address.ip() },
        Event::Health { scores: vec![(connection, 87)] },
        Event::Connectivity { known: 3, tried: 2, counts: vec![NamedCount { name: "bootstrap dials".into(), count: 5 }] },
        Event::Loss { connection, sent: 9, lost: 1 },
        Event::AddressesReceived { connection, count: 2, known: 3 },
        Event::BlockMined { id: block, height: 1, transactions, size: 700, reward: 5_000 },
        Event::BlockReceived { id: block, height: 1, transactions, size: 700, miner: id, connection, peer: id },
        Event::TipChanged { id: block, height: 1, balance: 5, transactions: 6 },
        Event::Reorg { depth: 2, fork_height: 3, old_tip: block, new_tip: block },
        Event::BlockInvalid { id: block, why: why.clone() },
        Event::TransactionAccepted { id: TxId([1; 32]), from },
        Event::TransactionRefused { id: TxId([1; 32]), why: why.clone() },
        Event::Asked { connection, what: why.clone() },
        Event::Mining { height: 3, difficulty: u64::MAX },
        Event::Sync { phase: SyncPhase::Validating, height: 1, headers: 2, target: 3, downloaded: 4, from },
        Event::Pulse {
            peers: vec![PeerTraffic { connection: 1, bytes_in: 2, bytes_out: 3, messages_in: 4, messages_out: 5 }],
            duplicates: 1,
            mempool: 2,
            mempool_bytes: 3,
            messages: vec![KindCount { kind: "ping".into(), count: 3, bytes: 63 }],
        },
        Event::Statistics { blocks: 1, transactions: 2, balance: 3, peers: 4, mempool: 5 },
        Event::Outbox { connection, messages: 3, bytes: 4, dropped: 5 },
        Event::Warning { text: why },
        Event::Stopped,
    ]
}

fn every_control() -> Vec<Control> {
    let text = "n1 -> n2".to_owned();
    let at = Duration::from_micros(1_500_001);
    let fault = FaultLine { number: 1, text: text.clone(), until: Some(at) };
    vec![
        Control::Faults { faults: vec![fault.clone(), FaultLine { until: None, ..fault }] },
        Control::Cuts { pairs: vec![(0, 1), (3, 2)] },
        Control::Timeline { lines: vec![TimelineLine { at, text: text.clone(), done: true }] },
        Control::Expectations {
            lines: vec![ExpectationLine { text: text.clone(), verdict: Verdict::Missed, measured: text.clone() }],
        },
        Control::Clock { mode: ClockMode::Paused, speed_percent: 250 },
        Control::Shapes { links: vec![super::LinkLine { from: 1, to: 2, ..Default::default() }] },
        Control::Down { node: 3, reason: text.clone() },
        Control::Paused { node: 3, paused: true },
        Control::Log { level: LogLevel::Warn, node: None, target: "net".to_owned(), text: text.clone() },
        Control::Notice { text },
        Control::Lost { count: 9 },
        Control::End,
    ]
}

#[test]
fn every_line_is_read_as_it_was_written() {
    let events = every_event().into_iter().map(|event| Line::Event(Stamped { at: Time(START.0 + 17), node: 3, event }));
    let controls = every_control().into_iter().map(|control| Line::Control { at: Time(START.0), control });
    for line in events.chain(controls) {
        let mut out = Vec::new();
        line.write(START, &mut out).unwrap();
        assert_eq!(out.pop(), Some(b'\n'));
        assert!(!out.contains(&b'\n'), "one line is one line");
        assert_eq!(Line::read(START, &out).as_ref(), Some(&line));
        // The quick look says the same as the full reading.
        let (t, name) = glance(&out).expect("our own lines are glanced at");
        assert_eq!(t, line.at().0 - START.0);
        let whole: serde_json::Value = serde_json::from_slice(&out).unwrap();
        let full = whole["e"]["event"].as_str().or(whole["c"]["control"].as_str()).unwrap();
        assert_eq!(name, full.as_bytes());
    }
}

#[test]
fn what_is_no_line_is_none() {
    for line in [
        "",
        "{}",
        "null",
        "{\"t\":1}",
        "{\"t\":-1,\"n\":0,\"e\":{\"event\":\"stopped\"}}",
        "{\"t\":18446744073709551615,\"n\":0,\"e\":{\"event\":\"stopped\"}}",
        "{\"t\":1,\"n\":0,\"e\":{\"event\":\"stopped\"},\"c\":{\"control\":\"end\"}}",
        "{\"t\":1,\"n\":0,\"e\":{\"event\":\"unheard-of\"}}",
        "\u{0}\u{0}\u{0}",
    ] {
        assert_eq!(Line::read(START, line.as_bytes()), None, "{line}");
    }
    assert_eq!(glance(b"{\"t\":1,\"n\":0,\"e\":{\"event\":\"sto{\"t\":1"), None);
}

#[test]
fn a_header_is_read_as_it_was_written() {
    let header = Header {
        title: "ring \"8\"".to_owned(),
        preset: Some("ring-8".to_owned()),
        seed: Some(u64::MAX),
        engine: EngineName::Simulation,
        start: START,
        speed_percent: 400,
        nodes: vec!["n0".to_owned(), "n1".to_owned()],
    };
    let mut out = Vec::new();
    header.write(&mut out).unwrap();
    assert!(out.starts_with(Header::BEGINNING));
    assert_eq!(Header::read(&out).unwrap(), header);
}

#[test]
fn other_files_are_refused_with_the_reason() {
    let refused = |text: &str| Header::read(text.as_bytes()).unwrap_err();
    for text in ["", "{}", "[1]", "hello", "{\"at\":\"2026\",\"event\":\"started\"}", "{\"rumormill\":\"preset\",\"version\":1}"]
    {
        assert!(matches!(refused(text), RecordingError::Foreign), "{text}");
    }
    assert!(matches!(refused("{\"rumormill\":\"recording\",\"version\":0}"), RecordingError::Foreign));
    // Of a newer version nothing else is expected to be as it is.
    let newer = refused("{\"rumormill\":\"recording\",\"version\":2,\"start\":\"noon\"}");
    assert!(matches!(newer, RecordingError::Newer { found: 2 }));
    assert!(newer.to_string().contains("newer rumormill") && newer.is_argument());
}
