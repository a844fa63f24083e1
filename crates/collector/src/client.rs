//! Clients, as far as they are told apart: by their address, in memory, for as long as it takes to be fair to all of them.
//!
//! An address is never stored, logged or told: its `Debug` shows nothing, and there is no way to get it back out.

pub(crate) mod proxies;

use std::fmt;
use std::net::IpAddr;

/// A client.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Client(Address);

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Address {
    V4(u32),
    /// The first 64 bits: the rest is whatever a host likes.
    V6(u64),
}

/// Who is at the other end of a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// Another host, or this one.
    Ip(IpAddr),
    /// A process on this host that may use the socket's file.
    Unix,
}

impl Client {
    /// The client that has an address.
    pub(crate) fn of(address: IpAddr) -> Client {
        Client(match address.to_canonical() {
            IpAddr::V4(address) => Address::V4(address.to_bits()),
            IpAddr::V6(address) => Address::V6((address.to_bits() >> 64) as u64),
        })
    }
}

impl Peer {
    /// The client that it is if it asks for itself. Processes on this machine can't be told apart.
    pub(crate) fn client(self) -> Option<Client> {
        match self {
            Peer::Ip(address) => Some(Client::of(address)),
            Peer::Unix => None,
        }
    }

    /// Whether it is on this machine.
    pub(crate) fn is_local(self) -> bool {
        match self {
            Peer::Ip(address) => address.to_canonical().is_loopback(),
            Peer::Unix => true,
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(…)")
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Peer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_are_told_apart_by_what_is_theirs() {
        let client = |text: &str| Client::of(text.parse().unwrap());
        for (one, other, same) in [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", true),
            ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("0.0.0.1", "::1", false),
        ] {
            assert_eq!(client(one) == client(other), same, "{one} {other}");
        }
        for (address, local) in [
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("::ffff:127.0.0.1", true),
            ("192.0.2.1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(Peer::Ip(address.parse().unwrap()).is_local(), local, "{address}");
        }
        assert!(Peer::Unix.is_local());
        assert_eq!(format!("{:?}", client("192.0.2.1")), "Client(…)");
        assert_eq!(format!("{:?}", Peer::Ip([192, 0, 2, 1].into())), "Peer(…)");
    }
}
