//! What a snapshot has read of days, kept while it lasts: a page asks several questions of the same days. Of a day whose sheet is not kept,
//! such as today's, the sheet is made once instead of for each question.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::delta::Day;
use crate::sheet::{Roster, Sheet};

/// Most lines of rosters that are kept, some 40 bytes each.
const LINES: usize = 1 << 20;
/// Most sheets that were made; each has all that is known of a day.
const SHEETS: usize = 4;

/// The days.
#[derive(Debug, Default)]
pub(super) struct Memory(RefCell<Known>);

#[derive(Debug, Default)]
struct Known {
    rosters: HashMap<Day, Arc<Roster>>,
    lines: usize,
    sheets: Vec<Arc<Sheet>>,
}

impl Memory {
    /// Who was heard of on a day, where that was read.
    pub(super) fn roster(&self, day: Day) -> Option<Arc<Roster>> {
        self.0.borrow().rosters.get(&day).cloned()
    }

    /// Keeps that, as long as there is room.
    pub(super) fn keep_roster(&self, day: Day, roster: &Arc<Roster>) {
        let mut known = self.0.borrow_mut();
        if known.lines + roster.0.len() <= LINES && known.rosters.insert(day, Arc::clone(roster)).is_none() {
            known.lines += roster.0.len();
        }
    }

    /// The sheet of a day, where it was made.
    pub(super) fn sheet(&self, day: Day) -> Option<Arc<Sheet>> {
        let known = self.0.borrow();
        known.sheets.iter().find(|sheet| sheet.day == day).cloned()
    }

    /// Keeps that; of more than there is room for, the latest.
    pub(super) fn keep_sheet(&self, sheet: &Arc<Sheet>) {
        let mut known = self.0.borrow_mut();
        if known.sheets.len() == SHEETS {
            known.sheets.remove(0);
        }
        known.sheets.push(Arc::clone(sheet));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::Line;

    #[test]
    fn there_is_room_for_so_much() {
        let memory = Memory::default();
        let large = Arc::new(Roster(vec![Line::default(); LINES - 1]));
        let small = Arc::new(Roster(vec![Line::default(); 2]));
        memory.keep_roster(Day(1), &large);
        memory.keep_roster(Day(2), &small);
        assert!(memory.roster(Day(1)).is_some() && memory.roster(Day(2)).is_none());
        for day in 0..=4 {
            let sheet = Sheet {
                day: Day(day),
                ..Sheet::default()
            };
            memory.keep_sheet(&Arc::new(sheet));
        }
        assert!(memory.sheet(Day(0)).is_none() && memory.sheet(Day(1)).is_some());
    }
}
