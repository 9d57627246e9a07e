use super::*;
use crate::node::{ConnectionId, Discovery, Timing};
use crate::store::Teller;
use proptest::prelude::*;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const LAB: &Timing = &Timing::LAB;
const HOUR: Duration = Duration::from_secs(3_600);
/// Some moment that is not the beginning of time.
const NOW: Time = Time(1_700_000_000_000_000);

fn local(n: u16) -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], n))
}

/// The `n`th address of a network that the Internet routes.
fn public(n: u32) -> SocketAddr {
    SocketAddr::from((Ipv4Addr::from((11 << 24) + n), 8_080))
}

/// One address in each of as many /16 as wanted.
fn apart(n: u32) -> SocketAddr {
    public(n << 16 | 1)
}

fn id(n: u32) -> Address {
    let mut bytes = [0; 32];
    bytes[..4].copy_from_slice(&n.to_le_bytes());
    Address(bytes)
}

/// A peer in a /16 of its own.
fn teller(n: u32) -> Source {
    Source::Peer(id(n), IpAddr::V4(Ipv4Addr::from((60 << 24) + (n << 16) + 7)))
}

fn book(bootstrap: &[SocketAddr], scope: AddressScope) -> Book {
    let config = Config { bootstrap: bootstrap.to_vec(), address_scope: scope, ..Config::default() };
    Book::new(&config, 1, NOW)
}

fn rng() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(1)
}

fn bounds_hold(book: &Book) {
    for (what, count, most) in book.budgets() {
        assert!(count <= most, "{count} {what}, {most} at most");
    }
}

/// A dial that led to shaken hands, and its end.
fn reach(book: &mut Book, address: SocketAddr, now: Time) {
    book.dialling(address, true);
    book.connected(address, ConnectionId(1), id(9));
    book.answered(address, now);
    book.felt(address, now, LAB);
}

fn miss(book: &mut Book, address: SocketAddr, now: Time) -> Option<Duration> {
    book.dialling(address, false);
    book.failed(address, Time::MAX, now, LAB, &mut rng())
}

fn all_due(book: &mut Book, now: Time) -> Vec<SocketAddr> {
    let mut all = book.due_bootstrap(now, usize::MAX, |_, _| true);
    while let Some(address) = book.choose(now, |_, _| true) {
        book.dialling(address, false);
        all.push(address);
    }
    all
}

#[test]
fn the_back_off_doubles_up_to_its_longest() {
    let mut rng = rng();
    let (first, longest) = LAB.redial;
    for failures in [0, 1, 2, 3, 10, 31, 32, u32::MAX] {
        let full = first.saturating_mul(1u32.checked_shl(failures).unwrap_or(u32::MAX)).min(longest);
        let wait = outcome::back_off(failures, LAB, &mut rng);
        assert!(wait <= full && wait >= full / 2, "{failures}: {wait:?} of {full:?}");
    }
}

#[test]
fn a_bootstrap_address_is_never_dropped_and_one_of_low_quality_is() {
    let mut book = book(&[local(1)], AddressScope::Any);
    assert!(book.learn(&teller(1), local(2), Some(id(2)), NOW, NOW));
    for failure in 1..=20 {
        assert!(miss(&mut book, local(1), NOW).is_some());
        assert_eq!(miss(&mut book, local(2), NOW).is_some(), failure < 5);
    }
    assert_eq!(book.len(), 1);
}

#[test]
fn one_that_mostly_answered_is_kept_longer() {
    let mut book = book(&[], AddressScope::Any);
    book.learn(&teller(1), local(2), None, NOW, NOW);
    for _ in 0..3 {
        reach(&mut book, local(2), NOW);
    }
    let misses = (1..100).find(|n| miss(&mut book, local(2), NOW + LAB.redial.1 * *n).is_none());
    assert_eq!(misses, Some(8), "3 of 11 are below 0.3, 3 of 10 are not");
}

