//! When within the hour a cluster reports: at an offset made of its id, so that a fleet's reports spread over the hour and one
//! cluster's come an hour apart. Away from the hour's edges, where clocks that differ would put them into the wrong hour.

use std::time::Duration;

use heliograph_wire::id::{ClusterId, Hour};
use heliograph_wire::receipt::body_hash;
use jiff::Timestamp;

/// How far from the hour's edges.
pub const MARGIN: Duration = Duration::from_secs(5 * 60);

/// The cluster's offset within the hour: from 5 to 55 minutes.
pub fn offset(cluster: &ClusterId) -> Duration {
    let hash = body_hash(cluster.as_str().as_bytes());
    let number = u64::from_str_radix(&hash[..12], 16).unwrap_or(0);
    MARGIN + Duration::from_secs(number % (3600 - 2 * MARGIN.as_secs()))
}

/// How long to wait from now for this hour's offset; nothing when it has passed.
pub fn wait(cluster: &ClusterId, now: Timestamp) -> Duration {
    let due = Hour::of(now).start() + offset(cluster);
    Duration::try_from(due.duration_since(now)).unwrap_or_default()
}

/// The next time the cluster is due, after the hour that was reported last.
pub fn next_due(cluster: &ClusterId, now: Timestamp, reported: Option<Hour>) -> Timestamp {
    let this = Hour::of(now);
    let hour = if reported >= Some(this) {
        Hour::from_number(this.number() + 1).unwrap_or(this)
    } else {
        this
    };
    (hour.start() + offset(cluster)).max(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clusters_spread_over_the_hour_away_from_its_edges() {
        let mut tenths = [0; 10];
        for i in 0..1000 {
            let offset = offset(&format!("cluster-{i}").parse().unwrap());
            assert!(
                offset >= MARGIN && offset < Duration::from_secs(3300),
                "{offset:?}"
            );
            tenths[usize::try_from(offset.as_secs() / 360).unwrap()] += 1;
        }
        assert!(tenths[1..9].iter().all(|count| *count > 80), "{tenths:?}");
    }

    #[test]
    fn it_waits_for_the_offset_and_not_when_it_has_passed() {
        let cluster: ClusterId = "c".parse().unwrap();
        let hour: Timestamp = "2026-11-22T11:00:00Z".parse().unwrap();
        let offset = offset(&cluster);
        assert_eq!(wait(&cluster, hour), offset);
        assert_eq!(
            wait(&cluster, hour + offset + Duration::from_secs(1)),
            Duration::ZERO
        );
        assert_eq!(next_due(&cluster, hour, None), hour + offset);
        assert_eq!(
            next_due(&cluster, hour, Some(Hour::of(hour))),
            hour + offset + Duration::from_secs(3600)
        );
    }
}
