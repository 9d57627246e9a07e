//! Many real nodes over loopback that find each other from one address, and find each other again from their address books.
//!
//! No test sleeps: each waits for events, with a deadline that only a defect reaches.

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{Lab, PATIENCE, keys};
use rumormill::chain::Address;
use rumormill::net::{Handle, start};
use rumormill::node::{Command, Config, ConnectionId, Direction, Event, Stamped};
use rumormill::store::AddressFile;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

/// A link, as events tell of it.
struct Link {
    peer: Address,
    outbound: bool,
    ready: bool,
}

/// Nodes, and what they have said.
struct Fleet {
    lab: Lab,
    say: mpsc::UnboundedSender<Stamped>,
    said: mpsc::UnboundedReceiver<Stamped>,
    links: BTreeMap<u32, BTreeMap<ConnectionId, Link>>,
    events: Vec<Stamped>,
}

impl Fleet {
    fn new() -> Self {
        let (say, said) = mpsc::unbounded_channel();
        Self { lab: Lab::new(), say, said, links: BTreeMap::new(), events: Vec::new() }
    }

    async fn start(&self, index: u32, bootstrap: &[SocketAddr], addresses: Option<AddressFile>) -> Handle {
        let say = self.say.clone();
        let events = Arc::new(move |stamped| drop(say.send(stamped)));
        let mut setup = self.lab.setup_with(index, bootstrap, events);
        setup.addresses = addresses;
        start(setup).await.unwrap()
    }

    /// Takes in what the nodes say until `done`.
    async fn wait(&mut self, what: &str, mut done: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            match timeout_at(deadline, self.said.recv()).await {
                Ok(stamped) => self.see(stamped.unwrap()),
                Err(_) => {
                    let links: Vec<_> = self.links.keys().map(|node| (*node, self.outbound(*node), self.peers(*node))).collect();
                    panic!("{what}: not in time; node, outbound, peers: {links:?}")
                }
            }
        }
    }

    fn see(&mut self, stamped: Stamped) {
        let links = self.links.entry(stamped.node).or_default();
        match &stamped.event {
            Event::Started { .. } => links.clear(),
            Event::Connected { connection, direction, peer, .. } => {
                links.insert(*connection, Link { peer: *peer, outbound: *direction == Direction::Outbound, ready: false });
            }
            Event::NewPeer { connection, .. } => links.get_mut(connection).unwrap().ready = true,
            Event::Disconnected { connection, .. } => drop(links.remove(connection)),
            _ => {}
        }
        self.events.push(stamped);
    }

    fn ready(&self, node: u32, wanted: impl Fn(&Link) -> bool) -> usize {
        let links = self.links.get(&node).into_iter().flat_map(BTreeMap::values);
        links.filter(|link| link.ready && wanted(link)).map(|link| link.peer).collect::<BTreeSet<_>>().len()
    }

    fn outbound(&self, node: u32) -> usize {
        self.ready(node, |link| link.outbound)
    }

    fn peers(&self, node: u32) -> usize {
        self.ready(node, |_| true)
    }

    /// Whether it has its wanted outbound links to different peers, or a link with each of the others.
    fn is_linked(&self, node: u32, others: usize) -> bool {
        self.outbound(node) >= Config::default().max_outbound || self.peers(node) >= others
    }

    fn warnings(&self) -> Vec<&str> {
        let texts = self.events.iter().filter_map(|stamped| match &stamped.event {
            Event::Warning { text } => Some(text.as_str()),
            _ => None,
        });
        texts.collect()
    }
}

async fn stop(handles: Vec<Handle>) {
    let mut stopping: tokio::task::JoinSet<_> = handles.into_iter().map(Handle::stop).collect();
    while stopping.join_next().await.is_some() {}
}

