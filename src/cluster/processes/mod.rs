//! The engine with a process for each node, so that `kill -9` is real.
//!
//! The launcher starts its own program again for each node and talks to it over its standard input and output: lines of JSON, orders in,
//! events out. A node's process ends when its input closes, so none outlives the launcher, however that ends.
//!
//! | File | Its story |
//! |---|---|
//! | `engine` | the engine: machines, whose processes come and go |
//! | `process` | the launcher's end of one process: started, told, heard, ended |
//! | `child` | what a node's process does |
//! | `channel` | what both say to each other, and how lines are cut |
//! | `folder` | where a run's nodes keep their data, removed at its end |

mod channel;
mod child;
mod engine;
mod folder;
mod process;

pub use child::{ChildError, run_child};
pub use engine::ProcessesEngine;
pub use folder::RunFolder;

/// The hidden subcommand that a node's process is started with.
pub const CHILD_COMMAND: &str = "run-child";
