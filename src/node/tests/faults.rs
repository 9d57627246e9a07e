//! Faults of our own, and how often they are told: a disk that cannot be read, a machine that slept, clocks that disagree.

use super::*;

#[test]
fn a_block_that_cannot_be_read_is_told_once_and_stores_nothing_again() {
    let mut stage = Stage::new(Config::default());
    for _ in 0..1_000 {
        stage.give(Input::ReadFailed("the file is cut short".to_owned()));
    }
    let told = |stage: &Stage| stage.events.iter().filter(|event| matches!(event, Event::Warning { .. })).count();
    assert!(stage.events.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("cut short"))));
    assert_eq!(told(&stage), 1);
    stage.wait(limits::STORE_RETRY + SECOND);
    assert_eq!((told(&stage), stage.stored.len()), (1, 0));
}

#[test]
fn a_peer_cannot_make_us_warn_of_the_future_all_the_time() {
    let mut stage = Stage::new(Config::default());
    let chain = chain_of(&stage, 1);
    for n in 1..=3 {
        stage.connect(n);
        let hello = Hello { time: u64::MAX, ..stage.hello(n, 0, 0) };
        stage.receive(n.into(), Message::Handshake { hello });
    }
    for number in 0..500 {
        let mut header = chain[0].header;
        header.time = stage.now.as_millis() + 200_000 + number;
        stage.now = stage.now + SECOND / 1_000;
        stage.receive(1, Message::Headers { answer: false, headers: vec![header] });
    }
    let told = |words: &str| {
        stage.events.iter().filter(|event| matches!(event, Event::Warning { text } if text.contains(words))).count()
    };
    assert_eq!((told("check both clocks"), told("put off")), (1, 1));
}

#[test]
fn what_came_while_we_slept_did_not_take_as_long_as_we_slept() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.wait(Timing::LAB.ping);
    let pinged = stage.take_sent(1).into_iter().rev().find_map(|message| match *message {
        Message::Ping { nonce, .. } => Some(nonce),
        _ => None,
    });
    // The machine sleeps for eight hours, and the first that is seen of its waking is not a deadline.
    stage.now = stage.now + 8 * 3_600 * SECOND;
    stage.receive(1, Message::Pong { nonce: pinged.expect("a ping"), time: stage.now.as_millis() });
    let trip = stage.events.iter().rev().find_map(|event| match event {
        Event::RoundTrip { time, .. } => Some(*time),
        _ => None,
    });
    // No more than till the next thing that it would have done.
    assert!(trip.is_some_and(|trip| trip < 10 * SECOND), "{trip:?}");
    stage.give(Input::Deadline);
    assert!(!stage.was_closed(1));
}
