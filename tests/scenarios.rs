//! Two hundred scenarios from seeds: whatever happens, the honest agree in the end, keep their books and blame only who is to blame.
//!
//! A seed that fails is made small and printed as a preset. More of them: `SCENARIOS=1000 cargo test --release --test scenarios more -- --ignored`.

use rumormill::cluster::generate::{check, scenario, shrink};

/// How often a scenario that fails is played again to make it smaller, at most: a minute's worth.
const SHRINK_STEPS: usize = 150;

fn holds(seeds: impl IntoIterator<Item = u64>) {
    for seed in seeds {
        let plan = scenario(seed);
        let outcome = check(&plan);
        if outcome.violations.is_empty() {
            continue;
        }
        let mut steps = 0;
        let kind = std::mem::discriminant(&outcome.violations[0]);
        let small = shrink(&plan, |plan| {
            steps += 1;
            steps <= SHRINK_STEPS && check(plan).violations.iter().any(|violation| std::mem::discriminant(violation) == kind)
        });
        let list = |violations: &[_]| {
            violations
                .iter()
                .map(|violation: &rumormill::cluster::generate::Violation| format!("  {violation}\n"))
                .collect::<String>()
        };
        panic!(
            "seed {seed} fails:\n{}and, made smaller:\n{}\n{}",
            list(&outcome.violations),
            list(&check(&small).violations),
            small.to_toml()
        );
    }
}

// Four parts, so that the machine's cores share the work.
#[test]
fn scenarios_0_to_49_hold() {
    holds(0..50);
}

#[test]
fn scenarios_50_to_99_hold() {
    holds(50..100);
}

#[test]
fn scenarios_100_to_149_hold() {
    holds(100..150);
}

#[test]
fn scenarios_150_to_199_hold() {
    holds(150..200);
}

/// Seeds beyond the two hundred that found a defect once.
#[test]
fn scenarios_that_once_failed_hold() {
    // Bodies of a better branch were refused because their height lay below what an unknown header needs.
    holds([309]);
}

/// By hand: as many as `SCENARIOS` says, after the first two hundred; prints every one that fails, small.
#[test]
#[ignore = "minutes to hours: by hand, in release"]
fn more() {
    let count = std::env::var("SCENARIOS").ok().and_then(|count| count.parse().ok()).unwrap_or(1_000);
    let failed: Vec<_> = (200..200 + count).filter(|seed| std::panic::catch_unwind(|| holds([*seed])).is_err()).collect();
    assert!(failed.is_empty(), "{} of {count} seeds fail: {failed:?}", failed.len());
}
