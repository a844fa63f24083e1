//! Asking one node how it is.

use std::net::SocketAddr;
use std::time::Duration;

use axum::http::StatusCode;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::client::{Asked, Client, Failure, exchange};
use super::keys::Keys;
use super::member::{Address, Host};
use crate::consumer::Consumer;
use crate::document::node::{NodeDocument, PATH};
use crate::this_node::ThisNode;

/// Longest document of a node, in bytes.
pub const MAX_DOCUMENT: usize = 4 << 20;

/// What asks nodes.
#[derive(Clone)]
pub(crate) struct Poll {
    pub(crate) client: Client,
    /// The node that needs no network.
    pub(crate) here: ThisNode,
    /// How long a node may take.
    pub(crate) timeout: Duration,
    /// What is shown to the others.
    pub(crate) keys: watch::Receiver<Keys>,
}

impl Poll {
    /// A node's document, or why there is none.
    pub(crate) async fn ask(&self, address: &Address) -> Result<NodeDocument, String> {
        let until = Instant::now() + self.timeout;
        let asking = async {
            let name = address.host.to_string();
            let authority = address.to_string();
            let keys = self.keys.borrow().clone();
            let ask = async |addresses: &[SocketAddr]| {
                let asked = Asked {
                    addresses,
                    name: &name,
                    authority: &authority,
                    path: PATH,
                    limit: MAX_DOCUMENT,
                    until,
                };
                exchange(&asked, &keys).await
            };
            let answer = match &address.host {
                // Its journal is read when somebody wants to see it.
                Host::Here => return Ok(self.here.document(&Consumer { journal: false }).await.0),
                Host::Ip(ip) => ask(&[SocketAddr::new(*ip, address.port)]).await,
                Host::Name(name) => match self.client.addresses(name, address.port).await {
                    Ok(addresses) => ask(&addresses).await,
                    Err(failure) => Err(failure),
                },
            };
            let (status, body) = answer.map_err(|failure| failure.to_string())?;
            read(status, &body)
        };
        let said = timeout_at(until, asking).await;
        said.unwrap_or_else(|_| Err(Failure::TimedOut(self.timeout).to_string()))
    }
}

/// A node that has never heard of its units says so with a 503, in the same document.
fn read(status: StatusCode, body: &[u8]) -> Result<NodeDocument, String> {
    let document = match status {
        StatusCode::OK | StatusCode::SERVICE_UNAVAILABLE => serde_json::from_slice::<NodeDocument>(body),
        status => return Err(format!("it answered {}", status.as_u16())),
    };
    match (status, document) {
        (StatusCode::OK, Ok(document)) => Ok(document),
        (_, Ok(document)) if document.problem.is_some() => Ok(document),
        (StatusCode::OK, Err(error)) => Err(format!("its answer is not understood: {error}")),
        (status, _) => Err(format!("it answered {}", status.as_u16())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_documents_or_say_why_not() {
        let unit = r#"{"id":"a.service","health":0,"output":"","description":"","help":"","name":""}"#;
        let document = format!(r#"{{"units":[{unit}],"hostname":"a"}}"#);
        let stuck = r#"{"units":[],"problem":"systemd does not answer"}"#.to_owned();
        for (status, body, expected) in [
            (200, &document, Ok((1, None))),
            (200, &stuck, Ok((0, Some("systemd does not answer")))),
            (503, &stuck, Ok((0, Some("systemd does not answer")))),
            (503, &document, Err("it answered 503")),
            (503, &"no".to_owned(), Err("it answered 503")),
            (404, &document, Err("it answered 404")),
            (200, &"{}".to_owned(), Ok((0, None))),
            (
                200,
                &"<html>".to_owned(),
                Err("its answer is not understood: expected value at line 1 column 1"),
            ),
        ] {
            let read = read(StatusCode::from_u16(status).unwrap(), body.as_bytes());
            let shown = read.map(|document| (document.units.len(), document.problem));
            let expected = expected.map(|(units, problem)| (units, problem.map(str::to_owned)));
            assert_eq!(shown, expected.map_err(str::to_owned), "{status} {body}");
        }
    }
}
