//! Which units are looked at: what a target wants, name patterns, or a list of names.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use crate::unit::UnitName;

/// The target whose units are looked at when nothing is configured, where the machine has it.
pub const DEFAULT_TARGET: &str = "dcos.target";

/// Which units are looked at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// All of these together. Empty: what [`DEFAULT_TARGET`] wants, or all enabled services of a machine without it.
    pub choices: Vec<Choice>,
    /// But not those.
    pub except: Vec<Pattern>,
}

/// Why a unit is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// It was found on the machine, by a pattern or because it is enabled: it need not be up while nothing that wants it is.
    Found,
    /// It was named, or its target was: it is there to be up.
    Asked,
}

/// One entry of a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// What this target wants or requires.
    Target(UnitName),
    /// The units with such names that are loaded or enabled.
    Pattern(Pattern),
    /// This unit.
    Unit(UnitName),
}

/// This chooses nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the name of a target or a unit, or a pattern such as `dcos-*.service`")]
pub struct ChoiceError;

/// A name in which `*` stands for any characters and `?` for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Selection {
    /// Whether a unit is not left out.
    pub fn admits(&self, name: &UnitName) -> bool {
        !self.except.iter().any(|pattern| pattern.matches(name.as_str()))
    }
}

impl Pattern {
    /// The pattern of this text.
    pub fn new(text: &str) -> Pattern {
        Pattern(text.to_owned())
    }

    /// As it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a name fits it.
    pub fn matches(&self, name: &str) -> bool {
        fits(self.0.as_bytes(), name.as_bytes())
    }
}

/// Walks the pattern once, and goes back to the last `*` where it does not fit: never more than their lengths multiplied.
fn fits(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut of_name) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while of_name < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, of_name));
                at += 1;
            }
            Some(byte) if *byte == b'?' || *byte == name[of_name] => {
                at += 1;
                of_name += 1;
            }
            _ => {
                let Some((from, taken)) = star else {
                    return false;
                };
                star = Some((from, taken + 1));
                at = from + 1;
                of_name = taken + 1;
            }
        }
    }
    pattern[at..].iter().all(|byte| *byte == b'*')
}

impl FromStr for Pattern {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Pattern, Infallible> {
        Ok(Pattern::new(text))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Choice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Choice, ChoiceError> {
        if text.contains(['*', '?']) {
            return Ok(Choice::Pattern(Pattern::new(text)));
        }
        let name: UnitName = text.parse().map_err(|_| ChoiceError)?;
        Ok(match name.suffix() {
            "target" => Choice::Target(name),
            _ => Choice::Unit(name),
        })
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Choice::Target(name) | Choice::Unit(name) => name.fmt(f),
            Choice::Pattern(pattern) => pattern.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_whole_names() {
        for (pattern, name, matches) in [
            ("dcos-*", "dcos-net.service", true),
            ("dcos-*.service", "dcos-dot.v2.service", true),
            ("dcos-*.service", "dcos-net.timer", false),
            ("*", "a.service", true),
            ("a?c.*", "abc.service", true),
            ("a?c.*", "ac.service", false),
            ("*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac", false),
            ("a.service", "a.service", true),
            ("a.service", "a.service2", false),
            ("", "a", false),
        ] {
            let parsed: Pattern = pattern.parse().unwrap();
            assert_eq!(parsed.matches(name), matches, "{pattern} {name}");
        }
    }

    #[test]
    fn choices_are_told_apart() {
        let choice = |text: &str| text.parse::<Choice>();
        assert!(matches!(choice("dcos.target"), Ok(Choice::Target(_))));
        assert!(matches!(choice("a.service"), Ok(Choice::Unit(_))));
        assert!(matches!(choice("a*.service"), Ok(Choice::Pattern(_))));
        assert_eq!(choice("dcos"), Err(ChoiceError));
        assert_eq!(choice("a*.service").unwrap().to_string(), "a*.service");
    }
}
