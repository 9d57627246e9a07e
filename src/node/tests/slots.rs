//! Inbound slots, bans of ids and of addresses, idle links, and parting words.

use super::*;
use crate::wire::MessageKind;
use std::net::IpAddr;

impl Stage {
    /// Somebody connects from an IP address; hands are shaken if he is let in.
    fn knock(&mut self, n: u8, ip: &str) -> bool {
        self.link(n, SocketAddr::new(ip.parse().unwrap(), 40_000 + u16::from(n)), Direction::Inbound);
        if !self.was_closed(n.into()) {
            let hello = self.hello(n, 0, 0);
            self.receive(n.into(), Message::Handshake { hello });
        }
        self.node.ready_peers().contains(&peer_keys(n).address())
    }

    fn link(&mut self, n: u8, address: SocketAddr, direction: Direction) {
        let peer = peer_keys(n).address();
        self.give(Input::Connected { connection: connection(n.into()), address, direction, peer });
    }

    fn goodbyes(&mut self, n: u64) -> Vec<GoodbyeReason> {
        let said = |message: &Arc<Message>| if let Message::Goodbye { reason } = **message { Some(reason) } else { None };
        self.take_sent(n).iter().filter_map(said).collect()
    }

    fn admission(&self) -> Admission {
        self.admitted.last().cloned().unwrap_or_default()
    }

    /// Time passes in which everybody answers pings.
    fn live(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            self.wait(SECOND);
            for (to, message) in std::mem::take(&mut self.sent) {
                match *message {
                    Message::Ping { nonce, .. } => self.receive(to.0, Message::Pong { nonce, time: 0 }),
                    _ => self.sent.push((to, message)),
                }
            }
        }
    }

    fn ready(&self, n: u8) -> bool {
        self.node.ready_peers().contains(&peer_keys(n).address())
    }
}

fn slots(max_inbound: usize) -> Config {
    Config { max_inbound, min_peers: 1, ..Config::default() }
}

#[test]
fn a_full_node_says_so_to_its_listener_until_somebody_may_give_way() {
    let mut stage = Stage::new(slots(8));
    assert_eq!(stage.admitted, [], "everybody is taken: nothing to say");
    (1..=8).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    assert!(stage.admission().full, "all are too young to be judged");
    assert!(!stage.knock(9, "203.0.113.1"));
    assert_eq!(stage.goodbyes(9), [GoodbyeReason::Full]);
    stage.live(limits::TOO_YOUNG + SECOND);
    assert!(!stage.admission().full);
    assert!(stage.knock(10, "203.0.113.1"), "now one gives way");
    assert_eq!(stage.goodbyes(8), [GoodbyeReason::Full], "the youngest");
    assert_eq!(stage.node.ready_peers().len(), 8);
    // Whoever leaves makes room.
    stage.receive(1, Message::Goodbye { reason: GoodbyeReason::ShuttingDown });
    assert!(!stage.admission().full);
    assert_eq!((stage.node.counts.evicted, stage.node.counts.refused), (1, 1));
}

/// Whoever says nothing has three seconds, and then the next one comes: for them nobody is sent away or refused.
#[test]
fn strangers_who_say_nothing_hold_no_slots() {
    let mut stage = Stage::new(slots(8));
    (1..=6).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    stage.live(limits::TOO_YOUNG + SECOND);
    for n in 20..50 {
        stage.link(n, SocketAddr::new("203.0.113.9".parse().unwrap(), 50_000 + u16::from(n)), Direction::Inbound);
    }
    assert!(!stage.admission().full);
    assert!(stage.knock(7, "203.0.113.1") && stage.knock(8, "203.0.113.1"), "two slots are free");
    assert!((1..=8).all(|n| stage.ready(n)));
    assert_eq!((stage.node.counts.evicted, stage.node.counts.refused), (0, 0));
}

