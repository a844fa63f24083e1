//! When each member is asked. A member is asked once an interval, each at a time of its own so that neither the network nor the
//! members' machines see all of it at once; and at once when somebody wants to know. Nobody is asked twice at the same time.

use std::collections::BTreeMap;
use std::time::Duration;

use super::member::Address;

/// What was learnt so shortly ago is as good as new: however often somebody wants to know, no member is asked more often.
pub const FRESH: Duration = Duration::from_secs(1);
/// The part of an interval by which the next turn is moved at most, to either side.
const SPREAD: f64 = 0.1;

/// The turns of all members. Times are of a clock that never jumps.
#[derive(Debug)]
pub struct Schedule {
    interval: Duration,
    turns: BTreeMap<Address, Turn>,
}

#[derive(Debug, Clone, Copy)]
struct Turn {
    due: Duration,
    asked: Option<Duration>,
    /// Whether the answer is still to come.
    open: bool,
    /// When the turn began that ended last.
    heard: Option<Duration>,
}

impl Schedule {
    /// No members yet.
    pub fn new(interval: Duration) -> Schedule {
        Schedule {
            interval,
            turns: BTreeMap::new(),
        }
    }

    /// These are the members now; new ones are due at once.
    pub fn keep<'a>(&mut self, members: impl IntoIterator<Item = &'a Address>, now: Duration) {
        let mut turns = BTreeMap::new();
        for address in members {
            let turn = self.turns.remove(address).unwrap_or(Turn {
                due: now,
                asked: None,
                open: false,
                heard: None,
            });
            turns.insert(address.clone(), turn);
        }
        self.turns = turns;
    }

    /// Somebody wants to know now.
    pub fn hurry(&mut self, now: Duration) {
        for turn in self.turns.values_mut() {
            if !turn.is_fresh(now) {
                turn.due = turn.due.min(now);
            }
        }
    }

    /// Those to ask now, of which there may be so many; the longest due first. They are taken as asked.
    pub fn begin(&mut self, now: Duration, room: usize) -> Vec<Address> {
        let mut due: Vec<_> = self
            .turns
            .iter_mut()
            .filter(|(_, turn)| !turn.open && turn.due <= now)
            .collect();
        due.sort_by_key(|(_, turn)| turn.due);
        due.truncate(room);
        let begin = |(address, turn): (&Address, &mut Turn)| {
            turn.open = true;
            turn.asked = Some(now);
            address.clone()
        };
        due.into_iter().map(begin).collect()
    }

    /// A member's answer came, or did not. `chance` is a random number from 0 to 1.
    pub fn end(&mut self, address: &Address, chance: f64) {
        let Some(turn) = self.turns.get_mut(address) else {
            return;
        };
        let pause = self
            .interval
            .mul_f64(1.0 - SPREAD + 2.0 * SPREAD * chance.clamp(0.0, 1.0));
        turn.open = false;
        turn.heard = turn.asked;
        turn.due = turn.asked.unwrap_or_default() + pause;
    }

    /// When the next one is due.
    pub fn next(&self) -> Option<Duration> {
        let waiting = self.turns.values().filter(|turn| !turn.open);
        waiting.map(|turn| turn.due).min()
    }

    /// Up to when those who want to know have what they want: each member has had a turn that began since then, or so shortly
    /// before that it makes no difference. `None` while some member was never heard.
    pub fn done(&self) -> Option<Duration> {
        let mut done = Duration::MAX;
        for turn in self.turns.values() {
            done = done.min(turn.heard? + FRESH);
        }
        Some(done)
    }

    /// Those whose turn is overdue by a whole interval: there was never room for them.
    pub fn overdue(&self, now: Duration) -> impl Iterator<Item = &Address> {
        let late = move |turn: &Turn| !turn.open && turn.due + self.interval <= now;
        self.turns
            .iter()
            .filter(move |(_, turn)| late(turn))
            .map(|(address, _)| address)
    }
}

