//! Off: nothing is kept, nothing is written, and browsers are told.

use serde_json::json;

use crate::host::{Host, batch, until, view};

fn enabled(host: &Host, headers: &[&str]) -> bool {
    let answer = host.ask("GET", "/telemetry/ui-config", headers, b"");
    assert!(answer.head.contains("cache-control: no-store"));
    answer.json()["tracking"]["enabled"].as_bool().unwrap()
}

#[test]
fn where_telemetry_is_off_no_file_changes() {
    for (telemetry, variables) in [
        ("enabled = false", &[][..]),
        ("", &[]),
        ("enabled = \"perhaps\"", &[]),
        ("enabled = true\nlevel = \"health\"", &[]),
        ("enabled = true", &[("TRACKING", "false")]),
    ] {
        let host = Host::new(telemetry, variables);
        let answer = host.post(&batch(&[view(1)]));
        assert_eq!((answer.status, answer.body.as_str()), (204, ""), "{telemetry}");
        assert!(!enabled(&host, &[]));
        let settings = host.ask("GET", "/telemetry/v1/projects/x/settings", &[], b"");
        assert_eq!(settings.status, 404);
        assert!(!host.path("state").exists(), "{:?}", host.files().keys());
    }
}

#[test]
fn who_objects_is_not_told_of() {
    let host = Host::new("enabled = true", &[]);
    for header in ["sec-gpc: 1", "dnt: 1"] {
        let body = batch(&[view(1)]).to_string();
        let answer = host.ask("POST", "/telemetry/v1/batch", &[header], body.as_bytes());
        assert_eq!(answer.status, 204);
        assert!(!enabled(&host, &[header]));
    }
    assert!(enabled(&host, &["dnt: 0"]));
    assert!(!host.path("state").exists(), "{:?}", host.files().keys());
}

#[test]
fn an_opt_out_counts_at_once_and_without_a_restart() {
    let host = Host::new("enabled = true", &[]);
    assert_eq!(host.post(&batch(&[view(1)])).status, 200);
    let consent = host.path("state/consent");
    std::fs::write(&consent, json!({"said": "opt-out"}).to_string()).unwrap();
    until("it is off", || host.post(&batch(&[view(2)])).status == 204);
    assert!(!enabled(&host, &[]));
    let count = |host: &Host| {
        host.files()
            .keys()
            .filter(|path| path.extension().is_some_and(|ending| ending == "ui"))
            .count()
    };
    assert!(count(&host) <= 1);
    host.deliver();
    assert_eq!((host.sink.messages().len(), count(&host)), (0, 0));
    // What can't be read may say "off".
    std::fs::write(&consent, "{").unwrap();
    assert_eq!(host.post(&batch(&[view(3)])).status, 204);
    std::fs::remove_file(&consent).unwrap();
    until("it is on again", || host.post(&batch(&[view(4)])).status == 200);
}
