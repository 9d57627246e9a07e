//! Trees hold every hop once, and percentiles are by nearest rank.

use super::*;

fn hop(node: u32, from: Option<u32>, millis: u64) -> Hop {
    Hop { node, from, after: Duration::from_millis(millis) }
}

fn shape(hops: &[Hop]) -> Vec<(u32, usize, u64)> {
    tree(hops).into_iter().map(|branch| (branch.hop.node, branch.depth, branch.last)).collect()
}

#[test]
fn children_follow_their_parents_in_the_order_of_arrival() {
    let hops = [hop(0, None, 0), hop(1, Some(0), 9), hop(2, Some(0), 4), hop(3, Some(2), 12), hop(4, Some(1), 30)];
    assert_eq!(shape(&hops), [(0, 0, 0), (2, 1, 0), (3, 2, 0b10), (1, 1, 0b1), (4, 2, 0b11)]);
}

#[test]
fn what_cannot_be_is_shown_all_the_same() {
    // Two that had it from each other, one from nobody known, one from itself.
    let hops = [hop(1, Some(2), 5), hop(2, Some(1), 7), hop(3, Some(77), 1), hop(4, Some(4), 2)];
    let mut nodes: Vec<_> = tree(&hops).iter().map(|branch| branch.hop.node).collect();
    nodes.sort_unstable();
    assert_eq!(nodes, [1, 2, 3, 4]);
    assert_eq!(shape(&[]), []);
    // A chain longer than the tree is wide.
    let chain: Vec<_> = (0..100).map(|node| hop(node, node.checked_sub(1), u64::from(node))).collect();
    assert_eq!(tree(&chain).len(), 100);
    assert!(tree(&chain).iter().all(|branch| branch.depth <= DEEPEST));
}

#[test]
fn nearest_rank() {
    let relay = |count: u64| Relay { hops: (1..=count).map(|at| hop(at as u32, None, at)).collect(), ..Relay::default() };
    let millis = |value| Duration::from_millis(value);
    assert_eq!(percentiles(&relay(100)), Some([50, 95, 100].map(|value| Some(millis(value)))));
    assert_eq!(percentiles(&relay(7)), Some([4, 7, 7].map(|value| Some(millis(value)))));
    assert_eq!(percentiles(&relay(1)), Some([1, 1, 1].map(|value| Some(millis(value)))));
    assert_eq!(percentiles(&relay(0)), None);
    // A thousand have it, and the first 256 hops are kept: nothing is made up for the others.
    let large = Relay { seen: (1_000, 1_000), took: millis(3_000), ..relay(256) };
    assert_eq!((percentiles(&large), untold(&large)), (Some([None, None, Some(millis(3_000))]), 744));
    let third = Relay { seen: (300, 1_000), took: millis(3_000), ..relay(256) };
    assert_eq!(percentiles(&third), Some([Some(millis(150)), None, Some(millis(3_000))]));
}
