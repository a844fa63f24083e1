//! A client that sends exactly the bytes it is told to.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustix::net::{AddressFamily, SocketType};
use serde_json::Value;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(20);

/// One connection, kept open between requests.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Client {
    pub(crate) fn to(address: SocketAddr) -> io::Result<Client> {
        Client::on(TcpStream::connect(address)?)
    }

    /// Connects from one of this host's addresses.
    pub(crate) fn from(source: &str, address: SocketAddr) -> io::Result<Client> {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None)?;
        rustix::net::bind(&socket, &SocketAddr::new(source.parse().unwrap(), 0))?;
        rustix::net::connect(&socket, &address)?;
        Client::on(socket.into())
    }

    fn on(stream: TcpStream) -> io::Result<Client> {
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(TIMEOUT))?;
        Ok(Client {
            stream: BufReader::new(stream),
        })
    }

    /// Sends a request; the length of the body is stated.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Answer> {
        let mut head = format!("{method} {path} HTTP/1.1\r\nHost: test\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", body.len()));
        let stream = self.stream.get_mut();
        stream.write_all(&[head.as_bytes(), body].concat())?;
        self.answer()
    }

    /// Sends bytes as they are.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.get_mut().write_all(bytes)
    }

    /// Ends what is sent; answers can still be read.
    pub(crate) fn end(&mut self) {
        self.stream.get_mut().shutdown(Shutdown::Write).unwrap();
    }

    /// Waits until the server ends the connection; returns what it said before.
    pub(crate) fn rest(&mut self) -> Vec<u8> {
        let mut rest = Vec::new();
        // However it ends it, it has ended.
        match self.stream.read_to_end(&mut rest) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("it did not end"),
            _ => rest,
        }
    }

    /// Reads what there is, once there is something.
    pub(crate) fn some(&mut self) -> io::Result<String> {
        let bytes = self.stream.fill_buf()?.to_vec();
        self.stream.consume(bytes.len());
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Whether the server has not ended the connection within a time.
    pub(crate) fn is_open_after(&mut self, time: Duration) -> bool {
        let stream = self.stream.get_mut();
        stream.set_read_timeout(Some(time)).unwrap();
        let read = stream.peek(&mut [0]);
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        read.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Reads an answer.
    pub(crate) fn answer(&mut self) -> io::Result<Answer> {
        let mut answer = self.head()?;
        let length = answer.header("content-length").map_or(Ok(0), str::parse);
        let length = length.map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        answer.body.resize(length, 0);
        self.stream.read_exact(&mut answer.body)?;
        Ok(answer)
    }

    /// Reads an answer to HEAD, or as far as its body.
    pub(crate) fn head(&mut self) -> io::Result<Answer> {
        let mut line = String::new();
        let mut next_line = |stream: &mut BufReader<TcpStream>| -> io::Result<String> {
            line.clear();
            match stream.read_line(&mut line)? {
                0 => Err(io::ErrorKind::UnexpectedEof.into()),
                _ => Ok(line.trim_end().to_owned()),
            }
        };
        let bad = || io::Error::from(io::ErrorKind::InvalidData);
        let status = next_line(&mut self.stream)?;
        let status = status
            .split(' ')
            .nth(1)
            .and_then(|code| code.parse().ok())
            .ok_or_else(bad)?;
        let mut headers = Vec::new();
        loop {
            let line = next_line(&mut self.stream)?;
            if line.is_empty() {
                break;
            }
            let (name, value) = line.split_once(": ").ok_or_else(bad)?;
            headers.push((name.to_ascii_lowercase(), value.to_owned()));
        }
        Ok(Answer {
            status,
            headers,
            body: Vec::new(),
        })
    }

    /// Posts a batch with Basic authorization.
    pub(crate) fn batch(&mut self, key: &str, body: &Value) -> io::Result<Answer> {
        self.send(
            "POST",
            "/v1/batch",
            &[("Authorization", &basic(key))],
            body.to_string().as_bytes(),
        )
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// Accepted, duplicate, rejected; only of a 200.
    pub(crate) fn counts(&self) -> (u64, u64, u64) {
        let json = self.json();
        assert_eq!(
            (self.status, &json["success"]),
            (200, &Value::Bool(true)),
            "{json}"
        );
        let count = |name: &str| json[name].as_u64().unwrap();
        (count("accepted"), count("duplicate"), count("rejected"))
    }

    /// Status and code of an error in Segment's form.
    pub(crate) fn error(&self) -> (u16, String) {
        let json = self.json();
        assert!(json["message"].is_string(), "{json}");
        (self.status, json["code"].as_str().unwrap().to_owned())
    }
}

/// The value of an Authorization header.
pub(crate) fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}
