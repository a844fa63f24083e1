//! A short form of `cargo xtask bench verdicts`: few fleets, so that it is gross faults that fail here.

mod trial;

use heliograph_fleet::roll_out::{First, HISTORY, Outage, Setting, Silence};

use trial::{Trial, run};

fn few() -> Setting {
    Setting {
        installations: 150,
        units: 10,
        ..Setting::default()
    }
}

fn fleets(setting: Setting, count: u64) -> Vec<Trial> {
    (0..count).map(|seed| run(&setting, seed)).collect()
}

fn wrong(setting: Setting) -> usize {
    fleets(setting, 10).iter().filter(|trial| trial.wrong).count()
}

#[test]
fn where_nothing_changes_there_is_no_verdict() {
    // Of ten fleets three or more are wrong with a chance of 1 in 90, if 5 in 100 are.
    for spread in [0.3, f64::INFINITY] {
        for correlation in [0.0, 0.9] {
            let setting = Setting {
                spread,
                correlation,
                ..few()
            };
            assert!(wrong(setting) < 3, "{setting:?}");
        }
    }
}

#[test]
fn neither_outages_nor_who_upgrades_first_nor_silence_makes_a_verdict() {
    for first in [First::Healthier, First::Sicker] {
        for outage in [Outage::None, Outage::Times(10.0), Outage::Plus(0.02)] {
            let setting = Setting {
                first,
                outage,
                ..few()
            };
            assert!(wrong(setting) < 3, "{setting:?}");
        }
        for silence in [Silence::Sick, Silence::AfterBad(0.1)] {
            let setting = Setting {
                first,
                silence,
                ..few()
            };
            assert!(wrong(setting) < 3, "{setting:?}");
        }
    }
}

#[test]
fn a_regression_is_found_and_is_first() {
    let regression = Setting {
        units: 20,
        factor: 5.0,
        ..Setting::default()
    };
    let trials = fleets(regression, 6);
    let found: Vec<u16> = trials.iter().filter_map(|trial| trial.found).collect();
    assert!(found.len() >= 5, "{trials:?}");
    assert!(trials.iter().all(|trial| trial.found.is_none() || trial.first));
    assert!(found.iter().all(|days| *days < HISTORY), "{found:?}");
    let held = trials
        .iter()
        .filter(|trial| trial.interval.is_some_and(|(holds, _)| holds));
    assert!(held.count() >= 5, "{trials:?}");
}

#[test]
fn an_improvement_is_found() {
    let improvement = Setting {
        units: 20,
        rate: 0.01,
        factor: 0.2,
        ..Setting::default()
    };
    let trials = fleets(improvement, 4);
    assert!(
        trials.iter().filter(|trial| trial.found.is_some()).count() >= 3,
        "{trials:?}"
    );
}
