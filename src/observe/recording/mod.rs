//! A run as a file of JSON lines: written while it happens, and played again. `docs/recording.md` is the format's description.
//!
//! | File | Its story |
//! |---|---|
//! | `format` | the lines: header, events, controls |
//! | `error` | why a file cannot be played |
//! | `recorder` | the queue and the thread that writes |
//! | `reader` | lines from a file, from its beginning or from any line |
//! | `index` | one pass over a file: its length, its marks, where its moments lie |
//! | `marks` | the moments worth jumping to |
//! | `head` | what was folded up to some line; points to come back to |
//! | `player`, `speed` | plays a file: speed, pause, step, seek |
//! | `limits` | the numbers |

mod error;
mod format;
mod head;
mod index;
pub mod limits;
mod marks;
mod player;
mod reader;
mod recorder;
mod speed;

pub use error::RecordingError;
pub use format::{Control, EngineName, FaultLine, Header, Line, LinkLine};
pub use player::Player;
pub use reader::Reader;
pub use recorder::{Finished, Recorder};
pub use speed::Speed;

#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod player_tests;
#[cfg(test)]
mod recorder_tests;
