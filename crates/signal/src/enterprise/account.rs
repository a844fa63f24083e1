//! The service account: a file of JSON with a name, a private key and where to log in. The key signs a word with which a token is
//! had (RFC 7519, RS256); neither is ever shown.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;
use serde::Deserialize;
use serde_json::json;

use crate::config::Secret;
use crate::http::url::Url;

/// Most that is read of the file, in bytes; a key of 8192 bits has 6.4 kB.
const MAX_FILE: u64 = 64 << 10;
/// How long the signed word is good: as the original's, for clocks that differ.
const LIFETIME: SignedDuration = SignedDuration::from_hours(1);

/// The account.
pub struct ServiceAccount {
    /// Its name.
    pub uid: String,
    /// Where to log in.
    pub login_endpoint: Url,
    key: RsaKeyPair,
}

impl std::fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("login_endpoint", &self.login_endpoint)
            .finish_non_exhaustive()
    }
}

/// The account can't be used.
#[derive(Debug, thiserror::Error)]
pub enum InvalidAccount {
    /// There is no file.
    #[error("there is no service account at {}", .0.display())]
    Missing(PathBuf),
    /// The file can't be read.
    #[error("service account {}: {problem}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong, without a word of what is in it.
        problem: String,
    },
}

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    uid: String,
    #[serde(default)]
    private_key: String,
    #[serde(default)]
    login_endpoint: String,
}

impl ServiceAccount {
    /// Reads an account.
    ///
    /// # Errors
    /// There is none, or it lacks something.
    pub fn read(path: &Path) -> Result<ServiceAccount, InvalidAccount> {
        let mut text = String::new();
        let read = File::open(path).and_then(|file| file.take(MAX_FILE).read_to_string(&mut text));
        match read {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(InvalidAccount::Missing(path.to_owned()));
            }
            Err(error) => return Err(invalid(path, error.to_string())),
        }
        ServiceAccount::parse(&text).map_err(|problem| invalid(path, problem))
    }

    fn parse(text: &str) -> Result<ServiceAccount, String> {
        let form = |error: serde_json::Error| {
            // What the library says of a value of another type shows the value.
            let at = (error.line(), error.column());
            format!("not the JSON that is expected, at line {} column {}", at.0, at.1)
        };
        let document: Document = serde_json::from_str(text).map_err(form)?;
        let said = |name: &str, value: String| match value.trim() {
            "" => Err(format!("says no {name}")),
            value => Ok(value.to_owned()),
        };
        let uid = said("uid", document.uid)?;
        let login_endpoint = said("login_endpoint", document.login_endpoint)?
            .parse()
            .map_err(|_| "its login_endpoint is not an http:// or https:// URL".to_owned())?;
        let key = rsa_key(&said("private_key", document.private_key)?)?;
        Ok(ServiceAccount {
            uid,
            login_endpoint,
            key,
        })
    }

    /// The word that says who asks, good from `now` on for an hour.
    ///
    /// # Errors
    /// Signing failed, which it does only without randomness.
    pub fn sign(&self, now: Timestamp) -> Result<Secret, String> {
        let ends = now
            .saturating_add(LIFETIME)
            .map_or(i64::MAX, Timestamp::as_second);
        let header = json!({ "alg": "RS256", "typ": "JWT" });
        let claims = json!({ "uid": self.uid, "exp": ends });
        let encode = |value: serde_json::Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let mut word = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; self.key.public().modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA256,
                &SystemRandom::new(),
                word.as_bytes(),
                &mut signature,
            )
            .map_err(|_| "the login could not be signed".to_owned())?;
        word.push('.');
        word.push_str(&URL_SAFE_NO_PAD.encode(signature));
        Ok(word.into())
    }
}

/// A private key of RSA as PEM, in either of its usual forms.
fn rsa_key(pem: &str) -> Result<RsaKeyPair, String> {
    let der = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "its private_key is no PEM of an unencrypted private key".to_owned())?;
    let key = match &der {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        _ => return Err("its private_key is not one of RSA".to_owned()),
    };
    key.map_err(|why| {
        format!("its private_key can't be used ({why}); it must be one of RSA with 2048 bits or more")
    })
}

fn invalid(path: &Path, problem: String) -> InvalidAccount {
    InvalidAccount::File {
        path: path.to_owned(),
        problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_account_lacks_is_said_and_nothing_of_what_it_has() {
        let key = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
        let ec = "-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0\n-----END EC PRIVATE KEY-----\n";
        for (document, problem) in [
            (json!({}), "says no uid"),
            (
                json!({"uid": "u", "login_endpoint": " "}),
                "says no login_endpoint",
            ),
            (
                json!({"uid": "u", "login_endpoint": "leader.mesos", "private_key": key}),
                "its login_endpoint is not an http:// or https:// URL",
            ),
            (
                json!({"uid": "u", "login_endpoint": "http://h/"}),
                "says no private_key",
            ),
            (
                json!({"uid": "u", "login_endpoint": "http://h/", "private_key": "c2VjcmV0"}),
                "its private_key is no PEM of an unencrypted private key",
            ),
            (
                json!({"uid": "u", "login_endpoint": "http://h/", "private_key": ec}),
                "its private_key is not one of RSA",
            ),
            (
                json!({"uid": "u", "login_endpoint": "http://h/", "private_key": key}),
                "its private_key can't be used (InvalidEncoding); it must be one of RSA with 2048 bits or more",
            ),
            (
                json!({"uid": "u", "private_key": ["c2VjcmV0"]}),
                "not the JSON that is expected, at line 1 column 15",
            ),
        ] {
            let error = ServiceAccount::parse(&document.to_string()).unwrap_err();
            assert_eq!(error, problem, "{document}");
        }
    }
}
