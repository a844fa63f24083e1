//! What administrators keep: keys, tokens and users; and who has looked at whom.

use std::time::Duration;

use heliograph_collector::retention::Retention;
use heliograph_collector::store::Reader;
use serde_json::json;

use crate::browser::{Browser, PASSWORD, add_user, text, with_users};
use crate::client::Answer;
use crate::collector::run;
use crate::in_process::InProcess;

#[test]
fn administrators_keep_keys_tokens_and_users() {
    let collector = with_users();
    let mut admin = Browser::of(&collector, "admin-1");
    // A key is shown once, and good; and no more when it is revoked.
    let shown = |page: &Answer| {
        let text = text(page);
        let (_, rest) = text.split_once("id=\"secret\">").unwrap();
        rest.split('<').next().unwrap().to_owned()
    };
    let page = admin.submit(
        "/settings",
        &[("act", "add-key"), ("kind", "server"), ("name", "shop")],
    );
    let key = shown(&page);
    let message = json!({"batch": [{"type": "track", "event": "e", "userId": "u", "messageId": "1"}]});
    assert_eq!(collector.batch(&key, &message).status, 200);
    let page = admin.get("/settings");
    assert!(!text(&page).contains(&key) && text(&page).contains("shop"));
    assert_eq!(
        admin
            .submit("/settings", &[("act", "revoke-key"), ("id", "1")])
            .status,
        200
    );
    for _ in 0..100 {
        if collector.batch(&key, &message).status == 401 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    assert_eq!(collector.batch(&key, &message).status, 401);
    let token = shown(&admin.submit(
        "/settings",
        &[("act", "add-token"), ("scope", "read"), ("name", "t")],
    ));
    let mut tool = Browser::to(collector.address());
    tool.headers = vec![("Authorization".to_owned(), format!("Bearer {token}"))];
    assert_eq!(tool.get("/api/v1/").status, 200);
    assert_eq!(
        admin
            .submit("/settings", &[("act", "revoke-token"), ("id", "1")])
            .status,
        200
    );
    assert_eq!(tool.get("/api/v1/").status, 401);
    // Users.
    let new = [
        ("act", "add-user"),
        ("user", "eve"),
        ("role", "viewer"),
        ("password", PASSWORD),
    ];
    assert_eq!(admin.submit("/settings", &new).status, 200);
    assert_eq!(admin.submit("/settings", &new).status, 400, "there is one");
    let mut eve = Browser::of(&collector, "eve");
    assert_eq!(
        admin
            .submit(
                "/settings",
                &[("act", "role"), ("user", "eve"), ("role", "support")]
            )
            .status,
        200
    );
    assert_eq!(eve.get("/account").status, 303, "logged out by it");
    let other = [
        ("act", "password"),
        ("user", "eve"),
        ("password", "another password"),
    ];
    assert_eq!(admin.submit("/settings", &other).status, 200);
    assert_eq!(eve.log_in("eve", PASSWORD).status, 403);
    assert_eq!(eve.log_in("eve", "another password").status, 303);
    assert_eq!(eve.get("/settings").status, 403);
    assert_eq!(
        admin
            .submit("/settings", &[("act", "remove"), ("user", "eve")])
            .status,
        200
    );
    assert_eq!(eve.get("/account").status, 303);
    for wrong in [
        vec![("act", "remove"), ("user", "admin-1")],
        vec![("act", "role"), ("user", "admin-1"), ("role", "viewer")],
        vec![("act", "remove"), ("user", "nobody")],
        vec![("act", "role"), ("user", "viewer-1"), ("role", "root")],
        vec![("act", "password"), ("user", "viewer-1"), ("password", "short")],
        vec![
            ("act", "add-user"),
            ("user", "<b>"),
            ("role", "viewer"),
            ("password", PASSWORD),
        ],
        vec![("act", "add-user"), ("user", "x"), ("password", PASSWORD)],
        vec![("act", "add-key"), ("kind", "root")],
        vec![("act", "add-token"), ("scope", "root")],
        vec![("act", "revoke-key"), ("id", "77")],
        vec![("act", "revoke-token"), ("id", "x")],
        vec![("act", "x")],
    ] {
        assert_eq!(admin.submit("/settings", &wrong).status, 400, "{wrong:?}");
    }
    assert_eq!(
        admin.get("/account").status,
        200,
        "the last administrator is one still"
    );
}

#[test]
fn administrators_see_who_looked() {
    let collector = with_users();
    let mut support = Browser::of(&collector, "support-1");
    support.get("/api/v1/installations?cluster=c-7");
    support.get("/api/v1/installations?search=lic-9");
    let mut admin = Browser::of(&collector, "admin-1");
    let page = text(&admin.get("/settings/look-ups"));
    assert!(
        page.contains("support-1") && page.contains("c-7") && !page.contains("lic-9"),
        "{page}"
    );
    let of_licence = text(&admin.get("/settings/look-ups?id=lic-9"));
    assert!(
        of_licence.contains("support-1") && !of_licence.contains("c-7"),
        "{of_licence}"
    );
    assert!(!text(&admin.get("/settings/look-ups?id=c-8")).contains("support-1"));
    assert_eq!(support.get("/settings/look-ups").status, 403);
}

#[test]
fn who_looks_at_whom_is_noted_and_cleared_with_them() {
    let collector = with_users();
    let key = collector.key("cluster");
    let report = |cluster: &str| {
        json!({"type": "track", "event": "health", "anonymousId": cluster, "messageId": format!("{cluster}:health:2025-03-01T05Z"),
            "properties": {"clusterId": cluster, "environmentVersion": "1.13"}, "timestamp": "2025-03-01T05:00:00Z"})
    };
    collector.batch(&key, &json!({"batch": [report("looked-at"), report("other")]}));
    let mut support = Browser::of(&collector, "support-1");
    let days = "from=2025-03-01&to=2025-03-01";
    for _ in 0..2 {
        support.get(&format!("/api/v1/time-line?{days}&cluster=looked-at"));
    }
    support.get(&format!("/api/v1/time-line?{days}&cluster=other"));
    support.get(&format!("/api/v1/installations?{days}"));
    support.get(&format!("/api/v1/installations?{days}&search=lic-7"));
    // What is refused shows nothing, and is no look-up.
    Browser::of(&collector, "viewer-1").get(&format!("/api/v1/time-line?{days}&cluster=secret-x"));
    let reader = Reader::open(collector.data()).unwrap();
    let mut noted: Vec<String> = reader
        .look_ups(None, 0, 100)
        .unwrap()
        .into_iter()
        .map(|noted| {
            format!(
                "{} {} {} {} {:?} {} {}",
                noted.by, noted.who, noted.what, noted.kind, noted.subject, noted.forgotten, noted.count
            )
        })
        .collect();
    noted.sort();
    assert_eq!(
        noted,
        [
            "user support-1 installations clusters None false 1",
            "user support-1 installations search None false 1",
            "user support-1 time-line cluster Some(\"looked-at\") false 2",
            "user support-1 time-line cluster Some(\"other\") false 1",
        ]
    );
    let output = run(collector.data(), &["forget", "--cluster-id", "looked-at"]);
    assert!(output.status.success(), "{output:?}");
    crate::deletion::settle(collector.data());
    let kept = reader.look_ups(None, 0, 100).unwrap();
    let forgotten: Vec<_> = kept.iter().filter(|noted| noted.forgotten).collect();
    assert_eq!(forgotten.len(), 1);
    assert_eq!((forgotten[0].subject.as_ref(), forgotten[0].count), (None, 2));
    assert!(kept.iter().any(|noted| noted.subject.as_deref() == Some("other")));
}

#[test]
fn look_ups_are_kept_as_long_as_messages() {
    let collector = InProcess::start("2026-11-20T12:30:00Z", |config| {
        config.retention = Retention {
            raw: Some(Duration::from_hours(24)),
            rollups: None,
        };
    });
    add_user(&collector.data, "sue", "support");
    let mut sue = Browser::to(collector.address());
    assert_eq!(sue.log_in("sue", PASSWORD).status, 303);
    let reader = Reader::open(&collector.data).unwrap();
    let clusters = || -> Vec<_> {
        let noted = reader.look_ups(None, 0, 9).unwrap();
        noted.into_iter().filter_map(|noted| noted.subject).collect()
    };
    sue.get("/api/v1/installations?cluster=early");
    collector.clock.set("2026-11-20T20:00:00Z");
    sue.get("/api/v1/installations?cluster=late");
    assert_eq!(clusters(), ["late", "early"]);
    collector.clock.set("2026-11-21T12:31:00Z");
    assert!((0..600).any(|_| {
        std::thread::sleep(Duration::from_millis(25));
        clusters() == ["late"]
    }));
}
