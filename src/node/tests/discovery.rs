//! Addresses: what strangers may tell, and what they are told.

use super::*;
use crate::node::discovery::book::Source;
use crate::node::limits::{FIND_NODE_BURST, GOSSIP_ADDRESSES, GUEST_TIME, GUESTS};
use crate::wire::{NodeRecord, PeerAddress, mapped};
use std::collections::BTreeSet;

pub(super) const VISITOR: Capabilities = Capabilities(Capabilities::VISIT.0 | Capabilities::DHT.0);

impl Stage {
    /// Hands are shaken with a peer of these capabilities, which listens on port 9000.
    pub(super) fn befriend_with(&mut self, n: u8, capabilities: Capabilities) {
        self.connect(n);
        let hello = Hello { capabilities, port: 9_000, ..self.hello(n, 0, 1) };
        self.receive(n.into(), Message::Handshake { hello });
    }

    /// A link that we dialled, to a peer that sees us at `seen`.
    fn dialled(&mut self, n: u8, seen: [u8; 4]) {
        let address = SocketAddr::from(([127, 0, 0, n], 9_000));
        let (connection, peer) = (connection(n.into()), peer_keys(n).address());
        self.give(Input::Connected { connection, address, direction: Direction::Outbound, peer });
        let hello = self.hello(n, 0, 1);
        self.receive(n.into(), Message::HandshakeAck { hello, version: 1, seen: mapped(seen.into()) });
    }

    pub(super) fn record(&self, n: u8, ip: [u8; 4]) -> NodeRecord {
        let address = SocketAddr::from((ip, 9_000));
        NodeRecord::sign(&peer_keys(n), self.spec.chain, &self.spec.genesis_id(), address, self.now.as_millis() / 1_000)
    }

    pub(super) fn find(&mut self, n: u8, own: Option<NodeRecord>) {
        self.receive(n.into(), Message::FindNode { nonce: 7, target: peer_keys(n).address(), own });
    }

    /// The answers to look-ups that went to a peer.
    pub(super) fn nodes_told(&self, n: u8) -> Vec<Vec<NodeRecord>> {
        let to = connection(n.into());
        let nodes = self.sent.iter().filter(|(receiver, _)| *receiver == to).filter_map(|(_, message)| match &**message {
            Message::Nodes { records, .. } => Some(records.clone()),
            _ => None,
        });
        nodes.collect()
    }

    fn value(&self, n: u8) -> i32 {
        self.node.reputation(&peer_keys(n).address(), self.now)
    }
}

#[test]
fn a_guest_gets_an_answer_and_is_no_peer() {
    let mut stage = Stage::new(Config { max_inbound: 1, ..Config::default() });
    stage.befriend_with(1, VISITOR);
    stage.find(1, Some(stage.record(1, [127, 0, 0, 1])));
    assert_eq!(stage.nodes_told(1), [vec![]], "he knows himself");
    assert_eq!((stage.node.ready_peers().len(), stage.node.routing_table_len()), (0, 1));
    assert!(!stage.events.iter().any(|event| matches!(event, Event::NewPeer { .. })));
    // He holds no slot, and the next one hears of him.
    stage.befriend_with(2, Capabilities::RELAY);
    stage.find(2, None);
    assert_eq!(stage.nodes_told(2), [vec![stage.record(1, [127, 0, 0, 1])]]);
    assert_eq!(stage.node.ready_peers().len(), 1);
    stage.wait(GUEST_TIME - SECOND);
    assert!(!stage.was_closed(1), "he may ask again");
    stage.wait(SECOND);
    assert!(stage.was_closed(1), "a guest may not stay");
    let goodbye = Message::Goodbye { reason: GoodbyeReason::Idle };
    assert!(stage.take_sent(1).iter().any(|message| **message == goodbye), "in good order");
    stage.give(Input::Disconnected { connection: connection(1), reason: "closed".to_owned() });
    let guests = stage.events.iter().filter(|event| matches!(event, Event::Disconnected { guest: true, .. })).count();
    assert_eq!(guests, 1, "whoever reads the lines is not told of it as of a peer that was lost");
}

/// A full node answers look-ups without sending anybody away.
#[test]
fn nobody_gives_way_to_a_guest() {
    let mut stage = Stage::new(Config { max_inbound: 4, ..Config::default() });
    (1..=4).for_each(|n| stage.befriend_with(n, Capabilities::RELAY));
    stage.befriend_with(5, VISITOR);
    assert_eq!((stage.node.ready_peers().len(), stage.node.counts.evicted), (4, 0));
}

