//! Tiers of installations: how much there is to an id, and whether it still reports.
//!
//! Raw counts of ids say little: most ids are seen once. So each installation is in one tier, as of the last day that a question is
//! about: *new* with reports on one day, *recurring* with fewer than [`CONFIRMED`], *confirmed* with so many or more; or *silent*, when
//! the last [`SILENCE`] hourly reports are missing. Days are those on which any report counts, from the first that is known. Beside that it may be *flagged*:
//! as likely CI or a demonstration (one node, and reports on no more than [`SHORT`] days), or as a clone (reports under its id
//! contradict each other, on any of the days that are asked about).

use std::collections::BTreeSet;

use super::clusters::{Clusters, PerCluster};
use super::filter::Filter;
use crate::delta::Day;
use crate::sheet::{Line, Wanted};
use crate::store::{Snapshot, StoreError};

/// Days with reports below which an installation is new.
const RECURRING: u16 = 2;
/// Days with reports from which on it is confirmed.
const CONFIRMED: u16 = 7;
/// Reporting intervals that are missed by who is silent, in hours.
pub(super) const SILENCE: i64 = 3;
/// Most days with reports of a short life.
const SHORT: u16 = 2;
/// Hours of a day.
pub(super) const HOURS: i64 = 24;

/// A tier. Each installation is in one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// It reported on one day.
    New,
    /// On some days.
    Recurring,
    /// On seven days or more.
    Confirmed,
    /// It reports no more.
    Silent,
}

/// What may be said of an installation beside its tier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Flag {
    /// Likely CI, or a demonstration.
    Ci,
    /// More than one installation reports under its id.
    Clone,
}

/// Where an installation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// Its tier.
    pub tier: Tier,
    /// Its flags.
    pub flags: BTreeSet<Flag>,
}

/// Where all installations stand as of a day.
#[derive(Debug, Default)]
pub struct Standings {
    seen: PerCluster<Seen>,
    clones: Clusters,
}

/// What is known of an installation.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    /// Days on which any report counts.
    days: u16,
    /// Most nodes of any of them.
    nodes: u32,
    /// Whether one of the last reports is there.
    awake: bool,
}

impl Tier {
    /// All tiers, with their names.
    pub const ALL: [(Tier, &'static str); 4] = [
        (Tier::New, "new"),
        (Tier::Recurring, "recurring"),
        (Tier::Confirmed, "confirmed"),
        (Tier::Silent, "silent"),
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Tier::New => "new",
            Tier::Recurring => "recurring",
            Tier::Confirmed => "confirmed",
            Tier::Silent => "silent",
        }
    }
}

impl Flag {
    /// All flags, with their names.
    pub const ALL: [(Flag, &'static str); 2] = [(Flag::Ci, "ci"), (Flag::Clone, "clone")];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Flag::Ci => "ci",
            Flag::Clone => "clone",
        }
    }
}

impl Standing {
    /// Its flags as they are written: separated by blanks.
    pub fn flags(&self) -> String {
        let names: Vec<_> = self.flags.iter().map(|flag| flag.name()).collect();
        names.join(" ")
    }

    /// Whether it is among those that a filter asks for.
    fn passes(&self, filter: &Filter) -> bool {
        (filter.tiers.is_empty() || filter.tiers.contains(&self.tier))
            && (filter.flags.is_empty() || !filter.flags.is_disjoint(&self.flags))
            && filter.without.is_disjoint(&self.flags)
    }
}

impl Standings {
    /// As of the last day of a filter; clones as of all of its days.
    ///
    /// # Errors
    /// When the database can't be read.
    pub(super) fn read(snapshot: &Snapshot<'_>, filter: &Filter) -> Result<Standings, StoreError> {
        let mut seen: PerCluster<Seen> = PerCluster::default();
        for day in snapshot.days(Day(i64::MIN), filter.to.0)? {
            for present in snapshot.reporting(day)? {
                if let Some(seen) = seen.at(present.cluster) {
                    seen.days = seen.days.saturating_add(1);
                    seen.nodes = seen.nodes.max(present.nodes);
                }
            }
        }
        let since = filter.end() - SILENCE;
        for day in snapshot.days(Day(since.div_euclid(HOURS)), filter.to.0)? {
            let sheet = snapshot.sheet(day, &Wanted::default())?;
            for line in sheet.roster.0.iter().filter(|line| is_awake(line, day, since)) {
                if let Some(seen) = seen.at(line.cluster) {
                    seen.awake = true;
                }
            }
        }
        let clones = snapshot.flagged(Flag::Clone.name(), filter.from.0, filter.to.0)?;
        Ok(Standings {
            seen,
            clones: clones.into_iter().collect(),
        })
    }

