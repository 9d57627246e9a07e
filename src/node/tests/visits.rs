//! Short connections for one question: ours to others, and others' to us.

use super::discovery::VISITOR;
use super::*;
use crate::wire::NodeRecord;

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
        self.befriend_with(1, LINKED);
        self.seek();
        let [nonce] = self.questions(1)[..] else { panic!("one question to the only peer") };
        let records = others.iter().map(|n| self.record(*n, [127, 0, 0, *n])).collect();
        self.answer(1, nonce, records);
        let mut dialled = std::mem::take(&mut self.dialled);
        dialled.sort();
        assert_eq!(dialled, others.iter().map(|n| at(*n)).collect::<Vec<_>>());
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
