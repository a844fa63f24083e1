//! What comes through a cluster's relay counts in that cluster; what comes straight from a browser counts in none.

use heliograph_wire::id::ReporterId;
use serde_json::{Value, json};

use crate::collector::{TestCollector, run};

const DAYS: [&str; 4] = ["--from", "2026-11-20", "--to", "2026-11-20"];

fn ask(collector: &TestCollector, question: &str, more: &[&str]) -> Value {
    let arguments = [&["ask", question, "--format", "json"], &DAYS[..], more].concat();
    let output = run(collector.data(), &arguments);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A log-in, two views and an error, as a relay passes them on.
fn relayed(cluster: &str, reporter: Option<&str>, visitor: &str) -> Value {
    let named =
        json!({"clusterId": cluster, "environmentVersion": "1.10", "provider": "aws", "variant": "open"});
    let with = |more: Value| {
        let mut all = named.clone();
        all.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        all
    };
    let mut context = json!({"library": {"name": "heliograph-tracker", "version": "0.1.0"}});
    if let Some(reporter) = reporter {
        context["reporter"] = json!(ReporterId::of_secret(reporter.as_bytes()).as_str());
    }
    let message = |id: &str, mut message: Value| {
        let own = json!({
            "messageId": format!("{visitor}-{id}"), "anonymousId": visitor, "userId": format!("h-{visitor}"),
            "timestamp": "2026-11-20T10:00:00Z", "context": context,
        });
        message
            .as_object_mut()
            .unwrap()
            .extend(own.as_object().unwrap().clone());
        message
    };
    json!({"batch": [
        message("1", json!({"type": "identify", "traits": named})),
        message("2", json!({"type": "page", "name": "/nodes/:id", "properties": named})),
        message("3", json!({"type": "page", "name": "/nodes/:id", "properties": named})),
        message("4", json!({"type": "track", "event": "ui_error", "properties": with(json!({"route": "/nodes/:id", "kind": "TypeError"}))})),
    ]})
}

#[test]
fn what_a_relay_passes_on_counts_in_its_cluster() {
    let collector = TestCollector::start();
    let (cluster, ui) = (collector.key("cluster"), collector.key("ui"));
    // Two masters of one cluster, each with a relay: both count. And another cluster, and a page without one.
    for (of, reporter, visitor) in [("c1", "m1", "a"), ("c1", "m2", "b"), ("c2", "m3", "c")] {
        let counts = collector
            .batch(&cluster, &relayed(of, Some(reporter), visitor))
            .counts();
        assert_eq!(counts, (4, 0, 0));
    }
    assert_eq!(
        collector.batch(&ui, &relayed("c1", Some("m1"), "d")).counts(),
        (4, 0, 0)
    );
    assert_eq!(
        collector.batch(&cluster, &relayed("c3", None, "e")).counts(),
        (4, 0, 0)
    );
    let usage = ask(&collector, "ui-use", &[]);
    let row = &usage["rows"][0];
    assert_eq!(
        ["logIns", "pageViews", "userDays", "installations"].map(|name| row[name].clone()),
        [json!(5), json!(10), json!(5), json!(2)],
        "{usage}"
    );
    let pages = ask(&collector, "ui-pages", &[]);
    let row = &pages["rows"][0];
    assert_eq!(
        ["route", "pageViews", "errors", "installations"].map(|name| row[name].clone()),
        [json!("/nodes/:id"), json!(10), json!(5), json!(2)],
        "{pages}"
    );
    let reliability = ask(&collector, "ui-reliability", &["--version", "1.10"]);
    assert_eq!(reliability["rows"][0]["errors"], 5, "{reliability}");
    // A log-in says in its traits of which version the interface is.
    let by_version = ask(&collector, "ui-use", &["--version", "1.10"]);
    assert_eq!(by_version["rows"][0]["logIns"], 5, "{by_version}");
    let one = ask(&collector, "ui-use", &["--cluster", "c1"]);
    assert_eq!(
        ["logIns", "pageViews"].map(|name| one["rows"][0][name].clone()),
        [json!(2), json!(4)],
        "{one}"
    );
    let mut noted = relayed("c1", Some("m1"), "f");
    noted["integrations"] = json!({"All": true, "note": "of-a-browser"});
    assert_eq!(collector.batch(&ui, &noted).counts(), (4, 0, 0));
    let exported = run(collector.data(), &["export"]).stdout;
    assert!(!String::from_utf8_lossy(&exported).contains("of-a-browser"));
    assert_eq!(
        crate::deletion::found(collector.data(), &["of-a-browser"]),
        [""; 0]
    );
    // Nothing of a browser's own word about clusters is kept.
    let direct = collector.messages();
    let direct = direct.iter().filter(|message| message["anonymousId"] == "d");
    for message in direct {
        let text = message.to_string();
        assert!(
            !text.contains("clusterId") && !text.contains("reporter"),
            "{text}"
        );
    }
}

#[test]
fn a_cluster_that_is_forgotten_takes_its_interface_along() {
    let mut collector = TestCollector::start();
    let cluster = collector.key("cluster");
    collector.batch(&cluster, &relayed("c1", Some("m1"), "visitor-a"));
    collector.batch(&cluster, &relayed("c2", Some("m2"), "visitor-b"));
    let forgotten = run(collector.data(), &["forget", "--cluster-id", "c1"]);
    assert!(forgotten.status.success(), "{forgotten:?}");
    crate::deletion::settle(collector.data());
    let usage = ask(&collector, "ui-use", &[]);
    assert_eq!(usage["rows"][0]["pageViews"], 2, "{usage}");
    // It is answered as if it were taken.
    collector.batch(&cluster, &relayed("c1", Some("m1"), "visitor-c"));
    assert_eq!(collector.messages().len(), 4);
    assert!(collector.stop().success());
    let check = run(collector.data(), &["rebuild", "--check"]);
    assert!(check.status.success(), "{check:?}");
}
