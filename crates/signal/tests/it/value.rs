//! JSON compared by value: `8` and `8.0` are one number.

use serde_json::Value;

/// Fails with the first place where two values differ.
#[track_caller]
pub(crate) fn assert_equal(found: &Value, expected: &Value) {
    if let Some(difference) = difference("", found, expected) {
        panic!("{difference}");
    }
}

/// The first place where two values differ, and how.
pub(crate) fn difference(place: &str, found: &Value, expected: &Value) -> Option<String> {
    match (found, expected) {
        (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
        (Value::Object(a), Value::Object(b)) => {
            let missing = b.keys().find(|key| !a.contains_key(*key));
            let surplus = a.keys().find(|key| !b.contains_key(*key));
            if let Some(key) = missing {
                return Some(format!("{place}.{key} is missing"));
            }
            if let Some(key) = surplus {
                return Some(format!(
                    "{place}.{key} is {} and should not be there",
                    short(&a[key])
                ));
            }
            a.iter()
                .find_map(|(key, value)| difference(&format!("{place}.{key}"), value, &b[key]))
        }
        (Value::Array(a), Value::Array(b)) => {
            let mut pairs = a.iter().zip(b).enumerate();
            let item = pairs.find_map(|(index, (a, b))| difference(&format!("{place}[{index}]"), a, b));
            let lengths =
                (a.len() != b.len()).then(|| format!("{place} has {} items, expected {}", a.len(), b.len()));
            item.or(lengths)
        }
        (a, b) if a == b => None,
        (a, b) => Some(format!("{place} is {}, expected {}", short(a), short(b))),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(200).collect()
}
