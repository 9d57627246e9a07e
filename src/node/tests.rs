//! One node, and a hand that plays its peers.

use super::*;
use crate::chain::testing::{Builder, easy_spec, pay};
use crate::chain::{Block, BlockId, ChainSpec, Hash256, Transaction, TxId};
use crate::store::SavedAddresses;
use crate::wire::{Capabilities, ErrorCode, GoodbyeReason, Hello, WireError};
use std::net::SocketAddr;
use std::time::Duration;

mod answers;
mod blame;
mod discovery;
mod faults;
mod handshake;
mod hostile;
mod outbound;
mod slots;
mod visits;

const SECOND: Duration = Duration::from_secs(1);

/// A node under test, with its outputs gathered and its heavy work done at once.
struct Stage {
    node: Node,
    now: Time,
    sent: Vec<(ConnectionId, Arc<Message>)>,
    closed: Vec<(ConnectionId, CloseReason)>,
    events: Vec<Event>,
    admitted: Vec<Admission>,
    stored: Vec<BlockId>,
    store_fails: bool,
    dialled: Vec<SocketAddr>,
    kept: Vec<SavedAddresses>,
    spec: Arc<ChainSpec>,
}

fn peer_keys(n: u8) -> KeyPair {
    KeyPair::from_seed([200 + n; 32])
}

fn connection(n: u64) -> ConnectionId {
    ConnectionId(n)
}

impl Stage {
    fn new(config: Config) -> Self {
        Self::on(easy_spec(), config)
    }

    fn on(spec: Arc<ChainSpec>, config: Config) -> Self {
        let now = Time::from_millis(spec.genesis_time + 1_000_000_000);
        let ledger = Ledger::new(Arc::clone(&spec));
        let node = Node::new(config, KeyPair::from_seed([1; 32]), ledger, 1, now);
        let mut stage = Self {
            node,
            now,
            sent: Vec::new(),
            closed: Vec::new(),
            events: Vec::new(),
            admitted: Vec::new(),
            stored: Vec::new(),
            store_fails: false,
            dialled: Vec::new(),
            kept: Vec::new(),
            spec,
        };
        let mut out = Vec::new();
        stage.node.start(now, &mut out);
        stage.carry_out(out);
        stage
    }

    fn carry_out(&mut self, out: Vec<Output>) {
        for output in out {
            match output {
                Output::Send { to, message, .. } => {
                    self.sent.extend(to.into_iter().map(|connection| (connection, Arc::clone(&message))));
                }
                Output::Close { connection, reason } => {
                    self.closed.push((connection, reason));
                    self.give(Input::Disconnected { connection, reason: "closed".to_owned() });
                }
                Output::Validate(job) => self.give(Input::Validated(Arc::new(job.run()))),
                Output::CheckTransactions { request, transactions } => {
                    let chain = self.spec.chain;
                    let results = transactions.into_iter().map(|transaction| (transaction, transaction.verify(chain)));
                    let results = results.collect();
                    self.give(Input::TransactionsChecked { request, results });
                }
                Output::Store(batch) => {
                    let ids: Vec<_> = batch.blocks.iter().map(|block| block.id()).collect();
                    if self.store_fails {
                        self.give(Input::StoreFailed("no space left on the device".to_owned()));
                    } else {
                        self.stored.extend(&ids);
                        self.give(Input::Stored(ids));
                    }
                }
                Output::Event(event) => self.events.push(event),
                Output::Admit(admission) => self.admitted.push(admission),
                Output::KeepAddresses(addresses) => {
                    let result = if self.store_fails { Err("no space left on the device".to_owned()) } else { Ok(()) };
                    self.kept.extend(result.is_ok().then_some(*addresses));
                    self.give(Input::AddressesKept(result));
                }
                Output::Dial(address) => self.dialled.push(address),
                Output::Resolve(_) | Output::Mine(_) | Output::Load { .. } => {}
            }
        }
    }

    fn give(&mut self, input: Input) {
        let mut out = Vec::new();
        self.node.handle(self.now, input, &mut out);
        self.carry_out(out);
    }

    /// Lets time pass, deadline by deadline.
    fn wait(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.node.next_deadline() <= end {
            self.now = self.now.max(self.node.next_deadline());
            self.give(Input::Deadline);
        }
        self.now = end;
    }

    fn receive(&mut self, from: u64, message: Message) {
        let bytes = crate::wire::encoded_len(&message);
        self.give(Input::Received { connection: connection(from), message: Arc::new(message), bytes });
    }

