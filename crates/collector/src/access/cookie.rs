//! The cookie of a session. Where browsers come over TLS its name makes sure that nobody but this host has set it, and that it goes nowhere else.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::session::Secret;

/// Its name, over TLS and without.
const SECURE: &str = "__Host-heliograph";
const PLAIN: &str = "heliograph";

/// What a request's cookie holds.
pub(super) fn stated(headers: &HeaderMap, secure: bool) -> Option<Secret> {
    let name = name(secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(stated, _)| *stated == name)
        .find_map(|(_, value)| Secret::stated(value))
}

/// Sets it. It comes with links from elsewhere, so that views can be sent around; not with what pages of others load or post.
pub(super) fn set(secret: &Secret, secure: bool, lasts: Duration) -> Option<HeaderValue> {
    text(secret.reveal(), secure, lasts.as_secs())
}

/// Takes it away.
pub(super) fn clear(secure: bool) -> Option<HeaderValue> {
    text("", secure, 0)
}

fn text(value: &str, secure: bool, seconds: u64) -> Option<HeaderValue> {
    let (name, also) = (name(secure), if secure { "; Secure" } else { "" });
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{also}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

const fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::session::LENGTH;

    #[test]
    fn the_cookie_is_for_this_host_and_no_script() {
        let secret = Secret::stated(&"a".repeat(LENGTH)).unwrap();
        let cookie = set(&secret, true, Duration::from_secs(60)).unwrap();
        let text = format!(
            "__Host-heliograph={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            "a".repeat(LENGTH)
        );
        assert_eq!(cookie.to_str().unwrap(), text);
        assert!(cookie.is_sensitive());
        let cleared = clear(false).unwrap();
        assert_eq!(
            cleared.to_str().unwrap(),
            "heliograph=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        let of = |cookies: &str, secure| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(cookies).unwrap());
            stated(&headers, secure)
        };
        let pair = format!("heliograph={}", secret.reveal());
        assert_eq!(of(&format!("a=b; {pair}"), false), Some(secret.clone()));
        assert_eq!(of(&format!("a=b; __Host-{pair}"), true), Some(secret));
        // Over TLS none that anybody without it could have set.
        assert_eq!(of(&pair, true), None);
        assert_eq!(of("heliograph=short; heliograph", false), None);
    }
}
