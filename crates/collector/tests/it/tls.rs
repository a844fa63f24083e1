//! TLS spoken by the server itself: certificates, their replacement, and clients that never get to speak.

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::sleep;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::client::basic;
use crate::collector::{TestCollector, run};
use crate::reporter::{Reporter, hour};

/// Makes certificates.
struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A directory with a certificate and a key.
struct Files {
    dir: TempDir,
}

type Connection = StreamOwned<ClientConnection, TcpStream>;

impl Authority {
    fn new() -> Authority {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Authority {
            issuer: CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap(),
        }
    }

    /// A new certificate and its key, as PEM.
    fn issue(&self) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    /// Connects, and is content with nobody else's certificate.
    fn connect(&self, collector: &TestCollector) -> Connection {
        let mut roots = RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let name = ServerName::try_from("localhost").unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let tcp = TcpStream::connect(collector.address()).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut stream = StreamOwned::new(tls, tcp);
        stream.flush().unwrap();
        stream
    }
}

impl Files {
    fn of((certificate, key): &(String, String)) -> Files {
        let files = Files {
            dir: TempDir::new().unwrap(),
        };
        files.write(certificate, key);
        files
    }

    fn write(&self, certificate: &str, key: &str) {
        fs::write(self.certificate(), certificate).unwrap();
        fs::write(self.key(), key).unwrap();
    }

    fn certificate(&self) -> PathBuf {
        self.dir.path().join("cert.pem")
    }

    fn key(&self) -> PathBuf {
        self.dir.path().join("key.pem")
    }

    fn serve(&self, settings: &[(&str, &str)]) -> TestCollector {
        let (certificate, key) = (self.certificate(), self.key());
        let files = [
            ("tls_cert", certificate.to_str().unwrap()),
            ("tls_key", key.to_str().unwrap()),
        ];
        TestCollector::with(&[&files, settings].concat())
    }
}

fn ask(stream: &mut Connection) -> u16 {
    request(stream, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

fn request(stream: &mut Connection, request: &str) -> u16 {
    exchange(stream, request).0
}

/// Status and body of the answer.
fn exchange(stream: &mut Connection, request: &str) -> (u16, Vec<u8>) {
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    let mut byte = [0];
    while !answer.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let head = String::from_utf8(answer).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap();
    let length = length.split("\r\n").next().unwrap().parse().unwrap();
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body)
}

fn certificate(stream: &Connection) -> CertificateDer<'static> {
    stream.conn.peer_certificates().unwrap()[0].clone().into_owned()
}

