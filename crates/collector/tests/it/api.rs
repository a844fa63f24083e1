//! Questions over HTTP: who may ask, in which forms answers come, and that nobody is held up.

use std::collections::BTreeSet;

use heliograph_collector::question;
use serde_json::{Value, json};

use crate::client::{Answer, basic};
use crate::collector::{TestCollector, run};

/// Days that the fleet reports on.
pub(crate) const DAYS: &str = "from=2025-03-01&to=2025-03-03";
const CLUSTERS: u32 = 7;

/// A collector that a small fleet has reported to, and its tokens.
pub(crate) struct Asked {
    pub(crate) collector: TestCollector,
    read: String,
    support: String,
}

/// What the fleet sends: seven clusters of three versions on three days, one of them with a unit that fails.
pub(crate) fn reports() -> Vec<Value> {
    let mut reports = Vec::new();
    for cluster in 0..CLUSTERS {
        for day in 1..=3 {
            for hour in [0, 9, 23] {
                let at = format!("2025-03-{day:02}T{hour:02}");
                let message = |event: &str, properties: Value| {
                    json!({
                        "type": "track", "event": event, "anonymousId": format!("c{cluster}"),
                        "messageId": format!("c{cluster}:{event}:{at}Z"), "timestamp": format!("{at}:05:00Z"),
                        "properties": properties,
                    })
                };
                let common = json!({
                    "clusterId": format!("c{cluster}"), "environmentVersion": format!("1.{}", 9 + cluster % 3),
                    "provider": "aws", "variant": "open",
                });
                let with = |own: Value| {
                    let mut all = common.clone();
                    all.as_object_mut()
                        .unwrap()
                        .append(&mut own.as_object().unwrap().clone());
                    all
                };
                reports.push(message(
                    "health",
                    with(json!({
                        "health-unit-a,b-total": 4, "health-unit-a,b-unhealthy": u32::from(cluster == 3),
                        "health-unit-c-total": 2.0, "health-unit-c-unhealthy": 0, "health-unit-c-unknown": 1,
                    })),
                ));
                reports.push(message("mesos_track", with(json!({
                    "cpu_total": 8.5, "task_count": 3, "frameworks": [{"name": "marathon"}, {"name": "say \"hi\""}],
                }))));
                reports.push(message(
                    "package_list",
                    with(json!({"package_list": [{"name": "kafka"}]})),
                ));
            }
        }
    }
    reports
}

impl Asked {
    pub(crate) fn start() -> Asked {
        let collector = TestCollector::start();
        let key = collector.key("cluster");
        let token = |scope: &str| {
            let output = run(collector.data(), &["token", "add", "--scope", scope]);
            assert!(output.status.success(), "{output:?}");
            String::from_utf8(output.stdout).unwrap().trim_end().to_owned()
        };
        let (read, support) = (token("read"), token("support"));
        for batch in reports().chunks(100) {
            let sent = u64::try_from(batch.len()).unwrap();
            assert_eq!(
                collector.batch(&key, &json!({"batch": batch})).counts(),
                (sent, 0, 0)
            );
        }
        Asked {
            collector,
            read,
            support,
        }
    }

    fn get(&self, path: &str) -> Answer {
        self.with(path, &[])
    }

    fn with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.by(&self.read, path, headers)
    }

    fn by(&self, token: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {token}");
        let headers = [&[("Authorization", bearer.as_str())], headers].concat();
        self.collector.client().send("GET", path, &headers, b"").unwrap()
    }
}

/// Status and code of problem details.
fn problem(answer: &Answer) -> (u16, String) {
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.json()["status"], answer.status);
    (answer.status, answer.json()["code"].as_str().unwrap().to_owned())
}

fn text(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.body));
    String::from_utf8(answer.body.clone()).unwrap()
}

/// What is asked for next.
fn next(answer: &Answer) -> Option<String> {
    let link = answer.header("link")?;
    let (url, rel) = link.strip_prefix('<').unwrap().split_once('>').unwrap();
    assert_eq!(rel, "; rel=\"next\"");
    Some(url.to_owned())
}

