use super::*;
use crate::chain::testing::*;
use crate::chain::{Account, Address, ChainId, Hash256, Transfer};

fn job(builder: &Builder, block: Block) -> ValidationJob {
    let parent_state = builder.state.clone();
    ValidationJob {
        spec: Arc::clone(&builder.spec),
        id: block.id(),
        block: Arc::new(block),
        parent_state,
        check_signatures: true,
    }
}

fn template(builder: &Builder, transactions: Vec<Transaction>) -> Block {
    builder.job(transactions, 9).build(0).block
}

/// A block with these transactions, whatever they are, and a right transaction root.
fn forced(builder: &Builder, transactions: Vec<Transaction>) -> Block {
    let mut block = template(builder, Vec::new());
    block.transactions = transactions;
    block.header.tx_root = merkle::transaction_root(&block.transaction_ids());
    block
}

fn error(builder: &Builder, block: Block) -> String {
    match job(builder, block).run().result {
        Err(error) => error.to_string(),
        Ok(_) => "valid".into(),
    }
}

#[test]
fn a_good_block_moves_the_coins() {
    let builder = Builder::new(easy_spec());
    let block = template(&builder, vec![pay(0, 0, 100, 3), pay(0, 1, 50, 2), pay(1, 0, 1_000_100, 0)]);
    assert_eq!(block.transactions.len(), 3);
    let state = job(&builder, block).run().result.unwrap().state;
    let account = |address: &Address| state.get(address).unwrap_or_default();
    assert_eq!(account(&keys(0).address()), Account { balance: 1_000_000 - 155, nonce: 2 });
    assert_eq!(account(&keys(1).address()), Account { balance: 50, nonce: 1 });
    assert_eq!(account(&keys(2).address()).balance, 2_000_100);
    assert_eq!(account(&Address([9; 32])).balance, 55);
}

#[test]
fn the_verdict_does_not_depend_on_the_threads() {
    let builder = Builder::new(easy_spec());
    let transactions: Vec<_> = (0..20).flat_map(|from| (0..60).map(move |nonce| pay(from, nonce, 1, 1))).collect();
    let good = template(&builder, transactions.clone());
    assert_eq!(good.transactions.len(), 1_200);
    let mut wrong = transactions;
    wrong[1_100].signature.0[0] ^= 1;
    wrong[700].signature.0[0] ^= 1;
    let wrong = forced(&builder, wrong);
    for threads in [0, 1, 2, 3, 8, usize::MAX] {
        let verdict = job(&builder, good.clone()).run_on(threads.min(16));
        assert_eq!(verdict.result.unwrap().state.root(), good.header.state_root);
        let verdict = job(&builder, wrong.clone()).run_on(threads.min(16));
        assert_eq!(verdict.result.err(), Some(BlockError::Transaction { index: 700, error: TransactionError::BadSignature }));
    }
}

#[test]
fn a_replay_skips_signatures_only() {
    let builder = Builder::new(easy_spec());
    let mut transaction = pay(0, 0, 1, 1);
    transaction.signature.0[0] ^= 1;
    let block = template(&builder, vec![transaction]);
    let mut job = job(&builder, block);
    assert!(job.run().result.is_err());
    job.check_signatures = false;
    assert!(job.run().result.is_ok());
}

#[test]
fn a_mutated_body_is_only_a_mismatch() {
    let builder = Builder::new(easy_spec());
    let good = template(&builder, vec![pay(0, 0, 1, 1), pay(1, 0, 1, 1), pay(2, 0, 1, 1)]);
    let mut bodies = vec![good.clone(); 4];
    bodies[0].transactions.pop();
    bodies[1].transactions.push(pay(2, 0, 1, 1));
    bodies[2].transactions.swap(0, 1);
    bodies[3].transactions[1].signature.0[7] ^= 1;
    for body in bodies {
        assert_eq!(job(&builder, body).run().result.err(), Some(BlockError::BodyMismatch));
    }
}

