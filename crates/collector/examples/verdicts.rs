//! Tries verdicts on fleets with a known truth, and prints a table: `cargo xtask bench verdicts`.
#![expect(clippy::print_stdout, reason = "the command's own output")]

#[path = "../tests/it/verdict/trial.rs"]
mod trial;

use std::process::ExitCode;

use heliograph_collector::verdict::LEVEL;
use heliograph_fleet::roll_out::{Cell, Expected, HISTORY, LOOKS, Place, Setting, grid};
use rustix::time::{ClockId, clock_gettime};

use trial::{Trial, run};

/// Fleets of a setting: of a corner, and elsewhere.
const FLEETS: (u64, u64) = (1000, 200);
const QUICK: (u64, u64) = (40, 10);
/// The share of finds, and of those in which the unit at fault is first.
const FOUND: f64 = 0.9;
const FIRST: f64 = 0.95;

/// What came of a setting.
struct Row {
    cell: Cell,
    fleets: u64,
    trials: Vec<Trial>,
    seconds: f64,
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (corner, between) = if words.iter().any(|word| word == "--quick") {
        QUICK
    } else {
        FLEETS
    };
    let only = words.iter().find(|word| !word.starts_with("--"));
    let usual = Setting::default();
    println!(
        "{} units, {LOOKS} daily looks after {HISTORY} days of history; where nothing else is said {} installations, \
         rate {} %, levels gamma of shape {}, correlation {}, {} % upgrade over {} days, nodes from 5 to 1503 with a Pareto tail of 1.1; \
         fleets: {corner} in corners (*), {between} elsewhere\n",
        usual.units,
        usual.installations,
        usual.rate * 100.0,
        usual.spread,
        usual.correlation,
        usual.upgraded * 100.0,
        usual.over,
    );
    println!(
        "{:<62} {:>6} {:>6} {:>7} {:>7} {:>6} {:>6} {:>5} {:>6} {:>6} {:>6} {:>7}",
        "setting", "fleets", "wrong", "p", "found", "first", "delay", "cover", "single", "width", "", "CPU s"
    );
    let mut rows = Vec::new();
    for cell in grid() {
        if only.is_some_and(|only| !cell.name.contains(only.as_str())) {
            continue;
        }
        let fleets = if cell.place == Place::Corner {
            corner
        } else {
            between
        };
        let began = cpu();
        let trials = (0..fleets).map(|seed| run(&cell.setting, seed)).collect();
        let row = Row {
            cell,
            fleets,
            trials,
            seconds: cpu() - began,
        };
        row.print();
        rows.push(row);
    }
    match sum_up(&rows) {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}

impl Row {
    fn wrong(&self) -> u64 {
        self.trials.iter().filter(|trial| trial.wrong).count() as u64
    }

    /// How likely as many wrong ones or more are, if 5 in 100 are wrong.
    fn chance(&self) -> f64 {
        at_least(self.fleets, self.wrong(), LEVEL)
    }

    fn found(&self) -> Vec<u16> {
        let mut delays: Vec<u16> = self.trials.iter().filter_map(|trial| trial.found).collect();
        delays.sort_unstable();
        delays
    }

    fn first(&self) -> usize {
        self.trials
            .iter()
            .filter(|trial| trial.found.is_some() && trial.first)
            .count()
    }

    fn print(&self) {
        let mark = if self.cell.place == Place::Corner { "*" } else { "" };
        let found = self.found();
        let share = |count: usize, of: usize| {
            if of == 0 {
                "".to_owned()
            } else {
                format!("{:.1}%", 100.0 * count as f64 / of as f64)
            }
        };
        let (mut found_share, mut first, mut delay) = (String::new(), String::new(), String::new());
        if self.cell.setting.factor != 1.0 {
            found_share = share(found.len(), self.trials.len());
            first = share(self.first(), found.len());
            delay = found
                .get(found.len() / 2)
                .map(|days| format!("{days} d"))
                .unwrap_or_default();
        }
        let drawn = |of: fn(&Trial) -> Option<(bool, f64)>| {
            let all: Vec<(bool, f64)> = self.trials.iter().filter_map(of).collect();
            let width = all.iter().map(|(_, width)| width).sum::<f64>() / all.len().max(1) as f64;
            (
                share(all.iter().filter(|(holds, _)| *holds).count(), all.len()),
                width,
            )
        };
        let (cover, width) = drawn(|trial| trial.interval);
        let (single, narrow) = drawn(|trial| trial.single);
        let ratio = if narrow > 0.0 && width > 0.0 {
            format!("×{:.2}", width / narrow)
        } else {
            String::new()
        };
        println!(
            "{:<62} {:>6} {:>6} {:>7.4} {found_share:>7} {first:>6} {delay:>6} {cover:>6} {single:>6} {ratio:>6} {:>6} {:>7.1}",
            format!("{}{mark}", self.cell.name),
            self.fleets,
            self.wrong(),
            self.chance(),
            "",
            self.seconds,
        );
    }
}

/// Whether what is expected holds: at most 5 % wrong (one-sided exact binomial test, Holm over all settings), and the finds.
fn sum_up(rows: &[Row]) -> bool {
    let mut tested: Vec<&Row> = rows
        .iter()
        .filter(|row| row.cell.expected != Expected::Shown)
        .collect();
    tested.sort_by(|a, b| a.chance().total_cmp(&b.chance()));
    let count = tested.len();
    let above: Vec<&str> = tested
        .iter()
        .enumerate()
        .take_while(|(at, row)| row.chance() <= 0.05 / (count - at) as f64)
        .map(|(_, row)| row.cell.name.as_str())
        .collect();
    let most = tested
        .iter()
        .map(|row| row.wrong() as f64 / row.fleets as f64)
        .fold(0.0, f64::max);
    println!(
        "\nsettings with more than 5 % wrong fleets, as far as can be told (exact binomial, Holm over {count}): {}",
        if above.is_empty() {
            "none".to_owned()
        } else {
            above.join("; ")
        }
    );
    println!("largest share of wrong fleets: {:.1} %", 100.0 * most);
    let mut holds = true;
    for row in rows.iter().filter(|row| row.cell.expected == Expected::Found) {
        let found = row.found().len() as f64;
        let does = found >= FOUND * row.trials.len() as f64 && row.first() as f64 >= FIRST * found;
        println!(
            "{}: {}",
            row.cell.name,
            if does { "holds" } else { "DOES NOT HOLD" }
        );
        holds &= does;
    }
    println!("CPU: {:.0} s", rows.iter().map(|row| row.seconds).sum::<f64>());
    above.is_empty() && holds
}

/// The chance that of so many trials so many or more succeed.
fn at_least(trials: u64, successes: u64, chance: f64) -> f64 {
    if successes == 0 {
        return 1.0;
    }
    let mut log = trials as f64 * (-chance).ln_1p();
    let mut below = 0.0;
    for count in 0..successes {
        below += log.exp();
        log += ((trials - count) as f64 / (count + 1) as f64).ln() + (chance / (1.0 - chance)).ln();
    }
    (1.0 - below).max(0.0)
}

fn cpu() -> f64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    now.tv_sec as f64 + now.tv_nsec as f64 / 1e9
}
