//! Each key reaches what is chosen, and nothing else.

use super::*;
use crate::{fixture, model::Fault};
use std::sync::Arc;

fn world() -> World {
    let mut world = World::new();
    world.show(Arc::new(fixture::snapshot(fixture::TICK)));
    world.choose(5);
    world
}

#[track_caller]
fn asked(outcome: Outcome) -> (String, Intent) {
    match outcome {
        Outcome::Ask(popup) => (popup.title.clone(), popup.intent()),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn refused(outcome: Outcome) -> String {
    match outcome {
        Outcome::Refused(why) => why,
        other => panic!("{other:?}"),
    }
}

#[test]
fn links_of_the_chosen_node() {
    let world = world();
    let (title, intent) = asked(outcome(Command::Cut, &world, Ok(None)));
    assert_eq!(title, "Cut all links of n5");
    assert!(matches!(intent, Intent::Link { from: 5, to: None, .. }));
    let (title, intent) = asked(outcome(Command::Loss, &world, Ok(Some(6))));
    assert_eq!(title, "Loss on link n5-n6");
    assert!(matches!(intent, Intent::Link { from: 5, to: Some(6), .. }));
    assert_eq!(refused(outcome(Command::Latency, &world, Err("no".into()))), "no");
}

#[test]
fn nodes() {
    let mut world = world();
    assert_eq!(asked(outcome(Command::Kill, &world, Ok(None))).0, "Kill n5");
    assert_eq!(outcome(Command::Restart, &world, Ok(None)), Outcome::Now(Intent::Restart(5)));
    assert!(matches!(asked(outcome(Command::FreezeNode, &world, Ok(None))).1, Intent::Freeze { node: 5, lasts: Some(_) }));
    let go_on = Outcome::Now(Intent::Freeze { node: 5, lasts: None });
    for (text, stands) in [
        ("freeze n5", true),
        ("pause n1, n5", true),
        ("pause all", true),
        ("pause n0, n4..n6", true),
        ("pause n6..n9", false),
        ("pause n50", false),
        ("kill n5", false),
    ] {
        let mut snapshot = fixture::snapshot(fixture::TICK);
        snapshot.faults.push(Fault { number: 3, text: text.into(), left: None });
        world.show(Arc::new(snapshot));
        assert_eq!(outcome(Command::FreezeNode, &world, Ok(None)) == go_on, stands, "{text}");
    }
}

#[test]
fn partition_takes_the_marked_ones_or_the_chosen_one() {
    let mut world = world();
    let (title, intent) = asked(outcome(Command::Partition, &world, Ok(None)));
    assert_eq!(title, "Cut off n5 from the rest");
    assert!(matches!(intent, Intent::Partition { group, .. } if group == [5]));
    world.marked.extend([0, 7, 1, 99]);
    let (title, intent) = asked(outcome(Command::Partition, &world, Ok(None)));
    assert_eq!(title, "Cut off n0, n1, n7 from the rest");
    assert!(matches!(intent, Intent::Partition { group, .. } if group == [0, 1, 7]));
    world.marked.extend(0..8);
    assert!(refused(outcome(Command::Partition, &world, Ok(None))).contains("v takes a mark away"));
}

#[test]
fn undo() {
    let mut world = world();
    assert_eq!(outcome(Command::Undo, &world, Ok(None)), Outcome::Now(Intent::Undo(None)));
    assert_eq!(outcome(Command::UndoChosen, &world, Ok(None)), Outcome::Now(Intent::Undo(Some(1))));
    world.step_fault(1);
    assert_eq!(outcome(Command::UndoChosen, &world, Ok(None)), Outcome::Now(Intent::Undo(Some(2))));
    assert_eq!(asked(outcome(Command::ClearFaults, &world, Ok(None))), ("Undo all 2 faults".into(), Intent::ClearFaults));
    world.show(Arc::new(Snapshot { faults: Vec::new(), ..fixture::snapshot(fixture::TICK) }));
    for command in [Command::Undo, Command::UndoChosen, Command::ClearFaults] {
        assert_eq!(refused(outcome(command, &world, Ok(None))), "there is no fault to undo");
    }
}
