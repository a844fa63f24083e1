//! Members as DC/OS knows them: the masters from Exhibitor, the agents from the leading Mesos master.

use std::net::IpAddr;
use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::cluster::client::{Client, Url};
use crate::cluster::member::{Defaults, Entry, Host, Member};
use crate::node::Role;

/// Longest answer that is read, in bytes. Mesos writes some kilobytes of each agent.
const MAX_ANSWER: usize = 32 << 20;

/// One of Exhibitor's servers.
#[derive(Deserialize)]
struct Server {
    hostname: String,
    #[serde(default, rename = "isLeader")]
    leader: bool,
}

#[derive(Deserialize)]
struct Agents {
    slaves: Vec<Agent>,
    /// Those that have not come back yet to a master that has just begun to lead.
    #[serde(default)]
    recovered_slaves: Vec<Agent>,
}

/// One of Mesos' agents.
#[derive(Deserialize)]
struct Agent {
    #[serde(default)]
    hostname: String,
    /// `slave(1)@10.0.0.1:5051`
    #[serde(default)]
    pid: String,
    #[serde(default)]
    attributes: Value,
}

/// The masters: `GET /exhibitor/v1/cluster/status`.
pub(super) async fn masters(
    client: &Client,
    url: &Url,
    defaults: &Defaults,
    within: Duration,
) -> Result<Vec<Member>, String> {
    of_exhibitor(&get(client, url, within).await?, defaults)
}

/// The agents: `GET /slaves`.
pub(super) async fn agents(
    client: &Client,
    url: &Url,
    defaults: &Defaults,
    within: Duration,
) -> Result<Vec<Member>, String> {
    of_mesos(&get(client, url, within).await?, defaults)
}

async fn get(client: &Client, url: &Url, within: Duration) -> Result<impl AsRef<[u8]>, String> {
    let answer = client.get_url(url, MAX_ANSWER, within).await;
    match answer.map_err(|failure| failure.to_string())? {
        (StatusCode::OK, body) => Ok(body),
        (status, _) => Err(format!("it answered {}, not 200", status.as_u16())),
    }
}

fn of_exhibitor(body: &impl AsRef<[u8]>, defaults: &Defaults) -> Result<Vec<Member>, String> {
    let servers: Vec<Server> = serde_json::from_slice(body.as_ref()).map_err(|error| other_shape(&error))?;
    if servers.is_empty() {
        // There is one at least: the one that answered.
        return Err("it names no master".to_owned());
    }
    let member = |server: Server| {
        let host = host(&server.hostname).ok_or("it names a master that has no name")?;
        let leader = server.leader;
        Ok(Member {
            leader,
            ..defaults.member(entry(host, Role::Master))
        })
    };
    servers.into_iter().map(member).collect()
}

fn of_mesos(body: &impl AsRef<[u8]>, defaults: &Defaults) -> Result<Vec<Member>, String> {
    let agents: Agents = serde_json::from_slice(body.as_ref()).map_err(|error| other_shape(&error))?;
    let member = |agent: Agent| {
        // The host name is an address where DC/OS set it up; else the address stands in the id of the agent's process.
        let by_pid = || {
            agent
                .pid
                .rsplit_once('@')
                .and_then(|(_, place)| place.parse::<Entry>().ok())
        };
        let host = match host(&agent.hostname) {
            Some(Host::Name(name)) => by_pid().map_or(Host::Name(name), |entry| entry.host),
            Some(ip) => ip,
            None => by_pid()
                .map(|entry| entry.host)
                .ok_or("it names an agent that has no address")?,
        };
        let public = agent
            .attributes
            .get("public_ip")
            .is_some_and(|value| match value {
                Value::String(text) => text == "true",
                other => *other == Value::Bool(true),
            });
        let role = if public { Role::AgentPublic } else { Role::Agent };
        Ok(defaults.member(entry(host, role)))
    };
    agents
        .slaves
        .into_iter()
        .chain(agents.recovered_slaves)
        .map(member)
        .collect()
}

fn host(text: &str) -> Option<Host> {
    match text.parse::<IpAddr>() {
        Ok(ip) => Some(Host::ip(ip)),
        Err(_) => text.parse().ok().filter(|host| *host != Host::Here),
    }
}

fn entry(host: Host, role: Role) -> Entry {
    Entry {
        role: Some(role),
        host,
        port: None,
    }
}

fn other_shape(error: &serde_json::Error) -> String {
    format!("its answer is not understood: {error}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DEFAULTS: Defaults = Defaults {
        master_port: 1050,
        agent_port: 61001,
    };

    fn shown(members: Result<Vec<Member>, String>) -> Result<Vec<String>, String> {
        let show = |member: Member| {
            let leads = if member.leader { " leads" } else { "" };
            format!("{} {}{leads}", member.role.unwrap(), member.address)
        };
        members.map(|members| members.into_iter().map(show).collect())
    }

    #[test]
    fn masters_are_exhibitors_servers() {
        let body = json!([
            {"code": 3, "description": "serving", "hostname": "10.0.0.1", "isLeader": true},
            {"code": 1, "description": "down", "hostname": "fd00::2", "isLeader": false},
            {"code": 1, "description": "down", "hostname": "m3.example"},
        ]);
        assert_eq!(
            shown(of_exhibitor(&body.to_string(), &DEFAULTS)).unwrap(),
            [
                "master 10.0.0.1:1050 leads",
                "master [fd00::2]:1050",
                "master m3.example:1050"
            ]
        );
        for body in [
            json!([]),
            json!({}),
            json!([{"hostname": ""}]),
            json!([{}]),
            json!([{"hostname": "self"}]),
        ] {
            assert!(of_exhibitor(&body.to_string(), &DEFAULTS).is_err(), "{body}");
        }
    }

    #[test]
    fn agents_are_mesos_slaves() {
        let agent = |hostname: &str, pid: &str, public: Value| json!({"id": "S1", "hostname": hostname, "port": 5051, "pid": pid, "active": false, "attributes": public});
        let body = json!({"slaves": [
            agent("10.0.0.1", "slave(1)@10.0.0.1:5051", json!({})),
            agent("10.0.0.2", "slave(1)@10.0.0.2:5051", json!({"public_ip": "true"})),
            agent("10.0.0.3", "", json!({"public_ip": "false"})),
            agent("a.example", "slave(1)@10.0.0.4:5051", json!({})),
            agent("", "slave(1)@[fd00::5]:5051", Value::Null),
            agent("b.example", "?", json!({})),
        ], "recovered_slaves": [{"id": "S9", "hostname": "10.0.0.9"}]});
        assert_eq!(
            shown(of_mesos(&body.to_string(), &DEFAULTS)).unwrap(),
            [
                "agent 10.0.0.1:61001",
                "agent_public 10.0.0.2:61001",
                "agent 10.0.0.3:61001",
                "agent 10.0.0.4:61001",
                "agent [fd00::5]:61001",
                "agent b.example:61001",
                "agent 10.0.0.9:61001",
            ]
        );
        assert_eq!(
            of_mesos(&json!({"slaves": []}).to_string(), &DEFAULTS),
            Ok(vec![])
        );
        for body in [
            json!([]),
            json!({}),
            json!({"slaves": [agent("", "", Value::Null)]}),
        ] {
            assert!(of_mesos(&body.to_string(), &DEFAULTS).is_err(), "{body}");
        }
    }
}
