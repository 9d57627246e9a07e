//! Short connections for one question: ours to others, and others' to us.

use super::discovery::VISITOR;
use super::*;
use crate::node::limits::GUESTS;
use crate::wire::{NodeRecord, PeerAddress};

/// A peer that relays and answers look-ups.
const LINKED: Capabilities = Capabilities(Capabilities::RELAY.0 | Capabilities::DHT.0);

/// One that dials for look-ups alone.
fn visitor() -> Config {
    Config { max_outbound: 0, min_peers: 1, ..Config::default() }
}

fn at(n: u8) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, n], 9_000))
}

impl Stage {
    /// A look-up for somebody whom nobody knows.
    fn seek(&mut self) {
        self.give(Input::Command(Command::LookUp(peer_keys(50).address())));
    }

    /// The questions of look-ups that went over a connection since the last look.
    fn questions(&mut self, to: u64) -> Vec<u64> {
        let asked = |message: &Arc<Message>| if let Message::FindNode { nonce, .. } = **message { Some(nonce) } else { None };
        self.take_sent(to).iter().filter_map(asked).collect()
    }

    fn answer(&mut self, from: u64, nonce: u64, records: Vec<NodeRecord>) {
        self.receive(from, Message::Nodes { nonce, own: None, records });
    }

    /// A peer answers a look-up, and tells of others: they are visited.
    fn send_to(&mut self, others: &[u8]) {
        self.send_to_others(others);
        let mut dialled = std::mem::take(&mut self.dialled);
        dialled.sort();
        assert_eq!(dialled, others.iter().map(|n| at(*n)).collect::<Vec<_>>());
    }

    /// A peer answers a look-up, and tells of others.
    fn send_to_others(&mut self, others: &[u8]) {
        self.befriend_with(1, LINKED);
        self.seek();
        let [nonce] = self.questions(1)[..] else { panic!("one question to the only peer") };
        let records = others.iter().map(|n| self.record(*n, [127, 0, 0, *n])).collect();
        self.answer(1, nonce, records);
    }

    /// A visit's connection stands.
    fn arrive(&mut self, connection: u64, n: u8) {
        let peer = peer_keys(n).address();
        let connection = super::connection(connection);
        self.give(Input::Connected { connection, address: at(n), direction: Direction::Outbound, peer });
    }

    /// Hands are shaken on a visit.
    fn welcome(&mut self, connection: u64, n: u8) {
        let hello = Hello { capabilities: LINKED, ..self.hello(n, 0, 0) };
        self.receive(connection, Message::HandshakeAck { hello, version: 1, seen: [0; 16] });
    }
}

impl Stage {
    /// Somebody else's visit, from an IP address; true if he is taken.
    fn guest(&mut self, connection: u64, n: u8, ip: [u8; 4]) -> bool {
        let address = SocketAddr::from((ip, 50_000 + connection as u16));
        let (id, peer) = (super::connection(connection), peer_keys(n).address());
        self.give(Input::Connected { connection: id, address, direction: Direction::Inbound, peer });
        let hello = Hello { capabilities: VISITOR, ..self.hello(n, 0, 0) };
        self.receive(connection, Message::Handshake { hello });
        !self.was_closed(connection)
    }

    fn ask(&mut self, connection: u64) {
        self.receive(connection, Message::FindNode { nonce: 7, target: peer_keys(50).address(), own: None });
    }
}

/// Who was turned away in favour of a guest was there all the same.
#[test]
fn a_node_that_is_too_busy_to_answer_keeps_its_place_in_the_table() {
    let mut stage = Stage::new(visitor());
    // It asks us, so that it is in the table; later we ask it.
    assert!(stage.guest(20, 2, [127, 0, 0, 2]));
    let own = Some(stage.record(2, [127, 0, 0, 2]));
    stage.receive(20, Message::FindNode { nonce: 7, target: peer_keys(50).address(), own });
    stage.receive(20, Message::Goodbye { reason: GoodbyeReason::Idle });
    stage.seek();
    assert_eq!(std::mem::take(&mut stage.dialled), [at(2)]);
    stage.arrive(22, 2);
    stage.welcome(22, 2);
    assert_eq!(stage.questions(22).len(), 1);
    stage.receive(22, Message::Goodbye { reason: GoodbyeReason::Full });
    assert!(stage.was_closed(22));
    // Others are told of it.
    stage.befriend_with(1, LINKED);
    stage.find(1, None);
    assert_eq!(stage.nodes_told(1), [vec![stage.record(2, [127, 0, 0, 2])]]);
}