/// Its node crashed and came back: nobody else has to make room.
#[test]
fn a_peer_that_comes_back_takes_its_own_slot() {
    let mut stage = Stage::new(slots(8));
    (1..=8).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    stage.wait(stage.node.config.timing.ping + SECOND);
    let (address, peer) = ("203.0.113.1:50000".parse().unwrap(), peer_keys(3).address());
    stage.give(Input::Connected { connection: connection(50), address, direction: Direction::Inbound, peer });
    let hello = stage.hello(3, 0, 0);
    stage.receive(50, Message::Handshake { hello });
    assert_eq!((stage.goodbyes(3), stage.goodbyes(50)), (vec![GoodbyeReason::Duplicate], vec![]));
    assert_eq!((stage.node.ready_peers().len(), stage.node.counts.evicted, stage.node.counts.refused), (8, 0, 0));
}

#[test]
fn a_node_without_inbound_slots_says_so_at_once() {
    let stage = Stage::new(slots(0));
    assert!(stage.admission().full);
    let stage = Stage::new(Config { max_per_ip: Some(3), ..slots(8) });
    assert_eq!(stage.admission().per_ip, Some(3));
}

#[test]
fn a_bad_name_takes_nobodys_place() {
    let mut stage = Stage::new(slots(8));
    stage.knock(9, "203.0.113.1");
    stage.receive(9, Message::Block { block: chain_of(&stage, 2).remove(1) });
    stage.receive(9, Message::Headers { answer: true, headers: vec![] });
    stage.receive(9, Message::Goodbye { reason: GoodbyeReason::ShuttingDown });
    assert!(stage.reputation(9) < 0);
    (1..=8).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    stage.live(limits::TOO_YOUNG + SECOND);
    stage.closed.clear();
    assert!(!stage.knock(9, "203.0.113.1"));
    assert_eq!(stage.goodbyes(9), [GoodbyeReason::Full]);
    assert!((1..=8).all(|n| stage.ready(n)));
}

#[test]
fn one_address_has_so_many_connections_and_its_mapped_form_is_the_same_one() {
    let mut stage = Stage::new(Config { max_per_ip: Some(2), ..slots(8) });
    assert!(stage.knock(1, "203.0.113.1"));
    assert!(stage.knock(2, "::ffff:203.0.113.1"));
    assert!(!stage.knock(3, "203.0.113.1"));
    assert_eq!(stage.goodbyes(3), [GoodbyeReason::Full]);
    assert!(!stage.knock(4, "::ffff:203.0.113.1"));
    assert!(stage.knock(5, "203.0.113.2"));
    // The same identity from both forms is one peer.
    let address = "[::ffff:203.0.113.2]:5".parse().unwrap();
    let peer = peer_keys(5).address();
    stage.give(Input::Connected { connection: connection(50), address, direction: Direction::Inbound, peer });
    let hello = stage.hello(5, 0, 0);
    stage.receive(50, Message::Handshake { hello });
    assert_eq!(stage.goodbyes(50), [GoodbyeReason::Duplicate]);
    assert!(stage.ready(5));
}

/// Of IPv6, whoever has one address has a whole /64: his connections count together, and a ban is of all of it.
#[test]
fn an_ipv6_host_is_counted_and_banned_whichever_of_its_addresses_it_comes_from() {
    let mut stage = Stage::new(Config { max_per_ip: Some(2), ..slots(8) });
    assert!(stage.knock(1, "2001:db8:1:2::1") && stage.knock(2, "2001:db8:1:2:ffff::1"));
    assert!(!stage.knock(3, "2001:db8:1:2::3"));
    assert_eq!(stage.goodbyes(3), [GoodbyeReason::Full]);
    assert!(stage.knock(4, "2001:db8:1:3::1"));
    let address = "2001:db8:1:2::77".parse().unwrap();
    stage.give(Input::Command(Command::BanAddress { address, time: None }));
    assert_eq!((stage.goodbyes(1), stage.goodbyes(2)), (vec![GoodbyeReason::Banned], vec![GoodbyeReason::Banned]));
    assert!(stage.ready(4));
    let network: IpAddr = "2001:db8:1:2::".parse().unwrap();
    assert_eq!(*stage.admission().banned, [network]);
    // The ban ends by its timer, and by hand whichever address is named.
    stage.live(Timing::LAB.bans[0] + SECOND);
    assert!(stage.admission().banned.is_empty());
    stage.give(Input::Command(Command::BanAddress { address, time: None }));
    stage.give(Input::Command(Command::UnbanAddress("2001:db8:1:2::5".parse().unwrap())));
    assert!(stage.admission().banned.is_empty());
}

