//! Carries out what nodes put out.

use super::Simulation;
use super::line::Cargo;
use super::network::{LOOPBACK, NewEnd};
use super::queue::Happening;
use crate::node::{CloseReason, ConnectionId, DialError, Event, Input, Output, Stamped, Time, briefer};
use crate::store::StoreError;
use crate::wire::encoded_len;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a dial waits that nobody answers.
const DIAL_TIMEOUT: Duration = Duration::from_secs(1);

impl Simulation {
    /// Carries out all outputs of one node, in order, and sees to its next deadline.
    pub(super) fn execute(&mut self, index: usize, outputs: &mut Vec<Output>) {
        let mut stopped = false;
        for output in outputs.drain(..) {
            stopped |= matches!(output, Output::Event(Event::Stopped));
            self.execute_one(index, output);
        }
        if stopped && let Some(host) = self.hosts.get_mut(index) {
            // Its process ends; its links are closed already.
            host.node = None;
            host.power_off();
        }
        self.schedule_deadline(index);
    }

    /// An input for the same life of the same node, at this moment.
    fn answer(&mut self, index: usize, input: Input) {
        let boot = self.hosts.get(index).map(|host| host.boots);
        self.queue.push(self.now, Happening::Input { host: index, input, boot });
    }

    fn execute_one(&mut self, index: usize, output: Output) {
        match output {
            Output::Dial(address) => self.dial(index, address),
            Output::Resolve(name) => {
                let addresses = self.names.get(&name).cloned().ok_or_else(|| "no such name".to_owned());
                self.answer(index, Input::Resolved { name, addresses });
            }
            // Nobody pays for cryptography in here.
            Output::Admit(_) => {}
            Output::Send { to, message, priority } => {
                self.trace.note(self.now, b"send", index as u64, &[to.len() as u64]);
                let bytes = self.trace.note_message(&message);
                let brief = briefer(&message).map(|message| (encoded_len(&message), Arc::new(message)));
                for connection in to {
                    let brief = brief.as_ref().filter(|_| self.network.is_backed_up(connection));
                    let (bytes, message) = brief.map_or((bytes, &message), |(bytes, message)| (*bytes, message));
                    let cargo = Cargo::Message { message: message.clone(), bytes };
                    if let Err(full) = self.network.send(connection, cargo, priority, self.now, &mut self.queue) {
                        self.close(index, connection, &full.to_string(), false);
                    }
                }
            }
            Output::Close { connection, reason } => match reason {
                CloseReason::Graceful(why) => self.close(index, connection, &why, true),
                CloseReason::Abrupt(why) => self.close(index, connection, &why, false),
            },
            Output::Validate(job) => {
                let verdict = self.work.validate(&job);
                self.answer(index, Input::Validated(verdict));
            }
            Output::CheckTransactions { request, transactions } => {
                let results = self.work.check(self.genesis.spec.chain, transactions);
                self.answer(index, Input::TransactionsChecked { request, results });
            }
            Output::Mine(job) => {
                if let Some(host) = self.hosts.get_mut(index)
                    && let Some((job, time)) = host.search(job, self.now)
                {
                    self.queue.push(time, Happening::MineSlice { host: index, job });
                }
            }
            Output::Store(batch) => {
                let Some(host) = self.hosts.get_mut(index) else { return };
                let full = || Err(StoreError::Full { path: PathBuf::from(format!("n{index}")) });
                let committed = if host.disk_full { full() } else { host.store.commit(&batch) };
                let input = match committed {
                    Ok(()) => Input::Stored(batch.blocks.iter().map(|block| block.id()).collect()),
                    Err(error) => Input::StoreFailed(error.to_string()),
                };
                self.answer(index, input);
            }
            Output::KeepAddresses(addresses) => {
                let Some(host) = self.hosts.get_mut(index) else { return };
                let full = || StoreError::Full { path: PathBuf::from(format!("n{index}")) };
                let kept = if host.disk_full { Err(full()) } else { host.addresses.save(&addresses) };
                self.answer(index, Input::AddressesKept(kept.map_err(|error| error.to_string())));
            }
            Output::Load { request, ids } => {
                let Some(host) = self.hosts.get_mut(index) else { return };
                let blocks = ids.into_iter().map(|id| (id, host.store.block(&id).ok().flatten())).collect();
                self.answer(index, Input::Loaded { request, blocks });
            }
            Output::Event(event) => {
                let Some(events) = &self.events else { return };
                let (at, node) = (self.now, u32::try_from(index).unwrap_or(u32::MAX));
                // With its pulse goes what its machine knows of its links.
                let links = match &event {
                    Event::Pulse { peers, .. } => peers.iter().map(|peer| ConnectionId(peer.connection)).collect(),
                    _ => Vec::new(),
                };
                events(Stamped { at, node, event });
                for event in links.into_iter().flat_map(|connection| self.network.news(connection)) {
                    events(Stamped { at, node, event });
                }
            }
        }
    }

