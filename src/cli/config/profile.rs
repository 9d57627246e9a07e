//! Where a node lives, which decides its pace and how far it trusts addresses.

use crate::node::{AddressScope, Timing};
use std::fmt;

/// Where a node lives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// On loopback or in one room: quick, and all addresses are welcome.
    #[default]
    Lab,
    /// On the open Internet: patient, and only addresses that it routes.
    Public,
}

/// Inbound connections from one address on the open Internet: some households share one, and nobody fills our 32 slots from there.
const PUBLIC_PER_IP: u64 = 4;

impl Profile {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Lab, Self::Public];

    /// Its name, as it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lab => "lab",
            Self::Public => "public",
        }
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|profile| profile.name() == name)
    }

    /// Its intervals and deadlines.
    pub const fn timing(self) -> Timing {
        match self {
            Self::Lab => Timing::LAB,
            Self::Public => Timing::PUBLIC,
        }
    }

    /// Which addresses are of use.
    pub const fn address_scope(self) -> AddressScope {
        match self {
            Self::Lab => AddressScope::Any,
            Self::Public => AddressScope::Routable,
        }
    }

    /// Most inbound connections from one address, unless said; `None`: any number, since on loopback all nodes share one.
    pub const fn max_per_ip(self) -> Option<u64> {
        match self {
            Self::Lab => None,
            Self::Public => Some(PUBLIC_PER_IP),
        }
    }
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
