//! A day among a hundred honest nodes, in virtual time: nodes leave, crash, come late and stand still, lines grow slow, clocks are off. Nobody
//! is banned, blamed or parted with for another's fault or for the judge's own.
//!
//! The test knows what it did to whom and when, and holds every judgement that a node makes of another against that.
//!
//! `cargo test --release --test blameless -- --ignored --nocapture` plays twenty days and prints what was looked at.

use rand::rngs::ChaCha8Rng;
use rand::{RngExt, SeedableRng};
use rumormill::chain::{Address, ChainSpec, KeyPair};
use rumormill::cluster::Profile;
use rumormill::link::LinkModel;
use rumormill::node::limits::{LONGEST_ANSWER, UNANSWERED};
use rumormill::node::{Command, Config, Event, Mining, Stamped, Time, Timing};
use rumormill::sim::Simulation;
use rumormill::store::MemoryStore;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const NODES: usize = 100;
/// Nodes whose addresses everybody knows.
const KNOWN: usize = 3;
/// Nodes that are not there from the start.
const LATE: usize = 12;
/// Every so many-th node mines: five of them.
const MINER_EVERY: usize = 20;
/// Tries a second of one: one a slice of the simulation's miners, the fewest there are.
const TRIES: u64 = 20;
const BLOCK_TIME: Duration = Duration::from_secs(600);
/// Between two payments: four a minute.
const PAYMENT: Duration = Duration::from_secs(15);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// One-way ways between five regions in milliseconds: about half of the round trips that are measured between clouds' data centres in
/// western Europe, eastern and western North America, Japan and Brazil.
const WAYS: [[u64; 5]; 5] =
    [[8, 40, 70, 115, 95], [40, 8, 32, 80, 58], [70, 32, 8, 52, 88], [115, 80, 52, 8, 130], [95, 58, 88, 130, 8]];

/// How long what happened to a node explains what others find: as long as an answer is waited for at most, and given up after.
const EXPLAINS: Duration = Duration::from_secs(LONGEST_ANSWER.as_secs() + UNANSWERED.as_secs());

/// What befalls a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    /// It said goodbye, and is away.
    Left,
    /// It was killed, and is away.
    Crashed,
    /// It stands still.
    Paused,
    /// Its line is far and thin.
    Slow,
}

/// Each of them: how many befall somebody in an hour, and for how long at least and at most.
const TROUBLES: [(Trouble, f64, Duration, Duration); 5] = [
    (Trouble::Left, 4.0, MINUTE, HOUR),
    (Trouble::Crashed, 4.0, SECOND, Duration::from_secs(600)),
    (Trouble::Paused, 12.0, SECOND, MINUTE),
    (Trouble::Paused, 2.0, MINUTE, Duration::from_secs(600)),
    (Trouble::Slow, 6.0, MINUTE, Duration::from_secs(600)),
];

/// What was done to whom, and when; an end not yet come is [`Time::MAX`].
#[derive(Default)]
struct Record(Vec<(usize, Trouble, Time, Time)>);

impl Record {
    /// Those of these that befell the node not long before `since`, or after it and before `at`.
    fn lately(
        &self,
        node: usize,
        since: Time,
        at: Time,
        troubles: &[Trouble],
    ) -> impl Iterator<Item = &(usize, Trouble, Time, Time)> {
        self.0.iter().filter(move |(whom, trouble, from, until)| {
            *whom == node && troubles.contains(trouble) && *from <= at && *until + EXPLAINS >= since
        })
    }

    /// Whether one of these befell the node not long before this moment.
    fn explains(&self, node: usize, at: Time, troubles: &[Trouble]) -> bool {
        self.lately(node, at, at, troubles).next().is_some()
    }

    /// Since when the node has known nothing: it stands still, or did so a moment ago.
    fn unaware_since(&self, node: usize, at: Time) -> Time {
        self.lately(node, at, at, &[Trouble::Paused]).map(|(.., from, _)| *from).min().unwrap_or(at)
    }

    /// Its trouble is over.
    fn end(&mut self, node: usize, now: Time) {
        let open = self.0.iter_mut().filter(|(whom, .., until)| *whom == node && *until == Time::MAX);
        open.for_each(|(.., until)| *until = now);
    }
}

/// What a node did to another.
#[derive(Clone, Debug)]
enum Deed {
    Banned(String),
    Blamed(String),
    Parted(String),
}

