//! What a message adds to its cluster's day. Pure.
//!
//! A [`Delta`] is made of one message, by name; its names are given numbers when it is written, which makes it a [`Sums`]: a sparse
//! vector of whole numbers. Sums add up in any order and any grouping, and have an inverse: what a message added can be taken away
//! again, and nothing is left. So a day is the sum of its messages, whenever they came, and forgetting is subtraction.
//!
//! | facet | by | amounts |
//! |---|---|---|
//! | `Hour` | hour of the day, 0 to 23 | health reports; messages of them that told of anything unhealthy |
//! | `Unit` | unit | node-hours observed, unhealthy, unknown |
//! | `Number` | property | reports that told it; its sum, in thousandths |
//! | `Framework`, `Package` | name | reports that named it |
//! | `Event` | event of a `track` | messages |
//! | `Call` | any other type | messages |
//! | `Page` | name of a `page` or `screen` | messages |
//! | `UnhealthyHour` | unit, and hour of the day | nodes on which it was unhealthy |
//! | `Customer`, `License` | hash of the customer key, the licence id | reports that named it |
//! | `User` | hash of who used the UI (`page`, `screen`, `identify`) | messages |
//! | `Value` | event, property and value, as [`value_name`] writes them | messages |
//!
//! All of them are kept apart by *edition*: environment version, provider and variant, as the message states them. A message that
//! counts in a reduced [`Manner`] adds less; its record says so.

mod basis;
mod browser;
mod code;
mod hash;
mod manner;
mod message;
mod roles;
mod share;
mod sums;

pub use self::basis::Basis;
pub use self::browser::{cluster as cluster_of_browser, stated};
pub use self::code::Damaged;
pub use self::hash::{CUSTOMER, USER, hash};
pub use self::manner::{Manner, OTHER};
pub use self::message::{
    Delta, Edition, Message, NAME_BYTES, VALUE_NAME_BYTES, Wording, said, value_name, value_parts,
};
pub use self::roles::{RULES, is_report, reports};
pub use self::share::{ClusterDay, Day, Share};
pub use self::sums::{Amounts, Coordinate, Sums};

/// What is summed. The numbers are stored: they are never changed nor given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Facet {
    /// Health reports, by hour of the day.
    Hour = 1,
    /// Node-hours, by unit.
    Unit = 2,
    /// Sums of what reports told, by property.
    Number = 3,
    /// Reports that named it.
    Framework = 4,
    /// Reports that named it.
    Package = 5,
    /// Calls of `track`, by event.
    Event = 6,
    /// Other calls, by type.
    Call = 7,
    /// Calls of `page` and `screen`, by name.
    Page = 8,
    /// Nodes on which a unit was unhealthy, by unit and hour of the day.
    UnhealthyHour = 9,
    /// Reports that named the customer key, which is kept as a hash.
    Customer = 10,
    /// Reports that named the licence, which is kept as a hash.
    License = 11,
    /// Calls of a user of the UI, by a hash of who it is.
    User = 12,
    /// Events that stated a value of a property, by event, property and value.
    Value = 13,
}

/// What a coordinate's key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Number of a name.
    Name,
    /// Number of a name, and an hour of the day: see [`Coordinate::at_hour`].
    NameAndHour,
    /// A number that stands for itself: an hour of the day, or a hash.
    Number,
}

impl Facet {
    /// All facets.
    pub const ALL: [Facet; 13] = [
        Facet::Hour,
        Facet::Unit,
        Facet::Number,
        Facet::Framework,
        Facet::Package,
        Facet::Event,
        Facet::Call,
        Facet::Page,
        Facet::UnhealthyHour,
        Facet::Customer,
        Facet::License,
        Facet::User,
        Facet::Value,
    ];

    /// The number that is stored.
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// What its keys are.
    pub const fn key_form(self) -> KeyForm {
        match self {
            Facet::Hour | Facet::Customer | Facet::License | Facet::User => KeyForm::Number,
            Facet::UnhealthyHour => KeyForm::NameAndHour,
            _ => KeyForm::Name,
        }
    }

    /// The facet of a number.
    pub fn of_number(number: u8) -> Option<Facet> {
        Facet::ALL.into_iter().find(|facet| facet.number() == number)
    }
}
