use super::*;
use crate::chain::Signature;
use proptest::prelude::*;
use std::net::Ipv4Addr;

/// A record as if its signature were checked; a private address unless told otherwise, where no network is crowded.
fn at(node: [u8; 32], ip: [u8; 4]) -> NodeRecord {
    let ip = crate::wire::mapped(IpAddr::V4(Ipv4Addr::from(ip)));
    NodeRecord { node: Address(node), ip, port: 1, sequence: 1, signature: Signature([0; 64]) }
}

fn id(first: u8, last: u8) -> [u8; 32] {
    let mut id = [0; 32];
    (id[0], id[31]) = (first, last);
    id
}

fn far(n: u8) -> NodeRecord {
    at(id(0x80, n), [10, 0, 0, n])
}

fn full() -> Table {
    let mut table = Table::new(Address([0; 32]));
    for n in 0..BUCKET as u8 {
        assert_eq!(table.offer(far(n), Time(0)), Offered::New);
    }
    table
}

#[test]
fn a_full_bucket_keeps_who_lives_and_asks_the_oldest() {
    let mut table = full();
    assert_eq!(table.offer(far(100), Time(1)), Offered::Full(far(0)));
    assert_eq!(table.offer(far(101), Time(2)), Offered::Refused, "one question at a time");
    table.alive(&far(0).node);
    assert_eq!(table.get(&far(101).node), None, "the oldest lives");
    assert_eq!(table.offer(far(102), Time(1) + BUCKET_PROBE), Offered::Full(far(1)), "the next oldest is asked");
    table.failed(&far(1).node);
    assert_eq!((table.get(&far(1).node), table.get(&far(102).node)), (None, Some(&far(102))), "the newcomer has its place");
    assert_eq!(table.len(), BUCKET);
}

#[test]
fn without_a_newcomer_a_failure_is_forgiven_a_few_times() {
    let mut table = full();
    for failure in 1..=TABLE_FAILURES {
        assert_eq!(table.get(&far(3).node).is_some(), failure <= TABLE_FAILURES);
        table.failed(&far(3).node);
        assert!(!table.closest(&far(3).node, 1).contains(&far(3)), "others are not told of it");
    }
    assert_eq!((table.get(&far(3).node), table.len()), (None, BUCKET - 1));
}

#[test]
fn a_newer_record_replaces_an_older_one_and_never_the_reverse() {
    let mut table = full();
    let newer = NodeRecord { sequence: 5, port: 9, ..far(3) };
    assert_eq!(table.offer(newer, Time(0)), Offered::Known);
    assert_eq!(table.offer(far(3), Time(0)), Offered::Known);
    assert_eq!(table.get(&newer.node), Some(&newer));
}

#[test]
fn one_network_owns_neither_a_bucket_nor_the_table() {
    let mut table = Table::new(Address([0; 32]));
    let taken = |table: &mut Table, first, n| table.offer(at(id(first, n), [1, 2, 3, n]), Time(0)) == Offered::New;
    assert_eq!((0..20).filter(|n| taken(&mut table, 0x80, *n)).count(), BUCKET_OF_ONE_SUBNET);
    for bit in 0..7 {
        (0..20).filter(|n| taken(&mut table, 1 << bit, 20 + bit * 20 + n)).for_each(|_| {});
    }
    assert_eq!(table.len(), TABLE_OF_ONE_SUBNET);
    assert_eq!(table.offer(at(id(0x80, 99), [1, 2, 4, 1]), Time(0)), Offered::New, "the network beside it is another's");
    // Who is in cannot move to a crowded network.
    let moved = NodeRecord { sequence: 9, ..at(id(0x80, 99), [1, 2, 3, 200]) };
    assert_eq!(table.offer(moved, Time(0)), Offered::Known);
    assert_eq!(table.get(&moved.node).map(|record| record.sequence), Some(1));
}

#[test]
fn we_ourselves_are_not_in_it_and_old_records_leave() {
    let mut table = full();
    assert_eq!(table.offer(at([0; 32], [10, 0, 0, 1]), Time(0)), Offered::Refused);
    table.expire(RECORD_STALE.as_secs() + 1);
    assert_eq!(table.len(), BUCKET, "a day old to the second");
    table.expire(RECORD_STALE.as_secs() + 2);
    assert_eq!((table.len(), table.stalest()), (0, None));
}

#[test]
fn buckets_are_refreshed_in_turn() {
    let mut table = Table::new(Address([0; 32]));
    table.offer(at(id(0x20, 0), [10, 0, 0, 1]), Time(0));
    let mut turns = Vec::new();
    for turn in 1..=4 {
        let (index, _) = table.stalest().unwrap();
        turns.push(index);
        let target = table.target_in(index, [0x5a; 32]);
        table.note_refresh(&target, Time(turn));
    }
    assert_eq!(turns, [255, 254, 253, 255], "the far half first, and none nearer than the nearest neighbour");
}

proptest! {
    #[test]
    fn a_target_falls_into_its_bucket(own in any::<[u8; 32]>(), index in any::<u8>(), random in any::<[u8; 32]>()) {
        let table = Table::new(Address(own));
        let target = table.target_in(index, random);
        prop_assert_eq!(bucket_of(&distance(&Address(own), &target)), Some(index));
    }

    #[test]
    fn the_closest_are_the_closest(ids in prop::collection::vec(any::<[u8; 32]>(), 1..60), target in any::<[u8; 32]>(), most in 1..30usize) {
        let mut table = Table::new(Address([0; 32]));
        let mut held: Vec<_> = ids.into_iter().filter(|id| table.offer(at(*id, [10, 0, 0, 1]), Time(0)) == Offered::New).collect();
        held.sort_by_key(|id| distance(&Address(target), &Address(*id)));
        held.truncate(most);
        let closest: Vec<_> = table.closest(&Address(target), most).into_iter().map(|record| record.node.0).collect();
        prop_assert_eq!(closest, held);
    }
}

#[test]
fn who_is_refused_leaves_no_bucket_behind() {
    let mut table = Table::new(Address([0; 32]));
    // Two in each of five buckets are all that one subnet may have.
    for bit in 3..8 {
        for n in 1..=2 {
            assert_eq!(table.offer(at(id(1 << bit, n), [8, 8, 8, bit * 10 + n]), Time(0)), Offered::New);
        }
    }
    assert_eq!(table.offer(at(id(0, 1), [8, 8, 8, 200]), Time(0)), Offered::Refused);
    assert_eq!(table.buckets.len(), 5, "nothing is to be refreshed as near as that");
}
