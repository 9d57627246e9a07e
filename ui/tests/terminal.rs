//! A real session on a pseudo-terminal: it draws, obeys, and gives the terminal back however it ends.
#![cfg(unix)]

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rumormill_ui::{GlyphSet, Options, ThemeName, diagnosis, model};
use std::{
    io::{Read as _, Write},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicBool, Ordering},
        mpsc,
    },
    thread,
    time::Duration,
};

/// Long enough for a machine that is busy with other tests.
const PATIENCE: Duration = Duration::from_secs(20);

#[path = "../src/fixture.rs"]
#[allow(dead_code)]
mod fixture;

/// Status of a child whose dashboard said that the terminal is gone.
const GONE: i32 = 77;

/// How the child is to behave: words with blanks between.
const WISHES: &str = "RUMORMILL_UI_TEST";

/// This very program again, told to be the dashboard: so the test needs no other program to be built before.
const CHILD: [&str; 4] = ["--exact", "the_dashboard_itself", "--ignored", "--nocapture"];

/// Not a test: what the others start on their pseudo-terminal.
#[test]
#[ignore = "is run by the other tests, on a terminal of its own"]
fn the_dashboard_itself() {
    // Somebody runs all ignored tests.
    let Ok(wishes) = std::env::var(WISHES) else {
        return;
    };
    let wishes = |word: &str| wishes.split(' ').any(|wish| wish == word);
    let options = Options {
        theme: if wishes("mono") { ThemeName::Mono } else { ThemeName::Default },
        glyphs: if wishes("ascii") { GlyphSet::Ascii } else { GlyphSet::Unicode },
        mouse: true,
        readonly: false,
    };
    let mut given = false;
    let latest = || (!std::mem::replace(&mut given, true)).then(|| Arc::new(fixture::snapshot(fixture::TICK)));
    let suspended = AtomicBool::new(false);
    let mut wanted = Vec::new();
    let result = rumormill_ui::run(
        options,
        latest,
        &suspended,
        |intent| {
            assert!(!wishes("panic"), "a panic as wanted");
            // As a handler of SIGCONT would.
            if intent == model::Intent::TogglePause {
                rumormill_ui::resume();
            }
            wanted.push(intent);
        },
        || suspended.store(true, Ordering::Relaxed),
    );
    if let Err(error) = result {
        // Nobody reads a terminal that is gone: the status must tell.
        if wishes("hang-up") {
            std::process::exit(if error.kind() == std::io::ErrorKind::BrokenPipe { GONE } else { 1 });
        }
        panic!("{error}");
    }
    println!("ended{} {wanted:?}", if suspended.load(Ordering::Relaxed) { " suspended" } else { "" });
}

/// What the terminal shows, and who waits for it to change.
struct Screen {
    parser: Mutex<vt100::Parser>,
    drawn: Condvar,
}

impl Screen {
    fn draw(&self, bytes: &[u8]) {
        self.parser.lock().expect("the screen").process(bytes);
        self.drawn.notify_all();
    }
}

struct Session {
    screen: Arc<Screen>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    // The terminal is gone when this, the keyboard and the reader of its screen are.
    master: Box<dyn MasterPty + Send>,
    /// Asks the reader to end with the next bytes.
    deaf: Arc<AtomicBool>,
    reader: thread::JoinHandle<()>,
}

impl Session {
    fn start(columns: u16, rows: u16, wishes: &str) -> Self {
        let size = PtySize { rows, cols: columns, ..PtySize::default() };
        let pair = native_pty_system().openpty(size).expect("a pseudo-terminal");
        let own = std::env::current_exe().expect("this test's own path");
        let mut command = if wishes.contains("hang-up") {
            // As nohup does: the signal must not end it before it sees for itself that the terminal is gone.
            let mut command = CommandBuilder::new("sh");
            command.args(["-c", "trap '' HUP; exec \"$0\" \"$@\""]);
            command.arg(own);
            command
        } else {
            CommandBuilder::new(own)
        };
        command.args(CHILD);
        command.env(WISHES, wishes);
        command.env("TERM", "xterm-256color");
        command.env("LC_ALL", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let child = pair.slave.spawn_command(command).expect("the demo starts");
        let keys = pair.master.take_writer().expect("its keyboard");
        let mut reader = pair.master.try_clone_reader().expect("its screen");
        let screen = Arc::new(Screen { parser: Mutex::new(vt100::Parser::new(rows, columns, 0)), drawn: Condvar::new() });
        let seen = Arc::clone(&screen);
        let deaf = Arc::new(AtomicBool::new(false));
        let ends = Arc::clone(&deaf);
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if ends.load(Ordering::SeqCst) {
                    break;
                }
                seen.draw(&bytes[..count]);
            }
        });
        Self { screen, keys, child, master: pair.master, deaf, reader }
    }

    #[track_caller]
    fn wait_for(&self, what: &str, is_there: impl Fn(&vt100::Screen) -> bool) {
        let parser = self.screen.parser.lock().expect("the screen");
        let (parser, waited) =
            self.screen.drawn.wait_timeout_while(parser, PATIENCE, |parser| !is_there(parser.screen())).expect("the screen");
        assert!(!waited.timed_out(), "waited in vain for {what}:\n{}", parser.screen().contents());
    }

    #[track_caller]
    fn wait_for_text(&self, text: &str) {
        self.wait_for(text, |screen| screen.contents().contains(text));
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the keyboard takes keys");
    }

    #[track_caller]
    fn wait_until_restored(&self) {
        self.wait_for("the terminal as it was", |screen| {
            !screen.alternate_screen()
                && !screen.bracketed_paste()
                && !screen.hide_cursor()
                && screen.mouse_protocol_mode() == vt100::MouseProtocolMode::None
        });
    }
}

