//! The example application's own server, and the collector behind it: everything that a browser asks of either is written down.

use std::collections::HashSet;
use std::fs;
use std::io::{self, BufReader};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::sdk::http::Message;

/// Longest that anything is waited for.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);
/// Where the collector is, on the application's own origin.
pub(crate) const PREFIX: &str = "/telemetry";

/// How the way to the collector is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// Open.
    Open,
    /// Connections are closed without an answer.
    Closed,
    /// Nothing but the script is passed on until it is open again.
    Held,
    /// Nothing at all is.
    Silent,
    /// Too many requests: after two seconds again.
    Busy,
    /// Something else answers there, which has a page for every path.
    Misled,
    /// It leads to another place.
    Diverted,
    /// Somebody wants to know who asks.
    Guarded,
}

/// A request that a browser made.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Of the application's server, or of the collector's.
    pub(crate) of_collector: bool,
    pub(crate) at: Instant,
    pub(crate) request: Message,
    /// What was answered.
    pub(crate) status: u16,
}

/// What a site is like.
pub(crate) struct Plan {
    /// One for each time that a page is loaded: what happens there, in JavaScript.
    pub(crate) loads: Vec<String>,
    /// What `init` is given beside host and key.
    pub(crate) init: Value,
    /// Whether the collector is reached on an origin of its own.
    pub(crate) is_apart: bool,
    /// What the cluster says of tracking.
    pub(crate) config: Value,
    /// A script that runs before all others.
    pub(crate) before: &'static str,
    /// Where the tracker is loaded from, if not from where it is.
    pub(crate) script: Option<&'static str>,
    /// How the way to the collector is at first.
    pub(crate) way: Way,
}

/// A running site.
pub(crate) struct Site {
    address: SocketAddr,
    apart: SocketAddr,
    shared: Arc<Shared>,
}

struct Shared {
    plan: Plan,
    key: String,
    /// The collector, or the relay before it.
    upstream: Mutex<SocketAddr>,
    /// Whether `ui-config` is for the upstream to say.
    is_relay: bool,
    settings: Mutex<Value>,
    loads: AtomicUsize,
    way: Mutex<Way>,
    moved: Condvar,
    asked: Mutex<Vec<Asked>>,
    reports: Mutex<Vec<Value>>,
    gates: Mutex<HashSet<String>>,
    /// Requests that are held back.
    held: AtomicUsize,
    stop: AtomicBool,
}

impl Default for Plan {
    fn default() -> Plan {
        Plan {
            loads: Vec::new(),
            init: json!({}),
            is_apart: false,
            config: json!({"tracking": {"enabled": true}}),
            before: "",
            script: None,
            way: Way::Open,
        }
    }
}

/// A file of the example.
fn example(name: &str) -> Option<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/ui");
    fs::read(folder.join(name)).ok()
}

fn driver() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ui/drive.js")
}

impl Site {
    pub(crate) fn start(plan: Plan, key: &str, upstream: SocketAddr, is_relay: bool) -> Site {
        let [own, apart] = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let shared = Arc::new(Shared {
            way: Mutex::new(plan.way),
            plan,
            key: key.to_owned(),
            upstream: Mutex::new(upstream),
            is_relay,
            settings: Mutex::default(),
            loads: AtomicUsize::new(0),
            moved: Condvar::new(),
            asked: Mutex::default(),
            reports: Mutex::default(),
            gates: Mutex::default(),
            held: AtomicUsize::new(0),
            stop: AtomicBool::new(false),
        });
        let site = Site {
            address: own.local_addr().unwrap(),
            apart: apart.local_addr().unwrap(),
            shared,
        };
        site.settle();
        for (listener, is_apart) in [(own, false), (apart, true)] {
            let shared = site.shared.clone();
            thread::spawn(move || {
                for client in listener.incoming().flatten() {
                    if shared.stop.load(Ordering::SeqCst) {
                        return;
                    }
                    let shared = shared.clone();
                    // A browser ends its connections when it likes.
                    thread::spawn(move || shared.serve(&client, is_apart));
                }
            });
        }
        site
    }

    /// What the application is told of telemetry.
    fn settle(&self) {
        let plan = &self.shared.plan;
        let host = self.host();
        let mut settings =
            json!({"script": format!("{host}/tracker.js"), "init": {"host": host, "version": "1.10"}});
        if !self.shared.is_relay {
            settings["init"]["writeKey"] = Value::from(self.shared.key.clone());
        }
        if plan.is_apart {
            let script = heliograph_collector::tracker::Script::named("tracker.js").unwrap();
            settings["script"] = Value::from(format!("{host}{}", script.lasting_path()));
            settings["integrity"] = Value::from(script.integrity.clone());
        }
        if let Some(script) = plan.script {
            settings["script"] = Value::from(script);
        }
        for (name, value) in plan.init.as_object().unwrap() {
            settings["init"][name] = value.clone();
        }
        *self.shared.settings.lock().unwrap() = settings;
    }

