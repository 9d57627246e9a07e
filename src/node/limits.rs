//! The node's numbers, each with its unit and its reason.

use std::time::Duration;

/// Most messages that wait for one peer.
pub const OUTBOX_MESSAGES: usize = 1_000;
/// Most bytes that wait for one peer: 8 MiB, unless a single message is larger.
pub const OUTBOX_BYTES: usize = 8 << 20;

/// A deadline found this late means that we ourselves stood still, not the peers. Far above scheduling noise on a loaded machine.
pub const OWN_PAUSE: Duration = Duration::from_secs(1);

/// The slowest line that is worth a link, in bytes a second: what waits for a pong is given the time that such a line takes.
pub const SLOWEST_LINE: u64 = 8 * 1024;
/// Most time that is given beyond the usual: a line that takes longer is as good as dead.
pub const LONGEST_PONG: Duration = Duration::from_secs(60);

/// Peers whose lost links are remembered until they come back or are replaced: more than a node has links by default.
pub const LOST_LINKS: usize = 64;
/// Links that must be heard before an address that does not answer has failed: as many as Bitcoin Core wants before it counts a failure.
pub const WITNESSES: usize = 2;
/// A healthy link this long forgets the dial failures before it.
pub const HEALTHY_LINK: Duration = Duration::from_secs(60);
/// Who had to give his slot to another comes back as late as after this many failures, so that two do not push each other out in turn:
/// by then he has found another peer, if there is one.
pub const DISPLACED_BACK_OFF: u32 = 5;
/// Links that a person may have dialled beyond the outbound slots: a lesson's worth, and no way to fill a node's memory.
pub const SLOTS_BY_HAND: usize = 8;
/// Bans kept, of node ids and as many of IP addresses; beyond it the oldest goes. One costs about 150 bytes.
pub const BANS: usize = 20_000;
/// An IP address from which more ids than this were banned is banned itself.
pub const BANNED_IDS_PER_ADDRESS: usize = 5;
/// One in so many inbound peers is protected by each class of its own when all slots are taken: 4 of 32 by each of five, and half
/// of the rest for their age, leave a handful that may have to go.
pub const PROTECTED_SHARE: usize = 8;
/// How long a newcomer has to show what it is worth before it may have to give way: to shake hands and, in the lab, for a few pings.
/// Meanwhile others are refused, so a flood turns slots over no faster than this.
pub const TOO_YOUNG: Duration = Duration::from_secs(10);
/// Inbound slots are scarce when so many percent of them are taken: with 32, from 29 on. Then links that serve nobody are ended.
pub const SCARCE_PERCENT: usize = 90;
/// A round trip up to this is near, however much nearer others are: two ends of a continent.
pub const NEAR: Duration = Duration::from_millis(50);
/// Addresses kept. One costs some 300 bytes, with all that finds it.
pub const BOOK_ADDRESSES: usize = 10_000;
/// Of these, most that were never reached; the rest is for those that were, as four to one in Bitcoin Core's tables.
pub const NEW_ADDRESSES: usize = 8_000;
/// Most addresses that answered us once.
pub const TRIED_ADDRESSES: usize = BOOK_ADDRESSES - NEW_ADDRESSES;
/// Most that one source can have among those never reached: as many as one answer in an exchange tells.
pub const ADDRESSES_PER_TELLER: usize = 1_000;
/// Former tellers of an address that are remembered, so that it can go back to them. The first of them stay: a liar with many networks
/// cannot push the honest one out of the list.
pub const FORMER_TELLERS: usize = 3;
/// Most of one subnet, a /24 or /48: what one customer of a network has.
pub const ADDRESSES_PER_SUBNET: usize = 10;
/// Most of one network group, a /16 or /32: a fortieth of the book, and more than a node ever needs of one network.
pub const ADDRESSES_PER_GROUP: usize = 256;
/// Most of one network group among those that answered us: whoever has a single network must not fill what we trust.
pub const TRIED_PER_GROUP: usize = 64;
/// Tried addresses whose test is pending: as many as Bitcoin Core's `ADDRMAN_SET_TRIED_COLLISION_SIZE`.
pub const TRIED_CHALLENGES: usize = 10;
/// Addresses of our own that are remembered: a machine has few, a liar may claim many.
pub const OWN_ADDRESSES: usize = 64;
/// Dropped addresses that nobody can bring back until their back-off ends.
pub const DROPPED_ADDRESSES: usize = 1_000;
/// An address that never answered and that nobody has seen for this long is forgotten.
pub const STALE_NEW: Duration = Duration::from_secs(24 * 3_600);
/// The same for one that did answer.
pub const STALE_TRIED: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How often the book looks for what is stale.
pub const STALE_CHECK: Duration = Duration::from_secs(600);
/// The book is kept this often only because addresses were seen again: far below what makes them stale, and no wear on a disk.
pub const DATES_KEPT: Duration = Duration::from_secs(3_600);
/// What is told of an address moves the time when it was last seen by this much at least: less is not worth the work.
pub const SEEN_STEP: Duration = Duration::from_secs(60);
/// From this many attempts on an address must have the least quality.
pub const LEAST_ATTEMPTS: u16 = 5;
/// Least quality, in successes of a thousand attempts; bootstrap addresses are exempt.
pub const LEAST_QUALITY: u16 = 300;
/// What an address counts as that was never dialled: better than one that failed, worse than one that mostly answers.
pub const UNTESTED_QUALITY: u16 = 500;
/// Attempts after which an address's counts are halved: what it did long ago says little.
pub const ADDRESS_MEMORY: u16 = 32;
/// Addresses looked at for one dial: enough to find one that will do, too few to be felt.
pub const SELECT_DRAWS: usize = 256;
/// Failures in a row that still make an address less likely to be chosen.
pub const FAILURES_WEIGHED: u32 = 8;
/// Peers remembered as anchors: as many as Bitcoin Core's `MAX_BLOCK_RELAY_ONLY_ANCHORS`.
pub const ANCHORS: usize = 2;
/// Least number of addresses in an answer where 23 % of the book would be fewer: a lab of three must get to know each other.
pub const PEERS_ANSWER_LEAST: usize = 20;
/// Share of the book in an answer, percent: one question must not reveal the whole book (as Bitcoin Core's `MAX_PCT_ADDR_TO_SEND`).
pub const PEERS_ANSWER_PERCENT: usize = 23;
/// Addresses told, or taken, unasked in one interval of gossip, for each peer.
pub const GOSSIP_ADDRESSES: usize = 20;
/// Peers that each news of an address goes to (as Bitcoin's `addr` relay): with two the news reaches everybody, with more it only costs more.
pub const GOSSIP_PEERS: usize = 2;
/// An address is news while it was seen alive this lately.
pub const GOSSIP_FRESH: Duration = Duration::from_secs(600);
/// Addresses that one peer is remembered to know: twice what can be told and taken within the time that they are remembered, and a half.
pub const GOSSIP_TOLD: usize = 512;

