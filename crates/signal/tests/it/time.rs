//! How long a collection may take: sources are asked side by side, so the slowest sets the pace.

use std::time::Duration;

use heliograph_fleet::{Fault, Source};

use crate::cluster::Cluster;
use crate::small;

/// What a busy machine may need beside the waiting. The sum of the waits, which must not be waited for, is further away.
const SLACK: Duration = Duration::from_secs(5);

fn cluster() -> Cluster {
    Cluster::of(small::documents()).set("customer_key", small::CUSTOMER_KEY)
}

#[test]
fn four_hanging_sources_take_one_timeout() {
    let cluster = cluster().set("source_timeout", "3s");
    for source in Source::ALL {
        cluster.sources.set_fault(source, Fault::Hang).unwrap();
    }
    let run = cluster
        .run(&["report"])
        .exits(2)
        .logs("nothing could be collected");
    let timeout = Duration::from_secs(3);
    assert!(
        timeout <= run.took && run.took < timeout + SLACK,
        "took {:?}",
        run.took
    );
    assert_eq!(cluster.sink.requests().len(), 0, "there is nothing to send");
}

#[test]
fn sources_that_start_and_stall_take_one_timeout() {
    let cluster = cluster().set("source_timeout", "3s");
    for (source, fault) in [
        (Source::Diagnostics, Fault::HangAfterHead),
        (Source::Cosmos, Fault::Drip(Duration::from_millis(20))),
        (Source::Frameworks, Fault::RedirectLoop),
        (Source::Metrics, Fault::Slow(Duration::from_secs(60))),
    ] {
        cluster.sources.set_fault(source, fault).unwrap();
    }
    let run = cluster.run(&["preview"]).exits(2);
    assert!(
        run.took < Duration::from_secs(3) + SLACK,
        "took {:?}\n{}",
        run.took,
        run.log
    );
}

/// DC/OS configures `…?cache=0`, which makes diagnostics poll the whole cluster before it answers.
#[test]
fn diagnostics_that_takes_too_long_is_asked_for_what_it_has() {
    let cluster = cluster().set("source_timeout", "3s");
    cluster
        .sources
        .set_fault(Source::Diagnostics, Fault::HangWithCache0)
        .unwrap();
    let run = cluster
        .run(&["preview"])
        .exits(0)
        .logs("asked once more for what is cached");
    assert!(
        run.took < Duration::from_secs(3) + SLACK,
        "both together keep to one time-out; took {:?}",
        run.took
    );
    let whole = Source::ALL.map(|source| (source, Some(small::told(source))));
    crate::value::assert_equal(&run.json(), &small::preview(&whole));
    let queries: Vec<_> = cluster
        .sources
        .requests()
        .into_iter()
        .filter(|seen| seen.source == Source::Diagnostics)
        .map(|seen| seen.query)
        .collect();
    assert_eq!(queries, [Some("cache=0".to_owned()), None]);
}

#[test]
fn diagnostics_that_answers_is_asked_once() {
    for fault in [Fault::None, Fault::Status(503), Fault::Refused, Fault::Reset] {
        let cluster = cluster();
        cluster.sources.set_fault(Source::Diagnostics, fault).unwrap();
        cluster.run(&["preview"]).exits(0);
        let asked = cluster
            .sources
            .requests()
            .iter()
            .filter(|seen| seen.source == Source::Diagnostics)
            .count();
        assert!(asked <= 1, "{fault}: asked {asked} times");
    }
}
