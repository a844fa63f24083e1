//! An endpoint that is told of changes: a server of its own, that answers as it is told to and remembers what it heard.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::Value;

/// What both sides know.
pub(crate) const SECRET: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=";
/// How long somebody who is to be told may be waited for; far more than it takes.
const PATIENCE: Duration = Duration::from_secs(120);

/// What it does with a request.
#[derive(Clone, Copy)]
pub(crate) enum Reply {
    /// Answers with a status and lines of the head.
    Status(u16, &'static str),
    /// Never answers.
    Silence,
}

/// What it heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Heard {
    pub(crate) path: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

/// The endpoint.
pub(crate) struct Hook {
    address: SocketAddr,
    heard: Receiver<Heard>,
}

impl Hook {
    /// Starts one that answers like this, one after the other, and the last one for ever.
    pub(crate) fn start(replies: &[Reply]) -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (hear, heard) = channel();
        let replies = replies.to_vec();
        thread::spawn(move || {
            let mut silent = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let reply = replies.get(number).or(replies.last()).copied().unwrap();
                silent.extend(serve(stream.unwrap(), reply, &hear));
            }
        });
        Hook { address, heard }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where it is told.
    pub(crate) fn url(&self) -> String {
        format!("http://me:pass@{}/hook?token=t0ken", self.address)
    }

    /// What it is told next. The signature holds.
    pub(crate) fn next(&self) -> Heard {
        let heard = self.heard.recv_timeout(PATIENCE).unwrap();
        heard.check();
        heard
    }

    /// Whether it was told anything else so far.
    pub(crate) fn is_quiet(&self) -> bool {
        self.heard.try_recv().is_err()
    }
}

impl Heard {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    fn check(&self) {
        let secret = STANDARD.decode(SECRET.strip_prefix("whsec_").unwrap()).unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signed = format!(
            "{}.{}.{}",
            self.headers["webhook-id"], self.headers["webhook-timestamp"], self.body
        );
        let tag = STANDARD
            .decode(self.headers["webhook-signature"].strip_prefix("v1,").unwrap())
            .unwrap();
        hmac::verify(&key, signed.as_bytes(), &tag).unwrap();
    }
}

/// Hears one request; returns a connection that is to stay open.
fn serve(mut stream: TcpStream, reply: Reply, hear: &Sender<Heard>) -> Option<TcpStream> {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let headers: BTreeMap<String, String> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut body = vec![0; headers["content-length"].parse().unwrap()];
    reader.read_exact(&mut body).ok()?;
    let path = lines[0].split(' ').nth(1).unwrap().to_owned();
    assert!(lines[0].starts_with("POST "));
    let heard = Heard {
        path,
        headers,
        body: String::from_utf8(body).unwrap(),
    };
    if let Reply::Status(status, more) = reply {
        let head = format!("HTTP/1.1 {status} X\r\n{more}Content-Length: 0\r\nConnection: close\r\n\r\n");
        let _ = stream.write_all(head.as_bytes());
    }
    let _ = hear.send(heard);
    matches!(reply, Reply::Silence).then_some(stream)
}