/// Addresses taken from one answer of a DNS seed.
pub const SEED_ADDRESSES: usize = 64;
/// Where a seed's nodes listen if the seed does not say: the port that `rumormill node` listens on by default.
pub const SEED_PORT: u16 = 8080;
/// With fewer addresses left to try than this, and too few links, seeds are asked: as many as the outbound slots by default.
pub const SEED_THIN: usize = 8;
/// How long a node with addresses waits for one of them before it asks the seeds (as Bitcoin Core's 11 s): a seed's operator sees who asks.
pub const SEED_PATIENCE: Duration = Duration::from_secs(11);
/// Longest pause before a seed that failed is asked again.
pub const SEED_LONGEST_PAUSE: Duration = Duration::from_secs(3_600);

/// Nodes that must agree on the address that they see us at.
pub const OWN_ADDRESS_VOTES: usize = 2;

/// Kademlia's k: nodes in a bucket of the table, and in an answer.
pub const BUCKET: usize = crate::wire::limits::MAX_RECORDS;
/// Kademlia's α: questions of one look-up at a time.
pub const ALPHA: usize = 3;
/// Nodes of one /24 (IPv4) or /48 (IPv6) in a bucket: who rents a small network must not own a corner of the table.
pub const BUCKET_OF_ONE_SUBNET: usize = 2;
/// The same for the whole table, and for the candidates of a look-up.
pub const TABLE_OF_ONE_SUBNET: usize = 10;
/// Questions in a row that a node of the table leaves unanswered before it goes, even if no other wants its place.
pub const TABLE_FAILURES: u32 = 3;
/// Least time between two visits that ask whether the oldest node of a full bucket still lives.
pub const BUCKET_PROBE: Duration = Duration::from_secs(60);
/// Candidates of one look-up: three times what it is after.
pub const LOOKUP_CANDIDATES: usize = 64;
/// Questions of one look-up: three times the k that must answer.
pub const LOOKUP_QUESTIONS: usize = 60;
/// Look-ups at a time: one that refreshes, and a few that somebody asked for.
pub const LOOKUPS: usize = 4;
/// How soon after the first peer that answers look-ups a new node looks itself up: more peers may come meanwhile.
pub const JOIN_PAUSE: Duration = Duration::from_millis(500);
/// A refresh waits for at most this many pauses while refreshes bring nothing new: an hour in public, as in Kademlia's paper.
pub const LOOKUP_PAUSES: u32 = 6;
/// Short connections that we make for look-ups, at a time: two look-ups' questions.
pub const VISITS: usize = 2 * ALPHA;
/// Short connections of others that ask us, at a time; they hold no slot.
pub const GUESTS: usize = 8;
/// Of these, most of one /24 (IPv4) or /48 (IPv6): who rents a small network must not keep the others from asking.
pub const GUESTS_OF_ONE_SUBNET: usize = 2;
/// How long one may last: far more than a question takes.
pub const GUEST_TIME: Duration = Duration::from_secs(10);
/// Questions of look-ups that a peer may put at once: several look-ups of one node, which ask each peer once.
pub const FIND_NODE_BURST: u64 = 10;
/// After this time it may put another.
pub const FIND_NODE_PAUSE: Duration = Duration::from_secs(1);
/// A record is signed anew when it is this old: long before it is stale.
pub const RECORD_RENEWAL: Duration = Duration::from_secs(3_600);
/// A record this old is of no use: its node has been away, or elsewhere, since.
pub const RECORD_STALE: Duration = Duration::from_secs(24 * 3_600);
/// How far from the future a record may be: as much as a clock may be off before its owner is warned.
pub const RECORD_AHEAD: Duration = Duration::from_millis(CLOCK_WARNING);
/// Records remembered as checked. One costs about 200 bytes.
pub const VERIFIED_RECORDS: usize = 512;