#[test]
fn one_that_answered_is_kept_while_it_restarts() {
    let mut book = book(&[], AddressScope::Any);
    book.learn(&teller(1), local(2), None, NOW, NOW);
    reach(&mut book, local(2), NOW);
    for n in 0..15 {
        assert!(miss(&mut book, local(2), NOW + LAB.redial.1 * n / 5).is_some(), "{n}");
    }
    assert_eq!(book.entries[&local(2)].attempts, 4, "three of fifteen failures count");
    assert!(miss(&mut book, local(2), NOW + LAB.redial.1 * 3).is_none(), "but it does not stay for ever");
}

#[test]
fn a_failure_counts_once_until_others_are_heard() {
    let mut book = book(&[], AddressScope::Any);
    book.learn(&teller(1), local(2), None, NOW, NOW);
    let mut fail = |heard: Time, n: u32| {
        book.dialling(local(2), false);
        book.failed(local(2), heard, NOW + LAB.redial.1 * n, LAB, &mut rng());
        book.entries.get(&local(2)).map(|entry| entry.attempts)
    };
    // Nobody is there to say that the network works; then somebody was, before it failed.
    (1..20).for_each(|n| assert_eq!(fail(Time(0), n), Some(0)));
    (20..40).for_each(|n| assert_eq!(fail(NOW, n), Some(1)));
    assert_eq!((40..43).filter_map(|n| fail(NOW + LAB.redial.1 * n, n)).max(), Some(4));
    assert_eq!(fail(NOW + LAB.redial.1 * 43, 43), None);
}

#[test]
fn a_dropped_address_does_not_come_back_before_its_back_off_ends() {
    let mut book = book(&[], AddressScope::Any);
    book.learn(&teller(1), local(2), Some(id(2)), NOW, NOW);
    while miss(&mut book, local(2), NOW).is_some() {}
    assert!(!book.learn(&teller(2), local(2), Some(id(2)), NOW, NOW + LAB.redial.1 / 2));
    let later = NOW + LAB.redial.1;
    assert!(book.learn(&teller(2), local(2), Some(id(2)), later, later));
}

#[test]
fn a_port_that_somebody_claims_replaces_nobody_whom_we_found_there() {
    let mut book = book(&[local(1)], AddressScope::Any);
    for n in [2, 3] {
        book.learn(&teller(1), local(n), Some(id(n.into())), NOW, NOW);
    }
    // The first two answered us.
    for n in 1..=2 {
        book.dialling(local(n), false);
        book.connected(local(n), ConnectionId(1), id(n.into()));
        book.answered(local(n), NOW);
    }
    (1..=3).for_each(|n| book.met(local(n), id(66), NOW + HOUR));
    assert_eq!([1, 2].map(|n| book.node_at(local(n))), [Some(id(1)), Some(id(2))]);
    assert_eq!(book.node_at(local(3)), Some(id(66)), "of a third one we only knew by hearsay");
    assert!(book.may_anchor(local(2), &id(2)));
}

#[test]
fn after_five_failures_nothing_dials_it_before_its_back_off_ends() {
    let mut book = book(&[local(1)], AddressScope::Any);
    let mut wait = Duration::ZERO;
    for _ in 0..5 {
        wait = miss(&mut book, local(1), NOW).unwrap();
    }
    assert!(wait >= LAB.redial.0 * 8, "{wait:?}");
    book.learn(&teller(1), local(1), Some(id(1)), NOW, NOW);
    book.met(local(1), id(1), NOW);
    let before = Time((NOW + wait).0 - 1);
    assert!(all_due(&mut book, before).is_empty());
    assert_eq!(book.next_due(before), Some(NOW + wait));
    assert_eq!(book.due_bootstrap(NOW + wait, 8, |_, _| true), [local(1)]);
}

