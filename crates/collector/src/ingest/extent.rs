//! How large a cluster is, as a health report tells: what reports of two clusters under one id are told apart by.

use serde_json::value::RawValue;

use super::members::Members;

/// The event that tells.
const EVENT: &str = "health";
const UNIT: &str = "health-unit-";
const UNREACHABLE: &str = "nodes-unreachable";

/// The nodes of the unit that is on most of them, and those that can't be reached: a node that restarts does not change it. Only the
/// first part of a report tells, and only where it names a unit.
pub fn nodes(event: &str, part: u32, properties: &Members<'_>) -> Option<i64> {
    if event != EVENT || part != 1 {
        return None;
    }
    let (mut most, mut known) = (None, None);
    for (name, raw) in properties.iter() {
        let Some(amount) = name.strip_prefix(UNIT) else {
            continue;
        };
        // Properties are sorted: a unit's total stands before its unknown.
        if let Some(unit) = amount.strip_suffix("-total") {
            known = whole(raw).map(|total| (unit, total));
            most = most.max(known.map(|(_, total)| total));
        } else if let Some(unit) = amount.strip_suffix("-unknown")
            && let Some((_, total)) = known.filter(|(named, _)| *named == unit)
        {
            most = most.max(whole(raw).and_then(|unknown| total.checked_add(unknown)));
        }
    }
    let unreachable = properties.get(UNREACHABLE).and_then(whole).unwrap_or_default();
    most?.checked_add(unreachable)
}

/// A count, which sources write as `8` or `8.0`.
fn whole(raw: &RawValue) -> Option<i64> {
    let json = raw.get();
    let digits = json.strip_suffix(".0").unwrap_or(json);
    digits.parse().ok().filter(|count| *count >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_on_most_nodes_tells() {
        for (event, part, properties, expected) in [
            (
                "health",
                1,
                r#"{"health-unit-a-total":3,"health-unit-b-total":5.0,"x-total":9}"#,
                Some(5),
            ),
            (
                "health",
                1,
                r#"{"health-unit-a-total":3,"health-unit-a-unhealthy":9,"health-unit-a-unknown":2,"health-unit-b-total":4}"#,
                Some(5),
            ),
            (
                "health",
                1,
                r#"{"health-unit-a-total":3,"nodes-unreachable":2}"#,
                Some(5),
            ),
            (
                "health",
                1,
                r#"{"health-unit-b-unknown":9,"health-unit-a-total":3}"#,
                Some(3),
            ),
            ("health", 1, r#"{"health-unit-a-total":"3"}"#, None),
            (
                "health",
                1,
                r#"{"health-unit-a-total":9223372036854775807,"nodes-unreachable":1}"#,
                None,
            ),
            ("health", 1, "{}", None),
            ("health", 2, r#"{"health-unit-a-total":3}"#, None),
            ("mesos_track", 1, r#"{"health-unit-a-total":3}"#, None),
        ] {
            let raw: Box<RawValue> = serde_json::from_str(properties).unwrap();
            let members = Members::of(&raw).unwrap();
            assert_eq!(
                nodes(event, part, &members),
                expected,
                "{event} {part} {properties}"
            );
        }
    }
}
