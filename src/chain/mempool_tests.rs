use super::*;
use crate::chain::testing::{keys, pay};
use crate::chain::{Account, Signature, Transfer};
use proptest::prelude::*;

const HOUR: u64 = POOL_EXPIRY_MS;

fn state(accounts: &[(u8, u64, u64)]) -> State {
    State::from_accounts(
        accounts.iter().map(|(n, balance, nonce)| (keys(*n).address(), Account { balance: *balance, nonce: *nonce })),
    )
}

fn pool(most: usize, state: &State, transactions: &[Transaction]) -> Mempool {
    let mut pool = Mempool::with_room_for(most);
    for transaction in transactions {
        pool.insert(*transaction, state, 0).unwrap();
    }
    pool
}

#[test]
fn takes_and_refuses() {
    let state = state(&[(0, 1_000, 5)]);
    let mut pool = Mempool::new();
    let first = pay(0, 5, 100, 20);
    assert_eq!(pool.insert(first, &state, 0).unwrap(), Admitted { id: first.id(), replaced: None, evicted: vec![] });
    assert_eq!(pool.insert(first, &state, 0), Err(PoolError::Known));
    assert_eq!(pool.insert(pay(0, 4, 1, 1), &state, 0), Err(PoolError::Stale { nonce: 4, account: 5 }));
    assert_eq!(pool.insert(pay(0, 69, 1, 1), &state, 0), Err(PoolError::TooFarAhead { nonce: 69, account: 5 }));
    assert_eq!(pool.insert(pay(0, u64::MAX, 1, 1), &state, 0), Err(PoolError::TooFarAhead { nonce: u64::MAX, account: 5 }));
    assert!(pool.insert(pay(0, 68, 1, 1), &state, 0).is_ok());
    assert_eq!(pool.insert(pay(0, 6, 870, 9), &state, 0), Err(PoolError::Unaffordable));
    assert_eq!(pool.insert(pay(0, 6, u64::MAX, u64::MAX), &state, 0), Err(PoolError::Unaffordable));
    assert!(pool.insert(pay(0, 6, 870, 8), &state, 0).is_ok());
    assert_eq!(pool.insert(pay(1, 0, 0, 1), &state, 0), Err(PoolError::Unaffordable));
    assert_eq!(pool.insert(pay(0, 5, 1, 21), &state, 0), Err(PoolError::FeeTooLowToReplace(22)));
    assert_eq!(pool.insert(pay(0, 5, 99, 22), &state, 0), Err(PoolError::Unaffordable));
    let better = pay(0, 5, 98, 22);
    assert_eq!(pool.insert(better, &state, 0).unwrap().replaced, Some(first.id()));
    assert!(!pool.contains(&first.id()) && pool.get(&better.id()) == Some(&better));
    assert_eq!((pool.len(), pool.bytes()), (3, 3 * Transaction::SIZE));
    assert_eq!(pool.next_nonce(&keys(0).address(), &state), 7);
    assert_eq!(pool.next_nonce(&keys(1).address(), &state), 0);
}

#[test]
fn another_signature_is_no_replacement() {
    let state = state(&[(0, u64::MAX, 0)]);
    let mut pool = Mempool::new();
    for fee in [0, u64::MAX] {
        let mut again = pay(0, 0, 0, fee);
        pool.insert(again, &state, 0).unwrap();
        again.signature = Signature([1; 64]);
        assert!(matches!(pool.insert(again, &state, 0), Err(PoolError::FeeTooLowToReplace(_))));
    }
}

#[test]
fn the_best_come_first_and_each_accounts_own_in_order() {
    let state = state(&[(0, 1_000, 0), (1, 1_000, 0), (2, 1_000, 0), (3, 1_000, 0)]);
    let mut pool = pool(
        100,
        &state,
        &[pay(0, 0, 1, 5), pay(0, 1, 1, 50), pay(1, 0, 1, 20), pay(1, 1, 1, 4), pay(2, 0, 1, 5), pay(3, 1, 1, 99)],
    );
    let fees: Vec<_> = pool.best(10).iter().map(|transaction| (transaction.transfer.from, transaction.transfer.fee)).collect();
    let [a, b, c] = [0, 1, 2].map(|n| keys(n).address());
    assert_eq!(fees, [(b, 20), (a, 5), (a, 50), (c, 5), (b, 4)]);
    assert_eq!(pool.best(2).len(), 2);
    assert!(pool.best(0).is_empty());
}

