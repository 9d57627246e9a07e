//! Kademlia: nodes are found by asking those that are closer to them (Maymounkov & Mazières, "Kademlia: A Peer-to-peer Information
//! System Based on the XOR Metric", 2002).
//!
//! There are no datagrams here: a question goes over a link that stands, or over a *visit*, a short connection outside of all slots that
//! says so in its Hello, asks, and leaves. The other end calls it a *guest*.
//!
//! | File | Its story |
//! |---|---|
//! | `table` | the nodes that are known by order of distance |
//! | `lookup` | one look-up: whom to ask next, when it is over |
//! | `asking` | when look-ups begin, what is asked over which link, what answers bring |
//! | `answering` | what others are told, and whose records are believed |
//! | `visits` | short connections for a question, ours and others' |

mod answering;
mod asking;
mod lookup;
mod table;
mod visits;

use crate::chain::Address;
use crate::node::limits::VERIFIED_RECORDS;
use crate::node::{ConnectionId, Time};
use crate::wire::NodeRecord;
use lookup::Lookup;
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use table::Table;
use visits::Visit;

/// A question on its way.
struct Question {
    lookup: u64,
    node: Address,
    connection: ConnectionId,
    /// When its answer must be here.
    due: Time,
}

/// What a look-up for one node came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LookedUp {
    /// Who was sought.
    pub target: Address,
    /// Where it can be dialled, as its own record says; `None`: nobody knew.
    pub found: Option<SocketAddr>,
    /// After how many rounds that was known: three questions that have ended make one; 0 if we knew before.
    pub rounds: usize,
    /// Questions put in all.
    pub asked: usize,
}

/// All that a node keeps for look-ups.
pub(in crate::node) struct State {
    table: Table,
    /// Our own record as last signed.
    own: Option<NodeRecord>,
    lookups: BTreeMap<u64, Lookup>,
    begun: u64,
    /// By nonce.
    questions: BTreeMap<u64, Question>,
    visits: BTreeMap<SocketAddr, Visit>,
    verified: Verified,
    /// When the next refresh is due.
    next: Time,
    /// How many pauses the next refresh waits: grows while refreshes bring nothing.
    pauses: u32,
    /// Whether a look-up of our own id has had answers: others know us then, and we our neighbours.
    joined: bool,
    looked_up: Option<LookedUp>,
}

impl State {
    pub(in crate::node) fn new(own: Address) -> Self {
        Self {
            table: Table::new(own),
            own: None,
            lookups: BTreeMap::new(),
            begun: 0,
            questions: BTreeMap::new(),
            visits: BTreeMap::new(),
            verified: Verified::default(),
            next: Time::MAX,
            pauses: 1,
            joined: false,
            looked_up: None,
        }
    }

    /// Whether an address is being visited: it is not to be dialled for anything else meanwhile.
    pub(in crate::node) fn visits(&self, address: &SocketAddr) -> bool {
        self.visits.contains_key(address)
    }

    /// Nodes in the table; most in one bucket; look-ups; questions on their way; visits; checked records: for the budgets.
    pub(in crate::node) fn held(&self) -> [usize; 6] {
        let Self { table, lookups, questions, visits, verified, .. } = self;
        [table.len(), table.fullest(), lookups.len(), questions.len(), visits.len(), verified.records.len()]
    }
}

/// Records whose signatures were checked: the same ones come in many answers, and a check costs fifty microseconds.
#[derive(Default)]
struct Verified {
    records: BTreeMap<Address, NodeRecord>,
    /// In the order in which they came.
    order: VecDeque<Address>,
}

impl Verified {
    fn contains(&self, record: &NodeRecord) -> bool {
        self.records.get(&record.node) == Some(record)
    }

    fn insert(&mut self, record: NodeRecord) {
        if self.records.insert(record.node, record).is_none() {
            self.order.push_back(record.node);
            if self.order.len() > VERIFIED_RECORDS
                && let Some(oldest) = self.order.pop_front()
            {
                self.records.remove(&oldest);
            }
        }
    }
}