#[test]
fn our_own_address_does_not_come_back() {
    let mut book = book(&[], AddressScope::Any);
    assert!(book.learn(&teller(1), local(1), Some(id(1)), NOW, NOW));
    book.forget(&local(1));
    let mapped = "[::ffff:127.0.0.1]:1".parse().unwrap();
    for address in [local(1), mapped] {
        assert!(!book.learn(&teller(1), address, Some(id(1)), NOW, NOW));
        book.add_bootstrap(address, NOW);
        book.met(address, id(1), NOW);
    }
    assert!(all_due(&mut book, NOW + HOUR).is_empty());
}

#[test]
fn an_ipv4_address_and_its_mapped_form_are_one() {
    let mut book = book(&[], AddressScope::Any);
    let mapped = "[::ffff:11.0.0.9]:8080".parse().unwrap();
    assert!(book.learn(&teller(1), mapped, Some(id(1)), NOW, NOW));
    assert!(!book.learn(&teller(2), public(9), Some(id(1)), NOW, NOW));
    assert_eq!((book.len(), all_due(&mut book, NOW)), (1, vec![public(9)]));
}

#[test]
fn the_public_scope_refuses_what_the_internet_does_not_route() {
    let mut book = book(&[local(1)], AddressScope::Routable);
    for text in
        ["10.0.0.1:1", "127.0.0.1:5", "[fe80::1]:1", "[::ffff:192.168.0.1]:1", "100.64.3.3:1", "203.0.113.5:1", "8.8.8.8:0"]
    {
        let address: SocketAddr = text.parse().unwrap();
        assert!(!book.learn(&teller(1), address, Some(id(1)), NOW, NOW), "{text}");
        book.met(address, id(1), NOW);
    }
    assert!(book.learn(&teller(1), "8.8.8.8:1".parse().unwrap(), Some(id(1)), NOW, NOW));
    assert_eq!(book.len(), 2, "what a person named stands");
}

/// Row 20: a thousand addresses of one network, told a hundred times.
#[test]
fn a_thousand_addresses_of_one_network_take_only_its_share() {
    let mut book = book(&[], AddressScope::Any);
    for n in 0..100 {
        book.learn(&teller(n), apart(n + 100), Some(id(n)), NOW, NOW);
    }
    for message in 0..100 {
        for n in 0..1_000 {
            book.learn(&teller(message), public(n * 61), Some(id(n)), NOW, NOW);
        }
    }
    bounds_hold(&book);
    let (subnet, group) = book.index.most_crowded();
    assert_eq!(group, ADDRESSES_PER_GROUP);
    assert!(subnet <= ADDRESSES_PER_SUBNET);
    assert_eq!(book.len(), 100 + ADDRESSES_PER_GROUP, "nobody else lost a place");
}

#[test]
fn a_networks_places_are_not_his_who_tells_first() {
    for crowd in [ADDRESSES_PER_SUBNET, ADDRESSES_PER_GROUP] {
        // Of one subnet, or of as many as the whole network may have.
        let of_network = |n: u32| if crowd == ADDRESSES_PER_SUBNET { public(n + 1) } else { public(n * 256 + 1) };
        let squatter = |n: u32| SocketAddr::new(of_network(n).ip(), 1);
        let mut book = book(&[], AddressScope::Any);
        (0..crowd as u32).for_each(|n| assert!(book.learn(&teller(1), squatter(n % 256), None, NOW, NOW)));
        // He who told them all makes room for what another tells, to a half.
        let others = (0..crowd as u32).filter(|n| book.learn(&teller(2), of_network(*n), None, NOW, NOW)).count();
        assert_eq!(others, crowd / 2);
        assert!(!book.learn(&teller(1), SocketAddr::new(of_network(0).ip(), 2), None, NOW, NOW));
        // Who is there himself always finds a place, and so does an anchor; but nothing gives way that answered.
        let answered: Vec<_> = book.entries.keys().copied().take(8).collect();
        answered.iter().for_each(|address| reach(&mut book, *address, NOW));
        let real = SocketAddr::new(of_network(0).ip(), 9_999);
        book.met(real, id(7), NOW + HOUR);
        let anchor = SocketAddr::new(of_network(1).ip(), 9_999);
        let saved = crate::store::SavedAddresses { anchors: vec![anchor], ..Default::default() };
        book.restore(&saved, true, NOW + HOUR);
        assert_eq!(book.anchors(), [anchor]);
        assert!(book.entries.contains_key(&real));
        assert!(answered.iter().all(|address| book.entries[address].tried));
        bounds_hold(&book);
        index_is_true(&book);
    }
}

