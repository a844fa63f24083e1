//! What was seen of an installation on a day, or on all of them.

use super::super::report::{NUMBERS, Report};

/// Numbers that are told: those of Mesos, and the above.
pub(super) const MEASURES: usize = NUMBERS.len() + 1;
/// Units that were seen with a release; the number behind the last release stands for all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) version: usize,
    pub(super) units: u64,
    pub(super) affected: u64,
}

/// What was seen of an installation on a day, or on all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Traces {
    pub(super) versions: u64,
    pub(super) seen: Vec<Seen>,
    /// Packages that were told of.
    pub(super) packages: Option<u64>,
    /// Packages whose frameworks were told of.
    pub(super) with_frameworks: Option<u64>,
    /// Sum in thousandths, and how many times it was told.
    pub(super) numbers: [(i64, i64); MEASURES],
}

impl Traces {
    pub(super) fn seen(&mut self, version: usize) -> &mut Seen {
        let place = self.seen.iter().position(|seen| seen.version == version);
        let place = place.unwrap_or_else(|| {
            self.seen.push(Seen {
                version,
                units: 0,
                affected: 0,
            });
            self.seen.len() - 1
        });
        &mut self.seen[place]
    }

    pub(super) fn add(&mut self, report: &Report) {
        self.versions |= 1 << report.version;
        let and = |before: Option<u64>| Some(before.unwrap_or_default() | report.packages);
        if report.events.packages {
            self.packages = and(self.packages);
        }
        let (mesos, unreachable) = self.numbers.split_at_mut(NUMBERS.len());
        if report.events.mesos {
            self.with_frameworks = and(self.with_frameworks);
            for ((sum, count), number) in mesos.iter_mut().zip(report.numbers) {
                (*sum, *count) = (*sum + number, *count + 1);
            }
        }
        if report.events.health && report.unreachable > 0 {
            for (sum, count) in unreachable {
                (*sum, *count) = (*sum + 1000 * i64::from(report.unreachable), *count + 1);
            }
        }
    }
}
