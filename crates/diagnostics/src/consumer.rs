//! Who asks. Each request carries one of these as an extension, put there by the socket that it came in by.

/// Who asks, and what they may be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consumer {
    /// Whether lines of the journal may be in the answer. Without it, an output is the verdict's reason alone.
    pub journal: bool,
}
