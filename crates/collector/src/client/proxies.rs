//! Proxies that are believed when they say whom they ask for.
//!
//! The client is the rightmost address of `X-Forwarded-For` (or, where there is none, of `Forwarded`, RFC 7239) that is not one of
//! them: what stands left of it was written by somebody who is not believed. Where there is no such address, or one of them wrote
//! something that is none, it is whoever made the connection.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use axum::http::{HeaderMap, HeaderName, header};
use ipnet::IpNet;

use super::{Client, Peer};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Stands for whoever connects to a Unix socket.
const UNIX: &str = "unix";

/// Proxies that are believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxies {
    networks: Vec<IpNet>,
    unix: bool,
}

/// Not a list of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotProxies;

impl Default for Proxies {
    /// Whoever may use the file of a Unix socket is a proxy on this machine, if anything.
    fn default() -> Proxies {
        Proxies {
            networks: Vec::new(),
            unix: true,
        }
    }
}

impl Proxies {
    /// Whose request this is. `None` where a proxy on this machine does not say.
    pub(crate) fn client(&self, peer: Peer, headers: &HeaderMap) -> Option<Client> {
        let direct = peer.client();
        if !self.trusts(peer) {
            return direct;
        }
        self.forwarded(headers).map(Client::of).or(direct)
    }

    /// Whose connection this is, as far as its number of connections is concerned: a proxy has those of its clients.
    pub(crate) fn holder(&self, peer: Peer) -> Option<Client> {
        peer.client().filter(|_| !self.trusts(peer))
    }

    fn trusts(&self, peer: Peer) -> bool {
        match peer {
            Peer::Ip(address) => self.contains(address),
            Peer::Unix => self.unix,
        }
    }

    fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.networks.iter().any(|network| network.contains(&address))
    }

    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        if headers.contains_key(&FORWARDED_FOR) {
            self.rightmost(headers, &FORWARDED_FOR, plain)
        } else {
            self.rightmost(headers, &header::FORWARDED, of_element)
        }
    }

    fn rightmost(
        &self,
        headers: &HeaderMap,
        name: &HeaderName,
        address: fn(&str) -> Option<IpAddr>,
    ) -> Option<IpAddr> {
        for line in headers.get_all(name).iter().rev() {
            let elements = line.to_str().ok()?.rsplit(',').map(str::trim);
            for element in elements.filter(|element| !element.is_empty()) {
                let address = address(element)?;
                if !self.contains(address) {
                    return Some(address);
                }
            }
        }
        None
    }
}

/// An address, with or without a port, IPv6 with or without brackets.
fn plain(text: &str) -> Option<IpAddr> {
    let bare = text
        .strip_prefix('[')
        .and_then(|text| text.strip_suffix(']'))
        .unwrap_or(text);
    bare.parse()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

/// The `for` of an element such as `for="[2001:db8::1]:80";proto=https`. Names that hide an address are none.
fn of_element(element: &str) -> Option<IpAddr> {
    let mut pairs = element.split(';').filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(name, _)| name.trim().eq_ignore_ascii_case("for"))?;
    plain(value.trim().trim_matches('"'))
}

impl FromStr for Proxies {
    type Err = NotProxies;

    /// Addresses and networks with commas between them, and `unix`.
    fn from_str(text: &str) -> Result<Proxies, NotProxies> {
        let mut proxies = Proxies {
            networks: Vec::new(),
            unix: false,
        };
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if part == UNIX {
                proxies.unix = true;
                continue;
            }
            let network = part.parse::<IpNet>().ok();
            let network = network.or_else(|| part.parse::<IpAddr>().ok().map(IpNet::from));
            proxies.networks.push(network.ok_or(NotProxies)?);
        }
        Ok(proxies)
    }
}

