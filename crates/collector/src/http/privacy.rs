//! What a browser says against being counted: Global Privacy Control and Do Not Track; and `GET /.well-known/gpc.json`, which says that
//! the first is obeyed.

use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::Response;

use super::answer::json;
use crate::ingest::outcome::Suppression;

/// Where a site says that it obeys Global Privacy Control.
pub(super) const GPC_PATH: &str = "/.well-known/gpc.json";
/// Since when this does.
const GPC: &str = r#"{"gpc":true,"lastUpdate":"2026-11-23"}"#;

const SEC_GPC: HeaderName = HeaderName::from_static("sec-gpc");

/// Says so.
pub(super) async fn gpc() -> Response {
    json(StatusCode::OK, GPC.to_owned())
}

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