    /// `http://localhost:…`
    pub(crate) fn url(&self) -> String {
        format!("http://localhost:{}", self.address.port())
    }

    /// Where the tracker sends to.
    pub(crate) fn host(&self) -> String {
        if self.shared.plan.is_apart {
            format!("http://127.0.0.1:{}", self.apart.port())
        } else {
            PREFIX.to_owned()
        }
    }

    pub(crate) fn set_way(&self, way: Way) {
        *self.shared.way.lock().unwrap() = way;
        self.shared.moved.notify_all();
    }

    /// Whether a request has left that is held back.
    pub(crate) fn is_holding(&self) -> bool {
        self.shared.held.load(Ordering::SeqCst) > 0
    }

    pub(crate) fn open_gate(&self, name: &str) {
        self.shared.gates.lock().unwrap().insert(name.to_owned());
    }

    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.shared.asked.lock().unwrap().clone()
    }

    pub(crate) fn reports(&self) -> Vec<Value> {
        self.shared.reports.lock().unwrap().clone()
    }

    /// Whether the page has said this.
    pub(crate) fn has_said(&self, what: &str) -> bool {
        self.reports().iter().any(|report| report == what)
    }

    /// What was posted of messages, and whether it was taken.
    pub(crate) fn batches(&self) -> Vec<(Value, bool)> {
        let asked = self.asked();
        let posts = asked
            .iter()
            .filter(|asked| asked.request.first.contains("/v1/batch"));
        posts
            .map(|asked| {
                let body = serde_json::from_slice(&asked.request.body).unwrap_or_default();
                (body, asked.status == 200)
            })
            .collect()
    }

    /// The ids of messages that were taken.
    pub(crate) fn taken(&self) -> HashSet<String> {
        let batches = self.batches();
        let taken = batches.iter().filter(|(_, is_taken)| *is_taken);
        taken
            .flat_map(|(body, _)| body["batch"].as_array().cloned().unwrap_or_default())
            .map(|message| message["messageId"].as_str().unwrap().to_owned())
            .collect()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        self.set_way(Way::Closed);
        for address in [self.address, self.apart] {
            let _ = TcpStream::connect(address);
        }
    }
}

impl Shared {
    fn serve(&self, mut client: &TcpStream, is_apart: bool) -> io::Result<()> {
        let mut requests = BufReader::new(client);
        while let Some(request) = Message::read(&mut requests)? {
            let at = Instant::now();
            let path = request.word(1).to_owned();
            let inner = if is_apart {
                Some(&*path)
            } else {
                path.strip_prefix(PREFIX).filter(|inner| inner.starts_with('/'))
            };
            let answer = match inner {
                Some("/ui-config") if !self.is_relay && !is_apart => {
                    let headers = [("content-type", "application/json")];
                    Some(Message::answer(
                        "200 OK",
                        &headers,
                        self.plan.config.to_string().as_bytes(),
                    ))
                }
                Some(inner) => self.pass(&request, inner),
                None => Some(self.answer(&request, &path)),
            };
            let status = answer.as_ref().and_then(|answer| answer.word(1).parse().ok());
            self.asked.lock().unwrap().push(Asked {
                of_collector: inner.is_some(),
                at,
                request,
                status: status.unwrap_or_default(),
            });
            match answer {
                Some(answer) => answer.write(&mut client)?,
                None => return client.shutdown(std::net::Shutdown::Both),
            }
        }
        Ok(())
    }

