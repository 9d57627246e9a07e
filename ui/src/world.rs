//! What all views share: the snapshot shown, what is chosen in it, and the means to draw.

use crate::{
    brush::Brush,
    facts::{self, Facts},
    glyphs::Glyphs,
    model::{Node, NodeState, Severity, Snapshot},
    theme::Theme,
};
use ratatui::{buffer::Buffer, layout::Rect, style::Style};
use std::sync::Arc;

/// What is shown and chosen.
pub(crate) struct World {
    pub snapshot: Arc<Snapshot>,
    pub facts: Facts,
    /// Index of the chosen node.
    pub node: u32,
    /// Number of the chosen connection of that node.
    pub connection: Option<u64>,
}

impl World {
    pub fn new() -> Self {
        Self { snapshot: Arc::default(), facts: Facts::default(), node: 0, connection: None }
    }

    /// Shows another snapshot. What is chosen stays chosen; a node that is gone gives way to the first one.
    pub fn show(&mut self, snapshot: Arc<Snapshot>) {
        self.facts = Facts::new(&snapshot);
        self.snapshot = snapshot;
        if facts::node(&self.snapshot, self.node).is_none() {
            self.node = self.snapshot.nodes.first().map_or(0, |node| node.index);
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
        }
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

    pub fn severity_style(&self, severity: Severity) -> Style {
        match severity {
            Severity::Notice => self.theme.busy,
            Severity::Warning => self.theme.warn,
            Severity::Critical => self.theme.bad,
        }
    }
}
