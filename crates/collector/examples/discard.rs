//! The yardstick of `cargo xtask bench ingest`: a bare hyper server that reads each body, throws it away and says 200. It runs
//! on the same runtime and takes connections the same way as the collector; no collector on hyper can be faster.
#![expect(clippy::print_stdout, reason = "says where it listens, as the collector does")]

use std::convert::Infallible;

use axum::body::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

const ANSWER: &[u8] = br#"{"success":true}"#;

async fn discard(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let mut body = request.into_body();
    // A body that breaks off ends its connection by itself.
    while let Some(Ok(_)) = body.frame().await {}
    Ok(Response::new(Full::new(Bytes::from_static(ANSWER))))
}

async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("listening on http://{}", listener.local_addr()?);
    let mut terminate = signal(SignalKind::terminate())?;
    let accept = async {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let serving = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service_fn(discard));
                // Whoever measures closes connections as it likes.
                let _ = serving.await;
            });
        }
    };
    tokio::select! {
        () = accept => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(serve())
}
