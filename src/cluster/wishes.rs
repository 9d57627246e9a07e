//! What people wish for at the dashboard, done to a run.

use super::conductor::Conductor;
use super::director::{Refusal, chosen};
use super::pace::Speed;
use super::peering::{Peering, peering};
use super::scenario::{EngineKind, Fault, LinkChange, TimelineEntry};
use super::{Preset, Selection};
use crate::observe::{Control, FaultLine, LinkLine};
use rumormill_ui::model::{ClockMode, Controls, Intent, LinkTweak, LogLevel};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::Path;
use std::time::{Duration, Instant};

/// What an engine and its run can be asked to do.
pub fn controls(kind: EngineKind, readonly: bool) -> Controls {
    let virtual_time = kind == EngineKind::Simulation;
    Controls { faults: !readonly, peers: !readonly, pause: virtual_time, step: virtual_time, speed: virtual_time }
}

fn fault(intent: &Intent) -> Option<(Fault, Option<Duration>)> {
    Some(match intent {
        Intent::Kill { node, lasts } => (Fault::Kill(chosen([*node])), *lasts),
        Intent::Restart(node) => (Fault::Restart(chosen([*node])), None),
        Intent::Link { from, to, tweak, lasts } => {
            let to = to.map_or(Selection::All, |to| chosen([to]));
            (Fault::Link { from: chosen([*from]), to, both_ways: true, change: change(*tweak) }, *lasts)
        }
        Intent::Partition { group, lasts } => (Fault::Partition { groups: vec![chosen(group.iter().copied())] }, *lasts),
        _ => return None,
    })
}

fn change(tweak: LinkTweak) -> LinkChange {
    let none = LinkChange::default();
    match tweak {
        LinkTweak::Latency(latency) => LinkChange { latency: Some(latency), ..none },
        LinkTweak::Loss(loss) => LinkChange { loss: Some(loss.min(crate::link::MILLION)), ..none },
        LinkTweak::Bandwidth(bandwidth) => LinkChange { bandwidth: Some(bandwidth.max(1)), ..none },
        LinkTweak::Cut => LinkChange { cut: Some(true), ..none },
    }
}

/// Most names tried for a preset that is saved: nobody keeps a hundred of one run.
const NAMES: u32 = 100;

/// Nobody presses keys more exactly than this, and nobody wants to read more digits.
const GRAIN: Duration = Duration::from_millis(100);

/// How long a saved preset runs on after its last fault: a node that was down redials within half a minute and catches up.
const AFTERMATH: Duration = Duration::from_secs(30);

fn round(time: Duration) -> Duration {
    let grains = time.saturating_add(GRAIN / 2).as_millis() / GRAIN.as_millis();
    GRAIN.saturating_mul(u32::try_from(grains).unwrap_or(u32::MAX))
}

/// Whether a fault does anything in a run where nobody makes a link by hand.
fn repeats(fault: &Fault, preset: &Preset, edges: &[(u32, u32)]) -> bool {
    let Fault::Link { from, to, .. } = fault else { return true };
    let joins = |a: u32, b: u32| from.contains(a) && to.contains(b);
    preset.nodes.seek_peers() || edges.iter().any(|(a, b)| joins(*a, *b) || joins(*b, *a))
}

/// Saves a preset with what was done by hand on its timeline, as a new file in `folder`: a run of it, without a word more, is on this
/// engine and from this seed. What was done, or why not, in words.
pub fn save(preset: &Preset, seed: u64, engine: EngineKind, by_hand: &[TimelineEntry], folder: &Path) -> String {
    let mut changed = Preset { seed, engine, ..preset.clone() };
    let edges = preset.edges(seed);
    let (by_hand, lost): (Vec<_>, Vec<_>) = by_hand.iter().partition(|entry| repeats(&entry.fault, preset, &edges));
    let without = match lost.len() {
        0 => String::new(),
        1 => ", without the fault on a link that was made by hand".to_owned(),
        count => format!(", without {count} faults on links that were made by hand"),
    };
    let rounded = |entry: &TimelineEntry| TimelineEntry {
        at: round(entry.at),
        // What holds for no time at all is no fault that a preset can say.
        lasts: entry.lasts.map(|lasts| round(lasts).max(GRAIN)),
        fault: entry.fault.clone(),
    };
    changed.timeline.extend(by_hand.into_iter().map(rounded));
    changed.timeline.sort_by_key(|entry| entry.at);
    // The dashboard runs past the preset's end: what was done there must come before the end of the saved one.
    let over = changed.timeline.iter().map(|entry| entry.at.saturating_add(entry.lasts.unwrap_or_default())).max();
    if let (Some(duration), Some(over)) =
        (&mut changed.duration, over.filter(|over| preset.duration.is_some_and(|end| end < *over)))
    {
        *duration = Duration::from_secs(over.saturating_add(AFTERMATH).as_secs());
    }
    changed.title.push_str(", by hand");
    let text = changed.to_toml();
    for number in 1..=NAMES {
        let name =
            if number == 1 { format!("{}-by-hand.toml", preset.name) } else { format!("{}-by-hand-{number}.toml", preset.name) };
        let path = folder.join(name);
        // Never over a file that is there.
        match File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes())) {
            Ok(()) => return format!("saved as {}{without}", path.display()),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return format!("cannot save {}: {error}", path.display()),
        }
    }
    format!("cannot save: {NAMES} presets of this name are there already; remove some")
}

