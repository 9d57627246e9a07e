//! Strangers: connections that came in, and with which hands are not shaken yet. Few have a place at a time. Whoever has had his for a while
//! gives way when others wait: else a crowd that says nothing would keep honest newcomers out for as long as it comes back.

use super::limits::{PENDING_INBOUND, STRANGER_GRACE};
use super::link::Link;
use super::switches::{Deadline, Switches};
use crate::node::{CloseReason, host};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;
use tokio::time::Instant;

/// A place that is taken.
struct Held {
    /// What counts as its address.
    from: IpAddr,
    /// Until when he keeps his place in any case.
    grace: Deadline,
    lost: Arc<Notify>,
    /// The way to its connection, once that is secured.
    link: Option<Arc<Link>>,
}

#[derive(Default)]
struct State {
    /// By number, and so by age.
    places: BTreeMap<u64, Held>,
    next: u64,
}

/// The places of one listener.
#[derive(Default)]
pub struct Strangers {
    /// The node's: a pause counts for nobody's time.
    switches: Arc<Switches>,
    state: Mutex<State>,
    freed: Notify,
}

/// A place among the strangers, given up when it is dropped.
pub struct Stranger {
    strangers: Arc<Strangers>,
    number: u64,
    until: Deadline,
    lost: Arc<Notify>,
}

impl Strangers {
    /// The places of a node's listener, all free.
    pub fn new(switches: Arc<Switches>) -> Self {
        Self { switches, ..Self::default() }
    }

    /// Waits until a newcomer could be taken: a place is free, or somebody would give way.
    pub async fn room(&self) {
        loop {
            let due = {
                let state = self.state();
                if state.places.len() < PENDING_INBOUND {
                    return;
                }
                state.places.first_key_value().map(|(_, oldest)| oldest.grace.clone())
            };
            let Some(due) = due.filter(|due| due.due() > Instant::now()) else { return };
            tokio::select! {
                () = self.freed.notified() => {}
                () = due.passed() => {}
            }
        }
    }

    /// A place for a newcomer, who has `handshake` to shake hands. If all are taken, it is that of one who has had his for [`STRANGER_GRACE`]:
    /// of the address that holds most places, the oldest.
    pub fn enter(self: &Arc<Self>, ip: IpAddr, handshake: Duration) -> Stranger {
        let now = Instant::now();
        let mut state = self.state();
        if state.places.len() >= PENDING_INBOUND
            && let Some(held) = state.choose(now).and_then(|number| state.places.remove(&number))
        {
            held.lost.notify_one();
            // Hands that were shaken meanwhile stay shaken.
            if let Some(link) = held.link.filter(|link| !link.is_established()) {
                link.close(CloseReason::Abrupt("it gave way to others: hands were not shaken yet".to_owned()));
            }
        }
        let (number, lost) = (state.next, Arc::<Notify>::default());
        state.next += 1;
        state.places.insert(
            number,
            Held { from: host(ip), grace: self.switches.deadline(STRANGER_GRACE), lost: Arc::clone(&lost), link: None },
        );
        Stranger { strangers: Arc::clone(self), number, until: self.switches.deadline(handshake), lost }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics while it holds the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Who gives way.
    fn choose(&self, now: Instant) -> Option<u64> {
        let mut from: BTreeMap<IpAddr, usize> = BTreeMap::new();
        self.places.values().for_each(|held| *from.entry(held.from).or_default() += 1);
        let old = self.places.iter().filter(|(_, held)| held.grace.due() <= now);
        old.max_by_key(|(number, held)| (from.get(&held.from).copied(), Reverse(**number))).map(|(number, _)| *number)
    }
}

impl Stranger {
    /// When hands must be shaken.
    pub fn until(&self) -> Instant {
        self.until.due()
    }

    /// Ready when hands were not shaken in time.
    pub async fn late(&self) {
        self.until.passed().await;
    }

    /// Ready when the place is given to another before [`Stranger::secured`].
    pub async fn lost(&self) {
        self.lost.notified().await;
    }

