//! What is counted, and how it is written.

use super::scale;

/// What a number is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Things, one by one.
    Count,
    /// A part of a whole, from 0 to 1; written in percent.
    Share,
    /// Megabytes, as Mesos counts them (1,048,576 bytes).
    Megabytes,
    /// A number with digits behind the point.
    Number,
    /// Doublings, written as what they multiply by: 1 is `×2`.
    Times,
}

impl Unit {
    /// What an axis goes to where all is nought.
    pub(super) fn least(self) -> f64 {
        match self {
            Unit::Share => 0.01,
            Unit::Count | Unit::Megabytes | Unit::Number | Unit::Times => 1.0,
        }
    }

    /// About so many steps of an axis from `low` to `high`, at numbers that are round in this unit.
    pub(super) fn ticks(self, low: f64, high: f64, about: f64) -> Vec<f64> {
        let size = match self {
            Unit::Megabytes => binary(high.abs().max(low.abs())).0,
            Unit::Count | Unit::Share | Unit::Number | Unit::Times => 1.0,
        };
        let ticks = scale::ticks(low / size, high / size, about, self.least());
        ticks.into_iter().map(|tick| tick * size).collect()
    }

    /// A value as people read it.
    pub(crate) fn show(self, value: f64) -> String {
        match self {
            Unit::Count => grouped(value.round(), 0),
            Unit::Share => percent(value),
            Unit::Megabytes => megabytes(value),
            Unit::Number if value.abs() < f64::EPSILON => "0".to_owned(),
            Unit::Number => grouped(value, if value.abs() < 100.0 { 2 } else { 0 }),
            Unit::Times => times(value),
        }
    }

    /// A label of an axis whose ticks are `step` apart.
    pub(super) fn tick(self, value: f64, step: f64) -> String {
        match self {
            Unit::Count | Unit::Number => short(value, step),
            Unit::Share => {
                let digits = digits(step * 100.0);
                format!("{:.digits$}%", value * 100.0)
            }
            Unit::Megabytes if value.abs() < f64::EPSILON => "0".to_owned(),
            Unit::Megabytes => megabytes(value),
            Unit::Times => times(value),
        }
    }

    /// How far an axis of it reaches at least, on either side of nought.
    pub(super) fn reach(self) -> f64 {
        match self {
            Unit::Times => 2.0,
            Unit::Count | Unit::Share | Unit::Megabytes | Unit::Number => 0.0,
        }
    }
}

fn times(doublings: f64) -> String {
    let times = doublings.exp2();
    let digits = match times {
        few if few < 0.095 => 3,
        few if few < 0.995 => 2,
        some if some < 9.95 => 1,
        _ => 0,
    };
    let text = format!("{times:.digits$}");
    let short = if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.')
    } else {
        &text
    };
    format!("×{short}")
}

/// Digits behind the point that tell numbers apart which are `step` apart.
fn digits(step: f64) -> usize {
    (0..6)
        .find(|digits| {
            let shifted = step * 10_f64.powi(*digits);
            (shifted - shifted.round()).abs() < 1e-6
        })
        .and_then(|digits| usize::try_from(digits).ok())
        .unwrap_or(6)
}

/// With a letter for thousands, so that axes stay narrow.
fn short(value: f64, step: f64) -> String {
    for (size, letter) in [(1e9, "B"), (1e6, "M"), (1e3, "k")] {
        if value.abs() >= size && step >= size / 10.0 {
            return format!("{:.*}{letter}", digits(step / size).min(2), value / size);
        }
    }
    grouped(value, digits(step))
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let digits = match percent.abs() {
        0.0 => 0,
        tiny if tiny < 0.1 => 3,
        small if small < 10.0 => 2,
        some if some < 100.0 => 1,
        _ => 0,
    };
    format!("{percent:.digits$}%")
}

/// The largest binary multiple of a megabyte that a value holds, in megabytes, and what it is called.
fn binary(value: f64) -> (f64, &'static str) {
    const STEP: f64 = 1024.0;
    let (mut size, mut found) = (1.0, "MB");
    for name in ["GB", "TB", "PB"] {
        if value.abs() < size * STEP {
            break;
        }
        (size, found) = (size * STEP, name);
    }
    (size, found)
}

fn megabytes(value: f64) -> String {
    let (size, name) = binary(value);
    let size = value / size;
    let digits = usize::from(size.abs() < 100.0 && (size - size.round()).abs() > 0.04);
    format!("{} {name}", grouped(size, digits))
}

/// With commas between thousands.
pub(crate) fn grouped(value: f64, digits: usize) -> String {
    let text = format!("{:.digits$}", value.abs());
    let (whole, part) = match text.split_once('.') {
        Some((whole, part)) => (whole, Some(part)),
        None => (text.as_str(), None),
    };
    let mut shown = String::new();
    if value < 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        shown.push('−');
    }
    for (place, digit) in whole.chars().enumerate() {
        if place > 0 && (whole.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if let Some(part) = part {
        shown.push('.');
        shown.push_str(part);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_for_people() {
        for (unit, value, shown) in [
            (Unit::Count, 1_234_567.0, "1,234,567"),
            (Unit::Count, 12.0, "12"),
            (Unit::Count, -1234.0, "−1,234"),
            (Unit::Count, 0.0, "0"),
            (Unit::Share, 0.0, "0%"),
            (Unit::Share, 1.0, "100%"),
            (Unit::Share, 0.012_34, "1.23%"),
            (Unit::Share, 0.5, "50.0%"),
            (Unit::Share, 0.000_12, "0.012%"),
            (Unit::Megabytes, 512.0, "512 MB"),
            (Unit::Megabytes, 1536.0, "1.5 GB"),
            (Unit::Megabytes, 2_097_152.0, "2 TB"),
            (Unit::Number, 3.25, "3.25"),
            (Unit::Times, 0.0, "×1"),
            (Unit::Times, 1.0, "×2"),
            (Unit::Times, -1.0, "×0.5"),
            (Unit::Times, -6.0, "×0.016"),
            (Unit::Times, 2.6, "×6.1"),
            (Unit::Times, 4.0, "×16"),
            (Unit::Number, 0.0, "0"),
        ] {
            assert_eq!(unit.show(value), shown);
        }
    }

    #[test]
    fn ticks_are_short_and_told_apart() {
        assert_eq!(Unit::Count.tick(2_500.0, 500.0), "2.5k");
        assert_eq!(Unit::Count.tick(2_000.0, 1000.0), "2k");
        assert_eq!(Unit::Count.tick(1_020.0, 20.0), "1,020");
        assert_eq!(Unit::Count.tick(0.5, 0.5), "0.5");
        assert_eq!(Unit::Megabytes.tick(0.0, 1024.0), "0");
        let terabytes = Unit::Megabytes.ticks(0.0, 50.0 * 1024.0 * 1024.0, 3.0);
        let labels: Vec<_> = terabytes
            .iter()
            .map(|tick| Unit::Megabytes.tick(*tick, terabytes[1]))
            .collect();
        assert_eq!(labels, ["0", "20 TB", "40 TB", "60 TB"]);
        assert_eq!(Unit::Share.tick(0.005, 0.005), "0.5%");
        assert_eq!(Unit::Share.tick(0.2, 0.1), "20%");
    }
}
