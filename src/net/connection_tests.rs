use super::super::inbox::{Delivery, Outlet, inbox};
use super::super::limits::{INBOX_WEIGHT, PENDING_INBOUND, RECORD_PLAIN, STRANGER_GRACE};
use super::super::secure::noise::tests::secured;
use super::super::strangers::Strangers;
use super::*;
use crate::chain::{Block, ChainSpec, TxId};
use crate::node::Priority::{Critical, Low, Normal};
use crate::node::limits::OUTBOX_BYTES;
use crate::node::{Outbox, Priority};
use crate::wire::{ErrorCode, Hello, Message, WireError, block_payload, encode};
use tokio::io::{AsyncReadExt, DuplexStream, ReadHalf, WriteHalf, split};
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

/// One end: a connection at work, and what the node task would hold.
struct Near {
    link: Arc<Link>,
    outlet: Outlet,
    held: VecDeque<Delivery>,
    task: JoinHandle<()>,
}

impl Near {
    fn start(stream: DuplexStream, channel: Channel, direction: Direction, stranger: Option<Stranger>) -> Self {
        Self::start_over(Link::default(), stream, channel, direction, stranger)
    }

    fn start_over(link: Link, stream: DuplexStream, channel: Channel, direction: Direction, stranger: Option<Stranger>) -> Self {
        let (inbox, outlet) = inbox();
        let link = Arc::new(link);
        let (reader, writer): (ReadHalf<_>, WriteHalf<_>) = split(stream);
        let connection = Connection {
            id: ConnectionId(7),
            direction,
            channel,
            reader,
            writer,
            link: Arc::clone(&link),
            inbox,
            stranger,
            timing: Timing::LAB,
            largest_block: block_payload(10_000),
        };
        Self { link, outlet, held: VecDeque::new(), task: tokio::spawn(connection.run()) }
    }

    /// It has asked for so many blocks.
    fn asks(&self, blocks: usize) {
        (0..blocks).for_each(|_| self.link.ask());
    }

    fn send(&self, message: &Message, priority: Priority) {
        self.link.push(&encode(message), priority, Instant::now()).unwrap();
    }

    /// The next input; as the node task does, gives room back for what it took.
    async fn next(&mut self) -> Input {
        if self.held.is_empty() {
            let mut taken = Vec::new();
            self.outlet.take(&mut taken, 100).await;
            self.held.extend(taken);
        }
        let delivery = self.held.pop_front().expect("the inbox has ended");
        self.outlet.handled(delivery.weight as usize);
        match delivery.item {
            Item::Input(input) => input,
            Item::Connected { .. } | Item::Mismatch { .. } => panic!("connected, again"),
        }
    }

    async fn message(&mut self) -> Arc<Message> {
        match self.next().await {
            Input::Received { message, .. } => message,
            other => panic!("no message, but {}", name(&other)),
        }
    }

    async fn end(&mut self) -> String {
        match self.next().await {
            Input::Disconnected { reason, .. } => reason,
            other => panic!("no end, but {}", name(&other)),
        }
    }
}

fn name(input: &Input) -> String {
    match input {
        Input::Received { message, .. } => format!("{message:?}"),
        Input::Malformed { error, .. } => format!("malformed: {error}"),
        Input::Unknown { code, bytes, .. } => format!("unknown {code:#x}, {bytes} bytes"),
        Input::Disconnected { reason, .. } => format!("disconnected: {reason}"),
        _ => "another input".to_owned(),
    }
}

/// The other end, in the hands of a test.
struct Raw {
    stream: DuplexStream,
    channel: Channel,
    bytes: Vec<u8>,
    plain: Vec<u8>,
}

impl Raw {
    async fn write(&mut self, plain: &[u8]) -> io::Result<()> {
        for plain in plain.chunks(RECORD_PLAIN) {
            let mut out = vec![0; Channel::sealed_len(plain.len())];
            let length = self.channel.seal(plain, &mut out).unwrap();
            self.stream.write_all(&out[..length]).await?;
        }
        Ok(())
    }

    /// All plaintext until the other side closes.
    async fn read_all(&mut self) -> Vec<u8> {
        let mut all = Vec::new();
        self.stream.read_to_end(&mut self.bytes).await.unwrap();
        let mut rest = &self.bytes[..];
        while let Some(length) = self.channel.next(rest).unwrap() {
            let count = self.channel.open(&rest[..length], &mut self.plain).unwrap();
            all.extend_from_slice(&self.plain[..count]);
            rest = &rest[length..];
        }
        all
    }
}

