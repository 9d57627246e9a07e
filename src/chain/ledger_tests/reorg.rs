//! Forks, reorgs and invalid branches.

use super::*;
use crate::chain::Hash256;

#[test]
fn first_seen_wins_a_tie_and_more_work_a_reorg() {
    let mut a = Builder::new(easy_spec());
    a.grow(3, 1);
    let mut b = a.fork_at(1);
    a.mine(vec![pay(0, 0, 10, 1)], 1);
    b.grow(3, 2);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..]);
    node.take(&b.blocks[2..]);
    assert_eq!(node.ledger.tip().id, a.tip());
    assert_eq!(node.ledger.best_header().id, a.tip());
    b.grow(1, 2);
    node.take(&b.blocks[5..]);
    assert_eq!(node.ledger.tip().id, b.tip());
    assert_eq!(node.ledger.state().root(), b.state.root());
    let reorgs = node.reorgs();
    assert_eq!(reorgs.len(), 1);
    assert_eq!((reorgs[0].fork, reorgs[0].fork_height, reorgs[0].depth), (a.blocks[1].id(), 1, 3));
    assert_eq!(ids(&reorgs[0].disconnected), ids(&a.blocks[2..]));
    let Some(Connected::Tip { connected, .. }) = node.connected.last() else { panic!("the tip moved last") };
    assert_eq!(ids(connected), ids(&b.blocks[2..]));
    assert_eq!(supply(node.ledger.state()), 20 * 1_000_000 + 5 * 50);
    // And the other way round: it comes back.
    a.grow(3, 1);
    node.take(&a.blocks[2..]);
    assert_eq!(node.ledger.tip().id, a.tip());
    assert_eq!(node.reorgs().len(), 2);
}

#[test]
fn a_reorg_deeper_than_the_kept_states_replays() {
    let mut a = Builder::new(easy_spec());
    a.grow(900, 1);
    let mut b = a.fork_at(600);
    a.grow(0, 1);
    b.grow(301, 2);
    let mut node = Node::new(easy_spec());
    // So small that hardly a body of the fork's surroundings is still in memory.
    node.ledger.bodies.set_limits(50, usize::MAX);
    node.take(&a.blocks[1..]);
    assert_eq!(node.loads, 0);
    assert!(node.ledger.body(&a.blocks[600].id()).is_none() && node.ledger.has_body(&a.blocks[600].id()));
    node.headers(&b.blocks[601..]);
    for block in &b.blocks[601..] {
        node.ledger.insert_body(block.id(), Arc::clone(block));
        node.run();
        // Bodies of the heavier branch are not in the main chain until all of it is valid.
        assert_eq!(node.ledger.tip().id == b.tip(), block.id() == b.tip());
    }
    assert_eq!(node.ledger.state().root(), b.state.root());
    assert!(node.replays > 0 && node.replays <= 75, "{} replays", node.replays);
    assert!(node.loads >= node.replays && node.loads <= node.replays + 16, "{} loads", node.loads);
    let reorgs = node.reorgs();
    assert_eq!((reorgs.len(), reorgs[0].depth, reorgs[0].fork_height), (1, 300, 600));
    assert!(reorgs[0].disconnected.len() < 300, "they left memory");
    assert!(node.ledger.bodies.len() <= 50);
    assert_eq!(node.ledger.at_height(700), Some(b.blocks[700].id()));
}

#[test]
fn a_fork_among_the_recent_blocks_replays_nothing() {
    let mut a = Builder::new(easy_spec());
    a.grow(160, 1);
    let mut b = a.fork_at(99);
    b.grow(62, 2);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..]);
    node.take(&b.blocks[100..]);
    assert_eq!(node.ledger.tip().id, b.tip());
    assert_eq!((node.replays, node.reorgs()[0].depth), (0, 61));
}

#[test]
fn a_branch_that_is_about_to_win_outstays_younger_bodies() {
    let mut a = Builder::new(easy_spec());
    a.grow(40, 1);
    let (mut b, mut c) = (a.fork_at(0), a.fork_at(0));
    b.grow(41, 2);
    c.grow(40, 3);
    let mut node = Node::new(easy_spec());
    node.ledger.bodies.set_limits(64, usize::MAX);
    node.take(&a.blocks[1..]);
    node.headers(&b.blocks[1..]);
    node.take(&b.blocks[1..40]);
    node.headers(&c.blocks[1..]);
    for block in &c.blocks[1..] {
        node.ledger.insert_body(block.id(), Arc::clone(block));
        node.ledger.stored(&block.id());
    }
    node.take(&b.blocks[40..]);
    let Some(Connected::Tip { connected, .. }) = node.connected.last() else { panic!("the tip moved last") };
    assert_eq!(ids(connected), ids(&b.blocks[1..]));
}

