//! Runs the built binary and listens to what it says.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long a test waits for something that takes a second or two on an idle machine.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// How long a process may take from a signal to its end: 5 s is the promise, the rest is a busy machine's.
pub const GRACE: Duration = Duration::from_secs(7);

/// The built binary, with nothing of this shell's settings.
pub fn rumormill() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rumormill"));
    command.env("RUST_BACKTRACE", "0").env_remove("RUST_LOG");
    for (variable, _) in std::env::vars_os().filter(|(variable, _)| variable.to_string_lossy().starts_with("RUMORMILL_")) {
        command.env_remove(variable);
    }
    command
}

/// Runs to its end: the exit code, and what it wrote to its output and to its error output.
pub fn run(command: Command) -> (Option<i32>, String, String) {
    let output = assert_cmd::Command::from_std(command).timeout(PATIENCE).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// What one of several processes said: its place, and a line; `None` at the end of its output.
type Said = (usize, Option<Value>);

/// Several nodes as processes, and all that they have said so far.
pub struct Fleet {
    nodes: Vec<Process>,
    said: Receiver<Said>,
    say: Sender<Said>,
    /// What is known of each, folded from its lines.
    pub known: Vec<Known>,
}

struct Process {
    child: Child,
    reader: Option<JoinHandle<()>>,
    errors: Option<JoinHandle<String>>,
}

/// What a node has said of itself.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Its id.
    pub id: String,
    /// Where it listens.
    pub address: String,
    /// Its height at the start.
    pub started_at: u64,
    /// Its tip's id and height.
    pub tip: Option<(String, u64)>,
    /// Ids of peers with whom it shook hands.
    pub peers: BTreeMap<String, String>,
    /// Events by kind, how many.
    pub counts: BTreeMap<String, u64>,
    /// Whether its output has ended.
    pub ended: bool,
}

impl Known {
    /// How often an event of this kind was said.
    pub fn count(&self, kind: &str) -> u64 {
        self.counts.get(kind).copied().unwrap_or(0)
    }

    /// The tip's height.
    pub fn height(&self) -> u64 {
        self.tip.as_ref().map_or(0, |(_, height)| *height)
    }

    fn see(&mut self, line: &Value) {
        let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
        let number = |key: &str| line[key].as_u64().unwrap_or_default();
        let kind = text("event");
        match kind.as_str() {
            "started" => {
                self.id = text("id");
                self.started_at = number("height");
                self.tip = Some((text("tip"), number("height")));
            }
            "listening" => self.address = text("address"),
            "tip-changed" => self.tip = Some((text("id"), number("height"))),
            "new-peer" => {
                self.peers.insert(text("peer"), text("address"));
            }
            _ => {}
        }
        *self.counts.entry(kind).or_default() += 1;
    }
}

impl Fleet {
    /// No nodes yet.
    pub fn new() -> Self {
        let (say, said) = channel();
        Self { nodes: Vec::new(), said, say, known: Vec::new() }
    }

    /// Starts `rumormill node` with these arguments and `--json`; returns its place once it listens.
    pub fn start(&mut self, arguments: &[&str]) -> usize {
        let mut command = rumormill();
        command.arg("node").args(arguments).arg("--json");
        let place = self.spawn(command);
        self.wait("listening", |known| !known[place].address.is_empty() && !known[place].id.is_empty());
        place
    }

    fn spawn(&mut self, mut command: Command) -> usize {
        let place = self.nodes.len();
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let (stdout, mut stderr) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let say = self.say.clone();
        let reader = std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("not JSON ({error}): {line}"));
                let _ = say.send((place, Some(value)));
            }
            let _ = say.send((place, None));
        });
        let errors = std::thread::spawn(move || {
            let mut text = String::new();
            let _ = stderr.read_to_string(&mut text);
            text
        });
        self.nodes.push(Process { child, reader: Some(reader), errors: Some(errors) });
        self.known.push(Known::default());
        place
    }

    /// Reads what the nodes say until `done`; panics with all that is known when that takes too long.
    pub fn wait(&mut self, what: &str, done: impl Fn(&[Known]) -> bool) {
        self.wait_within(PATIENCE, what, done);
    }

    /// The same within another time.
    pub fn wait_within(&mut self, time: Duration, what: &str, done: impl Fn(&[Known]) -> bool) {
        let deadline = Instant::now() + time;
        while !done(&self.known) {
            match self.said.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok((place, Some(line))) => self.known[place].see(&line),
                Ok((place, None)) => self.known[place].ended = true,
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    let errors = self.errors_of_ended();
                    panic!("not within {time:?}: {what}; known: {:#?}; errors: {errors:?}", self.known)
                }
            }
        }
    }

    /// Sends a signal.
    #[cfg(unix)]
    pub fn signal(&self, place: usize, signal: rustix::process::Signal) {
        let number = i32::try_from(self.nodes[place].child.id()).unwrap();
        rustix::process::kill_process(rustix::process::Pid::from_raw(number).unwrap(), signal).unwrap();
    }

    /// Waits for a node's end, at most `time`; its exit status and what it wrote to stderr.
    pub fn end(&mut self, place: usize, time: Duration) -> (ExitStatus, String) {
        self.wait_within(time, "the process ends", |known| known[place].ended);
        let node = &mut self.nodes[place];
        let status = node.child.wait().unwrap();
        (status, node.errors.take().and_then(|errors| errors.join().ok()).unwrap_or_default())
    }

    /// Ends a node as a power cut would, and waits for its end.
    pub fn kill(&mut self, place: usize) {
        self.nodes[place].child.kill().unwrap();
        self.end(place, PATIENCE);
    }

    fn errors_of_ended(&mut self) -> Vec<String> {
        let mut errors = Vec::new();
        for node in &mut self.nodes {
            if matches!(node.child.try_wait(), Ok(Some(_))) {
                errors.extend(node.errors.take().and_then(|errors| errors.join().ok()));
            }
        }
        errors
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        for node in &mut self.nodes {
            let _ = node.child.kill();
            let _ = node.child.wait();
            if let Some(reader) = node.reader.take() {
                let _ = reader.join();
            }
        }
    }
}