    /// Ends a node's connection, and tells both nodes.
    fn close(&mut self, index: usize, connection: ConnectionId, why: &str, flush: bool) {
        self.network.close(connection, "closed by the peer", flush, self.now, &mut self.queue);
        if let Some(input) = self.network.disconnect(connection, why) {
            self.answer(index, input);
        }
    }

    /// Sees to it that the node is called when its next deadline comes.
    pub(super) fn schedule_deadline(&mut self, index: usize) {
        let Some(host) = self.hosts.get_mut(index) else { return };
        let Some(node) = &host.node else { return };
        if host.paused {
            return;
        }
        let next = node.next_deadline();
        if next != Time::MAX && next < host.deadline {
            host.deadline = next.max(self.now);
            self.queue.push(host.deadline, Happening::Deadline { host: index });
        }
    }

    /// The node at an address, running or not.
    fn find(&self, address: SocketAddr) -> Option<usize> {
        if let Some(index) = self.moved.get(&address) {
            return Some(*index);
        }
        let SocketAddr::V4(v4) = address else { return None };
        let index = u32::from(*v4.ip()).checked_sub(super::FIRST_ADDRESS)? as usize;
        let here = v4.port() == super::PORT && index < self.hosts.len() && self.address_of(index) == address;
        here.then_some(index)
    }

    /// A dial sets out.
    fn dial(&mut self, host: usize, address: SocketAddr) {
        let boot = self.hosts.get(host).map_or(0, |host| host.boots);
        let trip = self.find(address).map_or(Some(LOOPBACK), |target| self.network.trip(host, target));
        match trip {
            Some(trip) => self.queue.push(self.now + trip, Happening::Dialled { host, address, boot }),
            None => self.dial_failed(host, address, boot, DialError::TimedOut, DIAL_TIMEOUT),
        }
    }

    /// A dial arrives.
    pub(super) fn answer_dial(&mut self, host: usize, address: SocketAddr, boot: u64) {
        let Some(dialler) = self.hosts.get(host).filter(|dialler| dialler.boots == boot && dialler.node.is_some()) else {
            return;
        };
        let target = self.find(address);
        let back = target.map_or(Some(LOOPBACK), |target| self.network.trip(target, host));
        let Some(back) = back else {
            return self.dial_failed(host, address, boot, DialError::TimedOut, DIAL_TIMEOUT);
        };
        let listener = target.and_then(|target| self.hosts.get(target).map(|machine| (target, machine)));
        let Some((target, listener)) = listener.filter(|(_, listener)| listener.node.is_some()) else {
            return self.dial_failed(host, address, boot, DialError::Refused, back);
        };
        let dialler = NewEnd { host, boot, id: dialler.keys.address(), address: self.ephemeral(host) };
        let listener = NewEnd { host: target, boot: listener.boots, id: listener.keys.address(), address };
        self.network.connect(dialler, listener, self.now, &mut self.queue);
    }

    fn dial_failed(&mut self, host: usize, address: SocketAddr, boot: u64, error: DialError, wait: Duration) {
        let input = Input::DialFailed { address, error };
        self.queue.push(self.now + wait, Happening::Input { host, input, boot: Some(boot) });
    }

    /// The address a dialler is seen with: its own, with a port that nobody listens on.
    fn ephemeral(&self, host: usize) -> SocketAddr {
        let mut address = self.address_of(host);
        address.set_port(49_152);
        address
    }
}
