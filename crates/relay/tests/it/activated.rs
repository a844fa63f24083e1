//! Sockets that the service manager hands over: systemd's own program for it, and the relay begins with the first connection.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use heliograph_fleet::nginx::Nginx;
use heliograph_fleet::skip::skipped;

use crate::host::{Host, RELAY, ask, batch, until, view};

/// What systemd has started; ended when it is dropped.
struct Activated(Child);

impl Activated {
    /// Listens on a port or a path. `None`, said loudly, where there is no systemd.
    fn on(listen: &str, host: &Host) -> Option<Activated> {
        let log = File::create(host.path("activated.log")).unwrap();
        let mut command = Command::new("systemd-socket-activate");
        command
            .args(["--listen", listen, RELAY, "--signal-config"])
            .arg(host.path("signal.toml"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        match command.spawn() {
            Ok(child) => Some(Activated(child)),
            Err(error) => {
                skipped(&format!(
                    "systemd-socket-activate can't be started (Debian: systemd): {error}"
                ));
                None
            }
        }
    }
}

impl Drop for Activated {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_port_that_systemd_hands_over_is_served() {
    let mut host = Host::new("enabled = true", &[]);
    host.kill();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let Some(_relay) = Activated::on(&address.to_string(), &host) else {
        return;
    };
    until("systemd listens", || TcpStream::connect(address).is_ok());
    let body = batch(&[view(1)]).to_string();
    let answer = ask(address, "POST", "/telemetry/v1/batch", &[], body.as_bytes());
    assert_eq!(answer.status, 200);
    let said = fs::read_to_string(host.path("activated.log")).unwrap();
    assert!(said.contains(&format!("listening on http://{address}")), "{said}");
    assert_eq!(host.deliver().len(), 1);
}

#[test]
fn a_socket_that_systemd_hands_over_is_served_to_nginx() {
    let mut host = Host::new("enabled = true", &[]);
    host.kill();
    let path = host.path("socket");
    let Some(_relay) = Activated::on(&path.display().to_string(), &host) else {
        return;
    };
    until("systemd listens", || path.exists());
    let Some(nginx) = Nginx::before_relay(&format!("unix:{}:", path.display()), host.path("nginx")) else {
        return;
    };
    let body = batch(&[view(1)]).to_string();
    let own = format!("host: {}", nginx.address);
    let origin = format!("origin: http://{}", nginx.address);
    let answer = ask(
        nginx.address,
        "POST",
        "/telemetry/v1/batch",
        &[&own, &origin],
        body.as_bytes(),
    );
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(host.deliver().len(), 1);
    // It is systemd's file, and stays.
    drop(_relay);
    assert!(path.exists());
}

#[test]
fn a_socket_of_another_kind_is_refused() {
    let mut host = Host::new("enabled = true", &[]);
    host.kill();
    let path = host.path("datagrams");
    let mut command = Command::new("systemd-socket-activate");
    let log = File::create(host.path("activated.log")).unwrap();
    let spawned = command
        .args(["--datagram", "--listen"])
        .arg(&path)
        .args([RELAY, "--signal-config"])
        .arg(host.path("signal.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn();
    let Ok(child) = spawned else {
        skipped("systemd-socket-activate can't be started (Debian: systemd)");
        return;
    };
    let mut relay = Activated(child);
    until("systemd listens", || path.exists());
    let client = std::os::unix::net::UnixDatagram::unbound().unwrap();
    client.send_to(b"x", &path).unwrap();
    let mut ended = None;
    until("it ends", || {
        ended = relay.0.try_wait().unwrap();
        ended.is_some()
    });
    assert_eq!(ended.unwrap().code(), Some(1));
    let said = fs::read_to_string(host.path("activated.log")).unwrap();
    assert!(
        said.contains("a socket that was handed over can't be used"),
        "{said}"
    );
}

#[test]
fn a_socket_s_file_is_made_anew_after_a_power_cut_and_taken_from_nobody() {
    let mut host = Host::new("enabled = true", &[]);
    host.kill();
    let path = host.path("socket");
    let listen = format!("unix:{}", path.display());
    host.start_on(&listen);
    host.kill();
    assert!(path.exists());
    host.start_on(&listen);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream
        .write_all(b"GET /telemetry/healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let second = Command::new(RELAY).args(["--listen", &listen]).output().unwrap();
    assert_eq!(second.status.code(), Some(1));
    assert!(path.exists());
}
