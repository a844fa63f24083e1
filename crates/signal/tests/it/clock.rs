//! Clocks that jump a year, in both directions, and back: nothing is held up by it, and what is not too old by any of them is not lost.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::offline::Month;
use crate::{kept, small};

const HOUR: Duration = Duration::from_secs(3600);
const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

fn month() -> Month {
    let month = Month::of(Cluster::of(small::short_documents()));
    month.cluster.sink.refuse(true).unwrap();
    month
}

/// The sink is back; what was kept arrives with the report of an hour, each message once.
#[track_caller]
fn arrives(mut month: Month, hour: u32, messages: usize) {
    month.cluster.sink.refuse(false).unwrap();
    month.config.delivery_timeout = Duration::from_secs(60);
    month.report_at(month.start + HOUR * hour);
    let arrived = month.cluster.sink.messages();
    let ids: BTreeSet<_> = arrived.iter().map(kept::id).collect();
    assert_eq!((ids.len(), arrived.len()), (messages, messages));
    assert_eq!(kept::parcels(&month.cluster), Vec::<String>::new());
}

#[test]
fn a_year_behind_and_back() {
    let month = month();
    month.report_at(month.start);
    month.report_at(month.start - YEAR);
    month.report_at(month.start - YEAR + HOUR);
    month.report_at(month.start + HOUR);
    assert_eq!(kept::parcels(&month.cluster).len(), 4);
    arrives(month, 2, 5);
}

/// Four failures by a clock that is a year ahead: the wait that they ask for is not obeyed when it is right again.
#[test]
fn a_year_ahead_and_back() {
    let month = month();
    for hour in 0..4 {
        month.report_at(month.start + YEAR + HOUR * hour);
        // What was kept an hour ago is a year old by this clock.
        assert_eq!(kept::parcels(&month.cluster).len(), 1);
    }
    let status = month.cluster.run(&["status"]).exits(0).stdout;
    assert!(status.contains("0 for space, 3 for age"), "{status}");
    arrives(month, 0, 2);
}