    fn hello(&self, n: u8, height: u64, work: u128) -> Hello {
        Hello {
            version_lowest: 1,
            version_highest: 1,
            chain: self.spec.chain,
            genesis: self.spec.genesis_id(),
            node: peer_keys(n).address(),
            agent: "test/1".to_owned(),
            port: 0,
            height,
            work,
            tip: self.spec.genesis_id(),
            capabilities: Capabilities::RELAY,
            time: self.now.as_millis(),
            nonce: 1,
        }
    }

    fn connect(&mut self, n: u8) {
        let address = SocketAddr::from(([127, 0, 0, n], 9_000));
        let peer = peer_keys(n).address();
        let connection = connection(n.into());
        self.give(Input::Connected { connection, address, direction: Direction::Inbound, peer });
    }

    /// A peer with whom hands are shaken.
    fn befriend(&mut self, n: u8) {
        self.connect(n);
        let hello = self.hello(n, 0, 0);
        self.receive(n.into(), Message::Handshake { hello });
        assert!(self.node.ready_peers().contains(&peer_keys(n).address()));
    }

    fn reputation(&self, n: u8) -> i32 {
        self.node.reputation(&peer_keys(n).address(), self.now)
    }

    fn is_banned(&self, n: u8) -> bool {
        let id = peer_keys(n).address();
        self.events.iter().any(|event| matches!(event, Event::Banned { peer, .. } if *peer == id))
    }

    fn was_closed(&self, n: u64) -> bool {
        self.closed.iter().any(|(closed, _)| *closed == connection(n))
    }

    /// What was sent to one peer since the last look.
    fn take_sent(&mut self, to: u64) -> Vec<Arc<Message>> {
        let (to_it, rest) = std::mem::take(&mut self.sent).into_iter().partition(|(id, _)| *id == connection(to));
        self.sent = rest;
        let to_it: Vec<(ConnectionId, Arc<Message>)> = to_it;
        to_it.into_iter().map(|(_, message)| message).collect()
    }

    fn tip(&self) -> BlockId {
        self.node.ledger.tip().id
    }
}

fn chain_of(stage: &Stage, blocks: usize) -> Vec<Arc<Block>> {
    let mut builder = Builder::new(Arc::clone(&stage.spec));
    builder.grow(blocks, 1);
    builder.blocks[1..].to_vec()
}

fn headers(blocks: &[Arc<Block>], answer: bool) -> Message {
    Message::Headers { answer, headers: blocks.iter().map(|block| block.header).collect() }
}

#[test]
fn headers_come_first_then_bodies_and_the_first_to_bring_one_is_rewarded() {
    let mut stage = Stage::new(Config::default());
    let blocks = chain_of(&stage, 20);
    stage.connect(1);
    let hello = stage.hello(1, 20, 21);
    stage.receive(1, Message::Handshake { hello });
    let asked = stage.take_sent(1);
    assert!(asked.iter().any(|message| matches!(&**message, Message::GetHeaders { .. })), "{asked:?}");
    stage.receive(1, headers(&blocks, true));
    let mut delivered = 0;
    loop {
        let wanted: Vec<_> = stage
            .take_sent(1)
            .iter()
            .filter_map(|message| match &**message {
                Message::GetBlock { id } => Some(*id),
                _ => None,
            })
            .collect();
        if wanted.is_empty() {
            break;
        }
        assert!(wanted.len() <= limits::BODIES_PER_PEER);
        // Backwards, so that they wait for each other.
        for id in wanted.iter().rev() {
            let block = blocks.iter().find(|block| block.id() == *id).unwrap();
            stage.receive(1, Message::Block { block: Arc::clone(block) });
            delivered += 1;
        }
    }
    assert_eq!(delivered, 20, "each was asked for once");
    assert_eq!(stage.tip(), blocks[19].id());
    assert_eq!(stage.stored, blocks.iter().map(|block| block.id()).collect::<Vec<_>>());
    assert_eq!(stage.reputation(1), 20 * 200);
}

