use super::*;
use crate::chain::Signature;

fn record(node: u8, ip: [u8; 4]) -> NodeRecord {
    let ip = crate::wire::mapped(IpAddr::from(ip));
    NodeRecord { node: Address([node; 32]), ip, port: 1, sequence: 1, signature: Signature([0; 64]) }
}

fn offer(lookup: &mut Lookup, node: u8) {
    lookup.offer(Address([node; 32]), Some(record(node, [10, 0, 0, node])));
}

fn ask(lookup: &mut Lookup) -> Option<u8> {
    let (node, _) = lookup.next()?;
    lookup.asking(&node);
    Some(node.0[0])
}

#[test]
fn three_at_a_time_the_closest_first() {
    let mut lookup = Lookup::new(Address([0; 32]), Purpose::Refresh);
    [9, 3, 7, 5, 1].into_iter().for_each(|node| offer(&mut lookup, node));
    assert_eq!([ask(&mut lookup), ask(&mut lookup), ask(&mut lookup), ask(&mut lookup)], [Some(1), Some(3), Some(5), None]);
    lookup.answered(&Address([3; 32]));
    offer(&mut lookup, 2);
    assert_eq!(ask(&mut lookup), Some(2), "what an answer brought goes before what is farther");
    lookup.failed(&Address([1; 32]));
    assert_eq!(ask(&mut lookup), Some(7));
    assert!(!lookup.is_done());
}

#[test]
fn it_is_over_when_the_closest_have_answered() {
    let mut lookup = Lookup::new(Address([0; 32]), Purpose::Refresh);
    (1..=40).for_each(|node| offer(&mut lookup, node));
    let mut asked = Vec::new();
    while let Some(node) = ask(&mut lookup) {
        asked.push(node);
        // Every fourth does not answer.
        if node % 4 == 0 { lookup.failed(&Address([node; 32])) } else { lookup.answered(&Address([node; 32])) }
    }
    assert!(lookup.is_done());
    assert_eq!((lookup.answered, asked.len()), (BUCKET, 26), "twenty that answered, and the six between them that did not");
}

#[test]
fn answers_without_end_come_to_an_end() {
    let mut lookup = Lookup::new(Address([0; 32]), Purpose::Refresh);
    // Each answer tells of somebody closer: at most so many are asked.
    let mut node = [0xff; 32];
    let mut closer = 0u32;
    lookup.offer(Address(node), Some(record(0, [10, 0, 0, 1])));
    while let Some((next, _)) = lookup.next() {
        lookup.asking(&next);
        lookup.answered(&next);
        closer += 1;
        node[..4].copy_from_slice(&(u32::MAX - closer).to_be_bytes());
        lookup.offer(Address(node), Some(record(0, [10, 0, 0, 1])));
    }
    assert_eq!(lookup.asked, LOOKUP_QUESTIONS);
    assert!(lookup.is_done() && lookup.candidates.len() <= LOOKUP_CANDIDATES + 1);
}

#[test]
fn one_network_is_not_the_whole_list() {
    let mut lookup = Lookup::new(Address([0; 32]), Purpose::Refresh);
    for node in 1..=60 {
        lookup.offer(Address([node; 32]), Some(record(node, [1, 2, 3, node])));
    }
    assert_eq!(lookup.candidates.len(), TABLE_OF_ONE_SUBNET);
    lookup.offer(Address([99; 32]), Some(record(99, [5, 6, 7, 8])));
    assert_eq!(lookup.candidates.len(), TABLE_OF_ONE_SUBNET + 1);
}

#[test]
fn the_record_sought_ends_it_in_the_round_of_its_answer() {
    let mut lookup = Lookup::new(Address([0; 32]), Purpose::Find);
    (1..=9).for_each(|node| offer(&mut lookup, node));
    for _ in 0..ALPHA + 1 {
        let (node, _) = lookup.next().unwrap();
        lookup.asking(&node);
        lookup.answered(&node);
    }
    offer(&mut lookup, 0);
    assert!(lookup.is_done() && lookup.next().is_none());
    assert_eq!(lookup.found.map(|(found, rounds)| (found.node, rounds)), Some((Address([0; 32]), 2)));
}