async fn half(capacity: usize, direction: Direction) -> (Near, Raw) {
    let ((left, one), (right, two)) = secured(capacity).await;
    let raw = Raw { stream: right, channel: two.channel, bytes: Vec::new(), plain: Vec::new() };
    (Near::start(left, one.channel, direction, None), raw)
}

async fn whole(capacity: usize) -> (Near, Near) {
    let ((left, one), (right, two)) = secured(capacity).await;
    let ends =
        (Near::start(left, one.channel, Direction::Outbound, None), Near::start(right, two.channel, Direction::Inbound, None));
    ends.0.link.establish();
    ends.1.link.establish();
    ends
}

fn ping(nonce: u64) -> Message {
    Message::Ping { nonce, time: 0 }
}

fn block(transactions: usize) -> Message {
    let transfer = crate::chain::Transfer {
        chain: crate::chain::ChainId(1),
        from: Default::default(),
        to: Default::default(),
        amount: 1,
        fee: 1,
        nonce: 1,
    };
    let transaction = crate::chain::Transaction { transfer, signature: crate::chain::Signature([0; 64]) };
    let (genesis, _) = ChainSpec::lab().genesis();
    Message::Block { block: Arc::new(Block { header: genesis.header, transactions: vec![transaction; transactions] }) }
}

fn ack() -> Message {
    let hello = Hello {
        version_lowest: 1,
        version_highest: 1,
        chain: crate::chain::ChainId(1),
        genesis: Default::default(),
        node: Default::default(),
        agent: "a".to_owned(),
        port: 0,
        height: 0,
        work: 0,
        tip: Default::default(),
        capabilities: Default::default(),
        time: 0,
        nonce: 0,
    };
    Message::HandshakeAck { hello, version: 1, seen: [0; 16] }
}

#[tokio::test(start_paused = true)]
async fn messages_go_both_ways_in_order() {
    let (mut one, mut two) = whole(500).await;
    for nonce in 0..500 {
        one.send(&ping(nonce), Critical);
        two.send(&Message::Pong { nonce, time: 0 }, Critical);
    }
    for nonce in 0..500 {
        assert_eq!(*two.message().await, ping(nonce));
        assert_eq!(*one.message().await, Message::Pong { nonce, time: 0 });
    }
}

/// Both send much more than the pipe holds before either has read: nobody waits for the other.
#[tokio::test(start_paused = true)]
async fn two_talkers_do_not_deadlock() {
    let (mut one, mut two) = whole(1_000).await;
    one.asks(3);
    two.asks(3);
    for _ in 0..3 {
        one.send(&block(6_000), Normal);
        two.send(&block(6_000), Normal);
    }
    for _ in 0..3 {
        assert!(*two.message().await == block(6_000));
        assert!(*one.message().await == block(6_000));
    }
}

#[tokio::test(start_paused = true)]
async fn strangers_are_kept_short_until_hands_are_shaken() {
    let ids = Message::Announce { ids: vec![TxId::default(); 100] };
    // A stranger says too much.
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    raw.write(&encode(&ids)).await.unwrap();
    let Input::Malformed { error, .. } = end.next().await else { panic!("not refused") };
    assert_eq!(error, WireError::TooLong { length: 3_208, cap: 1_024 });
    // Its own acknowledgement changes nothing on a connection that it dialled.
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    raw.write(&encode(&ack())).await.unwrap();
    raw.write(&encode(&ids)).await.unwrap();
    end.message().await;
    assert!(matches!(end.next().await, Input::Malformed { .. }));
    // On one that we dialled it is the answer.
    let (mut end, mut raw) = half(10_000, Direction::Outbound).await;
    raw.write(&encode(&ack())).await.unwrap();
    raw.write(&encode(&ids)).await.unwrap();
    end.message().await;
    assert_eq!(*end.message().await, ids);
    // On the other it is ours that counts.
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    end.link.establish();
    raw.write(&encode(&ids)).await.unwrap();
    assert_eq!(*end.message().await, ids);
}

