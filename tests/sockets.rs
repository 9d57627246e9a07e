//! Real nodes over loopback, in one process: they find each other, agree, survive hostile neighbours, and end in time.
//!
//! No test sleeps for something to happen: each waits for an event, with a deadline that only a defect reaches.

use rumormill::chain::{Address, BlockId, ChainSpec, KeyPair, Transfer};
use rumormill::link::LinkModel;
use rumormill::net::noise::{Identity, handshake};
use rumormill::net::{Handle, Names, Setup, StartError, Workers, start};
use rumormill::node::{Command, Config, Event, EventSink, Input, Machine, Mining, Node, Output, Stamped, Time, Timing, Wrap};
use rumormill::store::{MemoryStore, SharedStore, Store};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;

/// Longest that anything here may take: ten times what a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(40);
/// Tries a second of a miner.
const TRIES: u64 = 20_000;

/// All events of a node so far.
#[derive(Clone, Default)]
struct Events {
    list: Arc<Mutex<Vec<Event>>>,
    came: Arc<Notify>,
}

impl Events {
    fn sink(&self) -> EventSink {
        let Self { list, came } = self.clone();
        Arc::new(move |stamped: Stamped| {
            list.lock().unwrap().push(stamped.event);
            came.notify_one();
        })
    }

    /// Waits until an event of the past or the future gives an answer.
    async fn find<T>(&self, what: &str, look: impl FnMut(&Event) -> Option<T>) -> T {
        self.find_after(0, what, look).await
    }

    /// How many there are so far.
    fn count(&self) -> usize {
        self.list.lock().unwrap().len()
    }

    /// Waits until an event gives an answer, the first `seen` left out.
    async fn find_after<T>(&self, mut seen: usize, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        let search = async {
            loop {
                let found = {
                    let list = self.list.lock().unwrap();
                    let found = list[seen..].iter().find_map(&mut look);
                    seen = list.len();
                    found
                };
                match found {
                    Some(found) => return found,
                    None => self.came.notified().await,
                }
            }
        };
        match timeout(PATIENCE, search).await {
            Ok(found) => found,
            Err(_) => panic!("{what} never came; last events: {:#?}", self.last()),
        }
    }

    fn last(&self) -> Vec<Event> {
        self.list.lock().unwrap().iter().rev().take(12).rev().cloned().collect()
    }

    async fn reaches(&self, height: u64) {
        self.find(&format!("height {height}"), |event| match event {
            Event::TipChanged { height: now, .. } if *now >= height => Some(()),
            _ => None,
        })
        .await;
    }

    /// The tip that it has been at, at some height.
    async fn at(&self, id: BlockId) {
        self.find(&format!("tip {id}"), |event| matches!(event, Event::TipChanged { id: tip, .. } if *tip == id).then_some(()))
            .await;
    }

    fn tip(&self) -> (BlockId, u64) {
        let list = self.list.lock().unwrap();
        let tip = list.iter().rev().find_map(|event| match event {
            Event::TipChanged { id, height, .. } | Event::Started { tip: id, height, .. } => Some((*id, *height)),
            _ => None,
        });
        tip.expect("a node says where it starts")
    }
}

/// A store whose content outlives the node.
fn kept() -> SharedStore {
    SharedStore::new(Box::new(MemoryStore::new()))
}

struct Lab {
    spec: Arc<ChainSpec>,
    workers: Workers,
}

impl Lab {
    fn new() -> Self {
        Self { spec: Arc::new(ChainSpec::lab().with_miners(300, TRIES)), workers: Workers::new(2) }
    }

    fn setup(&self, number: u8, bootstrap: &[SocketAddr], mines: bool, events: &Events) -> Setup {
        Setup {
            config: Config {
                bootstrap: bootstrap.to_vec(),
                mining: mines.then_some(Mining { tries_per_second: TRIES }),
                ..Config::default()
            },
            keys: KeyPair::from_seed([number; 32]),
            spec: Arc::clone(&self.spec),
            listen: Some("127.0.0.1:0".parse().unwrap()),
            store: Box::new(kept()),
            index: u32::from(number),
            seed: u64::from(number),
            events: events.sink(),
            workers: self.workers.clone(),
            names: Names::system(),
            upnp: None,
            wrap: None,
        }
    }