#[test]
fn every_question_is_answered_in_both_forms() {
    let asked = Asked::start();
    let listed = asked.get("/api/v1/");
    assert_eq!(listed.header("content-type"), Some("application/json"));
    assert_eq!(asked.get("/api/v1").json(), listed.json());
    let listed = listed.json()["questions"].as_array().unwrap().clone();
    assert_eq!(listed.len(), question::ALL.len());
    let mut rows = 0;
    for (listed, known) in listed.iter().zip(question::ALL) {
        assert_eq!(
            (&listed["name"], &listed["about"]),
            (&json!(known.name), &json!(known.about))
        );
        let parameters = listed["parameters"].as_array().unwrap();
        assert_eq!(parameters[0]["name"], "from");
        assert_eq!(parameters.len(), known.parameters().count());
        let path = format!("{}?{DAYS}", listed["path"].as_str().unwrap());
        let answer = asked.by(&asked.support, &path, &[]);
        if answer.status == 400 {
            // It needs to be told more.
            assert_eq!(problem(&answer).1, "invalid_parameter");
            continue;
        }
        let json = answer.json();
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some("application/json")),
            "{json}"
        );
        assert_eq!(
            (&json["from"], &json["to"]),
            (&json!("2025-03-01"), &json!("2025-03-03"))
        );
        assert!(json["installations"].is_u64() && json["total"].is_object());

        let csv = asked.by(&asked.support, &path, &[("Accept", "text/csv")]);
        assert_eq!(
            csv.header("content-type"),
            Some("text/csv; charset=utf-8; header=present")
        );
        assert_eq!(
            text(&asked.by(&asked.support, &format!("{path}&format=csv"), &[])),
            text(&csv)
        );
        let csv = text(&csv);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let records: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let all = json["rows"].as_array().unwrap();
        rows += all.len();
        assert_eq!((records.len(), &json["count"]), (all.len(), &json!(all.len())));
        for (row, record) in all.iter().zip(&records) {
            let of_row: BTreeSet<&String> = row.as_object().unwrap().keys().collect();
            assert_eq!(of_row, names.iter().collect(), "{}", known.name);
            for (name, cell) in names.iter().zip(record) {
                let told = match &row[name] {
                    Value::String(text) => text.clone(),
                    Value::Null => String::new(),
                    other => other.to_string(),
                };
                assert_eq!(told, cell, "{} {name}", known.name);
            }
        }
    }
    assert!(rows > 10);

    // Nothing is known of these days: there is a header all the same.
    let empty = asked.get("/api/v1/component-reliability?from=2024-01-01&to=2024-01-02&format=csv");
    let expected = "unit,start,group,observed,unhealthy,unknown,share,installations,affected\n";
    assert_eq!(text(&empty), expected);
}

#[test]
fn answers_are_numbers_that_were_sent() {
    let asked = Asked::start();
    let worst = asked.get(&format!("/api/v1/component-reliability?{DAYS}")).json();
    assert_eq!(worst["rows"][0]["unit"], "a,b");
    let units = |row: &Value, name: &str| row[name].as_u64().unwrap();
    assert_eq!(
        (
            units(&worst["rows"][0], "observed"),
            units(&worst["rows"][0], "unhealthy")
        ),
        (7 * 9 * 4, 9)
    );
    assert_eq!(
        (
            units(&worst["rows"][0], "affected"),
            units(&worst, "installations")
        ),
        (1, 7)
    );
    let of_version = asked
        .get(&format!(
            "/api/v1/component-reliability?{DAYS}&version=1.10&unit=c"
        ))
        .json();
    assert_eq!(units(&of_version["rows"][0], "observed"), 2 * 9 * 2);
}

