//! DC/OS Enterprise: the service account logs in, sources are shown its token, and the licence's id is known. Nothing of that is in
//! a log, in what is kept, or in a command line; and whatever of it fails costs nothing but itself.

use std::fs;
use std::path::Path;
use std::time::Duration;

use heliograph_fleet::sink::Answer;
use heliograph_fleet::{Sink, Source};
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::iam::{self, Iam, Mode, UID, licensing};
use crate::run::Run;
use crate::small;

const PKCS8: &str = include_str!("enterprise/pkcs8.pem");
/// The same key in the other form.
const PKCS1: &str = include_str!("enterprise/pkcs1.pem");
/// The key of nobody.
const OTHER: &str = include_str!("enterprise/other.pem");

/// A cluster whose sources are closed to whoever has no token.
fn closed(iam: &Iam) -> Cluster {
    Cluster::of(small::short_documents())
        .set("variant", "enterprise")
        .set("diagnostics_urls", json!([iam.url(Source::Diagnostics)]))
        .set("cosmos_urls", json!([iam.url(Source::Cosmos)]))
        .set(
            "mesos_urls",
            json!([iam.url(Source::Frameworks), iam.url(Source::Metrics)]),
        )
}

/// With this key's account, in a file that the configuration names.
fn with_account(cluster: Cluster, key: &str, login_endpoint: &str) -> Cluster {
    let file = cluster.write("account.json", account(key, login_endpoint));
    cluster.set("service_account_file", file.to_str().unwrap())
}

fn account(key: &str, login_endpoint: &str) -> String {
    json!({"scheme": "RS256", "uid": UID, "private_key": key, "login_endpoint": login_endpoint}).to_string()
}

/// Fails if a key or a token is in the log or in a file of the state directory.
#[track_caller]
fn told_nobody(cluster: &Cluster, run: &Run) {
    let line_of_key = PKCS8.lines().nth(3).unwrap();
    for secret in [line_of_key, "token-of-login", "PRIVATE KEY", "eyJ"] {
        assert!(!run.log.contains(secret), "{secret}: {}", run.log);
        assert!(!run.stdout.contains(secret), "{secret}: {}", run.stdout);
        assert!(!folder_has(&cluster.path("state"), secret), "{secret} was kept");
    }
}

fn folder_has(folder: &Path, text: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        let holds = || String::from_utf8_lossy(&fs::read(&path).unwrap()).contains(text);
        if path.is_dir() {
            folder_has(&path, text)
        } else {
            holds()
        }
    })
}

#[test]
fn both_forms_of_key_open_the_sources() {
    for key in [PKCS8, PKCS1] {
        let iam = Iam::start(PKCS8, Mode::Well, small::short_documents());
        let cluster = with_account(closed(&iam), key, &iam.login_endpoint());
        let run = cluster.run(&["report", "-v"]).exits(0).has_no_complaint();
        assert_eq!(cluster.delivered().len(), 3);
        assert_eq!(iam.logins(), 1, "all sources are shown the same token");
        let shown: Vec<_> = iam
            .asked()
            .into_iter()
            .filter_map(|asked| asked.authorization)
            .collect();
        assert_eq!(shown, vec!["token=token-of-login-1"; 4]);
        let sinks = cluster.sink.requests();
        assert!(!format!("{sinks:?}").contains("token-of-login"));
        told_nobody(&cluster, &run);
        let preview = cluster.run(&["preview", "-v"]).exits(0);
        told_nobody(&cluster, &preview);
        let doctor = cluster.run(&["doctor"]).exits(0);
        assert!(
            doctor.stdout.contains("account.json: logged in"),
            "{}",
            doctor.stdout
        );
        told_nobody(&cluster, &doctor);
    }
}

#[test]
fn systemd_may_hand_over_the_account_and_the_write_key() {
    let iam = Iam::start(PKCS8, Mode::Well, small::short_documents());
    let cluster = closed(&iam).unset("write_key_file").set("variant", "open");
    cluster.write(
        "credentials/heliograph.service-account",
        account(PKCS8, &iam.login_endpoint()),
    );
    cluster.write("credentials/heliograph.write-key", "key-of-the-credential\n");
    let folder = cluster.path("credentials").to_str().unwrap().to_owned();
    let cluster = cluster.var("CREDENTIALS_DIRECTORY", folder);
    let run = cluster.run(&["report", "-v"]).exits(0).has_no_complaint();
    run.keeps_quiet_about("key-of-the-credential");
    assert_eq!(cluster.delivered().len(), 3);
    let sent = format!("{:?}", cluster.sink.requests());
    // Basic authorization: the key, and a colon.
    assert!(sent.contains("a2V5LW9mLXRoZS1jcmVkZW50aWFsOg=="), "{sent}");
}

