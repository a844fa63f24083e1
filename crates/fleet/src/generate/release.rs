//! The releases of a fleet's time: when each came out, how well it is liked, and what it makes of units.

use super::settings::Settings;
use super::unit::Unit;

/// Which units there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generation {
    /// Those of DC/OS 1.8.
    Old = 0,
    /// Those of DC/OS 1.10.
    New = 1,
}

/// A release.
#[derive(Clone, Debug)]
pub(super) struct Release {
    pub(super) version: &'static str,
    pub(super) generation: Generation,
    /// When it came out, as a share of all days; `None` for before them.
    pub(super) out: Option<f64>,
    /// How many have it at the beginning.
    pub(super) weight: u32,
    /// The share of installations that upgrade to it, sooner or later.
    pub(super) liked: f64,
    /// What each unit's rate of failure is multiplied by.
    pub(super) factors: Vec<f64>,
}

/// Version, generation, out, weight, liked.
const TRAIN: [(&str, Generation, Option<f64>, u32, f64); 8] = [
    ("1.8.9", Generation::Old, None, 6, 0.0),
    ("1.9.4", Generation::Old, None, 18, 0.0),
    ("1.10.0", Generation::New, None, 30, 0.0),
    ("1.10.1", Generation::New, None, 46, 0.0),
    ("1.10.2", Generation::New, Some(0.12), 0, 0.6),
    ("1.11.0-beta.1", Generation::New, Some(0.25), 0, 0.03),
    ("1.11.0", Generation::New, Some(0.5), 0, 0.55),
    ("1.11.1", Generation::New, Some(0.93), 0, 0.4),
];

/// The releases, the earliest first.
pub(super) fn releases(settings: &Settings, units: &[Unit]) -> Vec<Release> {
    let mut factors = vec![1.0; units.len()];
    TRAIN
        .iter()
        .map(|(version, generation, out, weight, liked)| {
            for change in settings
                .changes
                .iter()
                .filter(|change| change.version == *version)
            {
                let of_unit = units.iter().position(|unit| unit.name == change.unit);
                if let Some(factor) = of_unit.and_then(|unit| factors.get_mut(unit)) {
                    *factor *= change.factor;
                }
            }
            Release {
                version,
                generation: *generation,
                out: *out,
                weight: *weight,
                liked: *liked,
                factors: factors.clone(),
            }
        })
        .collect()
}

/// Whether there is such a version.
pub(super) fn exists(version: &str) -> bool {
    TRAIN.iter().any(|(known, ..)| *known == version)
}
