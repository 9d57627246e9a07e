//! What leaves: frames from the outbox, over a link that is clear or not, sealed into records.

use super::{End, Phase, Task};
use crate::net::buffer::Buffer;
use crate::net::delay::Line;
use crate::net::limits::{BUFFER_KEPT, RECORD_PLAIN, WRITE_BATCH};
use crate::net::secure::{Channel, SecureError};
use bytes::{Buf, Bytes};
use std::collections::VecDeque;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

impl<R, W> Task<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// How many bytes may be written now: none over a cut link, one at a time by a node that trickles.
    pub(super) fn most_to_write(&self, now: Instant) -> usize {
        if self.is_cut() {
            0
        } else if self.trickles() {
            usize::from(self.next_byte <= now)
        } else {
            usize::MAX
        }
    }

    pub(super) fn is_cut(&self) -> bool {
        self.line.as_ref().is_some_and(|line| line.is_cut())
    }

    pub(super) fn trickles(&self) -> bool {
        self.conn.link.switches().trickles() && self.conn.link.is_established()
    }

    /// The link behaves otherwise from now on.
    pub(super) fn reshape(&mut self, now: Instant) {
        let model = self.conn.link.take_model();
        let cut = self.is_cut();
        match &mut self.line {
            Some(line) => line.set_model(model),
            None => self.line = Some(Box::new(Line::new(model, self.conn.link.seed(), now))),
        }
        if cut {
            // From here on the peer can take something again, and what waited did so for us.
            (self.stalled_since, self.held) = (now, now);
        }
    }

    /// Takes the frames that are to be written next, from the outbox or from the line between it and the socket; whether one is to be
    /// corrupted, which then is alone.
    pub(super) fn take(&mut self, now: Instant) -> bool {
        let link = &self.conn.link;
        match self.line.as_mut().filter(|line| !line.is_idle()) {
            None => {
                link.take(WRITE_BATCH, &mut self.batch);
                false
            }
            Some(line) => line.arrived(now, WRITE_BATCH, &mut self.batch),
        }
    }

    /// Sends frames from the outbox on their way over a link that is not clear.
    pub(super) fn load(&mut self, now: Instant) {
        let Some(line) = self.line.as_mut().filter(|line| !line.is_idle()) else { return };
        self.held = now;
        let counted = line.packets();
        let mut next = VecDeque::new();
        // One at a time, so that the most urgent of that moment goes next.
        while line.takes(now) && self.conn.link.take(1, &mut next) {
            next.drain(..).for_each(|frame| line.carry(frame, now));
        }
        let packets = line.packets();
        if packets != counted {
            self.conn.link.set_packets(packets);
        }
    }

    /// When everything sealed is written, seals what is to be sent: as many frames as fit into one large write.
    pub(super) fn gather(&mut self, now: Instant) -> Result<(), End> {
        if self.conn.link.is_reshaped() {
            self.reshape(now);
        }
        self.load(now);
        if !self.outgoing.is_empty() || matches!(self.phase, Phase::Lingering(..)) {
            return Ok(());
        }
        self.stalled_since = now;
        let corrupted = self.batch.is_empty() && self.take(now);
        if self.batch.is_empty() {
            self.outgoing.release(BUFFER_KEPT);
            if self.staging.capacity() > BUFFER_KEPT {
                self.staging = Vec::new();
            }
            return Ok(());
        }
        while self.outgoing.filled().len() < WRITE_BATCH
            && let Some(front) = self.batch.front_mut()
        {
            if front.len() >= RECORD_PLAIN {
                // A large frame fills records by itself, without being copied together.
                let piece = front.split_to(RECORD_PLAIN);
                seal(&mut self.conn.channel, &piece, &mut self.outgoing)?;
            } else {
                self.staging.clear();
                while self.staging.len() < RECORD_PLAIN
                    && let Some(front) = self.batch.front_mut()
                {
                    let count = front.len().min(RECORD_PLAIN - self.staging.len());
                    self.staging.extend_from_slice(front.get(..count).unwrap_or_default());
                    front.advance(count);
                    if front.is_empty() {
                        self.batch.pop_front();
                    }
                }
                seal(&mut self.conn.channel, &self.staging, &mut self.outgoing)?;
            }
            if self.batch.front().is_some_and(Bytes::is_empty) {
                self.batch.pop_front();
            }
        }
        if corrupted && let Some(byte) = self.outgoing.filled_mut().get_mut(self.conn.channel.header()) {
            // One bit of the ciphertext, behind the length: what no checksum on the way caught.
            *byte ^= 1;
        }
        Ok(())
    }
}

/// Seals one record at the end of `outgoing`.
fn seal(channel: &mut Channel, plain: &[u8], outgoing: &mut Buffer) -> Result<(), SecureError> {
    let length = channel.seal(plain, outgoing.room(channel.room(plain.len())))?;
    outgoing.wrote(length);
    Ok(())
}
