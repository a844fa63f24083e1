//! Members from DNS: the A and AAAA records of a name, or the targets of its SRV records. Asked of the machine's name servers
//! directly, since the C library gives no SRV records, and since it hides that one of two questions was not answered: half a
//! list is no list.

use std::io;
use std::net::IpAddr;
use std::str::FromStr as _;

use domain::base::iana::Rcode;
use domain::base::{Name, Rtype};
use domain::rdata::{A, Aaaa, Srv};
use domain::resolv::StubResolver;
use domain::resolv::stub::Answer;

use crate::cluster::member::Host;

/// Which addresses of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// All.
    Both,
    /// IPv4.
    V4,
    /// IPv6.
    V6,
}

impl Family {
    pub(super) fn word(self) -> &'static str {
        match self {
            Family::Both => "dns",
            Family::V4 => "dns4",
            Family::V6 => "dns6",
        }
    }
}

/// The machine's name servers, as they are configured now.
pub(super) fn system() -> StubResolver {
    StubResolver::new()
}

/// All addresses of a name.
pub(super) async fn addresses(
    resolver: StubResolver,
    name: &str,
    family: Family,
) -> Result<Vec<IpAddr>, String> {
    let v4 = async {
        match family {
            Family::V6 => Ok(Vec::new()),
            Family::Both | Family::V4 => {
                let answer = ask(&resolver, name, Rtype::A).await?;
                let records = answer.answer().map_err(unreadable)?.limit_to_in::<A>();
                let address = |record: Result<domain::base::Record<_, A>, _>| {
                    record.map(|record| IpAddr::V4(record.data().addr()))
                };
                records
                    .map(address)
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(unreadable)
            }
        }
    };
    let v6 = async {
        match family {
            Family::V4 => Ok(Vec::new()),
            Family::Both | Family::V6 => {
                let answer = ask(&resolver, name, Rtype::AAAA).await?;
                let records = answer.answer().map_err(unreadable)?.limit_to_in::<Aaaa>();
                let address = |record: Result<domain::base::Record<_, Aaaa>, _>| {
                    record.map(|record| IpAddr::V6(record.data().addr()))
                };
                records
                    .map(address)
                    .collect::<Result<Vec<_>, _>>()
                    .map_err(unreadable)
            }
        }
    };
    let (v4, v6) = tokio::try_join!(v4, v6)?;
    match [v4, v6].concat() {
        none if none.is_empty() => Err("the name has no such addresses".to_owned()),
        addresses => Ok(addresses),
    }
}

/// The hosts and ports that the SRV records of a name point to.
pub(super) async fn targets(resolver: StubResolver, name: &str) -> Result<Vec<(Host, u16)>, String> {
    let answer = ask(&resolver, name, Rtype::SRV).await?;
    let mut targets = Vec::new();
    for record in answer.answer().map_err(unreadable)?.limit_to_in::<Srv<_>>() {
        let record = record.map_err(unreadable)?;
        let target = record.data().target().to_string();
        let host: Host = target
            .parse()
            .map_err(|_| format!("`{target}` is not the name of a host"))?;
        targets.push((host, record.data().port()));
    }
    match targets {
        none if none.is_empty() => Err("the name has no SRV records".to_owned()),
        targets => Ok(targets),
    }
}

async fn ask(resolver: &StubResolver, name: &str, of: Rtype) -> Result<Answer, String> {
    let name = Name::<Vec<u8>>::from_str(name).map_err(|_| format!("`{name}` is no name for DNS"))?;
    let answer = resolver.query((name, of)).await;
    let answer = answer.map_err(|error: io::Error| format!("the name servers can't be asked: {error}"))?;
    match answer.header().rcode() {
        Rcode::NOERROR => Ok(answer),
        Rcode::NXDOMAIN => Err("there is no such name".to_owned()),
        code => Err(format!("the name servers say {code}")),
    }
}

