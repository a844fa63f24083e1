//! What DC/OS Enterprise has beside the sources: a login that checks the signed word with the account's public key, sources that are
//! closed to whoever shows no token of it, and a licensing service on a Unix socket.

use std::fs;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use heliograph_fleet::{Documents, Source};
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, RsaKeyPair, UnparsedPublicKey};
use rustls_pki_types::PrivatePkcs8KeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde_json::{Value, json};

/// The account that is known.
pub(crate) const UID: &str = "signal-of-the-tests";
const LOGIN: &str = "/acs/api/v1/auth/login";

/// What a request said.
#[derive(Clone, Debug, Default)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Vec<u8>,
}

/// How the login answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// As it should.
    Well,
    /// With this status, whatever it is asked.
    Broken(u16),
    /// With 200, and no token.
    Empty,
    /// The first token that it gives is not good any more when it is shown.
    FirstExpired,
    /// No token that it gives is good for anything.
    NoneGood,
}

/// A running service for logins, and the sources behind it.
pub(crate) struct Iam {
    addr: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Iam {
    /// Starts one that knows the account of this key (PEM, PKCS#8). It ends with the test's process.
    pub(crate) fn start(known: &str, mode: Mode, documents: Documents) -> Iam {
        let key = PrivatePkcs8KeyDer::from_pem_slice(known.as_bytes()).unwrap();
        let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
        let public = key.public().as_ref().to_vec();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        thread::spawn(move || {
            let mut given = 0;
            // One after the other: what was given is known before it is shown.
            for stream in listener.incoming().flatten() {
                let _ = serve(stream, |request| {
                    log.lock().unwrap().push(request.clone());
                    answer(request, mode, &public, &documents, &mut given)
                });
            }
        });
        Iam { addr, asked }
    }

    pub(crate) fn login_endpoint(&self) -> String {
        format!("http://{}{LOGIN}", self.addr)
    }

    pub(crate) fn url(&self, source: Source) -> String {
        format!("http://{}{}", self.addr, source.path())
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }

    /// How many logins were tried.
    pub(crate) fn logins(&self) -> usize {
        self.asked().iter().filter(|asked| asked.path == LOGIN).count()
    }
}

fn answer(
    request: &Asked,
    mode: Mode,
    public: &[u8],
    documents: &Documents,
    given: &mut usize,
) -> (u16, Vec<u8>) {
    if request.path == LOGIN {
        return match mode {
            Mode::Broken(status) => (status, b"{}".to_vec()),
            Mode::Empty => (200, b"{}".to_vec()),
            _ if !is_signed(&request.body, public) => (401, b"{}".to_vec()),
            _ => {
                *given += 1;
                (200, json!({ "token": token(*given) }).to_string().into_bytes())
            }
        };
    }
    let good = match mode {
        Mode::FirstExpired => *given > 1,
        Mode::NoneGood => false,
        _ => *given > 0,
    };
    let shown = request.authorization.as_deref();
    if !good || shown != Some(&format!("token={}", token(*given))) {
        return (401, b"{}".to_vec());
    }
    let source = Source::ALL
        .into_iter()
        .find(|source| source.path() == request.path)
        .unwrap();
    (200, documents.of(source).to_vec())
}

/// The token of a login, by its number.
pub(crate) fn token(number: usize) -> String {
    format!("token-of-login-{number}")
}

/// Whether the body is a login of the account with a word that its key has signed, and that is good for at most an hour.
fn is_signed(body: &[u8], public: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap();
    let word = body["token"].as_str().unwrap();
    let parts: Vec<&str> = word.split('.').collect();
    let [header, claims, signature] = parts[..] else {
        return false;
    };
    let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).unwrap();
    let json = |part: &str| -> Value { serde_json::from_slice(&decode(part)).unwrap() };
    let now = jiff::Timestamp::now().as_second();
    let ends = json(claims)["exp"].as_i64().unwrap();
    let signed = format!("{header}.{claims}");
    body["uid"] == UID
        && json(claims)["uid"] == UID
        && (json(header)["alg"].as_str(), json(header)["typ"].as_str()) == (Some("RS256"), Some("JWT"))
        && (now..=now + 3600).contains(&ends)
        && UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, public)
            .verify(signed.as_bytes(), &decode(signature))
            .is_ok()
}

/// A licensing service at this socket, which answers as it is told; it ends with the test's process.
pub(crate) fn licensing(socket: &Path, status: u16, body: &str) -> Arc<Mutex<Vec<Asked>>> {
    let _ = fs::remove_file(socket);
    let listener = UnixListener::bind(socket).unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let (log, body) = (asked.clone(), body.as_bytes().to_vec());
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let _ = serve(stream, |request| {
                log.lock().unwrap().push(request.clone());
                (status, body.clone())
            });
        }
    });
    asked
}

/// Reads one request, answers, and ends the connection.
fn serve<S: Read + Write>(mut stream: S, answer: impl FnOnce(&Asked) -> (u16, Vec<u8>)) -> io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut stream, &mut bytes)?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let header = |name: &str| {
        head.lines().find_map(|line| {
            let (said, value) = line.split_once(':')?;
            said.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    };
    let length: usize = header("content-length").map_or(0, |text| text.parse().unwrap());
    while bytes.len() < end + length {
        more(&mut stream, &mut bytes)?;
    }
    let path = head.split_whitespace().nth(1).unwrap_or_default();
    let request = Asked {
        path: path.split('?').next().unwrap_or_default().to_owned(),
        authorization: header("authorization"),
        body: bytes[end..].to_vec(),
    };
    let (status, body) = answer(&request);
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )?;
    stream.write_all(&body)
}

fn more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut block = [0; 16 * 1024];
    match stream.read(&mut block)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&block[..count]);
            Ok(())
        }
    }
}

/// A port of 127.0.0.1 where nobody listens.
pub(crate) fn closed_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    assert!(TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(1)).is_err());
    port
}
