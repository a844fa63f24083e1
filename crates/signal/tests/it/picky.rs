//! A sink with a judgement of its own: what it answers depends on the messages in the batch.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flate2::read::GzDecoder;
use serde_json::Value;

/// What it answers a batch, by the batch's messages.
type Judge = dyn Fn(&[Value]) -> u16 + Send + Sync;
/// Batches, with what was answered.
type Seen = Vec<(u16, Vec<Value>)>;

/// A running sink. Dropped, it takes no more connections.
pub(crate) struct Picky {
    addr: SocketAddr,
    seen: Arc<Mutex<Seen>>,
    stop: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl Picky {
    /// Listens on a free port of 127.0.0.1.
    pub(crate) fn start(judge: impl Fn(&[Value]) -> u16 + Send + Sync + 'static) -> Picky {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let addr = listener.local_addr().unwrap();
        let (seen, stop) = (
            Arc::new(Mutex::new(Seen::new())),
            Arc::new(AtomicBool::new(false)),
        );
        let (log, ends) = (seen.clone(), stop.clone());
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ends.load(Ordering::SeqCst) {
                    return;
                }
                // A client that goes away is no concern of this one.
                let _ = answer(stream, &judge, &log);
            }
        });
        Picky {
            addr,
            seen,
            stop,
            accepting: Some(accepting),
        }
    }

    /// Its base URL.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The batches so far, with what was answered.
    pub(crate) fn batches(&self) -> Seen {
        self.seen.lock().unwrap().clone()
    }

    /// The messages that it took.
    pub(crate) fn taken(&self) -> Vec<Value> {
        let batches = self.batches().into_iter();
        batches
            .filter(|(status, _)| *status == 200)
            .flat_map(|(_, messages)| messages)
            .collect()
    }
}

impl Drop for Picky {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.addr);
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
    }
}

/// Reads one request, judges it, answers, and ends the connection.
fn answer(mut stream: TcpStream, judge: &Judge, seen: &Mutex<Seen>) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    let mut bytes = Vec::new();
    let head_end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        more(&mut stream, &mut bytes)?;
    };
    let head = String::from_utf8_lossy(&bytes[..head_end]).to_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse().ok())
        .unwrap_or(0);
    while bytes.len() < head_end + length {
        more(&mut stream, &mut bytes)?;
    }
    let mut body: Value = serde_json::from_reader(GzDecoder::new(&bytes[head_end..]))?;
    let messages: Vec<Value> = serde_json::from_value(body["batch"].take())?;
    let status = judge(&messages);
    seen.lock().unwrap().push((status, messages));
    let text = if status == 200 {
        r#"{"success":true}"#
    } else {
        "{}"
    };
    write!(
        stream,
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    )
}

fn more(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut block = [0; 64 * 1024];
    match stream.read(&mut block)? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => {
            bytes.extend_from_slice(&block[..count]);
            Ok(())
        }
    }
}
