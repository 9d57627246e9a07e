//! One connection, from the encryption's handshake to its end: one task for both directions.
//!
//! The task reads, opens records, cuts frames, decodes, and hands inputs to the node task; and it takes frames from the outbox,
//! seals them, and writes. In every round it polls both directions, so that neither waits for the other: a peer that reads nothing is
//! still read, and a node that takes no input still sends.

mod receiving;
mod sending;

use super::alarm::Alarm;
use super::buffer::Buffer;
use super::delay::Line;
use super::inbox::{Inbox, Item, Permit, Waiting};
use super::limits::{FLUSH, FRAME_RATE, MALFORMED, READ_LEAST, RECORD, TRICKLE};
use super::link::Link;
use super::secure::{Channel, SecureError};
use super::strangers::Stranger;
use crate::node::{CloseReason, ConnectionId, Direction, Input, Timing};
use crate::wire::FrameReader;
use bytes::Bytes;
use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::time::Instant;

/// What a connection is made of.
pub struct Connection<R, W> {
    /// Its number.
    pub id: ConnectionId,
    /// Who dialled.
    pub direction: Direction,
    /// Seals and opens records.
    pub channel: Channel,
    /// Bytes from the peer.
    pub reader: R,
    /// Bytes to the peer.
    pub writer: W,
    /// Shared with the node task.
    pub link: Arc<Link>,
    /// To the node task.
    pub inbox: Inbox,
    /// Held until hands are shaken: one of the few places for strangers.
    pub stranger: Option<Stranger>,
    /// Its deadlines.
    pub timing: Timing,
    /// Longest payload of a block of its chain, in bytes.
    pub largest_block: usize,
}

/// Tells of a connection's end exactly once, whatever ended it: even a bug, or the runtime.
struct Farewell {
    id: ConnectionId,
    inbox: Inbox,
    reason: String,
}

impl Drop for Farewell {
    fn drop(&mut self) {
        let reason = std::mem::take(&mut self.reason);
        // Without a node task there is nobody to tell.
        let _ = self.inbox.tell(Item::Input(Input::Disconnected { connection: self.id, reason }));
    }
}

/// Why a connection's task ends, in words.
struct End(String);

impl From<SecureError> for End {
    fn from(error: SecureError) -> Self {
        Self(error.to_string())
    }
}

impl From<super::inbox::Gone> for End {
    fn from(_: super::inbox::Gone) -> Self {
        Self("the node has stopped".to_owned())
    }
}

impl<R, W> Connection<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Carries messages until the connection ends; tells the inbox why. [`Item::Connected`] has been told before.
    pub async fn run(self) {
        let mut farewell = Farewell { id: self.id, inbox: self.inbox.clone(), reason: "cut off as the node ended".to_owned() };
        let mut task = Task::new(self);
        let End(reason) = task.run().await;
        // The socket is closed before the node hears of it.
        drop(task);
        farewell.reason = reason;
    }
}

/// How far a connection is on its way to its end.
enum Phase {
    /// Not at all.
    Open,
    /// What is queued is sent, until this moment at the latest. What arrives is thrown away.
    Flushing(Instant, String),
    /// All is sent, and the other side knows: it is given until this moment to close as well. Closing with unread bytes here would
    /// make the system take back what the peer has not yet read (RFC 1122, section 4.2.2.13).
    Lingering(Instant, String),
}

/// Results of one round of polling.
#[derive(Default)]
struct Round {
    read: Option<io::Result<usize>>,
    wrote: Option<io::Result<usize>>,
    permit: Option<Result<Permit, End>>,
}

struct Task<R, W> {
    conn: Connection<R, W>,
    phase: Phase,
    alarm: Alarm,
    // What arrives: bytes, the opened record, frames.
    incoming: Buffer,
    room: usize,
    plain: Vec<u8>,
    plain_at: usize,
    plain_end: usize,
    frames: FrameReader,
    /// An input for which the inbox has no room yet.
    blocked: Option<(Input, Waiting)>,
    /// Since when a part of a frame is here.
    partial_since: Option<Instant>,
    malformed_since: Option<Instant>,
    // What leaves: frames, the one that is partly sealed, records.
    batch: VecDeque<Bytes>,
    staging: Vec<u8>,
    outgoing: Buffer,
    /// When the peer last took something, while there is something to take.
    stalled_since: Instant,
    /// Frames on their way, once the link was not clear.
    line: Option<Box<Line>>,
    /// When we ourselves last held frames back: that is not the peer's fault.
    held: Instant,
    /// When the next byte may be written, while the node trickles.
    next_byte: Instant,
}

