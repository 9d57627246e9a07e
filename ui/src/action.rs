//! Everything that a key can do, in one table: dispatch, footer, help page and the README's key table all read it.

use crate::model::Snapshot;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt::Write as _;

mod table;

pub(crate) use table::ACTIONS;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Quit,
    Help,
    Suspend,
    Freeze,
    NextView,
    PreviousView,
    /// The view with this digit.
    Show(char),
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
    Left,
    Right,
    Enter,
    Back,
    Topology,
    Metric,
    Sort,
    Reverse,
    Filter,
    Follow,
    Level,
    OneKind,
    EveryNode,
    /// The list's first row; in a replay its beginning.
    Home,
    /// The list's last row; in a replay its end.
    End,
    Kill,
    Restart,
    FreezeNode,
    Cut,
    Partition,
    Latency,
    Loss,
    Bandwidth,
    LinkTo,
    Mark,
    Undo,
    UndoChosen,
    ClearFaults,
    SavePreset,
    Connect,
    Disconnect,
    Ban,
    Unban,
    Pause,
    Step,
    Faster,
    Slower,
    SeekBack,
    SeekForward,
    MarkBefore,
    NextMark,
    Confirm,
    Cancel,
    FieldBefore,
    NextField,
    Less,
    More,
    EraseDigit,
    FilterKeep,
    FilterClear,
    FilterErase,
    FilterEmpty,
}

/// Where an action is enabled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Where {
    /// In every view and on the help page.
    Everywhere,
    /// In the views with these digits.
    Views(&'static str),
    /// While a filter is typed: every other sign is text then.
    Filter,
    /// While a pop-up asks: digits are its text.
    PopUp,
}

/// What an action needs of whoever runs the nodes; without it, its keys are off and not in the footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Needs {
    Nothing,
    /// Faults can be injected.
    Faults,
    /// Peers can be connected, disconnected and banned.
    Peers,
    Pause,
    Step,
    Speed,
    Replay,
}

/// What whoever runs the nodes can be asked to do at the moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Means {
    pub faults: bool,
    pub peers: bool,
    pub pause: bool,
    pub step: bool,
    pub speed: bool,
    pub replay: bool,
}

impl Means {
    /// Everything: what a test of all keys looks at.
    #[cfg(test)]
    pub const ALL: Self = Self { faults: true, peers: true, pause: true, step: true, speed: true, replay: true };

    pub const fn of(snapshot: &Snapshot, readonly: bool) -> Self {
        let controls = snapshot.controls;
        let replay = snapshot.recording.is_some();
        Self {
            // What is over cannot be changed any more.
            faults: controls.faults && !readonly && !replay,
            peers: controls.peers && !readonly && !replay,
            pause: controls.pause,
            step: controls.step,
            speed: controls.speed,
            replay,
        }
    }

    pub const fn has(self, needs: Needs) -> bool {
        match needs {
            Needs::Nothing => true,
            Needs::Faults => self.faults,
            Needs::Peers => self.peers,
            Needs::Pause => self.pause,
            Needs::Step => self.step,
            Needs::Speed => self.speed,
            Needs::Replay => self.replay,
        }
    }
}

/// A key and what must be held with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub code: KeyCode,
    pub control: bool,
}

/// One row of the table.
pub(crate) struct Action {
    pub command: Command,
    /// A short name.
    pub name: &'static str,
    /// Keys that do it; the first is shown in the footer.
    pub keys: &'static [Key],
    pub enabled: Where,
    pub needs: Needs,
    /// One sentence.
    pub help: &'static str,
    /// Word in the footer. An empty word joins the key to the next one's: `↑` `↓ move`.
    pub hint: Option<&'static str>,
}

/// What the keys mean at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    View(char),
    Help,
    Filter,
    PopUp,
}

impl Action {
    pub fn is_enabled(&self, context: Context, means: Means) -> bool {
        if !means.has(self.needs) {
            return false;
        }
        match (self.enabled, context) {
            (Where::Everywhere, Context::View(_) | Context::Help)
            | (Where::Filter, Context::Filter)
            | (Where::PopUp, Context::PopUp) => true,
            (Where::Views(digits), Context::View(digit)) => digits.contains(digit),
            _ => false,
        }
    }
}

impl Key {
    /// How the key is written, e.g. `Ctrl-C`, `↑`.
    pub fn label(self, ascii: bool) -> String {
        let name = match self.code {
            KeyCode::Char(' ') => "Space".to_owned(),
            KeyCode::Char(sign) if self.control => sign.to_ascii_uppercase().to_string(),
            KeyCode::Char(sign) => sign.to_string(),
            KeyCode::Up => if ascii { "Up" } else { "↑" }.to_owned(),
            KeyCode::Down => if ascii { "Down" } else { "↓" }.to_owned(),
            KeyCode::Left => if ascii { "Left" } else { "←" }.to_owned(),
            KeyCode::Right => if ascii { "Right" } else { "→" }.to_owned(),
            KeyCode::BackTab => "Shift-Tab".to_owned(),
            KeyCode::PageUp => "PgUp".to_owned(),
            KeyCode::PageDown => "PgDn".to_owned(),
            KeyCode::Tab => "Tab".to_owned(),
            other => format!("{other}"),
        };
        if self.control { format!("Ctrl-{name}") } else { name }
    }

    fn matches(self, event: &KeyEvent) -> bool {
        let control = event.modifiers.contains(KeyModifiers::CONTROL);
        // Alt with a sign is some terminal's own shortcut, never ours.
        !event.modifiers.contains(KeyModifiers::ALT) && self.code == event.code && self.control == control
    }
}

/// Which command a key gives.
pub(crate) fn command(event: &KeyEvent, context: Context, means: Means) -> Option<Command> {
    ACTIONS
        .iter()
        .find(|action| action.is_enabled(context, means) && action.keys.iter().any(|key| key.matches(event)))
        .map(|action| action.command)
}

/// The keys of an action as one text: `↑ k`.
pub(crate) fn labels(action: &Action, ascii: bool) -> String {
    let mut text = String::new();
    for key in action.keys {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(&key.label(ascii));
    }
    text
}

/// Where an action is enabled, in words.
pub(crate) fn place(action: &Action, name: impl Fn(char) -> &'static str) -> String {
    match action.enabled {
        Where::Everywhere => "everywhere".to_owned(),
        Where::Filter => "filter".to_owned(),
        Where::PopUp => "pop-up".to_owned(),
        Where::Views(digits) => {
            let names: Vec<_> = digits.chars().map(name).collect();
            names.join(", ")
        }
    }
}

/// The key table for the README, in Markdown.
#[must_use]
pub fn key_table_markdown() -> String {
    let mut text = String::from("| Keys | Name | Where | What it does |\n|---|---|---|---|\n");
    for action in ACTIONS {
        let keys: Vec<_> = action.keys.iter().map(|key| format!("`{}`", key.label(false))).collect();
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            keys.join(" "),
            action.name,
            place(action, crate::views::name_of),
            action.help
        );
    }
    text
}

#[cfg(test)]
#[path = "action_tests.rs"]
mod tests;
