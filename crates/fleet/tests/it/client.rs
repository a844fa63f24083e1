//! A raw HTTP client that reports what was on the wire, however broken.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long an answer may take that must come, on a machine however busy.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long one waits for an answer that must not come.
const GLANCE: Duration = Duration::from_millis(60);

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The peer closed it.
    Closed,
    /// The peer reset it.
    Reset,
    /// Nothing more came.
    Silent,
    /// Nobody listened.
    Refused,
}

/// Everything that came back on a connection.
#[derive(Debug)]
pub(crate) struct Wire {
    pub(crate) bytes: Vec<u8>,
    pub(crate) end: End,
}

impl Wire {
    pub(crate) fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.bytes.get(9..12)?).ok()?.parse().ok()
    }

    fn split(&self) -> (String, &[u8]) {
        match self.bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            Some(at) => (
                String::from_utf8_lossy(&self.bytes[..at]).into_owned(),
                &self.bytes[at + 4..],
            ),
            None => (String::new(), &[]),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let (head, _) = self.split();
        head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then(|| value.to_owned())
        })
    }

    /// What came after the head, as it came.
    pub(crate) fn body(&self) -> &[u8] {
        self.split().1
    }

    /// The body out of its chunks, and whether the last chunk came.
    pub(crate) fn unchunked(&self) -> (Vec<u8>, bool) {
        let (mut rest, mut body) = (self.body(), Vec::new());
        while let Some(line) = rest.windows(2).position(|two| two == b"\r\n") {
            let size = usize::from_str_radix(std::str::from_utf8(&rest[..line]).unwrap(), 16).unwrap();
            if size == 0 {
                return (body, true);
            }
            body.extend_from_slice(&rest[line + 2..line + 2 + size]);
            rest = &rest[line + 4 + size..];
        }
        (body, false)
    }
}

/// Sends a request that asks for the end of the connection after it, and reads to that end.
pub(crate) fn ask(addr: SocketAddr, method: &str, target: &str, headers: &[&str], body: &[u8]) -> Wire {
    converse(
        addr,
        &request(method, target, &[headers, &["Connection: close"]].concat(), body),
        PATIENCE,
    )
}

/// As [`ask`], of someone who falls silent.
pub(crate) fn ask_in_vain(addr: SocketAddr, method: &str, target: &str) -> Wire {
    converse(
        addr,
        &request(method, target, &["Connection: close"], b""),
        GLANCE,
    )
}

fn converse(addr: SocketAddr, request: &[u8], patience: Duration) -> Wire {
    match TcpStream::connect(addr) {
        Ok(mut stream) => {
            stream.write_all(request).unwrap();
            drain(&mut stream, patience)
        }
        Err(error) => {
            assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
            Wire {
                bytes: Vec::new(),
                end: End::Refused,
            }
        }
    }
}

pub(crate) fn request(method: &str, target: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: fleet\r\n");
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    if !body.is_empty() {
        head.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

/// Reads to the end of an answer on a connection that ends with it.
pub(crate) fn read(stream: &mut TcpStream) -> Wire {
    drain(stream, PATIENCE)
}

fn drain(stream: &mut TcpStream, patience: Duration) -> Wire {
    stream.set_read_timeout(Some(patience)).unwrap();
    let (mut bytes, mut block) = (Vec::new(), vec![0; 256 * 1024]);
    loop {
        let end = match stream.read(&mut block) {
            Ok(0) => End::Closed,
            Ok(count) => {
                bytes.extend_from_slice(&block[..count]);
                continue;
            }
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => End::Reset,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => End::Silent,
            Err(error) => panic!("{error}"),
        };
        return Wire { bytes, end };
    }
}
