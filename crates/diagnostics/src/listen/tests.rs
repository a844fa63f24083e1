use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;

use axum::Extension;
use axum::routing::get;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tempfile::TempDir;

use super::*;
use crate::consumer::Consumer;

const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn places_read_back() {
    for (text, local) in [
        ("127.0.0.1:1050", true),
        ("[::1]:0", true),
        ("unix:/run/x", true),
        ("0.0.0.0:1050", false),
        ("[::]:1050", false),
        ("10.0.0.1:80", false),
    ] {
        let listen: Listen = text.parse().unwrap();
        assert_eq!((listen.to_string().as_str(), listen.is_local()), (text, local));
    }
    for text in ["", "1050", "localhost:1050", "unix:x", "/run/x", "127.0.0.1"] {
        assert!(text.parse::<Listen>().is_err(), "{text}");
    }
}

/// A CA, and certificates of it for names.
struct Ca {
    directory: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Ca {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("ca"), issuer.pem()).unwrap();
        Ca { directory, issuer }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes `NAME` and `NAME.key`.
    fn issue(&self, name: &str) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        fs::write(self.file(name), certificate.pem()).unwrap();
        fs::write(self.file(&format!("{name}.key")), key.serialize_pem()).unwrap();
    }

    fn client(&self, name: Option<&str>) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(CertificateDer::from_pem_file(self.file("ca")));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match name {
            None => config.with_no_client_auth(),
            Some(name) => {
                let certificate = CertificateDer::from_pem_file(self.file(name)).unwrap();
                let key = PrivateKeyDer::from_pem_file(self.file(&format!("{name}.key"))).unwrap();
                config.with_client_auth_cert(vec![certificate], key).unwrap()
            }
        }
    }

    /// Where the network can't reach it, so that a test may listen, but served as if it could.
    fn setup(&self) -> Setup {
        self.issue("node");
        Setup {
            places: vec!["127.0.0.1:0".parse().unwrap()],
            tls: tls::Files {
                certificate: Some(self.file("node")),
                key: Some(self.file("node.key")),
                ca: Some(self.file("ca")),
            },
            tokens: None,
            plaintext: false,
            journal_for: vec!["master".to_owned()],
        }
    }
}

fn token_file(directory: &Path) -> PathBuf {
    let file = directory.join("tokens");
    fs::write(&file, format!("master {SECRET}\nother {SECRET}x\n")).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    file
}

/// Answers whether the consumer may read the journal.
fn router() -> Router {
    let answer = |Extension(consumer): Extension<Consumer>| async move { consumer.journal.to_string() };
    Router::new().route("/", get(answer))
}

/// Serves on a free port of this machine as if requests came in by another way.
async fn serve_by(setup: &Setup, way: Way) -> (SocketAddr, watch::Sender<Keys>, watch::Sender<bool>) {
    let socket = Socket::bind(&setup.places[0]).await.unwrap();
    let Listen::Tcp(address) = socket.place().unwrap() else {
        panic!("a port is expected");
    };
    let keys = watch::Sender::new(setup.keys().unwrap());
    let stop = watch::Sender::new(false);
    let service = Service {
        router: router(),
        way,
        keys: keys.subscribe(),
        stopped: stop.subscribe(),
    };
    tokio::spawn(accept::run(socket, service));
    (address, keys, stop)
}

