//! Answers on paths that are not Segment's: problem details (RFC 9457). `code` and `message` stand beside `detail`, so that who
//! reads Segment's errors reads these.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use serde_json::Value;

/// The answer that something is wrong.
pub(super) fn problem(status: StatusCode, code: &str, detail: &str) -> Response {
    problem_with(status, code, detail, [])
}

/// The same, with members of its own.
pub(super) fn problem_with<const N: usize>(
    status: StatusCode,
    code: &str,
    detail: &str,
    members: [(&str, Value); N],
) -> Response {
    let mut body = serde_json::json!({
        "type": "about:blank",
        "title": status.canonical_reason().unwrap_or_default(),
        "status": status.as_u16(),
        "detail": detail,
        "code": code,
        "message": detail,
    });
    for (name, value) in members {
        body[name] = value;
    }
    let mut response = Response::new(Body::from(body.to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    response
}

/// The answer on a path that there is not.
pub(super) async fn not_found() -> Response {
    problem(
        StatusCode::NOT_FOUND,
        "not_found",
        "there is nothing under this path",
    )
}

/// The answer to a method that a path does not take; which it takes is said by whoever calls this.
pub(super) async fn other_method() -> Response {
    problem(
        StatusCode::METHOD_NOT_ALLOWED,
        "method_not_allowed",
        "the path takes another method",
    )
}