#[test]
fn https_is_spoken() {
    let authority = Authority::new();
    let files = Files::of(&authority.issue());
    let mut collector = files.serve(&[]);
    assert!(collector.url().starts_with("https://127.0.0.1:"));
    let key = collector.key("server");
    let mut stream = authority.connect(&collector);
    assert_eq!(ask(&mut stream), 200);
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    // More than one record, and more than one request.
    for id in 0..3 {
        let body = json!({"batch": [{
            "type": "track", "event": "e", "anonymousId": "a", "messageId": format!("m{id}"),
            "properties": {"x": "y".repeat(31_000)},
        }]});
        let body = body.to_string();
        let head = format!(
            "POST /v1/batch HTTP/1.1\r\nHost: x\r\nAuthorization: {}\r\nContent-Length: {}\r\n\r\n",
            basic(&key),
            body.len()
        );
        assert_eq!(request(&mut stream, &(head + &body)), 200);
    }
    assert_eq!(collector.messages().len(), 3);
    // Browsers are told to come by it, too.
    let settings = format!("GET /v1/projects/{key}/settings HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let (status, settings) = exchange(&mut stream, &settings);
    let settings: Value = serde_json::from_slice(&settings).unwrap();
    assert_eq!(
        (status, &settings["integrations"]["Segment.io"]["protocol"]),
        (200, &json!("https"))
    );
    // A stop says good-bye to those who are idle, as TLS wants it.
    collector.signal("TERM");
    assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    assert!(collector.stop().success());
}

#[test]
fn signal_delivers_over_it() {
    let authority = Authority::new();
    let files = Files::of(&authority.issue());
    let collector = files.serve(&[]);
    let trusted = files.dir.path().join("authority.pem");
    fs::write(&trusted, authority.issuer.pem()).unwrap();
    let mut reporter = Reporter::new(collector.url(), &collector.key("cluster"));
    reporter.config.ca_cert_path = Some(trusted);
    reporter.report(hour(1));
    assert_eq!(collector.messages().len(), 3);
}

#[test]
fn who_does_not_speak_tls_is_let_go() {
    let authority = Authority::new();
    let files = Files::of(&authority.issue());
    let collector = files.serve(&[("header_timeout", "300ms")]);
    let mut silent = collector.client();
    let mut half = collector.client();
    // The beginning of a handshake.
    half.raw(&[22, 3, 1, 0, 200, 1, 0]).unwrap();
    let mut plain = collector.client();
    plain.raw(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    for client in [&mut silent, &mut half, &mut plain] {
        let said = client.rest();
        assert!(!said.starts_with(b"HTTP"));
    }
    // After the handshake, heads have their time again.
    let mut stream = authority.connect(&collector);
    assert_eq!(ask(&mut stream), 200);
    stream.write_all(b"GET").unwrap();
    let ended = stream.read(&mut [0]);
    assert!(matches!(ended, Ok(0) | Err(_)));
    assert!(!ended.is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock));
    assert_eq!(ask(&mut authority.connect(&collector)), 200);
}

/// Waits for a line of the log that was not there before.
fn wait_for(collector: &TestCollector, text: &str, times: usize) {
    for _ in 0..1000 {
        if collector.log().matches(text).count() >= times {
            return;
        }
        sleep(Duration::from_millis(10));
    }
    panic!("{text} {times} times: {}", collector.log());
}

#[test]
fn a_certificate_is_replaced_without_anybody_noticing() {
    let authority = Authority::new();
    let (old, new) = (authority.issue(), authority.issue());
    let files = Files::of(&old);
    let collector = files.serve(&[]);
    let mut kept = authority.connect(&collector);
    assert_eq!(ask(&mut kept), 200);
    let of_old = certificate(&kept);
    // What is of no use is refused, loudly, and changes nothing.
    let bad: [(&str, &str, &str); 4] = [
        ("", &old.1, "there is no certificate in"),
        (&new.0, &old.1, "is not that of the first certificate"),
        (&old.0, "", "there is no private key in"),
        (
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            &old.1,
            "is damaged, or not PEM",
        ),
    ];
    for (times, (bad_certificate, bad_key, said)) in bad.into_iter().enumerate() {
        files.write(bad_certificate, bad_key);
        collector.signal("HUP");
        wait_for(&collector, "THE NEW CERTIFICATE IS OF NO USE", times + 1);
        assert!(collector.log().contains(said), "{said}: {}", collector.log());
        let mut stream = authority.connect(&collector);
        assert_eq!(ask(&mut stream), 200);
        assert_eq!(certificate(&stream), of_old);
    }
    files.write(&new.0, &new.1);
    assert_eq!(
        certificate(&{
            let mut stream = authority.connect(&collector);
            ask(&mut stream);
            stream
        }),
        of_old,
        "not before it is told to"
    );
    collector.signal("HUP");
    wait_for(&collector, "were read again", 1);
    let mut stream = authority.connect(&collector);
    assert_eq!(ask(&mut stream), 200);
    assert_ne!(certificate(&stream), of_old);
    assert_eq!(ask(&mut kept), 200);
    // Nothing of a key is in the log.
    let log = collector.log();
    for line in old
        .1
        .lines()
        .chain(new.1.lines())
        .filter(|line| !line.starts_with('-'))
    {
        assert!(!log.contains(line));
    }
}

#[test]
fn what_is_wrong_is_told_at_the_start() {
    let authority = Authority::new();
    let (good, other) = (authority.issue(), authority.issue());
    let files = Files::of(&good);
    let (certificate, key) = (files.certificate(), files.key());
    let other_key = files.dir.path().join("other.pem");
    let none = files.dir.path().join("none.pem");
    let damaged = files.dir.path().join("damaged.pem");
    fs::write(&other_key, &other.1).unwrap();
    let secret = "c2VjcmV0IHNlY3JldCBzZWNyZXQ";
    fs::write(&damaged, format!("-----BEGIN PRIVATE KEY-----\n{secret}=\n")).unwrap();
    let cases: [(&Path, &Path, &str); 7] = [
        (&none, &key, "can't read"),
        (&certificate, &none, "can't read"),
        (&key, &key, "there is no certificate in"),
        (&certificate, &certificate, "there is no private key in"),
        (
            &certificate,
            &other_key,
            "is not that of the first certificate in",
        ),
        (&certificate, &damaged, "is damaged, or not PEM"),
        (
            &certificate,
            Path::new(""),
            "tls_cert and tls_key belong together",
        ),
    ];
    for (certificate, key, expected) in cases {
        let dir = TempDir::new().unwrap();
        let config = dir.path().join("config.toml");
        let text = json!({"tls_cert": certificate, "tls_key": key});
        let lines: Vec<_> = text
            .as_object()
            .unwrap()
            .iter()
            .map(|(key, value)| format!("{key} = {value}\n"))
            .collect();
        fs::write(&config, lines.concat()).unwrap();
        let output = run(
            dir.path(),
            &[
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--config",
                config.to_str().unwrap(),
            ],
        );
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success());
        assert!(said.contains(expected), "{expected}: {said}");
        assert!(!said.contains(secret));
    }
}
