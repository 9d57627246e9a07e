//! Expectations as sentences, figures with their units, events by name.

use crate::cluster::director::seconds;
use crate::cluster::scenario::{Bounds, Expectation, What, When};
use crate::node::Event;
use std::time::Duration;

/// An expectation as a sentence: "all nodes have the same tip by 2m".
pub fn expectation_words(expectation: &Expectation) -> String {
    let nodes = match expectation.nodes.to_string().as_str() {
        "all" => "all nodes".to_owned(),
        named => named.to_owned(),
    };
    let bounds = |what: &What| bounds_words(what, &expectation.bounds);
    let what = &expectation.what;
    let subject = match what {
        What::SameTip => format!("{nodes} have the same tip"),
        What::Synced => format!("{nodes} are synced"),
        What::Height => format!("the height of {nodes} is {}", bounds(what)),
        What::Connected => format!("{nodes} have {} peers each", bounds(what)),
        What::HonestOutbound => format!("{nodes} have {} outbound links to honest peers each", bounds(what)),
        What::Bans => format!("bans made by {nodes}: {}", bounds(what)),
        What::BansOf => format!("bans of {nodes}: {}", bounds(what)),
        What::Reputation => format!("the reputation of {nodes} is {}", bounds(what)),
        What::BlockPropagation { percentile } => format!("a block reaches {percentile}% of the nodes within {}", bounds(what)),
        What::TransactionPropagation { percentile } => {
            format!("a transaction reaches {percentile}% of the nodes within {}", bounds(what))
        }
        What::ReorgDepth => format!("the deepest reorg on {nodes} is {}", bounds(what)),
        What::DuplicatesPerDelivery => format!("duplicates for each delivery to {nodes}: {}", bounds(what)),
        What::MessagesPerBlock => format!("messages that {nodes} send for each block: {}", bounds(what)),
        What::BytesPerBlock => format!("bytes that {nodes} send for each block: {}", bounds(what)),
        What::Memory => format!("the process takes {} of memory", bounds(what)),
        What::Events { kind } => format!("{kind} events on {nodes}: {}", bounds(what)),
        What::TransactionsMined => "every transfer is on the main chain".to_owned(),
    };
    match expectation.when {
        When::By(by) => format!("{subject} by {}", seconds(by)),
        When::From(Duration::ZERO) => format!("{subject} throughout"),
        When::From(from) => format!("{subject} from {} on", seconds(from)),
        When::AtEnd => format!("{subject} at the end"),
    }
}

fn bounds_words(what: &What, bounds: &Bounds) -> String {
    match (bounds.at_least, bounds.at_most) {
        (Some(least), Some(most)) if least == most => format!("exactly {}", figure(what, least)),
        (Some(least), Some(most)) => format!("{} to {}", figure(what, least), figure(what, most)),
        (Some(least), None) => format!("at least {}", figure(what, least)),
        (None, Some(0.0)) => "none".to_owned(),
        (None, Some(most)) => format!("at most {}", figure(what, most)),
        (None, None) => "anything".to_owned(),
    }
}

/// A figure with its unit.
pub(super) fn figure(what: &What, value: f64) -> String {
    match what {
        What::BlockPropagation { .. } | What::TransactionPropagation { .. } => {
            seconds(Duration::try_from_secs_f64(value).unwrap_or(Duration::MAX))
        }
        What::Memory => format!("{:.1} MB", value / 1e6),
        What::DuplicatesPerDelivery => format!("{:.2}", value),
        _ if value.fract() == 0.0 => format!("{value}"),
        _ => format!("{value:.1}"),
    }
}

/// An event's name, as in JSON lines.
pub fn event_kind(event: &Event) -> &'static str {
    match event {
        Event::Started { .. } => "started",
        Event::Listening { .. } => "listening",
        Event::Mapped { .. } => "mapped",
        Event::Unmapped { .. } => "unmapped",
        Event::Connecting { .. } => "connecting",
        Event::DialFailed { .. } => "dial-failed",
        Event::Connected { .. } => "connected",
        Event::NewPeer { .. } => "new-peer",
        Event::Disconnected { .. } => "disconnected",
        Event::RoundTrip { .. } => "round-trip",
        Event::PeerHeight { .. } => "peer-height",
        Event::Reputation { .. } => "reputation",
        Event::Banned { .. } => "banned",
        Event::Unbanned { .. } => "unbanned",
        Event::AddressBanned { .. } => "address-banned",
        Event::AddressUnbanned { .. } => "address-unbanned",
        Event::Health { .. } => "health",
        Event::Connectivity { .. } => "connectivity",
        Event::AddressesReceived { .. } => "addresses-received",
        Event::BlockMined { .. } => "block-mined",
        Event::BlockReceived { .. } => "block-received",
        Event::TipChanged { .. } => "tip-changed",
        Event::Reorg { .. } => "reorg",
        Event::BlockInvalid { .. } => "block-invalid",
        Event::TransactionAccepted { .. } => "transaction-accepted",
        Event::TransactionRefused { .. } => "transaction-refused",
        Event::Asked { .. } => "asked",
        Event::Mining { .. } => "mining",
        Event::Sync { .. } => "sync",
        Event::Pulse { .. } => "pulse",
        Event::Statistics { .. } => "statistics",
        Event::Warning { .. } => "warning",
        Event::Outbox { .. } => "outbox",
        Event::Loss { .. } => "loss",
        Event::Stopped => "stopped",
    }
}
