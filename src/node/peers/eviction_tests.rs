use super::*;
use proptest::collection::vec;
use proptest::prelude::*;

const NOW: Time = Time::from_millis(1_000_000);
const SALT: u64 = 7;

/// One that connected so many seconds ago and has shown nothing.
fn plain(n: u64, ago: u64) -> Candidate {
    Candidate {
        connection: ConnectionId(n),
        direction: Direction::Inbound,
        group: Some(Group::V4([66, 6])),
        since: Time(NOW.0 - ago * 1_000_000),
        rtt: None,
        block: None,
        transaction: None,
        reputation: 0,
        health: 85,
    }
}

#[test]
fn the_youngest_of_the_largest_network_goes() {
    let mut all: Vec<_> = (0..32).map(|n| plain(n, 1_000 - n)).collect();
    // A larger part of the young ones is of one network; the very youngest is not.
    for one in &mut all[20..31] {
        one.group = Some(Group::V4([77, 7]));
    }
    let goes = gives_way(&all, SALT, NOW).unwrap();
    assert_eq!(goes, ConnectionId(30));
}

#[test]
fn each_class_protects_its_own() {
    // The youngest of 32, each time the one that would go.
    type Give = fn(&mut Candidate);
    let merits: [(&str, Give); 5] = [
        ("block", |one| one.block = Some(NOW)),
        ("transaction", |one| one.transaction = Some(NOW)),
        ("a good name", |one| one.reputation = 1),
        ("nearness", |one| one.rtt = Some(Duration::from_millis(1))),
        ("network", |one| one.group = Some(Group::V6([1, 2, 3, 4]))),
    ];
    for (what, merit) in merits {
        let mut all: Vec<_> = (0..32).map(|n| plain(n, 1_000 - n)).collect();
        assert_eq!(gives_way(&all, SALT, NOW), Some(ConnectionId(31)));
        merit(&mut all[31]);
        assert_eq!(gives_way(&all, SALT, NOW), Some(ConnectionId(30)), "{what}");
    }
}

#[test]
fn who_hardly_serves_is_not_kept_for_nearness_network_or_age() {
    let mut all: Vec<_> = (0..8).map(|n| plain(n, 1_000 - n)).collect();
    all[0].health = SICK - 1;
    all[0].rtt = Some(Duration::ZERO);
    all[0].group = Some(Group::V4([9, 9]));
    // All others are of networks of their own, so that the sick one's is as large as any.
    let sick_alone: Vec<_> = std::iter::once(all[0]).chain((1..3).map(|n| plain(n, 1_000 - n))).collect();
    assert!(gives_way(&sick_alone, SALT, NOW).is_some());
    let only = [all[0]];
    assert_eq!(gives_way(&only, SALT, NOW), Some(ConnectionId(0)));
    let healthy = [Candidate { health: 100, ..all[0] }];
    assert_eq!(gives_way(&healthy, SALT, NOW), None);
}

#[test]
fn the_young_are_not_judged_and_an_empty_house_has_nobody_to_give_way() {
    let young: Vec<_> = (0..32).map(|n| plain(n, TOO_YOUNG.as_secs() - 1)).collect();
    assert_eq!(gives_way(&young, SALT, NOW), None);
    assert_eq!(gives_way(&[], SALT, NOW), None);
}

#[test]
fn another_salt_protects_other_networks() {
    let all: Vec<_> = (0..32u8).map(|n| Candidate { group: Some(Group::V4([n, 0])), ..plain(n.into(), 1_000) }).collect();
    let chosen: BTreeSet<_> = (0..50).filter_map(|salt| gives_way(&all, salt, NOW)).collect();
    assert!(chosen.len() > 1, "{chosen:?}");
}

