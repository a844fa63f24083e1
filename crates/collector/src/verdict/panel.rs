//! Who ran what on which day.

/// Days without a report after which an installation has fallen silent. Fewer are a gap.
pub const SILENT_AFTER: u16 = 3;
/// No report on a day.
pub const NOTHING: u16 = 0;

/// How a spell ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on, as far as is known.
    Open,
    /// By another version, on this day; whether that is an earlier one.
    Changed(u16, bool),
    /// By silence, which is certain on this day.
    Silent(u16),
}

/// Days on which an installation ran one version, without longer gaps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spell {
    /// Place of the version among all versions, in their order, from 1.
    pub version: u16,
    /// The first day that is whole: the day of a change belongs to neither version.
    pub first: u16,
    /// The last day with a report.
    pub last: u16,
    /// How it ended.
    pub end: Ending,
}

/// An installation's spells, the earliest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    /// Decides who is looked at first: a hash of the id, so that no answer depends on the order of a table.
    pub order: u64,
    /// The spells.
    pub spells: Vec<Spell>,
}

/// All installations over the same days, which are counted from 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Panel {
    /// How many days.
    pub days: u16,
    /// The installations.
    pub tracks: Vec<Track>,
}

/// A change to a version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Upgrade {
    /// The day, which belongs to neither.
    pub day: u16,
    /// What was run before.
    pub before: Spell,
    /// What is run since.
    pub after: Spell,
}

/// Why an installation that ran a version says nothing about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It began with it.
    Fresh,
    /// It was silent when it changed.
    Away,
    /// It came back to it from a later one.
    Downgrade,
}

impl Track {
    /// From what it reported to run on each day; [`NOTHING`] where it did not report, the last of several versions of a day.
    pub fn new(order: u64, versions: &[u16]) -> Track {
        let mut spells: Vec<Spell> = Vec::new();
        for (day, version) in (0_u16..).zip(versions.iter().copied()) {
            if version == NOTHING {
                continue;
            }
            if let Some(spell) = spells.last_mut() {
                let away = day - spell.last;
                if away > SILENT_AFTER {
                    spell.end = Ending::Silent(spell.last + SILENT_AFTER);
                } else if spell.version == version {
                    spell.last = day;
                    continue;
                } else {
                    spell.end = Ending::Changed(day, version < spell.version);
                }
            }
            let changed = spells
                .last()
                .is_some_and(|spell| matches!(spell.end, Ending::Changed(..)));
            spells.push(Spell {
                version,
                first: day + u16::from(changed),
                last: day,
                end: Ending::Open,
            });
        }
        let days = u16::try_from(versions.len()).unwrap_or(u16::MAX);
        if let Some(spell) = spells.last_mut()
            && days - spell.last > SILENT_AFTER
        {
            spell.end = Ending::Silent(spell.last + SILENT_AFTER);
        }
        Track { order, spells }
    }

    /// Its change to a version, if that was seen.
    ///
    /// # Errors
    /// Why it is none that tells something; `None` where the version was never run.
    pub fn upgrade(&self, version: u16) -> Result<Upgrade, Option<Unseen>> {
        let at = self
            .spells
            .iter()
            .position(|spell| spell.version == version)
            .ok_or(None)?;
        let after = self.spells.get(at).copied().ok_or(None)?;
        let before = at
            .checked_sub(1)
            .and_then(|at| self.spells.get(at))
            .copied()
            .ok_or(Some(Unseen::Fresh))?;
        let Ending::Changed(day, _) = before.end else {
            return Err(Some(Unseen::Away));
        };
        if before.version > version {
            return Err(Some(Unseen::Downgrade));
        }
        Ok(Upgrade { day, before, after })
    }

    /// The spell that lasts from before a day to beyond it.
    pub fn around(&self, day: u16) -> Option<&Spell> {
        self.spells
            .iter()
            .find(|spell| spell.first < day && day <= spell.last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_become_spells() {
        let track = Track::new(1, &[1, 1, 0, 0, 1, 2, 2, 1, 0, 0, 0, 0, 3, 3]);
        let spell = |version, first, last, end| Spell {
            version,
            first,
            last,
            end,
        };
        let spells = [
            // Two days are a gap.
            spell(1, 0, 4, Ending::Changed(5, false)),
            spell(2, 6, 6, Ending::Changed(7, true)),
            spell(1, 8, 7, Ending::Silent(10)),
            spell(3, 12, 13, Ending::Open),
        ];
        assert_eq!(track.spells, spells);
        assert_eq!(track.around(3), Some(&spells[0]));
        // The first day and those of a change are around nothing.
        assert_eq!([0, 5, 7, 9].map(|day| track.around(day)), [None; 4]);
        let silent = Track::new(1, &[1, 1, 0, 0, 0]);
        assert_eq!(silent.spells[0].end, Ending::Silent(4));
        assert_eq!(Track::new(1, &[1, 1, 0, 0]).spells[0].end, Ending::Open);
    }

    #[test]
    fn an_upgrade_is_one_that_was_seen() {
        let upgrade =
            |versions: &[u16], version| Track::new(1, versions).upgrade(version).map(|seen| seen.day);
        assert_eq!(upgrade(&[1, 1, 2, 2], 2), Ok(2));
        assert_eq!(upgrade(&[1, 0, 3, 3], 3), Ok(2));
        assert_eq!(upgrade(&[2, 2, 2], 2), Err(Some(Unseen::Fresh)));
        assert_eq!(upgrade(&[1, 0, 0, 0, 0, 2], 2), Err(Some(Unseen::Away)));
        assert_eq!(upgrade(&[3, 3, 2, 2], 2), Err(Some(Unseen::Downgrade)));
        assert_eq!(upgrade(&[1, 1], 2), Err(None));
        // The first time counts.
        assert_eq!(upgrade(&[1, 2, 1, 2], 2), Ok(1));
    }
}