/// Status and body; an error where there is no answer.
fn ask(mut stream: impl Read + Write, header: &str) -> io::Result<(u16, String)> {
    write!(
        stream,
        "GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{header}\r\n"
    )?;
    let mut text = String::new();
    match stream.read_to_string(&mut text) {
        Err(error) if error.kind() != ErrorKind::UnexpectedEof || text.is_empty() => return Err(error),
        _ => {}
    }
    let (head, body) = text.split_once("\r\n\r\n").ok_or(ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    Ok((status, body.to_owned()))
}

fn ask_encrypted(address: SocketAddr, client: ClientConfig, header: &str) -> io::Result<(u16, String)> {
    let name = ServerName::try_from("node").unwrap();
    let connection = ClientConnection::new(Arc::new(client), name).unwrap();
    ask(StreamOwned::new(connection, TcpStream::connect(address)?), header)
}

fn ok(journal: bool) -> (u16, String) {
    (200, journal.to_string())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_of_the_ca_or_a_token_opens_the_network() {
    let ca = Ca::new();
    let mut setup = ca.setup();
    setup.tokens = Some(token_file(ca.directory.path()));
    ca.issue("master");
    ca.issue("stranger");
    let another_ca = Ca::new();
    another_ca.issue("master");
    let (address, _keys, _stop) = serve_by(&setup, Way::Encrypted).await;
    let ask = |client, header: &str| ask_encrypted(address, client, header);

    assert_eq!(ask(ca.client(Some("master")), "").unwrap(), ok(true));
    assert_eq!(ask(ca.client(Some("stranger")), "").unwrap(), ok(false));
    let token = format!("authorization: Bearer {SECRET}\r\n");
    assert_eq!(ask(ca.client(None), &token).unwrap(), ok(true));
    let other = format!("authorization: Bearer {SECRET}x\r\n");
    assert_eq!(ask(ca.client(None), &other).unwrap(), ok(false));
    assert_eq!(ask(ca.client(None), "").unwrap().0, 401);
    let wrong = "authorization: Bearer x\r\n";
    assert_eq!(ask(ca.client(None), wrong).unwrap().0, 401);
    // A certificate that another CA made is none.
    let mut forged = another_ca.client(Some("master"));
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(CertificateDer::from_pem_file(ca.file("ca")));
    forged = ClientConfig::builder_with_provider(Arc::clone(forged.crypto_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::clone(&forged.client_auth_cert_resolver));
    assert!(ask(forged, "").is_err());
    // Nobody is answered in the clear.
    assert!(super::tests::ask(TcpStream::connect(address).unwrap(), &token).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn without_tokens_a_certificate_is_needed_and_keys_are_replaced() {
    let ca = Ca::new();
    let setup = ca.setup();
    ca.issue("master");
    let (address, keys, _stop) = serve_by(&setup, Way::Encrypted).await;
    assert!(ask_encrypted(address, ca.client(None), "").is_err());
    assert_eq!(
        ask_encrypted(address, ca.client(Some("master")), "").unwrap(),
        ok(true)
    );

    let new_ca = Ca::new();
    new_ca.issue("master");
    keys.send_replace(new_ca.setup().keys().unwrap());
    assert!(ask_encrypted(address, ca.client(Some("master")), "").is_err());
    assert_eq!(
        ask_encrypted(address, new_ca.client(Some("master")), "").unwrap(),
        ok(true)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn in_the_clear_a_token_opens_and_nobody_reads_the_journal() {
    let ca = Ca::new();
    let mut setup = ca.setup();
    setup.tls = tls::Files::default();
    setup.tokens = Some(token_file(ca.directory.path()));
    let (address, _keys, _stop) = serve_by(&setup, Way::Plain).await;
    let ask = |header: &str| ask(TcpStream::connect(address).unwrap(), header).unwrap();
    assert_eq!(ask("").0, 401);
    assert_eq!(ask(&format!("authorization: Bearer {SECRET}\r\n")), ok(false));
}

#[test]
fn the_network_needs_keys() {
    let ca = Ca::new();
    let full = ca.setup();
    let network = || vec!["0.0.0.0:0".parse().unwrap()];
    let way = |setup: Setup| {
        let place = setup.places[0].clone();
        setup.way(&place, &setup.keys().unwrap())
    };
    let only = |change: fn(&mut Setup)| {
        let mut setup = full.clone();
        setup.places = network();
        change(&mut setup);
        setup
    };
    assert!(matches!(way(full.clone()), Ok(Way::Loopback)));
    // A socket with a file is for who may open it, one without is for all.
    for (path, expected) in [("/run/socket", Way::Socket), ("", Way::Loopback)] {
        let found = full.way(&Listen::Unix(path.into()), &full.keys().unwrap());
        assert_eq!(found.unwrap(), expected, "{path}");
    }
    assert!(matches!(way(only(|_| {})), Ok(Way::Encrypted)));
    let tokens = token_file(ca.directory.path());
    let with_tokens = |mut setup: Setup| {
        setup.tokens = Some(tokens.clone());
        way(setup)
    };
    assert!(matches!(
        with_tokens(only(|setup| setup.tls.ca = None)),
        Ok(Way::Encrypted)
    ));
    let plain = only(|setup| {
        setup.tls = tls::Files::default();
        setup.plaintext = true;
    });
    assert!(matches!(with_tokens(plain.clone()), Ok(Way::Plain)));
    // Whoever has a certificate uses it.
    assert!(matches!(
        with_tokens(only(|setup| setup.plaintext = true)),
        Ok(Way::Encrypted)
    ));
    for open in [
        way(plain),
        way(only(|setup| setup.tls.ca = None)),
        with_tokens(only(|setup| setup.tls = tls::Files::default())),
    ] {
        let error = open.unwrap_err().to_string();
        assert!(
            error.starts_with("0.0.0.0:0 can be reached from the network"),
            "{error}"
        );
    }
}

#[test]
fn files_that_can_not_be_used_are_named() {
    let ca = Ca::new();
    let full = ca.setup();
    ca.issue("another");
    fs::write(ca.file("empty"), "").unwrap();
    let error = |change: &dyn Fn(&mut Setup)| {
        let mut setup = full.clone();
        change(&mut setup);
        let error = anyhow::Error::from(setup.keys().err().unwrap());
        format!("{error:#}")
    };
    for (change, text) in [
        (
            &(|setup: &mut Setup| setup.tls.key = None) as &dyn Fn(&mut Setup),
            "`tls_cert` and `tls_key` belong together",
        ),
        (
            &|setup| setup.tls.key = Some("/nowhere".into()),
            "can't read the key in /nowhere",
        ),
        (
            &|setup| setup.tls.key = Some(ca.file("another.key")),
            "certificate and key can't be used together",
        ),
        (
            &|setup| setup.tls.certificate = Some(ca.file("empty")),
            "there is no certificate in ",
        ),
        (
            &|setup| setup.tls.ca = Some(ca.file("empty")),
            "there is no certificate in ",
        ),
        (
            &|setup| setup.tokens = Some("/nowhere".into()),
            "can't read the tokens in /nowhere",
        ),
    ] {
        let error = error(change);
        assert!(error.contains(text), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_is_for_its_group_and_replaces_only_what_was_left_behind() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("socket");
    let mut setup = Ca::new().setup();
    setup.tls = tls::Files::default();
    setup.places = vec![Listen::Unix(path.clone())];
    setup.journal_for = vec!["socket".to_owned()];
    // Nobody listens on it any more.
    drop(UnixListener::bind(&path).unwrap());
    let listening = serve(ListenFd::empty(), &setup, &router()).await.unwrap();
    assert_eq!(listening.places(), [format!("unix:{}", path.display())]);
    let mode = fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o660);
    assert_eq!(ask(UnixStream::connect(&path).unwrap(), "").unwrap(), ok(true));
    // Another daemon does not take it away.
    let error = serve(ListenFd::empty(), &setup, &router()).await.err().unwrap();
    assert!(matches!(error, ServeError::Listen(_, error) if error.kind() == ErrorKind::AddrInUse));

    // An idle connection does not hold up the end.
    let idle = UnixStream::connect(&path).unwrap();
    assert!(listening.stop(Duration::from_secs(60)).await);
    drop(idle);
    assert!(!path.exists());
    fs::write(&path, "precious").unwrap();
    assert!(serve(ListenFd::empty(), &setup, &router()).await.is_err());
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}
