//! Browsers come through the cluster's proxy: a real nginx with the lines of `docs/UI.md`, and a real Chromium with the tracker and
//! with analytics-next as npm has it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use heliograph_fleet::chromium::Chromium;
use heliograph_fleet::nginx::Nginx;
use heliograph_fleet::skip::skipped;
use serde_json::{Value, json};

use crate::host::{BROWSER, Host, ask, batch, until, view};

fn before(host: &Host) -> Option<Nginx> {
    Nginx::before_relay(&host.address().to_string(), host.path("nginx"))
}

fn serve(nginx: &Nginx, name: &str, content: impl AsRef<[u8]>) {
    fs::write(nginx.folder.join("www").join(name), content).unwrap();
}

#[test]
fn the_lines_for_nginx_are_all_that_it_takes() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "4"), ("CLIENT_RATE", "1")]);
    let Some(nginx) = before(&host) else { return };
    let own = format!("host: {}", nginx.address);
    let origin = format!("origin: http://{}", nginx.address);
    let settings = ask(
        nginx.address,
        "GET",
        "/telemetry/v1/projects/x/settings",
        &[&own],
        b"",
    )
    .json();
    let to = &settings["integrations"]["Segment.io"];
    assert_eq!(to["apiHost"], format!("{}/telemetry/v1", nginx.address));
    assert_eq!(to["protocol"], "http");
    for name in ["tracker.js", "tracker.mjs"] {
        let script = ask(nginx.address, "GET", &format!("/telemetry/{name}"), &[&own], b"");
        assert!(script.head.contains("text/javascript"), "{}", script.head);
        let built = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../../web/tracker/dist")
            .join(name);
        assert_eq!(script.body, fs::read_to_string(built).unwrap());
    }
    let headers = [
        &*own,
        &*origin,
        "cookie: session=secret",
        "authorization: token=secret",
        "x-forwarded-for: 203.0.113.9",
    ];
    let body = batch(&[view(1)]).to_string();
    assert_eq!(
        ask(
            nginx.address,
            "POST",
            "/telemetry/v1/batch",
            &headers,
            body.as_bytes()
        )
        .status,
        200
    );
    let evil = [&*own, "origin: https://evil.example"];
    assert_eq!(
        ask(
            nginx.address,
            "POST",
            "/telemetry/v1/batch",
            &evil,
            body.as_bytes()
        )
        .status,
        403
    );
    // The proxy says whose request it is, whatever a browser says.
    let statuses: BTreeSet<u16> = (0..9)
        .map(|n| {
            let forged = format!("x-forwarded-for: 203.0.113.{n}");
            ask(
                nginx.address,
                "POST",
                "/telemetry/v1/batch",
                &[&own, &origin, &forged],
                body.as_bytes(),
            )
            .status
        })
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
    let log = fs::read_to_string(nginx.folder.join("access.log")).unwrap();
    assert!(!log.contains("telemetry"), "{log}");
    assert_eq!(host.deliver().len(), 1);
}