impl<R, W> Task<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    fn new(conn: Connection<R, W>) -> Self {
        let frames = FrameReader::new(conn.largest_block);
        Self {
            conn,
            phase: Phase::Open,
            alarm: Alarm::new(),
            incoming: Buffer::default(),
            room: READ_LEAST,
            plain: Vec::new(),
            plain_at: 0,
            plain_end: 0,
            frames,
            blocked: None,
            partial_since: None,
            malformed_since: None,
            batch: VecDeque::new(),
            staging: Vec::new(),
            outgoing: Buffer::default(),
            stalled_since: Instant::now(),
            line: None,
            held: Instant::now(),
            next_byte: Instant::now(),
        }
    }

    async fn run(&mut self) -> End {
        loop {
            if self.conn.link.switches().is_still() {
                self.stand_still().await;
            }
            if let Err(end) = self.round().await {
                return end;
            }
        }
    }

    /// Waits until the node runs again. Nobody is blamed for the time.
    async fn stand_still(&mut self) {
        let began = Instant::now();
        self.conn.link.switches().running().await;
        let now = Instant::now();
        self.partial_since = self.partial_since.map(|_| now);
        self.malformed_since = self.malformed_since.map(|_| now);
        (self.stalled_since, self.held) = (now, now);
        if let Phase::Flushing(until, _) | Phase::Lingering(until, _) = &mut self.phase {
            *until += now - began;
        }
    }

    async fn round(&mut self) -> Result<(), End> {
        let now = Instant::now();
        // At once, not with its next frame: whoever says nothing after the handshake is no stranger any longer.
        if self.conn.stranger.is_some() && self.conn.link.is_established() {
            self.conn.stranger = None;
        }
        self.pump(now)?;
        self.gather(now)?;
        self.follow_close(now).await?;
        let due = self.deadlines(now)?;
        self.alarm.set(due);

        let round = self.poll(now).await;
        if let Some(wrote) = round.wrote {
            match wrote.map_err(|error| End(words(&error)))? {
                0 => return Err(End("closed by peer".to_owned())),
                count => {
                    self.outgoing.took(count);
                    self.conn.link.took(count);
                }
            }
            self.stalled_since = Instant::now();
            self.next_byte = self.stalled_since + TRICKLE;
        }
        if let Some(read) = round.read {
            match read.map_err(|error| End(words(&error)))? {
                0 => return Err(self.closed_by_peer()),
                count => self.took_in(count),
            }
        }
        if let Some(permit) = round.permit {
            let permit = permit?;
            if let Some((input, _)) = self.blocked.take() {
                self.conn.inbox.finish(input, permit)?;
            }
            // We made the peer wait, so its frame gets its time again.
            self.partial_since = self.partial_since.map(|_| Instant::now());
        }
        Ok(())
    }

    /// Polls all that can go on, in both directions, until something does.
    async fn poll(&mut self, now: Instant) -> Round {
        let most = self.most_to_write(now);
        let Self { conn, phase, alarm, incoming, room, blocked, outgoing, malformed_since, .. } = self;
        let reading = !matches!(phase, Phase::Open) || (blocked.is_none() && malformed_since.is_none());
        let mut woken = pin!(conn.link.woken());
        let mut round = Round::default();
        poll_fn(|cx| {
            // A node that stands still does not even read.
            let mut ready = conn.link.switches().is_still();
            if ready {
                return Poll::Ready(());
            }
            if reading && let Poll::Ready(read) = poll_read(Pin::new(&mut conn.reader), cx, incoming.room(*room)) {
                round.read = Some(read);
                ready = true;
            }
            let waiting = outgoing.filled();
            let waiting = waiting.get(..most).unwrap_or(waiting);
            if !waiting.is_empty()
                && let Poll::Ready(wrote) = Pin::new(&mut conn.writer).poll_write(cx, waiting)
            {
                round.wrote = Some(wrote);
                ready = true;
            }
            if let Some((_, waiting)) = blocked
                && let Poll::Ready(permit) = waiting.as_mut().poll(cx)
            {
                round.permit = Some(permit.map_err(|_| super::inbox::Gone.into()));
                ready = true;
            }
            ready |= woken.as_mut().poll(cx).is_ready();
            ready |= alarm.poll_ring(cx).is_ready();
            if ready { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        round
    }

    fn closed_by_peer(&self) -> End {
        match &self.phase {
            Phase::Open => End("closed by peer".to_owned()),
            Phase::Flushing(_, reason) | Phase::Lingering(_, reason) => End(reason.clone()),
        }
    }

    /// Goes the way to the end, if the node wants it to end.
    async fn follow_close(&mut self, now: Instant) -> Result<(), End> {
        match self.conn.link.closing() {
            None => return Ok(()),
            Some(CloseReason::Abrupt(reason)) => return Err(End(reason)),
            Some(CloseReason::Graceful(reason)) => {
                if matches!(self.phase, Phase::Open) {
                    self.phase = Phase::Flushing(now + FLUSH, reason);
                    self.incoming.took(usize::MAX / 2);
                    self.blocked = None;
                }
            }
        }
        // `gather` has looked just now: nothing sealed means that nothing waits.
        if let Phase::Flushing(until, reason) = &self.phase
            && self.outgoing.is_empty()
            && self.batch.is_empty()
            && self.line.as_ref().is_none_or(|line| line.is_empty())
            && self.conn.link.waiting().0 == 0
        {
            let (until, reason) = (*until, reason.clone());
            match tokio::time::timeout_at(until, self.conn.writer.shutdown()).await {
                Ok(Ok(())) => self.phase = Phase::Lingering(until, reason),
                Ok(Err(_)) | Err(_) => return Err(End(reason)),
            }
        }
        Ok(())
    }

    /// Ends the connection if a deadline has passed; else the next one.
    fn deadlines(&self, now: Instant) -> Result<Option<Instant>, End> {
        let mut next = None;
        let mut hold = |due: Instant, reason: &str| {
            if due <= now {
                return Err(End(reason.to_owned()));
            }
            next = Some(next.map_or(due, |next: Instant| next.min(due)));
            Ok(())
        };
        match &self.phase {
            Phase::Flushing(until, reason) | Phase::Lingering(until, reason) => hold(*until, reason)?,
            Phase::Open => {
                if let Some(stranger) = &self.conn.stranger
                    && !self.conn.link.is_established()
                {
                    hold(stranger.until(), "hands were not shaken in time")?;
                }
                if let Some(since) = self.malformed_since {
                    hold(since + MALFORMED, "it sent bytes that are no message")?;
                } else if let Some(since) = self.partial_since
                    && self.blocked.is_none()
                {
                    let bytes = self.frames.partial().unwrap_or(RECORD) as u64;
                    hold(since + self.conn.timing.frame + at_the_least(bytes), "a frame took it too long")?;
                }
                // What we hold back ourselves is not the peer's fault.
                if !self.outgoing.is_empty() && !self.is_cut() {
                    hold(self.stalled_since + self.conn.timing.stalled, "it does not read")?;
                    let shaped = self.line.as_ref().is_some_and(|line| !line.is_idle());
                    if !shaped
                        && !self.trickles()
                        && let Some((since, taken)) = self.conn.link.urgent_since()
                    {
                        // One large frame before them may take a slow line long: as long as he takes it, he is not to blame.
                        hold(
                            since.max(self.held) + self.conn.timing.stalled + at_the_least(taken),
                            "it reads too slowly: urgent messages waited too long",
                        )?;
                    }
                }
            }
        }
        let arrives = self.line.as_ref().and_then(|line| line.next(now));
        let byte = Some(self.next_byte).filter(|at| self.trickles() && !self.outgoing.is_empty() && *at > now);
        Ok([next, arrives, byte].into_iter().flatten().min())
    }
}

/// How long bytes take over the slowest line that is put up with.
fn at_the_least(bytes: u64) -> Duration {
    Duration::from_millis(bytes.saturating_mul(1_000) / FRAME_RATE)
}

fn poll_read<R: AsyncRead>(reader: Pin<&mut R>, cx: &mut Context<'_>, room: &mut [u8]) -> Poll<io::Result<usize>> {
    let mut buffer = ReadBuf::new(room);
    ready!(reader.poll_read(cx, &mut buffer))?;
    Poll::Ready(Ok(buffer.filled().len()))
}

/// A network error in the words of the screen.
fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionAborted => {
            "connection reset".to_owned()
        }
        _ => error.to_string(),
    }
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
