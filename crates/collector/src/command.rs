//! What the commands do.

pub(crate) mod key;
pub(crate) mod messages;
pub(crate) mod serve;