#[test]
fn a_lab_has_one_subnet_and_no_bound_on_it() {
    let mut book = book(&[], AddressScope::Any);
    for n in 1..=500 {
        assert!(book.learn(&teller(1), local(n), Some(id(1)), NOW, NOW));
    }
    bounds_hold(&book);
}

#[test]
fn a_flood_pushes_out_itself_and_nothing_that_was_tried() {
    let mut book = book(&[apart(1)], AddressScope::Any);
    // Forty honest sources with fifty addresses each, ten of them tried.
    let honest: Vec<_> = (0..2_000).map(|n| SocketAddr::from((Ipv4Addr::from((20 << 24) + n * 7_919), 8_080))).collect();
    for (n, address) in (0..).zip(&honest) {
        assert!(book.learn(&teller(n % 40), *address, Some(id(n)), NOW, NOW));
    }
    honest[..400].iter().for_each(|address| reach(&mut book, *address, NOW));
    // A hundred sources with a thousand each, seen a moment ago.
    let later = NOW + Duration::from_secs(60);
    for n in 0..100_000 {
        let address = SocketAddr::from((Ipv4Addr::from((120 << 24) + n * 641), 8_080));
        book.learn(&teller(100 + n % 100), address, Some(id(n)), later, later);
    }
    bounds_hold(&book);
    assert_eq!(book.tried(), 400);
    assert!(book.len() >= 8_000, "the flood fills what is free");
    let left = honest.iter().filter(|address| book.entries.contains_key(*address)).count();
    assert_eq!(left, honest.len(), "the small accounts are left alone");
    assert!(book.is_bootstrap(&apart(1)));
}

#[test]
fn who_tells_of_an_address_first_cannot_take_it_away_again() {
    let mut book = book(&[], AddressScope::Any);
    let (liar, honest) = (teller(1), teller(2));
    book.learn(&liar, apart(0), Some(id(0)), NOW, NOW);
    for n in 0..500 {
        book.learn(&liar, local(n + 1), Some(id(1)), NOW, NOW);
    }
    book.learn(&honest, apart(0), Some(id(0)), NOW, NOW);
    // Fresher than what he told before, so that his oldest go first.
    let later = NOW + HOUR;
    for n in 0..2_000 {
        book.learn(&liar, SocketAddr::from(([127, 0, 0, 2], n + 1)), Some(id(1)), later, later);
    }
    bounds_hold(&book);
    assert!(book.entries.contains_key(&apart(0)));
}

#[test]
fn nobody_takes_over_what_others_told_only_to_drop_it() {
    let mut book = book(&[], AddressScope::Any);
    let honest: Vec<_> = (1..=500).map(local).collect();
    honest.iter().for_each(|address| assert!(book.learn(&teller(1), *address, Some(id(1)), NOW, NOW)));
    // More liars than former tellers are remembered, each in a network of his own.
    let later = NOW + HOUR;
    for liar in 2..8 {
        honest.iter().for_each(|address| assert!(!book.learn(&teller(liar), *address, Some(id(1)), Time(0), NOW)));
        assert!(book.index.new.share(&teller(liar).account(honest[0].ip(), None)) > 0, "some are his now");
    }
    // Each drowns what he took in what he makes up, until the whole book is full.
    for liar in 2..12 {
        for n in 0..2_000 {
            book.learn(&teller(liar), SocketAddr::from(([127, 0, 1, liar as u8], n + 1)), Some(id(2)), later, later);
        }
        bounds_hold(&book);
    }
    assert_eq!(book.index.new.len(), NEW_ADDRESSES);
    let left = honest.iter().filter(|address| book.entries.contains_key(*address)).count();
    assert_eq!(left, honest.len());
}

