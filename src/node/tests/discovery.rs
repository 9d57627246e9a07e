//! Addresses: what strangers may tell, and what they are told.

use super::*;
use crate::node::limits::{FIND_NODE_BURST, GOSSIP_ADDRESSES, GUEST_TIME, GUESTS};
use crate::wire::{NodeRecord, PeerAddress, mapped};

const VISITOR: Capabilities = Capabilities(Capabilities::VISIT.0 | Capabilities::DHT.0);

impl Stage {
    /// Hands are shaken with a peer of these capabilities, which listens on port 9000.
    fn befriend_with(&mut self, n: u8, capabilities: Capabilities) {
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

    fn record(&self, n: u8, ip: [u8; 4]) -> NodeRecord {
        let address = SocketAddr::from((ip, 9_000));
        NodeRecord::sign(&peer_keys(n), self.spec.chain, &self.spec.genesis_id(), address, self.now.as_millis() / 1_000)
    }

    fn find(&mut self, n: u8, own: Option<NodeRecord>) {
        self.receive(n.into(), Message::FindNode { nonce: 7, target: peer_keys(n).address(), own });
    }

    /// The answers to look-ups that went to a peer.
    fn nodes_told(&self, n: u8) -> Vec<Vec<NodeRecord>> {
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
    stage.wait(GUEST_TIME);
    assert!(stage.closed.iter().any(|(id, _)| *id == connection(1)), "a guest may not stay");
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
        Message::Peers { addresses } => addresses.iter().any(|entry| entry.socket() == newcomer),
        _ => false,
    });
    assert_eq!(told.map(|(to, _)| *to).filter(|to| *to != connection(7)).count(), 2);
    stage.sent.clear();
    stage.wait(SECOND * 20);
    assert!(!stage.sent.iter().any(|(_, message)| matches!(&**message, Message::Peers { .. })), "once is enough");
}

#[test]
fn unasked_addresses_are_taken_at_a_pace() {
    let mut stage = Stage::new(Config::default());
    stage.befriend_with(1, Capabilities::RELAY);
    stage.receive(1, Message::Peers { addresses: Vec::new() });
    let entry = |n: u16| PeerAddress::new(SocketAddr::from(([10, 0, (n >> 8) as u8, n as u8], 1)), peer_keys(9).address(), 0);
    let before = stage.node.book.len();
    stage.receive(1, Message::Peers { addresses: (0..500).map(entry).collect() });
    assert_eq!(stage.node.book.len() - before, GOSSIP_ADDRESSES);
    stage.receive(1, Message::Peers { addresses: (500..1_000).map(entry).collect() });
    assert_eq!((stage.node.book.len() - before, stage.value(1)), (GOSSIP_ADDRESSES, 0));
}
