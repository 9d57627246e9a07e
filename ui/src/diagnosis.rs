//! What is wrong, in sentences: each rule looks at a snapshot and says what, why and what to do about it.
//!
//! Rules are careful not to cry wolf. News needs a moment to travel, so nothing that changed within [`SETTLED`] counts as
//! disagreement, and two miners who find a block at once are a race until the next block, not a split.

use crate::{
    format,
    model::{Ban, Fault, Node, NodeState, Peer, PeerState, Problem, Severity, Snapshot, Subject},
};
use std::{collections::BTreeMap, time::Duration};

mod agreement;

use agreement::{disagreement, groups, partition};

/// What changed more recently than this is still on its way to the others.
pub const SETTLED: Duration = Duration::from_secs(10);
/// A run younger than this is still connecting.
const WARM_UP: Duration = Duration::from_secs(5);
/// A node that syncs without a block for so long is stuck, not slow.
const STALLED: Duration = Duration::from_secs(10);
/// Below this many blocks a second a download does not move.
const NO_PROGRESS: f64 = 0.05;
/// No tip moved for so long: nobody mines.
const NO_BLOCK: Duration = Duration::from_secs(30);
/// Reputation lost within this time counts as falling.
const FALL_WINDOW: Duration = Duration::from_secs(60);
/// Points lost within [`FALL_WINDOW`] that are worth a line.
const FALL: f64 = 10.0;
/// Messages that wait for one peer: far more than one block's worth of gossip.
const OUTBOX_MESSAGES: u64 = 500;
/// Bytes that wait for one peer: several full blocks.
const OUTBOX_BYTES: u64 = 4_000_000;
/// The run is late against its own clock: people see this much.
const LATE: Duration = Duration::from_millis(500);
/// A round trip that is slow on any link.
const SLOW_RTT: Duration = Duration::from_secs(2);
/// So many links must be measured before "all are slow" says anything.
const SLOW_LINKS: usize = 3;

/// All that is wrong, worst first; equally bad ones in the order of the rules, then by node.
#[must_use]
pub fn diagnose(snapshot: &Snapshot) -> Vec<Problem> {
    let mut found = Vec::new();
    down(snapshot, &mut found);
    let groups = groups(snapshot);
    partition(snapshot, &groups, &mut found);
    if groups.len() < 2 {
        disagreement(snapshot, &mut found);
    }
    sync(snapshot, &mut found);
    overload(snapshot, &mut found);
    standing(snapshot, &mut found);
    lagging(snapshot, &groups, &mut found);
    no_peers(snapshot, &mut found);
    banned(snapshot, &mut found);
    reputation(snapshot, &mut found);
    outbox(snapshot, &mut found);
    nobody_mines(snapshot, &mut found);
    // The sort is stable: rules and nodes keep their order, so that lines do not jump.
    found.sort_by_key(|problem| std::cmp::Reverse(problem.severity));
    found
}

/// The network's health in a few words for the header: `None` and "HEALTHY", or how bad and "DEGRADED 1 down, 2 groups".
/// Nodes that start or catch up are no illness.
#[must_use]
pub fn health(snapshot: &Snapshot) -> (Option<Severity>, String) {
    let problems = diagnose(snapshot);
    let down = snapshot.nodes.iter().filter(|node| node.state == NodeState::Down).count();
    let lagging = snapshot.nodes.iter().filter(|node| node.state == NodeState::Lagging).count();
    let groups = groups(snapshot).len();
    let worst = problems.first().map(|problem| problem.severity);
    let whole = problems.iter().any(|problem| problem.severity == Severity::Critical && problem.subject == Subject::Cluster);
    let severity = if whole || (down > 0 && down * 2 >= snapshot.nodes.len()) {
        Severity::Critical
    } else if worst >= Some(Severity::Warning) {
        Severity::Warning
    } else {
        let count = |state: NodeState| {
            let nodes = snapshot.nodes.iter();
            nodes.filter(|node| node.state == state).count()
        };
        return match (count(NodeState::Starting), count(NodeState::Syncing)) {
            (0, 0) => (None, "HEALTHY".to_owned()),
            (0, syncing) => (None, format!("HEALTHY {syncing} syncing")),
            (starting, _) => {
                let text = format!("STARTING {starting} of {}", snapshot.nodes.len());
                (Some(Severity::Notice), text)
            }
        };
    };
    let mut parts = Vec::new();
    if down > 0 {
        parts.push(format!("{down} down"));
    }
    if groups > 1 {
        parts.push(format!("{groups} groups"));
    }
    if whole && groups < 2 {
        parts.push("tips disagree".to_owned());
    }
    if lagging > 0 {
        parts.push(format!("{lagging} lagging"));
    }
    if parts.is_empty() {
        let grave = problems.iter().filter(|problem| problem.severity >= Severity::Warning).count();
        parts.push(if grave == 1 { "1 problem".to_owned() } else { format!("{grave} problems") });
    }
    let word = if severity == Severity::Critical { "BROKEN" } else { "DEGRADED" };
    (Some(severity), format!("{word} {}", parts.join(", ")))
}

