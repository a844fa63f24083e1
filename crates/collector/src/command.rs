//! What the commands do.

pub(crate) mod admin;
pub(crate) mod ask;
pub(crate) mod backup;
pub(crate) mod export;
mod file;
pub(crate) mod flat;
pub(crate) mod forget;
pub(crate) mod forgotten;
pub(crate) mod import;
pub(crate) mod key;
pub(crate) mod messages;
pub(crate) mod outcomes;
pub(crate) mod rebuild;
pub(crate) mod receipt_key;
pub(crate) mod serve;
pub(crate) mod token;
pub(crate) mod tracker;
pub(crate) mod webhook;
