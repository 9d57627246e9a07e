use super::format::{Control, Header, Line};
use super::reader::Reader;
use super::recorder::Recorder;
use crate::node::{ConnectionId, Event, Stamped, Time};
use std::io::{self, Write};
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const START: Time = Time(1_000_000);

fn header() -> Header {
    Header { title: "test".to_owned(), start: START, speed_percent: 100, ..Header::default() }
}

fn warning(number: u64) -> Stamped {
    Stamped { at: Time(START.0 + number), node: 0, event: Event::Warning { text: number.to_string() } }
}

fn no_warning(why: &str) {
    panic!("no warning was expected: {why}");
}

/// An output that waits at each write until it is let go on.
struct Slow {
    entered: Sender<()>,
    go: Receiver<()>,
    written: Arc<Mutex<Vec<u8>>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut written = self.written.lock().unwrap();
        if !written.is_empty() {
            drop(written);
            let _ = self.entered.send(());
            let _ = self.go.recv();
            written = self.written.lock().unwrap();
        }
        written.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A disk with room for so many bytes.
struct Small(usize);

impl Write for Small {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.len() > self.0 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.0 -= bytes.len();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn lines(path: &std::path::Path) -> Vec<Line> {
    let mut reader = Reader::open(path).unwrap();
    let mut lines = Vec::new();
    while let Some(line) = reader.next().unwrap() {
        lines.push(line);
    }
    assert!(!reader.is_torn());
    lines
}

#[test]
fn what_happened_is_in_the_file_in_its_order_and_the_end_is_its_last_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let recorder = Recorder::create(&path, &header(), no_warning).unwrap();
    let sink = recorder.sink();
    let cut = Control::Cuts { pairs: vec![(0, 1)] };
    for number in 0..1_000 {
        sink(warning(number));
        // Said again and again, written once.
        recorder.control(Time(START.0 + number), cut.clone());
    }
    recorder.control(Time(START.0 + 1_000), Control::Cuts { pairs: Vec::new() });
    recorder.control(Time(START.0 + 1_001), cut.clone());
    let finished = recorder.finish(Time(START.0 + 2_000));
    assert_eq!((finished.lines, finished.lost, &finished.problem), (1 + 1_000 + 3 + 1, 0, &None));
    assert_eq!(finished.bytes, std::fs::metadata(&path).unwrap().len());
    let lines = lines(&path);
    assert_eq!(lines.len() as u64, finished.lines - 1);
    assert_eq!(lines[0], Line::Event(warning(0)));
    assert_eq!(lines[1], Line::Control { at: START, control: cut });
    assert_eq!(lines[1_000], Line::Event(warning(999)));
    assert_eq!(lines.last(), Some(&Line::Control { at: Time(START.0 + 2_000), control: Control::End }));
    // What a node says after the end is nobody's.
    sink(warning(9));
}

#[test]
fn a_recorder_that_is_dropped_writes_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.jsonl");
    let recorder = Recorder::create(&path, &header(), no_warning).unwrap();
    recorder.sink()(warning(1));
    drop(recorder);
    assert_eq!(lines(&path), [Line::Event(warning(1))]);
}