fn runs(node: &Node) -> bool {
    !matches!(node.state, NodeState::Down | NodeState::Starting)
}

fn settled(snapshot: &Snapshot, since: Duration) -> bool {
    since.saturating_add(SETTLED) <= snapshot.clock.elapsed
}

fn ago(snapshot: &Snapshot, since: Duration) -> String {
    format::duration(snapshot.clock.elapsed.saturating_sub(since))
}

fn say(found: &mut Vec<Problem>, severity: Severity, subject: Subject, text: String) {
    found.push(Problem { severity, text, subject });
}

/// The active fault of this word that names the node: `pause n2` or `kill n0, n3..n5`.
fn fault_on<'a>(snapshot: &'a Snapshot, word: &str, node: u32) -> Option<&'a Fault> {
    let number = |name: &str| name.trim().strip_prefix('n')?.parse::<u32>().ok();
    let names = |part: &str| match part.split_once("..") {
        Some((first, last)) => number(first) <= Some(node) && number(last) >= Some(node),
        None => part.trim() == "all" || number(part) == Some(node),
    };
    let of =
        |fault: &&Fault| fault.text.strip_prefix(word).is_some_and(|rest| rest.starts_with(' ') && rest.split(',').any(names));
    snapshot.faults.iter().rev().find(of)
}

/// A fault's number, and the time it has left.
fn by_fault(fault: &Fault) -> String {
    let left = fault.left.map(|left| format!(", {} left", format::duration(left))).unwrap_or_default();
    format!("fault #{}{left}", fault.number)
}

/// A node that stands still cannot say so: everything else about it is what it last said.
fn standing(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    for node in snapshot.nodes.iter().filter(|node| runs(node)) {
        if let Some(fault) = fault_on(snapshot, "pause", node.index) {
            let undo = if snapshot.controls.faults { ". 7, then Enter on it undoes it" } else { "" };
            let text = format!("{} stands still by {}, {} behind{undo}", node.name, by_fault(fault), node.lag);
            say(found, Severity::Warning, Subject::Node(node.index), text);
        }
    }
}

fn down(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    for node in snapshot.nodes.iter().filter(|node| node.state == NodeState::Down) {
        let reason = node.reason.as_deref().unwrap_or("it gave no reason");
        let back = fault_on(snapshot, "kill", node.index).and_then(|fault| fault.left);
        let back = back.map(|left| format!("; back in {}", format::duration(left))).unwrap_or_default();
        let remedy = if snapshot.controls.faults { "r restarts it" } else { "Enter, then 8 shows its last words" };
        let text = format!("{} down {}: {reason}{back}. {remedy}", node.name, ago(snapshot, node.state_since));
        say(found, Severity::Critical, Subject::Node(node.index), text);
    }
}