#[test]
fn an_invalid_header_bans() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let mut block = (*chain_of(&stage, 1)[0]).clone();
    block.header.difficulty = 77;
    stage.receive(1, Message::Headers { answer: false, headers: vec![block.header] });
    assert!(stage.is_banned(1));
    // And it stays out while banned.
    stage.wait(SECOND);
    stage.closed.clear();
    stage.connect(1);
    assert!(stage.was_closed(1));
    let sent = stage.take_sent(1);
    assert!(sent.iter().any(|m| matches!(&**m, Message::Goodbye { reason: GoodbyeReason::Banned })), "{sent:?}");
    // The first ban lasts ten seconds in the lab.
    stage.wait(11 * SECOND);
    stage.closed.clear();
    stage.befriend(1);
}

#[test]
fn a_mutated_body_bans_its_sender_and_is_asked_elsewhere_at_once() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    let mut builder = Builder::new(Arc::clone(&stage.spec));
    let block = builder.mine(vec![pay(0, 0, 5, 1)], 1);
    let mutated = Block { transactions: vec![pay(0, 0, 6, 1)], ..(*block).clone() };
    stage.receive(2, headers(&[Arc::clone(&block)], false));
    let asked = stage.take_sent(2);
    assert!(asked.iter().any(|message| matches!(&**message, Message::GetBlock { .. })));
    stage.receive(1, Message::NewBlock { block: Arc::new(mutated) });
    assert!(stage.is_banned(1));
    assert_eq!(stage.tip(), stage.spec.genesis_id());
    stage.receive(2, Message::Block { block: Arc::clone(&block) });
    assert_eq!(stage.tip(), block.id(), "the true body is taken");
    assert!(!stage.is_banned(2));
}

#[test]
fn an_invalid_block_bans_who_brought_it_and_not_who_told_of_it() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    let mut block = (*chain_of(&stage, 1)[0]).clone();
    block.header.state_root = Hash256([3; 32]);
    let block = Arc::new(block);
    stage.receive(1, headers(&[Arc::clone(&block)], false));
    stage.receive(2, Message::NewBlock { block });
    assert!(stage.is_banned(2));
    assert_eq!(stage.reputation(1), 0);
    assert_eq!(stage.tip(), stage.spec.genesis_id());
}

#[test]
fn unconnected_news_is_followed_by_a_question_not_by_blame() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.take_sent(1);
    let blocks = chain_of(&stage, 5);
    stage.receive(1, headers(&blocks[4..], false));
    let asked = stage.take_sent(1);
    assert!(asked.iter().any(|message| matches!(&**message, Message::GetHeaders { .. })), "{asked:?}");
    // News that overtakes the answer is not taken for it.
    stage.receive(1, headers(&blocks[4..], false));
    assert_eq!(stage.reputation(1), 0);
    stage.receive(1, headers(&blocks, true));
    assert_eq!(stage.node.ledger.best_header().height, 5);
}

#[test]
fn a_claim_of_work_that_is_not_shown_is_asked_for_once() {
    let mut stage = Stage::new(Config::default());
    stage.connect(1);
    let hello = stage.hello(1, u64::MAX, u128::MAX);
    stage.receive(1, Message::Handshake { hello });
    stage.take_sent(1);
    stage.receive(1, Message::Headers { answer: true, headers: vec![] });
    stage.wait(3 * SECOND);
    let asked = stage.take_sent(1);
    assert!(!asked.iter().any(|message| matches!(&**message, Message::GetHeaders { .. })), "{asked:?}");
}

#[test]
fn who_never_answers_loses_reputation_and_the_question_goes_elsewhere() {
    let mut stage = Stage::new(Config { timing: Timing { pong: 600 * SECOND, ..Timing::LAB }, ..Config::default() });
    let blocks = chain_of(&stage, 1);
    stage.befriend(1);
    stage.befriend(2);
    stage.receive(1, headers(&blocks, false));
    stage.receive(2, headers(&blocks, false));
    stage.wait(21 * SECOND);
    let asked = |stage: &mut Stage, n| {
        stage.take_sent(n).iter().filter(|message| matches!(&***message, Message::GetBlock { .. })).count()
    };
    assert!(asked(&mut stage, 1) > 0 && asked(&mut stage, 2) > 0, "both were asked");
    stage.receive(2, Message::Block { block: Arc::clone(&blocks[0]) });
    assert_eq!(stage.tip(), blocks[0].id());
}

