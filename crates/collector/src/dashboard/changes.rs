//! What changed from one week to the next: pure, from the answers about both.

use super::chart::{Unit, amount};
use super::figure::installations_of;

/// A version has come or gone that far, as part of all installations.
const VERSION: f64 = 0.05;
/// A package, likewise.
const PACKAGE: f64 = 0.02;
/// Installations have changed in number by as much, as part of those before.
const INSTALLATIONS: f64 = 0.02;
/// A unit is unhealthy so many times more often, and by so much of the time at least.
const TIMES: f64 = 1.5;
const TIME: f64 = 0.001;
/// Fewest installations that say anything of a unit.
const FEWEST: u64 = 10;
/// Most that are told.
const MOST: usize = 8;

/// What kind of change it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// For the better.
    Good,
    /// For the worse.
    Bad,
    /// Neither.
    Plain,
}

/// A change.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Change {
    /// What kind it is.
    pub(crate) tone: Tone,
    /// What is said.
    pub(crate) text: String,
    /// Where it leads.
    pub(crate) href: String,
    /// How much it matters among others.
    weight: f64,
}

impl Change {
    /// One that stands for itself.
    pub(crate) fn new(tone: Tone, text: String, href: String) -> Change {
        Change {
            tone,
            text,
            href,
            weight: 0.0,
        }
    }

    /// Its mark.
    pub(crate) fn sign(&self) -> &'static str {
        match self.tone {
            Tone::Good => "✓",
            Tone::Bad => "!",
            Tone::Plain => "·",
        }
    }

    /// The class of its mark.
    pub(crate) fn class(&self) -> &'static str {
        match self.tone {
            Tone::Good => "up",
            Tone::Bad => "bad",
            Tone::Plain => "",
        }
    }
}

/// A part of all in a week and in the one before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Part {
    pub(crate) name: String,
    pub(crate) href: String,
    pub(crate) now: f64,
    pub(crate) before: f64,
    /// Installations behind it now.
    pub(crate) installations: u64,
}

/// Two weeks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weeks {
    /// Installations, now and before.
    pub(crate) installations: (u64, u64),
    /// Where that leads.
    pub(crate) href: String,
    /// Installations that reported in this week and are silent by now; and where they are.
    pub(crate) silent: u64,
    pub(crate) silent_href: String,
    pub(crate) versions: Vec<Part>,
    pub(crate) units: Vec<Part>,
    pub(crate) packages: Vec<Part>,
}

/// What is worth telling, the most important first.
pub(crate) fn changes(weeks: &Weeks) -> Vec<Change> {
    let mut all = Vec::new();
    let (now, before) = weeks.installations;
    if before == 0 {
        // There is nothing to compare with.
        return all;
    }
    if weeks.silent > 0 {
        all.push(Change {
            tone: Tone::Bad,
            text: match weeks.silent {
                1 => "1 installation fell silent: its last three reports are missing.".to_owned(),
                many => format!(
                    "{} fell silent: their last three reports are missing.",
                    installations_of(many)
                ),
            },
            href: weeks.silent_href.clone(),
            weight: 2.5,
        });
    }
    let share = (amount(now) - amount(before)) / amount(before);
    if share.abs() >= INSTALLATIONS {
        let (tone, word) = if share > 0.0 {
            (Tone::Good, "up")
        } else {
            (Tone::Bad, "down")
        };
        all.push(Change {
            tone,
            text: format!(
                "{} reported, {word} {} from {}.",
                installations_of(now),
                Unit::Share.show(share.abs()),
                Unit::Count.show(amount(before))
            ),
            href: weeks.href.clone(),
            weight: 3.0 + share.abs(),
        });
    }
    all.extend(weeks.units.iter().filter_map(unit));
    all.extend(
        weeks
            .versions
            .iter()
            .filter_map(|part| moved(part, "Version", "runs", VERSION, 1.0)),
    );
    all.extend(
        weeks
            .packages
            .iter()
            .filter_map(|part| moved(part, "Package", "is installed", PACKAGE, 0.0)),
    );
    all.sort_by(|a, b| b.weight.total_cmp(&a.weight).then_with(|| a.text.cmp(&b.text)));
    all.truncate(MOST);
    all
}

fn unit(part: &Part) -> Option<Change> {
    let change = part.now - part.before;
    if part.installations < FEWEST || change.abs() < TIME {
        return None;
    }
    let (low, high) = (part.now.min(part.before), part.now.max(part.before));
    if high < TIMES * low {
        return None;
    }
    let tone = if change > 0.0 { Tone::Bad } else { Tone::Good };
    Some(Change {
        tone,
        text: format!(
            "{} was unhealthy {} of the time, {} the week before.",
            part.name,
            Unit::Share.show(part.now),
            Unit::Share.show(part.before)
        ),
        href: part.href.clone(),
        weight: 2.0 + change,
    })
}

fn moved(part: &Part, what: &str, does: &str, least: f64, weight: f64) -> Option<Change> {
    let change = part.now - part.before;
    let new = part.before <= 0.0 && part.now > 0.0;
    if change.abs() < least && !(new && part.installations >= FEWEST) {
        return None;
    }
    let (now, before) = (Unit::Share.show(part.now), Unit::Share.show(part.before));
    let text = match new {
        true => format!(
            "{what} {} is new: it {does} on {now} of installations.",
            part.name
        ),
        false => format!(
            "{what} {} {does} on {now} of installations, {before} the week before.",
            part.name
        ),
    };
    Some(Change {
        tone: Tone::Plain,
        text,
        href: part.href.clone(),
        // What is new matters more than what only moved.
        weight: weight + change.abs() + if new { 1.5 * weight } else { 0.0 },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(name: &str, now: f64, before: f64) -> Part {
        Part {
            name: name.to_owned(),
            href: String::new(),
            now,
            before,
            installations: 100,
        }
    }

    #[test]
    fn what_matters_is_told_first_and_what_does_not_is_not() {
        let weeks = Weeks {
            installations: (90, 100),
            href: "/x".to_owned(),
            silent: 2,
            silent_href: "/support?tier=silent".to_owned(),
            versions: vec![
                part("1.10", 0.2, 0.0),
                part("1.9", 0.8, 1.0),
                part("1.8", 0.01, 0.02),
            ],
            units: vec![
                part("a", 0.05, 0.01),
                part("b", 0.011, 0.01),
                part("c", 0.01, 0.04),
            ],
            packages: vec![part("kafka", 0.3, 0.25), part("spark", 0.3, 0.299)],
        };
        let told = changes(&weeks);
        let texts: Vec<&str> = told.iter().map(|change| change.text.as_str()).collect();
        assert_eq!(texts.len(), 7, "{texts:?}");
        assert_eq!(texts[0], "90 installations reported, down 10.0% from 100.");
        assert_eq!(
            texts[1],
            "Version 1.10 is new: it runs on 20.0% of installations."
        );
        assert_eq!(
            texts[2],
            "2 installations fell silent: their last three reports are missing."
        );
        assert_eq!(
            texts[3],
            "a was unhealthy 5.00% of the time, 1.00% the week before."
        );
        assert!(told[0].tone == Tone::Bad && told[4].tone == Tone::Good);
        // Without a week before, nothing is a change.
        let first = Weeks {
            installations: (90, 0),
            ..weeks
        };
        assert!(changes(&first).is_empty());
    }
}
