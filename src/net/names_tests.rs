#[path = "../../tests/common/name_server.rs"]
mod name_server;

use super::*;
use name_server::NameServer;
use std::sync::atomic::Ordering;
use tokio::net::UdpSocket;
use tokio::time::Instant;

async fn ask(name: &str) -> Result<Vec<IpAddr>, NameError> {
    let server = NameServer::start().await;
    Names::server(server.address).look_up(name).await
}

fn addresses<const N: usize>(texts: [&str; N]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test]
async fn both_kinds_of_address_each_once() {
    let mut found = ask("both.test").await.unwrap();
    found.sort_unstable();
    assert_eq!(found, addresses(["10.1.2.3", "10.1.2.4", "::1"]));
}

#[tokio::test]
async fn one_kind_is_enough_even_if_the_other_is_never_answered() {
    assert_eq!(ask("half.test").await.unwrap(), addresses(["10.1.2.5"]));
}

#[tokio::test]
async fn of_a_thousand_addresses_so_many_are_taken() {
    // Too many for a datagram: asked again over TCP.
    let found = ask("many.test").await.unwrap();
    assert_eq!(found.len(), LOOKUP_ADDRESSES);
    assert!(found.iter().all(|address| matches!(address, IpAddr::V4(v4) if v4.octets()[0] == 10)));
}

#[tokio::test]
async fn what_is_wrong_is_said() {
    assert_eq!(ask("nobody.test").await, Err(NameError::Unknown));
    assert_eq!(ask("empty.test").await, Err(NameError::Empty));
    let failing = ask("failing.test").await;
    assert!(matches!(&failing, Err(NameError::Failed(why)) if why.contains("name server says")), "{failing:?}");
    for name in ["", ".", &"a".repeat(300), &format!("{}.test", "b".repeat(64)), "two..dots", "new\nline\u{1b}[2J.test"] {
        let error = ask(name).await.unwrap_err();
        assert!(!matches!(error, NameError::TimedOut(_)), "{name:?}: {error:?}");
        assert!(error.to_string().chars().count() < 2 * WORDS, "{error}");
    }
}

#[tokio::test]
async fn an_address_is_its_own_and_nobody_is_asked() {
    let server = NameServer::start().await;
    let names = Names::server(server.address);
    for (name, address) in [("10.0.0.1", "10.0.0.1"), ("::1", "::1"), ("[::1]", "::1")] {
        assert_eq!(names.look_up(name).await.unwrap(), addresses([address]));
    }
    assert_eq!(server.asked.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn the_system_knows_this_machine() {
    let found = Names::system().look_up("localhost").await.unwrap();
    assert!(!found.is_empty() && found.iter().all(IpAddr::is_loopback), "{found:?}");
}

/// Whatever a server does, the look-up ends by its deadline, with an error. Time is virtual, so that it costs none.
#[tokio::test(start_paused = true)]
async fn a_hostile_server_costs_no_more_than_the_deadline() {
    for name in ["silent.test", "garbage.test", "wrong-id.test", "truncated.test"] {
        let server = NameServer::start().await;
        let began = Instant::now();
        let result = Names::server(server.address).look_up(name).await;
        assert!(result.is_err(), "{name}: {result:?}");
        assert!(began.elapsed() <= LOOKUP, "{name}: {:?}", began.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn so_many_at_once_and_the_others_wait() {
    let silent = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    let names = Names::server(silent.local_addr().unwrap());
    let began = Instant::now();
    let mut all = tokio::task::JoinSet::new();
    for number in 0..2 * LOOKUPS {
        let names = names.clone();
        all.spawn(async move {
            let error = names.look_up(&format!("n{number}.test")).await.unwrap_err();
            (began.elapsed(), error)
        });
    }
    let mut ends = Vec::new();
    while let Some(Ok((end, error))) = all.join_next().await {
        assert!(matches!(error, NameError::TimedOut(_)), "{error:?}");
        ends.push(end);
    }
    ends.sort_unstable();
    assert_eq!(ends.len(), 2 * LOOKUPS);
    // The second half begins when the first has ended.
    assert!(ends[LOOKUPS] >= 2 * ends[0].min(LOOKUP) - Duration::from_millis(100), "{ends:?}");
    assert!(ends[2 * LOOKUPS - 1] <= 2 * LOOKUP, "{ends:?}");
}
