//! Whole fleets over weeks: the messages that their signals would have sent, and what is true of them.
//!
//! | module | noun |
//! |---|---|
//! | [`Settings`], [`Preset`] | what a fleet is to be like |
//! | `world` | what all installations share: time, units, releases, packages |
//! | `installation` | one of them: what it is, when it begins and ends, when it upgrades |
//! | `life` | its way through the hours; yields a `report` for each hour in which it reports |
//! | `message` | the text of a report's messages, as signal writes them |
//! | `tally` | what the reports add up to, by plain counting |
//! | [`FleetTruth`] | the result of that |
//! | [`post`] | the messages on their way to a collector |
//!
//! All of it is decided by the seed: the same settings give the same bytes. Each installation draws from a generator of its own, so
//! that one more changes nothing for the others. Memory is that of the installations that are alive: a report under way is kept as
//! what it tells (some hundred bytes) and becomes text when it arrives.
//!
//! How units fail: a unit of an installation is unhealthy a share of the time, which is the unit's own rate times what the release
//! makes of it times how good the installation is (gamma, mean 1). It changes between a good and a bad state from hour to hour (a
//! Markov chain with the given correlation), so bad hours come in runs.

mod calendar;
pub(crate) mod draw;
mod fleet;
mod installation;
mod life;
mod message;
pub mod post;
mod release;
mod report;
mod settings;
mod shelf;
mod tally;
mod truth;
mod unit;
mod world;

pub use self::calendar::Date;
pub use self::fleet::{Fleet, Message};
pub use self::settings::{Change, Preset, Settings};
pub use self::truth::{
    CapacityTruth, ClusterTruth, FleetTruth, Kind, Messages, SettlingTruth, Span, StartTruth, UnitTruth,
    VersionTruth,
};
