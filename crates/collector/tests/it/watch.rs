//! Watching messages arrive: who does is noted, and who may not any more sees no other.

use serde_json::json;

use crate::browser::{Browser, add_user, text, with_users};
use crate::client::Client;
use crate::collector::{TestCollector, run};

/// Opens the stream of messages with what a request states.
fn watch(collector: &TestCollector, header: (&str, &str)) -> Client {
    let mut client = collector.client();
    let (name, value) = header;
    client
        .raw(
            format!(
                "GET /live/events HTTP/1.1\r\nHost: test\r\nConnection: close\r\n{name}: {value}\r\n\r\n"
            )
            .as_bytes(),
        )
        .unwrap();
    let head = client.head().unwrap();
    assert_eq!(
        (
            head.status,
            head.header("content-type"),
            head.header("x-accel-buffering")
        ),
        (200, Some("text/event-stream"), Some("no"))
    );
    client
}

fn look_ups(collector: &TestCollector) -> String {
    text(&Browser::of(collector, "admin-1").get("/settings/look-ups"))
}

#[test]
fn whoever_watches_is_noted_and_sees_messages() {
    let collector = with_users();
    assert!(!look_ups(&collector).contains("/live/events"));
    let browser = Browser::of(&collector, "support-1");
    let mut stream = watch(&collector, ("Cookie", browser.cookie.as_deref().unwrap()));
    assert!(look_ups(&collector).contains("/live/events"));
    let key = collector.key("server");
    let message = json!({"type": "track", "event": "seen-by-who-watches", "userId": "u", "messageId": "m-1"});
    let mut sent = 0;
    let mut read = String::new();
    // The first look only finds out where the end is, so some come later than that.
    while !read.contains("seen-by-who-watches") {
        assert!(sent < 20, "nothing of it came: {read}");
        let mut message = message.clone();
        message["messageId"] = json!(format!("m-{sent}"));
        assert_eq!(collector.batch(&key, &json!({"batch": [message]})).status, 200);
        sent += 1;
        read.push_str(&stream.some().unwrap());
    }
}

/// Each way in which somebody may be shut out ends what they watch, without another request of theirs.
#[test]
fn who_is_shut_out_sees_no_more() {
    let collector = with_users();
    for name in ["out", "removed", "demoted"] {
        add_user(collector.data(), name, "support");
    }
    let mut out = Browser::of(&collector, "out");
    let mut streams = Vec::new();
    for browser in [
        &out,
        &Browser::of(&collector, "removed"),
        &Browser::of(&collector, "demoted"),
    ] {
        streams.push(watch(&collector, ("Cookie", browser.cookie.as_deref().unwrap())));
    }
    let token = run(collector.data(), &["token", "add", "--scope", "support"]).stdout;
    let token = String::from_utf8(token).unwrap();
    streams.push(watch(
        &collector,
        ("Authorization", &format!("Bearer {}", token.trim())),
    ));

    assert_eq!(out.submit("/logout", &[]).status, 303);
    let mut admin = Browser::of(&collector, "admin-1");
    let act = [("act", "remove"), ("user", "removed")];
    assert_eq!(admin.submit("/settings", &act).status, 200);
    let act = [("act", "role"), ("user", "demoted"), ("role", "viewer")];
    assert_eq!(admin.submit("/settings", &act).status, 200);
    let page = text(&admin.get("/settings"));
    let (_, form) = page.split_once("revoke-token").unwrap();
    let id = form
        .split_once("name=\"id\" value=\"")
        .unwrap()
        .1
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let act = [("act", "revoke-token"), ("id", &*id)];
    assert_eq!(admin.submit("/settings", &act).status, 200);
    for mut stream in streams {
        // It ends; while nothing comes, that would not be found out.
        stream.rest();
    }
}

/// Pages that refuse look like the others, and say what to do.
#[test]
fn refusals_are_pages() {
    let collector = with_users();
    let mut viewer = Browser::of(&collector, "viewer-1");
    viewer.headers.push(("Accept".to_owned(), "text/html".to_owned()));
    for (path, status, says) in [
        ("/support", 403, "This takes the role support"),
        ("/settings", 403, "This takes the role admin"),
        ("/overview?cluster=x", 403, "support"),
        ("/nowhere", 404, "There is no such page"),
        ("/components?from=x", 400, "`from` can&#39;t be `x`"),
    ] {
        let page = viewer.get(path);
        let text = text(&page);
        assert_eq!(page.status, status, "{path}");
        assert!(
            text.contains(says) && text.contains("<nav") && text.contains("viewer-1"),
            "{path}: {text}"
        );
        assert!(page.header("content-security-policy").is_some(), "{path}");
    }
    let page = viewer.post("/logout", &[("csrf", "x")]);
    assert!(page.status == 403 && text(&page).contains("load the page again"));
    // Somebody who is not known is shown no way that they can't go, and a program gets a problem.
    let mut stranger = Browser::to(collector.address());
    assert_eq!(
        stranger.get("/nowhere").header("content-type"),
        Some("application/problem+json")
    );
    stranger
        .headers
        .push(("Accept".to_owned(), "text/html,*/*".to_owned()));
    let page = stranger.get("/nowhere");
    assert!(page.status == 404 && !text(&page).contains("<nav"));
    stranger.origin = None;
    let page = stranger.post("/login", &[("name", "a"), ("password", "b")]);
    assert!(
        page.status == 403 && text(&page).contains("<main"),
        "{}",
        text(&page)
    );

    let narrow = TestCollector::with(&[("client_requests", "1/s burst 2")]);
    let mut stranger = Browser::to(narrow.address());
    stranger
        .headers
        .push(("Accept".to_owned(), "text/html".to_owned()));
    let mut page = stranger.get("/login");
    for _ in 0..50 {
        page = stranger.get("/login");
        if page.status == 429 {
            break;
        }
    }
    let text = text(&page);
    assert!(
        page.status == 429 && text.contains("<main") && text.contains("Try again in"),
        "{text}"
    );
    assert!(page.header("retry-after").is_some());
}
