//! Questions are answered as a plain count of what was sent would, whether the sheets of the days are kept or made; and what is
//! forgotten is in no answer.

mod count;
mod kinds;

use std::thread;
use std::time::Duration;

use heliograph_collector::delta::Day;
use heliograph_collector::question::Filter;
use heliograph_collector::store::{Kept, Reader, Ready, Store};
use serde_json::{Value, json};

use crate::collector::TestCollector;

/// One report of a cluster on one unit.
#[derive(Debug, Clone, Copy)]
struct Sent {
    cluster: u32,
    day: u32,
    hour: u32,
    version: &'static str,
    provider: &'static str,
    nodes: u32,
    unhealthy: u32,
}

/// Clusters of some sizes, some of which are upgraded on the second day, and report now and then.
fn fleet() -> Vec<Sent> {
    let mut sent = Vec::new();
    for cluster in 0..9_u32 {
        for day in 1..=3 {
            for hour in (cluster % 3..24).step_by(5) {
                let upgraded = cluster % 2 == 0 && (day, hour) >= (2, 12);
                sent.push(Sent {
                    cluster,
                    day,
                    hour,
                    version: if upgraded { "1.10" } else { "1.9" },
                    provider: if cluster < 4 { "aws" } else { "gcp" },
                    nodes: 3 + cluster % 4,
                    unhealthy: u32::from((cluster + day * hour).is_multiple_of(7)),
                });
            }
        }
    }
    // Reports on one day only.
    sent.retain(|sent| sent.cluster != 8 || sent.day == 2);
    sent
}

impl Sent {
    fn message(&self) -> Value {
        let Sent {
            cluster, day, hour, ..
        } = self;
        json!({
            "type": "track", "event": "health", "anonymousId": format!("c{cluster}"),
            "messageId": format!("c{cluster}:health:2026-11-{day:02}T{hour:02}Z"),
            "timestamp": format!("2026-11-{day:02}T{hour:02}:10:00Z"),
            "properties": {
                "clusterId": format!("c{cluster}"), "environmentVersion": self.version, "provider": self.provider,
                "health-unit-a-total": self.nodes, "health-unit-a-unhealthy": self.unhealthy,
                "health-unit-b-total": 1, "health-unit-b-unhealthy": 0,
            },
        })
    }
}

/// Keeps a sheet as a running server does; says whether the day was still as it was.
pub(crate) fn keep(store: &mut Store, ready: Ready) -> bool {
    for part in ready.parts() {
        loop {
            match store.keep_part(&part).unwrap() {
                Kept::Yes => break,
                Kept::Again => {}
                Kept::Changed => return false,
            }
        }
    }
    true
}

fn filter(pairs: &[(&str, &str)]) -> Filter {
    use heliograph_collector::question::filter::{GROUP, SPAN, UNIT};

    let days = [("from", "2026-11-01"), ("to", "2026-11-30")];
    Filter::read(
        days.iter().chain(pairs).copied(),
        &[GROUP, SPAN, UNIT],
        Day(20_780),
    )
    .unwrap()
}

#[test]
fn a_running_server_keeps_the_sheets_of_days_that_rest() {
    let collector = TestCollector::start();
    let key = collector.key("cluster");
    let messages: Vec<Value> = fleet().iter().map(Sent::message).collect();
    assert_eq!(
        collector.batch(&key, &json!({ "batch": messages[..40] })).status,
        200
    );
    let stale = || {
        let reader = Reader::open(collector.data()).unwrap();
        reader.snapshot().unwrap().stale(Day(20_780)).unwrap().len()
    };
    assert!(stale() > 0);
    let mut left = 600;
    while stale() > 0 {
        left -= 1;
        assert!(left > 0, "no sheet is kept within a minute");
        thread::sleep(Duration::from_millis(100));
    }
}