#[test]
fn past_five_banned_ids_the_address_is_banned_and_the_listener_told() {
    let mut stage = Stage::new(slots(32));
    let ip: IpAddr = "203.0.113.1".parse().unwrap();
    assert!(stage.knock(50, "203.0.113.1") && stage.knock(51, "203.0.113.2"));
    let mut bad = chain_of(&stage, 1)[0].header;
    bad.difficulty = 77;
    for n in 1..=6 {
        assert!(!stage.node.bans.is_address_banned(&ip, stage.now), "{n}");
        assert!(stage.knock(n, "203.0.113.1"));
        stage.receive(n.into(), Message::Headers { answer: false, headers: vec![bad] });
        assert!(stage.is_banned(n));
    }
    assert!(stage.events.iter().any(|event| matches!(event, Event::AddressBanned { address, .. } if *address == ip)));
    assert_eq!(*stage.admission().banned, [ip]);
    assert_eq!(stage.goodbyes(50), [GoodbyeReason::Banned], "its links end");
    assert!(stage.ready(51));
    assert!(!stage.knock(52, "::ffff:203.0.113.1"));
    assert_eq!(stage.goodbyes(52), [GoodbyeReason::Banned]);
    stage.live(Timing::LAB.bans[0] + SECOND);
    assert!(stage.events.iter().any(|event| matches!(event, Event::AddressUnbanned { address } if *address == ip)));
    assert!(stage.admission().banned.is_empty());
    assert!(stage.knock(53, "203.0.113.1"));
}

#[test]
fn loopback_is_never_banned_for_what_some_did_there() {
    let mut stage = Stage::new(slots(64));
    assert!(stage.knock(50, "127.0.0.1"));
    let mut bad = chain_of(&stage, 1)[0].header;
    bad.difficulty = 77;
    for n in 1..=20 {
        assert!(stage.knock(n, "127.0.0.1"));
        stage.receive(n.into(), Message::Headers { answer: false, headers: vec![bad] });
        assert!(stage.is_banned(n));
    }
    assert!(stage.ready(50));
    assert!(stage.admission().banned.is_empty());
}

#[test]
fn an_address_is_banned_and_freed_by_hand() {
    let mut stage = Stage::new(slots(8));
    let ip: IpAddr = "203.0.113.1".parse().unwrap();
    let minute = Some(60 * SECOND);
    assert!(stage.knock(1, "203.0.113.1") && stage.knock(2, "203.0.113.2"));
    stage.link(3, "203.0.113.1:9000".parse().unwrap(), Direction::Outbound);
    let mapped = "::ffff:203.0.113.1".parse().unwrap();
    stage.give(Input::Command(Command::BanAddress { address: mapped, time: minute }));
    assert_eq!((stage.goodbyes(1), stage.goodbyes(3)), (vec![GoodbyeReason::Banned], vec![GoodbyeReason::Banned]));
    assert!(stage.ready(2));
    let told = stage
        .events
        .iter()
        .any(|event| matches!(event, Event::AddressBanned { address, time, .. } if *address == ip && *time == 60 * SECOND));
    assert!(told, "{:?}", stage.events);
    stage.wait(30 * SECOND);
    stage.give(Input::Command(Command::UnbanAddress(ip)));
    assert!(stage.events.iter().any(|event| matches!(event, Event::AddressUnbanned { .. })));
    assert!(stage.admission().banned.is_empty());
    assert!(stage.knock(4, "203.0.113.1"));
    // What is not there cannot be lifted, and the timer of the ban that was lifted ends nothing.
    let before = stage.events.len();
    stage.give(Input::Command(Command::UnbanAddress(ip)));
    stage.give(Input::Command(Command::Unban(peer_keys(4).address())));
    assert_eq!(stage.events.len(), before);
    stage.give(Input::Command(Command::BanAddress { address: ip, time: Some(600 * SECOND) }));
    stage.wait(40 * SECOND);
    assert!(stage.node.bans.is_address_banned(&ip, stage.now));
}

