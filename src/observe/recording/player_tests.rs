use super::format::{Control, EngineName, FaultLine, Header, Line, LinkLine};
use super::limits::MARKS;
use super::{Player, Recorder, RecordingError, Speed};
use crate::chain::testing::keys;
use crate::chain::{ChainSpec, KeyPair};
use crate::node::{Command, Config, ConnectionId, Discovery, Event, Mining, Stamped, Time};
use crate::observe::{Observer, Plan};
use crate::sim::Simulation;
use crate::store::MemoryStore;
use rumormill_ui::diagnosis::diagnose;
use rumormill_ui::model::{ClockMode, Controls, Intent, LinkShape, Load, Snapshot, TimelineLine};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
/// Between a picture and what is done next.
const MARGIN: Duration = Duration::from_millis(1);

fn key(index: usize) -> KeyPair {
    keys(u8::try_from(index).unwrap())
}

/// What a replay does not share with the run: the count of pictures, the machine, and what can be done.
fn bare(snapshot: &Snapshot) -> Snapshot {
    let mut bare = snapshot.clone();
    bare.generation = 0;
    bare.load = Load::default();
    bare.controls = Controls::default();
    bare.recording = None;
    bare.clock.mode = ClockMode::Live;
    bare.clock.speed_percent = 100;
    bare
}

/// A run that was recorded: its file, and what was seen live at each second.
struct Recorded {
    _folder: tempfile::TempDir,
    path: PathBuf,
    live: Vec<(Duration, Snapshot)>,
}

/// Six nodes in a ring in virtual time, with transfers, a cut that heals (and so a reorg), a kill and a restart. What no event tells is
/// set now and then. `pictures` a second are taken live: how often somebody looks must not matter.
fn record(seed: u64, seconds: u32, pictures: u32) -> Recorded {
    const NODES: usize = 6;
    let mut allocation: Vec<_> = (0..NODES).map(|index| (key(index).address(), 1_000_000)).collect();
    allocation.sort_unstable();
    let spec = Arc::new(ChainSpec { initial_difficulty: 600, allocation, ..ChainSpec::lab() });
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let mut sim = Simulation::new(spec, seed);
    let names: Vec<String> = (0..NODES).map(|index| format!("n{index}")).collect();
    let header = Header {
        title: "ring".to_owned(),
        preset: None,
        seed: Some(seed),
        engine: EngineName::Simulation,
        start: sim.now(),
        speed_percent: 100,
        nodes: names.clone(),
    };
    let recorder = Recorder::create(&path, &header, |why| panic!("{why}")).unwrap();
    let nodes = names.into_iter().map(|name| (name, String::new())).collect();
    let plan = Plan { title: "ring".to_owned(), seed: Some(seed), start: sim.now(), speed_percent: 100, nodes };
    let mut observer = Observer::new(plan, diagnose);
    let heard = Arc::new(Mutex::new(Vec::new()));
    let (to_hear, to_record) = (heard.clone(), recorder.sink());
    sim.set_events(Arc::new(move |stamped: Stamped| {
        to_record(stamped.clone());
        to_hear.lock().unwrap().push(stamped);
    }));
    sim.set_links(crate::link::LinkModel { latency: Duration::from_millis(20), ..Default::default() });
    for index in 0..NODES {
        let config = Config {
            bootstrap: vec![Simulation::address((index + NODES - 1) % NODES)],
            mining: (index % 2 == 0).then_some(Mining { tries_per_second: 100 }),
            discovery: Discovery::FIXED,
            ..Config::default()
        };
        sim.add(config, key(index), Box::new(MemoryStore::new())).unwrap();
    }
    let mut live = Vec::new();
    for round in 0..seconds * pictures {
        let tell = |observer: &mut Observer, sim: &Simulation, control: Control| {
            for stamped in heard.lock().unwrap().drain(..) {
                observer.observe(&stamped);
            }
            observer.apply(sim.now(), &control);
            recorder.control(sim.now(), control);
        };
        if round % pictures == 0 {
            let second = round / pictures;
            let payment = Command::Transfer { to: key(1).address(), amount: 5, fee: 1 };
            sim.command((second % 6) as usize, payment);
            let at = Duration::from_secs(u64::from(second));
            match second {
                2 => {
                    let text = "n0 cut off".to_owned();
                    let line = TimelineLine { at, text: text.clone(), done: true };
                    tell(&mut observer, &sim, Control::Timeline { lines: vec![line] });
                    for pair in [(0, 1), (0, 5)] {
                        sim.set_cut(pair.0, pair.1, true);
                    }
                    tell(&mut observer, &sim, Control::Cuts { pairs: vec![(0, 1), (0, 5)] });
                    let until = Some(at + 10 * SECOND);
                    tell(&mut observer, &sim, Control::Faults { faults: vec![FaultLine { number: 1, text, until }] });
                    let shape = LinkShape { latency: Duration::from_millis(20), ..LinkShape::default() };
                    let link = LinkLine { from: 2, to: 1, there: shape, back: LinkShape::default() };
                    tell(&mut observer, &sim, Control::Shapes { links: vec![link] });
                }
                12 => {
                    for pair in [(0, 1), (0, 5)] {
                        sim.set_cut(pair.0, pair.1, false);
                    }
                    tell(&mut observer, &sim, Control::Cuts { pairs: Vec::new() });
                    tell(&mut observer, &sim, Control::Faults { faults: Vec::new() });
                }
                15 => {
                    sim.kill(3);
                    tell(&mut observer, &sim, Control::Down { node: 3, reason: "killed by you".to_owned() });
                }
                22 => sim.restart(3).unwrap(),
                25 => tell(&mut observer, &sim, Control::Paused { node: 2, paused: true }),
                26 => tell(&mut observer, &sim, Control::Notice { text: "saved".to_owned() }),
                _ => {}
            }
        }
        // A little before the next round's doings, which come at the same moment as its beginning.
        sim.run_for(SECOND / pictures - MARGIN);
        recorder.wait_for_room(&AtomicBool::new(false));
        for stamped in heard.lock().unwrap().drain(..) {
            observer.observe(&stamped);
        }
        let snapshot = observer.snapshot(sim.now());
        if (round + 1) % pictures == 0 {
            live.push((sim.elapsed(), bare(&snapshot)));
        }
        sim.run_for(MARGIN);
    }
    let finished = recorder.finish(sim.now());
    println!("{seconds} s of six nodes: {} lines, {} bytes", finished.lines, finished.bytes);
    assert_eq!((finished.lost, finished.problem), (0, None));
    Recorded { _folder: folder, path, live }
}

