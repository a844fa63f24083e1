//! A door in front of a server: notes when each request came and what stood in its head, speaks TLS where it is to, and passes
//! everything on. Each connection carries one request.

#![allow(
    clippy::unwrap_used,
    clippy::missing_panics_doc,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits for real things"
)]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// How long a client or the server behind may say nothing.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running door. Dropped, it takes no more connections.
pub struct Front {
    addr: SocketAddr,
    log: Arc<Mutex<Log>>,
    stop: Arc<AtomicBool>,
    tls: Arc<Mutex<Option<Arc<ServerConfig>>>>,
    accepting: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Log {
    connections: usize,
    passed: Vec<Passed>,
}

/// A request that was passed on.
#[derive(Clone, Debug)]
pub struct Passed {
    /// When it came.
    pub at: Instant,
    /// The request line and the headers, as they came.
    pub head: String,
}

impl Front {
    /// Opens in front of `behind`, on a free port of 127.0.0.1, with TLS where a configuration is given.
    pub fn of(behind: SocketAddr, tls: Option<Arc<ServerConfig>>) -> Front {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (log, stop) = (
            Arc::new(Mutex::new(Log::default())),
            Arc::new(AtomicBool::new(false)),
        );
        let tls = Arc::new(Mutex::new(tls));
        let host = (log.clone(), stop.clone(), tls.clone());
        let accepting = thread::spawn(move || {
            let (log, stop, tls) = host;
            for stream in listener.incoming() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let Ok(stream) = stream else { continue };
                log.lock().unwrap().connections += 1;
                let (log, tls) = (log.clone(), tls.lock().unwrap().clone());
                thread::spawn(move || {
                    // A client that distrusts, or goes away, is what some tests are for.
                    let _ = host_guest(stream, tls, behind, &log);
                });
            }
        });
        Front {
            addr,
            log,
            stop,
            tls,
            accepting: Some(accepting),
        }
    }

    /// From now on it speaks TLS so; connections that are open stay as they are.
    pub fn show(&self, tls: Arc<ServerConfig>) {
        *self.tls.lock().unwrap() = Some(tls);
    }

    /// Its port.
    pub const fn port(&self) -> u16 {
        self.addr.port()
    }

    /// How many connections were made, whatever came of them.
    pub fn connections(&self) -> usize {
        self.log.lock().unwrap().connections
    }

    /// The requests so far.
    pub fn passed(&self) -> Vec<Passed> {
        self.log.lock().unwrap().passed.clone()
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.addr);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

fn host_guest(
    stream: TcpStream,
    tls: Option<Arc<ServerConfig>>,
    behind: SocketAddr,
    log: &Mutex<Log>,
) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let Some(config) = tls else {
        return pass(&mut &stream, behind, log);
    };
    let connection = ServerConnection::new(config).map_err(io::Error::other)?;
    let mut stream = StreamOwned::new(connection, stream);
    pass(&mut stream, behind, log)?;
    stream.conn.send_close_notify();
    stream.flush()
}

/// Passes one request on, and its answer back.
fn pass<S: Read + Write>(guest: &mut S, behind: SocketAddr, log: &Mutex<Log>) -> io::Result<()> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        more(guest, &mut bytes)?;
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head
        .lines()
        .find_map(|line| {
            line.to_lowercase()
                .strip_prefix("content-length:")?
                .trim()
                .parse()
                .ok()
        })
        .unwrap_or(0);
    while bytes.len() < end + 4 + length {
        more(guest, &mut bytes)?;
    }
    log.lock().unwrap().passed.push(Passed {
        at: Instant::now(),
        head: head.clone(),
    });

    let mut server = TcpStream::connect(behind)?;
    server.set_read_timeout(Some(PATIENCE))?;
    // So that the end of the answer is the end of the connection.
    server.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes())?;
    server.write_all(&bytes[end + 4..])?;
    let mut block = [0; 64 * 1024];
    loop {
        match server.read(&mut block)? {
            0 => return guest.flush(),
            count => guest.write_all(&block[..count])?,
        }
    }
}

fn more(guest: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut block = [0; 64 * 1024];
    match guest.read(&mut block)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&block[..count]);
            Ok(())
        }
    }
}
