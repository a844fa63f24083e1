//! The sink, well and not so well: what is tried again within a report, what is kept for the next, what is neither, and how it
//! exits. What the messages look like is in [`crate::message`].

use std::time::Duration;

use heliograph_fleet::sink::{Answer, SinkRequest};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::small;
use heliograph_fleet::front::Front;

fn cluster() -> Cluster {
    Cluster::of(small::documents())
}

/// A cluster whose sink gives these answers.
fn answered(answers: Vec<Answer>) -> Cluster {
    let cluster = cluster();
    cluster.sink.script(answers);
    cluster
}

fn with_headers(code: u16, headers: &[(&str, &str)]) -> Answer {
    let headers = headers
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Answer::Status {
        code,
        headers: headers.collect(),
        body: "{}".to_owned(),
    }
}

fn ids(request: &SinkRequest) -> Vec<Value> {
    request
        .messages()
        .iter()
        .map(|message| message["messageId"].clone())
        .collect()
}

#[test]
fn once_is_enough() {
    let cluster = cluster();
    cluster
        .run(&["report"])
        .exits(0)
        .logs("delivered")
        .has_no_complaint();
    assert_eq!(cluster.sink.requests().len(), 1);
    assert_eq!(cluster.sink.messages().len(), 3);
}

#[test]
fn what_passes_is_tried_again() {
    for answer in [
        Answer::status(500),
        Answer::status(503),
        Answer::status(429),
        Answer::status(408),
        Answer::Reset,
    ] {
        let cluster = answered(vec![answer.clone()]);
        cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(cluster.sink.requests().len(), 2, "{answer:?}");
        assert_eq!(cluster.sink.messages().len(), 3, "{answer:?}");
    }
}

#[test]
fn a_lost_answer_repeats_the_same_ids() {
    let cluster = answered(vec![Answer::CloseBeforeAnswer]);
    cluster.run(&["report"]).exits(0);
    let requests = cluster.sink.requests();
    assert_eq!(requests.len(), 2);
    assert_eq!(
        ids(&requests[0]),
        ids(&requests[1]),
        "a receiver must see that it is the same report"
    );
}

/// In seconds, or as a date, which is told by the sink's clock, whatever ours says.
#[test]
fn retry_after_is_waited_for() {
    let date = [
        ("Date", "Fri, 01 Jan 2038 00:00:58 GMT"),
        ("Retry-After", "Fri, 01 Jan 2038 00:01:00 GMT"),
    ];
    for headers in [&[("Retry-After", "2")][..], &date] {
        let cluster = answered(vec![with_headers(429, headers)]);
        let front = Front::of(cluster.sink.addr(), None);
        let cluster = cluster.set("sink", format!("http://127.0.0.1:{}", front.port()));
        cluster.run(&["report"]).exits(0);
        let passed = front.passed();
        assert_eq!(passed.len(), 2);
        let gap = passed[1].at - passed[0].at;
        assert!(
            gap >= Duration::from_millis(1990),
            "{headers:?}: asked again after {gap:?}"
        );
        assert!(
            gap < Duration::from_secs(20),
            "{headers:?}: asked again only after {gap:?}, far later than was asked for"
        );
    }
}

#[test]
fn a_wait_beyond_the_cycles_time_is_not_begun() {
    let cluster = answered(vec![with_headers(429, &[("Retry-After", "3600")])]);
    let run = cluster
        .run(&["report"])
        .exits(0)
        .logs("kept")
        .logs("the sink answered 429");
    assert!(run.took < Duration::from_secs(15), "took {:?}", run.took);
    assert_eq!(cluster.sink.requests().len(), 1);
}

/// Such an answer says that something in the batch is wrong, so it is asked for in halves, each message alone at last. A sink that
/// takes none of them has another fault than our messages: all are kept for when it is mended.
#[test]
fn a_sink_that_refuses_everything_costs_nothing() {
    for code in [400, 413, 422] {
        let cluster = answered(vec![Answer::status(code); 20]);
        cluster
            .run(&["report"])
            .exits(0)
            .logs("kept")
            .logs(&code.to_string());
        let requests = cluster.sink.requests();
        let alone: Vec<_> = requests
            .iter()
            .map(ids)
            .filter(|ids| ids.len() == 1)
            .flatten()
            .collect();
        assert_eq!((requests.len(), alone.len()), (5, 3), "{code}: {alone:?}");

        cluster.sink.script(vec![]);
        let cluster = cluster
            .set("diagnostics_urls", json!([]))
            .set("cosmos_urls", json!([]))
            .set("mesos_urls", json!([]));
        cluster.run(&["report"]).exits(0);
        assert_eq!(
            cluster.delivered().len(),
            3,
            "{code}: it arrives once the sink is mended"
        );
    }
}

#[test]
fn what_the_sink_does_take_after_all_is_delivered() {
    let cluster = answered(vec![Answer::status(400)]);
    cluster.run(&["report"]).exits(0);
    assert_eq!(cluster.delivered().len(), 3);
}

#[test]
fn a_wrong_key_is_not_tried_again_and_named() {
    for code in [401, 403] {
        let cluster = answered(vec![Answer::status(code)]);
        cluster.run(&["report"]).exits(0).logs("kept").logs("write key");
        assert_eq!(cluster.sink.requests().len(), 1, "{code}");
    }
}

#[test]
fn other_statuses_end_the_cycles_tries() {
    for code in [204, 404, 405, 407, 410] {
        let cluster = answered(vec![Answer::status(code)]);
        cluster
            .run(&["report"])
            .exits(0)
            .logs("kept")
            .logs(&code.to_string());
        assert_eq!(cluster.sink.requests().len(), 1, "{code}");
    }
}