/// It set out before the link stood, or its asker does not know whom it asks.
#[test]
fn a_visit_stands_beside_a_link_and_neither_ends_the_other() {
    let mut stage = Stage::new(Config::default());
    stage.befriend_with(1, Capabilities::RELAY);
    let address = SocketAddr::from(([127, 0, 0, 1], 50_000));
    let (second, peer) = (connection(50), peer_keys(1).address());
    stage.give(Input::Connected { connection: second, address, direction: Direction::Inbound, peer });
    let hello = Hello { capabilities: VISITOR, ..stage.hello(1, 0, 1) };
    stage.receive(50, Message::Handshake { hello });
    stage.receive(50, Message::FindNode { nonce: 7, target: peer, own: None });
    assert!(stage.take_sent(50).iter().any(|message| matches!(**message, Message::Nodes { .. })), "the guest is answered");
    assert_eq!((&stage.closed[..], stage.node.ready_peers().len()), (&[][..], 1));
}

#[test]
fn there_are_only_so_many_guests() {
    let mut stage = Stage::new(Config::default());
    (1..=GUESTS as u8 + 1).for_each(|n| stage.befriend_with(n, VISITOR));
    let turned_away: Vec<_> = stage.closed.iter().map(|(id, _)| id.0).collect();
    assert_eq!(turned_away, [GUESTS as u64 + 1]);
}

#[test]
fn a_false_signature_costs_its_teller_and_is_not_believed() {
    let mut stage = Stage::new(Config::default());
    (1..=4).for_each(|n| stage.befriend_with(n, Capabilities::RELAY));
    let mut forged = stage.record(1, [127, 0, 0, 1]);
    forged.port += 1;
    stage.find(1, Some(forged));
    stage.find(2, Some(stage.record(1, [127, 0, 0, 2])));
    assert_eq!((stage.value(1), stage.value(2)), (-1_000, -1_000), "a forged one, and another's as one's own");
    // What is true, but of another address, of yesterday or of tomorrow, is nobody's fault.
    stage.find(3, Some(stage.record(3, [127, 9, 9, 9])));
    let clock = stage.now.as_millis() / 1_000;
    for (n, sequence) in [(3, clock - 100_000), (4, clock + 1_000)] {
        let address = SocketAddr::from(([127, 0, 0, n], 9_000));
        let record = NodeRecord::sign(&peer_keys(n), stage.spec.chain, &stage.spec.genesis_id(), address, sequence);
        stage.find(n, Some(record));
    }
    assert_eq!((stage.value(3), stage.value(4)), (0, 0));
    assert_eq!(stage.node.routing_table_len(), 0);
    // On another chain the same address is worth nothing.
    let elsewhere = NodeRecord::sign(
        &peer_keys(4),
        crate::chain::ChainId(99),
        &stage.spec.genesis_id(),
        "127.0.0.4:9000".parse().unwrap(),
        clock,
    );
    stage.find(4, Some(elsewhere));
    assert_eq!((stage.value(4), stage.node.routing_table_len()), (-1_000, 0));
}

#[test]
fn who_asks_without_end_gets_silence_and_answers_unasked_are_nothing() {
    let mut stage = Stage::new(Config::default());
    stage.befriend_with(1, Capabilities::RELAY);
    (0..FIND_NODE_BURST * 3).for_each(|_| stage.find(1, None));
    assert_eq!(stage.nodes_told(1).len(), FIND_NODE_BURST as usize);
    let told =
        Message::Nodes { nonce: 1, own: Some(stage.record(1, [127, 0, 0, 1])), records: vec![stage.record(2, [127, 0, 0, 2])] };
    stage.receive(1, told);
    assert_eq!((stage.value(1), stage.node.routing_table_len()), (0, 0));
    let mut deaf = Stage::new(Config { discovery: Discovery::FIXED, ..Config::default() });
    deaf.befriend_with(1, Capabilities::RELAY);
    deaf.find(1, None);
    assert_eq!(deaf.nodes_told(1).len(), 0, "Kademlia is off");
}

#[test]
fn our_address_is_what_two_agree_on_whom_we_dialled() {
    let mut stage = Stage::new(Config { port: 8_080, ..Config::default() });
    // Who dials us has no say: there is no message in which he could tell.
    stage.dialled(1, [1, 2, 3, 4]);
    assert_eq!(stage.node.own_address(), None, "one may lie");
    stage.dialled(2, [5, 6, 7, 8]);
    assert_eq!(stage.node.own_address(), None, "they do not agree");
    stage.dialled(3, [1, 2, 3, 4]);
    assert_eq!(stage.node.own_address(), Some("1.2.3.4:8080".parse().unwrap()));
    stage.give(Input::Mapped { address: "9.9.9.9:1000".parse().unwrap() });
    assert_eq!(stage.node.own_address(), Some("9.9.9.9:1000".parse().unwrap()), "the gateway knows better");
    // In public, neighbours have one vote together, and nobody talks us into a private address.
    let config = Config { port: 8_080, address_scope: AddressScope::Routable, ..Config::default() };
    let mut public = Stage::new(config);
    (1..=4).for_each(|n| public.dialled(n, [1, 2, 3, 4]));
    assert_eq!(public.node.own_address(), None);
    public.give(Input::Mapped { address: "192.168.1.1:1000".parse().unwrap() });
    assert_eq!(public.node.own_address(), None);
}

