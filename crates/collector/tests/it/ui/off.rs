//! Where somebody says no, nothing is remembered and nobody is asked for anything.

use serde_json::json;

use super::site::{Plan, Site, Way};
use super::visit::Visit;
use crate::collector::TestCollector;
use crate::sdk::chromium::{Chromium, Setup};

/// What the browser says of itself, as those do that have a Global Privacy Control.
const GPC: &str = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });";
/// Uses the application, and tells what is remembered then.
const USE: &str = "await until(() => window.heliograph?.init); await sleep(400); heliograph.login('u-1'); heliograph.page('/nodes');
    heliograph.logout(); heliograph.consent(true); await click('a[href=\"/nodes\"]'); await sleep(2600); report({ remembered: remembered() }); report('done');";

/// All that was asked of the collector, but for the script.
fn asked(site: &Site) -> Vec<String> {
    let asked = site.asked();
    let asked = asked.iter().filter(|asked| asked.of_collector);
    let paths = asked.map(|asked| asked.request.word(1).to_owned());
    paths.filter(|path| !path.contains("tracker")).collect()
}

fn used(plan: Plan, setup: &Setup) -> Option<(Vec<String>, serde_json::Value)> {
    let mut visit = Visit::begin(plan, "/", setup)?;
    visit.until("it is used", |visit| visit.site.has_said("done"));
    visit.check_nothing_else();
    assert_eq!(visit.collector.messages(), [json!(null); 0]);
    let reports = visit.site.reports();
    let remembered = reports.iter().find_map(|report| report.get("remembered"));
    Some((asked(&visit.site), remembered.unwrap().clone()))
}

#[test]
fn global_privacy_control_is_off() {
    for is_apart in [false, true] {
        let plan = Plan {
            loads: vec![USE.to_owned()],
            before: GPC,
            is_apart,
            ..Plan::default()
        };
        let Some((asked, remembered)) = used(plan, &Setup::default()) else {
            return;
        };
        assert_eq!(asked, [""; 0]);
        // `consent(true)` was said, which is no telemetry and is weaker.
        assert_eq!(remembered, json!(["heliograph.consent"]));
    }
}

#[test]
fn do_not_track_is_off() {
    let plan = Plan {
        loads: vec![USE.to_owned()],
        ..Plan::default()
    };
    let setup = Setup { do_not_track: true };
    let Some((asked, remembered)) = used(plan, &setup) else {
        return;
    };
    assert_eq!(asked, [""; 0]);
    assert_eq!(remembered, json!(["heliograph.consent"]));
}

#[test]
fn the_cluster_s_no_is_off() {
    for (config, init, expected) in [
        (
            json!({"tracking": {"enabled": false}}),
            json!({}),
            &["/telemetry/ui-config"][..],
        ),
        (json!({}), json!({}), &["/telemetry/ui-config"]),
        (
            json!("?"),
            json!({"config": {"tracking": {"enabled": false}}}),
            &[],
        ),
    ] {
        let plan = Plan {
            loads: vec![USE.replace("heliograph.consent(true); ", "")],
            config,
            init,
            ..Plan::default()
        };
        let Some((asked, remembered)) = used(plan, &Setup::default()) else {
            return;
        };
        assert_eq!(asked, expected);
        assert_eq!(remembered, json!([]));
    }
}

#[test]
fn the_visitor_s_no_is_off_from_then_on_and_deletes_what_waits() {
    let plan = Plan {
        loads: vec![
            "await tracked(); report({ before: remembered().length }); await click('#consent'); report({ after: remembered() }); location.reload();".to_owned(),
            USE.replace("heliograph.consent(true); ", ""),
        ],
        ..Plan::default()
    };
    let Some((asked, remembered)) = used(plan, &Setup::default()) else {
        return;
    };
    assert_eq!(asked, ["/telemetry/ui-config"]);
    assert_eq!(remembered, json!(["heliograph.consent"]));
}

