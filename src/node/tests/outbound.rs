//! Whom a node dials, and what becomes of it.

use super::*;
use crate::node::discovery::book::scope::group;
use crate::wire::PeerAddress;
use std::collections::BTreeSet;

fn public(a: u8, b: u8, n: u8) -> SocketAddr {
    SocketAddr::from(([a, b, 7, n], 8_080))
}

fn told(address: SocketAddr, n: u8) -> PeerAddress {
    PeerAddress::new(address, peer_keys(n).address(), 0)
}

impl Stage {
    /// A peer tells addresses, as an answer to the question that each new peer gets.
    fn hear(&mut self, from: u8, addresses: Vec<PeerAddress>) {
        self.befriend(from);
        self.receive(from.into(), Message::Peers { answer: true, addresses });
    }

    /// Dials made since this was asked last.
    fn dials(&mut self) -> Vec<SocketAddr> {
        std::mem::take(&mut self.dialled)
    }

    fn dial_succeeds(&mut self, connection: u64, address: SocketAddr, peer: Address) {
        self.give(Input::Connected { connection: super::connection(connection), address, direction: Direction::Outbound, peer });
    }

    /// Hands are shaken over a link that was dialled.
    fn acknowledge(&mut self, connection: u64, n: u8) {
        let hello = self.hello(n, 0, 0);
        self.receive(connection, Message::HandshakeAck { hello, version: 1, seen: [0; 16] });
    }

    fn failures(&self) -> usize {
        self.events.iter().filter(|event| matches!(event, Event::DialFailed { .. })).count()
    }
}

#[test]
fn outbound_links_go_to_different_networks() {
    let mut stage = Stage::new(Config::default());
    (1..=3).for_each(|n| stage.befriend(n));
    // Forty addresses in one /16, and one in each of five others.
    let crowd = (1..=40).map(|n| told(SocketAddr::from(([81, 2, n, 1], 8_080)), 4));
    let others = (1..=5).map(|n| told(public(90 + n, 1, 1), 4));
    stage.receive(1, Message::Peers { answer: true, addresses: crowd.chain(others).collect() });
    let dials = stage.dials();
    let groups: BTreeSet<_> = dials.iter().map(|address| group(address.ip())).collect();
    assert_eq!((dials.len(), groups.len()), (6, 6), "{dials:?}");
    // Nor does a free slot change that.
    for address in dials {
        stage.give(Input::DialFailed { address, error: DialError::TimedOut });
    }
    stage.dials();
    stage.wait(60 * SECOND);
    let dialled = stage.dials();
    assert!(!dialled.is_empty() && dialled.len() < 200, "{}", dialled.len());
}

#[test]
fn a_lonely_node_takes_what_there_is() {
    let mut stage = Stage::new(Config::default());
    stage.hear(1, (1..=40).map(|n| told(SocketAddr::from(([81, 2, n, 1], 8_080)), 4)).collect());
    assert_eq!(stage.dials().len(), 2, "three peers are wanted, one is there");
}

/// The cable is out: every dial fails at once.
#[test]
fn an_outage_of_our_own_costs_no_address_and_is_no_reason_to_hurry() {
    let mut stage = Stage::new(Config::default());
    (1..=3).for_each(|n| stage.befriend(n));
    stage.receive(1, Message::Peers { answer: true, addresses: (1..=200).map(|n| told(public(n, 1, 1), 4)).collect() });
    let known = stage.node.book.len();
    assert!(known >= 190, "{known}");
    let mut most = 0;
    let end = stage.now + 120 * SECOND;
    while stage.now < end {
        let before = most;
        let mut round = 0;
        while let Some(address) = stage.dialled.pop() {
            round += 1;
            stage.give(Input::DialFailed { address, error: DialError::Failed("the network is unreachable".to_owned()) });
        }
        most = before.max(round);
        stage.wait(Timing::LAB.redial.0 / 2);
    }
    assert_eq!(stage.node.ready_peers(), [], "nobody is heard any more");
    assert_eq!(stage.node.book.len(), known);
    assert!((1..=16).contains(&most), "{most} dials at once");
}

