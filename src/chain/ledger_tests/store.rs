//! The store beside the ledger: restoring, loading, and what leaves memory.

use super::*;
use crate::chain::RestoreError;

#[test]
fn restored_where_it_was() {
    let mut a = Builder::new(easy_spec());
    a.grow(40, 1);
    let mut b = a.fork_at(30);
    b.grow(15, 2);
    let headers = |blocks: &[Arc<Block>]| blocks.iter().map(|block| block.header).collect::<Vec<_>>();
    let stored: BTreeMap<_, _> = a.blocks.iter().chain(&b.blocks).map(|block| (block.id(), Arc::clone(block))).collect();
    let ledger = Ledger::restore(easy_spec(), headers(&a.blocks[1..]), a.tip(), a.state.clone()).unwrap();
    assert_eq!(ledger.tip().id, a.tip());
    assert_eq!(ledger.state().root(), a.state.root());
    assert!(a.blocks.iter().all(|block| ledger.has_body(&block.id())));
    let mut node = Node { ledger, store: stored.clone(), connected: Vec::new(), loads: 0, replays: 0 };
    node.run();
    assert!(node.connected.is_empty() && node.loads == 0);
    // A reorg right after: replays from genesis.
    node.take(&b.blocks[31..]);
    assert_eq!(node.ledger.tip().id, b.tip());
    assert_eq!((node.replays, node.reorgs().len()), (30, 1));

    // Stored beyond the tip, on a heavier branch: goes on by itself.
    let all = [headers(&a.blocks[1..]), headers(&b.blocks[31..])].concat();
    let ledger = Ledger::restore(easy_spec(), all.clone(), a.tip(), a.state.clone()).unwrap();
    let mut node = Node { ledger, store: stored, connected: Vec::new(), loads: 0, replays: 0 };
    node.run();
    assert_eq!(node.ledger.tip().id, b.tip());

    let genesis = a.blocks[0].id();
    let empty = Ledger::restore(easy_spec(), Vec::new(), genesis, Builder::new(easy_spec()).state).unwrap();
    assert_eq!(empty.tip().height, 0);
    let restore = |headers: Vec<Header>, tip, state: &State| Ledger::restore(easy_spec(), headers, tip, state.clone()).err();
    let damaged = |error| matches!(error, Some(RestoreError::Damaged(_)));
    assert!(damaged(restore(all.clone(), b.tip(), &a.state)));
    assert!(damaged(restore(all.clone(), BlockId([1; 32]), &a.state)));
    let mut gap = headers(&a.blocks[1..]);
    gap.remove(7);
    assert!(damaged(restore(gap, a.tip(), &a.state)));
    let mut twice = headers(&a.blocks[1..]);
    twice.insert(9, twice[8]);
    assert!(damaged(restore(twice, a.tip(), &a.state)));
    let mut high = headers(&a.blocks[1..]);
    high[39].height = u64::MAX;
    assert!(damaged(restore(high, a.tip(), &a.state)));
    let other = Builder::new(Arc::new(ChainSpec { reward: 51, ..(*easy_spec()).clone() }));
    let wrong_genesis = |error| matches!(error, Some(RestoreError::WrongGenesis { .. }));
    assert!(wrong_genesis(Ledger::restore(Arc::clone(&other.spec), all, a.tip(), a.state.clone()).err()));
    assert!(wrong_genesis(restore(Vec::new(), other.tip(), &other.state)));
}

#[test]
fn what_the_store_lost_is_wanted_again() {
    let mut a = Builder::new(easy_spec());
    a.grow(200, 1);
    let mut b = a.fork_at(83);
    b.grow(120, 2);
    let mut node = Node::new(easy_spec());
    node.ledger.bodies.set_limits(20, usize::MAX);
    node.take(&a.blocks[1..]);
    let kept = std::mem::take(&mut node.store);
    node.take(&b.blocks[84..]);
    assert_eq!(node.ledger.tip().id, a.tip(), "the replay cannot go on");
    loop {
        let wanted = node.ledger.wanted_bodies(10, 10);
        if wanted.is_empty() {
            break;
        }
        for id in wanted {
            let found = kept.get(&id).or_else(|| b.blocks.iter().find(|block| block.id() == id));
            node.ledger.insert_body(id, Arc::clone(found.unwrap()));
        }
        node.run();
    }
    assert_eq!(node.ledger.tip().id, b.tip());
    assert!(node.replays > 0);
}

#[test]
fn bodies_that_are_not_stored_stay() {
    let mut builder = Builder::new(easy_spec());
    builder.grow(60, 1);
    let mut node = Node::new(easy_spec());
    node.ledger.bodies.set_limits(10, usize::MAX);
    node.headers(&builder.blocks[1..]);
    for block in &builder.blocks[1..] {
        assert!(node.ledger.insert_body(block.id(), Arc::clone(block)));
        let Need::Validate(job) = node.ledger.next_need() else { panic!("a job") };
        assert!(matches!(node.ledger.connect(&job.run()), Connected::Tip { .. }));
    }
    assert!(builder.blocks.iter().all(|block| node.ledger.body(&block.id()).is_some()));
    builder.blocks[1..].iter().for_each(|block| node.ledger.stored(&block.id()));
    builder.grow(1, 1);
    node.take(&builder.blocks[61..]);
    assert!(node.ledger.bodies.len() <= 11, "{}", node.ledger.bodies.len());
    assert!(builder.blocks.iter().all(|block| node.ledger.has_body(&block.id())));
}

#[test]
fn a_flood_of_waiting_bodies_stays_within_the_limit_and_gets_through() {
    let mut builder = Builder::new(easy_spec());
    builder.grow(100, 1);
    let mut node = Node::new(easy_spec());
    node.ledger.bodies.set_limits(16, usize::MAX);
    node.headers(&builder.blocks[1..]);
    for _ in 0..100 {
        // All but the first: they wait, and the highest leave.
        let wanted = node.ledger.wanted_bodies(1_024, 1_024);
        for id in wanted.iter().skip(1) {
            node.ledger.insert_body(*id, Arc::clone(&builder.blocks[node.ledger.header(id).unwrap().height as usize]));
            assert!(node.ledger.bodies.len() <= 17);
        }
        let Some(first) = wanted.first() else { break };
        let height = node.ledger.header(first).unwrap().height;
        assert!(node.ledger.insert_body(*first, Arc::clone(&builder.blocks[height as usize])));
        node.run();
    }
    assert_eq!(node.ledger.tip().id, builder.tip());
}
