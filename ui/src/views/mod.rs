//! Views: one file each. A new one is a file here, a line in [`all`], and a row in the action table.

pub(crate) mod cluster;
pub(crate) mod faults;
pub(crate) mod help;
pub(crate) mod logs;
pub(crate) mod messages;
pub(crate) mod node;
pub(crate) mod peers;

use crate::{
    action::Command,
    injection::Outcome,
    world::{Hit, Scene, World},
};
use ratatui::layout::Rect;

/// Where to go after a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Go {
    /// Stay.
    Stay,
    /// Drill into the view with this digit.
    Into(char),
    /// Back to where the reader came from.
    Back,
}

/// A page of the dashboard. It keeps its own scrolling and sorting; what is chosen is the [`World`]'s.
pub(crate) trait View {
    /// The key that shows it. A view keeps its digit for ever: fingers remember.
    fn digit(&self) -> char;
    /// Its name in the tab line.
    fn name(&self) -> &'static str;
    /// It is about to be shown, coming from another view.
    fn opened(&mut self, _from: char, _world: &mut World) {}
    /// Goes so many rows further down (or up) in the list that has the keys.
    fn step(&mut self, world: &mut World, by: isize);
    /// Does another command that the table enables here.
    fn act(&mut self, command: Command, world: &mut World) -> Go;
    /// Something of it was clicked. The world has chosen it already.
    fn clicked(&mut self, _hit: Hit, _world: &mut World) {}
    /// The other end of the link that is chosen here, nothing for all of the chosen node's links, or why that link cannot be
    /// changed.
    fn link(&self, _world: &World) -> Result<Option<u32>, String> {
        Ok(None)
    }
    /// Whether one of the active faults is marked, which a key could undo.
    fn marks_fault(&self) -> bool {
        true
    }
    /// What a command about peers does with the one that is chosen here.
    fn manage(&self, _command: Command, _world: &World) -> Outcome {
        Outcome::Refused("choose a peer first, in the Peers view".to_owned())
    }
    /// The text that filters its list, where it has one.
    fn filter(&mut self) -> Option<&mut String> {
        None
    }
    /// Draws it between the tabs and the footer.
    fn draw(&mut self, scene: &mut Scene<'_>, area: Rect);
}

/// All views, in the order of their digits.
pub(crate) fn all() -> Vec<Box<dyn View>> {
    vec![
        Box::<cluster::Cluster>::default(),
        Box::<node::Node>::default(),
        Box::<peers::Peers>::default(),
        Box::<messages::Messages>::default(),
        Box::<faults::Faults>::default(),
        Box::<logs::Logs>::default(),
    ]
}

/// The name of the view with a digit.
pub(crate) fn name_of(digit: char) -> &'static str {
    all().iter().find(|view| view.digit() == digit).map_or("?", |view| view.name())
}
