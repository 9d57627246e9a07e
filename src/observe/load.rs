//! What this process takes of the machine. Read from `/proc` on Linux; elsewhere the answer is "not known".

use rumormill_ui::model::Load;
use std::time::{Duration, Instant};

/// Clock ticks a second in `/proc/self/stat`: 100 on every architecture that Linux still supports (`USER_HZ`, proc_pid_stat(5)).
const TICKS_PER_SECOND: u64 = 100;
/// Shortest time over which a share of a core is measured: below it the ticks of 10 ms are too coarse.
const SHORTEST: Duration = Duration::from_millis(500);

/// Measures this process's share of a core between readings, and its memory.
#[derive(Debug)]
pub struct LoadMeter {
    since: Instant,
    ticks: Option<u64>,
    cpu_percent: Option<f64>,
}

impl LoadMeter {
    /// Begins to measure.
    pub fn new() -> Self {
        Self { since: Instant::now(), ticks: ticks(), cpu_percent: None }
    }

    /// The load now. `lateness` says how late the run is against its own clock. The share of a core, in percent, is that since the
    /// last reading, but at least over half a second; memory is resident bytes.
    pub fn read(&mut self, lateness: Duration) -> Load {
        let span = self.since.elapsed();
        if span >= SHORTEST {
            let now = ticks();
            self.cpu_percent = self.ticks.zip(now).map(|(before, now)| {
                let seconds = now.saturating_sub(before) as f64 / TICKS_PER_SECOND as f64;
                seconds / span.as_secs_f64() * 100.0
            });
            self.ticks = now;
            self.since = Instant::now();
        }
        Load { cpu_percent: self.cpu_percent, memory: memory(), lateness }
    }
}

impl Default for LoadMeter {
    fn default() -> Self {
        Self::new()
    }
}

fn read(file: &str) -> Option<String> {
    if cfg!(target_os = "linux") { std::fs::read_to_string(file).ok() } else { None }
}

fn ticks() -> Option<u64> {
    parse_ticks(&read("/proc/self/stat")?)
}

/// User and system time of all threads. The second field, the program's name in parentheses, may hold anything, also parentheses.
fn parse_ticks(stat: &str) -> Option<u64> {
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    user.checked_add(system)
}

/// Resident memory of this process, bytes.
fn memory() -> Option<u64> {
    parse_memory(&read("/proc/self/status")?)
}

fn parse_memory(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.split_ascii_whitespace().next()?.parse().ok()?;
    kibibytes.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "12 (ru) mor (x) S 1 2 3 4 5 6 7 8 9 10 250 50 0 0 20 0 1 0";
        assert_eq!(parse_ticks(stat), Some(300));
        assert_eq!(parse_ticks("12 (short) S 1"), None);
        assert_eq!(parse_ticks(""), None);
    }

    #[test]
    fn memory_is_read_in_bytes() {
        assert_eq!(parse_memory("Name:\tx\nVmRSS:\t    2048 kB\n"), Some(2 << 20));
        assert_eq!(parse_memory("VmRSS:\n"), None);
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn this_process_is_measured() {
        let mut meter = LoadMeter::new();
        let first = meter.read(Duration::from_millis(3));
        assert_eq!(first.cpu_percent, None);
        assert_eq!(first.lateness, Duration::from_millis(3));
        assert!(first.memory.is_some_and(|bytes| bytes > 100_000));
        let busy = Instant::now();
        while busy.elapsed() < SHORTEST + Duration::from_millis(50) {
            std::hint::black_box(0);
        }
        let share = meter.read(Duration::ZERO).cpu_percent;
        assert!(share.is_some_and(|percent| percent > 5.0), "{share:?}");
    }
}
