//! In which manner a message counts: chosen when it is written, and noted in its record, so that just what it added can be taken
//! away again.

/// The name that stands for all others where they are not told apart. No event, unit or package is called so.
pub const OTHER: &str = "(other)";

/// In which manner a message counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Manner {
    /// Apart from the day of the cluster that it names, since its sender does not speak for that: its event counts, under no
    /// cluster.
    pub apart: bool,
    /// With [`OTHER`] in place of its names, since its day holds as many as are told apart.
    pub folded: bool,
}

impl Manner {
    /// All of it counts, by its names, where it belongs.
    pub const WHOLE: Manner = Manner {
        apart: false,
        folded: false,
    };
}