fn any_candidate() -> impl Strategy<Value = Candidate> {
    let millis = || 0..1_000_000u64;
    let group = prop_oneof![
        Just(None),
        (0..4u8).prop_map(|n| Some(Group::V4([n, 0]))),
        (0..4u8).prop_map(|n| Some(Group::V6([0, 0, 0, n]))),
    ];
    (
        any::<bool>(),
        group,
        millis(),
        proptest::option::of(0..500u64),
        proptest::option::of(millis()),
        proptest::option::of(millis()),
    )
        .prop_flat_map(|fixed| (Just(fixed), -10_000..10_000i32, 0..=100u8))
        .prop_map(|((inbound, group, since, rtt, block, transaction), reputation, health)| Candidate {
            connection: ConnectionId(0),
            direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            group,
            since: Time::from_millis(since),
            rtt: rtt.map(Duration::from_millis),
            block: block.map(Time::from_millis),
            transaction: transaction.map(Time::from_millis),
            reputation,
            health,
        })
}

/// How many inbound ones are better by a key, and how many are as good or better.
fn rank<K: Ord>(all: &[Candidate], one: &Candidate, key: impl Fn(&Candidate) -> Option<K>) -> Option<usize> {
    let own = key(one)?;
    Some(all.iter().filter(|other| other.connection != one.connection && key(other).is_some_and(|key| key <= own)).count())
}

proptest! {
    #[test]
    fn nobody_goes_who_is_protected_or_whom_we_dialled(mut all in vec(any_candidate(), 0..80), salt in any::<u64>(), turn in 0..80usize) {
        for (n, one) in all.iter_mut().enumerate() {
            one.connection = ConnectionId(n as u64);
        }
        let goes = gives_way(&all, salt, NOW);
        // The order in which they are told decides nothing.
        let mut turned = all.clone();
        turned.rotate_left(turn.min(all.len()));
        turned.reverse();
        prop_assert_eq!(gives_way(&turned, salt, NOW), goes);
        let inbound: Vec<_> = all.iter().filter(|one| one.direction == Direction::Inbound).copied().collect();
        let share = (inbound.len() / PROTECTED_SHARE).max(1);
        if let Some(goes) = goes {
            let one = all[goes.0 as usize];
            prop_assert_eq!(one.direction, Direction::Inbound);
            prop_assert!(NOW.since(one.since) >= TOO_YOUNG);
            // Clearly among the best of a class: protected by it, or by one before.
            let ranks = [
                rank(&inbound, &one, |one| one.block.map(Reverse)),
                rank(&inbound, &one, |one| one.transaction.map(Reverse)),
                rank(&inbound, &one, |one| (one.reputation > 0).then_some(Reverse(one.reputation))),
                rank(&inbound, &one, |one| one.rtt.filter(|_| one.health >= SICK)),
            ];
            prop_assert!(ranks.iter().flatten().all(|rank| *rank >= share), "{:?} of {} each: {:?}", ranks, share, one);
        } else {
            // All are protected or too young: with none sick at most so many can be.
            let judged = inbound.iter().filter(|one| NOW.since(one.since) >= TOO_YOUNG).count();
            let safe = 5 * share + inbound.len().saturating_sub(share) / 2 + 1;
            prop_assert!(judged <= safe, "{} could go", judged);
        }
    }
}

/// A full house under a flood: however many ids knock from one network, those that are of use stay.
#[test]
fn a_flood_from_one_network_pushes_out_nobody_of_use() {
    let honest = |n: u64| Candidate {
        group: Some(Group::V4([n as u8, 1])),
        rtt: Some(Duration::from_millis(20 + n)),
        block: (n < 6).then_some(NOW),
        reputation: 200,
        ..plain(n, 500 - n)
    };
    let mut all: Vec<_> = (0..12).map(honest).chain((12..32).map(|n| plain(n, 400))).collect();
    let mut now = NOW;
    for knock in 0..200 {
        now = now + TOO_YOUNG;
        if let Some(goes) = gives_way(&all, SALT, now) {
            all.retain(|one| one.connection != goes);
            all.push(Candidate { since: now, ..plain(1_000 + knock, 0) });
        }
        assert_eq!(all.len(), 32);
    }
    let kept = all.iter().filter(|one| one.reputation > 0).count();
    assert_eq!(kept, 12);
}
