//! A node behind thin lines: what its peers have to say is more than any one of them carries, and less than all of them do.

use super::*;

/// How far node 5 is behind node 0 at each second of a minute, after a minute and a half. Its four lines carry 4 KB/s each; blocks are
/// 6 KB/s, 25 KB at a time.
fn lags(seed: u64) -> (Net, Vec<u64>) {
    let mut net = Net::new(spec(3), seed);
    for index in 0..6usize {
        let before: Vec<_> = (0..index).rev().take(4).collect();
        net.add(Config { discovery: Discovery::FIXED, ..config(&before, index < 3) });
    }
    for from in 0..5 {
        net.sim.set_link(from, 5, LinkModel { bandwidth: Some(4_000), ..net.sim.link(from, 5) });
    }
    let mut lags = Vec::new();
    for tick in 0..150 * 40u64 {
        let from = (tick % 5) as usize;
        net.sim.command(from, Command::Transfer { to: keys(20).address(), amount: 1, fee: 1 });
        net.sim.run_for(SECOND / 40);
        if tick >= 90 * 40 && tick % 40 == 0 {
            let height = |index| net.sim.node(index).unwrap().ledger().tip().height;
            lags.push(height(0).saturating_sub(height(5)));
        }
    }
    (net, lags)
}

#[test]
fn a_node_on_thin_lines_keeps_up_as_no_peer_pushes_what_its_line_cannot_carry() {
    for seed in [2, 4] {
        let (net, mut lags) = lags(seed);
        assert!(net.sim.node(0).unwrap().ledger().tip().height > 20);
        lags.sort_unstable();
        // A body takes six seconds and more on its line, and blocks come every four.
        assert!(lags[lags.len() / 2] <= 3 && lags[lags.len() - 1] <= 8, "{seed}: {lags:?}");
        assert_eq!(net.count(|event| matches!(event, Event::Banned { .. })), 0);
    }
}
