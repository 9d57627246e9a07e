//! Scenarios from a seed: a random network with random faults and adversaries, what must hold in it whatever happens, and the smallest
//! scenario in which it does not.
//!
//! | File | Its story |
//! |---|---|
//! | `plan` | a scenario as data, and how nodes are taken out of it |
//! | `draw` | a scenario from a seed |
//! | `stage` | plays it in the simulation |
//! | `check` | what must hold, and what did not |
//! | `shrink` | makes a failing scenario small |
//! | `preset` | what it is as a preset |

mod check;
mod draw;
mod limits;
mod plan;
mod preset;
mod shrink;
mod stage;
#[cfg(test)]
mod tests;

pub use check::{Outcome, Violation, check};
pub use draw::scenario;
pub use plan::Plan;
pub use shrink::shrink;
