//! Browsers come through the cluster's proxy: a real nginx with the lines of `docs/UI.md`, and a real Chromium with the tracker and
//! with analytics-next as npm has it.

#[path = "../../../collector/tests/it/sdk/chromium.rs"]
#[allow(dead_code, reason = "the collector's tests use more of it")]
mod chromium;

use std::collections::BTreeSet;
use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use heliograph_fleet::skip::skipped;
use serde_json::{Value, json};

use self::chromium::Chromium;
use crate::host::{Answer, BROWSER, Host, ask, batch, until, view};

/// A running nginx; dropped, it ends.
struct Nginx {
    child: Child,
    address: SocketAddr,
    folder: PathBuf,
}

impl Nginx {
    /// `None`, said loudly, where there is none.
    fn before(host: &Host) -> Option<Nginx> {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let folder = host.path("nginx");
        fs::create_dir_all(folder.join("www")).unwrap();
        let page =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/UI.md")).unwrap();
        let lines = page
            .split("```nginx\n")
            .nth(1)
            .unwrap()
            .split("```")
            .next()
            .unwrap();
        let lines = lines.replace("127.0.0.1:1051", &host.address().to_string());
        let here = folder.display();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {here}/{kind};\n"));
        let text = format!(
            "daemon off;\nmaster_process off;\npid {here}/pid;\nerror_log {here}/error.log;\nevents {{}}\nhttp {{\n{}\
             access_log {here}/access.log;\ntypes {{ text/html html; text/javascript js; }}\n\
             server {{\nlisten {address};\nroot {here}/www;\nadd_header Content-Security-Policy \"default-src 'self'\";\n{lines}}}\n}}\n",
            temporary.concat()
        );
        fs::write(folder.join("nginx.conf"), text).unwrap();
        let mut command = Command::new("nginx");
        command
            .arg("-c")
            .arg(folder.join("nginx.conf"))
            .arg("-e")
            .arg(folder.join("error.log"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => {
                let nginx = Nginx {
                    child,
                    address,
                    folder,
                };
                until("nginx listens", || TcpStream::connect(address).is_ok());
                Some(nginx)
            }
            Err(error) => {
                skipped(&format!("nginx can't be started (Debian: nginx): {error}"));
                None
            }
        }
    }

    fn serve(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join("www").join(name), content).unwrap();
    }

    fn ask(&self, method: &str, path: &str, headers: &[&str], body: &[u8]) -> Answer {
        ask(self.address, method, path, headers, body)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_lines_for_nginx_are_all_that_it_takes() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "4"), ("CLIENT_RATE", "1")]);
    let Some(nginx) = Nginx::before(&host) else { return };
    let own = format!("host: {}", nginx.address);
    let origin = format!("origin: http://{}", nginx.address);
    let settings = nginx
        .ask("GET", "/telemetry/v1/projects/x/settings", &[&own], b"")
        .json();
    let to = &settings["integrations"]["Segment.io"];
    assert_eq!(to["apiHost"], format!("{}/telemetry/v1", nginx.address));
    assert_eq!(to["protocol"], "http");
    let script = nginx.ask("GET", "/telemetry/tracker.js", &[&own], b"");
    assert!(script.head.contains("text/javascript"), "{}", script.head);
    let headers = [
        &*own,
        &*origin,
        "cookie: session=secret",
        "authorization: token=secret",
        "x-forwarded-for: 203.0.113.9",
    ];
    let body = batch(&[view(1)]).to_string();
    assert_eq!(
        nginx
            .ask("POST", "/telemetry/v1/batch", &headers, body.as_bytes())
            .status,
        200
    );
    let evil = [&*own, "origin: https://evil.example"];
    assert_eq!(
        nginx
            .ask("POST", "/telemetry/v1/batch", &evil, body.as_bytes())
            .status,
        403
    );
    // The proxy says whose request it is, whatever a browser says.
    let statuses: BTreeSet<u16> = (0..9)
        .map(|n| {
            let forged = format!("x-forwarded-for: 203.0.113.{n}");
            nginx
                .ask(
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
    let Some(nginx) = Nginx::before(&host) else { return };
    let sdk = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join("../sdk/node/node_modules/@segment/analytics-next/dist/umd/index.js");
    let sdk = fs::read(sdk).ok();
    if sdk.is_none() {
        skipped(
            "analytics-next is not installed (`cargo xtask prepare` does it where npm reaches a registry); the tracker is tried alone",
        );
    }
    nginx.serve("analytics.js", sdk.as_deref().unwrap_or_default());
    nginx.serve("page.js", SCRIPT);
    nginx.serve("page.html", PAGE);
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
