//! What pages load beside themselves. Its path names its content, so that it can be kept for ever, and a new release is never shown
//! with an old style.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use xxhash_rust::xxh3::xxh3_64;

/// Where it is.
pub(crate) const PATH: &str = "/assets/{version}/{name}";
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const NO_SNIFFING: HeaderValue = HeaderValue::from_static("nosniff");

/// Name, kind and content.
const FILES: [(&str, &str, &str); 3] = [
    (
        "style.css",
        "text/css; charset=utf-8",
        include_str!("../../assets/style.css"),
    ),
    (
        "live.js",
        "text/javascript; charset=utf-8",
        include_str!("../../assets/live.js"),
    ),
    ("icon.svg", "image/svg+xml", include_str!("../../assets/icon.svg")),
];

/// Paths of all of them.
#[derive(Debug)]
pub(crate) struct Assets {
    /// The style sheet.
    pub(crate) style: String,
    /// What adds messages as they come.
    pub(crate) live: String,
    /// The icon.
    pub(crate) icon: String,
}

/// Where they are.
pub(crate) fn assets() -> &'static Assets {
    static ASSETS: LazyLock<Assets> = LazyLock::new(|| {
        let path = |wanted: &str| {
            let found = FILES.iter().find(|(name, ..)| *name == wanted);
            let content = found.map(|(.., content)| *content).unwrap_or_default();
            format!("/assets/{}/{wanted}", version(content))
        };
        Assets {
            style: path("style.css"),
            live: path("live.js"),
            icon: path("icon.svg"),
        }
    });
    &ASSETS
}

fn version(content: &str) -> String {
    format!("{:016x}", xxh3_64(content.as_bytes()))
}

/// One of them.
pub(crate) async fn get(Path((stated, name)): Path<(String, String)>) -> Response {
    let found = FILES
        .iter()
        .find(|(known, _, content)| *known == name && version(content) == stated);
    let Some((_, kind, content)) = found else {
        let mut response = Response::new(Body::from("there is no such file\n"));
        *response.status_mut() = StatusCode::NOT_FOUND;
        return response;
    };
    let mut response = Response::new(Body::from(*content));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, FOR_EVER);
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, NO_SNIFFING);
    response
}
