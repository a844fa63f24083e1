//! A report that is delivered by half: the connection to the real collector is cut while it takes the body, or when it has stored
//! everything and signal has not heard of it yet. What follows is delivered, each message is stored once, and nothing is lost.

use std::collections::BTreeSet;
use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::collector::TestCollector;
use crate::reporter::{Reporter, hour};
use crate::way::{Fate, Way};

/// Messages of an hour's report.
const EVENTS: usize = 3;

/// A collector, a way to it that breaks, and who reports by it.
struct Stage {
    collector: TestCollector,
    way: Way,
    reporter: Reporter,
}

impl Stage {
    fn with(fate: impl Fn() -> Fate + Send + 'static) -> Stage {
        let collector = TestCollector::start();
        let way = Way::to(collector.address(), fate);
        let reporter = Reporter::new(&format!("http://{}", way.address()), &collector.key("cluster"));
        Stage {
            collector,
            way,
            reporter,
        }
    }

    /// How many messages are stored; fails where one is stored twice.
    #[track_caller]
    fn stored(&self) -> usize {
        let messages = self.collector.messages();
        let ids: BTreeSet<_> = messages
            .iter()
            .map(|message| message["messageId"].to_string())
            .collect();
        assert_eq!(ids.len(), messages.len(), "some are stored twice");
        messages.len()
    }

    /// How many parcels wait; fails where one was set aside, or where the ledger is not sound.
    #[track_caller]
    fn waiting(&self) -> usize {
        let (sound, said) = self.reporter.verify();
        assert!(sound, "{said}");
        let names = fs::read_dir(self.reporter.state.path().join("spool")).unwrap();
        let names: Vec<_> = names
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .collect();
        assert!(!names.contains(&"aside".to_owned()), "{names:?}");
        names.iter().filter(|name| name.ends_with(".report")).count()
    }

    /// How often this became of a connection.
    fn became(&self, fate: &str) -> usize {
        self.way.fates().get(fate).copied().unwrap_or_default()
    }
}

/// Whether or not the collector got so far as to store it, signal heard of nothing: the parcel waits, and goes with the next hour's.
#[test]
fn a_parcel_that_is_cut_off_arrives_once_with_the_next_hours() {
    for (fate, name, stored) in [
        (Fate::BrokenWithinBody(0), "BrokenWithinBody", 0),
        (Fate::BrokenWithinBody(50), "BrokenWithinBody", 0),
        (Fate::BrokenWithinBody(99), "BrokenWithinBody", 0),
        (Fate::AnswerLost, "AnswerLost", EVENTS),
        (Fate::AnswerCut(50), "AnswerCut", EVENTS),
        (Fate::AnswerCut(99), "AnswerCut", EVENTS),
    ] {
        let mut stage = Stage::with(move || fate);
        // Time for one try, and then some that go the same way.
        stage.reporter.config.delivery_timeout = Duration::from_secs(2);
        stage.reporter.report(hour(0));
        assert!(stage.became(name) > 0, "{:?}", stage.way.fates());
        assert_eq!((stage.stored(), stage.waiting()), (stored, 1), "{fate:?}");

        stage.way.calm();
        stage.reporter.config.delivery_timeout = Duration::from_secs(60);
        stage.reporter.report(hour(1));
        assert_eq!((stage.stored(), stage.waiting()), (2 * EVENTS, 0), "{fate:?}");
    }
}

/// It is tried again at once, as long as the cycle lasts.
#[test]
fn a_parcel_that_is_cut_off_arrives_once_within_its_cycle() {
    let nth = AtomicUsize::new(0);
    let stage = Stage::with(move || match nth.fetch_add(1, Ordering::SeqCst) {
        0 => Fate::BrokenWithinBody(50),
        1 => Fate::AnswerLost,
        _ => Fate::Passed,
    });
    stage.reporter.report(hour(0));
    let became = ["BrokenWithinBody", "AnswerLost", "Passed"].map(|fate| stage.became(fate));
    assert_eq!(became, [1, 1, 1]);
    assert_eq!((stage.stored(), stage.waiting()), (EVENTS, 0));
}

/// The first parcel after an outage goes alone, and the way breaks at the batch with all the others: that one is done with, and only
/// they are sent again, though the collector has them by then.
#[test]
fn days_that_wait_and_are_cut_off_in_the_middle_arrive_once() {
    const HOURS: usize = 30;
    let nth = AtomicUsize::new(0);
    let mut stage = Stage::with(move || match nth.fetch_add(1, Ordering::SeqCst) {
        0 => Fate::Passed,
        1 => Fate::BrokenWithinBody(50),
        2 => Fate::AnswerLost,
        _ => Fate::BrokenWithinBody(99),
    });
    for number in 0..HOURS {
        stage.reporter.report_in_vain(hour(number as u64));
    }
    assert_eq!((stage.stored(), stage.waiting()), (0, HOURS));
    stage.reporter.config.delivery_timeout = Duration::from_secs(8);
    stage.reporter.report(hour(HOURS as u64));
    assert_eq!((stage.became("Passed"), stage.became("AnswerLost")), (1, 1));
    assert_eq!((stage.stored(), stage.waiting()), ((HOURS + 1) * EVENTS, HOURS));

    stage.way.calm();
    stage.reporter.config.delivery_timeout = Duration::from_secs(60);
    stage.reporter.report(hour(HOURS as u64 + 1));
    assert_eq!((stage.stored(), stage.waiting()), ((HOURS + 2) * EVENTS, 0));
}