#[test]
fn fifty_thousand_announced_ids_cost_little_and_hold_nothing_up() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    stage.take_sent(1);
    for batch in 0..50u32 {
        let ids = (0..1_000u32)
            .map(|n| {
                let mut id = [0; 32];
                id[..4].copy_from_slice(&(batch * 1_000 + n).to_be_bytes());
                TxId(id)
            })
            .collect();
        stage.receive(1, Message::Announce { ids });
    }
    let peer = &stage.node.peers[&connection(1)];
    assert_eq!(peer.transactions_asked, limits::TRANSACTIONS_IN_FLIGHT);
    assert_eq!(stage.node.inventory.all_asked().count(), limits::TRANSACTIONS_IN_FLIGHT);
    // What another announces meanwhile is asked of that other.
    let transaction = pay(0, 0, 5, 1);
    stage.receive(2, Message::Announce { ids: vec![transaction.id()] });
    let asked = stage.take_sent(2);
    assert!(asked.iter().any(|message| matches!(&**message, Message::GetData { .. })), "{asked:?}");
    stage.receive(2, Message::Transaction { transactions: vec![transaction] });
    assert!(stage.node.mempool.contains(&transaction.id()));
    // And the undelivered ones are given up in time, so that their announcer may be asked again.
    stage.wait(5 * SECOND);
    assert_eq!(stage.node.peers[&connection(1)].transactions_asked, 0);
}

#[test]
fn a_transaction_is_asked_of_one_and_then_of_the_next() {
    let mut stage = Stage::new(Config::default());
    let transaction = pay(0, 0, 5, 1);
    for n in [1, 2] {
        stage.befriend(n);
        stage.receive(n.into(), Message::Announce { ids: vec![transaction.id()] });
    }
    let asked =
        |stage: &mut Stage, n| stage.take_sent(n).iter().filter(|message| matches!(&***message, Message::GetData { .. })).count();
    assert_eq!((asked(&mut stage, 1), asked(&mut stage, 2)), (1, 0));
    stage.wait(limits::TRANSACTION_REQUEST);
    assert_eq!((asked(&mut stage, 1), asked(&mut stage, 2)), (0, 1));
    stage.receive(2, Message::Transaction { transactions: vec![transaction] });
    assert!(stage.node.mempool.contains(&transaction.id()));
    assert_eq!(stage.reputation(2), 10);
}

#[test]
fn a_transaction_goes_to_all_but_those_who_have_it() {
    let mut stage = Stage::new(Config::default());
    (1..=3).for_each(|n| stage.befriend(n));
    (1..=3).for_each(|n| drop(stage.take_sent(n)));
    let transaction = pay(0, 0, 5, 1);
    stage.receive(2, Message::Announce { ids: vec![transaction.id()] });
    stage.receive(1, Message::Transaction { transactions: vec![transaction] });
    stage.wait(SECOND / 10);
    let told = |stage: &mut Stage, n| {
        stage.take_sent(n).iter().filter(|message| matches!(&***message, Message::Announce { .. })).count()
    };
    assert_eq!((told(&mut stage, 1), told(&mut stage, 2), told(&mut stage, 3)), (0, 0, 1));
    stage.receive(3, Message::GetData { ids: vec![transaction.id(), TxId([5; 32])] });
    let sent = stage.take_sent(3);
    assert!(sent.iter().any(|m| matches!(&**m, Message::Transaction { transactions } if transactions == &[transaction])));
    assert!(sent.iter().any(|m| matches!(&**m, Message::NotFound { ids } if ids == &[Hash256([5; 32])])));
}

#[test]
fn invalid_transactions_lead_to_a_ban_and_duplicates_cost_nothing() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.befriend(2);
    let good = pay(0, 0, 5, 1);
    for _ in 0..20 {
        stage.receive(2, Message::Transaction { transactions: vec![good] });
    }
    assert!(stage.reputation(2) >= 0);
    let forged = |amount| {
        let mut transaction: Transaction = pay(1, 0, 5, 1);
        transaction.transfer.amount = amount;
        transaction
    };
    stage.receive(1, Message::Transaction { transactions: (10..15).map(forged).collect() });
    assert!(stage.is_banned(1));
    assert_eq!(stage.node.mempool.len(), 1);
}

#[test]
fn a_new_block_goes_whole_to_three_and_as_a_header_to_the_rest() {
    let mut stage = Stage::new(Config::default());
    (1..=6).for_each(|n| stage.befriend(n));
    stage.sent.clear();
    let blocks = chain_of(&stage, 1);
    stage.receive(1, Message::NewBlock { block: Arc::clone(&blocks[0]) });
    assert!(stage.take_sent(1).is_empty(), "never back to its source");
    let (whole, header): (Vec<_>, Vec<_>) =
        stage.sent.iter().partition(|(_, message)| matches!(**message, Message::NewBlock { .. }));
    assert_eq!((whole.len(), header.len()), (limits::EAGER_PEERS, 5 - limits::EAGER_PEERS));
    assert!(header.iter().all(|(_, message)| matches!(**message, Message::Headers { answer: false, .. })));
}