#[test]
fn a_file_that_exists_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notes.txt");
    std::fs::write(&path, "mine").unwrap();
    let error = Recorder::create(&path, &header(), no_warning).err().unwrap();
    assert!(error.to_string().contains("exists"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
}

#[test]
fn nobody_waits_for_a_slow_disk_and_what_is_lost_is_written() {
    const CAPACITY: usize = 64;
    let (entered, at_disk) = channel();
    let (go, gate) = channel();
    let written = Arc::new(Mutex::new(Vec::new()));
    let slow = Slow { entered, go: gate, written: written.clone() };
    let recorder = Recorder::with_capacity(slow, &header(), no_warning, CAPACITY).unwrap();
    let sink = recorder.sink();
    sink(warning(0));
    at_disk.recv().unwrap();
    // The writer stands at the disk: all this returns at once, and what finds no room is counted, chatter first.
    for number in 0..CAPACITY as u64 {
        sink(Stamped { event: Event::PeerHeight { connection: ConnectionId(1), height: number }, ..warning(number) });
    }
    for number in 0..CAPACITY as u64 {
        sink(warning(number));
    }
    drop(go);
    let finished = recorder.finish(START);
    assert_eq!(finished.lost, CAPACITY as u64);
    assert_eq!(finished.problem, None);
    let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    assert_eq!(text.matches("peer-height").count(), CAPACITY - CAPACITY / super::limits::QUEUE_RESERVE);
    let last: Vec<&str> = text.lines().rev().take(2).collect();
    assert!(last[0].contains("\"end\"") && last[1].contains("{\"control\":\"lost\",\"count\":64}"), "{last:?}");
}

#[test]
fn a_full_disk_is_told_once_and_the_run_goes_on() {
    let warnings = Arc::new(Mutex::new(Vec::new()));
    let told = warnings.clone();
    let warn = move |why: &str| told.lock().unwrap().push(why.to_owned());
    let recorder = Recorder::start(Small(400), &header(), warn).unwrap();
    let sink = recorder.sink();
    for number in 0..10_000 {
        sink(warning(number));
    }
    // Whoever waits for room is not held up by a disk that takes nothing.
    recorder.wait_for_room(&AtomicBool::new(false));
    let finished = recorder.finish(START);
    let warnings = warnings.lock().unwrap();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("the disk is full"), "{warnings:?}");
    assert_eq!(finished.problem.as_ref(), Some(&warnings[0]));
}

#[test]
fn a_disk_that_is_full_from_the_beginning_is_an_error() {
    assert!(Recorder::start(Small(10), &header(), no_warning).is_err());
}

#[test]
#[cfg(target_os = "linux")]
fn a_device_is_written_to() {
    let error = Recorder::create("/dev/full".as_ref(), &header(), no_warning).err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let recorder = Recorder::create("/dev/null".as_ref(), &header(), no_warning).unwrap();
    assert_eq!(recorder.finish(START).problem, None);
}

#[test]
fn a_run_in_virtual_time_loses_nothing() {
    let written = Arc::new(Mutex::new(Vec::new()));
    let (entered, _at_disk) = channel();
    let (go, gate) = channel();
    drop(go);
    let slow = Slow { entered, go: gate, written: written.clone() };
    let recorder = Recorder::with_capacity(slow, &header(), no_warning, 8).unwrap();
    let sink = recorder.sink();
    for number in 0..200 {
        recorder.wait_for_room(&AtomicBool::new(false));
        sink(warning(number));
    }
    let finished = recorder.finish(START + Duration::from_secs(1));
    assert_eq!((finished.lost, finished.lines), (0, 202));
}

/// A recorder of eight lines whose output holds its first write back.
struct Held {
    recorder: Recorder,
    in_write: Receiver<()>,
    /// Dropped, it lets all writes go on.
    release: Sender<()>,
    written: Arc<Mutex<Vec<u8>>>,
}

fn held() -> Held {
    let ((entered, in_write), (release, go)) = (channel(), channel());
    let written = Arc::new(Mutex::new(Vec::new()));
    let out = Slow { entered, go, written: written.clone() };
    let recorder = Recorder::with_capacity(out, &header(), no_warning, 8).unwrap();
    Held { recorder, in_write, release, written }
}

#[test]
fn a_reader_that_stopped_holds_up_no_end() {
    let Held { recorder, in_write, release, .. } = held();
    let sink = recorder.sink();
    sink(warning(0));
    in_write.recv().unwrap();
    (0..8).for_each(|number| sink(warning(number)));
    // The writer stands in its first write, and nobody reads: without the word of the end this would wait for ever.
    recorder.wait_for_room(&AtomicBool::new(true));
    drop(release);
    recorder.wait_for_room(&AtomicBool::new(false));
}

#[test]
fn what_found_no_room_is_said_again() {
    let Held { recorder, in_write, release, written } = held();
    let sink = recorder.sink();
    sink(warning(0));
    in_write.recv().unwrap();
    (0..8).for_each(|number| sink(warning(number)));
    let cut = Control::Cuts { pairs: vec![(0, 1)] };
    recorder.control(START, cut.clone());
    drop(release);
    recorder.wait_for_room(&AtomicBool::new(false));
    recorder.control(START, cut.clone());
    recorder.control(START, cut);
    assert_eq!(recorder.finish(START).lost, 1);
    let text = String::from_utf8(written.lock().unwrap().clone()).unwrap();
    assert_eq!(text.lines().filter(|line| line.contains("cuts")).count(), 1, "{text}");
}