impl Deed {
    /// What an event tells of another node, unless it is good.
    fn of(event: &Event) -> Option<(Option<Address>, Self)> {
        match event {
            Event::Banned { peer, reason, .. } => Some((Some(*peer), Self::Banned(reason.clone()))),
            Event::AddressBanned { reason, .. } => Some((None, Self::Banned(reason.clone()))),
            Event::Reputation { peer, delta, reason, .. } if *delta < 0 => Some((Some(*peer), Self::Blamed(reason.clone()))),
            Event::Disconnected { peer, why, .. } => Some((Some(*peer), Self::Parted(why.clone()))),
            _ => None,
        }
    }

    /// Whether `by` had cause for it, that lies neither with others nor with itself.
    fn is_just(&self, record: &Record, at: Time, by: usize, of: usize) -> bool {
        use Trouble::{Crashed, Left, Paused, Slow};
        let befell = |troubles: &[Trouble]| record.explains(of, at, troubles);
        match self {
            Self::Banned(_) => false,
            Self::Blamed(reason) => match reason.as_str() {
                // It stood still while it was asked: that is its own doing. A slow line is not.
                "did not answer a request" | "answered late" => befell(&[Paused]),
                _ => false,
            },
            Self::Parted(why) => match why.as_str() {
                // Good order: slots, ties, and links that were made for one question. The other end's own word is judged where it is said.
                "this node shuts down"
                | "this node is shutting down"
                | "it gave way to a newcomer"
                | "no inbound slot is free"
                | "another connection with the same peer is kept"
                | "it served nobody while slots were scarce"
                | "a feeler: the address answers"
                | "too many are asking at once"
                | "a guest gave way to the next"
                | "that address is our own"
                | "the peer said goodbye: it shuts down"
                | "the peer said goodbye: it has no free slot"
                | "the peer said goodbye: it keeps another connection with us"
                | "the peer said goodbye: it no longer needs the link"
                | "closed by the peer" => true,
                // It may have happened while the judge stood still, and been found out by it afterwards.
                "connection reset by the peer" => {
                    record.lately(of, record.unaware_since(by, at), at, &[Left, Crashed]).next().is_some()
                }
                "hands were not shaken in time" | "a guest stayed too long" => {
                    // The protocol gives three seconds, and a packet lost twice takes as long on a thin line (see `way`): nobody's name suffers
                    // for it, and the dial is repeated.
                    let thin = [by, of].into_iter().any(|node| line(node) != Profile::Home);
                    thin || befell(&[Paused, Left, Crashed, Slow]) || record.explains(by, at, &[Slow])
                }
                why if why.starts_with("no pong within") => befell(&[Paused]),
                _ => false,
            },
        }
    }
}

impl fmt::Display for Deed {
    /// With the same words for all numbers, so that they can be counted.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, why) = match self {
            Self::Banned(why) => ("banned", why),
            Self::Blamed(why) => ("blamed", why),
            Self::Parted(why) => ("parted", why),
        };
        let why: String = why.chars().map(|c| if c.is_ascii_digit() { '#' } else { c }).collect();
        write!(f, "{verb}: {}", why.replace("##", "#"))
    }
}

/// What was seen.
#[derive(Default)]
struct Seen {
    events: u64,
    blocks: u64,
    deeds: Vec<(Time, usize, Option<Address>, Deed)>,
}

fn keys(node: usize) -> KeyPair {
    let mut seed = [11; 32];
    seed[..8].copy_from_slice(&(node as u64).to_le_bytes());
    KeyPair::from_seed(seed)
}

/// A day, or less of it.
struct Day {
    sim: Simulation,
    started: Time,
    rng: ChaCha8Rng,
    record: Record,
    seen: Arc<Mutex<Seen>>,
    /// Who suffers, from what, and until when (since the start).
    suffering: BTreeMap<usize, (Trouble, Duration)>,
    /// Who comes late, and when.
    absent: BTreeMap<usize, Duration>,
    /// How far the clock of each is off, in milliseconds.
    skews: Vec<i64>,
    /// How each sends to each when all is well.
    links: Vec<Vec<LinkModel>>,
    happened: BTreeMap<Trouble, usize>,
}

/// What line a node has: every twelfth a thin one, every fiftieth a bad one.
fn line(node: usize) -> Profile {
    match node {
        _ if node % 50 == 17 => Profile::Bad,
        _ if node % 12 == 5 => Profile::Constrained,
        _ => Profile::Home,
    }
}

