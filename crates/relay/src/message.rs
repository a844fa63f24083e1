//! A message of a browser, made into one that may leave the cluster. Pure. Nothing is passed on that is not made here: of what a
//! browser says only its calls, routes, random ids, times and what the plan lists for it.

use std::time::Duration;

use heliograph_signal::selection::Selection;
use heliograph_wire::plan::Plan;
use heliograph_wire::route;
use heliograph_wire::segment::{MAX_MESSAGE, Properties, Sender};
use heliograph_wire::time::rfc3339;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

use crate::pseudonym::Pseudonyms;

/// How long ago something may have happened; what claims to be older, or to be of the future, is of the moment it came.
const OLDEST: SignedDuration = SignedDuration::from_hours(7 * 24);
/// The libraries that are told of. Any other name is a text of the page's, which may say anything.
const LIBRARIES: [&str; 3] = ["heliograph-tracker", "analytics.js", "@segment/analytics-next"];
/// What stands before a version's number.
const BEFORE_VERSION: [&str; 6] = ["", "v", "npm:", "npm:next-", "web:", "web:next-"];
/// Longest version's number.
const MAX_VERSION: usize = 16;
/// Longest id that is looked at; longer ones are no ids.
const MAX_ID: usize = 1024;
/// A clock that is wrong by less is right: nothing is told of it that tells browsers apart.
const EXACT: Duration = Duration::from_secs(2);

/// What holds for all messages.
pub struct Terms<'a> {
    /// Who they are of.
    pub sender: &'a Sender,
    /// What every message of the cluster carries.
    pub common: &'a Properties,
    /// What its operator lets out.
    pub selection: &'a Selection,
    /// What hides ids.
    pub pseudonyms: &'a Pseudonyms,
    /// The routes of the UI, as templates. Empty: all that look like templates.
    pub routes: &'a [String],
    /// Whether events are let out that somebody must switch on.
    pub errors: bool,
}

/// What came with a message.
#[derive(Debug, Clone, Copy)]
pub struct Arrival {
    /// The `type` of a single call.
    pub kind: Option<&'static str>,
    /// When the batch left, by the browser's clock.
    pub sent: Option<Timestamp>,
    /// When it came, by the cluster's.
    pub received: Timestamp,
}

/// What may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its id.
    pub id: String,
    /// Its text.
    pub text: String,
}

/// Makes it; `None` where nothing may leave.
pub fn made(said: &Map<String, Value>, arrival: Arrival, terms: &Terms<'_>) -> Option<Message> {
    let ui = &Plan::built_in().ui;
    let call = arrival.kind.or_else(|| text(said, "type"))?;
    let event = text(said, "event").filter(|_| call == "track");
    let listed = ui.message(call, event)?;
    if listed.opt_in && !terms.errors {
        return None;
    }
    let browser = id(said, "anonymousId");
    let user = id(said, "userId");
    let place = if call == "identify" {
        "traits"
    } else {
        "properties"
    };
    let mut own = object(said, place);
    ui.filter(listed, &mut own);
    for (name, value) in &mut own {
        if name == "route" {
            *value = route_of(value.as_str(), terms.routes).into();
        }
    }
    own.retain(|_, value| value.as_str().is_none_or(is_nobody));
    own.extend(terms.common.clone());

    let mut message = Map::new();
    message.insert("type".to_owned(), call.into());
    let message_id = match id(said, "messageId") {
        Some(id) => terms.pseudonyms.message(&id),
        // Without an id it can't be recognised: what it says stands for one.
        None => terms.pseudonyms.message(&format!("{said:?}")),
    };
    message.insert("messageId".to_owned(), message_id.clone().into());
    match (&browser, &user) {
        (None, None) => return None,
        (Some(browser), _) => {
            message.insert("anonymousId".to_owned(), terms.pseudonyms.browser(browser).into());
        }
        (None, Some(_)) => {}
    }
    if let Some(user) = &user {
        message.insert("userId".to_owned(), terms.pseudonyms.user(user).into());
    }
    if let Some(event) = event {
        message.insert("event".to_owned(), event.into());
    }
    if call == "page" {
        message.insert(
            "name".to_owned(),
            route_of(text(said, "name"), terms.routes).into(),
        );
    }
    message.insert(place.to_owned(), own.into());
    let stated = time(said, "timestamp").or_else(|| time(said, "originalTimestamp"));
    let sent = time(said, "sentAt").or(arrival.sent);
    let drift = sent.map(|sent| arrival.received.duration_since(sent));
    let at = corrected(stated, drift, arrival.received);
    message.insert("timestamp".to_owned(), rfc3339(at).into());
    let mut context = Map::new();
    context.insert("library".to_owned(), library(said, terms.sender));
    context.insert("reporter".to_owned(), terms.sender.reporter.as_str().into());
    if let Some(drift) = drift.filter(|drift| drift.unsigned_abs() >= EXACT) {
        context.insert("drift".to_owned(), drift.as_secs().into());
    }
    message.insert("context".to_owned(), context.into());
    if !terms.selection.filter_ui(&mut message)
        || !message.contains_key("anonymousId") && !message.contains_key("userId")
    {
        return None;
    }
    let text = Value::Object(message).to_string();
    (text.len() <= MAX_MESSAGE).then_some(Message { id: message_id, text })
}

