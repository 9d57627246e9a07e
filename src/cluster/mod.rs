//! A whole network in one process: what it looks like (a preset), and its launch on a driver.

pub mod adversary;
mod agreement;
mod error;
pub mod generate;
mod keys;
mod launch;
pub mod limits;
mod preset;
mod profiles;
pub mod scenario;
mod schema;
mod selection;
mod topology;
mod traffic;
mod write;

pub use agreement::{Agreement, Standing};
pub use error::PresetError;
pub use keys::{genesis_spec, node_keys, node_seed};
pub use launch::{Cluster, LaunchError, launch};
pub use preset::{BUILT_IN, Chain, DEFAULT, Group, LinkRule, Links, Mining, Nodes, Preset, Settings, TrafficRate};
pub use profiles::Profile;
pub use schema::schema;
pub use selection::Selection;
pub use topology::{Place, REGIONS, Region, Topology};
pub use traffic::{Payment, Traffic};
