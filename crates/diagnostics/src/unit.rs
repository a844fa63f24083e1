//! A unit: its name, its states as systemd tells them, and its health.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest name that systemd takes, in bytes.
const MAX_NAME: usize = 255;

/// What a name may end with: the types of units.
const SUFFIXES: [&str; 11] = [
    "service",
    "socket",
    "timer",
    "target",
    "mount",
    "automount",
    "path",
    "swap",
    "slice",
    "scope",
    "device",
];

/// A unit's full name, such as `dcos-mesos-master.service`. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName(Arc<str>);

/// This is no unit's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not the name of a unit: expected something like `dcos-net.service`")]
pub struct NameError(String);

impl UnitName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The unit's type: what follows the last dot.
    pub fn suffix(&self) -> &str {
        self.0.rsplit_once('.').map_or("", |(_, suffix)| suffix)
    }
}

impl FromStr for UnitName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<UnitName, NameError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@".contains(&byte);
        let well_formed = text.len() <= MAX_NAME
            && text.bytes().all(allowed)
            && text
                .rsplit_once('.')
                .is_some_and(|(stem, suffix)| !stem.is_empty() && SUFFIXES.contains(&suffix));
        if well_formed {
            Ok(UnitName(text.into()))
        } else {
            Err(NameError(text.chars().take(MAX_NAME).collect()))
        }
    }
}

impl fmt::Display for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UnitName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

impl Borrow<str> for UnitName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// How a unit is, or a node. In documents a number, as in the original: 0, 1 and 3; there is no 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Health {
    /// 0
    Healthy,
    /// 1
    Unhealthy,
    /// 3
    Unknown,
}

impl Health {
    /// As a number.
    pub fn number(self) -> u8 {
        match self {
            Health::Healthy => 0,
            Health::Unhealthy => 1,
            Health::Unknown => 3,
        }
    }

    /// Of a number; what is not 0 or 1 is unknown.
    pub fn of(number: u8) -> Health {
        match number {
            0 => Health::Healthy,
            1 => Health::Unhealthy,
            _ => Health::Unknown,
        }
    }

    /// As a word for people: `healthy`, `unhealthy`, `unknown`.
    pub fn word(self) -> &'static str {
        match self {
            Health::Healthy => "healthy",
            Health::Unhealthy => "unhealthy",
            Health::Unknown => "unknown",
        }
    }

    /// The health of what has these parts: unhealthy when one is, else unknown when one is, or when there are no parts.
    pub fn of_all(parts: impl IntoIterator<Item = Health>) -> Health {
        parts
            .into_iter()
            .max_by_key(|part| match part {
                Health::Healthy => 0,
                Health::Unknown => 1,
                Health::Unhealthy => 2,
            })
            .unwrap_or(Health::Unknown)
    }
}

impl Serialize for Health {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u8(self.number())
    }
}

impl<'de> Deserialize<'de> for Health {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Health, D::Error> {
        Ok(Health::of(u8::deserialize(deserializer)?))
    }
}

/// A unit's health, and why: a short sentence, empty for a healthy unit with nothing to add.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// How it is.
    pub health: Health,
    /// Why.
    pub reason: String,
}

impl Verdict {
    /// All is well, and there is nothing to say.
    pub fn healthy() -> Verdict {
        Verdict {
            health: Health::Healthy,
            reason: String::new(),
        }
    }

    /// Something is wrong.
    pub fn unhealthy(reason: impl Into<String>) -> Verdict {
        Verdict {
            health: Health::Unhealthy,
            reason: reason.into(),
        }
    }

    /// It is not known how the unit is.
    pub fn unknown(reason: impl Into<String>) -> Verdict {
        Verdict {
            health: Health::Unknown,
            reason: reason.into(),
        }
    }
}

/// Whether a unit's file could be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LoadState {
    /// It was.
    Loaded,
    /// There is no such file.
    NotFound,
    /// The administrator forbade the unit.
    Masked,
    /// A line of the file is not understood.
    BadSetting,
    /// The file can't be read.
    Error,
    /// Another unit has taken its place.
    Merged,
    /// Not looked for yet.
    Stub,
    /// A word that is not known here.
    Other,
}

