//! What an operator is told of the web UI: what waits and what went, by signal's own commands.

use heliograph_fleet::sink::Answer;
use serde_json::{Value, json};

use crate::host::{BROWSER, Host, batch, until, view};

fn login(n: usize) -> Value {
    json!({"type": "identify", "messageId": format!("mi8x0k2p-{n:032x}"), "anonymousId": BROWSER, "userId": "jane@example.com"})
}

#[test]
fn what_waits_is_shown_byte_for_byte_and_what_went_is_counted() {
    let host = Host::new("enabled = true", &[("CLIENT_BURST", "100")]);
    assert_eq!(host.preview(), "");
    assert!(!host.path("state").exists(), "to look makes nothing");
    for n in [1, 2] {
        assert_eq!(host.post(&batch(&[view(2 * n), view(2 * n + 1)])).status, 200);
    }
    assert_eq!(host.post(&batch(&[login(9)])).status, 200);
    let status = host.status();
    assert!(
        status.contains("the web UI: 1 identify, 4 page, in 3 parcels, the last "),
        "{status}"
    );
    assert!(!status.contains("delivered "), "{status}");
    let shown = host.preview();
    assert_eq!(shown.lines().count(), 5);
    host.sink.script(vec![Answer::status(503); 20]);
    host.reconfigure("delivery_timeout = \"3s\"");
    host.deliver();
    let status = host.status();
    assert!(
        status.contains("4 page, in 3 parcels") && status.contains("delivered      nothing yet"),
        "{status}"
    );
    host.sink.script(vec![]);
    until("it is delivered", || host.deliver().len() == 5);
    let bodies = host.sink.requests().into_iter().flat_map(|request| request.body);
    let body = String::from_utf8(bodies.collect()).unwrap();
    for message in shown.lines() {
        assert!(body.contains(message), "{message} is not in {body}");
    }
    let status = host.status();
    for text in [
        "waiting        0 parcels",
        "delivered      5 messages since 20",
        ": 1 identify, 4 page\n",
        "last of the web UI at 20",
    ] {
        assert!(status.contains(text), "{text} is not in {status}");
    }
    assert!(!status.contains("the web UI: "), "{status}");
}

#[test]
fn what_the_operator_leaves_out_is_neither_kept_nor_shown_nor_sent() {
    let host = Host::new("enabled = true", &[("ERRORS", "true"), ("CLIENT_BURST", "100")]);
    let error = json!({"type": "track", "event": "ui_error", "anonymousId": BROWSER, "properties": {"kind": "Error", "route": "/"}});
    let late = json!({"batch": [view(1), login(2), error], "sentAt": "2026-11-22T11:00:00Z"});
    assert_eq!(host.post(&late).status, 200);
    let shown = host.preview();
    assert!(shown.contains("\"drift\":"), "{shown}");
    // What waits already leaves as is allowed when it leaves.
    host.reconfigure("omit = [\"login\", \"ui_error\", \"context.drift\"]");
    let shown = host.preview();
    assert_eq!(
        (shown.lines().count(), shown.contains("drift")),
        (1, false),
        "{shown}"
    );
    until("the relay has read it", || {
        host.post(&batch(&[login(3)])).status == 200
            && host
                .files()
                .keys()
                .filter(|path| path.extension().is_some_and(|ending| ending == "ui"))
                .count()
                == 1
    });
    let messages = host.deliver();
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(
        (&messages[0]["type"], messages[0]["context"].get("drift")),
        (&json!("page"), None)
    );
}

#[test]
fn where_all_of_the_ui_is_left_out_nothing_is_taken() {
    let host = Host::new(
        "enabled = true\nomit = [\"page\", \"login\", \"ui_error\", \"ui_load_failed\"]",
        &[],
    );
    assert_eq!(host.post(&batch(&[view(1)])).status, 204);
    assert!(host.log().contains("`omit` leaves the UI out"), "{}", host.log());
    assert!(!host.path("state").exists());
}
