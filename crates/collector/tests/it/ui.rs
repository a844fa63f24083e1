//! The tracker in a real browser: the example application is visited, and what is stored is compared with what may be.
#![expect(
    clippy::disallowed_methods,
    reason = "a browser is waited for by the real clock"
)]

mod count;
mod off;
mod outage;
mod page;
mod relay;
mod script;
mod site;
mod visit;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use self::site::{PREFIX, Plan, Way};
use self::visit::Visit;
use crate::collector::run;
use crate::deletion::found;
use crate::sdk::chromium::Setup;

/// What the visitor is, sees and types, and must be told nobody.
const SECRETS: [&str; 12] = [
    "jane@example.com",
    "jane%40example.com",
    "hunter2",
    "10.0.0.7",
    "marathon-user-7f3a",
    "s3cret",
    "tab=logs",
    "Node 10",
    "– Cluster",
    "localhost",
    "Mozilla",
    "Linux",
];

/// Somebody looks around, and is lost in the end.
fn tour(link: &str, lost: &str) -> String {
    format!(
        "await tracked();
         await click('#who a'); await logIn('jane@example.com');
         await click('a[href=\"{link}/nodes\"]'); await click('a[href=\"{link}/nodes/10.0.0.7\"]');
         await click('a[href*=\"token\"]');
         await click('a[href=\"{link}/services\"]'); await click('a[href=\"{link}/services/marathon-user-7f3a\"]');
         await click('main a');
         {lost} await sleep(350);
         await click('#logout');
         report('done');"
    )
}

const TOLD: [&str; 10] = [
    "page /",
    "page /login",
    "identify",
    "page /",
    "page /nodes",
    "page /nodes/:id",
    "page /services",
    "page /services/:id",
    "page /services/:id/tasks/:task",
    "page /unknown",
];

/// Compares all that is stored, field by field, and looks for what must be nowhere.
fn check_fields(visit: &mut Visit, user: Option<&str>) {
    let stored = visit.stored();
    let told = visit.told();
    assert_eq!(told[..TOLD.len()], TOLD);
    assert_eq!(told[TOLD.len()..], ["page /login"]);
    let visitors: Vec<_> = stored
        .iter()
        .map(|message| message["anonymousId"].as_str().unwrap())
        .collect();
    let first: BTreeSet<_> = visitors[..TOLD.len()].iter().collect();
    assert_eq!(first.len(), 1, "{visitors:?}");
    // After the log-out it is somebody else.
    assert_ne!(visitors.last(), visitors.first());
    for (number, message) in stored.iter().enumerate() {
        let mut expected = json!({
            "type": message["type"],
            "messageId": message["messageId"],
            "anonymousId": visitors[number],
            "context": {"library": {"name": "heliograph-tracker", "version": env!("CARGO_PKG_VERSION")}},
        });
        for time in ["originalTimestamp", "sentAt", "timestamp", "receivedAt"] {
            assert!(message[time].is_string(), "{message}");
            expected[time] = message[time].clone();
        }
        let properties = json!({"environmentVersion": "1.10"});
        if message["type"] == "identify" {
            expected["traits"] = properties;
        } else {
            expected["name"] = message["name"].clone();
            expected["properties"] = properties;
        }
        let is_logged_in = (2..TOLD.len()).contains(&number);
        if let Some(user) = user.filter(|_| is_logged_in) {
            expected["userId"] = Value::from(user);
        }
        assert_eq!(*message, expected);
        for id in [&message["messageId"], &message["anonymousId"]] {
            assert!(id.as_str().unwrap().len() >= 32, "{id}");
        }
    }
    visit.check_nothing_else();
    let days = ["--from", "2026-01-01"];
    let asked: Value = {
        let from_json = |question: &str| {
            let output = run(
                visit.collector.data(),
                &[&["ask", question, "--format", "json"], &days[..0]].concat(),
            );
            serde_json::from_slice(&output.stdout).unwrap_or_default()
        };
        from_json("ui-pages")
    };
    let routes: BTreeSet<_> = asked["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["route"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        routes.contains("/nodes/:id") && routes.contains("/unknown"),
        "{asked}"
    );
    let printed = ["messages", "outcomes"].map(|command| run(visit.collector.data(), &[command]).stdout);
    let log = visit.collector.log();
    assert!(visit.collector.stop().success());
    assert_eq!(found(visit.collector.data(), &SECRETS), [""; 0]);
    for text in printed
        .iter()
        .map(|bytes| String::from_utf8_lossy(bytes))
        .chain([log.into()])
    {
        let told: Vec<_> = SECRETS.iter().filter(|secret| text.contains(**secret)).collect();
        assert!(told.is_empty(), "{told:?} in {text}");
    }
}