impl LoadState {
    const ALL: [(LoadState, &'static str); 7] = [
        (LoadState::Loaded, "loaded"),
        (LoadState::NotFound, "not-found"),
        (LoadState::Masked, "masked"),
        (LoadState::BadSetting, "bad-setting"),
        (LoadState::Error, "error"),
        (LoadState::Merged, "merged"),
        (LoadState::Stub, "stub"),
    ];

    /// Of systemd's word.
    pub fn of(word: &str) -> LoadState {
        let known = LoadState::ALL.iter().find(|(_, known)| *known == word);
        known.map_or(LoadState::Other, |(state, _)| *state)
    }

    /// systemd's word.
    pub fn word(self) -> &'static str {
        let known = LoadState::ALL.iter().find(|(state, _)| *state == self);
        known.map_or("other", |(_, word)| word)
    }
}

/// What a unit does now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ActiveState {
    /// It is up.
    Active,
    /// It is up and reads its configuration again.
    Reloading,
    /// It is up, and systemd takes over new settings.
    Refreshing,
    /// It is down, and that is as it was asked to be.
    Inactive,
    /// It is down because something went wrong.
    Failed,
    /// It is on its way up.
    Activating,
    /// It is on its way down.
    Deactivating,
    /// Its resources are being cleaned.
    Maintenance,
    /// A word that is not known here.
    Other,
}

impl ActiveState {
    const ALL: [(ActiveState, &'static str); 8] = [
        (ActiveState::Active, "active"),
        (ActiveState::Reloading, "reloading"),
        (ActiveState::Refreshing, "refreshing"),
        (ActiveState::Inactive, "inactive"),
        (ActiveState::Failed, "failed"),
        (ActiveState::Activating, "activating"),
        (ActiveState::Deactivating, "deactivating"),
        (ActiveState::Maintenance, "maintenance"),
    ];

    /// Of systemd's word.
    pub fn of(word: &str) -> ActiveState {
        let known = ActiveState::ALL.iter().find(|(_, known)| *known == word);
        known.map_or(ActiveState::Other, |(state, _)| *state)
    }

    /// systemd's word.
    pub fn word(self) -> &'static str {
        let known = ActiveState::ALL.iter().find(|(state, _)| *state == self);
        known.map_or("other", |(_, word)| word)
    }
}

/// A unit's three states together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitState {
    /// Whether its file could be read.
    pub load: LoadState,
    /// What it does now.
    pub active: ActiveState,
    /// The same in the words of the unit's type: `running`, `auto-restart`, `waiting`.
    pub sub: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_from_other_words() {
        for name in [
            "a.service",
            "dcos-dot.v2.service",
            "getty@tty1.service",
            "dev-disk-by\\x2dlabel-a.swap",
            "-.mount",
            "dcos.target",
        ] {
            assert_eq!(name.parse::<UnitName>().unwrap().as_str(), name);
        }
        let long = format!("{}.service", "a".repeat(248));
        for name in [
            "",
            "service",
            ".service",
            "a.exe",
            "a b.service",
            "ä.service",
            "../a.service",
            &long,
        ] {
            assert!(name.parse::<UnitName>().is_err(), "{name}");
        }
        assert_eq!("a.v2.timer".parse::<UnitName>().unwrap().suffix(), "timer");
    }

    #[test]
    fn health_is_the_worst_of_its_parts_and_unknown_without_any() {
        use Health::{Healthy, Unhealthy, Unknown};
        for (parts, health) in [
            (&[][..], Unknown),
            (&[Healthy, Healthy], Healthy),
            (&[Healthy, Unknown], Unknown),
            (&[Unknown, Unhealthy, Healthy], Unhealthy),
        ] {
            assert_eq!(Health::of_all(parts.iter().copied()), health, "{parts:?}");
        }
        for (number, health) in [(0, Healthy), (1, Unhealthy), (3, Unknown)] {
            assert_eq!((Health::of(number), health.number()), (health, number));
        }
        assert_eq!(Health::of(2), Unknown);
    }

    #[test]
    fn states_are_systemds_words() {
        for (state, word) in LoadState::ALL {
            assert_eq!((LoadState::of(word), state.word()), (state, word));
        }
        for (state, word) in ActiveState::ALL {
            assert_eq!((ActiveState::of(word), state.word()), (state, word));
        }
        assert_eq!(ActiveState::of("dancing"), ActiveState::Other);
    }
}
