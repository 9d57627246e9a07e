//! A writer that writes only so much a day: what peers bring about must not fill a disk.

use crate::observe::limits::LOG_BYTES;
use std::io::{Result, Write};

/// Said when the day's share is used up.
const FULL: &str = "the log of this day is full: nothing more until midnight (UTC)\n";

/// Writes to `inner`, [`LOG_BYTES`] a day; what comes beyond is dropped, and that is said.
pub(super) struct Bounded<W, D> {
    inner: W,
    /// Which day it is.
    today: D,
    day: u64,
    written: u64,
    full: bool,
}

impl<W: Write, D: FnMut() -> u64> Bounded<W, D> {
    /// One that has written so many bytes today.
    pub(super) fn new(inner: W, written: u64, mut today: D) -> Self {
        Self { inner, day: today(), today, written, full: false }
    }
}

impl<W: Write, D: FnMut() -> u64> Write for Bounded<W, D> {
    fn write(&mut self, record: &[u8]) -> Result<usize> {
        let day = (self.today)();
        if day != self.day {
            (self.day, self.written, self.full) = (day, 0, false);
        }
        let after = self.written.saturating_add(record.len() as u64);
        if after > LOG_BYTES || self.full {
            if !std::mem::replace(&mut self.full, true) {
                self.inner.write_all(FULL.as_bytes())?;
            }
            return Ok(record.len());
        }
        let count = self.inner.write(record)?;
        self.written = self.written.saturating_add(count as u64);
        Ok(count)
    }

    fn flush(&mut self) -> Result<()> {
        self.inner.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;

    #[test]
    fn a_day_has_its_share_and_the_next_one_its_own() {
        let (day, mut written) = (Cell::new(5), Vec::new());
        let record = [b'x'; 1 << 20];
        let mut log = Bounded::new(&mut written, 3 << 20, || day.get());
        for _ in 0..200 {
            log.write_all(&record).unwrap();
        }
        // A small one that would still fit would stand there as if nothing were missing before it.
        log.write_all(b"small").unwrap();
        day.set(6);
        log.write_all(b"next day").unwrap();
        log.flush().unwrap();
        let share = usize::try_from(LOG_BYTES).unwrap() - (3 << 20);
        assert_eq!(written.len(), share + FULL.len() + 8);
        assert_eq!(&written[share..], format!("{FULL}next day").as_bytes());
    }
}
