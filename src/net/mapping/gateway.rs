//! A gateway that speaks UPnP (Internet Gateway Device, versions 1 and 2). What it answers is bounded by the crate: 1 MiB, 64 levels of
//! XML, no redirects, no other host than the one that answered the search.

use super::keeper::{MapError, Router};
use crate::net::limits::MAP_SEARCH;
use igd_next::aio::Gateway;
use igd_next::aio::tokio::{Tokio, search_gateway};
use igd_next::{
    AddAnyPortError, AddPortError, GatewayIpVersion, GetExternalIpError, PortMappingProtocol::TCP, RemovePortError, RequestError,
    SearchError, SearchOptions,
};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::net::UdpSocket;

/// What a mapping is called in the gateway's list.
const DESCRIPTION: &str = "rumormill";
/// Most characters of an error that are told on: a gateway may write a megabyte.
const WORDS: usize = 120;

/// The gateway of the local network.
pub(super) struct Upnp {
    search: SocketAddr,
    /// The listener's address, or none in particular.
    own: IpAddr,
    found: Option<(Gateway<Tokio>, IpAddr)>,
}

impl Upnp {
    pub(super) fn new(search: SocketAddr, listener: IpAddr) -> Self {
        let own = if listener.is_unspecified() { Ipv4Addr::UNSPECIFIED.into() } else { listener };
        Self { search, own, found: None }
    }

    /// The gateway, and where it is to forward to.
    fn found(&self, port: u16) -> Result<(&Gateway<Tokio>, SocketAddr), MapError> {
        let (gateway, own) = self.found.as_ref().ok_or(MapError::NoGateway)?;
        Ok((gateway, SocketAddr::new(*own, port)))
    }
}

impl Router for Upnp {
    async fn find(&mut self) -> Result<(), MapError> {
        // The one found before stays until then: it may hold a mapping that is to be taken back.
        let mut options = SearchOptions::default();
        options.bind_addr = SocketAddr::new(self.own, 0);
        options.broadcast_address = self.search;
        options.timeout = Some(MAP_SEARCH);
        options.gateway_ip_version = GatewayIpVersion::V4;
        if self.search.ip().is_loopback() {
            // It trusts no gateway on loopback unless told to.
            options.allowed_gateway_ips.push(self.search.ip());
        }
        let gateway = search_gateway(options).await.map_err(|error| match error {
            SearchError::NoResponseWithinTimeout => MapError::NoGateway,
            SearchError::IoError(error) => MapError::Failed(short(&format!("the search cannot be sent: {error}"))),
            other => MapError::Failed(short(&other.to_string())),
        })?;
        let own = match self.own.is_unspecified() {
            true => towards(gateway.addr).await.map_err(|error| MapError::Failed(short(&error.to_string())))?,
            false => self.own,
        };
        self.found = Some((gateway, own));
        Ok(())
    }

    async fn outside(&mut self) -> Result<IpAddr, MapError> {
        let (gateway, _) = self.found(0)?;
        gateway.get_external_ip().await.map_err(|error| match error {
            GetExternalIpError::ActionNotAuthorized => MapError::NotAllowed,
            GetExternalIpError::RequestError(error) => request(&error),
        })
    }

    async fn map(&mut self, port: u16, inner: u16, lease: Duration) -> Result<(), MapError> {
        let (gateway, to) = self.found(inner)?;
        gateway.add_port(TCP, port, to, seconds(lease), DESCRIPTION).await.map_err(|error| match error {
            AddPortError::ActionNotAuthorized => MapError::NotAllowed,
            AddPortError::PortInUse => MapError::Taken,
            AddPortError::OnlyPermanentLeasesSupported => MapError::PermanentOnly,
            AddPortError::RequestError(error) => request(&error),
            other => MapError::Failed(short(&other.to_string())),
        })
    }

    async fn map_any(&mut self, inner: u16, lease: Duration) -> Result<u16, MapError> {
        let (gateway, to) = self.found(inner)?;
        gateway.add_any_port(TCP, to, seconds(lease), DESCRIPTION).await.map_err(|error| match error {
            AddAnyPortError::ActionNotAuthorized => MapError::NotAllowed,
            AddAnyPortError::NoPortsAvailable | AddAnyPortError::ExternalPortInUse => MapError::Taken,
            AddAnyPortError::OnlyPermanentLeasesSupported => MapError::PermanentOnly,
            AddAnyPortError::RequestError(error) => request(&error),
            other => MapError::Failed(short(&other.to_string())),
        })
    }

    async fn unmap(&mut self, port: u16) -> Result<(), MapError> {
        let (gateway, _) = self.found(0)?;
        gateway.remove_port(TCP, port).await.map_err(|error| match error {
            RemovePortError::ActionNotAuthorized => MapError::NotAllowed,
            other => MapError::Failed(short(&other.to_string())),
        })
    }
}

/// This machine's address on the way to `other`. Nothing is sent.
async fn towards(other: SocketAddr) -> std::io::Result<IpAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).await?;
    socket.connect(other).await?;
    Ok(socket.local_addr()?.ip())
}

fn request(error: &RequestError) -> MapError {
    match error {
        RequestError::IoError(error) if error.kind() == std::io::ErrorKind::TimedOut => MapError::TimedOut,
        // Its words would be the whole answer.
        RequestError::InvalidResponse(_) => MapError::Failed("not as UPnP says".to_owned()),
        other => MapError::Failed(short(&other.to_string())),
    }
}

fn seconds(lease: Duration) -> u32 {
    u32::try_from(lease.as_secs()).unwrap_or(u32::MAX)
}

/// Words of others: cut where they are too many, on one line.
fn short(words: &str) -> String {
    words.chars().take(WORDS).map(|c| if c.is_control() { ' ' } else { c }).collect()
}
