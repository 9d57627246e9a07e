//! A whole network in one process: what it looks like (a preset), and its launch on a driver.

pub mod adversary;
mod agreement;
mod error;
pub mod generate;
mod keys;
mod launch;
pub mod limits;
mod preset;
pub mod scenario;
mod selection;
mod topology;
mod traffic;

pub use agreement::{Agreement, Standing};
pub use error::PresetError;
pub use keys::{genesis_spec, node_keys, node_seed};
pub use launch::{Cluster, LaunchError, launch};
pub use preset::{BUILT_IN, DEFAULT, Mining, Nodes, Preset, TrafficRate};
pub use selection::Selection;
pub use topology::{Kind, Topology};
pub use traffic::{Payment, Traffic};
