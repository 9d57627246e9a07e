//! Real nodes on loopback, in this process, and all that they have said.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use rumormill::chain::{BlockId, ChainSpec, KeyPair};
use rumormill::net::{Handle, Names, Setup, Transport, Workers, start};
use rumormill::node::{Admission, Config, Event, EventSink, Input, Machine, Mining, Node, Output, Stamped, Time, Wrap};
use rumormill::store::MemoryStore;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio::time::timeout;

/// Longest that anything here may take: ten times what a busy machine needs.
pub const PATIENCE: Duration = Duration::from_secs(60);
/// Tries a second of a miner.
pub const TRIES: u64 = 20_000;
/// What a stop promises.
const STOP: Duration = Duration::from_secs(5);

/// Keys of its own for each number.
pub fn keys(number: u32) -> KeyPair {
    KeyPair::from_seed(seed(number))
}

/// The seed of those keys.
pub fn seed(number: u32) -> [u8; 32] {
    let mut seed = [9; 32];
    seed[..4].copy_from_slice(&number.to_le_bytes());
    seed
}

/// Where a node listens.
pub fn address(handle: &Handle) -> SocketAddr {
    handle.address().unwrap()
}

/// Stops a node, and holds it to its promise.
pub async fn stop(handle: Handle, events: &Events) {
    let began = Instant::now();
    handle.stop().await;
    assert!(began.elapsed() < STOP, "it took {:?}", began.elapsed());
    events.end_with_a_stop().await;
}

/// A chain, and what its nodes share.
pub struct Lab {
    pub spec: Arc<ChainSpec>,
    workers: Workers,
}

impl Lab {
    /// A chain on which a miner finds a block every 300 ms or so.
    pub fn new() -> Self {
        Self::on(ChainSpec::lab().with_miners(300, TRIES), 2)
    }

    /// Another chain, and so many threads to validate on.
    pub fn on(spec: ChainSpec, threads: usize) -> Self {
        Self { spec: Arc::new(spec), workers: Workers::new(threads) }
    }

    /// A node that dials these. What else a test is about, it changes.
    pub fn setup(&self, number: u32, bootstrap: &[SocketAddr], mines: bool) -> (Setup, Events) {
        let (events, seen) = Events::new();
        let mut setup = self.setup_with(number, bootstrap, events);
        setup.config.mining = mines.then_some(Mining { tries_per_second: TRIES });
        (setup, seen)
    }

    /// The same, started.
    pub async fn start(&self, number: u32, bootstrap: &[SocketAddr], mines: bool) -> (Handle, Events) {
        let (setup, events) = self.setup(number, bootstrap, mines);
        (start(setup).await.unwrap(), events)
    }

    /// One whose events go elsewhere.
    pub fn setup_with(&self, number: u32, bootstrap: &[SocketAddr], events: EventSink) -> Setup {
        Setup {
            config: Config { bootstrap: bootstrap.to_vec(), ..Config::default() },
            keys: keys(number),
            transport: Transport::Noise,
            spec: Arc::clone(&self.spec),
            listen: Some(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))),
            store: Box::new(MemoryStore::new()),
            addresses: None,
            index: number,
            seed: u64::from(number),
            events,
            workers: self.workers.clone(),
            names: Names::system(),
            upnp: None,
            wrap: None,
        }
    }
}

/// A node that has said whom to admit, before anybody comes, and sticks to it.
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

/// Has a node admit these and nobody else.
pub fn admits(admission: Admission) -> Wrap {
    Arc::new(move |node| Box::new(Admits(node, admission.clone())))
}

/// An event, and when it was told: one clock for all nodes.
#[derive(Debug)]
pub struct Seen {
    pub at: Instant,
    pub event: Event,
}

/// All events of a node so far. Nobody polls: each event wakes who waits, and so does the node's end.
#[derive(Clone)]
pub struct Events(watch::Receiver<Vec<Seen>>);

impl Events {
    /// What a node tells its events, and where they are seen.
    pub fn new() -> (EventSink, Self) {
        let (tell, told) = watch::channel(Vec::new());
        let sink = move |stamped: Stamped| {
            tell.send_modify(|list: &mut Vec<Seen>| list.push(Seen { at: Instant::now(), event: stamped.event }));
        };
        (Arc::new(sink), Self(told))
    }

