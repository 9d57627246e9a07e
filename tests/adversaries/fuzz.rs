//! Valid sessions, changed at random from a seed: what nobody thought of.

use super::client::{connect, ends, framed, fresh, read_framed};
use super::noise::{Handshake, Persona};
use super::samples::messages;
use super::stage::Stage;
use rand::rngs::ChaCha8Rng;
use rand::{Rng, RngExt, SeedableRng};
use rumormill::wire::encode;
use tokio::io::AsyncWriteExt;

const SEED: u64 = 20_261_121;
const ROUNDS: u32 = 2_000;

/// Changes bytes in one of the ways in which bytes go wrong.
fn mutate(bytes: &mut Vec<u8>, random: &mut ChaCha8Rng) {
    if bytes.is_empty() {
        return bytes.push(random.random());
    }
    let at = random.random_range(0..bytes.len());
    let end = (at + random.random_range(1..=40)).min(bytes.len());
    match random.random_range(0..8) {
        0 | 1 => bytes[at] ^= 1 << random.random_range(0..8),
        2 => bytes[at] = random.random(),
        3 => drop(bytes.drain(at..end)),
        4 => {
            let piece = bytes[at..end].to_vec();
            bytes.splice(at..at, piece);
        }
        5 => bytes.truncate(at),
        6 => {
            let mut piece = vec![0; end - at];
            random.fill_bytes(&mut piece);
            bytes.splice(at..at, piece);
        }
        _ => {
            let value = [u64::MAX, 0, 1 << 31, u64::from(u32::MAX), 1 << 63][random.random_range(0..5)];
            let end = (at + [1, 2, 4, 8][random.random_range(0..4)]).min(bytes.len());
            bytes[at..end].copy_from_slice(&value.to_le_bytes()[..end - at]);
        }
    }
}

fn mutated(mut bytes: Vec<u8>, random: &mut ChaCha8Rng) -> Vec<u8> {
    for _ in 0..random.random_range(1..=6) {
        mutate(&mut bytes, random);
    }
    bytes
}

/// The encryption's own messages, changed.
async fn handshake(stage: &Stage, number: u32, random: &mut ChaCha8Rng) {
    let mut stream = connect(stage.address(), number).await;
    let mut state = Handshake::new(&Persona::new(number), true, fresh());
    let first = framed(&state.write(0));
    if random.random() {
        let _ = stream.write_all(&mutated(first, random)).await;
    } else {
        let _ = stream.write_all(&first).await;
        let answer = read_framed(&mut stream).await.expect("an answer to an honest message");
        state.read(1, &answer).expect("a genuine answer");
        let last = framed(&state.write(2));
        let _ = stream.write_all(&mutated(last, random)).await;
    }
    let _ = stream.shutdown().await;
    ends(&mut stream).await;
}

/// Before hands are shaken or after: some messages, one after the other, changed before they are encrypted, or after it.
async fn session(stage: &Stage, number: u32, random: &mut ChaCha8Rng) {
    let mut session = stage.stranger(number).await;
    let hello = session.hello(&stage.lab.spec);
    if random.random_ratio(7, 8) {
        session.shake(&stage.lab.spec).await;
    }
    let value = [0, 1, u64::MAX][random.random_range(0..3)];
    let all = messages(&stage.lab.spec, &hello, value, random.random_range(0..6));
    let chosen = (0..random.random_range(1..5)).map(|_| encode(&all[random.random_range(0..all.len())]).to_vec());
    let plain: Vec<u8> = chosen.flatten().collect();
    if random.random_ratio(1, 6) {
        let records = session.seal(&plain);
        session.raw(&mutated(records, random)).await;
    } else {
        let plain = mutated(plain, random);
        let mut rest = &plain[..];
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(random.random_range(1..=rest.len()));
            session.say(piece).await;
            rest = after;
        }
    }
    let _ = session.stream.shutdown().await;
    session.rest().await;
}

/// Tells which round it was that failed.
struct Round(u32);

impl Drop for Round {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in round {} of seed {SEED}", self.0);
        }
    }
}

/// After each an honest client is answered, and the honest peer's link is as it was.
#[tokio::test]
async fn two_thousand_mutated_sessions() {
    let stage = Stage::new().await;
    let mut honest = stage.friend(1 << 20).await;
    let mut random = ChaCha8Rng::seed_from_u64(SEED);
    for round in 0..ROUNDS {
        let _told = Round(round);
        if random.random_ratio(1, 8) {
            handshake(&stage, round, &mut random).await;
        } else {
            session(&stage, round, &mut random).await;
        }
        honest.ping().await;
        stage.undisturbed();
        if round % 200 == 0 {
            stage.unharmed().await;
        }
    }
    assert_eq!(stage.blame(honest.persona.id()), 0);
    stage.end().await;
}
