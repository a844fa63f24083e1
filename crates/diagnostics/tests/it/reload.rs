//! Certificates and tokens that are replaced while the daemon runs: on SIGHUP both sides read theirs again, and what can't be used
//! changes nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustix::process::Signal;
use serde_json::Value;
use tempfile::TempDir;

use crate::daemon::{Daemon, wait};

const TOKENS: [&str; 2] = [
    "0123456789abcdef0123456789abcdef",
    "fedcba9876543210fedcba9876543210",
];

/// The files of both sides.
struct Files(TempDir);

impl Files {
    fn new() -> Files {
        let files = Files(tempfile::tempdir().unwrap());
        for side in ["node", "master"] {
            files.token(side, TOKENS[0]);
        }
        files
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).display().to_string()
    }

    fn token(&self, side: &str, token: &str) {
        let path = self.path(&format!("{side}.token"));
        fs::write(&path, format!("{token}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }

    /// Gives the node a certificate of a new CA, whose own is returned.
    fn certify(&self) -> String {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &issuer).unwrap();
        fs::write(self.path("node.pem"), certificate.pem()).unwrap();
        fs::write(self.path("node.key"), key.serialize_pem()).unwrap();
        issuer.pem()
    }

    fn trust(&self, ca: &str) {
        fs::write(self.path("ca.pem"), ca).unwrap();
    }
}

/// Waits until the master says this of the one node that it knows: why it can't be reached, or that it can.
fn wait_for(master: &Daemon, expected: &str) {
    wait(expected, || {
        let answer = master.get("/system/health/v1/report");
        if answer.status != 200 {
            return None;
        }
        let report: Value = serde_json::from_str(&answer.body).unwrap();
        let node = report["Nodes"].as_object().unwrap().values().next().unwrap();
        let said = match &node["Reached"] {
            Value::Bool(false) => node["Reason"].as_str().unwrap(),
            _ => "reached",
        };
        said.starts_with(expected).then_some(())
    });
}

fn reload(daemon: &Daemon) {
    daemon.signal(Signal::HUP);
}

/// Longer than it takes to ask a node some times.
fn some_turns() {
    std::thread::sleep(std::time::Duration::from_secs(2));
}

#[test]
fn both_sides_read_their_files_again() {
    let files = Files::new();
    files.trust(&files.certify());
    let own = [
        ("TLS_CERT", files.text("node.pem")),
        ("TLS_KEY", files.text("node.key")),
        ("TOKEN_FILE", files.text("node.token")),
        ("MEMBERS", String::new()),
        ("BUS", "unix:path=/nonexistent/bus".to_owned()),
    ];
    let own: Vec<_> = own.iter().map(|(key, value)| (*key, value.as_str())).collect();
    let node = Daemon::listening(&["0.0.0.0:0"], &own);
    let member = format!("127.0.0.1:{}", node.encrypted_port());
    let (ca, token) = (files.text("ca.pem"), files.text("master.token"));
    let master = Daemon::start(&[
        ("MEMBERS", &member),
        ("PULL_CA", &ca),
        ("PULL_TOKEN_FILE", &token),
        ("PULL_INTERVAL", "200ms"),
        ("BUS", "unix:path=/nonexistent/bus"),
    ]);
    wait_for(&master, "reached");

    // The node changes its token, then the master.
    files.token("node", TOKENS[1]);
    some_turns();
    wait_for(&master, "reached");
    reload(&node);
    wait_for(&master, "it answered 401");
    files.token("master", TOKENS[1]);
    reload(&master);
    wait_for(&master, "reached");

    // The node's certificate comes from another CA.
    let ca = files.certify();
    reload(&node);
    wait_for(&master, "TLS failed");
    files.trust(&ca);
    reload(&master);
    wait_for(&master, "reached");

    // Files that can't be used change nothing, on neither side.
    files.token("master", "short");
    files.token("node", "short");
    break_file(&files.path("ca.pem"));
    break_file(&files.path("node.pem"));
    reload(&master);
    reload(&node);
    some_turns();
    wait_for(&master, "reached");
}

fn break_file(path: &Path) {
    fs::write(path, "nothing that can be read").unwrap();
}
