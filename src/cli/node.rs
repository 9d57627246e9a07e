//! `rumormill node`: one node on sockets.

use super::console::{Console, ConsoleArguments, Watched};
use super::disk::{Home, random_seed};
use super::ending::Ending;
use super::gallery::Desk;
use super::values::{self, PeerAddress, Port};
use super::{Failure, runtime, signals};
use crate::chain::ChainSpec;
use crate::cluster::{Peering, peering};
use crate::net::{self, Handle, Names, Setup, StartError, Workers};
use crate::node::{Config, Mining};
use crate::observe::Control;
use crate::store::DataDirectory;
use rumormill_ui::model::{Controls, Intent};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::pin::pin;
use std::process::ExitCode;
use std::sync::Arc;
use tokio::sync::mpsc;

/// Run one node.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct NodeArguments {
    /// Port to listen on; 0 for any free one
    #[arg(value_name = "PORT", default_value = "8080", allow_negative_numbers = true)]
    port: Port,
    /// Peers to dial, as host:port; any number of them. One that is not up yet is tried again and again
    #[arg(value_name = "PEER")]
    peers: Vec<PeerAddress>,
    /// Address of this machine to listen on
    #[arg(long, value_name = "ADDR", default_value_t = IpAddr::V4(Ipv4Addr::LOCALHOST), value_parser = values::listen)]
    listen: IpAddr,
    /// Do not mine
    #[arg(long)]
    no_mine: bool,
    /// Tries a second that the miner makes
    #[arg(long, value_name = "N", default_value_t = Mining::DEFAULT_TRIES, value_parser = values::tries, conflicts_with = "no_mine", allow_negative_numbers = true)]
    tries: u64,
    /// Where the chain and the node's key are kept [default: a folder for each port, in the platform's place for data]
    #[arg(long, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Keep everything in memory: a new identity and an empty chain each time
    #[arg(long, conflicts_with = "data_dir")]
    ephemeral: bool,
    /// The node's name on the screen [default: its id's first eight digits]
    #[arg(long, value_name = "NAME", value_parser = values::name)]
    name: Option<String>,
    #[command(flatten)]
    console: ConsoleArguments,
}

const EXAMPLES: &str = "\
Examples, each in a terminal of its own:
  rumormill node 8080
  rumormill node 8081 127.0.0.1:8080
  rumormill node 8082 127.0.0.1:8080 --no-mine
  rumormill node 8080 --listen 0.0.0.0      reachable from other machines
  rumormill node 8083 localhost:8080 --ephemeral --json | jq .event";

/// Runs the node until it is told to end.
pub fn run(arguments: NodeArguments, ending: Ending) -> Result<ExitCode, Failure> {
    runtime()?.block_on(run_node(arguments, ending))
}

async fn run_node(arguments: NodeArguments, ending: Ending) -> Result<ExitCode, Failure> {
    signals::listen(ending.clone()).map_err(|error| Failure::Environment(format!("cannot listen for signals: {error}")))?;
    let names = Names::system();
    let bootstrap = resolve(&arguments.peers, &names).await?;
    let spec = Arc::new(ChainSpec::lab());
    let home = match arguments.ephemeral {
        true => Home::ephemeral()?,
        false => Home::on_disk(arguments.data_dir.as_deref(), arguments.port.0, &spec)?,
    };
    let log = arguments.console.open_log(home.directory.as_ref().map(DataDirectory::path))?;

    let name = arguments.name.clone().unwrap_or_else(|| home.keys.address().short());
    let (order, mut wishes) = mpsc::unbounded_channel();
    let order = Arc::new(move |intent| {
        // The node may have ended first.
        let _ = order.send(intent);
    });
    let desk = Desk::real(order, Controls { peers: true, ..Controls::default() });
    let watched = Watched::new(name.clone(), None, vec![name.clone()]).taking_wishes(desk.clone());
    let mining = (!arguments.no_mine).then_some(Mining { tries_per_second: arguments.tries });
    let setup = Setup {
        config: Config { bootstrap, mining, ..Config::default() },
        keys: home.keys,
        spec,
        listen: Some(SocketAddr::new(arguments.listen, arguments.port.0)),
        store: home.store,
        index: 0,
        seed: random_seed()?,
        events: if log.is_some() { watched.logged_sink() } else { watched.sink() },
        workers: Workers::new(super::threads()),
        names,
        upnp: None,
        wrap: None,
    };
    let node = net::start(setup).await.map_err(|error| explain(&error))?;
    let console = Console::open(&arguments.console, watched, ending.clone())?;

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
        }
    };
    node.stop().await;
    console.close();
    Ok(reason.code())
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

/// The peers' addresses. A peer named twice is dialled once.
async fn resolve(peers: &[PeerAddress], names: &Names) -> Result<Vec<SocketAddr>, Failure> {
    let mut addresses = Vec::with_capacity(peers.len());
    for peer in peers {
        let address = match peer.address() {
            Some(address) => address,
            None => look_up(peer, names).await?,
        };
        if !addresses.contains(&address) {
            addresses.push(address);
        }
    }
    Ok(addresses)
}

async fn look_up(peer: &PeerAddress, names: &Names) -> Result<SocketAddr, Failure> {
    let found = names.look_up(&peer.host).await;
    let addresses = found.map_err(|why| Failure::Environment(format!("PEER {peer}: the host name does not resolve: {why}")))?;
    // Nodes listen on IPv4 loopback by default, so of a name with both kinds of address that one is the better guess.
    let best = addresses.iter().find(|address| address.is_ipv4()).or(addresses.first());
    // A look-up that succeeds has an address.
    let best = best.ok_or_else(|| Failure::Environment(format!("PEER {peer}: the host name has no address")))?;
    Ok(SocketAddr::new(*best, peer.port))
}

/// Says which argument to change.
fn explain(error: &StartError) -> Failure {
    Failure::Environment(match error {
        StartError::Listen { .. } => format!("PORT or --listen: {error}"),
        StartError::Upnp(_) => format!("--upnp: {error}"),
        StartError::Store(_) | StartError::System(_) => error.to_string(),
        StartError::Restore(_) => format!("{error}; choose another --data-dir, or say --ephemeral to keep all in memory"),
    })
}