/// Row 15.
#[test]
fn an_alias_of_our_own_address_is_dialled_once() {
    let alias = public(80, 80, 80);
    let mut stage = Stage::new(Config { bootstrap: vec![alias], ..Config::default() });
    assert_eq!(stage.dials(), [alias]);
    let own = stage.node.id();
    stage.dial_succeeds(90, alias, own);
    assert!(matches!(&stage.closed[..], [(_, CloseReason::Abrupt(why))] if why.contains("our own")));
    // Whoever tells of it, and whatever form it has.
    let mapped = SocketAddr::new(std::net::Ipv4Addr::new(80, 80, 7, 80).to_ipv6_mapped().into(), 8_080);
    stage.hear(1, vec![told(alias, 5), told(mapped, 6)]);
    stage.give(Input::Command(Command::Connect(alias)));
    stage.wait(SECOND / 2);
    assert_eq!(stage.dials(), []);
}

/// What a person asks for is done at once; a node that is asked for more than it can hold says so.
#[test]
fn whom_a_person_wants_is_dialled_without_a_free_slot() {
    let bootstrap = public(80, 80, 80);
    let mut stage = Stage::new(Config { bootstrap: vec![bootstrap], max_outbound: 1, ..Config::default() });
    stage.dial_succeeds(90, bootstrap, peer_keys(9).address());
    stage.acknowledge(90, 9);
    assert_eq!(stage.dials(), [bootstrap]);
    let there: Vec<_> = (1..=limits::SLOTS_BY_HAND as u8 + 1).map(|n| public(81, n, n)).collect();
    for (number, address) in (100..).zip(&there) {
        stage.events.clear();
        stage.give(Input::Command(Command::Connect(*address)));
        let warned =
            stage.events.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("slots are taken")));
        let room = number < 100 + limits::SLOTS_BY_HAND as u64;
        assert_eq!((stage.dials(), warned), if room { (vec![*address], false) } else { (vec![], true) });
        if room {
            let peer = number as u8 - 90;
            stage.dial_succeeds(number, *address, peer_keys(peer).address());
            stage.acknowledge(number, peer);
        }
    }
    // Who is there already is not dialled twice, and who is banned not at all.
    stage.give(Input::Command(Command::Connect(bootstrap)));
    assert_eq!(stage.dials(), []);
    let banned = public(82, 1, 1);
    stage.give(Input::Command(Command::BanAddress { address: banned.ip(), time: None }));
    stage.events.clear();
    stage.give(Input::Command(Command::Connect(banned)));
    assert_eq!(stage.dials(), []);
    assert!(stage.events.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("end the ban first"))));
    assert_eq!(stage.node.over_budget(), None);
}

#[test]
fn a_feeler_tests_an_address_and_takes_no_slot() {
    let timing = Timing { feeler: Some(SECOND), ..Timing::LAB };
    let mut stage = Stage::new(Config { max_outbound: 0, timing, ..Config::default() });
    stage.hear(1, vec![told(public(80, 1, 1), 5), told(public(81, 1, 1), 6)]);
    assert_eq!(stage.dials(), [], "there are no slots");
    stage.wait(2 * SECOND);
    let felt = stage.dials();
    let [address] = felt[..] else { panic!("one feeler at a time: {felt:?}") };
    let n = if address == public(80, 1, 1) { 5 } else { 6 };
    stage.dial_succeeds(90, address, peer_keys(n).address());
    let said = stage.take_sent(90);
    let [Message::Handshake { hello }] = &said.iter().map(|message| &**message).collect::<Vec<_>>()[..] else {
        panic!("{said:?}")
    };
    assert!(hello.capabilities.has(Capabilities::VISIT), "nobody there is to lose his slot for it");
    stage.acknowledge(90, n);
    let goodbye = Message::Goodbye { reason: GoodbyeReason::Idle };
    assert!(stage.sent.iter().any(|(to, message)| *to == connection(90) && **message == goodbye));
    assert_eq!((stage.node.book.tried(), stage.node.counts.feelers_answered), (1, 1));
    // The other one does not answer: it is nobody's trouble.
    stage.wait(2 * SECOND);
    let felt = stage.dials();
    assert_eq!(felt.len(), 1);
    stage.give(Input::DialFailed { address: felt[0], error: DialError::Refused });
    assert_eq!((stage.failures(), stage.node.book.tried()), (0, 1));
    assert_eq!(stage.node.over_budget(), None);
}

