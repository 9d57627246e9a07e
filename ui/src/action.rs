//! Everything that a key can do, in one table: dispatch, footer, help page and the README's key table all read it.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::fmt::Write as _;

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
    LogNode,
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
    /// One sentence.
    pub help: &'static str,
    /// Word in the footer. An empty word joins the key to the next one's: `↑` `↓ move`.
    pub hint: Option<&'static str>,
}

const fn ch(sign: char) -> Key {
    Key { code: KeyCode::Char(sign), control: false }
}

const fn ctrl(sign: char) -> Key {
    Key { code: KeyCode::Char(sign), control: true }
}

const fn key(code: KeyCode) -> Key {
    Key { code, control: false }
}

const fn action(
    command: Command,
    name: &'static str,
    keys: &'static [Key],
    enabled: Where,
    help: &'static str,
    hint: Option<&'static str>,
) -> Action {
    Action { command, name, keys, enabled, help, hint }
}

use Where::{Everywhere, Views};

/// The table, in the order of the help page. The footer shows hints in this order too, as many as fit.
pub(crate) static ACTIONS: &[Action] = &[
    action(
        Command::Up,
        "up",
        &[key(KeyCode::Up), ch('k')],
        Everywhere,
        "Moves up a row; in the Node view to the node before",
        Some(""),
    ),
    action(
        Command::Down,
        "down",
        &[key(KeyCode::Down), ch('j')],
        Everywhere,
        "Moves down a row; in the Node view to the next node",
        Some("move"),
    ),
    action(Command::Left, "panel before", &[key(KeyCode::Left), ch('h')], Views("1"), "Goes to the panel before", Some("")),
    action(
        Command::Right,
        "next panel",
        &[key(KeyCode::Right), ch('l')],
        Views("1"),
        "Goes to the next panel: nodes, what is wrong, relayed messages",
        Some("panel"),
    ),
    action(Command::Left, "node before", &[key(KeyCode::Left), ch('h')], Views("238"), "Shows the node before", Some("")),
    action(
        Command::Right,
        "next node",
        &[key(KeyCode::Right), ch('l')],
        Views("238"),
        "Shows the next node; in the Logs view first the chosen one's log",
        Some("node"),
    ),
    action(
        Command::Enter,
        "drill in",
        &[key(KeyCode::Enter)],
        Views("123"),
        "Goes into what is chosen: a node, a problem's subject, a node's peers, a peer's own node",
        Some("open"),
    ),
    action(
        Command::Back,
        "back",
        &[key(KeyCode::Esc), key(KeyCode::Backspace)],
        Everywhere,
        "Goes back to where you came from; closes help",
        Some("back"),
    ),
    action(Command::PageUp, "page up", &[key(KeyCode::PageUp), ctrl('b')], Everywhere, "Moves up ten rows", None),
    action(Command::PageDown, "page down", &[key(KeyCode::PageDown), ctrl('f')], Everywhere, "Moves down ten rows", None),
    action(Command::First, "first", &[key(KeyCode::Home), ch('g')], Everywhere, "Goes to the first row", None),
    action(
        Command::Last,
        "last",
        &[key(KeyCode::End), ch('G')],
        Everywhere,
        "Goes to the last row; in the Logs view follows new lines again",
        None,
    ),
    action(
        Command::Topology,
        "topology",
        &[ch('t')],
        Views("1"),
        "Shows the topology alone, or the whole page again",
        Some("topology"),
    ),
    action(
        Command::Metric,
        "edge metric",
        &[ch('m')],
        Views("1"),
        "Writes bandwidth, round-trip time or nothing on the topology's links",
        Some("metric"),
    ),
    action(Command::Sort, "sort", &[ch('s')], Views("13"), "Sorts the table by its next column", Some("sort")),
    action(Command::Reverse, "reverse", &[ch('S')], Views("13"), "Turns the sorting around", None),
    action(Command::Follow, "follow", &[ch('f')], Views("8"), "Follows new lines, or holds still", Some("follow")),
    action(Command::Level, "level", &[ch('v')], Views("8"), "Shows errors only, then warnings too, and so on", Some("level")),
    action(Command::LogNode, "every node", &[ch('a')], Views("8"), "Shows the log of every node again", Some("all nodes")),
    action(
        Command::Filter,
        "filter",
        &[ch('/')],
        Views("18"),
        "Shows only relayed messages or log lines that hold some text",
        Some("filter"),
    ),
    action(
        Command::Freeze,
        "freeze",
        &[ch(' ')],
        Everywhere,
        "Freezes the view, while the run goes on; again to see the present",
        Some("freeze"),
    ),
    action(Command::NextView, "next view", &[key(KeyCode::Tab)], Everywhere, "Goes to the next view", None),
    action(Command::PreviousView, "view before", &[key(KeyCode::BackTab)], Everywhere, "Goes to the view before", None),
    action(
        Command::Show('1'),
        "Cluster",
        &[ch('1')],
        Everywhere,
        "All nodes: topology, what is wrong, traffic, messages, faults",
        None,
    ),
    action(Command::Show('2'), "Node", &[ch('2')], Everywhere, "The chosen node: chain, sync, mempool, mining, peers", None),
    action(
        Command::Show('3'),
        "Peers",
        &[ch('3')],
        Everywhere,
        "The chosen node's connections, reputations with reasons, bans",
        None,
    ),
    action(Command::Show('8'), "Logs", &[ch('8')], Everywhere, "What the nodes say, by node and level", None),
    action(Command::Help, "help", &[ch('?')], Everywhere, "Shows every key, or hides them", Some("help")),
    action(Command::Suspend, "suspend", &[ctrl('z')], Everywhere, "Gives the terminal to the shell; its `fg` comes back", None),
    action(Command::Quit, "quit", &[ch('q'), ctrl('c')], Everywhere, "Ends the run", Some("quit")),
    action(
        Command::FilterKeep,
        "keep",
        &[key(KeyCode::Enter)],
        Where::Filter,
        "Keeps the filter and gives the keys back",
        Some("keep"),
    ),
    action(
        Command::FilterClear,
        "clear",
        &[key(KeyCode::Esc)],
        Where::Filter,
        "Clears the filter and gives the keys back",
        Some("clear"),
    ),
    action(Command::FilterErase, "erase", &[key(KeyCode::Backspace)], Where::Filter, "Erases the last sign", None),
    action(Command::FilterEmpty, "empty", &[ctrl('u')], Where::Filter, "Erases all signs", None),
    action(Command::Quit, "quit", &[ctrl('c')], Where::Filter, "Ends the run", None),
];

/// What the keys mean at the moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Context {
    View(char),
    Help,
    Filter,
}

impl Action {
    pub fn is_enabled(&self, context: Context) -> bool {
        match (self.enabled, context) {
            (Where::Everywhere, Context::View(_) | Context::Help) | (Where::Filter, Context::Filter) => true,
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
pub(crate) fn command(event: &KeyEvent, context: Context) -> Option<Command> {
    ACTIONS
        .iter()
        .find(|action| action.is_enabled(context) && action.keys.iter().any(|key| key.matches(event)))
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
