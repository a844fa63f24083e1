//! A number alone, with what it is of.

/// The tile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tile {
    /// What is counted.
    pub(crate) what: &'static str,
    /// How much.
    pub(crate) much: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
    /// What there is to say of it.
    pub(crate) note: String,
}