    /// The connection is secured, and is closed over `link` if the place is given to another. False if it was already.
    pub fn secured(&self, link: &Arc<Link>) -> bool {
        let mut state = self.strangers.state();
        let held = state.places.get_mut(&self.number);
        held.map(|held| held.link = Some(Arc::clone(link))).is_some()
    }
}

impl Drop for Stranger {
    fn drop(&mut self) {
        self.strangers.state().places.remove(&self.number);
        self.strangers.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::super::switches::Mode;
    use super::*;
    use tokio::time::{advance, timeout};

    const LONG: Duration = Duration::from_secs(1_000);

    fn ip(n: u8) -> IpAddr {
        IpAddr::from([10, 0, 0, n])
    }

    async fn is_lost(place: &Stranger) -> bool {
        timeout(Duration::ZERO, place.lost()).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gives_way_before_his_time_and_then_the_oldest_of_the_largest_crowd() {
        let strangers = Arc::new(Strangers::default());
        let honest = strangers.enter(ip(1), LONG);
        let crowd: Vec<_> = (1..PENDING_INBOUND).map(|_| strangers.enter(ip(2), LONG)).collect();
        let began = Instant::now();
        strangers.room().await;
        assert_eq!(began.elapsed(), STRANGER_GRACE);
        let link = Arc::new(Link::default());
        assert!(crowd[1].secured(&link));
        let newcomers = [strangers.enter(ip(3), LONG), strangers.enter(ip(4), LONG)];
        assert!(is_lost(&crowd[0]).await && !crowd[0].secured(&link));
        assert!(is_lost(&crowd[1]).await && matches!(link.closing(), Some(CloseReason::Abrupt(_))));
        assert!(!is_lost(&honest).await && !is_lost(&crowd[2]).await && !is_lost(&newcomers[0]).await);
        assert_eq!(strangers.state().places.len(), PENDING_INBOUND);
    }

    #[tokio::test(start_paused = true)]
    async fn shaken_hands_stay_shaken_and_a_place_left_is_free_at_once() {
        let strangers = Arc::new(Strangers::default());
        let mut crowd: Vec<_> = (0..PENDING_INBOUND).map(|_| strangers.enter(ip(1), LONG)).collect();
        let link = Arc::new(Link::default());
        assert!(crowd[0].secured(&link));
        link.establish();
        advance(STRANGER_GRACE).await;
        let newcomer = strangers.enter(ip(2), LONG);
        assert!(link.closing().is_none());
        // Who lost his place leaves nobody else's.
        drop(crowd.remove(0));
        assert_eq!(strangers.state().places.len(), PENDING_INBOUND);
        drop(newcomer);
        assert_eq!(strangers.state().places.len(), PENDING_INBOUND - 1);
        timeout(Duration::ZERO, strangers.room()).await.expect("a place is free");
    }
    /// Else a host with a /64 is a crowd of which each has but one place, and the honest who came before it go.
    #[tokio::test(start_paused = true)]
    async fn an_ipv6_host_is_one_crowd_whichever_of_its_addresses_it_comes_from() {
        let strangers = Arc::new(Strangers::default());
        let honest = strangers.enter(ip(1), LONG);
        let of_one = |n: usize| format!("2001:db8:1:2:{n:x}::1").parse().unwrap();
        let crowd: Vec<_> = (1..PENDING_INBOUND).map(|n| strangers.enter(of_one(n), LONG)).collect();
        advance(STRANGER_GRACE).await;
        let _newcomer = strangers.enter(ip(2), LONG);
        assert!(is_lost(&crowd[0]).await && !is_lost(&honest).await);
    }
    #[tokio::test(start_paused = true)]
    async fn a_pause_takes_nobody_s_time_and_nobody_s_place() {
        let switches = Arc::<Switches>::default();
        let strangers = Arc::new(Strangers::new(Arc::clone(&switches)));
        let crowd: Vec<_> = (0..PENDING_INBOUND).map(|_| strangers.enter(ip(1), LONG)).collect();
        let began = Instant::now();
        advance(STRANGER_GRACE / 2).await;
        switches.set(Mode::Paused);
        assert!(timeout(LONG * 2, strangers.room()).await.is_err() && timeout(LONG * 2, crowd[0].late()).await.is_err());
        switches.set(Mode::Running);
        strangers.room().await;
        assert_eq!(began.elapsed(), LONG * 4 + STRANGER_GRACE);
        crowd[0].late().await;
        assert_eq!(began.elapsed(), LONG * 5);
    }
}