fn open(path: &Path) -> Player {
    Player::open(path, diagnose).unwrap()
}

fn same(at: Duration, replay: &Snapshot, live: &Snapshot) {
    let replay = bare(replay);
    // Field by field, since a picture is long.
    assert_eq!(replay.nodes, live.nodes, "{at:?}");
    assert_eq!(replay.relays, live.relays, "{at:?}");
    assert_eq!(replay.logs, live.logs, "{at:?}");
    assert_eq!(&replay, live, "{at:?}");
}

#[test]
fn a_replay_shows_what_was_shown_live() {
    for (seed, pictures) in [(1, 1), (2, 4), (3, 7)] {
        let run = record(seed, 30, pictures);
        let mut player = open(&run.path);
        assert!(run.live.iter().any(|(_, seen)| seen.totals.reorgs > 0), "seed {seed} has no reorg: choose another");
        for (at, live) in &run.live {
            // As a screen would: some pictures between.
            while player.at() + SECOND / 5 < *at {
                player.advance(SECOND / 5).unwrap();
                player.snapshot();
            }
            player.advance(at.saturating_sub(player.at())).unwrap();
            same(*at, &player.snapshot(), live);
        }
        player.advance(SECOND).unwrap();
        assert!(player.has_ended());
        let seen = player.snapshot();
        assert_eq!(seen.clock.mode, ClockMode::Ended);
        assert!(!seen.recording.as_ref().unwrap().torn);
        assert!(!seen.messages.is_empty() && seen.relays.iter().any(|relay| relay.hops.len() == 6));
        assert_eq!(seen.controls, Controls { pause: true, step: true, speed: true, ..Controls::default() });
    }
}

#[test]
fn seeking_back_and_forth_equals_straight_play() {
    let run = record(4, 30, 2);
    let mut player = open(&run.path);
    player.set_checkpoint_lines(50);
    // A fixed walk over the whole recording, long jumps and short ones, with and without a scout's help.
    for (step, place) in [29, 3, 17, 16, 5, 28, 0, 11, 12, 13, 2, 25, 29, 1, 22].into_iter().enumerate() {
        let (at, live) = &run.live[place];
        player.seek(*at).unwrap();
        assert_eq!(player.at(), *at);
        same(*at, &player.snapshot(), live);
        if step == 6 {
            while player.scout().unwrap() {}
        }
    }
    assert!(player.checkpoints() > 20, "{}", player.checkpoints());
    // A moment at which nothing happened for long, looked at late, then early.
    player.seek(run.live[4].0).unwrap();
    player.advance(Duration::from_millis(700)).unwrap();
    player.snapshot();
    player.seek(run.live[3].0).unwrap();
    same(run.live[3].0, &player.snapshot(), &run.live[3].1);
}

