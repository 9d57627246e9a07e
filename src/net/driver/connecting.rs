//! Connections come up, dialled or taken, are secured, and are carried to their end by tasks of their own.

use super::Driver;
use crate::net::connection::Connection;
use crate::net::dialer::dial;
use crate::net::inbox::{Inbox, Item};
use crate::net::limits::{HANDSHAKE, MISMATCH_WARNING, PENDING_DIALS};
use crate::net::link::Link;
use crate::net::listener::Accepted;
use crate::net::secure::{Credentials, SecureError, Secured, Transport, secure_by};
use crate::net::shaping::Shaping;
use crate::net::socket;
use crate::net::strangers::Stranger;
use crate::net::switches::Switches;
use crate::node::{ConnectionId, DialError, Direction, Event, Input, Timing};
use rand::Rng;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::Instant;

/// What the tasks of connections need, dialled or taken.
pub(super) struct Common {
    pub(super) credentials: Credentials,
    pub(super) timing: Timing,
    pub(super) largest_block: usize,
    pub(super) inbox: Inbox,
    pub(super) shaping: Arc<Shaping>,
    pub(super) switches: Arc<Switches>,
    pub(super) ids: AtomicU64,
    pub(super) stopping: watch::Receiver<bool>,
}

/// Dials from nodes with another transport.
#[derive(Default)]
pub(super) struct Mismatches {
    /// Since the last warning.
    unsaid: u64,
    /// When that was.
    said: Option<Instant>,
}

impl Driver {
    pub(super) fn accepted(&mut self, accepted: Accepted) {
        let Accepted { mut stream, address, stranger, place } = accepted;
        let common = Arc::clone(&self.common);
        let seed = self.seed();
        self.tasks.spawn(async move {
            // Given back when the connection has ended.
            let _place = place;
            // Without TCP_NODELAY it still works, only slower.
            let _ = stream.set_nodelay(true);
            let late = common.switches.deadline(HANDSHAKE);
            let securing = secure_by(&mut stream, &common.credentials, Direction::Inbound, seed, late.passed());
            let secured = tokio::select! {
                biased;
                secured = common.switches.while_running(securing) => secured,
                () = stopped(&common.stopping) => return,
                () = stranger.lost() => return,
                () = stranger.late() => return,
            };
            match secured {
                Ok(secured) => {
                    // Over a cut link nobody could have come: the node never learns of it.
                    if let Some(link) = common.shaping.admit(secured.peer)
                        && stranger.secured(&link)
                    {
                        carry(&common, stream, secured, link, address, Direction::Inbound, Some(stranger)).await;
                    }
                }
                Err(error) => {
                    tracing::debug!(%address, %error, "a connection was not secured");
                    if let SecureError::Incompatible { theirs, .. } = error {
                        // Without a node task there is nobody to tell.
                        let _ = common.inbox.tell(Item::Mismatch { address, theirs });
                    }
                }
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
                let (stream, secured) = dial(address, common.timing.connect, &common.credentials, seed, &common.switches).await?;
                let Some(link) = common.shaping.admit(secured.peer) else {
                    // Who is there is known only now. Over a cut link nobody would have answered.
                    drop(stream);
                    tokio::time::sleep_until(began + common.timing.connect).await;
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

    /// Says who dials with another transport, at most once a minute: anybody can make us see it.
    pub(super) fn mismatch(&mut self, address: SocketAddr, theirs: Transport) {
        let Mismatches { unsaid, said } = &mut self.mismatches;
        if said.is_some_and(|said| self.instant.saturating_duration_since(said) < MISMATCH_WARNING) {
            *unsaid += 1;
            return;
        }
        *said = Some(self.instant);
        let ours = self.common.credentials.transport();
        let others = match std::mem::take(unsaid) {
            0 => String::new(),
            more => format!(" (and {more} more since the last warning)"),
        };
        let text = format!("{address}{others} speaks {theirs}, we speak {ours}: start both with the same --transport");
        self.emit(Event::Warning { text });
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
    stranger: Option<Stranger>,
) {
    let Secured { peer, channel } = secured;
    let id = ConnectionId(common.ids.fetch_add(1, Ordering::Relaxed));
    let inbox = common.inbox.another();
    let connected = Item::Connected { connection: id, address, direction, peer, link: Arc::clone(&link) };
    if inbox.tell(connected).is_err() {
        return;
    }
    let (reader, writer) = socket::split(stream, Arc::clone(&common.switches));
    let (timing, largest_block) = (common.timing, common.largest_block);
    Connection { id, direction, channel, reader, writer, link, inbox, stranger, timing, largest_block }.run().await;
}
