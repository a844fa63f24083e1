//! SDKs as they are published deliver exactly once, whatever happens on the way: refusals, broken connections, lost answers, and
//! a collector that is killed. `tests/sdk/` holds what drives them.
#![expect(
    clippy::disallowed_methods,
    reason = "what is stored is compared with the real clock"
)]

mod browser;
mod calls;
pub(crate) mod chromium;
mod fault;
pub(crate) mod http;
pub(crate) mod installed;
mod page;
mod way;

use std::collections::HashMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

use self::fault::FAULTS;
use self::installed::{installed, source};
use self::way::{Passage, Way};
use crate::client::basic;
use crate::collector::TestCollector;

/// Calls of one test.
const CALLS: usize = 200;
/// Seconds that a driver may take.
const PATIENCE: &str = "240";

/// What is particular of an SDK.
struct Sdk {
    /// What drives it.
    driver: Command,
    /// Its `context.library.name`.
    library: &'static str,
    /// Its options, the key and the collector's URL but for their values.
    options: fn(url: &str, key: &str) -> Value,
}

impl Sdk {
    fn of_node(driver: &str, library: &'static str, options: fn(&str, &str) -> Value) -> Option<Sdk> {
        let folder = installed("node", "package-lock.json")?;
        let mut command = patiently("node");
        command
            .arg(source("node").join(driver))
            .env("NODE_PATH", folder.join("node_modules"));
        Some(Sdk {
            driver: command,
            library,
            options,
        })
    }

    fn of_python(options: fn(&str, &str) -> Value) -> Option<Sdk> {
        let folder = installed("python", "requirements.txt")?;
        let mut command = patiently("python3");
        command
            .arg(source("python").join("driver.py"))
            .env("PYTHONPATH", folder);
        Some(Sdk {
            driver: command,
            library: "analytics-python",
            options,
        })
    }

    /// Makes the calls, through all faults, and checks that each is stored once. Returns what came along.
    fn deliver(mut self) -> Vec<Passage> {
        let collector = TestCollector::start();
        let key = collector.key("server");
        let way = Way::to(collector);
        let calls = calls::calls(CALLS);
        let from = Timestamp::now();
        let mut driver = self
            .driver
            .arg((self.options)(&way.url(), &key).to_string())
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = driver.stdin.take().unwrap();
        for call in &calls {
            writeln!(input, "{call}").unwrap();
        }
        drop(input);
        let ended = driver.wait().unwrap();
        let to = Timestamp::now();
        let passages = way.passages();
        assert!(ended.success(), "{ended}; {:?}", way::faults(&passages));
        let stored = way.stored();
        calls::check(&stored, &calls, self.library, from, to);
        check_ids(&stored, &passages);
        let log = way.log();
        assert!(!log.contains(calls::ADDRESS) && !log.contains(&key), "{log}");
        for passage in &passages {
            assert_eq!(passage.request.header("authorization"), Some(&*basic(&key)));
            assert_eq!(passage.request.first, "POST /v1/batch HTTP/1.1");
        }
        passages
    }
}

fn patiently(program: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args([PATIENCE, program]);
    for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NODE_OPTIONS"] {
        command.env_remove(name).env_remove(name.to_ascii_lowercase());
    }
    command
}

/// What is stored is what came along, though much of it came twice, and every fault happened.
fn check_ids(stored: &[Value], passages: &[Passage]) {
    let ids = stored
        .iter()
        .map(|message| message["messageId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(way::all_ids(passages), ids);
    let happened = way::faults(passages);
    for fault in FAULTS {
        assert!(happened.contains_key(&format!("{fault:?}")), "{happened:?}");
    }
    let taken = passages.iter().filter(|passage| passage.status == Some(200));
    let taken: usize = taken.map(|passage| passage.ids.len()).sum();
    assert!(taken > stored.len(), "nothing came twice");
}

/// `X-Retry-Count` is the number of attempts before, and absent in the first.
fn check_retry_counts(passages: &[Passage]) {
    let mut attempts = HashMap::new();
    for passage in passages {
        let before = attempts.entry(&passage.ids[0]).or_insert(0);
        let expected = (*before > 0).then(|| before.to_string());
        let header = passage.request.header("x-retry-count");
        assert_eq!(header, expected.as_deref(), "{:?}", passage.ids);
        *before += 1;
    }
}

#[test]
fn the_lock_file_names_no_registry() {
    let lock = std::fs::read_to_string(source("node").join("package-lock.json")).unwrap();
    assert!(!lock.contains("\"resolved\""));
}

#[test]
fn analytics_node_delivers_exactly_once() {
    let options = |url: &str, key: &str| json!({"writeKey": key, "host": url, "flushAt": 10, "flushInterval": 500, "httpRequestTimeout": 60_000});
    let Some(sdk) = Sdk::of_node("analytics.cjs", "@segment/analytics-node", options) else {
        return;
    };
    let passages = sdk.deliver();
    check_retry_counts(&passages);
}

#[test]
fn rudder_sdk_node_delivers_exactly_once() {
    let options = |url: &str, key: &str| json!({"writeKey": key, "dataPlaneUrl": url, "flushAt": 10, "flushInterval": 500, "retryCount": 10});
    let Some(sdk) = Sdk::of_node("rudder.cjs", "analytics-node", options) else {
        return;
    };
    for passage in sdk.deliver() {
        let header = |name| passage.request.header(name);
        assert_eq!(
            (header("content-encoding"), header("content-type")),
            (Some("gzip"), Some("application/x-www-form-urlencoded"))
        );
    }
}

#[test]
fn segment_analytics_python_delivers_exactly_once() {
    let options = |url: &str, key: &str| json!({"write_key": key, "host": url, "upload_size": 10, "upload_interval": 0.2, "timeout": 60});
    let Some(sdk) = Sdk::of_python(options) else {
        return;
    };
    let passages = sdk.deliver();
    // After a Retry-After it puts batches together anew, and begins to count again.
    let mut counts = passages
        .iter()
        .map(|passage| passage.request.header("x-retry-count"));
    assert!(counts.any(|count| count == Some("1")));
}

#[test]
fn segment_analytics_python_with_gzip_delivers_exactly_once() {
    let options = |url: &str, key: &str| json!({"write_key": key, "host": url, "upload_size": 10, "upload_interval": 0.2, "timeout": 60, "gzip": true});
    let Some(sdk) = Sdk::of_python(options) else {
        return;
    };
    for passage in sdk.deliver() {
        assert_eq!(passage.request.header("content-encoding"), Some("gzip"));
    }
}
