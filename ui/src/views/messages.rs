//! What is relayed: live, by kind, node and id; how much of each kind; and the way of each message.

use super::{Go, View};
use crate::{
    action::Command,
    brush::clean,
    layout::{self, Size},
    model::{Relay, RelayKind, Snapshot},
    panels::{bandwidth::Bandwidth, kinds::Kinds, relays, trace::Trace},
    widgets::{
        frame::{self, Look},
        list::Scroll,
    },
    world::{Hit, Scene, World},
};
use ratatui::layout::Rect;
use std::time::Duration;

/// What one message is known by from snapshot to snapshot.
type Key = (Duration, RelayKind, String, Option<String>, String);

/// Those without an id have who says it, and the words; others' ways grow from snapshot to snapshot.
fn key(relay: &Relay) -> Key {
    (relay.at, relay.kind, relay.id.clone(), relay.path.first().cloned(), relay.note.clone())
}

const LIST: u8 = 0;
const KINDS: u8 = 1;
/// Rows below which a chart says nothing, and above which it says no more.
const LEAST_CHART: u16 = 7;
const MOST_CHART: u16 = 24;

#[derive(Default)]
pub(crate) struct Messages {
    filter: String,
    kind: Option<RelayKind>,
    /// Only what the chosen node is on the way of.
    one_node: bool,
    /// `None`: the newest one, whichever that is.
    chosen: Option<Key>,
    /// Where the chosen one was in the last frame; when it is gone, its place stays.
    place: usize,
    scroll: Scroll,
    /// The message whose way is shown, as it last was: it may leave the bounded list.
    traced: Option<Relay>,
    trace: Trace,
    kinds: Kinds,
    bandwidth: Bandwidth,
    /// The wheel turns over the kinds.
    over_kinds: bool,
}

impl Messages {
    fn shown<'a>(&self, snapshot: &'a Snapshot, world: &World) -> Vec<&'a Relay> {
        let name = world.chosen().map(|node| node.name.as_str()).unwrap_or_default();
        let at_node =
            |relay: &Relay| relay.path.iter().any(|step| step == name) || relay.hops.iter().any(|hop| hop.node == world.node);
        snapshot
            .relays
            .iter()
            .filter(|relay| self.kind.is_none_or(|kind| kind == relay.kind))
            .filter(|relay| !self.one_node || at_node(relay))
            .filter(|relay| relays::matches(relay, &self.filter))
            .collect()
    }

    fn place_of(&self, shown: &[&Relay]) -> usize {
        let place = match &self.chosen {
            None => Some(0),
            Some(key) => shown.iter().position(|relay| (relay.at, relay.kind, relay.id.as_str()) == (key.0, key.1, &key.2)),
        };
        place.unwrap_or(self.place).min(shown.len().saturating_sub(1))
    }

    fn list(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look) {
        let snapshot = scene.snapshot;
        let shown = self.shown(snapshot, scene.world);
        let place = self.place_of(&shown);
        // Newer ones push it down: the list goes with it.
        if self.chosen.is_some() {
            self.scroll.step(place.saturating_sub(self.place).cast_signed());
        }
        self.place = place;
        let separator = scene.glyphs.separator;
        let kind = self.kind.map_or("all kinds", relays::word);
        let whose = match scene.world.chosen() {
            Some(node) if self.one_node => clean(&node.name).into_owned(),
            _ => "all nodes".to_owned(),
        };
        let filter = if self.filter.is_empty() { String::new() } else { format!(" {separator} /{}", self.filter) };
        let note = format!("{kind} {separator} {whose}{filter} {separator} {} of {}", shown.len(), snapshot.relays.len());
        let inside = frame::frame(scene, area, look, "Relayed messages", &note, true);
        if shown.is_empty() {
            let text = if snapshot.relays.is_empty() {
                "nothing was relayed yet"
            } else {
                "none fits; f shows other kinds, a all nodes, Esc clears the filter"
            };
            return frame::empty(scene, inside, text);
        }
        let visible = usize::from(inside.height);
        let at_hand = self.scroll.around(place, visible, shown.len());
        let rows = &shown[at_hand.clone()];
        let theme = scene.theme;
        let (_, lines) = layout::left(inside, 1);
        let path = relays::path_columns(rows, lines.width, scene.glyphs.arrow);
        for ((row, relay), number) in rows.iter().enumerate().zip(at_hand) {
            let at = layout::row(inside, row);
            let chosen = number == place;
            scene.brush(at).put(if chosen { ">" } else { " " }, theme.title);
            relays::draw_line(scene, layout::row(lines, row), relay, path);
            if chosen {
                scene.select(at);
            }
            scene.hit(at, Hit::Row(number));
        }
    }
}