    async fn start(&self, number: u8, bootstrap: &[SocketAddr], mines: bool) -> (Handle, Events) {
        let events = Events::default();
        let handle = start(self.setup(number, bootstrap, mines, &events)).await.unwrap();
        (handle, events)
    }
}

fn address(handle: &Handle) -> SocketAddr {
    handle.address().unwrap()
}

/// Stops a node, and holds it to its promise.
async fn stop(handle: Handle, events: &Events) {
    let began = Instant::now();
    handle.stop().await;
    assert!(began.elapsed() < Duration::from_secs(5), "it took {:?}", began.elapsed());
    assert_eq!(events.last().last(), Some(&Event::Stopped));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_nodes_agree() {
    let lab = Lab::new();
    let (miner, seen) = lab.start(1, &[], true).await;
    seen.find("listening", |event| matches!(event, Event::Listening { .. }).then_some(())).await;
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
    followed.find("the end of the link", |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
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
    let events = Events::default();
    let mut setup = lab.setup(1, &[], true, &events);
    setup.store = Box::new(store.clone());
    let node = start(setup).await.unwrap();
    events.reaches(3).await;
    stop(node, &events).await;
    let (tip, height) = events.tip();

    let events = Events::default();
    let mut setup = lab.setup(1, &[], false, &events);
    setup.store = Box::new(store);
    let node = start(setup).await.unwrap();
    events.find("a start", |event| matches!(event, Event::Started { .. }).then_some(())).await;
    assert_eq!(events.tip(), (tip, height));
    stop(node, &events).await;
}

#[tokio::test]
async fn a_taken_port_is_said_in_a_sentence() {
    let lab = Lab::new();
    let (first, seen) = lab.start(1, &[], false).await;
    let events = Events::default();
    let mut setup = lab.setup(2, &[], false, &events);
    setup.listen = Some(address(&first));
    let Err(error) = start(setup).await else { panic!("two listen on one port") };
    assert!(matches!(&error, StartError::Listen { address: taken, .. } if *taken == address(&first)));
    assert!(error.to_string().contains("choose another port"), "{error}");
    // As soon as the first has stopped, the port is free.
    let taken = address(&first);
    stop(first, &seen).await;
    let mut setup = lab.setup(2, &[], false, &events);
    setup.listen = Some(taken);
    stop(start(setup).await.unwrap(), &events).await;
}

#[tokio::test]
async fn a_dropped_handle_stops_the_node() {
    let lab = Lab::new();
    let (node, events) = lab.start(1, &[], true).await;
    let address = address(&node);
    drop(node);
    events.find("the end", |event| matches!(event, Event::Stopped).then_some(())).await;
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
    seen.find("a peer", |event| matches!(event, Event::NewPeer { .. }).then_some(())).await;
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
        let identity = Identity::new(&KeyPair::from_seed([number; 32]), [number; 32]);
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
    let events = [Events::default(), Events::default()];
    let mut setup = lab.setup(1, &[], true, &events[0]);
    setup.config.timing = timing;
    let first = start(setup).await.unwrap();
    let mut setup = lab.setup(2, &[address(&first)], false, &events[1]);
    setup.config.timing = timing;
    let second = start(setup).await.unwrap();
    let [one, two] = events;
    for seen in [&one, &two] {
        seen.find("a peer", |event| matches!(event, Event::NewPeer { .. }).then_some(())).await;
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
fn round_trip(least: u64, most: u64) -> impl FnMut(&Event) -> Option<()> {
    let range = Duration::from_millis(least)..Duration::from_millis(most);
    move |event| matches!(event, Event::RoundTrip { time, .. } if range.contains(time)).then_some(())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_link_is_as_slow_as_it_is_set() {
    let lab = Lab::new();
    let timing =
        Timing { ping: Duration::from_millis(200), report: (Duration::from_millis(100), Duration::from_secs(10)), ..Timing::LAB };
    let [(first, one), (second, two)] = pair(&lab, timing).await;
    one.find("a fast link", round_trip(0, 100)).await;
    // Each direction by itself; what both ask of the round trip adds up.
    first.set_link(second.id(), delay(150));
    second.set_link(first.id(), delay(250));
    for seen in [&one, &two] {
        seen.find("a slow link", round_trip(400, 3_000)).await;
    }
    first.set_link(second.id(), LinkModel::default());
    let mark = one.count();
    one.find_after(mark, "a link that is slow one way", round_trip(250, 400)).await;
    second.set_link(first.id(), LinkModel::default());
    let mark = one.count();
    one.find_after(mark, "a fast link again", round_trip(0, 100)).await;
    // For a moment nothing comes through: what waits is told, and that it waits no more.
    let mark = one.count();
    first.set_link(second.id(), cut());
    let waits = |event: &Event| matches!(event, Event::Outbox { messages: 1.., bytes: 1.., .. }).then_some(());
    one.find_after(mark, "something that waits", waits).await;
    first.set_link(second.id(), LinkModel::default());
    let empty = |event: &Event| matches!(event, Event::Outbox { messages: 0, bytes: 0, .. }).then_some(());
    one.find_after(mark, "an empty outbox", empty).await;
    stop(second, &two).await;
    stop(first, &one).await;
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
        seen.find_after(mark, "the end", |event| matches!(event, Event::Disconnected { .. }).then_some(())).await;
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
    assert!(!one.list.lock().unwrap()[marks.0..].iter().any(|event| matches!(event, Event::Connected { .. })));
    let (height, marks) = (one.tip().1, (one.count(), two.count()));
    first.set_link(second.id(), LinkModel::default());
    second.set_link(first.id(), LinkModel::default());
    for (seen, mark) in [(&one, marks.0), (&two, marks.1)] {
        seen.find_after(mark, "the peer again", |event| matches!(event, Event::NewPeer { .. }).then_some(())).await;
    }
    two.reaches(height + 1).await;
    let banned = |events: &Events| events.list.lock().unwrap().iter().any(|event| matches!(event, Event::Banned { .. }));
    assert!(!banned(&one) && !banned(&two));
    stop(second, &two).await;
    stop(first, &one).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_node_says_nothing_and_starts_again_on_its_store() {
    let lab = Lab::new();
    let store = kept();
    let one = Events::default();
    let mut setup = lab.setup(1, &[], true, &one);
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
    let again = Events::default();
    let mut setup = lab.setup(1, &[], true, &again);
    setup.listen = Some(port);
    setup.store = Box::new(store);
    let first = start(setup).await.unwrap();
    again.find("a start", |event| matches!(event, Event::Started { tip, .. } if *tip == stored.tip).then_some(())).await;
    again.find("its peer", |event| matches!(event, Event::NewPeer { .. }).then_some(())).await;
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
    let pulse = |event: &Event| matches!(event, Event::Pulse { .. }).then_some(());
    first.set_paused(true);
    // By the other's clock; what was at hand has been handled by the first second.
    two.find_after(two.count(), "a second", pulse).await;
    let still = one.count();
    for _ in 0..2 {
        two.find_after(two.count(), "a second", pulse).await;
    }
    assert_eq!(one.count(), still, "{:#?}", one.last());
    first.set_paused(false);
    let height = one.tip().1;
    two.reaches(height + 2).await;
    for seen in [&one, &two] {
        for event in seen.list.lock().unwrap().iter() {
            let blames = matches!(event, Event::Banned { .. } | Event::Disconnected { .. })
                || matches!(event, Event::Reputation { delta, .. } if *delta < 0);
            assert!(!blames, "{event:?}");
        }
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
    let events = Events::default();
    let mut setup = lab.setup(2, &[address(&honest)], false, &events);
    let wrap: Wrap = Arc::new(|node| Box::new(Mute(node)));
    setup.wrap = Some(wrap);
    let mute = start(setup).await.unwrap();
    assert_eq!(mute.id(), KeyPair::from_seed([2; 32]).address());
    seen.find("the end", |event| match event {
        Event::NewPeer { .. } => panic!("it spoke"),
        Event::Disconnected { peer, .. } => (*peer == mute.id()).then_some(()),
        _ => None,
    })
    .await;
    stop(mute, &events).await;
    stop(honest, &seen).await;
}