#[test]
fn a_late_look_does_not_reach_back() {
    // Two lines a minute apart: a picture between them knows of time that a checkpoint before the second must not know of.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let tip = |height| Event::TipChanged { id: Default::default(), height, balance: 0, transactions: 0 };
    let started = |node| {
        Line::Event(Stamped {
            at: Time(0),
            node,
            event: Event::Started {
                id: key(node as usize).address(),
                height: 0,
                tip: Default::default(),
                balance: 0,
                max_peers: 8,
                mining: None,
            },
        })
    };
    let far = Stamped { at: Time(60_000_000), node: 0, event: tip(10) };
    let high = Stamped { at: Time(1_000_000), node: 0, event: tip(9) };
    write(&path, &[started(0), started(1), Line::Event(high), Line::Event(far)]);
    let mut straight = open(&path);
    straight.seek(2 * SECOND).unwrap();
    let wanted = bare(&straight.snapshot());
    let mut player = open(&path);
    player.set_checkpoint_lines(1);
    player.advance(50 * SECOND).unwrap();
    player.snapshot();
    player.seek(60 * SECOND).unwrap();
    player.seek(2 * SECOND).unwrap();
    same(2 * SECOND, &player.snapshot(), &wanted);
}

fn header(nodes: usize) -> Header {
    let nodes = (0..nodes).map(|index| format!("n{index}")).collect();
    Header { title: "made".to_owned(), speed_percent: 100, nodes, ..Header::default() }
}

fn write(path: &Path, lines: &[Line]) {
    let mut out = Vec::new();
    header(2).write(&mut out).unwrap();
    for line in lines {
        line.write(Time(0), &mut out).unwrap();
    }
    std::fs::write(path, out).unwrap();
}

#[test]
fn speed_pause_and_steps_are_driven_by_intents() {
    let run = record(5, 20, 1);
    let mut player = open(&run.path);
    player.handle(&Intent::Speed(1_000)).unwrap();
    player.advance(SECOND).unwrap();
    assert_eq!(player.at(), 10 * SECOND);
    player.handle(&Intent::TogglePause).unwrap();
    player.advance(SECOND).unwrap();
    assert_eq!((player.at(), player.snapshot().clock.mode), (10 * SECOND, ClockMode::Paused));
    // A step goes to the very next line.
    let before = player.at();
    for _ in 0..5 {
        player.handle(&Intent::Step).unwrap();
    }
    assert!(player.at() > before && player.at() < 11 * SECOND);
    let (third, live) = &run.live[2];
    player.handle(&Intent::Seek(*third)).unwrap();
    assert!(player.is_seeking());
    player.advance(Duration::ZERO).unwrap();
    assert_eq!((player.at(), player.is_seeking(), player.is_paused()), (*third, false, true));
    same(player.at(), &player.snapshot(), live);
    player.handle(&Intent::TogglePause).unwrap();
    player.handle(&Intent::Speed(1)).unwrap();
    assert_eq!(player.speed().percent(), 10);
    player.advance(SECOND).unwrap();
    assert_eq!(player.at(), *third + SECOND / 10);
    // What happened cannot be changed, and that is said.
    assert!(!player.handle(&Intent::Kill { node: 1, lasts: None }).unwrap());
    assert!(player.snapshot().notice.as_ref().unwrap().1.contains("recording"));
    // Beyond the end is the end.
    player.handle(&Intent::Seek(Duration::MAX)).unwrap();
    player.seek(Duration::MAX).unwrap();
    for intent in [Intent::Step, Intent::TogglePause, Intent::TogglePause] {
        player.handle(&intent).unwrap();
    }
    assert!(player.has_ended() && player.at() == player.recording().length);
    assert!(player.snapshot().notice.as_ref().unwrap().1.contains("the end"));
}

#[test]
fn marks_are_the_moments_worth_a_jump() {
    let run = record(1, 30, 1);
    let recording = open(&run.path).recording();
    let has = |words: &str| recording.marks.iter().any(|(_, text)| text.contains(words));
    for words in ["first block", "reorg, depth", "fault: n0 cut off", "no fault any more", "n3 down: killed by you", "n2 paused"]
    {
        assert!(has(words), "{words}: {:?}", recording.marks);
    }
    assert!(recording.marks.is_sorted_by_key(|(at, _)| *at));
    assert_eq!(recording.length, 30 * SECOND);
}

