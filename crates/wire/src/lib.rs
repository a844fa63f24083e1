//! What is on the wire: Segment messages, the health report, Mesos and Cosmos, and the plan that lists what may be collected.
//!
//! No I/O of its own, no clock, no async: readers take any [`std::io::Read`], and time and ids are passed in.
//!
//! | module | noun |
//! |---|---|
//! | [`json`] | a bounded pull reader for documents of any size |
//! | [`health`], [`mesos`], [`cosmos`] | what the three sources of a cluster answer |
//! | [`summary`] | the short form of the health report |
//! | [`issue`] | the values that a document got wrong |
//! | [`segment`] | the messages that leave, and their envelope |
//! | [`parcel`], [`sealed`] | what is kept until it left, and the form of such files |
//! | [`receipt`] | the collector's signature over what it has on disk |
//! | [`id`], [`time`] | cluster id, reporter, message id, the reporting hour; time on the wire |
//! | [`plan`], [`dictionary`] | every event and property, and the page that is generated from it |
//! | [`catalogue`], [`route`] | the names that may be told, of what runs and of pages |

pub mod catalogue;
pub mod cosmos;
pub mod dictionary;
pub mod health;
pub mod id;
pub mod issue;
pub mod json;
pub mod mesos;
pub mod parcel;
pub mod plan;
pub mod receipt;
pub mod route;
pub mod sealed;
pub mod segment;
pub mod summary;
pub mod time;
