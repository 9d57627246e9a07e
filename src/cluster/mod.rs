//! A whole network in one process: what it looks like (a preset), and its launch on a driver.

mod agreement;
pub mod director;
mod conductor;
mod engine;
mod error;
pub mod expect;
mod keys;
mod launch;
pub mod limits;
mod pace;
mod plan;
mod preload;
mod preset;
pub mod report;
pub mod scenario;
mod selection;
mod simulation;
mod sockets;
mod topology;
mod traffic;
mod wishes;

pub use agreement::{Agreement, Standing};
pub use error::PresetError;
pub use keys::{genesis_spec, node_keys, node_seed};
pub use engine::{Engine, EngineError};
pub use launch::{Blueprint, NodePlan};
pub use conductor::{Audience, Conductor, Inbox, Outcome, Progress, Save, Settings};
pub use pace::Speed;
pub use plan::Plan;
pub use preset::{BUILT_IN, DEFAULT, Mining, Nodes, Preset, TrafficRate};
pub use selection::Selection;
pub use simulation::SimulationEngine;
pub use sockets::{SocketsEngine, real_time};
pub use topology::{Kind, Topology};
pub use traffic::{Payment, Traffic};
pub use wishes::controls;
