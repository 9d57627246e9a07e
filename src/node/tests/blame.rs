//! What is held against whom: by name, once, and never another's fault.

use super::*;
use crate::wire::limits::MAX_HEADERS;

impl Stage {
    /// Gives an input whose outputs nobody carries out yet: workers are slow.
    fn put(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        self.node.handle(self.now, input, &mut out);
        out
    }

    fn put_message(&mut self, from: u8, message: Message) -> Vec<Output> {
        self.put(Input::Received { connection: connection(from.into()), message: Arc::new(message), bytes: 1 })
    }

    fn bans_of(&self, n: u8) -> Vec<Duration> {
        let id = peer_keys(n).address();
        let time = |event: &Event| match event {
            Event::Banned { peer, time, .. } if *peer == id => Some(*time),
            _ => None,
        };
        self.events.iter().filter_map(time).collect()
    }
}

fn forged(n: u64) -> Transaction {
    let mut transaction = pay(1, 0, 5, 1);
    transaction.transfer.amount = 10 + n;
    transaction
}

#[test]
fn one_message_of_many_faults_is_one_step_of_the_ladder() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.receive(1, Message::Transaction { transactions: (0..100).map(forged).collect() });
    assert_eq!(stage.bans_of(1), [Timing::LAB.bans[0]]);
    let falls = stage.events.iter().filter(|event| matches!(event, Event::Reputation { .. })).count();
    assert_eq!(falls, 5, "-10 each, and -50 bans");
}

#[test]
fn who_leaves_before_his_transactions_are_checked_is_banned_all_the_same() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let out = stage.put_message(1, Message::Transaction { transactions: (0..10).map(forged).collect() });
    stage.give(Input::Disconnected { connection: connection(1), reason: "reset".to_owned() });
    assert!(stage.bans_of(1).is_empty());
    stage.carry_out(out);
    assert_eq!(stage.bans_of(1).len(), 1);
    // And does not get in again.
    stage.closed.clear();
    stage.give(Input::Connected {
        connection: connection(51),
        address: SocketAddr::from(([127, 0, 0, 1], 9_001)),
        direction: Direction::Inbound,
        peer: peer_keys(1).address(),
    });
    assert!(stage.was_closed(51));
}

#[test]
fn who_leaves_before_his_block_is_validated_is_banned_all_the_same() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let good = chain_of(&stage, 1).remove(0);
    let mut mutated = Block::clone(&good);
    mutated.transactions.push(pay(0, 0, 5, 1));
    let out = stage.put_message(1, Message::NewBlock { block: Arc::new(mutated) });
    stage.give(Input::Disconnected { connection: connection(1), reason: "reset".to_owned() });
    stage.carry_out(out);
    assert_eq!(stage.bans_of(1).len(), 1);
    // Another one's whole block is taken.
    stage.befriend(2);
    stage.receive(2, Message::NewBlock { block: good.clone() });
    stage.wait(limits::UNANSWERED);
    stage.receive(2, Message::Block { block: good.clone() });
    assert_eq!((stage.tip(), stage.bans_of(2).len()), (good.id(), 0));
}

/// The first one asked says that it does not have it. Its time passes when the second one's has only begun.
#[test]
fn a_deadline_of_one_is_not_held_against_the_next() {
    let mut stage = Stage::new(Config::default());
    (1..=2).for_each(|n| stage.befriend(n));
    let transaction = pay(0, 0, 5, 1);
    (1..=2).for_each(|n| stage.receive(n, Message::Announce { ids: vec![transaction.id()] }));
    let early = Duration::from_millis(10);
    stage.wait(limits::TRANSACTION_REQUEST - early);
    stage.receive(1, Message::NotFound { ids: vec![Hash256(transaction.id().0)] });
    let health = stage.node.peers[&connection(2)].health.score();
    stage.wait(2 * early);
    assert_eq!(stage.node.inventory.asked(&transaction.id()).map(|(of, _)| of), Some(connection(2)));
    assert_eq!(stage.node.peers[&connection(2)].health.score(), health);
    stage.receive(2, Message::Transaction { transactions: vec![transaction] });
    assert!(stage.node.mempool.contains(&transaction.id()));
}

