//! Looking names up, as the system is set up to: its name servers, its hosts file.
//!
//! Not by the system's own call (`getaddrinfo`): that one blocks a thread until it returns, perhaps for half a minute, and holds up the
//! end of a node and of the process. And it cannot be pointed at a name server of a test's own.

use super::limits::{LOOKUP, LOOKUP_ADDRESSES, LOOKUP_TRIES, LOOKUP_TRY, LOOKUPS};
use hickory_resolver::config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::{ResolverBuilder, TokioResolver};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Most characters of a name, dots included (RFC 1035, section 2.3.4).
const NAME: usize = 253;
/// Most characters of an error that are told on.
const WORDS: usize = 200;

/// Looks names up. Made once for a process: its clones share the bound on look-ups under way.
#[derive(Clone, Debug)]
pub struct Names {
    /// The only server to ask; `None`: as the system says.
    server: Option<SocketAddr>,
    places: Arc<Semaphore>,
}

/// Why a name has no addresses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// It is none.
    #[error("this is no host name; check its spelling")]
    Malformed,
    /// A name server says so.
    #[error("there is no such name; check its spelling")]
    Unknown,
    /// It stands for something else.
    #[error("the name has no address; check its spelling")]
    Empty,
    /// Nobody answered.
    #[error("no name server answered within {0:?}; check the network, or write an address instead of the name")]
    TimedOut(Duration),
    /// The system does not say whom to ask; in words.
    #[error("the system does not say which name servers to ask ({0}); write an address instead of the name")]
    Settings(String),
    /// A name server failed, or answered what nobody understands; in words.
    #[error("{0}; try again later, or write an address instead of the name")]
    Failed(String),
}

impl Names {
    /// Asks whom the system asks: on Unix the servers in `/etc/resolv.conf`, after a look into `/etc/hosts`. Both are read at each look-up,
    /// so that a machine that changes networks asks the new one's servers.
    pub fn system() -> Self {
        Self { server: None, places: Arc::new(Semaphore::new(LOOKUPS)) }
    }

    /// Asks this server alone, over UDP, and over TCP where an answer is too large.
    pub fn server(address: SocketAddr) -> Self {
        Self { server: Some(address), ..Self::system() }
    }

    /// The addresses of a host, IPv4 and IPv6, each once; at most [`LOOKUP_ADDRESSES`]. An address (an IPv6 one with or without brackets) is its own. Of all look-ups
    /// at most [`LOOKUPS`] are under way, the others wait; each takes at most [`LOOKUP`]. It ends when the future is dropped.
    ///
    /// # Errors
    /// [`NameError`]; an answer without addresses is one too.
    pub async fn look_up(&self, name: &str) -> Result<Vec<IpAddr>, NameError> {
        let bare = name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(name);
        if let Ok(address) = bare.parse() {
            return Ok(vec![address]);
        }
        if name.is_empty() || name.trim_end_matches('.').len() > NAME {
            return Err(NameError::Malformed);
        }
        // Never closed.
        let _place = self.places.acquire().await;
        timeout(LOOKUP, self.ask(name)).await.unwrap_or(Err(NameError::TimedOut(LOOKUP)))
    }

    async fn ask(&self, name: &str) -> Result<Vec<IpAddr>, NameError> {
        let (builder, unsettled) = self.builder();
        let resolver = builder.build().map_err(|error| explain(&error))?;
        let found = resolver.lookup_ip(name).await.map_err(|error| match (unsettled, explain(&error)) {
            // Without servers only the hosts file was read.
            (Some(why), NameError::Failed(_) | NameError::Unknown | NameError::Empty) => NameError::Settings(why),
            (_, error) => error,
        })?;
        let mut addresses = Vec::new();
        for address in found.iter().map(|address| address.to_canonical()) {
            if addresses.len() == LOOKUP_ADDRESSES {
                break;
            }
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() { Err(NameError::Empty) } else { Ok(addresses) }
    }

    /// A resolver for one look-up, and what is wrong with the system's settings.
    fn builder(&self) -> (ResolverBuilder<TokioRuntimeProvider>, Option<String>) {
        let with = |servers| {
            let config = ResolverConfig::from_parts(None, Vec::new(), servers);
            TokioResolver::builder_with_config(config, TokioRuntimeProvider::default())
        };
        let (mut builder, unsettled) = match self.server {
            Some(address) => {
                let mut server = NameServerConfig::udp_and_tcp(address.ip());
                server.connections.iter_mut().for_each(|connection| connection.port = address.port());
                let mut builder = with(vec![server]);
                builder.options_mut().use_hosts_file = ResolveHosts::Never;
                (builder, None)
            }
            None => match TokioResolver::builder_tokio() {
                Ok(builder) => (builder, None),
                Err(error) => (with(Vec::new()), Some(short(&error.to_string()))),
            },
        };
        bound(builder.options_mut());
        (builder, unsettled)
    }
}

/// Both kinds of address, within the deadline even if a server answers for one kind only; nothing kept for next time.
fn bound(options: &mut ResolverOpts) {
    options.ip_strategy = LookupIpStrategy::Ipv4AndIpv6;
    options.timeout = options.timeout.min(LOOKUP_TRY);
    options.attempts = options.attempts.min(LOOKUP_TRIES);
    options.cache_size = 0;
}

fn explain(error: &NetError) -> NameError {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NXDomain => NameError::Unknown,
        NetError::Dns(DnsError::NoRecordsFound(none)) if none.response_code == ResponseCode::NoError => NameError::Empty,
        NetError::Dns(DnsError::NoRecordsFound(none)) => {
            NameError::Failed(format!("the name server says: {}", none.response_code))
        }
        NetError::Dns(DnsError::ResponseCode(code)) => NameError::Failed(format!("the name server says: {code}")),
        NetError::Timeout => NameError::TimedOut(LOOKUP),
        NetError::Proto(_) => NameError::Failed(short(&format!("the name or its answer cannot be read: {error}"))),
        other => NameError::Failed(short(&other.to_string())),
    }
}

/// Words of others, cut where they are too many.
fn short(words: &str) -> String {
    words.chars().take(WORDS).collect()
}

#[cfg(test)]
#[path = "names_tests.rs"]
mod tests;
