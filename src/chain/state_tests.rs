use super::*;
use proptest::prelude::*;

type Accounts = BTreeMap<Address, Account>;

fn address(n: u32) -> Address {
    let mut bytes = [0; 32];
    bytes[28..].copy_from_slice(&n.to_be_bytes());
    Address(bytes)
}

fn accounts(range: std::ops::Range<u32>) -> Accounts {
    range.map(|n| (address(n), Account { balance: u64::from(n) + 1, nonce: 0 })).collect()
}

fn state(accounts: &Accounts) -> State {
    State::from_accounts(accounts.iter().map(|(address, account)| (*address, *account)))
}

fn apply(accounts: &mut Accounts, changes: &[(Address, Option<Account>)]) {
    for (address, account) in changes {
        match account {
            Some(account) => accounts.insert(*address, *account),
            None => accounts.remove(address),
        };
    }
}

fn some_accounts() -> impl Strategy<Value = Accounts> {
    prop::collection::btree_map(0u32..600, (0u64..3, 0u64..2), 0..400)
        .prop_map(|map| map.into_iter().map(|(n, (balance, nonce))| (address(n), Account { balance, nonce })).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_root_does_not_know_the_history(steps in prop::collection::vec(some_accounts(), 0..5)) {
        let mut all = Accounts::new();
        let mut version = State::empty();
        for step in &steps {
            version = version.with(&step.iter().map(|(address, account)| (*address, *account)).collect::<Vec<_>>());
            all.extend(step);
            prop_assert_eq!(version.root(), state(&all).root());
            prop_assert_eq!(version.len(), all.len());
        }
        prop_assert!(version.iter().eq(all.iter().map(|(address, account)| (*address, *account))));
        for n in 0..600 {
            prop_assert_eq!(version.get(&address(n)), all.get(&address(n)).copied());
        }
    }

    #[test]
    fn changes_turn_one_version_into_another(a in some_accounts(), b in some_accounts()) {
        let changes = state(&b).changes_since(&state(&a));
        prop_assert!(changes.is_sorted_by(|x, y| x.0 < y.0));
        let mut turned = a.clone();
        apply(&mut turned, &changes);
        prop_assert_eq!(&turned, &b);
        // Nothing is written that was so before.
        prop_assert!(changes.iter().all(|(address, account)| a.get(address).copied() != *account));
    }

    #[test]
    fn equal_roots_mean_equal_accounts(a in some_accounts(), b in some_accounts()) {
        prop_assert_eq!(a == b, state(&a).root() == state(&b).root());
    }
}

#[test]
fn going_back_deletes() {
    let old = state(&accounts(0..40));
    let new = old.with(&accounts(30..50).into_iter().collect::<Vec<_>>());
    assert_eq!(new.changes_since(&old).len(), 10);
    let back = old.changes_since(&new);
    assert_eq!(back, (40..50).map(|n| (address(n), None)).collect::<Vec<_>>());
    assert_eq!(State::empty().changes_since(&new).len(), 50);
}

#[test]
fn unchanged_parts_stay_shared() {
    let old = state(&accounts(0..20_000));
    let same = old.with(&accounts(0..500).into_iter().collect::<Vec<_>>());
    assert!(matches!((&old.root, &same.root), (Node::Branch(a), Node::Branch(b)) if std::sync::Arc::ptr_eq(a, b)));
    let new = old.with(&[(address(7), Account::default())]);
    assert_eq!(new.changes_since(&old), [(address(7), Some(Account::default()))]);
    let (Node::Branch(a), Node::Branch(b)) = (&old.root, &new.root) else { panic!("20,000 accounts take a branch") };
    let shared = a.children.iter().zip(&b.children).filter(|(a, b)| a.as_ref().unwrap().is_same(b.as_ref().unwrap())).count();
    assert_eq!(shared, 15);
}

#[test]
fn a_bucket_splits_past_sixteen() {
    assert!(matches!(state(&accounts(0..16)).root, Node::Bucket(_)));
    assert!(matches!(state(&accounts(0..17)).root, Node::Branch(_)));
    assert!(State::empty().is_empty());
    assert_eq!(State::empty().root(), State::from_accounts([]).root());
}

#[test]
fn a_later_entry_wins() {
    let twice =
        State::from_accounts([(address(1), Account { balance: 1, nonce: 0 }), (address(1), Account { balance: 2, nonce: 0 })]);
    assert_eq!(twice.get(&address(1)), Some(Account { balance: 2, nonce: 0 }));
    assert_eq!(twice.len(), 1);
}

#[test]
fn many_versions_are_dropped_without_trouble() {
    let mut versions = vec![State::empty()];
    for n in 0..3_000 {
        let next = versions[versions.len() - 1].with(&[(address(n), Account { balance: 1, nonce: 0 })]);
        versions.push(next);
    }
    versions.truncate(1);
    assert!(versions[0].is_empty());
}
