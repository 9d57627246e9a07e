//! Connections come up, dialled or taken, are secured, and are carried to their end by tasks of their own.

use super::Driver;
use crate::net::connection::Connection;
use crate::net::dialer::dial;
use crate::net::inbox::{Inbox, Item};
use crate::net::limits::{CONNECT, PENDING_DIALS};
use crate::net::link::Link;
use crate::net::listener::Accepted;
use crate::net::noise::{Identity, Secured, handshake};
use crate::net::shaping::Shaping;
use crate::net::socket;
use crate::net::switches::Switches;
use crate::node::{ConnectionId, DialError, Direction, Input};
use rand::Rng;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio::time::Instant;

/// What the tasks of connections need, dialled or taken.
pub(super) struct Common {
    pub(super) identity: Identity,
    pub(super) inbox: Inbox,
    pub(super) shaping: Arc<Shaping>,
    pub(super) switches: Arc<Switches>,
    pub(super) ids: AtomicU64,
    pub(super) stopping: watch::Receiver<bool>,
}

impl Driver {
    pub(super) fn accepted(&mut self, accepted: Accepted) {
        let Accepted { mut stream, address, stranger } = accepted;
        let common = Arc::clone(&self.common);
        let seed = self.seed();
        self.tasks.spawn(async move {
            let secured = tokio::select! {
                biased;
                secured = common.switches.while_running(handshake(&mut stream, &common.identity, false, seed)) => secured,
                () = stopped(&common.stopping) => return,
            };
            match secured {
                Ok(secured) => {
                    // Over a cut link nobody could have come: the node never learns of it.
                    if let Some(link) = common.shaping.admit(secured.peer) {
                        carry(&common, stream, secured, link, address, Direction::Inbound, Some(stranger)).await;
                    }
                }
                Err(error) => tracing::debug!(%address, %error, "a connection was not secured"),
            }
        });
    }

    pub(super) fn dial(&mut self, address: SocketAddr) {
        self.dials += 1;
        if self.dials > PENDING_DIALS {
            let error = DialError::Failed("too many dials under way".to_owned());
            return self.answer(Input::DialFailed { address, error });
        }
        let common = Arc::clone(&self.common);
        let answers = self.answers.clone();
        let seed = self.seed();
        let began = Instant::now();
        self.tasks.spawn(async move {
            let dialling = async {
                let (stream, secured) = dial(address, &common.identity, seed).await?;
                let Some(link) = common.shaping.admit(secured.peer) else {
                    // Who is there is known only now. Over a cut link nobody would have answered.
                    drop(stream);
                    tokio::time::sleep_until(began + CONNECT).await;
                    return Err(DialError::TimedOut);
                };
                Ok((stream, secured, link))
            };
            let dialled = tokio::select! {
                biased;
                dialled = common.switches.while_running(dialling) => dialled,
                () = stopped(&common.stopping) => return,
            };
            match dialled {
                Ok((stream, secured, link)) => {
                    carry(&common, stream, secured, link, address, Direction::Outbound, None).await;
                }
                Err(error) => {
                    let _ = answers.send(Input::DialFailed { address, error });
                }
            }
        });
    }

    /// Randomness for one handshake.
    pub(super) fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.random.fill_bytes(&mut seed);
        seed
    }
}

/// Ready once the node stops.
pub(super) async fn stopped(stopping: &watch::Receiver<bool>) {
    let mut stopping = stopping.clone();
    // An error means that the node task has gone, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Carries a secured connection until it ends.
async fn carry(
    common: &Common,
    stream: TcpStream,
    secured: Secured,
    link: Arc<Link>,
    address: SocketAddr,
    direction: Direction,
    stranger: Option<OwnedSemaphorePermit>,
) {
    let Secured { peer, channel } = secured;
    let id = ConnectionId(common.ids.fetch_add(1, Ordering::Relaxed));
    let inbox = common.inbox.clone();
    let connected = Item::Connected { connection: id, address, direction, peer, link: Arc::clone(&link) };
    if inbox.tell(connected).is_err() {
        return;
    }
    let (reader, writer) = socket::split(stream, Arc::clone(&common.switches));
    Connection { id, direction, channel, reader, writer, link, inbox, stranger }.run().await;
}
