//! What can be said on the command line.

use crate::cluster::CHILD_COMMAND;

use super::{ClusterArguments, NodeArguments, PresetArguments, ReplayArguments};

/// A peer-to-peer blockchain playground in a terminal.
///
/// Runs one node, or a whole local cluster of them, with real networking, a mining stub, gossip and chain synchronization, and
/// shows live what every peer does.
#[derive(Debug, clap::Parser)]
#[command(name = "rumormill", version, propagate_version = true, after_help = EXAMPLES)]
pub struct Arguments {
    /// What to run.
    #[command(subcommand)]
    pub subcommand: Subcommand,
}

/// What can be run.
#[derive(Debug, clap::Subcommand)]
pub enum Subcommand {
    /// Run one node
    // Boxed: it is far larger than the others.
    Node(Box<NodeArguments>),
    /// Run a whole cluster of nodes
    Cluster(ClusterArguments),
    /// Play a recorded run again
    Replay(ReplayArguments),
    /// List, show and check presets
    Preset(PresetArguments),
    /// One node of a cluster, started by `cluster --processes`
    #[command(name = CHILD_COMMAND, hide = true)]
    NodeChild,
}

const EXAMPLES: &str = "\
Examples:
  rumormill cluster                      eight nodes in a ring, already talking
  rumormill node 8080                    a first node
  rumormill node 8081 127.0.0.1:8080     a second one, which dials the first
  rumormill replay run.jsonl             a recorded run, at any speed and from any moment
  rumormill preset list                  which clusters there are

Exit codes:
  0  all went well
  1  the environment did not allow it, or a cluster's nodes disagree
  2  an argument or a preset is wrong";

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