    /// Passes a request on, as the way is.
    fn pass(&self, request: &Message, inner: &str) -> Option<Message> {
        let is_script = inner.contains("tracker");
        let way = self.way.lock().unwrap();
        let holds = |way: &Way| *way == Way::Silent || *way == Way::Held && !is_script;
        let held = usize::from(holds(&way));
        self.held.fetch_add(held, Ordering::SeqCst);
        let waited = self.moved.wait_timeout_while(way, PATIENCE, |way| holds(way));
        self.held.fetch_sub(held, Ordering::SeqCst);
        let way = waited.unwrap().0;
        let way = if is_script { Way::Open } else { *way };
        let refused = |status: &str, headers: &[(&str, &str)], body: &str| {
            let allowed = [
                ("access-control-allow-origin", "*"),
                ("access-control-expose-headers", "retry-after"),
            ];
            Some(Message::answer(
                status,
                &[&allowed, headers].concat(),
                body.as_bytes(),
            ))
        };
        match way {
            Way::Open | Way::Held | Way::Silent => {}
            Way::Closed => return None,
            Way::Busy => return refused("429 Too Many Requests", &[("retry-after", "2")], ""),
            Way::Misled => {
                return refused(
                    "200 OK",
                    &[("content-type", "text/html")],
                    "<!doctype html>Welcome",
                );
            }
            Way::Diverted => {
                return refused("307 Temporary Redirect", &[("location", "/elsewhere")], "");
            }
            Way::Guarded => return refused("401 Unauthorized", &[], ""),
        }
        let upstream = *self.upstream.lock().unwrap();
        let mut server = TcpStream::connect(upstream).ok()?;
        let mut passed = request.clone();
        // A relay knows its prefix; a collector has none.
        if !self.is_relay {
            passed.first = format!("{} {inner} HTTP/1.1", request.word(0));
        }
        passed.write(&mut server).ok()?;
        let answer = Message::read(&mut BufReader::new(server)).ok()??;
        Some(answer.without("connection"))
    }

    fn answer(&self, request: &Message, path: &str) -> Message {
        let path = path.split('?').next().unwrap_or_default();
        let no_store = ("cache-control", "no-store");
        let policy = if self.plan.is_apart {
            // Only what a page needs that loads the tracker from elsewhere.
            let port = self.settings.lock().unwrap()["init"]["host"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            format!(
                "default-src 'self'; img-src 'self' data:; script-src 'self' {port}; connect-src 'self' {port}"
            )
        } else {
            "default-src 'self'; img-src 'self' data:".to_owned()
        };
        let script =
            |text: &[u8]| Message::answer("200 OK", &[("content-type", "text/javascript"), no_store], text);
        if let Some(name) = path.strip_prefix("/gate/") {
            let begun = Instant::now();
            while !self.gates.lock().unwrap().contains(name) && begun.elapsed() < PATIENCE {
                thread::sleep(Duration::from_millis(5));
            }
            return Message::answer("200 OK", &[], b"");
        }
        match path {
            "/report" => {
                let report = serde_json::from_slice(&request.body).unwrap_or_default();
                self.reports.lock().unwrap().push(report);
                Message::answer("200 OK", &[], b"")
            }
            "/settings.json" => {
                let settings = self.settings.lock().unwrap().to_string();
                let headers = [("content-type", "application/json"), no_store];
                Message::answer("200 OK", &headers, settings.as_bytes())
            }
            "/drive.js" => script(&fs::read(driver()).unwrap()),
            "/before.js" => script(self.plan.before.as_bytes()),
            "/load.js" => {
                let number = self.loads.fetch_add(1, Ordering::SeqCst);
                let acts = self.plan.loads.get(number).map_or("", String::as_str);
                let text = format!(
                    "import {{ click, gate, logIn, remembered, report, sleep, tracked, until }} from '/drive.js';\n\
                     try {{ {acts} }} catch (error) {{ report({{ fault: String(error) }}); }}"
                );
                script(text.as_bytes())
            }
            "/app.js" | "/telemetry.js" => script(&example(&path[1..]).unwrap()),
            "/style.css" => {
                let headers = [("content-type", "text/css"), no_store];
                Message::answer("200 OK", &headers, &example("style.css").unwrap())
            }
            "/gone" => Message::answer(
                "200 OK",
                &[("content-type", "text/html"), no_store],
                b"<!doctype html><link rel=icon href=data:,>gone",
            ),
            path if path
                .rsplit('/')
                .next()
                .is_some_and(|last| last.ends_with(".png") || last.ends_with(".js")) =>
            {
                Message::answer("404 Not Found", &[], b"")
            }
            _ => {
                let page = String::from_utf8(example("index.html").unwrap()).unwrap();
                let before = "<head>\n    <script src=\"/before.js\"></script>";
                let page = page.replacen("<head>", before, 1);
                let page = page.replacen(
                    "</body>",
                    "<script src=\"/load.js\" type=\"module\"></script>\n  </body>",
                    1,
                );
                let headers = [
                    ("content-type", "text/html"),
                    ("content-security-policy", policy.as_str()),
                    no_store,
                ];
                Message::answer("200 OK", &headers, page.as_bytes())
            }
        }
    }
}
