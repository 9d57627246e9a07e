//! A way in from outside: a gateway is asked by UPnP to forward a port to the node, beside everything else and again and again. Nothing
//! waits for it, and nothing depends on it.
//!
//! | File | Its story |
//! |---|---|
//! | this one | what is asked for, whether it can be had at all, and what comes of it |
//! | `keeper` | asks, renews, tries again, takes back: the rules, for any gateway |
//! | `gateway` | one that speaks UPnP |

#[cfg(feature = "upnp")]
mod gateway;
#[cfg(feature = "upnp")]
mod keeper;

use super::StartError;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Where gateways listen for searches (UPnP Device Architecture 1.1, section 1.1).
const SEARCH: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250)), 1_900);

/// Asks a gateway by UPnP to forward the node's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upnp {
    search: SocketAddr,
}

/// What came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "upnp"), allow(dead_code, reason = "without the feature nothing comes of it"))]
pub enum News {
    /// The port is forwarded from this address.
    Mapped(SocketAddr),
    /// An attempt to have it forwarded, or to have it stay so, came to nothing; why, and what to do, in words.
    Failed(String),
    /// What was forwarded is so no longer, as far as anybody can tell.
    Lost,
}

/// A wish that can come true: where to search, and the listener to which a gateway should forward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "upnp"), allow(dead_code, reason = "without the feature there is no wish that can"))]
pub struct Wish {
    search: SocketAddr,
    listener: SocketAddr,
}

impl Default for Upnp {
    fn default() -> Self {
        Self { search: SEARCH }
    }
}

impl Upnp {
    /// Searches for a gateway at this address instead of in the whole local network.
    pub fn at(search: SocketAddr) -> Self {
        Self { search }
    }

    /// Whether a node that listens there can be reached by way of a gateway.
    ///
    /// # Errors
    /// [`StartError::Upnp`], if not.
    pub(super) fn check(self, listener: Option<SocketAddr>) -> Result<Wish, StartError> {
        let refused = |why: String| Err(StartError::Upnp(why));
        if !cfg!(feature = "upnp") {
            return refused("this program was built without it; build it with the feature `upnp`".to_owned());
        }
        let Some(listener) = listener else { return refused("the node does not listen".to_owned()) };
        let address = listener.ip().to_canonical();
        // A gateway on this very machine is the exception; a test's is one.
        if address.is_loopback() && !self.search.ip().is_loopback() {
            return refused(format!(
                "only this machine reaches {address}; listen on 0.0.0.0, or on its address in the local network"
            ));
        }
        if address.is_ipv6() && !address.is_unspecified() {
            return refused(format!("{address} needs none, only a way through the firewall; for IPv4 listen on 0.0.0.0"));
        }
        Ok(Wish { search: self.search, listener: SocketAddr::new(address, listener.port()) })
    }
}

#[cfg(feature = "upnp")]
impl Wish {
    /// Keeps the port forwarded until `stopped` is ready, then takes the mapping back, within a second. Steps only while the node runs.
    pub async fn keep(
        self,
        news: tokio::sync::mpsc::UnboundedSender<News>,
        switches: &super::switches::Switches,
        stopped: impl Future<Output = ()>,
    ) {
        let gateway = gateway::Upnp::new(self.search, self.listener.ip());
        let mut keeper = keeper::Keeper::new(gateway, self.listener.port(), news);
        tokio::select! {
            biased;
            () = stopped => {}
            () = switches.while_running(keeper.keep()) => {}
        }
        keeper.release().await;
    }
}

#[cfg(all(test, feature = "upnp"))]
mod gateway_tests;
#[cfg(all(test, feature = "upnp"))]
mod keeper_tests;