#[test]
fn a_peer_banned_by_hand_stays_out_whatever_the_ladder_says() {
    let mut stage = Stage::new(slots(8));
    assert!(stage.knock(1, "203.0.113.1"));
    let peer = peer_keys(1).address();
    stage.give(Input::Command(Command::Ban { peer, time: Some(3_600 * SECOND) }));
    assert_eq!(stage.goodbyes(1), [GoodbyeReason::Banned]);
    stage.wait(700 * SECOND);
    stage.closed.clear();
    assert!(!stage.knock(1, "203.0.113.1"));
    stage.give(Input::Command(Command::Unban(peer)));
    stage.closed.clear();
    assert!(stage.knock(1, "203.0.113.1"));
    stage.give(Input::Command(Command::Disconnect(peer)));
    assert!(!stage.ready(1));
    stage.closed.clear();
    assert!(stage.knock(1, "203.0.113.1"), "who was only disconnected may come back");
}

#[test]
fn what_is_fatal_bans_whatever_was_earned() {
    let mut stage = Stage::new(slots(8));
    stage.befriend(1);
    for block in chain_of(&stage, 60) {
        stage.receive(1, Message::NewBlock { block });
    }
    assert_eq!(stage.reputation(1), 10_000);
    let mut bad = chain_of(&stage, 1)[0].header;
    bad.difficulty = 77;
    bad.parent = stage.tip();
    bad.height = 61;
    stage.receive(1, Message::Headers { answer: false, headers: vec![bad] });
    assert!(stage.is_banned(1));
}

/// A question for a part of the chain: what links are for.
fn question() -> Message {
    Message::GetHeaders { locator: vec![] }
}

impl Stage {
    /// A link that we dialled.
    fn reach(&mut self, n: u8) {
        self.link(n, SocketAddr::new([203, 0, 113, n].into(), 9_000), Direction::Outbound);
        let hello = self.hello(n, 0, 0);
        self.receive(n.into(), Message::HandshakeAck { hello, version: 1, seen: [0; 16] });
    }

    /// Time passes in which those of some connections ask something, twice in the time after which a link is idle.
    fn work(&mut self, busy: &[u8], time: Duration) {
        let end = self.now + time;
        while self.now < end {
            busy.iter().for_each(|n| self.receive((*n).into(), question()));
            self.live(Timing::LAB.idle / 2);
        }
    }
}

#[test]
fn a_link_that_serves_nobody_ends_when_slots_are_scarce() {
    let mut stage = Stage::new(slots(10));
    stage.reach(20);
    (1..=8).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    stage.work(&[20], Timing::LAB.idle * 2);
    assert!((1..=8).all(|n| stage.ready(n)), "eight of ten slots: there is room");
    assert!(stage.knock(9, "203.0.113.1"));
    stage.receive(3, question());
    stage.live(2 * SECOND);
    let gone: Vec<_> = (1..=9).filter(|n| !stage.ready(*n)).collect();
    assert_eq!(gone, [1], "one, the longest idle, and then slots are no longer scarce");
    assert_eq!(stage.goodbyes(1), [GoodbyeReason::Idle]);
    assert_eq!(stage.node.counts.idle, 1);
    // Whoever asked for something is not idle; whom we dialled is not in anybody's way.
    for n in 10..=12 {
        stage.knock(n, "203.0.113.1");
    }
    stage.live(5 * SECOND);
    assert!(stage.ready(3) && stage.ready(20) && !stage.ready(2));
}

