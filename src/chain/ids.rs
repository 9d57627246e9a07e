//! Names of things: 32 bytes each, shown as hex.

use std::fmt;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Default, bincode::Encode, bincode::Decode)]
        pub struct $name(pub [u8; 32]);

        impl $name {
            /// The bytes.
            pub const fn as_bytes(&self) -> &[u8; 32] {
                &self.0
            }

            /// The first four bytes as eight hex digits: enough to tell things apart on a screen.
            pub fn short(&self) -> String {
                let [a, b, c, d, ..] = self.0;
                format!("{:08x}", u32::from_be_bytes([a, b, c, d]))
            }
        }

        impl Ord for $name {
            /// The bytes' order. Digests mostly differ within the first eight, which compare as one number.
            #[inline]
            fn cmp(&self, other: &Self) -> std::cmp::Ordering {
                first_eight(&self.0).cmp(&first_eight(&other.0)).then_with(|| self.0[8..].cmp(&other.0[8..]))
            }
        }

        impl PartialOrd for $name {
            #[inline]
            fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
                Some(self.cmp(other))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.short())
            }
        }

        impl std::str::FromStr for $name {
            type Err = ParseIdError;

            fn from_str(text: &str) -> Result<Self, ParseIdError> {
                let digits = text.as_bytes();
                if digits.len() != 64 {
                    return Err(ParseIdError);
                }
                let mut bytes = [0; 32];
                for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
                    let digit = |c: u8| (c as char).to_digit(16).ok_or(ParseIdError);
                    *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
                }
                Ok(Self(bytes))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

/// The first eight bytes as a number whose order is theirs.
#[inline]
fn first_eight(bytes: &[u8; 32]) -> u64 {
    let mut first = [0; 8];
    first.copy_from_slice(&bytes[..8]);
    u64::from_be_bytes(first)
}

/// The text is not 64 hex digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an id: 64 hexadecimal digits are wanted")]
pub struct ParseIdError;

id!(
    /// Any SHA-256 digest: Merkle nodes, state roots.
    Hash256
);
id!(
    /// A block's name: the double SHA-256 of its canonical header.
    BlockId
);
id!(
    /// A transaction's name: the double SHA-256 of its canonical encoding, signature included.
    TxId
);
id!(
    /// An account's name, and a node's: an Ed25519 public key.
    Address
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_are_ordered_as_their_bytes(left in any::<[u8; 32]>(), right in any::<[u8; 32]>(), same in 0..32usize) {
            // Equal up to some byte, so that both parts of the comparison are tried.
            let mut near = left;
            near[same..].copy_from_slice(&right[same..]);
            prop_assert_eq!(TxId(left).cmp(&TxId(near)), left.cmp(&near));
            prop_assert_eq!(TxId(left).cmp(&TxId(right)), left.cmp(&right));
        }

        #[test]
        fn an_id_reads_back_from_its_text(bytes in any::<[u8; 32]>()) {
            let id = BlockId(bytes);
            prop_assert_eq!(id.to_string().parse::<BlockId>(), Ok(id));
        }
    }
}
