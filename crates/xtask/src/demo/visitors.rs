//! People who use the clusters' interfaces: they log in, look at pages, and some pages fail; as the clusters' relays tell of it.

use std::io::{self, Write};

use fastrand::Rng;
use heliograph_fleet::generate::Message;
use serde_json::{Value, json};

/// Routes: how often each is looked at, and how many of a thousand views fail.
const ROUTES: [(&str, u32, u32); 8] = [
    ("/dashboard", 30, 1),
    ("/services", 22, 3),
    ("/services/:id", 16, 4),
    ("/nodes", 18, 2),
    ("/nodes/:id", 11, 3),
    ("/packages", 9, 6),
    ("/jobs", 6, 2),
    ("/settings", 3, 5),
];
/// A route that fails so much more often in the new version.
const WORSE: (&str, u32) = ("/services/:id", 25);
/// Of so many installations one has an interface that tells.
const ONE_OF: u32 = 3;
/// Most people of an interface on a day, and at the end of a week.
const MOST: u32 = 5;
const MOST_OF_REST: u32 = 1;
/// The hour of the day whose report tells which version people have before them.
const HOUR: u32 = 8;
const DAY: u32 = 24;

/// They.
pub(super) struct Visitors {
    random: Rng,
    installations: u32,
    /// Messages of theirs so far.
    pub(super) sent: u64,
}

impl Visitors {
    /// Of the interfaces of so many installations; those behind them are of CI.
    pub(super) fn new(installations: u32) -> Visitors {
        Visitors {
            random: Rng::with_seed(1),
            installations,
            sent: 0,
        }
    }

    /// Hears what a cluster says, and once a day writes what its people did.
    ///
    /// # Errors
    /// When that can't be written.
    pub(super) fn hear(&mut self, message: &Message<'_>, out: &mut impl Write) -> io::Result<()> {
        let has_people = message.lane < self.installations && message.lane.is_multiple_of(ONE_OF);
        if !has_people || message.hour % DAY != HOUR {
            return Ok(());
        }
        let report: Value = serde_json::from_slice(message.text)?;
        // What arrives late was said on another day.
        if report["event"] != "health" {
            return Ok(());
        }
        let day = message.hour / DAY;
        let most = if day % 7 >= 5 { MOST_OF_REST } else { MOST };
        for person in 0..self.random.u32(0..=most) {
            self.session(&report, person, out)?;
        }
        Ok(())
    }

    /// A log-in, and what is looked at then.
    fn session(&mut self, report: &Value, person: u32, out: &mut impl Write) -> io::Result<()> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let told = &report["properties"];
        let cluster = text(&told["clusterId"]);
        let when = text(&report["timestamp"]);
        // Of `2026-11-22T08:12:34.567Z` the day, and the hour.
        let day = when.get(..10).unwrap_or_default().to_owned();
        let hour = when.get(..13).unwrap_or_default();
        let user = format!("{}-{person}", cluster.get(..8).unwrap_or_default());
        let mut common = json!({});
        for name in ["clusterId", "environmentVersion", "provider", "variant"] {
            common[name] = told[name].clone();
        }
        let is_new = told["environmentVersion"] == super::history::VERSION;
        let mut number = 0;
        let mut write = |kind: Value, more: Value| -> io::Result<()> {
            let mut message = kind;
            let mut said = common.clone();
            if let (Some(said), Value::Object(more)) = (said.as_object_mut(), more) {
                said.extend(more);
            }
            let field = if message["type"] == "identify" {
                "traits"
            } else {
                "properties"
            };
            message[field] = said;
            message["messageId"] = format!("{cluster}-{day}-{person}-{number}").into();
            message["anonymousId"] = format!("visitor-{user}").into();
            message["userId"] = format!("person-{user}").into();
            message["timestamp"] = format!("{hour}:{:02}:{:02}Z", number / 60 % 60, number % 60).into();
            message["context"] = json!({
                "library": {"name": "heliograph-tracker", "version": "0.1.0"}, "reporter": report["context"]["reporter"],
            });
            number += 1;
            writeln!(out, "{message}")
        };
        write(json!({"type": "identify"}), json!({}))?;
        let views = self.random.u32(2..10);
        for _ in 0..views {
            let (route, mut failing) = choose(&mut self.random);
            if is_new && route == WORSE.0 {
                failing *= WORSE.1;
            }
            write(json!({"type": "page", "name": route}), json!({}))?;
            if self.random.u32(0..1000) < failing {
                let told = json!({"route": route, "kind": "TypeError"});
                write(json!({"type": "track", "event": "ui_error"}), told)?;
                self.sent += 1;
            }
        }
        self.sent += u64::from(views) + 1;
        Ok(())
    }
}

fn choose(random: &mut Rng) -> (&'static str, u32) {
    let mut left = random.u32(0..ROUTES.iter().map(|(_, often, _)| often).sum());
    for (route, often, failing) in ROUTES {
        if left < often {
            return (route, failing);
        }
        left -= often;
    }
    ("/dashboard", 0)
}