#[test]
fn idle_links_stay_while_peers_are_few() {
    let mut stage = Stage::new(Config { min_peers: 3, ..slots(3) });
    (1..=3).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    stage.work(&[1, 2], Timing::LAB.idle * 2);
    assert!((1..=3).all(|n| stage.ready(n)));
}

#[test]
fn in_a_quiet_network_nobody_has_to_go_for_being_idle() {
    let mut stage = Stage::new(slots(10));
    (20..=23).for_each(|n| stage.reach(n));
    (1..=10).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    // What strangers do, however many they are, says nothing; nor does what one does whom we dialled.
    stage.work(&[1, 2, 3, 4, 5, 6, 20], Timing::LAB.idle * 5);
    assert!((1..=10).all(|n| stage.ready(n)), "all slots are taken, and there is nothing to do");
    // Two of the four whom we dialled: there is something to do.
    stage.work(&[1, 2, 3, 4, 5, 6, 20, 21], Timing::LAB.idle);
    assert_eq!((7..=10).filter(|n| stage.ready(*n)).count(), 2, "until slots are no longer scarce");
}

#[test]
fn a_node_that_dialled_nobody_goes_by_those_who_dialled_it() {
    let mut stage = Stage::new(slots(10));
    (1..=10).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    // Newcomers have done nothing yet.
    stage.work(&[1, 2, 3, 4], Timing::LAB.idle * 5);
    assert!((1..=10).all(|n| stage.ready(n)));
    stage.work(&[1, 2, 3, 4, 5], Timing::LAB.idle);
    assert_eq!((6..=10).filter(|n| stage.ready(*n)).count(), 3);
}

#[test]
fn who_brings_news_is_not_idle_even_if_others_were_quicker() {
    let mut stage = Stage::new(slots(10));
    stage.reach(20);
    (1..=10).for_each(|n| assert!(stage.knock(n, "203.0.113.1")));
    stage.live(Timing::LAB.idle / 2);
    // Of two blocks of one height the second is told to nobody; a transaction is told once it is here.
    let told = chain_of(&stage, 1).remove(0);
    let untold = Builder::new(Arc::clone(&stage.spec)).mine(Vec::new(), 2);
    let transaction = pay(0, 0, 5, 1);
    stage.receive(20, Message::NewBlock { block: Arc::clone(&told) });
    stage.receive(20, Message::NewBlock { block: Arc::clone(&untold) });
    stage.receive(20, Message::Announce { ids: vec![transaction.id()] });
    // Three got the first block whole, which is of use to them; three of the others bring what others brought before.
    let whole =
        |n: &u8| stage.sent.iter().any(|(to, sent)| *to == connection((*n).into()) && sent.kind() == MessageKind::NewBlock);
    let others: Vec<u8> = (1..=10).filter(|n| !whole(n)).collect();
    let [a, b, c, idle @ ..] = &others[..] else { panic!("{others:?}") };
    stage.receive((*a).into(), Message::NewBlock { block: Arc::clone(&untold) });
    stage.receive((*b).into(), headers(&[untold], false));
    stage.receive((*c).into(), Message::Announce { ids: vec![transaction.id()] });
    stage.receive(20, Message::Transaction { transactions: vec![transaction] });
    // Whom we told of something ourselves tells us nothing with it.
    stage.receive(idle[0].into(), Message::NewBlock { block: Arc::clone(&told) });
    stage.receive(idle[0].into(), headers(&[told], false));
    stage.receive(idle[1].into(), Message::Announce { ids: vec![transaction.id()] });
    stage.live(Timing::LAB.idle / 2);
    stage.receive(20, question());
    stage.live(5 * SECOND);
    let gone: Vec<_> = (1..=10).filter(|n| !stage.ready(*n)).collect();
    assert_eq!(gone, idle[..2], "the first of those that brought nothing, until slots are no longer scarce");
}

