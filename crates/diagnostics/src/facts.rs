//! What this node is, beside its units: its name and address. Looked up once, and again while something is missing.

use std::fs;
use std::io;
use std::net::{IpAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use rustix::system::uname;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::node::{Facts, Role};

/// Where DC/OS has the program that prints a node's address.
pub const DETECT_IP: &str = "/opt/mesosphere/bin/detect_ip";
/// Where a Mesos agent keeps its id: a link whose target ends with it.
pub const AGENT_LINK: &str = "/var/lib/mesos/slave/meta/slaves/latest";

/// Where DC/OS' installation says what a node is: by the name of a file.
pub const ROLES: &str = "/etc/mesosphere/roles";

/// How long the program may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Most bytes of what it prints that are read.
const MAX_PRINTED: u64 = 256;
/// How long to wait before what is missing is looked up again.
const AGAIN: Duration = Duration::from_secs(60);
/// Longest name that a link is believed, in bytes.
const MAX_ID: usize = 128;
/// Addresses for documentation (RFC 5737, RFC 3849): the way to them is the way to the rest of the world. Nothing is sent.
const ELSEWHERE: [(&str, &str); 2] = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];

/// What is known of this node without asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Its address.
    pub ip: Option<IpAddr>,
    /// The program that prints it otherwise.
    pub detect_ip: PathBuf,
    /// What it is in its cluster.
    pub role: Option<Role>,
    /// Mesos' id of it.
    pub mesos_id: String,
    /// The version of DC/OS.
    pub dcos_version: String,
}

/// Looks everything up but the address.
pub fn begin(given: &Given) -> Facts {
    Facts {
        hostname: uname().nodename().to_string_lossy().into_owned(),
        ip: given.ip,
        role: given.role.unwrap_or_else(|| role(Path::new(ROLES))),
        mesos_id: given.mesos_id.clone(),
        dcos_version: given.dcos_version.clone(),
    }
}

/// What DC/OS' installation says that this node is; an agent, where it says nothing.
fn role(roles: &Path) -> Role {
    let known = [
        ("master", Role::Master),
        ("slave_public", Role::AgentPublic),
        ("slave", Role::Agent),
    ];
    let found = known.iter().find(|(file, _)| roles.join(file).exists());
    found.map_or(Role::Agent, |(_, role)| *role)
}

/// Looks up what is missing, until nothing is.
pub async fn complete(given: Given, facts: watch::Sender<Facts>) {
    loop {
        let Facts { ip, mesos_id, .. } = facts.borrow().clone();
        let ip = match ip {
            Some(ip) => Some(ip),
            None => address(&given.detect_ip).await,
        };
        let mesos_id = match mesos_id.as_str() {
            "" => agent_id(Path::new(AGENT_LINK)).unwrap_or_default(),
            _ => mesos_id,
        };
        facts.send_if_modified(|facts| {
            let news = facts.ip != ip || facts.mesos_id != mesos_id;
            facts.ip = ip;
            facts.mesos_id = mesos_id;
            news
        });
        sleep(AGAIN).await;
    }
}

async fn address(program: &Path) -> Option<IpAddr> {
    match fs::metadata(program) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => by_route(),
        _ => match timeout(PATIENCE, printed(program)).await {
            Ok(Some(ip)) => Some(ip),
            Ok(None) => {
                tracing::debug!("{} did not print an address", program.display());
                None
            }
            Err(_) => {
                tracing::debug!("{} did not end in time", program.display());
                None
            }
        },
    }
}

async fn printed(program: &Path) -> Option<IpAddr> {
    let mut child = Command::new(program)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .ok()?;
    let mut text = String::new();
    let mut printed = child.stdout.take()?.take(MAX_PRINTED);
    printed.read_to_string(&mut text).await.ok()?;
    // One that still prints finds its pipe closed.
    drop(printed);
    child.wait().await.ok()?;
    text.trim().parse().ok()
}

/// The address from which this machine would speak to others.
fn by_route() -> Option<IpAddr> {
    ELSEWHERE.iter().find_map(|(from, to)| {
        let socket = UdpSocket::bind(from).ok()?;
        socket.connect(to).ok()?;
        let ip = socket.local_addr().ok()?.ip();
        (!ip.is_unspecified() && !ip.is_loopback()).then_some(ip)
    })
}

fn agent_id(link: &Path) -> Option<String> {
    let target = fs::read_link(link).ok()?;
    let id = target.file_name()?.to_str()?;
    (id.len() <= MAX_ID).then(|| id.to_owned())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[tokio::test]
    async fn the_program_knows_the_address() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("detect_ip");
        for (text, ip) in [
            ("echo 10.1.2.3", Some([10, 1, 2, 3].into())),
            ("echo nothing", None),
            ("exec yes", None),
        ] {
            fs::write(&program, format!("#!/bin/sh\n{text}\n")).unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
            assert_eq!(address(&program).await, ip);
        }
    }

    #[test]
    fn the_installation_names_the_role() {
        let roles = tempfile::tempdir().unwrap();
        assert_eq!(role(roles.path()), Role::Agent);
        for (file, expected) in [
            ("slave", Role::Agent),
            ("slave_public", Role::AgentPublic),
            ("master", Role::Master),
        ] {
            fs::write(roles.path().join(file), "").unwrap();
            assert_eq!(role(roles.path()), expected);
        }
    }

    #[test]
    fn an_agents_id_is_where_its_link_points() {
        let directory = tempfile::tempdir().unwrap();
        let link = directory.path().join("latest");
        assert_eq!(agent_id(&link), None);
        symlink("/x/slaves/5555-S1", &link).unwrap();
        assert_eq!(agent_id(&link).as_deref(), Some("5555-S1"));
    }
}
