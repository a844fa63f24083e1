//! The settings that verdicts are tried on.

use super::{First, Outage, Setting, Silence};

/// What is expected of the verdicts on a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// None, in 95 of 100 fleets at least.
    Nothing,
    /// That unit 0 is found to have got worse, or better.
    Found,
    /// Nothing: it is shown what happens.
    Shown,
}

/// Where a setting belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// A named corner, which is tried on many fleets.
    Corner,
    /// Elsewhere.
    Between,
}

/// A setting with its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Cell {
    /// What it is called.
    pub name: String,
    /// What the fleet is like.
    pub setting: Setting,
    /// What is expected.
    pub expected: Expected,
    /// Where it belongs.
    pub place: Place,
}

const SPREADS: [(f64, &str); 3] = [(f64::INFINITY, "none"), (1.0, "1"), (0.3, "0.3")];
const CORRELATIONS: [f64; 3] = [0.0, 0.5, 0.9];
const SIZES: [usize; 3] = [30, 300, 1000];
/// A heavy outage, and one that is hard to see.
const HEAVY: f64 = 0.02;
const LIGHT: f64 = 0.002;

/// All of them.
#[must_use]
pub fn grid() -> Vec<Cell> {
    let mut cells = Vec::new();
    let mut add = |name: String, expected, place, setting| {
        cells.push(Cell {
            name,
            setting,
            expected,
            place,
        });
    };
    for installations in SIZES {
        for (spread, shape) in SPREADS {
            for correlation in CORRELATIONS {
                let corner = installations != 300 && spread != 1.0 && correlation != 0.5;
                let setting = Setting {
                    installations,
                    spread,
                    correlation,
                    ..Setting::default()
                };
                let name = format!(
                    "no change: {installations} installations, spread {shape}, correlation {correlation}"
                );
                let place = if corner { Place::Corner } else { Place::Between };
                add(name, Expected::Nothing, place, setting);
            }
        }
    }
    let usual = Setting::default();
    let firsts = [
        (First::Anybody, "anybody first"),
        (First::Healthier, "healthier first"),
        (First::Sicker, "sicker first"),
    ];
    for (first, who) in firsts {
        let usual = Setting { first, ..usual };
        let outages = [
            (Outage::None, "no outage", First::Anybody != first),
            (Outage::Times(10.0), "outage, rates times 10", true),
            (Outage::Plus(HEAVY), "outage, rates plus 2 %", true),
            (Outage::Plus(LIGHT), "outage, rates plus 0.2 %", true),
        ];
        for (outage, what, wanted) in outages {
            if wanted {
                let setting = Setting { outage, ..usual };
                add(
                    format!("{what}, {who}"),
                    Expected::Nothing,
                    Place::Corner,
                    setting,
                );
            }
        }
        let setting = Setting {
            silence: Silence::Sick,
            ..usual
        };
        add(
            format!("sick fall silent, {who}"),
            Expected::Nothing,
            Place::Corner,
            setting,
        );
        let setting = Setting {
            silence: Silence::AfterBad(0.1),
            ..usual
        };
        add(
            format!("silent after bad days, {who}"),
            Expected::Nothing,
            Place::Between,
            setting,
        );
    }
    let more = [
        ("roll-out in waves", Setting { waves: true, ..usual }),
        (
            "one day in 20 missing",
            Setting {
                missing: 0.05,
                ..usual
            },
        ),
        ("failures ten times as frequent", Setting { rate: 0.02, ..usual }),
        (
            "failures ten times as rare",
            Setting {
                rate: 0.0002,
                ..usual
            },
        ),
    ];
    for (name, setting) in more {
        add(name.to_owned(), Expected::Nothing, Place::Between, setting);
    }
    for (spread, shape) in SPREADS.into_iter().rev() {
        let setting = Setting {
            spread,
            factor: 5.0,
            ..usual
        };
        let place = if shape == "0.3" {
            Place::Corner
        } else {
            Place::Between
        };
        add(
            format!("regression 0.2 % to 1 %, spread {shape}"),
            Expected::Found,
            place,
            setting,
        );
    }
    let better = Setting {
        rate: 0.01,
        factor: 0.2,
        ..usual
    };
    add(
        "improvement 1 % to 0.2 %, spread 0.3".to_owned(),
        Expected::Found,
        Place::Between,
        better,
    );
    let waves = Setting {
        waves: true,
        factor: 5.0,
        ..usual
    };
    add(
        "regression, roll-out in waves".to_owned(),
        Expected::Shown,
        Place::Between,
        waves,
    );
    let small = Setting { factor: 2.0, ..usual };
    add(
        "regression 0.2 % to 0.4 %".to_owned(),
        Expected::Shown,
        Place::Between,
        small,
    );
    let after_bad = Setting {
        upgraded_after_bad: 0.2,
        ..usual
    };
    add(
        "upgraded because of bad days".to_owned(),
        Expected::Shown,
        Place::Between,
        after_bad,
    );
    cells
}
