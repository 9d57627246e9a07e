//! TLS 1.3 (RFC 8446) with both sides' certificates bound to their node ids: the handshake, and the records after it.
//!
//! Both sides show a certificate (see `certificate`). No session is resumed, no early data taken, no ticket sent; the server's name is the
//! same for all, the protocol (ALPN) `rumormill/1`. The randomness is ring's own. Records are read one by one, so that nothing of what
//! follows the handshake is taken with it.

use super::certificate::{self, Verifier};
use super::{Channel, SecureError, Secured, Transport, opening};
use crate::chain::{Address, KeyPair};
use crate::net::limits::{TLS_CONTENTLESS, TLS_HANDSHAKE};
use crate::node::Direction;
use rustls::client::Resumption;
use rustls::pki_types::ServerName;
use rustls::server::NoServerSessionStorage;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection, version::TLS13};
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What both sides must mean.
const PROTOCOL: &[u8] = b"rumormill/1";
/// Sent as the server's name by all: who is there says the certificate.
const NAME: &str = "rumormill.invalid";
/// Most bytes of content in a record, and most that sealing adds to its length (RFC 8446, sections 5.1 and 5.2).
const CONTENT: usize = 1 << 14;
const EXPANSION: usize = 256;

/// What a node proves itself with over TLS.
pub struct Identity {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    name: ServerName<'static>,
}

impl Identity {
    /// Of the node with these keys, with a certificate made now.
    ///
    /// # Errors
    /// [`SecureError::Certificate`] and [`SecureError::Tls`]: a defect, or no randomness.
    pub fn new(keys: &KeyPair) -> Result<Self, SecureError> {
        let (certificate, key) = certificate::make(keys)?;
        Self::with(certificate, key)
    }

    fn with(
        certificate: rustls::pki_types::CertificateDer<'static>,
        key: rustls::pki_types::PrivateKeyDer<'static>,
    ) -> Result<Self, SecureError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = Arc::new(Verifier(Arc::clone(&provider)));
        let mut client = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(&[&TLS13])?
            .dangerous()
            .with_custom_certificate_verifier(Arc::clone(&verifier) as _)
            .with_client_auth_cert(vec![certificate.clone()], key.clone_key())?;
        client.alpn_protocols = vec![PROTOCOL.to_vec()];
        client.resumption = Resumption::disabled();
        let mut server = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13])?
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![certificate], key)?;
        server.alpn_protocols = vec![PROTOCOL.to_vec()];
        server.session_storage = Arc::new(NoServerSessionStorage {});
        server.send_tls13_tickets = 0;
        let name = ServerName::try_from(NAME).map_err(|error| SecureError::Certificate(error.to_string()))?;
        Ok(Self { client: Arc::new(client), server: Arc::new(server), name })
    }
}

/// Shakes hands.
pub async fn exchange<S>(stream: &mut S, identity: &Identity, direction: Direction) -> Result<Secured, SecureError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut first = None;
    let mut connection = match direction {
        Direction::Outbound => Connection::from(ClientConnection::new(Arc::clone(&identity.client), identity.name.clone())?),
        Direction::Inbound => {
            first = Some(opening::listen(stream, Transport::Tls).await?);
            Connection::from(ServerConnection::new(Arc::clone(&identity.server))?)
        }
    };
    connection.set_buffer_limit(None);
    if direction == Direction::Outbound {
        let mut hello = Vec::new();
        connection.write_tls(&mut hello)?;
        opening::say(stream, Transport::Tls, &hello).await?;
        first = Some(opening::answer(stream, Transport::Tls).await?);
    }
    let mut left = TLS_HANDSHAKE;
    while connection.is_handshaking() {
        let record = read(stream, first.take(), &mut left).await?;
        let done = take(&mut connection, &record);
        // An alert too: it tells the other side what is wrong.
        let said = flush(stream, &mut connection).await;
        done.and(said)?;
    }
    let peer = peer(&connection)?;
    Ok(Secured { peer, channel: Channel::Tls(Box::new(Session { connection, contentless: 0 })) })
}

