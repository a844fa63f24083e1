//! Versions in their order: 1.9 before 1.10, and what comes before a release before it.

use std::cmp::Ordering;

/// A version, as a message states it.
///
/// Those that are semantic versions, be it without their last parts (`1.13`), come first, in that order; others after them, by text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct Version(pub String);

impl Version {
    fn semantic(&self) -> Option<semver::Version> {
        let text = self.0.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let numbers = text.find(['-', '+']).unwrap_or(text.len());
        let (numbers, rest) = text.split_at(numbers);
        let missing = match numbers.matches('.').count() {
            0 => ".0.0",
            1 => ".0",
            _ => "",
        };
        semver::Version::parse(&format!("{numbers}{missing}{rest}")).ok()
    }
}

impl Ord for Version {
    fn cmp(&self, other: &Version) -> Ordering {
        match (self.semantic(), other.semantic()) {
            (Some(one), Some(two)) => one.cmp(&two).then_with(|| self.0.cmp(&other.0)),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => self.0.cmp(&other.0),
        }
    }
}

impl PartialOrd for Version {
    fn partial_cmp(&self, other: &Version) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_as_they_were_made() {
        let expected = [
            "1.8",
            "1.9",
            "1.9.1",
            "1.10.0-beta.2",
            "1.10.0-rc1",
            "1.10",
            "v1.11",
            "2",
            "dev",
            "x",
        ];
        let mut versions = expected.map(|text| Version(text.to_owned()));
        versions.reverse();
        versions.sort();
        assert_eq!(versions.map(|version| version.0), expected);
    }
}