#[test]
fn a_full_pool_drops_what_is_worth_least() {
    let state = state(&[(0, 1_000, 0), (1, 1_000, 0), (2, 1_000, 0), (3, 1_000, 0)]);
    let chain = [pay(0, 0, 1, 2), pay(0, 1, 1, 90), pay(1, 0, 1, 10), pay(1, 1, 1, 5)];
    let mut pool = pool(4, &state, &chain);
    assert_eq!(pool.insert(pay(2, 0, 1, 2), &state, 0), Err(PoolError::Full));
    // The 90 cannot go before the 2, so it is worth 2.
    assert_eq!(pool.insert(pay(2, 0, 1, 3), &state, 0).unwrap().evicted, [chain[1].id()]);
    assert_eq!(pool.insert(pay(2, 1, 1, 8), &state, 0).unwrap().evicted, [chain[0].id()]);
    // A replacement takes no room.
    assert_eq!(pool.insert(pay(2, 0, 1, 4), &state, 0).unwrap().evicted, []);
    // What waits for a missing nonce is worth nothing.
    assert_eq!(pool.insert(pay(3, 1, 1, 100), &state, 0), Err(PoolError::Full));
    assert_eq!(pool.len(), 4);
    let mut pool = super::tests::pool(1, &state, &[pay(3, 1, 1, 100)]);
    assert_eq!(pool.insert(pay(1, 0, 1, 1), &state, 0).unwrap().evicted, [pay(3, 1, 1, 100).id()]);
}

#[test]
fn an_hour_is_enough() {
    let state = state(&[(0, 1_000, 0), (1, 1_000, 0)]);
    let mut pool = Mempool::new();
    pool.insert(pay(0, 0, 1, 1), &state, 10).unwrap();
    pool.insert(pay(1, 0, 1, 1), &state, 20).unwrap();
    assert!(pool.expire(10 + HOUR).is_empty() && pool.expire(0).is_empty());
    assert_eq!(pool.expire(11 + HOUR), [pay(0, 0, 1, 1).id()]);
    assert_eq!(pool.expire(u64::MAX), [pay(1, 0, 1, 1).id()]);
    assert!(pool.is_empty() && pool.queues.is_empty() && pool.orders.heads(&pool.queues).is_empty());
}

#[test]
fn mined_ones_leave_and_a_reorg_gives_them_back() {
    let before = state(&[(0, 1_000, 0), (1, 1_000, 0)]);
    let all = [pay(0, 0, 100, 1), pay(0, 1, 100, 1), pay(0, 2, 100, 1), pay(1, 0, 500, 1)];
    let mut pool = pool(100, &before, &all);
    pool.tip_changed(&[], &[], &before, 0);
    let after = state(&[(0, 798, 2), (1, 600, 0)]);
    pool.tip_changed(&all[..2], &[], &after, 1);
    assert_eq!(pool.best(9), [all[2], all[3]]);
    assert_eq!(pool.next_nonce(&keys(0).address(), &after), 3);
    // Another branch mined the second account's.
    let other = state(&[(0, 1_000, 0), (1, 499, 1)]);
    pool.tip_changed(&all[3..], &all[..2], &other, 2);
    assert_eq!(pool.best(9), all[..3]);
    assert!(!pool.contains(&all[3].id()));
}

#[test]
fn what_returns_makes_room_in_its_own_queue() {
    let before = state(&[(0, 100, 1)]);
    let mut pool = pool(100, &before, &[pay(0, 1, 40, 0), pay(0, 2, 40, 0)]);
    pool.tip_changed(&[], &[], &before, 0);
    let after = state(&[(0, 100, 0)]);
    pool.tip_changed(&[], &[pay(0, 0, 50, 0)], &after, 0);
    assert_eq!(pool.best(9), [pay(0, 0, 50, 0), pay(0, 1, 40, 0)]);
    assert_eq!(pool.len(), 2);
    // A balance that shrank for any reason: the last ones go.
    pool.tip_changed(&[], &[], &state(&[(0, 60, 0)]), 0);
    assert_eq!(pool.best(9), [pay(0, 0, 50, 0)]);
}

