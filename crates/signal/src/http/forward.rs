//! Plain http through a proxy, as Go does it: the request goes to the proxy with the whole URL in its first line (RFC 9112,
//! 3.2.2). The HTTP library always asks for a tunnel (`CONNECT`), which proxies commonly refuse for other ports than 443.

use std::net::ToSocketAddrs;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use crate::http::url::Url;

/// An agent whose http requests for `origin` go through `proxy`.
pub(super) fn agent(config: Config, proxy: Url, origin: &Uri) -> Agent {
    let prefix = format!(
        "http://{}",
        origin.authority().map_or("", |authority| authority.as_str())
    );
    Agent::with_parts(
        config,
        Forward {
            inner: DefaultConnector::default(),
            prefix,
        },
        ToProxy(proxy),
    )
}

/// Resolves every name to the proxy's address: the proxy resolves the origin's.
#[derive(Debug)]
struct ToProxy(Url);

impl Resolver for ToProxy {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        let found = (self.0.host(), self.0.port())
            .to_socket_addrs()
            .map_err(|_| Error::HostNotFound)?;
        // As many as the library's list takes.
        for address in found.take(16) {
            addresses.push(address);
        }
        if addresses.is_empty() {
            Err(Error::HostNotFound)
        } else {
            Ok(addresses)
        }
    }
}

#[derive(Debug)]
struct Forward {
    inner: DefaultConnector,
    prefix: String,
}

impl Connector<()> for Forward {
    type Out = AbsoluteForm;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<AbsoluteForm>, Error> {
        let inner = self.inner.connect(details, chained)?;
        Ok(inner.map(|inner| AbsoluteForm {
            inner,
            prefix: Some(self.prefix.clone()),
        }))
    }
}

/// A connection that puts scheme and host in front of the path of its first request line; it carries one request.
#[derive(Debug)]
struct AbsoluteForm {
    inner: Box<dyn Transport>,
    prefix: Option<String>,
}

impl Transport for AbsoluteForm {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.inner.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        let Some(prefix) = self.prefix.take() else {
            return self.inner.transmit_output(amount, timeout);
        };
        let output = self.inner.buffers().output();
        let end = amount + prefix.len();
        let path = output[..amount]
            .iter()
            .position(|byte| *byte == b' ')
            .map(|space| space + 1);
        let (Some(path), true) = (path, end <= output.len()) else {
            return Err(Error::BadUri("too long for a proxy".to_owned()));
        };
        output.copy_within(path..amount, path + prefix.len());
        output[path..path + prefix.len()].copy_from_slice(prefix.as_bytes());
        self.inner.transmit_output(end, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.inner.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}
