//! What a run shows: the dashboard on a terminal, plain lines or JSON lines anywhere else.

use super::ending::Ending;
use super::gallery::{Desk, HUB};
use super::{Failure, lines, screen};
use crate::node::EventSink;
use crate::observe::log::{self, LogGuard};
use crate::observe::{self, Format, Hub, Names, Observer, Plan};
use rumormill_ui::model::LogLevel;
use rumormill_ui::{GlyphSet, Options, ThemeName};
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

/// How a run is shown.
#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Display")]
pub struct ConsoleArguments {
    /// Print plain lines instead of the dashboard, as without a terminal
    #[arg(long)]
    headless: bool,
    /// Print every event as a line of JSON instead of the dashboard
    #[arg(long)]
    json: bool,
    /// Draw with ASCII characters only
    #[arg(long)]
    ascii: bool,
    /// Colours: default, light, high-contrast, colour-blind or mono [default: default, or mono under NO_COLOR]
    #[arg(long, value_name = "NAME")]
    theme: Option<ThemeName>,
    /// Leave the mouse to the terminal
    #[arg(long)]
    no_mouse: bool,
    /// What is logged: error, warn, info, debug or trace, or a list such as info,rumormill::net=debug [default: RUST_LOG, or info]
    #[arg(long, value_name = "LEVEL", value_parser = log_filter)]
    log_level: Option<String>,
}

fn log_filter(text: &str) -> Result<String, String> {
    const WANTED: &str = "choose error, warn, info, debug or trace, or a list such as info,rumormill::net=debug";
    // The filter takes any word for a target's name, also a level that is misspelt.
    let words = text.split(',').all(|part| part.contains('=') || level(part).is_some());
    let known = words && tracing_subscriber::EnvFilter::try_new(text).is_ok();
    if known { Ok(text.to_owned()) } else { Err(WANTED.into()) }
}

fn level(text: &str) -> Option<LogLevel> {
    Some(match text {
        "error" => LogLevel::Error,
        "warn" => LogLevel::Warn,
        "info" => LogLevel::Info,
        "debug" => LogLevel::Debug,
        "trace" => LogLevel::Trace,
        _ => return None,
    })
}

impl ConsoleArguments {
    /// `None`: the dashboard.
    pub(super) fn format(&self) -> Option<Format> {
        let terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
        if self.json {
            Some(Format::Json)
        } else if self.headless || !terminal || std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
            Some(Format::Plain)
        } else {
            None
        }
    }

    /// What the dashboard should look like: as the environment asks, unless said otherwise.
    pub(super) fn options(&self) -> Options {
        let environment = Options::from_environment();
        Options {
            theme: self.theme.unwrap_or(environment.theme),
            glyphs: if self.ascii { GlyphSet::Ascii } else { environment.glyphs },
            mouse: environment.mouse && !self.no_mouse,
            readonly: environment.readonly,
        }
    }

    /// The least grave level in the dashboard's log, if one was named.
    pub(super) fn level(&self) -> Option<LogLevel> {
        self.log_level.as_deref().and_then(level)
    }

    /// Opens the log in the folder of a node's data. Without one nothing is logged to a file: the dashboard and the lines show
    /// the same events.
    pub(super) fn open_log(&self, data: Option<&Path>) -> Result<Option<LogGuard>, Failure> {
        let Some(data) = data else { return Ok(None) };
        let opened = log::init(&data.join("logs"), self.log_level.as_deref());
        opened.map(Some).map_err(|error| Failure::Environment(format!("--data-dir {}: {error}", data.display())))
    }
}

/// The nodes of a run, as those who watch them know them before the first event.
pub struct Watched {
    hub: Arc<Hub>,
    plan: Plan,
    names: Names,
    desk: Option<Desk>,
}

impl Watched {
    /// A run with this title, and nodes of these names by index.
    pub fn new(title: String, seed: Option<u64>, names: Vec<String>) -> Self {
        let mut known = Names::new();
        for (index, name) in (0..).zip(&names) {
            known.set_node(index, name.as_str());
        }
        let nodes = names.into_iter().map(|name| (name, String::new())).collect();
        let plan = Plan { title, seed, start: super::now(), speed_percent: 100, nodes };
        Self { hub: Hub::new(), plan, names: known, desk: None }
    }

    /// Of a run with a clock of its own, which takes wishes.
    #[must_use]
    pub fn on(self, desk: Desk, speed_percent: u32, virtual_time: bool) -> Self {
        let plan = Plan { start: desk.now(), speed_percent, ..self.plan };
        let hub = if virtual_time { Hub::with_capacity(HUB) } else { self.hub };
        Self { plan, hub, desk: Some(desk), ..self }
    }

    /// Of a run in real time which takes wishes.
    #[must_use]
    pub fn taking_wishes(self, desk: Desk) -> Self {
        Self { desk: Some(desk), ..self }
    }

    /// Where events wait.
    pub fn hub(&self) -> Arc<Hub> {
        Arc::clone(&self.hub)
    }

    /// Where the nodes' events go.
    pub fn sink(&self) -> EventSink {
        self.hub.sink()
    }

    /// The same for nodes whose events are also logged.
    pub fn logged_sink(&self) -> EventSink {
        let names = self.names.clone();
        let logged: EventSink = Arc::new(move |stamped| log::event(&stamped, &names));
        observe::tee(vec![logged, self.hub.sink()])
    }
}

/// How long whoever shows a run may take to end: the dashboard looks four times a second whether it should. One that reads from a
/// window that was closed, or writes to a pager that is held, may never come back; it is left to the end of the process.
const CLOSE: Duration = Duration::from_secs(1);

/// Whoever shows a run, on threads of its own: neither a slow terminal nor a slow pipe holds up a node.
pub struct Console {
    closing: Arc<AtomicBool>,
    /// Closed once every thread has dropped its end.
    ended: Receiver<()>,
}

impl Console {
    /// Begins to show what the nodes do, and did since they started.
    pub fn open(arguments: &ConsoleArguments, watched: Watched, ending: Ending) -> Result<Self, Failure> {
        let closing = Arc::new(AtomicBool::new(false));
        let (alive, ended) = std::sync::mpsc::channel();
        let run = Run { hub: watched.hub, closing: closing.clone(), ending, alive, desk: watched.desk };
        let started = match arguments.format() {
            Some(format) => lines::print(format, watched.names, run),
            None => {
                let mut observer = Observer::new(watched.plan, rumormill_ui::diagnosis::diagnose);
                if let Some(level) = arguments.level() {
                    observer.set_log_level(level);
                }
                screen::show(arguments.options(), observer, run)
            }
        };
        started.map_err(|error| Failure::Environment(format!("cannot start a thread: {error}")))?;
        Ok(Self { closing, ended })
    }

    /// Shows what the nodes said last, and gives the terminal back.
    pub fn close(self) {
        self.closing.store(true, Ordering::Release);
        // Nothing is ever sent: this returns when the last thread has ended, or when it takes too long.
        let _ = self.ended.recv_timeout(CLOSE);
        rumormill_ui::restore_terminal();
    }
}

/// What the threads that show a run share.
#[derive(Clone)]
pub struct Run {
    /// Where the nodes' events come from.
    pub hub: Arc<Hub>,
    /// Set when the nodes have stopped.
    pub closing: Arc<AtomicBool>,
    /// The run's end, which a thread may also bring about.
    pub ending: Ending,
    /// Held by each thread until it ends.
    pub alive: Sender<()>,
    /// Where a run that takes wishes takes them.
    pub desk: Option<Desk>,
}
