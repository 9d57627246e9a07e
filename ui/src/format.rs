//! Numbers as people read them, in columns that do not jitter.
//!
//! Every helper names the widest text it can return, so that a column reserved once stays where it is while its value
//! moves from bytes to megabytes.

use std::time::Duration;

/// Widest text of [`count`].
pub const COUNT_WIDTH: usize = 5;
/// Widest text of [`bytes`].
pub const BYTES_WIDTH: usize = 6;
/// Widest text of [`rate`].
pub const RATE_WIDTH: usize = 8;
/// Widest text of [`duration`] below 100 days.
pub const DURATION_WIDTH: usize = 7;
/// Widest text of [`millis`].
pub const MILLIS_WIDTH: usize = 6;

/// Scales `value` by thousands; a decimal is written as long as the scaled value has fewer than `whole_from` tenths.
fn scaled(value: u64, gap: &str, whole_from: u128, units: [&str; 6]) -> String {
    if value < 1000 {
        return format!("{value}{gap}{}", units[0]);
    }
    let mut scale = 1000_u64;
    let mut unit = 1;
    // 999.5 of a unit would be written with four digits: go on to the next one.
    while unit < units.len() - 1 && value >= scale.saturating_mul(1000) - scale / 2 {
        scale = scale.saturating_mul(1000);
        unit += 1;
    }
    let tenths = (u128::from(value) * 10 / u128::from(scale)).max(10);
    if tenths < whole_from {
        format!("{}.{}{gap}{}", tenths / 10, tenths % 10, units[unit])
    } else {
        let whole = (u128::from(value) + u128::from(scale) / 2) / u128::from(scale);
        format!("{whole}{gap}{}", units[unit])
    }
}

/// `0`, `999`, `12.4k`, `124k`, `1.2M`.
#[must_use]
pub fn count(value: u64) -> String {
    scaled(value, "", 1000, ["", "k", "M", "G", "T", "P"])
}

/// A count with its thousands set apart: `12,011`. As wide as it must be.
#[must_use]
pub fn exact(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Bytes: `0 B`, `388 KB`, `1.2 MB`. A KB is 1000 bytes.
#[must_use]
pub fn bytes(value: u64) -> String {
    scaled(value, " ", 100, ["B", "KB", "MB", "GB", "TB", "PB"])
}

/// Bytes a second: `388 KB/s`, `1.2 MB/s`.
#[must_use]
pub fn rate(bytes_per_second: u64) -> String {
    let mut text = bytes(bytes_per_second);
    text.push_str("/s");
    text
}

/// A stretch of time in words: `0 s`, `41 s`, `3m 41s`, `2h 05m`, `4d 03h`.
#[must_use]
pub fn duration(value: Duration) -> String {
    let seconds = value.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h {:02}m", seconds / 3600, seconds / 60 % 60),
        _ => format!("{}d {:02}h", seconds / 86_400, seconds / 3600 % 24),
    }
}

/// A short stretch of time: `0.4 ms`, `84 ms`, `1.2 s`, `41 s`.
#[must_use]
pub fn millis(value: Duration) -> String {
    let micros = value.as_micros();
    match micros {
        0..9_950 => format!("{}.{} ms", micros / 1000, micros / 100 % 10),
        9_950..999_500 => format!("{} ms", (micros + 500) / 1000),
        999_500..99_950_000 => format!("{}.{} s", micros / 1_000_000, micros / 100_000 % 10),
        _ => format!("{} s", micros / 1_000_000),
    }
}

/// A clock: `00:03:41`; hours go on past 99.
#[must_use]
pub fn clock(value: Duration) -> String {
    let seconds = value.as_secs();
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

/// A time to go, or a moment of a timeline: `0:41`, `12:05`, `1:02:03`.
#[must_use]
pub fn minutes(value: Duration) -> String {
    let seconds = value.as_secs();
    if seconds < 3600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else {
        format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

/// Parts of a million in percent: `20%`, `0.5%`, `0.02%`.
#[must_use]
pub fn share(parts: u32) -> String {
    if parts.is_multiple_of(10_000) {
        format!("{}%", parts / 10_000)
    } else if parts >= 1_000 {
        format!("{}.{}%", parts / 10_000, parts / 1_000 % 10)
    } else {
        format!("0.{:02}%", parts / 100)
    }
}

/// A moment of the run in a list: `41.2s`, `3:41.2`, `2:03:41`.
#[must_use]
pub fn moment(value: Duration) -> String {
    let tenths = value.as_millis() / 100;
    let seconds = tenths / 10;
    match seconds {
        0..60 => format!("{seconds}.{}s", tenths % 10),
        60..3600 => format!("{}:{:02}.{}", seconds / 60, seconds % 60, tenths % 10),
        _ => format!("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60),
    }
}

/// Speed against real time: `1.0x`, `0.25x`, `20x`, `max` for as fast as the machine can.
#[must_use]
pub fn speed(percent: u32) -> String {
    if percent == crate::model::Clock::FULL_SPEED {
        "max".to_owned()
    } else if percent >= 1000 {
        format!("{}x", percent / 100)
    } else if percent.is_multiple_of(10) {
        format!("{}.{}x", percent / 100, percent / 10 % 10)
    } else {
        format!("{}.{:02}x", percent / 100, percent % 100)
    }
}

/// A share of a whole in percent, 0 to 100; a whole of nothing is done.
#[must_use]
pub fn percent(part: u64, whole: u64) -> u64 {
    if whole == 0 { 100 } else { u64::try_from(u128::from(part.min(whole)) * 100 / u128::from(whole)).unwrap_or(100) }
}

#[cfg(test)]
#[path = "format_tests.rs"]
mod tests;