#[test]
fn a_deep_reorg_announces_every_block() {
    let mut a = Builder::new(easy_spec());
    a.grow(300, 1);
    let mut b = Builder::new(easy_spec());
    b.grow(301, 2);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..]);
    node.take(&b.blocks[1..]);
    let reorgs = node.reorgs();
    assert_eq!((reorgs.len(), reorgs[0].depth, reorgs[0].fork_height), (1, 300, 0));
    assert_eq!(ids(&reorgs[0].disconnected), ids(&a.blocks[1..]));
    let Some(Connected::Tip { connected, .. }) = node.connected.last() else { panic!("the tip moved last") };
    assert_eq!(ids(connected), ids(&b.blocks[1..]));
}

#[test]
fn an_invalid_block_deep_in_a_heavier_branch() {
    let mut a = Builder::new(easy_spec());
    a.grow(10, 1);
    let mut b = a.fork_at(5);
    b.grow(4, 2);
    // Height 10 of b claims a wrong state; ten more build on it.
    let mut bad = b.clone();
    let wrong = bad.job(Vec::new(), 3).build(bad.blocks[9].header.time + BLOCK_TIME).block;
    bad.blocks.push(with_header(&wrong, |header| header.state_root = Hash256([1; 32])));
    bad.grow(10, 3);
    b.grow(3, 2);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..]);
    node.headers(&b.blocks[6..]);
    node.headers(&bad.blocks[6..]);
    assert_eq!(node.ledger.best_header().id, bad.tip());
    for block in bad.blocks[6..].iter().chain(&b.blocks[6..]) {
        node.ledger.insert_body(block.id(), Arc::clone(block));
    }
    node.run();
    assert!(node.connected.iter().any(|connected| matches!(connected, Connected::Invalid(BlockError::Invalid(_)))));
    assert!(bad.blocks[10..].iter().all(|block| node.ledger.is_invalid(&block.id())));
    assert!(!node.ledger.is_invalid(&bad.blocks[9].id()));
    assert_eq!(node.ledger.tip().id, b.tip(), "the best valid one wins");
    assert_eq!(node.ledger.best_header().id, b.tip());
    assert_eq!(node.reorgs().len(), 1);
    bad.grow(1, 3);
    let header = bad.blocks[bad.blocks.len() - 1].header;
    assert_eq!(node.ledger.insert_header(&header, NOW), Err(HeaderError::InvalidParent));
    assert!(!node.ledger.insert_body(bad.blocks[12].id(), Arc::clone(&bad.blocks[12])));
}

#[test]
fn falling_back_to_the_tip_when_the_only_rival_is_invalid() {
    let mut a = Builder::new(easy_spec());
    a.grow(4, 1);
    let mut bad = a.fork_at(2);
    let wrong = bad.job(vec![pay(0, 0, 1, 1)], 3).build(bad.blocks[2].header.time + BLOCK_TIME).block;
    bad.blocks.push(with_header(&wrong, |header| header.state_root = Hash256([1; 32])));
    bad.grow(9, 3);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..]);
    node.take(&bad.blocks[3..]);
    assert_eq!(node.ledger.tip(), node.ledger.best_header());
    assert_eq!(node.ledger.tip().id, a.tip());
    assert!(node.ledger.wanted_bodies(100, 100).is_empty());
    a.grow(1, 1);
    node.take(&a.blocks[5..]);
    assert_eq!(node.ledger.tip().id, a.tip());
}

#[test]
fn a_withheld_body_does_not_hold_up_the_chain() {
    let mut a = Builder::new(easy_spec());
    a.grow(3, 1);
    let mut withheld = a.fork_at(3);
    withheld.grow(2, 2);
    a.grow(1, 1);
    let mut node = Node::new(easy_spec());
    node.take(&a.blocks[1..4]);
    node.headers(&withheld.blocks[4..]);
    node.take(&a.blocks[4..]);
    assert_eq!(node.ledger.best_header().id, withheld.tip());
    assert_eq!(node.ledger.tip().id, a.tip());
    assert_eq!(node.ledger.wanted_bodies(10, 10), ids(&withheld.blocks[4..]));
    node.take(&withheld.blocks[4..]);
    assert_eq!(node.ledger.tip().id, withheld.tip());
    assert_eq!(node.reorgs()[0].depth, 1);
}

