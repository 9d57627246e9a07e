//! What people wish of a node's peers at the dashboard, as commands: of a cluster's node, or of a single one.

use crate::chain::Address;
use crate::node::Command;
use rumormill_ui::model::Intent;
use std::net::{IpAddr, SocketAddr};

/// A command to one node.
pub struct Peering {
    /// To which.
    pub node: u32,
    /// What.
    pub command: Command,
    /// What the node does then, in words that follow its name: "connects to 127.0.0.1:8081".
    pub said: String,
}

/// The command that a wish comes to; `None`: it is not about a node's peers. `address` knows where the nodes here listen.
///
/// # Errors
/// What is wrong with the wish, in words for its reader.
pub fn peering(intent: &Intent, address: impl Fn(u32) -> Option<SocketAddr>) -> Option<Result<Peering, String>> {
    let no_id = || "no peer has this id".to_owned();
    let (node, done) = match intent {
        Intent::Connect { node, address: text } => (
            *node,
            target(text, address)
                .map(|address| (Command::Connect(address), format!("dials {address}, and again whenever the link is lost"))),
        ),
        Intent::Disconnect { node, id } => {
            let peer = id_from_hex(id).ok_or_else(no_id);
            (*node, peer.map(|peer| (Command::Disconnect(peer), format!("parts from {}", peer.short()))))
        }
        Intent::Ban { node, id, lasts } => {
            let peer = id_from_hex(id).ok_or_else(no_id);
            (*node, peer.map(|peer| (Command::Ban { peer, time: *lasts }, format!("bans {}", peer.short()))))
        }
        Intent::Unban { node, id } => match id.parse::<IpAddr>() {
            Ok(address) => (*node, Ok((Command::UnbanAddress(address), format!("takes the ban from {address}")))),
            Err(_) => {
                let peer = id_from_hex(id).ok_or_else(no_id);
                (*node, peer.map(|peer| (Command::Unban(peer), format!("takes the ban from {}", peer.short()))))
            }
        },
        _ => return None,
    };
    Some(done.map(|(command, said)| Peering { node, command, said }))
}

/// Where a reader wants a node to connect to: an address, or one of the nodes here by its name.
fn target(text: &str, address: impl Fn(u32) -> Option<SocketAddr>) -> Result<SocketAddr, String> {
    const WANTED: &str = "write an address and a port, as in 127.0.0.1:8081";
    if let Some(index) = text.strip_prefix('n').and_then(|digits| digits.parse().ok()) {
        return address(index).ok_or_else(|| format!("no {text} listens here: {WANTED}"));
    }
    let local = text.strip_prefix("localhost:").map(|port| format!("127.0.0.1:{port}"));
    match local.as_deref().unwrap_or(text).parse::<SocketAddr>() {
        Ok(found) if found.port() == 0 => Err(format!("nobody listens on port 0: {WANTED}")),
        Ok(found) => Ok(found),
        Err(_) => Err(format!("{text:?} is no address: {WANTED}")),
    }
}

/// An id from its 64 hex digits.
fn id_from_hex(id: &str) -> Option<Address> {
    let digits = id.as_bytes();
    let mut bytes = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(Address(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nobody(_: u32) -> Option<SocketAddr> {
        None
    }

    fn connect(text: &str) -> Result<SocketAddr, String> {
        let intent = Intent::Connect { node: 3, address: text.to_owned() };
        let here = |index| (index == 5).then(|| SocketAddr::from(([10, 0, 0, 5], 8080)));
        match peering(&intent, here).unwrap()?.command {
            Command::Connect(address) => Ok(address),
            _ => Err("another command".to_owned()),
        }
    }

    #[test]
    fn an_address_a_node_and_nonsense() {
        assert_eq!(connect("127.0.0.1:8081"), Ok("127.0.0.1:8081".parse().unwrap()));
        assert_eq!(connect("[::1]:8081"), Ok("[::1]:8081".parse().unwrap()));
        assert_eq!(connect("localhost:8081"), Ok("127.0.0.1:8081".parse().unwrap()));
        assert_eq!(connect("n5"), Ok("10.0.0.5:8080".parse().unwrap()));
        for wrong in ["n6", "", "8081", "127.0.0.1", "127.0.0.1:0", "127.0.0.1:99999", "n-1", "\u{202e}"] {
            let why = connect(wrong).unwrap_err();
            assert!(why.contains("as in 127.0.0.1:8081"), "{wrong:?}: {why}");
        }
    }

    #[test]
    fn a_ban_is_of_a_peer_or_of_an_address() {
        let id = Address([0xab; 32]).to_string();
        let unban = |id: &str| peering(&Intent::Unban { node: 1, id: id.to_owned() }, nobody).unwrap();
        assert!(matches!(unban(&id).unwrap().command, Command::Unban(peer) if peer == Address([0xab; 32])));
        assert!(matches!(unban("10.0.0.1").unwrap().command, Command::UnbanAddress(_)));
        assert!(unban("ab").is_err());
        assert!(unban(&"ä".repeat(32)).is_err());
        let ban = peering(&Intent::Ban { node: 2, id, lasts: None }, nobody).unwrap().unwrap();
        assert!(matches!(ban.command, Command::Ban { time: None, .. }));
        assert_eq!((ban.node, ban.said.as_str()), (2, "bans abababab"));
        assert!(peering(&Intent::Step, nobody).is_none());
    }
}