#[test]
fn a_tried_address_is_tested_before_it_gives_way() {
    let mut book = book(&[], AddressScope::Any);
    // More of one network than may be tried: the last ones want in.
    let addresses: Vec<_> = (0..=TRIED_PER_GROUP as u32).map(|n| public(n * 256 + 1)).collect();
    for address in &addresses {
        assert!(book.learn(&teller(1), *address, None, NOW, NOW));
        reach(&mut book, *address, NOW);
    }
    bounds_hold(&book);
    assert_eq!(book.tried(), TRIED_PER_GROUP);
    let last = addresses[TRIED_PER_GROUP];
    let soon = NOW + LAB.redial.0;
    let victim = book.choose_feeler(soon, false, |_, _| true).expect("a test is due");
    assert_ne!(victim, last);
    assert_eq!(book.choose_feeler(soon, false, |address, _| address != victim), None, "unless it is not to be dialled");
    // It answers: all stays as it is.
    reach(&mut book, victim, soon);
    assert!(book.entries[&victim].tried && !book.entries[&last].tried);
    assert_eq!(book.choose_feeler(soon + HOUR, false, |_, _| true), None);
    // The next time it does not.
    reach(&mut book, last, soon);
    let victim = book.choose_feeler(soon + HOUR, false, |_, _| true).expect("another test is due");
    book.dialling(victim, true);
    book.failed(victim, Time::MAX, soon + HOUR, LAB, &mut rng());
    assert!(!book.entries[&victim].tried && book.entries[&last].tried);
    assert_eq!(book.tried(), TRIED_PER_GROUP);
    bounds_hold(&book);
}

/// A person names an address whose place another wants.
#[test]
fn a_bootstrap_address_stays_even_if_it_fails_its_test() {
    let mut book = book(&[], AddressScope::Any);
    for n in 0..=TRIED_PER_GROUP as u32 {
        book.learn(&teller(1), public(n * 256 + 1), None, NOW, NOW);
        reach(&mut book, public(n * 256 + 1), NOW);
    }
    let soon = NOW + LAB.redial.0;
    let tested = book.choose_feeler(soon, false, |_, _| true).expect("a test is due");
    // No room is left among the new ones.
    for n in 0..100 {
        for port in 1..=1_000 {
            book.learn(&teller(n), SocketAddr::from(([127, 0, 2, n as u8], port)), None, NOW, NOW);
        }
    }
    assert_eq!(book.index.new.len(), NEW_ADDRESSES);
    book.add_bootstrap(tested, soon);
    assert!(miss(&mut book, tested, soon).is_some());
    assert!(book.is_bootstrap(&tested) && book.entries[&tested].tried);
    assert!(book.entries[&public(TRIED_PER_GROUP as u32 * 256 + 1)].tried, "the one that waited has its place");
    index_is_true(&book);
}

#[test]
fn what_nobody_sees_grows_stale() {
    let mut book = book(&[local(1)], AddressScope::Any);
    for n in 2..=3 {
        book.learn(&teller(1), local(n), None, NOW, NOW);
    }
    reach(&mut book, local(3), NOW);
    book.drop_stale(NOW + 24 * HOUR);
    assert_eq!(book.len(), 3);
    book.drop_stale(NOW + 25 * HOUR);
    assert_eq!(book.len(), 2, "a new one goes after a day");
    book.drop_stale(NOW + 24 * 31 * HOUR);
    assert_eq!(book.len(), 1, "a tried one after a month, a bootstrap address never");
    let old = NOW + 100 * HOUR;
    assert!(!book.learn(&teller(1), local(9), None, NOW, old), "nor is it heard of again");
}

