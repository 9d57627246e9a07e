//! Connections coming up and being refused at a node on loopback: `cargo bench --bench handshakes -- [rate|memory|refusals|flood]`
//!
//! * `rate`: full handshakes that a node takes (TCP, transport, node), diallers on the same cores, beside the same number of bare Noise
//!   handshakes in memory, both sides, on as many threads; rounds alternate, and what counts is the ratio of medians: of times on the clock, and
//!   of processor time, both sides and the system's part included, in which other programs on the machine have no share.
//! * `memory`: what each of 1,000 idle connections adds to the node's resident memory. The dialler is another process, and each transport has
//!   a node's process of its own: memory that one gave back would hide what the next takes.
//! * `refusals`: dials that a full node, and one with a limit for each address, turns away in a second; and how many newcomers a second a full
//!   node takes of whom each makes another give way, which costs both the transport's handshake and the node two rankings.
//! * `flood`: 20,000 dials at a limit of 50.

#[path = "../tests/common/nodes.rs"]
mod nodes;
#[path = "common/process.rs"]
mod process;
#[path = "../tests/common/stranger.rs"]
mod stranger;

use nodes::{Lab, admits};
use rumormill::chain::{ChainSpec, KeyPair};
use rumormill::net::noise::{Identity, handshake};
use rumormill::net::{self, Handle, Transport};
use rumormill::node::{Admission, Timing};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use stranger::Stranger;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Handshakes in a round.
const ROUND: usize = 2_000;
/// Rounds of each kind.
const ROUNDS: usize = 7;
/// Diallers at once.
const AT_ONCE: usize = 32;
/// Connections held for `memory`.
const HELD: usize = 1_000;
/// Dials for `refusals` and `flood`.
const DIALS: usize = 20_000;
/// Slots for `flood`.
const LIMIT: usize = 50;
/// Slots of the node at which others give way.
const SLOTS: usize = 125;
/// Newcomers there, of whom each finds one to give way: the protected stay.
const NEWCOMERS: usize = 30;
/// Longer than a connection is too young to give way, see `node::limits`.
const OLD_ENOUGH: Duration = Duration::from_secs(11);

/// Each stranger is another one.
static STRANGERS: AtomicU32 = AtomicU32::new(1);

fn prepare(transport: Transport, spec: &ChainSpec) -> Stranger {
    let mut seed = stranger_seed();
    seed[4..8].copy_from_slice(&std::process::id().to_le_bytes());
    Stranger::new(seed, transport, spec)
}

