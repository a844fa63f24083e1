//! Passwords. What is kept of one is its argon2id hash as a PHC string: 19 MiB of memory, 2 passes, 1 lane (the OWASP Password Storage
//! Cheat Sheet's choice), 16 random bytes of salt. A hash that was made with other numbers is checked with those.

use std::fmt;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};

use crate::entropy::{Entropy, NoEntropy};

/// Memory, in KiB.
const MEMORY: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const SALT: usize = 16;
/// Fewest characters.
pub const FEWEST: usize = 10;
/// Most bytes; what is longer would only take time to hash.
const MOST: usize = 1024;

/// A password, as somebody typed it.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// What is kept of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// Why a text is no password for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// It has too few characters.
    #[error("a password has at least {FEWEST} characters")]
    TooShort,
    /// It is longer than anybody types.
    #[error("a password has at most {MOST} bytes")]
    TooLong,
    /// It is the user's name.
    #[error("the password is the user's name")]
    Name,
}

/// A password can't be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// There is nothing to make the salt of.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// There is no memory for it.
    #[error("the password can't be hashed")]
    Failed(#[source] argon2::password_hash::Error),
}

impl Password {
    /// A password that somebody states; what it is compared with decides whether it is right.
    pub fn stated(text: &str) -> Password {
        Password(text.to_owned())
    }

    /// A new password of a user, if it is fit to be one.
    ///
    /// # Errors
    /// When it is not.
    pub fn chosen(text: &str, user: &str) -> Result<Password, Unfit> {
        if text.chars().count() < FEWEST {
            Err(Unfit::TooShort)
        } else if text.len() > MOST {
            Err(Unfit::TooLong)
        } else if text.eq_ignore_ascii_case(user) {
            Err(Unfit::Name)
        } else {
            Ok(Password(text.to_owned()))
        }
    }

    /// What is kept of it. Takes tens of milliseconds, and 19 MiB.
    ///
    /// # Errors
    /// When there is no randomness, or no memory.
    pub fn hash(&self, entropy: &dyn Entropy) -> Result<PasswordHash, HashError> {
        let mut salt = [0; SALT];
        entropy.fill(&mut salt)?;
        let hash = argon2().hash_password_with_salt(self.0.as_bytes(), &salt);
        Ok(PasswordHash(hash.map_err(HashError::Failed)?.to_string()))
    }

    /// Whether it is the one that a hash was made of; takes as long where there is none to compare it with.
    pub fn is(&self, kept: Option<&PasswordHash>) -> bool {
        let usable = kept.filter(|hash| Phc::new(&hash.0).is_ok());
        if self.0.len() > MOST {
            return false;
        }
        match usable {
            Some(hash) => argon2().verify_password(self.0.as_bytes(), &*hash.0).is_ok(),
            None => {
                // The result is of no use, and the time that it takes is the point.
                let made = argon2().hash_password_with_salt(self.0.as_bytes(), &[0; SALT]);
                let _ = std::hint::black_box(made.is_ok());
                false
            }
        }
    }
}

impl PasswordHash {
    /// A hash as it is kept.
    pub fn kept(text: String) -> PasswordHash {
        PasswordHash(text)
    }

    /// As it is kept.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

fn argon2() -> Argon2<'static> {
    // The numbers are within what argon2 takes, which a test makes sure of.
    let params = Params::new(MEMORY, PASSES, LANES, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SystemEntropy;

    #[test]
    fn a_hash_knows_its_password_and_says_how_it_was_made() {
        let password = Password::chosen("correct horse", "ada").unwrap();
        let hash = password.hash(&SystemEntropy).unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.as_str()
        );
        assert!(password.is(Some(&hash)));
        assert!(!Password::stated("correct horsf").is(Some(&hash)));
        assert!(!password.is(None) && !password.is(Some(&PasswordHash::kept("x".to_owned()))));
        assert_ne!(password.hash(&SystemEntropy).unwrap(), hash, "the salt differs");
        assert_eq!(format!("{password:?} {hash:?}"), "Password(…) PasswordHash(…)");
    }

    #[test]
    fn unfit_passwords_are_refused() {
        for (text, unfit) in [
            ("123456789", Unfit::TooShort),
            ("ÄÖÜäöüß", Unfit::TooShort),
            ("Administrator", Unfit::Name),
            (&*"a".repeat(1025), Unfit::TooLong),
        ] {
            assert_eq!(Password::chosen(text, "administrator"), Err(unfit));
        }
        // Nothing is computed of what is far too long.
        assert!(!Password::stated(&"a".repeat(2000)).is(None));
    }
}