/// Adversaries 1 and 2: what the encryption's handshake took is part of the time for shaking hands, and so is a hello that never ends.
#[tokio::test(start_paused = true)]
async fn a_stranger_has_one_deadline_for_the_whole_handshake() {
    for says in [false, true] {
        let began = Instant::now();
        let place = Arc::new(Strangers::default()).enter([127, 0, 0, 1].into(), Timing::LAB.handshake);
        sleep(Duration::from_secs(2)).await;
        let ((left, one), (right, two)) = secured(10_000).await;
        let mut raw = Raw { stream: right, channel: two.channel, bytes: Vec::new(), plain: Vec::new() };
        let mut end = Near::start(left, one.channel, Direction::Inbound, Some(place));
        if says {
            raw.write(&encode(&ack())[..100]).await.unwrap();
        }
        assert_eq!(end.end().await, "hands were not shaken in time");
        assert_eq!(began.elapsed(), Timing::LAB.handshake);
    }
    // Once they are shaken it has all the time there is.
    let place = Arc::new(Strangers::default()).enter([127, 0, 0, 1].into(), Timing::LAB.handshake);
    let ((left, one), (right, two)) = secured(10_000).await;
    let mut raw = Raw { stream: right, channel: two.channel, bytes: Vec::new(), plain: Vec::new() };
    let mut end = Near::start(left, one.channel, Direction::Inbound, Some(place));
    end.link.establish();
    sleep(Duration::from_secs(100)).await;
    raw.write(&encode(&ping(1))).await.unwrap();
    assert_eq!(*end.message().await, ping(1));
}

#[tokio::test(start_paused = true)]
async fn a_place_is_free_when_hands_are_shaken_though_nothing_more_is_said() {
    let strangers = Arc::new(Strangers::default());
    let mut places: Vec<_> =
        (0..PENDING_INBOUND).map(|_| strangers.enter([127, 0, 0, 1].into(), Timing::LAB.handshake)).collect();
    let ((left, one), _right) = secured(10_000).await;
    let end = Near::start(left, one.channel, Direction::Inbound, places.pop());
    assert!(timeout(STRANGER_GRACE / 2, strangers.room()).await.is_err(), "all are taken");
    end.link.establish();
    end.send(&ack(), Critical);
    timeout(STRANGER_GRACE / 4, strangers.room()).await.expect("a place is free");
}

/// A large block is taken from whoever was asked for one, once for each question; and none that is larger than the chain allows.
#[tokio::test(start_paused = true)]
async fn a_large_block_comes_when_it_was_asked_for_and_else_passes() {
    let (mut end, mut raw) = half(2 << 20, Direction::Inbound).await;
    end.link.establish();
    let passes =
        |input: Input| matches!(input, Input::Unknown { code: 0x23, bytes, .. } if bytes == encode(&block(10_000)).len());
    raw.write(&encode(&block(10_000))).await.unwrap();
    assert!(passes(end.next().await));
    end.asks(1);
    raw.write(&encode(&block(10_000))).await.unwrap();
    assert!(*end.message().await == block(10_000));
    raw.write(&encode(&block(10_000))).await.unwrap();
    assert!(passes(end.next().await), "one question, one answer");
    // What is sent unasked is small.
    raw.write(&encode(&block(400))).await.unwrap();
    assert!(*end.message().await == block(400));
    end.asks(1);
    raw.write(&encode(&block(10_001))).await.unwrap();
    let Input::Malformed { error, .. } = end.next().await else { panic!("taken") };
    assert_eq!(error, WireError::TooLong { length: block_payload(10_001), cap: block_payload(10_000) });
}

#[tokio::test(start_paused = true)]
async fn a_changed_record_ends_the_connection() {
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    raw.write(&encode(&ping(1))).await.unwrap();
    assert_eq!(*end.message().await, ping(1));
    let mut out = vec![0; 200];
    let length = raw.channel.seal(&encode(&ping(2)), &mut out).unwrap();
    out[10] ^= 4;
    raw.stream.write_all(&out[..length]).await.unwrap();
    // What follows is genuine, and comes too late.
    let _ = raw.write(&encode(&ping(3))).await;
    assert!(end.end().await.contains("encryption failed"));
}