fn runtime() -> Runtime {
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

async fn node(transport: Transport, max_inbound: usize, admission: Option<Admission>) -> Handle {
    let long = Duration::from_secs(3_600);
    let mut setup = Lab::on(ChainSpec::lab(), 1).setup_with(1, &[], Arc::new(|_| ()));
    setup.transport = transport;
    setup.config.max_inbound = max_inbound;
    // Nobody answers pings here.
    setup.config.timing = Timing { ping: long, pong: long, ..Timing::LAB };
    setup.wrap = admission.map(admits);
    net::start(setup).await.expect("a node starts")
}

/// Runs `total` times what `one` makes, so many at once; how long that took.
async fn many<F, T>(total: usize, at_once: usize, one: impl Fn() -> F + Clone + Send + 'static) -> Duration
where
    F: Future<Output = T> + Send,
    T: Send,
{
    let left = Arc::new(AtomicUsize::new(total));
    let mut tasks = JoinSet::new();
    let began = Instant::now();
    for _ in 0..at_once {
        let (left, one) = (Arc::clone(&left), one.clone());
        tasks.spawn(async move {
            while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                one().await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    began.elapsed()
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times[times.len() / 2].as_secs_f64()
}

/// Both sides of a Noise handshake, in memory.
async fn alone(identities: &(Identity, Identity)) {
    let (mut near, mut far) = tokio::io::duplex(1_000);
    let (seed, other) = (stranger_seed(), stranger_seed());
    let (one, two) =
        tokio::join!(handshake(&mut near, &identities.0, true, seed), handshake(&mut far, &identities.1, false, other));
    assert!(one.is_ok() && two.is_ok());
}

fn stranger_seed() -> [u8; 32] {
    let mut seed = [3; 32];
    seed[..4].copy_from_slice(&STRANGERS.fetch_add(1, Ordering::Relaxed).to_le_bytes());
    seed
}

fn rate() {
    println!("\nfull handshakes, {ROUND} in each of {ROUNDS} rounds, {AT_ONCE} diallers, all on two threads");
    print!("{:<12}{:>14}{:>22}{:>10}", "transport", "at a node, /s", "Noise in memory, /s", "ratio");
    println!("{:>16}{:>16}{:>10}", "processor, us", "alone, us", "ratio");
    for transport in Transport::ALL {
        let runtime = runtime();
        let (bare, full) = runtime.block_on(async {
            let node = node(transport, usize::MAX, None).await;
            let address = node.address().unwrap();
            let identity = |number| Identity::new(&KeyPair::from_seed([number; 32]), [number; 32]);
            let identities = Arc::new((identity(2), identity(3)));
            let spec = Arc::new(ChainSpec::lab());
            let (mut bare, mut full) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
            for _ in 0..ROUNDS {
                let identities = Arc::clone(&identities);
                let processor = spent();
                let handshakes = many(ROUND, 2, move || {
                    let identities = Arc::clone(&identities);
                    async move { alone(&identities).await }
                });
                bare.0.push(handshakes.await);
                bare.1.push(spent() - processor);
                // Strangers make their keys before the clock starts: a node does so once in its life.
                let strangers: Vec<_> = (0..ROUND).map(|_| prepare(transport, &spec)).collect();
                let (strangers, next) = (Arc::new(strangers), Arc::new(AtomicUsize::new(0)));
                let one = move || {
                    let (strangers, at) = (Arc::clone(&strangers), next.fetch_add(1, Ordering::Relaxed));
                    async move { assert!(strangers[at].dial(address).await.is_some()) }
                };
                let processor = spent();
                full.0.push(many(ROUND, AT_ONCE, one).await);
                full.1.push(spent() - processor);
            }
            node.stop().await;
            ((median(bare.0), median(bare.1)), (median(full.0), median(full.1)))
        });
        let rate = |seconds: f64| ROUND as f64 / seconds;
        let each = |seconds: f64| seconds * 1e6 / ROUND as f64;
        print!("{:<12}{:>14.0}{:>22.0}{:>10.2}", transport, rate(full.0), rate(bare.0), bare.0 / full.0);
        println!("{:>16.0}{:>16.0}{:>10.2}", each(full.1), each(bare.1), bare.1 / full.1);
    }
}

/// Processor time so far.
fn spent() -> Duration {
    process::processor_time().expect("Linux: processor time is in /proc")
}

/// Resident memory, KiB.
fn resident() -> u64 {
    process::resident().expect("Linux: resident memory is in /proc")
}

fn memory() {
    println!("\nresident memory of the node for each of {HELD} idle connections, hands shaken");
    for transport in Transport::ALL {
        let program = std::env::current_exe().unwrap();
        assert!(Command::new(program).args(["node", &transport.to_string()]).status().unwrap().success());
    }
}

/// The node's process: what 1,000 connections add to it.
fn memory_of(transport: Transport) {
    let runtime = runtime();
    let node = runtime.block_on(node(transport, 2 * HELD, None));
    let address = node.address().unwrap();
    let hold = |count: usize| {
        let program = std::env::current_exe().unwrap();
        let mut child = Command::new(program)
            .args(["hold", &transport.to_string(), &address.to_string(), &count.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "held\n");
        child
    };
    // Some first: what comes with the first connections is not of each.
    let first = hold(10);
    let before = resident();
    let held = hold(HELD);
    let after = resident();
    println!(
        "{:<12}{:>8.1} KiB each ({} to {} KiB)",
        transport,
        after.saturating_sub(before) as f64 / HELD as f64,
        before,
        after
    );
    for mut child in [first, held] {
        drop(child.stdin.take());
        child.wait().unwrap();
    }
    runtime.block_on(node.stop());
}

/// The dialler's process: holds connections until its standard input ends.
fn hold(transport: Transport, node: SocketAddr, count: usize) {
    runtime().block_on(async {
        let spec = ChainSpec::lab();
        let mut held = Vec::new();
        for _ in 0..count {
            held.push(prepare(transport, &spec).dial(node).await.expect("a slot"));
        }
        println!("held");
        std::io::stdout().flush().unwrap();
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_line(&mut String::new())).await;
        drop(held);
    });
}

fn refusals() {
    println!("\ndials turned away, {DIALS} of them, {AT_ONCE} at once, diallers on the same two threads");
    let full = Admission { full: true, ..Admission::default() };
    let per_ip = Admission { per_ip: Some(0), ..Admission::default() };
    for (name, admission, word) in [("full, in clear", full, &b"refused:f\n"[..]), ("too many of an address", per_ip, b"")] {
        let runtime = runtime();
        let took = runtime.block_on(async {
            let node = node(Transport::Noise, LIMIT, Some(admission)).await;
            let address = node.address().unwrap();
            let one = move || async move {
                let mut stream = TcpStream::connect(address).await.unwrap();
                let mut heard = Vec::new();
                stream.read_to_end(&mut heard).await.unwrap();
                assert_eq!(heard, word);
            };
            let took = many(DIALS, AT_ONCE, one).await;
            node.stop().await;
            took
        });
        println!("{name:<24}{:>10.0} /s", DIALS as f64 / took.as_secs_f64());
    }
    evictions();
}

/// Newcomers at a node whose slots are all held by others who could give way.
fn evictions() {
    let runtime = runtime();
    let (took, processor) = runtime.block_on(async {
        let node = node(Transport::Noise, SLOTS, None).await;
        let address = node.address().unwrap();
        let spec = Arc::new(ChainSpec::lab());
        let mut held = Vec::new();
        for _ in 0..SLOTS {
            held.push(prepare(Transport::Noise, &spec).dial(address).await.expect("a slot"));
        }
        // Who came just now gives way to nobody.
        tokio::time::sleep(OLD_ENOUGH).await;
        let strangers: Vec<_> = (0..NEWCOMERS).map(|_| prepare(Transport::Noise, &spec)).collect();
        let (processor, began) = (spent(), Instant::now());
        for stranger in &strangers {
            held.push(stranger.dial(address).await.expect("somebody gives way"));
        }
        let took = (began.elapsed(), spent() - processor);
        node.stop().await;
        took
    });
    let each = processor.as_secs_f64() * 1e6 / NEWCOMERS as f64;
    println!(
        "{:<24}{:>10.0} /s one after the other, {each:.0} us of processor time each, both sides",
        "another gives way",
        NEWCOMERS as f64 / took.as_secs_f64()
    );
}

fn flood() {
    let runtime = runtime();
    let (took, held, refused) = runtime.block_on(async {
        let node = node(Transport::Noise, LIMIT, None).await;
        let address = node.address().unwrap();
        let spec = Arc::new(ChainSpec::lab());
        let (held, refused) = (Arc::new(std::sync::Mutex::new(Vec::new())), Arc::new(AtomicUsize::new(0)));
        let (keep, count) = (Arc::clone(&held), Arc::clone(&refused));
        let one = move || {
            let (spec, keep, count) = (Arc::clone(&spec), Arc::clone(&keep), Arc::clone(&count));
            async move {
                match prepare(Transport::Noise, &spec).dial(address).await {
                    Some(connection) => keep.lock().unwrap().push(connection),
                    None => drop(count.fetch_add(1, Ordering::Relaxed)),
                }
            }
        };
        let took = many(DIALS, 200, one).await;
        let held = std::mem::take(&mut *held.lock().unwrap());
        let count = held.len();
        node.stop().await;
        (took, count, refused.load(Ordering::Relaxed))
    });
    println!("\n{DIALS} dials at a limit of {LIMIT}: {held} held, {refused} told that it is full, in {took:.1?}");
    assert_eq!((held, refused), (LIMIT, DIALS - LIMIT));
}

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    if let [word, transport, node, count] = &arguments[..]
        && word == "hold"
    {
        return hold(transport.parse().unwrap(), node.parse().unwrap(), count.parse().unwrap());
    }
    if let [word, transport] = &arguments[..]
        && word == "node"
    {
        return memory_of(transport.parse().unwrap());
    }
    let wanted = |name: &str| arguments.is_empty() || arguments.iter().any(|argument| argument == name);
    for (name, run) in [("rate", rate as fn()), ("memory", memory), ("refusals", refusals), ("flood", flood)] {
        if wanted(name) {
            run();
        }
    }
}