#[test]
fn a_feeler_that_meets_a_peer_costs_no_link() {
    let timing = Timing { feeler: Some(SECOND), ..Timing::LAB };
    for n in 1..=10 {
        let mut stage = Stage::new(Config { max_outbound: 0, timing, ..Config::default() });
        stage.befriend(n);
        // Somebody else is said to be there.
        stage.hear(n + 10, vec![told(public(80, 1, 1), 50 - n)]);
        stage.wait(2 * SECOND);
        assert_eq!(stage.dials(), [public(80, 1, 1)]);
        stage.dial_succeeds(90, public(80, 1, 1), peer_keys(n).address());
        stage.acknowledge(90, n);
        assert!(stage.node.ready_peers().contains(&peer_keys(n).address()), "the link stays");
        assert_eq!((stage.closed.len(), stage.node.counts.feelers_answered), (1, 1), "only the feeler ends");
    }
}

/// Or two nodes push each other out of a third one's slots for ever, and who serves nobody is sent away again and again.
#[test]
fn who_had_to_give_way_is_in_no_hurry_to_come_back() {
    let (full, other) = (public(70, 1, 1), public(80, 1, 1));
    let timing = Timing { redial: (SECOND, 300 * SECOND), refused: 600 * SECOND, pong: 600 * SECOND, ..Timing::LAB };
    for reason in [GoodbyeReason::Full, GoodbyeReason::Idle] {
        let mut stage = Stage::new(Config { bootstrap: vec![full], max_outbound: 1, timing, ..Config::default() });
        assert_eq!(stage.dials(), [full]);
        stage.dial_succeeds(5, full, peer_keys(5).address());
        stage.acknowledge(5, 5);
        stage.hear(1, vec![told(other, 6)]);
        stage.wait(2 * limits::HEALTHY_LINK);
        stage.receive(5, Message::Goodbye { reason });
        stage.give(Input::Disconnected { connection: connection(5), reason: String::new() });
        assert_eq!(stage.dials(), [other], "the next one it knows");
        stage.give(Input::DialFailed { address: other, error: DialError::Incompatible("another chain".to_owned()) });
        stage.wait(15 * SECOND);
        assert!(!stage.dials().contains(&full), "not before 16 s");
        stage.wait(18 * SECOND);
        assert!(stage.dials().contains(&full), "but after 32 s");
    }
}

#[test]
fn a_bootstrap_address_is_left_alone_once_all_slots_are_taken() {
    let down = public(70, 1, 1);
    let mut stage = Stage::new(Config { bootstrap: vec![down], max_outbound: 2, ..Config::default() });
    assert_eq!(stage.dials(), [down]);
    // They show that the network works, and that nothing needs to be paced.
    (2..=3).for_each(|n| stage.befriend(n));
    stage.give(Input::DialFailed { address: down, error: DialError::Refused });
    stage.hear(1, vec![told(public(80, 1, 1), 5), told(public(81, 1, 1), 6)]);
    let mut dials = stage.dials();
    dials.sort();
    assert_eq!(dials, [public(80, 1, 1), public(81, 1, 1)]);
    for (n, address) in (5..).zip(dials) {
        stage.dial_succeeds(u64::from(n), address, peer_keys(n).address());
        stage.acknowledge(n.into(), n);
    }
    stage.now = stage.now + 600 * SECOND;
    stage.node.dial_due(&mut Context { now: stage.now, out: &mut Vec::new() });
    assert_eq!(stage.dials(), []);
}

#[test]
fn a_banned_bootstrap_address_takes_nobodys_turn() {
    let (banned, other) = (public(70, 1, 1), public(80, 1, 1));
    let mut stage = Stage::new(Config { bootstrap: vec![banned, other], max_outbound: 1, ..Config::default() });
    assert_eq!(stage.dials(), [banned]);
    let hour = Some(3_600 * SECOND);
    stage.give(Input::Command(Command::BanAddress { address: banned.ip(), time: hour }));
    stage.give(Input::DialFailed { address: banned, error: DialError::Refused });
    // From its second failure on the other one has failed more often than the one that is banned.
    for _ in 0..3 {
        stage.wait(Timing::LAB.redial.1);
        assert_eq!(stage.dials(), [other]);
        stage.give(Input::DialFailed { address: other, error: DialError::Refused });
    }
}

