//! Targets that fail, refuse, or say nothing.

use std::collections::BTreeSet;

use heliograph_fleet::sink::{Answer as Told, Sink};

use super::{Files, ids, metric, send, track, until};
use crate::collector::TestCollector;

#[test]
fn what_fails_is_tried_again_and_what_is_refused_is_left_out_alone() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    let retry = Told::Status {
        code: 429,
        headers: vec![("Retry-After".to_owned(), "1".to_owned())],
        body: "{}".to_owned(),
    };
    sink.script(vec![
        Told::status(503),
        Told::Reset,
        Told::NotSegment,
        retry,
        Told::CloseBeforeAnswer,
    ]);
    let mut collector = TestCollector::with(&[
        ("forward_url", &sink.url()),
        ("forward_write_key_file", &files.with("key", "k")),
    ]);
    let key = collector.key("server");
    assert_eq!(
        send(&collector, &key, &[track("1", "u"), track("2", "u")]),
        (2, 0, 0)
    );
    until("the lag is shown", || {
        metric(&collector, "forward_pending_batches", &[]) > 0.0
    });
    until("it is taken", || sink.left() == 0 && !sink.messages().is_empty());
    assert_eq!(ids(&sink.messages()), ["1", "2"]);
    assert!(metric(&collector, "forward_failures_total", &[]) >= 5.0);
    let log = collector.log();
    assert_eq!(log.matches("FORWARDING DOES NOT WORK").count(), 1, "{log}");
    until("it is told", || {
        collector.log().contains("the target takes messages again")
    });

    // The whole, its halves, and of these the one.
    sink.script(vec![Told::status(400), Told::status(400), Told::status(400)]);
    assert_eq!(
        send(
            &collector,
            &key,
            &[
                track("bad", "u"),
                track("3", "u"),
                track("4", "u"),
                track("5", "u")
            ]
        ),
        (4, 0, 0)
    );
    until("the others are taken", || sink.messages().len() == 5);
    assert_eq!(ids(&sink.messages())[2..], ["3", "4", "5"]);
    assert_eq!(
        metric(&collector, "forward_messages_total", &[("outcome", "refused")]),
        1.0
    );
    assert!(
        collector
            .log()
            .contains("a message was refused for good and is left out: bad"),
        "{}",
        collector.log()
    );
    // Told once, and not sent again by the next one; nor is what was taken.
    until("it is written down", || {
        metric(&collector, "forward_pending_batches", &[]) == 0.0
    });
    let requests = sink.requests().len();
    collector.kill();
    collector.restart();
    assert_eq!(send(&collector, &key, &[track("6", "u")]), (1, 0, 0));
    until("it goes on", || sink.messages().len() == 6);
    assert_eq!(sink.requests().len(), requests + 1);
}

/// A target that never answers: those who send notice nothing.
#[test]
fn a_dead_target_holds_nobody_up() {
    let (files, sink) = (Files::new(), Sink::start().unwrap());
    sink.script(vec![Told::Hang; 100]);
    let mut collector = TestCollector::with(&[
        ("forward_url", &sink.url()),
        ("forward_write_key_file", &files.with("key", "k")),
    ]);
    let key = collector.key("server");
    for number in 0..50 {
        assert_eq!(
            send(&collector, &key, &[track(&number.to_string(), "u")]),
            (1, 0, 0)
        );
    }
    assert!(sink.messages().is_empty());
    let ready = collector.client().send("GET", "/readyz", &[], b"").unwrap();
    assert_eq!(ready.status, 200);
    assert!(collector.stop().success(), "nor is a stop held up");
    sink.script(Vec::new());
    collector.restart();
    until("all of it arrives", || sink.messages().len() >= 50);
    let arrived: BTreeSet<_> = ids(&sink.messages()).iter().map(|id| (*id).to_owned()).collect();
    assert_eq!(arrived.len(), 50);
}
