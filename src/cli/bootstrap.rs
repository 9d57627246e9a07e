//! Whom to dial first: the peers that were named, looked up side by side, and again later where that failed.

use super::Failure;
use super::values::PeerAddress;
use crate::net::NameError;
use crate::net::limits::LOOKUP;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};

/// First and longest pause before names are looked up again: a network that has just come up is there in seconds.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(300));

/// What became of the peers that were named.
pub struct Bootstrap {
    /// Addresses, each once, in the order of the arguments.
    pub addresses: Vec<SocketAddr>,
    /// Those that have none as yet, and why.
    pub unresolved: Vec<(PeerAddress, NameError)>,
}

/// The peers' addresses. Names are looked up by `look_up`, all at once, and for no longer than one of them may take.
///
/// # Errors
/// When all that was said are names that do not exist: a slip, and there is nobody to dial.
pub async fn resolve<L, F>(peers: &[PeerAddress], look_up: &L) -> Result<Bootstrap, Failure>
where
    L: Fn(String) -> F,
    F: Future<Output = Result<Vec<IpAddr>, NameError>> + Send + 'static,
{
    let until = Instant::now() + LOOKUP;
    let mut results: Vec<_> = peers.iter().map(|peer| peer.address().ok_or(NameError::TimedOut(LOOKUP))).collect();
    let mut asked = JoinSet::new();
    for (place, peer) in peers.iter().enumerate().filter(|(_, peer)| peer.address().is_none()) {
        let (port, found) = (peer.port, look_up(peer.host.clone()));
        asked.spawn(async move { (place, found.await.and_then(|addresses| best(&addresses, port))) });
    }
    while let Ok(Some(done)) = timeout_at(until, asked.join_next()).await {
        if let Ok((place, result)) = done
            && let Some(slot) = results.get_mut(place)
        {
            *slot = result;
        }
    }
    let mut bootstrap = Bootstrap { addresses: Vec::new(), unresolved: Vec::new() };
    for (peer, result) in peers.iter().zip(results) {
        match result {
            // A peer named twice is dialled once.
            Ok(address) if bootstrap.addresses.contains(&address) => {}
            Ok(address) => bootstrap.addresses.push(address),
            Err(why) => bootstrap.unresolved.push((peer.clone(), why)),
        }
    }
    let wrong = |why: &NameError| matches!(why, NameError::Malformed | NameError::Unknown | NameError::Empty);
    match bootstrap.unresolved.first() {
        Some((peer, why)) if bootstrap.addresses.is_empty() && bootstrap.unresolved.iter().all(|(_, why)| wrong(why)) => {
            Err(Failure::Environment(unresolved(peer, why)))
        }
        _ => Ok(bootstrap),
    }
}

/// What is said of a peer without an address.
pub fn unresolved(peer: &PeerAddress, why: &NameError) -> String {
    format!("PEER {peer}: the host name does not resolve: {why}")
}

/// Looks these up again until each has an address, with growing pauses; what is found goes to `found`.
pub async fn resolve_later<L, F>(mut peers: Vec<PeerAddress>, look_up: L, found: mpsc::UnboundedSender<SocketAddr>)
where
    L: Fn(String) -> F,
    F: Future<Output = Result<Vec<IpAddr>, NameError>> + Send + 'static,
{
    let mut pause = AGAIN.0;
    while !peers.is_empty() {
        sleep(pause).await;
        pause = (pause * 2).min(AGAIN.1);
        // That they do not exist was said at the start.
        let Ok(Bootstrap { addresses, unresolved }) = resolve(&peers, &look_up).await else { continue };
        if addresses.into_iter().any(|address| found.send(address).is_err()) {
            return;
        }
        peers = unresolved.into_iter().map(|(peer, _)| peer).collect();
    }
}

/// Nodes listen on IPv4 loopback by default, so of a name with both kinds of address that one is the better guess.
fn best(addresses: &[IpAddr], port: u16) -> Result<SocketAddr, NameError> {
    let best = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    best.map(|address| SocketAddr::new(*address, port)).ok_or(NameError::Empty)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::Pin;

    type Answer = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, NameError>> + Send>>;

    fn peers(texts: &[&str]) -> Vec<PeerAddress> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    /// A name server that knows `good`, says that there is no `bad`, and is silent at anything else.
    fn server(name: String) -> Answer {
        Box::pin(async move {
            match name.as_str() {
                "good" => Ok(vec!["::1".parse().unwrap(), "127.0.0.1".parse().unwrap()]),
                "bad" => Err(NameError::Unknown),
                _ => std::future::pending().await,
            }
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_silent_name_server_costs_five_seconds_in_all_and_what_is_known_is_dialled() {
        let begin = Instant::now();
        let named = peers(&["silent:1", "192.0.2.1:2", "lost:3", "bad:4", "good:5", "gone:6", "good:5"]);
        let Bootstrap { addresses, unresolved } = resolve(&named, &server).await.unwrap();
        assert_eq!(begin.elapsed(), LOOKUP);
        assert_eq!(addresses, ["192.0.2.1:2".parse().unwrap(), "127.0.0.1:5".parse().unwrap()]);
        let names: Vec<_> = unresolved.iter().map(|(peer, _)| peer.host.as_str()).collect();
        assert_eq!(names, ["silent", "lost", "bad", "gone"]);
        assert!(resolve(&peers(&["silent:1", "bad:2"]), &server).await.is_ok(), "one of them may be there later");
        assert!(resolve(&[], &server).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_but_names_that_do_not_exist_is_a_slip() {
        let failure = resolve(&peers(&["bad:1", "bad:2"]), &server).await.err().unwrap();
        assert!(matches!(&failure, Failure::Environment(text) if text.contains("PEER bad:1")), "{failure}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_name_that_failed_is_looked_up_again_until_it_is_there() {
        let (sender, mut found) = mpsc::unbounded_channel();
        let begin = Instant::now();
        let later = move |name: String| -> Answer {
            let up = begin.elapsed() > Duration::from_secs(60);
            server(if up { "good".to_owned() } else { name })
        };
        let task = tokio::spawn(resolve_later(peers(&["silent:1", "bad:2"]), later, sender));
        let all = [found.recv().await.unwrap(), found.recv().await.unwrap()];
        assert_eq!(all, ["127.0.0.1:1".parse().unwrap(), "127.0.0.1:2".parse().unwrap()]);
        assert!(begin.elapsed() < Duration::from_secs(180), "{:?}", begin.elapsed());
        assert_eq!(found.recv().await, None);
        task.await.unwrap();
    }
}
