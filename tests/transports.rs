//! Real nodes over each transport; two of different ones, which tell each other; and who is refused before any cryptography.
//!
//! No test sleeps for something to happen: each waits for an event, with a deadline that only a defect reaches.

use rumormill::chain::{ChainId, ChainSpec, KeyPair};
use rumormill::net::noise::{Channel, Identity, Secured, handshake};
use rumormill::net::{Handle, Names, Setup, Transport, Workers, start};
use rumormill::node::{Admission, Config, Event, EventSink, Input, Machine, Mining, Node, Output, Stamped, Time, Timing, Wrap};
use rumormill::store::MemoryStore;
use rumormill::wire::{Capabilities, Frame, FrameReader, GoodbyeReason, Hello, Message, decode, encode};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// Longest that anything here may take: ten times what a busy machine needs.
const PATIENCE: Duration = Duration::from_secs(60);
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

    /// Waits until all events so far together give an answer.
    async fn until<T>(&self, what: &str, mut look: impl FnMut(&[Event]) -> Option<T>) -> T {
        let search = async {
            loop {
                let found = look(&self.list.lock().unwrap());
                match found {
                    Some(found) => return found,
                    None => self.came.notified().await,
                }
            }
        };
        match timeout(PATIENCE, search).await {
            Ok(found) => found,
            Err(_) => panic!("{what} never came; last events: {:#?}", self.list.lock().unwrap().iter().rev().take(12).rev()),
        }
    }

    /// Waits until an event of the past or the future gives an answer.
    async fn find<T>(&self, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        self.until(what, |events| events.iter().find_map(&mut look)).await
    }

    async fn reaches(&self, height: u64) {
        let reached = |event: &Event| matches!(event, Event::TipChanged { height: now, .. } if *now >= height).then_some(());
        self.find(&format!("height {height}"), reached).await;
    }

    /// Peers with whom hands are shaken, now.
    fn peers(events: &[Event]) -> usize {
        let mut up = std::collections::BTreeSet::new();
        for event in events {
            match event {
                Event::NewPeer { connection, .. } => up.insert(*connection),
                Event::Disconnected { connection, .. } => up.remove(connection),
                _ => false,
            };
        }
        up.len()
    }
}

fn keys(number: u32) -> KeyPair {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    KeyPair::from_seed(seed)
}

fn spec() -> Arc<ChainSpec> {
    Arc::new(ChainSpec::lab().with_miners(300, TRIES))
}

fn setup(number: u32, transport: Transport, bootstrap: &[SocketAddr], events: &Events) -> Setup {
    Setup {
        config: Config { bootstrap: bootstrap.to_vec(), ..Config::default() },
        keys: keys(number),
        transport,
        spec: spec(),
        listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
        store: Box::new(MemoryStore::new()),
        index: number,
        seed: u64::from(number),
        events: events.sink(),
        workers: Workers::new(1),
        addresses: None,
        names: Names::system(),
        upnp: None,
        wrap: None,
    }
}

fn address(handle: &Handle) -> SocketAddr {
    handle.address().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_agree_over_each_transport() {
    for transport in Transport::ALL {
        let events: [Events; 3] = Default::default();
        let mut first = setup(1, transport, &[], &events[0]);
        first.config.mining = Some(Mining { tries_per_second: TRIES });
        let first = start(first).await.unwrap();
        let second = start(setup(2, transport, &[address(&first)], &events[1])).await.unwrap();
        let third = start(setup(3, transport, &[address(&second)], &events[2])).await.unwrap();
        for (seen, id) in [(&events[1], first.id()), (&events[2], second.id())] {
            let peer = |event: &Event| matches!(event, Event::NewPeer { peer, .. } if *peer == id).then_some(());
            seen.find("a peer with its own id", peer).await;
        }
        for seen in &events {
            seen.reaches(4).await;
        }
        for handle in [third, second, first] {
            handle.stop().await;
        }
        let warned = |seen: &Events| {
            let warns = |event: &Event| matches!(event, Event::Warning { text } if text.contains("not secured"));
            seen.list.lock().unwrap().iter().filter(|event| warns(event)).count()
        };
        assert_eq!(warned(&events[0]), usize::from(transport == Transport::Plain), "who is not secured hears it, once");
    }
}

/// Of each pair both screens say which transport each of the two speaks, and neither tries again at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_of_different_transports_tell_each_other_why_they_part() {
    for listens in Transport::ALL {
        for dials in Transport::ALL.into_iter().filter(|dials| *dials != listens) {
            let (near, far) = (Events::default(), Events::default());
            let listener = start(setup(1, listens, &[], &near)).await.unwrap();
            let dialler = start(setup(2, dials, &[address(&listener)], &far)).await.unwrap();
            let failed = |event: &Event| match event {
                Event::DialFailed { why, retry_in, .. } => Some((why.clone(), *retry_in)),
                _ => None,
            };
            let (why, retry_in) = far.find("a failed dial", failed).await;
            assert_eq!(why, format!("it speaks {listens}, we speak {dials}: start both with the same --transport"));
            assert!(retry_in > Duration::from_secs(10), "later than after a dial that failed: in {retry_in:?}");
            let warned = |event: &Event| match event {
                Event::Warning { text } if text.contains(" speaks ") => Some(text.clone()),
                _ => None,
            };
            let text = near.find("a warning", warned).await;
            assert!(
                text.ends_with(&format!(" speaks {dials}, we speak {listens}: start both with the same --transport")),
                "{text}"
            );
            dialler.stop().await;
            listener.stop().await;
        }
    }
}

