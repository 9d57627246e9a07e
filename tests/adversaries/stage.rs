//! The victim, and an honest node linked with it, to which nothing may happen.

use super::client::{Session, connect};
use super::nodes::{self, Events};
use super::noise::Persona;
use rumormill::chain::{Address, ChainSpec};
use rumormill::net::{Handle, start};
use rumormill::node::{Config, Event, Mining};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, Once};
use std::time::Duration;

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

/// A chain, and what its nodes share.
pub struct Lab {
    pub spec: Arc<ChainSpec>,
    nodes: nodes::Lab,
}

impl Lab {
    pub fn new() -> Self {
        watch_panics();
        let nodes = nodes::Lab::on(ChainSpec::lab().with_miners(BLOCK_MILLIS, TRIES), 1);
        Self { spec: Arc::clone(&nodes.spec), nodes }
    }

    pub async fn node(&self, number: u32, listen: &str, adapt: impl FnOnce(&mut Config)) -> (Handle, Events) {
        let (mut setup, events) = self.nodes.setup(number, &[], false);
        setup.listen = Some(listen.parse().unwrap());
        // It dials nobody but whom it is told to: no attacker can make it dial anywhere.
        setup.config = Config { max_outbound: 0, max_inbound: 100, ..setup.config };
        adapt(&mut setup.config);
        (start(setup).await.unwrap(), events)
    }

    /// An honest miner that dials `address`.
    pub async fn honest(&self, number: u32, address: SocketAddr) -> (Handle, Events) {
        self.node(number, "127.0.0.1:0", |config| {
            config.bootstrap = vec![address];
            config.max_outbound = 1;
            config.min_peers = 1;
            config.mining = Some(Mining { tries_per_second: TRIES });
        })
        .await
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
            events.meets().await;
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
            .find("the end of the attacker's connection", |event| match event {
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
        self.seen.reaches(self.its.tip().1.max(self.seen.tip().1) + 1).await;
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
            events.see("an end in order", |event| matches!(event, Event::Stopped)).await;
        }
        assert!(PANICS.lock().unwrap().is_empty());
    }
}

/// Where a node is reached over IPv4.
pub fn loopback(node: &Handle) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], node.address().unwrap().port()))
}

/// Less than a deadline allows, even on a busy machine.
pub const SOON: Duration = Duration::from_secs(3);
