//! What is asked of a gateway, over real sockets, with one that was written for it.

#[path = "../../../tests/common/gateway.rs"]
mod test_gateway;

use super::gateway::Upnp;
use super::keeper::{MapError, Router};
use crate::net::limits::{MAP_LEASE, MAP_SEARCH};
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;
use test_gateway::{Manner, TestGateway};
use tokio::time::{Instant, timeout};

const PORT: u16 = 8_080;

async fn found(manner: Manner) -> (TestGateway, Upnp) {
    let gateway = TestGateway::start(manner).await;
    let mut router = Upnp::new(gateway.search, Ipv4Addr::UNSPECIFIED.into());
    router.find().await.unwrap();
    (gateway, router)
}

#[tokio::test]
async fn a_port_is_mapped_renewed_and_taken_back() {
    let (gateway, mut router) = found(Manner::Good).await;
    assert_eq!(router.outside().await.unwrap(), "203.0.113.7".parse::<IpAddr>().unwrap());
    for _ in 0..2 {
        router.map(PORT, PORT, MAP_LEASE).await.unwrap();
        let held = gateway.held.lock().unwrap().mappings.clone();
        assert_eq!(held.len(), 1);
        assert_eq!((held[0].outer, held[0].lease), (PORT, 3_600));
        // This machine's address on the way to the gateway.
        assert_eq!(held[0].to, (Ipv4Addr::LOCALHOST, PORT).into());
    }
    router.unmap(PORT).await.unwrap();
    assert!(gateway.held.lock().unwrap().mappings.is_empty());
}

/// It is still there, and only the search found nothing: else the port would stay open.
#[tokio::test]
async fn a_mapping_is_taken_back_though_the_last_search_found_nothing() {
    let (gateway, mut router) = found(Manner::Good).await;
    router.map(PORT, PORT, MAP_LEASE).await.unwrap();
    // A search that is given up, as after its deadline.
    tokio::select! {
        biased;
        found = router.find() => panic!("found before anything was sent: {found:?}"),
        () = std::future::ready(()) => {}
    }
    router.unmap(PORT).await.unwrap();
    assert!(gateway.held.lock().unwrap().mappings.is_empty());
}

#[tokio::test]
async fn what_a_gateway_refuses_is_told_apart() {
    let (_gateway, mut router) = found(Manner::Taken).await;
    assert_eq!(router.map(PORT, PORT, MAP_LEASE).await, Err(MapError::Taken));
    assert_ne!(router.map_any(PORT, MAP_LEASE).await, Ok(PORT));
    let (gateway, mut router) = found(Manner::Permanent).await;
    assert_eq!(router.map(PORT, PORT, MAP_LEASE).await, Err(MapError::PermanentOnly));
    router.map(PORT, PORT, Duration::ZERO).await.unwrap();
    assert_eq!(gateway.held.lock().unwrap().mappings[0].lease, 0);
    let (_gateway, mut router) = found(Manner::Forbidding).await;
    assert!(router.map(PORT, PORT, MAP_LEASE).await.is_err());
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let (_gateway, mut router) = found(Manner::Endless).await;
    let outside = timeout(Duration::from_secs(30), router.outside()).await.expect("it never ends");
    assert!(matches!(outside, Err(MapError::Failed(why)) if why.len() < 200));
}

/// Whatever answers the search, it ends by its deadline and is no gateway. Time is virtual, so that it costs none.
#[tokio::test(start_paused = true)]
async fn a_hostile_answer_to_the_search_is_no_gateway() {
    use Manner::{Elsewhere, ElsewhereLater, Garbage, Huge, Nested, Redirecting};
    for manner in [Garbage, Elsewhere, ElsewhereLater, Huge, Nested, Redirecting] {
        let gateway = TestGateway::start(manner).await;
        let mut router = Upnp::new(gateway.search, Ipv4Addr::UNSPECIFIED.into());
        let began = Instant::now();
        let result = router.find().await;
        assert!(result.is_err(), "{manner:?}");
        assert!(began.elapsed() <= MAP_SEARCH, "{manner:?}: {:?}", began.elapsed());
        assert!(router.outside().await.is_err(), "{manner:?}");
    }
}
