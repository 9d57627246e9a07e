//! The last blocks of a node's main chain, put together from what it received and where its tip went.

use super::limits::{BLOCK_LINES, SIDE_LINES};
use crate::chain::BlockId;
use rumormill_ui::model::BlockLine;
use std::collections::VecDeque;

#[derive(Clone)]
struct Entry {
    id: BlockId,
    line: BlockLine,
    /// It was on the main chain and left it: it comes back only as the tip.
    left: bool,
}

/// Main chain and the bodies beside it.
#[derive(Clone, Default)]
pub(super) struct Blocks {
    /// Newest first.
    main: VecDeque<Entry>,
    /// Oldest first.
    side: VecDeque<Entry>,
    tip: Option<(BlockId, u64)>,
    /// A reorg was announced before its new tip: where the old chain was left.
    fork: Option<u64>,
}

impl Blocks {
    /// The main chain, newest first.
    pub fn lines(&self) -> Vec<BlockLine> {
        self.main.iter().map(|entry| entry.line.clone()).collect()
    }

    /// A body came or was made.
    pub fn body(&mut self, id: BlockId, line: BlockLine) {
        if self.main.iter().chain(&self.side).any(|entry| entry.id == id) {
            return;
        }
        if self.side.len() == SIDE_LINES {
            self.side.pop_front();
        }
        let height = line.height;
        self.side.push_back(Entry { id, line, left: false });
        // The tip may have been told first.
        if self.tip == Some((id, height)) {
            self.connect(height.saturating_sub(1), id, height);
        }
    }

    /// The tip moved.
    pub fn tip(&mut self, id: BlockId, height: u64) {
        let below = height.saturating_sub(1);
        let fork = match (self.fork.take(), self.tip) {
            (Some(fork), _) => fork.min(below),
            (None, Some((_, before))) => before.min(below),
            (None, None) => below,
        };
        self.tip = Some((id, height));
        self.connect(fork, id, height);
    }

    /// Blocks above `fork` left the main chain, whose tip is, or will be told to be, `tip`.
    pub fn reorg(&mut self, fork: u64, tip: BlockId) {
        match self.tip {
            Some((id, height)) if id == tip => self.connect(fork, id, height),
            _ => {
                self.leave(fork, tip);
                self.fork = Some(fork);
            }
        }
    }

    fn leave(&mut self, fork: u64, tip: BlockId) {
        while let Some(mut entry) = self.main.pop_front_if(|entry| entry.line.height > fork) {
            entry.left = entry.id != tip;
            self.side.push_back(entry);
        }
        while self.side.len() > SIDE_LINES {
            self.side.pop_front();
        }
    }

    /// Puts what is known between `fork` and the tip on the main chain. Events do not name parents: below the tip, a body that never
    /// left the main chain is taken for its height's block.
    fn connect(&mut self, fork: u64, tip: BlockId, height: u64) {
        self.leave(fork, tip);
        let lowest = height.saturating_sub(BLOCK_LINES as u64 - 1).max(fork.saturating_add(1));
        for wanted in lowest..=height {
            let place = if wanted == height {
                self.side.iter().position(|entry| entry.id == tip)
            } else {
                self.side.iter().rposition(|entry| entry.line.height == wanted && !entry.left)
            };
            if let Some(entry) = place.and_then(|place| self.side.remove(place)) {
                self.main.push_front(Entry { left: false, ..entry });
            }
        }
        self.main.truncate(BLOCK_LINES);
    }
}
