//! Paths that there are not, answered as by the original.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};

use crate::document::node::PATH;

/// To a path of the API with a slash at its end: the one without. To any other: 404.
pub(super) async fn answer(uri: Uri) -> Response {
    let without = uri.path().trim_end_matches('/');
    if without != uri.path() && without.starts_with(PATH) {
        let query = uri.query().map_or_else(String::new, |query| format!("?{query}"));
        let location = [(header::LOCATION, format!("{without}{query}"))];
        return (StatusCode::MOVED_PERMANENTLY, location).into_response();
    }
    (StatusCode::NOT_FOUND, "404 page not found\n").into_response()
}