/// A clock further off than this is worth a warning, in milliseconds: blocks from the future are refused at 2 minutes.
pub const CLOCK_WARNING: u64 = 600_000;

/// Unknown message types that a connection may send before it is closed: a newer peer may know one or two kinds that we do not.
pub const UNKNOWN_MESSAGES: u32 = 100;

/// Messages of the kinds that nobody asked for, which a peer may send at once: twice what relay at 1,000 transactions a second and a node
/// that joins bring together. Answers do not count, and what requests cost us is counted in bytes.
pub const SPAM_BURST: u64 = 5_000;
/// How many of these it may send each second without end.
pub const SPAM_RATE: u64 = 1_000;
/// Bytes of headers and bodies that a peer may ask of us at once: twice a window of the largest bodies.
pub const SERVED_BURST: u64 = 256 << 20;
/// How many of these it may ask each second without end: three times what an honest peer could validate. Whoever asks for more does not
/// read it, and means only the work.
pub const SERVED_RATE: u64 = 64 << 20;

/// Blocks at our tip's difficulty by which a chain may fall short of our work and still have its headers kept: forks in practice are no
/// deeper, and within it the times cannot be stretched far enough to make headers cheap.
pub const LOW_WORK_SLACK: u128 = 16;
/// A chain of low work is followed for twice our own height and this many headers: five messages. An honest one ends before that.
pub const LOW_WORK_HEADERS: u64 = 10_000;

/// Transactions of which something is known.
pub const SEEN_IDS: usize = 100_000;
/// How long that is kept, at least half of it.
pub const SEEN_TIME: Duration = Duration::from_secs(300);

