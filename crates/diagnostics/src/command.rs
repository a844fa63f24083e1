//! What the commands do.

pub(crate) mod serve;
