//! Origins of pages (`https://app.example.com`), as people write them.

use axum::http::Uri;

/// Pages, by where they come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origins {
    /// All pages.
    Any,
    /// Pages of these origins, written as browsers write them.
    Listed(Vec<String>),
}

impl Origins {
    /// Reads `*`, or origins with commas or spaces between them; nothing is no origin.
    pub(super) fn of(text: &str) -> Option<Origins> {
        if text.trim() == "*" {
            return Some(Origins::Any);
        }
        let parts = text.split([',', ' ']).filter(|part| !part.is_empty());
        parts.map(origin).collect::<Option<_>>().map(Origins::Listed)
    }

    /// The same, such that it reads back.
    pub(super) fn show(&self) -> String {
        match self {
            Origins::Any => "*".to_owned(),
            Origins::Listed(origins) => origins.join(", "),
        }
    }
}

/// Scheme, host and port, in small letters and without the slash that people put behind them.
fn origin(text: &str) -> Option<String> {
    let text = text.strip_suffix('/').unwrap_or(text).to_ascii_lowercase();
    let uri: Uri = text.parse().ok()?;
    let (scheme, authority) = (uri.scheme_str()?, uri.authority()?);
    let whole = format!("{scheme}://{authority}") == text;
    (whole && !authority.as_str().contains('@')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_read_back() {
        assert_eq!(Origins::of(" * "), Some(Origins::Any));
        assert_eq!(Origins::of(""), Some(Origins::Listed(Vec::new())));
        let listed = Origins::of("https://A.example/ http://localhost:3000,https://[::1]:8").unwrap();
        assert_eq!(
            listed.show(),
            "https://a.example, http://localhost:3000, https://[::1]:8"
        );
        assert_eq!(Origins::of(&listed.show()), Some(listed));
    }

    #[test]
    fn what_no_browser_would_say_is_refused() {
        for text in [
            "a.example",
            "https://",
            "https://a.example/path",
            "https://a.example?x",
            "https://u@a.example",
            "https://a.example, *",
            "null",
            "//a.example",
        ] {
            assert_eq!(Origins::of(text), None, "{text}");
        }
    }
}