/// Adversary 3: a frame that never ends, and one that comes a byte a second.
#[tokio::test(start_paused = true)]
async fn a_slow_frame_is_cut_off() {
    for trickle in [false, true] {
        let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
        end.link.establish();
        let frame = encode(&Message::Announce { ids: vec![TxId::default(); 500] });
        let began = Instant::now();
        let attack = async {
            for byte in frame.iter() {
                if raw.write(&[*byte]).await.is_err() {
                    return;
                }
                sleep(if trickle { Duration::from_secs(1) } else { Duration::from_secs(1_000) }).await;
            }
        };
        let (reason, ()) = tokio::join!(end.end(), attack);
        assert_eq!(reason, "a frame took it too long");
        if trickle {
            // Its 16,009 bytes add two seconds.
            assert_eq!(began.elapsed().as_secs() / 2, 12 / 2);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_idle_connection_stays() {
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    sleep(Duration::from_secs(1_000)).await;
    raw.write(&encode(&ping(1))).await.unwrap();
    assert_eq!(*end.message().await, ping(1));
    drop(raw);
    assert_eq!(end.end().await, "closed by peer");
}

/// Adversary 24: what is of low value is dropped, memory is bounded, and then the connection ends.
#[tokio::test(start_paused = true)]
async fn a_reader_that_never_reads() {
    let (mut end, raw) = half(10_000, Direction::Inbound).await;
    let began = Instant::now();
    for _ in 0..3_000 {
        end.send(&Message::Announce { ids: vec![TxId::default(); 1_000] }, Low);
        tokio::task::yield_now().await;
        let (messages, bytes, _) = end.link.waiting();
        assert!(messages <= 1_000 && bytes <= OUTBOX_BYTES);
    }
    assert!(end.link.waiting().2 > 2_000);
    end.send(&ping(1), Critical);
    assert_eq!(end.end().await, "it does not read");
    assert_eq!(began.elapsed().as_secs(), Timing::LAB.stalled.as_secs());
    drop(raw);
}

/// It takes a byte now and then: urgent messages wait too long all the same.
#[tokio::test(start_paused = true)]
async fn a_reader_that_hardly_reads() {
    let (mut end, mut raw) = half(1_000, Direction::Inbound).await;
    end.send(&block(6_000), Normal);
    sleep(Duration::from_millis(1)).await;
    end.send(&ping(1), Critical);
    let began = Instant::now();
    let reading = async {
        let mut byte = [0];
        while raw.stream.read(&mut byte).await.is_ok_and(|count| count > 0) {
            sleep(Duration::from_millis(900)).await;
        }
    };
    let reason = tokio::select! {
        reason = end.end() => reason,
        () = reading => unreachable!(),
    };
    assert!(reason.contains("urgent"), "{reason}");
    assert_eq!(began.elapsed().as_secs(), Timing::LAB.stalled.as_secs());
}

/// The largest block of the lab over lines of different speeds, with a ping behind it: whoever takes at least what is put up with gets both.
#[tokio::test(start_paused = true)]
async fn a_slow_reader_of_a_large_block_is_cut_off_only_below_the_rate() {
    for (rate, stays) in [(FRAME_RATE * 4, true), (FRAME_RATE * 5 / 4, true), (FRAME_RATE / 2, false)] {
        let (mut end, mut raw) = half(1_000, Direction::Inbound).await;
        let block = block(10_000);
        end.send(&block, Normal);
        sleep(Duration::from_millis(1)).await;
        end.send(&ping(1), Critical);
        let began = Instant::now();
        let bytes = encode(&block).len() + encode(&ping(1)).len();
        let reading = async {
            // In turns of a second, as much as the line carries.
            let mut second = vec![0; rate as usize];
            let mut got = 0;
            while got < bytes && raw.stream.read_exact(&mut second).await.is_ok() {
                got += second.len();
                sleep(Duration::from_secs(1)).await;
            }
            // What is left is less than a turn.
            raw.stream.read_to_end(&mut raw.bytes).await
        };
        tokio::select! {
            reason = end.end() => {
                assert!(!stays && reason.contains("urgent"), "{rate}: {reason}");
                // What he took counts for him, at the rate that is put up with.
                let most = Timing::LAB.stalled * 2 + Duration::from_secs(1);
                assert!(began.elapsed() > Timing::LAB.stalled && began.elapsed() <= most, "{:?}", began.elapsed());
            }
            _ = reading => unreachable!("the connection stays until it is cut off"),
            () = sleep(Duration::from_secs(bytes as u64 / rate + 60)) => {
                assert!(stays && end.link.waiting().0 == 0, "{rate}");
                assert!(began.elapsed() > Timing::LAB.stalled * 2, "the block was too small to show anything");
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_graceful_close_sends_what_is_queued() {
    let (mut end, mut raw) = half(1_000, Direction::Inbound).await;
    let mut expected = Vec::new();
    for nonce in 0..100 {
        end.send(&ping(nonce), Critical);
        expected.extend_from_slice(&encode(&ping(nonce)));
    }
    end.link.close(CloseReason::Graceful("enough".to_owned()));
    assert_eq!(raw.read_all().await, expected);
    drop(raw);
    assert_eq!(end.end().await, "enough");
}

#[tokio::test(start_paused = true)]
async fn a_graceful_close_waits_a_second_at_most() {
    let (mut end, raw) = half(1_000, Direction::Inbound).await;
    end.send(&block(1_000), Normal);
    let began = Instant::now();
    end.link.close(CloseReason::Graceful("enough".to_owned()));
    assert_eq!(end.end().await, "enough");
    assert_eq!(began.elapsed().as_millis().div_euclid(10), FLUSH.as_millis() / 10);
    drop(raw);
}

#[tokio::test(start_paused = true)]
async fn an_abrupt_close_is_at_once_and_told_once() {
    let (mut end, raw) = half(1_000, Direction::Inbound).await;
    end.send(&block(1_000), Normal);
    end.link.close(CloseReason::Graceful("later".to_owned()));
    end.link.close(CloseReason::Abrupt("now".to_owned()));
    assert_eq!(end.end().await, "now");
    let mut more = Vec::new();
    assert_eq!(end.outlet.take(&mut more, 10).await, 0);
    drop(raw);
}

#[tokio::test(start_paused = true)]
async fn an_aborted_task_still_tells() {
    let (mut end, _raw) = half(1_000, Direction::Inbound).await;
    tokio::task::yield_now().await;
    end.task.abort();
    assert!(end.end().await.contains("cut off"));
}

/// After bytes that are no message nothing more is read, but the node can still say why, and closes.
#[tokio::test(start_paused = true)]
async fn malformed_bytes_are_answered() {
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    let mut bytes = encode(&ping(1)).to_vec();
    bytes.splice(0..4, 18u32.to_le_bytes());
    bytes.push(0);
    raw.write(&bytes).await.unwrap();
    raw.write(&encode(&ping(2))).await.unwrap();
    assert!(matches!(end.next().await, Input::Malformed { error: WireError::TooLong { .. }, .. }));
    let error = Message::Error { code: ErrorCode::BadMessage, text: "no".to_owned() };
    end.send(&error, Critical);
    end.link.close(CloseReason::Graceful("malformed".to_owned()));
    assert_eq!(raw.read_all().await, encode(&error));
    drop(raw);
    assert_eq!(end.end().await, "malformed");

    // A node that does not close is helped.
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    raw.write(&[0; 4]).await.unwrap();
    assert!(matches!(end.next().await, Input::Malformed { error: WireError::Empty, .. }));
    assert_eq!(end.end().await, "it sent bytes that are no message");
}

#[tokio::test(start_paused = true)]
async fn an_unknown_type_is_told_and_passes() {
    let (mut end, mut raw) = half(10_000, Direction::Inbound).await;
    raw.write(&[4, 0, 0, 0, 0xee, 1, 2, 3]).await.unwrap();
    raw.write(&encode(&ping(1))).await.unwrap();
    assert!(matches!(end.next().await, Input::Unknown { code: 0xee, bytes: 8, .. }));
    assert_eq!(*end.message().await, ping(1));
}

/// A node that takes nothing: its connections stop reading, but go on sending; nothing is lost, nobody is blamed.
#[tokio::test(start_paused = true)]
async fn back_pressure() {
    let (mut one, mut two) = whole(1_000).await;
    // Ever new senders: more than the inbox holds.
    let total = INBOX_WEIGHT / (6_000 * 156) + 10;
    two.asks(total);
    for _ in 0..7 {
        one.send(&block(6_000), Normal);
    }
    let mut sent = 7;
    let mut got = 0;
    while sent < total {
        sleep(Duration::from_millis(50)).await;
        if one.link.waiting().0 < 7 {
            one.send(&block(6_000), Normal);
            sent += 1;
        } else {
            break;
        }
    }
    assert!(sent < total, "all {sent} were taken");
    two.send(&ping(9), Critical);
    assert_eq!(*one.message().await, ping(9));
    sleep(Duration::from_millis(100)).await;
    while got < sent {
        assert!(*two.message().await == block(6_000));
        got += 1;
    }
}

#[test]
fn an_idle_connection_is_small() {
    // Buffers are made when they are needed; this is what is always there.
    assert!(size_of::<Task<DuplexStream, DuplexStream>>() < 1_500);
    assert!(size_of::<Outbox<()>>() < 300);
}

#[path = "shaped_tests.rs"]
mod shaped;
