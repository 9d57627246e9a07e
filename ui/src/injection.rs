//! From a key to a fault: on which node or link, and whether it must be asked how much and for how long.

use crate::{
    action::Command,
    brush::clean,
    facts,
    model::{Intent, Node, Snapshot},
    popup::{Change, Harm, PopUp},
    world::World,
};

/// Names in a pop-up's title before the rest is counted.
const NAMES_SHOWN: usize = 5;

/// What comes of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Nothing is to be asked.
    Now(Intent),
    /// The reader is asked first.
    Ask(PopUp),
    /// It cannot be done; says why.
    Refused(String),
}

/// What a key does with the chosen node. `link` is the other end of the chosen link, or nothing for all of the node's links, or
/// why that link cannot be changed.
pub(crate) fn outcome(command: Command, world: &World, link: Result<Option<u32>, String>) -> Outcome {
    let snapshot = &*world.snapshot;
    let Some(node) = world.chosen() else {
        return Outcome::Refused("there is no node to do that to".to_owned());
    };
    let own = clean(&node.name).into_owned();
    let ask = |title: String, harm: Harm| Outcome::Ask(PopUp::new(title, harm));
    let change = match command {
        Command::Kill => return ask(format!("Kill {own}"), Harm::Kill(node.index)),
        Command::Restart => return Outcome::Now(Intent::Restart(node.index)),
        Command::FreezeNode if stands_still(snapshot, node) => {
            return Outcome::Now(Intent::Freeze { node: node.index, lasts: None });
        }
        Command::FreezeNode => return ask(format!("Let {own} stand still"), Harm::Freeze(node.index)),
        Command::Partition => return partition(world, node.index),
        Command::Undo | Command::UndoChosen | Command::ClearFaults if snapshot.faults.is_empty() => {
            return Outcome::Refused("there is no fault to undo".to_owned());
        }
        Command::Undo => return Outcome::Now(Intent::Undo(None)),
        Command::UndoChosen => {
            let chosen = facts::chosen_fault(snapshot, world.fault);
            return Outcome::Now(Intent::Undo(chosen.map(|fault| fault.number)));
        }
        Command::ClearFaults => {
            let title = match snapshot.faults.len() {
                1 => "Undo the only fault".to_owned(),
                count => format!("Undo all {count} faults"),
            };
            return ask(title, Harm::Clear);
        }
        Command::SavePreset => return Outcome::Now(Intent::SavePreset),
        Command::Cut => Change::Cut,
        Command::Latency => Change::Latency,
        Command::Loss => Change::Loss,
        Command::Bandwidth => Change::Bandwidth,
        _ => return Outcome::Refused("that is no fault".to_owned()),
    };
    let to = match link {
        Ok(to) => to,
        Err(why) => return Outcome::Refused(why),
    };
    let whose = match to {
        Some(other) => format!("link {own}-{}", name(snapshot, other)),
        None => format!("all links of {own}"),
    };
    let title = match change {
        Change::Cut => format!("Cut {whose}"),
        Change::Latency => format!("Latency on {whose}"),
        Change::Loss => format!("Loss on {whose}"),
        Change::Bandwidth => format!("Bandwidth of {whose}"),
    };
    ask(title, Harm::Link { from: node.index, to, change })
}

fn name(snapshot: &Snapshot, index: u32) -> String {
    facts::node(snapshot, index).map_or_else(|| format!("n{index}"), |node| clean(&node.name).into_owned())
}

/// Whether a fault makes a node stand still. The sentences of faults begin with what was done: `pause n3`, `pause n1, n4..n6`,
/// `pause all`.
fn stands_still(snapshot: &Snapshot, node: &Node) -> bool {
    let number = |word: &str| word.strip_prefix('n')?.parse::<u32>().ok();
    let means = |word: &str| match word.split_once("..") {
        Some((first, last)) => number(first).zip(number(last)).is_some_and(|(first, last)| (first..=last).contains(&node.index)),
        None => word == node.name || word == "all",
    };
    snapshot.faults.iter().any(|fault| {
        let mut words = fault.text.split([' ', ',']);
        matches!(words.next(), Some("freeze" | "pause")) && words.any(means)
    })
}

/// The marked nodes against the rest, or the chosen one alone.
fn partition(world: &World, chosen: u32) -> Outcome {
    let snapshot = &*world.snapshot;
    let mut group: Vec<u32> = world.marked.iter().copied().filter(|index| facts::node(snapshot, *index).is_some()).collect();
    if group.is_empty() {
        group.push(chosen);
    }
    if group.len() >= snapshot.nodes.len() {
        let text = if snapshot.nodes.len() < 2 {
            "a single node cannot be cut off from others"
        } else {
            "all nodes are marked: nobody is left to cut them off from. v takes a mark away"
        };
        return Outcome::Refused(text.to_owned());
    }
    let mut names: Vec<_> = group.iter().take(NAMES_SHOWN).map(|index| name(snapshot, *index)).collect();
    if group.len() > NAMES_SHOWN {
        names.push(format!("{} more", group.len() - NAMES_SHOWN));
    }
    Outcome::Ask(PopUp::new(format!("Cut off {} from the rest", names.join(", ")), Harm::Partition(group)))
}

#[cfg(test)]
#[path = "injection_tests.rs"]
mod tests;
