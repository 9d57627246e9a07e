use super::{Hub, tee};
use crate::node::{Event, Stamped, Time};
use std::sync::Arc;
use std::time::Duration;

fn stamped(at: u64, event: Event) -> Stamped {
    Stamped { at: Time(at), node: 0, event }
}

fn chatter(at: u64) -> Stamped {
    stamped(at, Event::Mining { height: at, difficulty: 1 })
}

#[test]
fn events_come_out_in_order_and_once() {
    let hub = Hub::new();
    let sink = hub.sink();
    (0..3).for_each(|at| sink(chatter(at)));
    let mut buffer = vec![chatter(99)];
    assert_eq!(hub.drain(&mut buffer), 0);
    assert_eq!(buffer.iter().map(|event| event.at.0).collect::<Vec<_>>(), [0, 1, 2]);
    assert_eq!(hub.drain(&mut buffer), 0);
    assert!(buffer.is_empty());
}

#[test]
fn a_full_queue_drops_chatter_first_and_counts() {
    let hub = Hub::with_capacity(8);
    (0..20).for_each(|at| hub.push(chatter(at)));
    (20..40).for_each(|at| hub.push(stamped(at, Event::Stopped)));
    let mut buffer = Vec::new();
    assert_eq!(hub.drain(&mut buffer), 14 + 18);
    assert_eq!(buffer.len(), 8);
    assert_eq!(buffer.iter().filter(|event| event.event == Event::Stopped).count(), 2);
    assert_eq!(hub.drain(&mut buffer), 0, "what was told is not told again");
}

#[test]
fn the_room_of_a_burst_is_given_back() {
    let hub = Hub::new();
    let mut buffer = Vec::new();
    (0..10_000).for_each(|at| hub.push(chatter(at)));
    for _ in 0..20 {
        hub.push(chatter(0));
        hub.drain(&mut buffer);
    }
    let queue = {
        hub.drain(&mut buffer);
        buffer.capacity()
    };
    assert!(queue <= super::limits::QUEUE_KEEP, "{queue}");
}

#[test]
fn a_reader_sleeps_until_there_is_something() {
    let hub = Hub::new();
    assert!(!hub.wait(Duration::from_millis(1)));
    let other = Arc::clone(&hub);
    let writer = std::thread::spawn(move || other.push(chatter(1)));
    assert!(hub.wait(Duration::from_secs(20)));
    writer.join().unwrap();
}

#[test]
fn many_writers_lose_nothing_uncounted() {
    let hub = Hub::with_capacity(64);
    let mut seen = 0;
    std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4).map(|_| scope.spawn(|| (0..5_000).for_each(|at| hub.push(chatter(at))))).collect();
        let mut buffer = Vec::new();
        while !writers.iter().all(|writer| writer.is_finished()) {
            seen += hub.drain(&mut buffer) + buffer.len() as u64;
        }
        seen += hub.drain(&mut buffer) + buffer.len() as u64;
    });
    assert_eq!(seen, 20_000);
}

#[test]
fn a_tee_gives_to_all() {
    let (a, b) = (Hub::new(), Hub::new());
    let sink = tee(vec![a.sink(), b.sink()]);
    sink(chatter(7));
    for hub in [a, b] {
        let mut buffer = Vec::new();
        hub.drain(&mut buffer);
        assert_eq!(buffer[0].at, Time(7));
    }
    tee(Vec::new())(chatter(1));
}
