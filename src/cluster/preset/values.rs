//! Values with units, as text and back: durations, shares, bandwidths, sizes. What is written is read again as the same value.

use crate::link::MILLION;
use std::time::Duration;

/// A duration in text: "250ms", "1m 30s".
pub fn duration(text: &str) -> Option<Duration> {
    humantime::parse_duration(text).ok()
}

/// A duration as text.
pub fn duration_text(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A share in text, "2%" or "0.02", in parts of a million. `None` if it is none, or not within 0 and 100 %.
pub fn share(text: &str) -> Option<u32> {
    match text.strip_suffix('%') {
        Some(percent) => share_of(decimal(percent.trim())? / 100.0),
        None => share_of(decimal(text.trim())?),
    }
}

/// A share as a number from 0 to 1, in parts of a million.
pub fn share_of(number: f64) -> Option<u32> {
    // Within the bounds the rounded number fits.
    (0.0..=1.0).contains(&number).then(|| (number * f64::from(MILLION)).round() as u32)
}

/// A share as text: "2%", "0.05%".
pub fn share_text(millionths: u32) -> String {
    let (whole, rest) = (millionths / 10_000, millionths % 10_000);
    if rest == 0 { format!("{whole}%") } else { format!("{}%", format!("{whole}.{rest:04}").trim_end_matches('0')) }
}

/// Units of sizes and bandwidths, in bits; what stands for a byte and for a bit differs in spelling, as people write it.
const UNITS: &[(&str, f64)] = &[
    ("B", 8.0),
    ("kB", 8e3),
    ("KB", 8e3),
    ("MB", 8e6),
    ("GB", 8e9),
    ("KiB", 8.0 * 1024.0),
    ("MiB", 8.0 * 1_048_576.0),
    ("GiB", 8.0 * 1_073_741_824.0),
    ("bit", 1.0),
    ("kbit", 1e3),
    ("Mbit", 1e6),
    ("Gbit", 1e9),
];

/// A size in text, "64 MB" or "1.5 MiB", in bytes.
pub fn size(text: &str) -> Option<u64> {
    let text = text.trim();
    let split = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(split);
    let (_, bits) = UNITS.iter().find(|(name, _)| *name == unit.trim())?;
    let bytes = (decimal(number)? * bits / 8.0).round();
    // Below 2^53 every whole number is exact.
    (bytes < 9e15).then_some(bytes as u64)
}

/// A size as text, in the largest unit that loses nothing.
pub fn size_text(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|(unit, _)| bytes > 0 && bytes.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} B"),
    }
}

/// A bandwidth in text, "10 MB/s" or "1 Mbit/s", in bytes a second.
pub fn bandwidth(text: &str) -> Option<u64> {
    size(text.trim().strip_suffix("/s")?)
}

/// A bandwidth as text.
pub fn bandwidth_text(bytes_per_second: u64) -> String {
    format!("{}/s", size_text(bytes_per_second))
}

/// Digits with at most one point; not "inf", not "1e9", not "-1".
fn decimal(text: &str) -> Option<f64> {
    text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.').then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn people_s_ways_to_write_them() {
        assert_eq!(share("2%"), Some(20_000));
        assert_eq!(share("0.02"), Some(20_000));
        assert_eq!(share("0.05 %"), Some(500));
        assert_eq!(bandwidth("10 MB/s"), Some(10_000_000));
        assert_eq!(bandwidth("1 Mbit/s"), Some(125_000));
        assert_eq!(bandwidth("56kbit/s"), Some(7_000));
        assert_eq!(size("1.5 MiB"), Some(1_572_864));
        assert_eq!(
            (share_text(500), share_text(20_000), bandwidth_text(125_000)),
            ("0.05%".into(), "2%".into(), "125 kB/s".into())
        );
        for wrong in ["", "%", "-1%", "101%", "1e3%", "inf", "NaN%", "two%"] {
            assert_eq!(share(wrong), None, "{wrong:?} was taken");
        }
        for wrong in ["10 MB", "10/s", "MB/s", "1.2.3 MB/s", "-1 MB/s", "99999999999999999999 GB/s", "1 mb/s"] {
            assert_eq!(bandwidth(wrong), None, "{wrong:?} was taken");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(millionths in 0_u32..=1_000_000, bytes in 0_u64..1 << 50, nanos in 0_u64..1 << 60) {
            prop_assert_eq!(share(&share_text(millionths)), Some(millionths));
            prop_assert_eq!(size(&size_text(bytes)), Some(bytes));
            prop_assert_eq!(bandwidth(&bandwidth_text(bytes)), Some(bytes));
            let time = Duration::from_nanos(nanos);
            prop_assert_eq!(duration(&duration_text(time)), Some(time));
        }

        #[test]
        fn nothing_makes_them_panic(text: String) {
            let _ = (duration(&text), share(&text), size(&text), bandwidth(&text));
        }
    }
}
