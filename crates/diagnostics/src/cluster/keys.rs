//! What this node shows to the members that it asks, and by what it knows them.

use std::fmt;
use std::path::PathBuf;

use axum::http::HeaderValue;
use tokio_rustls::TlsConnector;

use crate::access::{self, TokenError};
use crate::listen::ServeError;
use crate::listen::tls::{self, connector};

/// The files of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct KeyFiles {
    /// The token that is shown: the first in this file.
    pub token: Option<PathBuf>,
    /// The CA of the members' certificates. Without it they are asked in the clear.
    pub ca: Option<PathBuf>,
}

/// What is shown. Debug output tells none of it.
#[derive(Clone, Default)]
pub(crate) struct Keys {
    pub(crate) token: Option<HeaderValue>,
    pub(crate) tls: Option<TlsConnector>,
}

impl KeyFiles {
    /// Reads them; `own` is this node's certificate, which is shown to members that are known by theirs.
    pub(crate) fn read(&self, own: &tls::Files) -> Result<Keys, ServeError> {
        Ok(Keys {
            token: self.token()?,
            tls: match &self.ca {
                Some(ca) => Some(connector(own, ca)?),
                None => None,
            },
        })
    }

    fn token(&self) -> Result<Option<HeaderValue>, TokenError> {
        let Some(file) = &self.token else { return Ok(None) };
        let tokens = access::tokens(file)?;
        let none = || TokenError::None(file.clone());
        let token = tokens.first().ok_or_else(none)?;
        let text = [b"Bearer ", token.secret()].concat();
        let mut shown = HeaderValue::from_bytes(&text).map_err(|_| none())?;
        shown.set_sensitive(true);
        Ok(Some(shown))
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}
