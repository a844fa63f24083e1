//! The way between a sender and the collector, which breaks as a test has it: a door that carries one request a connection.

use std::collections::BTreeMap;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// How long either end may say nothing.
const PATIENCE: Duration = Duration::from_secs(20);
const END_OF_HEAD: &[u8; 4] = b"\r\n\r\n";

/// What becomes of a connection.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fate {
    /// All goes well.
    Passed,
    /// It breaks before anything was said.
    BrokenBefore,
    /// It breaks, at both ends, when so many hundredths of the request have reached the collector.
    BrokenWithin(u64),
    /// The same, of the request's body: its head has reached the collector.
    BrokenWithinBody(u64),
    /// The collector takes the request, and its answer is lost.
    AnswerLost,
    /// The collector takes the request, and so many hundredths of its answer arrive.
    AnswerCut(u64),
    /// Something between the two answers 429, and asks for a wait of so many seconds.
    TooMany(u64),
    /// Something between the two answers 503.
    Unavailable,
}

/// How often what became of connections, by name.
type Fates = BTreeMap<String, usize>;

/// An open way.
pub(crate) struct Way {
    address: SocketAddr,
    behind: Arc<Mutex<SocketAddr>>,
    fates: Arc<Mutex<Fates>>,
    calm: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

impl Way {
    /// Opens one to a collector; `fate` is asked anew for each connection.
    pub(crate) fn to(behind: SocketAddr, fate: impl Fn() -> Fate + Send + 'static) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Way {
            address: listener.local_addr().unwrap(),
            behind: Arc::new(Mutex::new(behind)),
            fates: Arc::default(),
            calm: Arc::default(),
            stop: Arc::default(),
        };
        let (behind, fates) = (way.behind.clone(), way.fates.clone());
        let (calm, stop) = (way.calm.clone(), way.stop.clone());
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if stop.load(Ordering::SeqCst) {
                    return;
                }
                let behind = *behind.lock().unwrap();
                let fate = if calm.load(Ordering::SeqCst) {
                    Fate::Passed
                } else {
                    fate()
                };
                let fates = fates.clone();
                thread::spawn(move || {
                    let became = pass(stream, behind, fate);
                    // Connections that break by themselves are told apart from those that were broken.
                    let name = became.map_or_else(|_| "gone".to_owned(), |()| named(fate));
                    *fates.lock().unwrap().entry(name).or_default() += 1;
                });
            }
        });
        way
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The collector is there now.
    pub(crate) fn lead_to(&self, behind: SocketAddr) {
        *self.behind.lock().unwrap() = behind;
    }

    /// From now on all goes well.
    pub(crate) fn calm(&self) {
        self.calm.store(true, Ordering::SeqCst);
    }

    /// What became of the connections that have ended.
    pub(crate) fn fates(&self) -> Fates {
        self.fates.lock().unwrap().clone()
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
    }
}

/// Its name without how much.
fn named(fate: Fate) -> String {
    let text = format!("{fate:?}");
    text.split('(').next().unwrap_or_default().to_owned()
}

/// Handles one request on a connection of its own, as fate has it.
fn pass(mut client: TcpStream, behind: SocketAddr, fate: Fate) -> io::Result<()> {
    client.set_read_timeout(Some(PATIENCE))?;
    if matches!(fate, Fate::BrokenBefore) {
        return client.shutdown(Shutdown::Both);
    }
    let (request, head) = read_message(&mut client, true)?;
    let mut refuse = |status: &str, more: &str| {
        write!(
            client,
            "HTTP/1.1 {status}\r\n{more}Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
        )
    };
    match fate {
        Fate::TooMany(wait) => return refuse("429 Too Many", &format!("Retry-After: {wait}\r\n")),
        Fate::Unavailable => return refuse("503 Unavailable", ""),
        _ => {}
    }
    let mut server = TcpStream::connect(behind)?;
    server.set_read_timeout(Some(PATIENCE))?;
    match fate {
        Fate::BrokenWithin(part) => return server.write_all(&request[..hundredths(request.len(), part)]),
        Fate::BrokenWithinBody(part) => {
            let body = hundredths(request.len() - head, part);
            return server.write_all(&request[..head + body]);
        }
        _ => server.write_all(&request)?,
    }
    let (answer, _) = read_message(&mut server, false)?;
    match fate {
        Fate::AnswerLost => Ok(()),
        Fate::AnswerCut(part) => client.write_all(&answer[..hundredths(answer.len(), part)]),
        _ => client.write_all(&answer),
    }
}

fn hundredths(length: usize, part: u64) -> usize {
    length * usize::try_from(part).unwrap() / 100
}

/// Reads one request or answer with its body, and how long its head is; a request is told to be the connection's last.
fn read_message(stream: &mut TcpStream, is_request: bool) -> io::Result<(Vec<u8>, usize)> {
    let mut bytes = Vec::new();
    let mut block = vec![0; 64 * 1024];
    loop {
        if let Some(end) = bytes
            .windows(END_OF_HEAD.len())
            .position(|four| four == END_OF_HEAD)
        {
            let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
                .unwrap_or(0);
            if bytes.len() >= end + END_OF_HEAD.len() + length {
                if is_request {
                    bytes.splice(end..end, b"\r\nConnection: close".iter().copied());
                }
                let head = bytes.len() - length;
                return Ok((bytes, head));
            }
        }
        match stream.read(&mut block)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            count => bytes.extend_from_slice(&block[..count]),
        }
    }
}