impl Conductor<'_> {
    /// Does what somebody wishes, and says what was done, or why it was not.
    pub(super) fn obey(&mut self, intent: &Intent) {
        let kind = self.engine.kind();
        let elapsed = self.engine.elapsed();
        let allowed = controls(kind, self.settings.readonly);
        let real_time = || "only virtual time can be paused, stepped and sped up: say --engine simulation".to_owned();
        let said = match intent {
            Intent::Quit | Intent::Seek(_) => return,
            Intent::TogglePause | Intent::Step | Intent::Speed(_) if !allowed.pause => real_time(),
            Intent::TogglePause => {
                self.pace.set(self.pace.speed(), !self.pace.is_paused(), Instant::now(), elapsed);
                self.tell_clock();
                if self.pace.is_paused() { "paused".to_owned() } else { "goes on".to_owned() }
            }
            Intent::Speed(percent) => {
                self.pace.set(Speed::new(*percent), self.pace.is_paused(), Instant::now(), elapsed);
                self.tell_clock();
                format!("speed {}", self.pace.speed())
            }
            Intent::Step if self.pace.is_paused() => {
                self.single_step();
                return;
            }
            Intent::Step => "pause the run first".to_owned(),
            Intent::SavePreset if self.director.by_hand().is_empty() && self.peered => {
                "nothing to save: a preset cannot say what was asked of single peers".to_owned()
            }
            Intent::SavePreset if self.director.by_hand().is_empty() => "nothing was done by hand yet".to_owned(),
            Intent::SavePreset if self.peered => {
                format!("{}; what was asked of single peers is not part of it", (self.save)(&self.director))
            }
            Intent::SavePreset => (self.save)(&self.director),
            _ if !allowed.faults => "this run is watched only (--readonly)".to_owned(),
            _ => match peering(intent, |node| self.engine.address(node)) {
                Some(Ok(Peering { node, .. })) if !self.director.is_up(node) => Refusal::Down(node).to_string(),
                Some(Ok(Peering { node, command, said })) => {
                    self.peered = true;
                    self.engine.command(node, command);
                    format!("n{node} {said}")
                }
                Some(Err(why)) => why,
                None => self.change(elapsed, intent).unwrap_or_else(|refusal| refusal.to_string()),
            },
        };
        self.audience.control(self.now(), Control::Notice { text: said });
    }

    fn change(&mut self, elapsed: Duration, intent: &Intent) -> Result<String, Refusal> {
        let mut actions = std::mem::take(&mut self.actions);
        let done = match intent {
            Intent::Undo(number) => self.director.undo(elapsed, *number, &mut actions),
            Intent::ClearFaults => Ok(match self.director.clear(elapsed, &mut actions) {
                1 => "undid the one fault".to_owned(),
                count => format!("undid all {count} faults"),
            }),
            Intent::Freeze { node, lasts } => self.director.toggle_pause(elapsed, *node, *lasts, &mut actions),
            _ => match fault(intent) {
                Some((fault, lasts)) => self.director.inject(elapsed, fault, lasts, &mut actions),
                None => Err(Refusal::Nothing),
            },
        };
        self.actions = actions;
        self.act();
        if let Ok(text) = &done {
            self.log(text);
            self.tell_faults();
        }
        done
    }

    pub(super) fn log(&self, text: &str) {
        let control = Control::Log { level: LogLevel::Warn, node: None, target: "faults".to_owned(), text: text.to_owned() };
        self.audience.control(self.now(), control);
    }

    /// Tells all that holds.
    pub(super) fn tell_all(&self) {
        self.tell_clock();
        self.tell_faults();
        self.tell_judgement();
    }

    /// Tells what is done to the network.
    pub(super) fn tell_faults(&self) {
        let (now, elapsed) = (self.now(), self.engine.elapsed());
        let faults = self.director.active().iter().map(|active| FaultLine {
            number: active.number,
            text: super::director::fault_words(&active.fault),
            until: active.until,
        });
        self.audience.control(now, Control::Faults { faults: faults.collect() });
        self.audience.control(now, Control::Cuts { pairs: self.director.cuts().into_iter().collect() });
        self.audience.control(now, Control::Timeline { lines: self.director.timeline(elapsed) });
        let shapes = self.director.shapes().into_iter();
        let links = shapes.map(|((from, to), (there, back))| LinkLine { from, to, there, back }).collect();
        self.audience.control(now, Control::Shapes { links });
    }

    fn tell_clock(&self) {
        let mode = if self.pace.is_paused() { ClockMode::Paused } else { ClockMode::Live };
        let speed_percent = match self.engine.kind() {
            EngineKind::Simulation => self.pace.speed().percent(),
            EngineKind::Sockets => Speed::REAL.percent(),
        };
        self.audience.control(self.now(), Control::Clock { mode, speed_percent });
    }
}
