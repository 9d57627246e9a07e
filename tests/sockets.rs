//! Real nodes over loopback, in one process: they find each other, agree, survive hostile neighbours, and end in time.
//!
//! No test sleeps for something to happen: each waits for an event, with a deadline that only a defect reaches.

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{Events, Lab, PATIENCE, address, keys, stop};
use rumormill::chain::{Address, ChainSpec, Transfer};
use rumormill::link::LinkModel;
use rumormill::net::noise::{Identity, handshake};
use rumormill::net::{Handle, StartError, start};
use rumormill::node::{Command, Event, Input, Machine, Node, Output, Time, Timing};
use rumormill::store::{MemoryStore, SharedStore, Store};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// A store whose content outlives the node.
fn kept() -> SharedStore {
    SharedStore::new(Box::new(MemoryStore::new()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_agree() {
    let lab = Lab::new();
    let (miner, seen) = lab.start(1, &[], true).await;
    seen.see("listening", |event| matches!(event, Event::Listening { .. })).await;
    seen.reaches(2).await;
    let (other, followed) = lab.start(2, &[address(&miner)], false).await;
    let peer = followed.find("a peer", |event| match event {
        Event::NewPeer { peer, .. } => Some(*peer),
        _ => None,
    });
    assert_eq!(peer.await, miner.id());
    followed.reaches(4).await;
    let (tip, _) = followed.tip();
    seen.at(tip).await;
    stop(miner, &seen).await;
    // The other hears of it, and stays.
    followed.see("the end of the link", |event| matches!(event, Event::Disconnected { .. })).await;
    assert!(!other.has_stopped());
    stop(other, &followed).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_converge_and_a_transfer_travels() {
    let lab = Lab::new();
    let (first, one) = lab.start(1, &[], true).await;
    let (second, two) = lab.start(2, &[address(&first)], false).await;
    let (third, three) = lab.start(3, &[address(&second)], true).await;
    three.reaches(3).await;
    // From the faucet, whose money no reorganization takes away.
    let faucet = ChainSpec::lab_faucet();
    let transfer =
        Transfer { chain: lab.spec.chain, from: faucet.address(), to: Address([77; 32]), amount: 10, fee: 1, nonce: 0 };
    third.command(Command::Submit(Box::new(transfer.sign(&faucet))));
    three
        .find("the transfer", |event| match event {
            Event::TransactionAccepted { from: None, .. } => Some(()),
            Event::TransactionRefused { why, .. } => panic!("refused: {why}"),
            _ => None,
        })
        .await;
    one.find("the transfer, mined", |event| match event {
        Event::TipChanged { transactions, .. } if *transactions > 0 => Some(()),
        _ => None,
    })
    .await;
    // With one miner left there are no more forks: where the follower gets to, the miner has been.
    stop(third, &three).await;
    two.reaches(one.tip().1 + 2).await;
    one.at(two.tip().0).await;
    stop(second, &two).await;
    stop(first, &one).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_stored_is_there_again() {
    let lab = Lab::new();
    let store = kept();
    let (mut setup, events) = lab.setup(1, &[], true);
    setup.store = Box::new(store.clone());
    let node = start(setup).await.unwrap();
    events.reaches(3).await;
    stop(node, &events).await;
    let (tip, height) = events.tip();

    let (mut setup, events) = lab.setup(1, &[], false);
    setup.store = Box::new(store);
    let node = start(setup).await.unwrap();
    events.see("a start", |event| matches!(event, Event::Started { .. })).await;
    assert_eq!(events.tip(), (tip, height));
    stop(node, &events).await;
}

#[tokio::test]
async fn a_taken_port_is_said_in_a_sentence() {
    let lab = Lab::new();
    let (first, seen) = lab.start(1, &[], false).await;
    let (mut setup, _) = lab.setup(2, &[], false);
    setup.listen = Some(address(&first));
    let Err(error) = start(setup).await else { panic!("two listen on one port") };
    assert!(matches!(&error, StartError::Listen { address: taken, .. } if *taken == address(&first)));
    assert!(error.to_string().contains("choose another port"), "{error}");
    // As soon as the first has stopped, the port is free.
    let taken = address(&first);
    stop(first, &seen).await;
    let (mut setup, events) = lab.setup(2, &[], false);
    setup.listen = Some(taken);
    stop(start(setup).await.unwrap(), &events).await;
}

#[tokio::test]
async fn a_dropped_handle_stops_the_node() {
    let lab = Lab::new();
    let (node, events) = lab.start(1, &[], true).await;
    let address = address(&node);
    drop(node);
    events.see("the end", |event| matches!(event, Event::Stopped)).await;
    assert!(timeout(PATIENCE, async { while TcpStream::connect(address).await.is_ok() {} }).await.is_ok());
}

/// Adversary 1, more of them than there are places: they are cut off, and an honest node gets in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn silent_strangers_are_cut_off() {
    let lab = Lab::new();
    let (node, events) = lab.start(1, &[], false).await;
    let mut strangers = Vec::new();
    for _ in 0..100 {
        strangers.push(TcpStream::connect(address(&node)).await.unwrap());
    }
    let began = Instant::now();
    let (honest, seen) = lab.start(2, &[address(&node)], false).await;
    seen.meets().await;
    assert!(began.elapsed() < Duration::from_secs(20));
    for mut stranger in strangers {
        // The end of the stream, or a reset: not a byte for a stranger who says nothing.
        let got = timeout(PATIENCE, stranger.read(&mut [0; 1])).await.expect("a stranger is still there");
        assert!(!matches!(got, Ok(1..)));
    }
    stop(honest, &seen).await;
    stop(node, &events).await;
}

/// Peers that prove an identity and then read nothing at all do not keep a node from stopping.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn peers_that_do_not_read_delay_no_stop() {
    let lab = Lab::new();
    let (node, events) = lab.start(1, &[], true).await;
    let mut held = Vec::new();
    for number in 10..20 {
        let mut stream = TcpStream::connect(address(&node)).await.unwrap();
        let identity = Identity::new(&keys(number.into()), [number; 32]);
        let secured = handshake(&mut stream, &identity, true, [number; 32]).await.unwrap();
        assert_eq!(secured.peer, node.id());
        held.push((stream, secured));
    }
    let mut connected = 0;
    events
        .find("ten connections", |event| {
            connected += usize::from(matches!(event, Event::Connected { .. }));
            (connected == 10).then_some(())
        })
        .await;
    stop(node, &events).await;
}

/// Two nodes that know each other; the second dials.
async fn pair(lab: &Lab, timing: Timing) -> [(Handle, Events); 2] {
    let (mut setup, one) = lab.setup(1, &[], true);
    setup.config.timing = timing;
    let first = start(setup).await.unwrap();
    let (mut setup, two) = lab.setup(2, &[address(&first)], false);
    setup.config.timing = timing;
    let second = start(setup).await.unwrap();
    for seen in [&one, &two] {
        seen.meets().await;
    }
    [(first, one), (second, two)]
}

fn delay(millis: u64) -> LinkModel {
    LinkModel { latency: Duration::from_millis(millis), ..Default::default() }
}

fn cut() -> LinkModel {
    LinkModel { cut: true, ..Default::default() }
}

/// A round trip that took from `least` to `most`.
fn round_trip(least: u64, most: u64) -> impl FnMut(&Event) -> bool {
    let range = Duration::from_millis(least)..Duration::from_millis(most);
    move |event| matches!(event, Event::RoundTrip { time, .. } if range.contains(time))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_as_slow_as_it_is_set() {
    let lab = Lab::new();
    let timing =
        Timing { ping: Duration::from_millis(200), report: (Duration::from_millis(100), Duration::from_secs(10)), ..Timing::LAB };
    let [(first, one), (second, two)] = pair(&lab, timing).await;
    one.see("a fast link", round_trip(0, 100)).await;
    // Each direction by itself; what both ask of the round trip adds up.
    first.set_link(second.id(), delay(150));
    second.set_link(first.id(), delay(250));
    for seen in [&one, &two] {
        seen.see("a slow link", round_trip(400, 3_000)).await;
    }
    first.set_link(second.id(), LinkModel::default());
    let mark = one.count();
    one.see_after(mark, "a link that is slow one way", round_trip(250, 400)).await;
    second.set_link(first.id(), LinkModel::default());
    let mark = one.count();
    one.see_after(mark, "a fast link again", round_trip(0, 100)).await;
    // For a moment nothing comes through: what waits is told, and that it waits no more.
    let mark = one.count();
    first.set_link(second.id(), cut());
    let waits = |event: &Event| matches!(event, Event::Outbox { messages: 1.., bytes: 1.., .. });
    one.see_after(mark, "something that waits", waits).await;
    first.set_link(second.id(), LinkModel::default());
    let empty = |event: &Event| matches!(event, Event::Outbox { messages: 0, bytes: 0, .. });
    one.see_after(mark, "an empty outbox", empty).await;
    stop(second, &two).await;
    stop(first, &one).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lossy_link_tells_what_it_lost_and_a_clear_one_nothing() {
    let lab = Lab::new();
    let timing =
        Timing { ping: Duration::from_millis(50), report: (Duration::from_millis(100), Duration::from_secs(10)), ..Timing::LAB };
    let [(first, one), (second, two)] = pair(&lab, timing).await;
    first.set_link(second.id(), LinkModel { loss: 300_000, ..Default::default() });
    let enough = |event: &Event| match event {
        Event::Loss { sent: sent @ 40.., lost, .. } => Some((*sent, *lost)),
        _ => None,
    };
    let (sent, lost) = one.find("a count of packets", enough).await;
    assert!(lost * 10 > sent && lost * 2 < sent, "{lost} of {sent} at 30 %");
    stop(second, &two).await;
    stop(first, &one).await;
    assert!(!two.any(0, |event| matches!(event, Event::Loss { .. })), "what the other end sends is not lossy");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_link_ends_the_connection_and_a_healed_one_comes_back() {
    let lab = Lab::new();
    let timing = Timing { ping: Duration::from_millis(200), pong: Duration::from_millis(800), ..Timing::LAB };
    let [(first, one), (second, two)] = pair(&lab, timing).await;
    let marks = (one.count(), two.count());
    first.set_link(second.id(), cut());
    second.set_link(first.id(), cut());
    for (seen, mark) in [(&one, marks.0), (&two, marks.1)] {
        seen.see_after(mark, "the end", |event| matches!(event, Event::Disconnected { .. })).await;
    }
    // The second dials in vain, and the first does not even learn of it.
    let mark = two.count();
    let why = two.find_after(mark, "a failed dial", |event| match event {
        Event::DialFailed { why, .. } => Some(why.clone()),
        Event::Connected { .. } => panic!("connected over a cut link"),
        _ => None,
    });
    let why = why.await;
    assert!(why.contains("time") || why.contains("answer"), "{why}");
    assert!(!one.any(marks.0, |event| matches!(event, Event::Connected { .. })));
    let (height, marks) = (one.tip().1, (one.count(), two.count()));
    first.set_link(second.id(), LinkModel::default());
    second.set_link(first.id(), LinkModel::default());
    for (seen, mark) in [(&one, marks.0), (&two, marks.1)] {
        seen.see_after(mark, "the peer again", |event| matches!(event, Event::NewPeer { .. })).await;
    }
    two.reaches(height + 1).await;
    let banned = |events: &Events| events.any(0, |event| matches!(event, Event::Banned { .. }));
    assert!(!banned(&one) && !banned(&two));
    stop(second, &two).await;
    stop(first, &one).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_says_nothing_and_starts_again_on_its_store() {
    let lab = Lab::new();
    let store = kept();
    let (mut setup, one) = lab.setup(1, &[], true);
    setup.store = Box::new(store.clone());
    let first = start(setup).await.unwrap();
    let (second, two) = lab.start(2, &[address(&first)], false).await;
    two.reaches(4).await;
    let port = address(&first);
    let began = Instant::now();
    first.kill().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    let why = two.find("the end", |event| match event {
        Event::Disconnected { why, .. } => Some(why.clone()),
        _ => None,
    });
    assert_eq!(why.await, "connection reset");
    let silent = one.count();
    assert!(!one.last().contains(&Event::Stopped));
    // Its port and its store are free at once, and it goes on from what was stored.
    let stored = store.clone().load().unwrap().expect("something was stored");
    let (mut setup, again) = lab.setup(1, &[], true);
    setup.listen = Some(port);
    setup.store = Box::new(store);
    let first = start(setup).await.unwrap();
    again.see("a start", |event| matches!(event, Event::Started { tip, .. } if *tip == stored.tip)).await;
    again.see("its peer", |event| matches!(event, Event::NewPeer { .. })).await;
    two.reaches(two.tip().1 + 2).await;
    assert_eq!(one.count(), silent, "the dead speak");
    stop(second, &two).await;
    stop(first, &again).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_paused_node_stands_still_and_goes_on_without_blame() {
    let lab = Lab::new();
    // The other is patient: what it may think of the silence is not the question.
    let timing = Timing { pong: PATIENCE, request: (PATIENCE, PATIENCE), ..Timing::LAB };
    let [(first, one), (second, two)] = pair(&lab, timing).await;
    two.reaches(2).await;
    let pulse = |event: &Event| matches!(event, Event::Pulse { .. });
    first.set_paused(true);
    // By the other's clock; what was at hand has been handled by the first second.
    two.see_after(two.count(), "a second", pulse).await;
    let still = one.count();
    for _ in 0..2 {
        two.see_after(two.count(), "a second", pulse).await;
    }
    assert_eq!(one.count(), still, "{:#?}", one.last());
    first.set_paused(false);
    let height = one.tip().1;
    two.reaches(height + 2).await;
    for seen in [&one, &two] {
        let blames = |event: &Event| {
            matches!(event, Event::Banned { .. } | Event::Disconnected { .. })
                || matches!(event, Event::Reputation { delta, .. } if *delta < 0)
        };
        assert_eq!(seen.all(0, |event| blames(event).then(|| event.clone())), []);
    }
    // Paused nodes end as others do, in order or not.
    first.set_paused(true);
    second.set_paused(true);
    stop(first, &one).await;
    let began = Instant::now();
    second.kill().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
}

/// A node that never says a word.
struct Mute(Node);

impl Mute {
    fn silence(out: &mut Vec<Output>) {
        out.retain(|output| !matches!(output, Output::Send { .. }));
    }
}

impl Machine for Mute {
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        self.0.start(now, out);
        Self::silence(out);
    }
    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        self.0.handle(now, input, out);
        Self::silence(out);
    }
    fn next_deadline(&self) -> Time {
        self.0.next_deadline()
    }
    fn node(&self) -> &Node {
        &self.0
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrapped_node_misbehaves() {
    let lab = Lab::new();
    let (honest, seen) = lab.start(1, &[], false).await;
    let (mut setup, events) = lab.setup(2, &[address(&honest)], false);
    setup.wrap = Some(Arc::new(|node| Box::new(Mute(node))));
    let mute = start(setup).await.unwrap();
    assert_eq!(mute.id(), keys(2).address());
    seen.find("the end", |event| match event {
        Event::NewPeer { .. } => panic!("it spoke"),
        Event::Disconnected { peer, .. } => (*peer == mute.id()).then_some(()),
        _ => None,
    })
    .await;
    stop(mute, &events).await;
    stop(honest, &seen).await;
}
