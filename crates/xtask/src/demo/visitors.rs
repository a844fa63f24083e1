//! People who use the clusters' interfaces: they log in, look at pages, and some pages fail; as the clusters' relays tell of it.

use std::io::{self, Write};

use fastrand::Rng;
use heliograph_fleet::generate::Message;
use serde_json::{Value, json};

use super::history;
use crate::visit::Visit;

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
        let told = &report["properties"];
        let mut common = json!({});
        for name in ["clusterId", "environmentVersion", "provider", "variant"] {
            common[name] = told[name].clone();
        }
        let visit = Visit {
            visitor: &format!("{}-{person}", text(&told["clusterId"])),
            // Of `2026-11-22T08:12:34.567Z` the day and the hour.
            hour: text(&report["timestamp"]).get(..13).unwrap_or_default(),
            common: &common,
            reporter: text(&report["context"]["reporter"]),
            worse: (told["environmentVersion"] == history::VERSION).then_some(WORSE),
        };
        for message in visit.messages(&mut self.random) {
            writeln!(out, "{message}")?;
            self.sent += 1;
        }
        Ok(())
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
