//! What is done to the network: active faults, the scenario's plan and what it expects, and links as asked for and as measured.

use super::{Go, View};
use crate::{
    action::Command,
    layout::{self, Size},
    panels::{expectations::Expectations, faults::List, links::Links, timeline::Timeline},
    widgets::{frame::Look, list::cycle},
    world::{Hit, Scene, World},
};
use ratatui::layout::Rect;

/// The panel that up and down move in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Faults,
    Timeline,
    Expectations,
    Links,
}

impl Focus {
    const ALL: [Self; 4] = [Self::Faults, Self::Timeline, Self::Expectations, Self::Links];
}

#[derive(Default)]
pub(crate) struct Faults {
    list: List,
    timeline: Timeline,
    expectations: Expectations,
    links: Links,
    focus: Focus,
}

impl Faults {
    fn panel(&mut self, scene: &mut Scene<'_>, area: Rect, look: Look, focus: Focus) {
        scene.hit(area, Hit::Panel(focus as u8));
        let active = self.focus == focus;
        match focus {
            Focus::Faults => self.list.draw(scene, area, look, active),
            Focus::Timeline => self.timeline.draw(scene, area, look, active),
            Focus::Expectations => self.expectations.draw(scene, area, look, active),
            Focus::Links => self.links.draw(scene, area, look, active),
        }
    }
}

impl View for Faults {
    fn digit(&self) -> char {
        '7'
    }

    fn name(&self) -> &'static str {
        "Faults"
    }

    fn marks_fault(&self) -> bool {
        self.focus == Focus::Faults
    }

    fn step(&mut self, world: &mut World, by: isize) {
        match self.focus {
            Focus::Faults => world.step_fault(by),
            Focus::Timeline => self.timeline.step(by),
            Focus::Expectations => self.expectations.scroll.step(by),
            Focus::Links => self.links.scroll.step(by),
        }
    }

    fn act(&mut self, command: Command, _world: &mut World) -> Go {
        match command {
            Command::Left => self.focus = cycle(&Focus::ALL, self.focus, Focus::ALL.len() - 1),
            Command::Right => self.focus = cycle(&Focus::ALL, self.focus, 1),
            Command::Enter => self.focus = Focus::Faults,
            Command::Back if self.focus != Focus::Faults => {
                self.focus = Focus::Faults;
                self.timeline.follow();
            }
            Command::Back => return Go::Back,
            _ => {}
        }
        Go::Stay
    }

    fn clicked(&mut self, hit: Hit, _world: &mut World) {
        match hit {
            Hit::Panel(panel) => self.focus = Focus::ALL.get(usize::from(panel)).copied().unwrap_or_default(),
            Hit::Fault(_) => self.focus = Focus::Faults,
            _ => {}
        }
    }

    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let snapshot = scene.snapshot;
        let (faults, expected) = (snapshot.faults.len(), snapshot.expectations.len());
        match Size::of(scene.buf.area) {
            Size::Tiny => self.panel(scene, area, Look::Ruled, Focus::Faults),
            Size::Compact => {
                let look = Look::Ruled;
                let (list, rest) = layout::top(area, List::wanted(faults, look).min(area.height / 4).max(2));
                let one_row_each = u16::try_from(expected.max(1) + 1).unwrap_or(u16::MAX);
                let (expectations, rest) = layout::top(rest, one_row_each.min(rest.height / 3).max(2));
                let (timeline, links) = layout::top(rest, rest.height.div_ceil(2));
                self.panel(scene, list, look, Focus::Faults);
                self.panel(scene, expectations, look, Focus::Expectations);
                self.panel(scene, timeline, look, Focus::Timeline);
                self.panel(scene, links, look, Focus::Links);
            }
            Size::Full => {
                let look = Look::Framed;
                let (left, right) = layout::left(area, layout::share(area.width, 46));
                let (list, timeline) = layout::top(left, List::wanted(faults, look).clamp(5, area.height / 3));
                let wanted = Expectations::wanted(expected).saturating_add(2).clamp(5, area.height / 2);
                let (expectations, links) = layout::top(right, wanted);
                self.panel(scene, list, look, Focus::Faults);
                self.panel(scene, timeline, look, Focus::Timeline);
                self.panel(scene, expectations, look, Focus::Expectations);
                self.panel(scene, links, look, Focus::Links);
            }
        }
    }
}
