//! A number alone, with what it is of.

use super::chart::Unit;
use super::chart::spark::spark;

/// Least difference that is a change.
const LEAST: f64 = 0.0005;

/// The tile.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tile {
    /// What is counted.
    pub(crate) what: &'static str,
    /// How much.
    pub(crate) much: String,
    /// Where it leads; empty: nowhere.
    pub(crate) href: String,
    /// What there is to say of it.
    pub(crate) note: String,
    /// How it went, as a drawing; empty: not shown.
    pub(crate) spark: String,
    /// How it differs from before; empty: not shown.
    pub(crate) change: Change,
}

/// How a number differs from the one before.
#[derive(Debug, Clone, Default)]
pub(crate) struct Change {
    /// In words; empty: there is none.
    pub(crate) text: String,
    /// Whether that is good, bad or neither.
    pub(crate) class: &'static str,
    /// What it is compared with.
    pub(crate) than: String,
}

impl Change {
    /// By part of what it was; `more_is_good` where that says anything. Nothing where there was nothing before.
    pub(crate) fn of(now: f64, before: f64, more_is_good: bool, than: &str) -> Change {
        if before <= 0.0 {
            return Change::default();
        }
        let share = now / before - 1.0;
        let shown = Unit::Share.show(share.abs());
        let (sign, class) = match share {
            _ if share.abs() < LEAST => ("±", ""),
            more if (more > 0.0) == more_is_good => (if more > 0.0 { "▲" } else { "▼" }, "up"),
            more => (if more > 0.0 { "▲" } else { "▼" }, "down"),
        };
        Change {
            text: format!("{sign} {shown}"),
            class,
            than: than.to_owned(),
        }
    }
}

impl Tile {
    /// With how it went.
    #[must_use]
    pub(crate) fn went(self, values: &[Option<f64>]) -> Tile {
        Tile {
            spark: spark(values),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_has_a_direction_and_a_worth() {
        let shown = |now, before, good| {
            let change = Change::of(now, before, good, "than before");
            (change.text, change.class)
        };
        assert_eq!(shown(110.0, 100.0, true), ("▲ 10.0%".to_owned(), "up"));
        assert_eq!(shown(110.0, 100.0, false), ("▲ 10.0%".to_owned(), "down"));
        assert_eq!(shown(50.0, 100.0, false), ("▼ 50.0%".to_owned(), "up"));
        assert_eq!(shown(1.0, 0.0, true), (String::new(), ""));
        assert_eq!(shown(100.0, 100.0, true), ("± 0%".to_owned(), ""));
    }
}
