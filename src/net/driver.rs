//! The node task: owns the state machine, hands inputs in, and carries outputs out.

use super::alarm::Alarm;
use super::clock::Clock;
use super::connection::Connection;
use super::dialer::dial;
use super::inbox::{Delivery, Inbox, Item, Outlet};
use super::limits::{CHECKS_OUT, COMMIT, CUT_OFF, FAREWELL, INPUT_BATCH, PENDING_DIALS};
use super::link::Link;
use super::listener::Accepted;
use super::miner::Miner;
use super::noise::{Identity, Secured, handshake};
use super::workers::Workers;
use super::writer::Writer;
use crate::chain::{ChainId, MiningJob};
use crate::node::{
    CloseReason, Command, ConnectionId, DialError, Direction, Event, EventSink, Input, Mining, Node, Output, Stamped, Time,
};
use crate::wire::{Message, MessageKind, encode};
use rand::Rng;
use rand::rngs::ChaCha20Rng;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

/// All that the node task is made of.
pub struct Parts {
    /// The state machine.
    pub node: Node,
    /// Its clock.
    pub clock: Clock,
    /// Its index in its cluster.
    pub index: u32,
    /// Where its events go.
    pub events: EventSink,
    /// Its chain, for checking transactions.
    pub chain: ChainId,
    /// How it mines.
    pub mining: Option<Mining>,
    /// How it proves itself.
    pub identity: Identity,
    /// Randomness of handshakes.
    pub random: ChaCha20Rng,
    /// Heavy work.
    pub workers: Workers,
    /// The store.
    pub writer: Writer,
    /// Answers of workers, miner and store.
    pub answers: (mpsc::UnboundedSender<Input>, mpsc::UnboundedReceiver<Input>),
    /// Where it listens, if it does, and the connections that come in.
    pub listening: Option<Listening>,
}

/// A listener at work.
pub struct Listening {
    /// Where.
    pub address: SocketAddr,
    /// What comes in.
    pub accepted: mpsc::Receiver<Accepted>,
    /// Its task, aborted when this set is dropped.
    pub task: JoinSet<()>,
}

/// What the tasks of connections need, dialled or taken.
struct Common {
    identity: Identity,
    inbox: Inbox,
    ids: AtomicU64,
    stopping: watch::Receiver<bool>,
}

/// A connection, as the node task sees it.
struct Entry {
    link: Arc<Link>,
    /// It is ending: what it still brings is for nobody.
    closing: bool,
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
    node: Node,
    clock: Clock,
    index: u32,
    events: EventSink,
    chain: ChainId,
    mining: Option<Mining>,
    random: ChaCha20Rng,
    workers: Workers,
    writer: Writer,
    miner: Option<Miner>,
    answers: mpsc::UnboundedSender<Input>,
    common: Arc<Common>,
    links: HashMap<ConnectionId, Entry>,
    tasks: JoinSet<()>,
    dials: usize,
    /// Transactions out for checking.
    checks: Arc<AtomicUsize>,
    out: Vec<Output>,
    now: Time,
    instant: Instant,
    ending: bool,
    stopped: bool,
}

/// Runs a node until it is told to shut down, or nobody can tell it anything any more.
pub async fn run(parts: Parts, mut commands: mpsc::UnboundedReceiver<Command>) {
    let (inbox, mut outlet) = super::inbox::inbox();
    let (stop, stopping) = watch::channel(false);
    let Parts { node, clock, index, events, chain, mining, identity, random, workers, writer, answers, listening } = parts;
    let (answers, mut answered) = answers;
    let common = Arc::new(Common { identity, inbox, ids: AtomicU64::new(1), stopping });
    let mut driver = Driver {
        node,
        clock,
        index,
        events,
        chain,
        mining,
        random,
        workers,
        writer,
        miner: None,
        answers,
        common,
        links: HashMap::new(),
        tasks: JoinSet::new(),
        dials: 0,
        checks: Arc::default(),
        out: Vec::new(),
        now: clock.now(),
        instant: Instant::now(),
        ending: false,
        stopped: false,
    };
    let (address, mut accepted, task) = match listening {
        Some(Listening { address, accepted, task }) => (Some(address), Some(accepted), Some(task)),
        None => (None, None, None),
    };
    driver.begin(address);

    let mut alarm = Alarm::new();
    let mut deliveries = Vec::new();
    let mut batch = Vec::new();
    loop {
        driver.deadline(&mut alarm);
        tokio::select! {
            command = commands.recv() => {
                let command = command.unwrap_or(Command::Shutdown);
                let last = matches!(command, Command::Shutdown);
                driver.look();
                driver.feed(Input::Command(command));
                if last {
                    break;
                }
            }
            _ = answered.recv_many(&mut batch, INPUT_BATCH) => driver.answered(&mut batch),
            _ = outlet.take(&mut deliveries, INPUT_BATCH), if driver.checks.load(Ordering::Relaxed) < CHECKS_OUT => {
                driver.delivered(&mut deliveries, &outlet);
            }
            Some(accepted) = next(&mut accepted) => driver.accepted(accepted),
            Some(_) = driver.tasks.join_next() => {}
            () = alarm.ring() => {}
        }
    }
    if let Some(mut task) = task {
        // Waited for, so that the port is free again.
        task.shutdown().await;
    }
    drop(accepted);
    // Dials and handshakes under way end here.
    let _ = stop.send(true);
    driver.end(&mut alarm, &mut outlet, &mut answered).await;
}

/// The next connection that came in; `None` for good if the node does not listen.
async fn next(accepted: &mut Option<mpsc::Receiver<Accepted>>) -> Option<Accepted> {
    accepted.as_mut()?.recv().await
}

