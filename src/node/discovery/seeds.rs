//! DNS seeds: names that resolve to addresses of nodes, asked when we know nobody to dial.

use super::book::Source;
use crate::node::context::Context;
use crate::node::limits::{SEED_ADDRESSES, SEED_LONGEST_PAUSE, SEED_PATIENCE, SEED_PORT, SEED_THIN};
use crate::node::timers::Timer;
use crate::node::{Direction, Event, Node, Output, Time};
use rand::RngExt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

/// One name.
struct Seed {
    host: Arc<str>,
    port: u16,
    /// Whether its answer is awaited.
    asked: bool,
    /// Answers in a row that were of no use.
    failures: u32,
    /// Not to be asked before.
    next: Time,
    /// Whether it was said that it does not answer.
    told: bool,
}

/// All names.
#[derive(Default)]
pub(in crate::node) struct State {
    seeds: Vec<Seed>,
}

impl State {
    /// Of names as `host` or `host:port`.
    pub(in crate::node) fn new(names: &[String]) -> Self {
        let seed = |name: &String| {
            let (host, port) = host_and_port(name);
            Seed { host: host.into(), port, asked: false, failures: 0, next: Time(0), told: false }
        };
        Self { seeds: names.iter().map(seed).collect() }
    }
}

/// The host of a seed, and the port of its nodes. A bare IPv6 address has no port.
fn host_and_port(name: &str) -> (&str, u16) {
    match name.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') || host.ends_with(']') => match port.parse() {
            Ok(port) => (host, port),
            Err(_) => (name, SEED_PORT),
        },
        _ => (name, SEED_PORT),
    }
}

impl Node {
    /// Sets the first question: at once when there is nobody else to turn to, or when the others had their chance.
    pub(in crate::node) fn start_seeds(&mut self, cx: &mut Context<'_>) {
        if self.seeds.seeds.is_empty() {
            return;
        }
        if self.book.len() == 0 {
            return self.on_seeds_deadline(cx);
        }
        self.timers.set(cx.now + self.config.timing.dns.min(SEED_PATIENCE), Timer::Seeds);
    }

    /// Asks the names, if addresses are needed.
    pub(in crate::node) fn on_seeds_deadline(&mut self, cx: &mut Context<'_>) {
        if self.stopping {
            return;
        }
        if self.needs_seeds() {
            let mut hosts: Vec<Arc<str>> = Vec::new();
            for seed in self.seeds.seeds.iter_mut().filter(|seed| !seed.asked && seed.next <= cx.now) {
                seed.asked = true;
                // One name with two ports is one question.
                if !hosts.contains(&seed.host) {
                    hosts.push(seed.host.clone());
                }
            }
            for host in hosts {
                self.counts.seeds.asked += 1;
                cx.out.push(Output::Resolve(host.to_string()));
            }
        }
        let interval = self.config.timing.dns;
        let jitter = self.rng.random_range(0..=interval.as_micros() as u64 / 10);
        self.timers.set(cx.now + interval + Duration::from_micros(jitter), Timer::Seeds);
    }

    /// Whether we have nobody to dial: no link of our own making; or too few, and hardly an address left to try.
    fn needs_seeds(&self) -> bool {
        let own = self.peers.values().filter(|peer| peer.is_ready() && peer.direction == Direction::Outbound).count();
        let wanted = self.config.min_peers.min(self.config.max_outbound);
        let untried = self.book.len().saturating_sub(self.book.tried());
        own < wanted && (own == 0 || untried < SEED_THIN)
    }

    /// A name's answer.
    pub(in crate::node) fn on_resolved(&mut self, cx: &mut Context<'_>, name: &str, addresses: Result<Vec<IpAddr>, String>) {
        let dns = self.config.timing.dns;
        let asked = |seed: &Seed| seed.asked && *seed.host == *name;
        if !self.seeds.seeds.iter().any(asked) {
            return;
        }
        let addresses = addresses.and_then(|all| if all.is_empty() { Err("it has no address".to_owned()) } else { Ok(all) });
        let mut found = Vec::new();
        let mut tell = false;
        for seed in self.seeds.seeds.iter_mut().filter(|seed| asked(seed)) {
            seed.asked = false;
            match &addresses {
                Ok(all) => {
                    (seed.failures, seed.next) = (0, cx.now + dns);
                    found.extend(all.iter().take(SEED_ADDRESSES).map(|ip| (seed.host.clone(), SocketAddr::new(*ip, seed.port))));
                }
                Err(_) => {
                    seed.next = cx.now + dns.saturating_mul(1 << seed.failures.min(16)).min(SEED_LONGEST_PAUSE);
                    seed.failures = seed.failures.saturating_add(1);
                    tell |= !std::mem::replace(&mut seed.told, true);
                }
            }
        }
        match addresses {
            Ok(_) => self.counts.seeds.answered += 1,
            Err(why) => {
                self.counts.seeds.failed += 1;
                if tell {
                    let text = format!("the DNS seed {name} gives no addresses: {why}; it is asked again with growing pauses");
                    cx.event(Event::Warning { text });
                }
            }
        }
        let mut new = false;
        for (host, address) in found {
            new |= self.learn(&Source::Seed(host), address, None, Time(0), cx.now);
        }
        if new {
            self.dial_due(cx);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_host_with_or_without_a_port() {
        assert_eq!(host_and_port("seed.example"), ("seed.example", SEED_PORT));
        assert_eq!(host_and_port("seed.example:9000"), ("seed.example", 9000));
        assert_eq!(host_and_port("2001:db8::1"), ("2001:db8::1", SEED_PORT));
        assert_eq!(host_and_port("seed.example:http"), ("seed.example:http", SEED_PORT));
    }
}
