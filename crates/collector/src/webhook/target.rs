//! Where the webhook is: a URL that may hold a password or a token, which no log shows.

use std::fmt;
use std::str::FromStr;

use axum::http::Uri;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// An `http` or `https` URL.
#[derive(Clone, PartialEq, Eq)]
pub struct Target {
    text: String,
    uri: Uri,
}

/// It is no such URL.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no http or https URL")]
pub struct NoTarget;

impl Target {
    /// The URL without user, password and fragment.
    pub(super) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// The header `Authorization`, where the URL names a user.
    pub(super) fn authorization(&self) -> Option<String> {
        let user = self.userinfo()?;
        Some(format!("Basic {}", STANDARD.encode(unescape(user))))
    }

    /// What it is recognised by.
    pub(crate) fn digest(&self) -> [u8; 32] {
        Sha256::digest(self.text.as_bytes()).into()
    }

    /// All of it, for the configuration alone.
    pub(crate) fn reveal(&self) -> &str {
        &self.text
    }

    fn userinfo(&self) -> Option<&str> {
        let (_, rest) = self.text.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?;
        authority.rsplit_once('@').map(|(user, _)| user)
    }
}

impl FromStr for Target {
    type Err = NoTarget;

    fn from_str(text: &str) -> Result<Target, NoTarget> {
        let (scheme, rest) = text.split_once("://").ok_or(NoTarget)?;
        let rest = rest.split('#').next().unwrap_or_default();
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at(end);
        let host = authority.rsplit('@').next().unwrap_or_default();
        let uri: Uri = format!("{}://{host}{path}", scheme.to_ascii_lowercase())
            .parse()
            .map_err(|_| NoTarget)?;
        let known = matches!(uri.scheme_str(), Some("http" | "https"));
        if !known || uri.host().is_none_or(str::is_empty) {
            return Err(NoTarget);
        }
        Ok(Target {
            text: text.to_owned(),
            uri,
        })
    }
}

/// Scheme, host, port and path: neither who asks there nor what is asked for.
impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.uri.scheme_str().unwrap_or_default();
        let authority = self.uri.authority().map(ToString::to_string);
        write!(
            f,
            "{scheme}://{}{}",
            authority.unwrap_or_default(),
            self.uri.path()
        )
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self})")
    }
}

fn unescape(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let escaped = (*byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(escaped.unwrap_or(*byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_secret_of_a_url_is_not_shown() {
        let target: Target = "HTTPS://me:se%40cret@hooks.example:8443/a/b?token=t#x"
            .parse()
            .unwrap();
        assert_eq!(target.to_string(), "https://hooks.example:8443/a/b");
        assert_eq!(format!("{target:?}"), "Target(https://hooks.example:8443/a/b)");
        assert_eq!(target.uri().to_string(), "https://hooks.example:8443/a/b?token=t");
        let user = STANDARD.encode("me:se@cret");
        assert_eq!(target.authorization(), Some(format!("Basic {user}")));
        let plain: Target = "http://[::1]:1".parse().unwrap();
        assert_eq!(
            (plain.authorization(), plain.to_string()),
            (None, "http://[::1]:1/".to_owned())
        );
        for text in [
            "",
            "hooks.example",
            "ftp://a",
            "https://",
            "https:///x",
            "http://a b",
        ] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }
}