/// More addresses than one draw looks at, and none of them will do.
#[test]
fn looking_in_vain_for_an_address_does_not_multiply() {
    let mut stage = Stage::new(Config { max_outbound: 3, min_peers: 1, ..Config::default() });
    let crowd = |b: u8| (0..200).map(move |n| told(SocketAddr::from(([81, b, n, 1], 8_080)), 50 + b));
    stage.hear(1, crowd(2).chain(crowd(3)).collect());
    let dials = stage.dials();
    assert_eq!(dials.len(), 2, "one of each network");
    for (n, address) in (5..).zip(dials) {
        stage.dial_succeeds(u64::from(n), address, peer_keys(n).address());
        stage.acknowledge(n.into(), n);
    }
    for _ in 0..20 {
        stage.now = stage.now + SECOND / 100;
        stage.node.dial_due(&mut Context { now: stage.now, out: &mut Vec::new() });
        assert_eq!(stage.node.timers.count(Timer::Dial), 1);
    }
    stage.wait(3 * SECOND);
    assert_eq!((stage.node.timers.count(Timer::Dial), stage.dials()), (1, vec![]));
    // A pause of our own moves it with all others.
    stage.now = stage.now + 20 * SECOND;
    stage.give(Input::Deadline);
    stage.wait(SECOND);
    assert!(stage.node.timers.count(Timer::Dial) <= 1);
}

#[test]
fn a_link_that_lasted_forgets_the_failures_before_it() {
    let address = public(70, 1, 1);
    let mut stage = Stage::new(Config { bootstrap: vec![address], ..Config::default() });
    for _ in 0..8 {
        assert_eq!(stage.dials(), [address]);
        stage.give(Input::DialFailed { address, error: DialError::Refused });
        stage.wait(Timing::LAB.redial.1);
    }
    assert_eq!(stage.dials(), [address]);
    stage.dial_succeeds(9, address, peer_keys(9).address());
    stage.acknowledge(9, 9);
    for _ in 0..61 {
        stage.wait(SECOND);
        let pings = stage.sent.drain(..).filter_map(|(to, message)| match *message {
            Message::Ping { nonce, .. } if to == connection(9) => Some(nonce),
            _ => None,
        });
        for nonce in pings.collect::<Vec<_>>() {
            stage.receive(9, Message::Pong { nonce, time: 0 });
        }
    }
    // It says goodbye, as one does that is restarted.
    stage.receive(9, Message::Goodbye { reason: GoodbyeReason::ShuttingDown });
    stage.wait(Timing::LAB.redial.0);
    assert_eq!(stage.dials(), [address], "after the first pause, not the longest");
}

#[test]
fn the_book_is_kept_when_it_has_changed_and_tried_again_when_it_could_not() {
    let mut stage = Stage::new(Config::default());
    stage.wait(60 * SECOND);
    assert_eq!(stage.kept, [], "there is nothing to keep");
    stage.hear(1, vec![told(public(80, 1, 1), 5)]);
    stage.store_fails = true;
    stage.wait(30 * SECOND);
    let warnings = |stage: &Stage| stage.events.iter().filter(|event| matches!(event, Event::Warning { .. })).count();
    assert_eq!((stage.kept.len(), warnings(&stage)), (0, 1), "said once");
    assert!(stage.node.counts.books_failed >= 2);
    stage.store_fails = false;
    stage.wait(12 * SECOND);
    assert_eq!(stage.kept.len(), 1);
    assert_eq!(stage.kept[0].addresses[0].address, public(80, 1, 1));
    let before = stage.kept.len();
    stage.hear(2, vec![told(public(81, 1, 1), 6)]);
    stage.give(Input::Command(Command::Shutdown));
    assert_eq!(stage.kept.len(), before + 1, "the last one at the end");
}

/// Or it would know nobody after a month, if it were restarted then.
#[test]
fn among_the_same_peers_the_book_is_kept_each_hour_with_when_they_were_seen() {
    let timing = Timing { pong: 1_000_000 * SECOND, ..Timing::PUBLIC };
    let mut stage = Stage::new(Config { min_peers: 0, timing, ..Config::default() });
    let hello = Hello { port: 8_080, ..stage.hello(5, 0, 0) };
    let peer = peer_keys(5).address();
    let address = public(80, 1, 1);
    stage.give(Input::Connected { connection: connection(5), address, direction: Direction::Inbound, peer });
    stage.receive(5, Message::Handshake { hello });
    stage.wait(1_800 * SECOND);
    let before = stage.kept.len();
    assert_eq!(before, 1, "it is new");
    stage.wait(10 * 3_600 * SECOND);
    assert!((8..=11).contains(&(stage.kept.len() - before)), "{}", stage.kept.len());
    let seen = stage.kept.last().and_then(|kept| kept.addresses.first()).map(|kept| kept.seen);
    assert!(seen.is_some_and(|seen| stage.now.as_millis() / 1_000 - seen <= 2 * 3_600), "{seen:?}");
}
