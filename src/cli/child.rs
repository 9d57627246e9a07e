//! `rumormill run-child`: one node of a cluster in a process of its own. Nobody types it; `cluster --processes` starts it.

use super::ending::Ending;
use super::{Failure, runtime_of, signals};
use crate::cluster::{self, ChildError};
use crate::net::Workers;
use std::process::ExitCode;

/// Threads of such a process for its tasks, and for heavy work: there are many of them on one machine.
const THREADS: usize = 1;

/// Runs the node until its launcher tells it to end, or is gone.
pub fn run(ending: Ending) -> Result<ExitCode, Failure> {
    let runtime = runtime_of(THREADS)?;
    let _inside = runtime.enter();
    signals::leave_to_launcher(ending.clone())
        .map_err(|error| Failure::Environment(format!("cannot listen for signals: {error}")))?;
    let told_to_end = async {
        ending.come().await;
    };
    cluster::run_child(&runtime, Workers::new(THREADS), told_to_end).map_err(|error| match error {
        ChildError::Channel(_) => Failure::Argument(error.to_string()),
        _ => Failure::Environment(error.to_string()),
    })?;
    Ok(ending.reason().map_or(ExitCode::SUCCESS, |reason| reason.code()))
}
