//! HTTP over a Unix socket: for services of this host, past all proxies.

use std::io::{self, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, LazyBuffers, NextTimeout, Transport,
};
use ureq::{Agent, Error};

use super::{Answer, Failure, Limits, Method, USER_AGENT, at_least, failure};

/// Asks for a path of the service that listens on this socket.
///
/// # Errors
/// There is no answer. Any status is an answer.
pub fn get(socket: &Path, path: &str, limits: Limits) -> Result<Answer, Failure> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT)
        .timeout_connect(Some(at_least(limits.connect)))
        .timeout_recv_response(Some(at_least(limits.head)))
        .timeout_global(Some(at_least(limits.total)))
        .max_idle_connections(0)
        .proxy(None)
        .build();
    let agent = Agent::with_parts(config, ToSocket(socket.to_owned()), Nowhere);
    let answer = agent.get(format!("http://localhost{path}")).call();
    answer
        .map(|response| Answer::of(response, Method::Get, limits))
        .map_err(|error| failure(error, limits))
}

/// Names are not resolved: the socket is where the request goes. The library wants an address all the same.
#[derive(Debug)]
struct Nowhere;

impl Resolver for Nowhere {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let mut addresses = self.empty();
        addresses.push(([127, 0, 0, 1], 0).into());
        Ok(addresses)
    }
}

#[derive(Debug)]
struct ToSocket(PathBuf);

impl Connector<()> for ToSocket {
    type Out = OverSocket;

    fn connect(&self, details: &ConnectionDetails<'_>, _: Option<()>) -> Result<Option<OverSocket>, Error> {
        // A local socket takes a connection at once, or not at all.
        let stream = UnixStream::connect(&self.0)?;
        let sizes = details.config;
        let buffers = LazyBuffers::new(sizes.input_buffer_size(), sizes.output_buffer_size());
        Ok(Some(OverSocket { stream, buffers }))
    }
}

#[derive(Debug)]
struct OverSocket {
    stream: UnixStream,
    buffers: LazyBuffers,
}

impl Transport for OverSocket {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), Error> {
        self.stream.set_write_timeout(left(timeout)?)?;
        let output = self.buffers.output();
        let written = self.stream.write_all(&output[..amount]);
        written.map_err(|error| in_time(error, timeout))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, Error> {
        self.stream.set_read_timeout(left(timeout)?)?;
        let input = self.buffers.input_append_buf();
        let read = self.stream.read(input);
        let count = read.map_err(|error| in_time(error, timeout))?;
        self.buffers.input_appended(count);
        Ok(count > 0)
    }

    fn is_open(&mut self) -> bool {
        false
    }
}

/// How long may be waited now; `None` without end.
fn left(timeout: NextTimeout) -> Result<Option<Duration>, Error> {
    if timeout.after.is_zero() {
        return Err(Error::Timeout(timeout.reason));
    }
    Ok(timeout.not_zero().map(|span| *span))
}

fn in_time(error: io::Error, timeout: NextTimeout) -> Error {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Error::Timeout(timeout.reason),
        _ => error.into(),
    }
}
