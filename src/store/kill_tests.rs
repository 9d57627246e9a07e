//! A process that commits is killed, again and again: nothing acknowledged is lost.

use super::fixture::{Chain, check, spec};
use super::{DataDirectory, DiskStore, Store};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

/// Where the child works; without it the child has nothing to do.
const PLACE: &str = "RUMORMILL_TEST_STORE";

/// The child: not a test by itself.
#[test]
fn child() {
    let Some(place) = std::env::var_os(PLACE) else {
        return;
    };
    let directory = DataDirectory::open(Path::new(&place)).unwrap();
    let mut store = DiskStore::open(directory.path(), &spec()).unwrap();
    let mut chain = Chain::new();
    if let Some((_, height)) = check(&mut store) {
        chain.batch_of(height as usize);
    }
    loop {
        let count = 1 + chain.height() as usize % 5;
        let batch = chain.batch_of(count);
        println!("commits {}", chain.height());
        store.commit(&batch).unwrap();
        println!("acknowledged {}", chain.height());
    }
}

#[test]
fn a_killed_process_leaves_a_whole_store() {
    let place = tempfile::tempdir().unwrap();
    let mut reached = 0;
    // In turns when it has acknowledged something, and when it commits again.
    for last in [2, 5, 8, 11, 14, 17] {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "store::kill_tests::child", "--nocapture"])
            .env(PLACE, place.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut acknowledged = reached;
        let mut lines = 0;
        // What it says until it is dead still comes through the pipe. libtest begins its own line before the child's first.
        for line in BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok) {
            if let Some((_, height)) = line.split_once("acknowledged ") {
                acknowledged = height.parse().unwrap();
            } else if !line.contains("commits ") {
                continue;
            }
            lines += 1;
            if lines == last {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged > reached, "the child did nothing before its line {last}");
        let mut store = DiskStore::open(place.path(), &spec()).unwrap();
        let (_, height) = check(&mut store).unwrap();
        assert!(height >= acknowledged, "{height} of {acknowledged}");
        reached = height;
    }
}