    /// How many there are so far.
    pub fn count(&self) -> usize {
        self.0.borrow().len()
    }

    /// What the history up to now gives.
    pub fn now<T>(&self, look: impl FnOnce(&[Seen]) -> T) -> T {
        look(&self.0.borrow())
    }

    /// What the events from number `from` on give.
    pub fn all<T>(&self, from: usize, look: impl FnMut(&Event) -> Option<T>) -> Vec<T> {
        self.now(|list| list[from..].iter().map(|seen| &seen.event).filter_map(look).collect())
    }

    /// Whether there is such an event from number `from` on.
    pub fn any(&self, from: usize, mut is: impl FnMut(&Event) -> bool) -> bool {
        self.now(|list| list[from..].iter().any(|seen| is(&seen.event)))
    }

    /// Looks at the whole history, again with each event, until it gives an answer.
    pub async fn until<T>(&self, what: &str, mut look: impl FnMut(&[Seen]) -> Option<T>) -> T {
        let (mut told, mut found) = (self.0.clone(), None);
        let search = told.wait_for(|list| {
            found = look(list);
            found.is_some()
        });
        let why = match timeout(PATIENCE, search).await {
            Ok(Ok(_)) => None,
            Ok(Err(_)) => Some("before the node's end"),
            Err(_) => Some("in time"),
        };
        match (found, why) {
            (Some(found), None) => found,
            (_, why) => panic!("{what} did not come {}; last events: {:#?}", why.unwrap_or_default(), self.last()),
        }
    }

    /// Waits until an event of the past or the future gives an answer.
    pub async fn find<T>(&self, what: &str, look: impl FnMut(&Event) -> Option<T>) -> T {
        self.find_after(0, what, look).await
    }

    /// The same from number `from` on.
    pub async fn find_after<T>(&self, mut from: usize, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        self.until(what, |list| {
            let found = list[from..].iter().find_map(|seen| look(&seen.event));
            from = list.len();
            found
        })
        .await
    }

    /// Waits for an event of the past or the future.
    pub async fn see(&self, what: &str, mut is: impl FnMut(&Event) -> bool) {
        self.find(what, |event| is(event).then_some(())).await;
    }

    /// The same from number `from` on.
    pub async fn see_after(&self, from: usize, what: &str, mut is: impl FnMut(&Event) -> bool) {
        self.find_after(from, what, |event| is(event).then_some(())).await;
    }

    /// Waits until hands are shaken with somebody.
    pub async fn meets(&self) {
        self.see("a peer", |event| matches!(event, Event::NewPeer { .. })).await;
    }

    /// Waits until its tip is, or was, as high as this.
    pub async fn reaches(&self, height: u64) {
        let reached = |event: &Event| matches!(event, Event::TipChanged { height: now, .. } if *now >= height);
        self.see(&format!("height {height}"), reached).await;
    }

    /// Waits until its tip is, or was, this one.
    pub async fn at(&self, id: BlockId) {
        self.see(&format!("tip {id}"), |event| matches!(event, Event::TipChanged { id: tip, .. } if *tip == id)).await;
    }

    /// Its tip and that one's height.
    pub fn tip(&self) -> (BlockId, u64) {
        let tip = |seen: &Seen| match &seen.event {
            Event::TipChanged { id, height, .. } | Event::Started { tip: id, height, .. } => Some((*id, *height)),
            _ => None,
        };
        self.now(|list| list.iter().rev().find_map(tip)).expect("a node says where it starts")
    }

    /// The last few.
    pub fn last(&self) -> Vec<Event> {
        self.now(|list| list[list.len().saturating_sub(12)..].iter().map(|seen| seen.event.clone()).collect())
    }

    /// Waits until the node can say nothing more; its last word is that it has stopped.
    pub async fn end_with_a_stop(&self) {
        let mut told = self.0.clone();
        let end = async { while told.changed().await.is_ok() {} };
        timeout(PATIENCE, end).await.expect("something may still be said");
        assert_eq!(self.last().last(), Some(&Event::Stopped));
    }
}
