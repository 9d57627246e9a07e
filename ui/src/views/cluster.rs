//! All nodes on one page: who is linked, who is down and why, what moves.

use super::{Go, View};
use crate::{
    action::Command,
    layout::{self, Size},
    model::{Problem, Subject},
    panels::{
        bandwidth::{self, Bandwidth},
        faults,
        nodes::Nodes,
        peer,
        problems::Problems,
        relays::Relays,
        topology::Topology,
    },
    widgets::{frame::Look, list::cycle},
    world::{Hit, Scene, World},
};
use ratatui::layout::Rect;

/// The panel that up and down move in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Focus {
    #[default]
    Nodes,
    Problems,
    Relays,
}

impl Focus {
    const ALL: [Self; 3] = [Self::Nodes, Self::Problems, Self::Relays];
}

#[derive(Default)]
pub(crate) struct Cluster {
    nodes: Nodes,
    problems: Problems,
    relays: Relays,
    topology: Topology,
    bandwidth: Bandwidth,
    focus: Focus,
    topology_alone: bool,
}

impl Cluster {
    /// The panel that keys move in, of those that are there: beside the topology alone only its nodes are.
    fn shown(&self) -> Focus {
        if self.topology_alone { Focus::Nodes } else { self.focus }
    }

    /// The place of the problem that is marked on the screen.
    fn marked_problem(&self, problems: &[Problem]) -> Option<usize> {
        self.problems.chosen(problems).filter(|_| self.shown() == Focus::Problems)
    }

    /// What keys act on is what is marked: the node that the marked problem is about.
    fn choose_subject(&self, world: &mut World) {
        let snapshot = std::sync::Arc::clone(&world.snapshot);
        let subject = self.marked_problem(&snapshot.problems).map(|place| snapshot.problems[place].subject);
        if let Some(Subject::Node(node) | Subject::Peer { node, .. }) = subject {
            world.choose(node);
        }
    }

    fn enter(&mut self, world: &mut World) -> Go {
        let snapshot = std::sync::Arc::clone(&world.snapshot);
        let Some(place) = self.marked_problem(&snapshot.problems) else {
            return if self.shown() == Focus::Problems { Go::Stay } else { Go::Into('2') };
        };
        let problem = &snapshot.problems[place];
        match problem.subject {
            // The whole network is what the topology shows.
            Subject::Cluster => {
                self.topology_alone = true;
                Go::Stay
            }
            Subject::Node(index) => {
                world.choose(index);
                Go::Into('2')
            }
            Subject::Peer { node, connection } => {
                world.choose(node);
                world.connection = Some(connection);
                Go::Into('3')
            }
        }
    }

    /// Topology beside nodes and problems; traffic beside messages; faults below. As drawn for 120 by 36.
    fn full(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let snapshot = scene.snapshot;
        let faults = if snapshot.faults.is_empty() { 0 } else { 3 };
        let (area, faults_area) = layout::bottom(area, faults);
        let lower = layout::share(area.height, if area.height < 40 { 30 } else { 36 }).clamp(8, 24);
        let (upper, lower) = layout::bottom(area, lower);
        let (left, right) = layout::left(upper, layout::share(upper.width, 38).clamp(44, 90));
        self.topology.draw(scene, left, Look::Framed);
        // Every node if half the height does, but never at the expense of what is wrong.
        let wrong = rows(snapshot.problems.len(), 3).clamp(5, right.height / 2);
        let table = Nodes::wanted(snapshot.nodes.len(), Look::Framed).min(right.height - wrong);
        let (table, mut wrong) = layout::top(right, table);
        // Around a single node its peers are what there is to see.
        if let [node] = &*snapshot.nodes {
            let (neighbours, rest) = layout::top(wrong, rows(node.peers.len(), 2).clamp(3, (wrong.height / 2).max(3)));
            peer::list(scene, neighbours, node, Look::Framed);
            wrong = rest;
        }
        scene.hit(table, Hit::Panel(Focus::Nodes as u8));
        self.nodes.draw(scene, table, Look::Framed, self.focus == Focus::Nodes);
        scene.hit(wrong, Hit::Panel(Focus::Problems as u8));
        self.problems.draw(scene, wrong, Look::Framed, self.focus == Focus::Problems);
        let (left, right) = layout::left(lower, layout::share(lower.width, 36).clamp(40, 80));
        self.bandwidth.draw(scene, left, "Bandwidth", &snapshot.traffic);
        scene.hit(right, Hit::Panel(Focus::Relays as u8));
        self.relays.draw(scene, right, Look::Framed, self.focus == Focus::Relays);
        if faults > 0 {
            faults::draw(scene, faults_area);
        }
    }

