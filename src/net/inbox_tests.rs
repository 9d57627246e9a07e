//! One that floods leaves room for others; who waits learns that nobody reads.

use super::*;
use std::future::poll_fn;
use std::task::Poll;

fn input() -> Input {
    Input::Deadline
}

async fn is_ready(waiting: &mut Waiting) -> Option<Permit> {
    poll_fn(|cx| match waiting.as_mut().poll(cx) {
        Poll::Ready(permit) => Poll::Ready(permit.ok()),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

#[tokio::test]
async fn one_that_floods_leaves_room_for_others() {
    let (flooding, mut outlet) = inbox();
    let quiet = flooding.another();
    let mut taken = 0;
    let (blocked, mut waiting) = loop {
        if let Some(blocked) = flooding.offer(input(), 33 << 10).unwrap() {
            break blocked;
        }
        taken += 1;
    };
    assert_eq!(taken, INBOX_SHARE / ((33 << 10) + INPUT_WEIGHT));
    assert!(quiet.offer(input(), 33 << 10).unwrap().is_none());
    // The largest frame takes the whole share, and passes all the same.
    assert!(flooding.another().offer(input(), 16 << 20).unwrap().is_some(), "the room for all is less by now");
    assert!(is_ready(&mut waiting).await.is_none());
    let mut deliveries = Vec::new();
    outlet.take(&mut deliveries, 1).await;
    outlet.handled(deliveries.drain(..).map(|delivery| delivery.weight as usize).sum());
    let permit = is_ready(&mut waiting).await.expect("its share is free again");
    flooding.finish(blocked, permit).unwrap();
    // All that went in comes out, and then all is free.
    while !outlet.queue.is_empty() {
        outlet.take(&mut deliveries, 100).await;
        outlet.handled(deliveries.drain(..).map(|delivery| delivery.weight as usize).sum());
    }
    assert_eq!((outlet.room.available_permits(), flooding.share.available_permits()), (INBOX_WEIGHT, INBOX_SHARE));
    assert!(quiet.offer(input(), 16 << 20).unwrap().is_none());
}

#[tokio::test]
async fn who_waits_learns_that_nobody_reads() {
    let (one, outlet) = inbox();
    assert!(one.offer(input(), INBOX_SHARE).unwrap().is_none());
    let (_, waiting) = one.offer(input(), 1).unwrap().expect("its share is taken");
    drop(outlet);
    assert!(waiting.await.is_err() && one.offer(input(), 1).is_err());
}
