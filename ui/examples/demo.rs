//! The dashboard on made-up numbers, for looking at it: `cargo run -p rumormill-ui --example demo -- [--ascii] [--alone]
//! [--replay] [--readonly] [--theme NAME] [--nodes COUNT] [--start TICK]`. Its controls are made up too: faults are listed, end
//! and can be undone, the clock pauses, steps, goes faster and seeks.

#![forbid(unsafe_code)]

use rumormill_ui::{GlyphSet, Options, diagnosis, model};
use std::{
    cell::RefCell,
    error::Error,
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

#[path = "../src/fixture.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod fixture;

use model::{ClockMode, Fault, Intent, LinkTweak, Snapshot};

/// Between snapshots, as a cluster in this process would make them.
const STEP: Duration = Duration::from_millis(250);

fn main() -> std::process::ExitCode {
    match run() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demo: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// A run that does what it is asked, as far as the screen can tell.
struct FakeRun {
    /// Makes the network at a tick.
    network: Box<dyn Fn(u64) -> Snapshot>,
    elapsed: Duration,
    speed_percent: u32,
    paused: bool,
    /// Faults by hand, and when (run time) they end.
    faults: Vec<(Fault, Option<Duration>)>,
    next_fault: u32,
    notice: Option<(Duration, String)>,
    looked: Instant,
    generation: u64,
}

impl FakeRun {
    fn new(network: Box<dyn Fn(u64) -> Snapshot>, start: u64) -> Self {
        let elapsed = Duration::from_secs(start);
        let given = network(start).faults.into_iter();
        let faults: Vec<_> = given.map(|fault| (fault.clone(), fault.left.map(|left| elapsed + left))).collect();
        Self {
            next_fault: faults.len() as u32 + 1,
            network,
            elapsed,
            speed_percent: 100,
            paused: false,
            faults,
            notice: None,
            looked: Instant::now(),
            generation: 0,
        }
    }

    fn pass_time(&mut self) {
        let passed = self.looked.elapsed();
        self.looked = Instant::now();
        if !self.paused {
            // As fast as it can: a thousand times real time will do for a picture.
            self.elapsed += passed * self.speed_percent.min(100_000) / 100;
        }
        let now = self.elapsed;
        self.faults.retain(|(_, end)| end.is_none_or(|end| end > now));
    }

    fn snapshot(&mut self) -> Snapshot {
        self.pass_time();
        let mut snapshot = (self.network)(self.elapsed.as_secs());
        self.generation += 1;
        snapshot.generation = self.generation;
        snapshot.clock.elapsed = self.elapsed;
        snapshot.clock.speed_percent = self.speed_percent;
        snapshot.clock.mode = if self.paused { ClockMode::Paused } else { ClockMode::Live };
        snapshot.faults = self
            .faults
            .iter()
            .map(|(fault, end)| Fault { left: end.map(|end| end.saturating_sub(self.elapsed)), ..fault.clone() })
            .collect();
        snapshot.notice.clone_from(&self.notice);
        snapshot.problems = diagnosis::diagnose(&snapshot);
        snapshot
    }

    fn add(&mut self, text: String, lasts: Option<Duration>) -> String {
        let number = self.next_fault;
        self.next_fault += 1;
        let said = format!("#{number} {text}");
        self.faults.push((Fault { number, text, left: lasts }, lasts.map(|lasts| self.elapsed + lasts)));
        said
    }

    fn obey(&mut self, intent: Intent) {
        self.pass_time();
        let said = match intent {
            Intent::Quit => return,
            Intent::Kill { node, lasts } => self.add(format!("kill n{node}"), lasts),
            Intent::Restart(node) => format!("n{node} restarts"),
            Intent::Freeze { node, lasts: Some(lasts) } => self.add(format!("freeze n{node}"), Some(lasts)),
            Intent::Freeze { node, lasts: None } => {
                let text = format!("freeze n{node}");
                self.faults.retain(|(fault, _)| fault.text != text);
                format!("n{node} goes on")
            }
            Intent::Link { from, to, tweak, lasts } => {
                let what = match tweak {
                    LinkTweak::Latency(by) => format!("latency {} ms", by.as_millis()),
                    LinkTweak::Loss(parts) => format!("loss {}%", parts / 10_000),
                    LinkTweak::Bandwidth(limit) => format!("bandwidth {} KB/s", limit / 1000),
                    LinkTweak::Cut => "cut".to_owned(),
                };
                let whose = to.map_or_else(|| format!("all links of n{from}"), |to| format!("n{from} - n{to}"));
                self.add(format!("{what} on {whose}"), lasts)
            }
            Intent::Partition { group, lasts } => {
                let names: Vec<_> = group.iter().map(|node| format!("n{node}")).collect();
                self.add(format!("partition {} | rest", names.join(", ")), lasts)
            }
            Intent::Connect { node, address } => format!("n{node} connects to {address}"),
            Intent::Disconnect { node, .. } => format!("n{node} parts from its peer"),
            Intent::Ban { node, .. } => format!("n{node} bans its peer"),
            Intent::Undo(number) => {
                let last = self.faults.last().map(|(fault, _)| fault.number);
                let number = number.or(last).unwrap_or_default();
                self.faults.retain(|(fault, _)| fault.number != number);
                format!("#{number} undone")
            }
            Intent::ClearFaults => {
                self.faults.clear();
                "all faults undone".to_owned()
            }
            Intent::TogglePause => {
                self.paused = !self.paused;
                if self.paused { "paused".to_owned() } else { "goes on".to_owned() }
            }
            Intent::Step => {
                self.paused = true;
                self.elapsed += Duration::from_millis(100);
                "one event played".to_owned()
            }
            Intent::Speed(percent) => {
                self.speed_percent = percent;
                format!("speed {}", rumormill_ui::format::speed(percent))
            }
            Intent::Seek(to) => {
                self.elapsed = to.max(Duration::from_secs(120));
                return;
            }
            Intent::SavePreset => "saved as by-hand.toml (not really: this is a demo)".to_owned(),
            Intent::Unban { node, id } => format!("{} is no longer banned by n{node}", &id[..8.min(id.len())]),
        };
        self.notice = Some((self.elapsed, said));
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let mut options = Options::from_environment();
    let (mut alone, mut replay) = (false, false);
    let mut nodes = 8;
    let mut start = fixture::TICK;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or_else(|| format!("{argument} needs a value"));
        match argument.as_str() {
            "--ascii" => options.glyphs = GlyphSet::Ascii,
            "--unicode" => options.glyphs = GlyphSet::Unicode,
            "--alone" => alone = true,
            "--replay" => replay = true,
            "--readonly" => options.readonly = true,
            "--theme" => options.theme = value()?.parse()?,
            "--nodes" => nodes = value()?.parse()?,
            "--start" => start = value()?.parse()?,
            _ => return Err(format!("what is {argument}?").into()),
        }
    }
    let network: Box<dyn Fn(u64) -> Snapshot> = match (alone, replay) {
        (true, _) => Box::new(fixture::alone),
        (_, true) => Box::new(fixture::replay),
        _ => Box::new(move |tick| fixture::cluster(nodes, tick)),
    };
    let run = RefCell::new(FakeRun::new(network, start));
    let mut shown: Option<Instant> = None;
    let latest = || {
        if shown.is_some_and(|shown| shown.elapsed() < STEP) {
            return None;
        }
        shown = Some(Instant::now());
        Some(Arc::new(run.borrow_mut().snapshot()))
    };
    let stop = AtomicBool::new(false);
    // A real run raises SIGTSTP here; that needs a call which this crate does not make.
    rumormill_ui::run(options, latest, &stop, |intent| run.borrow_mut().obey(intent), || {})?;
    Ok(())
}
