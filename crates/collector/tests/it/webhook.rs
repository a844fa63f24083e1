//! The webhook: told of every change at least once, in their order, whatever happens meanwhile.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use heliograph_collector::clock::{Clock as _, SystemClock};
use serde_json::json;
use tempfile::TempDir;

use crate::collector::{TestCollector, run_in};
use crate::hook::{Heard, Hook, Reply, SECRET};
use crate::verdict_change::{VERSION, judge};

const OK: Reply = Reply::Status(204, "");

/// A collector that tells a hook of changes; and the folder of the secret.
fn telling(hook: &Hook) -> (TestCollector, TempDir) {
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    fs::write(&secret, format!("{SECRET}\n")).unwrap();
    let settings = [
        ("webhook_url", &*hook.url()),
        ("webhook_secret_file", secret.to_str().unwrap()),
    ];
    let collector = TestCollector::with(&settings);
    judge(collector.data(), &[]);
    (collector, folder)
}

/// A number that is shown.
fn shown(collector: &TestCollector, name: &str) -> i64 {
    let answer = collector.client().send("GET", "/metrics", &[], b"").unwrap();
    let text = String::from_utf8(answer.body).unwrap();
    let name = format!("heliograph_collector_{name} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.unwrap_or_else(|| panic!("{name}: {text}")).parse().unwrap()
}

/// Waits until a number is what it is to be.
fn until(collector: &TestCollector, name: &str, number: i64) {
    for _ in 0..600 {
        if shown(collector, name) == number {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("{name} is {}", shown(collector, name));
}

fn subject(heard: &Heard) -> String {
    heard.json()["subject"].as_str().unwrap().to_owned()
}

#[test]
fn every_change_is_told_though_the_process_ends_and_the_endpoint_fails() {
    let hook = Hook::start(&[Reply::Silence, Reply::Status(500, "Retry-After: 1\r\n"), OK]);
    let (mut collector, _folder) = telling(&hook);
    let before = SystemClock.now().as_second();
    judge(collector.data(), &[("a", "regressed")]);
    judge(collector.data(), &[("a", "regressed"), ("b", "improved")]);
    let first = hook.next();
    collector.kill();
    collector.restart();
    // It is the same event, whether it is sent for the second time or for the third.
    let again = [hook.next(), hook.next()];
    for again in &again {
        assert_eq!(
            (&again.body, &again.headers["webhook-id"]),
            (&first.body, &first.headers["webhook-id"])
        );
        let time: i64 = again.headers["webhook-timestamp"].parse().unwrap();
        assert!((before..before + 600).contains(&time));
    }
    assert_eq!(again[0].path, "/hook?token=t0ken");
    assert_eq!(again[0].headers["authorization"], "Basic bWU6cGFzcw==");
    assert_eq!(
        again[0].headers["content-type"],
        "application/cloudevents+json; charset=utf-8"
    );

    let event = first.json();
    assert_eq!(event["id"], first.headers["webhook-id"].as_str());
    assert_eq!(
        (
            &event["specversion"],
            &event["type"],
            &event["datacontenttype"],
            &event["time"]
        ),
        (
            &json!("1.0"),
            &json!("org.heliograph.release-health.changed.v1"),
            &json!("application/json"),
            &json!("2027-01-15T08:00:00.000Z")
        )
    );
    assert!(event["source"].as_str().unwrap().starts_with("urn:uuid:"));
    let data = &event["data"];
    assert_eq!(
        (
            &data["version"],
            &data["unit"],
            &data["from"],
            &data["to"],
            &data["numbers"]["upgraded"]
        ),
        (
            &json!(VERSION),
            &json!("a"),
            &json!("not enough data"),
            &json!("regressed"),
            &json!(200)
        )
    );
    // The one behind it comes when its turn is.
    let second = hook.next();
    assert_eq!(
        (subject(&first), subject(&second)),
        (format!("{VERSION}/a"), format!("{VERSION}/b"))
    );
    assert_ne!(first.headers["webhook-id"], second.headers["webhook-id"]);
    assert_eq!(second.json()["source"], event["source"]);
    until(&collector, "webhook_pending", 0);
    until(&collector, "webhook_told_total", 2);
    assert_eq!(shown(&collector, "webhook_failures_total"), 1);
    assert!(hook.is_quiet());

    let log = collector.log();
    assert!(
        log.contains("TAKES NOTHING: it answers 500") && log.contains("answers again"),
        "{log}"
    );
    for secret in ["t0ken", "pass@", "me:", SECRET] {
        assert!(!log.contains(secret), "{log}");
    }
}

#[test]
fn who_is_slow_or_sends_elsewhere_is_asked_again() {
    let hook = Hook::start(&[Reply::Status(307, "Location: /elsewhere\r\n"), Reply::Silence, OK]);
    let (collector, _folder) = telling(&hook);
    judge(collector.data(), &[("a", "regressed")]);
    let all = [hook.next(), hook.next(), hook.next()];
    assert!(
        all.iter()
            .all(|heard| heard.path == "/hook?token=t0ken" && heard.body == all[0].body)
    );
    until(&collector, "webhook_told_total", 1);
    assert!(
        collector
            .log()
            .contains("it answers 307, and redirects are not followed")
    );
    assert!(hook.is_quiet());
}

#[test]
fn who_is_gone_is_told_nothing_until_they_are_back() {
    let hook = Hook::start(&[Reply::Status(410, ""), OK]);
    let (mut collector, folder) = telling(&hook);
    judge(collector.data(), &[("a", "regressed")]);
    hook.next();
    until(&collector, "webhook_gone", 1);
    judge(collector.data(), &[("a", "no evidence")]);
    collector.stop();
    collector.restart();
    until(&collector, "webhook_gone", 1);
    until(&collector, "webhook_pending", 0);
    assert!(hook.is_quiet() && collector.log().contains("IS GONE (410)"));

    let (said, told) = test(collector.data(), &hook.url(), &folder.path().join("secret"));
    assert!(
        told && said.contains("took an event") && !said.contains("t0ken"),
        "{said}"
    );
    let event = hook.next().json();
    assert_eq!(event["type"], "org.heliograph.webhook.test.v1");
    until(&collector, "webhook_gone", 0);
    judge(collector.data(), &[("a", "improved")]);
    assert_eq!(hook.next().json()["data"]["to"], "improved");
}

/// What `webhook test` says, and whether it succeeds.
fn test(data: &Path, url: &str, secret: &Path) -> (String, bool) {
    let environment = [
        ("HELIOGRAPH_COLLECTOR_WEBHOOK_URL", url),
        (
            "HELIOGRAPH_COLLECTOR_WEBHOOK_SECRET_FILE",
            secret.to_str().unwrap(),
        ),
    ];
    let output = run_in(data, &environment, &["webhook", "test"]);
    let said = [output.stdout, output.stderr].concat();
    (String::from_utf8(said).unwrap(), output.status.success())
}

#[test]
fn the_command_tells_what_is_wrong() {
    let collector = TestCollector::start();
    let data = collector.data();
    let folder = TempDir::new().unwrap();
    let (secret, short) = (folder.path().join("secret"), folder.path().join("short"));
    fs::write(&secret, SECRET).unwrap();
    fs::write(&short, "whsec_c2hvcnQ=").unwrap();
    let hook = Hook::start(&[Reply::Status(302, "Location: /x\r\n"), Reply::Status(403, "")]);
    for (url, secret, expected) in [
        (&*hook.url(), &secret, "answered 302: redirects are not followed"),
        (&hook.url(), &secret, "answered 403"),
        ("http://127.0.0.1:1/", &secret, "did not answer"),
        (&hook.url(), &short, "24 to 64 bytes in base64"),
        (
            &hook.url(),
            &folder.path().join("none"),
            "can't read webhook_secret_file",
        ),
        ("", &secret, "belong together"),
        (
            "http://me:pass@",
            &secret,
            "should be an http or https URL, or nothing, found something else",
        ),
    ] {
        let (said, told) = test(data, url, secret);
        assert!(!told && said.contains(expected), "{url}: {said}");
        assert!(!said.contains("pass") && !said.contains("t0ken"), "{said}");
    }
}