impl View for Messages {
    fn digit(&self) -> char {
        '4'
    }

    fn name(&self) -> &'static str {
        "Messages"
    }

    fn opened(&mut self, from: char, _world: &mut World) {
        // Who looks at one node wants that node's messages.
        self.one_node = matches!(from, '2' | '3');
        self.traced = None;
        self.chosen = None;
    }

    fn step(&mut self, world: &mut World, by: isize) {
        if self.traced.is_some() {
            return self.trace.scroll.step(by);
        }
        if std::mem::take(&mut self.over_kinds) {
            return self.kinds.scroll.step(by);
        }
        let shown = self.shown(&world.snapshot, world);
        let place = self.place_of(&shown).saturating_add_signed(by).min(shown.len().saturating_sub(1));
        // On the top row the newest stays chosen.
        self.chosen = if place == 0 { None } else { shown.get(place).map(|relay| key(relay)) };
        self.place = place;
    }

    fn act(&mut self, command: Command, world: &mut World) -> Go {
        match command {
            Command::Left | Command::Right => {
                if self.one_node {
                    world.step(if command == Command::Left { -1 } else { 1 });
                }
                self.one_node = true;
            }
            Command::EveryNode => self.one_node = false,
            Command::OneKind => {
                let place = relays::KINDS.iter().position(|kind| Some(*kind) == self.kind);
                self.kind = relays::KINDS.get(place.map_or(0, |place| place + 1)).copied();
            }
            Command::Enter if self.traced.is_none() => {
                let shown = self.shown(&world.snapshot, world);
                self.traced = shown.get(self.place_of(&shown)).map(|relay| Relay::clone(relay));
                self.trace.scroll = Scroll::default();
            }
            Command::Back if self.traced.is_some() => self.traced = None,
            Command::Back if !self.filter.is_empty() => self.filter.clear(),
            Command::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn clicked(&mut self, hit: Hit, world: &mut World) {
        match hit {
            Hit::Row(place) => {
                let shown = self.shown(&world.snapshot, world);
                let place = place.min(shown.len().saturating_sub(1));
                self.chosen = shown.get(place).map(|relay| key(relay));
                self.place = place;
            }
            Hit::Panel(panel) => self.over_kinds = panel == KINDS,
            _ => {}
        }
    }

    fn filter(&mut self) -> Option<&mut String> {
        Some(&mut self.filter)
    }

    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let snapshot = scene.snapshot;
        let size = Size::of(scene.buf.area);
        let look = if size == Size::Full { Look::Framed } else { Look::Ruled };
        if let Some(traced) = &mut self.traced {
            let known = key(traced);
            let now = snapshot.relays.iter().find(|relay| key(relay) == known);
            if let Some(relay) = now {
                traced.clone_from(relay);
            }
            return self.trace.draw(scene, area, traced, look);
        }
        let (list, kinds) = match size {
            Size::Tiny => (area, Rect::ZERO),
            Size::Compact => {
                let wanted = Kinds::wanted(snapshot.messages.len(), look).min(area.height * 2 / 5);
                layout::bottom(area, if area.height < 14 { 3 } else { wanted })
            }
            Size::Full => layout::left(area, layout::share(area.width, 62).min(area.width.saturating_sub(46))),
        };
        scene.hit(list, Hit::Panel(LIST));
        self.list(scene, list, look);
        if kinds.is_empty() {
            return;
        }
        scene.hit(kinds, Hit::Panel(KINDS));
        let wanted = Kinds::wanted(snapshot.messages.len(), look);
        if size == Size::Full && kinds.height >= wanted + LEAST_CHART {
            let (kinds, chart) = layout::top(kinds, wanted);
            self.kinds.draw(scene, kinds, look, false);
            let (chart, _) = layout::top(chart, MOST_CHART);
            return self.bandwidth.draw(scene, chart, "Traffic", &snapshot.traffic);
        }
        self.kinds.draw(scene, kinds, look, false);
    }
}