#[test]
fn a_session_from_start_to_end() {
    let mut session = Session::start(120, 36, "");
    session.wait_for_text("What is wrong");
    session.wait_for("the dashboard's own screen", |screen| {
        screen.alternate_screen() && screen.bracketed_paste() && screen.hide_cursor()
    });
    session.press("jjj");
    session.wait_for_text("> n3");
    session.press("\r");
    session.wait_for_text("Mempool and mining");
    session.press("8");
    session.wait_for_text("following");
    let size = PtySize { rows: 24, cols: 80, ..PtySize::default() };
    session.screen.parser.lock().expect("the screen").screen_mut().set_size(24, 80);
    session.master.resize(size).expect("a smaller terminal");
    // The head of the page without its longest parts: it knows the new size.
    session.wait_for("a page of 80 columns", |screen| screen.contents().starts_with(" ring-8 "));
    session.press("1");
    session.wait_for_text("2 faults: #1");
    session.press("q");
    assert!(session.child.wait().expect("it ends").success());
    session.wait_until_restored();
}

#[test]
fn a_panic_gives_the_terminal_back_before_it_speaks() {
    let mut session = Session::start(120, 36, "panic");
    session.wait_for_text("What is wrong");
    session.press("P");
    assert!(!session.child.wait().expect("it ends").success());
    session.wait_until_restored();
    session.wait_for_text("a panic as wanted");
}

#[test]
fn without_colour_and_braille_it_works_as_well() {
    let mut session = Session::start(80, 24, "mono ascii");
    session.wait_for_text("> n0 o ok");
    session.press("\u{3}");
    assert!(session.child.wait().expect("it ends").success());
    session.wait_until_restored();
}

#[test]
fn no_terminal_is_an_error_in_words() {
    let output = std::process::Command::new(std::env::current_exe().expect("this test's own path"))
        .args(CHILD)
        .env(WISHES, "")
        .stdin(std::process::Stdio::null())
        .output()
        .expect("the demo starts");
    assert!(!output.status.success());
    let words = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(words.contains("needs a terminal"), "{words}");
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell() {
    let mut session = Session::start(80, 24, "");
    session.wait_for_text("What is wrong");
    // The hook of this child sets its wish to stop instead of stopping the process: who comes back must see the screen
    // set up again, and the end must still give it back.
    session.press("\u{1a}");
    assert!(session.child.wait().expect("it ends").success());
    session.wait_until_restored();
    session.wait_for_text("ended suspended");
}

#[test]
fn a_fault_from_the_keyboard() {
    let mut session = Session::start(80, 24, "");
    session.wait_for_text("What is wrong");
    session.press("jjjjj");
    session.wait_for_text("> n5");
    session.press("oo");
    session.wait_for_text("link n5-n6");
    session.press("l");
    session.wait_for_text("Latency on link n5-n6");
    session.press("350");
    session.wait_for_text("350 ms");
    session.press("\x1b[B");
    session.press("90\r");
    session.wait_for("the pop-up gone", |screen| !screen.contents().contains("Latency on"));
    session.press("x");
    session.wait_for_text("Kill n5");
    session.press("\x1b");
    session.wait_for("the pop-up gone", |screen| !screen.contents().contains("Kill n5"));
    session.press("7C");
    session.wait_for_text("Undo all 2 faults");
    session.press("\r");
    session.wait_for("the pop-up gone", |screen| !screen.contents().contains("Undo all 2 faults"));
    session.press("q");
    assert!(session.child.wait().expect("it ends").success());
    session.wait_until_restored();
    let said = "ended [Link { from: 5, to: Some(6), tweak: Latency(350ms), lasts: Some(90s) }, ClearFaults, Quit]";
    session.wait_for(said, |screen| screen.contents().replace('\n', "").contains(said));
}

/// A reader that comes back to a process that somebody else stopped finds the screen set up again.
#[test]
fn resuming_sets_the_screen_up_again() {
    let mut session = Session::start(80, 24, "");
    session.wait_for_text("What is wrong");
    // What a shell leaves behind: its own screen, with its own words.
    session.screen.draw(b"\x1b[?1049l\x1b[?25h\x1b[2J");
    session.wait_for("the shell's screen", |screen| !screen.alternate_screen());
    session.press("P");
    session.wait_for("the dashboard's own screen", |screen| screen.alternate_screen() && screen.hide_cursor());
    session.wait_for_text("What is wrong");
    session.press("q");
    assert!(session.child.wait().expect("it ends").success());
    session.wait_until_restored();
}

#[test]
#[cfg(target_os = "linux")]
fn a_terminal_that_is_gone_ends_it_at_once() {
    let mut session = Session::start(80, 24, "hang-up");
    session.wait_for_text("What is wrong");
    session.deaf.store(true, Ordering::SeqCst);
    // Something to read, so that the reader ends.
    session.press("j");
    let Session { screen, keys, mut child, master, reader, .. } = session;
    reader.join().expect("the reader ends");
    drop((keys, master));
    let (mut killer, (tell, ended)) = (child.clone_killer(), mpsc::channel());
    thread::spawn(move || tell.send(child.wait().expect("a child")));
    let Ok(status) = ended.recv_timeout(PATIENCE) else {
        killer.kill().expect("it can be killed");
        panic!("it goes on without a terminal: {}", screen.parser.lock().expect("the screen").screen().contents());
    };
    assert_eq!(status.exit_code(), GONE as u32, "{status:?}");
}
