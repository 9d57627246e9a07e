use super::*;
use crate::chain::testing::*;

#[test]
fn what_does_not_apply_is_left_out() {
    let builder = Builder::new(easy_spec());
    let foreign = Transaction {
        transfer: crate::chain::Transfer { chain: crate::chain::ChainId(9), ..pay(0, 0, 1, 1).transfer },
        ..pay(0, 0, 1, 1)
    };
    let offered =
        vec![pay(0, 1, 1, 1), foreign, pay(0, 0, 1, 1), pay(0, 1, 1, 1), pay(1, 0, u64::MAX, 1), pay(2, 0, 2_000_000, 0)];
    let block = builder.job(offered, 1).build(0).block;
    assert_eq!(block.transactions, [pay(0, 0, 1, 1), pay(0, 1, 1, 1)]);
    assert!(block.body_matches());
}

#[test]
fn time_is_never_too_early() {
    let builder = Builder::new(easy_spec());
    let job = builder.job(Vec::new(), 1);
    let mut template = job.build(0);
    assert_eq!(template.block.header.time, job.earliest_time);
    template.set_time(job.earliest_time + 7);
    assert_eq!(template.block.header.time, job.earliest_time + 7);
    template.set_time(5);
    assert_eq!(template.block.header.time, job.earliest_time);
}

#[test]
fn a_search_finds_what_meets_the_difficulty() {
    let builder = Builder::new(easy_spec());
    let mut job = builder.job(Vec::new(), 1);
    job.difficulty = 500;
    let template = job.build(0);
    let block = template.search(0, 100_000).unwrap();
    let Seal::Work { nonce } = block.header.seal;
    assert!(block.header.is_sealed());
    assert_eq!(template.search(nonce, 1).unwrap(), block);
    assert!(template.search(0, nonce).is_none() && template.search(0, 0).is_none());
    // Goes on at 0 after the last nonce.
    assert_eq!(template.search(u64::MAX - 2, nonce + 4).map(|block| block.header.is_sealed()), Some(true));
    job.difficulty = u64::MAX;
    assert!(job.build(0).search(u64::MAX, 100).is_none());
}

#[test]
fn a_miner_who_owns_everything_gets_a_template_without_a_panic() {
    let mut builder = Builder::new(easy_spec());
    builder.state = builder.state.with(&[(Address([1; 32]), crate::chain::Account { balance: u64::MAX, nonce: 0 })]);
    assert!(builder.job(vec![pay(0, 0, 1, 1)], 1).build(0).block.transactions.is_empty());
}