#[test]
fn only_validated_blocks_are_served() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let blocks = chain_of(&stage, 2);
    stage.receive(1, headers(&blocks, false));
    stage.receive(1, Message::Block { block: Arc::clone(&blocks[1]) });
    stage.take_sent(1);
    stage.receive(1, Message::GetBlock { id: blocks[1].id() });
    let sent = stage.take_sent(1);
    assert!(sent.iter().any(|message| matches!(&**message, Message::NotFound { .. })), "{sent:?}");
    stage.receive(1, Message::Block { block: Arc::clone(&blocks[0]) });
    stage.receive(1, Message::GetBlock { id: blocks[1].id() });
    let sent = stage.take_sent(1);
    assert!(sent.iter().any(|message| matches!(&**message, Message::Block { .. })), "{sent:?}");
}

#[test]
fn a_store_that_fails_is_tried_again_with_all_that_is_missing() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    let blocks = chain_of(&stage, 3);
    stage.store_fails = true;
    for block in &blocks {
        stage.receive(1, Message::NewBlock { block: Arc::clone(block) });
    }
    assert_eq!(stage.tip(), blocks[2].id(), "the node goes on in memory");
    assert!(stage.events.iter().any(|event| matches!(event, Event::Warning { text } if text.contains("no space"))));
    stage.store_fails = false;
    stage.wait(limits::STORE_RETRY + SECOND);
    assert_eq!(stage.stored, blocks.iter().map(|block| block.id()).collect::<Vec<_>>());
}

#[test]
fn our_own_pause_is_nobodys_fault() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.receive(1, headers(&chain_of(&stage, 1), false));
    // The machine sleeps for ten minutes; then all deadlines seem missed at once.
    stage.now = stage.now + 600 * SECOND;
    stage.give(Input::Deadline);
    assert!(!stage.was_closed(1));
    assert_eq!(stage.reputation(1), 0);
    stage.wait(limits::UNANSWERED + Timing::LAB.pong + SECOND);
    assert!(stage.was_closed(1), "but a peer that then stays silent is gone");
}

#[test]
fn the_largest_numbers_saturate() {
    let mut stage = Stage::new(Config::default());
    stage.connect(1);
    let hello = Hello { time: u64::MAX, height: u64::MAX, work: u128::MAX, nonce: u64::MAX, ..stage.hello(1, 0, 0) };
    stage.receive(1, Message::Handshake { hello });
    let mut header = chain_of(&stage, 1)[0].header;
    (header.height, header.time, header.difficulty) = (u64::MAX, u64::MAX, u64::MAX);
    stage.receive(1, Message::Pong { nonce: u64::MAX, time: u64::MAX });
    stage.receive(1, Message::Headers { answer: false, headers: vec![header] });
    stage.wait(60 * SECOND);
}

#[test]
fn a_transfer_of_ours_is_signed_pooled_and_announced() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.take_sent(1);
    stage.give(Input::Command(Command::Transfer { to: Address([1; 32]), amount: 5, fee: 1 }));
    // This account owns nothing.
    assert!(stage.events.iter().any(|event| matches!(event, Event::TransactionRefused { .. })));
    stage.give(Input::Command(Command::Submit(Box::new(pay(0, 0, 5, 1)))));
    stage.wait(SECOND / 10);
    let sent = stage.take_sent(1);
    assert!(sent.iter().any(|message| matches!(&**message, Message::Announce { .. })), "{sent:?}");
}

#[test]
fn shutting_down_says_goodbye_and_takes_nobody_new() {
    let mut stage = Stage::new(Config::default());
    stage.befriend(1);
    stage.give(Input::Command(Command::Shutdown));
    let sent = stage.take_sent(1);
    assert!(sent.iter().any(|m| matches!(&**m, Message::Goodbye { reason: GoodbyeReason::ShuttingDown })));
    assert_eq!(stage.events.iter().filter(|event| matches!(event, Event::Stopped)).count(), 1);
    stage.connect(2);
    assert!(stage.was_closed(2));
}
