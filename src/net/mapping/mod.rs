//! A way in from outside: a gateway is asked by UPnP to forward a port to the node, beside everything else, and again and again.
//!
//! | File | Its story |
//! |---|---|
//! | this one | what is asked for, and whether it can be had at all |

use super::StartError;
use std::net::{Ipv4Addr, SocketAddr};

/// Where gateways listen for searches (UPnP Device Architecture 1.1, section 1.1).
const SEARCH: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250)), 1_900);

/// Asks a gateway by UPnP to forward the node's port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upnp {
    search: SocketAddr,
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
    pub(super) fn check(self, listener: Option<SocketAddr>) -> Result<(), StartError> {
        let refused = |why: String| Err(StartError::Upnp(why));
        if !cfg!(feature = "upnp") {
            return refused("this program was built without it; build it with the feature `upnp`".to_owned());
        }
        let Some(listener) = listener else { return refused("the node does not listen".to_owned()) };
        let address = listener.ip().to_canonical();
        // Only a gateway on the same machine reaches that; a test's is one.
        if address.is_loopback() && !self.search.ip().is_loopback() {
            return refused(format!(
                "only this machine reaches {address}; listen on 0.0.0.0, or on its address in the local network"
            ));
        }
        if address.is_ipv6() && !address.is_unspecified() {
            return refused(format!("{address} needs no mapping, only a way through the firewall; for IPv4 listen on 0.0.0.0"));
        }
        Ok(())
    }
}