/// How a way between two regions behaves, with the worse of the two ends' lines.
fn way(rng: &mut ChaCha8Rng, from: usize, to: usize) -> LinkModel {
    let worst = line(from).model();
    let worst = if line(from) as usize >= line(to) as usize { worst } else { line(to).model() };
    let latency = Duration::from_millis(WAYS[from % 5][to % 5]);
    let jitter = worst.jitter + latency / 10;
    LinkModel { latency: worst.latency + latency, jitter, loss: rng.random_range(worst.loss / 2..=worst.loss * 2), ..worst }
}

impl Day {
    fn new(seed: u64, length: Duration, block_time: Duration) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut allocation: Vec<_> = (0..NODES).map(|node| (keys(node).address(), 1_000_000)).collect();
        allocation.sort_unstable();
        let spec = ChainSpec { allocation, ..ChainSpec::lab() };
        let miners = NODES.div_ceil(MINER_EVERY) as u64;
        let mut sim = Simulation::new(Arc::new(spec.with_miners(block_time.as_millis() as u64, miners * TRIES)), seed);
        let seen = Arc::new(Mutex::new(Seen::default()));
        let sink = Arc::clone(&seen);
        sim.set_events(Arc::new(move |stamped: Stamped| {
            let mut seen = sink.lock().unwrap();
            seen.events += 1;
            seen.blocks += u64::from(matches!(stamped.event, Event::BlockMined { .. }));
            if let Some((of, deed)) = Deed::of(&stamped.event) {
                seen.deeds.push((stamped.at, stamped.node as usize, of, deed));
            }
        }));
        let links: Vec<Vec<_>> = (0..NODES).map(|from| (0..NODES).map(|to| way(&mut rng, from, to)).collect()).collect();
        for (from, row) in links.iter().enumerate() {
            row.iter().enumerate().for_each(|(to, model)| sim.set_link(from, to, *model));
        }
        // One in ten clocks is off by some seconds.
        let skews = (0..NODES).map(|node| if node % 10 == 3 { rng.random_range(-8_000..=8_000) } else { 0 }).collect();
        let mut absent = BTreeMap::new();
        for node in 0..NODES {
            let config = Config {
                bootstrap: (0..KNOWN).filter(|known| *known != node).map(Simulation::address).collect(),
                timing: Timing::PUBLIC,
                mining: (node % MINER_EVERY == 1).then_some(Mining { tries_per_second: TRIES }),
                ..Config::default()
            };
            sim.add_stopped(config, keys(node), Box::new(MemoryStore::new()));
            // All but the late come within a minute.
            let late = node >= NODES - LATE;
            absent.insert(node, rng.random_range(Duration::ZERO..if late { length } else { MINUTE }));
        }
        Self {
            started: sim.now(),
            sim,
            rng,
            record: Record::default(),
            seen,
            suffering: BTreeMap::new(),
            absent,
            skews,
            links,
            happened: BTreeMap::new(),
        }
    }

    fn start(&mut self, node: usize) {
        self.sim.restart(node).unwrap();
        self.sim.command(node, Command::SkewClock { millis: self.skews[node] });
    }

    /// The whole line of a node, in both directions.
    fn set_line(&mut self, node: usize, change: impl Fn(LinkModel) -> LinkModel) {
        for other in (0..NODES).filter(|other| *other != node) {
            self.sim.set_link(node, other, change(self.links[node][other]));
            self.sim.set_link(other, node, change(self.links[other][node]));
        }
    }

    /// Something befalls one to whom nothing else has happened of late.
    fn strike(&mut self, trouble: Trouble, lasts: Duration) {
        let (now, elapsed) = (self.sim.now(), self.sim.elapsed());
        let well: Vec<_> = (0..NODES)
            .filter(|node| !self.suffering.contains_key(node) && !self.absent.contains_key(node))
            .filter(|node| self.sim.node(*node).is_some())
            .collect();
        // Most of the network is always well, or there were no network.
        if well.len() < NODES * 3 / 4 {
            return;
        }
        let node = well[self.rng.random_range(0..well.len())];
        match trouble {
            Trouble::Left => self.sim.command(node, Command::Shutdown),
            Trouble::Crashed => self.sim.kill(node),
            Trouble::Paused => self.sim.set_paused(node, true),
            Trouble::Slow => {
                let latency = self.rng.random_range(Duration::from_millis(300)..Duration::from_millis(1_500));
                let (loss, bandwidth) = (self.rng.random_range(0..20_000), self.rng.random_range(10_000..32_000));
                self.set_line(node, |usual| LinkModel {
                    latency: usual.latency + latency,
                    loss: usual.loss + loss,
                    bandwidth: Some(bandwidth),
                    ..usual
                });
            }
        }
        self.record.0.push((node, trouble, now, Time::MAX));
        self.suffering.insert(node, (trouble, elapsed + lasts));
        *self.happened.entry(trouble).or_default() += 1;
    }

    fn recover(&mut self, node: usize, trouble: Trouble) {
        match trouble {
            Trouble::Left | Trouble::Crashed => self.start(node),
            Trouble::Paused => self.sim.set_paused(node, false),
            Trouble::Slow => self.set_line(node, |usual| usual),
        }
        self.record.end(node, self.sim.now());
    }

    /// Ends and beginnings that are due.
    fn change(&mut self) {
        let now = self.sim.elapsed();
        let over: Vec<_> = self.suffering.iter().filter(|(_, (_, until))| *until <= now).map(|(n, (t, _))| (*n, *t)).collect();
        for (node, trouble) in over {
            self.suffering.remove(&node);
            self.recover(node, trouble);
        }
        let here: Vec<_> = self.absent.iter().filter(|(_, at)| **at <= now).map(|(node, _)| *node).collect();
        for node in here {
            self.absent.remove(&node);
            self.start(node);
        }
    }

    fn pay(&mut self) {
        let (from, to) = (self.rng.random_range(0..NODES), self.rng.random_range(0..NODES));
        let fee = self.rng.random_range(1..10);
        if self.sim.node(from).is_some() {
            self.sim.command(from, Command::Transfer { to: keys(to).address(), amount: 1, fee });
        }
    }

    /// Plays it, a second at a time, with troubles so many times denser.
    fn play(&mut self, length: Duration, denser: f64) {
        let mut paid = Duration::ZERO;
        while self.sim.elapsed() < length {
            self.change();
            if self.sim.elapsed() >= paid + PAYMENT {
                paid = self.sim.elapsed();
                self.pay();
            }
            for (trouble, an_hour, least, most) in TROUBLES {
                if self.sim.elapsed() >= MINUTE * 2 && self.rng.random_bool(an_hour * denser / HOUR.as_secs_f64()) {
                    let lasts = self.rng.random_range(least..most);
                    self.strike(trouble, lasts);
                }
            }
            self.sim.run_for(SECOND);
        }
        let suffering = std::mem::take(&mut self.suffering);
        suffering.into_iter().for_each(|(node, (trouble, _))| self.recover(node, trouble));
    }

    /// What nobody deserved, in words; and all deeds counted.
    fn judge(&self) -> (Vec<String>, BTreeMap<String, usize>) {
        let seen = self.seen.lock().unwrap();
        let nodes: BTreeMap<_, _> = (0..NODES).map(|node| (keys(node).address(), node)).collect();
        let (mut wrongs, mut counts) = (Vec::new(), BTreeMap::<String, usize>::new());
        for (at, by, of, deed) in &seen.deeds {
            *counts.entry(deed.to_string()).or_default() += 1;
            let of = of.as_ref().and_then(|of| nodes.get(of)).copied();
            if !of.is_some_and(|of| deed.is_just(&self.record, *at, *by, of)) {
                let when = at.since(self.started).as_secs();
                let befell = |node: Option<usize>| self.befell(node, *at);
                wrongs.push(format!("{when} s: n{by} {}, {of:?} {}: {deed:?}", befell(Some(*by)), befell(of)));
            }
        }
        (wrongs, counts)
    }

    /// What befell a node lately, in words.
    fn befell(&self, node: Option<usize>, at: Time) -> String {
        let lately = self
            .record
            .0
            .iter()
            .filter(|(whom, _, from, until)| Some(*whom) == node && *from <= at && *until + EXPLAINS * 10 >= at);
        let words = lately.map(|(_, trouble, from, until)| {
            format!("{trouble:?} {} s ago until {} s ago", at.since(*from).as_secs(), at.since(*until).as_secs())
        });
        format!("({})", words.collect::<Vec<_>>().join(", "))
    }
}

