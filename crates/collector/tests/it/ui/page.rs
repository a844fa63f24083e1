//! The page goes on as if there were no tracker, whatever becomes of that.

use serde_json::json;

use super::site::{Plan, Way};
use super::visit::Visit;
use crate::sdk::chromium::Setup;

/// Goes somewhere, and says that it got there.
const GOES_ON: &str = "await click('a[href=\"/nodes\"]'); await until(() => document.title.startsWith('Nodes')); report('done');";

#[test]
fn a_page_whose_tracker_is_blocked_goes_on() {
    for (script, is_there) in [("/blocked.js", false), ("http://127.0.0.1:9/tracker.js", false)] {
        let plan = Plan {
            loads: vec![format!(
                "await sleep(300); await click('#who a'); await logIn('jane@example.com'); {GOES_ON} report({{ there: 'heliograph' in window }});"
            )],
            script: Some(script),
            ..Plan::default()
        };
        let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
            return;
        };
        visit.until("it goes on", |visit| {
            visit
                .site
                .reports()
                .iter()
                .any(|report| report["there"] == json!(is_there))
        });
        assert!(visit.site.has_said("done"));
        assert!(visit.site.batches().is_empty());
    }
}

#[test]
fn a_page_does_not_wait_for_the_collector() {
    let plan = Plan {
        loads: vec![format!(
            "const loaded = new Promise((resolve) => document.readyState === 'complete' ? resolve() : addEventListener('load', resolve));
             await loaded; report('loaded'); await tracked(); heliograph.login('u-1'); {GOES_ON}
             const [page] = performance.getEntriesByType('navigation'); report({{ load: page.loadEventStart }});"
        )],
        way: Way::Held,
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until("the page tells its time", |visit| {
        visit
            .site
            .reports()
            .iter()
            .any(|report| report.get("load").is_some())
    });
    let reports = visit.site.reports();
    let load = reports.iter().find_map(|report| report["load"].as_f64());
    println!("the page was loaded after {:.0} ms", load.unwrap());
    let asked = visit.site.asked();
    let first = |what: &str| asked.iter().position(|asked| asked.request.first.contains(what));
    // Nothing was answered by the collector before the page was there.
    let loaded = asked
        .iter()
        .position(|asked| asked.request.body == b"\"loaded\"")
        .unwrap();
    assert!(first("/v1/batch").is_none_or(|batch| batch > loaded));
    visit.site.set_way(Way::Open);
    visit.until_taken(3);
}

/// Ten loads of the page, and how long each took until its `load` event, in milliseconds; nothing where there is no browser.
fn load_times(script: Option<&'static str>, way: Way) -> Option<Vec<f64>> {
    /// How often the page is loaded.
    const LOADS: usize = 10;
    let acts = "await new Promise((resolve) => document.readyState === 'complete' ? resolve() : addEventListener('load', resolve));
        await sleep(20); const [page] = performance.getEntriesByType('navigation'); await report({ load: page.loadEventStart });
        await sleep(100); location.reload();";
    let plan = Plan {
        loads: vec![acts.to_owned(); LOADS],
        script,
        way,
        ..Plan::default()
    };
    let mut visit = Visit::begin(plan, "/", &Setup::default())?;
    let times = |visit: &Visit| -> Vec<f64> {
        let reports = visit.site.reports();
        reports
            .iter()
            .filter_map(|report| report["load"].as_f64())
            .collect()
    };
    visit.until("it is loaded often enough", |visit| times(visit).len() == LOADS);
    let mut times = times(&visit);
    times.sort_by(f64::total_cmp);
    Some(times)
}

/// The figures are for people: no clock decides here. Where nothing is answered at all, not even the script comes, and the page would
/// never be loaded if it waited for that.
#[test]
fn how_long_a_page_takes_to_load_is_told_with_and_without_the_tracker() {
    for (what, script, way) in [
        ("without the tracker", Some("/blocked.js"), Way::Open),
        ("with it and a collector", None, Way::Open),
        ("with it and a collector that never answers", None, Way::Silent),
    ] {
        let Some(times) = load_times(script, way) else {
            return;
        };
        let (fastest, median, slowest) = (times[0], times[times.len() / 2], times[times.len() - 1]);
        println!("{what}: {fastest:.0} ms at least, {median:.0} ms in the middle, {slowest:.0} ms at most");
    }
}

#[test]
fn a_page_without_storage_goes_on_and_tells() {
    let plan = Plan {
        loads: vec![format!("await tracked(); heliograph.login('u-1'); {GOES_ON}")],
        before: "Object.defineProperty(window, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });",
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until_taken(3);
    assert_eq!(visit.told(), ["page /", "identify", "page /nodes"]);
}

#[test]
fn no_entry_point_throws_and_nothing_grows_without_bound() {
    let nonsense = "[undefined, null, 7, '', {}, [], () => { throw 1 }, Symbol('x'), new Proxy({}, { get() { throw 1 } })]";
    let acts = format!(
        "await until(() => window.heliograph?.init);
         for (const name of ['login', 'logout', 'page', 'track', 'consent', 'push', 'init'])
           for (const value of {nonsense}) heliograph[name](value, value);
         heliograph.consent(true);
         for (let n = 0; n < 1200; n++) heliograph.page('/nodes/' + n);
         report({{ kept: remembered().filter((name) => name.includes('.m.')).length }}); {GOES_ON}"
    );
    let plan = Plan {
        loads: vec![acts],
        is_apart: true,
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.site.set_way(Way::Closed);
    visit.until("it goes on", |visit| visit.site.has_said("done"));
    let reports = visit.site.reports();
    let kept = reports.iter().find_map(|report| report["kept"].as_u64());
    assert!(kept.unwrap() <= 500, "{reports:?}");
    visit.check_nothing_else();
}

#[test]
fn a_share_of_browsers_is_told_of_and_always_the_same() {
    for (sample, expected) in [(0.0, 0), (1.0, 1)] {
        let plan = Plan {
            loads: vec![format!("await tracked(); await sleep(2600); {GOES_ON}")],
            init: json!({"sample": sample}),
            ..Plan::default()
        };
        let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
            return;
        };
        visit.until("it is done", |visit| visit.site.has_said("done"));
        assert_eq!(visit.site.batches().len(), expected, "{sample}");
    }
}

#[test]
fn whatever_is_answered_that_is_no_acknowledgement_nothing_is_lost() {
    for (way, status) in [
        (Way::Busy, 429),
        (Way::Misled, 200),
        (Way::Diverted, 307),
        (Way::Guarded, 401),
    ] {
        let plan = Plan {
            loads: vec![format!("await tracked(); {GOES_ON}")],
            is_apart: true,
            way,
            ..Plan::default()
        };
        let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
            return;
        };
        visit.until("it was refused", |visit| !visit.site.batches().is_empty());
        visit.site.set_way(Way::Open);
        visit.until("it was taken", |visit| {
            let stored = visit.collector.messages();
            visit.site.has_said("done") && stored.len() == 2
        });
        assert_eq!(visit.told(), ["page /", "page /nodes"]);
        let asked = visit.site.asked();
        let posts: Vec<_> = asked
            .iter()
            .filter(|asked| asked.request.first.contains("/v1/batch"))
            .collect();
        assert_eq!(posts[0].status, status);
        if way == Way::Busy {
            assert!(posts[1].at.duration_since(posts[0].at).as_millis() >= 1900);
        }
        assert!(
            !asked
                .iter()
                .any(|asked| asked.request.first.contains("elsewhere"))
        );
    }
}