impl Turn {
    fn is_fresh(&self, now: Duration) -> bool {
        self.asked.is_some_and(|asked| asked + FRESH >= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::member::Host;

    const INTERVAL: Duration = Duration::from_secs(60);

    fn address(number: u8) -> Address {
        Address {
            host: Host::Ip([10, 0, 0, number].into()),
            port: 1,
        }
    }

    /// Whether those who wanted to know then have what they want.
    fn is_done(schedule: &Schedule, since: Duration) -> bool {
        schedule.done().is_some_and(|done| done >= since)
    }

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn each_is_asked_once_an_interval_within_the_room_there_is() {
        let mut schedule = Schedule::new(INTERVAL);
        let all: Vec<_> = (1..=3).map(address).collect();
        schedule.keep(&all, secs(0));
        assert_eq!(schedule.begin(secs(0), 2), all[..2]);
        assert_eq!(schedule.begin(secs(0), 2), all[2..]);
        assert_eq!(
            (schedule.begin(secs(500), 9), schedule.next()),
            (vec![], None),
            "they are being asked"
        );
        assert!(!is_done(&schedule, secs(0)));
        for (address, chance) in all.iter().zip([0.0, 0.5, 1.0]) {
            schedule.end(address, chance);
        }
        assert!(is_done(&schedule, secs(0)));
        assert_eq!(schedule.next(), Some(secs(54)));
        for (at, due) in [
            (53, vec![]),
            (54, vec![1]),
            (59, vec![]),
            (60, vec![2]),
            (66, vec![3]),
        ] {
            let due: Vec<_> = due.into_iter().map(address).collect();
            assert_eq!(schedule.begin(secs(at), 9), due, "at {at} s");
        }
    }

    #[test]
    fn a_hurry_asks_all_but_those_that_were_just_asked() {
        let mut schedule = Schedule::new(INTERVAL);
        let all: Vec<_> = (1..=2).map(address).collect();
        schedule.keep(&all[..1], secs(0));
        schedule.begin(secs(0), 9);
        schedule.end(&all[0], 0.5);
        schedule.keep(&all, secs(5));
        assert_eq!(schedule.begin(secs(5), 9), all[1..]);

        // The second is still being asked, since before the hurry: its answer is waited for.
        schedule.hurry(secs(6));
        assert_eq!(schedule.begin(secs(6), 9), all[..1]);
        schedule.end(&all[0], 0.5);
        assert!(!is_done(&schedule, secs(6)));
        schedule.end(&all[1], 0.5);
        assert!(is_done(&schedule, secs(6)));

        // Others who want to know do not keep the first waiting.
        schedule.hurry(secs(7));
        assert_eq!(schedule.begin(secs(7), 9), all[1..]);
        assert!(is_done(&schedule, secs(6)) && !is_done(&schedule, secs(7)));
        schedule.end(&all[1], 0.5);

        // Again and again: nobody is asked more often than is of use.
        schedule.hurry(secs(7));
        assert_eq!(schedule.begin(secs(7), 9), []);
        assert!(!is_done(&schedule, secs(9)));
        schedule.hurry(secs(9));
        assert_eq!(schedule.begin(secs(9), 9), all);
    }

    #[test]
    fn one_that_began_long_before_a_hurry_is_asked_again() {
        let mut schedule = Schedule::new(INTERVAL);
        schedule.keep(&[address(1)], secs(0));
        schedule.begin(secs(0), 9);
        schedule.hurry(secs(3));
        schedule.end(&address(1), 0.5);
        assert!(!is_done(&schedule, secs(3)));
        schedule.hurry(secs(3));
        assert_eq!(schedule.begin(secs(3), 9), [address(1)]);
    }

    #[test]
    fn members_come_and_go() {
        let mut schedule = Schedule::new(INTERVAL);
        schedule.keep(&[address(1), address(2)], secs(0));
        schedule.begin(secs(0), 9);
        schedule.keep(&[address(2), address(3)], secs(1));
        schedule.end(&address(1), 0.5);
        schedule.end(&address(2), 0.5);
        assert_eq!(schedule.begin(secs(1), 9), [address(3)]);
        assert_eq!(schedule.begin(secs(60), 9), [address(2)]);
    }

    #[test]
    fn what_there_was_no_room_for_is_known() {
        let mut schedule = Schedule::new(INTERVAL);
        schedule.keep(&[address(1), address(2)], secs(0));
        schedule.begin(secs(0), 1);
        assert_eq!(schedule.overdue(secs(59)).count(), 0);
        assert_eq!(schedule.overdue(secs(60)).collect::<Vec<_>>(), [&address(2)]);
    }
}
