//! A cluster's interface while its relay, signal or the collector is down and back: nothing is lost, and nothing is counted twice.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

use super::relay::{Relay, begin};
use super::site::Plan;
use super::visit::Visit;
use crate::client::Client;
use crate::collector::TestCollector;

/// Signal delivers all that waits.
fn deliver(relay: &Relay) {
    let ended = relay.signal(&["report"]);
    assert!(ended.status.success(), "{ended:?}");
}

/// Waits until so many messages were taken, delivers them, and compares what is stored, whatever its order.
fn check_told(visit: &mut Visit, relay: &Relay, mut expected: Vec<&str>) {
    visit.until_taken(expected.len());
    deliver(relay);
    let mut told = visit.told();
    told.sort();
    expected.sort_unstable();
    assert_eq!(told, expected);
    stored_once(visit);
    visit.check_nothing_else();
}

/// What is stored, each message once.
fn stored_once(visit: &Visit) -> Vec<Value> {
    let stored = visit.stored();
    let ids: BTreeSet<_> = stored
        .iter()
        .map(|message| message["messageId"].to_string())
        .collect();
    assert_eq!(ids.len(), stored.len());
    stored
}

#[test]
fn over_reloads_with_the_relay_down_and_back_each_message_arrives_once() {
    let plan = Plan {
        loads: vec![
            "await tracked(); await gate('down'); await click('a[href=\"/nodes\"]'); await sleep(2600); report('one'); await gate('reload'); location.reload();".to_owned(),
            // The relay is still down: the script may not even come. The page goes on.
            "await click('a[href=\"/services\"]'); await until(() => document.title.startsWith('Services')); report('two'); await gate('back'); location.href = '/nodes/10.0.0.7';".to_owned(),
            "await tracked(); await click('a[href=\"/services\"]');
             await until(() => !remembered().some((name) => name.includes('.m.'))); report('three');".to_owned(),
        ],
        ..Plan::default()
    };
    let Some((mut visit, mut relay)) = begin(plan, "/", true) else {
        return;
    };
    visit.until_taken(1);
    relay.kill();
    visit.site.open_gate("down");
    visit.until("it was tried", |visit| {
        visit.site.has_said("one") && visit.site.batches().iter().any(|(_, is_taken)| !is_taken)
    });
    visit.site.open_gate("reload");
    visit.until("the page goes on", |visit| visit.site.has_said("two"));
    relay.restart();
    visit.site.open_gate("back");
    visit.until("all was taken", |visit| visit.site.has_said("three"));
    deliver(&relay);
    let stored = stored_once(&visit);
    let mut told = visit.told();
    for expected in ["page /", "page /nodes", "page /nodes/:id", "page /services"] {
        let at = told.iter().position(|told| told == expected);
        told.remove(at.unwrap_or_else(|| panic!("{expected} is missing: {stored:?}")));
    }
    // What was viewed before the relay could say whether tracking is on is not stored; where a browser still had the script, and
    // was still there when the relay was back, it is told.
    let late = ["page /nodes", "page /services"];
    assert!(told.iter().all(|told| late.contains(&told.as_str())), "{told:?}");
    visit.check_nothing_else();
}

#[test]
fn two_tabs_behind_a_relay_that_comes_back_are_one_visitor() {
    let plan = Plan {
        loads: vec![
            "await tracked(); window.open('/nodes', '_blank', 'noopener'); await gate('open'); await click('a[href=\"/services\"]'); report('one');".to_owned(),
            "await tracked(); await gate('open'); await click('main a'); report('two');".to_owned(),
        ],
        ..Plan::default()
    };
    let Some((mut visit, mut relay)) = begin(plan, "/", true) else {
        return;
    };
    visit.until_taken(2);
    relay.kill();
    visit.site.open_gate("open");
    visit.until("both have moved in vain", |visit| {
        let failed = visit.site.batches().iter().any(|(_, is_taken)| !is_taken);
        visit.site.has_said("one") && visit.site.has_said("two") && failed
    });
    relay.restart();
    let expected = vec!["page /", "page /nodes", "page /nodes/:id", "page /services"];
    check_told(&mut visit, &relay, expected);
    let stored = visit.stored();
    let visitors: BTreeSet<_> = stored
        .iter()
        .map(|message| message["anonymousId"].to_string())
        .collect();
    assert_eq!(visitors.len(), 1);
}

#[test]
fn the_last_view_reaches_the_relay_when_the_page_is_left() {
    let plan = Plan {
        loads: vec![
            "await tracked(); document.querySelector('a[href=\"/services\"]').click(); location.href = '/gone';".to_owned(),
        ],
        ..Plan::default()
    };
    let Some((mut visit, relay)) = begin(plan, "/nodes", true) else {
        return;
    };
    check_told(&mut visit, &relay, vec!["page /nodes", "page /services"]);
}

