//! The dashboard without a terminal: snapshots and events in, frames and intents out. Nothing here waits or reads a clock.

use crate::{
    action::{self, Command, Context, Means},
    diagnosis,
    glyphs::Glyphs,
    injection::{self, Outcome},
    layout::{self, Size},
    model::{Intent, Snapshot},
    options::Options,
    panels::{self, footer, header, scrub},
    popup::PopUp,
    steering::Steering,
    theme::Theme,
    views::{self, Go, View, help},
    widgets::list::{Scroll, rows},
    world::{Hit, Scene, World},
};
use ratatui::{
    Frame,
    buffer::Buffer,
    crossterm::event::{Event, KeyEvent, KeyEventKind, MouseButton, MouseEvent, MouseEventKind},
    layout::Rect,
};
use std::sync::Arc;

/// Rows that the wheel scrolls by.
const WHEEL: usize = 3;
/// Views remembered for going back; whoever went deeper starts over.
const MOST_BACK: usize = 16;
/// Snapshots for which a notice stays: with four a second, six seconds, however fast the run's own clock goes.
const NOTICE: u8 = 24;
/// A filter longer than this is a paste gone wrong.
const MOST_FILTER: usize = 64;

/// The dashboard.
pub struct App {
    theme: Theme,
    glyphs: Glyphs,
    world: World,
    views: Vec<Box<dyn View>>,
    tabs: Vec<(char, &'static str)>,
    current: usize,
    back: Vec<usize>,
    /// While the view is frozen, the newest snapshot waits here.
    waiting: Option<Arc<Snapshot>>,
    frozen: bool,
    /// How far the help page is scrolled, while it is open.
    help: Option<Scroll>,
    typing: bool,
    popup: Option<PopUp>,
    steering: Steering,
    readonly: bool,
    /// What this program itself has to say about the last key; gone with the next one.
    refusal: Option<String>,
    /// For how many more snapshots the run's own notice is shown.
    notice: u8,
    hits: Vec<(Rect, Hit)>,
}

impl std::fmt::Debug for App {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("App")
            .field("view", &self.tabs[self.current].1)
            .field("frozen", &self.frozen)
            .field("node", &self.world.node)
            .finish_non_exhaustive()
    }
}

