//! Days on which a unit failed all over the fleet: they say nothing about a version.
//!
//! A shock that multiplies everybody's rate cancels between upgrades and controls. One that adds to it does not, where those who
//! upgrade are sicker or healthier than others: so its days are taken out for all. A day is judged by itself and those before it, and
//! each installation is compared with itself, since those that have not upgraded yet are others from day to day.

use super::exposure::Cell;
use super::panel::Panel;

/// Fewer installations than these are no fleet.
const FLEET: u32 = 10;
/// How many days of an installation tell what is usual for it, and how many there must be.
const BACK: u32 = 28;
const USUAL: u32 = 7;
/// Days whose excess is added up: one for a heavy outage, more for a light one.
const SPANS: [usize; 3] = [1, 3, 7];
/// How many standard deviations more installations than usual are affected when an outage begins, how many more at least, and by how many
/// standard deviations it goes on.
const BEGINS: f64 = 4.0;
const MORE: f64 = 3.0;
const GOES_ON: f64 = 1.0;
/// Days after the last that looks like one: what began in it may take until then.
const ECHO: u16 = 1;
/// After so many days it is no outage but how things are.
const LONGEST: u16 = 14;
/// Failures of a day and the next are not independent: counts vary more than those of coins, by this.
const CLUSTERED: f64 = 1.5;
/// Who was never affected may be, as if it had been in so many of 100 half days.
const UNSEEN: f64 = 0.02;

/// What an installation's days were like, as far as they were no outage.
#[derive(Clone, Default)]
struct Usual {
    /// Whether it was affected, a bit a day, the latest the lowest.
    bits: u32,
    days: u32,
}

/// What a day was like.
#[derive(Clone, Copy, Default)]
struct Excess {
    installations: u32,
    /// How many more were affected than usual.
    more: f64,
    /// How much that varies.
    variance: f64,
}

#[derive(Default)]
struct Outage {
    /// Of the days before.
    excess: Vec<Excess>,
    /// Days that it goes on at least, and since how many it does.
    left: u16,
    since: u16,
}

/// Of each day whether installations that did not run a version had an outage of a unit.
pub(super) fn outages(panel: &Panel, cells: &[Cell], version: u16) -> Vec<bool> {
    let days = usize::from(panel.days);
    let mut usual = vec![Usual::default(); panel.tracks.len()];
    let mut spell = vec![0_usize; panel.tracks.len()];
    let mut outage = Outage::default();
    let mut hits: Vec<(usize, bool)> = Vec::new();
    let of_day = |day: u16| {
        hits.clear();
        let mut excess = Excess::default();
        for (place, track) in panel.tracks.iter().enumerate() {
            let cell = &cells[place * days + usize::from(day)];
            if cell.observed <= 0.0 {
                continue;
            }
            let at = &mut spell[place];
            while track.spells.get(*at).is_some_and(|spell| spell.last < day) {
                *at += 1;
            }
            let now = track.spells.get(*at).filter(|spell| spell.first <= day);
            if now.is_none_or(|spell| spell.version == version) {
                continue;
            }
            let hit = cell.unhealthy > 0.0;
            hits.push((place, hit));
            if usual[place].days >= USUAL {
                excess.add(&usual[place], hit);
            }
        }
        let is = outage.takes(excess);
        if !is {
            hits.iter().for_each(|(place, hit)| usual[*place].push(*hit));
        }
        is
    };
    (0..panel.days).map(of_day).collect()
}

impl Usual {
    fn push(&mut self, hit: bool) {
        self.bits = (self.bits << 1 | u32::from(hit)) & ((1 << BACK) - 1);
        self.days = (self.days + 1).min(BACK);
    }
}

impl Excess {
    fn add(&mut self, usual: &Usual, hit: bool) {
        let days = f64::from(usual.days);
        let rate = f64::from(usual.bits.count_ones()) / days;
        self.installations += 1;
        self.more += f64::from(u8::from(hit)) - rate;
        let rate = (rate * days + 0.5 * rate.max(UNSEEN)) / (days + 0.5);
        self.variance += rate * (1.0 - rate) * (1.0 + 1.0 / days);
    }

    fn noise(&self) -> f64 {
        (CLUSTERED * self.variance).sqrt()
    }
}

impl Outage {
    /// Takes in the next day; says whether it is one of an outage.
    fn takes(&mut self, day: Excess) -> bool {
        if day.installations >= FLEET {
            self.excess.push(day);
            let worse = day.more > GOES_ON * day.noise();
            let begins = worse
                && SPANS.iter().any(|span| {
                    let mut sum = Excess::default();
                    for day in self.excess.iter().rev().take(*span) {
                        sum.more += day.more;
                        sum.variance += day.variance;
                    }
                    sum.more > BEGINS * sum.noise() + MORE
                });
            if begins || self.left > 0 && worse {
                self.left = ECHO + 1;
            }
        }
        if self.left == 0 {
            self.since = 0;
            return false;
        }
        self.left -= 1;
        self.since += 1;
        self.since <= LONGEST
    }
}

#[cfg(test)]
mod tests {
    use super::super::panel::Track;
    use super::*;

    const DAYS: u16 = 60;

    /// 40 installations of which every tenth is affected on a day, another one each day; on some days so many more are.
    fn marked(bad: impl Fn(u16) -> usize) -> Vec<u16> {
        let panel = Panel {
            days: DAYS,
            tracks: (0..40)
                .map(|order| Track::new(order, &[1; DAYS as usize]))
                .collect(),
        };
        let mut cells = Vec::new();
        for place in 0..40_usize {
            for day in 0..DAYS {
                let hit = (place + usize::from(day)) % 10 == 0 || place < bad(day);
                cells.push(Cell {
                    unhealthy: f32::from(u8::from(hit)),
                    observed: 24.0,
                    nodes: 1.0,
                });
            }
        }
        let outages = outages(&panel, &cells, 2);
        // Those who run the version are not asked.
        assert!(super::outages(&panel, &cells, 1).iter().all(|outage| !outage));
        (0..DAYS)
            .zip(outages)
            .filter(|(_, is)| *is)
            .map(|(day, _)| day)
            .collect()
    }

    #[test]
    fn an_outage_is_noticed_while_it_lasts_and_a_day_longer() {
        assert!(marked(|_| 0).is_empty());
        assert_eq!(
            marked(|day| if (20..23).contains(&day) { 30 } else { 0 }),
            [20, 21, 22, 23]
        );
    }

    #[test]
    fn a_light_one_is_noticed_when_it_has_lasted() {
        let light = marked(|day| if (20..27).contains(&day) { 8 } else { 0 });
        assert!(
            light.first().is_some_and(|first| (21..24).contains(first))
                && light.last().is_some_and(|last| *last >= 26),
            "{light:?}"
        );
    }

    #[test]
    fn what_does_not_end_is_how_things_are() {
        let for_ever = marked(|day| if day >= 20 { 30 } else { 0 });
        assert_eq!(for_ever, Vec::from_iter(20..20 + LONGEST));
    }
}