#[test]
fn new_and_tried_are_chosen_by_a_coin_and_failures_weigh() {
    let mut book = book(&[], AddressScope::Any);
    for n in 1..=100 {
        book.learn(&teller(1), local(n), None, NOW, NOW);
    }
    reach(&mut book, local(1), NOW);
    let now = NOW + LAB.redial.0;
    let tried = (0..1_000).filter(|_| book.choose(now, |_, _| true) == Some(local(1))).count();
    assert!((400..600).contains(&tried), "{tried} of 1000");
    let wanted = |address: SocketAddr, _: Option<&Address>| [local(2), local(3)].contains(&address);
    for _ in 0..4 {
        miss(&mut book, local(2), NOW);
    }
    let now = NOW + HOUR;
    let failing = (0..1_000).filter(|_| book.choose(now, wanted) == Some(local(2))).count();
    assert!((50..400).contains(&failing), "{failing} of 1000: four failures leave a fifth of its chance");
}

#[test]
fn a_book_comes_back_under_the_rules_of_the_first_day() {
    let mut before = book(&[local(1)], AddressScope::Any);
    for n in 0..300 {
        before.learn(&teller(n), apart(n), Some(id(n)), NOW, NOW);
    }
    (0..20).for_each(|n| reach(&mut before, apart(n), NOW));
    miss(&mut before, apart(30), NOW);
    let saved = before.to_saved(vec![apart(3), apart(4)]);
    assert_eq!(saved.addresses.len(), before.len() - 1, "the bootstrap address comes from the set-up");

    let mut after = book(&[apart(200)], AddressScope::Any);
    after.restore(&saved, true, NOW + HOUR);
    assert_eq!(after.to_saved(Vec::new()).addresses.len(), saved.addresses.len() - 1);
    assert_eq!((after.tried(), after.entries[&apart(30)].attempts), (20, 1));
    assert_eq!(after.anchors(), [apart(3), apart(4)]);
    assert!(after.take_changed(), "the anchors are to be deleted");
    bounds_hold(&after);

    // A month later, nothing but what was tried; with another scope nothing that is not routed.
    let mut late = book(&[], AddressScope::Routable);
    late.restore(&before.to_saved(Vec::new()), true, NOW + 24 * 29 * HOUR);
    assert_eq!((late.len(), late.tried()), (20, 20));
}

#[test]
fn a_file_from_elsewhere_breaks_no_bound() {
    let mut victim = book(&[], AddressScope::Any);
    let address = |n: u32| crate::store::SavedAddress {
        address: SocketAddr::from((Ipv4Addr::from((11 << 24) + n * 5), 1)),
        node: None,
        teller: Teller::Ipv4([1, 1]),
        seen: u64::MAX,
        since: u64::MAX,
        tried: n.is_multiple_of(2),
        attempts: u16::MAX,
        successes: u16::MAX,
    };
    let saved = crate::store::SavedAddresses {
        anchors: (0..100).map(apart).collect(),
        addresses: (0..30_000).map(address).collect(),
        ..crate::store::SavedAddresses::default()
    };
    victim.restore(&saved, true, NOW);
    bounds_hold(&victim);
    assert!(victim.anchors().len() <= crate::node::limits::ANCHORS);
    let known = *victim.entries.keys().next().unwrap();
    assert!(miss(&mut victim, known, NOW).is_some(), "counts of any size are taken");
}

#[test]
fn with_discovery_off_nothing_is_dialled() {
    let off = Discovery { bootstrap: false, ..Discovery::FIXED };
    let config = Config { bootstrap: vec![local(1)], discovery: off, ..Config::default() };
    let mut book = Book::new(&config, 1, NOW);
    assert!(!book.has_bootstrap() && all_due(&mut book, NOW).is_empty());
}

