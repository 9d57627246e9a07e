//! Nodes that misbehave: an honest node inside, and around it something that changes what goes in and what comes out.
//!
//! Each misbehaviour is a `Behaviour` in a file of its own; the `Shell` carries inputs and outputs past it. Adversaries know no driver:
//! they live on inputs, outputs, the time and a seeded generator, so they run on either engine and repeat from a seed.
//!
//! | File | Its story |
//! |---|---|
//! | `shell` | the machine around a node, and what a misbehaviour may do |
//! | `forge`, `line` | sealing blocks of one's own making; frames that come late |
//! | `silent`, `slow`, `slow_loris` | says nothing; says it late; says it a byte at a time |
//! | `spam`, `header_flood`, `invalid_transactions`, `invalid_blocks` | says too much, or what breaks a rule |
//! | `stale_announcer`, `ban_baiting` | promises what it does not give; has others blamed |
//! | `withholding`, `equivocation` | mines in secret; mines two blocks in one place |
//! | `league`, `eclipse`, `sybil` | who is in league; surrounds others with its own; many identities that take every slot |

mod ban_baiting;
mod eclipse;
mod equivocation;
mod forge;
mod header_flood;
mod invalid_blocks;
mod invalid_transactions;
mod league;
mod limits;
mod line;
mod shell;
mod silent;
mod slow;
mod slow_loris;
mod spam;
mod stale_announcer;
mod sybil;
#[cfg(test)]
mod tests;
mod withholding;

use super::scenario::Misbehaviour;
use crate::chain::Address;
use crate::node::{Machine, Wrap};
use shell::{Behaviour, Shell};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The ids of all who are in league, in no order that matters.
pub type Accomplices = Arc<BTreeSet<Address>>;

/// Makes an adversary of a node. `accomplices` are those who misbehave in the same way, itself included. `seed` feeds the misbehaviour's only random generator; a node that is started again misbehaves in the
/// same way again.
///
/// [`Misbehaviour::SlowLoris`] holds each frame back for as long as it would take a byte at a time; on sockets the driver's trickle
/// shows the bytes themselves.
pub fn wrap(misbehaviour: Misbehaviour, seed: u64, accomplices: Accomplices) -> Wrap {
    Arc::new(move |node| -> Box<dyn Machine> { Box::new(Shell::new(node, behaviour(misbehaviour, &accomplices), seed)) })
}

fn behaviour(misbehaviour: Misbehaviour, accomplices: &Accomplices) -> Box<dyn Behaviour> {
    match misbehaviour {
        Misbehaviour::Silent => Box::new(silent::Silent),
        Misbehaviour::Slow(delay) => Box::new(slow::Slow::new(delay)),
        Misbehaviour::Spam(rate) => Box::new(spam::Spam::new(rate)),
        Misbehaviour::InvalidBlocks => Box::new(invalid_blocks::InvalidBlocks::default()),
        Misbehaviour::InvalidTransactions => Box::new(invalid_transactions::InvalidTransactions::default()),
        Misbehaviour::HeaderFlood => Box::new(header_flood::HeaderFlood::default()),
        Misbehaviour::Withholding => Box::new(withholding::Withholding::default()),
        Misbehaviour::Equivocation => Box::new(equivocation::Equivocation::default()),
        Misbehaviour::StaleAnnouncer => Box::new(stale_announcer::StaleAnnouncer::default()),
        Misbehaviour::SlowLoris => Box::new(slow_loris::SlowLoris::default()),
        Misbehaviour::BanBaiting => Box::new(ban_baiting::BanBaiting::default()),
        Misbehaviour::Eclipse => Box::new(eclipse::Eclipse::new(accomplices)),
        Misbehaviour::Sybil => Box::new(sybil::Sybil::new(accomplices)),
    }
}