/// What the browser sent, as it left.
fn check_sent(visit: &Visit) {
    for asked in visit.site.asked().iter().filter(|asked| asked.of_collector) {
        let request = &asked.request;
        assert_eq!(request.header("referer"), None, "{request:?}");
        if request.word(0) == "POST" {
            assert_eq!(request.header("content-type"), Some("text/plain;charset=UTF-8"));
            assert_eq!(request.header("authorization"), None);
            let body = String::from_utf8_lossy(&request.body);
            for secret in &SECRETS[3..] {
                assert!(!body.contains(secret), "{secret} in {body}");
            }
        } else {
            assert_eq!(request.word(0), "GET", "{request:?}");
        }
    }
}

#[test]
fn history_routes_are_told_as_templates_and_nothing_else_is() {
    let plan = Plan {
        loads: vec![tour("", "history.pushState(null, '', '/secret/10.0.0.7');")],
        init: json!({"config": {"tracking": {"enabled": true}}}),
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/?token=s3cret", &Setup::default()) else {
        return;
    };
    visit.until_taken(TOLD.len() + 1);
    check_sent(&visit);
    // Its own origin hashes ids, which only the relay does: a collector there drops what is an address.
    check_fields(&mut visit, None);
}

#[test]
fn hash_routes_are_told_as_templates_and_nothing_else_is() {
    let plan = Plan {
        loads: vec![tour("#", "location.hash = '#/secret/10.0.0.7';")],
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/hash/?token=s3cret#/", &Setup::default()) else {
        return;
    };
    visit.until_taken(TOLD.len() + 1);
    check_sent(&visit);
    check_fields(&mut visit, None);
}