/// Transactions asked of one peer at a time. What it announces beyond is not kept: it costs nothing, and others are asked for it.
pub const TRANSACTIONS_IN_FLIGHT: usize = 100;
/// How long one peer has to deliver a transaction before another is asked.
pub const TRANSACTION_REQUEST: Duration = Duration::from_secs(2);
/// Transactions whose signatures are being checked; beyond it new ones are dropped, as our own slowness is nobody's fault.
pub const TRANSACTIONS_CHECKING: usize = 20_000;
/// Transactions announced to a new peer.
pub const ANNOUNCE_TO_NEW: usize = 1_000;
/// Bytes of transactions in one message: far below its cap, so that nothing waits long behind it.
pub const TRANSACTIONS_BYTES: usize = 64 * 1024;
/// Peers of a usual node: room made at once for notes of which peers have something. No bound.
pub const USUAL_PEERS: usize = 8;
/// How often the pool drops what is too old.
pub const POOL_EXPIRY_CHECK: Duration = Duration::from_secs(60);

/// New blocks up to this many bytes go out whole at once; larger ones are announced by header and asked for.
pub const EAGER_BLOCK_BYTES: usize = 64 * 1024;
// They are taken, as are those that a peer sends who draws the line elsewhere.
const _: () = assert!(EAGER_BLOCK_BYTES < crate::wire::limits::MAX_UNASKED_BLOCK);
/// Peers that get a new block whole.
pub const EAGER_PEERS: usize = 3;
/// Bytes that wait for a peer from which on a new block goes to it by its header alone: its line cannot take what is said already, and
/// blocks that nobody asked for would stand before the answers that it asked for. Four seconds of a line of 32 kbit/s.
pub const EAGER_BACKLOG: usize = 16 * 1024;
/// Blocks that a peer is known to have, remembered for each peer.
pub const KNOWN_BLOCKS_PER_PEER: usize = 64;
/// Blocks that a peer may have us read from the store at a time.
pub const LOADS_PER_PEER: usize = 32;

/// Blocks asked of one peer at a time, at most.
pub const BODIES_PER_PEER: usize = 16;
/// How far above the last validated block bodies are asked for.
pub const BODY_WINDOW: usize = 1_024;
/// A request this old is unanswered: what it asked for is given up from this peer.
pub const UNANSWERED: Duration = Duration::from_secs(20);
/// How long an answer is waited for at most, while nobody else answers anything either: then it may well be our own line that is slow.
/// 2,000 headers take 41 s on the slowest line that is worth a link.
pub const LONGEST_ANSWER: Duration = Duration::from_secs(64);
/// How long a peer that did not give a block is not asked for it again.
pub const REFUSAL: Duration = Duration::from_secs(5);
/// Bodies that wait for their validation with a known source; older ones lose it, and with it the blame or the reward.
pub const BODY_SOURCES: usize = 4_096;
/// A block of ours that lost its place is remembered while it is at most so many below the tip: a reorg may bring it back.
pub const MINED_KEPT: u64 = 100;
/// More blocks behind than this is initial block download: no mining, no relay.
pub const INITIAL_DOWNLOAD: u64 = 1_000;
/// While nothing of the better chain comes for this long, it is no reason not to mine: its headers alone may be all there is of it.
pub const CATCHING_UP: Duration = Duration::from_secs(10);
/// Behind by more than this, mining would only make forks.
pub const MINING_LAG: u64 = 2;
/// How long a node with bootstrap addresses waits for a first peer before it mines.
pub const MINING_PATIENCE: Duration = Duration::from_secs(2);
/// How often a template takes in new transactions.
pub const TEMPLATE_RENEWAL: Duration = Duration::from_secs(1);
/// Pause before a failed store is tried again.
pub const STORE_RETRY: Duration = Duration::from_secs(5);
/// Least time between two warnings of one kind that a peer can bring about as often as it likes: seen by a person, and a few KiB of log a
/// day.
pub const SELDOM: Duration = Duration::from_secs(60);
/// A node at the tip counts as being there while it is no further behind than this: blocks travel, and forks of one or two are common.
pub const STEADY_LAG: u64 = 2;
/// Least time between two sync reports of the same phase.
pub const SYNC_REPORT: Duration = Duration::from_millis(250);