#[test]
fn what_is_submitted_here_need_not_be_delivered_by_a_peer() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let transaction = pay(0, 0, 5, 1);
    stage.receive(1, Message::Announce { ids: vec![transaction.id()] });
    assert_eq!(stage.node.peers[&connection(1)].transactions_asked, 1);
    stage.give(Input::Command(Command::Submit(Box::new(transaction))));
    assert_eq!(stage.node.peers[&connection(1)].transactions_asked, 0, "its place for a question is free");
}

/// Our clock is hours slow: what others have mined meanwhile seems to come from the future. That is no fault of theirs.
#[test]
fn a_slow_clock_of_ours_ends_no_link() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let blocks = chain_of(&stage, MAX_HEADERS + 5);
    // The clock shows the time of a block in the middle of the first answer.
    let middle = blocks[MAX_HEADERS / 2].header.time;
    stage.give(Input::Command(Command::SkewClock { millis: middle as i64 - stage.now.as_millis() as i64 }));
    stage.receive(1, headers(&blocks[MAX_HEADERS..], false));
    stage.take_sent(1);
    stage.receive(1, headers(&blocks[..MAX_HEADERS], true));
    let height = stage.node.ledger.best_header().height as usize;
    assert!((1..MAX_HEADERS).contains(&height), "{height}: not all is believed yet");
    let asked_on = |message: &Arc<Message>| matches!(&**message, Message::GetHeaders { locator } if locator.first() == Some(&blocks[MAX_HEADERS - 1].id()));
    assert!(!stage.take_sent(1).iter().any(asked_on), "after what is not in our tree nothing connects");
    assert_eq!((stage.reputation(1), stage.was_closed(1)), (0, false));
}

#[test]
fn who_asks_for_more_than_a_link_can_carry_means_the_work() {
    let mut stage = Stage::new(Config::default());
    for block in chain_of(&stage, 3) {
        stage.befriend(block.header.height as u8);
        stage.receive(block.header.height, Message::NewBlock { block });
    }
    stage.befriend(9);
    let size = crate::wire::encoded_len(&Message::Headers {
        answer: true,
        headers: stage.node.ledger.headers_after(&[stage.spec.genesis_id()], MAX_HEADERS),
    }) as u64;
    let question = || Message::GetHeaders { locator: vec![] };
    // Spread over the time that the messages themselves may take, bytes alone count.
    let peer = stage.node.peers.get_mut(&connection(9)).unwrap();
    assert!(!peer.is_draining(stage.now, limits::SERVED_BURST - size));
    stage.take_sent(9);
    stage.receive(9, question());
    assert_eq!((stage.take_sent(9).len(), stage.reputation(9)), (1, 0), "the last of the burst");
    stage.receive(9, question());
    assert_eq!((stage.take_sent(9).len(), stage.reputation(9)), (0, -500), "and not more");
}

/// Anybody may dial us and claim whatever he likes.
#[test]
fn headers_are_asked_first_of_whom_we_chose_ourselves() {
    let mut stage = Stage::new(Config { timing: Timing { pong: 600 * SECOND, ..Timing::LAB }, ..Config::default() });
    let hello = |stage: &Stage, n, work| stage.hello(n, 1, work);
    for n in 1..=3 {
        stage.connect(n);
        let hello = hello(&stage, n, u128::MAX);
        stage.receive(n.into(), Message::Handshake { hello });
    }
    let address = SocketAddr::from(([127, 0, 0, 9], 9_000));
    let peer = peer_keys(9).address();
    stage.give(Input::Connected { connection: connection(9), address, direction: Direction::Outbound, peer });
    let hello = hello(&stage, 9, stage.node.ledger.best_header().work + 1);
    stage.receive(9, Message::HandshakeAck { hello, version: 1, seen: [0; 16] });
    // The first liar is waited for; then it is the turn of the one that we dialled, and not of the next liar.
    stage.sent.clear();
    stage.wait(limits::LONGEST_ANSWER + limits::UNANSWERED);
    let asked: Vec<_> = stage.sent.iter().filter(|(_, m)| matches!(**m, Message::GetHeaders { .. })).map(|(to, _)| *to).collect();
    assert_eq!(asked.first(), Some(&connection(9)), "{asked:?}");
}

