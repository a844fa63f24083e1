//! A network of its own for a test: hosts are network namespaces on a bridge, which lies in one, too. The machine's own network
//! is not touched. It ends with the [`Net`]; what a test that was killed left is swept by the next.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use heliograph_fleet::skip::skipped;

const PREFIX: &str = "heliograph-";

/// The network.
pub(crate) struct Net {
    tag: String,
    hosts: Vec<String>,
}

impl Net {
    /// One without hosts; `None`, said loudly, where there can be none.
    pub(crate) fn new() -> Option<Net> {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        sweep();
        let tag = format!(
            "{PREFIX}{}-{}",
            std::process::id(),
            NUMBER.fetch_add(1, Ordering::Relaxed)
        );
        let net = Net {
            tag,
            hosts: Vec::new(),
        };
        let hub = net.namespace("hub");
        let made = try_ip(&["netns", "add", &hub])
            .and_then(|()| try_ip(&["-n", &hub, "link", "add", "br0", "type", "bridge"]));
        match made {
            Ok(()) => {
                ip(&["-n", &hub, "link", "set", "br0", "up"]);
                Some(net)
            }
            Err(why) => {
                skipped(&format!("network namespaces on a bridge: {why}"));
                None
            }
        }
    }

    /// The namespace of a host.
    pub(crate) fn namespace(&self, host: &str) -> String {
        format!("{}-{host}", self.tag)
    }

    /// Adds a host with these addresses, each with the length of its network's prefix.
    pub(crate) fn add(&mut self, host: &str, addresses: &[&str]) {
        let (hub, namespace) = (self.namespace("hub"), self.namespace(host));
        let port = format!("p-{host}");
        ip(&["netns", "add", &namespace]);
        self.hosts.push(host.to_owned());
        ip(&["-n", &namespace, "link", "set", "lo", "up"]);
        ip(&[
            "-n", &hub, "link", "add", &port, "type", "veth", "peer", "name", "eth0", "netns", &namespace,
        ]);
        ip(&["-n", &hub, "link", "set", &port, "master", "br0", "up"]);
        for address in addresses {
            let mut words = vec!["-n", &namespace, "addr", "add", address, "dev", "eth0"];
            if address.contains(':') {
                // It needs not be asked for whether another host has it.
                words.push("nodad");
            }
            ip(&words);
        }
        ip(&["-n", &namespace, "link", "set", "eth0", "up"]);
    }

    /// Cuts a host off: what is sent to it vanishes.
    pub(crate) fn cut(&self, host: &str) {
        self.link(host, "down");
    }

    /// Connects it again.
    pub(crate) fn mend(&self, host: &str) {
        self.link(host, "up");
    }

    fn link(&self, host: &str, state: &str) {
        let (hub, port) = (self.namespace("hub"), format!("p-{host}"));
        ip(&["-n", &hub, "link", "set", &port, state]);
    }

    /// A program, run on a host.
    pub(crate) fn command(&self, host: &str, program: &Path) -> Command {
        let mut command = Command::new("nsenter");
        command
            .arg(format!("--net=/run/netns/{}", self.namespace(host)))
            .arg(program);
        command
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for host in self.hosts.iter().map(String::as_str).chain(["hub"]) {
            let _ = try_ip(&["netns", "del", &self.namespace(host)]);
        }
    }
}

/// Removes the networks of processes that there are no more.
fn sweep() {
    let Ok(namespaces) = std::fs::read_dir("/run/netns") else {
        return;
    };
    for namespace in namespaces.flatten() {
        let name = namespace.file_name().into_string().unwrap_or_default();
        let owner = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        if owner.is_some_and(|owner| !PathBuf::from("/proc").join(owner).exists()) {
            let _ = try_ip(&["netns", "del", &name]);
        }
    }
}

fn ip(words: &[&str]) {
    try_ip(words).unwrap_or_else(|why| panic!("ip {words:?}: {why}"));
}

fn try_ip(words: &[&str]) -> Result<(), String> {
    let output = Command::new("ip").args(words).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("ip (Debian: iproute2): {error}"))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
    }
}
