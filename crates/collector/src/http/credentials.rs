//! What a request states to prove who sends it. Its write key may be in Basic authorization, the body, or the query; the first of them
//! that has one counts.

use axum::http::{HeaderMap, Uri, header};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_PAD_INDIFFERENT;

use crate::key::WriteKey;

/// What is stated in a scheme of authorization, whose name may be in any case.
pub(super) fn stated<'h>(headers: &'h HeaderMap, scheme: &str) -> Option<&'h str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim();
    let (named, stated) = value.split_once(' ')?;
    named.eq_ignore_ascii_case(scheme).then(|| stated.trim())
}

/// The user of Basic authorization, and behind a colon the password.
pub(super) fn basic(headers: &HeaderMap) -> Option<Vec<u8>> {
    STANDARD_PAD_INDIFFERENT.decode(stated(headers, "basic")?).ok()
}

/// The key as the user of Basic authorization, with or without a colon behind it.
pub(super) fn of_header(headers: &HeaderMap) -> Option<WriteKey> {
    let decoded = basic(headers)?;
    let user = decoded.split(|byte| *byte == b':').next().unwrap_or_default();
    WriteKey::stated(std::str::from_utf8(user).ok()?)
}

/// The key as `?writeKey=`. Keys are letters and digits, so nothing is decoded.
pub(super) fn of_query(uri: &Uri) -> Option<WriteKey> {
    let mut pairs = uri.query()?.split('&');
    pairs.find_map(|pair| pair.strip_prefix("writeKey=").and_then(WriteKey::stated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    #[test]
    fn finds_the_key_in_the_header() {
        let of = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, HeaderValue::from_static(value));
            of_header(&headers).map(|key| key.reveal().to_owned())
        };
        // "abc:", "abc", "abc:def", ":", "" and what is no Basic authorization
        for value in ["Basic YWJjOg==", "basic YWJj", "Basic  YWJjOmRlZg"] {
            assert_eq!(of(value).as_deref(), Some("abc"), "{value}");
        }
        for value in ["Basic Og==", "Basic ", "Basic", "Bearer YWJj", "Basic ?", "abc"] {
            assert_eq!(of(value), None, "{value}");
        }
    }

    #[test]
    fn finds_the_key_in_the_query() {
        let of = |uri: &str| of_query(&uri.parse().unwrap()).map(|key| key.reveal().to_owned());
        assert_eq!(of("/v1/batch?a=b&writeKey=abc"), Some("abc".to_owned()));
        assert_eq!(of("/v1/batch?writeKey="), None);
        assert_eq!(of("/v1/batch?writekey=abc"), None);
        assert_eq!(of("/v1/batch"), None);
    }
}