    /// That of an installation; `None` of one that had not reported by then.
    pub fn of(&self, cluster: i64) -> Option<Standing> {
        let seen = self.seen.get(cluster).filter(|seen| seen.days > 0)?;
        let ci = seen.nodes == 1 && seen.days <= SHORT;
        let flags = [(Flag::Ci, ci), (Flag::Clone, self.clones.contains(cluster))];
        let flags = flags.into_iter().filter(|(_, is)| *is).map(|(flag, _)| flag);
        Some(Standing {
            tier: seen.tier(),
            flags: flags.collect(),
        })
    }

    /// Those that a filter asks for.
    pub(super) fn counted(&self, filter: &Filter) -> Clusters {
        let all = self.seen.iter().map(|(cluster, _)| cluster);
        all.filter(|cluster| self.of(*cluster).is_some_and(|standing| standing.passes(filter)))
            .collect()
    }
}

impl Seen {
    const fn tier(self) -> Tier {
        match self.days {
            _ if !self.awake => Tier::Silent,
            ..RECURRING => Tier::New,
            RECURRING..CONFIRMED => Tier::Recurring,
            CONFIRMED.. => Tier::Confirmed,
        }
    }
}

/// Whether a line tells of a report in an hour or later. Of which hours reports beside those of health were is not known: who sends no
/// health reports counts on the whole day.
fn is_awake(line: &Line, day: Day, since: i64) -> bool {
    let last = match line.observed.last() {
        Some(hour) => i64::from(hour),
        None => HOURS - 1,
    };
    line.reported && day.0 * HOURS + last >= since
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::Hours;

    #[test]
    fn an_installation_is_in_one_tier() {
        for (days, awake, tier) in [
            (1, true, Tier::New),
            (2, true, Tier::Recurring),
            (6, true, Tier::Recurring),
            (7, true, Tier::Confirmed),
            (u16::MAX, true, Tier::Confirmed),
            (1, false, Tier::Silent),
            (40, false, Tier::Silent),
        ] {
            let seen = Seen {
                days,
                nodes: 3,
                awake,
            };
            assert_eq!(seen.tier(), tier, "{seen:?}");
        }
        for (tier, name) in Tier::ALL {
            assert_eq!(tier.name(), name);
        }
        for (flag, name) in Flag::ALL {
            assert_eq!(flag.name(), name);
        }
    }

    #[test]
    fn who_misses_three_reports_is_silent() {
        let line = |hours| Line {
            cluster: 1,
            reported: true,
            observed: Hours(hours),
            ..Line::default()
        };
        // Up to the end of day 1, hour 48: the last three are 45 to 47.
        let since = 48 - SILENCE;
        for (line, day, awake) in [
            (line(1 << 20), 1, false),
            (line(1 << 21), 1, true),
            (line(1 << 23), 0, false),
            // Who tells nothing of its health is not said to be silent on a day on which it reported.
            (line(0), 1, true),
            (line(0), 0, false),
            (
                Line {
                    reported: false,
                    ..line(0)
                },
                1,
                false,
            ),
        ] {
            assert_eq!(is_awake(&line, Day(day), since), awake, "{line:?} {day}");
        }
    }

    #[test]
    fn flags_are_told_and_filtered_by() {
        let mut seen: PerCluster<Seen> = PerCluster::default();
        for (cluster, days, nodes) in [(1, 2, 1), (2, 3, 1), (3, 1, 2), (4, 9, 5), (6, 1, 0)] {
            *seen.at(cluster).unwrap() = Seen {
                days,
                nodes,
                awake: true,
            };
        }
        let standings = Standings {
            seen,
            clones: [1, 4].into_iter().collect(),
        };
        let flags = |cluster| standings.of(cluster).map(|standing| standing.flags());
        assert_eq!(
            [1, 2, 3, 4, 5, 6, 7].map(flags),
            [
                Some("ci clone"),
                Some(""),
                Some(""),
                Some("clone"),
                None,
                Some(""),
                None
            ]
            .map(|flags| flags.map(str::to_owned))
        );
        let counted = |tiers: &[Tier], flags: &[Flag], without: &[Flag]| {
            let filter = Filter {
                tiers: tiers.iter().copied().collect(),
                flags: flags.iter().copied().collect(),
                without: without.iter().copied().collect(),
                ..Filter::default()
            };
            standings.counted(&filter).iter().collect::<Vec<_>>()
        };
        assert_eq!(counted(&[], &[], &[]), [1, 2, 3, 4, 6]);
        assert_eq!(counted(&[Tier::Recurring, Tier::Confirmed], &[], &[]), [1, 2, 4]);
        assert_eq!(counted(&[], &[Flag::Clone], &[]), [1, 4]);
        assert_eq!(counted(&[], &[Flag::Clone], &[Flag::Ci]), [4]);
        assert_eq!(counted(&[Tier::New], &[], &[Flag::Ci, Flag::Clone]), [3, 6]);
    }
}
