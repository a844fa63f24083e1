//! What all is loaded with: batches of a server, reports of a thousand clusters, questions, orders to forget, what is at fault, pages of
//! browsers, and readers of health. Each kind rests between its requests, so that the load is bounded.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::{self, Scope};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use ureq::Agent;

use super::site::Site;

/// Rests between requests, for each kind of load.
const BATCHES: Duration = Duration::from_millis(20);
const REPORTS: Duration = Duration::from_millis(50);
const QUESTIONS: Duration = Duration::from_millis(400);
const STRANGE: Duration = Duration::from_millis(100);
const ORDERS: Duration = Duration::from_secs(10);
const PAGES: Duration = Duration::from_secs(1);
const HEALTH: Duration = Duration::from_secs(2);
/// Senders of batches, and messages in each.
const SENDERS: u64 = 2;
const BATCH: u64 = 20;
/// Clusters that report, and the people that are told of.
const CLUSTERS: u64 = 1000;
const USERS: u64 = 5000;
/// Longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// A collector, and what opens it.
pub(super) struct Door {
    pub(super) url: String,
    pub(super) server: String,
    pub(super) cluster: String,
    pub(super) admin: String,
}

/// A load that goes on until it is stopped.
pub(super) struct Load<'a> {
    agent: Agent,
    door: Door,
    site: &'a Site,
    pace: u32,
    stop: AtomicBool,
    requests: AtomicU64,
    failures: AtomicU64,
}

impl<'a> Load<'a> {
    /// All rests are `pace` times as long as they are by default.
    pub(super) fn new(door: Door, site: &'a Site, pace: u32) -> Load<'a> {
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(PATIENCE))
            .build()
            .new_agent();
        Load {
            agent,
            door,
            site,
            pace,
            stop: AtomicBool::new(false),
            requests: AtomicU64::new(0),
            failures: AtomicU64::new(0),
        }
    }