#[test]
fn work_counts_not_length() {
    // Blocks twice as fast raise the difficulty, so fewer of them weigh more.
    let spec = Arc::new(ChainSpec { initial_difficulty: 64, ..(*easy_spec()).clone() });
    let mut slow = Builder::new(Arc::clone(&spec));
    let mut fast = Builder::new(Arc::clone(&spec));
    for _ in 0..40 {
        slow.mine_after(Vec::new(), 1, 2 * BLOCK_TIME);
    }
    for _ in 0..30 {
        fast.mine_after(Vec::new(), 2, BLOCK_TIME / 2);
    }
    let mut node = Node::new(spec);
    node.take(&slow.blocks[1..]);
    node.take(&fast.blocks[1..]);
    assert_eq!(node.ledger.tip().id, fast.tip());
    assert!(node.ledger.tip().height < 40);
}

/// Random forks in random order of arrival end where the heaviest is, and count every coin.
mod random {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn forks_in_any_order(
            forks in prop::collection::vec((0usize..40, 1usize..25), 1..6),
            room in prop::sample::select(vec![12usize, 200]),
            order in prop::collection::vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut chains = vec![Builder::new(easy_spec())];
            chains[0].grow(20, 0);
            for (n, (height, length)) in forks.iter().enumerate() {
                let from = &chains[n / 2];
                let mut fork = from.fork_at((*height).min(from.blocks.len() - 1));
                for block in 0..*length {
                    // Some blocks carry a transfer; two forks may carry the same one.
                    let account = (block % 5) as u8;
                    let nonce = fork.state.get(&keys(account).address()).unwrap().nonce;
                    fork.mine(vec![pay(account, nonce, 3, 1)], n as u8 + 1);
                }
                chains.push(fork);
            }
            let mut node = Node::new(easy_spec());
            node.ledger.bodies.set_limits(room, usize::MAX);
            let mut blocks: Vec<Arc<Block>> = chains.iter().flat_map(|chain| chain.blocks[1..].to_vec()).collect();
            for (at, index) in order.iter().enumerate() {
                let (a, b) = (at % blocks.len(), index.index(blocks.len()));
                blocks.swap(a, b);
            }
            // Headers as far as their parents are known, bodies at once or when they are wanted.
            let mut left = blocks.clone();
            while !left.is_empty() {
                left.retain(|block| match node.ledger.insert_header(&block.header, NOW) {
                    Ok(_) => {
                        node.ledger.insert_body(block.id(), Arc::clone(block));
                        node.run();
                        false
                    }
                    Err(HeaderError::UnknownParent(_)) => true,
                    Err(error) => panic!("{error}"),
                });
            }
            for _ in 0..1_000 {
                let wanted = node.ledger.wanted_bodies(1_024, 1);
                let Some(id) = wanted.first() else { break };
                let block = blocks.iter().find(|block| block.id() == *id).unwrap();
                node.ledger.insert_body(*id, Arc::clone(block));
                node.run();
            }
            let heaviest = chains.iter().map(|chain| chain.blocks.len() as u128).max().unwrap();
            prop_assert_eq!(node.ledger.tip().work, heaviest);
            prop_assert_eq!(node.ledger.best_header().work, heaviest);
            let tip = chains.iter().find(|chain| chain.tip() == node.ledger.tip().id).unwrap();
            prop_assert_eq!(node.ledger.state().root(), tip.state.root());
            prop_assert_eq!(supply(node.ledger.state()), 20 * 1_000_000 + (heaviest - 1) * 50);
            for (height, block) in tip.blocks.iter().enumerate() {
                prop_assert_eq!(node.ledger.at_height(height as u64), Some(block.id()));
            }
            // Announcements add up: following them leads from genesis to the tip.
            let mut followed = vec![tip.blocks[0].id()];
            // (With little room, bodies of a long branch have left memory before it wins.)
            for event in node.connected.iter().filter(|_| room == 200) {
                if let Connected::Tip { connected, reorg } = event {
                    if let Some(reorg) = reorg {
                        followed.truncate(followed.len() - reorg.depth as usize);
                        prop_assert_eq!(followed.last(), Some(&reorg.fork));
                        prop_assert_eq!(followed.len() as u64, reorg.fork_height + 1);
                    }
                    followed.extend(connected.iter().map(|block| block.id()));
                }
            }
            let height = |id: &BlockId| node.ledger.header(id).map(|header| header.height);
            prop_assert!(followed.iter().enumerate().all(|(at, id)| height(id) == Some(at as u64)));
            prop_assert!(room < 200 || followed.last() == Some(&node.ledger.tip().id));
        }
    }
}
