//! The victim, and an honest node linked with it, to which nothing may happen.

use super::client::{PATIENCE, Session, connect};
use super::noise::Persona;
use rumormill::chain::{Address, ChainSpec, KeyPair};
use rumormill::net::{Handle, Names, Setup, Transport, Workers, start};
use rumormill::node::{Config, Event, EventSink, Mining, Stamped};
use rumormill::store::MemoryStore;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};
use std::time::{Duration, Instant};
use tokio::sync::Notify;
use tokio::time::timeout;

/// Tries a second of the honest miner, and the time between its blocks: a height goes on while one waits.
const TRIES: u64 = 10_000;
const BLOCK_MILLIS: u64 = 150;

/// Panics in the product's own code: its tasks would swallow them.
static PANICS: Mutex<Vec<String>> = Mutex::new(Vec::new());

fn watch_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if info.location().is_some_and(|location| !location.file().contains("tests/")) {
                PANICS.lock().unwrap().push(info.to_string());
            }
            before(info);
        }));
    });
}

/// An event, and when it was told: one clock for all nodes.
pub struct Seen {
    pub at: Instant,
    pub event: Event,
}

/// All events of a node so far.
#[derive(Clone, Default)]
pub struct Events {
    list: Arc<Mutex<Vec<Seen>>>,
    came: Arc<Notify>,
}

impl Events {
    fn sink(&self) -> EventSink {
        let Self { list, came } = self.clone();
        Arc::new(move |stamped: Stamped| {
            list.lock().unwrap().push(Seen { at: Instant::now(), event: stamped.event });
            came.notify_waiters();
        })
    }

    /// How many there are so far.
    pub fn count(&self) -> usize {
        self.list.lock().unwrap().len()
    }

    /// What the events from number `from` on give.
    pub fn all<T>(&self, from: usize, look: impl FnMut(&Event) -> Option<T>) -> Vec<T> {
        self.list.lock().unwrap()[from..].iter().map(|seen| &seen.event).filter_map(look).collect()
    }

    /// Looks at the whole history, again with each event, until it gives an answer.
    pub async fn history<T>(&self, what: &str, mut look: impl FnMut(&[Seen]) -> Option<T>) -> T {
        let search = async {
            loop {
                let came = self.came.notified();
                if let Some(found) = look(&self.list.lock().unwrap()) {
                    return found;
                }
                came.await;
            }
        };
        match timeout(PATIENCE, search).await {
            Ok(found) => found,
            Err(_) => {
                let list = self.list.lock().unwrap();
                panic!(
                    "{what} never came; last events: {:#?}",
                    list.iter().rev().take(12).map(|seen| &seen.event).collect::<Vec<_>>()
                )
            }
        }
    }

    /// What the history up to now gives.
    pub fn now<T>(&self, look: impl FnOnce(&[Seen]) -> Option<T>) -> Option<T> {
        look(&self.list.lock().unwrap())
    }

    /// Waits until an event of the past or the future, from number `from` on, gives an answer.
    pub async fn find<T>(&self, mut from: usize, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        self.history(what, |list| {
            let found = list[from..].iter().find_map(|seen| look(&seen.event));
            from = list.len();
            found
        })
        .await
    }

    /// Height of the tip.
    pub fn height(&self) -> u64 {
        let height = |event: &Event| match event {
            Event::TipChanged { height, .. } | Event::Started { height, .. } => Some(*height),
            _ => None,
        };
        self.all(0, height).pop().unwrap_or_default()
    }
}

/// A chain, and what its nodes share.
pub struct Lab {
    pub spec: Arc<ChainSpec>,
    workers: Workers,
}

impl Lab {
    pub fn new() -> Self {
        watch_panics();
        Self { spec: Arc::new(ChainSpec::lab().with_miners(BLOCK_MILLIS, TRIES)), workers: Workers::new(1) }
    }

    pub async fn node(&self, number: u8, listen: &str, adapt: impl FnOnce(&mut Config)) -> (Handle, Events) {
        let events = Events::default();
        // It dials nobody but whom it is told to: no attacker can make it dial anywhere.
        let mut config = Config { max_outbound: 0, max_inbound: 100, ..Config::default() };
        adapt(&mut config);
        let setup = Setup {
            config,
            keys: KeyPair::from_seed([number; 32]),
            spec: Arc::clone(&self.spec),
            listen: Some(listen.parse().unwrap()),
            store: Box::new(MemoryStore::new()),
            index: u32::from(number),
            seed: u64::from(number),
            events: events.sink(),
            workers: self.workers.clone(),
            names: Names::system(),
            addresses: None,
            upnp: None,
            transport: Transport::Noise,
            wrap: None,
        };
        (start(setup).await.unwrap(), events)
    }
}

/// A victim, and an honest miner linked with it.
pub struct Stage {
    pub lab: Lab,
    pub victim: Handle,
    pub seen: Events,
    pub honest: Handle,
    pub its: Events,
    /// How many events of both have been looked at for harm.
    checked: Mutex<[usize; 2]>,
}