fn sync(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    for node in &snapshot.nodes {
        let behind = node.sync.target.saturating_sub(node.height).max(node.lag);
        let from = node.sync.from.as_deref().map(|name| format!(" from {name}")).unwrap_or_default();
        if node.state == NodeState::Syncing {
            let moves = node.sync.blocks_per_second >= NO_PROGRESS;
            let still = snapshot.clock.elapsed.saturating_sub(node.tip_since.max(node.state_since));
            if !moves && still >= STALLED {
                let text = format!(
                    "{} sync stalled at {} for {}: {behind} behind, nothing comes{from}. Enter, then 3 shows whom it asked",
                    node.name,
                    node.height,
                    format::duration(still)
                );
                say(found, Severity::Warning, Subject::Node(node.index), text);
            } else {
                let eta = node.sync.eta.map_or_else(|| "no ETA yet".to_owned(), |eta| format!("ETA {}", format::duration(eta)));
                let text =
                    format!("{} syncing{from}: {behind} behind, {:.1} blocks/s, {eta}", node.name, node.sync.blocks_per_second);
                say(found, Severity::Notice, Subject::Node(node.index), text);
            }
        }
    }
}

fn overload(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    let load = &snapshot.load;
    if load.lateness >= LATE {
        let cpu = load.cpu_percent.map(|percent| format!(", CPU {percent:.0}%")).unwrap_or_default();
        let text = format!(
            "this machine is overloaded: the run is {} late{cpu}. All nodes look slow; run fewer{}",
            format::millis(load.lateness),
            if snapshot.controls.speed { ", or - runs slower" } else { "" }
        );
        say(found, Severity::Warning, Subject::Cluster, text);
        return;
    }
    let mut measured: Vec<_> = snapshot.links.iter().filter(|link| !link.cut).filter_map(|link| link.rtt).collect();
    if measured.len() >= SLOW_LINKS && measured.iter().all(|rtt| *rtt >= SLOW_RTT) {
        measured.sort_unstable();
        let median = measured[measured.len() / 2];
        let text = format!("every link is slow, median RTT {}: suspect this machine, not the nodes", format::millis(median));
        say(found, Severity::Warning, Subject::Cluster, text);
    }
}

fn lagging(snapshot: &Snapshot, groups: &[Vec<&Node>], found: &mut Vec<Problem>) {
    for node in snapshot.nodes.iter().filter(|node| node.state == NodeState::Lagging) {
        // Said already, and better; or said below, and better.
        if fault_on(snapshot, "pause", node.index).is_some() || is_alone(snapshot, node) {
            continue;
        }
        let best = node.peers.iter().map(|peer| peer.height).max().unwrap_or(0);
        let cause = if node.peers.is_empty() {
            "it has no peers".to_owned()
        } else if best <= node.height {
            if groups.len() > 1 {
                "nobody on its side of the partition has more".to_owned()
            } else {
                "its peers have nothing newer; it needs a better one".to_owned()
            }
        } else {
            let ahead = node.peers.iter().filter(|peer| peer.height > node.height).count();
            format!("{ahead} of its {} peers have more, yet nothing arrives. Enter, then 3 shows them", node.peers.len())
        };
        let text = format!("{} lagging {} behind for {}: {cause}", node.name, node.lag, ago(snapshot, node.state_since));
        say(found, Severity::Warning, Subject::Node(node.index), text);
    }
}

/// Whether a node runs and has had time to find a peer, and has none.
pub(crate) fn is_alone(snapshot: &Snapshot, node: &Node) -> bool {
    let young = snapshot.clock.elapsed.saturating_sub(node.state_since) < WARM_UP;
    runs(node) && !young && !node.peers.iter().any(|peer| peer.state == PeerState::Ready)
}

fn no_peers(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    for node in snapshot.nodes.iter().filter(|node| is_alone(snapshot, node)) {
        let cause = match (node.peers.len(), node.known_addresses) {
            (0, 0) => "it knows no address. Somebody must dial it, or start it with an address".to_owned(),
            (0, known) => {
                format!("none of the {known} addresses it knows answers. Enter, then 8 shows what it tried")
            }
            (shaking, _) => {
                format!("{shaking} shake hands and do not finish. Enter, then 3 shows them")
            }
        };
        let behind = if node.lag > 0 { format!(" and is {} behind", node.lag) } else { String::new() };
        say(found, Severity::Warning, Subject::Node(node.index), format!("{} has no peers{behind}: {cause}", node.name));
    }
}

