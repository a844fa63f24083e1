//! Where requests come in, with who sent them. The limits of clients are kept here, so that the paths behind need not know who
//! asks, and can't tell anybody; but where people log in, which is limited by client, too.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderMap, Method, header};
use axum::response::Response;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::timeout;
use tower_service::Service as _;

use super::answer::Refused;
use super::call::{self, Call};
use super::{App, body, forget, intake, metrics, pixel};
use crate::access::guard::{too_fast, wants_page};
use crate::access::{aim, page};
use crate::client::proxies::Proxies;
use crate::client::{Client, Peer};
use crate::limit::Over;
use crate::metrics::Fast;

/// Where the paths begin that pages of other origins reach.
const SEGMENTS: [&str; 3] = ["/v1/", "/projects/", "/analytics.js/"];

/// Where it is counted how often a client tries to log in.
const COUNTED: [&str; 3] = [aim::LOG_IN, page::FIRST, page::ACCOUNT];

/// Marks a request that a process on this machine made, for itself or for another.
#[derive(Debug, Clone, Copy)]
pub(super) struct Local;

/// Lets requests in.
#[derive(Clone)]
pub(crate) struct Door {
    router: Router,
    guard: Option<Arc<Guard>>,
}

/// Keeps those out who ask too fast.
struct Guard {
    app: Arc<App>,
    proxies: Proxies,
}

impl Door {
    /// A door to these paths, for everybody.
    pub(crate) fn to(router: Router) -> Door {
        Door { router, guard: None }
    }

    /// A door to these paths, for who does not ask too fast.
    pub(crate) fn guarded(router: Router, app: Arc<App>, proxies: Proxies) -> Door {
        Door {
            router,
            guard: Some(Arc::new(Guard { app, proxies })),
        }
    }

    /// Answers a request.
    pub(crate) async fn answer(mut self, peer: Peer, mut request: Request<Incoming>) -> Response {
        if peer.is_local() {
            request.extensions_mut().insert(Local);
        }
        let request = match &self.guard {
            Some(guard) => match guard.check(peer, &request) {
                Ok(client) => {
                    let mut request = guard.metered(client, request);
                    // Nearly all that comes: it need not be looked for among all paths.
                    if request.method() == Method::POST
                        && let Some((path, call)) = call::posted_to(request.uri().path())
                    {
                        return guard.take(request, path, call).await;
                    }
                    if let Some(client) = client.filter(|_| COUNTED.contains(&request.uri().path())) {
                        request.extensions_mut().insert(client);
                    }
                    request
                }
                Err(over) => return guard.refuse(request, over).await,
            },
            None => request.map(Body::new),
        };
        let Ok::<_, Infallible>(response) = self.router.call(request).await;
        response
    }
}

impl Guard {
    /// Whose request it is, if that can be told, and whether it may be made.
    fn check(&self, peer: Peer, request: &Request<Incoming>) -> Result<Option<Client>, Over> {
        let client = self.proxies.client(peer, request.headers());
        if let Some(client) = client {
            let announced = request.body().size_hint().exact();
            // Anybody can announce anything; no more than this is ever read.
            let announced = announced.unwrap_or(0).min(body::DISCARDED as u64);
            self.app.limits.client(client, announced)?;
        }
        Ok(client)
    }

    /// A body whose length was not announced is charged as it comes.
    fn metered(self: &Arc<Guard>, client: Option<Client>, request: Request<Incoming>) -> Request<Body> {
        request.map(|body| match client {
            Some(client) if body.size_hint().exact().is_none() => {
                let guard = Arc::clone(self);
                Body::new(Metered { body, client, guard })
            }
            _ => Body::new(body),
        })
    }

    async fn take(&self, request: Request<Body>, path: &'static str, call: Call) -> Response {
        let response = intake::post(&self.app, request, call).await;
        let counted = self.app.queue.metrics();
        counted.request(path.into(), metrics::class(response.status()));
        response
    }

    async fn refuse(&self, request: Request<Incoming>, over: Over) -> Response {
        let app = &*self.app;
        app.queue.metrics().too_fast(Fast::Client);
        let (parts, body) = request.into_parts();
        let (path, headers) = (parts.uri.path(), &parts.headers);
        if !waits_to_be_told(headers) {
            // However long that takes, the answer is the same.
            let _ = timeout(app.body_timeout, body::discard(Body::new(body))).await;
        }
        let refused = Refused::TooFast(Fast::Client, over);
        if path.starts_with(pixel::PREFIX) {
            pixel::dot(app, headers)
        } else if path != forget::PATH && SEGMENTS.iter().any(|prefix| path.starts_with(prefix)) {
            app.cors.grant(headers).mark(refused.answer())
        } else if wants_page(&parts.method, headers) {
            too_fast(app, over)
        } else {
            refused.problem()
        }
    }
}

/// Whether the body only comes when it is asked for.
fn waits_to_be_told(headers: &HeaderMap) -> bool {
    headers.contains_key(header::EXPECT)
}

/// A body that tells what came of it.
struct Metered {
    body: Incoming,
    client: Client,
    guard: Arc<Guard>,
}

impl HttpBody for Metered {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if let Poll::Ready(Some(Ok(frame))) = &frame {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
            self.guard.app.limits.client_bytes(self.client, bytes);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
