//! What was delivered, added up over the ledger's lines. Pure.

use super::record::{Entry, Record};
use crate::contents::Contents;

/// What the other side took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Requests.
    pub requests: u64,
    /// Messages, also those of lines that do not say what they are.
    pub messages: u64,
    /// What they are.
    pub contents: Contents,
    /// The first request.
    pub first: Option<String>,
    /// The last request, and what was in it.
    pub last: Option<(String, Contents)>,
    /// The last request in which there was something of the web UI, and what of it.
    pub last_of_ui: Option<(String, Contents)>,
}

impl Delivered {
    /// Adds up lines; those that can't be read are for `log verify` to find.
    ///
    /// # Errors
    /// A line can't be read from its file.
    pub fn of<E>(lines: impl Iterator<Item = Result<String, E>>) -> Result<Delivered, E> {
        let mut sum = Delivered::default();
        // One request is under way at a time; what nobody answered is sent again under another number.
        let mut under_way = None;
        for line in lines {
            let Ok(Record { n, at, entry, .. }) = serde_json::from_str(&line?) else {
                continue;
            };
            match entry {
                Entry::Sending {
                    messages, contents, ..
                } => {
                    under_way = Some((n, messages as u64, contents));
                }
                Entry::Answered { of, taken, .. } => {
                    if let Some((n, messages, contents)) = under_way.take()
                        && taken
                        && n == of
                    {
                        sum.add(at, messages, contents);
                    }
                }
                Entry::Unanswered { .. }
                | Entry::Refused { .. }
                | Entry::Bundled { .. }
                | Entry::Forgotten { .. } => {}
            }
        }
        Ok(sum)
    }

    fn add(&mut self, at: String, messages: u64, contents: Contents) {
        self.requests += 1;
        self.messages += messages;
        self.contents.add(&contents);
        self.first.get_or_insert_with(|| at.clone());
        let of_ui = contents.of_ui();
        if !of_ui.is_empty() {
            self.last_of_ui = Some((at.clone(), of_ui));
        }
        self.last = Some((at, contents));
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn what_was_taken_is_added_up() {
        let line = |n, entry| {
            let at = format!("2026-11-22T11:00:0{n}Z");
            let record = Record {
                n,
                at,
                entry,
                prev: String::new(),
            };
            Ok::<_, Infallible>(record.to_line())
        };
        let sending = |messages: &[&str]| Entry::Sending {
            target: "t".to_owned(),
            sha256: "0".to_owned(),
            bytes: 1,
            messages: messages.len(),
            contents: Contents::of(messages.iter().copied()),
        };
        let answered = |of, taken| Entry::Answered {
            of,
            status: 200,
            taken,
            receipt: None,
        };
        let (page, health) = (r#"{"type":"page"}"#, r#"{"type":"track","event":"health"}"#);
        // As lines were before they said what messages are.
        let old = line(1, sending(&[health]))
            .unwrap()
            .replace(r#","contents":{"health":1}"#, "");
        assert!(!old.contains("contents"), "{old}");
        let lines = [
            Ok(old),
            line(2, answered(1, true)),
            line(3, sending(&[page, page])),
            line(4, answered(3, false)),
            line(5, sending(&[page, health])),
            line(6, answered(5, true)),
            Ok("damaged".to_owned()),
            line(7, sending(&[health])),
            line(8, answered(7, true)),
            line(9, sending(&[page])),
        ];
        let sum = Delivered::of(lines.into_iter()).unwrap();
        assert_eq!((sum.requests, sum.messages), (3, 4));
        assert_eq!(sum.contents.to_string(), "2 health, 1 page");
        assert_eq!(sum.first.as_deref(), Some("2026-11-22T11:00:02Z"));
        let told = |last: Option<(String, Contents)>| last.map(|(at, contents)| format!("{at} {contents}"));
        assert_eq!(told(sum.last).as_deref(), Some("2026-11-22T11:00:08Z 1 health"));
        assert_eq!(
            told(sum.last_of_ui).as_deref(),
            Some("2026-11-22T11:00:06Z 1 page")
        );
    }
}