#[tokio::test(flavor = "multi_thread")]
async fn thirty_nodes_that_know_one_find_their_links_and_do_not_miss_it() {
    let mut fleet = Fleet::new();
    let first = fleet.start(0, &[], None).await;
    let known = [first.address().unwrap()];
    let mut handles = Vec::new();
    for index in 1..30 {
        handles.push(fleet.start(index, &known, None).await);
    }
    fleet.wait("all are linked", |fleet| (0..30).all(|node| fleet.is_linked(node, 29))).await;

    first.kill().await;
    fleet.links.remove(&0);
    let mut fewest = usize::MAX;
    fleet
        .wait("all are linked without the first", |fleet| {
            fewest = (1..30).map(|node| fleet.peers(node)).min().unwrap_or(0).min(fewest);
            let gone = |node: u32| fleet.links[&node].values().all(|link| link.peer != keys(0).address());
            (1..30).all(|node| gone(node) && fleet.is_linked(node, 28))
        })
        .await;
    assert!(fewest >= Config::default().min_peers, "somebody noticed: {fewest} peers");
    stop(handles).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_comes_back_from_its_address_book_alone() {
    let folder = tempfile::tempdir().unwrap();
    let mut fleet = Fleet::new();
    let first = fleet.start(0, &[], None).await;
    let known = [first.address().unwrap()];
    let others = vec![fleet.start(1, &known, None).await, fleet.start(2, &known, None).await];
    let book = || Some(AddressFile::in_folder(folder.path()));
    let node = fleet.start(3, &known, book()).await;
    fleet.wait("it has met all", |fleet| fleet.peers(3) == 3).await;
    node.stop().await;
    first.kill().await;
    let text = std::fs::read_to_string(folder.path().join("addresses.json")).unwrap();
    assert!(text.contains(&others[1].address().unwrap().to_string()), "kept at its end: {text}");

    // Nobody tells it an address this time.
    fleet.wait("the others have noticed", |fleet| (1..3).all(|node| fleet.peers(node) == 1)).await;
    let node = fleet.start(3, &[], book()).await;
    fleet.wait("it is back", |fleet| fleet.peers(3) == 2).await;
    assert_eq!(fleet.warnings(), Vec::<&str>::new());
    stop(others.into_iter().chain([node]).collect()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_torn_address_book_is_said_and_nobody_stays_down() {
    let folder = tempfile::tempdir().unwrap();
    let torn = b"{\"version\":1,\"anchors\":[],\"addresses\":[{\"addr";
    std::fs::write(folder.path().join("addresses.json"), torn).unwrap();
    let mut fleet = Fleet::new();
    let first = fleet.start(0, &[], None).await;
    let node = fleet.start(1, &[first.address().unwrap()], Some(AddressFile::in_folder(folder.path()))).await;
    fleet.wait("they have met", |fleet| fleet.peers(1) == 1).await;
    assert!(matches!(&fleet.warnings()[..], [text] if text.contains("addresses.json.broken-1")), "{:?}", fleet.warnings());
    assert_eq!(std::fs::read(folder.path().join("addresses.json.broken-1")).unwrap(), torn);
    stop(vec![first, node]).await;
}

/// Row 15, over real sockets: the node cannot know beforehand that the address is its own.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_is_told_its_own_address_dials_it_once() {
    let mut fleet = Fleet::new();
    let node = fleet.start(0, &[], None).await;
    let own = node.address().unwrap();
    let is_own = |event: &Event| matches!(event, Event::Disconnected { why, .. } if why.contains("our own"));
    node.command(Command::Connect(own));
    fleet.wait("it has noticed", |fleet| fleet.events.iter().any(|stamped| is_own(&stamped.event))).await;
    // Told again, it does not dial; what it is told after that it does.
    let other = fleet.start(1, &[], None).await;
    node.command(Command::Connect(own));
    node.command(Command::Connect(other.address().unwrap()));
    fleet.wait("it dials the other", |fleet| fleet.peers(0) == 1).await;
    let dials = fleet.events.iter().filter(|stamped| matches!(stamped.event, Event::Connecting { address } if address == own));
    assert_eq!(dials.count(), 1);
    stop(vec![node, other]).await;
}