/// One thing that happens to a book.
#[derive(Clone, Debug)]
enum Step {
    Learn { teller: u32, address: u32, age: u32 },
    Inbound(u32),
    Bootstrap(u32),
    Reach(u32),
    Miss(u32),
    Own(u32),
    Choose,
    Feel(bool),
    Stale,
    Pass(u32),
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let address = 0_u32..4_000;
    prop_oneof![
        12 => (0_u32..6, address.clone(), 0_u32..200_000).prop_map(|(teller, address, age)| Step::Learn { teller, address, age }),
        4 => address.clone().prop_map(Step::Inbound),
        1 => address.clone().prop_map(Step::Bootstrap),
        6 => address.clone().prop_map(Step::Reach),
        6 => address.clone().prop_map(Step::Miss),
        1 => address.prop_map(Step::Own),
        4 => Just(Step::Choose),
        2 => any::<bool>().prop_map(Step::Feel),
        1 => Just(Step::Stale),
        2 => (0_u32..20_000).prop_map(Step::Pass),
        1 => Just(Step::Restart),
    ]
}

/// What is indexed must be what the entries say, to the last address.
fn index_is_true(book: &Book) {
    let count = |wanted: &dyn Fn(&Entry) -> bool| book.entries.values().filter(|entry| wanted(entry)).count();
    assert_eq!(book.index.new.len(), count(&|entry| !entry.bootstrap && !entry.tried));
    assert_eq!(book.index.tried.len(), count(&|entry| !entry.bootstrap && entry.tried));
    assert_eq!(book.index.bootstrap, count(&|entry| entry.bootstrap));
    assert_eq!(book.index.dialling.len(), count(&|entry| entry.link == Link::Dialling { feeler: false }));
    assert_eq!(book.index.feelers.len(), count(&|entry| entry.link == Link::Dialling { feeler: true }));
    let of_networks =
        |(address, entry): &(&SocketAddr, &Entry)| entry.kind() == Kind::New && scope::group(address.ip()).is_some();
    assert_eq!(book.index.told(), book.entries.iter().filter(of_networks).count());
    assert_eq!(book.index.idle.len(), count(&|entry| entry.link == Link::None));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_sequence_keeps_all_bounds(steps in proptest::collection::vec(step(), 1..600), dense: bool) {
        let mut book = book(&[apart(1)], AddressScope::Any);
        let mut now = NOW;
        // Dense: all in few subnets; else in many networks, of which some are local.
        let place = |n: u32| match n % 4 {
            _ if dense => public(n % 1_000),
            0 => local(n as u16 + 1),
            1 => SocketAddr::from((std::net::Ipv6Addr::new(0x2a00, n as u16 % 7, n as u16, 0, 0, 0, 0, 1), 1)),
            _ => apart(n % 150),
        };
        for step in steps {
            match step {
                Step::Learn { teller: from, address, age } => {
                    let seen = Time(now.0 - u64::from(age) * 1_000_000);
                    book.learn(&teller(from), place(address), Some(id(address)), seen, now);
                }
                Step::Inbound(n) => book.met(place(n), id(n), now),
                Step::Bootstrap(n) => book.add_bootstrap(place(n), now),
                Step::Reach(n) => reach(&mut book, place(n), now),
                Step::Miss(n) => drop(miss(&mut book, place(n), now)),
                Step::Own(n) => book.forget(&place(n)),
                Step::Choose => {
                    if let Some(address) = book.choose(now, |_, _| true) {
                        prop_assert!(book.is_idle(&address) && book.entries[&address].next <= now);
                        book.dialling(address, false);
                    }
                }
                Step::Feel(new_too) => {
                    if let Some(address) = book.choose_feeler(now, new_too, |_, _| true) {
                        prop_assert!(book.is_idle(&address) && book.entries[&address].next <= now);
                        book.dialling(address, true);
                    }
                }
                Step::Stale => book.drop_stale(now),
                Step::Pass(seconds) => now = now + Duration::from_secs(seconds.into()),
                Step::Restart => {
                    let saved = book.to_saved(vec![place(1)]);
                    book = self::book(&[apart(1)], AddressScope::Any);
                    book.restore(&saved, true, now);
                }
            }
            bounds_hold(&book);
            index_is_true(&book);
            prop_assert!(book.is_bootstrap(&apart(1)) || book.own.contains(&apart(1)));
        }
    }
}
