//! `@segment/analytics-next` as npm has it, in a real browser, on a page of another origin than the collector's.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::{Value, json};

use super::chromium::Chromium;
use super::installed::{installed, source};
use super::page::Page;
use super::way::{Passage, Way};
use super::{calls, check_ids, way};
use crate::client::basic;
use crate::collector::TestCollector;

/// How long a page may take.
const PATIENCE: Duration = Duration::from_secs(240);
/// A page that is open in a browser.
struct Visit {
    page: Page,
    way: Way,
    chromium: Chromium,
    key: String,
    from: Timestamp,
    calls: Vec<Value>,
}

/// What the page does when it is loaded: the next time, if it was before.
struct Load {
    /// The SDK's options beside its key and the collector's URL.
    options: Value,
    /// How many calls it makes.
    calls: usize,
    /// How many of them at once.
    together: usize,
    /// Whether it waits until these are delivered.
    paced: bool,
    /// What it does then: `reload`, `leave`, `nothing`.
    then: &'static str,
}

impl Visit {
    fn begin(loads: &[Load]) -> Option<Visit> {
        // Of what comes with a key for browsers little is kept: see `what_analytics_next_tells_of_a_page_is_not_kept`.
        Visit::begin_with("server", loads)
    }

    fn begin_with(kind: &str, loads: &[Load]) -> Option<Visit> {
        let modules = installed("node", "package-lock.json")?.join("node_modules");
        let collector = TestCollector::start();
        let key = collector.key(kind);
        let way = Way::to(collector);
        let count = loads.iter().map(|load| load.calls).sum();
        let calls: Vec<_> = calls::calls(count).into_iter().map(in_browser).collect();
        let mut left = &calls[..];
        let loads: Vec<_> = loads
            .iter()
            .map(|load| {
                let (calls, later) = left.split_at(load.calls);
                left = later;
                json!({
                    "options": load.options, "calls": calls, "together": load.together, "paced": load.paced, "then": load.then,
                })
            })
            .collect();
        let setup = json!({"writeKey": key, "collector": way.url(), "loads": loads});
        let own = |name: &str| fs::read(source("browser").join(name)).unwrap();
        let sdk = fs::read(modules.join("@segment/analytics-next/dist/umd/index.js")).unwrap();
        let files = HashMap::from([
            ("/", ("text/html", own("page.html"))),
            ("/gone.html", ("text/html", b"<!doctype html>gone".to_vec())),
            ("/analytics.js", ("text/javascript", sdk)),
            ("/driver.js", ("text/javascript", own("driver.js"))),
            (
                "/setup.json",
                ("application/json", setup.to_string().into_bytes()),
            ),
        ]);
        let page = Page::start(files, &way.url());
        let from = Timestamp::now();
        let chromium = Chromium::open(&page.url())?;
        Some(Visit {
            page,
            way,
            chromium,
            key,
            from,
            calls,
        })
    }