/// Whom the other side's certificate has proven.
fn peer(connection: &Connection) -> Result<Address, SecureError> {
    if connection.alpn_protocol() != Some(PROTOCOL) {
        return Err(rustls::Error::NoApplicationProtocol.into());
    }
    let certificate = connection.peer_certificates().and_then(|certificates| certificates.first());
    // The verifier has checked it; asked again, so that nothing depends on that.
    Ok(certificate::prove(certificate.ok_or(SecureError::Identity)?)?)
}

/// Reads one record, of which the first two bytes may have been read; `left` bytes are left for the whole handshake.
async fn read<S>(stream: &mut S, first: Option<[u8; 2]>, left: &mut usize) -> Result<Vec<u8>, SecureError>
where
    S: AsyncRead + Unpin,
{
    let mut header = [0; Session::HEADER];
    let at = first.map_or(0, |first| first.len());
    let (begin, rest) = header.split_at_mut(at);
    begin.copy_from_slice(first.as_ref().map_or(&[], |first| &first[..]));
    stream.read_exact(rest).await?;
    let length = Session::measure(&header)?.unwrap_or_default();
    *left = left.checked_sub(length).ok_or(SecureError::Length(length))?;
    let mut record = header.to_vec();
    record.resize(length, 0);
    stream.read_exact(record.get_mut(Session::HEADER..).unwrap_or_default()).await?;
    Ok(record)
}

async fn flush<S: AsyncWrite + Unpin>(stream: &mut S, connection: &mut Connection) -> Result<(), SecureError> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes)?;
    }
    if !bytes.is_empty() {
        stream.write_all(&bytes).await?;
        stream.flush().await?;
    }
    Ok(())
}

/// Hands one record in.
fn take(connection: &mut Connection, mut record: &[u8]) -> Result<(), SecureError> {
    while !record.is_empty() {
        if connection.read_tls(&mut record)? == 0 {
            // Nothing is taken after the other side's end.
            break;
        }
    }
    connection.process_new_packets()?;
    Ok(())
}

/// A TLS connection that is up.
pub struct Session {
    connection: Connection,
    /// Records in a row that held nothing for us: key updates, tickets.
    contentless: usize,
}

impl Session {
    /// Bytes that announce a record: its type, a version, its length.
    pub const HEADER: usize = 5;

    /// Most bytes that sealing `plain` bytes takes, with an answer to a key update before them.
    pub const fn sealed_len(plain: usize) -> usize {
        // Type and tag make 17 bytes of each record; rounded up.
        plain + (plain / CONTENT + 2) * (Self::HEADER + 32)
    }

    /// Bytes of the record whose header begins `bytes`, if the header is here.
    pub(super) fn measure(bytes: &[u8]) -> Result<Option<usize>, SecureError> {
        let Some([kind, version, _, high, low]) = bytes.first_chunk::<{ Self::HEADER }>() else { return Ok(None) };
        // Change of cipher, alert, handshake, data.
        if !(20..=23).contains(kind) || *version != 3 {
            return Err(SecureError::Foreign(*kind, *version));
        }
        match usize::from(u16::from_be_bytes([*high, *low])) {
            0 => Err(SecureError::EmptyRecord),
            length if length > CONTENT + EXPANSION => Err(SecureError::Length(length)),
            length => Ok(Some(Self::HEADER + length)),
        }
    }

    pub(super) fn seal(&mut self, plain: &[u8], out: &mut [u8]) -> Result<usize, SecureError> {
        self.connection.writer().write_all(plain)?;
        let room = out.len();
        let mut rest = out;
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut rest)? == 0 {
                return Err(SecureError::Length(plain.len()));
            }
        }
        Ok(room - rest.len())
    }

    pub(super) fn open(&mut self, record: &[u8], plain: &mut [u8]) -> Result<usize, SecureError> {
        take(&mut self.connection, record)?;
        let mut filled = 0;
        while let Some(rest) = plain.get_mut(filled..).filter(|rest| !rest.is_empty()) {
            match self.connection.reader().read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) => return Err(error.into()),
            }
        }
        self.contentless = if filled > 0 { 0 } else { self.contentless + 1 };
        if self.contentless > TLS_CONTENTLESS { Err(SecureError::EmptyRecord) } else { Ok(filled) }
    }
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