/// A node that has said whom to admit, before anybody comes.
struct Admits(Node, Admission);

impl Machine for Admits {
    fn start(&mut self, now: Time, out: &mut Vec<Output>) {
        self.0.start(now, out);
        out.push(Output::Admit(self.1.clone()));
    }
    fn handle(&mut self, now: Time, input: Input, out: &mut Vec<Output>) {
        self.0.handle(now, input, out);
        // What the node itself says of it is not looked at here.
        out.retain(|output| !matches!(output, Output::Admit(_)));
    }
    fn next_deadline(&self) -> Time {
        self.0.next_deadline()
    }
    fn node(&self) -> &Node {
        &self.0
    }
}

fn admits(admission: &Admission) -> Option<Wrap> {
    let admission = admission.clone();
    Some(Arc::new(move |node| Box::new(Admits(node, admission.clone()))))
}

/// What a stranger hears who says nothing.
async fn heard(stream: &mut TcpStream) -> Vec<u8> {
    let mut heard = Vec::new();
    let read = timeout(Duration::from_secs(2), stream.read_to_end(&mut heard)).await;
    assert!(read.is_ok(), "a refusal takes no time");
    heard
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_node_says_so_before_any_cryptography() {
    for transport in Transport::ALL {
        let (near, far) = (Events::default(), Events::default());
        let mut full = setup(1, transport, &[], &near);
        full.wrap = admits(&Admission { full: true, ..Admission::default() });
        let full = start(full).await.unwrap();
        let mut stranger = TcpStream::connect(address(&full)).await.unwrap();
        assert_eq!(heard(&mut stranger).await, b"refused:f\n");
        let dialler = start(setup(2, transport, &[address(&full)], &far)).await.unwrap();
        let failed = |event: &Event| match event {
            Event::DialFailed { why, retry_in, .. } => Some((why.clone(), *retry_in)),
            _ => None,
        };
        let (why, retry_in) = far.find("a failed dial", failed).await;
        assert_eq!(why, "it has no free slot");
        assert!(retry_in < Duration::from_secs(10), "a slot may be free soon, and it dials again in {retry_in:?}");
        dialler.stop().await;
        full.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_banned_and_the_too_many_of_one_address_are_closed_without_a_word() {
    let events = Events::default();
    let mut node = setup(1, Transport::Noise, &[], &events);
    node.wrap = admits(&Admission { per_ip: Some(3), ..Admission::default() });
    let node = start(node).await.unwrap();
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(address(&node)).await.unwrap());
    }
    let mut fourth = TcpStream::connect(address(&node)).await.unwrap();
    assert!(heard(&mut fourth).await.is_empty());
    // A stranger who goes makes room, as soon as it is noticed.
    held.pop();
    let again = async {
        loop {
            let mut stream = TcpStream::connect(address(&node)).await.unwrap();
            let (identity, mut waste) = (Identity::new(&keys(7), [7; 32]), [0; 1]);
            tokio::select! {
                done = handshake(&mut stream, &identity, true, [8; 32]) => if done.is_ok() { return },
                else => { let _ = stream.read(&mut waste).await; }
            }
        }
    };
    timeout(PATIENCE, again).await.unwrap();
    node.stop().await;

    let mut node = setup(1, Transport::Noise, &[], &events);
    let banned = [IpAddr::from(Ipv4Addr::LOCALHOST)].into();
    node.wrap = admits(&Admission { banned, full: true, per_ip: None });
    let node = start(node).await.unwrap();
    let mut stranger = TcpStream::connect(address(&node)).await.unwrap();
    assert!(heard(&mut stranger).await.is_empty());
    node.stop().await;
}

/// What came of one dial.
enum Dialled {
    /// Hands are shaken; the connection.
    Held(TcpStream, Box<Channel>),
    /// It was told that the node is full, in clear or after the handshake.
    Full,
}

/// Dials as a stranger with keys of his own, and shakes hands.
async fn dial(number: u32, node: SocketAddr, spec: &ChainSpec) -> Dialled {
    let mut stream = TcpStream::connect(node).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let (keys, genesis) = (keys(number), spec.genesis().0);
    let identity = Identity::new(&keys, [number as u8; 32]);
    let mut seed = [1; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    let Secured { mut channel, .. } = match handshake(&mut stream, &identity, true, seed).await {
        Ok(secured) => secured,
        Err(error) if error.to_string() == "it has no free slot" => return Dialled::Full,
        Err(error) => panic!("dial {number}: {error}"),
    };
    let hello = Hello {
        version_lowest: 1,
        version_highest: 1,
        chain: ChainId(spec.chain.0),
        genesis: genesis.id(),
        node: keys.address(),
        agent: "a raw client".to_owned(),
        port: 0,
        height: 0,
        work: 0,
        tip: genesis.id(),
        capabilities: Capabilities::RELAY,
        time: 0,
        nonce: u64::from(number),
    };
    let frame = encode(&Message::Handshake { hello });
    let mut sealed = vec![0; Channel::sealed_len(frame.len())];
    let length = channel.seal(&frame, &mut sealed).unwrap();
    // Where the node has said goodbye already, its words are still to be read.
    let _ = stream.write_all(&sealed[..length]).await;
    let (mut arrived, mut plain, mut frames) = (Vec::new(), Vec::new(), FrameReader::default());
    loop {
        while let Some(length) = channel.next(&arrived).unwrap() {
            let count = channel.open(&arrived[..length], &mut plain).unwrap();
            arrived.drain(..length);
            let mut rest = &plain[..count];
            while let Some(frame) = frames.next(&mut rest).unwrap() {
                let Frame::Known { kind, payload, .. } = frame else { continue };
                match decode(kind as u8, payload).unwrap() {
                    Some(Message::HandshakeAck { .. }) => return Dialled::Held(stream, Box::new(channel)),
                    Some(Message::Goodbye { reason: GoodbyeReason::Full }) => return Dialled::Full,
                    other => panic!("dial {number}: {other:?}"),
                }
            }
        }
        let mut bytes = [0; 1_000];
        match stream.read(&mut bytes).await {
            Ok(count @ 1..) => arrived.extend_from_slice(&bytes[..count]),
            ended => panic!("dial {number}: {ended:?} without a word"),
        }
    }
}

/// Adversary 18, a tenth of it; the whole is in `benches/handshakes.rs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_thousand_dials_at_a_limit_of_fifty_hold_exactly_fifty() {
    const DIALS: u32 = 2_000;
    const LIMIT: usize = 50;
    let events = Events::default();
    let mut node = setup(1, Transport::Noise, &[], &events);
    node.config.max_inbound = LIMIT;
    // Nobody answers pings here.
    let long = Duration::from_secs(3_600);
    node.config.timing = Timing { ping: long, pong: long, ..Timing::LAB };
    let node = start(node).await.unwrap();
    let (at_once, spec) = (Arc::new(Semaphore::new(100)), spec());
    let mut dials = JoinSet::new();
    for number in 100..100 + DIALS {
        let (at_once, spec, node) = (Arc::clone(&at_once), Arc::clone(&spec), address(&node));
        dials.spawn(async move {
            let _permit = at_once.acquire().await;
            timeout(PATIENCE, dial(number, node, &spec)).await.unwrap()
        });
    }
    let (mut held, mut refused) = (Vec::new(), 0);
    while let Some(dialled) = dials.join_next().await {
        match dialled.unwrap() {
            Dialled::Held(stream, channel) => held.push((stream, channel)),
            Dialled::Full => refused += 1,
        }
    }
    assert_eq!(held.len() + refused, DIALS as usize);
    let peers = events.until("all that are refused to be gone", |events| {
        let peers = Events::peers(events);
        (peers >= LIMIT).then_some(peers)
    });
    assert_eq!(peers.await, LIMIT);
    let most = {
        let events = events.list.lock().unwrap();
        (0..=events.len()).step_by(97).map(|end| Events::peers(&events[..end])).max()
    };
    assert!(most <= Some(LIMIT), "never more at any time: {most:?}");
    drop(held);
    events.until("nobody", |events| (Events::peers(events) == 0).then_some(())).await;
    node.stop().await;
}
