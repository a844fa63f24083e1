//! What single pages tell: each report of a cluster as it came, what may be collected, and what was deleted.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::browser::{Browser, add_user, text};
use crate::collector::{BINARY, TestCollector, run};
use crate::deletion::settle;
use crate::plan_dir::{declared, example};

const CLUSTER: &str = "a2cbbf53-9776-4670-8ec0-4c50729ff669";
const OTHER: &str = "b2cbbf53-9776-4670-8ec0-4c50729ff669";
/// Batches that come after all that is looked for.
const LATER: usize = 420;

fn report(cluster: &str, day: u32, hour: u32) -> Value {
    json!({"type": "track", "event": "health", "anonymousId": cluster, "messageId": format!("{cluster}:health:2026-10-{day:02}T{hour:02}Z"),
        "timestamp": format!("2026-10-{day:02}T{hour:02}:07:00Z"),
        "properties": {"clusterId": cluster, "environmentVersion": "1.10", "health-unit-dcos-mesos-master-service-total": 3}})
}

/// Where a link of a page leads.
fn link(page: &str, label: &str) -> Option<String> {
    let (before, _) = page.split_once(&format!("\">{label}</a>"))?;
    let (_, href) = before.rsplit_once("href=\"")?;
    Some(href.replace("&amp;", "&").replace("&#38;", "&"))
}

/// What a fresh collector tells to do can be done: its own commands, as they stand on the page, in a shell.
#[test]
fn what_a_fresh_collector_shows_works() {
    let collector = TestCollector::start();
    add_user(collector.data(), "ada", "admin");
    let page = text(&Browser::of(&collector, "ada").get("/overview"));
    let blocks = page
        .split("<code>")
        .skip(1)
        .map(|part| part.split("</code>").next().unwrap());
    let lines: Vec<&str> = blocks.flat_map(str::lines).collect();
    let mut keys = Vec::new();
    for line in lines
        .iter()
        .filter(|line| line.starts_with("heliograph-collector key "))
    {
        let folder = Path::new(BINARY).parent().unwrap();
        let output = Command::new("sh")
            .args(["-c", line])
            .env("PATH", format!("{}:/usr/bin:/bin", folder.display()))
            .output()
            .unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
        keys.push(String::from_utf8(output.stdout).unwrap().trim().to_owned());
    }
    let [cluster, _ui, server] = &keys[..] else {
        panic!("{lines:?}");
    };
    assert_eq!(
        collector
            .batch(cluster, &json!({"batch": [report(CLUSTER, 20, 1)]}))
            .counts(),
        (1, 0, 0)
    );
    let own = json!({"type": "track", "event": "x", "userId": "u", "messageId": "m"});
    assert_eq!(
        collector.batch(server, &json!({"batch": [own]})).counts(),
        (1, 0, 0)
    );
    // The configuration names the collector as whoever looks has reached it.
    assert!(
        lines.contains(&"sink = &#34;http://test&#34;") || page.contains("sink = \"http://test\""),
        "{lines:?}"
    );
    let page = text(&Browser::of(&collector, "ada").get("/overview?from=2026-10-01&to=2026-10-31"));
    assert!(!page.contains("No report has arrived yet"), "{page}");
}

