//! Looking on: turns the one stream of [`crate::node::Stamped`] events into what people see.
//!
//! | File | Its story |
//! |---|---|
//! | `hub` | the bounded queue between nodes and whoever watches them |
//! | `names` | what a node and a peer are called on the screen |
//! | `words` | one sentence for each event, with level and target |
//! | `observer` | folds the events of all nodes into [`rumormill_ui::model::Snapshot`]s: `fold` takes them in, `picture` puts one out |
//! | `watched` | one node as seen so far; `connections`, `losses`, `blocks` and `progress` are its parts |
//! | `relays` | what travelled from node to node, traced hop by hop |
//! | `messages` | messages received, by kind |
//! | `told` | what no event says: what whoever runs the nodes sets |
//! | `journal` | the bounded ring of log lines |
//! | `lines` | plain lines and JSON lines, for a node without a dashboard |
//! | `recording` | a run as a file: written, read, played again |
//! | `load` | what this process takes of the machine |
//! | `log` | where tracing's records go: a file, never the screen |
//!
//! Nothing here asks a node anything or takes a lock of its: what it shows was said by an event.

mod blocks;
mod connections;
mod fold;
mod hub;
mod journal;
pub mod limits;
pub mod lines;
mod load;
pub mod log;
mod losses;
mod messages;
mod names;
mod observer;
mod picture;
mod progress;
mod recording;
mod relays;
mod told;
mod watched;
mod words;

pub use hub::{Hub, tee};
pub use lines::{Format, Lines, json_line, plain_line};
pub use load::LoadMeter;
pub use names::Names;
pub use observer::{Diagnose, Observer, Plan};
pub use recording::{
    Control, EngineName, FaultLine, Finished, Header, Line, LinkLine, Player, Reader, Recorder, RecordingError, Speed,
};
pub use words::{Words, clean, coins, words};

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod figures_tests;
#[cfg(test)]
mod fixture;
#[cfg(test)]
mod hub_tests;
#[cfg(test)]
mod lines_tests;
#[cfg(test)]
mod observer_tests;
#[cfg(test)]
mod relays_tests;
#[cfg(test)]
mod told_tests;
