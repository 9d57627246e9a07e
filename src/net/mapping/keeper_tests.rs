use super::News;
use super::keeper::{Keeper, MapError, Router};
use crate::net::limits::{MAP_LEASE, MAP_REQUEST, MAP_RETRY, MAP_SEARCH, UNMAP};
use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::time::{Instant, timeout};

const PORT: u16 = 8_080;
const OUTSIDE: &str = "203.0.113.7";

/// What a gateway was asked, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Find,
    Map(u16, Duration),
    MapAny(Duration),
    Unmap(u16),
}

/// When a gateway does not answer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Silent {
    Never,
    OnceFound,
    Always,
}

/// A gateway that does as it is told.
#[derive(Clone)]
struct Script {
    asked: Arc<Mutex<Vec<(Instant, Asked)>>>,
    outside: Arc<Mutex<&'static str>>,
    finds: Arc<Mutex<VecDeque<MapError>>>,
    maps: Arc<Mutex<VecDeque<MapError>>>,
    silent: Silent,
}

impl Script {
    fn new() -> Self {
        Self {
            asked: Arc::default(),
            outside: Arc::new(Mutex::new(OUTSIDE)),
            finds: Arc::default(),
            maps: Arc::default(),
            silent: Silent::Never,
        }
    }

    async fn note(&self, asked: Asked) {
        let silent = match self.silent {
            Silent::Never => false,
            Silent::OnceFound => asked != Asked::Find,
            Silent::Always => true,
        };
        self.asked.lock().unwrap().push((Instant::now(), asked));
        if silent {
            std::future::pending::<()>().await;
        }
    }

    fn all(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().iter().map(|(_, asked)| asked.clone()).collect()
    }
}

impl Router for Script {
    async fn find(&mut self) -> Result<(), MapError> {
        self.note(Asked::Find).await;
        self.finds.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    async fn outside(&mut self) -> Result<IpAddr, MapError> {
        Ok(self.outside.lock().unwrap().parse().unwrap())
    }

    async fn map(&mut self, port: u16, inner: u16, lease: Duration) -> Result<(), MapError> {
        assert_eq!(inner, PORT);
        self.note(Asked::Map(port, lease)).await;
        self.maps.lock().unwrap().pop_front().map_or(Ok(()), Err)
    }

    async fn map_any(&mut self, inner: u16, lease: Duration) -> Result<u16, MapError> {
        assert_eq!(inner, PORT);
        self.note(Asked::MapAny(lease)).await;
        self.maps.lock().unwrap().pop_front().map_or(Ok(40_000), Err)
    }

    async fn unmap(&mut self, port: u16) -> Result<(), MapError> {
        self.note(Asked::Unmap(port)).await;
        Ok(())
    }
}

/// Keeps a mapping for so long, and returns the news; the mapping is given back then.
async fn keep(script: &Script, time: Duration) -> UnboundedReceiver<News> {
    let (sender, news) = unbounded_channel();
    let mut keeper = Keeper::new(script.clone(), PORT, sender);
    assert!(timeout(time, keeper.keep()).await.is_err());
    keeper.release().await;
    news
}

fn drain(mut news: UnboundedReceiver<News>) -> Vec<News> {
    std::iter::from_fn(|| news.try_recv().ok()).collect()
}

fn mapped(port: u16) -> News {
    News::Mapped(format!("{OUTSIDE}:{port}").parse().unwrap())
}

#[tokio::test(start_paused = true)]
async fn it_is_renewed_at_half_its_lease_told_once_and_given_back() {
    let script = Script::new();
    let news = keep(&script, MAP_LEASE * 2 + Duration::from_secs(1)).await;
    assert_eq!(drain(news), [mapped(PORT)]);
    let map = Asked::Map(PORT, MAP_LEASE);
    assert_eq!(script.all(), [Asked::Find, map.clone(), map.clone(), map.clone(), map.clone(), map, Asked::Unmap(PORT)]);
}

#[tokio::test(start_paused = true)]
async fn after_failures_it_is_tried_again_ever_later_and_told_once() {
    let script = Script::new();
    script.finds.lock().unwrap().extend(std::iter::repeat_n(MapError::NoGateway, 8));
    let news = keep(&script, Duration::from_secs(3_600)).await;
    assert_eq!(drain(news), [News::Failed(MapError::NoGateway.to_string()), mapped(PORT)]);
    let asked = script.asked.lock().unwrap().clone();
    let finds: Vec<_> = asked.iter().filter(|(_, asked)| *asked == Asked::Find).map(|(at, _)| *at).collect();
    let pauses: Vec<_> = finds.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert_eq!(pauses, [30, 60, 120, 240, 480, 600, 600, 600]);
    assert_eq!((MAP_RETRY.0.as_secs(), MAP_RETRY.1.as_secs()), (30, 600));
}

#[tokio::test(start_paused = true)]
async fn a_lost_mapping_is_sought_anew_and_its_return_is_told() {
    let script = Script::new();
    let failing = script.clone();
    let lose = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        failing.maps.lock().unwrap().push_back(MapError::TimedOut);
    };
    let (news, ()) = tokio::join!(keep(&script, MAP_LEASE), lose);
    assert_eq!(drain(news), [mapped(PORT), News::Failed(MapError::TimedOut.to_string()), mapped(PORT)]);
    assert_eq!(script.all().iter().filter(|asked| **asked == Asked::Find).count(), 2);
}

