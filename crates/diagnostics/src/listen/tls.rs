//! Encryption for the network: this node's certificate, and the CA of those who ask.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use webpki::EndEntityCert;

use crate::access::Certificate;

/// The files of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Files {
    /// This node's certificate, and those between it and its CA.
    pub certificate: Option<PathBuf>,
    /// Its key.
    pub key: Option<PathBuf>,
    /// The CA of those who may ask with a certificate.
    pub ca: Option<PathBuf>,
}

/// The files can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// One is missing.
    #[error("`tls_cert` and `tls_key` belong together: set both, or none")]
    Half,
    /// A file can't be read.
    #[error("can't read {what} in {}", file.display())]
    Unreadable {
        /// What should be there.
        what: &'static str,
        /// Where.
        file: PathBuf,
        /// Why not.
        #[source]
        error: rustls::pki_types::pem::Error,
    },
    /// There is nothing in it.
    #[error("there is no certificate in {}", .0.display())]
    Empty(PathBuf),
    /// The parts don't fit.
    #[error("certificate and key can't be used together")]
    Unfit(#[source] rustls::Error),
    /// No certificate could be checked with this CA.
    #[error("the CA can't be used")]
    Ca(#[source] rustls::server::VerifierBuilderError),
}

impl Files {
    /// What accepts encrypted connections; `None` without a certificate. With `optional`, those without a certificate of their
    /// own may connect, too: they need a token.
    pub(crate) fn acceptor(&self, optional: bool) -> Result<Option<TlsAcceptor>, TlsError> {
        let (certificate, key) = match (&self.certificate, &self.key) {
            (None, None) => return Ok(None),
            (Some(certificate), Some(key)) => (certificate, key),
            _ => return Err(TlsError::Half),
        };
        let chain = certificates(certificate)?;
        let key = read_key(key)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let versions = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Unfit)?;
        let asking = match &self.ca {
            None => versions.with_no_client_auth(),
            Some(ca) => {
                let mut roots = RootCertStore::empty();
                roots.add_parsable_certificates(certificates(ca)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier: Arc<dyn ClientCertVerifier> = match optional {
                    true => verifier.allow_unauthenticated().build(),
                    false => verifier.build(),
                }
                .map_err(TlsError::Ca)?;
                versions.with_client_cert_verifier(verifier)
            }
        };
        let mut config = asking.with_single_cert(chain, key).map_err(TlsError::Unfit)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Some(TlsAcceptor::from(Arc::new(config))))
    }
}

/// What asks others whose certificates are of this CA, and shows them this node's, if it has one.
pub(crate) fn connector(files: &Files, ca: &Path) -> Result<TlsConnector, TlsError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates(ca)?);
    let versions = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Unfit)?
        .with_root_certificates(roots);
    let config = match (&files.certificate, &files.key) {
        (None, None) => versions.with_no_client_auth(),
        (Some(certificate), Some(key)) => versions
            .with_client_auth_cert(certificates(certificate)?, read_key(key)?)
            .map_err(TlsError::Unfit)?,
        _ => return Err(TlsError::Half),
    };
    Ok(TlsConnector::from(Arc::new(config)))
}

fn read_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    PrivateKeyDer::from_pem_file(file).map_err(|error| TlsError::Unreadable {
        what: "the key",
        file: file.to_owned(),
        error,
    })
}

/// The certificates of a file.
fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |error| TlsError::Unreadable {
        what: "certificates",
        file: file.to_owned(),
        error,
    };
    let found: Vec<_> = CertificateDer::pem_file_iter(file)
        .map_err(unreadable)?
        .collect::<Result<_, _>>()
        .map_err(unreadable)?;
    match found.is_empty() {
        true => Err(TlsError::Empty(file.to_owned())),
        false => Ok(found),
    }
}

/// The certificate that the other side showed, and for which of these names it is valid. It was checked while shaking hands.
pub(super) fn shown(connection: &ServerConnection, names: &[String]) -> io::Result<Option<Certificate>> {
    let Some(first) = connection.peer_certificates().and_then(<[_]>::first) else {
        return Ok(None);
    };
    let certificate = EndEntityCert::try_from(first).map_err(io::Error::other)?;
    let names = names.iter().filter(|name| {
        ServerName::try_from(name.as_str())
            .is_ok_and(|name| certificate.verify_is_valid_for_subject_name(&name).is_ok())
    });
    Ok(Some(Certificate {
        names: names.cloned().collect(),
    }))
}