impl fmt::Display for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks = self.networks.iter().map(IpNet::to_string);
        let unix = self.unix.then(|| UNIX.to_owned());
        f.write_str(&networks.chain(unix).collect::<Vec<_>>().join(", "))
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    type Line = (&'static str, &'static str);

    fn headers(lines: &[Line]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn the_client_is_the_rightmost_that_is_not_believed() {
        const XFF: &str = "X-Forwarded-For";
        const TRUSTED: &str = "127.0.0.1, 10.0.0.0/8, 2001:db8:5::/48, ::1";
        let cases: &[(&str, &[Line], &str)] = &[
            // Nobody says anything, or nobody who is believed.
            ("192.0.2.1", &[], "192.0.2.1"),
            ("192.0.2.1", &[(XFF, "198.51.100.1")], "192.0.2.1"),
            ("192.0.2.1", &[("Forwarded", "for=198.51.100.1")], "192.0.2.1"),
            ("127.0.0.1", &[], "127.0.0.1"),
            // One proxy; what the client claimed itself stands left of it.
            ("127.0.0.1", &[(XFF, "198.51.100.1")], "198.51.100.1"),
            ("127.0.0.1", &[(XFF, "203.0.113.9, 198.51.100.1")], "198.51.100.1"),
            (
                "127.0.0.1",
                &[(XFF, "203.0.113.9"), (XFF, "198.51.100.1")],
                "198.51.100.1",
            ),
            ("::ffff:127.0.0.1", &[(XFF, "198.51.100.1")], "198.51.100.1"),
            // Several.
            ("127.0.0.1", &[(XFF, "198.51.100.1, 10.1.2.3")], "198.51.100.1"),
            (
                "127.0.0.1",
                &[(XFF, "203.0.113.9,198.51.100.1,10.1.2.3,::ffff:10.4.5.6")],
                "198.51.100.1",
            ),
            (
                "127.0.0.1",
                &[
                    (XFF, "203.0.113.9"),
                    (XFF, "198.51.100.1, 10.1.2.3"),
                    (XFF, "10.4.5.6"),
                ],
                "198.51.100.1",
            ),
            ("10.0.0.9", &[(XFF, "127.0.0.1, 10.1.2.3")], "10.0.0.9"),
            // IPv6, ports, brackets.
            ("::1", &[(XFF, "2001:db8:7::1, 2001:db8:5:9::1")], "2001:db8:7::1"),
            ("127.0.0.1", &[(XFF, "[2001:db8:7::1]")], "2001:db8:7::1"),
            ("127.0.0.1", &[(XFF, "[2001:db8:7::1]:4711")], "2001:db8:7::1"),
            ("127.0.0.1", &[(XFF, "198.51.100.1:4711")], "198.51.100.1"),
            ("127.0.0.1", &[(XFF, "  198.51.100.1  ")], "198.51.100.1"),
            // Nonsense that a proxy passed on says nothing, and what stands left of it even less.
            ("127.0.0.1", &[(XFF, "unknown")], "127.0.0.1"),
            ("127.0.0.1", &[(XFF, "")], "127.0.0.1"),
            (
                "127.0.0.1",
                &[(XFF, "198.51.100.1, unknown, 10.1.2.3")],
                "127.0.0.1",
            ),
            (
                "127.0.0.1",
                &[(XFF, "198.51.100.1, unknown"), (XFF, "203.0.113.9")],
                "203.0.113.9",
            ),
            ("127.0.0.1", &[(XFF, ",198.51.100.1,,10.1.2.3,")], "198.51.100.1"),
            // RFC 7239.
            ("127.0.0.1", &[("Forwarded", "for=198.51.100.1")], "198.51.100.1"),
            (
                "127.0.0.1",
                &[("Forwarded", "proto=https; For=\"198.51.100.1:80\" ;by=10.0.0.1")],
                "198.51.100.1",
            ),
            (
                "127.0.0.1",
                &[(
                    "Forwarded",
                    "for=203.0.113.9, for=198.51.100.1;proto=http, for=10.1.2.3",
                )],
                "198.51.100.1",
            ),
            (
                "127.0.0.1",
                &[("Forwarded", "for=\"[2001:db8:7::1]:80\"")],
                "2001:db8:7::1",
            ),
            (
                "127.0.0.1",
                &[("Forwarded", "for=\"[2001:db8:7::1]\"")],
                "2001:db8:7::1",
            ),
            ("127.0.0.1", &[("Forwarded", "for=_hidden")], "127.0.0.1"),
            (
                "127.0.0.1",
                &[("Forwarded", "for=203.0.113.9, proto=https")],
                "127.0.0.1",
            ),
            // Who sets the older one is asked first.
            (
                "127.0.0.1",
                &[("Forwarded", "for=203.0.113.9"), (XFF, "198.51.100.1")],
                "198.51.100.1",
            ),
        ];
        let proxies: Proxies = TRUSTED.parse().unwrap();
        for (peer, lines, client) in cases {
            let found = proxies.client(Peer::Ip(peer.parse().unwrap()), &headers(lines));
            assert!(
                found == Some(Client::of(client.parse().unwrap())),
                "{peer} {lines:?}"
            );
        }
    }

    #[test]
    fn a_socket_file_is_for_a_proxy_on_this_machine() {
        let says = headers(&[("X-Forwarded-For", "198.51.100.1")]);
        let default = Proxies::default();
        assert!(default.client(Peer::Unix, &says) == Some(Client::of([198, 51, 100, 1].into())));
        assert!(default.client(Peer::Unix, &headers(&[])).is_none());
        let none: Proxies = "".parse().unwrap();
        assert!(none.client(Peer::Unix, &says).is_none());
        assert!(none.holder(Peer::Unix).is_none());
    }

    #[test]
    fn a_proxy_has_the_connections_of_its_clients() {
        let proxies: Proxies = "10.0.0.0/8".parse().unwrap();
        let holder = |address: &str| proxies.holder(Peer::Ip(address.parse().unwrap()));
        assert!(holder("10.1.2.3").is_none());
        assert!(holder("192.0.2.1").is_some());
    }

    #[test]
    fn they_are_written_as_they_are_read() {
        for text in ["", "unix", "10.0.0.0/8, 127.0.0.1/32, unix", "::1/128"] {
            assert_eq!(text.parse::<Proxies>().unwrap().to_string(), text);
        }
        assert_eq!(Proxies::default().to_string(), "unix");
        assert_eq!(
            "127.0.0.1,::1".parse::<Proxies>().unwrap().to_string(),
            "127.0.0.1/32, ::1/128"
        );
        for text in ["x", "10.0.0.0/33", "10.0.0.1:80", "unix:/x"] {
            assert_eq!(text.parse::<Proxies>(), Err(NotProxies), "{text}");
        }
    }
}
