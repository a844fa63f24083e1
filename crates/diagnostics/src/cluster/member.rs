//! A member of the cluster: where it is asked, and what its list says of it.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};
use std::str::FromStr;
use std::sync::Arc;

use crate::node::Role;

/// Longest name of a host (RFC 1035).
const MAX_NAME: usize = 253;

/// A machine.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Host {
    /// This one: it needs not be asked over the network.
    Here,
    /// An address; IPv4 within IPv6 stands as IPv4.
    Ip(IpAddr),
    /// A name, lower case, without a dot at its end. It is looked up each time the machine is asked.
    Name(Arc<str>),
}

/// Where a member is asked. Two members never share one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Address {
    /// The machine.
    pub host: Host,
    /// The port; 0 for [`Host::Here`].
    pub port: u16,
}

/// A member, as its list has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Where it is asked.
    pub address: Address,
    /// What it is, where the list says so; else it is asked itself.
    pub role: Option<Role>,
    /// Whether it leads its cluster, as far as its list knows.
    pub leader: bool,
    /// Whether its port stands in its list: then it is asked there, also when the machine is this one.
    pub port_written: bool,
}

/// A member as people write it: `10.0.0.1`, `[fd00::1]:1050`, `master=node-1.example`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What it is, where that is written.
    pub role: Option<Role>,
    /// The machine.
    pub host: Host,
    /// The port, where that is written.
    pub port: Option<u16>,
}

/// This is no member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an address or a name, such as 10.0.0.1, [fd00::1]:1050 or master=node-1.example")]
pub struct EntryError;

/// What completes an [`Entry`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Defaults {
    /// Where masters, and members whose role is not known, are asked.
    pub master_port: u16,
    /// Where agents are asked.
    pub agent_port: u16,
}

impl Address {
    /// This machine, which needs no port.
    pub const HERE: Address = Address {
        host: Host::Here,
        port: 0,
    };
}

impl Host {
    /// Of an address.
    pub fn ip(ip: IpAddr) -> Host {
        Host::Ip(ip.to_canonical())
    }
}

impl FromStr for Host {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Host, EntryError> {
        if text == "self" {
            return Ok(Host::Here);
        }
        if let Ok(ip) = text.parse() {
            return Ok(Host::ip(ip));
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let label = |label: &str| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        };
        // What ends with a number is meant as an address, and is none.
        let last_is_name = name
            .rsplit('.')
            .next()
            .is_some_and(|last| last.parse::<u64>().is_err());
        if name.len() <= MAX_NAME && name.split('.').all(label) && last_is_name {
            Ok(Host::Name(name.to_ascii_lowercase().into()))
        } else {
            Err(EntryError)
        }
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Here => f.write_str("self"),
            Host::Ip(ip) => ip.fmt(f),
            Host::Name(name) => f.write_str(name),
        }
    }
}

/// `host:port`, with brackets around an IPv6 address.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            Host::Here => f.write_str("self"),
            Host::Ip(IpAddr::V6(ip)) => write!(f, "[{ip}]:{}", self.port),
            host => write!(f, "{host}:{}", self.port),
        }
    }
}

impl FromStr for Entry {
    type Err = EntryError;

    fn from_str(text: &str) -> Result<Entry, EntryError> {
        let (role, place) = match text.split_once('=') {
            Some((role, place)) => (Some(role.trim().parse().map_err(|_| EntryError)?), place.trim()),
            None => (None, text.trim()),
        };
        let number = |port: &str| port.parse().ok().filter(|port| *port != 0).ok_or(EntryError);
        let (host, port) = if let Some(rest) = place.strip_prefix('[') {
            let (ip, port) = rest.split_once(']').ok_or(EntryError)?;
            let ip: Ipv6Addr = ip.parse().map_err(|_| EntryError)?;
            let port = match port.strip_prefix(':') {
                Some(port) => Some(number(port)?),
                None if port.is_empty() => None,
                None => return Err(EntryError),
            };
            (Host::ip(ip.into()), port)
        } else if let Some((host, port)) = place.split_once(':').filter(|(_, port)| !port.contains(':')) {
            (host.parse()?, Some(number(port)?))
        } else {
            (place.parse()?, None)
        };
        if host == Host::Here && port.is_some() {
            return Err(EntryError);
        }
        Ok(Entry { role, host, port })
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(role) = self.role {
            write!(f, "{role}=")?;
        }
        match (&self.host, self.port) {
            (Host::Ip(IpAddr::V6(ip)), Some(port)) => write!(f, "[{ip}]:{port}"),
            (host, Some(port)) => write!(f, "{host}:{port}"),
            (host, None) => host.fmt(f),
        }
    }
}

