//! Which form of an answer a client would rather have: `Accept` (RFC 9110, 12.5.1).

use axum::http::{HeaderMap, header};

use crate::question::Format;

/// What is offered: the first is given where nothing else is wanted more.
const OFFERED: [(Format, &str, &str); 3] = [
    (Format::Json, "application", "json"),
    (Format::Csv, "text", "csv"),
    (Format::Table, "text", "plain"),
];

/// The form that is wanted most; `None` where none of those that there are is wanted at all.
pub(super) fn wanted(headers: &HeaderMap) -> Option<Format> {
    let stated: Vec<&str> = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .filter(|range| !range.trim().is_empty())
        .collect();
    if stated.is_empty() {
        return Some(Format::Json);
    }
    let mut best: Option<(Format, f32)> = None;
    for (format, kind, subtype) in OFFERED {
        let weight = weight(&stated, kind, subtype);
        if weight > best.map_or(0.0, |(_, weight)| weight) {
            best = Some((format, weight));
        }
    }
    best.map(|(format, _)| format)
}

/// The weight of a type: that of the range which names it most closely.
fn weight(ranges: &[&str], kind: &str, subtype: &str) -> f32 {
    let mut closest = (0, 0.0);
    for range in ranges {
        let mut parts = range.split(';').map(str::trim);
        let named = parts.next().unwrap_or_default();
        let (of_kind, of_subtype) = named.split_once('/').unwrap_or((named, ""));
        let is = |stated: &str, known: &str| stated.eq_ignore_ascii_case(known);
        let closeness = match (of_kind, of_subtype) {
            ("*", "*") => 1,
            (of_kind, "*") if is(of_kind, kind) => 2,
            (of_kind, of_subtype) if is(of_kind, kind) && is(of_subtype, subtype) => 3,
            _ => continue,
        };
        let weight = parts
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| is(name.trim(), "q"))
            .map_or(1.0, |(_, weight)| weight.trim().parse().unwrap_or(0.0));
        if closeness > closest.0 {
            closest = (closeness, weight);
        }
    }
    closest.1
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn what_is_wanted_most_is_given() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::ACCEPT, HeaderValue::from_static(value));
            wanted(&headers)
        };
        assert_eq!(wanted(&HeaderMap::new()), Some(Format::Json));
        for json in [
            "",
            "*/*",
            "application/json",
            "text/csv;q=0.5, application/json",
            "text/html, application/*",
            "text/csv, application/json",
            "*/*, text/csv; q=0.1",
        ] {
            assert_eq!(of(json), Some(Format::Json), "{json}");
        }
        for csv in [
            "text/csv",
            "Text/CSV;header=present",
            "text/*",
            "application/json;q=0.4,text/csv;q=0.5",
            "application/json;q=0, */*",
        ] {
            assert_eq!(of(csv), Some(Format::Csv), "{csv}");
        }
        assert_eq!(of("text/plain, text/csv;q=0.9"), Some(Format::Table));
        for none in [
            "text/html",
            "application/json;q=0",
            "image/*",
            "x",
            "text/csv;q=x",
        ] {
            assert_eq!(of(none), None, "{none}");
        }
    }
}
