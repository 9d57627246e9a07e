//! A whole network in one process: what it looks like (a preset), what is done to it and what must come out, and the engines that run it.
//!
//! | File | Its story |
//! |---|---|
//! | `preset`, `schema`, `write`, `error` | a preset as a file: read strictly, described, written |
//! | [`scenario`], `selection`, `profiles`, `topology` | what a preset says, as data |
//! | `plan`, `launch`, `keys`, `preload` | what a run needs to know, made from a preset |
//! | [`director`] | what happens when: the timeline, faults by hand, traffic |
//! | [`expect`] | whether what must come out does |
//! | [`adversary`] | nodes that misbehave |
//! | [`generate`] | scenarios from seeds: drawn, played, checked, made small |
//! | `engine`, `simulation`, `real_time` with `sockets`, `processes` | what runs the nodes: virtual time, real sockets, or a process for each |
//! | `conductor`, `wishes`, `peering`, `pace` | a plan on an engine; what people wish for meanwhile, of peers too; how fast |
//! | [`report`], `agreement` | what came out |
//! | `traffic` | transfers from a seed |
//! | [`limits`] | the numbers |

pub mod adversary;
mod agreement;
mod conductor;
pub mod director;
mod engine;
mod error;
pub mod expect;
pub mod generate;
mod keys;
mod launch;
pub mod limits;
mod pace;
mod peering;
mod plan;
mod preload;
mod preset;
mod processes;
mod profiles;
mod real_time;
pub mod report;
pub mod scenario;
mod schema;
mod selection;
mod simulation;
mod sockets;
mod topology;
mod traffic;
mod wishes;
mod write;

#[cfg(test)]
mod run_tests;

pub use agreement::{Agreement, Standing};
pub use conductor::{Audience, Conductor, Inbox, Outcome, Progress, RunSettings, Save};
pub use engine::{Engine, EngineError};
pub use error::PresetError;
pub use keys::{genesis_spec, node_keys, node_seed};
pub use launch::{Blueprint, NodePlan};
pub use pace::Speed;
pub use peering::{Peering, peering};
pub use plan::Plan;
pub use preset::{BUILT_IN, Chain, DEFAULT, Group, LinkRule, Links, Mining, Nodes, Preset, Settings, TimingName, TrafficRate};
pub use processes::{CHILD_COMMAND, ChildError, ProcessesEngine, RunFolder, run_child};
pub use profiles::Profile;
pub use real_time::real_time;
pub use schema::schema;
pub use selection::Selection;
pub use simulation::SimulationEngine;
pub use sockets::SocketsEngine;
pub use topology::{Place, REGIONS, Region, Topology};
pub use traffic::{Payment, Traffic};
pub use wishes::{controls, save};