impl Driver {
    /// Starts the state machine.
    fn begin(&mut self, address: Option<SocketAddr>) {
        self.node.start(self.now, &mut self.out);
        if let Some(address) = address {
            // Said as soon as the node has introduced itself.
            let started = self.out.iter().position(|output| matches!(output, Output::Event(Event::Started { .. })));
            self.out.insert(started.map_or(0, |at| at + 1), Output::Event(Event::Listening { address }));
        }
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
        for Delivery { item, weight } in deliveries.drain(..) {
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
                    self.links.insert(connection, Entry { link, closing: false });
                    self.feed(Input::Connected { connection, address, direction, peer });
                }
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
            if matches!(input, Input::DialFailed { .. }) {
                self.dials = self.dials.saturating_sub(1);
            }
            self.feed(input);
        }
    }

    fn accepted(&mut self, accepted: Accepted) {
        let Accepted { mut stream, address, stranger } = accepted;
        let common = Arc::clone(&self.common);
        let seed = self.seed();
        self.tasks.spawn(async move {
            let secured = tokio::select! {
                biased;
                secured = handshake(&mut stream, &common.identity, false, seed) => secured,
                () = stopped(&common.stopping) => return,
            };
            match secured {
                Ok(secured) => carry(&common, stream, secured, address, Direction::Inbound, Some(stranger)).await,
                Err(error) => tracing::debug!(%address, %error, "a connection was not secured"),
            }
        });
    }

    fn dial(&mut self, address: SocketAddr) {
        self.dials += 1;
        if self.dials > PENDING_DIALS {
            let error = DialError::Failed("too many dials under way".to_owned());
            return self.answer(Input::DialFailed { address, error });
        }
        let common = Arc::clone(&self.common);
        let answers = self.answers.clone();
        let seed = self.seed();
        self.tasks.spawn(async move {
            let dialled = tokio::select! {
                biased;
                dialled = dial(address, &common.identity, seed) => dialled,
                () = stopped(&common.stopping) => return,
            };
            match dialled {
                Ok((stream, secured)) => carry(&common, stream, secured, address, Direction::Outbound, None).await,
                Err(error) => {
                    let _ = answers.send(Input::DialFailed { address, error });
                }
            }
        });
    }

    /// Randomness for one handshake.
    fn seed(&mut self) -> [u8; 32] {
        let mut seed = [0; 32];
        self.random.fill_bytes(&mut seed);
        seed
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
                Output::Event(event) => self.emit(event),
            }
        }
        // The vector is kept for its memory.
        self.out = out;
    }

    /// Encodes a message once, and queues it for all its receivers.
    fn send(&mut self, to: &[ConnectionId], message: &Message, priority: crate::node::Priority) {
        let frame = encode(message);
        let acknowledges = message.kind() == MessageKind::HandshakeAck;
        for connection in to {
            let Some(entry) = self.links.get_mut(connection) else { continue };
            if acknowledges {
                entry.link.establish();
            }
            if let Err(full) = entry.link.push(&frame, priority, self.instant) {
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
            match Miner::start(mining.tries_per_second, self.clock, found) {
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

    /// After the farewell: what is queued is sent, connections end, the store commits. Bounded by the limits of each step.
    async fn end(mut self, alarm: &mut Alarm, outlet: &mut Outlet, answered: &mut mpsc::UnboundedReceiver<Input>) {
        self.ending = true;
        self.miner = None;
        for entry in self.links.values_mut() {
            entry.closing = true;
            // Where the node has said why already, that stands.
            entry.link.close(CloseReason::Graceful("the node stops".to_owned()));
        }
        let cut_off = Instant::now() + FAREWELL;
        let mut deliveries = Vec::new();
        let mut batch = Vec::new();
        while !self.tasks.is_empty() {
            self.deadline(alarm);
            tokio::select! {
                _ = outlet.take(&mut deliveries, INPUT_BATCH) => self.delivered(&mut deliveries, outlet),
                _ = answered.recv_many(&mut batch, INPUT_BATCH) => self.answered(&mut batch),
                _ = self.tasks.join_next() => {}
                () = alarm.ring(), if !self.stopped => {}
                () = tokio::time::sleep_until(cut_off) => break,
            }
        }
        if timeout(CUT_OFF, self.tasks.shutdown()).await.is_err() {
            tracing::error!("connections did not end in time: this is a defect");
        }
        self.emit(Event::Stopped);
        if timeout(COMMIT, self.writer.finish()).await.is_err() {
            tracing::error!("the store did not commit in time; it goes on as long as the process lives");
        }
    }
}

/// Ready once the node stops.
async fn stopped(stopping: &watch::Receiver<bool>) {
    let mut stopping = stopping.clone();
    // An error means that the node task has gone, which is a stop as well.
    let _ = stopping.wait_for(|stop| *stop).await;
}

/// Carries a secured connection until it ends.
async fn carry(
    common: &Common,
    stream: TcpStream,
    secured: Secured,
    address: SocketAddr,
    direction: Direction,
    stranger: Option<OwnedSemaphorePermit>,
) {
    let Secured { peer, channel } = secured;
    let id = ConnectionId(common.ids.fetch_add(1, Ordering::Relaxed));
    let link = Arc::new(Link::default());
    let inbox = common.inbox.clone();
    let connected = Item::Connected { connection: id, address, direction, peer, link: Arc::clone(&link) };
    if inbox.tell(connected).is_err() {
        return;
    }
    let (reader, writer) = stream.into_split();
    Connection { id, direction, channel, reader, writer, link, inbox, stranger }.run().await;
}
