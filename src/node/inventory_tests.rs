//! What is known is bounded; what was asked for is remembered.

use super::*;
use std::time::Duration;

fn id(n: u32) -> TxId {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_be_bytes());
    TxId(bytes)
}

#[test]
fn a_transaction_is_new_once() {
    let mut inventory = Inventory::new(Time(0));
    assert!(inventory.arrive(id(1), None, Time(0)).1);
    assert!(!inventory.arrive(id(1), None, Time(0)).1);
    inventory.forget(&id(1));
    assert!(inventory.arrive(id(1), None, Time(0)).1);
}

#[test]
fn what_is_asked_for_is_new_when_it_comes() {
    let mut inventory = Inventory::new(Time(0));
    inventory.ask(id(1), ConnectionId(7), Time(9), Time(0));
    assert_eq!(inventory.asked(&id(1)), Some((ConnectionId(7), Time(9))));
    assert_eq!(inventory.all_asked().collect::<Vec<_>>(), [&id(1)]);
    assert!(inventory.arrive(id(1), None, Time(0)).1);
    assert_eq!(inventory.asked(&id(1)), None);
    assert_eq!(inventory.all_asked().count(), 0);
}

#[test]
fn what_arrives_tells_of_whom_it_was_asked_and_is_new_once() {
    let mut inventory = Inventory::new(Time(0));
    inventory.ask(id(1), ConnectionId(7), Time(9), Time(0));
    assert_eq!(inventory.arrive(id(1), Some(ConnectionId(8)), Time(1)), (Some((ConnectionId(7), Time(9))), true));
    assert_eq!(inventory.arrive(id(1), Some(ConnectionId(7)), Time(2)), (None, false));
    assert_eq!(inventory.arrive(id(2), Some(ConnectionId(7)), Time(2)), (None, true));
    assert_eq!(inventory.get_mut(&id(1)).unwrap().holders, [ConnectionId(7), ConnectionId(8)]);
    assert_eq!(inventory.all_asked().count(), 0);
}

#[test]
fn a_new_generation_leaves_what_is_known_whole() {
    let mut inventory = Inventory::new(Time(0));
    inventory.ask(id(1), ConnectionId(7), Time(9), Time(0));
    let later = Time(0) + SEEN_TIME;
    assert!(!inventory.entry(id(1), later).add_holder(ConnectionId(7)));
    assert_eq!(inventory.asked(&id(1)), Some((ConnectionId(7), Time(9))));
    assert_eq!(inventory.len(), 1);
}

#[test]
fn it_is_bounded_keeps_the_newest_and_what_is_asked_for() {
    let mut inventory = Inventory::new(Time(0));
    let asked = id(u32::MAX);
    inventory.ask(asked, ConnectionId(7), Time(9), Time(0));
    for n in 0..3 * SEEN_IDS as u32 {
        inventory.arrive(id(n), None, Time(0));
        assert!(inventory.young.len() + inventory.old.len() <= SEEN_IDS + 1);
    }
    assert!(!inventory.arrive(id(3 * SEEN_IDS as u32 - SEEN_IDS as u32 / 2 + 1), None, Time(0)).1);
    assert!(inventory.arrive(id(0), None, Time(0)).1, "long forgotten");
    assert_eq!(inventory.asked(&asked), Some((ConnectionId(7), Time(9))));
}

#[test]
fn it_forgets_with_time() {
    let mut inventory = Inventory::new(Time(0));
    inventory.arrive(id(1), None, Time(0));
    let later = Time(0) + SEEN_TIME + Duration::from_secs(1);
    inventory.arrive(id(2), None, later);
    assert!(inventory.get_mut(&id(1)).is_some(), "one generation on, still here");
    inventory.arrive(id(3), None, later + SEEN_TIME);
    assert!(inventory.get_mut(&id(1)).is_none());
}

#[test]
fn a_holder_is_noted_once() {
    let mut entry = Entry::default();
    assert!(entry.add_holder(ConnectionId(1)));
    assert!(!entry.add_holder(ConnectionId(1)));
    assert!(entry.add_holder(ConnectionId(2)));
}
