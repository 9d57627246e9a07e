//! What arrives: records are opened, frames cut from them, and handed in.

use super::{End, Phase, Task};
use crate::net::limits::{BUFFER_KEPT, READ_LEAST, READ_MOST};
use crate::node::{Direction, Input};
use crate::wire::{Frame, MessageKind, decode};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::Instant;

impl<R, W> Task<R, W>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    /// Bytes came: the room for the next read grows while reads fill it, and shrinks while they do not.
    pub(super) fn took_in(&mut self, count: usize) {
        self.incoming.wrote(count);
        if !matches!(self.phase, Phase::Open) {
            self.incoming.took(usize::MAX / 2);
        }
        if count >= self.room {
            self.room = (self.room * 2).min(READ_MOST);
        } else if count < self.room / 4 {
            self.room = (self.room / 2).max(READ_LEAST);
        }
    }

    /// Hands in all frames that are here, until the inbox is full.
    pub(super) fn pump(&mut self, now: Instant) -> Result<(), End> {
        if !matches!(self.phase, Phase::Open) {
            return Ok(());
        }
        let mut progress = false;
        while self.blocked.is_none() && self.malformed_since.is_none() {
            if self.plain_at == self.plain_end && !self.open()? {
                break;
            }
            progress |= self.cut(now)?;
        }
        let partial = self.frames.partial().is_some() || !self.incoming.is_empty() || self.plain_at < self.plain_end;
        match (partial, self.partial_since) {
            (false, _) => self.partial_since = None,
            (true, Some(_)) if !progress => {}
            (true, _) => self.partial_since = Some(now),
        }
        if !partial && self.room == READ_LEAST {
            self.incoming.release(BUFFER_KEPT);
            if self.plain.len() > BUFFER_KEPT {
                self.plain = Vec::new();
            }
        }
        Ok(())
    }

    /// Opens the next record, if it is here whole.
    pub(super) fn open(&mut self) -> Result<bool, End> {
        let Some(length) = self.conn.channel.next(self.incoming.filled())? else { return Ok(false) };
        let record = self.incoming.filled().get(..length).unwrap_or_default();
        self.plain_end = self.conn.channel.open(record, &mut self.plain)?;
        self.plain_at = 0;
        self.incoming.took(length);
        Ok(true)
    }

    /// Cuts the next frame from the opened record and hands it in; false if the record ends before it does.
    pub(super) fn cut(&mut self, now: Instant) -> Result<bool, End> {
        if self.conn.link.is_established() {
            self.frames.set_established();
        }
        self.frames.set_asked(self.conn.link.is_asked());
        let connection = self.conn.id;
        let plain = self.plain.get(self.plain_at..self.plain_end).unwrap_or_default();
        let mut rest = plain;
        let frame = self.frames.next(&mut rest);
        let left = rest.len();
        let (input, bytes) = match frame {
            Ok(None) => {
                self.plain_at = self.plain_end;
                return Ok(false);
            }
            Ok(Some(Frame::Known { kind, payload, bytes })) => match decode(kind as u8, payload) {
                Ok(Some(message)) => (Input::Received { connection, message: Arc::new(message), bytes }, bytes),
                Ok(None) => (Input::Unknown { connection, code: kind as u8, bytes }, bytes),
                Err(error) => (Input::Malformed { connection, error }, bytes),
            },
            Ok(Some(Frame::Unknown { code, bytes })) => (Input::Unknown { connection, code, bytes }, 0),
            Err(error) => (Input::Malformed { connection, error }, 0),
        };
        self.plain_at = self.plain_end - left;
        match &input {
            Input::Malformed { .. } => self.malformed_since = Some(now),
            // The answer to our handshake. On a connection that we did not dial it means nothing.
            Input::Received { message, .. }
                if message.kind() == MessageKind::HandshakeAck && self.conn.direction == Direction::Outbound =>
            {
                self.conn.link.establish();
            }
            Input::Received { message, .. } if message.kind() == MessageKind::Block => self.conn.link.came(),
            _ => {}
        }
        // Before it waits for room: once decoded its bytes are of no use.
        self.frames.release();
        self.blocked = self.conn.inbox.offer(input, bytes)?;
        Ok(true)
    }
}
