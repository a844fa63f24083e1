//! The dashboard below a path of a host that others use, too: a real nginx with the lines of `docs/DASHBOARD.md`, and everything that
//! pages lead to.

use std::collections::{BTreeSet, VecDeque};
use std::net::SocketAddr;
use std::path::Path;

use heliograph_fleet::nginx::{Nginx, free, lines};
use serde_json::json;
use tempfile::TempDir;

use crate::browser::{Browser, PASSWORD, add_user, text};
use crate::collector::TestCollector;

const PREFIX: &str = "/telemetry";
/// Pages that are looked at, at least and at most.
const FEWEST: usize = 25;
const MOST: usize = 150;

/// Starts it before a collector; `None`, said loudly, where there is none.
fn before(collector: &TestCollector, address: SocketAddr, folder: &Path) -> Option<Nginx> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/DASHBOARD.md");
    let lines = lines(&page).replace("127.0.0.1:8080", &collector.address().to_string());
    Nginx::start(address, folder.to_owned(), &lines)
}

/// What stands in these attributes of a page.
fn leads(page: &str, attributes: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for name in attributes {
        for part in page.split(name).skip(1) {
            let value = part.split('"').next().unwrap();
            found.push(value.replace("&amp;", "&").replace("&#38;", "&"));
        }
    }
    found
}

#[test]
fn below_a_path_everything_leads_below_it() {
    let folder = TempDir::new().unwrap();
    let address = free();
    let url = format!("http://{address}{PREFIX}");
    let collector = TestCollector::with(&[("public_url", &url)]);
    let Some(_nginx) = before(&collector, address, folder.path()) else {
        return;
    };
    let key = collector.key("cluster");
    for number in 0..6 {
        let cluster = format!("{number}2cbbf53-9776-4670-8ec0-4c50729ff669");
        let properties = json!({"clusterId": cluster, "environmentVersion": "1.10", "provider": "aws", "variant": "open",
            "health-unit-dcos-mesos-master-service-total": 3, "health-unit-dcos-mesos-master-service-unhealthy": 1});
        let message = json!({"type": "track", "event": "health", "anonymousId": cluster, "messageId": cluster, "properties": properties});
        let answer = collector.batch(&key, &json!({"batch": [message]}));
        assert_eq!(answer.status, 200);
    }
    add_user(collector.data(), "ada", "admin");
    let mut browser = Browser::to(address);
    browser.origin = Some(format!("http://{address}"));
    // Whoever comes without a session is sent to log in, and from there to where they wanted.
    let sent = browser.get(&format!("{PREFIX}/components?version=1.10"));
    let log_in = sent.header("location").unwrap().to_owned();
    assert!(log_in.starts_with(&format!("{PREFIX}/login?next=")), "{log_in}");
    let page = browser.get(&log_in);
    assert_eq!(page.status, 200);
    assert!(text(&page).contains(&format!("action=\"{PREFIX}/login\"")));
    let fields = [
        ("name", "ada"),
        ("password", PASSWORD),
        ("next", "/components?version=1.10"),
    ];
    let entered = browser.post(&format!("{PREFIX}/login"), &fields);
    let location = entered.header("location");
    assert_eq!(location, Some(&*format!("{PREFIX}/components?version=1.10")));
    let cookie = entered.header("set-cookie").unwrap();
    assert!(cookie.contains(&format!("; Path={PREFIX}/;")), "{cookie}");
    let home = browser.get(&format!("{PREFIX}/"));
    assert_eq!(home.header("location"), Some(&*format!("{PREFIX}/overview")));

    // All that pages lead to is there, below the path.
    let mut seen = BTreeSet::new();
    let mut next = VecDeque::from([format!("{PREFIX}/overview"), format!("{PREFIX}/nowhere")]);
    let mut pages = 0;
    while let Some(path) = next.pop_front() {
        if pages == MOST {
            break;
        }
        pages += 1;
        let mut asked = Browser::to(address);
        asked.cookie.clone_from(&browser.cookie);
        asked.headers.push(("Accept".to_owned(), "text/html".to_owned()));
        let page = asked.get(&path);
        let expected = if path.ends_with("/nowhere") { 404 } else { 200 };
        assert_eq!(page.status, expected, "{path}: {}", text(&page));
        if page
            .header("content-type")
            .is_none_or(|kind| !kind.starts_with("text/html"))
        {
            continue;
        }
        // What a form's fields are needed for is not there without them.
        for lead in leads(&text(&page), &["action=\"", "data-events=\""]) {
            assert!(lead.starts_with(&format!("{PREFIX}/")), "{path} leads to {lead}");
        }
        for lead in leads(&text(&page), &["href=\"", "src=\""]) {
            let lead = lead.split('#').next().unwrap().to_owned();
            if lead.is_empty() {
                continue;
            }
            assert!(lead.starts_with(&format!("{PREFIX}/")), "{path} leads to {lead}");
            let bare = lead.split('?').next().unwrap().to_owned();
            // One URL of each path and set of parameters is enough.
            let names: Vec<_> = lead
                .split(['?', '&'])
                .skip(1)
                .map(|pair| pair.split('=').next().unwrap())
                .collect();
            if seen.insert((bare, names.join("&"))) {
                next.push_back(lead);
            }
        }
    }
    assert!(pages >= FEWEST, "{pages} pages");
    // A form changes something there, and the way out leads to the way in.
    let account = browser.get(&format!("{PREFIX}/account"));
    let token = crate::browser::hidden(&account, "csrf");
    let out = browser.post(&format!("{PREFIX}/logout"), &[("csrf", &token)]);
    assert_eq!(out.header("location"), Some(&*format!("{PREFIX}/login")));
    assert!(
        out.header("set-cookie")
            .unwrap()
            .contains(&format!("Path={PREFIX}/; Max-Age=0"))
    );
    assert_eq!(browser.get(&format!("{PREFIX}/account")).status, 303);
}
