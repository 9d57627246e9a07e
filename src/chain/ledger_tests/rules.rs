//! Header rules, bodies, verdicts, and what is served.

use super::*;
use crate::chain::Seal;
use crate::chain::limits::MAX_FUTURE_MS;

#[test]
fn a_chain_grows_and_keeps_the_supply() {
    let mut builder = Builder::new(easy_spec());
    for height in 0..30u64 {
        builder.mine(vec![pay(height as u8 % 3, height / 3, 10, 2)], 1);
    }
    let mut node = Node::new(easy_spec());
    node.take(&builder.blocks[1..]);
    assert_eq!(node.ledger.tip().id, builder.tip());
    assert_eq!(node.ledger.tip(), node.ledger.best_header());
    assert_eq!(node.ledger.state().root(), builder.state.root());
    assert_eq!(node.ledger.tip().work, 31);
    assert_eq!(supply(node.ledger.state()), 20 * 1_000_000 + 30 * 50);
    assert_eq!(node.ledger.at_height(7), Some(builder.blocks[7].id()));
    assert_eq!(node.ledger.at_height(31), None);
    assert_eq!(node.ledger.at_height(u64::MAX), None);
    assert!(node.reorgs().is_empty());
    let job = node.ledger.mining_job(Address([4; 32]));
    assert_eq!((job.parent_id, job.difficulty, job.earliest_time), (builder.tip(), 1, builder.blocks[25].header.time + 1));
}

#[test]
fn five_thousand_blocks_join_late_in_any_order() {
    let mut builder = Builder::new(easy_spec());
    builder.grow(5_000, 1);
    let mut node = Node::new(easy_spec());
    let blocks = &builder.blocks[1..];
    for batch in blocks.chunks(2_000) {
        node.headers(batch);
    }
    assert_eq!(node.ledger.tip().height, 0);
    assert_eq!(node.ledger.best_header().id, builder.tip());
    let by_id: BTreeMap<BlockId, Arc<Block>> = blocks.iter().map(|block| (block.id(), Arc::clone(block))).collect();
    let mut rounds = 0;
    loop {
        let wanted = node.ledger.wanted_bodies(1_024, 100);
        if wanted.is_empty() {
            break;
        }
        // The order of ids is no order of heights.
        let mut wanted: Vec<_> = wanted.into_iter().rev().collect();
        wanted.sort_unstable_by_key(|id| id.0[31]);
        for id in wanted {
            assert!(node.ledger.insert_body(id, Arc::clone(&by_id[&id])));
            assert!(!node.ledger.insert_body(id, Arc::clone(&by_id[&id])), "it is here already");
            node.run();
        }
        rounds += 1;
    }
    assert_eq!(rounds, 50);
    assert_eq!(node.ledger.tip().id, builder.tip());
    assert_eq!(node.loads, 0);
    assert!(node.ledger.states.len() < 150, "{} states", node.ledger.states.len());
    assert!(node.ledger.bodies.len() <= crate::chain::limits::BODY_CACHE_BLOCKS);
    let locator = node.ledger.locator();
    assert!(locator.len() < 30 && locator[0] == builder.tip() && locator.last() == Some(&builder.blocks[0].id()));
    assert_eq!(locator[..10], ids(&blocks[4_990..]).into_iter().rev().collect::<Vec<_>>());
}

#[test]
fn bodies_are_wanted_lowest_first_within_the_window() {
    let mut builder = Builder::new(easy_spec());
    builder.grow(20, 1);
    let mut node = Node::new(easy_spec());
    node.headers(&builder.blocks[1..]);
    let id = ids(&builder.blocks);
    assert_eq!(node.ledger.wanted_bodies(5, 100), id[1..6]);
    assert_eq!(node.ledger.wanted_bodies(100, 3), id[1..4]);
    node.ledger.insert_body(id[2], Arc::clone(&builder.blocks[2]));
    assert!(matches!(node.ledger.next_need(), Need::Nothing));
    assert_eq!(node.ledger.wanted_bodies(5, 100), [id[1], id[3], id[4], id[5]]);
    node.ledger.insert_body(id[1], Arc::clone(&builder.blocks[1]));
    node.run();
    assert_eq!(node.ledger.tip().height, 2);
    assert_eq!(node.ledger.wanted_bodies(5, 100), id[3..8]);
    assert!(node.ledger.has_body(&id[0]) && node.ledger.has_body(&id[2]) && !node.ledger.has_body(&id[3]));
    assert!(!node.ledger.insert_body(id[5], Arc::clone(&builder.blocks[6])), "not this header's body");
    assert!(!node.ledger.insert_body(BlockId([1; 32]), Arc::clone(&builder.blocks[6])), "unknown");
}

#[test]
fn a_mutated_body_is_forgotten_and_asked_for_again() {
    let mut builder = Builder::new(easy_spec());
    let block = builder.mine(vec![pay(0, 0, 1, 1)], 1);
    let mut mutated = (*block).clone();
    mutated.transactions[0].signature.0[5] ^= 1;
    let mut node = Node::new(easy_spec());
    node.headers(&builder.blocks[1..]);
    assert!(node.ledger.insert_body(block.id(), Arc::new(mutated)));
    assert!(node.ledger.wanted_bodies(10, 10).is_empty());
    node.run();
    assert!(matches!(node.connected[..], [Connected::Invalid(BlockError::BodyMismatch)]));
    assert!(!node.ledger.is_invalid(&block.id()));
    assert_eq!(node.ledger.wanted_bodies(10, 10), [block.id()]);
    node.take(&builder.blocks[1..]);
    assert_eq!(node.ledger.tip().id, block.id());
}

