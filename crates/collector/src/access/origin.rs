//! Whether a request that changes something was made by a page of ours: what browsers say of it themselves, beside the token in
//! the form. They say it of every such request; one without is none of theirs, or of one that is too old to be trusted.

use axum::http::{HeaderMap, HeaderName, header};

const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Whether it comes from this origin; `public` is the host and port under which browsers reach us, where that is configured.
pub(super) fn is_ours(headers: &HeaderMap, public: Option<&str>) -> bool {
    let text = |name: &HeaderName| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    match (text(&FETCH_SITE), text(&header::ORIGIN)) {
        // Only told over TLS, and on this machine.
        (Some(site), _) => site == "same-origin" || site == "none",
        (None, Some(origin)) => {
            let Some((_, origin)) = origin.split_once("://") else {
                return false;
            };
            let is = |ours: Option<&str>| ours.is_some_and(|ours| ours.eq_ignore_ascii_case(origin));
            is(text(&header::HOST)) || is(public)
        }
        (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn only_our_own_pages_are_ours() {
        for (site, origin, ours) in [
            (Some("same-origin"), None, true),
            (Some("none"), None, true),
            (Some("same-site"), Some("http://here:80"), false),
            (Some("cross-site"), Some("http://here:80"), false),
            (None, Some("http://HERE:80"), true),
            (None, Some("https://public.example"), true),
            (None, Some("http://here"), false),
            (None, Some("http://evil.example"), false),
            (None, Some("null"), false),
            (None, Some(""), false),
            (None, None, false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("here:80"));
            for (name, value) in [(FETCH_SITE, site), (header::ORIGIN, origin)] {
                if let Some(value) = value {
                    headers.insert(name, HeaderValue::from_static(value));
                }
            }
            assert_eq!(
                is_ours(&headers, Some("public.example")),
                ours,
                "{site:?} {origin:?}"
            );
        }
    }
}