#[test]
fn a_token_that_is_not_taken_is_had_anew_once() {
    let iam = Iam::start(PKCS8, Mode::FirstExpired, small::short_documents());
    let cluster = with_account(closed(&iam), PKCS8, &iam.login_endpoint());
    cluster.run(&["report"]).exits(0).has_no_complaint();
    assert_eq!((cluster.delivered().len(), iam.logins()), (3, 2));

    let iam = Iam::start(PKCS8, Mode::NoneGood, small::short_documents());
    let cluster = with_account(closed(&iam), PKCS8, &iam.login_endpoint());
    let run = cluster.run(&["report"]).exits(2).logs("answered 401, not 200");
    assert_eq!(iam.logins(), 2);
    told_nobody(&cluster, &run);
}

/// Each is reported, with its reason, and what needs no token is still collected.
#[test]
fn a_login_that_fails_is_told_and_ends_nothing() {
    let documents = small::short_documents;
    let dead = format!("http://127.0.0.1:{}/login", iam::closed_port());
    for (mode, key, endpoint, said) in [
        (
            Mode::Well,
            OTHER,
            None,
            "answered 401: the service account is not known there, or this is not its key",
        ),
        (Mode::Broken(503), PKCS8, None, "answered 503, not 200"),
        (Mode::Broken(302), PKCS8, None, "answered 302, not 200"),
        (Mode::Empty, PKCS8, None, "its answer holds no token"),
        (Mode::Well, PKCS8, Some(dead.as_str()), "no connection: refused"),
        (
            Mode::Well,
            "no key",
            None,
            "its private_key is no PEM of an unencrypted private key",
        ),
    ] {
        let iam = Iam::start(PKCS8, mode, documents());
        let own = iam.login_endpoint();
        let cluster = with_account(closed(&iam), key, endpoint.unwrap_or(&own));
        let open = Cluster::of(documents());
        // One of them asks for no token.
        let cluster = cluster.set("cosmos_urls", json!([open.sources.cosmos_url()]));
        let run = cluster
            .run(&["report"])
            .exits(0)
            .logs("sources are asked without a token: ")
            .logs(&format!(
                "answered 401, not 200: {}",
                if key == "no key" {
                    "service account"
                } else {
                    "login at http"
                }
            ))
            .logs(said);
        assert_eq!(cluster.delivered().len(), 1, "{said}");
        assert!(iam.logins() <= 1, "one try, not one a source");
        told_nobody(&cluster, &run);
        let doctor = cluster.run(&["doctor"]).exits(1);
        assert!(doctor.stdout.contains(said), "{}", doctor.stdout);
    }
}

/// An enterprise cluster need not be strict.
#[test]
fn without_an_account_sources_are_asked_without_a_token() {
    let cluster = Cluster::of(small::short_documents()).set("variant", "enterprise");
    cluster.run(&["report"]).exits(0).has_no_complaint();
    let with_token = |seen: &heliograph_fleet::emulation::Seen| seen.header("authorization").is_some();
    assert!(!cluster.sources.requests().iter().any(with_token));
    let cluster = cluster.set("service_account_file", "/nowhere/account.json");
    cluster
        .run(&["report", "--now", "2026-11-23T00:00:00Z"])
        .exits(0)
        .logs("there is no service account at /nowhere/account.json");
}

#[test]
fn nobody_else_is_shown_the_token() {
    // The source sends whoever asks to another host.
    let elsewhere = Cluster::of(small::short_documents());
    let other = elsewhere.sources.cosmos_url().replace("127.0.0.1", "localhost");
    let redirecting = Sink::start().unwrap();
    redirecting.script(vec![Answer::Status {
        code: 307,
        headers: vec![("Location".to_owned(), other)],
        body: String::new(),
    }]);
    let iam = Iam::start(PKCS8, Mode::Well, small::short_documents());
    let cluster = with_account(closed(&iam), PKCS8, &iam.login_endpoint())
        .set("cosmos_urls", json!([redirecting.url()]));
    cluster.run(&["report"]).exits(0);
    assert!(format!("{:?}", redirecting.requests()).contains("token=token-of-login-1"));
    let reached = elsewhere.sources.requests();
    assert_eq!(reached.len(), 1);
    assert_eq!(reached[0].header("authorization"), None);
}

