//! Who may ask, and who of them may read the journal. Decided for each request, from where it came in and what it shows.
//!
//! | it came | may ask | is known as |
//! |---|---|---|
//! | by a Unix socket | whoever may open it | `socket` |
//! | by a port of this machine | all its users | nobody |
//! | by the network | with a certificate of the CA, or a token | the certificate's name, the token's name |
//! | passed on by a proxy of this machine | like the proxy | `proxy` |
//!
//! Journal text is for those whose name stands in `journal_for`, and never goes over a network in the clear.

#[cfg(test)]
mod tests;
mod token;

use std::fmt;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use subtle::ConstantTimeEq as _;

pub use self::token::{Token, TokenError, tokens};
use crate::consumer::Consumer;

/// The name of those who come by a socket.
pub const SOCKET: &str = "socket";
/// The name of those whose requests a proxy passed on.
pub const PROXY: &str = "proxy";

/// What proxies say of those whose requests they pass on.
const PASSED_ON: [&str; 4] = ["forwarded", "via", "x-forwarded-for", "x-real-ip"];

/// How a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// By a Unix socket.
    Socket,
    /// By a port that only this machine can reach.
    Loopback,
    /// By the network, in the clear.
    Plain,
    /// By the network, encrypted.
    Encrypted,
}

/// Whose certificate a connection showed; it was issued by the configured CA.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Certificate {
    /// Which of the names in `journal_for` it is valid for.
    pub names: Vec<String>,
}

/// Who may ask.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// Tokens of those who come by the network.
    pub tokens: Vec<Token>,
    /// The names of those who may read the journal.
    pub journal_for: Vec<String>,
}

/// Who asks may not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// They show nothing.
    NoKey,
    /// What they show is not a token, or not one of ours.
    WrongKey,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Refusal::NoKey => "a token is needed: Authorization: Bearer …",
            Refusal::WrongKey => "this token is not known here",
        })
    }
}

impl Access {
    /// Admits a request as a consumer.
    ///
    /// # Errors
    /// When it needs a key and has none, or shows one that is not known.
    pub fn admit(
        &self,
        way: Way,
        certificate: Option<&Certificate>,
        headers: &HeaderMap,
    ) -> Result<Consumer, Refusal> {
        let token = match (self.token(headers), way) {
            // Nobody needs one here, and a proxy passes on the credentials of its own users, which mean nothing to us.
            (Err(_), Way::Socket | Way::Loopback) => None,
            (shown, _) => shown?,
        };
        let mut names: Vec<&str> = token.iter().map(|token| token.name.as_str()).collect();
        names.extend(
            certificate
                .iter()
                .flat_map(|certificate| &certificate.names)
                .map(String::as_str),
        );
        let passed_on = PASSED_ON.iter().any(|name| headers.contains_key(*name));
        match way {
            Way::Socket | Way::Loopback if passed_on => names.push(PROXY),
            Way::Socket => names.push(SOCKET),
            Way::Loopback => {}
            Way::Plain | Way::Encrypted => {
                if token.is_none() && certificate.is_none() {
                    return Err(Refusal::NoKey);
                }
            }
        }
        let named = names
            .iter()
            .any(|name| self.journal_for.iter().any(|known| known == name));
        Ok(Consumer {
            journal: named && way != Way::Plain,
        })
    }

    /// The token that a request shows.
    fn token(&self, headers: &HeaderMap) -> Result<Option<&Token>, Refusal> {
        let Some(shown) = headers.get(AUTHORIZATION).filter(|_| !self.tokens.is_empty()) else {
            return Ok(None);
        };
        let shown = shown.as_bytes();
        let shown = match shown.split_at_checked(7) {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case(b"bearer ") => token,
            _ => return Err(Refusal::WrongKey),
        };
        // All are compared, so that the time does not tell which one is alike.
        let mut found = None;
        for token in &self.tokens {
            if bool::from(token.secret().ct_eq(shown)) {
                found = Some(token);
            }
        }
        found.map(Some).ok_or(Refusal::WrongKey)
    }
}
