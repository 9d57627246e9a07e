//! The node task: owns the state machine, hands inputs in, and carries outputs out.

mod connecting;
mod ending;
mod mapping;
mod resolving;

use super::LastCommit;
use super::alarm::Alarm;
use super::clock::Clock;
use super::gate::Gate;
use super::inbox::{Delivery, Item, Outlet};
use super::limits::{CHECKS_OUT, FAREWELL, INPUT_BATCH, PENDING_INBOUND};
use super::link::Link;
use super::listener::{self, Accepted};
use super::mapping::{News, Wish};
use super::miner::Miner;
use super::names::Names;
use super::secure::{Credentials, Transport};
use super::shaping::Shaping;
use super::switches::{Mode, Switches};
use super::workers::Workers;
use super::writer::Writer;
use crate::chain::{ChainId, MiningJob};
use crate::link::Packets;
use crate::node::{
    CloseReason, Command, ConnectionId, Direction, Event, EventSink, Input, Machine, Mining, Output, Stamped, Time, Timing,
    briefer,
};
use crate::wire::{Message, MessageKind, encode};
use connecting::{Common, Mismatches};
use rand::rngs::ChaCha20Rng;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::Instant;

/// All that the node task is made of.
pub struct Parts {
    /// The state machine.
    pub node: Box<dyn Machine>,
    /// What is to be said when it starts, if anything.
    pub warning: Option<String>,
    /// Its clock.
    pub clock: Clock,
    /// Its index in its cluster.
    pub index: u32,
    /// Where its events go.
    pub events: EventSink,
    /// Its chain, for checking transactions.
    pub chain: ChainId,
    /// Longest payload of a block of its chain, in bytes.
    pub largest_block: usize,
    /// How it mines.
    pub mining: Option<Mining>,
    /// Its deadlines.
    pub timing: Timing,
    /// How its connections are secured, and it proves itself.
    pub credentials: Credentials,
    /// How what it sends travels.
    pub shaping: Arc<Shaping>,
    /// Whether it runs.
    pub switches: Arc<Switches>,
    /// Randomness of handshakes.
    pub random: ChaCha20Rng,
    /// Heavy work.
    pub workers: Workers,
    /// Looks names up.
    pub names: Names,
    /// The store.
    pub writer: Writer,
    /// Answers of workers, miner and store.
    pub answers: (mpsc::UnboundedSender<Input>, mpsc::UnboundedReceiver<Input>),
    /// What it listens with, if it does, and where.
    pub listener: Option<(TcpListener, SocketAddr)>,
    /// The way in from outside that a gateway is asked for, if any.
    pub wish: Option<Wish>,
}

/// A connection, as the node task sees it.
struct Entry {
    link: Arc<Link>,
    /// It is ending: what it still brings is for nobody.
    closing: bool,
    /// Messages and bytes in its outbox and messages dropped from it, as last told.
    outbox: (usize, usize, u64),
    /// What went over it while it was lossy, as last told.
    packets: Packets,
}

/// Transactions out for checking. They are counted back even if a defect keeps the answer away.
struct CheckedOut(Arc<AtomicUsize>, usize);

impl CheckedOut {
    fn new(all: &Arc<AtomicUsize>, count: usize) -> Self {
        all.fetch_add(count, Ordering::Relaxed);
        Self(Arc::clone(all), count)
    }
}

impl Drop for CheckedOut {
    fn drop(&mut self) {
        self.0.fetch_sub(self.1, Ordering::Relaxed);
    }
}

struct Driver {
    node: Box<dyn Machine>,
    clock: Clock,
    index: u32,
    events: EventSink,
    chain: ChainId,
    mining: Option<Mining>,
    random: ChaCha20Rng,
    workers: Workers,
    names: Names,
    writer: Writer,
    miner: Option<Miner>,
    answers: mpsc::UnboundedSender<Input>,
    common: Arc<Common>,
    links: HashMap<ConnectionId, Entry>,
    tasks: JoinSet<()>,
    dials: usize,
    lookups: usize,
    /// Transactions out for checking.
    checks: Arc<AtomicUsize>,
    /// Blocks out for validation.
    validating: usize,
    /// Whom the listener lets in; nobody asks if there is none.
    gate: Arc<Gate>,
    mismatches: Mismatches,
    out: Vec<Output>,
    now: Time,
    instant: Instant,
    ending: bool,
    stopped: bool,
}