impl App {
    /// A dashboard that has seen nothing yet.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let views = views::all();
        let tabs = views.iter().map(|view| (view.digit(), view.name())).collect();
        Self {
            theme: Theme::new(options.theme),
            glyphs: Glyphs::new(options.glyphs),
            world: World::new(),
            views,
            tabs,
            current: 0,
            back: Vec::new(),
            waiting: None,
            frozen: false,
            help: None,
            typing: false,
            popup: None,
            steering: Steering::default(),
            readonly: options.readonly,
            refusal: None,
            notice: 0,
            hits: Vec::new(),
        }
    }

    /// Shows a newer snapshot, or keeps it for later while the view is frozen. Returns whether the screen changes.
    pub fn set_snapshot(&mut self, snapshot: Arc<Snapshot>) -> bool {
        if self.frozen {
            self.waiting = Some(snapshot);
            return false;
        }
        self.show(snapshot);
        true
    }

    fn show(&mut self, mut snapshot: Arc<Snapshot>) {
        if self.readonly && (snapshot.controls.faults || snapshot.controls.peers) {
            // The sentences must not name keys that are off.
            let mut held = Snapshot::clone(&snapshot);
            held.controls.faults = false;
            held.controls.peers = false;
            held.problems = diagnosis::diagnose(&held);
            snapshot = Arc::new(held);
        }
        self.notice = if snapshot.notice == self.world.snapshot.notice { self.notice.saturating_sub(1) } else { NOTICE };
        self.steering.shown();
        self.world.means = Means::of(&snapshot, self.readonly);
        self.world.show(snapshot);
    }

    /// Whether the view is frozen.
    #[must_use]
    pub const fn is_frozen(&self) -> bool {
        self.frozen
    }

    /// Whether an event asks to give the terminal back to the shell for a while (Ctrl-Z).
    #[must_use]
    pub fn is_suspend(&self, event: &Event) -> bool {
        matches!(event, Event::Key(key) if key.kind != KeyEventKind::Release && action::command(key, Context::Help, Means::default()) == Some(Command::Suspend))
    }

    /// Takes a key, a click or a paste. The answer is what the reader wants done to the run.
    pub fn handle(&mut self, event: &Event) -> Option<Intent> {
        match event {
            // Some terminals report releases too; acting on both would do everything twice.
            Event::Key(key) if key.kind != KeyEventKind::Release => self.key(key),
            Event::Mouse(mouse) => {
                if self.popup.is_none() {
                    self.mouse(mouse);
                }
                None
            }
            Event::Paste(text) => {
                if let Some(popup) = self.popup.as_mut().filter(|popup| popup.takes_text()) {
                    text.chars().for_each(|sign| popup.type_sign(sign));
                } else if self.typing {
                    text.chars().for_each(|sign| self.type_sign(sign));
                }
                None
            }
            _ => None,
        }
    }

    fn context(&self) -> Context {
        if self.popup.is_some() {
            Context::PopUp
        } else if self.typing {
            Context::Filter
        } else if self.help.is_some() {
            Context::Help
        } else {
            Context::View(self.tabs[self.current].0)
        }
    }

    fn type_sign(&mut self, sign: char) {
        if let Some(filter) = self.views[self.current].filter()
            && !sign.is_control()
            && filter.chars().count() < MOST_FILTER
        {
            filter.push(sign);
        }
    }

    fn key(&mut self, key: &KeyEvent) -> Option<Intent> {
        use ratatui::crossterm::event::{KeyCode, KeyModifiers};
        self.refusal = None;
        // Where text is typed, no sign of it is a command.
        if let (Some(popup), KeyCode::Char(sign)) = (&mut self.popup, key.code)
            && popup.takes_text()
            && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
        {
            popup.type_sign(sign);
            return None;
        }
        let Some(command) = action::command(key, self.context(), self.world.means) else {
            if let KeyCode::Char(sign) = key.code
                && !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
            {
                if let Some(popup) = &mut self.popup {
                    popup.type_sign(sign);
                } else if self.typing {
                    self.type_sign(sign);
                }
            }
            return None;
        };
        self.command(command)
    }

    fn command(&mut self, command: Command) -> Option<Intent> {
        match command {
            Command::Quit => return Some(Intent::Quit),
            Command::Help => self.help = if self.help.is_some() { None } else { Some(Scroll::default()) },
            // The terminal layer looks for it before it comes here.
            Command::Suspend => {}
            Command::Freeze => self.freeze(),
            Command::NextView => self.open((self.current + 1) % self.views.len(), false),
            Command::PreviousView => self.open((self.current + self.views.len() - 1) % self.views.len(), false),
            Command::Show(digit) => self.open_digit(digit, true),
            Command::FilterKeep => self.typing = false,
            Command::FilterClear | Command::FilterEmpty | Command::FilterErase => self.edit_filter(command),
            Command::Filter => self.typing = self.views[self.current].filter().is_some(),
            Command::Confirm => {
                let incomplete = self.popup.as_ref().and_then(PopUp::incomplete);
                if incomplete.is_some() {
                    self.refusal = incomplete;
                    return None;
                }
                return self.popup.take().map(|popup| popup.intent());
            }
            Command::Cancel => self.popup = None,
            Command::FieldBefore | Command::NextField | Command::Less | Command::More | Command::EraseDigit => {
                self.edit_popup(command)
            }
            Command::Pause
            | Command::Step
            | Command::Faster
            | Command::Slower
            | Command::SeekBack
            | Command::SeekForward
            | Command::MarkBefore
            | Command::NextMark => return self.steer(command),
            Command::Home | Command::End => {
                let last = command == Command::End;
                let snapshot = Arc::clone(&self.world.snapshot);
                if let Some(recording) = &snapshot.recording {
                    return self.steering.end(recording, last);
                }
                return self.command(if last { Command::Last } else { Command::First });
            }
            _ if self.help.is_some() => self.move_help(command),
            Command::UndoChosen if !self.views[self.current].marks_fault() => {
                self.views[self.current].act(Command::Enter, &mut self.world);
                self.refusal = Some("choose a fault first: its list has the keys now".to_owned());
            }
            Command::Kill
            | Command::Restart
            | Command::FreezeNode
            | Command::Cut
            | Command::Partition
            | Command::Latency
            | Command::Loss
            | Command::Bandwidth
            | Command::Undo
            | Command::UndoChosen
            | Command::ClearFaults
            | Command::SavePreset => return self.inject(command),
            Command::Connect | Command::Disconnect | Command::Ban | Command::Unban => {
                let outcome = self.views[self.current].manage(command, &self.world);
                return self.carry_out(outcome);
            }
            _ if let Some(by) = rows(command) => self.views[self.current].step(&mut self.world, by),
            _ => match self.views[self.current].act(command, &mut self.world) {
                Go::Stay => {}
                Go::Into(digit) => self.open_digit(digit, true),
                Go::Back => {
                    if let Some(view) = self.back.pop() {
                        self.open(view, false);
                    }
                }
            },
        }
        None
    }

    fn edit_filter(&mut self, command: Command) {
        if let Some(filter) = self.views[self.current].filter() {
            match command {
                Command::FilterErase => {
                    filter.pop();
                }
                _ => filter.clear(),
            }
        }
        if command == Command::FilterClear {
            self.typing = false;
        }
    }

    fn edit_popup(&mut self, command: Command) {
        let Some(popup) = &mut self.popup else { return };
        match command {
            Command::FieldBefore => popup.step(-1),
            Command::NextField => popup.step(1),
            Command::Less => popup.change(false),
            Command::More => popup.change(true),
            Command::EraseDigit => popup.erase(),
            _ => {}
        }
    }

    fn inject(&mut self, command: Command) -> Option<Intent> {
        let link = self.views[self.current].link(&self.world);
        let outcome = injection::outcome(command, &self.world, link);
        self.carry_out(outcome)
    }

    fn carry_out(&mut self, outcome: Outcome) -> Option<Intent> {
        match outcome {
            Outcome::Now(intent) => return Some(intent),
            Outcome::Ask(popup) => self.popup = Some(popup),
            Outcome::Refused(why) => self.refusal = Some(why),
        }
        None
    }

    fn steer(&mut self, command: Command) -> Option<Intent> {
        let snapshot = &*self.world.snapshot;
        let (intent, end) = match command {
            Command::Pause => (Some(Intent::TogglePause), ""),
            Command::Step => (Some(Intent::Step), ""),
            Command::Faster => (self.steering.speed(snapshot, true), "it runs as fast as it can"),
            Command::Slower => (self.steering.speed(snapshot, false), "there is no lower speed; P pauses"),
            Command::SeekBack => (self.steering.seek(snapshot, false), ""),
            Command::SeekForward => (self.steering.seek(snapshot, true), ""),
            Command::MarkBefore => (self.steering.mark(snapshot, false), "there is no mark before this moment"),
            Command::NextMark => (self.steering.mark(snapshot, true), "there is no mark after this moment"),
            _ => (None, ""),
        };
        if intent.is_none() && !end.is_empty() {
            self.refusal = Some(end.to_owned());
        }
        intent
    }

    fn move_help(&mut self, command: Command) {
        if let (Some(scroll), Some(by)) = (&mut self.help, rows(command)) {
            scroll.step(by);
        } else if command == Command::Back {
            self.help = None;
        }
    }

    fn freeze(&mut self) {
        self.frozen = !self.frozen;
        if !self.frozen
            && let Some(snapshot) = self.waiting.take()
        {
            self.show(snapshot);
        }
    }

    fn open_digit(&mut self, digit: char, remember: bool) {
        if let Some(view) = self.tabs.iter().position(|(known, _)| *known == digit) {
            self.open(view, remember);
        }
    }

    fn open(&mut self, view: usize, remember: bool) {
        self.help = None;
        self.typing = false;
        if view == self.current {
            return;
        }
        if remember {
            if self.back.len() == MOST_BACK {
                self.back.remove(0);
            }
            self.back.push(self.current);
        }
        let from = self.tabs[self.current].0;
        self.current = view;
        self.views[view].opened(from, &mut self.world);
    }

    fn mouse(&mut self, mouse: &MouseEvent) {
        match mouse.kind {
            MouseEventKind::ScrollUp => self.wheel(mouse, Command::Up),
            MouseEventKind::ScrollDown => self.wheel(mouse, Command::Down),
            MouseEventKind::Down(MouseButton::Left) if self.help.is_none() => {
                let at = (mouse.column, mouse.row).into();
                // What was drawn last lies on top.
                let Some((_, hit)) = self.hits.iter().rev().find(|(area, _)| area.contains(at)).copied() else {
                    return;
                };
                match hit {
                    Hit::Tab(digit) => return self.open_digit(digit, true),
                    Hit::Node(index) => self.world.choose(index),
                    Hit::Peer(connection) => self.world.connection = Some(connection),
                    Hit::Fault(number) => self.world.fault = Some(number),
                    Hit::Problem(_) | Hit::Row(_) | Hit::Panel(_) => {}
                }
                self.views[self.current].clicked(hit, &mut self.world);
            }
            _ => {}
        }
    }

    /// Scrolls the panel under the pointer.
    fn wheel(&mut self, mouse: &MouseEvent, command: Command) {
        if !self.typing {
            let at = (mouse.column, mouse.row).into();
            let panel = self.hits.iter().rev().find(|(area, hit)| matches!(hit, Hit::Panel(_)) && area.contains(at)).copied();
            if let Some((_, panel)) = panel.filter(|_| self.help.is_none()) {
                self.views[self.current].clicked(panel, &mut self.world);
            }
            for _ in 0..WHEEL {
                self.command(command);
            }
        }
    }

    /// Draws everything.
    pub fn draw(&mut self, frame: &mut Frame<'_>) {
        let area = frame.area();
        self.draw_on(area, frame.buffer_mut());
    }

    /// Draws into a buffer of one's own.
    pub fn draw_on(&mut self, area: Rect, buf: &mut Buffer) {
        self.hits.clear();
        if area.is_empty() {
            return;
        }
        let snapshot = Arc::clone(&self.world.snapshot);
        let context = self.context();
        let view = self.tabs[self.current].0;
        let mut scene = Scene {
            world: &self.world,
            snapshot: &snapshot,
            theme: &self.theme,
            glyphs: &self.glyphs,
            hits: &mut self.hits,
            buf,
        };
        if snapshot.nodes.is_empty() {
            starting(&mut scene, area);
            if let Some(scroll) = &mut self.help {
                help::draw(&mut scene, layout::top(area, 1).1, view, scroll);
            }
            return;
        }
        let size = Size::of(area);
        let (first, rest) = layout::top(area, 1);
        header::status(&mut scene, first, self.frozen);
        let rest = if size == Size::Tiny {
            rest
        } else {
            let (second, rest) = layout::top(rest, 1);
            header::tabs(&mut scene, second, &self.tabs, self.tabs[self.current].0);
            match &snapshot.recording {
                Some(recording) => {
                    let (third, rest) = layout::top(rest, 1);
                    scrub::draw(&mut scene, third, recording);
                    rest
                }
                None => rest,
            }
        };
        let means = scene.world.means;
        let (middle, last) = layout::bottom(rest, u16::from(size != Size::Tiny || self.typing || self.popup.is_some()));
        match &mut self.help {
            Some(scroll) => help::draw(&mut scene, middle, view, scroll),
            None => self.views[self.current].draw(&mut scene, middle),
        }
        let said = self.refusal.as_deref();
        let notice = said.or(snapshot.notice.as_ref().filter(|_| self.notice > 0).map(|(_, text)| text.as_str()));
        if self.typing {
            let text = self.views[self.current].filter().map(|filter| filter.clone()).unwrap_or_default();
            footer::filter(&mut scene, last, &text, means);
        } else if let Some(text) = notice.filter(|_| (self.popup.is_none() || said.is_some()) && !last.is_empty()) {
            footer::notice(&mut scene, last, text, context, means);
        } else if !last.is_empty() {
            footer::keys(&mut scene, last, context, means);
        }
        if let Some(popup) = &self.popup {
            panels::popup::draw(&mut scene, if size == Size::Tiny { last } else { middle }, popup);
        }
    }
}

/// Until there is a node to show: one line that says so, not a page of empty frames.
fn starting(scene: &mut Scene<'_>, area: Rect) {
    let (theme, glyphs, title) = (scene.theme, scene.glyphs, &scene.snapshot.title);
    let mut brush = scene.brush(area);
    if area.width > 24 {
        brush.skip(1).put("rumormill ", theme.title);
        if !title.is_empty() {
            brush.put(title, theme.title).put(" ", theme.text);
        }
    }
    brush
        .put(glyphs.starting, theme.busy)
        .put(" ", theme.text)
        .put(if glyphs.is_ascii() { "starting..." } else { "starting…" }, theme.text);
    if brush.room() > 12 {
        brush.end_at(8).put("q", theme.title).put(" quit", theme.label);
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
