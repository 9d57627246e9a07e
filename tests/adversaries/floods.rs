//! More than anybody can use, and less than anybody reads: rows 23 and 24.

use super::client::{Session, connect_with};
use super::nodes::{Events, Seen};
use super::noise::Persona;
use super::stage::Stage;
use rumormill::chain::limits::POOL_ACCOUNT_CHAIN;
use rumormill::chain::{ChainSpec, Transaction, Transfer, TxId};
use rumormill::node::Event;
use rumormill::node::limits::{OUTBOX_BYTES, OUTBOX_MESSAGES, TRANSACTIONS_IN_FLIGHT};
use rumormill::wire::{Message, encode};
use std::time::{Duration, Instant};

fn ids(from: u32, count: u32) -> Vec<TxId> {
    let id = |number: u32| {
        let mut id = [0xab; 32];
        id[..4].copy_from_slice(&number.to_be_bytes());
        TxId(id)
    };
    (from..from + count).map(id).collect()
}

/// A transfer from the faucet.
fn pay(spec: &ChainSpec, nonce: u64) -> Transaction {
    let faucet = ChainSpec::lab_faucet();
    Transfer { chain: spec.chain, from: faucet.address(), to: Persona::new(9).id(), amount: 5, fee: 1, nonce }.sign(&faucet)
}

/// What is asked of it up to now.
async fn asked(session: &mut Session) -> Vec<TxId> {
    let mut all = Vec::new();
    session.send(&Message::Ping { nonce: 23, time: 0 }).await;
    session
        .find("a pong", |message| match message {
            Message::GetData { ids } => {
                all.extend(ids);
                None
            }
            Message::Pong { nonce: 23, .. } => Some(()),
            _ => None,
        })
        .await;
    all
}

async fn is_asked(session: &mut Session, id: TxId) {
    let wanted = |message| matches!(message, Message::GetData { ids } if ids.contains(&id)).then_some(());
    session.find("a question for what it announced", wanted).await;
}

#[tokio::test]
async fn row_23_fifty_thousand_announced_and_none_delivered() {
    let stage = Stage::new().await;
    let mut liar = stage.friend(1).await;
    let mut other = stage.friend(2).await;
    for batch in 0..50 {
        liar.send(&Message::Announce { ids: ids(batch * 1_000, 1_000) }).await;
    }
    let kept = asked(&mut liar).await;
    assert!(!kept.is_empty() && kept.len() <= TRANSACTIONS_IN_FLIGHT, "{} are asked for", kept.len());
    // What it was not asked for is asked of the next who has it, at once.
    let forgotten = ids(49_000, 1)[0];
    assert!(!kept.contains(&forgotten));
    other.send(&Message::Announce { ids: vec![forgotten] }).await;
    is_asked(&mut other, forgotten).await;
    let real = pay(&stage.lab.spec, 0);
    other.send(&Message::Announce { ids: vec![real.id()] }).await;
    is_asked(&mut other, real.id()).await;
    other.send(&Message::Transaction { transactions: vec![real] }).await;
    let accepted = |event: &Event| matches!(event, Event::TransactionAccepted { id, .. } if *id == real.id()).then_some(());
    stage.seen.find("the transaction", accepted).await;
    // What it was asked for and does not deliver is asked of the other after 2 s.
    other.send(&Message::Announce { ids: vec![kept[0]] }).await;
    is_asked(&mut other, kept[0]).await;
    assert!(!stage.is_banned(liar.persona.id()) && !stage.is_banned(other.persona.id()));
    liar.ping().await;
    stage.end().await;
}

/// How long each of the next blocks took from its miner, by way of the victim, to `follower`; the longest of them.
async fn latency(stage: &Stage, follower: &Events, blocks: usize) -> Duration {
    let from = stage.its.count();
    let mut mined: Vec<_> = Vec::new();
    stage
        .its
        .until("blocks", |list| {
            mined = list[from..]
                .iter()
                .filter_map(|seen| match seen.event {
                    Event::BlockMined { id, .. } => Some((id, seen.at)),
                    _ => None,
                })
                .take(blocks)
                .collect();
            (mined.len() == blocks).then_some(())
        })
        .await;
    let mut longest = Duration::ZERO;
    for (id, at) in mined {
        let came = |list: &[Seen]| {
            list.iter().find(|seen| matches!(seen.event, Event::TipChanged { id: tip, .. } if tip == id)).map(|seen| seen.at)
        };
        let came: Instant = follower.until("a block at the follower", came).await;
        longest = longest.max(came.saturating_duration_since(at));
    }
    longest
}

/// It asks, and never reads the answers: these are dropped beyond a bound, and then it is cut off. Others get their blocks as before.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn row_24_a_reader_that_never_reads() {
    const BLOCKS: usize = 25;
    let stage = Stage::with(|config| {
        config.timing.stalled = Duration::from_millis(1_500);
        config.timing.report.0 = Duration::from_millis(50);
    })
    .await;
    let (follower, its) = stage
        .lab
        .node(3, "127.0.0.1:0", |config| {
            config.bootstrap = vec![stage.address()];
            config.max_outbound = 1;
        })
        .await;
    its.meets().await;
    let before = latency(&stage, &its, BLOCKS).await;

    let mut greedy = Vec::new();
    for number in 1..4 {
        let stream = connect_with(stage.address(), number, Some(4_096)).await;
        let mut session = Session::dial(stream, &Persona::new(number)).await;
        session.shake(&stage.lab.spec).await;
        greedy.push(session);
    }
    // Transfers that cannot be mined, as the one before them is missing: they stay in the pool, to be asked for again and again.
    let stay: Vec<_> = (1..POOL_ACCOUNT_CHAIN).map(|nonce| pay(&stage.lab.spec, nonce)).collect();
    let ids: Vec<_> = stay.iter().map(Transaction::id).collect();
    greedy[0].send(&Message::Transaction { transactions: stay }).await;
    for id in &ids {
        let accepted = |event: &Event| matches!(event, Event::TransactionAccepted { id: other, .. } if other == id).then_some(());
        stage.seen.find("a transaction", accepted).await;
    }
    let attack = async {
        // 9 KiB a question, 21 MiB for each of them: more than system and outbox hold. Paced, so that it is not their processor's time
        // that others wait for.
        let mut pace = tokio::time::interval(Duration::from_millis(15));
        let questions = encode(&Message::GetData { ids }).repeat(16);
        for _ in 0..150 {
            pace.tick().await;
            for session in &mut greedy {
                session.say(&questions).await;
            }
        }
    };
    let ((), during) = tokio::join!(attack, latency(&stage, &its, BLOCKS));
    for session in &greedy {
        let why = stage.parted(session.persona.id()).await;
        assert!(why.contains("it does not read") || why.contains("it reads too slowly"), "{why}");
    }
    let waiting = stage.seen.all(0, |event| match event {
        Event::Outbox { messages, bytes, .. } => Some((*messages, *bytes)),
        _ => None,
    });
    assert!(waiting.iter().any(|(_, bytes)| *bytes > OUTBOX_BYTES / 2), "the outbox never filled: {waiting:?}");
    assert!(waiting.iter().all(|(messages, bytes)| *messages <= OUTBOX_MESSAGES && *bytes <= OUTBOX_BYTES), "{waiting:?}");
    println!("the slowest of {BLOCKS} blocks: {before:?} before, {during:?} during the attack");
    assert!(during < before * 10 + Duration::from_millis(500), "{during:?} instead of {before:?}");
    follower.stop().await;
    stage.end().await;
}
