//! The dashboard on a real terminal: raw mode and the other screen on, events in, frames out, and everything given back
//! however it ends.

use crate::{
    app::App,
    model::{Intent, Snapshot},
    options::Options,
};
use ratatui::{
    Terminal, TerminalOptions, Viewport,
    backend::CrosstermBackend,
    crossterm::{
        cursor, event,
        event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture},
        execute, terminal,
    },
    layout::Rect,
};
use std::{
    io::{self, IsTerminal as _, Stdout, Write as _},
    mem::{self, ManuallyDrop},
    panic,
    sync::{
        Arc, Once,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

/// At most 15 frames a second: faster than eyes compare numbers.
const FRAME: Duration = Duration::from_millis(67);
/// How often a newer snapshot is asked for while something happens.
const AWAKE: Duration = Duration::from_millis(100);
/// And while nothing does. Also the longest time until a wish to stop is seen.
const IDLE: Duration = Duration::from_millis(250);
/// Nothing happens once nothing happened for so long.
const FALLS_ASLEEP: Duration = Duration::from_secs(3);
/// Events taken in one go before a frame is drawn: a held key or a paste must not starve the screen.
const MOST_EVENTS: usize = 256;

/// Longest look for more events of one go. The terminal layer takes no time at all for "do not look".
const AT_ONCE: Duration = Duration::from_millis(1);
/// A wait that took so much longer than asked for: this process was stopped meanwhile, and whoever had the terminal did with
/// it what they liked. Far above what a busy machine is late; a screen set up once more in vain costs one frame.
const STOPPED: Duration = Duration::from_secs(2);

/// Somebody knows that the process was stopped and goes on.
static RESUMED: AtomicBool = AtomicBool::new(false);

/// Whether the terminal is ours at the moment.
static OURS: AtomicBool = AtomicBool::new(false);

type Screen = Terminal<CrosstermBackend<Stdout>>;

/// A screen that is not dropped at the end: a dropped one shows the cursor, which [`restore_terminal`] does, and complains on
/// standard error when it cannot, which panics when that is the terminal that is gone.
type KeptScreen = ManuallyDrop<Screen>;

/// Gives the terminal back as it was. Does nothing when it is not ours, so it may be called from anywhere and twice: a
/// panic hook, a handler of signals, a guard.
pub fn restore_terminal() {
    if !OURS.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    // Each step on its own: when one fails, the others still must be tried.
    let _ = execute!(out, DisableBracketedPaste);
    let _ = execute!(out, DisableMouseCapture);
    let _ = execute!(out, terminal::LeaveAlternateScreen, cursor::Show);
    let _ = terminal::disable_raw_mode();
    let _ = out.flush();
}

/// Asks a running dashboard to set the terminal up again; to be called after SIGCONT, from any thread. Without it the dashboard
/// notices by itself when it was stopped for a few seconds.
pub fn resume() {
    RESUMED.store(true, Ordering::SeqCst);
}

/// Whether the terminal is still there. Asked for before each read: from one that is gone, reads return at once with nothing,
/// and the terminal layer would ask again and again.
#[cfg(unix)]
fn still_there() -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    let input = io::stdin();
    let mut watched = [PollFd::new(&input, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    match poll(&mut watched, Some(&now)) {
        // Asked again with the next frame.
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(error) => return Err(error.into()),
    }
    if watched[0].revents().intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
        return Err(io::Error::new(io::ErrorKind::BrokenPipe, "the terminal is gone"));
    }
    Ok(())
}

#[cfg(not(unix))]
fn still_there() -> io::Result<()> {
    Ok(())
}

/// Gives the terminal back when it goes out of scope.
struct Guard;

impl Drop for Guard {
    fn drop(&mut self) {
        restore_terminal();
    }
}

/// A panic's message belongs on the reader's own screen, not on one that vanishes with it.
fn restore_before_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            restore_terminal();
            before(info);
        }));
    });
}