#[test]
fn each_report_of_a_cluster_can_be_reached() {
    let collector = TestCollector::start();
    add_user(collector.data(), "support-1", "support");
    let key = collector.key("cluster");
    let mut client = collector.client();
    let mut told = Vec::new();
    // Thirty hours of two days, of both, in batches of their own; and what no report is.
    for (day, hours) in [(20, 10..24), (21, 0..16)] {
        for hour in hours {
            for cluster in [CLUSTER, OTHER] {
                let batch = json!({"batch": [report(cluster, day, hour)]});
                assert_eq!(client.batch(&key, &batch).unwrap().counts(), (1, 0, 0));
            }
            told.push(format!("{CLUSTER}:health:2026-10-{day:02}T{hour:02}Z"));
        }
    }
    let installed = json!({"type": "track", "event": "installation", "anonymousId": CLUSTER, "messageId": "installed-once",
        "timestamp": "2026-10-21T15:30:00Z", "properties": {"clusterId": CLUSTER, "action": "install", "outcome": "succeeded"}});
    assert_eq!(
        client.batch(&key, &json!({"batch": [installed]})).unwrap().status,
        200
    );
    for number in 0..LATER {
        let batch = json!({"batch": [{"type": "track", "event": "x", "anonymousId": OTHER, "messageId": format!("later-{number}")}]});
        assert_eq!(client.batch(&key, &batch).unwrap().status, 200);
    }
    let mut browser = Browser::of(&collector, "support-1");
    let mut page = |path: &str| {
        let page = browser.get(path);
        assert_eq!(page.status, 200, "{path}: {}", text(&page));
        let text = text(&page);
        assert!(
            !text.contains(OTHER) && !text.contains("later-"),
            "{path}: {text}"
        );
        text
    };
    let of_cluster = page(&format!(
        "/support/cluster?cluster={CLUSTER}&from=2026-10-20&to=2026-10-21"
    ));
    let first = page(&link(&of_cluster, "Raw reports").unwrap());
    let (shown, rest) = (told.split_off(6), told);
    assert!(shown.iter().all(|id| first.contains(id)), "{first}");
    assert!(!rest.iter().any(|id| first.contains(id)), "{first}");
    assert!(
        first.find(shown.last().unwrap()) < first.find(&shown[0]),
        "the latest first"
    );
    // The very message, in a form for people.
    assert!(
        first.contains("health-unit-dcos-mesos-master-service-total") && link(&first, "The latest").is_none()
    );
    let older = page(&link(&first, "Older ones").unwrap());
    assert!(
        rest.iter().all(|id| older.contains(id)) && !shown.iter().any(|id| older.contains(id)),
        "{older}"
    );
    assert!(
        link(&older, "Older ones").is_none() && link(&older, "The latest").is_some(),
        "{older}"
    );

    // What stands in no index is found step by step.
    assert!(!first.contains("installed-once"));
    let mut path = link(&first, "Search the messages of all").unwrap();
    let mut steps = 1;
    loop {
        let found = page(&path);
        if found.contains("installed-once") {
            break;
        }
        path = link(&found, "Older ones").unwrap_or_else(|| panic!("{found}"));
        steps += 1;
    }
    assert_eq!(steps, 2);
}

#[test]
fn data_tells_the_whole_plan_and_has_receipts() {
    let (_dir, data) = declared(&[("example.toml", &example())]);
    let collector = TestCollector::in_dir(&data, &[("retention_raw", "30d"), ("unplanned", "strip")]);
    for role in ["viewer", "support"] {
        add_user(&data, &format!("{role}-1"), role);
    }
    let key = collector.key("cluster");
    assert_eq!(
        collector
            .batch(&key, &json!({"batch": [report(CLUSTER, 20, 1)]}))
            .status,
        200
    );
    let forgotten = run(&data, &["forget", "--cluster-id", CLUSTER]);
    assert!(forgotten.status.success(), "{forgotten:?}");
    settle(&data);
    let mut support = Browser::of(&collector, "support-1");
    let page = text(&support.get("/data"));
    for told in [
        "backup_finished",
        "Declared for this collector",
        "health-unit-&#60;unit&#62;-total",
        "ui_error",
        "30 days",
        "Properties are taken out",
        "accepted",
    ] {
        assert!(page.contains(told), "{told}: {page}");
    }
    let receipt = link(&page, "receipt").unwrap();
    let file = support.get(&receipt);
    let disposition = file.header("content-disposition").unwrap_or_default();
    assert!(
        file.status == 200 && disposition.starts_with("attachment"),
        "{file:?}"
    );
    let printed = run(&data, &["deletions", "--receipt", "1"]);
    assert_eq!(text(&file), String::from_utf8(printed.stdout).unwrap().trim_end());
    assert_eq!(support.get("/data/receipt?deletion=9").status, 404);
    // Who was deleted when is not for everybody.
    let mut viewer = Browser::of(&collector, "viewer-1");
    assert!(!text(&viewer.get("/data")).contains("/data/receipt"));
    assert_eq!(viewer.get(&receipt).status, 403);
}