/// The pool's rules, said again as plainly as possible over one list.
#[derive(Default)]
struct Model {
    /// With the time and order of arrival.
    waiting: Vec<(Transaction, u64, u64)>,
    arrivals: u64,
}

impl Model {
    fn of(&self, from: Address) -> Vec<(Transaction, u64, u64)> {
        let mut own: Vec<_> = self.waiting.iter().filter(|(t, _, _)| t.transfer.from == from).copied().collect();
        own.sort_by_key(|(t, _, _)| t.transfer.nonce);
        own
    }

    fn cost(own: &[(Transaction, u64, u64)]) -> u128 {
        own.iter().map(|(t, _, _)| u128::from(t.transfer.amount) + u128::from(t.transfer.fee)).sum()
    }

    fn worth(own: &[(Transaction, u64, u64)], nonce: u64) -> u64 {
        let row = own.iter().enumerate().all(|(at, (t, _, _))| t.transfer.nonce == nonce + at as u64);
        own.iter().map(|(t, _, _)| t.transfer.fee).min().filter(|_| row).unwrap_or(0)
    }

    fn remove(&mut self, id: TxId) {
        self.waiting.retain(|(t, _, _)| t.id() != id);
    }

    fn insert(&mut self, transaction: Transaction, state: &State, now: u64, most: usize) -> bool {
        let t = transaction.transfer;
        let account = state.get(&t.from).unwrap_or_default();
        let own = self.of(t.from);
        if self.waiting.iter().any(|(other, _, _)| *other == transaction)
            || t.nonce < account.nonce
            || t.nonce >= account.nonce + 64
        {
            return false;
        }
        let old = own.iter().find(|(other, _, _)| other.transfer.nonce == t.nonce).copied();
        if old.is_some_and(|(old, _, _)| t.fee * 10 < old.transfer.fee * 11 || t.fee == old.transfer.fee) {
            return false;
        }
        self.arrivals += 1;
        let new = (transaction, now, self.arrivals);
        let mut with: Vec<_> = own.into_iter().filter(|(other, _, _)| other.transfer.nonce != t.nonce).chain([new]).collect();
        with.sort_by_key(|(t, _, _)| t.transfer.nonce);
        if Self::cost(&with) > u128::from(account.balance) {
            return false;
        }
        if let Some((old, _, _)) = old {
            self.remove(old.id());
        } else if self.waiting.len() >= most {
            let senders: BTreeSet<Address> = self.waiting.iter().map(|(t, _, _)| t.transfer.from).collect();
            let tails = senders.iter().map(|from| {
                let own = self.of(*from);
                let tail = own[own.len() - 1];
                (Self::worth(&own, state.get(from).unwrap_or_default().nonce), Reverse(tail.2), tail.0.id())
            });
            let least = tails.min().unwrap();
            if least.0 >= Self::worth(&with, account.nonce) {
                return false;
            }
            self.remove(least.2);
        }
        self.waiting.push(new);
        true
    }

    fn best(&self, state: &State) -> Vec<Transaction> {
        let mut left = self.waiting.clone();
        let mut nonces: BTreeMap<Address, u64> = BTreeMap::new();
        let mut best = Vec::new();
        loop {
            let nonce = |from: &Address| nonces.get(from).copied().unwrap_or(state.get(from).unwrap_or_default().nonce);
            let heads = left.iter().filter(|(t, _, _)| t.transfer.nonce == nonce(&t.transfer.from));
            let Some((t, _, _)) = heads.max_by_key(|(t, _, arrival)| (t.transfer.fee, Reverse(*arrival))).copied() else {
                return best;
            };
            nonces.insert(t.transfer.from, t.transfer.nonce + 1);
            left.retain(|(other, _, _)| *other != t);
            best.push(t);
        }
    }
}

#[derive(Clone, Debug)]
enum Step {
    Insert {
        from: u8,
        ahead: u64,
        amount: u64,
        fee: u64,
    },
    /// Mines so many of the best.
    Mine(usize),
    /// Undoes the last mined block.
    Undo,
    Expire(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0u8..5, 0u64..6, 0u64..60, 0u64..40).prop_map(|(from, ahead, amount, fee)| Step::Insert { from, ahead, amount, fee }),
        1 => (0usize..6).prop_map(Step::Mine),
        1 => Just(Step::Undo),
        1 => (0..HOUR / 4).prop_map(Step::Expire),
    ];
    prop::collection::vec(step, 1..150)
}