/// Runs a node until it is told to shut down, or nobody can tell it anything any more. Says whether all is stored.
pub async fn run(parts: Parts, mut commands: mpsc::UnboundedReceiver<Command>) -> LastCommit {
    let (inbox, mut outlet) = super::inbox::inbox();
    let (stop, stopping) = watch::channel(false);
    let Parts { node, warning, clock, index, events, chain, largest_block, mining, timing, credentials, .. } = parts;
    let Parts { shaping, switches, random, workers, names, writer, answers, listener, wish, .. } = parts;
    let (answers, mut answered) = answers;
    let mut mode = switches.watch();
    let common =
        Arc::new(Common { credentials, timing, largest_block, inbox, shaping, switches, ids: AtomicU64::new(1), stopping });
    let now = clock.now();
    let mut driver = Driver {
        node,
        clock,
        index,
        events,
        chain,
        mining,
        random,
        workers,
        names,
        writer,
        miner: None,
        answers,
        common,
        links: HashMap::new(),
        tasks: JoinSet::new(),
        dials: 0,
        lookups: 0,
        checks: Arc::default(),
        validating: 0,
        gate: Arc::default(),
        mismatches: Mismatches::default(),
        out: Vec::new(),
        now,
        instant: Instant::now(),
        ending: false,
        stopped: false,
    };
    driver.begin(listener.as_ref().map(|(_, address)| *address), warning);
    // Nobody comes in before the node has said whom it takes.
    let (mut accepted, task) = match listener {
        Some((listener, _)) => {
            let (sender, accepted) = mpsc::channel(PENDING_INBOUND);
            let mut task = JoinSet::new();
            let (gate, switches) = (Arc::clone(&driver.gate), Arc::clone(&driver.common.switches));
            task.spawn(listener::accept(listener, gate, switches, sender, timing.handshake));
            (Some(accepted), Some(task))
        }
        None => (None, None),
    };
    let mut news = driver.map(wish);

    let mut alarm = Alarm::new();
    let mut deliveries = Vec::new();
    let mut batch = Vec::new();
    let cut_off = loop {
        // Copied out: the guard must not be held while waiting.
        let now = *mode.borrow_and_update();
        match now {
            Mode::Running => driver.deadline(&mut alarm),
            Mode::Paused => {
                // The sender lives as long as the driver.
                let _ = mode.changed().await;
                continue;
            }
            Mode::Killed => return driver.die(task).await,
        }
        tokio::select! {
            _ = mode.changed() => {}
            command = commands.recv() => {
                let command = command.unwrap_or(Command::Shutdown);
                let last = matches!(command, Command::Shutdown);
                let cut_off = Instant::now() + FAREWELL;
                if last {
                    driver.last_answers(&mut answered).await;
                }
                driver.look();
                driver.feed(Input::Command(command));
                if last {
                    break cut_off;
                }
            }
            _ = answered.recv_many(&mut batch, INPUT_BATCH) => driver.answered(&mut batch),
            _ = outlet.take(&mut deliveries, INPUT_BATCH), if driver.checks.load(Ordering::Relaxed) < CHECKS_OUT => {
                driver.delivered(&mut deliveries, &outlet);
            }
            Some(accepted) = next(&mut accepted) => driver.accepted(accepted),
            Some(news) = told(&mut news) => driver.mapped(news),
            Some(_) = driver.tasks.join_next() => {}
            () = alarm.ring() => {}
        }
    };
    if let Some(mut task) = task {
        // Waited for, so that the port is free again.
        task.shutdown().await;
    }
    drop(accepted);
    // Dials and handshakes under way end here.
    let _ = stop.send(true);
    driver.end(&mut alarm, &mut outlet, &mut answered, cut_off).await
}

/// The next connection that came in; `None` for good if the node does not listen.
async fn next(accepted: &mut Option<mpsc::Receiver<Accepted>>) -> Option<Accepted> {
    accepted.as_mut()?.recv().await
}