/// The browser's clock is wrong by `drift`.
fn corrected(stated: Option<Timestamp>, drift: Option<SignedDuration>, received: Timestamp) -> Timestamp {
    let corrected = stated.and_then(|stated| stated.checked_add(drift.unwrap_or_default()).ok());
    let plausible = |at: &Timestamp| (SignedDuration::ZERO..=OLDEST).contains(&received.duration_since(*at));
    corrected.filter(plausible).unwrap_or(received)
}

/// A route that may be told.
fn route_of<'a>(name: Option<&'a str>, routes: &[String]) -> &'a str {
    let name = name.unwrap_or_default();
    let known = routes.is_empty() || routes.iter().any(|route| route == name);
    if known && name.starts_with('/') && is_nobody(name) {
        route::told(name)
    } else {
        route::UNKNOWN
    }
}

/// Whether a text holds nothing that looks like an e-mail address, written plainly or for a URL.
fn is_nobody(text: &str) -> bool {
    !text.contains('@') && !text.to_ascii_lowercase().contains("%40")
}

/// Name and version of the script that sent it, where it is one that is known.
fn library(said: &Map<String, Value>, sender: &Sender) -> Value {
    let stated = said.get("context").and_then(|context| context.get("library"));
    let part = |name: &str| stated?.get(name)?.as_str();
    let known = part("name").filter(|name| LIBRARIES.contains(name));
    match (known, part("version").filter(|version| is_version(version))) {
        (Some(name), Some(version)) => json!({"name": name, "version": version}),
        _ => json!(sender.library),
    }
}

/// `1.10.2`, `npm:next-1.84.0`
fn is_version(text: &str) -> bool {
    let number = text
        .find(|c: char| c.is_ascii_digit())
        .map(|at| text.split_at(at));
    number.is_some_and(|(before, number)| {
        BEFORE_VERSION.contains(&before)
            && number.len() <= MAX_VERSION
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    })
}

fn text<'a>(said: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    said.get(name).and_then(Value::as_str)
}

/// An id: a text or a number, and not nothing.
fn id(said: &Map<String, Value>, name: &str) -> Option<String> {
    let id = match said.get(name)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!id.is_empty() && id.len() <= MAX_ID).then_some(id)
}

fn object(said: &Map<String, Value>, name: &str) -> Map<String, Value> {
    said.get(name)
        .and_then(Value::as_object)
        .cloned()
        .unwrap_or_default()
}

