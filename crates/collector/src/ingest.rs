//! From the bytes of a request to what is asked of the store. Pure: time, randomness and keys are passed in.
//!
//! ```text
//! body → inflate → clean → envelope → message: fields, members, properties, planned, slot, moment → record
//! ```
//!
//! What comes out is a [`request::Request`]: the records of the messages that may be taken, how each of them is recognised when
//! it comes again, and the [`outcome::Outcome`]s of those that may not. Nothing in here can fail for what a sender wrote except
//! by saying which of the closed list of reasons it was.

pub mod browser;
pub mod clean;
pub mod compact;
pub mod envelope;
pub mod extent;
pub mod fields;
pub mod inflate;
pub mod members;
pub mod mention;
pub mod message;
pub mod moment;
pub mod names;
pub mod object;
pub mod outcome;
pub mod pixel;
pub mod planned;
pub mod record;
pub mod request;
pub mod sample;
pub mod slot;
pub mod subject;
pub mod tally;
pub mod text;
pub mod violation;