#[test]
fn no_crowd_of_guests_keeps_others_from_asking() {
    let mut stage = Stage::new(Config::default());
    // One node, and one small network, have no more than their places, whatever they are.
    assert!(stage.guest(10, 1, [81, 1, 1, 1]));
    assert!(!stage.guest(11, 1, [82, 1, 1, 1]), "one for each node");
    assert!(stage.guest(12, 2, [81, 1, 1, 2]));
    assert!(!stage.guest(13, 3, [81, 1, 1, 3]), "two for each small network");
    for n in 0..GUESTS as u8 - 2 {
        assert!(stage.guest(20 + u64::from(n), 10 + n, [90 + n, 1, 1, 1]));
    }
    assert!(!stage.guest(30, 30, [120, 1, 1, 1]), "all are about to ask");
    // Who has been answered gives way, in good order.
    stage.ask(12);
    stage.ask(25);
    assert!(stage.guest(31, 31, [121, 1, 1, 1]));
    assert!(stage.was_closed(12) && !stage.was_closed(25), "the oldest of them");
    let goodbye = Message::Goodbye { reason: GoodbyeReason::Idle };
    assert!(stage.take_sent(12).iter().any(|message| **message == goodbye));
    assert!(stage.guest(32, 15, [122, 1, 1, 1]) && stage.was_closed(25), "a node takes its own place");
    stage.ask(20);
    assert!(stage.guest(33, 33, [81, 1, 1, 3]) && stage.was_closed(20), "its network has one place again");
    // Who does not ask as soon as he could does, too.
    stage.wait(SECOND * 3);
    assert!(stage.guest(34, 34, [123, 1, 1, 1]));
    assert!(stage.was_closed(10));
    assert_eq!(stage.node.over_budget(), None);
}

/// Over a slow line both take most of their time.
#[test]
fn a_visit_has_its_time_for_the_answer_beside_that_for_shaking_hands() {
    let mut stage = Stage::new(visitor());
    stage.send_to(&[2, 3]);
    for (connection, n) in [(22, 2), (33, 3)] {
        stage.arrive(connection, n);
    }
    stage.wait(2 * SECOND);
    for (connection, n) in [(22, 2), (33, 3)] {
        stage.welcome(connection, n);
    }
    let [nonce] = stage.questions(22)[..] else { panic!("it is asked") };
    stage.wait(2 * SECOND);
    assert!(!stage.was_closed(22));
    let answered = stage.node.counts.kademlia.answered;
    stage.answer(22, nonce, Vec::new());
    assert_eq!(stage.node.counts.kademlia.answered, answered + 1);
    // Who does not answer at all is left.
    assert!(!stage.was_closed(33));
    stage.wait(SECOND);
    assert!(stage.was_closed(33));
}

#[test]
fn a_banned_address_is_not_visited() {
    let mut stage = Stage::new(visitor());
    stage.befriend_with(1, LINKED);
    stage.give(Input::Command(Command::BanAddress { address: at(2).ip(), time: None }));
    stage.seek();
    let [nonce] = stage.questions(1)[..] else { panic!("one question to the only peer") };
    let records = [2, 3].map(|n| stage.record(n, [127, 0, 0, n])).to_vec();
    stage.answer(1, nonce, records);
    assert_eq!(stage.dialled, [at(3)]);
}

/// While it was visited, it was not to be dialled.
#[test]
fn after_a_visit_that_failed_the_address_may_be_dialled_for_a_link() {
    let mut stage = Stage::new(Config { max_outbound: 1, ..visitor() });
    stage.send_to(&[2]);
    stage.give(Input::DialFailed { address: at(2), error: DialError::TimedOut });
    stage.wait(Timing::LAB.redial.0);
    assert_eq!(stage.dialled, [at(2)]);
}

