//! What is counted of a day, or of all of them.

use std::collections::BTreeMap;

use super::super::installation::Installation;
use super::super::report::NUMBERS;
use super::super::shelf::{self, PACKAGES};
use super::super::truth::{CapacityTruth, Span, UnitTruth};
use super::super::world::World;
use super::traces::{MEASURES, Traces};

/// What health reports tell as a number, where there are any.
const UNREACHABLE: &str = "nodes-unreachable";
/// What is counted of a unit.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cell {
    pub(super) observed: u64,
    pub(super) unhealthy: u64,
    pub(super) unknown: u64,
    pub(super) installations: u64,
    pub(super) affected: u64,
}

/// What is counted of a day, or of all of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Sheet {
    installations: u64,
    versions: Vec<u64>,
    providers: BTreeMap<&'static str, u64>,
    variants: BTreeMap<&'static str, u64>,
    packages: [u64; PACKAGES.len()],
    told_packages: u64,
    frameworks: BTreeMap<&'static str, u64>,
    told_frameworks: u64,
    /// By release, and behind them all together.
    pub(super) cells: Vec<Vec<Cell>>,
    /// Installations, and the sum of what each told in the mean.
    numbers: [(u64, f64); MEASURES],
}

impl Sheet {
    pub(super) fn new(world: &World) -> Self {
        Self {
            versions: vec![0; world.releases.len()],
            cells: vec![vec![Cell::default(); world.units.len()]; world.releases.len() + 1],
            ..Self::default()
        }
    }

    /// Counts an installation by what was seen of it.
    #[expect(clippy::cast_precision_loss, reason = "sums are below 2^53")]
    pub(super) fn add(&mut self, of: &Installation, traces: &Traces) {
        self.installations += 1;
        for version in (0..self.versions.len()).filter(|version| traces.versions >> version & 1 == 1) {
            self.versions[version] += 1;
        }
        *self.providers.entry(of.provider).or_default() += 1;
        *self.variants.entry(of.variant()).or_default() += 1;
        self.told_packages += u64::from(traces.packages.is_some());
        for (package, _) in traces.packages.into_iter().flat_map(shelf::packages) {
            self.packages[package] += 1;
        }
        self.told_frameworks += u64::from(traces.with_frameworks.is_some());
        for name in traces.with_frameworks.into_iter().flat_map(shelf::frameworks) {
            *self.frameworks.entry(name).or_default() += 1;
        }
        for ((installations, means), (sum, count)) in self.numbers.iter_mut().zip(traces.numbers) {
            if count > 0 {
                *installations += 1;
                *means += sum as f64 / 1000.0 / count as f64;
            }
        }
        for seen in &traces.seen {
            for (unit, cell) in self.cells[seen.version].iter_mut().enumerate() {
                cell.installations += seen.units >> unit & 1;
                cell.affected += seen.affected >> unit & 1;
            }
        }
    }

    pub(super) fn span(&self, start: String, world: &World) -> Span {
        let versions = || world.releases.iter().map(|release| release.version).chain([""]);
        let units = self.cells.iter().zip(versions()).flat_map(|(cells, version)| {
            let known = cells.iter().zip(&world.units);
            let known = known.filter(|(cell, _)| cell.observed + cell.unknown > 0);
            known.map(move |(cell, unit)| UnitTruth {
                unit: unit.name.clone(),
                version: version.to_owned(),
                observed: cell.observed,
                unhealthy: cell.unhealthy,
                unknown: cell.unknown,
                installations: cell.installations,
                affected: cell.affected,
            })
        });
        let numbers = NUMBERS
            .iter()
            .chain([&UNREACHABLE])
            .zip(self.numbers)
            .filter(|(_, (count, _))| *count > 0);
        Span {
            start,
            installations: self.installations,
            versions: counted(versions().zip(self.versions.iter().copied())),
            providers: counted(self.providers.iter().map(|(name, count)| (*name, *count))),
            variants: counted(self.variants.iter().map(|(name, count)| (*name, *count))),
            packages: counted(PACKAGES.iter().map(|package| package.name).zip(self.packages)),
            frameworks: counted(self.frameworks.iter().map(|(name, count)| (*name, *count))),
            told_packages: self.told_packages,
            told_frameworks: self.told_frameworks,
            units: units.collect(),
            capacity: numbers
                .map(|(name, (installations, sum))| {
                    ((*name).to_owned(), CapacityTruth { installations, sum })
                })
                .collect(),
        }
    }
}

fn counted<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> BTreeMap<String, u64> {
    let known = counts.filter(|(_, count)| *count > 0);
    known.map(|(name, count)| (name.to_owned(), count)).collect()
}

/// Adds node-hours; installations are not added, since one may be in both.
pub(super) fn add_cells(sums: Option<&mut Vec<Cell>>, cells: &[Cell]) {
    for (sum, cell) in sums.into_iter().flatten().zip(cells) {
        sum.observed += cell.observed;
        sum.unhealthy += cell.unhealthy;
        sum.unknown += cell.unknown;
    }
}
