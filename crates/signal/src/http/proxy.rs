//! Which proxy a request takes, by the rules of Go's `httpproxy` package, so that an environment that worked for the original
//! works for us:
//!
//! * `HTTPS_PROXY` serves https URLs, `HTTP_PROXY` http URLs (each also in lower case; upper case wins);
//! * `HTTP_PROXY` is ignored where `REQUEST_METHOD` is set, since a CGI client can set it;
//! * nothing is proxied to `localhost` or a loopback address;
//! * `NO_PROXY` lists, between commas and with spaces allowed, `*`, addresses, networks (CIDR), hosts with all below them, or
//!   (`.example.com`, `*.example.com`) only what is below; each may end in `:port`.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::environment::Environment;
use crate::http::url::Url;

/// The proxies of an environment.
#[derive(Debug, Clone, Default)]
pub struct Proxies {
    http: Option<String>,
    https: Option<String>,
    exceptions: Vec<Exception>,
}

#[derive(Debug, Clone, PartialEq)]
struct Exception {
    to: To,
    port: Option<u16>,
}

#[derive(Debug, Clone, PartialEq)]
enum To {
    Everything,
    Address(IpAddr),
    Network(IpNet),
    Host(String),
    Below(String),
}

impl Proxies {
    /// Those that an environment names.
    pub fn from(environment: &Environment) -> Proxies {
        let named = |upper: &str, lower: &str| {
            environment
                .get(upper)
                .or(environment.get(lower))
                .map(str::to_owned)
        };
        let cgi = environment.get("REQUEST_METHOD").is_some();
        let exceptions = named("NO_PROXY", "no_proxy").unwrap_or_default();
        Proxies {
            http: if cgi {
                None
            } else {
                named("HTTP_PROXY", "http_proxy")
            },
            https: named("HTTPS_PROXY", "https_proxy"),
            exceptions: exceptions.split(',').filter_map(Exception::parse).collect(),
        }
    }

    /// The proxy for a URL, as it stands in the environment.
    pub fn of(&self, url: &Url) -> Option<&str> {
        let proxy = if url.is_https() {
            self.https.as_deref()?
        } else {
            self.http.as_deref()?
        };
        let host = url.host().trim_end_matches('.').to_lowercase();
        let address = host.parse().ok().map(|address: IpAddr| address.to_canonical());
        if host == "localhost" || address.is_some_and(|address| address.is_loopback()) {
            return None;
        }
        let excepted = self
            .exceptions
            .iter()
            .any(|exception| exception.holds(&host, address, url.port()));
        if excepted { None } else { Some(proxy) }
    }
}

impl Exception {
    fn parse(text: &str) -> Option<Exception> {
        let text = text.trim().to_lowercase();
        if text.is_empty() {
            return None;
        }
        if text == "*" {
            return Some(Exception {
                to: To::Everything,
                port: None,
            });
        }
        if let Ok(network) = text.parse() {
            return Some(Exception {
                to: To::Network(network),
                port: None,
            });
        }
        let (host, port) = split_port(&text);
        if let Ok(address) = host.parse() {
            return Some(Exception {
                to: To::Address(address),
                port,
            });
        }
        let host = host.strip_prefix('*').unwrap_or(host);
        let to = match host.strip_prefix('.') {
            Some(below) => To::Below(format!(".{below}")),
            None => To::Host(host.to_owned()),
        };
        Some(Exception { to, port })
    }

    fn holds(&self, host: &str, address: Option<IpAddr>, port: u16) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        match &self.to {
            To::Everything => true,
            To::Address(excepted) => address == Some(*excepted),
            To::Network(network) => address.is_some_and(|address| network.contains(&address)),
            To::Host(name) => {
                host == name
                    || host
                        .strip_suffix(name.as_str())
                        .is_some_and(|rest| rest.ends_with('.'))
            }
            To::Below(suffix) => host.ends_with(suffix.as_str()),
        }
    }
}

/// `host:port`, `[v6]:port`, `[v6]`, `v6`, `host`
fn split_port(text: &str) -> (&str, Option<u16>) {
    if let Some(bracketed) = text.strip_prefix('[') {
        let (host, rest) = bracketed.split_once(']').unwrap_or((bracketed, ""));
        return (host, rest.strip_prefix(':').and_then(|port| port.parse().ok()));
    }
    match text.rsplit_once(':') {
        Some((host, port)) if !host.contains(':') && port.parse::<u16>().is_ok() => (host, port.parse().ok()),
        _ => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(variables: &[(&str, &str)]) -> Proxies {
        Proxies::from(
            &variables
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
        )
    }

    /// Cases worked out from the documentation of Go's `golang.org/x/net/http/httpproxy`.
    #[test]
    fn exceptions_hold_as_in_go() {
        let proxied = |no_proxy: &str, url: &str| {
            proxies(&[
                ("HTTP_PROXY", "http://p:1"),
                ("HTTPS_PROXY", "http://p:1"),
                ("NO_PROXY", no_proxy),
            ])
            .of(&url.parse().unwrap())
            .is_some()
        };
        for (no_proxy, url, expected) in [
            ("", "http://example.com/", true),
            ("", "http://localhost:5050/", false),
            ("", "http://127.3.2.1/", false),
            ("", "http://[::1]:80/", false),
            ("", "http://[::ffff:127.0.0.1]/", false),
            ("10.0.0.0/8", "http://[::ffff:10.1.2.3]/", false),
            ("*", "http://example.com/", false),
            ("example.com", "http://example.com/", false),
            ("example.com", "http://a.example.com/", false),
            ("example.com", "http://notexample.com/", true),
            (".example.com", "http://example.com/", true),
            (".example.com", "http://a.example.com/", false),
            ("*.example.com", "http://a.b.example.com/", false),
            ("*.example.com", "http://example.com/", true),
            ("EXAMPLE.com", "https://Example.COM/", false),
            ("a.invalid, example.com , b.invalid", "http://example.com/", false),
            ("example.com:8080", "http://example.com/", true),
            ("example.com:8080", "http://example.com:8080/", false),
            ("example.com:443", "https://example.com/", false),
            ("10.0.0.0/8", "http://10.1.2.3/", false),
            ("10.0.0.0/8", "http://11.1.2.3/", true),
            ("10.0.0.0/8", "http://ten.example/", true),
            ("192.0.2.7", "http://192.0.2.7:9/", false),
            ("192.0.2.7:9", "http://192.0.2.7/", true),
            ("2001:db8::/32", "http://[2001:db8::1]/", false),
            ("[2001:db8::1]:80", "http://[2001:db8::1]/", false),
            ("2001:db8::1", "http://[2001:db8::1]/", false),
        ] {
            assert_eq!(proxied(no_proxy, url), expected, "NO_PROXY={no_proxy:?} {url}");
        }
    }

    #[test]
    fn each_scheme_has_its_proxy() {
        let both = proxies(&[
            ("HTTP_PROXY", "http://a:1"),
            ("https_proxy", "http://b:2"),
            ("http_proxy", "http://c:3"),
        ]);
        assert_eq!(both.of(&"http://x/".parse().unwrap()), Some("http://a:1"));
        assert_eq!(both.of(&"https://x/".parse().unwrap()), Some("http://b:2"));
        let cgi = proxies(&[("HTTP_PROXY", "http://a:1"), ("REQUEST_METHOD", "GET")]);
        assert_eq!(cgi.of(&"http://x/".parse().unwrap()), None);
        assert_eq!(
            proxies(&[("HTTP_PROXY", "")]).of(&"http://x/".parse().unwrap()),
            None
        );
    }
}
