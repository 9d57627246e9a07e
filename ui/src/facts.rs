//! What the panels need to know about a snapshot and what must not be computed anew for every frame.

use crate::{
    diagnosis,
    model::{End, Fault, Node, Peer, Severity, Snapshot},
};

/// Computed once for each snapshot shown.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    /// What a node's peers think of it, by the node's place in the snapshot: the mean of their reputations of it.
    pub reputation: Vec<Option<f64>>,
    /// Best height of any node or stranger.
    pub best: u64,
    pub max_lag: u64,
    /// Most bytes a second that any node receives or sends: full bars.
    pub peak_rate: u64,
    pub health: Option<Severity>,
    pub health_text: String,
}

impl Facts {
    pub fn new(snapshot: &Snapshot) -> Self {
        let mut sums = vec![(0.0, 0_u32); snapshot.nodes.len()];
        for peer in snapshot.nodes.iter().flat_map(|node| &node.peers) {
            if let Some(place) = peer.node.and_then(|index| place(snapshot, index)) {
                sums[place].0 += peer.reputation;
                sums[place].1 += 1;
            }
        }
        let (health, health_text) = diagnosis::health(snapshot);
        Self {
            reputation: sums.into_iter().map(|(sum, count)| (count > 0).then(|| sum / f64::from(count))).collect(),
            best: snapshot
                .nodes
                .iter()
                .map(|node| node.height)
                .chain(snapshot.strangers.iter().map(|stranger| stranger.height))
                .max()
                .unwrap_or(0),
            max_lag: snapshot.nodes.iter().map(|node| node.lag).max().unwrap_or(0),
            peak_rate: snapshot.nodes.iter().map(rate).map(|(inbound, outbound)| inbound.max(outbound)).max().unwrap_or(0),
            health,
            health_text,
        }
    }
}

/// A node's place in the snapshot, by its index.
pub(crate) fn place(snapshot: &Snapshot, index: u32) -> Option<usize> {
    snapshot.nodes.binary_search_by_key(&index, |node| node.index).ok()
}

/// A node, by its index.
pub(crate) fn node(snapshot: &Snapshot, index: u32) -> Option<&Node> {
    place(snapshot, index).map(|place| &snapshot.nodes[place])
}

/// Bytes a second that a node received and sent within its last second.
pub(crate) fn rate(node: &Node) -> (u64, u64) {
    node.traffic.last().map_or((0, 0), |sample| (sample.bytes_in, sample.bytes_out))
}

/// A connection of a node, by its number.
pub(crate) fn peer(node: &Node, connection: u64) -> Option<&Peer> {
    node.peers.iter().find(|peer| peer.connection == connection)
}

/// The chosen fault: the one with the chosen number, or the first.
pub(crate) fn chosen_fault(snapshot: &Snapshot, number: Option<u32>) -> Option<&Fault> {
    let chosen = snapshot.faults.iter().find(|fault| Some(fault.number) == number);
    chosen.or_else(|| snapshot.faults.first())
}

/// The watched nodes that a node is linked with, sorted.
pub(crate) fn linked(snapshot: &Snapshot, node: u32) -> Vec<u32> {
    let ends = snapshot.links.iter().filter_map(|link| match link.to {
        End::Node(to) if link.from == node => Some(to),
        End::Node(to) if to == node => Some(link.from),
        _ => None,
    });
    let mut ends: Vec<u32> = ends.collect();
    ends.sort_unstable();
    ends.dedup();
    ends
}
