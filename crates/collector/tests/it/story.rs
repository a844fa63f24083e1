//! Release health on the pages: a fleet with a unit that a version makes worse, and what each page tells of it.

use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::browser::text;
use crate::client::Answer;
use crate::collector::{TestCollector, run};
use crate::release_health::{GUILTY, VERSION, reported, settings};

/// How often a page is asked for again that can't be made yet, a second apart.
const PATIENCE: u32 = 300;

fn token(collector: &TestCollector, scope: &str) -> String {
    let output = run(collector.data(), &["token", "add", "--scope", scope]);
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

fn get(collector: &TestCollector, token: &str, path: &str) -> Answer {
    let authorization = format!("Bearer {token}");
    let headers = [("Authorization", &*authorization), ("Accept", "text/html,*/*")];
    collector.client().send("GET", path, &headers, b"").unwrap()
}

/// The text of a page's part between its heading and the end of its section.
fn section<'p>(page: &'p str, id: &str) -> &'p str {
    let (_, rest) = page
        .split_once(&format!("<section class=\"card\" id=\"{id}\">"))
        .unwrap_or_else(|| panic!("no {id}: {page}"));
    rest.split("</section>").next().unwrap()
}

#[test]
fn pages_tell_what_a_version_made_worse() {
    let (mut collector, last) = reported(&settings());
    collector.restart();
    let (read, support) = (token(&collector, "read"), token(&collector, "support"));
    // Unoptimised and beside other tests, judging may take longer than anybody is kept waiting; what the server judges for
    // itself it keeps.
    let page = |token: &str, path: &str| {
        let mut page = get(&collector, token, path);
        for _ in 0..PATIENCE {
            if page.status != 503 {
                break;
            }
            thread::sleep(Duration::from_secs(1));
            page = get(&collector, token, path);
        }
        assert_eq!(page.status, 200, "{path}: {}", text(&page));
        text(&page)
    };
    let asked = page(
        &support,
        &format!("/api/v1/release-health?to={last}&version={VERSION}"),
    );
    let answer: Value = serde_json::from_str(&asked).unwrap();
    let guilty = &answer["rows"][0];
    assert_eq!(guilty["unit"], GUILTY);

    // Without being told where to look.
    let overview = page(&read, &format!("/overview?to={last}"));
    let health = section(&overview, "health");
    assert!(
        health.contains(&format!("{GUILTY} regressed in {VERSION}")),
        "{health}"
    );
    assert!(
        health.contains(&format!("/components/unit?to={last}&amp;unit={GUILTY}"))
            || health.contains(&format!("/components/unit?to={last}&#38;unit={GUILTY}")),
        "{health}"
    );
    assert!(
        section(&overview, "changes").contains("fell silent"),
        "{overview}"
    );

    let releases = page(&read, &format!("/releases?to={last}&version={VERSION}"));
    let health = section(&releases, "health");
    let count = |name: &str| guilty[name].as_u64().unwrap().to_string();
    for shown in [
        "range worse",
        ">×1<",
        "regressed",
        &format!("<td class=\"n\">{}</td>", count("compared")),
        &format!("<td class=\"n\">{}</td>", count("controls")),
        &format!("<td class=\"n\">{}</td>", count("silent")),
        guilty["since"].as_str().unwrap(),
        "not enough data",
    ] {
        assert!(health.contains(shown), "{shown}: {health}");
    }
    // Who is behind it is not for everybody.
    assert!(!health.contains("/releases/installations"), "{health}");
    let behind = format!("/releases/installations?to={last}&version={VERSION}&unit={GUILTY}");
    assert_eq!(get(&collector, &read, &behind).status, 403);
    let health = page(&support, &format!("/releases?to={last}&version={VERSION}"));
    assert!(
        section(&health, "health").contains("/releases/installations?to="),
        "{health}"
    );
    let behind = page(&support, &behind);
    let rows = |part: &str| behind.matches(&format!("<td>{part}</td>")).count() as u64;
    let counts = [rows("upgraded"), rows("control")];
    assert_eq!(
        counts,
        ["compared", "controls"].map(|name| guilty[name].as_u64().unwrap())
    );
    assert!(
        behind.contains("/support/cluster?to=") && behind.contains("left out"),
        "{behind}"
    );
    let looked = page(&token(&collector, "admin"), "/settings/look-ups");
    assert!(looked.contains("/releases/installations"), "{looked}");
    let missing = get(&collector, &support, "/releases/installations");
    assert!(
        missing.status == 400 && text(&missing).contains("say which"),
        "{}",
        text(&missing)
    );

    let unit = page(&read, &format!("/components/unit?to={last}&unit={GUILTY}"));
    let health = section(&unit, "health");
    assert!(
        health.contains("regressed") && health.contains("range worse"),
        "{health}"
    );

    // Of a part of the fleet it is not judged for who only looks at the overview.
    let part = page(&read, &format!("/overview?to={last}&provider=aws"));
    let health = section(&part, "health");
    assert!(
        health.contains("/releases?to=") && !health.contains("regressed"),
        "{health}"
    );
    // Where there is nothing to compare, that is said.
    let nothing = page(&read, "/releases?to=2020-01-01");
    assert!(
        section(&nothing, "health").contains("there is nothing to compare"),
        "{nothing}"
    );
}
