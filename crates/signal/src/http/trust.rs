//! Whom https trusts: the system's store (`SSL_CERT_FILE` and `SSL_CERT_DIR` where they are set), and the operator's own CA
//! beside it. It is read when the first https URL is asked for, since most clusters' sources are plain http.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;
use ureq::tls::{Certificate, RootCerts, TlsConfig};

/// The operator's CA file can't be used.
#[derive(Debug, Clone, thiserror::Error)]
#[error("ca_cert_path {}: {problem}", path.display())]
pub struct InvalidCa {
    path: PathBuf,
    problem: String,
}

/// The trust of one process.
#[derive(Debug)]
pub struct Trust {
    own: Vec<Certificate<'static>>,
    tls: OnceLock<TlsConfig>,
}

impl Trust {
    /// The system's trust, and that in a PEM file.
    ///
    /// # Errors
    /// The file can't be read, or holds no certificate.
    pub fn new(own_ca: Option<&Path>) -> Result<Trust, InvalidCa> {
        let own = own_ca.map(read_pem).transpose()?.unwrap_or_default();
        Ok(Trust {
            own,
            tls: OnceLock::new(),
        })
    }

    /// The TLS configuration for https.
    pub(super) fn tls(&self) -> TlsConfig {
        self.tls.get_or_init(|| self.load()).clone()
    }

    fn load(&self) -> TlsConfig {
        let system = rustls_native_certs::load_native_certs();
        for error in &system.errors {
            tracing::debug!(%error, "a part of the system's trust store can't be read");
        }
        let system = system
            .certs
            .iter()
            .map(|certificate| Certificate::from_der(certificate).to_owned());
        let roots: Vec<_> = system.chain(self.own.iter().cloned()).collect();
        if roots.is_empty() {
            tracing::warn!(
                "no certificate authority is trusted: the system's store is empty and ca_cert_path is not set; every https request will fail"
            );
        }
        TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build()
    }
}

fn read_pem(path: &Path) -> Result<Vec<Certificate<'static>>, InvalidCa> {
    let invalid = |problem: String| InvalidCa {
        path: path.to_owned(),
        problem,
    };
    let certificates: Vec<_> = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| invalid(error.to_string()))?;
    if certificates.is_empty() {
        return Err(invalid(
            "holds no certificate; it must be a PEM file with at least one".to_owned(),
        ));
    }
    Ok(certificates
        .iter()
        .map(|certificate: &CertificateDer<'_>| Certificate::from_der(certificate).to_owned())
        .collect())
}
