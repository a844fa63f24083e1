//! A browser on a site, and what became of it at the collector.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::site::{PATIENCE, Plan, Site};
use crate::collector::TestCollector;
use crate::sdk::chromium::{Chromium, Setup};

/// Somebody visits the application.
pub(crate) struct Visit {
    pub(crate) site: Site,
    pub(crate) chromium: Chromium,
    pub(crate) collector: TestCollector,
}

impl Visit {
    /// Opens the application at a path. `None`, said loudly, where there is no browser.
    pub(crate) fn begin(plan: Plan, path: &str, setup: &Setup) -> Option<Visit> {
        let collector = TestCollector::start();
        let key = collector.key("ui");
        let site = Site::start(plan, &key, collector.address(), false);
        let chromium = Chromium::open_as(&format!("{}{path}", site.url()), setup)?;
        let mut visit = Visit {
            site,
            chromium,
            collector,
        };
        // A browser now and then ends while it starts, before it asks anybody for anything.
        for _ in 0..2 {
            if visit.has_arrived() {
                break;
            }
            eprintln!("the browser ended before it asked for {path}; another one is started");
            visit.chromium = Chromium::open_as(&format!("{}{path}", visit.site.url()), setup)?;
        }
        Some(visit)
    }

    /// Waits until the page is asked for, or nobody is left to ask for it.
    fn has_arrived(&mut self) -> bool {
        let begun = Instant::now();
        while self.site.asked().is_empty() {
            if !self.chromium.runs() {
                return false;
            }
            if begun.elapsed() > PATIENCE {
                break;
            }
            thread::sleep(Duration::from_millis(20));
        }
        true
    }

    /// Waits until this holds.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&Visit) -> bool) {
        let begun = Instant::now();
        while !holds(self) {
            let reports = self.site.reports();
            let failed = reports.iter().any(|report| report.get("fault").is_some());
            if failed || !self.chromium.runs() || begun.elapsed() > PATIENCE {
                let lines: Vec<_> = self
                    .site
                    .asked()
                    .iter()
                    .map(|asked| format!("{} {}", asked.request.first, asked.status))
                    .collect();
                panic!(
                    "waited for: {what}; the page said {reports:?}; asked:\n{}",
                    lines.join("\n")
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits until so many messages were taken.
    pub(crate) fn until_taken(&mut self, count: usize) {
        self.until(&format!("{count} messages"), |visit| {
            visit.site.taken().len() >= count
        });
    }

    /// What is stored, in the order in which it happened.
    pub(crate) fn stored(&self) -> Vec<Value> {
        let mut stored = self.collector.messages();
        stored.sort_by_key(|message| {
            message["originalTimestamp"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        });
        stored
    }

    /// The names of what is stored: `page /nodes/:id`, `identify`, `ui_error TypeError on /`.
    pub(crate) fn told(&self) -> Vec<String> {
        let stored = self.stored();
        stored.iter().map(told).collect()
    }

    /// Nobody else was asked for anything, nothing was against the page's policy.
    pub(crate) fn check_nothing_else(&self) {
        assert_eq!(self.chromium.elsewhere(), [""; 0]);
        let reports = self.site.reports();
        let bad = reports
            .iter()
            .filter(|report| report.get("violation").is_some() || report.get("fault").is_some());
        assert_eq!(bad.count(), 0, "{reports:?}");
    }
}

fn told(message: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    match message["type"].as_str() {
        Some("page") => format!("page {}", text(&message["name"])),
        Some("track") => {
            let properties = &message["properties"];
            format!(
                "{} {} on {}",
                text(&message["event"]),
                text(&properties["kind"]),
                text(&properties["route"])
            )
        }
        other => other.unwrap_or("-").to_owned(),
    }
}
