//! The JSON documents of the API: names, cases and types as in the original, and what we add.

pub mod cluster;
pub mod node;
pub mod report;
pub mod summary;

#[cfg(test)]
mod tests;
