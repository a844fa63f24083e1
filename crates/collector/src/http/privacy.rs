//! What a browser says against being counted: Global Privacy Control and Do Not Track.

use axum::http::{HeaderMap, HeaderName, header};

use crate::ingest::outcome::Suppression;

const SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// What its request says; nothing, where it does not object. There is no switch that overrules it.
pub(super) fn objection(headers: &HeaderMap) -> Option<Suppression> {
    let says = |name: &HeaderName| {
        headers
            .get(name)
            .is_some_and(|value| value.as_bytes().trim_ascii() == b"1")
    };
    if says(&SEC_GPC) {
        Some(Suppression::Gpc)
    } else {
        says(&header::DNT).then_some(Suppression::Dnt)
    }
}