fn unreadable(_: impl std::error::Error) -> String {
    "the name servers' answer can't be read".to_owned()
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, UdpSocket};
    use std::thread;
    use std::time::Duration;

    use domain::resolv::stub::conf::{ResolvConf, ServerConf, Transport};
    use tokio::time::timeout;

    use super::*;

    /// What is said of a name and a type of records: a response code, and records as wire bytes of their data.
    type Said = fn(&str, u16) -> Option<(u8, Vec<Vec<u8>>)>;

    /// A name server; silent where `None` is said.
    fn server(said: Said) -> SocketAddr {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        thread::spawn(move || {
            let mut buffer = [0; 1500];
            while let Ok((length, from)) = socket.recv_from(&mut buffer) {
                let query = &buffer[..length];
                // The question: labels, then type and class.
                let mut at = 12;
                let mut name = String::new();
                while query[at] != 0 {
                    let label = &query[at + 1..=at + usize::from(query[at])];
                    name.push_str(std::str::from_utf8(label).unwrap());
                    name.push('.');
                    at += 1 + label.len();
                }
                let kind = u16::from_be_bytes([query[at + 1], query[at + 2]]);
                let Some((code, records)) = said(&name, kind) else {
                    continue;
                };
                let mut answer = query[..2].to_vec();
                let count = u8::try_from(records.len()).unwrap();
                answer.extend([0x81, 0x80 | code, 0, 1, 0, count, 0, 0, 0, 0]);
                answer.extend(&query[12..at + 5]);
                for data in records {
                    answer.extend([0xc0, 12]);
                    answer.extend(kind.to_be_bytes());
                    answer.extend([0, 1, 0, 0, 0, 60]);
                    answer.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
                    answer.extend(data);
                }
                let _ = socket.send_to(&answer, from);
            }
        });
        address
    }

    fn resolver(server: SocketAddr) -> StubResolver {
        let mut conf = ResolvConf::new();
        conf.servers.push(ServerConf::new(server, Transport::UdpTcp));
        conf.finalize();
        StubResolver::from_conf(conf)
    }

    const A: u16 = 1;
    const AAAA: u16 = 28;

    fn zone(name: &str, kind: u16) -> Option<(u8, Vec<Vec<u8>>)> {
        let v6 = |last: u8| [[0xfd].as_slice(), &[0; 14], &[last]].concat();
        let srv = |port: u8, label: &[u8]| {
            let length = u8::try_from(label.len()).unwrap();
            [&[0, 0, 0, 0, 0, port, length], label, &[0]].concat()
        };
        Some(match (name, kind) {
            ("nodes.example.", A) => (0, vec![vec![10, 0, 0, 1], vec![10, 0, 0, 2]]),
            ("nodes.example.", AAAA) => (0, vec![v6(3)]),
            ("half.example.", A) => (0, vec![vec![10, 0, 0, 1]]),
            ("half.example.", _) => (2, vec![]),
            ("empty.example.", _) => (0, vec![]),
            ("_d._tcp.example.", 33) => (0, vec![srv(7, b"node-1"), srv(8, b"node-2")]),
            ("_bad._tcp.example.", 33) => (0, vec![srv(7, b"no de")]),
            ("silent.example.", _) => return None,
            _ => (3, vec![]),
        })
    }

    #[tokio::test]
    async fn all_addresses_or_none() {
        let server = server(zone);
        for (name, family, expected) in [
            ("nodes.example", Family::Both, Ok("10.0.0.1 10.0.0.2 fd00::3")),
            ("nodes.example", Family::V4, Ok("10.0.0.1 10.0.0.2")),
            ("nodes.example", Family::V6, Ok("fd00::3")),
            // The name server could not tell the IPv6 ones: there may be some.
            ("half.example", Family::Both, Err("the name servers say SERVFAIL")),
            ("half.example", Family::V4, Ok("10.0.0.1")),
            (
                "empty.example",
                Family::Both,
                Err("the name has no such addresses"),
            ),
            ("other.example", Family::Both, Err("there is no such name")),
        ] {
            let found = addresses(resolver(server), name, family).await;
            let found = found.map(|found| {
                found
                    .iter()
                    .map(ToString::to_string)
                    .collect::<Vec<_>>()
                    .join(" ")
            });
            assert_eq!(
                found.as_deref().map_err(String::as_str),
                expected,
                "{name} {family:?}"
            );
        }
    }

    #[tokio::test]
    async fn services_are_hosts_with_ports() {
        let server = server(zone);
        let mut found = targets(resolver(server), "_d._tcp.example").await.unwrap();
        found.sort();
        assert_eq!(
            found,
            [("node-1".parse().unwrap(), 7), ("node-2".parse().unwrap(), 8)]
        );
        for (name, problem) in [
            ("empty.example", "the name has no SRV records"),
            ("other.example", "there is no such name"),
            ("_bad._tcp.example", "`no\\ de` is not the name of a host"),
        ] {
            assert_eq!(targets(resolver(server), name).await, Err(problem.to_owned()));
        }
    }

    #[tokio::test]
    async fn a_silent_name_server_can_be_left_waiting() {
        let server = server(zone);
        let asking = addresses(resolver(server), "silent.example", Family::Both);
        assert!(timeout(Duration::from_millis(100), asking).await.is_err());
    }
}
