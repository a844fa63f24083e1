//! How far something is, on a terminal: one line on standard error that is written over.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::Duration;

use heliograph_collector::clock::Stopwatch;

/// How often it is shown.
const REFRESH: Duration = Duration::from_millis(100);
/// Characters of the bar.
const BAR: u64 = 30;
/// Characters that are cleared.
const LINE: usize = 78;

/// A bar.
pub(crate) struct Progress {
    /// What is counted.
    unit: &'static str,
    /// Where nobody is looking, nothing is shown.
    shown: bool,
    last: Option<Stopwatch>,
}

impl Progress {
    /// Of so many of something.
    pub(crate) fn new(unit: &'static str) -> Progress {
        Progress {
            unit,
            shown: io::stderr().is_terminal(),
            last: None,
        }
    }

    /// Shows it, a few times a second; without a bar where it is not known how many there are.
    pub(crate) fn show(&mut self, done: u64, all: Option<u64>) {
        if self.last.is_some_and(|last| last.elapsed() < REFRESH) {
            return;
        }
        self.last = Some(Stopwatch::start());
        self.say(&line(self.unit, done, all));
    }

    /// Removes it.
    pub(crate) fn clear(&self) {
        self.say("");
    }

    fn say(&self, text: &str) {
        if self.shown {
            // Whoever can't see it misses nothing.
            let _ = write!(io::stderr(), "\r{text:<LINE$}\r{text}");
        }
    }
}

fn line(unit: &str, done: u64, all: Option<u64>) -> String {
    let Some(all) = all.filter(|all| *all > 0) else {
        return format!("{done} {unit}");
    };
    let part =
        |of: u64| u64::try_from(u128::from(done.min(all)) * u128::from(of) / u128::from(all)).unwrap_or(of);
    let (full, percent) = (part(BAR), part(100));
    let bar: String = (0..BAR).map(|at| if at < full { '#' } else { '.' }).collect();
    format!("[{bar}] {percent:>3} %  {done} of {all} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_fills() {
        assert_eq!(line("messages", 7, None), "7 messages");
        assert_eq!(line("bytes", 0, Some(0)), "0 bytes");
        assert_eq!(
            line("bytes", 50, Some(100)),
            "[###############...............]  50 %  50 of 100 bytes"
        );
        assert!(line("bytes", u64::MAX, Some(3)).starts_with("[##############################] 100 %"));
    }
}
