//! Real nodes over loopback, in one process: they find each other, agree, survive hostile neighbours, and end in time.
//!
//! No test sleeps for something to happen: each waits for an event, with a deadline that only a defect reaches.

use rumormill::chain::{Address, Block, BlockId, ChainSpec, KeyPair, Transfer};
use rumormill::net::noise::{Identity, handshake};
use rumormill::net::{Handle, Setup, StartError, Workers, start};
use rumormill::node::{Command, Config, Event, EventSink, Mining, Stamped};
use rumormill::store::{Batch, MemoryStore, Store, StoreError, Stored};
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
    async fn find<T>(&self, what: &str, mut look: impl FnMut(&Event) -> Option<T>) -> T {
        let search = async {
            let mut seen = 0;
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
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<MemoryStore>>);

impl Store for Kept {
    fn load(&mut self) -> Result<Option<Stored>, StoreError> {
        self.0.lock().unwrap().load()
    }
    fn block(&self, id: &BlockId) -> Result<Option<Arc<Block>>, StoreError> {
        self.0.lock().unwrap().block(id)
    }
    fn commit(&mut self, batch: &Batch) -> Result<(), StoreError> {
        self.0.lock().unwrap().commit(batch)
    }
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
            store: Box::new(Kept::default()),
            index: u32::from(number),
            seed: u64::from(number),
            events: events.sink(),
            workers: self.workers.clone(),
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
    let store = Kept::default();
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
