//! Clocks that jump a year, in both directions: nothing is lost, nothing counts twice, and nothing is dropped for its age by it.

use serde_json::{Value, json};

use crate::collector::messages;
use crate::in_process::InProcess;

const NOW: &str = "2026-11-22T12:00:00Z";
const NEXT_YEAR: &str = "2027-11-22T12:00:05Z";
const LAST_YEAR: &str = "2025-11-22T12:00:05Z";

fn track(id: &str) -> Value {
    json!({"batch": [{"type": "track", "event": "e", "userId": "u", "messageId": id}]})
}

fn report(hour: &str) -> Value {
    json!({"batch": [{
        "type": "track", "event": "health", "anonymousId": "c", "messageId": format!("c:health:{hour}"), "properties": {"clusterId": "c"},
        "context": {"reporter": format!("{:032x}", 7)},
    }]})
}

#[test]
fn the_collector_s_own_clock_may_jump_a_year_in_both_directions() {
    let collector = InProcess::start(NOW, |config| {
        config.retention.raw = Some(std::time::Duration::from_hours(100 * 24));
        config.retention.rollups = Some(std::time::Duration::from_hours(200 * 24));
    });
    let (server, cluster) = (collector.key("server"), collector.key("cluster"));
    let mut expected = 0;
    let mut sent = Vec::new();
    for (round, at) in [NOW, NEXT_YEAR, NOW, LAST_YEAR, NOW].into_iter().enumerate() {
        collector.clock.set(at);
        for part in 0..3 {
            let id = format!("{round}-{part}");
            assert_eq!(collector.batch(&server, &track(&id)).counts(), (1, 0, 0), "{at}");
            sent.push(id);
        }
        let hour = format!("2026-11-22T{round:02}Z");
        assert_eq!(
            collector.batch(&cluster, &report(&hour)).counts(),
            (1, 0, 0),
            "{at}"
        );
        expected += 4;
        // What came before the jump is known after it.
        for id in &sent {
            assert_eq!(
                collector.batch(&server, &track(id)).counts(),
                (0, 1, 0),
                "{id} at {at}"
            );
        }
        for earlier in 0..=round {
            let hour = format!("2026-11-22T{earlier:02}Z");
            assert_eq!(
                collector.batch(&cluster, &report(&hour)).counts(),
                (0, 1, 0),
                "{hour} at {at}"
            );
        }
        // The chores come by once a second.
        std::thread::sleep(std::time::Duration::from_millis(1300));
        assert_eq!(messages(&collector.data, &[]).len(), expected, "at {at}");
    }
    // The same after a start by a clock that is a year ahead, and by the right one; but for what was taken while the clock was behind and
    // has no time of its own: that is looked for among the ids of late, and is as old as it was dated.
    for at in [NEXT_YEAR, NOW] {
        collector.clock.set(at);
        collector.restart();
        for id in sent.iter().filter(|id| !id.starts_with("3-")) {
            assert_eq!(
                collector.batch(&server, &track(id)).counts(),
                (0, 1, 0),
                "{id} after a start at {at}"
            );
        }
        std::thread::sleep(std::time::Duration::from_millis(1300));
        let there = messages(&collector.data, &[]);
        let there: Vec<_> = there
            .iter()
            .map(|message| message["messageId"].as_str().unwrap())
            .collect();
        for id in sent.iter().filter(|id| !id.starts_with("3-")) {
            assert!(there.contains(&id.as_str()), "{id} after a start at {at}");
        }
    }
}

#[test]
fn a_sender_s_clock_may_be_a_year_off() {
    let collector = InProcess::start(NOW, |_| {});
    let server = collector.key("server");
    for (id, at) in [
        ("ahead", "2027-11-22T11:59:50Z"),
        ("behind", "2025-11-22T11:59:50Z"),
    ] {
        let sent = at.replace("11:59:50", "12:00:00");
        let batch = json!({"sentAt": sent, "batch": [{"type": "track", "event": "e", "userId": "u", "messageId": id, "timestamp": at}]});
        assert_eq!(collector.batch(&server, &batch).counts(), (1, 0, 0));
    }
    for message in messages(&collector.data, &[]) {
        assert_eq!(message["timestamp"], "2026-11-22T11:59:50.000Z", "{message}");
    }
}
