//! Links that are not clear, nodes that stand still, nodes that trickle: over in-memory pipes, in virtual time.

use super::super::super::switches::{Mode, Switches};
use super::*;
use crate::link::{LinkModel, MILLION, Packets};
use tokio::time::timeout;

const MS: Duration = Duration::from_millis(1);

fn slow(latency: u64) -> LinkModel {
    LinkModel { latency: Duration::from_millis(latency), ..Default::default() }
}

fn cut() -> LinkModel {
    LinkModel { cut: true, ..Default::default() }
}

/// Two ends; what the first sends travels as `model` says.
async fn shaped(model: LinkModel) -> (Near, Near) {
    let (one, two) = whole(1 << 20).await;
    one.link.set_model(model);
    (one, two)
}

fn announcement(ids: usize) -> Message {
    Message::Announce { ids: vec![TxId::default(); ids] }
}

#[tokio::test(start_paused = true)]
async fn latency_holds_for_one_direction() {
    let (mut one, mut two) = shaped(slow(50)).await;
    let began = Instant::now();
    one.send(&ping(1), Critical);
    two.send(&ping(2), Critical);
    assert_eq!(*one.message().await, ping(2));
    assert!(began.elapsed() <= MS);
    assert_eq!(*two.message().await, ping(1));
    assert!((50..=51).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
    // A second one is as far away, not twice as far.
    one.send(&ping(3), Critical);
    assert_eq!(*two.message().await, ping(3));
    assert!((100..=102).contains(&began.elapsed().as_millis()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn bandwidth_is_kept_with_small_frames_and_large_ones() {
    for (message, count) in [(ping(1), 1_000u64), (announcement(300), 20)] {
        let frame = encode(&message).len() as u64;
        let rate = frame * count / 2;
        let (one, mut two) = shaped(LinkModel { bandwidth: Some(rate), ..Default::default() }).await;
        let began = Instant::now();
        for _ in 0..count {
            one.send(&message, Normal);
        }
        for _ in 0..count {
            assert_eq!(*two.message().await, message);
        }
        let took = began.elapsed().as_millis();
        assert!((1_990..2_010).contains(&took), "{count} frames of {frame} bytes: {took} ms");
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_line_does_not_take_waits_where_the_urgent_overtakes() {
    let frame = encode(&announcement(300)).len() as u64;
    let (one, mut two) = shaped(LinkModel { bandwidth: Some(frame), ..Default::default() }).await;
    for _ in 0..10 {
        one.send(&announcement(300), Low);
    }
    sleep(500 * MS).await;
    assert_eq!(one.link.waiting().0, 9, "one is on the line");
    one.send(&ping(1), Critical);
    assert_eq!(*two.message().await, announcement(300));
    assert_eq!(*two.message().await, ping(1));
    for _ in 0..9 {
        assert_eq!(*two.message().await, announcement(300));
    }
}

#[tokio::test(start_paused = true)]
async fn over_a_cut_link_nothing_comes_until_it_heals() {
    let (mut one, mut two) = shaped(slow(20)).await;
    one.send(&ping(0), Critical);
    sleep(MS).await;
    // Cut while the first is on its way.
    one.link.set_model(cut());
    for nonce in 1..5 {
        one.send(&ping(nonce), Critical);
    }
    two.send(&ping(100), Critical);
    assert_eq!(*one.message().await, ping(100), "the other direction is another link");
    assert!(timeout(Duration::from_secs(60), two.next()).await.is_err());
    assert_eq!(one.link.waiting().0, 4);
    one.link.set_model(LinkModel::default());
    let healed = Instant::now();
    for nonce in 0..5 {
        assert_eq!(*two.message().await, ping(nonce));
    }
    assert!(healed.elapsed() <= 2 * MS);
}

/// What is urgent fills more than one write, and has waited for a minute: for us.
#[tokio::test(start_paused = true)]
async fn what_waited_over_a_cut_link_is_not_held_against_the_peer() {
    let (one, mut two) = shaped(cut()).await;
    two.asks(3);
    for _ in 0..3 {
        one.send(&block(6_000), Priority::High);
    }
    sleep(Duration::from_secs(60)).await;
    one.link.set_model(LinkModel::default());
    for _ in 0..3 {
        assert!(*two.message().await == block(6_000));
    }
}

/// The socket is full when the link is cut: the peer is not blamed for what we hold back, and still for what it does not take.
#[tokio::test(start_paused = true)]
async fn a_cut_forgives_a_peer_that_does_not_read_and_its_end_does_not() {
    let (mut end, raw) = half(1_000, Direction::Inbound).await;
    end.send(&block(100), Normal);
    sleep(MS).await;
    end.link.set_model(cut());
    assert!(timeout(Duration::from_secs(100), end.next()).await.is_err());
    end.link.set_model(LinkModel::default());
    let healed = Instant::now();
    assert_eq!(end.end().await, "it does not read");
    assert_eq!(healed.elapsed().as_secs(), Timing::LAB.stalled.as_secs());
    drop(raw);
}

#[tokio::test(start_paused = true)]
async fn a_loss_costs_time_and_nothing_else() {
    let (one, mut two) = shaped(LinkModel { loss: 300_000, ..slow(10) }).await;
    let mut late = 0;
    for nonce in 0..100 {
        let began = Instant::now();
        one.send(&ping(nonce), Critical);
        assert_eq!(*two.message().await, ping(nonce));
        let took = began.elapsed().as_millis();
        // A retransmission time-out, or none.
        assert!((10..=11).contains(&took) || took >= 210, "{took} ms");
        late += u32::from(took >= 210);
    }
    assert!((15..50).contains(&late), "{late} of 100 at 30 %");
}

#[tokio::test(start_paused = true)]
async fn what_is_lost_is_measured_as_said_and_only_where_it_is_said() {
    let (one, mut two) = shaped(LinkModel { loss: 200_000, ..slow(10) }).await;
    let (large, count) = (block(100), 200);
    let packets = (encode(&large).len() as u64).div_ceil(1_448);
    for _ in 0..count {
        one.send(&large, Normal);
        assert_eq!(*two.message().await, large);
    }
    let counted = one.link.packets();
    assert_eq!(counted.sent, packets * count + counted.lost);
    let measured = counted.lost * u64::from(MILLION) / counted.sent;
    assert!((180_000..220_000).contains(&measured), "{counted:?} at 20 %");
    // Clear again, the counts stand; and the other direction was clear all the time.
    one.link.set_model(LinkModel::default());
    one.send(&large, Normal);
    two.send(&large, Normal);
    assert_eq!((two.message().await, one.link.packets()), (Arc::new(large), counted));
    assert_eq!(two.link.packets(), Packets::default());
}

#[tokio::test(start_paused = true)]
async fn order_is_kept_whatever_the_link_does() {
    let model = LinkModel { jitter: 40 * MS, loss: 50_000, reorder: 100_000, duplicate: 100_000, ..slow(10) };
    let (one, mut two) = shaped(model).await;
    let sending = async {
        for nonce in 0..500 {
            one.send(&ping(nonce), Critical);
            sleep(3 * MS).await;
        }
    };
    let receiving = async {
        for nonce in 0..500 {
            assert_eq!(*two.message().await, ping(nonce));
        }
    };
    tokio::join!(sending, receiving);
}

#[tokio::test(start_paused = true)]
async fn a_corrupted_record_ends_the_connection() {
    let (mut one, mut two) = shaped(slow(1)).await;
    one.send(&ping(1), Critical);
    assert_eq!(*two.message().await, ping(1));
    one.link.set_model(LinkModel { corrupt: MILLION, ..slow(1) });
    one.send(&ping(2), Critical);
    let reason = two.end().await;
    assert!(reason.contains("encryption failed"), "{reason}");
    // The sender sees it close, as with any peer.
    one.end().await;
}

#[tokio::test(start_paused = true)]
async fn a_link_changes_while_it_runs() {
    let (one, mut two) = shaped(slow(1_000)).await;
    let began = Instant::now();
    one.send(&ping(1), Critical);
    sleep(500 * MS).await;
    one.link.set_model(LinkModel::default());
    one.send(&ping(2), Critical);
    // The first arrives as it would have, and the second does not overtake it.
    assert_eq!(*two.message().await, ping(1));
    assert!((1_000..=1_002).contains(&began.elapsed().as_millis()));
    assert_eq!(*two.message().await, ping(2));
    assert!(began.elapsed().as_millis() <= 1_003);
    one.send(&ping(3), Critical);
    assert_eq!(*two.message().await, ping(3));
    assert!(began.elapsed().as_millis() <= 1_004);
    one.link.set_model(slow(70));
    let began = Instant::now();
    one.send(&ping(4), Critical);
    assert_eq!(*two.message().await, ping(4));
    assert!((70..=71).contains(&began.elapsed().as_millis()));
}

/// What is on the line at a graceful close still arrives, within the second that it has.
#[tokio::test(start_paused = true)]
async fn a_farewell_travels_too() {
    let (mut one, mut two) = shaped(slow(200)).await;
    one.send(&ping(1), Critical);
    one.send(&block(50), Priority::High);
    one.link.close(CloseReason::Graceful("enough".to_owned()));
    assert_eq!(*two.message().await, ping(1));
    assert!(*two.message().await == block(50));
    assert_eq!(two.end().await, "closed by peer");
    assert_eq!(one.end().await, "enough");
    // Over a cut link it does not, and costs that second.
    let (mut one, mut two) = shaped(cut()).await;
    let began = Instant::now();
    one.send(&ping(1), Critical);
    one.link.close(CloseReason::Graceful("enough".to_owned()));
    assert_eq!(one.end().await, "enough");
    assert_eq!(began.elapsed().as_millis().div_euclid(10), FLUSH.as_millis() / 10);
    assert_eq!(two.end().await, "closed by peer");
}

#[tokio::test(start_paused = true)]
async fn a_node_that_stands_still_reads_and_writes_nothing_and_blames_nobody() {
    let (mut end, mut raw) = half(1_000, Direction::Inbound).await;
    end.link.establish();
    // Half a frame is here, and more is on its way out than the pipe holds.
    let frame = encode(&announcement(10));
    raw.write(&frame[..100]).await.unwrap();
    end.send(&block(50), Normal);
    sleep(MS).await;
    end.link.switches().set(Mode::Paused);
    let mut taken = vec![0; 1_000];
    raw.stream.read_exact(&mut taken).await.unwrap();
    raw.bytes.extend(taken);
    // The other side fills the pipe, and gets no further.
    let mut late = vec![0; Channel::sealed_len(frame.len())];
    let length = raw.channel.seal(&frame[100..], &mut late).unwrap();
    raw.stream.write_all(&late[..length]).await.unwrap();
    assert!(timeout(Duration::from_secs(100), raw.stream.write_all(&[0; 1_000])).await.is_err(), "it still reads");
    assert!(timeout(Duration::from_secs(100), raw.stream.read(&mut [0; 1])).await.is_err(), "it still writes");
    assert!(timeout(MS, end.next()).await.is_err(), "it still hands in");
    end.link.switches().set(Mode::Running);
    assert_eq!(*end.message().await, announcement(10));
    let mut rest = [0; 1];
    raw.stream.read_exact(&mut rest).await.unwrap();
}

/// Whoever comes has all his time for shaking hands while the node runs, a second here, and no more than that.
#[tokio::test(start_paused = true)]
async fn a_node_that_stands_still_gives_strangers_their_time_afterwards() {
    let second = Duration::from_secs(1);
    let switches = Arc::<Switches>::default();
    let began = Instant::now();
    let place = Arc::new(Strangers::new(Arc::clone(&switches))).enter([127, 0, 0, 1].into(), second);
    let ((left, one), _raw) = secured(1_000).await;
    let link = Link::new(Arc::clone(&switches), LinkModel::default(), 1);
    let mut end = Near::start_over(link, left, one.channel, Direction::Inbound, Some(place));
    sleep(second / 2).await;
    switches.set(Mode::Paused);
    sleep(second * 100).await;
    switches.set(Mode::Running);
    assert_eq!(end.end().await, "hands were not shaken in time");
    assert_eq!(began.elapsed(), second * 101);
}

/// Adversary 3, from the inside: it trickles, and its victim does not put up with it for long.
#[tokio::test(start_paused = true)]
async fn a_node_that_trickles_is_cut_off() {
    let (mut one, mut two) = whole(10_000).await;
    one.send(&ping(1), Critical);
    assert_eq!(*two.message().await, ping(1));
    one.link.switches().set_trickle(true);
    let began = Instant::now();
    one.send(&block(10), Normal);
    assert_eq!(two.end().await, "a frame took it too long");
    assert!((10..20).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
    one.end().await;
}

/// A byte each second, no more and no less, until it stops that.
#[tokio::test(start_paused = true)]
async fn a_trickle_is_a_byte_a_second() {
    let (end, mut raw) = half(10_000, Direction::Inbound).await;
    end.link.establish();
    end.link.switches().set_trickle(true);
    end.send(&ping(1), Critical);
    let mut record = Vec::new();
    for second in 0..30 {
        sleep(Duration::from_secs(u64::from(second > 0))).await;
        let mut bytes = [0; 100];
        let count = raw.stream.read(&mut bytes).await.unwrap();
        assert_eq!(count, 1);
        record.push(bytes[0]);
    }
    end.link.switches().set_trickle(false);
    let whole = Channel::sealed_len(encode(&ping(1)).len());
    let mut rest = vec![0; whole - record.len()];
    raw.stream.read_exact(&mut rest).await.unwrap();
    record.extend(rest);
    let count = raw.channel.open(&record, &mut raw.plain).unwrap();
    assert_eq!(raw.plain[..count], encode(&ping(1)));
}
