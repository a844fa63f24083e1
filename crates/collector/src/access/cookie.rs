//! The cookie of a session. Where browsers come over TLS its name makes sure that nobody but this host has set it, and that it goes
//! nowhere else. Where other applications live on the same host, the collector below a path of its own, it goes to that path alone; the
//! name can only promise TLS then.

use std::time::Duration;

use axum::http::{HeaderMap, HeaderValue, header};

use super::session::Secret;

/// Its name: over TLS for a whole host, over TLS for a path of one, and without TLS.
const OF_HOST: &str = "__Host-heliograph";
const OF_PATH: &str = "__Secure-heliograph";
const PLAIN: &str = "heliograph";

/// Where browsers reach us.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    /// Whether over TLS.
    pub(super) secure: bool,
    /// What stands before our paths; empty where we have the host for ourselves.
    pub(super) base: &'a str,
}

/// What a request's cookie holds.
pub(super) fn stated(headers: &HeaderMap, site: Site<'_>) -> Option<Secret> {
    let name = site.name();
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
pub(super) fn set(secret: &Secret, site: Site<'_>, lasts: Duration) -> Option<HeaderValue> {
    text(secret.reveal(), site, lasts.as_secs())
}

/// Takes it away.
pub(super) fn clear(site: Site<'_>) -> Option<HeaderValue> {
    text("", site, 0)
}

fn text(value: &str, site: Site<'_>, seconds: u64) -> Option<HeaderValue> {
    let (name, also) = (site.name(), if site.secure { "; Secure" } else { "" });
    let path = site.base;
    let text = format!("{name}={value}; Path={path}/; Max-Age={seconds}; HttpOnly; SameSite=Lax{also}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

impl Site<'_> {
    const fn name(self) -> &'static str {
        match (self.secure, self.base.is_empty()) {
            (true, true) => OF_HOST,
            (true, false) => OF_PATH,
            (false, _) => PLAIN,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::session::LENGTH;

    #[test]
    fn the_cookie_is_for_this_host_and_no_script() {
        let secret = Secret::stated(&"a".repeat(LENGTH)).unwrap();
        let site = |secure| Site { secure, base: "" };
        let cookie = set(&secret, site(true), Duration::from_secs(60)).unwrap();
        let text = format!(
            "__Host-heliograph={}; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure",
            "a".repeat(LENGTH)
        );
        assert_eq!(cookie.to_str().unwrap(), text);
        assert!(cookie.is_sensitive());
        let cleared = clear(site(false)).unwrap();
        assert_eq!(
            cleared.to_str().unwrap(),
            "heliograph=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax"
        );
        // Below a path of a host that others use, too.
        let below = |secure| Site {
            secure,
            base: "/here",
        };
        let cookie = clear(below(true)).unwrap();
        assert_eq!(
            cookie.to_str().unwrap(),
            "__Secure-heliograph=; Path=/here/; Max-Age=0; HttpOnly; SameSite=Lax; Secure"
        );
        let cookie = clear(below(false)).unwrap();
        assert!(cookie.to_str().unwrap().starts_with("heliograph=; Path=/here/;"));
        let of = |cookies: &str, secure| {
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, HeaderValue::from_str(cookies).unwrap());
            stated(&headers, site(secure))
        };
        let pair = format!("heliograph={}", secret.reveal());
        assert_eq!(of(&format!("a=b; {pair}"), false), Some(secret.clone()));
        assert_eq!(of(&format!("a=b; __Host-{pair}"), true), Some(secret));
        // Over TLS none that anybody without it could have set.
        assert_eq!(of(&pair, true), None);
        assert_eq!(of("heliograph=short; heliograph", false), None);
    }
}
