//! `rumormill node`: one node on sockets.

use super::bootstrap::{self, Bootstrap};
use super::config::{ConfigArguments, Configuration, Place, Settings};
use super::console::{Console, ConsoleArguments, Watched};
use super::descriptors;
use super::disk::{self, Home, random_seed};
use super::ending::{Ending, Reason};
use super::failure::tell;
use super::gallery::Desk;
use super::{Failure, runtime, signals};
use crate::chain::ChainSpec;
use crate::cluster::{Peering, peering};
use crate::net::{self, Handle, LastCommit, Names, Setup, StartError, Upnp, Workers};
use crate::node::Command;
use crate::observe::Control;
use crate::observe::log::LogGuard;
use crate::store::{AddressFile, DataDirectory};
use rumormill_ui::model::{Controls, Intent};
use std::io::Write;
use std::net::SocketAddr;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Run one node.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct NodeArguments {
    #[command(flatten)]
    config: ConfigArguments,
    #[command(flatten)]
    console: ConsoleArguments,
}

const EXAMPLES: &str = "\
Examples, each in a terminal of its own:
  rumormill node 8080
  rumormill node 8081 127.0.0.1:8080
  rumormill node 8082 127.0.0.1:8080 --no-mine
  rumormill node 8080 --listen 0.0.0.0      reachable from other machines
  rumormill node 8083 localhost:8080 --ephemeral --json | jq .event
  rumormill node 8080 --profile public --listen 0.0.0.0 --dns-seed seed.example.org --upnp
  RUMORMILL_MAX_INBOUND=64 rumormill node 8080 --print-config > node.toml
  rumormill node --config node.toml

Configuration:
  Arguments overrule variables (RUMORMILL_PORT, RUMORMILL_MAX_INBOUND, ...),
  and these overrule a file: the one that --config or RUMORMILL_CONFIG names,
  or else node.toml in the data directory, if it is there. One that merely lies
  in the working directory is not read. A list (PEER, --dns-seed) replaces that
  of a weaker place. Each switch has an opposite, for use against a file:
  --mine, --no-ephemeral, --bootstrap, --peer-exchange, --kademlia, --no-upnp.
  docs/configuration.md has all keys";

