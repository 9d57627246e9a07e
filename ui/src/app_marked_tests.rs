//! Keys act on what the screen shows as marked, and on nothing else, whatever came or went meanwhile.

use super::*;
use crate::model::{Fault, Subject};
use std::time::Duration;

fn act(app: &mut App, command: Command) -> Option<Intent> {
    drawn(app, 120, 36);
    app.command(command)
}

/// Another picture of the same network.
fn then(app: &mut App, change: impl FnOnce(&mut Snapshot)) {
    drawn(app, 120, 36);
    let mut snapshot = Snapshot::clone(&app.world.snapshot);
    change(&mut snapshot);
    app.set_snapshot(Arc::new(snapshot));
}

/// What is marked on the page, by the sign before it.
fn marked(app: &mut App) -> Vec<String> {
    let page = text(&drawn(app, 120, 36));
    let rows = page.lines().flat_map(|line| line.split(['│', '║'])).map(str::trim_start);
    rows.filter(|row| row.starts_with('>')).map(|row| row.trim_end().to_owned()).collect()
}

fn subject(app: &App, place: usize) -> u32 {
    match app.world.snapshot.problems[place].subject {
        Subject::Node(node) | Subject::Peer { node, .. } => node,
        Subject::Cluster => panic!("a problem of one node"),
    }
}

#[test]
fn a_key_in_the_list_of_problems_means_the_node_of_the_marked_one() {
    let mut app = app();
    act(&mut app, Command::Right);
    let first = subject(&app, 0);
    assert_eq!((app.world.node, act(&mut app, Command::Restart)), (first, Some(Intent::Restart(first))));
    act(&mut app, Command::Down);
    let second = subject(&app, 1);
    assert_ne!(first, second);
    // A graver one comes before it, and the numbers in its words change: it is still the same one.
    then(&mut app, |snapshot| {
        snapshot.problems[1].text = snapshot.problems[1].text.replace(|sign: char| sign.is_ascii_digit(), "7");
        let graver = snapshot.problems[0].clone();
        snapshot
            .problems
            .insert(0, crate::model::Problem { subject: Subject::Node(7), text: "n7 fell over".to_owned(), ..graver });
    });
    act(&mut app, Command::Right);
    act(&mut app, Command::Left);
    assert_eq!(app.world.node, second);
    // Beside the topology alone there is no list of problems.
    act(&mut app, Command::Topology);
    act(&mut app, Command::First);
    assert_eq!(app.world.node, 0);
    act(&mut app, Command::Enter);
    assert_eq!(app.tabs[app.current].0, '2');
}

#[test]
fn a_fault_is_undone_only_while_it_is_marked() {
    let mut app = app();
    act(&mut app, Command::Show('7'));
    act(&mut app, Command::Right);
    assert!(marked(&mut app).iter().all(|row| !row.contains("loss 20%")), "the timeline has the keys");
    assert_eq!(act(&mut app, Command::UndoChosen), None);
    assert!(app.refusal.is_some());
    assert!(marked(&mut app).iter().any(|row| row.contains("loss 20%")));
    assert_eq!(act(&mut app, Command::UndoChosen), Some(Intent::Undo(Some(1))));
}

#[test]
fn when_the_marked_fault_ends_its_place_is_marked_and_not_the_first() {
    let mut app = app();
    then(&mut app, |snapshot| {
        snapshot.faults.extend((3..5).map(|number| Fault {
            number,
            text: format!("cut {number}"),
            left: Some(Duration::from_secs(9)),
        }));
    });
    act(&mut app, Command::Show('7'));
    act(&mut app, Command::Down);
    act(&mut app, Command::Down);
    then(&mut app, |snapshot| snapshot.faults.retain(|fault| fault.number != 3));
    assert!(marked(&mut app).iter().any(|row| row.contains("cut 4")));
    assert_eq!(act(&mut app, Command::UndoChosen), Some(Intent::Undo(Some(4))));
}

#[test]
fn no_peer_is_parted_with_in_the_place_of_one_that_has_gone() {
    let mut app = app();
    act(&mut app, Command::Show('3'));
    let peers = app.world.snapshot.nodes[0].peers.clone();
    act(&mut app, Command::Down);
    let node = app.world.node;
    let second = marked(&mut app);
    // It comes back over another connection.
    let connection = app.world.connection;
    then(&mut app, |snapshot| {
        for peer in snapshot.nodes[0].peers.iter_mut().filter(|peer| Some(peer.connection) == connection) {
            peer.connection += 1_000;
        }
    });
    assert_eq!(marked(&mut app), second);
    let id = peers.iter().find(|peer| Some(peer.connection) == connection).unwrap().id.clone();
    assert_eq!(act(&mut app, Command::Disconnect), Some(Intent::Disconnect { node, id: id.clone() }));
    // It is gone for good, in the moment before the key.
    then(&mut app, |snapshot| snapshot.nodes[0].peers.retain(|peer| peer.id != id));
    assert_eq!(app.command(Command::Disconnect), None);
    assert!(app.refusal.as_ref().is_some_and(|why| why.contains("gone")), "{:?}", app.refusal);
}

/// Without a choice the first row is marked, and it stays so when the order of the rows changes.
#[test]
fn the_marked_peer_stays_marked_when_the_rows_change() {
    let mut app = app();
    act(&mut app, Command::Show('3'));
    let node = app.world.node;
    let first = app.world.snapshot.nodes[0].peers[0].id.clone();
    drawn(&mut app, 120, 36);
    act(&mut app, Command::Reverse);
    assert_eq!(act(&mut app, Command::Disconnect), Some(Intent::Disconnect { node, id: first }));
}