#[test]
fn answers_say_which_installations_count_and_how_many_do_not() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let all = asked.get(&path);
    assert_eq!(
        (&all.json()["counted"], &all.json()["leftOut"]),
        (&json!({"tiers": [], "flags": [], "without": []}), &json!(0))
    );
    assert_eq!(
        (
            all.header("heliograph-installations"),
            all.header("heliograph-counted")
        ),
        (Some("7"), None)
    );
    let some = asked
        .get(&format!("{path}&tier=silent&tier=recurring&without=clone"))
        .json();
    assert_eq!((&some["installations"], &some["leftOut"]), (&json!(7), &json!(0)));
    let counted = json!({"tiers": ["recurring", "silent"], "flags": [], "without": ["clone"]});
    assert_eq!(some["counted"], counted);
    // As of the day after, they are silent.
    let after = asked.get("/api/v1/active-installations?from=2025-03-01&to=2025-03-04&tier=silent");
    assert_eq!(after.json()["installations"], 7);
    let none = asked.with(
        &format!("{path}&tier=confirmed&flag=ci"),
        &[("Accept", "text/csv")],
    );
    assert_eq!(text(&none), "start,group,installations,share\n");
    for (name, told) in [
        ("heliograph-installations", "0"),
        ("heliograph-counted", "tier confirmed, flag ci"),
        ("heliograph-left-out", "7"),
    ] {
        assert_eq!(none.header(name), Some(told));
    }
    let wrong = asked.get(&format!("{path}&tier=old"));
    assert_eq!(problem(&wrong).0, 400);
    assert!(text_of(&wrong).contains("one of `new`, `recurring`, `confirmed`, `silent`"));
    // What means nothing to a question is refused, rather than not heeded.
    let refused = asked.get(&format!("/api/v1/ingest-quality?{DAYS}&version=1.9"));
    assert_eq!(
        (problem(&refused).0, refused.json()["parameter"].clone()),
        (400, json!("version"))
    );
}

fn text_of(answer: &Answer) -> String {
    String::from_utf8_lossy(&answer.body).into_owned()
}

#[test]
fn pages_follow_each_other_to_the_end() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let all = asked.get(&path).json();
    let all = all["rows"].as_array().unwrap();
    assert_eq!(all.len(), 9);
    let mut told = Vec::new();
    let mut at = Some(format!("{path}&limit=4"));
    let mut pages = 0;
    while let Some(path) = at {
        let page = asked.get(&path);
        let json = page.json();
        assert_eq!(json["count"], 9);
        told.extend(json["rows"].as_array().unwrap().iter().cloned());
        at = next(&page);
        assert_eq!(json["next"].as_u64().is_some(), at.is_some(), "{json}");
        pages += 1;
    }
    assert_eq!((pages, &told), (3, all));

    let mut lines = Vec::new();
    let mut at = Some(
        "/api/v1/active-installations?to=2025-03-03&version=1.9&version=1.11&format=csv&limit=5".to_owned(),
    );
    while let Some(path) = at {
        let page = asked.get(&path);
        assert!(path.contains("version=1.9&version=1.11"), "{path}");
        lines.extend(text(&page).lines().skip(1).map(str::to_owned));
        at = next(&page);
        // The days of the first page, whatever day it is by then.
        assert!(
            at.as_ref()
                .is_none_or(|path| path.contains("from=2025-02-02&to=2025-03-03"))
        );
    }
    assert_eq!(lines.len(), 6);
    assert_eq!(asked.get(&format!("{path}&offset=100")).json()["rows"], json!([]));
}