#[test]
fn an_address_whose_mapping_is_lost_is_told_no_more() {
    let agreed: SocketAddr = "1.2.3.4:8080".parse().unwrap();
    let mapped: SocketAddr = "9.9.9.9:1000".parse().unwrap();
    let told = |stage: &mut Stage| (stage.node.own_address(), stage.node.own_record(stage.now).map(|record| record.socket()));
    let mut stage = Stage::new(Config { port: 8_080, ..Config::default() });
    stage.give(Input::Unmapped);
    assert_eq!(told(&mut stage), (None, None), "there was none");
    stage.give(Input::Mapped { address: mapped });
    assert_eq!((told(&mut stage), stage.node.told_port()), ((Some(mapped), Some(mapped)), 1_000));
    let first = stage.node.own_record(stage.now).unwrap();
    stage.give(Input::Unmapped);
    assert_eq!((told(&mut stage), stage.node.told_port()), ((None, None), 8_080));
    // What else is known of it holds again.
    stage.give(Input::Mapped { address: mapped });
    (1..=2).for_each(|n| stage.dialled(n, [1, 2, 3, 4]));
    assert_eq!(told(&mut stage), (Some(mapped), Some(mapped)));
    stage.give(Input::Unmapped);
    assert_eq!(told(&mut stage), (Some(agreed), Some(agreed)));
    assert!(stage.node.own_record(stage.now).unwrap().sequence > first.sequence, "who has the old one takes the new one");
    // Whom we hear of there is not us.
    let there = PeerAddress::new(mapped, peer_keys(9).address(), 0);
    stage.receive(1, Message::Peers { answer: true, addresses: vec![there] });
    assert!(stage.node.book.known_at(&mapped).is_some());
    let said = stage.events.iter().filter(|event| matches!(event, Event::Unmapped { address } if *address == mapped));
    assert_eq!(said.count(), 2);
    // A set-up address is the next best thing; and a gateway that maps to nowhere maps nothing.
    let config = Config { address: Some(agreed), port: 8_080, address_scope: AddressScope::Routable, ..Config::default() };
    let mut stage = Stage::new(config);
    stage.give(Input::Mapped { address: mapped });
    stage.give(Input::Mapped { address: "192.168.1.1:1000".parse().unwrap() });
    assert_eq!(told(&mut stage), (Some(agreed), Some(agreed)));
}

#[test]
fn a_newcomer_is_told_to_two_others_once() {
    // Nobody here answers pings.
    let timing = Timing { pong: SECOND * 1_000, ..Timing::LAB };
    let mut stage = Stage::new(Config { timing, ..Config::default() });
    (1..=6).for_each(|n| stage.befriend_with(n, Capabilities::RELAY));
    // Those who came were news to each other; that is told first.
    stage.wait(SECOND * 6);
    stage.sent.clear();
    stage.befriend_with(7, Capabilities::RELAY);
    stage.wait(SECOND * 6);
    let newcomer = SocketAddr::from(([127, 0, 0, 7], 9_000));
    let told = stage.sent.iter().filter(|(_, message)| match &**message {
        Message::Peers { addresses, .. } => addresses.iter().any(|entry| entry.socket() == newcomer),
        _ => false,
    });
    assert_eq!(told.map(|(to, _)| *to).filter(|to| *to != connection(7)).count(), 2);
    stage.sent.clear();
    stage.wait(SECOND * 20);
    assert!(!stage.sent.iter().any(|(_, message)| matches!(&**message, Message::Peers { .. })), "once is enough");
}

/// Five hundred addresses from the `first`.
fn crowd(first: u16) -> Vec<PeerAddress> {
    let address = |n: u16| SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 1));
    (first..first + 500).map(|n| PeerAddress::new(address(n), peer_keys(9).address(), 0)).collect()
}

#[test]
fn unasked_addresses_are_taken_at_a_pace() {
    let mut stage = Stage::new(Config::default());
    stage.befriend_with(1, Capabilities::RELAY);
    let before = stage.node.book.len();
    stage.receive(1, Message::Peers { answer: false, addresses: crowd(0) });
    assert_eq!(stage.node.book.len() - before, GOSSIP_ADDRESSES);
    stage.receive(1, Message::Peers { answer: false, addresses: crowd(500) });
    assert_eq!((stage.node.book.len() - before, stage.value(1)), (GOSSIP_ADDRESSES, 0));
}