#[test]
fn what_does_not_apply_makes_a_block_invalid() {
    let builder = Builder::new(easy_spec());
    let cases = [
        (vec![pay(0, 1, 1, 1)], "transaction 0 does not apply: its nonce is 1, the account's is 0"),
        (vec![pay(0, 0, 1, 1), pay(0, 0, 1, 1)], "transaction 1 does not apply: its nonce is 0, the account's is 1"),
        (vec![pay(0, 0, 1_000_000, 1)], "transaction 0 does not apply: it costs more than the account's 1000000"),
        (vec![pay(100, 0, 1, 0)], "transaction 0 does not apply: it costs more than the account's 0"),
        (vec![pay(0, u64::MAX, 1, 1)], "transaction 0 does not apply: its nonce is 18446744073709551615, the account's is 0"),
        (vec![pay(0, 0, u64::MAX, 1)], "transaction 0: amount and fee together overflow"),
        (vec![pay(0, 0, 1, 1)], "the state root is not that of the state after the block"),
    ];
    for (transactions, expected) in cases {
        assert_eq!(error(&builder, forced(&builder, transactions)), expected);
    }
    let foreign = Transfer { chain: ChainId(7), ..pay(0, 0, 1, 1).transfer }.sign(&keys(0));
    assert_eq!(
        error(&builder, forced(&builder, vec![foreign])),
        "transaction 0: the transaction is signed for chain 7, not for this one"
    );
}

#[test]
fn too_many_transactions_are_invalid() {
    let spec = Arc::new(ChainSpec { max_transactions: 2, ..(*easy_spec()).clone() });
    let builder = Builder::new(spec);
    let three = vec![pay(0, 0, 1, 1), pay(1, 0, 1, 1), pay(2, 0, 1, 1)];
    assert_eq!(error(&builder, forced(&builder, three.clone())), "3 transactions are too many");
    assert_eq!(template(&builder, three).transactions.len(), 2);
    // The size counts as well.
    let spec = Arc::new(ChainSpec { max_transactions: usize::MAX, ..(*easy_spec()).clone() });
    let builder = Builder::new(spec);
    let many = vec![pay(0, 0, 1, 1); encode::transactions_within(MAX_BLOCK_BYTES) + 1];
    assert_eq!(error(&builder, forced(&builder, many)), "53773 transactions are too many");
}

#[test]
fn nobody_is_paid_too_much_or_too_little() {
    let builder = Builder::new(easy_spec());
    let mut block = template(&builder, vec![pay(0, 0, 10, 5)]);
    let richer = builder.state.with(&[]);
    block.header.state_root = richer.root();
    assert!(error(&builder, block.clone()).starts_with("the state root"));
    block.header.state_root = Hash256::default();
    assert!(error(&builder, block).starts_with("the state root"));
}

#[test]
fn balances_at_the_edge_do_not_overflow() {
    let rich = |n: u8, balance| (keys(n).address(), balance);
    let allocation = vec![rich(0, u64::MAX), rich(1, u64::MAX), rich(2, 10)];
    let spec = Arc::new(ChainSpec { allocation, ..(*easy_spec()).clone() });
    let builder = Builder::new(spec);
    assert!(error(&builder, forced(&builder, vec![pay(0, 0, 1, 0)])).ends_with("the receiver's balance overflows"));
    let mut miner_overflows = forced(&builder, Vec::new());
    miner_overflows.header.miner = keys(0).address();
    assert!(error(&builder, miner_overflows).starts_with("reward and fees overflow"));
    let fees = forced(
        &builder,
        vec![pay(2, 0, 0, 10), Transfer { to: Address([1; 32]), ..pay(0, 0, 0, u64::MAX).transfer }.sign(&keys(0))],
    );
    assert!(error(&builder, fees).ends_with("reward and fees overflow the miner's balance"));
    // To oneself all is well, at the largest balance too.
    let own = Transfer { to: keys(0).address(), ..pay(0, 0, u64::MAX, 0).transfer }.sign(&keys(0));
    let block = template(&builder, vec![own]);
    let state = job(&builder, block).run().result.unwrap().state;
    assert_eq!(state.get(&keys(0).address()), Some(Account { balance: u64::MAX, nonce: 1 }));
}

#[test]
fn the_last_nonce_cannot_be_used() {
    let mut builder = Builder::new(easy_spec());
    builder.state = builder.state.with(&[(keys(0).address(), Account { balance: 10, nonce: u64::MAX })]);
    assert!(error(&builder, forced(&builder, vec![pay(0, u64::MAX, 1, 1)])).ends_with("used up its nonces"));
}