/// A gateway's next news; `None` for good if none is asked.
async fn told(news: &mut Option<mpsc::UnboundedReceiver<News>>) -> Option<News> {
    news.as_mut()?.recv().await
}

impl Driver {
    /// Starts the state machine.
    fn begin(&mut self, address: Option<SocketAddr>, warning: Option<String>) {
        self.node.start(self.now, &mut self.out);
        // Said as soon as the node has introduced itself.
        let started = self.out.iter().position(|output| matches!(output, Output::Event(Event::Started { .. })));
        let place = started.map_or(0, |at| at + 1);
        let listening = address.map(|address| Event::Listening { address });
        let plain = (self.common.credentials.transport() == Transport::Plain).then(|| {
            "connections are not secured (--transport plain): all is read and changed by whoever is on the way".to_owned()
        });
        let warnings = warning.into_iter().chain(plain).map(|text| Event::Warning { text });
        self.out.splice(place..place, listening.into_iter().chain(warnings).map(Output::Event));
        self.execute();
    }

    /// Reads the clock: once for all that is at hand.
    fn look(&mut self) {
        self.now = self.clock.now();
        self.instant = Instant::now();
    }

    /// Hands one input in, and carries out what comes of it.
    fn feed(&mut self, input: Input) {
        if self.stopped {
            return;
        }
        self.node.handle(self.now, input, &mut self.out);
        self.execute();
    }

    /// Feeds the deadline if it has come, and sets the alarm for the next.
    fn deadline(&mut self, alarm: &mut Alarm) {
        if self.stopped {
            return;
        }
        self.look();
        if self.node.next_deadline() <= self.now {
            self.feed(Input::Deadline);
        }
        // A node that wants the same moment again would keep the processor busy: it waits for the timer's next tick.
        let due = self.clock.instant(self.node.next_deadline());
        alarm.set(due.map(|due| due.max(self.instant + Duration::from_millis(1))));
    }

    fn delivered(&mut self, deliveries: &mut Vec<Delivery>, outlet: &Outlet) {
        self.look();
        let mut handled = 0;
        for Delivery { item, weight, share: _share } in deliveries.drain(..) {
            handled += weight as usize;
            match item {
                Item::Connected { connection, address, direction, peer, link } => {
                    if direction == Direction::Outbound {
                        self.dials = self.dials.saturating_sub(1);
                    }
                    if self.ending {
                        link.close(CloseReason::Abrupt("the node stops".to_owned()));
                        continue;
                    }
                    self.links.insert(connection, Entry { link, closing: false, outbox: (0, 0, 0), packets: Packets::default() });
                    self.feed(Input::Connected { connection, address, direction, peer });
                }
                Item::Mismatch { address, theirs } => self.mismatch(address, theirs),
                Item::Input(input) => self.arrived(input),
            }
        }
        outlet.handled(handled);
    }

    fn arrived(&mut self, input: Input) {
        let wanted = match &input {
            Input::Disconnected { connection, .. } => self.links.remove(connection).is_some(),
            Input::Received { connection, .. } | Input::Malformed { connection, .. } | Input::Unknown { connection, .. } => {
                self.links.get(connection).is_some_and(|entry| !entry.closing)
            }
            _ => true,
        };
        if wanted {
            self.feed(input);
        }
    }

    fn answered(&mut self, batch: &mut Vec<Input>) {
        self.look();
        for input in batch.drain(..) {
            match input {
                Input::DialFailed { .. } => self.dials = self.dials.saturating_sub(1),
                Input::Validated(_) => self.validating = self.validating.saturating_sub(1),
                Input::Resolved { .. } => self.lookups = self.lookups.saturating_sub(1),
                _ => {}
            }
            self.feed(input);
        }
    }

    /// An input from the driver itself, after all that is being carried out.
    fn answer(&self, input: Input) {
        // This side's receiver lives as long as the driver.
        let _ = self.answers.send(input);
    }

