use super::*;
use Priority::{Critical, High, Low, Normal};
use proptest::collection::vec;
use proptest::prelude::*;

fn drain<M>(outbox: &mut Outbox<M>) -> Vec<M> {
    std::iter::from_fn(|| outbox.pop()).map(|(message, _)| message).collect()
}

#[test]
fn most_urgent_first_then_oldest() {
    let mut outbox = Outbox::new();
    for (message, priority) in [(1, Low), (2, Normal), (3, Critical), (4, Low), (5, High), (6, Critical)] {
        outbox.push(message, 10, priority).unwrap();
    }
    assert_eq!((outbox.len(), outbox.bytes(), outbox.oldest(Low)), (6, 60, Some(&1)));
    assert_eq!(drain(&mut outbox), [3, 6, 5, 2, 1, 4]);
    assert_eq!((outbox.len(), outbox.bytes(), outbox.dropped(), outbox.is_empty()), (0, 0, 0, true));
}

#[test]
fn overflow_drops_the_oldest_of_the_lowest_class() {
    let mut outbox = Outbox::new();
    outbox.push(0, 1, Normal).unwrap();
    for message in 1..OUTBOX_MESSAGES {
        outbox.push(message, 1, Low).unwrap();
    }
    outbox.push(5_000, 1, Low).unwrap();
    outbox.push(5_001, 1, Critical).unwrap();
    assert_eq!((outbox.len(), outbox.dropped(), outbox.oldest(Low)), (OUTBOX_MESSAGES, 2, Some(&3)));
    assert_eq!(outbox.oldest(Normal), Some(&0));
}

#[test]
fn the_newcomer_goes_when_all_that_waits_is_more_urgent() {
    let mut outbox = Outbox::new();
    for message in 0..OUTBOX_MESSAGES {
        outbox.push(message, 1, High).unwrap();
    }
    assert_eq!(outbox.push(5_000, 1, Low), Ok(()));
    assert_eq!(outbox.push(5_001, 1, Normal), Ok(()));
    assert_eq!((outbox.len(), outbox.dropped()), (OUTBOX_MESSAGES, 2));
    assert_eq!(outbox.push(5_002, 1, High), Err(OutboxFull));
    assert_eq!(outbox.push(5_003, 1, Critical), Err(OutboxFull));
    assert_eq!(drain(&mut outbox), (0..OUTBOX_MESSAGES).collect::<Vec<_>>());
}

#[test]
fn one_message_beyond_the_bound_passes_and_leaves_room_for_the_urgent() {
    let mut outbox = Outbox::new();
    outbox.push("block", 2 * OUTBOX_BYTES, Normal).unwrap();
    outbox.push("ping", 21, Critical).unwrap();
    outbox.push("headers", OUTBOX_BYTES / 4 - 21, Normal).unwrap();
    assert_eq!((outbox.len(), outbox.dropped()), (3, 0));
    assert_eq!(outbox.bytes(), 2 * OUTBOX_BYTES + OUTBOX_BYTES / 4);
    // A second of that size takes the place of the first.
    outbox.push("another", 2 * OUTBOX_BYTES, Normal).unwrap();
    assert_eq!(outbox.dropped(), 1);
    assert_eq!(drain(&mut outbox), ["ping", "headers", "another"]);
}

proptest! {
    #[test]
    fn bounds_hold_and_nothing_is_lost_uncounted(pushes in vec((0usize..4, 0usize..3_000_000, any::<bool>()), 0..400)) {
        let mut outbox = Outbox::new();
        let (mut queued, mut popped, mut refused) = (0u64, 0u64, 0u64);
        for (class, bytes, pop) in pushes {
            let priority = [Critical, High, Normal, Low][class];
            match outbox.push((), bytes, priority) {
                Ok(()) => queued += 1,
                Err(OutboxFull) => {
                    prop_assert!(class < 2);
                    refused += 1;
                }
            }
            popped += u64::from(pop && outbox.pop().is_some());
            prop_assert!(outbox.len() <= OUTBOX_MESSAGES);
            prop_assert!(outbox.bytes() <= OUTBOX_BYTES);
            prop_assert_eq!(queued, popped + outbox.dropped() + outbox.len() as u64);
        }
        let _ = refused;
        drain(&mut outbox);
        prop_assert_eq!((outbox.bytes(), outbox.weight, outbox.mask), (0, 0, 0));
    }
}