#[test]
fn a_no_while_a_request_is_under_way_leaves_nothing_behind() {
    let acts = "await tracked(); await click('a[href=\"/nodes\"]'); await gate('sent'); heliograph.consent(false); report('no');
        await gate('failed'); await sleep(600); report({ remembered: remembered() }); report('done');";
    let plan = Plan {
        loads: vec![acts.to_owned()],
        way: Way::Held,
        init: json!({"config": {"tracking": {"enabled": true}}}),
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until("it has left", |visit| visit.site.is_holding());
    visit.site.open_gate("sent");
    visit.until("somebody says no", |visit| visit.site.has_said("no"));
    visit.site.set_way(Way::Closed);
    visit.until("it failed", |visit| !visit.site.batches().is_empty());
    visit.site.open_gate("failed");
    visit.until("it is done", |visit| visit.site.has_said("done"));
    let reports = visit.site.reports();
    let remembered = reports.iter().find_map(|report| report.get("remembered"));
    assert_eq!(remembered, Some(&json!(["heliograph.consent"])));
    // A browser repeats on its own account what it sent over a connection that was used before.
    let batches = visit.site.batches();
    assert!(batches.iter().all(|batch| *batch == batches[0]), "{batches:?}");
}

#[test]
fn a_privacy_control_that_comes_late_deletes_what_waits() {
    let acts = "await tracked(); await click('a[href=\"/nodes\"]'); report({ before: remembered().length });
        Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', { get: () => true });
        await sleep(2600); report({ remembered: remembered() }); report('done');";
    let plan = Plan {
        loads: vec![acts.to_owned()],
        ..Plan::default()
    };
    let Some((asked, remembered)) = used(plan, &Setup::default()) else {
        return;
    };
    assert_eq!(asked, ["/telemetry/ui-config"]);
    assert_eq!(remembered, json!([]));
}

#[test]
fn where_it_must_be_asked_first_nothing_happens_before() {
    let acts = "await tracked(); await click('a[href=\"/nodes\"]'); await sleep(2600); report({ remembered: remembered() });
        heliograph.consent(true); await sleep(400); await click('a[href=\"/services\"]'); report('done');";
    let plan = Plan {
        loads: vec![acts.to_owned()],
        init: json!({"askFirst": true}),
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until_taken(2);
    assert_eq!(visit.told(), ["page /nodes", "page /services"]);
    assert_eq!(visit.site.reports()[0]["remembered"], json!([]));
}

#[test]
fn a_cluster_that_has_switched_it_off_meanwhile_is_obeyed() {
    // The relay answers 204 where telemetry is off.
    let collector = TestCollector::start();
    let off = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = off.local_addr().unwrap();
    std::thread::spawn(move || {
        for client in off.incoming().flatten() {
            let mut requests = std::io::BufReader::new(&client);
            while let Ok(Some(request)) = crate::sdk::http::Message::read(&mut requests) {
                let script = heliograph_collector::tracker::Script::named("tracker.js").unwrap();
                let answer = if request.first.contains("tracker") {
                    let headers = [("content-type", "text/javascript")];
                    crate::sdk::http::Message::answer("200 OK", &headers, script.text.as_bytes())
                } else {
                    crate::sdk::http::Message::answer("204 No Content", &[], b"")
                };
                if answer.write(&mut &client).is_err() {
                    break;
                }
            }
        }
    });
    let plan = Plan {
        loads: vec![USE.replace(
            "heliograph.consent(true); ",
            "await sleep(2600); report({ early: remembered() }); ",
        )],
        ..Plan::default()
    };
    let site = Site::start(plan, "k", address, false);
    let Some(chromium) = Chromium::open_as(&site.url(), &Setup::default()) else {
        return;
    };
    let mut visit = Visit {
        site,
        chromium,
        collector,
    };
    visit.until("it is used", |visit| visit.site.has_said("done"));
    assert_eq!(visit.site.batches().len(), 1);
    let reports = visit.site.reports();
    assert_eq!(reports[0]["early"], json!([]));
    assert_eq!(reports[1]["remembered"], json!([]));
}

#[test]
fn where_the_cluster_does_not_answer_nothing_is_stored_or_sent() {
    let plan = Plan {
        loads: vec![USE.replace("heliograph.consent(true); ", "")],
        init: json!({"config": "/telemetry/nothing"}),
        ..Plan::default()
    };
    let Some((asked, remembered)) = used(plan, &Setup::default()) else {
        return;
    };
    // It is asked again, in growing intervals.
    assert!((2..=10).contains(&asked.len()), "{asked:?}");
    assert!(asked.iter().all(|path| path == "/telemetry/nothing"), "{asked:?}");
    assert_eq!(remembered, json!([]));
}
