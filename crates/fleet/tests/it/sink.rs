//! The scripted sink.

use std::io::Write as _;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use heliograph_fleet::Sink;
use heliograph_fleet::sink::Answer;

use crate::client::{End, Wire, ask, ask_in_vain};

const BATCH: &[u8] =
    br#"{"batch":[{"type":"track","event":"health"},{"type":"track","event":"mesos_track"}]}"#;

fn post(sink: &Sink) -> Wire {
    ask(
        sink.addr(),
        "POST",
        "/v1/batch",
        &["Content-Type: application/json"],
        BATCH,
    )
}

#[test]
fn without_a_script_all_is_well() {
    let sink = Sink::start().unwrap();
    assert_eq!(sink.url(), format!("http://{}", sink.addr()));
    let wire = post(&sink);
    assert_eq!(wire.status(), Some(200));
    assert_eq!(wire.body(), br#"{"success":true}"#);
    assert_eq!(wire.header("content-type").as_deref(), Some("application/json"));
    let request = &sink.requests()[0];
    assert_eq!(
        (request.method.as_str(), request.path.as_str()),
        ("POST", "/v1/batch")
    );
    assert_eq!(request.header("content-type"), Some("application/json"));
    assert_eq!(request.answered, Some(200));
    assert_eq!(request.body, BATCH);
    assert_eq!(sink.messages()[1]["event"], "mesos_track");
}

#[test]
fn every_answer_is_as_scripted() {
    let sink = Sink::start().unwrap();
    sink.script(vec![
        Answer::Status {
            code: 429,
            headers: vec![("Retry-After".to_owned(), "7".to_owned())],
            body: r#"{"error":"slow down"}"#.to_owned(),
        },
        Answer::Reset,
        Answer::Hang,
        Answer::CloseBeforeAnswer,
        Answer::NotSegment,
        Answer::Slow(Duration::from_millis(40)),
        Answer::status(400),
    ]);

    let wire = post(&sink);
    assert_eq!(
        (wire.status(), wire.header("retry-after").as_deref()),
        (Some(429), Some("7"))
    );
    assert_eq!(wire.body(), br#"{"error":"slow down"}"#);
    for end in [End::Reset, End::Silent, End::Closed] {
        let wire = match end {
            End::Silent => ask_in_vain(sink.addr(), "POST", "/v1/batch"),
            _ => post(&sink),
        };
        assert_eq!((wire.end, wire.bytes.len()), (end, 0));
    }
    let wire = post(&sink);
    assert_eq!(wire.status(), Some(200));
    assert!(wire.header("content-type").unwrap().starts_with("text/html"));
    assert!(wire.body().starts_with(b"<!DOCTYPE html>"));
    let begun = Instant::now();
    assert_eq!(post(&sink).status(), Some(200));
    assert!(begun.elapsed() >= Duration::from_millis(40));
    assert_eq!(sink.left(), 1);
    assert_eq!(post(&sink).status(), Some(400));
    assert_eq!(post(&sink).status(), Some(200));

    let answered: Vec<_> = sink.requests().iter().map(|request| request.answered).collect();
    assert_eq!(
        answered,
        [
            Some(429),
            None,
            None,
            None,
            Some(200),
            Some(200),
            Some(400),
            Some(200)
        ]
    );
    let whole = sink
        .requests()
        .iter()
        .filter(|request| request.body == BATCH)
        .count();
    assert_eq!(whole, 7, "all but the one without a body");
    assert_eq!(
        sink.messages().len(),
        4,
        "two of the slow answer and two of the last"
    );
}

#[test]
fn a_content_type_of_the_script_stands_alone() {
    let sink = Sink::start().unwrap();
    let headers = vec![("content-type".to_owned(), "text/plain".to_owned())];
    sink.script(vec![Answer::Status {
        code: 200,
        headers,
        body: "OK".to_owned(),
    }]);
    let wire = post(&sink);
    assert_eq!(
        String::from_utf8_lossy(&wire.bytes)
            .to_lowercase()
            .matches("content-type")
            .count(),
        1
    );
    assert_eq!(wire.body(), b"OK");
}

#[test]
fn compressed_bodies_are_inflated() {
    let sink = Sink::start().unwrap();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(BATCH).unwrap();
    let zipped = encoder.finish().unwrap();
    ask(
        sink.addr(),
        "POST",
        "/v1/batch",
        &["Content-Encoding: gzip"],
        &zipped,
    );
    ask(
        sink.addr(),
        "POST",
        "/v1/batch",
        &["Content-Encoding: gzip"],
        b"nonsense",
    );
    ask(sink.addr(), "POST", "/v1/track", &[], br#"{"event":"login"}"#);
    let bodies: Vec<_> = sink.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies[0], BATCH);
    assert_eq!(bodies[1], b"nonsense");
    assert_eq!(sink.messages().len(), 3);
    assert_eq!(sink.messages()[2]["event"], "login");
}

#[test]
fn it_can_be_away_for_a_while() {
    let sink = Sink::start().unwrap();
    sink.refuse(true).unwrap();
    assert_eq!(post(&sink).end, End::Refused);
    sink.refuse(false).unwrap();
    assert_eq!(post(&sink).status(), Some(200));
    assert_eq!(sink.requests().len(), 1);
}
