//! What the commands do.

pub(crate) mod check;
pub(crate) mod serve;