#[test]
fn both_sides_hear_why_versions_do_not_fit_and_wait_long() {
    // As the listener: the dialler and our own people are told the same, each in words that fit them.
    let mut stage = Stage::new(slots(8));
    let hello = Hello { version_lowest: 7, version_highest: 9, ..stage.hello(1, 0, 0) };
    stage.link(1, "203.0.113.1:5000".parse().unwrap(), Direction::Inbound);
    stage.receive(1, Message::Handshake { hello });
    let sent = stage.take_sent(1);
    let told = sent.iter().find_map(|message| match &**message {
        Message::Error { code: ErrorCode::NoCommonVersion, text } => Some(text.clone()),
        _ => None,
    });
    let told = told.unwrap();
    assert!(told.contains("versions 1 to 1, you 7 to 9"), "{told}");
    let why = |stage: &Stage| match stage.events.iter().rev().find(|event| matches!(event, Event::Disconnected { .. })) {
        Some(Event::Disconnected { why, .. }) => why.clone(),
        _ => String::new(),
    };
    assert_eq!(why(&stage), "it speaks versions 7 to 9, we 1 to 1: this program is to be brought up to date");
    assert!(!stage.is_banned(1));
    // As the dialler, which reads it.
    let there: SocketAddr = "203.0.113.2:9000".parse().unwrap();
    let mut stage = Stage::new(Config { bootstrap: vec![there], ..slots(8) });
    stage.link(2, there, Direction::Outbound);
    stage.receive(2, Message::Error { code: ErrorCode::NoCommonVersion, text: told.clone() });
    assert!(why(&stage).ends_with(&told), "{}", why(&stage));
    assert!(!stage.is_banned(2));
    stage.events.clear();
    let dials = |stage: &Stage| stage.events.iter().filter(|event| matches!(event, Event::Connecting { .. })).count();
    stage.wait(Timing::LAB.refused - SECOND);
    assert_eq!(dials(&stage), 0);
    stage.wait(2 * SECOND);
    assert_eq!(dials(&stage), 1);
}

/// A tells of blocks far ahead, B serves them: whatever B brings was asked of it.
#[test]
fn who_serves_what_another_announced_loses_nothing() {
    let mut stage = Stage::new(slots(8));
    (1..=2).for_each(|n| stage.befriend(n));
    let blocks = chain_of(&stage, 40);
    // A's news do not connect; A never answers the question that follows.
    stage.receive(1, headers(&blocks[39..], false));
    stage.receive(2, headers(&blocks[39..], false));
    // B serves, late and in any order, what is asked of it and what A had told of.
    let mut served = 0;
    for _ in 0..60 {
        stage.live(SECOND / 2);
        for message in stage.take_sent(2) {
            match &*message {
                Message::GetHeaders { .. } => stage.receive(2, headers(&blocks, true)),
                Message::GetBlock { id } => {
                    let block = blocks.iter().find(|block| block.id() == *id).unwrap();
                    stage.receive(2, Message::Block { block: Arc::clone(block) });
                    served += 1;
                }
                _ => {}
            }
        }
    }
    assert_eq!(stage.tip(), blocks[39].id());
    assert!(served >= 40, "{served}");
    let lost = stage
        .events
        .iter()
        .filter(|event| matches!(event, Event::Reputation { peer, delta, .. } if *peer == peer_keys(2).address() && *delta < 0));
    assert_eq!(lost.count(), 0);
    assert!(stage.ready(2));
}
