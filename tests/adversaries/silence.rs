//! Whoever says nothing, or says it slowly: rows 1 to 3, and connections half open.

use super::client::{Session, connect, ends, framed, fresh, header};
use super::noise::{Handshake, Persona};
use super::stage::{SOON, Stage};
use rumormill::node::Config;
use rumormill::wire::{Message, encode};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{MissedTickBehavior, interval};

/// The real deadlines are 3 s and 10 s; the tests in `src/net` hold these in virtual time.
const DEADLINE: Duration = Duration::from_millis(600);
const PACE: Duration = Duration::from_millis(40);

fn short(config: &mut Config) {
    (config.timing.handshake, config.timing.frame) = (DEADLINE, DEADLINE);
}

/// Writes a byte now and then until the other side ends it; how long that took.
async fn trickle(stream: &mut TcpStream, bytes: &[u8]) -> Duration {
    let began = Instant::now();
    let (mut reader, mut writer) = stream.split();
    let reading = async { while reader.read(&mut [0; 4_096]).await.is_ok_and(|count| count > 0) {} };
    let writing = async {
        let mut pace = interval(PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for byte in bytes.iter().cycle() {
            pace.tick().await;
            if writer.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
    began.elapsed()
}

/// Connected, the first message said, who he is proven: then nothing.
#[tokio::test]
async fn row_01_connects_and_sends_nothing() {
    let stage = Stage::with(short).await;
    let began = Instant::now();
    let mut nothing = connect(stage.address(), 1).await;
    let mut first = connect(stage.address(), 2).await;
    first.write_all(&framed(&Handshake::new(&Persona::new(2), true, fresh()).write(0))).await.unwrap();
    let mut proven = stage.stranger(3).await;
    for stream in [&mut nothing, &mut first, &mut proven.stream] {
        ends(stream).await;
        assert!(began.elapsed() >= DEADLINE * 9 / 10, "before its time");
        assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    }
    assert!(stage.parted(proven.persona.id()).await.contains("hands were not shaken in time"));
    assert_eq!(stage.blame(proven.persona.id()), 0, "silence is no offence");
    stage.end().await;
}

/// At each step of the handshake; the deadline is that of the whole of it.
#[tokio::test]
async fn row_02_a_byte_at_a_time_in_the_handshake() {
    let stage = Stage::with(short).await;
    let message = framed(&Handshake::new(&Persona::new(1), true, fresh()).write(0));
    let mut first = connect(stage.address(), 1).await;
    let mut third = connect(stage.address(), 2).await;
    third.write_all(&framed(&Handshake::new(&Persona::new(2), true, fresh()).write(0))).await.unwrap();
    let mut proven = stage.stranger(3).await;
    let hello = Message::Handshake { hello: proven.hello(&stage.lab.spec) };
    let record = proven.seal(&encode(&hello));
    let mut endless = [0; 160];
    endless[..2].copy_from_slice(&160u16.to_be_bytes());
    let times = tokio::join!(trickle(&mut first, &message), trickle(&mut third, &endless), trickle(&mut proven.stream, &record));
    for time in [times.0, times.1, times.2] {
        assert!(time >= DEADLINE / 2 && time < SOON, "{time:?}");
    }
    stage.end().await;
}

/// One byte in each record, one byte of a record at a time, and a frame of unknown type that goes on and on.
#[tokio::test]
async fn row_03_a_byte_at_a_time_after_the_handshake() {
    let stage = Stage::with(short).await;
    let (mut records, mut bytes, mut skipped) = (stage.friend(1).await, stage.friend(2).await, stage.friend(3).await);
    let frame = encode(&Message::GetHeaders { locator: vec![stage.lab.spec.genesis_id(); 50] });
    let one_each: Vec<u8> = frame.iter().flat_map(|byte| records.seal(&[*byte])).collect();
    bytes.say(&frame[..10]).await;
    let record = bytes.seal(&frame[10..]);
    let unknown: Vec<u8> = header(0xee, 600).iter().chain(&[0; 600]).flat_map(|byte| skipped.seal(&[*byte])).collect();
    let times = tokio::join!(
        trickle(&mut records.stream, &one_each),
        trickle(&mut bytes.stream, &record),
        trickle(&mut skipped.stream, &unknown)
    );
    for (session, time) in [(&records, times.0), (&bytes, times.1), (&skipped, times.2)] {
        assert!(time >= DEADLINE / 2 && time < SOON, "{time:?}");
        assert_eq!(stage.parted(session.persona.id()).await, "a frame took it too long");
    }
    stage.end().await;
}

/// It closes its sending side after each step: it is gone, long before any deadline.
#[tokio::test]
async fn half_open_at_every_step() {
    let stage = Stage::new().await;
    let began = Instant::now();
    for step in 0..5 {
        let persona = Persona::new(step);
        let mut stream = connect(stage.address(), step).await;
        if step > 0 {
            let mut session = match step {
                1 => {
                    stream.write_all(&framed(&Handshake::new(&persona, true, fresh()).write(0))).await.unwrap();
                    stream.shutdown().await.unwrap();
                    ends(&mut stream).await;
                    continue;
                }
                _ => Session::dial(stream, &persona).await,
            };
            if step > 2 {
                session.shake(&stage.lab.spec).await;
            }
            if step > 3 {
                let record = session.seal(&encode(&Message::GetPeers));
                session.raw(&record[..10]).await;
            }
            session.stream.shutdown().await.unwrap();
            session.rest().await;
            assert_eq!(stage.parted(persona.id()).await, "closed by peer");
        } else {
            stream.shutdown().await.unwrap();
            ends(&mut stream).await;
        }
    }
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
    stage.end().await;
}