fn enter(options: Options) -> io::Result<()> {
    // Set first: what half succeeded must be taken back too.
    OURS.store(true, Ordering::SeqCst);
    terminal::enable_raw_mode()?;
    let mut out = io::stdout();
    execute!(out, terminal::EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
    if options.mouse {
        execute!(out, EnableMouseCapture)?;
    }
    Ok(())
}

/// An empty screen. A fixed viewport, made anew when the size changes: the other kinds ask the terminal where its cursor
/// is when they clear, and a terminal that does not answer would hold us up.
fn screen((width, height): (u16, u16)) -> io::Result<Screen> {
    let mut out = io::stdout();
    execute!(out, terminal::Clear(terminal::ClearType::All))?;
    let viewport = Viewport::Fixed(Rect::new(0, 0, width, height));
    Terminal::with_options(CrosstermBackend::new(out), TerminalOptions { viewport })
}

/// Puts a screen of another size, or one for a terminal that was somebody else's meanwhile, in the place of the one before.
fn renew(screen: &mut KeptScreen, size: (u16, u16)) -> io::Result<()> {
    let before = mem::replace(screen, ManuallyDrop::new(self::screen(size)?));
    // The terminal is there: the new one was just made on it.
    drop(ManuallyDrop::into_inner(before));
    execute!(io::stdout(), cursor::Hide)
}

/// Runs the dashboard on the calling thread until the reader quits or `should_stop` is set.
///
/// `latest` answers at once: a snapshot newer than the last one it gave, or nothing. `on_intent` gets what the reader wants
/// done, [`Intent::Quit`] last. `on_suspend` is called with the terminal given back when the reader presses Ctrl-Z; it
/// raises SIGTSTP, and returns when the process goes on.
///
/// It ends, too, when somebody else gives the terminal back with [`restore_terminal`], as the hook set here does for a
/// panic of any thread: what comes then belongs on the reader's own screen.
///
/// # Errors
/// When standard input or output is no terminal, and when the terminal cannot be read or written any more: at once when it is
/// gone, as after a hang-up.
pub fn run(
    options: Options,
    mut latest: impl FnMut() -> Option<Arc<Snapshot>>,
    should_stop: &AtomicBool,
    mut on_intent: impl FnMut(Intent),
    mut on_suspend: impl FnMut(),
) -> io::Result<()> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(io::Error::new(
            io::ErrorKind::Unsupported,
            "the dashboard needs a terminal, and standard input or output is none",
        ));
    }
    let options = options.without_colour_if_asked();
    restore_before_panics();
    let _guard = Guard;
    enter(options)?;
    let mut size = terminal::size()?;
    let mut screen = ManuallyDrop::new(screen(size)?);
    let mut app = App::new(options);
    let mut stale = true;
    let mut drawn: Option<Instant> = None;
    let mut happened = Instant::now();
    // Another thread's panic, or the caller, may have given the terminal back: then nothing more is painted on it.
    while OURS.load(Ordering::SeqCst) && !should_stop.load(Ordering::Relaxed) {
        if let Some(snapshot) = latest() {
            stale |= app.set_snapshot(snapshot);
            happened = Instant::now();
        }
        still_there()?;
        if RESUMED.swap(false, Ordering::SeqCst) {
            // What is set is not set again unless it was given back before.
            restore_terminal();
            enter(options)?;
            size = terminal::size()?;
            renew(&mut screen, size)?;
            stale = true;
        }
        // Asked for each time: of a key and a change of size that come at once, the terminal layer may tell one only.
        let now = terminal::size()?;
        if now != size {
            size = now;
            renew(&mut screen, size)?;
            stale = true;
        }
        let since = drawn.map_or(FRAME, |drawn| drawn.elapsed());
        if stale && since >= FRAME {
            screen.draw(|frame| app.draw(frame))?;
            drawn = Some(Instant::now());
            stale = false;
        }
        let wait = if stale {
            FRAME.saturating_sub(drawn.map_or(FRAME, |drawn| drawn.elapsed()))
        } else if happened.elapsed() < FALLS_ASLEEP {
            AWAKE
        } else {
            IDLE
        };
        let asleep = Instant::now();
        let woken = event::poll(wait)?;
        if asleep.elapsed() > wait + STOPPED {
            resume();
        }
        if !woken {
            continue;
        }
        happened = Instant::now();
        stale = true;
        for _ in 0..MOST_EVENTS {
            let event = event::read()?;
            if app.is_suspend(&event) {
                restore_terminal();
                on_suspend();
                RESUMED.store(false, Ordering::SeqCst);
                enter(options)?;
                size = terminal::size()?;
                renew(&mut screen, size)?;
                break;
            }
            if let Some(intent) = app.handle(&event) {
                let quit = intent == Intent::Quit;
                on_intent(intent);
                if quit {
                    return Ok(());
                }
            }
            if !event::poll(AT_ONCE)? {
                break;
            }
        }
    }
    Ok(())
}
