//! Pages of a list, as in Segment's Public API: `pagination.count` and `pagination.cursor` (or with brackets) ask for one, and
//! `pagination` in the answer says which it is, which is the next, and how many entries there are.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use form_urlencoded::parse;
use serde_json::{Value, json};

/// Entries of a page, where it is not said, and at most.
const DEFAULT: usize = 20;
const MOST: usize = 200;

/// Which page is asked for, and what else the query says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Entries, at most.
    pub(super) count: usize,
    /// Behind what.
    pub(super) after: Vec<u8>,
    /// The other parameters.
    pub(super) filters: Vec<(String, String)>,
}

impl Asked {
    /// Reads a query.
    ///
    /// # Errors
    /// With the parameter that can't be understood.
    pub(super) fn of(query: &str) -> Result<Asked, &'static str> {
        let mut asked = Asked {
            count: DEFAULT,
            after: Vec::new(),
            filters: Vec::new(),
        };
        for (name, value) in parse(query.as_bytes()) {
            match &*name {
                "pagination.count" | "pagination[count]" => {
                    let count = value.parse().ok().filter(|count| (1..=MOST).contains(count));
                    asked.count = count.ok_or("pagination.count is not a number from 1 to 200")?;
                }
                "pagination.cursor" | "pagination[cursor]" => {
                    let cursor = URL_SAFE_NO_PAD.decode(&*value);
                    asked.after = cursor.map_err(|_| "pagination.cursor is not one that was given out")?;
                }
                _ => asked.filters.push((name.into_owned(), value.into_owned())),
            }
        }
        Ok(asked)
    }

    /// All values of a parameter, stated one by one, as a list in brackets, or between commas.
    pub(super) fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let of_name = move |(stated, _): &&'a (String, String)| stated.split('[').next() == Some(name);
        self.filters
            .iter()
            .filter(of_name)
            .flat_map(|(_, value)| value.split(',').map(str::trim))
            .filter(|value| !value.is_empty())
    }

    /// What the answer says of the pages.
    pub(super) fn told(&self, next: Option<&[u8]>, total: i64) -> Value {
        let mut told = json!({"current": URL_SAFE_NO_PAD.encode(&self.after), "totalEntries": total});
        if let Some(next) = next {
            told["next"] = Value::from(URL_SAFE_NO_PAD.encode(next));
        }
        told
    }

    /// The place as text; empty at the beginning.
    pub(super) fn after_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_asked_for_in_any_form() {
        let first = Asked::of("").unwrap();
        assert_eq!((first.count, first.after.len()), (20, 0));
        let told = first.told(Some(b"12"), 30);
        assert_eq!(told, json!({"current": "", "next": "MTI", "totalEntries": 30}));
        for query in [
            "pagination.count=7&pagination.cursor=MTI&status=RUNNING",
            "pagination%5Bcount%5D=7&pagination[cursor]=MTI&status=RUNNING",
        ] {
            let asked = Asked::of(query).unwrap();
            assert_eq!((asked.count, asked.after_text()), (7, Cow::Borrowed("12")));
            assert_eq!(asked.values("status").collect::<Vec<_>>(), ["RUNNING"]);
            assert_eq!(asked.told(None, 1), json!({"current": "MTI", "totalEntries": 1}));
        }
        let asked = Asked::of("regulationTypes=A,B&regulationTypes%5B%5D=C&regulationTypesX=D").unwrap();
        assert_eq!(
            asked.values("regulationTypes").collect::<Vec<_>>(),
            ["A", "B", "C"]
        );
        for query in [
            "pagination.count=0",
            "pagination.count=201",
            "pagination.count=x",
            "pagination.cursor=%21",
        ] {
            assert!(Asked::of(query).is_err(), "{query}");
        }
    }
}
