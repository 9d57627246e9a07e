//! What a node holds of what others can make it hold, and whether that is within bounds.

use super::Node;
use super::limits::{
    ALPHA, BANS, BODIES_PER_PEER, BODY_SOURCES, BUCKET, GOSSIP_TOLD, GUESTS, KNOWN_BLOCKS_PER_PEER, LOADS_PER_PEER, LOOKUPS,
    SEEN_IDS, SLOTS_BY_HAND, TRANSACTIONS_CHECKING, TRANSACTIONS_IN_FLIGHT, VERIFIED_RECORDS, VISITS,
};
use crate::chain::limits::{BODY_CACHE_BLOCKS, POOL_TRANSACTIONS};
use crate::wire::limits::MAX_PEERS;

/// How often what one peer did not deliver is asked of a next one, at most, while others fill its place.
const TURNS: usize = 8;

impl Node {
    /// The first bound that is exceeded, in words; `None`: all hold. For tests and scenarios: in a node without defects it is never
    /// anything else, whatever its peers do.
    pub fn over_budget(&self) -> Option<String> {
        let peers = self.peers.len();
        let blocks = self.peers.values().map(super::peers::peer::Peer::known_block_count).max().unwrap_or(0);
        let loads = self.peers.values().map(|peer| peer.loads).max().unwrap_or(0);
        let bodies = self.peers.values().map(|peer| peer.bodies.len()).max().unwrap_or(0);
        // Those being closed still count, and one more of each kind may just be told that there is no slot.
        let slots = 2 * (self.config.max_inbound + self.config.max_outbound + SLOTS_BY_HAND + VISITS + GUESTS) + 2;
        // An id that one peer did not deliver is asked of the next that has it.
        let wanted = TRANSACTIONS_IN_FLIGHT * TURNS * peers.max(1);
        let (banned_peers, banned_addresses) = self.bans.len();
        let [table, bucket, lookups, questions, visits, verified] = self.kademlia.held();
        let news = self.peers.values().map(|peer| peer.gossip.held()).max().unwrap_or(0);
        let held: [(&str, usize, usize); 19] = [
            ("transactions in the pool", self.mempool.len(), POOL_TRANSACTIONS),
            ("transactions of which something is known", self.inventory.len(), SEEN_IDS + wanted),
            ("transactions asked for", self.inventory.all_asked().count(), wanted),
            ("transactions being checked", self.transactions.checking_count(), TRANSACTIONS_CHECKING),
            ("blocks known of one peer", blocks, KNOWN_BLOCKS_PER_PEER),
            ("blocks read from the store for one peer", loads, LOADS_PER_PEER),
            ("bodies asked of one peer", bodies, BODIES_PER_PEER),
            ("sources of bodies", self.blocks.sources.len(), BODY_SOURCES),
            ("connections", peers, slots),
            ("nodes in the routing table", table, 256 * BUCKET),
            ("nodes in one of its buckets", bucket, BUCKET),
            ("look-ups", lookups, LOOKUPS),
            ("questions of look-ups", questions, LOOKUPS * ALPHA),
            ("visits", visits, VISITS),
            ("checked records", verified, VERIFIED_RECORDS),
            ("addresses that one peer was told", news, GOSSIP_TOLD),
            ("addresses in an answer", self.answers.held(), MAX_PEERS),
            ("bans of node ids", banned_peers, BANS),
            ("bans of addresses", banned_addresses, BANS),
        ];
        let cached = self.ledger.bodies_in_memory();
        // The cache looks for what may leave only now and then: see `chain::ledger`.
        let most = BODY_CACHE_BLOCKS + BODY_CACHE_BLOCKS / 8;
        let over = held
            .into_iter()
            .chain([("bodies in memory", cached, most)])
            .chain(self.book.budgets())
            .find(|(_, count, most)| count > most);
        over.map(|(what, count, most)| format!("{count} {what}, {most} at most"))
    }
}