#[test]
fn a_collector_on_another_origin_is_told_opaque_ids_only() {
    // The application passes an e-mail address, which is refused before it leaves.
    let plan = Plan {
        loads: vec![tour("", "history.pushState(null, '', '/secret/10.0.0.7');")],
        is_apart: true,
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until_taken(TOLD.len() + 1);
    check_sent(&visit);
    for asked in visit.site.asked().iter().filter(|asked| asked.of_collector) {
        // No preflight, no cookies, and nobody is asked whether it is on.
        assert_ne!(asked.request.word(0), "OPTIONS", "{asked:?}");
        assert_eq!(asked.request.header("cookie"), None);
        assert!(!asked.request.first.contains("ui-config"));
        let body = String::from_utf8_lossy(&asked.request.body).into_owned();
        assert!(!body.contains("jane"), "{body}");
    }
    check_fields(&mut visit, None);
}

#[test]
fn opaque_ids_are_kept_over_reloads_until_the_log_out() {
    let plan = Plan {
        loads: vec![
            "await tracked(); report({ refused: [heliograph.login('u-77'), await sleep(5), heliograph.login('a@b.example'), await sleep(5), heliograph.login(' '), await sleep(5)].filter((said) => said !== undefined) });
             heliograph.login('u-77'); await sleep(100); location.reload();".to_owned(),
            "await tracked(); heliograph.track('rated', { stars: 4, who: 'jane', where: { a: 1 }, text: 'x'.repeat(500) }); await sleep(5);
             heliograph.track('other', { stars: 4 }); heliograph.logout(); heliograph.page('/nodes/7'); report('done');".to_owned(),
        ],
        is_apart: true,
        init: json!({"events": {"rated": ["stars", "where", "text"]}, "routing": null}),
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until_taken(6);
    assert_eq!(visit.site.reports()[0]["refused"], json!([true, false, false]));
    let stored = visit.stored();
    let users: Vec<_> = stored
        .iter()
        .map(|message| message["userId"].as_str().unwrap_or("-"))
        .collect();
    assert_eq!(users, ["u-77", "-", "-", "u-77", "u-77", "-"]);
    let rated = &stored[4];
    assert_eq!(rated["event"], "rated");
    assert_eq!(
        rated["properties"],
        json!({"environmentVersion": "1.10", "stars": 4, "text": "x".repeat(200)})
    );
    assert_eq!(stored[5]["name"], "/nodes/:id");
    assert_ne!(stored[5]["anonymousId"], stored[4]["anonymousId"]);
}

#[test]
fn a_page_counts_once_it_has_come_to_rest() {
    let acts = "await tracked();
        for (const path of ['/nodes', '/nodes/1', '/services']) { history.pushState(null, '', path); await sleep(20); }
        await sleep(350); history.replaceState(null, '', '/services?sort=name'); await sleep(350);
        history.replaceState(null, '', '/services#top'); await sleep(350);
        history.pushState(null, '', '/nodes/1'); await sleep(350); history.pushState(null, '', '/nodes/2'); await sleep(350);
        history.back(); await sleep(350); report('done');";
    let plan = Plan {
        loads: vec![acts.to_owned()],
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.until_taken(5);
    visit.until("it is done", |visit| visit.site.has_said("done"));
    assert_eq!(
        visit.told(),
        [
            "page /",
            "page /services",
            "page /nodes/:id",
            "page /nodes/:id",
            "page /nodes/:id"
        ]
    );
}

#[test]
fn errors_and_failed_loads_are_told_by_kind_where_that_was_switched_on() {
    let acts = "await tracked(); await click('#fail'); await click('#image');
        Promise.reject(new RangeError('10.0.0.7')); Promise.reject('s3cret'); await sleep(50);
        setTimeout(() => { throw new Proxy({}, { get() { throw new TypeError('looked at'); } }); }); await sleep(50);
        for (let n = 0; n < 100; n++) setTimeout(() => { throw new (class SecretError extends Error { name = 'Secret' })(); });
        await sleep(300); report('done');";
    for is_on in [true, false] {
        let plan = Plan {
            loads: vec![acts.to_owned()],
            init: json!({"errors": true}),
            config: json!({"tracking": {"enabled": true, "errors": is_on}}),
            ..Plan::default()
        };
        let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
            return;
        };
        visit.until("it is done", |visit| visit.site.has_said("done"));
        visit.until_taken(if is_on { 21 } else { 1 });
        // In which order a browser tells of a failed image and of refused promises is its own affair.
        let mut told = visit.told();
        told.sort();
        let mut expected = vec!["page /"];
        if is_on {
            expected.extend([
                "ui_error TypeError on /",
                "ui_load_failed img on /",
                "ui_error RangeError on /",
                "ui_error other on /",
            ]);
            expected.extend([const { "ui_error other on /" }; 16]);
        }
        expected.sort_unstable();
        assert_eq!(told, expected);
        assert!(visit.collector.stop().success());
        assert_eq!(
            found(
                visit.collector.data(),
                &["10.0.0.7", "s3cret", "SecretError", "missing.png"]
            ),
            [""; 0]
        );
        if is_on {
            let output = run(
                visit.collector.data(),
                &["ask", "ui-reliability", "--format", "json"],
            );
            let answer: Value = serde_json::from_slice(&output.stdout).unwrap();
            let row = &answer["rows"][0];
            assert_eq!(
                ["route", "pageViews", "errors", "failedLoads"].map(|name| row[name].clone()),
                [json!("/"), json!(1), json!(19), json!(1)]
            );
        }
    }
}

#[test]
fn every_request_of_a_page_goes_to_its_own_server_or_to_the_host() {
    for is_apart in [false, true] {
        let plan = Plan {
            loads: vec!["await tracked(); report('done');".to_owned()],
            is_apart,
            ..Plan::default()
        };
        let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
            return;
        };
        visit.until_taken(1);
        let mut own = Vec::new();
        let mut of_collector = Vec::new();
        for asked in visit.site.asked() {
            let request = format!("{} {}", asked.request.word(0), asked.request.word(1));
            if asked.of_collector {
                &mut of_collector
            } else {
                &mut own
            }
            .push(request);
        }
        own.sort();
        own.dedup();
        assert_eq!(
            own,
            [
                "GET /",
                "GET /app.js",
                "GET /before.js",
                "GET /drive.js",
                "GET /load.js",
                "GET /settings.json",
                "GET /style.css",
                "GET /telemetry.js",
                "POST /report",
            ]
        );
        let script = heliograph_collector::tracker::Script::named("tracker.js").unwrap();
        let expected = if is_apart {
            vec![
                format!("GET {}", script.lasting_path()),
                "POST /v1/batch".to_owned(),
            ]
        } else {
            ["GET", "GET", "POST"]
                .iter()
                .zip(["/tracker.js", "/ui-config", "/v1/batch"])
                .map(|(method, path)| format!("{method} {PREFIX}{path}"))
                .collect()
        };
        assert_eq!(of_collector, expected);
        visit.check_nothing_else();
    }
}

#[test]
fn what_could_not_be_delivered_is_after_a_reload_each_once() {
    let plan = Plan {
        loads: vec![
            "await gate('closed'); await tracked(); await click('a[href=\"/nodes\"]'); await sleep(2600); report('one'); await gate('reload'); location.reload();".to_owned(),
            "await tracked(); await click('a[href=\"/services\"]'); report('two');".to_owned(),
        ],
        is_apart: true,
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.site.set_way(Way::Closed);
    visit.site.open_gate("closed");
    visit.until("it was tried", |visit| {
        visit.site.has_said("one") && !visit.site.batches().is_empty()
    });
    visit.site.open_gate("reload");
    visit.until("it is back", |visit| visit.site.has_said("two"));
    visit.site.set_way(Way::Open);
    visit.until_taken(4);
    assert_eq!(
        visit.told(),
        ["page /", "page /nodes", "page /nodes", "page /services"]
    );
    // What was tried in vain came again under the same ids.
    let batches = visit.site.batches();
    let failed = batches.iter().filter(|(_, is_taken)| !*is_taken);
    let taken = visit.site.taken();
    for (body, _) in failed {
        for message in body["batch"].as_array().unwrap() {
            assert!(taken.contains(message["messageId"].as_str().unwrap()));
        }
    }
}

#[test]
fn the_last_view_is_told_when_the_page_is_left() {
    let plan = Plan {
        loads: vec![
            "await tracked(); document.querySelector('a[href=\"/services\"]').click(); location.href = '/gone';".to_owned(),
        ],
        init: json!({"config": {"tracking": {"enabled": true}}}),
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/nodes", &Setup::default()) else {
        return;
    };
    // Neither has been there for as long as messages are gathered.
    visit.until_taken(2);
    assert_eq!(visit.told(), ["page /nodes", "page /services"]);
    let asked = visit.site.asked();
    let left = asked
        .iter()
        .position(|asked| asked.request.first.contains("/gone"));
    let posted = asked
        .iter()
        .filter(|asked| asked.request.first.contains("/v1/batch"));
    assert!(left.is_some() && posted.count() >= 1);
}

#[test]
fn two_tabs_are_one_visitor_and_tell_everything_once() {
    let plan = Plan {
        loads: vec![
            "await tracked(); window.open('/nodes', '_blank', 'noopener'); await gate('open'); await click('a[href=\"/services\"]'); report('one');".to_owned(),
            "await tracked(); await gate('open'); await click('main a'); report('two');".to_owned(),
        ],
        is_apart: true,
        ..Plan::default()
    };
    let Some(mut visit) = Visit::begin(plan, "/", &Setup::default()) else {
        return;
    };
    visit.site.set_way(Way::Closed);
    visit.until("both are there", |visit| {
        let asked = visit.site.asked();
        asked
            .iter()
            .filter(|asked| asked.request.first.contains("/load.js"))
            .count()
            == 2
    });
    visit.site.open_gate("open");
    visit.until("both have moved", |visit| {
        visit.site.has_said("one") && visit.site.has_said("two")
    });
    visit.site.set_way(Way::Open);
    visit.until_taken(4);
    let mut told = visit.told();
    told.sort();
    assert_eq!(
        told,
        ["page /", "page /nodes", "page /nodes/:id", "page /services"]
    );
    let visitors: BTreeSet<_> = visit
        .stored()
        .iter()
        .map(|message| message["anonymousId"].to_string())
        .collect();
    assert_eq!(visitors.len(), 1);
}