fn licences() -> String {
    let licence = |id: &str, ends: &str| {
        json!({"id": id, "version": "1.11", "decryption_key": "decryption-key-of-the-tests",
            "license_terms": {"node_capacity": 10, "start_timestamp": "2016-01-02T15:04:05Z", "end_timestamp": ends}})
    };
    json!([
        licence("expired", "2018-01-02T15:04:05Z"),
        licence("latest", "2027-01-02T15:04:05.5Z"),
        licence("older", "2027-01-02T15:04:05Z"),
        {"id": ["odd"]},
    ])
    .to_string()
}

fn licensed(cluster: &Cluster) -> Vec<Value> {
    let told = cluster.delivered().into_values();
    told.map(|properties| properties["licenseId"].clone()).collect()
}

#[test]
fn the_licence_is_asked_for_on_its_socket() {
    for variant in ["enterprise", "open"] {
        let cluster = Cluster::of(small::short_documents());
        let socket = cluster.path("licensing.sock");
        let asked = licensing(&socket, 200, &licences());
        let cluster = cluster
            .set("variant", variant)
            .set("licensing_socket", socket.to_str().unwrap());
        let run = cluster.run(&["report", "-v"]).exits(0).has_no_complaint();
        run.keeps_quiet_about("decryption-key-of-the-tests");
        assert_eq!(licensed(&cluster), ["latest"; 3]);
        assert_eq!(asked.lock().unwrap()[0].path, "/licenses");
        assert!(!folder_has(&cluster.path("state"), "decryption-key-of-the-tests"));
        let preview = cluster.run(&["preview"]).exits(0).json();
        assert_eq!(
            preview
                .pointer("/diagnostics/properties/licenseId")
                .or(preview.pointer("/Diagnostics/properties/licenseId"))
                .unwrap(),
            "latest"
        );
        assert!(cluster.run(&["doctor"]).exits(0).stdout.contains("a licence"));
    }
}

#[test]
fn the_configured_licence_counts_and_one_that_may_not_leave_is_not_asked_for() {
    for (key, value) in [
        ("license_id", json!("configured")),
        ("level", json!("health")),
        ("omit", json!(["licenseId"])),
    ] {
        let cluster = Cluster::of(small::short_documents());
        let socket = cluster.path("licensing.sock");
        let asked = licensing(&socket, 200, &licences());
        let cluster = cluster
            .set("variant", "enterprise")
            .set("licensing_socket", socket.to_str().unwrap())
            .set(key, value);
        cluster.run(&["report"]).exits(0).has_no_complaint();
        assert_eq!(asked.lock().unwrap().len(), 0, "{key}");
        let expected = if key == "license_id" {
            json!("configured")
        } else {
            Value::Null
        };
        assert!(licensed(&cluster).iter().all(|id| *id == expected), "{key}");
    }
}

#[test]
fn a_licensing_service_that_does_not_answer_costs_the_licence_alone() {
    for (status, body, said) in [
        (500, "[]", "answered 500, not 200"),
        (200, "{}", "not the list of licences"),
        (200, "decryption-key-of-the-tests", "not the list of licences"),
    ] {
        let cluster = Cluster::of(small::short_documents());
        let socket = cluster.path("licensing.sock");
        let _asked = licensing(&socket, status, body);
        let cluster = cluster
            .set("variant", "enterprise")
            .set("licensing_socket", socket.to_str().unwrap());
        let run = cluster.run(&["report"]).exits(0).logs(said);
        run.keeps_quiet_about("decryption-key-of-the-tests");
        assert_eq!(licensed(&cluster), [const { Value::Null }; 3]);
    }
    // It takes the connection and says nothing.
    let cluster = Cluster::of(small::short_documents());
    let socket = cluster.path("licensing.sock");
    let _silent = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let cluster = cluster
        .set("variant", "enterprise")
        .set("licensing_socket", socket.to_str().unwrap());
    let run = cluster.run(&["report"]).exits(0).logs("no answer within 5 s");
    assert!(run.took < Duration::from_secs(60));
    assert_eq!(licensed(&cluster).len(), 3);

    // Open clusters have none, and their units name it all the same.
    for (variant, complaints) in [("enterprise", 1), ("open", 0)] {
        let cluster = Cluster::of(small::short_documents())
            .set("variant", variant)
            .set("licensing_socket", "/nowhere/licensing.sock");
        let run = cluster.run(&["report"]).exits(0);
        assert_eq!(run.complaints().len(), complaints, "{}", run.log);
    }
}