#[test]
fn news_before_an_owed_answer_is_not_taken_for_it() {
    let mut stage = Stage::new(Config::default());
    stage.befriend_with(1, Capabilities::RELAY);
    assert!(stage.take_sent(1).iter().any(|message| **message == Message::GetPeers), "an answer is owed");
    let before = stage.node.book.len();
    stage.receive(1, Message::Peers { answer: false, addresses: crowd(0) });
    assert_eq!((stage.node.book.len() - before, stage.node.counts.exchange.answered), (GOSSIP_ADDRESSES, 0));
    // The answer itself is taken whole. A second one, which nobody asked for, is news at most.
    stage.receive(1, Message::Peers { answer: true, addresses: crowd(500) });
    assert_eq!((stage.node.book.len() - before, stage.node.counts.exchange.answered), (GOSSIP_ADDRESSES + 500, 1));
    stage.receive(1, Message::Peers { answer: true, addresses: crowd(1_000) });
    assert_eq!((stage.node.book.len() - before, stage.node.counts.exchange.answered), (GOSSIP_ADDRESSES + 500, 1));
    assert_eq!(stage.value(1), 0);
}

impl Stage {
    /// Somebody connects from an IP address and asks for addresses; those he is told.
    fn ask_from(&mut self, n: u8, ip: &str) -> BTreeSet<SocketAddr> {
        let address = SocketAddr::new(ip.parse().unwrap(), 40_000);
        let peer = peer_keys(n).address();
        self.give(Input::Connected { connection: connection(n.into()), address, direction: Direction::Inbound, peer });
        let hello = self.hello(n, 0, 1);
        self.receive(n.into(), Message::Handshake { hello });
        self.receive(n.into(), Message::GetPeers);
        let told = self.take_sent(n.into()).iter().find_map(|message| match &**message {
            Message::Peers { answer: true, addresses } => Some(addresses.iter().map(PeerAddress::socket).collect()),
            _ => None,
        });
        self.give(Input::Disconnected { connection: connection(n.into()), reason: String::new() });
        told.unwrap()
    }

    /// The book knows `count` addresses more, from the `first` on.
    fn know(&mut self, first: u16, count: u16) {
        for n in first..first + count {
            let address = SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 1));
            let node = Some(peer_keys(50).address());
            assert!(self.node.book.learn(&Source::Bootstrap, address, node, self.now, self.now));
        }
    }
}

#[test]
fn who_comes_again_and_again_is_told_the_same_addresses() {
    let mut stage = Stage::new(Config { timing: Timing::PUBLIC, ..Config::default() });
    stage.know(0, 900);
    let told = stage.ask_from(1, "1.2.3.4");
    assert_eq!(told.len(), 207);
    // Whoever he says he is, and wherever in this kind of network he comes from, for a day.
    for n in 2..=23 {
        stage.now = stage.now + SECOND * 3_600;
        stage.know(900 + u16::from(n), 1);
        assert!(stage.ask_from(n, &format!("{}.2.3.4", 60 + n)) == told, "after {} hours", n - 1);
    }
    // Those whom he reaches in another way are told others, so that he does not know the two for one node.
    let elsewhere = stage.ask_from(30, "2a00::1");
    assert_eq!((elsewhere.len(), stage.ask_from(31, "2a01::1") == elsewhere), (212, true));
    assert!(elsewhere.intersection(&told).count() < 100);
    assert!(stage.ask_from(32, "192.168.1.1") != told);
    stage.now = stage.now + SECOND * 5 * 3_600;
    let later = stage.ask_from(24, "1.2.3.4");
    assert!(later.intersection(&told).count() < 100, "a new day, a new answer");
    assert_eq!(stage.node.over_budget(), None);
}

#[test]
fn what_was_told_of_a_small_book_is_not_told_of_a_large_one() {
    let mut stage = Stage::new(Config { timing: Timing::PUBLIC, ..Config::default() });
    assert_eq!(stage.ask_from(1, "1.2.3.4").len(), 0);
    stage.know(0, 40);
    let told = stage.ask_from(2, "1.2.3.4");
    assert_eq!(told.len(), 20);
    stage.know(40, 39);
    assert_eq!(stage.ask_from(3, "1.2.3.4"), told);
    stage.know(79, 1);
    assert_ne!(stage.ask_from(4, "1.2.3.4"), told, "twice as many are known");
}

#[test]
fn what_was_forgotten_is_not_told_any_more() {
    let mut stage = Stage::new(Config { timing: Timing::PUBLIC, ..Config::default() });
    stage.know(0, 40);
    let mut told = stage.ask_from(1, "1.2.3.4");
    let gone = *told.iter().next().unwrap();
    stage.node.book.forget(&gone);
    told.remove(&gone);
    assert_eq!(stage.ask_from(2, "1.2.3.4"), told);
}