    fn execute(&mut self) {
        let mut out = std::mem::take(&mut self.out);
        for output in out.drain(..) {
            match output {
                Output::Dial(address) if !self.ending => self.dial(address),
                Output::Dial(_) => {}
                Output::Resolve(name) if !self.ending => self.resolve(name),
                Output::Resolve(_) => {}
                Output::Admit(admission) => self.gate.set(admission),
                Output::Send { to, message, priority } => {
                    if !to.is_empty() {
                        self.send(&to, &message, priority);
                    }
                }
                Output::Close { connection, reason } => {
                    if let Some(entry) = self.links.get_mut(&connection) {
                        entry.closing = true;
                        entry.link.close(reason);
                    }
                }
                Output::Validate(job) => {
                    self.validating += 1;
                    let answers = self.answers.clone();
                    self.workers.validate(job, move |verdict| {
                        let _ = answers.send(Input::Validated(verdict));
                    });
                }
                Output::CheckTransactions { request, transactions } => {
                    let out = CheckedOut::new(&self.checks, transactions.len());
                    let answers = self.answers.clone();
                    self.workers.check(self.chain, transactions, move |results| {
                        drop(out);
                        let _ = answers.send(Input::TransactionsChecked { request, results });
                    });
                }
                Output::Mine(job) => self.mine(job.map(|job| *job)),
                Output::Store(batch) => self.writer.store(batch),
                Output::Load { request, ids } => self.writer.load(request, ids),
                Output::KeepAddresses(addresses) => self.writer.keep(addresses),
                Output::Event(event) => {
                    let pulse = matches!(event, Event::Pulse { .. });
                    self.emit(event);
                    if pulse {
                        self.report_links();
                    }
                }
            }
        }
        // The vector is kept for its memory.
        self.out = out;
    }

    /// Encodes a message once, and queues it for all its receivers.
    fn send(&mut self, to: &[ConnectionId], message: &Message, priority: crate::node::Priority) {
        let frame = encode(message);
        let brief = briefer(message).map(|message| encode(&message));
        let kind = message.kind();
        for connection in to {
            let Some(entry) = self.links.get_mut(connection) else { continue };
            match kind {
                MessageKind::HandshakeAck => entry.link.establish(),
                MessageKind::GetBlock => entry.link.ask(),
                _ => {}
            }
            let frame = brief.as_ref().filter(|_| entry.link.is_backed_up()).unwrap_or(&frame);
            if let Err(full) = entry.link.push(frame, priority, self.instant) {
                entry.closing = true;
                entry.link.close(CloseReason::Abrupt(full.to_string()));
            }
        }
    }

    fn mine(&mut self, job: Option<MiningJob>) {
        if self.miner.is_none() && job.is_some() && !self.ending {
            let Some(mining) = self.mining else { return };
            let answers = self.answers.clone();
            let found = move |block| {
                let _ = answers.send(Input::Mined(block));
            };
            match Miner::start(mining.tries_per_second, self.clock.clone(), Arc::clone(&self.common.switches), found) {
                Ok(miner) => self.miner = Some(miner),
                Err(error) => self.emit(Event::Warning { text: format!("cannot mine: {error}") }),
            }
        }
        if let Some(miner) = &self.miner {
            miner.set(job);
        }
    }

    fn emit(&mut self, event: Event) {
        if self.stopped {
            return;
        }
        self.stopped = matches!(event, Event::Stopped);
        (self.events)(Stamped { at: self.now, node: self.index, event });
    }

    /// With the node's own pulse, once a second: what waits to be sent, and what was lost, where that has changed.
    fn report_links(&mut self) {
        let mut changed = Vec::new();
        for (&connection, entry) in &mut self.links {
            let outbox = entry.link.waiting();
            if std::mem::replace(&mut entry.outbox, outbox) != outbox {
                let (messages, bytes, dropped) = outbox;
                changed.push((connection, Event::Outbox { connection, messages, bytes, dropped }));
            }
            let packets = entry.link.packets();
            if std::mem::replace(&mut entry.packets, packets) != packets {
                changed.push((connection, Event::Loss { connection, sent: packets.sent, lost: packets.lost }));
            }
        }
        // Stable: of one connection first what waits.
        changed.sort_by_key(|(connection, _)| *connection);
        changed.into_iter().for_each(|(_, event)| self.emit(event));
    }
}