    /// Waits until this holds.
    fn until(&mut self, what: &str, holds: impl Fn(&Visit) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let reports = self.page.reports();
            assert!(
                reports.iter().all(|report| !report.starts_with("fault"))
                    && self.chromium.runs()
                    && begun.elapsed() < PATIENCE,
                "waited for: {what}; {} delivered; the page said {reports:?}; on the way {:?}",
                self.delivered(),
                way::faults(&self.way.passages()),
            );
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// How many messages the page was told to be taken.
    fn delivered(&self) -> usize {
        let passages = self.way.passages();
        let answered = passages
            .iter()
            .filter(|passage| passage.fault.is_none() && passage.status == Some(200));
        let ids: BTreeSet<_> = answered.flat_map(|passage| &passage.ids).collect();
        ids.len()
    }

    /// Checks that each call is stored once, and what the browser asked of whom. Returns what came along.
    fn end(self) -> Vec<Passage> {
        let to = Timestamp::now();
        let stored = self.way.stored();
        let passages = self.way.passages();
        calls::check(&stored, &self.calls, "analytics.js", self.from, to);
        check_ids(&stored, &passages);
        let visitors: BTreeSet<_> = stored
            .iter()
            .map(|message| message["anonymousId"].to_string())
            .collect();
        assert_eq!(visitors.len(), 1, "{visitors:?}");
        let mut counts = passages
            .iter()
            .map(|passage| passage.request.header("x-retry-count"));
        assert!(counts.any(|count| count == Some("1")));
        self.check_origins(&passages);
        passages
    }

    /// The page asked before it sent, sent as it should, and turned to nobody else.
    fn check_origins(&self, passages: &[Passage]) {
        let settings = format!("/v1/projects/{}/settings", self.key);
        let mut asked = BTreeSet::new();
        for Passage { request, .. } in passages {
            assert_eq!(request.header("origin"), Some(&*self.page.url()), "{request:?}");
            let path = request.word(1);
            match request.word(0) {
                "OPTIONS" => {
                    let headers = request.header("access-control-request-headers").unwrap();
                    assert!(headers.contains("authorization"), "{request:?}");
                    asked.insert(path);
                }
                "POST" => {
                    assert!(asked.contains(path), "{path} was not asked about");
                    assert_eq!(request.header("authorization"), Some(&*basic(&self.key)));
                    assert_eq!(request.header("content-type"), Some("text/plain"));
                }
                _ => assert_eq!(request.first, format!("GET {settings} HTTP/1.1")),
            }
        }
        assert_eq!(self.page.unknown_paths(), [""; 0]);
        assert_eq!(self.chromium.elsewhere(), [""; 0]);
    }
}

/// The same call as a page makes it: the SDK knows whom it is about.
fn in_browser(mut call: Value) -> Value {
    let fields = call.as_object_mut().unwrap();
    fields.remove("anonymousId");
    fields.remove("userId");
    if matches!(fields["type"].as_str(), Some("identify" | "alias")) {
        fields.insert("userId".to_owned(), "user".into());
    }
    call
}

fn posts(passages: &[Passage]) -> BTreeSet<&str> {
    let posts = passages
        .iter()
        .filter(|passage| passage.request.word(0) == "POST");
    posts.map(|passage| passage.request.word(1)).collect()
}

#[test]
fn analytics_next_delivers_exactly_once_over_a_reload() {
    const EACH: usize = 60;
    let load = |then| Load {
        options: json!({}),
        calls: EACH,
        together: 10,
        paced: false,
        then,
    };
    let Some(mut visit) = Visit::begin(&[load("reload"), load("nothing")]) else {
        return;
    };
    visit.until("all are delivered", |visit| visit.delivered() == 2 * EACH);
    let stored = visit.way.stored();
    let loads = visit.page.loads();
    let passages = visit.end();
    assert_eq!(
        posts(&passages),
        BTreeSet::from(["/v1/t", "/v1/i", "/v1/p", "/v1/g", "/v1/s", "/v1/a"])
    );
    let late = way::all_ids(passages.iter().filter(|passage| passage.at > loads[1]));
    let kept = stored.iter().any(|message| {
        let is_late = late.contains(message["messageId"].as_str().unwrap());
        is_late && calls::number(message) < EACH
    });
    assert!(kept, "nothing was tried again after the reload");
}

#[test]
fn analytics_next_delivers_batches_exactly_once_and_the_last_when_the_page_is_left() {
    const CALLS: usize = 120;
    const SIZE: usize = 10;
    const LAST: usize = 5;
    let options = |timeout: u64| {
        json!({
            "deliveryStrategy": {"strategy": "batching", "config": {"size": SIZE, "timeout": timeout}},
            "httpConfig": {"backoffConfig": {"baseBackoffInterval": 0.1, "maxBackoffInterval": 1}},
        })
    };
    let batches = Load {
        options: options(300),
        calls: CALLS,
        together: SIZE,
        paced: true,
        then: "reload",
    };
    // Too few for a batch, and left before it is time.
    let last = Load {
        options: options(600_000),
        calls: LAST,
        together: LAST,
        paced: false,
        then: "leave",
    };
    let Some(mut visit) = Visit::begin(&[batches, last]) else {
        return;
    };
    for made in (SIZE..=CALLS).step_by(SIZE) {
        visit.until("the calls until now are delivered", |visit| {
            visit.delivered() == made
        });
        if made == CALLS {
            // What is sent when a page is left is tried once.
            visit.way.calm();
        }
        visit.page.open_gate(made);
    }
    visit.until("the last are delivered", |visit| {
        visit.delivered() == CALLS + LAST
    });
    let passages = visit.end();
    assert_eq!(posts(&passages), BTreeSet::from(["/v1/b"]));
    assert_eq!(passages.last().unwrap().ids.len(), LAST);
}

#[test]
fn what_analytics_next_tells_of_a_page_is_not_kept() {
    const CALLS: usize = 6;
    let load = Load {
        options: json!({}),
        calls: CALLS,
        together: 1,
        paced: false,
        then: "nothing",
    };
    let Some(mut visit) = Visit::begin_with("ui", &[load]) else {
        return;
    };
    visit.way.calm();
    visit.until("all are delivered", |visit| visit.delivered() == CALLS);
    let mut stored = visit.way.stored();
    stored.sort_by_key(|message| message["originalTimestamp"].to_string());
    assert_eq!(stored.len(), CALLS);
    for message in &mut stored {
        for (name, value) in message.as_object_mut().unwrap() {
            if [
                "messageId",
                "anonymousId",
                "originalTimestamp",
                "sentAt",
                "timestamp",
                "receivedAt",
            ]
            .contains(&&**name)
            {
                assert!(value.is_string(), "{name}: {value}");
                *value = json!("...");
            }
        }
    }
    let data = calls::data(0);
    let version = stored[0]["context"]["library"]["version"].clone();
    assert!(version.is_string(), "{version}");
    let message = |kind: &str, own: Value| {
        let mut message = json!({
            "type": kind, "messageId": "...", "anonymousId": "...", "originalTimestamp": "...", "sentAt": "...", "timestamp": "...",
            "receivedAt": "...", "context": {"library": {"name": "analytics.js", "version": version}},
        });
        message
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        message
    };
    let expected = [
        // The vendor's own event: what it has beside what SDKs tell of pages is the vendor's business.
        message("track", json!({"event": "Thing Done", "properties": data})),
        message("identify", json!({"userId": "user", "traits": {}})),
        message(
            "page",
            json!({"userId": "user", "name": "Start", "properties": {}}),
        ),
        message(
            "group",
            json!({"userId": "user", "groupId": "group-0", "traits": {}}),
        ),
        message(
            "screen",
            json!({"userId": "user", "name": "Übersicht", "properties": {}}),
        ),
        message("alias", json!({"userId": "user", "previousId": "before-5"})),
    ];
    for (stored, expected) in stored.iter().zip(expected) {
        assert_eq!(*stored, expected);
    }
    let sent: Vec<_> = visit.way.passages();
    let told = sent
        .iter()
        .any(|passage| String::from_utf8_lossy(&passage.request.body).contains("A page that is measured"));
    assert!(told, "the SDK tells the page's title, which is not kept");
}
