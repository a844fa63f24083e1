//! What a fleet is to be like.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::calendar::Date;
use super::{release, unit};

/// What a release makes of a unit: its rate of failure is multiplied by a factor. Written `dcos-mesos-dns-service@1.11.0=6`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The unit, as in the properties.
    pub unit: String,
    /// From which version on.
    pub version: String,
    /// Above 1 it is a regression.
    pub factor: f64,
}

/// Sizes of fleets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// Few installations and days, with something of everything: for tests.
    Small,
    /// 1,000 installations over 30 days.
    #[default]
    Bench,
    /// Some hundred installations over five weeks, with a story: a new version spreads, one of its units is worse, another one is
    /// better, CI comes and goes.
    Demo,
}

/// What a fleet is to be like. Rates are probabilities for an installation and an hour, unless something else is said.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Decides all that the other fields leave open.
    pub seed: u64,
    /// Installations, beside those of CI.
    pub installations: u32,
    /// Days.
    pub days: u32,
    /// The last of them.
    pub until: Date,
    /// The share of installations that begin within these days.
    pub newcomers: f64,
    /// The share of them that falls silent for good within these days.
    pub silent: f64,
    /// The share of them of which a copy reports under the same id.
    pub clones: f64,
    /// The share with a customer key.
    pub enterprise: f64,
    /// Clusters of CI that begin in a day, in the mean: one node, a few hours.
    pub ci: f64,
    /// Shape of the gamma distribution of how installations' rates of failure differ; infinite for not at all.
    pub spread: f64,
    /// Correlation of a unit's state from one hour to the next, from 0 to below 1.
    pub correlation: f64,
    /// All rates of failure are multiplied by this.
    pub failures: f64,
    /// What releases make of units.
    pub changes: Vec<Change>,
    /// The share of upgrades that are taken back within three days.
    pub rollbacks: f64,
    /// Rate of hours in which nothing is collected, one at a time.
    pub missing: f64,
    /// Rate of times during which nothing is collected: a day in the mean.
    pub down: f64,
    /// Rate of times during which nothing is delivered: reports then come late, by up to three days.
    pub offline: f64,
    /// Rate of reports that are delivered twice.
    pub twice: f64,
    /// Rate of a source that says nothing, each of the three.
    pub mute: f64,
    /// Rate of agents that can't be reached, each of them.
    pub unreachable: f64,
    /// Whether the truth lists each installation.
    pub list_clusters: bool,
}

impl Preset {
    /// All of them, with their names.
    pub const ALL: [(Self, &'static str); 3] = [
        (Self::Small, "small"),
        (Self::Bench, "bench"),
        (Self::Demo, "demo"),
    ];

    /// The settings.
    #[must_use]
    pub fn settings(self) -> Settings {
        let (installations, days) = match self {
            Self::Small => (40, 6),
            Self::Bench => (1000, 30),
            Self::Demo => (400, 35),
        };
        let usual = Settings {
            installations,
            days,
            ..Settings::default()
        };
        match self {
            Self::Bench => usual,
            Self::Small => Settings {
                newcomers: 0.3,
                silent: 0.1,
                clones: 0.05,
                ci: 4.0,
                failures: 3.0,
                rollbacks: 0.2,
                missing: 0.01,
                down: 0.002,
                offline: 0.004,
                twice: 0.02,
                mute: 0.01,
                list_clusters: true,
                ..usual
            },
            Self::Demo => Settings {
                ci: 12.0,
                spread: 1.0,
                list_clusters: true,
                ..usual
            },
        }
    }
}

impl Settings {
    /// The same where every report arrives, once and at once.
    #[must_use]
    pub fn smooth(self) -> Self {
        Self {
            missing: 0.0,
            down: 0.0,
            offline: 0.0,
            twice: 0.0,
            mute: 0.0,
            ..self
        }
    }

    /// Whether changes name units and versions that there are.
    ///
    /// # Errors
    /// What there is not.
    pub fn check(&self) -> Result<(), String> {
        let units = unit::units(self.seed);
        for Change { unit, version, .. } in &self.changes {
            if !release::exists(version) {
                return Err(format!("there is no release {version}"));
            }
            if !units.iter().any(|known| known.name == *unit) {
                return Err(format!(
                    "there is no unit {unit}: write it as dcos-mesos-dns-service"
                ));
            }
        }
        Ok(())
    }
}

impl Default for Settings {
    /// As the preset `bench`.
    fn default() -> Self {
        let change = |unit: &str, version: &str, factor| Change {
            unit: unit.to_owned(),
            version: version.to_owned(),
            factor,
        };
        Self {
            seed: 1,
            installations: 1000,
            days: 30,
            until: Date::LATEST,
            newcomers: 0.2,
            silent: 0.04,
            clones: 0.005,
            enterprise: 0.3,
            ci: 30.0,
            spread: 0.6,
            correlation: 0.8,
            failures: 1.0,
            changes: vec![
                change("dcos-mesos-dns-service", "1.11.0", 6.0),
                change("dcos-history-service", "1.10.2", 0.3),
            ],
            rollbacks: 0.04,
            missing: 0.003,
            down: 0.0004,
            offline: 0.0008,
            twice: 0.004,
            mute: 0.002,
            unreachable: 0.0005,
            list_clusters: false,
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = Self::ALL.iter().find(|(preset, _)| preset == self);
        f.write_str(named.map_or("", |(_, name)| name))
    }
}

impl FromStr for Preset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let named = Self::ALL.iter().find(|(_, name)| *name == text);
        let named = named.map(|(preset, _)| *preset);
        named.ok_or_else(|| format!("there is no preset `{text}`: use small, bench or demo"))
    }
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let read = || {
            let (what, factor) = text.split_once('=')?;
            let (unit, version) = what.split_once('@')?;
            let factor: f64 = factor.parse().ok().filter(|factor| *factor >= 0.0)?;
            Some(Self {
                unit: unit.to_owned(),
                version: version.to_owned(),
                factor,
            })
        };
        read().ok_or_else(|| {
            "write it as UNIT@VERSION=FACTOR, such as dcos-mesos-dns-service@1.11.0=6".to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_and_changes_are_read_as_they_are_written() {
        for (preset, name) in Preset::ALL {
            assert_eq!((name.parse(), preset.to_string()), (Ok(preset), name.to_owned()));
        }
        assert!("large".parse::<Preset>().is_err());
        let change: Change = "dcos-a-service@1.11.0=2.5".parse().unwrap();
        assert_eq!(
            (change.unit.as_str(), change.version.as_str(), change.factor),
            ("dcos-a-service", "1.11.0", 2.5)
        );
        for text in ["", "a@1", "a=2", "a@1=x", "a@1=-2"] {
            assert!(text.parse::<Change>().is_err(), "{text}");
        }
    }
}
