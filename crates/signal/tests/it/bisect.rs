//! A sink that will not take one message of many: that one is set aside and recorded, all others arrive once.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::cluster::{Cluster, REFUSED};
use crate::picky::Picky;
use crate::{kept, small};

const HOURS: usize = 20;
/// What the sink dislikes.
const BAD: &str = "kept-2026-11-22T13";

fn dislikes(messages: &[Value], id: &str) -> bool {
    messages.iter().any(|message| message["messageId"] == id)
}

/// A cluster in whose spool twenty parcels of one message wait.
fn waiting(sink: &Picky) -> (Cluster, BTreeSet<String>) {
    let cluster = Cluster::of(small::short_documents())
        .set("sink", sink.url())
        .set("diagnostics_urls", json!([]))
        .set("cosmos_urls", json!([]))
        .set("mesos_urls", json!([]));
    let ids = (0..HOURS)
        .map(|hour| kept::put(&cluster, &format!("2026-11-22T{hour:02}")))
        .collect();
    (cluster, ids)
}

#[test]
fn only_the_message_at_fault_is_set_aside() {
    for code in [400, 413, 422] {
        let sink = Picky::start(move |messages| if dislikes(messages, BAD) { code } else { 200 });
        let (cluster, mut ids) = waiting(&sink);
        cluster
            .run(&["report"])
            .exits(REFUSED)
            .logs(BAD)
            .logs(&code.to_string());
        assert!(ids.remove(BAD));
        let taken = sink.taken();
        let arrived: BTreeSet<_> = taken.iter().map(kept::id).collect();
        assert_eq!(arrived, ids, "{code}: all others arrive");
        assert_eq!(taken.len(), ids.len(), "{code}: and once");
        let tries = sink.batches().len();
        assert!(
            tries <= 11,
            "{code}: halving twenty takes eleven requests at most, not {tries}"
        );

        let aside = kept::aside(&cluster);
        assert_eq!(aside.len(), 1, "{code}: {aside:?}");
        let text = fs::read_to_string(kept::spool(&cluster).join("aside").join(&aside[0])).unwrap();
        assert!(
            text.contains(BAD),
            "{code}: what was set aside can be read: {text}"
        );
        let log = cluster.run(&["log"]).exits(0).stdout;
        let refused: Vec<_> = log.lines().filter(|line| line.contains("refused")).collect();
        assert!(
            refused.len() == 1 && refused[0].contains(BAD),
            "{code}: {refused:?}"
        );
        assert_eq!(
            kept::parcels(&cluster),
            Vec::<String>::new(),
            "{code}: nothing waits"
        );
        cluster.run(&["log", "verify"]).exits(0);

        let before = sink.batches().len();
        cluster.run(&["report"]).exits(0);
        assert_eq!(
            sink.batches().len(),
            before,
            "{code}: what was refused is not tried again"
        );
    }
}

#[test]
fn several_at_fault_are_each_found() {
    let bad = [
        "kept-2026-11-22T00",
        "kept-2026-11-22T07",
        "kept-2026-11-22T08",
        "kept-2026-11-22T19",
    ];
    let sink = Picky::start(move |messages| {
        if bad.iter().any(|id| dislikes(messages, id)) {
            400
        } else {
            200
        }
    });
    let (cluster, ids) = waiting(&sink);
    cluster.run(&["report"]).exits(REFUSED);
    let arrived: BTreeSet<_> = sink.taken().iter().map(kept::id).collect();
    let refused: BTreeSet<_> = bad.map(str::to_owned).into();
    assert_eq!(arrived, &ids - &refused);
    assert_eq!(sink.taken().len(), ids.len() - bad.len());
    assert_eq!(kept::aside(&cluster).len(), bad.len());
    let status = cluster.run(&["status"]).exits(0).stdout;
    assert!(status.contains("4 refused messages"), "{status}");
}

/// What was delivered before the sink went away is not delivered again.
#[test]
fn an_outage_in_the_middle_keeps_what_is_left() {
    let sink = Picky::start(|messages| match messages.len() {
        HOURS => 400,
        _ if dislikes(messages, "kept-2026-11-22T10") => 401,
        _ => 200,
    });
    let (cluster, _) = waiting(&sink);
    cluster.run(&["report"]).exits(0).logs("kept");
    assert_eq!(sink.taken().len(), 10, "the first half was taken");
    assert_eq!(kept::parcels(&cluster).len(), 10, "the second waits");
    let first = &kept::parcels(&cluster)[0];
    assert!(first.starts_with("2026-11-22T10"), "{first}");
}
