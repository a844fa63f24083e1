//! A web server of another origin than the collector's: it has a page that makes calls, and hears from it how it goes.

use std::collections::HashMap;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use super::http::Message;

/// Longest that the page waits to be told that it may go on.
const PATIENCE: Duration = Duration::from_secs(240);

/// The server.
pub(crate) struct Page {
    address: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    /// By path: type and content.
    files: HashMap<&'static str, (&'static str, Vec<u8>)>,
    /// The Content-Security-Policy of the page.
    policy: String,
    unknown_paths: Mutex<Vec<String>>,
    loads: Mutex<Vec<Instant>>,
    reports: Mutex<Vec<String>>,
    /// How far the page may go.
    gate: Mutex<usize>,
    opened: Condvar,
    stop: AtomicBool,
}

impl Page {
    /// Serves these files; the page may reach this server, and the one named.
    pub(crate) fn start(files: HashMap<&'static str, (&'static str, Vec<u8>)>, collector: &str) -> Page {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let page = Page {
            address: listener.local_addr().unwrap(),
            shared: Arc::new(Shared {
                files,
                policy: format!(
                    "default-src 'none'; script-src 'self'; connect-src 'self' {collector}; img-src data:"
                ),
                unknown_paths: Mutex::default(),
                loads: Mutex::default(),
                reports: Mutex::default(),
                gate: Mutex::default(),
                opened: Condvar::new(),
                stop: AtomicBool::new(false),
            }),
        };
        let shared = page.shared.clone();
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                if shared.stop.load(Ordering::SeqCst) {
                    return;
                }
                let shared = shared.clone();
                // A browser ends its connections when it likes.
                thread::spawn(move || shared.serve(&client));
            }
        });
        page
    }

    /// `http://localhost:…`
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// When the page was loaded, and the one before it was gone.
    pub(crate) fn loads(&self) -> Vec<Instant> {
        self.shared.loads.lock().unwrap().clone()
    }

    /// What the page has said until now.
    pub(crate) fn reports(&self) -> Vec<String> {
        self.shared.reports.lock().unwrap().clone()
    }

    /// What was asked for, and is not here.
    pub(crate) fn unknown_paths(&self) -> Vec<String> {
        self.shared.unknown_paths.lock().unwrap().clone()
    }

    /// Lets the page pass each `/gate/…` up to this number.
    pub(crate) fn open_gate(&self, number: usize) {
        *self.shared.gate.lock().unwrap() = number;
        self.shared.opened.notify_all();
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.open_gate(usize::MAX);
        let _ = TcpStream::connect(self.address);
    }
}

impl Shared {
    fn serve(&self, mut client: &TcpStream) -> io::Result<()> {
        let mut requests = BufReader::new(client);
        while let Some(request) = Message::read(&mut requests)? {
            self.answer(&request).write(&mut client)?;
        }
        Ok(())
    }

    fn answer(&self, request: &Message) -> Message {
        let path = request.word(1);
        if path == "/driver.js" {
            self.loads.lock().unwrap().push(Instant::now());
        }
        if let Some(number) = path.strip_prefix("/gate/") {
            let number: usize = number.parse().unwrap();
            let gate = self.gate.lock().unwrap();
            let _open = self
                .opened
                .wait_timeout_while(gate, PATIENCE, |open| *open < number);
            return Message::answer("200 OK", &[], b"");
        }
        if path == "/report" {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            self.reports.lock().unwrap().push(text);
            return Message::answer("200 OK", &[], b"");
        }
        let Some((kind, content)) = self.files.get(path) else {
            self.unknown_paths.lock().unwrap().push(path.to_owned());
            return Message::answer("404 Not Found", &[], b"");
        };
        let headers = [
            ("content-type", *kind),
            ("content-security-policy", &*self.policy),
            ("cache-control", "no-store"),
        ];
        Message::answer("200 OK", &headers, content)
    }
}
