//! One pass over a recording: how long it is, where it ends, and which moments are worth a jump. Lines are glanced at, and read in
//! full only where a mark may lie, so that even a large file is passed at about the disk's speed.

use super::RecordingError;
use super::format::{Line, glance};
use super::marks::Marks;
use super::reader::{Place, Reader};
use std::time::Duration;

/// What the pass found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Index {
    /// Time (run time) of the last line.
    pub length: Duration,
    /// Where the first line after the header begins, and where the last whole line ends.
    pub bounds: (Place, Place),
    /// Moments worth a jump, in order.
    pub marks: Vec<(Duration, String)>,
    /// It ends in the middle of a line.
    pub torn: bool,
}

impl Index {
    /// Passes over all lines; `reader` has read the header.
    pub fn build(reader: &mut Reader) -> Result<Self, RecordingError> {
        let start = reader.header().start;
        let first = reader.place();
        let mut marks = Marks::new(&reader.header().nodes);
        let (mut last, mut length, mut broken) = (first, Duration::ZERO, false);
        while let Some(raw) = reader.raw()? {
            let (at, line) = match glance(raw) {
                Some((t, name)) => (Duration::from_micros(t), marks.wants(name).then(|| Line::read(start, raw))),
                None => match Line::read(start, raw) {
                    Some(line) => (line.at().since(start), Some(Some(line))),
                    None => (Duration::ZERO, Some(None)),
                },
            };
            // Nodes on their own threads are heard a little out of order: time never goes back.
            let at = at.max(length);
            match line {
                Some(Some(line)) => marks.see(at, &line),
                Some(None) => {
                    broken = true;
                    break;
                }
                None => {}
            }
            length = at;
            last = reader.place();
        }
        let torn = broken || reader.is_torn();
        Ok(Self { length, bounds: (first, last), marks: marks.into_list(), torn })
    }
}
