//! Sessions. What is in the cookie is a random secret of 256 bits; its SHA-256 is kept, and when the session began and was last used.

use std::fmt;
use std::time::Duration;

use heliograph_wire::id::hex;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq as _;

use super::user::{Role, UserName};
use crate::entropy::{self, Entropy, NoEntropy};

/// Letters and digits of a secret: more than 256 bits of choice, also since each is drawn evenly.
pub(crate) const LENGTH: usize = 44;
/// A session's last use is noted when the last note is older than this: not at each request.
pub const NOTED_EVERY: SignedDuration = SignedDuration::from_secs(60);

/// What is in a cookie, or in a link.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// What is kept of it. Looking it up tells nothing of it by its timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretDigest(pub [u8; 32]);

/// A session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Whose.
    pub user: UserName,
    /// What they may do.
    pub role: Role,
    /// When it began.
    pub began: Timestamp,
    /// When it was last used, as far as that was noted.
    pub used: Timestamp,
}

/// How long sessions last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// Without use.
    pub idle: Duration,
    /// In all.
    pub all: Duration,
}

impl Secret {
    /// A new one.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn generate(entropy: &dyn Entropy) -> Result<Secret, NoEntropy> {
        entropy::letters(entropy, LENGTH).map(Secret)
    }

    /// One as somebody states it; `None` when it can't be one.
    pub fn stated(text: &str) -> Option<Secret> {
        let plain = text.len() == LENGTH && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        plain.then(|| Secret(text.to_owned()))
    }

    /// The secret itself: for its holder.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it.
    pub fn digest(&self) -> SecretDigest {
        SecretDigest(Sha256::digest(&self.0).into())
    }

    /// What forms state to show that they are our own: known to whoever holds the secret, and telling nothing of it.
    pub fn form_token(&self) -> FormToken {
        let hash = Sha256::new()
            .chain_update("heliograph form\n")
            .chain_update(&self.0);
        FormToken(hex(&hash.finalize()))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// What our own forms state.
#[derive(Clone)]
pub struct FormToken(String);

impl FormToken {
    /// As it stands in a form.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the one that a form states; takes the same time wherever they differ.
    pub fn is(&self, stated: &str) -> bool {
        self.0.as_bytes().ct_eq(stated.as_bytes()).into()
    }
}

impl fmt::Debug for FormToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormToken(…)")
    }
}

impl Session {
    /// Whether it lasts still. One from the future was begun under another clock, and is over.
    pub fn lasts(&self, lifetime: Lifetime, now: Timestamp) -> bool {
        let younger = |than: Timestamp, age: Duration| {
            let old = now.duration_since(than);
            old >= -NOTED_EVERY && SignedDuration::try_from(age).is_ok_and(|age| old < age)
        };
        younger(self.began, lifetime.all) && younger(self.used, lifetime.idle)
    }

    /// Whether it is to be noted that it is used.
    pub fn is_to_be_noted(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) >= NOTED_EVERY
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn secrets_are_long_and_never_shown_by_accident() {
        let secret = Secret::generate(&SystemEntropy).unwrap();
        assert_eq!(Secret::stated(secret.reveal()), Some(secret.clone()));
        assert_eq!(
            format!("{secret:?} {:?}", secret.form_token()),
            "Secret(…) FormToken(…)"
        );
        assert!(secret.form_token().is(secret.form_token().as_str()));
        assert!(!secret.form_token().is("") && !secret.form_token().is(secret.reveal()));
        for text in ["", "a", &"a".repeat(45), &"é".repeat(22), &"-".repeat(44)] {
            assert_eq!(Secret::stated(text), None);
        }
    }

    #[test]
    fn sessions_end() {
        let at = |seconds: i64| Timestamp::from_second(1_000_000 + seconds).unwrap();
        let lifetime = Lifetime {
            idle: Duration::from_secs(100),
            all: Duration::from_secs(1000),
        };
        let session = |began, used| Session {
            user: "a".parse().unwrap(),
            role: Role::Viewer,
            began: at(began),
            used: at(used),
        };
        assert!(session(0, 0).lasts(lifetime, at(99)));
        assert!(!session(0, 0).lasts(lifetime, at(100)), "idle");
        assert!(session(0, 950).lasts(lifetime, at(999)));
        assert!(!session(0, 950).lasts(lifetime, at(1000)), "in all");
        assert!(!session(500, 500).lasts(lifetime, at(0)), "of the future");
        assert!(session(0, 0).is_to_be_noted(at(60)) && !session(0, 0).is_to_be_noted(at(59)));
    }
}
