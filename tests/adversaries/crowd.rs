//! A crowd of strangers, more than there are places for: honest newcomers get in all the same.

use super::client::{Session, connect, ends, framed, fresh};
use super::noise::{Handshake, Persona};
use super::stage::{SOON, Stage};
use rumormill::chain::ChainSpec;
use rumormill::wire::{Message, encode};
use std::sync::Arc;
use std::time::Instant;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

const CROWD: u32 = 200;

/// Goes so many steps, then says nothing more. What is returned keeps the connection open.
async fn stops_after(step: u32, mut stream: TcpStream, number: u32, spec: Arc<ChainSpec>) -> Option<TcpStream> {
    let persona = Persona::new(number);
    if step == 1 {
        stream.write_all(&framed(&Handshake::new(&persona, true, fresh()).write(0))).await.ok()?;
    }
    if step < 2 {
        return Some(stream);
    }
    let mut session = Session::try_dial(stream, &persona).await?;
    if step > 2 {
        let hello = encode(&Message::Handshake { hello: session.hello(&spec) });
        let record = session.seal(&hello);
        session.raw(&record[..record.len() / 2]).await;
    }
    Some(session.stream)
}

/// At once: 50 connections stop after each step. `addresses`: from how many addresses they come.
async fn crowd(addresses: u32) {
    let stage = Stage::new().await;
    let mut streams = Vec::new();
    for number in 0..CROWD {
        streams.push(connect(stage.address(), 1_000 + number % addresses).await);
    }
    let mut strangers = JoinSet::new();
    for (number, stream) in streams.into_iter().enumerate() {
        let number = number as u32;
        strangers.spawn(stops_after(number % 4, stream, 1_000 + number, Arc::clone(&stage.lab.spec)));
    }
    for number in 0..5 {
        let began = Instant::now();
        stage.friend(number).await.ping().await;
        assert!(began.elapsed() < SOON, "newcomer {number} waited {:?}", began.elapsed());
    }
    stage.unharmed().await;
    // An honest node as well, by itself.
    let (newcomer, its) = stage.lab.honest(3, stage.address()).await;
    its.meets().await;
    newcomer.stop().await;
    // All of them are cut off in the end.
    for stranger in strangers.join_all().await.into_iter().flatten() {
        let mut stranger = stranger;
        ends(&mut stranger).await;
    }
    stage.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_from_two_addresses_keeps_nobody_out() {
    crowd(2).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_from_as_many_addresses_keeps_nobody_out() {
    crowd(CROWD).await;
}
