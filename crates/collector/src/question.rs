//! The questions that telemetry is gathered for. One file a question; none of them knows SQL.
//!
//! A question reads a [`Scope`]: the days that it is about, each as the lines of clusters that a [`Filter`] leaves, and returns an
//! [`Answer`]: rows, a total, and the number of installations behind both. Questions are typed, so that pages and verdicts call
//! them; [`ALL`] lists them by name, for the API and the command line.
//!
//! An *installation* is a cluster of which a report counts; an *edition* is what it runs: version, provider, variant.

pub mod active;
mod answer;
pub mod breakdown;
pub mod capacity;
mod clusters;
mod day;
mod exact;
mod fared;
pub mod filter;
mod group;
pub mod installation;
pub mod installations;
pub mod pages;
mod patience;
pub mod popularity;
pub mod quality;
mod ratio;
mod registry;
pub mod release_health;
pub mod reliability;
mod scope;
mod sitting;
mod spans;
mod table;
pub mod tier;
pub mod time_line;
pub mod ui;
mod version;
mod view;

pub use self::answer::{Answer, Format, Page, Rendered, Schemas, Shape, UnknownFormat};
pub use self::clusters::Clusters;
pub use self::day::{Date, Span};
pub use self::filter::{Filter, FilterError};
pub use self::group::{Group, Groups};
pub use self::patience::Patience;
pub use self::registry::{ALL, Asked, close, find};
pub use self::scope::{AskError, Scope};
pub use self::sitting::Sitting;
pub use self::table::visible;
pub use self::tier::{Flag, Standing, Standings, Tier};
pub use self::version::Version;
pub use self::view::{Piece, View};
