//! The lines of a recording, one after the other. A file that was cut off in the middle of a line ends with its last whole line.

use super::RecordingError;
use super::format::{Header, Line};
use super::limits::{LINE, READ};
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

/// Reads a recording's lines in order.
pub struct Reader {
    input: BufReader<File>,
    header: Header,
    line: Vec<u8>,
    /// Of the line to be read next.
    place: Place,
    torn: bool,
}

/// Where a line begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// Bytes before it.
    pub offset: u64,
    /// Lines before it.
    pub line: u64,
}

impl Reader {
    /// Opens a file and reads its header.
    ///
    /// # Errors
    /// See [`RecordingError`].
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let file = File::open(path)?;
        if file.metadata()?.is_dir() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory).into());
        }
        let input = BufReader::with_capacity(READ, file);
        let mut reader = Self { input, header: Header::default(), line: Vec::new(), place: Place::default(), torn: false };
        let whole = match reader.raw() {
            Ok(line) => line.is_some(),
            Err(RecordingError::TooLong { .. }) => return Err(RecordingError::Foreign),
            Err(error) => return Err(error),
        };
        if !whole {
            let ours = reader.line.is_empty() || reader.line.starts_with(Header::BEGINNING);
            return Err(if ours { RecordingError::Empty } else { RecordingError::Foreign });
        }
        reader.header = Header::read(&reader.line)?;
        Ok(reader)
    }

    /// What the first line says.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Whether the end that was reached is in the middle of a line, or at a line that is broken.
    pub fn is_torn(&self) -> bool {
        self.torn
    }

    /// The next line; `None` at the end.
    ///
    /// # Errors
    /// [`RecordingError::Io`] and [`RecordingError::TooLong`].
    #[expect(clippy::should_implement_trait, reason = "an iterator would hide that errors end it")]
    pub fn next(&mut self) -> Result<Option<Line>, RecordingError> {
        let (place, start) = (self.place, self.header.start);
        let Some(raw) = self.raw()? else { return Ok(None) };
        let line = Line::read(start, raw);
        if line.is_none() {
            // What comes after it may be anything.
            self.torn = true;
            self.place = place;
        }
        Ok(line)
    }

    /// The next whole line's bytes, without its end.
    pub(super) fn raw(&mut self) -> Result<Option<&[u8]>, RecordingError> {
        if self.torn {
            return Ok(None);
        }
        self.line.clear();
        let read = (&mut self.input).take(LINE as u64 + 1).read_until(b'\n', &mut self.line)?;
        if self.line.pop_if(|last| *last == b'\n').is_some() {
            self.place = Place { offset: self.place.offset + read as u64, line: self.place.line + 1 };
            return Ok(Some(&self.line));
        }
        if read > LINE {
            return Err(RecordingError::TooLong { line: self.place.line + 1 });
        }
        self.torn = read > 0;
        Ok(None)
    }

    /// Where the next line begins.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Goes to a line.
    pub(super) fn go(&mut self, place: Place) -> Result<(), RecordingError> {
        self.input.seek(SeekFrom::Start(place.offset))?;
        self.place = place;
        self.torn = false;
        Ok(())
    }
}
