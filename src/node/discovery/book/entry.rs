//! What is known of one address.

use super::idle::Kind;
use super::shelf::Worth;
use crate::chain::Address;
use crate::node::limits::{ADDRESS_MEMORY, UNTESTED_QUALITY};
use crate::node::{ConnectionId, Time};
use crate::store::Teller;

/// What is going on with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Link {
    None,
    Dialling { feeler: bool },
    Connected(ConnectionId),
}

/// What is known of one address.
pub(super) struct Entry {
    /// From the bootstrap list: kept for ever.
    pub(super) bootstrap: bool,
    /// Among those that answered once.
    pub(super) tried: bool,
    /// Who was found there, or is said to be.
    pub(super) node: Option<Address>,
    /// In whose account it is booked.
    pub(super) teller: Teller,
    /// In whose it was before, at most [`crate::node::limits::FORMER_TELLERS`], the first of them first.
    pub(super) former: Vec<Teller>,
    /// Dials that came to an end, and those of them that led to shaken hands; both are halved together before they grow old.
    pub(super) attempts: u16,
    pub(super) successes: u16,
    /// When a failure last counted against it; `Time(0)`: never.
    pub(super) blamed: Time,
    /// Dials that failed, and links that soon broke, in a row.
    pub(super) failures: u32,
    /// Not to be dialled before.
    pub(super) next: Time,
    pub(super) link: Link,
    /// When it was last known alive; `Time(0)`: never.
    pub(super) seen: Time,
    /// When we first heard of it.
    pub(super) since: Time,
    /// Its place in the order of chance.
    pub(super) ticket: u64,
}

impl Entry {
    pub(super) fn new(node: Option<Address>, teller: Teller, seen: Time, now: Time, ticket: u64) -> Self {
        Self {
            bootstrap: false,
            tried: false,
            node,
            teller,
            former: Vec::new(),
            attempts: 0,
            successes: 0,
            blamed: Time(0),
            failures: 0,
            next: now,
            link: Link::None,
            seen: seen.min(now),
            since: now,
            ticket,
        }
    }

    /// Successes in a thousand attempts.
    pub(super) fn quality(&self) -> u16 {
        let thousands = u32::from(self.successes) * 1_000;
        match thousands.checked_div(u32::from(self.attempts)) {
            Some(quality) => u16::try_from(quality).unwrap_or(1_000),
            None => UNTESTED_QUALITY,
        }
    }

    /// What it is worth: first how well it answers, then how lately it was alive.
    pub(super) fn worth(&self) -> Worth {
        (self.quality(), self.seen)
    }

    pub(super) fn kind(&self) -> Kind {
        match (self.bootstrap, self.tried) {
            (true, _) => Kind::Bootstrap,
            (false, false) => Kind::New,
            (false, true) => Kind::Tried,
        }
    }

    /// Another told of it, who has less in his account.
    pub(super) fn move_to(&mut self, teller: Teller) {
        self.former.retain(|former| *former != teller);
        self.former.push(std::mem::replace(&mut self.teller, teller));
    }

    /// A dial came to an end.
    pub(super) fn attempted(&mut self, succeeded: bool) {
        if self.attempts >= ADDRESS_MEMORY {
            self.attempts /= 2;
            self.successes /= 2;
        }
        self.attempts += 1;
        self.successes += u16::from(succeeded);
    }
}
