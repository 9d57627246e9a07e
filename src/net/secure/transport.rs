//! Which transports there are.

use std::fmt;
use std::str::FromStr;

/// How connections are secured. Both ends must mean the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Transport {
    /// Noise XX, with the node id's signature for the Noise key.
    #[default]
    Noise,
    /// TLS 1.3, with the node id's signature for the certificate's key, on both sides.
    Tls,
    /// Nothing: whoever listens reads, and a node id is only said. For labs, where somebody wants to look at the bytes.
    Plain,
}

impl Transport {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Noise, Self::Tls, Self::Plain];

    /// Its name, as it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Noise => "noise",
            Self::Tls => "tls",
            Self::Plain => "plain",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that no transport has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no transport is called \"{0}\"; there are noise, tls and plain")]
pub struct UnknownTransport(pub String);

impl FromStr for Transport {
    type Err = UnknownTransport;

    fn from_str(name: &str) -> Result<Self, UnknownTransport> {
        let found = Self::ALL.into_iter().find(|transport| transport.name() == name);
        found.ok_or_else(|| UnknownTransport(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_they_are_written_and_an_unknown_one_is_told_the_others() {
        for transport in Transport::ALL {
            assert_eq!(transport.to_string().parse(), Ok(transport));
        }
        let error = "ssl".parse::<Transport>().unwrap_err().to_string();
        assert!(error.contains("\"ssl\"") && Transport::ALL.iter().all(|transport| error.contains(transport.name())), "{error}");
    }
}
