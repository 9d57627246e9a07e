//! Difficulty: what a seal must meet, and how it follows the miners' speed.
//!
//! The rule is a weighted-target exponential moving average (WTEMA, analysed by zawy12 and Jacob Eliosoff for Bitcoin Cash,
//! <https://github.com/zawy12/difficulty-algorithms/issues/76>): each block moves the target by a sixteenth of how much its solve time
//! missed the wanted one. It needs two headers only, has no window whose end could be gamed, and does not oscillate.

use super::BlockId;
use super::limits::{MAX_BLOCK_TIME_MS, MAX_SOLVE_BLOCK_TIMES, RETARGET_BLOCKS};

/// Whether an id, read as a 256-bit big-endian number, lies below 2^256 / `difficulty`.
///
/// Only the upper 128 bits are compared, with `u128::MAX / difficulty`: the error is below 2^-64 of the target, and everybody makes
/// the same. Difficulty 0 counts as 1, which every id meets.
pub fn meets(id: &BlockId, difficulty: u64) -> bool {
    upper_bits(&id.0) <= target(difficulty)
}

/// The largest value of the upper 128 bits that meets `difficulty`.
pub(super) fn target(difficulty: u64) -> u128 {
    u128::MAX / u128::from(difficulty.max(1))
}

/// The upper 128 bits of a hash as a big-endian number.
pub(super) fn upper_bits(hash: &[u8; 32]) -> u128 {
    hash[..16].iter().fold(0, |value, byte| value << 8 | u128::from(*byte))
}

/// The difficulty of the block after `parent`, from the parent's difficulty and the times (Unix milliseconds) of it and of the block before it.
///
/// `next = d · N·T / (N·T + solve − T)`, with `N` = [`RETARGET_BLOCKS`], `T` the wanted block time, and the solve time clamped to
/// ±[`MAX_SOLVE_BLOCK_TIMES`] · `T`. A negative solve time counts as such: a time that runs ahead must be paid back by the next block,
/// or miners could lower the difficulty by alternating times. At least 1. Where rounding would keep a small difficulty
/// from moving at all, it moves by one for solve times below a quarter or above twice the wanted one.
pub fn next_difficulty(parent: u64, parent_time: u64, grandparent_time: u64, block_time_ms: u64) -> u64 {
    let wanted = i128::from(block_time_ms.clamp(1, MAX_BLOCK_TIME_MS));
    let bound = wanted * i128::from(MAX_SOLVE_BLOCK_TIMES);
    let solve = (i128::from(parent_time) - i128::from(grandparent_time)).clamp(-bound, bound);
    let memory = i128::from(RETARGET_BLOCKS) * wanted;
    // The bounds keep this positive (9 T to 21 T), and the product below 2^64 · 2^44.
    let divisor = (memory + solve - wanted).unsigned_abs();
    let next = (u128::from(parent.max(1)) * memory.unsigned_abs() + divisor / 2) / divisor;
    let next = u64::try_from(next).unwrap_or(u64::MAX);
    if next == parent && solve * 4 < wanted {
        parent.saturating_add(1)
    } else if next == parent && solve > wanted * 2 {
        parent.saturating_sub(1).max(1)
    } else {
        next.max(1)
    }
}

#[cfg(test)]
#[path = "difficulty_tests.rs"]
mod tests;
