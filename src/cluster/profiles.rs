//! Links as people have them: five sets of numbers with names, each direction on its own.

use super::scenario::LinkChange;
use crate::link::LinkModel;
use std::time::Duration;

/// A named set of a link's numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Two machines on one switch.
    Lab,
    /// A good line at home.
    Home,
    /// Far away, and otherwise good.
    Laggy,
    /// A thin line: an old phone network, a village.
    Constrained,
    /// Wireless at the edge of its reach.
    Bad,
}

impl Profile {
    /// All of them, the best first.
    pub const ALL: [Self; 5] = [Self::Lab, Self::Home, Self::Laggy, Self::Constrained, Self::Bad];

    /// Their names, in the same order.
    pub const NAMES: &'static [&'static str] = &["lab", "home", "laggy", "constrained", "bad"];

    /// The profile of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Its name in a preset.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Its numbers, of one direction. A round trip takes two latencies, and a jitter twice.
    pub fn model(self) -> LinkModel {
        let ms = Duration::from_millis;
        let clear = LinkModel::default();
        match self {
            // A switched Ethernet: a round trip of a few tenths of a millisecond, 1 Gbit/s.
            Self::Lab => LinkModel {
                latency: Duration::from_micros(200),
                jitter: Duration::from_micros(50),
                bandwidth: Some(125_000_000),
                ..clear
            },
            // Cable or fibre within a country: round trips of 20 to 40 ms, which public speed measurements show as usual. A node at
            // home sends at the speed of its upload, commonly 20 Mbit/s; a packet in a thousand is lost.
            Self::Home => LinkModel { latency: ms(15), jitter: ms(5), loss: 1_000, bandwidth: Some(2_500_000), ..clear },
            // A quarter of a second one way: what a packet takes up to a geostationary satellite and down (2 x 35,786 km at the
            // speed of light are 239 ms), on a line with room.
            Self::Laggy => LinkModel { latency: ms(250), jitter: ms(30), loss: 2_000, bandwidth: Some(1_250_000), ..clear },
            // 3G as browsers' developer tools throttle to it ("slow 3G": 400 kbit/s, a round trip of some 400 ms).
            Self::Constrained => LinkModel { latency: ms(200), jitter: ms(50), loss: 5_000, bandwidth: Some(50_000), ..clear },
            // Long delays that vary by as much again, one packet in twenty lost, some out of order, some twice: past 5 % of loss TCP
            // is mostly waiting for retransmissions.
            Self::Bad => LinkModel {
                latency: ms(150),
                jitter: ms(150),
                loss: 50_000,
                bandwidth: Some(125_000),
                reorder: 20_000,
                duplicate: 10_000,
                ..clear
            },
        }
    }

    /// Its numbers as a change of a link: all seven; bandwidth and cut stay where the profile has no bound.
    pub fn change(self) -> LinkChange {
        let model = self.model();
        LinkChange {
            latency: Some(model.latency),
            jitter: Some(model.jitter),
            loss: Some(model.loss),
            bandwidth: model.bandwidth,
            reorder: Some(model.reorder),
            duplicate: Some(model.duplicate),
            corrupt: Some(model.corrupt),
            cut: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_profile_has_its_name_and_is_worse_than_the_one_before_in_something() {
        for profile in Profile::ALL {
            assert_eq!(Profile::named(profile.name()), Some(profile));
            assert!(!profile.model().is_clear() && !profile.model().cut);
            assert_eq!(profile.change().apply(LinkModel::default()), profile.model());
        }
        assert_eq!(Profile::named("moon"), None);
        let latency = Profile::ALL.map(|profile| profile.model().latency);
        assert!(latency[0] < latency[1] && latency[1] < latency[2]);
    }
}