#[test]
fn what_has_not_changed_is_not_sent_again() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let first = asked.get(&path);
    let tag = first.header("etag").unwrap();
    assert!(tag.starts_with('"'));
    assert_eq!(first.header("cache-control"), Some("private, no-cache"));
    assert_eq!(first.header("vary"), Some("Accept, Authorization, Cookie"));
    for stated in [tag, &format!("\"x\", W/{tag}")] {
        let again = asked.with(&path, &[("If-None-Match", stated)]);
        assert_eq!(
            (again.status, again.body.len(), again.header("etag")),
            (304, 0, Some(tag))
        );
        assert!(again.header("content-type").is_none());
    }
    let csv = asked.with(&path, &[("If-None-Match", tag), ("Accept", "text/csv")]);
    assert_eq!(csv.status, 200);

    let bearer = format!("Bearer {}", asked.read);
    let request = format!("HEAD {path} HTTP/1.1\r\nHost: test\r\nAuthorization: {bearer}\r\n\r\n");
    let mut client = asked.collector.client();
    client.raw(request.as_bytes()).unwrap();
    let head = client.head().unwrap();
    let length = first.body.len().to_string();
    assert_eq!((head.status, head.header("etag")), (200, Some(tag)));
    assert_eq!(head.header("content-length"), Some(length.as_str()));
    // No body came behind it.
    let headers = [("Authorization", bearer.as_str())];
    assert_eq!(client.send("GET", &path, &headers, b"").unwrap().body, first.body);

    // One more installation, and it is another answer.
    let key = asked.collector.key("cluster");
    let mut report = reports().swap_remove(0);
    report["anonymousId"] = json!("c9");
    report["messageId"] = json!("c9:health:2025-03-01T00Z");
    assert_eq!(
        asked.collector.batch(&key, &json!({"batch": [report]})).counts(),
        (1, 0, 0)
    );
    let changed = asked.with(&path, &[("If-None-Match", tag)]);
    assert_eq!(
        (changed.status, &changed.json()["installations"]),
        (200, &json!(8))
    );
}

#[test]
fn a_token_says_who_may_ask_what() {
    let asked = Asked::start();
    let path = format!("/api/v1/active-installations?{DAYS}");
    let key = basic(&asked.collector.key("server"));
    for headers in [
        &[][..],
        &[("Authorization", key.as_str())],
        &[("Authorization", "Bearer hgt_unknown")],
    ] {
        for path in [
            path.as_str(),
            "/api/v1/",
            "/api/v1/nothing",
            "/api/v1/active-installations?x=1",
        ] {
            let refused = asked.collector.client().send("GET", path, headers, b"").unwrap();
            assert_eq!(problem(&refused), (401, "invalid_token".to_owned()));
            assert_eq!(refused.header("www-authenticate"), Some("Bearer"));
        }
    }
    // The fleet is one thing, a single cluster is another.
    let of_cluster = format!("{path}&cluster=c3");
    assert_eq!(
        problem(&asked.get(&of_cluster)),
        (403, "insufficient_scope".to_owned())
    );
    let answer = asked.by(&asked.support, &of_cluster, &[]);
    assert_eq!(answer.json()["installations"], 1);
    assert_eq!(answer.header("cache-control"), Some("no-store"));
    assert_eq!(asked.by(&asked.support, &path, &[]).status, 200);

    let from_elsewhere = asked.with(&path, &[("Origin", "https://elsewhere.example")]);
    assert!(
        !from_elsewhere
            .headers
            .iter()
            .any(|(name, _)| name.starts_with("access-control"))
    );
    let asks_first =
        asked
            .collector
            .client()
            .send("OPTIONS", &path, &[("Origin", "https://elsewhere.example")], b"");
    assert_eq!(asks_first.unwrap().status, 405);
    assert_eq!(
        asked
            .collector
            .client()
            .send("POST", &path, &[], b"")
            .unwrap()
            .status,
        405
    );
}

