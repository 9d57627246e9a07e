//! How well a peer serves, in percent: whom to ask first, and whom to keep.
//!
//! Three things, each from 0 to 100: how near it is compared with the others, whether it answers pings, whether it delivers what is asked
//! of it. The last two are running averages in which the newest counts for an eighth, so that old faults fade.

use crate::node::context::Context;
use crate::node::limits::NEAR;
use crate::node::{ConnectionId, Event, Node};
use std::time::Duration;

/// Below this score a peer hardly serves: it is not protected for its age or its network.
pub(in crate::node) const SICK: u8 = 40;
/// What each part weighs, in hundredths: nearness, pongs, deliveries.
const WEIGHTS: [u32; 3] = [30, 30, 40];
/// One, in the running averages.
const WHOLE: u32 = 10_000;
/// The newest counts for one part in so many.
const NEWEST: u32 = 8;

/// What is known of how well a peer serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::node) struct Health {
    /// Share of pings answered while they were waited for.
    pongs: u32,
    /// Share of requests answered in time.
    deliveries: u32,
    /// In percent, as last reckoned.
    score: u8,
    /// What observers were last told.
    told: Option<u8>,
}

impl Default for Health {
    /// Nothing is held against a newcomer; but how near it is counts only once it is known.
    fn default() -> Self {
        Self { pongs: WHOLE, deliveries: WHOLE, score: score(None, None, WHOLE, WHOLE), told: None }
    }
}

impl Health {
    /// A ping was answered, or a whole interval went by without.
    pub(in crate::node) fn note_ping(&mut self, answered: bool) {
        self.pongs = averaged(self.pongs, answered);
    }

    /// A request was answered, or was not in time.
    pub(in crate::node) fn note_request(&mut self, answered: bool) {
        self.deliveries = averaged(self.deliveries, answered);
    }

    /// In percent.
    pub(in crate::node) fn score(&self) -> u8 {
        self.score
    }
}

fn averaged(old: u32, good: bool) -> u32 {
    let newest = if good { WHOLE } else { 0 };
    // Rounded towards what is new, or the last hundredths would never be reached.
    let sum = old * (NEWEST - 1) + newest;
    if good { sum.div_ceil(NEWEST) } else { sum / NEWEST }
}

/// The score of one with this round trip, where `usual` is that of the others.
fn score(rtt: Option<Duration>, usual: Option<Duration>, pongs: u32, deliveries: u32) -> u8 {
    let nearness = match (rtt, usual) {
        (Some(rtt), Some(usual)) => {
            let (rtt, fair) = (rtt.as_micros().max(1), usual.max(NEAR).as_micros());
            u32::try_from((fair * 100 / rtt).min(100)).unwrap_or(100)
        }
        // Unknown is neither good nor bad.
        _ => 50,
    };
    let percent = [nearness * 100, pongs, deliveries].iter().zip(WEIGHTS).map(|(part, weight)| part * weight).sum::<u32>();
    u8::try_from(percent / WHOLE).unwrap_or(100)
}

/// The middle one of round trips, the lower of two.
fn usual(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    times.get(times.len().saturating_sub(1) / 2).copied()
}

impl Node {
    /// Reckons every peer's score anew: once a second, since one's nearness depends on all the others'.
    pub(in crate::node) fn refresh_health(&mut self) {
        let usual = usual(self.peers.values().filter(|peer| peer.is_ready()).filter_map(|peer| peer.rtt).collect());
        for peer in self.peers.values_mut() {
            peer.health.score = score(peer.rtt, usual, peer.health.pongs, peer.health.deliveries);
        }
    }

    /// How well a peer serves, in percent; 0 if there is no such connection.
    pub(in crate::node) fn health_of(&self, connection: &ConnectionId) -> u8 {
        self.peers.get(connection).map_or(0, |peer| peer.health.score())
    }

    /// Tells the scores that have changed.
    pub(in crate::node) fn report_health(&mut self, cx: &mut Context<'_>) {
        let mut scores = Vec::new();
        for (connection, peer) in self.peers.iter_mut().filter(|(_, peer)| peer.is_ready()) {
            let score = peer.health.score;
            if peer.health.told.replace(score) != Some(score) {
                scores.push((*connection, score));
            }
        }
        if !scores.is_empty() {
            cx.event(Event::Health { scores });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn a_near_one_that_answers_is_whole_and_a_stranger_in_between() {
        assert_eq!(score(Some(ms(1)), Some(ms(1)), WHOLE, WHOLE), 100);
        assert_eq!(Health::default().score(), 85);
        assert_eq!(score(Some(Duration::MAX), Some(ms(1)), 0, 0), 0);
        assert_eq!(score(Some(Duration::ZERO), Some(Duration::ZERO), WHOLE, WHOLE), 100);
    }

    #[test]
    fn distance_counts_beside_the_others_only() {
        let far = score(Some(ms(400)), Some(ms(100)), WHOLE, WHOLE);
        assert_eq!(far, 70 + 30 / 4);
        assert_eq!(score(Some(ms(400)), Some(ms(400)), WHOLE, WHOLE), 100, "all are far: then we are");
        assert_eq!(score(Some(ms(40)), Some(ms(1)), WHOLE, WHOLE), 100, "near enough is near");
    }

    #[test]
    fn old_faults_fade() {
        let mut health = Health::default();
        (0..8).for_each(|_| health.note_request(false));
        assert!(health.deliveries < WHOLE * 2 / 5, "{health:?}");
        (0..100).for_each(|_| health.note_request(true));
        assert_eq!(health.deliveries, WHOLE);
        (0..200).for_each(|_| health.note_ping(false));
        assert_eq!(health.pongs, 0);
    }

    #[test]
    fn the_usual_is_the_middle_and_the_lower_of_two() {
        assert_eq!(usual(vec![]), None);
        assert_eq!(usual(vec![ms(9), ms(1)]), Some(ms(1)));
        assert_eq!(usual(vec![ms(9), ms(1), ms(5)]), Some(ms(5)));
    }
}