fn unsigned(from: u8, nonce: u64, amount: u64, fee: u64) -> Transaction {
    let from = Address([from; 32]);
    let transfer = Transfer { chain: crate::chain::ChainId(1), from, to: Address([9; 32]), amount, fee, nonce };
    Transaction { transfer, signature: Signature([0; 64]) }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn behaves_as_the_model(steps in steps(), most in 3usize..30) {
        let mut pool = Mempool::with_room_for(most);
        let mut model = Model::default();
        let account = Account { balance: 300, nonce: 7 };
        let mut state = State::from_accounts((0..5).map(|n| (Address([n; 32]), account)));
        let mut history: Vec<(State, Vec<Transaction>)> = Vec::new();
        let mut now = 0;
        pool.tip_changed(&[], &[], &state, 0);
        for step in steps {
            match step {
                Step::Insert { from, ahead, amount, fee } => {
                    let nonce = state.get(&Address([from; 32])).unwrap().nonce + ahead - 1;
                    let transaction = unsigned(from, nonce, amount, fee);
                    let admitted = pool.insert(transaction, &state, now);
                    prop_assert_eq!(admitted.is_ok(), model.insert(transaction, &state, now, most), "{:?}", admitted);
                }
                Step::Mine(count) => {
                    let mined = pool.best(count);
                    let mut execution = crate::chain::execute::Execution::new(&state);
                    mined.iter().for_each(|transaction| execution.apply(&transaction.transfer).unwrap());
                    let next = execution.finish(&Address([8; 32]), 1).unwrap();
                    history.push((std::mem::replace(&mut state, next), mined.clone()));
                    pool.tip_changed(&mined, &[], &state, now);
                    mined.iter().for_each(|transaction| model.remove(transaction.id()));
                }
                Step::Undo => if let Some((before, returned)) = history.pop() {
                    state = before;
                    pool.tip_changed(&[], &returned, &state, now);
                    // What comes back competes with what is there: the model takes over the outcome, the checks below judge it.
                    model.waiting.retain(|(transaction, _, _)| pool.contains(&transaction.id()));
                    for transaction in returned.iter().filter(|transaction| pool.contains(&transaction.id())) {
                        let waiting = &pool.queues[&transaction.transfer.from].get(transaction.transfer.nonce).unwrap();
                        model.waiting.push((*transaction, waiting.added, waiting.arrival));
                    }
                },
                Step::Expire(time) => {
                    now += time;
                    let mut expired = pool.expire(now);
                    expired.sort();
                    let mut old: Vec<_> = model.waiting.iter().filter(|(_, added, _)| now - added > HOUR).map(|(t, _, _)| t.id()).collect();
                    old.sort();
                    prop_assert_eq!(&expired, &old);
                    old.into_iter().for_each(|id| model.remove(id));
                }
            }
            model.arrivals = pool.arrivals;
            prop_assert_eq!(pool.len(), model.waiting.len());
            prop_assert!(pool.len() <= most);
            prop_assert!(model.waiting.iter().all(|(transaction, _, _)| pool.get(&transaction.id()) == Some(transaction)));
            let best = pool.best(usize::MAX);
            prop_assert_eq!(&best, &model.best(&state));
            // All of it applies in this order, and no account has more waiting than it can pay.
            let mut execution = crate::chain::execute::Execution::new(&state);
            for transaction in &best {
                prop_assert_eq!(execution.apply(&transaction.transfer), Ok(()));
            }
            for n in 0..5 {
                let from = Address([n; 32]);
                prop_assert!(Model::cost(&model.of(from)) <= u128::from(state.get(&from).unwrap().balance));
                let next = pool.next_nonce(&from, &state);
                prop_assert!(model.of(from).iter().all(|(transaction, _, _)| transaction.transfer.nonce != next));
            }
            // The orders hold one entry for each queue, and nothing that is gone.
            // The orders that were kept are those that would be made anew.
            let mut new = Orders::default();
            prop_assert_eq!(pool.orders.heads(&pool.queues), new.heads(&pool.queues));
            prop_assert_eq!(pool.orders.tails(&pool.queues), new.tails(&pool.queues));
        }
    }
}