/// A guest, a feeler or a visit of the same node is no reason not to ask it.
#[test]
fn who_is_linked_is_asked_over_the_link_whatever_else_stands_with_it() {
    let mut stage = Stage::new(visitor());
    // The guest's connection comes first.
    assert!(stage.guest(1, 2, [127, 0, 0, 2]));
    stage.befriend_with(2, LINKED);
    stage.seek();
    assert_eq!((stage.questions(1).len(), stage.questions(2).len()), (0, 1));
}

#[test]
fn who_is_being_dialled_or_visited_is_asked_when_that_is_over() {
    // For a link: over that, once hands are shaken, or by a visit if it fails.
    for succeeds in [true, false] {
        let mut stage = Stage::new(Config { max_outbound: 1, bootstrap: vec![at(2)], ..visitor() });
        assert_eq!(std::mem::take(&mut stage.dialled), [at(2)]);
        stage.send_to_others(&[2]);
        assert_eq!(stage.dialled, [], "it is under way");
        if succeeds {
            stage.arrive(22, 2);
            assert_eq!(stage.node.counts.kademlia.asked, 1);
            stage.welcome(22, 2);
            assert_eq!(stage.questions(22).len(), 1);
        } else {
            stage.give(Input::DialFailed { address: at(2), error: DialError::TimedOut });
            assert_eq!(stage.dialled, [at(2)]);
            assert!(stage.node.kademlia.visits(&at(2)));
        }
    }
    // For another look-up: by a visit of its own.
    let mut stage = Stage::new(visitor());
    stage.send_to(&[2]);
    stage.give(Input::Command(Command::LookUp(peer_keys(51).address())));
    let [nonce] = stage.questions(1)[..] else { panic!("the peer is asked for this one, too") };
    stage.answer(1, nonce, vec![stage.record(2, [127, 0, 0, 2])]);
    assert_eq!(stage.dialled, []);
    stage.arrive(22, 2);
    stage.welcome(22, 2);
    let [nonce] = stage.questions(22)[..] else { panic!("it is asked") };
    stage.answer(22, nonce, Vec::new());
    assert_eq!(stage.dialled, [at(2)]);
}

/// Another node than the one looked for is there, and stays: nobody waits for that.
#[test]
fn a_look_up_ends_although_somebody_else_is_linked_at_the_address() {
    let mut stage = Stage::new(Config { max_outbound: 1, bootstrap: vec![at(2)], ..visitor() });
    let (connection, peer) = (connection(22), peer_keys(3).address());
    stage.give(Input::Connected { connection, address: at(2), direction: Direction::Outbound, peer });
    stage.welcome(22, 3);
    stage.dialled.clear();
    stage.send_to_others(&[2]);
    let [nonce] = stage.questions(22)[..] else { panic!("the link is asked as well") };
    stage.answer(22, nonce, Vec::new());
    assert_eq!((stage.dialled.len(), stage.node.looked_up().map(|looked| looked.asked)), (0, Some(2)));
}

/// Guests, visits and feelers are no company.
#[test]
fn a_lonely_node_does_not_count_its_guests() {
    let mut stage = Stage::new(Config::default());
    (2..=5).for_each(|n| assert!(stage.guest(20 + u64::from(n), n, [127, 0, 0, n])));
    stage.befriend(1);
    let crowd = (1..=40).map(|n| PeerAddress::new(SocketAddr::from(([81, 2, n, 1], 8_080)), peer_keys(50).address(), 0));
    stage.receive(1, Message::Peers { answer: true, addresses: crowd.collect() });
    assert_eq!(stage.dialled.len(), 2, "three peers are wanted, one is there");
}

#[test]
fn after_a_false_record_the_rest_of_an_answer_is_not_read() {
    let mut stage = Stage::new(visitor());
    stage.befriend_with(1, LINKED);
    stage.seek();
    let [nonce] = stage.questions(1)[..] else { panic!("one question to the only peer") };
    let [own, true_one, mut forged] = [1, 2, 3].map(|n| stage.record(n, [127, 0, 0, n]));
    forged.port += 1;
    let known = stage.node.book.len();
    let own = NodeRecord { port: own.port + 1, ..own };
    stage.receive(1, Message::Nodes { nonce, own: Some(own), records: vec![true_one, forged] });
    assert_eq!((stage.reputation(1), stage.node.book.len()), (-1_000, known), "it costs him 10 points once");
}
