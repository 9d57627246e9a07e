//! What all views share: the snapshot shown, what is chosen in it, and the means to draw.

use crate::{
    action::Means,
    brush::Brush,
    diagnosis,
    facts::{self, Facts},
    glyphs::{Glyphs, state_word},
    model::{Node, NodeState, Severity, Snapshot},
    theme::Theme,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

/// What is shown and chosen.
pub(crate) struct World {
    pub snapshot: Arc<Snapshot>,
    pub facts: Facts,
    /// Index of the chosen node.
    pub node: u32,
    /// Number of the chosen connection of that node.
    pub connection: Option<u64>,
    /// The other end of the chosen link; `None`: all links of the chosen node.
    pub link_to: Option<u32>,
    /// Nodes marked for a partition.
    pub marked: BTreeSet<u32>,
    /// Number of the chosen fault.
    pub fault: Option<u32>,
    /// The longest time that each active fault was seen to have left: full bars.
    pub spans: BTreeMap<u32, Duration>,
    /// What the keys can ask for.
    pub means: Means,
}

impl World {
    pub fn new() -> Self {
        Self {
            snapshot: Arc::default(),
            facts: Facts::default(),
            node: 0,
            connection: None,
            link_to: None,
            marked: BTreeSet::new(),
            fault: None,
            spans: BTreeMap::new(),
            means: Means::default(),
        }
    }

    /// Shows another snapshot. What is chosen stays chosen; a node that is gone gives way to the first one.
    pub fn show(&mut self, snapshot: Arc<Snapshot>) {
        let place = self.snapshot.faults.iter().position(|fault| Some(fault.number) == self.fault);
        self.facts = Facts::new(&snapshot);
        self.snapshot = snapshot;
        if facts::node(&self.snapshot, self.node).is_none() {
            self.node = self.snapshot.nodes.first().map_or(0, |node| node.index);
        }
        let faults = &self.snapshot.faults;
        // The place of one that is over stays chosen, and not the first: that was not the one marked.
        if let Some(place) = place
            && faults.iter().all(|fault| Some(fault.number) != self.fault)
        {
            self.fault = faults.get(place.min(faults.len().saturating_sub(1))).map(|fault| fault.number);
        }
        self.spans.retain(|number, _| faults.iter().any(|fault| fault.number == *number));
        for fault in faults {
            let span = self.spans.entry(fault.number).or_default();
            *span = (*span).max(fault.left.unwrap_or_default());
        }
    }

    /// The chosen node.
    pub fn chosen(&self) -> Option<&Node> {
        facts::node(&self.snapshot, self.node)
    }

    /// Chooses a node; the chosen connection was another node's.
    pub fn choose(&mut self, index: u32) {
        if self.node != index {
            self.node = index;
            self.connection = None;
            self.link_to = None;
        }
    }

    /// Chooses the chosen node's next link; after the last one all of them again.
    pub fn next_link(&mut self) {
        let linked = facts::linked(&self.snapshot, self.node);
        self.link_to = match self.link_to {
            None => linked.first().copied(),
            Some(now) => linked.into_iter().find(|other| *other > now),
        };
    }

    /// Marks the chosen node, or takes its mark away.
    pub fn toggle_mark(&mut self) {
        if !self.marked.remove(&self.node) {
            self.marked.insert(self.node);
        }
    }

    /// Chooses the fault some rows further down (or up).
    pub fn step_fault(&mut self, by: isize) {
        let faults = &self.snapshot.faults;
        let place = faults.iter().position(|fault| Some(fault.number) == self.fault).unwrap_or(0);
        self.fault = faults.get(place.saturating_add_signed(by).min(faults.len().saturating_sub(1))).map(|fault| fault.number);
    }

    /// Chooses the node some places further on (or back) in the order of ids.
    pub fn step(&mut self, by: isize) {
        let count = self.snapshot.nodes.len();
        if count > 0 {
            let place = facts::place(&self.snapshot, self.node).unwrap_or(0);
            self.choose(self.snapshot.nodes[place.saturating_add_signed(by).min(count - 1)].index);
        }
    }
}

/// What lies under the mouse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hit {
    /// A tab, by its view's digit.
    Tab(char),
    Node(u32),
    Peer(u64),
    /// A problem, by its place.
    Problem(usize),
    /// A fault, by its number.
    Fault(u32),
    /// A row of the view's own list, by its place.
    Row(usize),
    /// A panel, by the view's own number for it; it lies under its rows.
    Panel(u8),
}

/// Everything that a panel needs to draw itself.
pub(crate) struct Scene<'a> {
    pub world: &'a World,
    pub snapshot: &'a Snapshot,
    pub theme: &'a Theme,
    pub glyphs: &'a Glyphs,
    pub hits: &'a mut Vec<(Rect, Hit)>,
    pub buf: &'a mut Buffer,
}

impl Scene<'_> {
    /// A brush on the first row of `area`.
    pub fn brush(&mut self, area: Rect) -> Brush<'_> {
        Brush::new(self.buf, area, self.glyphs.ellipsis)
    }

    /// Remembers what was drawn where.
    pub fn hit(&mut self, area: Rect, hit: Hit) {
        if !area.is_empty() {
            self.hits.push((area, hit));
        }
    }

    /// Lays the chosen row's style over an area.
    pub fn select(&mut self, area: Rect) {
        let area = area.intersection(self.buf.area);
        self.buf.set_style(area, self.theme.select);
    }

    pub fn state_style(&self, state: NodeState) -> Style {
        match state {
            NodeState::Ok => self.theme.ok,
            NodeState::Syncing => self.theme.busy,
            NodeState::Starting => self.theme.label,
            NodeState::Lagging => self.theme.warn,
            NodeState::Down => self.theme.bad,
        }
    }

    /// A node's state as shown: sign, word, style. One that is well but for having nobody to talk to is not simply "ok".
    pub fn shown_state(&self, node: &Node) -> (&'static str, &'static str, Style) {
        if node.state == NodeState::Ok && diagnosis::is_alone(self.snapshot, node) {
            return (self.glyphs.lagging, "no peers", self.theme.warn);
        }
        (self.glyphs.state(node.state), state_word(node.state), self.state_style(node.state))
    }

    pub fn severity_style(&self, severity: Severity) -> Style {
        match severity {
            Severity::Notice => self.theme.busy,
            Severity::Warning => self.theme.warn,
            Severity::Critical => self.theme.bad,
        }
    }
}
