//! TLS: a certificate and its key, from files that may be replaced while the server runs.
//!
//! They are read at the start and when a reload is asked for, never in between. Files that are of no use are told, and what was
//! read before stays. Connections keep what they began with. What is told names files and never what is in them.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use rustls::crypto::ring;
use rustls::pki_types::pem::{Error as PemError, PemObject as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{Error as RustlsError, InconsistentKeys, ServerConfig};
use tokio_rustls::TlsAcceptor;

/// Bytes of the longest chain of certificates that is read.
const MAX_FILE: u64 = 1 << 20;
/// What is spoken.
const HTTP_1_1: &[u8] = b"http/1.1";

/// The files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Files {
    /// The certificate, and behind it those that lead to one that clients know. PEM.
    pub(crate) certificate: PathBuf,
    /// Its private key. PEM, not encrypted.
    pub(crate) key: PathBuf,
}

/// A certificate that is in use.
pub(crate) struct Tls {
    files: Files,
    current: RwLock<TlsAcceptor>,
}

/// The files are of no use.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One can't be read.
    #[error("can't read {}", .0.display())]
    Unreadable(PathBuf, #[source] io::Error),
    /// One is not PEM.
    #[error("{} is damaged, or not PEM", .0.display())]
    NotPem(PathBuf),
    /// There is none.
    #[error("there is no certificate in {}", .0.display())]
    NoCertificate(PathBuf),
    /// There is none, or it is encrypted.
    #[error("there is no private key in {}, or it is encrypted", .0.display())]
    NoKey(PathBuf),
    /// They are not a pair.
    #[error("the key in {} is not that of the first certificate in {}", .key.display(), .certificate.display())]
    NotAPair {
        /// File of the key.
        key: PathBuf,
        /// File of the certificate.
        certificate: PathBuf,
    },
    /// TLS can't be spoken with them.
    #[error("{} and {} can't be used", .certificate.display(), .key.display())]
    Unusable {
        /// File of the key.
        key: PathBuf,
        /// File of the certificate.
        certificate: PathBuf,
        /// Why.
        #[source]
        error: RustlsError,
    },
}

impl Tls {
    /// Reads the files.
    ///
    /// # Errors
    /// When they are of no use.
    pub(crate) fn load(files: Files) -> Result<Tls, TlsError> {
        let current = RwLock::new(acceptor(&files)?);
        Ok(Tls { files, current })
    }

    /// Reads the files again, for the connections to come.
    ///
    /// # Errors
    /// When they are of no use; then those that were read before are used.
    pub(crate) fn reload(&self) -> Result<(), TlsError> {
        let new = acceptor(&self.files)?;
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

fn acceptor(files: &Files) -> Result<TlsAcceptor, TlsError> {
    let unusable = |error| TlsError::Unusable {
        key: files.key.clone(),
        certificate: files.certificate.clone(),
        error,
    };
    let provider = Arc::new(ring::default_provider());
    let (chain, key) = (chain(&files.certificate)?, key(&files.key)?);
    let pair = CertifiedKey::from_der(chain, key, &provider).map_err(|error| match error {
        RustlsError::InconsistentKeys(InconsistentKeys::KeyMismatch) => TlsError::NotAPair {
            key: files.key.clone(),
            certificate: files.certificate.clone(),
        },
        error => unusable(error),
    })?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(pair)));
    config.alpn_protocols = vec![HTTP_1_1.to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}

fn chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = read(path)?;
    let chain: Result<Vec<_>, PemError> = CertificateDer::pem_slice_iter(&text).collect();
    match chain {
        Ok(chain) if chain.is_empty() => Err(TlsError::NoCertificate(path.to_owned())),
        Ok(chain) => Ok(chain),
        Err(_) => Err(TlsError::NotPem(path.to_owned())),
    }
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = read(path)?;
    // What is wrong with it is not told: it would be told with a line of it.
    PrivateKeyDer::from_pem_slice(&text).map_err(|error| match error {
        PemError::NoItemsFound => TlsError::NoKey(path.to_owned()),
        _ => TlsError::NotPem(path.to_owned()),
    })
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(MAX_FILE).read_to_end(&mut text))
        .map_err(|error| TlsError::Unreadable(path.to_owned(), error))?;
    Ok(text)
}
