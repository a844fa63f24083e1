//! What somebody does in a cluster's user interface, as the cluster's relay tells of it: a log-in, and what is looked at then.

use fastrand::Rng;
use serde_json::{Value, json};

/// Routes: how often each is looked at, and how many of a thousand views fail.
const ROUTES: [(&str, u32, u32); 9] = [
    ("/dashboard", 30, 1),
    ("/nodes", 20, 2),
    ("/services", 20, 3),
    ("/services/:id", 16, 4),
    ("/nodes/:id", 12, 3),
    ("/packages", 9, 24),
    ("/jobs", 5, 2),
    ("/system/components", 4, 55),
    ("/settings", 3, 5),
];
/// Kinds of errors.
const KINDS: [&str; 3] = ["TypeError", "RangeError", "other"];
/// Of ten people, so many log in twice.
const AGAIN: u8 = 3;

/// One visit.
pub(crate) struct Visit<'a> {
    /// Who: no two people have the same.
    pub(crate) visitor: &'a str,
    /// In which hour: `2026-11-22T08`.
    pub(crate) hour: &'a str,
    /// What every message of the cluster carries.
    pub(crate) common: &'a Value,
    /// The cluster's reporter.
    pub(crate) reporter: &'a str,
    /// A route that fails so many times as often as it should.
    pub(crate) worse: Option<(&'a str, u32)>,
}

impl Visit<'_> {
    /// Its messages, in their order.
    pub(crate) fn messages(&self, random: &mut Rng) -> Vec<Value> {
        let minute = random.u32(0..60);
        let mut messages = Vec::new();
        let mut add = |own: Value, more: Value| {
            let number = messages.len();
            let Visit { visitor, hour, .. } = self;
            let mut message = json!({
                "messageId": format!("{visitor}-{hour}-{number}"), "anonymousId": format!("visitor-{visitor}"),
                "userId": format!("person-{visitor}"), "timestamp": format!("{hour}:{minute:02}:{number:02}Z"),
                "context": {"reporter": self.reporter, "library": {"name": "heliograph-tracker", "version": "0.1.0"}},
            });
            let mut told = self.common.clone();
            merge(&mut told, more);
            merge(&mut message, own);
            let field = if message["type"] == "identify" {
                "traits"
            } else {
                "properties"
            };
            message[field] = told;
            messages.push(message);
        };
        let times = if random.u8(0..10) < AGAIN { 2 } else { 1 };
        for _ in 0..times {
            add(json!({"type": "identify"}), json!({}));
        }
        for _ in 0..random.u32(2..10) {
            let (route, failing) = self.look(random);
            add(json!({"type": "page", "name": route}), json!({}));
            if random.u32(0..1000) < failing {
                let kind = KINDS[random.usize(0..KINDS.len())];
                let told = json!({"route": route, "kind": kind});
                add(json!({"type": "track", "event": "ui_error"}), told);
            }
        }
        messages
    }

    /// A route, and how many of a thousand of its views fail.
    fn look(&self, random: &mut Rng) -> (&'static str, u32) {
        let mut left = random.u32(0..ROUTES.iter().map(|(_, often, _)| often).sum());
        for (route, often, failing) in ROUTES {
            if left < often {
                let times = self.worse.filter(|(worse, _)| *worse == route);
                return (route, failing * times.map_or(1, |(_, times)| times));
            }
            left -= often;
        }
        (ROUTES[0].0, ROUTES[0].2)
    }
}

fn merge(into: &mut Value, more: Value) {
    if let (Some(into), Value::Object(more)) = (into.as_object_mut(), more) {
        into.extend(more);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn visits_are_told_as_a_relay_tells_them() {
        let common = json!({"clusterId": "c", "environmentVersion": "1.11.0"});
        let mut random = Rng::with_seed(7);
        let mut failed = |worse| {
            let mut failed = 0;
            for day in 10..30 {
                let visit = Visit {
                    visitor: "c-0",
                    hour: &format!("2026-11-{day}T08"),
                    common: &common,
                    reporter: "r",
                    worse,
                };
                let messages = visit.messages(&mut random);
                assert_eq!(messages[0]["traits"], common);
                let ids: BTreeSet<_> = messages.iter().map(|told| told["messageId"].as_str()).collect();
                assert_eq!(ids.len(), messages.len());
                for told in &messages {
                    let parsed = told["timestamp"].as_str().unwrap().len();
                    assert_eq!(parsed, "2026-11-22T08:12:34Z".len(), "{told}");
                    assert_eq!(told["context"]["reporter"], "r");
                }
                let errors = messages.iter().filter(|told| told["event"] == "ui_error");
                failed += errors.count();
            }
            failed
        };
        let usual = failed(None);
        // Each view of it fails.
        assert!(failed(Some(("/dashboard", 1000))) > usual + 10);
    }
}
