//! Connections from beginning to end: there are at most so many, and none stays that takes part in no progress.

use std::convert::Infallible;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::select;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use super::socket::{Socket, Stream};
use super::tls;
use crate::access::{Access, Certificate, Refusal, Way};

/// Most connections of one socket.
const CONNECTIONS: usize = 256;
/// How long the head of a request may take, from the connection's beginning or the last answer on; and the shaking of hands.
const HEAD: Duration = Duration::from_secs(30);
/// How long a connection may last; what is under way then has as long again.
const LIFE: Duration = Duration::from_secs(300);
/// Most bytes of a request's head.
const HEAD_SIZE: usize = 16 << 10;
/// How long nothing is accepted after the kernel could give us no connection.
const PAUSE: Duration = Duration::from_millis(100);

/// What is served at a socket.
#[derive(Clone)]
pub(super) struct Service {
    pub(super) router: Router,
    pub(super) way: Way,
    pub(super) keys: watch::Receiver<Keys>,
    pub(super) stopped: watch::Receiver<bool>,
}

/// By what those who ask are known. Replaced when the files are read again.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) access: Arc<Access>,
    pub(super) tls: Option<TlsAcceptor>,
}

/// Serves a socket until it is time to stop, and then ends what was begun.
pub(super) async fn run(socket: Socket, service: Service) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    let mut stopped = service.stopped.clone();
    let mut stopping = pin!(stopped.wait_for(|stopped| *stopped));
    loop {
        let accepted = select! {
            _ = &mut stopping => break,
            accepted = accept(&socket, &room) => accepted,
        };
        match accepted {
            Ok((stream, seat)) => {
                tokio::spawn(connection(stream, service.clone(), seat));
            }
            Err(error) => {
                tracing::debug!("a connection can't be accepted: {error}");
                sleep(PAUSE).await;
            }
        }
    }
    drop(socket);
    // All seats are free when all connections have ended; it can't fail, as nobody closes it.
    let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
    let _ = room.acquire_many(all).await;
}

/// A connection, and a seat for it.
async fn accept(
    socket: &Socket,
    room: &Arc<Semaphore>,
) -> io::Result<(Box<dyn Stream>, OwnedSemaphorePermit)> {
    let seat = Arc::clone(room).acquire_owned().await.map_err(io::Error::other)?;
    Ok((socket.accept().await?, seat))
}

async fn connection(stream: Box<dyn Stream>, service: Service, _seat: OwnedSemaphorePermit) {
    let keys = service.keys.borrow().clone();
    let ended = match (service.way, &keys.tls) {
        (Way::Encrypted, Some(tls)) => match timeout(HEAD, tls.accept(stream)).await {
            Ok(Ok(stream)) => {
                let shown = tls::shown(stream.get_ref().1, &keys.access.journal_for);
                let Ok(certificate) = shown else { return };
                answer(stream, &service, certificate).await
            }
            // They wanted something else, or nothing.
            Ok(Err(_)) | Err(_) => return,
        },
        // Without what it takes to encrypt, nothing is said.
        (Way::Encrypted, None) => return,
        _ => answer(stream, &service, None).await,
    };
    if let Err(error) = ended {
        tracing::debug!("a connection ended badly: {error}");
    }
}

/// Answers requests until the client, the daemon or the clock has had enough.
async fn answer(
    stream: impl Stream,
    service: &Service,
    certificate: Option<Certificate>,
) -> hyper::Result<()> {
    let answering = service_fn(|request: hyper::Request<Incoming>| {
        let mut router = service.router.clone();
        let access = Arc::clone(&service.keys.borrow().access);
        let consumer = access.admit(service.way, certificate.as_ref(), request.headers());
        async move {
            let response = match consumer {
                Ok(consumer) => {
                    let mut request: Request<Incoming> = request;
                    request.extensions_mut().insert(consumer);
                    router.call(request).await?
                }
                Err(refusal) => refused(refusal),
            };
            Ok::<_, Infallible>(response)
        }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEAD)
        .max_buf_size(HEAD_SIZE)
        .half_close(true);
    let mut connection = pin!(http.serve_connection(TokioIo::new(stream), answering));
    let mut stopped = service.stopped.clone();
    select! {
        ended = &mut connection => return ended,
        _ = stopped.wait_for(|stopped| *stopped) => {}
        () = sleep(LIFE) => {}
    }
    connection.as_mut().graceful_shutdown();
    timeout(LIFE, connection).await.unwrap_or(Ok(()))
}

fn refused(refusal: Refusal) -> Response {
    let mut response = (StatusCode::UNAUTHORIZED, format!("{refusal}\n")).into_response();
    let headers = response.headers_mut();
    headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    response
}
