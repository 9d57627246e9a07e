//! What a node asks of the world around it: a name server, and a gateway. Both are the test's own, on loopback; some are hostile.

#[path = "common/gateway.rs"]
mod gateway;
#[path = "common/name_server.rs"]
mod name_server;

#[path = "common/nodes.rs"]
mod nodes;

use gateway::{Manner, TestGateway};
use name_server::NameServer;
use nodes::{Events, Lab, PATIENCE, stop};
use rumormill::net::{Names, Setup, StartError, Upnp, start};
use rumormill::node::Event;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::time::timeout;

/// A node that knows nobody but these DNS seeds.
fn setup(number: u32, names: Names, upnp: Option<Upnp>, seeds: &[String]) -> (Setup, Events) {
    let (mut setup, events) = Lab::new().setup(number, &[], false);
    setup.config.discovery.dns_seeds = seeds.to_vec();
    (setup.names, setup.upnp) = (names, upnp);
    (setup, events)
}

/// What a node warns of first.
async fn warning(events: &Events) -> String {
    let text = |event: &Event| match event {
        Event::Warning { text } => Some(text.clone()),
        _ => None,
    };
    events.find("a warning", text).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dns_seed_leads_to_a_node() {
    let server = NameServer::start().await;
    let (first, seen) = setup(1, Names::system(), None, &[]);
    let first = start(first).await.unwrap();
    let port = first.address().unwrap().port();
    let (second, followed) = setup(2, Names::server(server.address), None, &[format!("seeds.test:{port}")]);
    let second = start(second).await.unwrap();
    let peer = followed.find("a peer", |event| match event {
        Event::NewPeer { peer, .. } => Some(*peer),
        _ => None,
    });
    assert_eq!(peer.await, first.id());
    stop(second, &followed).await;
    stop(first, &seen).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_without_addresses_is_answered_in_words() {
    let server = NameServer::start().await;
    let (node, events) = setup(3, Names::server(server.address), None, &["nobody.test:1".to_owned()]);
    let node = start(node).await.unwrap();
    assert!(warning(&events).await.contains("no such name"));
    stop(node, &events).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_name_server_does_not_hold_up_the_end() {
    let server = NameServer::start().await;
    let (node, events) = setup(4, Names::server(server.address), None, &["silent.test:1".to_owned()]);
    let node = start(node).await.unwrap();
    timeout(PATIENCE, server.heard.notified()).await.expect("nobody asked");
    stop(node, &events).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gateway_maps_the_port_until_the_node_stops() {
    let gateway = TestGateway::start(Manner::Good).await;
    let (node, events) = setup(5, Names::system(), Some(Upnp::at(gateway.search)), &[]);
    let node = start(node).await.unwrap();
    let inner = node.address().unwrap();
    let outer = events.find("a mapping", |event| match event {
        Event::Mapped { address } => Some(*address),
        _ => None,
    });
    assert_eq!(outer.await, SocketAddr::new("203.0.113.7".parse().unwrap(), inner.port()));
    let held = gateway.held.lock().unwrap().mappings.clone();
    assert_eq!(held.len(), 1);
    assert_eq!((held[0].to, held[0].lease), (inner, 3_600));
    stop(node, &events).await;
    let held = gateway.held.lock().unwrap().clone();
    assert_eq!((held.mappings, held.removed), (Vec::new(), vec![inner.port()]));
}

/// Half the time for which a gateway forwards a port: then it hears of us again.
const RENEWAL: Duration = Duration::from_secs(1_800);

/// Time passes at once. The timers of the runtime go by it; sockets are as they are.
async fn pass(time: Duration) {
    tokio::time::pause();
    tokio::time::advance(time).await;
    tokio::time::resume();
}

#[tokio::test]
async fn a_node_says_so_when_its_gateway_lets_nobody_in_any_more() {
    let gateway = TestGateway::start(Manner::Good).await;
    let (node, events) = setup(9, Names::system(), Some(Upnp::at(gateway.search)), &[]);
    let node = start(node).await.unwrap();
    let mapped = |event: &Event| if let Event::Mapped { address } = event { Some(*address) } else { None };
    let outer = events.find("a mapping", mapped).await;
    // The provider gives it an address of his own network: what is mapped leads nowhere.
    gateway.turn(Manner::Inner);
    pass(RENEWAL).await;
    let unmapped = |event: &Event| if let Event::Unmapped { address } = event { Some(*address) } else { None };
    assert_eq!(events.find("the loss of it", unmapped).await, outer);
    let seen = events.count();
    // And back.
    gateway.turn(Manner::Good);
    pass(RENEWAL).await;
    assert_eq!(events.find_after(seen, "another mapping", mapped).await, outer);
    stop(node, &events).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_useless_gateway_is_told_and_holds_nothing_up() {
    for (manner, says) in [(Manner::Inner, Some("another gateway")), (Manner::Endless, Some("wrongly")), (Manner::Silent, None)] {
        let gateway = TestGateway::start(manner).await;
        let (node, events) = setup(6, Names::system(), Some(Upnp::at(gateway.search)), &[]);
        let node = start(node).await.unwrap();
        if let Some(says) = says {
            let text = warning(&events).await;
            assert!(text.contains(says), "{text}");
        } else {
            timeout(PATIENCE, gateway.heard.notified()).await.expect("nobody asked");
        }
        stop(node, &events).await;
        assert!(gateway.held.lock().unwrap().mappings.is_empty());
    }
}

#[tokio::test]
async fn a_listener_that_no_gateway_reaches_is_refused() {
    let (node, _events) = setup(7, Names::system(), Some(Upnp::default()), &[]);
    let error = start(node).await.err().expect("it started");
    assert!(matches!(&error, StartError::Upnp(why) if why.contains("0.0.0.0")), "{error}");
    let (node, _events) = setup(8, Names::system(), Some(Upnp::default()), &[]);
    let error = start(Setup { listen: None, ..node }).await.err().expect("it started");
    assert!(error.to_string().contains("does not listen"), "{error}");
}