    /// Begins, each kind on a thread of its own.
    pub(super) fn begin<'scope>(&'scope self, scope: &'scope Scope<'scope, '_>) {
        for sender in 0..SENDERS {
            scope.spawn(move || self.every(BATCHES, |number| self.batch(sender, number)));
        }
        scope.spawn(|| self.every(REPORTS, |number| self.report(number)));
        scope.spawn(|| self.every(QUESTIONS, |number| self.ask(number)));
        scope.spawn(|| self.every(STRANGE, |number| self.strange(number)));
        scope.spawn(|| self.every(ORDERS, |number| self.forget(number)));
        scope.spawn(|| self.every(PAGES, |number| self.page(number)));
        scope.spawn(|| self.every(HEALTH, |_| self.health()));
    }

    /// Ends it, after the requests that are under way.
    pub(super) fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Requests so far, and those that were not answered as they should be.
    pub(super) fn told(&self) -> (u64, u64) {
        (
            self.requests.load(Ordering::Relaxed),
            self.failures.load(Ordering::Relaxed),
        )
    }

    fn every(&self, rest: Duration, mut each: impl FnMut(u64) -> bool) {
        for number in 0.. {
            if self.stop.load(Ordering::Relaxed) {
                return;
            }
            self.requests.fetch_add(1, Ordering::Relaxed);
            if !each(number) {
                self.failures.fetch_add(1, Ordering::Relaxed);
            }
            thread::sleep(rest * self.pace);
        }
    }

    fn post(&self, path: &str, authorization: &str, body: &Value) -> Option<u16> {
        let request = self
            .agent
            .post(format!("{}{path}", self.door.url))
            .header("authorization", authorization)
            .header("content-type", "application/json");
        let answer = request.send(body.to_string()).ok()?;
        Some(answer.status().as_u16())
    }

    fn get(&self, url: &str) -> bool {
        let request = self
            .agent
            .get(url)
            .header("authorization", format!("Bearer {}", self.door.admin));
        match request.call() {
            Ok(mut answer) => answer.body_mut().read_to_vec().is_ok() && answer.status() == 200,
            Err(_) => false,
        }
    }

    /// Of an eighth of the requests all messages are repeats.
    fn batch(&self, sender: u64, number: u64) -> bool {
        let number = if number % 8 == 7 { number / 2 } else { number };
        let batch: Vec<Value> = (0..BATCH)
            .map(|part| {
                json!({
                    "type": "track", "event": format!("event {}", number % 50), "messageId": format!("{sender}-{number}-{part}"),
                    "userId": format!("user-{}", (number * BATCH + part) % USERS), "properties": {"n": number, "text": "x".repeat(200)},
                })
            })
            .collect();
        self.post("/v1/batch", &basic(&self.door.server), &json!({"batch": batch})) == Some(200)
    }

    /// Each cluster's hours in turn.
    fn report(&self, number: u64) -> bool {
        let (cluster, hour) = (number % CLUSTERS, number / CLUSTERS);
        let at = format!("2026-10-{:02}T{:02}", 1 + hour / 24 % 30, hour % 24);
        let cluster = format!("cluster-{cluster}");
        let batch: Vec<Value> = ["health", "mesos_track", "package_list"]
            .iter()
            .map(|event| {
                json!({
                    "type": "track", "event": event, "anonymousId": cluster, "messageId": format!("{cluster}:{event}:{at}Z"),
                    "properties": {"clusterId": cluster, "environmentVersion": "1.10", "health-unit-dcos-net-service-total": 5},
                    "context": {"reporter": format!("{:032x}", 7)}, "timestamp": format!("{at}:30:00Z"),
                })
            })
            .collect();
        self.post("/v1/batch", &basic(&self.door.cluster), &json!({"batch": batch})) == Some(200)
    }

    fn ask(&self, number: u64) -> bool {
        let paths = [
            "/api/v1/component-reliability?per=day&from=2026-10-01&to=2026-10-30",
            "/api/v1/active-installations?by=version",
            "/api/v1/popularity?format=csv",
            "/api/v1/ingest-quality",
            "/metrics",
            "/readyz",
            "/regulations",
        ];
        let path = paths[usize::try_from(number).unwrap_or_default() % paths.len()];
        self.get(&format!("{}{path}", self.door.url))
    }

    /// What is at fault, and connections that say nothing, or half of something.
    fn strange(&self, number: u64) -> bool {
        let refused = |status: Option<u16>| status.is_some_and(|status| (400..500).contains(&status));
        match number % 4 {
            0 => refused(self.post("/v1/batch", &basic("no key at all"), &json!({"batch": []}))),
            1 => refused(self.post("/v1/batch", &basic(&self.door.server), &json!({"batch": "none"}))),
            2 => {
                self.post(
                    "/v1/track",
                    &basic(&self.door.server),
                    &json!({"userId": "u", "event": "e", "messageId": number.to_string()}),
                ) == Some(200)
            }
            _ => {
                let address = self.door.url.trim_start_matches("http://");
                let sent = TcpStream::connect(address).and_then(|mut stream| {
                    stream.write_all(b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
                });
                sent.is_ok()
            }
        }
    }

    fn forget(&self, number: u64) -> bool {
        let order = json!({
            "regulationType": "SUPPRESS_WITH_DELETE", "subjectType": "USER_ID", "subjectIds": [format!("user-{}", number * 7 % USERS)],
        });
        self.post("/regulations", &format!("Bearer {}", self.door.admin), &order) == Some(200)
    }

    /// A browser that looks at one page more.
    fn page(&self, number: u64) -> bool {
        let body = json!({"batch": [{
            "type": "page", "messageId": format!("{number:032x}"), "anonymousId": format!("{:032x}", number % USERS), "name": "/nodes/:id",
        }]});
        let request = self
            .agent
            .post(format!("{}/telemetry/v1/batch", self.site.relay))
            .header("content-type", "text/plain");
        request
            .send(body.to_string())
            .is_ok_and(|answer| answer.status() == 200)
    }

    fn health(&self) -> bool {
        self.get(&format!(
            "{}/system/health/v1/report?cache=0",
            self.site.diagnostics
        ))
    }
}

fn basic(key: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{key}:")))
}
