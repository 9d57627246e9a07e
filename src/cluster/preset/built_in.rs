//! The presets compiled in.

macro_rules! built_in {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../presets/", $name, ".toml")))),*]
    };
}

/// The presets compiled in, by name (their file's stem), and their text.
pub const BUILT_IN: &[(&str, &str)] = built_in!(
    "hello",
    "ring-8",
    "mesh-16",
    "small-world-50",
    "world",
    "partition-heal",
    "churn",
    "late-joiner",
    "slow-reader",
    "spam",
    "invalid-blocks",
    "broadcast-25-grid",
    "broadcast-25-tree",
    "broadcast-25-mesh",
    "eclipse",
    "sybil",
    "thousand",
);

/// The preset that runs when none is named.
pub const DEFAULT: &str = "ring-8";
