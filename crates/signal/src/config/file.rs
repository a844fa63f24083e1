//! Reading a configuration file, TOML or DC/OS' JSON, into its entries with the lines they stand on.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

use super::key::{Key, Kind};

/// Largest file that is read.
pub const MAX_FILE: usize = 1 << 20;

/// An entry: a name, a value, and the line it stands on.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// As written.
    pub name: String,
    /// As JSON.
    pub value: Value,
    /// From 1.
    pub line: usize,
}

/// A file can't be read.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {problem}", path.display(), line.map(|line| format!(":{line}")).unwrap_or_default())]
pub struct InvalidFile {
    /// The file.
    pub path: PathBuf,
    /// Where in it, where that is known.
    pub line: Option<usize>,
    /// What is wrong, and what would be right.
    pub problem: String,
}

/// Reads the entries of a file's text. JSON where the name ends in `.json` or the text starts with a brace, else TOML.
///
/// # Errors
/// The text is not of that form.
pub fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, InvalidFile> {
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(text);
    let invalid = |line, problem: String| InvalidFile {
        path: path.to_owned(),
        line,
        problem,
    };
    let is_json = match path.extension().and_then(|extension| extension.to_str()) {
        Some("json") => true,
        Some("toml") => false,
        _ => text.trim_start().starts_with('{'),
    };
    if is_json {
        parse_json(text).map_err(|error| {
            // What the library says of a value of another type shows the value, which may be a secret.
            let what = if error.is_data() {
                "it is JSON of another type".to_owned()
            } else {
                error.to_string()
            };
            invalid(
                Some(error.line()),
                format!("not the JSON object that is expected: {what}"),
            )
        })
    } else {
        parse_toml(text).map_err(|error| {
            let line = error.span().map(|span| line_of(text, span.start));
            invalid(
                line,
                format!("not the TOML that is expected: {}", error.message()),
            )
        })
    }
}

fn parse_json(text: &str) -> serde_json::Result<Vec<Entry>> {
    let mut reader = serde_json::Deserializer::from_str(text);
    let Members(members) = Members::deserialize(&mut reader)?;
    reader.end()?;
    // Of equal names the last wins, as in the original.
    let mut entries: Vec<Entry> = Vec::with_capacity(members.len());
    for (name, raw) in members {
        let offset = (raw.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let entry = Entry {
            value: serde_json::from_str(raw.get())?,
            line: line_of(text, offset),
            name,
        };
        // But of consent every word counts.
        let is_consent = Key::named(&entry.name).is_some_and(|key| key.kind == Kind::Consent);
        entries.retain(|other| is_consent || !other.name.eq_ignore_ascii_case(&entry.name));
        entries.push(entry);
    }
    Ok(entries)
}

fn parse_toml(text: &str) -> Result<Vec<Entry>, toml::de::Error> {
    let table: BTreeMap<toml::Spanned<String>, toml::Value> = toml::from_str(text)?;
    let mut entries: Vec<Entry> = table
        .into_iter()
        .map(|(name, value)| Entry {
            line: line_of(text, name.span().start),
            name: name.into_inner(),
            value: serde_json::to_value(value).unwrap_or_default(),
        })
        .collect();
    entries.sort_by_key(|entry| entry.line);
    Ok(entries)
}

fn line_of(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().get(..offset).unwrap_or(text.as_bytes());
    before.iter().filter(|byte| **byte == b'\n').count() + 1
}

/// The members of a JSON object in order, equal names kept, values as they stand in the text.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object of keys and values")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn names_and_lines(path: &str, text: &str) -> Vec<(String, Value, usize)> {
        parse(Path::new(path), text)
            .unwrap()
            .into_iter()
            .map(|entry| (entry.name, entry.value, entry.line))
            .collect()
    }

    #[test]
    fn both_forms_are_read_with_their_lines() {
        let json = "\u{FEFF}{\n  \"enabled\": \"true\",\n\n  \"cosmos_urls\": [\n    \"http://a/\"\n  ], \"Enabled\": false\n}";
        assert_eq!(
            names_and_lines("a.json", json),
            [
                ("enabled".to_owned(), json!("true"), 2),
                ("cosmos_urls".to_owned(), json!(["http://a/"]), 4),
                ("Enabled".to_owned(), json!(false), 6)
            ]
        );
        let toml = "# note\nenabled = false\nunits = [\n  \"a\",\n]\nsink = \"x\"\n";
        assert_eq!(
            names_and_lines("a.toml", toml),
            [
                ("enabled".to_owned(), json!(false), 2),
                ("units".to_owned(), json!(["a"]), 3),
                ("sink".to_owned(), json!("x"), 6)
            ]
        );
        assert_eq!(names_and_lines("noext", " {}"), []);
    }

    #[test]
    fn errors_name_file_and_line() {
        for (path, text, message) in [
            (
                "a.json",
                "{\n\"a\": }",
                "a.json:2: not the JSON object that is expected: expected value at line 2 column 6",
            ),
            (
                "a.json",
                "[]",
                "a.json:1: not the JSON object that is expected: it is JSON of another type",
            ),
            (
                "a.toml",
                "a = 1\nb = = 2\n",
                "a.toml:2: not the TOML that is expected: extra `=`, expected nothing",
            ),
        ] {
            assert_eq!(parse(Path::new(path), text).unwrap_err().to_string(), message);
        }
    }
}
