//! Peers that lie, flood or do not deliver.

use super::*;
use crate::chain::Header;
use crate::wire::limits::MAX_HEADERS;

/// A patience is a multiple of a round trip, and so need not be a whole number of microseconds, which the clock counts.
#[test]
fn a_late_body_is_asked_of_another_whatever_the_round_trip_was() {
    for micros in [20_001, 20_003, 33_333, 100_007] {
        let mut stage = Stage::new(Config::default());
        let blocks = chain_of(&stage, 1);
        (1..=2).for_each(|n| stage.befriend(n));
        for round_trip in [micros, micros + 5, micros + 11] {
            for n in [1, 2] {
                let pings = stage.take_sent(n);
                let ping = pings.iter().find_map(|message| match &**message {
                    Message::Ping { nonce, .. } => Some(*nonce),
                    _ => None,
                });
                stage.now = stage.now + Duration::from_micros(round_trip);
                stage.receive(n, Message::Pong { nonce: ping.unwrap(), time: 0 });
            }
            stage.wait(3 * SECOND);
        }
        stage.sent.clear();
        (1..=2).for_each(|n| stage.receive(n, headers(&blocks, false)));
        stage.wait(2 * SECOND);
        let asked: Vec<_> =
            stage.sent.iter().filter(|(_, m)| matches!(**m, Message::GetBlock { .. })).map(|(to, _)| *to).collect();
        assert!(asked.contains(&connection(1)) && asked.contains(&connection(2)), "{micros} us: {asked:?}");
    }
}

#[test]
fn a_weak_branch_told_unasked_is_not_kept_and_ends_the_link() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    for block in chain_of(&stage, 60) {
        stage.receive(1, Message::NewBlock { block });
    }
    assert_eq!(stage.node.ledger.tip().height, 60);
    let mut weak = Builder::new(Arc::clone(&stage.spec));
    weak.grow(40, 9);
    let before = stage.node.ledger.headers();
    // The single header of somebody's weak tip is no offence; a flood of them is.
    stage.receive(2, headers(&weak.blocks[1..2], false));
    assert_eq!(stage.reputation(2), 0);
    stage.receive(2, Message::NewBlock { block: Arc::clone(&weak.blocks[1]) });
    stage.receive(2, headers(&weak.blocks[1..], false));
    assert!(stage.was_closed(2));
    assert_eq!(stage.node.ledger.headers(), before, "nothing of it is kept");
}

#[test]
fn a_burst_of_spam_costs_reputation_and_answers_do_not_count() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    for _ in 0..limits::SPAM_BURST - 10 {
        stage.receive(1, Message::Heartbeat);
    }
    assert_eq!(stage.reputation(1), 0);
    for _ in 0..20 {
        stage.receive(1, Message::Heartbeat);
    }
    assert_eq!(stage.reputation(1), -500);
}

/// Adversary 14, where we dial: whoever is of another chain or version, by his word or by ours, is left alone for long, and not banned.
#[test]
fn a_peer_of_another_chain_is_not_dialled_again_for_long() {
    let address = SocketAddr::from(([127, 0, 0, 50], 9_000));
    let refusals: [fn(Hello) -> Message; 3] = [
        |_| Message::Error { code: ErrorCode::WrongChain, text: "another genesis".to_owned() },
        |_| Message::Error { code: ErrorCode::NoCommonVersion, text: "another version".to_owned() },
        |hello| Message::HandshakeAck { hello: Hello { genesis: BlockId([9; 32]), ..hello }, version: 1, seen: [0; 16] },
    ];
    for refusal in refusals {
        let mut stage = Stage::new(Config { bootstrap: vec![address], ..Config::default() });
        let dials = |stage: &Stage| stage.events.iter().filter(|event| matches!(event, Event::Connecting { .. })).count();
        assert_eq!(dials(&stage), 1);
        let peer = peer_keys(1).address();
        stage.give(Input::Connected { connection: connection(1), address, direction: Direction::Outbound, peer });
        let hello = stage.hello(1, 0, 0);
        stage.receive(1, refusal(hello));
        assert!(stage.was_closed(1));
        assert_eq!(stage.reputation(1), 0);
        stage.wait(Timing::LAB.refused - SECOND);
        assert_eq!(dials(&stage), 1, "it was dialled again");
        stage.wait(2 * SECOND);
        assert_eq!(dials(&stage), 2, "it was given up");
        assert!(!stage.is_banned(1));
    }
}

/// Adversary 25: headers without end that show next to no work, each message of them asked for. Nothing of them is kept but a sum, and it ends.
#[test]
fn a_chain_of_low_work_without_end_is_followed_in_constant_memory_and_ends_the_link() {
    let spec = ChainSpec { initial_difficulty: 1_000, ..(*easy_spec()).clone() };
    let mut stage = Stage::on(Arc::new(spec), Config::default());
    stage.befriend(1);
    let honest = chain_of(&stage, 60);
    for block in &honest {
        stage.receive(1, Message::NewBlock { block: Arc::clone(block) });
    }
    let tip = stage.tip();
    assert_eq!(stage.node.ledger.tip().height, 60);
    stage.connect(2);
    let hello = stage.hello(2, 10_000_000, u128::MAX);
    stage.receive(2, Message::Handshake { hello });
    let before = stage.node.ledger.headers();
    let mut last = Header { height: 0, ..honest[0].header };
    let mut parent = stage.spec.genesis_id();
    let mut sent = 0;
    while !stage.was_closed(2) && sent < 10_000_000 {
        let asked = stage.take_sent(2);
        assert!(asked.iter().any(|message| matches!(&**message, Message::GetHeaders { .. })), "after {sent}: {asked:?}");
        let headers: Vec<_> = (0..MAX_HEADERS)
            .map(|_| {
                // Any hash meets this difficulty.
                last = Header { parent, height: last.height + 1, time: last.time + 1, difficulty: 1, ..last };
                parent = last.id();
                last
            })
            .collect();
        sent += headers.len() as u64;
        stage.receive(2, Message::Headers { answer: true, headers });
        assert_eq!(stage.node.ledger.headers(), before, "after {sent} something of them is kept");
    }
    assert!(sent <= 2 * 60 + limits::LOW_WORK_HEADERS + 2 * MAX_HEADERS as u64, "{sent} were listened to");
    assert_eq!(stage.reputation(2), -2_000);
    assert_eq!(stage.tip(), tip);
    assert!(!stage.was_closed(1));
}
