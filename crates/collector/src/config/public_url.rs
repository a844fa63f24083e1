//! Where browsers reach the collector, such as `https://telemetry.example.com` or `https://example.com/telemetry`.

use std::fmt;
use std::str::FromStr;

/// Longest one, in bytes.
const MAX: usize = 300;

/// An `http` or `https` URL of letters, digits and what else hosts, ports and paths are commonly made of; without a slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    scheme: &'static str,
    /// Host, port and path.
    rest: String,
}

/// No such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no http or https URL of a host, a port and a path")]
pub struct NotPublic;

impl PublicUrl {
    /// `http` or `https`.
    pub fn scheme(&self) -> &'static str {
        self.scheme
    }

    /// Host, port and path.
    pub fn rest(&self) -> &str {
        &self.rest
    }

    /// Whether it has no path.
    pub fn is_bare(&self) -> bool {
        !self.rest.contains('/')
    }
}

impl FromStr for PublicUrl {
    type Err = NotPublic;

    fn from_str(text: &str) -> Result<PublicUrl, NotPublic> {
        let (scheme, rest) = text.split_once("://").ok_or(NotPublic)?;
        let scheme = ["http", "https"]
            .into_iter()
            .find(|known| scheme.eq_ignore_ascii_case(known))
            .ok_or(NotPublic)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (host, path) = rest.split_once('/').unwrap_or((rest, "a"));
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let is_host = !host.is_empty() && host.chars().all(|c| is_name(c) || ":[]".contains(c));
        let is_path = path
            .split('/')
            .all(|step| !step.is_empty() && step.chars().all(is_name));
        if text.len() > MAX || !is_host || !is_path {
            return Err(NotPublic);
        }
        let rest = rest.to_owned();
        Ok(PublicUrl { scheme, rest })
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_urls_are_public() {
        for (text, scheme, rest) in [
            ("https://telemetry.example.com", "https", "telemetry.example.com"),
            ("http://127.0.0.1:8080/", "http", "127.0.0.1:8080"),
            ("HTTPS://[::1]:8/a/b-c", "https", "[::1]:8/a/b-c"),
        ] {
            let url: PublicUrl = text.parse().unwrap();
            assert_eq!((url.scheme(), url.rest()), (scheme, rest));
            assert_eq!(url.to_string().parse(), Ok(url));
        }
        for text in [
            "",
            "telemetry.example.com",
            "ftp://x",
            "https://",
            "https:///a",
            "https://a b",
            "https://a\"b",
            "https://a\\b",
            "https://u@a",
            "https://a?b",
            "https://a#b",
            "https://a//b",
            "https://a/%2e",
            "https://ä",
            "https://a\r\nb",
            &format!("https://{}", "a".repeat(300)),
        ] {
            assert_eq!(text.parse::<PublicUrl>(), Err(NotPublic), "{text:?}");
        }
    }
}
