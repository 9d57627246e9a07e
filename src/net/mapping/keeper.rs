//! Keeps a port forwarded: asks, renews at half the lease, tries again after a failure, takes the mapping back at the end.

use super::News;
use crate::net::limits::{MAP_ANY, MAP_LEASE, MAP_REQUEST, MAP_RETRY, MAP_SEARCH, UNMAP};
use std::future::Future;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout};

/// Why a port is not forwarded. Each says what a person can do about it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum MapError {
    #[error("no gateway answers by UPnP; switch it on in the router, or forward the port there by hand")]
    NoGateway,
    #[error(
        "the gateway's own outer address is {0}, so there is another gateway before it; forward the port on both by hand, or ask the provider for a public address"
    )]
    Behind(IpAddr),
    #[error("the gateway does not let this machine map ports; allow it in the router's settings")]
    NotAllowed,
    #[error("the gateway has given the port to another machine, and offers no other; listen on another port")]
    Taken,
    #[error("the gateway maps ports neither for a time nor for good; forward the port by hand")]
    PermanentOnly,
    #[error("the gateway does not answer in time; restart the router, or forward the port by hand")]
    TimedOut,
    #[error("the gateway answers wrongly ({0}); forward the port by hand")]
    Failed(String),
}

impl MapError {
    /// Whether a gateway has spoken, so that what it granted before holds no more. One that is silent may still do what it said.
    fn is_its_word(&self) -> bool {
        !matches!(self, Self::NoGateway | Self::TimedOut)
    }
}

/// What is asked of a gateway. Each may take any time: the keeper has the deadlines.
pub(super) trait Router: Send {
    /// Finds it; one that was found before counts until then.
    fn find(&mut self) -> impl Future<Output = Result<(), MapError>> + Send;
    /// Its outer address.
    fn outside(&mut self) -> impl Future<Output = Result<IpAddr, MapError>> + Send;
    /// Forwards `port`, outer and inner one being `port` and `inner`; for good if `lease` is zero.
    fn map(&mut self, port: u16, inner: u16, lease: Duration) -> impl Future<Output = Result<(), MapError>> + Send;
    /// Forwards some other port, and says which.
    fn map_any(&mut self, inner: u16, lease: Duration) -> impl Future<Output = Result<u16, MapError>> + Send;
    /// Forwards `port` no more.
    fn unmap(&mut self, port: u16) -> impl Future<Output = Result<(), MapError>> + Send;
}

/// Keeps one port forwarded.
pub(super) struct Keeper<R> {
    router: R,
    /// The port that the node listens on.
    port: u16,
    lease: Duration,
    /// The gateway's port that is ours, or may be: the answer may have been lost.
    held: Option<u16>,
    /// Until when the port that we told of is forwarded, unless the gateway hears of us again.
    until: Option<Instant>,
    news: mpsc::UnboundedSender<News>,
}

impl<R: Router> Keeper<R> {
    pub(super) fn new(router: R, port: u16, news: mpsc::UnboundedSender<News>) -> Self {
        Self { router, port, lease: MAP_LEASE, held: None, until: None, news }
    }

    /// Never ready. What changes is told once, however often it is tried.
    pub(super) async fn keep(&mut self) {
        let mut pause = MAP_RETRY.0;
        let mut found = false;
        let mut told = None;
        loop {
            let asked = Instant::now();
            let result = self.attempt(found).await;
            found = result.is_ok();
            let wait = match &result {
                Ok(_) => {
                    pause = MAP_RETRY.0;
                    MAP_LEASE / 2
                }
                Err(_) => {
                    let now = pause;
                    pause = (pause * 2).min(MAP_RETRY.1);
                    now
                }
            };
            let refused = result.as_ref().is_err_and(MapError::is_its_word);
            let news = match result {
                Ok(address) => {
                    // A mapping for good is looked after like any other.
                    self.until = Some(asked + MAP_LEASE);
                    News::Mapped(address)
                }
                Err(error) => News::Failed(error.to_string()),
            };
            if told.as_ref() != Some(&news) {
                told = Some(news.clone());
                self.tell(news);
            }
            if refused {
                self.lose();
            }
            self.rest(wait).await;
        }
    }

    /// Waits for so long. What was not renewed may end meanwhile.
    async fn rest(&mut self, time: Duration) {
        let end = Instant::now() + time;
        if let Some(until) = self.until.filter(|until| *until <= end) {
            sleep_until(until).await;
            self.lose();
        }
        sleep_until(end).await;
    }

    /// What we told of is forwarded no more.
    fn lose(&mut self) {
        if self.until.take().is_some() {
            self.tell(News::Lost);
        }
    }

    fn tell(&self, news: News) {
        // A node that has gone needs no news.
        let _ = self.news.send(news);
    }

    /// Gives back what it holds. A gateway that does not answer forgets it by itself when the lease ends.
    pub(super) async fn release(&mut self) {
        if let Some(port) = self.held.take() {
            let unmapped = within(UNMAP, self.router.unmap(port)).await;
            tracing::debug!(port, ?unmapped, "the port is no longer forwarded");
        }
    }

    async fn attempt(&mut self, found: bool) -> Result<SocketAddr, MapError> {
        if !found {
            within(MAP_SEARCH, self.router.find()).await?;
        }
        let outside = within(MAP_REQUEST, self.router.outside()).await?.to_canonical();
        if is_inner(outside) {
            return Err(MapError::Behind(outside));
        }
        let mut port = self.map().await;
        if port == Err(MapError::PermanentOnly) && !self.lease.is_zero() {
            self.lease = Duration::ZERO;
            port = self.map().await;
        }
        Ok(SocketAddr::new(outside, port?))
    }

    /// The same port as before, or the node's own; another one if that is taken.
    async fn map(&mut self) -> Result<u16, MapError> {
        let wanted = *self.held.get_or_insert(self.port);
        match within(MAP_REQUEST, self.router.map(wanted, self.port, self.lease)).await {
            Ok(()) => Ok(wanted),
            Err(MapError::Taken) => {
                // Somebody else's: not ours to take back.
                self.held = None;
                let port = within(MAP_ANY, self.router.map_any(self.port, self.lease)).await?;
                if port == 0 {
                    return Err(MapError::Failed("it forwards port 0".to_owned()));
                }
                self.held = Some(port);
                Ok(port)
            }
            Err(error) => Err(error),
        }
    }
}

async fn within<T>(time: Duration, asking: impl Future<Output = Result<T, MapError>>) -> Result<T, MapError> {
    timeout(time, asking).await.unwrap_or(Err(MapError::TimedOut))
}

/// Whether an address is one that the Internet does not route to: private (RFC 1918), of a provider's own gateway (RFC 6598), link-local,
/// loopback or none.
fn is_inner(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, ..] = v4.octets();
            let shared = first == 100 && second & 0xc0 == 64;
            v4.is_private() || shared || v4.is_link_local() || v4.is_loopback() || v4.is_multicast() || first == 0 || first >= 240
        }
        IpAddr::V6(v6) => {
            v6.is_unique_local() || v6.is_unicast_link_local() || v6.is_loopback() || v6.is_multicast() || v6.is_unspecified()
        }
    }
}