/// Runs the node until it is told to end.
pub fn run(arguments: NodeArguments, ending: Ending) -> Result<ExitCode, Failure> {
    let configuration = Configuration::gather(&arguments.config, std::env::vars_os(), disk::default_folder)?;
    for warning in configuration.settings.warnings() {
        tell(format_args!("warning: {warning}"));
    }
    if arguments.config.print {
        // A reader that has left takes no more, and that is no fault.
        let _ = std::io::stdout().write_all(configuration.print().as_bytes());
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(warning) = descriptors::provide(configuration.settings.max_inbound, configuration.settings.max_outbound) {
        tell(format_args!("warning: {warning}"));
    }
    let runtime = runtime()?;
    let result = runtime.block_on(run_node(configuration.settings, arguments.console, ending));
    // A file that is still being opened, perhaps repaired, holds up nobody's end: it survives that as it survives a kill.
    runtime.shutdown_background();
    result
}

async fn run_node(settings: Settings, console: ConsoleArguments, ending: Ending) -> Result<ExitCode, Failure> {
    signals::listen(ending.clone()).map_err(|error| Failure::Environment(format!("cannot listen for signals: {error}")))?;
    let Some(started) = unless_ended(&ending, start(settings, &console)).await? else {
        return Ok(ending.reason().map_or(ExitCode::SUCCESS, Reason::code));
    };
    let Started { node, name, desk, watched, mut wishes, mut found, log: _log } = started;
    let console = Console::open(&console, watched, ending.clone())?;

    let mut come = pin!(ending.come());
    let reason = loop {
        tokio::select! {
            biased;
            reason = &mut come => break reason,
            Some(intent) = wishes.recv() => {
                if let Some(said) = grant(&node, &name, &intent) {
                    desk.tell(Control::Notice { text: said });
                }
            }
            Some(address) = found.recv() => node.command(Command::Connect(address)),
        }
    };
    let last = node.stop().await;
    console.close();
    outcome(reason, last)
}

/// A node that runs, and what belongs to it.
struct Started {
    node: Handle,
    name: String,
    desk: Desk,
    watched: Watched,
    /// What somebody at the dashboard wishes.
    wishes: mpsc::UnboundedReceiver<Intent>,
    /// Addresses of peers whose names did not resolve at first.
    found: mpsc::UnboundedReceiver<SocketAddr>,
    log: Option<LogGuard>,
}

/// Does `work`, unless the run ends first: `None`.
async fn unless_ended<T>(ending: &Ending, work: impl Future<Output = Result<T, Failure>>) -> Result<Option<T>, Failure> {
    tokio::select! {
        biased;
        _ = ending.come() => Ok(None),
        done = work => done.map(Some),
    }
}

/// Starts the node: looks its peers up, opens what it keeps, listens.
async fn start(settings: Settings, console: &ConsoleArguments) -> Result<Started, Failure> {
    let names = Names::system();
    let server = names.clone();
    let look_up = move |host: String| {
        let server = server.clone();
        async move { server.look_up(&host).await }
    };
    let Bootstrap { addresses, unresolved } = bootstrap::resolve(&settings.peers, &look_up).await?;
    for (peer, why) in &unresolved {
        tell(format_args!("warning: {}. It is looked up again and again", bootstrap::unresolved(peer, why)));
    }
    let spec = Arc::new(ChainSpec::lab());
    let port = settings.listen.port();
    let (place, own) = (settings.home.clone(), Arc::clone(&spec));
    // Beside the runtime: a file that was not closed well is repaired when it is opened.
    let opening = tokio::task::spawn_blocking(move || match &place {
        Place::Memory => Home::ephemeral(),
        Place::Default => Home::on_disk(None, port, &own),
        Place::Folder(folder) => Home::on_disk(Some(folder), port, &own),
    });
    let home = opening.await.map_err(|error| Failure::Environment(format!("cannot open the data directory: {error}")))??;
    let log = console.open_log(home.directory.as_ref().map(DataDirectory::path))?;

    let name = settings.name.clone().unwrap_or_else(|| home.keys.address().short());
    let (order, wishes) = mpsc::unbounded_channel();
    let order = Arc::new(move |intent| {
        // The node may have ended first.
        let _ = order.send(intent);
    });
    let desk = Desk::real(order, Controls { peers: true, ..Controls::default() });
    let watched = Watched::new(name.clone(), None, vec![name.clone()]).taking_wishes(desk.clone());
    let setup = Setup {
        config: settings.node(addresses),
        keys: home.keys,
        transport: settings.transport,
        spec,
        listen: Some(settings.listen),
        store: home.store,
        addresses: home.directory.as_ref().map(|directory| AddressFile::in_folder(directory.path())),
        index: 0,
        seed: random_seed()?,
        events: if log.is_some() { watched.logged_sink() } else { watched.sink() },
        workers: Workers::new(super::threads()),
        names,
        upnp: settings.upnp.then(Upnp::default),
        wrap: None,
    };
    let node = net::start(setup).await.map_err(|error| explain(&error))?;
    let (later, found) = mpsc::unbounded_channel();
    // Ends with the runtime.
    tokio::spawn(bootstrap::resolve_later(unresolved.into_iter().map(|(peer, _)| peer).collect(), look_up, later));
    Ok(Started { node, name, desk, watched, wishes, found, log })
}

/// How a run ended that ended for this reason.
fn outcome(reason: Reason, last: LastCommit) -> Result<ExitCode, Failure> {
    match last {
        LastCommit::Done => Ok(reason.code()),
        LastCommit::Failed(why) => {
            Err(Failure::Environment(format!("the last blocks are not stored: {why}. What was stored before is whole")))
        }
    }
}

/// Does what somebody at the dashboard wishes; what was done, or why it was not, in words.
fn grant(node: &Handle, name: &str, intent: &Intent) -> Option<String> {
    Some(match peering(intent, |_| None)? {
        Ok(Peering { command, said, .. }) => {
            node.command(command);
            format!("{name} {said}")
        }
        Err(why) => why,
    })
}

/// Says which argument to change.
fn explain(error: &StartError) -> Failure {
    Failure::Environment(match error {
        StartError::Listen { .. } => format!("PORT or --listen: {error}"),
        StartError::Upnp(_) => format!("--upnp: {error}"),
        StartError::Store(_) | StartError::Secure(_) | StartError::System(_) => error.to_string(),
        StartError::Restore(_) => format!("{error}; choose another --data-dir, or say --ephemeral to keep all in memory"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_start_that_takes_for_ever_is_ended_like_any_run() {
        let ending = Ending::new();
        ending.bring(Reason::Signal);
        assert_eq!(unless_ended(&ending, std::future::pending::<Result<(), _>>()).await.unwrap(), None);
        assert_eq!(unless_ended(&Ending::new(), async { Ok(7) }).await.unwrap(), Some(7));
    }

    #[test]
    fn a_run_whose_last_blocks_are_not_stored_did_not_go_well() {
        assert!(outcome(Reason::Signal, LastCommit::Done).is_ok());
        let failure = outcome(Reason::Signal, LastCommit::Failed("no space is left".to_owned())).unwrap_err();
        assert_eq!(failure.code(), ExitCode::from(1));
        assert!(failure.to_string().contains("no space is left"), "{failure}");
    }
}
