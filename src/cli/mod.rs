//! The command line: one file a subcommand, and what they share.

mod arguments;
mod bootstrap;
mod child;
mod cluster;
mod config;
mod console;
mod descriptors;
mod disk;
mod ending;
mod failure;
mod gallery;
mod lines;
mod node;
mod panic;
mod preset;
mod replay;
mod screen;
mod signals;
mod values;
mod verdict;

pub use arguments::{Arguments, Subcommand};
pub use cluster::ClusterArguments;
pub use config::{ConfigArguments, Profile, configuration_table};
pub use console::ConsoleArguments;
pub use failure::Failure;
pub use node::NodeArguments;
pub use preset::PresetArguments;
pub use replay::ReplayArguments;
pub use values::PeerAddress;

use clap::Parser;
use ending::Ending;
use failure::tell;
use std::process::ExitCode;

/// Reads the command line and carries it out. Exit codes: 0 all went well, 1 the environment did not allow it (or a cluster's
/// nodes disagree), 2 an argument is wrong.
pub fn main() -> ExitCode {
    // A wrong argument, `--help` and `--version` end here: clap prints, and exits with 2 or 0.
    let arguments = Arguments::parse();
    let ending = Ending::new();
    panic::install_hook(ending.clone());
    let outcome = match arguments.subcommand {
        Subcommand::Node(arguments) => node::run(*arguments, ending),
        Subcommand::Cluster(arguments) => cluster::run(arguments, ending),
        Subcommand::Replay(arguments) => replay::run(arguments, ending),
        Subcommand::Preset(arguments) => preset::run(&arguments),
        Subcommand::NodeChild => child::run(ending),
    };
    match outcome {
        Ok(code) => code,
        Err(failure) => {
            tell(format_args!("error: {failure}"));
            failure.code()
        }
    }
}

/// Threads for the runtime, and as many workers: what the machine has, bounded, since a playground is not alone on it.
fn threads() -> usize {
    const MOST: usize = 4;
    std::thread::available_parallelism().map_or(1, usize::from).min(MOST)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    runtime_of(threads())
}

fn runtime_of(threads: usize) -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(threads).enable_all().build();
    built.map_err(|error| Failure::Environment(format!("cannot start the runtime: {error}")))
}

/// The real clock.
fn now() -> crate::node::Time {
    let since_epoch = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    crate::node::Time(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
}