/// What `docs/UI.md` shows, in the order in which it stands there.
fn shown(language: &str) -> Vec<String> {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/UI.md");
    let page = fs::read_to_string(page).unwrap();
    let fence = format!("```{language}\n");
    page.split(&fence)
        .skip(1)
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

#[test]
fn a_page_that_does_what_the_document_says_tells_of_log_ins_and_pages() {
    let (html, js) = (shown("html"), shown("js"));
    let user = "const user = { id: \"jane@example.com\" };\n";
    // The same with the module, as the text beside the lines has it.
    let begun = js[0]
        .replace("const heliograph = (window.heliograph ??= []);", "")
        .replace("heliograph.push([\"init\", {", "init({")
        .replace("}]);", "});");
    let module = format!(
        "import {{ init, login, logout }} from \"/telemetry/tracker.mjs\";\n{begun}{user}login(user.id);\nlogout();\n"
    );
    for (script, page) in [
        (format!("{}{user}{}", js[0], js[1]), html[0].clone()),
        (
            module,
            "<script type=\"module\" src=\"/page.js\"></script>".to_owned(),
        ),
    ] {
        let host = Host::new("enabled = true", &[]);
        let Some(nginx) = before(&host) else { return };
        serve(&nginx, "page.js", script);
        serve(
            &nginx,
            "index.html",
            format!("<!doctype html><title>Secret</title>{page}"),
        );
        let Some(_browser) = Chromium::open(&format!("http://{}/", nginx.address)) else {
            return;
        };
        let mut messages: Vec<Value> = Vec::new();
        until("all was delivered", || {
            messages = host.deliver();
            messages.len() >= 2
        });
        let mut told: Vec<_> = messages
            .iter()
            .map(|message| message["type"].to_string())
            .collect();
        told.sort();
        assert_eq!(told, ["\"identify\"", "\"page\""]);
        assert!(
            messages.iter().any(|message| message["name"] == "/"),
            "{messages:?}"
        );
        assert!(!format!("{messages:?}").contains("jane"));
    }
}

const PAGE: &str = r#"<!doctype html><title>Secret title of jane</title>
<script src="/telemetry/tracker.js"></script><script src="/analytics.js"></script><script src="/page.js"></script>"#;
const SCRIPT: &str = r#"
heliograph.init({host: "/telemetry", version: "9", routes: ["/page.html", "/nodes/:id"]});
heliograph.login("jane@example.com");
heliograph.page("/nodes/secret-node?token=secret-query");
heliograph.page("/users/jane");
if (window.AnalyticsNext) {
  const analytics = AnalyticsNext.AnalyticsBrowser.load({writeKey: "any", cdnURL: location.origin + "/telemetry"});
  analytics.identify("jane@example.com", {email: "jane@example.com"});
  analytics.page("Secret category", "/services/:id", {title: "Secret title of jane"});
  analytics.track("secret-event", {secret: "secret"});
}
"#;

#[test]
fn a_real_browser_tells_of_log_ins_and_pages_and_of_nothing_else() {
    let host = Host::new("enabled = true", &[]);
    let Some(nginx) = before(&host) else { return };
    let sdk = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("../sdk/node/node_modules/@segment/analytics-next/dist/umd/index.js");
    let sdk = fs::read(sdk).ok();
    if sdk.is_none() {
        skipped(
            "analytics-next is not installed (`cargo xtask prepare` does it where npm reaches a registry); the tracker is tried alone",
        );
    }
    serve(&nginx, "analytics.js", sdk.as_deref().unwrap_or_default());
    serve(&nginx, "page.js", SCRIPT);
    serve(&nginx, "page.html", PAGE);
    let Some(browser) = Chromium::open(&format!("http://{}/page.html?secret-query", nginx.address)) else {
        return;
    };
    let expected = if sdk.is_some() { 5 } else { 3 };
    let mut messages: Vec<Value> = Vec::new();
    until("all was delivered", || {
        messages = host.deliver();
        messages.len() >= expected
    });
    assert_eq!(browser.elsewhere(), Vec::<String>::new());
    let mut told: Vec<_> = messages
        .iter()
        .map(|message| json!([message["type"], message["name"]]))
        .collect();
    told.sort_by_key(Value::to_string);
    let mut all = vec![
        json!(["identify", null]),
        json!(["page", "/nodes/:id"]),
        json!(["page", "/unknown"]),
    ];
    if sdk.is_some() {
        all.extend([json!(["identify", null]), json!(["page", "/services/:id"])]);
    }
    all.sort_by_key(Value::to_string);
    assert_eq!(told, all);
    let users: BTreeSet<_> = messages
        .iter()
        .filter_map(|message| message["userId"].as_str())
        .collect();
    assert_eq!(users.len(), 1, "both hash the same id to the same: {users:?}");
    assert!(messages.iter().all(|message| message["anonymousId"] != BROWSER));
    let everything = format!(
        "{messages:?}{}{:?}",
        host.log(),
        host.files()
            .into_values()
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .collect::<Vec<_>>()
    );
    for secret in [
        "jane",
        "example.com",
        "ecret title",
        "secret",
        "Secret",
        "Mozilla",
    ] {
        assert!(!everything.contains(secret), "{secret}: {everything}");
    }
}
