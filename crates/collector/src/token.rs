//! Tokens: what people and their tools show who read or administer. Not write keys, which are public in browsers and only append.
//!
//! | scope | may |
//! |---|---|
//! | `read` | read what messages add up to |
//! | `support` | read that, and single clusters and messages |
//! | `admin` | do all of it, and have somebody forgotten |
//!
//! Like a write key a token is shown once; its hash and a prefix are kept.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

use crate::entropy::{self, Entropy, NoEntropy};

/// What every token begins with, so that one that got lost is recognised.
pub const MARK: &str = "hgt_";
/// Characters behind that: 256 bits of choice.
const LENGTH: usize = 43;
/// Characters behind the mark that are kept for listing.
const PREFIX: usize = 8;

/// A token's text.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

/// What is kept of a token: its SHA-256. Looking it up tells nothing of the token by its timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TokenDigest(pub [u8; 32]);

/// What may be done with a token; each may do what those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Read what messages add up to.
    Read,
    /// Read single clusters and messages.
    Support,
    /// Everything.
    Admin,
}

impl Token {
    /// A token as somebody states it; `None` when it can't be one.
    pub fn stated(text: &str) -> Option<Token> {
        let text = text.trim();
        text.starts_with(MARK).then(|| Token(text.to_owned()))
    }

    /// A new token.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Token, NoEntropy> {
        entropy::letters(entropy, LENGTH).map(|letters| Token(format!("{MARK}{letters}")))
    }

    /// The token itself: for the one time that it is shown.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(Sha256::digest(&self.0).into())
    }

    /// What is shown of it.
    pub fn prefix(&self) -> String {
        self.0.chars().take(MARK.len() + PREFIX).collect()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

impl Scope {
    /// All scopes.
    pub const ALL: [Scope; 3] = [Scope::Read, Scope::Support, Scope::Admin];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Support => "support",
            Scope::Admin => "admin",
        }
    }

    /// Whether what asks for another scope may be done.
    pub fn covers(self, needed: Scope) -> bool {
        self >= needed
    }
}

/// Not a scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a token's scope is one of read, support, admin")]
pub struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Scope, UnknownScope> {
        let found = Scope::ALL.into_iter().find(|scope| scope.name() == text);
        found.ok_or(UnknownScope)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn tokens_are_long_and_never_shown_by_accident() {
        let token = Token::generate(&SystemEntropy).unwrap();
        assert_eq!(token.reveal().len(), MARK.len() + LENGTH);
        assert_eq!(format!("{token:?}"), "Token(…)");
        assert!(token.reveal().starts_with(&token.prefix()) && token.prefix().len() == 12);
        assert_eq!(
            Token::stated(&format!(" {} ", token.reveal())),
            Some(token.clone())
        );
        assert_ne!(token.digest(), Token::generate(&SystemEntropy).unwrap().digest());
        // Whatever looks like a write key is none.
        assert_eq!(Token::stated("abcdefghijklmnopqrstuvwxyz012345"), None);
    }

    #[test]
    fn a_scope_covers_those_before_it() {
        for scope in Scope::ALL {
            assert_eq!(scope.name().parse(), Ok(scope));
            assert!(Scope::Admin.covers(scope) && scope.covers(Scope::Read) && scope.covers(scope));
        }
        assert!(!Scope::Support.covers(Scope::Admin) && !Scope::Read.covers(Scope::Support));
        assert_eq!("root".parse::<Scope>(), Err(UnknownScope));
    }
}