/// Plays a day, or less of it with all that happens so many times denser, and holds every judgement against what was done.
/// What was without cause is returned in words.
fn wrongs(seed: u64, length: Duration, denser: u32) -> Vec<String> {
    let block_time = BLOCK_TIME / denser;
    let mut day = Day::new(seed, length, block_time);
    day.play(length, f64::from(denser));
    let (wrongs, counts) = day.judge();
    {
        let seen = day.seen.lock().unwrap();
        println!("seed {seed}: {} events, {} messages, {} blocks", seen.events, day.sim.delivered(), seen.blocks);
    }
    println!("  troubles: {:?}", day.happened);
    counts.iter().for_each(|(deed, count)| println!("  {count:7} {deed}"));
    wrongs.iter().take(40).for_each(|wrong| println!("  WRONG {wrong}"));
    // It was a network, and it had troubles.
    let kinds: BTreeSet<_> = day.happened.keys().collect();
    assert_eq!(kinds.len(), 4, "{:?}", day.happened);
    assert!(counts.keys().any(|deed| deed.starts_with("parted: no pong")), "a long pause is noticed: {counts:?}");
    assert!(day.sim.run_until(HOUR, SECOND, Simulation::agrees), "seed {seed}: they do not agree");
    // A third of the blocks is the least that chance and absent miners leave.
    let wanted = length.as_secs() / block_time.as_secs() / 3;
    let lowest = day.sim.nodes().map(|node| node.ledger().tip().height).min().unwrap_or(0);
    assert!(lowest >= wanted, "seed {seed}: height {lowest}");
    day.sim.nodes().for_each(|node| assert_eq!(node.over_budget(), None));
    wrongs
}

