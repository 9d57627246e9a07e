//! The system's bound on open files, which every connection counts against.

use crate::net::limits::{PENDING_DIALS, PENDING_INBOUND};

/// Files beside connections: the chain, the lock, the log, the terminal, look-ups, the runtime's own; and visits.
const OTHERS: u64 = 64;

/// What is to be done about the bound.
#[derive(Debug, PartialEq, Eq)]
struct Plan {
    /// Raise it to this.
    raise: Option<u64>,
    /// And say this.
    warning: Option<String>,
}

/// Sees to it that a node may have so many connections, as far as the system lets us. What is to be said, if it does not.
pub fn provide(max_inbound: usize, max_outbound: usize) -> Option<String> {
    let links = (max_inbound as u64).saturating_add(max_outbound as u64);
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
        let Plan { raise, warning } = plan(links, current, maximum);
        let Some(raise) = raise else { return warning };
        match setrlimit(Resource::Nofile, Rlimit { current: Some(raise), maximum }) {
            Ok(()) => warning,
            // As if it could not be raised at all.
            Err(_) => plan(links, current, current).warning,
        }
    }
    #[cfg(not(unix))]
    {
        // Sockets are bounded by memory alone there.
        let _ = links;
        None
    }
}

/// `now` and `most` are the bound and how far we may raise it; `None`: without bound.
fn plan(links: u64, now: Option<u64>, most: Option<u64>) -> Plan {
    let wanted = links.saturating_add(PENDING_INBOUND as u64).saturating_add(PENDING_DIALS as u64).saturating_add(OTHERS);
    let Some(now) = now.filter(|now| *now < wanted) else { return Plan { raise: None, warning: None } };
    let reachable = most.map_or(wanted, |most| most.min(wanted)).max(now);
    let warning = (reachable < wanted).then(|| {
        format!(
            "{links} connections (--max-inbound and --max-outbound together) take up to {wanted} open files, and this system allows \
             {reachable}: allow more (ulimit -n {wanted}, or LimitNOFILE= in a unit of systemd), or fewer connections"
        )
    });
    Plan { raise: (reachable > now).then_some(reachable), warning }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bound_is_raised_as_far_as_it_goes_and_what_is_missing_is_said() {
        let enough = Plan { raise: None, warning: None };
        assert_eq!(plan(48, Some(1_024), Some(1_024)), enough);
        assert_eq!(plan(2_000, None, None), enough);
        assert_eq!(plan(2_000, Some(1_024), Some(1 << 20)), Plan { raise: Some(2_192), warning: None });
        assert_eq!(plan(2_000, Some(1_024), None), Plan { raise: Some(2_192), warning: None });
        let Plan { raise, warning } = plan(2_000, Some(256), Some(1_024));
        assert_eq!(raise, Some(1_024));
        let warning = warning.unwrap();
        for part in ["2000", "2192", "1024", "--max-inbound", "ulimit -n"] {
            assert!(warning.contains(part), "{part} is missing in: {warning}");
        }
        let Plan { raise, warning } = plan(2_000, Some(1_024), Some(1_024));
        assert!(raise.is_none() && warning.is_some());
        assert!(plan(u64::MAX, Some(1_024), Some(1_024)).warning.is_some());
    }
}
