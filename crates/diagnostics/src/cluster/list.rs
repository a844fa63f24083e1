//! The lists of members: written in the configuration, DNS, a file, or DC/OS' own.

mod dcos;
mod dns;
mod file;

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use self::dns::Family;
use self::file::File;
use super::client::{Client, Url};
use super::member::{Defaults, Entry, EntryError, Host, Member};
use crate::node::Role;

/// How often a file is looked at; others are read once an interval.
pub(crate) const LOOK: Duration = Duration::from_secs(2);

/// One thing that `members` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listing {
    /// A member.
    Member(Entry),
    /// The addresses of a name, each a member.
    Dns {
        /// What they are, where that is written.
        role: Option<Role>,
        /// The name.
        name: String,
        /// Their port, where that is written.
        port: Option<u16>,
        /// Which addresses.
        family: Family,
    },
    /// The targets of a name's SRV records, each a member.
    Srv {
        /// What they are, where that is written.
        role: Option<Role>,
        /// The name.
        name: String,
    },
    /// The lines of a file, each a member.
    File(PathBuf),
    /// The masters that Exhibitor knows, and the agents that Mesos knows.
    Dcos,
}

/// This is no list of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a member, `dns:NAME`, `srv:NAME`, `file:/PATH` or `dcos`")]
pub struct ListingError;

/// A list that can be read.
#[derive(Debug)]
pub(crate) enum List {
    Written(Vec<Entry>),
    Dns {
        role: Option<Role>,
        name: String,
        port: Option<u16>,
        family: Family,
    },
    Srv {
        role: Option<Role>,
        name: String,
    },
    File(File),
    Exhibitor(Url),
    Mesos(Url),
}

/// Where DC/OS' lists are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DcosUrls {
    /// Exhibitor's status of the masters.
    pub exhibitor: Url,
    /// Mesos' list of agents.
    pub mesos: Url,
}

impl Listing {
    /// This node alone.
    pub const SELF: Listing = Listing::Member(Entry {
        role: None,
        host: Host::Here,
        port: None,
    });
}

impl FromStr for Listing {
    type Err = ListingError;

    fn from_str(text: &str) -> Result<Listing, ListingError> {
        let text = text.trim();
        if text == "dcos" {
            return Ok(Listing::Dcos);
        }
        if let Some(path) = text.strip_prefix("file:") {
            return path
                .starts_with('/')
                .then(|| Listing::File(path.into()))
                .ok_or(ListingError);
        }
        let (role, rest) = match text
            .split_once('=')
            .map(|(role, rest)| (role.trim().parse(), rest.trim()))
        {
            Some((Ok(role), rest)) => (Some(role), rest),
            Some((Err(_), _)) | None => (None, text),
        };
        for (prefix, family) in [
            ("dns:", Family::Both),
            ("dns4:", Family::V4),
            ("dns6:", Family::V6),
        ] {
            let Some(rest) = rest.strip_prefix(prefix) else {
                continue;
            };
            let Entry {
                host: Host::Name(name),
                port,
                role: None,
            } = rest.parse().map_err(|_| ListingError)?
            else {
                return Err(ListingError);
            };
            let name = name.to_string();
            return Ok(Listing::Dns {
                role,
                name,
                port,
                family,
            });
        }
        if let Some(rest) = rest.strip_prefix("srv:") {
            let Ok(Host::Name(name)) = rest.parse() else {
                return Err(ListingError);
            };
            let name = name.to_string();
            return Ok(Listing::Srv { role, name });
        }
        text.parse()
            .map(Listing::Member)
            .map_err(|EntryError| ListingError)
    }
}

impl fmt::Display for Listing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Listing::Dns { role: Some(role), .. } | Listing::Srv { role: Some(role), .. } = self {
            write!(f, "{role}=")?;
        }
        match self {
            Listing::Member(entry) => entry.fmt(f),
            Listing::Dns {
                name, port, family, ..
            } => {
                write!(f, "{}:{name}", family.word())?;
                port.map_or(Ok(()), |port| write!(f, ":{port}"))
            }
            Listing::Srv { name, .. } => write!(f, "srv:{name}"),
            Listing::File(path) => write!(f, "file:{}", path.display()),
            Listing::Dcos => f.write_str("dcos"),
        }
    }
}

