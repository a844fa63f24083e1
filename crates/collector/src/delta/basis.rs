//! By what a message was counted, beside what it says itself: noted in its record, so that its delta can be made again whatever the
//! rules and the vendor's plan say by then.

use super::RULES;

/// By what a message was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// The rules, see [`RULES`].
    pub rules: u8,
    /// Whether it is an event that the vendor declared, and of the cluster that it names.
    pub declared: bool,
    /// The properties of which it was counted what they say, since the vendor declared them so.
    pub breakdown: Vec<String>,
}

impl Default for Basis {
    /// The rules of now, and nothing of the vendor's.
    fn default() -> Basis {
        Basis {
            rules: RULES,
            declared: false,
            breakdown: Vec::new(),
        }
    }
}
