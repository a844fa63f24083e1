//! A target whose certificate is of no use gets nothing; what waits is kept, and goes when there is a good one.

use std::fs;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use heliograph_fleet::authority::Authority;
use heliograph_fleet::front::Front;
use heliograph_fleet::sink::Sink;
use rustls::ServerConfig;
use serde_json::json;
use tempfile::TempDir;

use crate::collector::{TestCollector, run_in};
use crate::hook::{Hook, Reply, SECRET};
use crate::metrics::scrape;
use crate::verdict_change::judge;

const HERE: &[&str] = &["127.0.0.1"];

fn good(authority: &Authority) -> Arc<ServerConfig> {
    authority.server(HERE)
}

/// Certificates that are of no use, and what is said of each.
fn bad(authority: &Authority) -> [(Arc<ServerConfig>, &'static str); 4] {
    [
        (
            authority.server_between(HERE, 2001, 2011),
            "the certificate has run out",
        ),
        (
            authority.server_between(HERE, 2098, 2099),
            "the certificate is not valid yet",
        ),
        (
            authority.server(&["elsewhere.example"]),
            "the certificate is for another host",
        ),
        (
            Authority::new("another").server(HERE),
            "the certificate is of an authority that is not trusted here",
        ),
    ]
}

/// Tries until something is so.
fn until(what: &str, mut is: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is() {
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
    panic!("never: {what}");
}

fn metric(collector: &TestCollector, name: &str) -> f64 {
    let name = format!("heliograph_collector_{name}");
    scrape(&mut collector.client(), &[])
        .value(&name, &[])
        .unwrap_or(-1.0)
}

#[test]
fn forwarding_waits_for_a_good_one() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new("ours"));
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let sink = Sink::start().unwrap();
    let front = Front::of(sink.addr(), Some(good(&authority)));
    let collector = TestCollector::with(&[
        ("forward_url", &format!("https://127.0.0.1:{}", front.port())),
        ("forward_write_key_file", &file("key", "their-key")),
        ("forward_ca_file", &file("ca.pem", authority.pem())),
    ]);
    let key = collector.key("server");
    for (number, (config, said)) in bad(&authority).into_iter().enumerate() {
        front.show(config);
        let passed = front.passed().len();
        let message = json!({"type": "track", "event": "e", "userId": "u", "messageId": number.to_string()});
        // Who sends notices nothing.
        assert_eq!(
            collector.batch(&key, &json!({"batch": [message]})).counts(),
            (1, 0, 0)
        );
        until(said, || {
            collector.log().contains(&format!(
                "FORWARDING DOES NOT WORK, what waits is kept and tried again: TLS failed: {said}"
            ))
        });
        until("the lag is shown", || {
            metric(&collector, "forward_pending_batches") > 0.0
        });
        assert_eq!(front.passed().len(), passed, "it gets neither message nor key");
        front.show(good(&authority));
        until("it arrives", || sink.messages().len() > number);
        until("nothing waits", || {
            metric(&collector, "forward_pending_batches") == 0.0
        });
    }
    let arrived = sink.messages();
    let ids: Vec<_> = arrived.iter().map(|message| &message["messageId"]).collect();
    assert_eq!(ids, ["0", "1", "2", "3"], "each once, in their order");
    assert!(metric(&collector, "forward_failures_total") >= 4.0);
    assert_eq!(
        collector.log().matches("the target takes messages again").count(),
        4
    );
    assert!(!collector.log().contains("their-key"));
}

#[test]
fn the_webhook_waits_for_a_good_one() {
    let (folder, authority) = (TempDir::new().unwrap(), Authority::new("ours"));
    let hook = Hook::start(&[Reply::Status(204, "")]);
    let front = Front::of(hook.address(), Some(good(&authority)));
    let (secret, trusted) = (folder.path().join("secret"), folder.path().join("ca.pem"));
    fs::write(&secret, SECRET).unwrap();
    fs::write(&trusted, authority.pem()).unwrap();
    let url = format!("https://me:pass@127.0.0.1:{}/hook?token=t0ken", front.port());
    let variables = [
        ("HELIOGRAPH_COLLECTOR_WEBHOOK_URL", &*url),
        (
            "HELIOGRAPH_COLLECTOR_WEBHOOK_SECRET_FILE",
            secret.to_str().unwrap(),
        ),
        ("SSL_CERT_FILE", trusted.to_str().unwrap()),
    ];
    let collector = TestCollector::told(&variables);
    let [(expired, said), others @ ..] = bad(&authority);
    front.show(expired);
    judge(collector.data(), &[]);
    judge(collector.data(), &[("a", "regressed")]);
    until(said, || {
        collector
            .log()
            .contains(&format!("TAKES NOTHING: TLS failed: {said}"))
    });
    assert!(metric(&collector, "webhook_failures_total") >= 1.0);
    until("it is shown that it waits", || {
        metric(&collector, "webhook_pending") == 1.0
    });
    // Whoever tries by hand is told the same.
    for (config, said) in others {
        front.show(config);
        let output = run_in(collector.data(), &variables, &["webhook", "test"]);
        let told = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!output.status.success() && told.contains(said), "{told}");
        assert!(!told.contains("t0ken") && !told.contains("pass"), "{told}");
    }
    assert!(hook.is_quiet() && front.passed().is_empty());
    front.show(good(&authority));
    assert_eq!(hook.next().json()["data"]["to"], "regressed");
    until("it was told", || metric(&collector, "webhook_told_total") == 1.0);
    assert!(hook.is_quiet(), "once");
}
