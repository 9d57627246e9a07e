//! The dashboard on a pseudo-terminal: it shows a network at work, answers keys, and always gives the terminal back.

#![cfg(unix)]

mod common;

use common::{GRACE, PATIENCE};
use portable_pty::{Child, CommandBuilder, ExitStatus, PtyPair, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::io::{Read, Write};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// From the start to the first block on the screen. The promise is 5 s; a test machine that does much else gets twice that.
const FIRST_BLOCK: Duration = Duration::from_secs(10);

/// What a user's terminal sees of a run.
struct Terminal {
    /// `None` once its window was closed.
    pty: Option<PtyPair>,
    child: Option<Box<dyn Child + Send + Sync>>,
    process: Pid,
    keys: Box<dyn Write + Send>,
    output: Receiver<Vec<u8>>,
    screen: vt100::Parser,
    /// The terminal's modes before the run.
    modes: String,
}

impl Terminal {
    fn run(arguments: &[&str]) -> Self {
        let pty = native_pty_system().openpty(PtySize { rows: 36, cols: 120, pixel_width: 0, pixel_height: 0 }).unwrap();
        let modes = modes(&pty);
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_rumormill"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("RUST_BACKTRACE", "0");
        command.env_remove("NO_COLOR");
        let child = pty.slave.spawn_command(command).unwrap();
        let process = Pid::from_raw(i32::try_from(child.process_id().unwrap()).unwrap()).unwrap();
        let mut reader = pty.master.try_clone_reader().unwrap();
        let keys = pty.master.take_writer().unwrap();
        let (send, output) = channel();
        // Ends with the terminal, which this test outlives by nothing.
        std::thread::spawn(move || {
            let mut bytes = [0; 16_384];
            while let Ok(count @ 1..) = reader.read(&mut bytes) {
                if send.send(bytes[..count].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { pty: Some(pty), child: Some(child), process, keys, output, screen: vt100::Parser::new(36, 120, 0), modes }
    }

    /// Waits until the screen is as wanted.
    fn wait(&mut self, time: Duration, what: &str, done: impl Fn(&str) -> bool) {
        let deadline = Instant::now() + time;
        while !done(&self.screen.screen().contents()) {
            match self.output.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(bytes) => self.screen.process(&bytes),
                Err(_) => panic!("not within {time:?}: {what}; the screen:\n{}", self.screen.screen().contents()),
            }
        }
    }

    fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    fn signal(&self, signal: Signal) {
        kill_process(self.process, signal).unwrap();
    }

    /// Closes the terminal's window, with all that holds it open.
    fn close_window(&mut self) {
        self.pty = None;
        self.keys = Box::new(std::io::sink());
        // The reader sees it with the next frame, and closes its side too.
        self.output = channel().1;
    }

    /// Waits for the end of the process.
    fn end(&mut self) -> ExitStatus {
        let mut child = self.child.take().unwrap();
        let (send, ended) = channel();
        std::thread::spawn(move || send.send(child.wait()));
        let Ok(status) = ended.recv_timeout(GRACE) else {
            let _ = kill_process(self.process, Signal::KILL);
            panic!("it goes on; the screen:\n{}", self.screen.screen().contents());
        };
        status.unwrap()
    }

    /// Waits for the end of the process and checks that the terminal is as it was.
    fn ends_with_the_terminal_restored(mut self) {
        let status = self.end();
        // All that was written before the end is in the pipe by now.
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_millis(200)) {
            self.screen.process(&bytes);
        }
        let screen = self.screen.screen();
        assert_eq!(status.exit_code(), 0, "{}", screen.contents());
        assert!(!screen.alternate_screen(), "the alternate screen was not left");
        assert!(!screen.hide_cursor(), "the cursor stays hidden");
        assert_eq!(screen.mouse_protocol_mode(), vt100::MouseProtocolMode::None, "the mouse stays captured");
        assert!(!screen.bracketed_paste(), "bracketed paste stays on");
        assert_eq!(modes(self.pty.as_ref().unwrap()), self.modes, "the terminal's modes are not what they were");
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Canonical mode, echo, signals: what raw mode turns off.
fn modes(pty: &PtyPair) -> String {
    let modes = pty.master.get_termios().expect("a terminal has modes");
    format!("{:?} {:?} {:?}", modes.local_flags, modes.input_flags, modes.output_flags)
}

/// Whether a line of the screen tells of a block.
fn shows_a_block(screen: &str) -> bool {
    screen.lines().any(|line| line.contains("BLOCK"))
}

#[test]
fn a_cluster_is_already_talking_and_quits_cleanly() {
    let mut terminal = Terminal::run(&["cluster"]);
    terminal.wait(FIRST_BLOCK, "eight nodes and a first block", |screen| {
        screen.contains("ring-8") && screen.contains("n7") && shows_a_block(screen)
    });
    assert!(terminal.screen.screen().alternate_screen());
    terminal.press("\r");
    terminal.wait(PATIENCE, "the node's page", |screen| screen.contains("[2 Node]"));
    terminal.press("\u{1b}");
    terminal.wait(PATIENCE, "the cluster's page again", |screen| screen.contains("[1 Cluster]"));
    terminal.press("q");
    terminal.ends_with_the_terminal_restored();
}

#[test]
fn a_node_shows_itself_and_quits_cleanly() {
    let mut terminal = Terminal::run(&["node", "0", "--ephemeral", "--name", "alice", "--tries", "20000"]);
    terminal.wait(PATIENCE, "the node's name and a block", |screen| screen.contains("alice") && shows_a_block(screen));
    terminal.press("3");
    terminal.wait(PATIENCE, "the peers' page", |screen| screen.contains("[3 Peers]"));
    terminal.press("q");
    terminal.ends_with_the_terminal_restored();
}

#[test]
fn control_c_gives_the_terminal_back() {
    let mut terminal = Terminal::run(&["cluster", "hello"]);
    terminal.wait(PATIENCE, "the dashboard", |screen| screen.contains("n2"));
    // The key, as a terminal in raw mode sends it.
    terminal.press("\u{3}");
    terminal.ends_with_the_terminal_restored();
}

#[test]
fn signals_give_the_terminal_back() {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        let mut terminal = Terminal::run(&["cluster", "hello"]);
        terminal.wait(PATIENCE, "the dashboard", |screen| screen.contains("n2"));
        terminal.signal(signal);
        terminal.ends_with_the_terminal_restored();
    }
}

#[test]
fn a_closed_window_ends_the_run_with_everything_stored() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path().to_str().unwrap();
    let mut terminal = Terminal::run(&["node", "0", "--data-dir", folder, "--tries", "20000"]);
    terminal.wait(PATIENCE, "a block", shows_a_block);
    terminal.close_window();
    let status = terminal.end();
    // 1 where the screen found out before the signal came. Anything else would be a fault.
    assert!(matches!(status.exit_code(), 0 | 1) && status.signal().is_none(), "{status:?}");
    let mut fleet = common::Fleet::new();
    fleet.start(&["0", "--data-dir", folder, "--no-mine"]);
    assert!(fleet.known[0].started_at >= 1);
}

#[test]
fn control_z_without_a_shell_harms_nothing() {
    let mut terminal = Terminal::run(&["cluster", "hello"]);
    terminal.wait(PATIENCE, "the dashboard", |screen| screen.contains("n2"));
    // Nobody could say `fg` here, so the system does not stop it; the dashboard must still come back whole.
    terminal.press("\u{1a}3");
    terminal.wait(PATIENCE, "the peers' page", |screen| screen.contains("[3 Peers]"));
    assert!(terminal.screen.screen().alternate_screen());
    terminal.press("q");
    terminal.ends_with_the_terminal_restored();
}

#[test]
fn a_node_that_cannot_start_leaves_the_terminal_alone() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let mut terminal = Terminal::run(&["node", &port, "--ephemeral"]);
    terminal.wait(PATIENCE, "the error", |screen| screen.contains("error: PORT"));
    let screen = terminal.screen.screen();
    assert!(!screen.alternate_screen() && !screen.hide_cursor());
    assert_eq!(modes(terminal.pty.as_ref().unwrap()), terminal.modes);
}

/// A recorded run is shown like a live one, and quits like one.
#[test]
fn a_recording_is_played_and_quits_cleanly() {
    use rumormill::chain::Address;
    use rumormill::node::{Event, Stamped, Time};
    use rumormill::observe::{Header, Recorder};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let nodes = vec!["left".to_owned(), "right".to_owned()];
    let header = Header { title: "recorded-run".to_owned(), speed_percent: 100, nodes, ..Header::default() };
    let recorder = Recorder::create(&path, &header, |why| panic!("{why}")).unwrap();
    let sink = recorder.sink();
    for (node, byte) in [(0, 1), (1, 2)] {
        let (id, tip) = (Address([byte; 32]), Default::default());
        let event = Event::Started { id, height: 0, tip, balance: 0, max_peers: 8, mining: None };
        sink(Stamped { at: Time(0), node, event });
    }
    let event = Event::BlockMined { id: Default::default(), height: 1, transactions: 0, size: 300, reward: 5_000 };
    sink(Stamped { at: Time(1_000_000), node: 0, event });
    recorder.finish(Time(2_000_000));
    let mut terminal = Terminal::run(&["replay", path.to_str().unwrap(), "--speed", "100x"]);
    terminal.wait(FIRST_BLOCK, "both nodes and the block", |screen| {
        screen.contains("recorded-run") && screen.contains("left") && screen.contains("right") && shows_a_block(screen)
    });
    // The end of the recording is not the end of the run.
    terminal.press("q");
    terminal.ends_with_the_terminal_restored();
}
