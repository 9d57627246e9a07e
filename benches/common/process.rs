//! What this process has cost so far, as Linux tells it in `/proc`; other systems do not.

use std::time::Duration;

/// Processor time, all threads, the system's part included: what others do on a shared machine is not in it. Hundredths of a second are
/// the system's own unit here.
pub fn processor_time() -> Option<Duration> {
    let status = std::fs::read_to_string("/proc/self/stat").ok()?;
    // Behind the program's name, which may hold anything.
    let fields: Vec<_> = status.rsplit(')').next()?.split_whitespace().collect();
    let ticks = fields.get(11)?.parse::<u64>().ok()? + fields.get(12)?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 10))
}

/// Resident memory, KiB.
pub fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().trim_end_matches("kB").trim().parse().ok()
}
