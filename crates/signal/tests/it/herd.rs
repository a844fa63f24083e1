//! 10,000 clusters that come back in the same minute after an outage: simulated, with signal's own rules for when to try again and a
//! collector that takes 100 requests a second and tells everybody else to come later.
//!
//! The power comes back, and their timers, which are persistent, all catch up within one minute. From then on each is started once an
//! hour, at the offset that is made of its id. What was refused in the first minute arrives with the hours after it.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use heliograph_signal::pace::{Allowed, Pace};
use heliograph_signal::retry::{Answered, Next, next};
use heliograph_signal::spread;
use jiff::Timestamp;

const CLUSTERS: usize = 10_000;
/// Requests that the collector takes a second, and how many at once after a pause.
const RATE: u64 = 100;
const BURST: u64 = 500;
/// How long a cycle of signal may take.
const CYCLE: Duration = Duration::from_secs(60);
/// What it is told that comes too early: the answer of a collector.
const RETRY_AFTER: Duration = Duration::from_secs(1);
const HOUR: u64 = 3_600_000;

/// A collector that takes so much and refuses the rest.
struct Door {
    tokens: u64,
    /// Of the last second that was seen.
    second: u64,
}

impl Door {
    fn takes(&mut self, millis: u64) -> bool {
        let second = millis / 1000;
        self.tokens = (self.tokens + (second - self.second) * RATE).min(BURST);
        self.second = second;
        let takes = self.tokens > 0;
        self.tokens -= u64::from(takes);
        takes
    }
}

/// A cluster that waits for its turn.
struct Cluster {
    pace: Pace,
    /// When its cycle ends, in milliseconds.
    until: u64,
    tries: u32,
    /// Where within the hour it is started.
    offset: u64,
    delivered: bool,
}

/// The same numbers each time.
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }
}

/// When a cluster comes back: all within a minute.
fn first(number: usize) -> u64 {
    u64::try_from(number * 60_000 / CLUSTERS).unwrap()
}

/// When a cluster of this offset is started the next time.
fn start_after(now: u64, offset: u64) -> u64 {
    let this = now / HOUR * HOUR + offset;
    if this > now { this } else { this + HOUR }
}

fn at(millis: u64) -> Timestamp {
    "2026-11-22T11:00:00Z".parse::<Timestamp>().unwrap() + Duration::from_millis(millis)
}

#[test]
fn ten_thousand_that_come_back_in_the_same_minute_all_deliver() {
    let mut numbers = Numbers(1);
    let mut door = Door {
        tokens: BURST,
        second: 0,
    };
    // The power comes back: all are started within the same minute, and from then on each hour.
    let mut clusters: Vec<Cluster> = (0..CLUSTERS)
        .map(|number| {
            let offset = spread::offset(&format!("cluster-{number}").parse().unwrap());
            Cluster {
                // After an outage: they know that the sink was out of reach.
                pace: Pace {
                    failures: 5,
                    ..Pace::default()
                },
                until: first(number) + u64::try_from(CYCLE.as_millis()).unwrap(),
                tries: 0,
                offset: u64::try_from(offset.as_millis()).unwrap(),
                delivered: false,
            }
        })
        .collect();
    let mut events: BinaryHeap<_> = (0..CLUSTERS)
        .map(|number| Reverse((first(number), number)))
        .collect();
    let mut by_second = std::collections::BTreeMap::<u64, usize>::new();
    let (mut requests, mut refused, mut last) = (0, 0, 0);
    while let Some(Reverse((now, number))) = events.pop() {
        assert!(now < 4 * HOUR, "some have not delivered in four hours");
        let cluster = &mut clusters[number];
        let probe = match cluster.pace.allowed(at(now)) {
            Allowed::NotBefore(_) => {
                // Until the unit is started the next time.
                let next = start_after(now, cluster.offset);
                cluster.until = next + u64::try_from(CYCLE.as_millis()).unwrap();
                cluster.tries = 0;
                events.push(Reverse((next, number)));
                continue;
            }
            Allowed::Probe => true,
            Allowed::All => false,
        };
        requests += 1;
        *by_second.entry(now / 1000).or_default() += 1;
        cluster.tries += 1;
        if door.takes(now) {
            cluster.pace.succeeded();
            cluster.delivered = true;
            last = now;
            continue;
        }
        refused += 1;
        let left = Duration::from_millis(cluster.until.saturating_sub(now));
        let answered = Answered::Status(429, Some(RETRY_AFTER));
        match next(answered, cluster.tries, left, numbers.unit()) {
            Next::Wait(wait) if !probe => {
                events.push(Reverse((now + u64::try_from(wait.as_millis()).unwrap(), number)));
            }
            _ => {
                cluster
                    .pace
                    .failed(at(now), numbers.unit(), Some(RETRY_AFTER), "429");
                let next = start_after(now, cluster.offset);
                cluster.until = next + u64::try_from(CYCLE.as_millis()).unwrap();
                cluster.tries = 0;
                events.push(Reverse((next, number)));
            }
        }
    }
    assert!(
        clusters.iter().all(|cluster| cluster.delivered),
        "nothing is lost"
    );
    let most = by_second.values().max().unwrap();
    eprintln!(
        "{CLUSTERS} clusters delivered within {} minutes with {requests} requests, of which {refused} were told to come later; {most} in \
         the fullest second",
        last / 60_000
    );
    assert!(
        requests < 3 * CLUSTERS,
        "{requests} requests: they would be an attack"
    );
    assert!(*most <= 2 * CLUSTERS / 60, "{most} in one second");
}
