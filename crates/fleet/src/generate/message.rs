//! The text of a report's messages: compact JSON with sorted properties, as signal sends it.

use super::installation::Installation;
use super::report::{NUMBERS, Report};
use super::shelf;
use super::world::World;

/// What is said of the program that sends.
const LIBRARY: &str = concat!(
    r#"},"context":{"library":{"name":"heliograph-signal","version":""#,
    env!("CARGO_PKG_VERSION"),
    r#""},"reporter":""#
);

/// Appends the properties of an event.
type Properties<'a> = fn(&mut Writer<'a>, &Installation, &Report);

/// Writes messages, one after the other, into one buffer.
pub(super) struct Writer<'a> {
    world: &'a World,
    /// Texts of the hours.
    hours: Vec<String>,
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        let hours = 0..world.calendar.hours();
        Self {
            world,
            hours: hours.map(|hour| world.calendar.hour_text(hour)).collect(),
            out: Vec::with_capacity(16 * 1024),
        }
    }

    /// Hands each message of a report to `each`.
    pub(super) fn report<E>(
        &mut self,
        of: &Installation,
        report: &Report,
        mut each: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let parts: [(bool, &str, Properties<'a>); 3] = [
            (report.events.health, "health", Self::health),
            (report.events.packages, "package_list", Self::packages),
            (report.events.mesos, "mesos_track", Self::mesos),
        ];
        for (_, event, properties) in parts.iter().filter(|(says, ..)| *says) {
            self.begin(of, event, report);
            let first = self.out.len();
            properties(self, of, report);
            // All properties begin with a comma.
            if let Some(comma) = self.out.get_mut(first) {
                *comma = b'{';
            }
            self.end(of, report);
            each(&self.out)?;
        }
        Ok(())
    }

    fn begin(&mut self, of: &Installation, event: &str, report: &Report) {
        self.out.clear();
        self.push(r#"{"type":"track","messageId":""#);
        self.push(&of.id);
        self.push(":");
        self.push(event);
        self.push(":");
        self.push_hour(report.hour);
        self.push(r#"","anonymousId":""#);
        self.push(&of.id);
        if !of.customer_key.is_empty() {
            self.push(r#"","userId":""#);
            self.push(&of.customer_key);
        }
        self.push(r#"","event":""#);
        self.push(event);
        self.push(r#"","properties":"#);
    }

    fn end(&mut self, of: &Installation, report: &Report) {
        self.push(LIBRARY);
        self.push(&of.reporter);
        self.push(r#""},"timestamp":""#);
        self.push_hour(report.hour);
        // The zone comes last.
        self.out.pop();
        let (minutes, rest) = (of.offset / 60_000, of.offset % 60_000);
        for (mark, number, digits) in [(":", minutes, 2), (":", rest / 1000, 2), (".", rest % 1000, 3)] {
            self.push(mark);
            self.push_digits(number, digits);
        }
        self.push(r#"Z"}"#);
    }

    fn health(&mut self, of: &Installation, report: &Report) {
        self.open(of);
        self.version(report);
        let world = self.world;
        for (number, unit) in world.units.iter().enumerate() {
            let (known, unknown) = world.nodes(of, report, unit);
            if known > 0 {
                self.push(&unit.property);
                self.push(r#"total":"#);
                self.push_number(known);
                self.push(&unit.property);
                self.push(r#"unhealthy":"#);
                self.push_number(report.unhealthy(number, known));
            }
            if unknown > 0 {
                self.push(&unit.property);
                self.push(r#"unknown":"#);
                self.push_number(unknown);
            }
        }
        self.license(of);
        if report.unreachable > 0 {
            self.push(r#","nodes-unreachable":"#);
            self.push_number(report.unreachable);
        }
        self.close(of);
        self.text("variant", of.variant());
    }

    fn packages(&mut self, of: &Installation, report: &Report) {
        self.open(of);
        self.version(report);
        self.license(of);
        self.names(
            "package_list",
            shelf::packages(report.packages).map(|(_, package)| package.name),
        );
        self.close(of);
        self.text("variant", of.variant());
    }

    fn mesos(&mut self, of: &Installation, report: &Report) {
        for (name, number) in NUMBERS.iter().zip(report.numbers) {
            match *name {
                "cpu_total" => self.text("clusterId", &of.id),
                "disk_total" => self.text("customerKey", &of.customer_key),
                "framework_count" => self.version(report),
                "mem_total" => {
                    self.names("frameworks", report.frameworks());
                    self.license(of);
                }
                "task_count" => self.close(of),
                _ => {}
            }
            self.push(",\"");
            self.push(name);
            self.push("\":");
            self.push_thousandths(number);
        }
        self.text("variant", of.variant());
    }

    fn open(&mut self, of: &Installation) {
        self.text("clusterId", &of.id);
        self.text("customerKey", &of.customer_key);
    }

    fn close(&mut self, of: &Installation) {
        self.text("provider", of.provider);
        self.text("source", "cluster");
    }

    fn version(&mut self, report: &Report) {
        let release = self.world.releases.get(report.version);
        self.text(
            "environmentVersion",
            release.map_or("", |release| release.version),
        );
    }

    fn license(&mut self, of: &Installation) {
        if !of.license_id.is_empty() {
            self.text("licenseId", &of.license_id);
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        for part in [",\"", name, "\":\"", value, "\""] {
            self.push(part);
        }
    }

    fn names(&mut self, name: &str, names: impl Iterator<Item = &'static str>) {
        for part in [",\"", name, "\":["] {
            self.push(part);
        }
        for (place, name) in names.enumerate() {
            self.push(if place == 0 {
                "{\"name\":\""
            } else {
                ",{\"name\":\""
            });
            self.push(name);
            self.push("\"}");
        }
        self.push("]");
    }

    fn push_hour(&mut self, hour: u32) {
        let text = usize::try_from(hour).ok().and_then(|hour| self.hours.get(hour));
        self.out
            .extend_from_slice(text.map_or(b"", |text| text.as_bytes()));
    }

    fn push(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    fn push_number(&mut self, number: u32) {
        let mut buffer = itoa::Buffer::new();
        self.push(buffer.format(number));
    }

    /// With noughts before.
    fn push_digits(&mut self, number: u32, digits: usize) {
        let mut buffer = itoa::Buffer::new();
        let text = buffer.format(number);
        for _ in text.len()..digits {
            self.push("0");
        }
        self.push(text);
    }

    /// A decimal number without noughts at its end.
    fn push_thousandths(&mut self, number: i64) {
        let mut buffer = itoa::Buffer::new();
        self.push(buffer.format(number / 1000));
        let mut fraction = number % 1000;
        if fraction > 0 {
            self.push(".");
        }
        while fraction > 0 {
            self.push(buffer.format(fraction / 100));
            fraction = fraction % 100 * 10;
        }
    }
}
