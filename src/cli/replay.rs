//! `rumormill replay`: a recorded run, on the dashboard or as lines.

use super::console::ConsoleArguments;
use super::ending::{Ending, Reason};
use super::failure::tell;
use super::{Failure, runtime, signals};
use crate::observe::{Format, Line, Lines, LoadMeter, Names, Player, Reader, RecordingError, Speed};
use rumormill_ui::model::{Intent, Snapshot};
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Between snapshots of a recording that plays: four a second look live.
const SNAPSHOT: Duration = Duration::from_millis(250);
/// Between snapshots while a far moment is sought: its way there is seen, and most of the time goes into the way.
const SEEKING: Duration = Duration::from_millis(100);
/// Of each round, the time spent on looking ahead at most: a quarter of a core, for seconds.
const SCOUT: Duration = Duration::from_millis(60);
/// How long a line that is due later is waited for in one go.
const LOOK: Duration = Duration::from_millis(100);
/// How long the dashboard may take to end; see [`super::console`].
const CLOSE: Duration = Duration::from_secs(1);

/// Play a recorded run again.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub struct ReplayArguments {
    /// The recording
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// How fast, from 0.1x to 100x [default: 1x on the dashboard; lines are printed at once]
    #[arg(long, value_name = "SPEED", allow_negative_numbers = true)]
    speed: Option<Speed>,
    #[command(flatten)]
    console: ConsoleArguments,
}

const EXAMPLES: &str = "\
Examples:
  rumormill replay run.jsonl                             the dashboard, as it was
  rumormill replay run.jsonl --speed 10x
  rumormill replay run.jsonl --headless                  its lines, all at once
  rumormill replay run.jsonl --json | jq .event";

/// Plays a recording until it is told to end; lines end by themselves.
pub fn run(arguments: ReplayArguments, ending: Ending) -> Result<ExitCode, Failure> {
    // Signals are heard by the runtime's own threads, while this one plays.
    let runtime = runtime()?;
    let _inside = runtime.enter();
    signals::listen(ending.clone()).map_err(|error| Failure::Environment(format!("cannot listen for signals: {error}")))?;
    let played = match arguments.console.format() {
        Some(format) => print(&arguments, format, &ending),
        None => show(&arguments, &ending),
    };
    played.map(Reason::code)
}

/// Says which file, and whether another one would help.
fn explain(path: &Path, error: &RecordingError) -> Failure {
    let sentence = format!("FILE {}: {error}", path.display());
    if error.is_argument() { Failure::Argument(sentence) } else { Failure::Environment(sentence) }
}

/// Prints the lines that the run printed.
fn print(arguments: &ReplayArguments, format: Format, ending: &Ending) -> Result<Reason, Failure> {
    let fail = |error: RecordingError| explain(&arguments.file, &error);
    let mut reader = Reader::open(&arguments.file).map_err(fail)?;
    let mut names = Names::new();
    for (index, name) in (0..).zip(&reader.header().nodes) {
        names.set_node(index, name.as_str());
    }
    let start = reader.header().start;
    let mut lines = Lines::new(BufWriter::new(io::stdout()), format, names);
    let began = Instant::now();
    let (mut missing, mut ended) = (0, false);
    while let Some(line) = reader.next().map_err(fail)? {
        if let Some(speed) = arguments.speed {
            let due = began + speed.takes(line.at().since(start));
            if due > Instant::now() && !is_open(lines.flush())? {
                return Ok(Reason::OutputClosed);
            }
            if !wait(due, ending) {
                break;
            }
        }
        if ending.flag().load(Ordering::Acquire) {
            break;
        }
        let open = match &line {
            Line::Event(stamped) => lines.write(stamped),
            Line::Control { control, .. } => {
                use crate::observe::Control;
                match control {
                    Control::Lost { count } => missing += count,
                    Control::End => ended = true,
                    _ => {}
                }
                Ok(true)
            }
        };
        if !is_open(open)? {
            return Ok(Reason::OutputClosed);
        }
    }
    is_open(lines.flush())?;
    // Not on standard output, where a program may read.
    if missing > 0 {
        tell(format_args!("warning: {missing} events came too fast to be recorded, and are missing here"));
    }
    if reader.is_torn() {
        tell(format_args!("warning: the recording ends in the middle of a line: the run that wrote it was cut off"));
    } else if !ended && !ending.flag().load(Ordering::Acquire) {
        tell(format_args!("warning: the recording has no end: the run that wrote it was cut off, or still goes on"));
    }
    Ok(Reason::TimeUp)
}