impl List {
    /// The lists that a configuration speaks of. All that is written there is one list.
    pub(crate) fn all(listings: &[Listing], dcos: &DcosUrls) -> Vec<List> {
        let mut written = Vec::new();
        let mut lists = Vec::new();
        for listing in listings.iter().cloned() {
            match listing {
                Listing::Member(entry) => written.push(entry),
                Listing::Dns {
                    role,
                    name,
                    port,
                    family,
                } => lists.push(List::Dns {
                    role,
                    name,
                    port,
                    family,
                }),
                Listing::Srv { role, name } => lists.push(List::Srv { role, name }),
                Listing::File(path) => lists.push(List::File(File::new(path))),
                Listing::Dcos => {
                    lists.push(List::Exhibitor(dcos.exhibitor.clone()));
                    lists.push(List::Mesos(dcos.mesos.clone()));
                }
            }
        }
        if !written.is_empty() {
            lists.push(List::Written(written));
        }
        lists
    }

    /// What people call it.
    pub(crate) fn name(&self) -> String {
        match self {
            List::Written(_) => "the configuration".to_owned(),
            List::Dns { name, family, .. } => format!("{}:{name}", family.word()),
            List::Srv { name, .. } => format!("srv:{name}"),
            List::File(file) => format!("file:{}", file.path().display()),
            List::Exhibitor(_) => "Exhibitor".to_owned(),
            List::Mesos(_) => "Mesos".to_owned(),
        }
    }

    /// Whether people write it: then what they took out of it is gone at once.
    pub(crate) fn is_written(&self) -> bool {
        matches!(self, List::Written(_) | List::File(_))
    }

    /// How often it is to be read, when others are read once in such an interval.
    pub(crate) fn pause(&self, interval: Duration) -> Duration {
        match self {
            List::File(_) => interval.min(LOOK),
            _ => interval,
        }
    }

    /// Reads it. `None`: it is as it was.
    pub(crate) async fn read(
        &mut self,
        client: &Client,
        defaults: &Defaults,
        within: Duration,
    ) -> Result<Option<Vec<Member>>, String> {
        let complete =
            |entries: Vec<Entry>| entries.into_iter().map(|entry| defaults.member(entry)).collect();
        match self {
            List::Written(entries) => Ok(Some(complete(entries.clone()))),
            List::Dns {
                role,
                name,
                port,
                family,
            } => {
                let addresses = dns::addresses(dns::system(), name, *family).await?;
                let entry = |ip| Entry {
                    role: *role,
                    host: Host::ip(ip),
                    port: *port,
                };
                Ok(Some(complete(addresses.into_iter().map(entry).collect())))
            }
            List::Srv { role, name } => {
                let targets = dns::targets(dns::system(), name).await?;
                let entry = |(host, port)| Entry {
                    role: *role,
                    host,
                    port: Some(port),
                };
                Ok(Some(complete(targets.into_iter().map(entry).collect())))
            }
            List::File(file) => Ok(file.look().await?.map(complete)),
            List::Exhibitor(url) => dcos::masters(client, url, defaults, within).await.map(Some),
            List::Mesos(url) => dcos::agents(client, url, defaults, within).await.map(Some),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listings_read_back() {
        for (text, shown) in [
            ("10.0.0.1", "10.0.0.1"),
            ("agent=[fd00::1]:61001", "agent=[fd00::1]:61001"),
            ("self", "self"),
            ("dcos", "dcos"),
            ("dns:Nodes.example.", "dns:nodes.example"),
            ("agent=dns4:nodes.example:61001", "agent=dns4:nodes.example:61001"),
            ("dns6:nodes", "dns6:nodes"),
            (
                "master = srv:_diagnostics._tcp.example",
                "master=srv:_diagnostics._tcp.example",
            ),
            ("file:/etc/a=b", "file:/etc/a=b"),
        ] {
            let listing: Listing = text.parse().unwrap();
            assert_eq!(listing.to_string(), shown, "{text}");
            assert_eq!(shown.parse(), Ok(listing), "{text}");
        }
        for text in [
            "",
            "dns:",
            "dns:10.0.0.1",
            "dns:agent=a",
            "srv:",
            "srv:a:1",
            "file:x",
            "slave=dns:a",
            "http://x",
        ] {
            assert_eq!(text.parse::<Listing>(), Err(ListingError), "{text}");
        }
    }

    #[test]
    fn what_is_written_is_one_list() {
        let listings = ["10.0.0.1", "dcos", "10.0.0.2", "file:/x"].map(|text| text.parse().unwrap());
        let dcos = DcosUrls {
            exhibitor: "http://127.0.0.1:8181/".parse().unwrap(),
            mesos: "http://leader.mesos:5050/".parse().unwrap(),
        };
        let lists = List::all(&listings, &dcos);
        let names: Vec<_> = lists
            .iter()
            .map(|list| (list.name(), list.is_written()))
            .collect();
        let expected = [
            ("Exhibitor", false),
            ("Mesos", false),
            ("file:/x", true),
            ("the configuration", true),
        ];
        assert_eq!(names, expected.map(|(name, written)| (name.to_owned(), written)));
    }
}
