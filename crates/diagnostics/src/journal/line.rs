//! A line of the journal: from `journalctl`'s JSON to text in the original's form,
//! `2026-11-22 11:41:22.609402 +0000 UTC bar line 1`.

use jiff::Timestamp;
use serde::Deserialize;

/// Longest message that is shown, in bytes.
const MAX_MESSAGE: usize = 1 << 10;

/// An entry; `journalctl` writes all values as strings, but for those that are none.
#[derive(Deserialize)]
struct Entry {
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    moment: String,
    #[serde(rename = "MESSAGE")]
    message: Option<Message>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Message {
    Text(String),
    /// What is not UTF-8, or has control characters.
    Bytes(Vec<u8>),
    /// Several fields of the name; the first is shown.
    Several(Vec<Option<Message>>),
}

impl Message {
    fn text(&self) -> String {
        match self {
            Message::Text(text) => text.clone(),
            Message::Bytes(bytes) => String::from_utf8_lossy(bytes).into_owned(),
            Message::Several(messages) => messages
                .iter()
                .flatten()
                .next()
                .map(Message::text)
                .unwrap_or_default(),
        }
    }
}

/// The line of an entry, with its end; `None` for what is no entry.
pub(super) fn of(json: &[u8]) -> Option<String> {
    let entry: Entry = serde_json::from_slice(json).ok()?;
    let moment = Timestamp::from_microsecond(entry.moment.parse().ok()?).ok()?;
    let message = match &entry.message {
        Some(message) => message.text(),
        // It says so of more than it is willing to print.
        None => "(a message that is too long)".to_owned(),
    };
    let message = &message[..message.floor_char_boundary(MAX_MESSAGE)];
    // A line is a line, and no terminal shall be steered by it.
    let message = message.trim_end().replace(char::is_control, " ");
    Some(format!(
        "{} +0000 UTC {message}\n",
        moment.strftime("%Y-%m-%d %H:%M:%S%.f")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_become_lines_of_the_originals_form() {
        for (message, text) in [
            (r#""bar line 1""#, "bar line 1"),
            (r"[98,97,114,27,91,49,109]", "bar [1m"),
            (r"[255]", "\u{fffd}"),
            (r#""two\nlines\t""#, "two lines"),
            (r#"[null,"second"]"#, "second"),
            ("null", "(a message that is too long)"),
        ] {
            let json = format!(
                r#"{{"__REALTIME_TIMESTAMP":"1795347682609400","_BOOT_ID":"x","MESSAGE":{message}}}"#
            );
            assert_eq!(
                of(json.as_bytes()).unwrap(),
                format!("2026-11-22 11:41:22.6094 +0000 UTC {text}\n")
            );
        }
        assert_eq!(of(b"-- No entries --"), None);
        assert_eq!(of(b""), None);
        let long = format!(
            r#"{{"__REALTIME_TIMESTAMP":"0","MESSAGE":"{}"}}"#,
            "ä".repeat(2000)
        );
        assert!(of(long.as_bytes()).unwrap().len() < MAX_MESSAGE + 64);
    }
}