/// The news of so long, each with the second in which it was told.
async fn told(script: &Script, time: Duration) -> Vec<(u64, News)> {
    let (sender, mut news) = unbounded_channel();
    let (script, began) = (script.clone(), Instant::now());
    let keep = async move {
        let mut keeper = Keeper::new(script, PORT, sender);
        assert!(timeout(time, keeper.keep()).await.is_err());
    };
    let listen = async {
        let mut all = Vec::new();
        while let Some(news) = news.recv().await {
            all.push((began.elapsed().as_secs(), news));
        }
        all
    };
    tokio::join!(keep, listen).1
}

/// Its answer may be lost, and it may do what it said all the same: until the time is over for which it said so.
#[tokio::test(start_paused = true)]
async fn what_a_silent_gateway_forwards_is_lost_when_the_lease_ends() {
    let script = Script::new();
    let failing = script.clone();
    let lose = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        failing.maps.lock().unwrap().push_back(MapError::TimedOut);
        failing.finds.lock().unwrap().extend(std::iter::repeat_n(MapError::NoGateway, 8));
    };
    let (news, ()) = tokio::join!(told(&script, MAP_LEASE * 2), lose);
    let (timed_out, gone) = (MapError::TimedOut.to_string(), MapError::NoGateway.to_string());
    let half = MAP_LEASE.as_secs() / 2;
    let wanted = [
        (0, mapped(PORT)),
        (half, News::Failed(timed_out)),
        (half + 30, News::Failed(gone)),
        (2 * half, News::Lost),
        // The attempt after the eighth failure of the search, 30 s doubling to 600 s apart.
        (half + 30 + 60 + 120 + 240 + 480 + 4 * 600, mapped(PORT)),
    ];
    assert_eq!(news, wanted);
}

#[tokio::test(start_paused = true)]
async fn what_a_gateway_takes_back_is_lost_at_once() {
    let renewal = MAP_LEASE.as_secs() / 2;
    let inner = "192.168.1.2";
    let script = Script::new();
    let failing = script.clone();
    let lose = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        *failing.outside.lock().unwrap() = inner;
    };
    let (news, ()) = tokio::join!(told(&script, MAP_LEASE), lose);
    let behind = MapError::Behind(inner.parse().unwrap()).to_string();
    assert_eq!(news, [(0, mapped(PORT)), (renewal, News::Failed(behind)), (renewal, News::Lost)]);

    let script = Script::new();
    let failing = script.clone();
    let lose = async {
        tokio::time::sleep(Duration::from_secs(10)).await;
        failing.maps.lock().unwrap().push_back(MapError::NotAllowed);
    };
    let (news, ()) = tokio::join!(told(&script, MAP_LEASE), lose);
    let refused = News::Failed(MapError::NotAllowed.to_string());
    assert_eq!(news, [(0, mapped(PORT)), (renewal, refused), (renewal, News::Lost), (renewal + 30, mapped(PORT))]);
}

