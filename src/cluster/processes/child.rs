//! What a node's process does: reads its set-up, runs the node, obeys, tells, and ends with its channel.

use super::channel::{ChildSetup, Order, Said, read_line, say};
use crate::cluster::launch::{Blueprint, NodePlan};
use crate::cluster::limits::{CHILD_BEAT, CHILD_MEMORY};
use crate::cluster::real_time::{life_seed, real_time};
use crate::cluster::{Preset, PresetError};
use crate::net::{self, Handle, Names, Setup, StartError, Transport, Workers};
use crate::node::{Command, Config, Event, EventSink, Stamped};
use crate::observe::{Hub, LoadMeter};
use crate::store::{AddressFile, DataDirectory, DiskStore, DiskSwitch, FaultyStore, Store, StoreError};
use std::borrow::Cow;
use std::future::Future;
use std::pin::pin;
use std::process::exit;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use std::{io, thread};
use tokio::sync::{Notify, mpsc};

/// Why a node's process could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// Nobody speaks the control channel.
    #[error("this command is for `rumormill cluster --processes`, which starts it itself: {0}")]
    Channel(String),
    /// The set-up's preset cannot be read.
    #[error(transparent)]
    Preset(#[from] PresetError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The node.
    #[error(transparent)]
    Start(#[from] StartError),
    /// The system gives no thread.
    #[error("the operating system gives no thread: {0}")]
    Thread(io::Error),
}

/// Runs one node of a cluster on the control channel that standard input and output are, until it is told to leave, or `told_to_end` is
/// ready. The process exits at once when its input closes: its launcher is gone then, and nothing it would say is heard.
///
/// # Errors
/// [`ChildError`]; the launcher has been told.
pub fn run_child(
    runtime: &tokio::runtime::Runtime,
    workers: Workers,
    told_to_end: impl Future<Output = ()>,
) -> Result<(), ChildError> {
    let setup = read_setup()?;
    let (orders, ordered) = mpsc::unbounded_channel();
    // Before the node: its launcher may go while a long chain is made.
    spawn("orders", move || read_orders(&orders))?;
    let hub = Hub::new();
    let stopped = Arc::new(Notify::new());
    let node = match runtime.block_on(start(&setup, workers, sink(&hub, &stopped))) {
        Ok(node) => node,
        Err(error) => {
            tell(&Said::Failed(error.to_string()));
            return Err(error);
        }
    };
    if let Some(address) = node.handle.address() {
        tell(&Said::Ready(address));
    }
    let over = Arc::new(AtomicBool::new(false));
    let (told, seen, index) = (Arc::clone(&hub), Arc::clone(&over), setup.index);
    let teller = spawn("events", move || tell_events(&told, &seen, index))?;
    runtime.block_on(serve(node, ordered, &stopped, told_to_end));
    over.store(true, Ordering::Release);
    // It panics only where nothing can be told any more.
    let _ = teller.join();
    Ok(())
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<thread::JoinHandle<()>, ChildError> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(ChildError::Thread)
}

fn read_setup() -> Result<ChildSetup, ChildError> {
    let mut line = Vec::new();
    match read_line(&mut io::stdin().lock(), &mut line) {
        Ok(true) => serde_json::from_slice(&line).map_err(|error| ChildError::Channel(error.to_string())),
        Ok(false) => Err(ChildError::Channel("its input has ended".to_owned())),
        Err(error) => Err(ChildError::Channel(error.to_string())),
    }
}

/// Passes orders on until the channel ends, and the process with it.
fn read_orders(orders: &mpsc::UnboundedSender<Order>) {
    let (mut input, mut line) = (io::stdin().lock(), Vec::new());
    while let Ok(true) = read_line(&mut input, &mut line) {
        // What this program does not know was not said by it; a node that misses an order would do something else than its launcher says.
        let Ok(order) = serde_json::from_slice(&line) else { break };
        // A node that has ended needs no order; the process goes on to say its last words.
        let _ = orders.send(order);
    }
    exit(1);
}

/// Says one thing, or ends: who cannot be heard is alone.
fn tell(said: &Said<'_>) {
    if say(&mut io::stdout().lock(), said).is_err() {
        exit(1);
    }
}

fn sink(hub: &Arc<Hub>, stopped: &Arc<Notify>) -> EventSink {
    let (hub, stopped) = (Arc::clone(hub), Arc::clone(stopped));
    Arc::new(move |stamped| {
        let last = matches!(stamped.event, Event::Stopped);
        hub.push(stamped);
        if last {
            stopped.notify_one();
        }
    })
}

/// Tells what happens, from a bounded queue: a launcher that stands still holds up no node.
fn tell_events(hub: &Hub, over: &AtomicBool, index: u32) {
    let mut events = Vec::new();
    loop {
        let last = over.load(Ordering::Acquire);
        if !last {
            hub.wait(CHILD_BEAT);
        }
        let dropped = hub.drain(&mut events);
        for stamped in &events {
            tell(&Said::Event(Cow::Borrowed(stamped)));
        }
        if dropped > 0 {
            let text = format!("{dropped} events were dropped: the launcher did not take them in time");
            let event = Event::Warning { text };
            tell(&Said::Event(Cow::Owned(Stamped { at: real_time(), node: index, event })));
        }
        if last {
            return;
        }
    }
}

struct Running {
    handle: Handle,
    disk: DiskSwitch,
    _directory: DataDirectory,
}

async fn start(setup: &ChildSetup, workers: Workers, events: EventSink) -> Result<Running, ChildError> {
    let preset = Preset::parse(&setup.name, &setup.preset)?;
    let blueprint = Blueprint::new(&preset, setup.seed, Some(setup.began_ms));
    let NodePlan { config, keys, wrap, trickles, seed } = blueprint.node(setup.index, |_| None);
    let directory = DataDirectory::open(&setup.folder)?;
    let mut store = DiskStore::open(directory.path(), &blueprint.spec)?;
    if blueprint.preloads(setup.index) && store.load()?.is_none() {
        blueprint.preload(setup.index, &mut store)?;
    }
    let disk = DiskSwitch::default();
    disk.set_full(setup.disk_full);
    let handle = net::start(Setup {
        config: Config { bootstrap: setup.bootstrap.clone(), ..config },
        keys,
        transport: Transport::default(),
        spec: Arc::clone(&blueprint.spec),
        listen: Some(setup.listen),
        store: Box::new(FaultyStore::new(store, disk.clone(), setup.folder.clone())),
        addresses: Some(AddressFile::in_folder(directory.path()).on(disk.clone())),
        index: setup.index,
        seed: life_seed(seed, setup.life),
        events,
        workers,
        names: Names::system(),
        upnp: None,
        wrap,
    })
    .await?;
    handle.set_trickle(trickles);
    for (peer, model) in &setup.links {
        handle.set_link(*peer, *model);
    }
    Ok(Running { handle, disk, _directory: directory })
}

/// Obeys until the node has stopped, or the process is told to end.
async fn serve(
    node: Running,
    mut orders: mpsc::UnboundedReceiver<Order>,
    stopped: &Notify,
    told_to_end: impl Future<Output = ()>,
) {
    let mut told_to_end = pin!(told_to_end);
    let mut meter = LoadMeter::new();
    let mut measure = tokio::time::interval(CHILD_MEMORY);
    loop {
        tokio::select! {
            Some(order) = orders.recv() => obey(&node, order),
            () = stopped.notified() => break,
            () = &mut told_to_end => break,
            _ = measure.tick() => {
                if let Some(memory) = meter.read(Duration::ZERO).memory {
                    tell(&Said::Memory(memory));
                }
            }
        }
    }
    node.handle.stop().await;
}

fn obey(node: &Running, order: Order) {
    let Running { handle, disk, .. } = node;
    match order {
        Order::Link { peer, model } => handle.set_link(peer, model),
        Order::Pause(paused) => handle.set_paused(paused),
        Order::DiskFull(full) => disk.set_full(full),
        Order::Transfer { to, amount, fee } => handle.command(Command::Transfer { to, amount, fee }),
        Order::Submit(signed) => {
            if let Some(transaction) = signed.transaction() {
                handle.command(Command::Submit(Box::new(transaction)));
            }
        }
        Order::LookUp(id) => handle.command(Command::LookUp(id)),
        Order::Connect(address) => handle.command(Command::Connect(address)),
        Order::Disconnect(id) => handle.command(Command::Disconnect(id)),
        Order::Ban { peer, time } => handle.command(Command::Ban { peer, time }),
        Order::BanAddress { address, time } => handle.command(Command::BanAddress { address, time }),
        Order::UnbanAddress(address) => handle.command(Command::UnbanAddress(address)),
        Order::Unban(id) => handle.command(Command::Unban(id)),
        Order::SkewClock { millis } => handle.command(Command::SkewClock { millis }),
        Order::Leave => {
            handle.set_paused(false);
            handle.command(Command::Shutdown);
        }
    }
}
