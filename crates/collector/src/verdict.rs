//! Did a unit get less reliable in a version, or more? Pure: no clock, no store, no chance.
//!
//! The sampling unit is the installation: hours and nodes of one are alike, and installations differ widely. Of a [`Panel`], who ran
//! what on which day, [`Arms`] takes those that changed to the version while they were watched, and those they can be compared with.
//! A [`Judge`] sums each unit's good days before and after each change ([`Exposure`], without outages of the fleet), pairs every
//! upgrade with others over the same days, and bets on each pair; what the bets win is how sure a claim is, on whatever day one looks.
//! [`decide`] then holds the share of wrong verdicts over all units below [`LEVEL`].
//!
//! The method, its sources and its limits are in `docs/adr/0024-release-health.md`.

mod arms;
mod decide;
mod exposure;
mod judge;
mod outage;
mod pairing;
mod panel;
mod rates;
mod ratio;
mod wealth;

/// Which judge it is: raised whenever the same days may lead to another verdict, or to other numbers beside it.
pub const REVISION: i64 = 1;

pub use self::arms::{Arms, Upgraded};
pub use self::decide::{LEVEL, decide};
pub use self::exposure::{Cell, Exposure, Side};
pub use self::judge::{Judge, Judged, LENGTHS, MISSES, Shown};
pub use self::pairing::{Bet, Claim, Contrast, GROWTH, Left, Pairing};
pub use self::panel::{Ending, NOTHING, Panel, SILENT_AFTER, Spell, Track, Unseen, Upgrade};
pub use self::rates::Rates;
pub use self::ratio::Ratio;