fn time(said: &Map<String, Value>, name: &str) -> Option<Timestamp> {
    text(said, name).filter(|text| text.len() <= 64)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use heliograph_wire::id::ReporterId;
    use heliograph_wire::segment::Library;

    use super::*;

    const BROWSER: &str = "0123456789abcdef0123456789abcdef";

    fn make(message: &Value, routes: &[&str], errors: bool) -> Option<Value> {
        let sender = Sender {
            cluster: "c".parse().unwrap(),
            user: None,
            reporter: ReporterId::of_secret(b"r"),
            library: Library {
                name: "heliograph-relay",
                version: "1",
            },
        };
        let common = Properties::from_iter([
            ("clusterId".to_owned(), "c".into()),
            ("environmentVersion".to_owned(), "1.10".into()),
        ]);
        let routes: Vec<String> = routes.iter().map(|route| (*route).to_owned()).collect();
        let terms = Terms {
            sender: &sender,
            common: &common,
            selection: &Selection::default(),
            pseudonyms: &Pseudonyms::of_secret(b"k"),
            routes: &routes,
            errors,
        };
        let arrival = Arrival {
            kind: None,
            sent: "2026-11-22T10:00:00Z".parse().ok(),
            received: "2026-11-22T11:00:00.250Z".parse().unwrap(),
        };
        let made = made(message.as_object().unwrap(), arrival, &terms)?;
        Some(serde_json::from_str(&made.text).unwrap())
    }

    #[test]
    fn a_page_view_leaves_without_what_tells_of_anybody() {
        let message = json!({
            "type": "page", "messageId": format!("mi8x0k2p-{BROWSER}"), "anonymousId": BROWSER, "userId": "jane@example.com",
            "name": "/nodes/:id", "category": "secret", "timestamp": "2026-11-22T09:59:30Z", "writeKey": "other",
            "properties": {"url": "https://x/secret", "title": "Secret", "clusterId": "forged", "environmentVersion": "9"},
            "context": {"ip": "1.2.3.4", "userAgent": "secret", "page": {"path": "/secret"}, "library": {"name": "heliograph-tracker", "version": "0.1.0"}},
            "integrations": {"All": true}, "traits": {"email": "jane@example.com"},
        });
        let user = Pseudonyms::of_secret(b"k").user("jane@example.com");
        assert_eq!(
            make(&message, &[], false).unwrap(),
            json!({
                "type": "page", "messageId": BROWSER, "anonymousId": BROWSER, "userId": user,
                "name": "/nodes/:id", "timestamp": "2026-11-22T10:59:30.250Z",
                "properties": {"clusterId": "c", "environmentVersion": "1.10"},
                "context": {"library": {"name": "heliograph-tracker", "version": "0.1.0"}, "drift": 3600,
                    "reporter": ReporterId::of_secret(b"r").as_str()},
            })
        );
    }

    #[test]
    fn routes_are_templates() {
        let route = |name: Value, routes: &[&str]| {
            let message = json!({"type": "page", "anonymousId": BROWSER, "name": name});
            make(&message, routes, false).unwrap()["name"].clone()
        };
        for (name, routes, told) in [
            (json!("/nodes/:id"), &[][..], "/nodes/:id"),
            (json!("/nodes/17"), &[], "/unknown"),
            (json!("/a?b=c"), &[], "/unknown"),
            (json!("/jane@example.com"), &[], "/unknown"),
            (json!("/jane%40example.com"), &[], "/unknown"),
            (json!("Nodes of Jane"), &[], "/unknown"),
            (json!(7), &[], "/unknown"),
            (json!(null), &[], "/unknown"),
            (json!("/nodes"), &["/nodes"], "/nodes"),
            (json!("/users/jane"), &["/nodes"], "/unknown"),
        ] {
            assert_eq!(route(name.clone(), routes), told, "{name}");
        }
    }

    #[test]
    fn only_what_browsers_may_say_is_passed_on() {
        let of = |message: Value, errors| make(&message, &[], errors);
        for message in [
            json!({"type": "track", "event": "health", "anonymousId": "c", "messageId": "c:health:2026-11-22T11Z"}),
            json!({"type": "track", "event": "own", "anonymousId": BROWSER}),
            json!({"type": "group", "groupId": "g", "anonymousId": BROWSER}),
            json!({"type": "alias", "userId": "a", "previousId": "b"}),
            json!({"type": "page"}),
            json!({"anonymousId": BROWSER}),
            json!({"type": "page", "anonymousId": {}, "userId": []}),
        ] {
            assert_eq!(of(message.clone(), true), None, "{message}");
        }
        let error = json!({"type": "track", "event": "ui_error", "anonymousId": BROWSER,
            "properties": {"route": "/nodes/0123456789", "kind": "TypeError", "message": "secret"}});
        assert_eq!(of(error.clone(), false), None);
        let told = of(error, true).unwrap();
        assert_eq!(
            told["properties"],
            json!({"route": "/unknown", "kind": "TypeError", "clusterId": "c", "environmentVersion": "1.10"})
        );
        let login = json!({"type": "identify", "userId": 17, "traits": {"email": "x@y", "name": "Jane"}});
        let told = of(login, false).unwrap();
        assert_eq!(
            told["traits"],
            json!({"clusterId": "c", "environmentVersion": "1.10"})
        );
        assert!(told["userId"].as_str().unwrap().starts_with("u-"));
        assert!(told.get("anonymousId").is_none());
    }

    #[test]
    fn a_library_is_one_that_is_known() {
        for (name, version, told) in [
            ("heliograph-tracker", "0.1.0", true),
            ("analytics.js", "npm:next-1.84.0", true),
            ("analytics.js", "jane", false),
            ("analytics.js", "1.jane", false),
            ("jane.doe", "1.0", false),
            ("heliograph-tracker", "555-0199", false),
        ] {
            let library = json!({"name": name, "version": version});
            let message = json!({"type": "page", "anonymousId": BROWSER, "context": {"library": library, "clusterId": "x", "reporter": "x", "provider": "x"}});
            let context = make(&message, &[], false).unwrap()["context"].clone();
            assert_eq!(context["library"] == library, told, "{name} {version}");
            assert_ne!(context["reporter"], "x");
            let members: Vec<_> = context.as_object().unwrap().keys().collect();
            assert_eq!(members, ["drift", "library", "reporter"]);
        }
    }

    #[test]
    fn times_that_nobody_can_mean_are_those_of_arrival() {
        for (stated, expected) in [
            ("2026-11-22T10:00:01Z", "2026-11-22T11:00:00.250Z"),
            ("2020-01-01T00:00:00Z", "2026-11-22T11:00:00.250Z"),
            ("9999-12-31T23:59:59Z", "2026-11-22T11:00:00.250Z"),
            ("yesterday", "2026-11-22T11:00:00.250Z"),
            ("2026-11-20T10:00:00Z", "2026-11-20T11:00:00.250Z"),
        ] {
            let message = json!({"type": "page", "anonymousId": BROWSER, "timestamp": stated});
            assert_eq!(
                make(&message, &[], false).unwrap()["timestamp"],
                expected,
                "{stated}"
            );
        }
    }
}