#[test]
fn a_captive_portal_is_no_sink() {
    let cluster = answered(vec![Answer::NotSegment]);
    cluster
        .run(&["report"])
        .exits(0)
        .logs("kept")
        .logs("captive portal");
    assert_eq!(cluster.sink.requests().len(), 1);
}

#[test]
fn a_success_that_is_none_is_not_believed() {
    for body in [
        r#"{"success":false}"#,
        "{}",
        "[]",
        "",
        "OK",
        r#"{"success":"true"}"#,
    ] {
        let cluster = answered(vec![Answer::Status {
            code: 200,
            headers: vec![],
            body: body.to_owned(),
        }]);
        let run = cluster.run(&["report"]);
        assert_eq!(run.code, 0, "{body:?}\n{}", run.log);
        assert!(run.log.contains("kept"), "{body:?}\n{}", run.log);
    }
}

#[test]
fn a_sink_that_says_nothing_is_left_in_time() {
    let cluster = answered(vec![Answer::Hang; 10]).set("delivery_timeout", "1s");
    let run = cluster
        .run(&["report"])
        .exits(0)
        .logs("kept")
        .logs("no answer within");
    assert!(run.took < Duration::from_secs(15), "took {:?}", run.took);
}

#[test]
fn a_sink_that_resets_is_tried_until_the_time_is_up() {
    let cluster = answered(vec![Answer::Reset; 1000]).set("delivery_timeout", "2s");
    let run = cluster
        .run(&["report"])
        .exits(0)
        .logs("kept")
        .logs("the connection broke");
    assert!(run.took < Duration::from_secs(20), "took {:?}", run.took);
    let tries = cluster.sink.requests().len();
    assert!((2..50).contains(&tries), "{tries} tries in 2 s");
}

#[test]
fn a_sink_that_refuses_is_named_with_its_reason() {
    let cluster = cluster().set("delivery_timeout", "1s");
    cluster.sink.refuse(true).unwrap();
    cluster
        .run(&["report"])
        .exits(0)
        .logs("kept")
        .logs("no connection: refused")
        .logs(&cluster.sink.url());
    assert_eq!(cluster.sink.requests().len(), 0);
}

#[test]
fn an_outage_is_one_line() {
    let cluster = answered(vec![Answer::status(503); 1000]).set("delivery_timeout", "3s");
    let run = cluster.run(&["report"]).exits(0).logs("kept");
    assert!(cluster.sink.requests().len() > 2);
    assert_eq!(
        run.complaints().len(),
        1,
        "one line for each change of state:\n{}",
        run.log
    );
}

#[test]
fn what_was_kept_arrives_with_the_next_report() {
    let cluster = answered(vec![Answer::status(401), Answer::NotSegment]);
    let report = |hour: u8| {
        cluster
            .run(&["report", "--now", &format!("2026-11-22T{hour:02}:00:00Z")])
            .exits(0)
    };
    report(11);
    report(12);
    assert_eq!(cluster.sink.messages().len(), 0);
    report(13);
    let mut hours: Vec<_> = cluster
        .sink
        .messages()
        .iter()
        .map(|message| message["timestamp"].to_string())
        .collect();
    hours.dedup();
    assert_eq!(hours.len(), 3, "the oldest first: {hours:?}");
    assert!(hours.is_sorted(), "the oldest first: {hours:?}");
    assert_eq!(cluster.sink.messages().len(), 9);
}

#[test]
fn permanent_redirects_keep_the_post() {
    for code in [307, 308] {
        let other = heliograph_fleet::Sink::start().unwrap();
        let location = format!("{}/elsewhere?a=b", other.url());
        let cluster = answered(vec![with_headers(code, &[("Location", &location)])]);
        cluster.run(&["report"]).exits(0);
        let (first, second) = (cluster.sink.requests(), other.requests());
        assert_eq!((first.len(), second.len()), (1, 1), "{code}");
        assert_eq!(
            (second[0].method.as_str(), second[0].path.as_str()),
            ("POST", "/elsewhere?a=b"),
            "{code}"
        );
        assert_eq!(first[0].body, second[0].body, "{code}");
        assert_eq!(
            first[0].header("authorization"),
            second[0].header("authorization"),
            "same host, {code}"
        );
    }
}

/// Such a redirect turns the POST into a GET: whoever answers that with 200 has not got the report.
#[test]
fn a_redirect_that_loses_the_body_delivers_nothing() {
    for code in [301, 302, 303] {
        let other = heliograph_fleet::Sink::start().unwrap();
        let cluster = answered(vec![with_headers(code, &[("Location", &other.url())])]);
        let run = cluster.run(&["report"]);
        assert_eq!(run.code, 0, "{code}\n{}", run.log);
        assert!(run.log.contains("kept"), "{code}\n{}", run.log);
        assert!(run.log.contains("redirect"), "{code}\n{}", run.log);
        let told = other.requests().iter().flat_map(SinkRequest::messages).count();
        assert_eq!(told, 0, "{code}");
    }
}

#[test]
fn the_key_does_not_follow_to_another_host() {
    let other = heliograph_fleet::Sink::start().unwrap();
    let location = format!("http://localhost:{}/v1/batch", other.addr().port());
    let cluster = answered(vec![with_headers(307, &[("Location", &location)])]);
    cluster.run(&["report"]);
    assert_eq!(cluster.sink.requests().len(), 1);
    for request in other.requests() {
        assert_eq!(request.header("authorization"), None);
    }
}

#[test]
fn a_sinks_url_may_have_a_path() {
    let cluster = cluster();
    let url = format!("{}/behind/a/proxy/", cluster.sink.url());
    let cluster = cluster.set("sink", url);
    cluster.run(&["report"]).exits(0);
    assert_eq!(cluster.sink.requests()[0].path, "/behind/a/proxy/v1/batch");
}