/// A quarter of an hour with the troubles and the blocks of two and a half.
#[test]
fn nobody_is_wronged_in_a_quarter_of_an_hour() {
    assert_eq!(wrongs(1, MINUTE * 15, 10), Vec::<String>::new());
}

/// Three minutes each on one core. `BLAMELESS_SEEDS=7..9` plays those only.
#[test]
#[ignore = "twenty days of a hundred nodes: in release, and by hand"]
fn nobody_is_wronged_in_twenty_days() {
    let wanted = std::env::var("BLAMELESS_SEEDS").unwrap_or_else(|_| "0..20".to_owned());
    let (first, end) = wanted.split_once("..").expect("BLAMELESS_SEEDS as 0..20");
    let seeds = first.parse().expect("a number")..end.parse().expect("a number");
    let all: BTreeMap<u64, _> = seeds.map(|seed| (seed, wrongs(seed, HOUR * 24, 1))).collect();
    assert!(all.values().all(Vec::is_empty), "{all:#?}");
}

/// The judge itself: what is no excuse is none.
#[test]
fn only_what_befell_the_other_explains_a_judgement() {
    let at = |seconds: u64| Time(seconds * 1_000_000);
    let record = Record(vec![(1, Trouble::Paused, at(100), at(130)), (2, Trouble::Slow, at(100), Time::MAX)]);
    let silent = Deed::Parted("no pong within 21 s".to_owned());
    let unanswered = Deed::Blamed("did not answer a request".to_owned());
    for deed in [&silent, &unanswered] {
        assert!(deed.is_just(&record, at(121), 3, 1), "it stood still");
        assert!(!deed.is_just(&record, at(99), 3, 1), "not yet");
        assert!(!deed.is_just(&record, at(131) + EXPLAINS, 3, 1), "no longer");
        assert!(!deed.is_just(&record, at(121), 1, 3), "the judge stood still");
        assert!(!deed.is_just(&record, at(121), 3, 2), "a slow line is nobody's fault");
    }
    let unaware = Record(vec![(1, Trouble::Crashed, at(100), at(130)), (3, Trouble::Paused, at(90), at(600))]);
    let reset = Deed::Parted("connection reset by the peer".to_owned());
    assert!(reset.is_just(&unaware, at(600), 3, 1), "it crashed while the judge stood still");
    assert!(!reset.is_just(&unaware, at(600), 4, 1), "another judge would have known before");
    for deed in [
        Deed::Banned("did not answer a request".to_owned()),
        Deed::Blamed("sent a burst of spam".to_owned()),
        Deed::Parted("its reputation fell too low: it did not answer a request".to_owned()),
        Deed::Parted("the peer said goodbye: it has banned us".to_owned()),
        Deed::Parted("the peer does not read: its outbox is full".to_owned()),
    ] {
        assert!(!deed.is_just(&record, at(121), 3, 1), "{deed}");
    }
}