/// Whoever is asked for headers, and what he is asked: his claim of work is the only one.
fn asked_for_headers(timing: Timing) -> (Stage, Vec<Arc<Block>>) {
    let mut stage = Stage::new(Config { timing, ..Config::default() });
    let blocks = chain_of(&stage, 3);
    // Somebody else answers everything, so that it is not we who are slow.
    stage.befriend(2);
    stage.connect(1);
    let hello = stage.hello(1, 3, 1_000_000);
    stage.receive(1, Message::Handshake { hello });
    assert!(stage.sent.iter().any(|(to, message)| to.0 == 1 && matches!(**message, Message::GetHeaders { .. })));
    (stage, blocks)
}

impl Stage {
    /// Time passes in which these answer pings, and the second peer besides a question of ours, so that our own line is not to blame.
    fn wait_with_pongs(&mut self, time: Duration, who: &[u64]) {
        let end = self.now + time;
        while self.now < end {
            self.wait(SECOND / 2);
            if let Some(peer) = self.node.peers.get_mut(&connection(2)) {
                peer.note_answer(self.now);
            }
            for (to, message) in std::mem::take(&mut self.sent) {
                match *message {
                    Message::Ping { nonce, .. } if who.contains(&to.0) => self.receive(to.0, Message::Pong { nonce, time: 0 }),
                    _ => self.sent.push((to, message)),
                }
            }
        }
    }
}

#[test]
fn who_speaks_and_does_not_answer_is_to_blame() {
    let (mut stage, _) = asked_for_headers(Timing::LAB);
    stage.wait_with_pongs(limits::UNANSWERED - SECOND, &[1, 2]);
    assert_eq!(stage.reputation(1), 0);
    stage.wait_with_pongs(4 * SECOND, &[1, 2]);
    assert_eq!(stage.bans_of(1).len(), 0);
    assert!((-500..-490).contains(&stage.reputation(1)), "{}", stage.reputation(1));
}

/// It sends nothing at all, not even pongs: so it is, if a packet is lost again and again.
#[test]
fn a_line_that_carries_nothing_is_not_its_peer_s_fault() {
    let timing = Timing { pong: 90 * SECOND, ..Timing::LAB };
    let (mut stage, _) = asked_for_headers(timing);
    stage.wait_with_pongs(80 * SECOND, &[2]);
    assert_eq!((stage.reputation(1), stage.was_closed(1)), (0, false));
    stage.wait_with_pongs(20 * SECOND, &[2]);
    assert_eq!((stage.reputation(1), stage.was_closed(1)), (0, true), "but it is no link any longer");
}

#[test]
fn an_answer_that_comes_after_all_costs_nothing() {
    let timing = Timing { pong: 90 * SECOND, ..Timing::LAB };
    let (mut stage, blocks) = asked_for_headers(timing);
    stage.wait_with_pongs(limits::UNANSWERED + 10 * SECOND, &[2]);
    // The line carries again, and all that waited comes in order.
    stage.receive(1, headers(&blocks, true));
    stage.wait_with_pongs(5 * SECOND, &[1, 2]);
    assert_eq!((stage.reputation(1), stage.was_closed(1)), (0, false));
    assert_eq!(stage.node.ledger.best_header().height, 3, "and it is taken");
    // A second one that nobody waits for is late.
    stage.receive(1, headers(&blocks, true));
    assert_eq!(stage.reputation(1), -100);
}
