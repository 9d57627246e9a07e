//! Shaking hands, and what comes before and instead.

use super::*;

#[test]
fn a_silent_connection_holds_no_slot_and_is_closed() {
    let mut stage = Stage::new(Config { max_inbound: 1, ..Config::default() });
    stage.connect(1);
    stage.befriend(2);
    stage.connect(3);
    assert!(stage.was_closed(3), "one slot, and one who has it");
    assert!(!stage.was_closed(1));
    stage.wait(3 * SECOND);
    assert!(stage.was_closed(1));
}

#[test]
fn another_genesis_and_no_common_version_are_told_and_not_banned() {
    let mut stage = Stage::new(Config::default());
    stage.connect(1);
    let hello = Hello { genesis: BlockId([9; 32]), ..stage.hello(1, 0, 0) };
    stage.receive(1, Message::Handshake { hello });
    stage.connect(2);
    let hello = Hello { version_lowest: 7, version_highest: 9, ..stage.hello(2, 0, 0) };
    stage.receive(2, Message::Handshake { hello });
    for (n, wanted) in [(1, ErrorCode::WrongChain), (2, ErrorCode::NoCommonVersion)] {
        let sent = stage.take_sent(n);
        assert!(sent.iter().any(|message| matches!(&**message, Message::Error { code, .. } if *code == wanted)), "{sent:?}");
        assert!(stage.was_closed(n));
        assert_eq!(stage.reputation(n as u8), 0);
    }
}

#[test]
fn an_identity_other_than_the_proven_one_is_refused() {
    let mut stage = Stage::new(Config::default());
    stage.connect(1);
    let hello = stage.hello(2, 0, 0);
    stage.receive(1, Message::Handshake { hello });
    assert!(stage.was_closed(1));
    assert!(stage.node.ready_peers().is_empty());
}

#[test]
fn nothing_but_the_handshake_is_taken_before_it() {
    let mut stage = Stage::new(Config::default());
    stage.connect(1);
    stage.receive(1, Message::GetHeaders { locator: vec![] });
    assert!(stage.was_closed(1));
    assert_eq!(stage.reputation(1), -2_000);
}

#[test]
fn one_identity_from_two_addresses_keeps_one_link() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let peer = peer_keys(1).address();
    let address = SocketAddr::from(([127, 0, 0, 99], 9_000));
    let again = |stage: &mut Stage, n: u64| {
        stage.give(Input::Connected { connection: connection(n), address, direction: Direction::Inbound, peer });
        assert!(!stage.was_closed(n) && !stage.was_closed(1), "it may be a visit");
        let hello = stage.hello(1, 0, 1);
        stage.receive(n, Message::Handshake { hello });
    };
    again(&mut stage, 50);
    assert!(stage.was_closed(50));
    assert!(!stage.was_closed(1));
    // Silent past its ping, the old link gives way: its node may have come back after a crash.
    stage.wait(stage.node.config.timing.ping + SECOND);
    again(&mut stage, 51);
    assert!(stage.was_closed(1));
    assert!(!stage.was_closed(51));
}

#[test]
fn bytes_that_are_no_message_cost_reputation_and_the_link() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.give(Input::Malformed { connection: connection(1), error: WireError::Empty });
    assert!(stage.was_closed(1));
    assert_eq!(stage.reputation(1), -2_000);
    let sent = stage.take_sent(1);
    assert!(sent.iter().any(|message| matches!(&**message, Message::Error { code: ErrorCode::BadMessage, .. })));
}

#[test]
fn unknown_types_are_ignored_up_to_a_number() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    for _ in 0..limits::UNKNOWN_MESSAGES {
        stage.give(Input::Unknown { connection: connection(1), code: 0xee, bytes: 9 });
    }
    assert!(!stage.was_closed(1));
    stage.give(Input::Unknown { connection: connection(1), code: 0xee, bytes: 9 });
    assert!(stage.was_closed(1));
}
