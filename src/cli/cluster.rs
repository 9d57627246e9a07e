//! `rumormill cluster`: a preset's nodes, in this process, on the sockets driver.

use super::console::{Console, ConsoleArguments, Watched};
use super::ending::{Ending, Reason};
use super::{Failure, runtime, signals, values};
use crate::cluster::limits::AGREEMENT_GRACE;
use crate::cluster::{self, Agreement, DEFAULT, Preset, Standing};
use crate::net::Workers;
use crate::node::{EventSink, Stamped};
use crate::observe;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// Run a whole cluster of nodes in this process.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ClusterArguments {
    /// A built-in preset's name (see `rumormill preset list`), or the path of a preset file
    #[arg(value_name = "PRESET", default_value = DEFAULT)]
    preset: String,
    /// Seed of keys and traffic, in place of the preset's own
    #[arg(long, value_name = "N")]
    seed: Option<u64>,
    /// End after this time, and say whether all tips agree: exit code 0 if they do, 1 if not
    #[arg(long, value_name = "TIME", value_parser = values::duration)]
    duration: Option<Duration>,
    #[command(flatten)]
    console: ConsoleArguments,
}

const EXAMPLES: &str = "\
Examples:
  rumormill cluster                                      eight nodes in a ring
  rumormill cluster hello                                three nodes on a line
  rumormill cluster hello --headless --duration 30s      lines, and a verdict
  rumormill cluster my-preset.toml --seed 7";

/// Runs the cluster until it is told to end, or its time is over.
pub fn run(arguments: ClusterArguments, ending: Ending) -> Result<ExitCode, Failure> {
    let preset = Preset::find(&arguments.preset).map_err(|error| Failure::Argument(format!("PRESET: {error}")))?;
    runtime()?.block_on(run_cluster(arguments, preset, ending))
}

async fn run_cluster(arguments: ClusterArguments, preset: Preset, ending: Ending) -> Result<ExitCode, Failure> {
    signals::listen(ending.clone()).map_err(|error| Failure::Environment(format!("cannot listen for signals: {error}")))?;
    let seed = arguments.seed.unwrap_or(preset.seed);
    let names = (0..preset.nodes.count).map(|index| format!("n{index}")).collect();
    let watched = Watched::new(preset.name.clone(), Some(seed), names);
    let tips = Tips::new(preset.nodes.count);
    let events = observe::tee(vec![tips.sink(), watched.sink()]);

    let cluster = cluster::launch(&preset, seed, events, Workers::new(super::threads()))
        .await
        .map_err(|error| Failure::Environment(error.to_string()))?;
    let console = Console::open(&arguments.console, watched, ending.clone())?;

    // A chain on which nobody mines agrees on its genesis; where somebody does, agreement takes a block.
    let least = u64::from(preset.nodes.mining.is_some());
    let (reason, standing) = tokio::select! {
        biased;
        reason = ending.come() => (reason, tips.standing()),
        standing = tips.verdict(arguments.duration, least) => {
            ending.bring(Reason::TimeUp);
            (Reason::TimeUp, standing)
        }
        never = cluster.traffic() => match never {},
    };
    cluster.stop().await;
    console.close();
    if arguments.duration.is_some() {
        arguments.console.print_verdict(&standing, least);
    }
    Ok(if disagree(reason, &standing, least) { ExitCode::FAILURE } else { reason.code() })
}

/// Whether a run failed by its nodes' standing. One that was cut short was not there for its verdict.
fn disagree(reason: Reason, standing: &Standing, least: u64) -> bool {
    reason == Reason::TimeUp && !standing.agreed_at(least)
}

/// Where the nodes stand, from their events.
#[derive(Clone)]
struct Tips(Arc<watch::Sender<Agreement>>);

impl Tips {
    fn new(count: u32) -> Self {
        Self(Arc::new(watch::Sender::new(Agreement::new(count))))
    }

    fn sink(&self) -> EventSink {
        let tips = self.0.clone();
        Arc::new(move |stamped: Stamped| {
            tips.send_if_modified(|agreement| agreement.see(&stamped));
        })
    }

    fn standing(&self) -> Standing {
        self.0.borrow().standing()
    }

    /// Where they stand after `duration`: at once if they agree, else as soon as they do, within [`AGREEMENT_GRACE`]. Never
    /// returns without a duration.
    async fn verdict(&self, duration: Option<Duration>, least: u64) -> Standing {
        let Some(duration) = duration else { return std::future::pending().await };
        tokio::time::sleep(duration).await;
        let mut changes = self.0.subscribe();
        let agreed = changes.wait_for(|agreement| agreement.standing().agreed_at(least));
        let _ = tokio::time::timeout(AGREEMENT_GRACE, agreed).await;
        self.standing()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chain::BlockId;

    #[test]
    fn only_a_full_run_can_fail_by_its_verdict() {
        let agreed = |height| Standing::Agreed { nodes: 3, tip: BlockId::default(), height };
        let split = Standing::Split { groups: Vec::new(), silent: vec![0] };
        assert!(disagree(Reason::TimeUp, &split, 1));
        assert!(!disagree(Reason::Signal, &split, 1));
        assert!(!disagree(Reason::TimeUp, &agreed(1), 1));
        // Miners that found nothing agree on nothing.
        assert!(disagree(Reason::TimeUp, &agreed(0), 1));
        assert!(!disagree(Reason::TimeUp, &agreed(0), 0));
    }
}
