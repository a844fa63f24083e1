//! Releases change units as they were told to.

use std::collections::BTreeMap;

use heliograph_fleet::generate::{Change, FleetTruth, Settings, UnitTruth};

use super::run;

/// A fleet in which a unit fails often enough to be counted.
fn failing(changes: &str, correlation: f64) -> (Vec<Vec<u8>>, FleetTruth) {
    let changes = ["dcos-epmd-service@1.8.9=100", changes].join(" ");
    let settings = Settings {
        installations: 80,
        days: 8,
        newcomers: 0.0,
        silent: 0.0,
        clones: 0.0,
        ci: 0.0,
        spread: f64::INFINITY,
        correlation,
        changes: changes
            .split_whitespace()
            .map(|change| change.parse::<Change>().unwrap())
            .collect(),
        ..Settings::default()
    };
    run(&settings.smooth())
}

#[test]
fn a_release_makes_of_a_unit_what_was_asked_for() {
    let rate = |truth: &FleetTruth| {
        let unit = |one: &&UnitTruth| one.unit == "dcos-epmd-service" && one.version == "1.10.1";
        let unit = truth.window.units.iter().find(unit).unwrap();
        let [unhealthy, observed] =
            [unit.unhealthy, unit.observed].map(|count| u32::try_from(count).unwrap());
        f64::from(unhealthy) / f64::from(observed)
    };
    let usual = rate(&failing("", 0.0).1);
    let worse = rate(&failing("dcos-epmd-service@1.10.1=5", 0.0).1);
    let well = rate(&failing("dcos-epmd-service@1.10.1=0", 0.0).1);
    assert!(worse > 3.5 * usual && worse < 6.5 * usual, "{usual} {worse}");
    assert!(usual > 0.0 && well < 0.1 * usual, "{usual} {well}");
}

#[test]
fn bad_hours_come_in_runs() {
    let runs = |(lines, truth): (Vec<Vec<u8>>, FleetTruth)| {
        let mut last: BTreeMap<String, bool> = BTreeMap::new();
        let mut runs = 0_u32;
        let mut hours = 0_u32;
        for line in &lines {
            // Of a line of three that is so long, a few bytes matter.
            let line = std::str::from_utf8(line).unwrap();
            if let Some((_, rest)) = line.split_once("epmd-service-unhealthy\":") {
                let fails = !rest.starts_with('0');
                let cluster = &line["{'type':'track','messageId':'".len()..][..36];
                let before = last.insert(cluster.to_owned(), fails);
                runs += u32::from(fails && before != Some(true));
                hours += u32::from(fails);
            }
        }
        assert_eq!(truth.messages.sent, truth.messages.counted);
        f64::from(hours) / f64::from(runs)
    };
    let (short, long) = (runs(failing("", 0.0)), runs(failing("", 0.9)));
    // Of independent hours in a row, and ten times as many.
    assert!(short < 2.0 && long > 5.0 && long < 20.0, "{short} {long}");
}