#[test]
fn verdicts_nobody_waits_for_are_stale() {
    let mut builder = Builder::new(easy_spec());
    builder.grow(2, 1);
    let mut node = Node::new(easy_spec());
    node.headers(&builder.blocks[1..]);
    node.ledger.insert_body(builder.blocks[1].id(), Arc::clone(&builder.blocks[1]));
    let Need::Validate(job) = node.ledger.next_need() else { panic!("a job") };
    let verdict = job.run();
    let mut other = verdict.clone();
    other.id = builder.blocks[2].id();
    assert!(matches!(node.ledger.connect(&other), Connected::Stale));
    assert!(matches!(node.ledger.connect(&verdict), Connected::Tip { reorg: None, .. }));
    assert!(matches!(node.ledger.connect(&verdict), Connected::Stale));
}

#[test]
fn header_rules() {
    let mut builder = Builder::new(easy_spec());
    builder.grow(12, 1);
    let mut node = Node::new(easy_spec());
    node.take(&builder.blocks[1..]);
    let next = builder.clone().mine(Vec::new(), 1);
    let mut insert = |now: u64, change: &dyn Fn(&mut Header)| node.ledger.insert_header(&with_header(&next, change).header, now);
    let invalid = |result| matches!(result, Err(HeaderError::Invalid(_)));
    for value in [0, 2, u16::MAX] {
        assert!(invalid(insert(NOW, &|header| header.version = value)));
    }
    for value in [0, 12, 14, u64::MAX] {
        assert!(invalid(insert(NOW, &|header| header.height = value)));
    }
    for value in [0, 2, u64::MAX] {
        assert!(invalid(insert(NOW, &|header| header.difficulty = value)));
    }
    assert!(invalid(insert(NOW, &|header| header.stream = 1)));
    // The median of heights 2 to 12 is the time of 7.
    let median = builder.blocks[7].header.time;
    assert!(invalid(insert(NOW, &|header| header.time = median)));
    assert!(invalid(insert(NOW, &|header| header.time = 0)));
    let unknown = BlockId([1; 32]);
    assert_eq!(insert(NOW, &|header| header.parent = unknown), Err(HeaderError::UnknownParent(unknown)));
    let time = next.header.time;
    let now = time - MAX_FUTURE_MS;
    assert_eq!(insert(now - 1, &|_| {}), Err(HeaderError::FromTheFuture { time, now: now - 1 }));
    assert!(matches!(insert(0, &|header| header.time = u64::MAX), Err(HeaderError::FromTheFuture { .. })));
    assert_eq!(insert(now, &|_| {}), Ok(HeaderAccepted::New));
    assert_eq!(insert(now, &|_| {}), Ok(HeaderAccepted::Known));
    assert_eq!(insert(NOW, &|header| header.time = median + 1), Ok(HeaderAccepted::New));
    assert_eq!(insert(u64::MAX, &|header| header.time = u64::MAX), Ok(HeaderAccepted::New));
}

#[test]
fn a_seal_must_meet_the_difficulty() {
    let spec = Arc::new(ChainSpec { initial_difficulty: 1_000, ..(*easy_spec()).clone() });
    let mut builder = Builder::new(Arc::clone(&spec));
    let good = builder.mine(Vec::new(), 1);
    let mut ledger = Ledger::new(spec);
    let Seal::Work { nonce } = good.header.seal;
    assert!(nonce > 0);
    let unsealed = with_header(&good, |header| header.seal = Seal::Work { nonce: 0 });
    assert!(matches!(ledger.insert_header(&unsealed.header, NOW), Err(HeaderError::Invalid(_))));
    assert_eq!(ledger.insert_header(&good.header, NOW), Ok(HeaderAccepted::New));
    assert_eq!(ledger.work(&good.id()), Some(2_000));
}

#[test]
fn headers_are_served_from_the_main_chain() {
    let mut a = Builder::new(easy_spec());
    a.grow(30, 1);
    let mut b = a.fork_at(20);
    b.grow(15, 2);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..]);
    let heights = |headers: Vec<Header>| headers.iter().map(|header| header.height).collect::<Vec<_>>();
    assert_eq!(heights(node.ledger.headers_after(&[], 5)), [1, 2, 3, 4, 5]);
    let mut other = Node::new(easy_spec());
    other.take(&b.blocks[1..]);
    // Of b's locator, the first on a's chain is at 20 or just below.
    let served = heights(node.ledger.headers_after(&other.ledger.locator(), 2_000));
    assert!((15..=21).contains(&served[0]) && *served.last().unwrap() == 30, "{served:?}");
    assert!(node.ledger.headers_after(&[a.tip()], 10).is_empty());
    // Headers that are not validated are not served.
    node.headers(&b.blocks[21..]);
    assert_eq!(heights(node.ledger.headers_after(&[a.blocks[28].id()], 10)), [29, 30]);
    assert_eq!(heights(node.ledger.headers_after(&[b.tip()], 1)), [1]);
}