impl Defaults {
    /// The member that is written so.
    pub fn member(&self, entry: Entry) -> Member {
        let Entry { role, host, port } = entry;
        let address = match host {
            Host::Here => Address::HERE,
            host => Address {
                host,
                port: port.unwrap_or(match role {
                    Some(Role::Agent | Role::AgentPublic) => self.agent_port,
                    Some(Role::Master) | None => self.master_port,
                }),
            },
        };
        Member {
            address,
            role,
            leader: false,
            port_written: port.is_some(),
        }
    }
}

impl Member {
    /// Where it is asked from the machine that its lists know by the address `own`: there it needs no network.
    pub fn place(&self, own: Option<IpAddr>) -> Address {
        let here = own.map(Host::ip).is_some_and(|own| own == self.address.host);
        match here && !self.port_written {
            true => Address::HERE,
            false => self.address.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_read_back() {
        for (text, shown) in [
            ("10.0.0.1", "10.0.0.1"),
            ("10.0.0.1:1050", "10.0.0.1:1050"),
            (" agent = 10.0.0.1 ", "agent=10.0.0.1"),
            ("agent_public=[fd00::1]:61001", "agent_public=[fd00::1]:61001"),
            ("FD00:0::1", "fd00::1"),
            ("[fd00::1]", "fd00::1"),
            ("::ffff:10.0.0.1", "10.0.0.1"),
            ("[::ffff:10.0.0.1]:80", "10.0.0.1:80"),
            ("Node-1.Example.", "node-1.example"),
            ("master=node_1:1050", "master=node_1:1050"),
            ("self", "self"),
        ] {
            let entry: Entry = text.parse().unwrap();
            assert_eq!(entry.to_string(), shown, "{text}");
            assert_eq!(shown.parse(), Ok(entry), "{text}");
        }
        for text in [
            "",
            "=",
            "slave=10.0.0.1",
            "10.0.0.300",
            "10.0.0",
            "10.0.0.1:0",
            "10.0.0.1:x",
            "[fd00::1",
            "[10.0.0.1]",
            "[fd00::1]x",
            "a b",
            "a..b",
            ".",
            "self:1",
            "http://10.0.0.1",
            // What a zone is called is a matter of each machine.
            "fe80::1%eth0",
            "[fe80::1%2]:1050",
            &"a.".repeat(128),
        ] {
            assert_eq!(text.parse::<Entry>(), Err(EntryError), "{text}");
        }
    }

    #[test]
    fn what_is_not_written_is_completed() {
        let defaults = Defaults {
            master_port: 1050,
            agent_port: 61001,
        };
        let own = Some("10.0.0.9".parse().unwrap());
        for (text, address) in [
            ("10.0.0.1", "10.0.0.1:1050"),
            ("master=fd00::1", "[fd00::1]:1050"),
            ("agent=10.0.0.1", "10.0.0.1:61001"),
            ("agent_public=a.example", "a.example:61001"),
            ("agent=10.0.0.1:7", "10.0.0.1:7"),
            ("self", "self"),
            ("10.0.0.9", "self"),
            ("::ffff:10.0.0.9", "self"),
            ("10.0.0.9:7", "10.0.0.9:7"),
        ] {
            let member = defaults.member(text.parse().unwrap());
            assert_eq!(member.place(own).to_string(), address, "{text}");
            // Until it is known which machine this is, others are.
            assert_eq!(member.place(None), member.address, "{text}");
        }
    }
}