impl Stage {
    pub async fn new() -> Self {
        Self::with(|_| ()).await
    }

    /// With a victim set up otherwise.
    pub async fn with(adapt: impl FnOnce(&mut Config)) -> Self {
        Self::listening("127.0.0.1:0", adapt).await
    }

    pub async fn listening(listen: &str, adapt: impl FnOnce(&mut Config)) -> Self {
        let lab = Lab::new();
        let (victim, seen) = lab.node(1, listen, adapt).await;
        let (honest, its) = lab.honest(2, loopback(&victim)).await;
        for events in [&seen, &its] {
            events.find(0, "the honest peer", |event| matches!(event, Event::NewPeer { .. }).then_some(())).await;
        }
        Self { lab, victim, seen, honest, its, checked: Mutex::default() }
    }

    pub fn address(&self) -> SocketAddr {
        loopback(&self.victim)
    }

    /// An attacker who has proven who he is, and nothing more.
    pub async fn stranger(&self, number: u32) -> Session {
        Session::dial(connect(self.address(), number).await, &Persona::new(number)).await
    }

    /// An attacker with whom hands are shaken.
    pub async fn friend(&self, number: u32) -> Session {
        let mut session = self.stranger(number).await;
        session.shake(&self.lab.spec).await;
        session
    }

    /// Why the victim's connection with an attacker ended.
    pub async fn parted(&self, with: Address) -> String {
        self.seen
            .find(0, "the end of the attacker's connection", |event| match event {
                Event::Disconnected { peer, why, .. } if *peer == with => Some(why.clone()),
                _ => None,
            })
            .await
    }

    /// What the victim took from an attacker's reputation so far, in hundredths.
    pub fn blame(&self, of: Address) -> i32 {
        let deltas = self.seen.all(0, |event| match event {
            Event::Reputation { peer, delta, .. } if *peer == of => Some(*delta),
            _ => None,
        });
        deltas.into_iter().sum()
    }

    /// How often the victim had a connection with him.
    pub fn connections(&self, with: Address) -> usize {
        self.seen.all(0, |event| matches!(event, Event::Connected { peer, .. } if *peer == with).then_some(())).len()
    }

    pub fn is_banned(&self, who: Address) -> bool {
        !self.seen.all(0, |event| matches!(event, Event::Banned { peer, .. } if *peer == who).then_some(())).is_empty()
    }

    /// Nothing has happened to the honest link since the last look: height goes on over it, it never ended, nobody at its ends is blamed; nothing panicked.
    pub async fn unharmed(&self) {
        let height = self.its.height().max(self.seen.height()) + 1;
        self.seen
            .find(0, &format!("height {height}"), |event| {
                matches!(event, Event::TipChanged { height: now, .. } if *now >= height).then_some(())
            })
            .await;
        self.undisturbed();
    }

    /// The same, without waiting for a block.
    pub fn undisturbed(&self) {
        let mut checked = self.checked.lock().unwrap();
        let ends = [(&self.seen, self.honest.id()), (&self.its, self.victim.id())];
        for ((events, other), checked) in ends.into_iter().zip(checked.iter_mut()) {
            let from = std::mem::replace(checked, events.count());
            let harm = events.all(from, |event| {
                let harm = match event {
                    Event::Disconnected { peer, .. } | Event::Banned { peer, .. } => *peer == other,
                    Event::Reputation { peer, delta, .. } => *peer == other && *delta < 0,
                    Event::Stopped => true,
                    _ => false,
                };
                harm.then(|| event.clone())
            });
            assert!(harm.is_empty(), "{harm:#?}");
        }
        let panics = PANICS.lock().unwrap();
        assert!(panics.is_empty(), "{panics:#?}");
    }

    /// The honest peer is unharmed, and both nodes end in order.
    pub async fn end(self) {
        self.unharmed().await;
        for (handle, events) in [(self.honest, self.its), (self.victim, self.seen)] {
            handle.stop().await;
            events.find(0, "an end in order", |event| matches!(event, Event::Stopped).then_some(())).await;
        }
        assert!(PANICS.lock().unwrap().is_empty());
    }
}

impl Lab {
    /// An honest miner that dials `address`.
    pub async fn honest(&self, number: u8, address: SocketAddr) -> (Handle, Events) {
        self.node(number, "127.0.0.1:0", |config| {
            config.bootstrap = vec![address];
            config.max_outbound = 1;
            config.min_peers = 1;
            config.mining = Some(Mining { tries_per_second: TRIES });
        })
        .await
    }
}

/// Where a node is reached over IPv4.
pub fn loopback(node: &Handle) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], node.address().unwrap().port()))
}

/// Less than a deadline allows, even on a busy machine.
pub const SOON: Duration = Duration::from_secs(3);
