//! Where somebody wanted to go before they had to log in: a page of ours, whatever a link says.

use axum::http::uri::PathAndQuery;
use form_urlencoded::Serializer;

/// Longest one, in bytes.
const MAX: usize = 2000;
/// Where people log in.
pub(crate) const LOG_IN: &str = "/login";

/// A path of ours with its query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Aim(String);

impl Default for Aim {
    fn default() -> Aim {
        Aim("/".to_owned())
    }
}

impl Aim {
    /// What a link or a request says, if that is a page of ours.
    pub(crate) fn stated(text: &str) -> Option<Aim> {
        // Browsers take `//` and `/\` for the beginning of a host, and leave out tabs and ends of lines before they look.
        let ours = text.starts_with('/')
            && !text[1..].starts_with(['/', '\\'])
            && text.len() <= MAX
            && text
                .bytes()
                .all(|byte| (0x21..=0x7e).contains(&byte) && byte != b'\\')
            && text.parse::<PathAndQuery>().is_ok();
        ours.then(|| Aim(text.to_owned()))
    }

    /// Where to log in first.
    pub(crate) fn by_log_in(&self) -> String {
        if *self == Aim::default() {
            return LOG_IN.to_owned();
        }
        let query = Serializer::new(String::new())
            .append_pair("next", &self.0)
            .finish();
        format!("{LOG_IN}?{query}")
    }

    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_aim_is_a_page_of_ours() {
        for text in [
            "/",
            "/components/a.service?from=2026-11-01&by=version",
            "/a%2F%2Fb?x=//y",
        ] {
            let aim = Aim::stated(text).unwrap();
            assert_eq!(aim.as_str(), text);
        }
        assert_eq!(Aim::default().by_log_in(), "/login");
        assert_eq!(
            Aim::stated("/a?b=c&d").unwrap().by_log_in(),
            "/login?next=%2Fa%3Fb%3Dc%26d"
        );
        for text in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/a\r\nSet-Cookie: a=b",
            "/a b",
            "/ä",
            "https://evil.example/",
            "javascript:alert(1)",
            &format!("/{}", "a".repeat(MAX)),
        ] {
            assert_eq!(Aim::stated(text), None, "{text:?}");
        }
    }
}
