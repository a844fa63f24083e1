//! How what is sent is signed: by Standard Webhooks, which has receivers in most languages.
//!
//! The signature is HMAC-SHA256 over the id, the time of the attempt and the body with points between them; so neither can be changed,
//! and what is old can be told from what is new.

use std::path::{Path, PathBuf};
use std::{fmt, fs, io};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_PAD_INDIFFERENT};
use ring::hmac;

/// What a secret may begin with.
const PREFIX: &str = "whsec_";
/// Bytes of a secret, at least and at most.
const SHORTEST: usize = 24;
const LONGEST: usize = 64;

/// What receivers and we know.
#[derive(Clone)]
pub struct Secret(hmac::Key);

/// The secret can't be had.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Its file can't be read.
    #[error("can't read webhook_secret_file {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// It is none.
    #[error(
        "webhook_secret_file {} does not hold {PREFIX} and {SHORTEST} to {LONGEST} bytes in base64; make one with: echo {PREFIX}$(openssl rand -base64 32)",
        .0.display()
    )]
    Malformed(PathBuf),
}

impl Secret {
    /// The one in a file.
    ///
    /// # Errors
    /// When there is none.
    pub fn read(path: &Path) -> Result<Secret, SecretError> {
        let text = fs::read_to_string(path).map_err(|error| SecretError::Read(path.to_owned(), error))?;
        Secret::of(&text).ok_or_else(|| SecretError::Malformed(path.to_owned()))
    }

    fn of(text: &str) -> Option<Secret> {
        let text = text.trim();
        let bytes = STANDARD_PAD_INDIFFERENT
            .decode(text.strip_prefix(PREFIX).unwrap_or(text))
            .ok()?;
        let fits = (SHORTEST..=LONGEST).contains(&bytes.len());
        fits.then(|| Secret(hmac::Key::new(hmac::HMAC_SHA256, &bytes)))
    }

    /// The header `webhook-signature` of an id, a time in seconds and a body.
    pub(super) fn sign(&self, id: &str, time: i64, body: &str) -> String {
        let tag = hmac::sign(&self.0, format!("{id}.{time}.{body}").as_bytes());
        format!("v1,{}", STANDARD.encode(tag))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_standard_does() {
        // The example of the specification's libraries.
        let secret = Secret::of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let signature = secret.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
        assert_eq!(format!("{secret:?}"), "Secret(…)");
    }

    #[test]
    fn a_secret_is_long_enough() {
        assert!(Secret::of("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").is_some());
        for text in [
            "",
            "whsec_",
            "whsec_c2hvcnQ=",
            "whsec_?",
            "a secret that is long enough, but is no base64",
        ] {
            assert!(Secret::of(text).is_none(), "{text}");
        }
        assert!(Secret::of(&"A".repeat(100)).is_none());
    }
}
