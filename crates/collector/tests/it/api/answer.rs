//! What is answered.

use std::collections::BTreeSet;

use heliograph_collector::question;
use serde_json::{Value, json};

use super::{Asked, DAYS, problem, text};
use crate::client::Answer;
use crate::collector::{TestCollector, run};

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
