//! A buffer of bytes that are written at one end and taken at the other.

/// Initialised memory of which the middle is in use. Unlike a plain vector it is not cleared for every use, and what is left over moves to
/// the front only when room is short.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
}

impl Buffer {
    /// What was written and not yet taken.
    pub fn filled(&self) -> &[u8] {
        self.bytes.get(self.start..self.end).unwrap_or_default()
    }

    /// What was written and not yet taken, to be changed.
    pub fn filled_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.start == self.end
    }

    /// At least `least` bytes to write to.
    pub fn room(&mut self, least: usize) -> &mut [u8] {
        if self.is_empty() {
            (self.start, self.end) = (0, 0);
        }
        if self.bytes.len() - self.end < least && self.start > 0 {
            self.bytes.copy_within(self.start..self.end, 0);
            (self.start, self.end) = (0, self.end - self.start);
        }
        if self.bytes.len() - self.end < least {
            self.bytes.resize(self.end + least, 0);
        }
        self.bytes.get_mut(self.end..).unwrap_or_default()
    }

    /// `count` bytes of the room were written.
    pub fn wrote(&mut self, count: usize) {
        self.end = (self.end + count).min(self.bytes.len());
    }

    /// `count` bytes were taken.
    pub fn took(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// Gives memory back, down to `keep` bytes, if nothing is in it.
    pub fn release(&mut self, keep: usize) {
        if self.is_empty() && self.bytes.len() > keep {
            *self = Self::default();
        }
    }
}
