//! A setting: a key with a value of the right type, and where it was said.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr as _;
use std::time::Duration;

use serde_json::Value;

use crate::config::key::{Key, Kind};
use crate::http::url::Url;

/// The longest span of time that is taken; far longer ones can't be added to the time.
const MAX_SPAN: Duration = Duration::from_secs(100 * 366 * 24 * 3600);

/// Where a setting was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// In a file, on a line.
    File(PathBuf, usize),
    /// In a variable of the environment.
    Variable(String),
    /// By a flag.
    Flag(&'static str),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::File(path, line) => write!(f, "{}:{line}", path.display()),
            Origin::Variable(name) => write!(f, "${name}"),
            Origin::Flag(name) => write!(f, "{name}"),
        }
    }
}

/// A value has not the type that its key takes.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{origin}: {key}: expected {expected}, found {found}")]
pub struct WrongType {
    /// Where it was said.
    pub origin: Origin,
    /// Of which key.
    pub key: &'static str,
    /// What the key takes.
    pub expected: String,
    /// What it was given; never the value of a secret.
    pub found: String,
}

/// A value as it was said.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its key.
    pub key: &'static Key,
    /// As said.
    pub value: Value,
    /// Where.
    pub origin: Origin,
}

impl Setting {
    /// A text.
    pub(super) fn text(&self) -> Result<String, WrongType> {
        self.value.as_str().map(str::to_owned).ok_or_else(|| self.wrong())
    }

    /// A URL.
    pub(super) fn url(&self) -> Result<Url, WrongType> {
        self.value
            .as_str()
            .and_then(|text| Url::from_str(text).ok())
            .ok_or_else(|| self.wrong())
    }

    /// A list, item by item.
    pub(super) fn list<T>(&self, item: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, WrongType> {
        let list = self.value.as_array().ok_or_else(|| self.wrong())?;
        list.iter()
            .map(|value| {
                value
                    .as_str()
                    .and_then(&item)
                    .ok_or_else(|| self.wrong_item(value))
            })
            .collect()
    }

    /// A span of time.
    pub(super) fn span(&self) -> Result<Duration, WrongType> {
        let span = match &self.value {
            Value::Number(seconds) => seconds
                .as_f64()
                .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok()),
            Value::String(text) => parse_span(text),
            _ => None,
        };
        span.filter(|span| !span.is_zero() && *span <= MAX_SPAN)
            .ok_or_else(|| self.wrong())
    }

    /// A span of time that may be none.
    pub(super) fn span_or_none(&self) -> Result<Duration, WrongType> {
        let none = self.value.as_f64() == Some(0.0)
            || self
                .value
                .as_str()
                .is_some_and(|text| parse_span(text) == Some(Duration::ZERO));
        if none { Ok(Duration::ZERO) } else { self.span() }
    }

    /// A number of bytes, at least 512 KiB.
    pub(super) fn bytes(&self) -> Result<u64, WrongType> {
        let bytes = match &self.value {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => parse_bytes(text),
            _ => None,
        };
        // A single parcel must fit, whatever the bound.
        bytes
            .filter(|bytes| *bytes >= 512 << 10)
            .ok_or_else(|| self.wrong())
    }

    /// True or false.
    pub(super) fn bool(&self) -> Result<bool, WrongType> {
        let word = self.value.as_str().and_then(|word| word.parse().ok());
        self.value.as_bool().or(word).ok_or_else(|| self.wrong())
    }

    /// That the value is not what the key takes.
    pub(super) fn wrong(&self) -> WrongType {
        self.wrong_item(&self.value)
    }

    fn wrong_item(&self, found: &Value) -> WrongType {
        let found = match found {
            Value::Null => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Number(number) if self.key.kind != Kind::Secret => format!("the number {number}"),
            Value::Number(_) => "a number".to_owned(),
            // A URL may hold credentials, so it is not shown either.
            Value::String(_) if matches!(self.key.kind, Kind::Secret | Kind::Url) => {
                "another text".to_owned()
            }
            Value::String(_) if self.key.kind == Kind::Urls && !self.value.is_array() => "a text".to_owned(),
            Value::String(_) if self.key.kind == Kind::Urls => "another text in it".to_owned(),
            Value::String(text) => format!("{text:?}"),
            Value::Array(_) => "a list".to_owned(),
            Value::Object(_) => "an object".to_owned(),
        };
        WrongType {
            origin: self.origin.clone(),
            key: self.key.name,
            expected: self.key.kind.expected(),
            found,
        }
    }
}

/// `15s`, `500ms`, `24h`, `40d`; a bare number counts seconds.
fn parse_span(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.trim().parse() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let span: jiff::Span = text.parse().ok()?;
    let span = span.to_duration(jiff::SpanRelativeTo::days_are_24_hours()).ok()?;
    Duration::try_from(span).ok()
}

/// `64 MiB`, `1 GiB`, `500 kB`, `1000`
fn parse_bytes(text: &str) -> Option<u64> {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let factor = match text[end..].trim() {
        "" | "B" => 1,
        "kB" => 1000,
        "KiB" => 1 << 10,
        "MB" => 1_000_000,
        "MiB" => 1 << 20,
        "GB" => 1_000_000_000,
        "GiB" => 1 << 30,
        _ => return None,
    };
    text[..end].parse::<u64>().ok()?.checked_mul(factor)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read() {
        for (text, millis) in [
            ("15s", 15_000),
            ("500ms", 500),
            ("24h", 86_400_000),
            ("40d", 3_456_000_000),
            ("1m 30s", 90_000),
            ("2", 2_000),
            ("0.5", 500),
        ] {
            assert_eq!(parse_span(text).unwrap(), Duration::from_millis(millis), "{text}");
        }
        for text in ["", "soon", "-1s", "NaN", "1e99"] {
            assert_eq!(parse_span(text), None, "{text}");
        }
    }

    #[test]
    fn sizes_are_read() {
        for (text, bytes) in [
            ("64 MiB", 64 << 20),
            ("1GiB", 1 << 30),
            ("500 kB", 500_000),
            ("7", 7),
        ] {
            assert_eq!(parse_bytes(text), Some(bytes), "{text}");
        }
        for text in ["", "MiB", "-1", "64 mib", "99999999999999 GiB"] {
            assert_eq!(parse_bytes(text), None, "{text}");
        }
    }
}