#[test]
fn while_the_collector_is_down_an_interface_s_messages_wait_and_arrive_once() {
    let plan = Plan {
        loads: vec!["await tracked(); await click('a[href=\"/nodes\"]'); report('done');".to_owned()],
        ..Plan::default()
    };
    let Some((mut visit, relay)) = begin(plan, "/", true) else {
        return;
    };
    visit.until_taken(2);
    visit.collector.kill();
    let waiting = relay
        .signal_command(&["report"])
        .env("HELIOGRAPH_DELIVERY_TIMEOUT", "300ms")
        .output()
        .unwrap();
    // Kept is no failure.
    assert!(waiting.status.success(), "{waiting:?}");
    let status = relay.signal(&["status"]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("the web UI: 2 page"), "{status}");
    let before = visit.collector.url().to_owned();
    visit.collector.restart();
    relay.reconfigure(&before, visit.collector.url());
    check_told(&mut visit, &relay, vec!["page /", "page /nodes"]);
}

/// What a tracker would send, and send again until it has an answer.
fn post(relay: &Relay, first: usize) -> Option<u16> {
    let view = |n: usize| {
        json!({"type": "page", "name": "/nodes/:id", "anonymousId": format!("{:032x}", 7), "userId": "jane@example.com",
            "messageId": format!("mi8x0k2p-{n:032x}"), "timestamp": jiff::Timestamp::now().to_string()})
    };
    let body = json!({"batch": [view(first), view(first + 1)], "sentAt": jiff::Timestamp::now().to_string()});
    let mut client = Client::to(relay.address()).ok()?;
    let answer = client.send("POST", "/telemetry/v1/batch", &[], body.to_string().as_bytes());
    answer.ok().map(|answer| answer.status)
}

#[test]
fn relay_and_signal_that_are_killed_at_any_moment_lose_nothing_and_count_nothing_twice() {
    /// Rounds: in each one relay and one signal are killed.
    const ROUNDS: usize = 12;
    let collector = TestCollector::start();
    let Some(mut relay) = Relay::start(&collector, true) else {
        return;
    };
    let mut acknowledged = BTreeSet::new();
    for round in 0..ROUNDS {
        for n in [10 * round, 10 * round + 2, 10 * round + 4] {
            if post(&relay, n) == Some(200) {
                acknowledged.extend([n, n + 1]);
            }
        }
        // A relay that is killed amid a request, or just behind its answer.
        let moment = Duration::from_millis(2 * u64::try_from(round).unwrap());
        thread::scope(|scope| {
            let posting = scope.spawn(|| post(&relay, 10 * round + 6));
            thread::sleep(moment);
            let killed = std::process::Command::new("kill")
                .args(["-KILL", &relay.id().to_string()])
                .status();
            assert!(killed.unwrap().success());
            if posting.join().unwrap() == Some(200) {
                acknowledged.extend([10 * round + 6, 10 * round + 7]);
            }
        });
        relay.kill();
        relay.restart();
        // Browsers that got no answer, and one that got one and did not see it.
        for n in [10 * round + 4, 10 * round + 6] {
            assert_eq!(post(&relay, n), Some(200));
            acknowledged.extend([n, n + 1]);
        }
        // A signal that is killed before, amid or after its request.
        let mut signal = relay
            .signal_command(&["report"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        thread::sleep(Duration::from_millis(5 * u64::try_from(round).unwrap()));
        let _ = signal.kill();
        let _ = signal.wait();
    }
    for _ in 0..3 {
        deliver(&relay);
    }
    let mut stored: BTreeMap<String, usize> = BTreeMap::new();
    for message in collector.messages() {
        *stored
            .entry(message["messageId"].as_str().unwrap().to_owned())
            .or_default() += 1;
        assert!(message["userId"].as_str().unwrap().starts_with("u-"), "{message}");
    }
    assert!(stored.values().all(|count| *count == 1), "{stored:?}");
    let missing: Vec<_> = acknowledged
        .iter()
        .filter(|n| !stored.keys().any(|id| id.ends_with(&format!("{n:032x}"))))
        .collect();
    assert_eq!(missing, Vec::<&usize>::new());
    let status = relay.signal(&["status"]);
    let status = String::from_utf8_lossy(&status.stdout).into_owned();
    assert!(status.contains("waiting        0 parcels"), "{status}");
    let verified = relay.signal(&["log", "verify"]);
    assert!(verified.status.success(), "{verified:?}");
}