fn is_open(result: io::Result<bool>) -> Result<bool, Failure> {
    result.map_err(|error| Failure::Environment(format!("cannot write to standard output: {error}")))
}

/// Waits for a moment; false when the end came first.
fn wait(due: Instant, ending: &Ending) -> bool {
    loop {
        if ending.flag().load(Ordering::Acquire) {
            return false;
        }
        let left = due.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return true;
        }
        thread::sleep(left.min(LOOK));
    }
}

/// The latest snapshot, handed from the player to the thread that draws it.
type Slot = Arc<Mutex<Arc<Snapshot>>>;

/// Plays on the dashboard.
fn show(arguments: &ReplayArguments, ending: &Ending) -> Result<Reason, Failure> {
    let fail = |error: RecordingError| explain(&arguments.file, &error);
    let mut player = Player::open(&arguments.file, rumormill_ui::diagnosis::diagnose).map_err(fail)?;
    player.set_speed(arguments.speed.unwrap_or_default());
    if let Some(level) = arguments.console.level() {
        player.set_log_level(level);
    }
    // Never a blank first frame: what happened at the very start is in it.
    player.seek(Duration::ZERO).map_err(fail)?;
    let slot: Slot = Arc::new(Mutex::new(player.snapshot()));
    let (wish, wishes) = mpsc::channel();
    let (alive, ended) = mpsc::channel::<()>();
    let options = arguments.console.options();
    let (for_screen, its_ending) = (slot.clone(), ending.clone());
    let drawing = move || {
        draw(options, &for_screen, &wish, &its_ending);
        drop(alive);
    };
    let started = thread::Builder::new().name("dashboard".into()).spawn(drawing);
    started.map_err(|error| Failure::Environment(format!("cannot start a thread: {error}")))?;
    let played = play(&mut player, &slot, &wishes, ending);
    if played.is_err() {
        ending.bring(Reason::Fault);
    }
    // Nothing is ever sent: this returns when the dashboard has ended, or when it takes too long.
    let _ = ended.recv_timeout(CLOSE);
    rumormill_ui::restore_terminal();
    played.map_err(fail)?;
    let reason = ending.reason().unwrap_or(Reason::Quit);
    Ok(reason)
}

/// Plays until the end of all comes, and does what the reader wants meanwhile.
fn play(player: &mut Player, slot: &Slot, wishes: &Receiver<Intent>, ending: &Ending) -> Result<(), RecordingError> {
    let mut meter = LoadMeter::new();
    let mut last = Instant::now();
    while !ending.flag().load(Ordering::Acquire) {
        let round = Instant::now();
        let pause = if player.is_seeking() {
            while player.is_seeking() && round.elapsed() < SEEKING {
                player.advance(Duration::ZERO)?;
            }
            Duration::ZERO
        } else {
            let ahead = Instant::now();
            while ahead.elapsed() < SCOUT && player.scout()? {}
            SNAPSHOT.saturating_sub(ahead.elapsed())
        };
        match wishes.recv_timeout(pause) {
            Ok(wish) => {
                player.advance(last.elapsed())?;
                last = Instant::now();
                for wish in std::iter::once(wish).chain(wishes.try_iter()) {
                    player.handle(&wish)?;
                }
            }
            // A dashboard that has ended brings the ending about.
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
        }
        player.advance(last.elapsed())?;
        last = Instant::now();
        player.set_load(meter.read(Duration::ZERO));
        *slot.lock().unwrap_or_else(PoisonError::into_inner) = player.snapshot();
    }
    Ok(())
}

fn draw(options: rumormill_ui::Options, slot: &Slot, wish: &Sender<Intent>, ending: &Ending) {
    let mut shown = None;
    let newer = || {
        let snapshot = slot.lock().unwrap_or_else(PoisonError::into_inner).clone();
        (shown.replace(snapshot.generation) != Some(snapshot.generation)).then_some(snapshot)
    };
    let wanted = |intent: Intent| {
        if intent == Intent::Quit {
            ending.bring(Reason::Quit);
        } else {
            // The player may have ended first.
            let _ = wish.send(intent);
        }
    };
    match rumormill_ui::run(options, newer, ending.flag(), wanted, signals::suspend) {
        Ok(()) => ending.bring(Reason::Quit),
        Err(error) => {
            tell(format_args!("error: the dashboard could not go on ({error}): say --headless to do without"));
            ending.bring(Reason::ScreenFailed)
        }
    };
}
