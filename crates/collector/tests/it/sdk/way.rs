//! The way between an SDK and the collector: faults befall the requests on it, and all of them are written down.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::read::GzDecoder;
use serde_json::Value;

use super::fault::{Fault, Script};
use super::http::Message;
use crate::collector::TestCollector;

/// Longest that either side may be silent within a message.
const SILENCE: Duration = Duration::from_secs(60);

/// A way on which faults happen.
pub(crate) struct Way {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// A request that came along.
#[derive(Debug, Clone)]
pub(crate) struct Passage {
    /// When it came.
    pub(crate) at: Instant,
    pub(crate) request: Message,
    /// Its messages.
    pub(crate) ids: Vec<String>,
    pub(crate) fault: Option<Fault>,
    /// What the collector answered, where it was asked and did.
    pub(crate) status: Option<u16>,
}

struct Shared {
    /// It ends with the way, whatever still waits on a connection.
    collector: Mutex<Option<TestCollector>>,
    script: Mutex<Script>,
    passages: Mutex<Vec<Passage>>,
    calm: AtomicBool,
    stop: AtomicBool,
}

impl Way {
    /// Opens a way to a collector.
    pub(crate) fn to(collector: TestCollector) -> Way {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let way = Way {
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                collector: Mutex::new(Some(collector)),
                script: Mutex::default(),
                passages: Mutex::default(),
                calm: AtomicBool::new(false),
                stop: AtomicBool::new(false),
            }),
        };
        let shared = way.shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                let shared = shared.clone();
                // Connections that break are what this is for.
                thread::spawn(move || shared.serve(&client));
            }
        });
        way
    }

    /// `http://127.0.0.1:…`
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// What is stored at its end.
    pub(crate) fn stored(&self) -> Vec<Value> {
        let collector = self.shared.collector.lock().unwrap();
        collector.as_ref().unwrap().messages()
    }

    /// What the collector has logged.
    pub(crate) fn log(&self) -> String {
        let collector = self.shared.collector.lock().unwrap();
        collector.as_ref().unwrap().log()
    }

    /// No more faults.
    pub(crate) fn calm(&self) {
        self.shared.calm.store(true, Ordering::SeqCst);
    }

    /// What came along until now.
    pub(crate) fn passages(&self) -> Vec<Passage> {
        self.shared.passages.lock().unwrap().clone()
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = TcpStream::connect(self.address);
        let collector = self.shared.collector.lock();
        drop(collector.map(|mut collector| collector.take()));
    }
}

impl Shared {
    /// Serves a connection until it ends, or breaks.
    fn serve(&self, client: &TcpStream) -> io::Result<()> {
        client.set_nodelay(true)?;
        client.set_read_timeout(Some(SILENCE))?;
        let mut requests = BufReader::new(client);
        while let Some(request) = Message::read(&mut requests)? {
            let (answer, last) = self.pass(request);
            (&mut &*client).write_all(&answer)?;
            if last {
                break;
            }
        }
        client.shutdown(Shutdown::Both)
    }

    /// What is answered to a request, and whether the connection ends then.
    fn pass(&self, request: Message) -> (Vec<u8>, bool) {
        let at = Instant::now();
        let ids = ids(&request);
        let fault = self.script.lock().unwrap().next(&ids);
        let fault = fault.filter(|_| !self.calm.load(Ordering::SeqCst));
        let answer = match fault {
            Some(Fault::Closed | Fault::Unavailable | Fault::Busy | Fault::TooMany) => None,
            Some(Fault::KilledWithin) => self.kill_within(&request),
            Some(Fault::Lost | Fault::Cut | Fault::KilledAfter) | None => self.ask(&request).ok(),
        };
        if fault == Some(Fault::KilledAfter) {
            self.kill();
        }
        self.passages.lock().unwrap().push(Passage {
            at,
            request,
            ids,
            fault,
            status: answer.as_ref().and_then(|answer| answer.word(1).parse().ok()),
        });
        let answer = match fault {
            None => answer.map(|answer| answer.bytes()),
            Some(Fault::Unavailable) => Some(refusal("503 Service Unavailable", None)),
            Some(Fault::Busy) => Some(refusal("503 Service Unavailable", Some("1"))),
            Some(Fault::TooMany) => Some(refusal("429 Too Many Requests", Some("1"))),
            Some(Fault::Cut) => return (b"HTTP/1.1 200 OK\r\ncontent-le".to_vec(), true),
            Some(Fault::Closed | Fault::Lost | Fault::KilledWithin | Fault::KilledAfter) => None,
        };
        let last = answer.is_none();
        (answer.unwrap_or_default(), last)
    }

    fn connect(&self) -> io::Result<TcpStream> {
        // Not while it is started again.
        let collector = self.collector.lock().unwrap();
        let address = collector.as_ref().map(TestCollector::address);
        drop(collector);
        let address = address.ok_or(io::ErrorKind::NotConnected)?;
        let server = TcpStream::connect(address)?;
        server.set_nodelay(true)?;
        server.set_read_timeout(Some(SILENCE))?;
        Ok(server)
    }

    /// Asks the collector, on a connection of its own.
    fn ask(&self, request: &Message) -> io::Result<Message> {
        let mut server = self.connect()?;
        request.write(&mut server)?;
        let answer = Message::read(&mut BufReader::new(server))?;
        Ok(answer.ok_or(io::ErrorKind::UnexpectedEof)?.without("connection"))
    }

    /// Gives the collector a request, and kills it.
    fn kill_within(&self, request: &Message) -> Option<Message> {
        let server = self.connect().and_then(|mut server| {
            request.write(&mut server)?;
            Ok(server)
        });
        self.kill();
        Message::read(&mut BufReader::new(server.ok()?)).ok()?
    }

    fn kill(&self) {
        if let Some(collector) = &mut *self.collector.lock().unwrap() {
            collector.kill();
            collector.restart();
        }
    }
}

fn refusal(status: &str, retry_after: Option<&str>) -> Vec<u8> {
    let mut headers = vec![
        ("content-type", "text/plain"),
        ("access-control-allow-origin", "*"),
    ];
    if let Some(seconds) = retry_after {
        headers.push(("retry-after", seconds));
        headers.push(("access-control-expose-headers", "retry-after"));
    }
    Message::answer(status, &headers, b"not now").bytes()
}

/// The ids of the messages of a request; none, if it delivers none.
fn ids(request: &Message) -> Vec<String> {
    let mut text = Vec::new();
    match request.header("content-encoding") {
        Some("gzip") => GzDecoder::new(&*request.body).read_to_end(&mut text).unwrap(),
        _ => (&*request.body).read_to_end(&mut text).unwrap(),
    };
    let json: Value = serde_json::from_slice(&text).unwrap_or_default();
    let messages = json["batch"].as_array().cloned();
    let messages = messages.unwrap_or_else(|| vec![json]);
    let ids = messages
        .iter()
        .filter_map(|message| message["messageId"].as_str());
    ids.map(str::to_owned).collect()
}

/// How often each fault happened.
pub(crate) fn faults(passages: &[Passage]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for fault in passages.iter().filter_map(|passage| passage.fault) {
        *counts.entry(format!("{fault:?}")).or_default() += 1;
    }
    counts
}

/// The ids that came along.
pub(crate) fn all_ids<'a>(passages: impl IntoIterator<Item = &'a Passage>) -> BTreeSet<String> {
    passages
        .into_iter()
        .flat_map(|passage| passage.ids.iter().cloned())
        .collect()
}
