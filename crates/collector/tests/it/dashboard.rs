//! The dashboard from outside: who is let in, and that its pages say what the questions answer.

mod colours;
mod scene;
mod told;
mod walk;

use serde_json::{Value, json};

use crate::collector::{TestCollector, run};

/// All pages that need nothing more than to be asked for.
const PAGES: [&str; 9] = [
    "/overview",
    "/components",
    "/releases",
    "/packages",
    "/capacity",
    "/ui",
    "/support",
    "/live",
    "/data",
];
/// What somebody may put into a field that is shown.
const HOSTILE: &str = "\"><script>alert('x')</script>";

fn token(collector: &TestCollector, scope: &str) -> String {
    let output = run(collector.data(), &["token", "add", "--scope", scope]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Asks for a path: the status, the headers and the text.
fn get(collector: &TestCollector, token: Option<&str>, path: &str) -> (u16, String, String) {
    let header = token.map(|token| ("authorization", format!("Bearer {token}")));
    let headers: Vec<(&str, &str)> = header
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let answer = collector.client().send("GET", path, &headers, b"").unwrap();
    let marks = format!("{:?}", answer.headers);
    (answer.status, marks, String::from_utf8(answer.body).unwrap())
}

fn report(cluster: &str, version: &str, package: &str) -> Value {
    let common = json!({"clusterId": cluster, "environmentVersion": version, "provider": "aws", "variant": "open", "customerKey": "k-1"});
    let with = |more: Value| {
        let mut properties = common.clone();
        for (name, value) in more.as_object().unwrap() {
            properties[name] = value.clone();
        }
        properties
    };
    json!({"batch": [
        {"type": "track", "event": "health", "anonymousId": cluster, "messageId": format!("{cluster}-h"), "properties": with(json!({
            "health-unit-dcos-mesos-master-service-total": 3, "health-unit-dcos-mesos-master-service-unhealthy": 1,
        }))},
        {"type": "track", "event": "package_list", "anonymousId": cluster, "messageId": format!("{cluster}-p"), "properties": with(json!({
            "package_list": [{"name": package}],
        }))},
    ]})
}

#[test]
fn nobody_sees_a_page_without_being_known() {
    let collector = TestCollector::start();
    for page in PAGES.iter().chain(&[
        "/components/unit?unit=a",
        "/support/cluster?cluster=a",
        "/live/events",
        "/csv/capacity",
    ]) {
        let (status, _, text) = get(&collector, None, page);
        assert!(matches!(status, 303 | 401), "{page}: {status}");
        assert!(!text.contains("<main"), "{page}");
    }
    let read = token(&collector, "read");
    for page in [
        "/support",
        "/live",
        "/live/events",
        "/support/cluster?cluster=a",
        "/overview?cluster=a",
        "/csv/installations",
    ] {
        let (status, _, text) = get(&collector, Some(&read), page);
        assert_eq!(status, 403, "{page}: {text}");
    }
}

#[test]
fn a_fresh_collector_says_how_to_get_the_first_report_in() {
    let collector = TestCollector::start();
    let (status, marks, text) = get(&collector, Some(&token(&collector, "support")), "/overview");
    assert_eq!(status, 200, "{text}");
    assert!(
        text.contains("heliograph-collector key add --kind cluster"),
        "{text}"
    );
    assert!(text.contains("http://test"), "{text}");
    assert!(marks.contains("default-src 'none'"), "{marks}");
    for page in PAGES {
        let (status, _, text) = get(&collector, Some(&token(&collector, "support")), page);
        assert_eq!(status, 200, "{page}: {text}");
    }
}

#[test]
fn pages_say_what_the_questions_answer_and_run_nothing_that_anybody_sent() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    for number in 0..6 {
        let cluster = format!("{number}2cbbf53-9776-4670-8ec0-4c50729ff669");
        let answer = collector.batch(&key, &report(&cluster, "1.10.2", HOSTILE));
        assert_eq!(answer.status, 200, "{answer:?}");
    }
    let support = token(&collector, "support");
    let page = |path: &str| {
        let (status, marks, text) = get(&collector, Some(&support), path);
        assert_eq!(status, 200, "{path}: {text}");
        assert!(
            !text.contains("<script>") && !text.contains("alert('x')"),
            "{path}: {text}"
        );
        assert!(marks.contains("nosniff"), "{path}: {marks}");
        text
    };
    for path in PAGES {
        page(path);
    }
    let (_, _, answer) = get(&collector, Some(&support), "/api/v1/component-reliability");
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (
            &answer["rows"][0]["installations"],
            &answer["rows"][0]["unhealthy"]
        ),
        (&json!(6), &json!(6))
    );
    let text = page("/components");
    assert!(
        text.contains("33.3%") && text.contains("6 installations"),
        "{text}"
    );
    let text = page("/components/unit?unit=dcos-mesos-master-service&version=1.10.2");
    assert!(
        text.contains("<h1>dcos-mesos-master-service</h1>") && text.contains("33.3%"),
        "{text}"
    );
    assert!(page("/overview").contains(">6</a>"));
    // A filter that leaves nobody.
    assert!(page("/components?version=9").contains("Not enough data"));
    let text = page(&format!(
        "/overview?version={}",
        "%22%3E%3Cscript%3Ealert('x')%3C/script%3E"
    ));
    assert!(
        text.contains("&lt;script&gt;") || text.contains("&#60;script&#62;"),
        "{text}"
    );
    let text = page("/support?search=k-1");
    assert!(text.contains("6 clusters are found"), "{text}");
    let cluster = "02cbbf53-9776-4670-8ec0-4c50729ff669";
    let text = page(&format!("/support/cluster?cluster={cluster}"));
    assert!(text.contains("first report") && text.contains("1.10.2"), "{text}");
    let text = page(&format!("/live?cluster={cluster}"));
    assert!(
        text.contains(&format!("{cluster}-h")) && !text.contains("12cbbf53"),
        "{text}"
    );
    // The figure as a file, and the rows as a table.
    let (status, marks, svg) = get(&collector, Some(&support), "/components?svg=map");
    assert!(
        status == 200 && marks.contains("attachment") && svg.contains("</svg>"),
        "{svg}"
    );
    let (status, _, csv) = get(
        &collector,
        Some(&support),
        "/csv/component-reliability?per=all&version=1.10.2",
    );
    assert!(status == 200 && csv.starts_with("unit,start,group"), "{csv}");
    assert_eq!(get(&collector, Some(&support), "/components?from=x").0, 400);
    assert_eq!(get(&collector, Some(&support), "/components?svg=none").0, 404);
}