fn banned(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    let mut bans: BTreeMap<&str, Vec<(&Node, &Ban)>> = BTreeMap::new();
    for node in &snapshot.nodes {
        for ban in node.bans.iter().filter(|ban| ban.until > snapshot.clock.elapsed) {
            bans.entry(&ban.id).or_default().push((node, ban));
        }
    }
    for holders in bans.values() {
        let (node, ban) = holders[0];
        let more = if holders.len() > 1 { format!(" and {} more", holders.len() - 1) } else { String::new() };
        let left = format::duration(ban.until.saturating_sub(snapshot.clock.elapsed));
        let text = format!(
            "{} banned by {}{more} for {left}: {}. Enter, then 3 shows the bans{}",
            ban.name,
            node.name,
            ban.reason,
            if snapshot.controls.faults { ", n ends one" } else { "" }
        );
        say(found, Severity::Warning, Subject::Node(node.index), text);
    }
}

/// Points that a peer lost lately.
fn lost(snapshot: &Snapshot, peer: &Peer) -> f64 {
    let recent = peer.reputation_history.iter().filter(|change| change.at.saturating_add(FALL_WINDOW) >= snapshot.clock.elapsed);
    recent.map(|change| -change.delta.min(0.0)).sum()
}

fn reputation(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    // One line for each accused, however many accuse it.
    let mut accused: BTreeMap<&str, Vec<(&Node, &Peer, f64)>> = BTreeMap::new();
    for node in &snapshot.nodes {
        for peer in &node.peers {
            let lost = lost(snapshot, peer);
            if lost >= FALL {
                accused.entry(&peer.id).or_default().push((node, peer, lost));
            }
        }
    }
    for accusers in accused.values() {
        let Some((node, peer, lost)) = accusers.iter().min_by(|a, b| a.1.reputation.total_cmp(&b.1.reputation)) else {
            continue;
        };
        let mut reasons: Vec<(&str, usize)> = Vec::new();
        for change in peer.reputation_history.iter().filter(|change| change.delta < 0.0) {
            match reasons.iter_mut().find(|(reason, _)| *reason == change.reason) {
                Some((_, times)) => *times += 1,
                None => reasons.push((&change.reason, 1)),
            }
        }
        let said: Vec<_> = reasons
            .iter()
            .take(2)
            .map(|(reason, times)| if *times > 1 { format!("{times} {reason}") } else { (*reason).to_owned() })
            .collect();
        let more = if accusers.len() > 1 { format!(" (and {} more)", accusers.len() - 1) } else { String::new() };
        let text = format!(
            "{} reputation {:.0}, {lost:.0} lost: {} (from {}){more}",
            peer.name,
            peer.reputation,
            said.join(", "),
            node.name
        );
        say(found, Severity::Warning, Subject::Peer { node: node.index, connection: peer.connection }, text);
    }
}

fn outbox(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    for node in &snapshot.nodes {
        for peer in &node.peers {
            let (messages, bytes) = peer.outbox;
            if messages >= OUTBOX_MESSAGES || bytes >= OUTBOX_BYTES {
                let text = format!(
                    "{} cannot keep up with {}: {} messages, {} wait. It reads slowly or its link is thin",
                    peer.name,
                    node.name,
                    format::count(messages),
                    format::bytes(bytes)
                );
                say(found, Severity::Warning, Subject::Peer { node: node.index, connection: peer.connection }, text);
            }
        }
    }
}

fn nobody_mines(snapshot: &Snapshot, found: &mut Vec<Problem>) {
    // Strangers may mine where we cannot see it.
    if !snapshot.strangers.is_empty() {
        return;
    }
    let mut running = snapshot.nodes.iter().filter(|node| runs(node)).peekable();
    if running.peek().is_none() {
        return;
    }
    let mut since = Duration::ZERO;
    for node in running {
        if node.mining.is_some_and(|mining| mining.tries_per_second > 0) {
            return;
        }
        since = since.max(node.tip_since);
    }
    if since.saturating_add(NO_BLOCK) <= snapshot.clock.elapsed {
        let text = format!("nobody mines: no tip moved for {}. Start a node that mines", ago(snapshot, since));
        say(found, Severity::Warning, Subject::Cluster, text);
    }
}

#[cfg(test)]
#[path = "diagnosis_tests.rs"]
mod tests;