#[tokio::test(start_paused = true)]
async fn a_taken_port_is_left_to_its_owner_and_another_is_held() {
    let script = Script::new();
    script.maps.lock().unwrap().push_back(MapError::Taken);
    let news = keep(&script, MAP_LEASE / 2 + Duration::from_secs(1)).await;
    assert_eq!(drain(news), [mapped(40_000)]);
    let (first, renewal) = (Asked::Map(PORT, MAP_LEASE), Asked::Map(40_000, MAP_LEASE));
    assert_eq!(script.all(), [Asked::Find, first, Asked::MapAny(MAP_LEASE), renewal, Asked::Unmap(40_000)]);
}

#[tokio::test(start_paused = true)]
async fn a_gateway_without_leases_maps_for_good_until_the_end() {
    let script = Script::new();
    script.maps.lock().unwrap().push_back(MapError::PermanentOnly);
    let news = keep(&script, Duration::from_secs(1)).await;
    assert_eq!(drain(news), [mapped(PORT)]);
    let forever = Asked::Map(PORT, Duration::ZERO);
    assert_eq!(script.all(), [Asked::Find, Asked::Map(PORT, MAP_LEASE), forever, Asked::Unmap(PORT)]);
    // One that wants neither is not asked for ever.
    let script = Script::new();
    script.maps.lock().unwrap().extend(vec![MapError::PermanentOnly; 2]);
    let news = keep(&script, Duration::from_secs(1)).await;
    assert_eq!(drain(news), [News::Failed(MapError::PermanentOnly.to_string())]);
}

#[tokio::test(start_paused = true)]
async fn behind_a_second_gateway_nothing_is_mapped_and_that_is_said() {
    for outside in
        ["192.168.1.2", "10.0.0.1", "172.16.3.4", "100.64.0.1", "100.127.255.255", "169.254.1.1", "127.0.0.1", "0.0.0.0"]
    {
        let script = Script::new();
        *script.outside.lock().unwrap() = outside;
        let news = drain(keep(&script, Duration::from_secs(1)).await);
        let [News::Failed(why)] = &news[..] else { panic!("{outside}: {news:?}") };
        assert!(why.contains(outside) && why.contains("another gateway"), "{why}");
        assert_eq!(script.all(), [Asked::Find]);
    }
    for outside in ["100.63.255.255", "100.128.0.1", "172.32.0.1", "8.8.8.8"] {
        let script = Script::new();
        *script.outside.lock().unwrap() = outside;
        let news = drain(keep(&script, Duration::from_secs(1)).await);
        assert_eq!(news, [News::Mapped(format!("{outside}:{PORT}").parse().unwrap())]);
    }
}

#[tokio::test(start_paused = true)]
async fn a_gateway_that_never_answers_costs_no_more_than_its_deadlines() {
    let script = Script { silent: Silent::Always, ..Script::new() };
    let news = keep(&script, MAP_SEARCH + Duration::from_millis(1)).await;
    assert_eq!(drain(news), [News::Failed(MapError::TimedOut.to_string())]);

    // Silent once it was found: what it may hold is asked back, and that takes a second.
    let script = Script { silent: Silent::OnceFound, ..Script::new() };
    let (sender, news) = unbounded_channel();
    let mut keeper = Keeper::new(script.clone(), PORT, sender);
    let began = Instant::now();
    let time = MAP_REQUEST + Duration::from_millis(1);
    assert!(timeout(time, keeper.keep()).await.is_err());
    keeper.release().await;
    assert_eq!(began.elapsed(), time + UNMAP);
    assert_eq!(drain(news), [News::Failed(MapError::TimedOut.to_string())]);
    assert_eq!(script.all(), [Asked::Find, Asked::Map(PORT, MAP_LEASE), Asked::Unmap(PORT)]);
}
