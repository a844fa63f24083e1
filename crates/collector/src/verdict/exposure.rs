//! How a unit fared on all days of all installations, ready to be summed over the good days beside any day.

use super::panel::Panel;

/// Of one installation and day.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Cell {
    /// Node-hours in which it was unhealthy.
    pub unhealthy: f32,
    /// Node-hours in which its state was known. None: nothing is known of that day.
    pub observed: f32,
    /// Nodes that it ran on.
    pub nodes: f32,
}

/// The good days of each installation in a row: those of which something is known, without those of an outage of the fleet.
#[derive(Debug, Clone, Default)]
pub struct Exposure {
    days: usize,
    /// How many good days an installation has before each day, and in all.
    rank: Vec<u16>,
    /// The day of each good day.
    day: Vec<u16>,
    /// Sums of all before each good day.
    sums: Vec<Sum>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Sum {
    share: f64,
    nodes: f64,
    observed: f64,
}

/// Good days in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Side {
    /// How many.
    pub days: u16,
    /// Sum of the daily shares of unhealthy node-hours: every day counts the same.
    pub share: f64,
    /// Sum of the daily numbers of nodes.
    pub nodes: f64,
    /// Node-hours observed.
    pub observed: f64,
    /// The first of them.
    pub first: u16,
    /// The last.
    pub last: u16,
}

impl Exposure {
    /// Takes in the cells of a unit: of each installation all days, one installation after the other. Days of an outage are left out.
    pub fn fill(&mut self, panel: &Panel, cells: &[Cell], outage: &[bool]) {
        let days = usize::from(panel.days);
        let lines = panel.tracks.len();
        self.days = days;
        self.rank.clear();
        self.rank.reserve(lines * (days + 1));
        self.day.clear();
        self.day.resize(lines * days, 0);
        self.sums.clear();
        self.sums.resize(lines * (days + 1), Sum::default());
        for (line, cells) in cells.chunks_exact(days.max(1)).enumerate() {
            let (mut rank, mut sum) = (0_u16, Sum::default());
            for ((day, cell), outage) in (0_u16..).zip(cells).zip(outage) {
                self.rank.push(rank);
                if cell.observed <= 0.0 || *outage {
                    continue;
                }
                self.day[line * days + usize::from(rank)] = day;
                sum.share += f64::from(cell.unhealthy) / f64::from(cell.observed);
                sum.nodes += f64::from(cell.nodes);
                sum.observed += f64::from(cell.observed);
                rank += 1;
                self.sums[line * (days + 1) + usize::from(rank)] = sum;
            }
            self.rank.push(rank);
        }
    }

    /// The last `count` good days from `first` to `last`, of the installation at a place; none where there are fewer.
    pub fn before(&self, place: usize, first: u16, last: u16, count: u16) -> Option<Side> {
        let (start, end) = self.good(place, first, last)?;
        let start = end.checked_sub(count).filter(|from| *from >= start)?;
        self.side(place, start, end)
    }

    /// The first `count` good days from `first` to `last`; none where there are fewer.
    pub fn after(&self, place: usize, first: u16, last: u16, count: u16) -> Option<Side> {
        let (start, end) = self.good(place, first, last)?;
        let until = start.checked_add(count).filter(|until| *until <= end)?;
        self.side(place, start, until)
    }

    /// All good days from `first` to `last`, if there are any.
    pub fn all(&self, place: usize, first: u16, last: u16) -> Option<Side> {
        let (start, end) = self.good(place, first, last)?;
        self.side(place, start, end)
    }

    fn good(&self, place: usize, first: u16, last: u16) -> Option<(u16, u16)> {
        let ranks = self.rank.get(place * (self.days + 1)..)?;
        let range = (first <= last).then_some((first, last + 1))?;
        Some((
            *ranks.get(usize::from(range.0))?,
            *ranks.get(usize::from(range.1))?,
        ))
    }

    fn side(&self, place: usize, start: u16, end: u16) -> Option<Side> {
        let sums = self.sums.get(place * (self.days + 1)..)?;
        let day = self.day.get(place * self.days..)?;
        let (from, to) = (sums.get(usize::from(start))?, sums.get(usize::from(end))?);
        if start >= end {
            return None;
        }
        Some(Side {
            days: end - start,
            share: to.share - from.share,
            nodes: to.nodes - from.nodes,
            observed: to.observed - from.observed,
            first: *day.get(usize::from(start))?,
            last: *day.get(usize::from(end) - 1)?,
        })
    }
}

impl Side {
    /// The share of a day, in the mean.
    pub fn rate(&self) -> f64 {
        self.share / f64::from(self.days)
    }
}

#[cfg(test)]
mod tests {
    use super::super::panel::Track;
    use super::*;

    #[test]
    fn good_days_are_summed_from_any_day() {
        let panel = Panel {
            days: 6,
            tracks: vec![Track::new(1, &[1; 6]), Track::new(2, &[1; 6])],
        };
        let mut cells = vec![
            Cell {
                unhealthy: 6.0,
                observed: 24.0,
                nodes: 1.0
            };
            12
        ];
        cells[8] = Cell::default();
        let mut exposure = Exposure::default();
        exposure.fill(&panel, &cells, &[false, false, false, true, false, false]);
        let side = exposure.before(0, 0, 4, 3).unwrap();
        assert_eq!(
            (
                side.first,
                side.last,
                side.days,
                side.share,
                side.nodes,
                side.observed
            ),
            (1, 4, 3, 0.75, 3.0, 72.0)
        );
        assert_eq!(side.rate(), 0.25);
        // One day is unknown there, one is an outage.
        let side = exposure.after(1, 1, 5, 3).unwrap();
        assert_eq!((side.first, side.last), (1, 5));
        assert_eq!(exposure.after(1, 1, 5, 4), None);
        assert_eq!(exposure.before(1, 2, 3, 1), None);
        assert_eq!(exposure.all(1, 0, 5).unwrap().days, 4);
        assert_eq!((exposure.all(0, 4, 3), exposure.all(0, 4, 6)), (None, None));
    }
}