#[test]
fn what_is_wrong_is_told() {
    let asked = Asked::start();
    for (query, parameter, expected) in [
        ("verson=1", "verson", "did you mean `version`?"),
        ("from=yesterday", "from", "a day, as 2026-11-22"),
        ("from=2025-03-02&to=2025-03-01", "from", "is after `to`"),
        ("from=1990-01-01&to=2025-01-01", "from", "more than the 4000"),
        ("from=-999999-01-01", "from", "a day"),
        ("per=hour", "per", "one of `day`"),
        ("by=", "by", "`none`"),
        ("limit=0", "limit", "a number from 1 to 10000"),
        ("limit=10001", "limit", "a number from 1 to 10000"),
        ("limit=5&limit=5", "limit", "more than once"),
        ("offset=-1", "offset", "a number of rows"),
        ("offset=99999999999999999999999", "offset", "a number of rows"),
        ("format=xml", "format", "json or csv or table"),
        ("%00=%ff", "\u{0}", "there is no filter"),
    ] {
        let answer = asked.get(&format!("/api/v1/active-installations?{query}"));
        assert_eq!(problem(&answer), (400, "invalid_parameter".to_owned()), "{query}");
        let json = answer.json();
        assert_eq!(json["parameter"], parameter, "{query}");
        assert!(json["detail"].as_str().unwrap().contains(expected), "{json}");
        assert!(json["allowed"].is_array());
    }
    let unknown = asked.get("/api/v1/activ-installation");
    assert_eq!(problem(&unknown), (404, "not_found".to_owned()));
    assert_eq!(unknown.json()["close"][0], "active-installations");
    assert_eq!(asked.get("/api/v1/%ff").status, 404);
    let neither = asked.with("/api/v1/active-installations", &[("Accept", "text/html")]);
    assert_eq!(problem(&neither), (406, "not_acceptable".to_owned()));
    // What is said in the URL is said on purpose.
    let said = asked.with(
        "/api/v1/active-installations?format=csv",
        &[("Accept", "text/html")],
    );
    assert_eq!(said.status, 200);
    assert_eq!(
        asked
            .get(&format!(
                "/api/v1/active-installations?{DAYS}&offset=18446744073709551615"
            ))
            .json()["rows"],
        json!([])
    );
}

#[test]
fn whoever_asks_a_lot_holds_up_nobody() {
    let asked = Asked::start();
    let bearer = format!("Bearer {}", asked.read);
    let path = "/api/v1/component-reliability?from=2015-01-01&to=2025-12-01&per=day";
    // More than may wait, all at once, and half of them go away again.
    let mut clients: Vec<_> = (0..60).map(|_| asked.collector.client()).collect();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nAuthorization: {bearer}\r\n\r\n");
    for client in &mut clients {
        client.raw(request.as_bytes()).unwrap();
    }
    clients.truncate(30);
    let key = asked.collector.key("cluster");
    let mut report = reports().swap_remove(0);
    report["messageId"] = json!("c0:health:2025-03-09T00Z");
    report["timestamp"] = json!("2025-03-09T00:05:00Z");
    assert_eq!(
        asked.collector.batch(&key, &json!({"batch": [report]})).counts(),
        (1, 0, 0)
    );
    let mut answered = 0;
    for client in &mut clients {
        let answer = client.answer().unwrap();
        if answer.status == 503 {
            assert_eq!(problem(&answer), (503, "busy".to_owned()));
            assert!(answer.header("retry-after").is_some());
        } else {
            assert_eq!(answer.status, 200);
            answered += 1;
        }
    }
    assert!(answered > 0);
    assert_eq!(asked.get(path).status, 200);
}

#[test]
fn the_description_is_there_for_everybody() {
    let collector = TestCollector::start();
    let mut client = collector.client();
    let answer = client.send("GET", "/api/v1/openapi.json", &[], b"").unwrap();
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    let document = answer.json();
    for known in question::ALL {
        let get = &document["paths"][format!("/api/v1/{}", known.name)]["get"];
        assert_eq!(get["summary"], known.about);
    }
    let tag = answer.header("etag").unwrap();
    let again = client
        .send("GET", "/api/v1/openapi.json", &[("If-None-Match", tag)], b"")
        .unwrap();
    assert_eq!(again.status, 304);
    let printed = run(collector.data(), &["openapi"]).stdout;
    assert_eq!(printed, answer.body);
}
