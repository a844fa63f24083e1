//! What is called of an SDK, and what must be stored then.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// An address that every call has in its context, and that must be stored nowhere.
pub(crate) const ADDRESS: &str = "203.0.113.77";
/// How much apart two readings of one clock, at millisecond's precision and by way of an SDK, may seem.
const BLUR: SignedDuration = SignedDuration::from_millis(10);
const KINDS: [&str; 6] = ["track", "identify", "page", "group", "screen", "alias"];

/// So many calls, of every kind. Each has its number in its context, and in its properties or traits where it has such.
pub(crate) fn calls(count: usize) -> Vec<Value> {
    (0..count).map(call).collect()
}

fn call(number: usize) -> Value {
    let kind = KINDS[number % KINDS.len()];
    let mut call = json!({
        "type": kind,
        "context": {"n": number, "ip": ADDRESS, "app": {"name": "probe", "version": "1.10"}, "locale": "de-CH"},
    });
    let own = match kind {
        "track" => json!({"event": "Thing Done", "properties": data(number)}),
        "identify" => json!({"traits": data(number)}),
        "page" => json!({"name": "Start", "properties": data(number)}),
        "group" => json!({"groupId": format!("group-{}", number % 3), "traits": data(number)}),
        "screen" => json!({"name": "Übersicht", "properties": data(number)}),
        _ => json!({"previousId": format!("before-{number}")}),
    };
    let whom = match number % 4 {
        1 if kind != "alias" => json!({"anonymousId": format!("anonymous-{number}")}),
        2 if kind != "alias" => json!({"userId": "user", "anonymousId": "anonymous"}),
        _ => json!({"userId": format!("user-{}", number % 7)}),
    };
    // Some happened long ago.
    let when = if number % 50 == 49 {
        json!({"timestamp": "2025-02-03T04:05:06.789Z"})
    } else {
        json!({})
    };
    for more in [own, whom, when] {
        call.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
    }
    call
}

pub(crate) fn data(number: usize) -> Value {
    json!({
        "n": number, "text": "Grüße, 世界 🌍 \"quoted\" \\ \u{2028} \t.", "empty": "", "flag": number.is_multiple_of(2), "nothing": null,
        "fraction": -0.125, "large": 9_007_199_254_740_991_u64, "small": 1.5e-9, "list": [1, [2, "drei"], {}],
        "nested": {"a": {"b": {"n": number}}}, "Name with Spaces.And:Signs": 1,
    })
}

/// What is stored must be the calls, each once, made and received between these instants.
pub(crate) fn check(stored: &[Value], calls: &[Value], library: &str, from: Timestamp, to: Timestamp) {
    let numbers: Vec<_> = stored.iter().map(number).collect();
    let once: BTreeSet<_> = numbers.iter().copied().collect();
    let lost: Vec<_> = (0..calls.len()).filter(|number| !once.contains(number)).collect();
    assert!(lost.is_empty(), "{} calls were lost: {lost:?}", lost.len());
    assert_eq!(stored.len(), once.len(), "some were stored twice");
    for (number, message) in numbers.into_iter().zip(stored) {
        let call = &calls[number];
        // The address is in no message, and all else is.
        assert!(!message.to_string().contains(ADDRESS), "{message}");
        let mut expected = call.clone();
        expected["context"].as_object_mut().unwrap().remove("ip");
        expected["context"]["library"] = json!({"name": library});
        expected.as_object_mut().unwrap().remove("timestamp");
        assert!(holds(message, &expected), "called: {call:#}\nstored: {message:#}");
        check_times(message, call, from, to);
    }
}

/// Which of the calls a message is.
pub(crate) fn number(message: &Value) -> usize {
    let number = message["context"]["n"].as_u64();
    usize::try_from(number.unwrap_or_else(|| panic!("{message}"))).unwrap()
}

/// Whether a value is, or an object has, all that is expected.
fn holds(value: &Value, expected: &Value) -> bool {
    let has = |value: &Map<String, Value>, (name, expected): (&String, &Value)| {
        value.get(name).is_some_and(|value| holds(value, expected))
    };
    match (value, expected) {
        (Value::Object(value), Value::Object(expected)) => expected.iter().all(|member| has(value, member)),
        _ => value == expected,
    }
}

fn check_times(message: &Value, call: &Value, from: Timestamp, to: Timestamp) {
    let time = |name: &str| -> Timestamp { message[name].as_str().unwrap().parse().unwrap() };
    let (original, sent, timestamp, received) = (
        time("originalTimestamp"),
        time("sentAt"),
        time("timestamp"),
        time("receivedAt"),
    );
    let ordered = |earlier: Timestamp, later: Timestamp| {
        assert!(earlier <= later + BLUR, "{earlier} is after {later}: {message:#}");
    };
    match call.get("timestamp") {
        Some(stated) => assert_eq!(original, stated.as_str().unwrap().parse().unwrap(), "{message:#}"),
        None => ordered(from, original),
    }
    ordered(original, sent);
    ordered(sent, received);
    ordered(received, to);
    // The clocks are one clock: nothing is moved but by how long the request was under way.
    ordered(original, timestamp);
    ordered(timestamp, original + (to.duration_since(from)));
}