    /// One list under the other, and traffic with faults in one line.
    fn compact(&mut self, scene: &mut Scene<'_>, area: Rect) {
        let snapshot = scene.snapshot;
        let (area, traffic) = layout::bottom(area, 1);
        let wanted = Nodes::wanted(snapshot.nodes.len(), Look::Ruled);
        // On low screens nodes and what is wrong come first.
        let low = area.height < LOW;
        let (table, rest) = layout::top(
            area,
            wanted.min(if low { area.height.saturating_sub(4) } else { (area.height / 2).max(area.height.saturating_sub(9)) }),
        );
        let wrong = rows(snapshot.problems.len(), 1).clamp(2, (rest.height * 3 / 5).max(2));
        let wrong = if low { rest.height } else { wrong };
        let (wrong, relays) = layout::top(rest, wrong);
        scene.hit(table, Hit::Panel(Focus::Nodes as u8));
        self.nodes.draw(scene, table, Look::Ruled, self.focus == Focus::Nodes);
        scene.hit(wrong, Hit::Panel(Focus::Problems as u8));
        self.problems.draw(scene, wrong, Look::Ruled, self.focus == Focus::Problems);
        scene.hit(relays, Hit::Panel(Focus::Relays as u8));
        self.relays.draw(scene, relays, Look::Ruled, self.focus == Focus::Relays);
        let used = bandwidth::short(scene, traffic) as u16;
        faults::short(scene, layout::left(traffic, used.saturating_add(3)).1);
    }
}

/// Below so many rows there is no room for relayed messages.
const LOW: u16 = 13;

/// Rows for so many lines and what is around them.
fn rows(lines: usize, around: u16) -> u16 {
    u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(around)
}

impl View for Cluster {
    fn digit(&self) -> char {
        '1'
    }

    fn name(&self) -> &'static str {
        "Cluster"
    }

    fn step(&mut self, world: &mut World, by: isize) {
        match self.shown() {
            Focus::Nodes => self.nodes.step(world, by),
            Focus::Problems => {
                self.problems.step(by, &world.snapshot.problems);
                self.choose_subject(world);
            }
            Focus::Relays => self.relays.scroll.step(by),
        }
    }

    fn act(&mut self, command: Command, world: &mut World) -> Go {
        match command {
            Command::Left | Command::Right => {
                let by = if command == Command::Left { Focus::ALL.len() - 1 } else { 1 };
                self.focus = cycle(&Focus::ALL, self.focus, by);
                self.choose_subject(world);
            }
            Command::Enter => return self.enter(world),
            Command::Topology => self.topology_alone = !self.topology_alone,
            Command::Metric => self.topology.metric = self.topology.metric.next(),
            Command::Sort => self.nodes.sort = self.nodes.sort.next(),
            Command::Reverse => self.nodes.reversed = !self.nodes.reversed,
            Command::Back if world.link_to.is_some() => world.link_to = None,
            Command::Back if !self.relays.filter.is_empty() => self.relays.filter.clear(),
            Command::Back if self.topology_alone => self.topology_alone = false,
            Command::Back if self.focus != Focus::Nodes => self.focus = Focus::Nodes,
            Command::Back => return Go::Back,
            Command::LinkTo => world.next_link(),
            Command::Mark => world.toggle_mark(),
            _ => {}
        }
        Go::Stay
    }

    fn link(&self, world: &World) -> Result<Option<u32>, String> {
        Ok(world.link_to)
    }

    fn clicked(&mut self, hit: Hit, world: &mut World) {
        match hit {
            Hit::Panel(panel) => {
                self.focus = Focus::ALL.get(usize::from(panel)).copied().unwrap_or_default();
                self.choose_subject(world);
            }
            Hit::Problem(place) => {
                self.focus = Focus::Problems;
                self.problems.choose(place, &world.snapshot.problems);
                self.choose_subject(world);
            }
            _ => self.focus = Focus::Nodes,
        }
    }

    fn filter(&mut self) -> Option<&mut String> {
        Some(&mut self.relays.filter)
    }

    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect) {
        match Size::of(scene.buf.area) {
            Size::Tiny => self.nodes.rows(scene, area),
            Size::Compact | Size::Full if self.topology_alone => self.topology.draw(scene, area, Look::Framed),
            Size::Compact => self.compact(scene, area),
            Size::Full => self.full(scene, area),
        }
    }
}
