//! Headers of low work: a chain that may come to nothing is followed without keeping it, and refused if it does.
//!
//! A header on an old block may cost next to nothing, so no peer may fill our tree with them. Until a chain has shown nearly as much work as our
//! own tip has, only a running sum and one id for each message are kept; what it then shows is asked for again, compared with these
//! ids and put in the tree (Bitcoin Core's headers pre-synchronization, with the ids in place of its commitments).

use super::context::Context;
use super::limits::{LOW_WORK_HEADERS, LOW_WORK_SLACK};
use super::peers::offences::Offence;
use super::{ConnectionId, Node};
use crate::chain::{BlockId, Header, meets_difficulty};
use crate::wire::limits::{MAX_HEADERS, MAX_LOCATOR};
use std::collections::VecDeque;

/// A chain that is being followed.
pub(super) struct Presync {
    /// Where it leaves our tree.
    fork: BlockId,
    /// The last header of each message so far: 32 bytes for every 2,000 headers. It binds all before it.
    ends: VecDeque<BlockId>,
    last: BlockId,
    height: u64,
    work: u128,
    /// It has shown its work and comes a second time, to be kept.
    proven: bool,
}

/// What to do with headers that came.
pub(super) enum Screened {
    /// Put them into the tree.
    Keep,
    /// They are dealt with.
    Done,
}

impl Node {
    /// How much work a chain must have for its headers to be kept.
    fn least_work(&self) -> u128 {
        let tip = self.ledger.tip();
        let difficulty = self.ledger.header(&tip.id).map_or(1, |header| header.difficulty);
        tip.work.saturating_sub(u128::from(difficulty) * LOW_WORK_SLACK)
    }

    /// Whether a block is on a branch so weak that its header is not to be kept.
    pub(super) fn is_of_low_work(&self, header: &Header) -> bool {
        let before = self.ledger.work(&header.parent);
        before.is_some_and(|before| before.saturating_add(u128::from(header.difficulty)) < self.least_work())
    }

    /// Looks at headers that follow each other, before any of them is kept.
    pub(super) fn screen(
        &mut self,
        cx: &mut Context<'_>,
        connection: ConnectionId,
        answer: bool,
        headers: &[Header],
        ids: &[BlockId],
    ) -> Screened {
        let (Some(first), Some(last), Some(end)) = (headers.first(), headers.last(), ids.last()) else {
            return Screened::Keep;
        };
        if self.ledger.header(end).is_some() {
            return Screened::Keep;
        }
        if ids.iter().zip(headers).any(|(id, header)| !meets_difficulty(id, header.difficulty)) {
            self.offend(cx, connection, Offence::InvalidHeader);
            return Screened::Done;
        }
        let work = headers.iter().fold(0u128, |sum, header| sum.saturating_add(u128::from(header.difficulty)));
        let Some(peer) = self.peers.get_mut(&connection) else { return Screened::Done };
        let followed = if answer { peer.presync.take() } else { None };
        if let Some(chain) = followed {
            if chain.proven && chain.ends.front() == Some(end) {
                // The next question, if any, goes on from here.
                let ends = chain.ends.into_iter().skip(1).collect();
                peer.presync = Some(Presync { ends, ..chain });
                return Screened::Keep;
            }
            if !chain.proven && first.parent == chain.last && first.height == chain.height.saturating_add(1) {
                let mut chain = chain;
                chain.ends.push_back(*end);
                (chain.last, chain.height) = (*end, last.height);
                chain.work = chain.work.saturating_add(work);
                self.follow(cx, connection, chain, headers.len());
                return Screened::Done;
            }
        }
        // Without its parent nothing can be said of its work: the usual question comes first.
        let Some(before) = self.ledger.work(&first.parent) else { return Screened::Keep };
        let work = before.saturating_add(work);
        if work >= self.least_work() {
            return Screened::Keep;
        }
        if answer {
            let chain = Presync {
                fork: first.parent,
                ends: VecDeque::from([*end]),
                last: *end,
                height: last.height,
                work,
                proven: false,
            };
            self.follow(cx, connection, chain, headers.len());
        } else if headers.len() > 1 {
            // News is one header. Of a weak chain that just came back to us it may well be weak.
            self.offend(cx, connection, Offence::LowWork);
        }
        Screened::Done
    }

    /// Goes on with a chain of low work: it shows enough, or more of it is asked for, or it is refused.
    fn follow(&mut self, cx: &mut Context<'_>, connection: ConnectionId, chain: Presync, count: usize) {
        let tip = self.ledger.tip();
        let fork_height = self.ledger.header(&chain.fork).map_or(0, |header| header.height);
        if chain.work >= self.least_work() {
            let locator = self.ledger.locator();
            // The usual locator finds the fork again, whichever of our blocks it leaves from.
            let locator = std::iter::once(chain.fork).chain(locator).take(MAX_LOCATOR).collect();
            self.ask_again(cx, connection, Presync { proven: true, ..chain }, locator);
        } else if count < MAX_HEADERS {
            // It has no more. What it claimed beyond that is not believed, and so it is not asked again.
            let best = self.ledger.best_header().work;
            if let Some(peer) = self.peers.get_mut(&connection) {
                peer.work = peer.work.min(best.max(chain.work));
            }
            self.schedule_sync(cx);
        } else if chain.height - fork_height.min(chain.height) > tip.height.saturating_mul(2).saturating_add(LOW_WORK_HEADERS) {
            self.offend(cx, connection, Offence::LowWork);
        } else {
            let locator = vec![chain.last, chain.fork];
            self.ask_again(cx, connection, chain, locator);
        }
    }

    fn ask_again(&mut self, cx: &mut Context<'_>, connection: ConnectionId, chain: Presync, locator: Vec<BlockId>) {
        self.ask_for_headers_after(cx, connection, locator);
        if let Some(peer) = self.peers.get_mut(&connection) {
            peer.presync = Some(chain);
        }
    }
}