#[test]
fn marks_stay_few_and_the_graver_ones_stay() {
    let mut lines = Vec::new();
    for number in 0..20_000u64 {
        let at = Time(number * 2_000_000);
        let (peer, address, why) = (key(1).address(), "127.0.0.1:1".parse().unwrap(), "connection reset".to_owned());
        let connection = ConnectionId(number);
        lines.push(Line::Event(Stamped {
            at,
            node: 0,
            event: Event::Disconnected { connection, peer, address, why, guest: false },
        }));
        if number % 100 == 0 {
            let event = Event::Reorg { depth: 2, fork_height: number, old_tip: Default::default(), new_tip: Default::default() };
            lines.push(Line::Event(Stamped { at, node: 1, event }));
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    write(&path, &lines);
    let marks = open(&path).recording().marks;
    assert!(marks.len() <= MARKS, "{}", marks.len());
    assert_eq!(marks.iter().filter(|(_, text)| text.starts_with("n1 reorg")).count(), 200);
}

#[test]
fn a_torn_file_plays_to_its_last_whole_line() {
    let run = record(6, 10, 1);
    let whole = std::fs::read(&run.path).unwrap();
    let ends: Vec<usize> = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(place, _)| place + 1).collect();
    // Cut within a line early and late, a byte after its beginning and before its end.
    for (line, offset) in [(3, 1), (40, 9), (ends.len() / 2, 20), (ends.len() - 2, 30)] {
        std::fs::write(&run.path, &whole[..ends[line] + offset]).unwrap();
        let mut torn = open(&run.path);
        assert!(torn.recording().torn);
        torn.seek(Duration::MAX).unwrap();
        std::fs::write(&run.path, &whole[..ends[line]]).unwrap();
        let mut clean = open(&run.path);
        assert!(!clean.recording().torn);
        clean.seek(Duration::MAX).unwrap();
        assert_eq!(bare(&torn.snapshot()), bare(&clean.snapshot()));
    }
    // A line that only looks whole: what comes after it is not trusted.
    let mut broken = whole[..ends[50]].to_vec();
    broken.extend_from_slice(b"{\"t\":1,\"n\":0,\"e\":{\"event\":\"pulse\",\"peers\":7}}\n");
    broken.extend_from_slice(&whole[ends[50]..]);
    std::fs::write(&run.path, &broken).unwrap();
    let mut player = open(&run.path);
    player.seek(Duration::MAX).unwrap();
    assert!(player.recording().torn && player.has_ended());
    let seen = player.snapshot();
    assert_eq!(seen.clock.elapsed, player.recording().length);
    assert!(player.recording().length < 10 * SECOND);
}

#[test]
fn garbage_is_refused_in_words() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    let error = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        Player::open(&path, diagnose).err().unwrap()
    };
    assert!(matches!(error(b""), RecordingError::Empty));
    assert!(matches!(error(b"{\"rumormill\":\"recor"), RecordingError::Empty));
    assert!(matches!(error(b"hello"), RecordingError::Foreign));
    assert!(matches!(error(&[0xff; 4_096]), RecordingError::Foreign));
    assert!(matches!(error(&vec![b'x'; super::limits::LINE + 10]), RecordingError::Foreign));
    assert!(matches!(error(b"{\"rumormill\":\"recording\",\"version\":99}\n"), RecordingError::Newer { found: 99 }));
    assert!(matches!(Player::open(folder.path(), diagnose), Err(RecordingError::Io(_))));
}

/// Two hundred thousand lines: opened, and looked at from end to end, in a moment.
#[test]
fn a_large_file_is_passed_over_once_and_scrubbed_from_checkpoints() {
    const LINES: u64 = 200_000;
    let connection = ConnectionId(1);
    let event = |number: u64| Event::PeerHeight { connection, height: number };
    let lines: Vec<Line> =
        (0..LINES).map(|number| Line::Event(Stamped { at: Time(number * 1_000), node: 0, event: event(number) })).collect();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    write(&path, &lines);
    let begin = std::time::Instant::now();
    let mut player = open(&path);
    let opened = begin.elapsed();
    assert_eq!(player.recording().length, Duration::from_millis(LINES - 1));
    player.seek(Duration::MAX).unwrap();
    let played = begin.elapsed() - opened;
    let begin = std::time::Instant::now();
    for back in [150, 20, 100, 1, 199] {
        player.seek(back * SECOND).unwrap();
    }
    let scrubbed = begin.elapsed() / 5;
    println!("{LINES} lines: passed over in {opened:?}, played in {played:?}, a jump in {scrubbed:?}");
    assert!(player.checkpoints() <= 65);
    // No line is read twice to go back but those after a checkpoint.
    assert!(player.lines_from_checkpoint() <= LINES / 60);
}

#[test]
fn a_speed_is_read_strictly() {
    for (text, percent) in [("1", 100), ("2x", 200), ("0.1x", 10), ("100x", 10_000), (".5x", 50)] {
        assert_eq!(text.parse::<Speed>().unwrap().percent(), percent, "{text}");
    }
    for text in ["", "x", "-1x", "fast", "1e1", "nan", "0", "0.05x", "101x", "2xx", "1.2.3"] {
        assert!(text.parse::<Speed>().unwrap_err().contains("0.1x to 100x"), "{text}");
    }
    assert_eq!(Speed::new(50).of(SECOND), SECOND / 2);
    assert_eq!(Speed::new(50).takes(SECOND), 2 * SECOND);
}
