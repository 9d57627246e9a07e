//! The rules of a header that its ancestors decide.

use super::tree::{Index, Tree};
use crate::chain::limits::{HEADER_VERSION, MAX_FUTURE_MS};
use crate::chain::{BlockId, ChainSpec, Header, HeaderError, difficulty};

/// Checks a header against its ancestors; its parent's place if it holds. `now`: Unix milliseconds.
///
/// What the sender could have checked comes before what depends on our clock, so that an early header that is wrong anyhow counts as wrong.
pub(super) fn check(tree: &Tree, spec: &ChainSpec, id: &BlockId, header: &Header, now: u64) -> Result<Index, HeaderError> {
    let invalid = |what| Err(HeaderError::Invalid(what));
    if header.version != HEADER_VERSION {
        return invalid("the header's version is not 1");
    }
    if header.stream != 0 {
        return invalid("the chain has no stream but 0");
    }
    let parent = tree.find(&header.parent).ok_or(HeaderError::UnknownParent(header.parent))?;
    if tree.get(parent).invalid {
        return Err(HeaderError::InvalidParent);
    }
    if tree.height(parent).checked_add(1) != Some(header.height) {
        return invalid("the height is not the parent's plus 1");
    }
    if header.difficulty != tree.next_difficulty(spec, parent) {
        return invalid("the difficulty is not what the blocks before demand");
    }
    if !difficulty::meets(id, header.difficulty) {
        return invalid("the proof of work does not meet the difficulty");
    }
    if header.time <= tree.median_time(parent) {
        return invalid("the time is not above the median of the last 11 blocks");
    }
    if header.time > now.saturating_add(MAX_FUTURE_MS) {
        return Err(HeaderError::FromTheFuture { time: header.time, now });
    }
    Ok(parent)
}
