//! A connection from beginning to end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use hyper::Request;
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::net::{SendFlags, send};
use tokio::select;
use tokio::time::{sleep, timeout};

use super::House;
use super::pulse::{Act, Answering, Around, Pulse, TICK, decide};
use super::room::Seat;
use super::stage::Stage;
use super::stream::{Noted, Stream, drain};
use crate::client::Peer;
use crate::metrics::Late;

/// How long the runtime may take to notice bytes that have come.
const READING: Duration = Duration::from_millis(100);
/// Bytes of an answer that is surely made at once.
const AT_HAND: u64 = 64 << 10;
/// What is read of a request that can't be read, so that its client can read the answer.
const DRAINED: usize = 256 << 10;
/// How long that may take.
const DRAINING: Duration = Duration::from_secs(1);
/// The answer to a client that has too many connections.
const TOO_MANY: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\n\
    content-type: application/json\r\ncontent-length: 75\r\n\r\n\
    {\"code\":\"too_many_connections\",\"message\":\"the client has too many of them\"}";

/// Speaks TLS, where that is to be spoken, and answers requests.
pub(super) async fn run(stream: Stream, peer: Peer, seat: Seat, house: Arc<House>) {
    match (stream, &house.tls) {
        (Stream::Tcp(tcp), Some(tls)) => {
            let handshake = timeout(house.times.head, tls.acceptor().accept(tcp));
            let shaken = select! {
                // No request has come yet.
                () = house.stages.reached(Stage::Stopping) => return,
                shaken = handshake => shaken,
            };
            // Somebody who does not speak TLS is told by the end of the connection.
            match shaken {
                Ok(Ok(stream)) => serve(Stream::Tls(Box::new(stream)), peer, &house).await,
                Ok(Err(_)) => {}
                Err(_) => house.room.late(Late::Handshake),
            }
        }
        (stream, _) => serve(stream, peer, &house).await,
    }
    drop(seat);
}

/// Answers requests until the client, the server or the clock has had enough.
async fn serve(stream: Stream, peer: Peer, house: &House) {
    let pulse = Arc::new(Pulse::default());
    let service = service_fn(|request: Request<Incoming>| {
        let answering = pulse.request();
        let door = house.door.clone();
        async move {
            let response = door.answer(peer, request).await;
            Ok::<_, Infallible>(held(response, answering))
        }
    });
    let noted = TokioIo::new(Noted::new(stream, Arc::clone(&pulse)));
    let mut http = house.http.serve_connection(noted, service);

    // Polled once, and again when it has woken this task: a task has one waker as long as it lives.
    let mut next_stage = pin!(house.stages.reached(Stage::Stopping));
    let mut stage = None;
    let mut tick = pin!(sleep(house.times.head.min(TICK)));
    let (mut doing, mut since) = (pulse.doing(), house.clock.elapsed());
    let mut wakes_at = since + house.times.head.min(TICK);
    let (mut looked, mut finishing) = (false, false);
    let ended = poll_fn(|context| {
        loop {
            if let Poll::Ready(result) = Pin::new(&mut http).poll(context) {
                return Poll::Ready(Some(result));
            }
            let current = house.stages.current();
            let turned = stage != Some(current);
            if turned {
                stage = Some(current);
                match current {
                    Stage::Running => {}
                    Stage::Stopping => next_stage.set(house.stages.reached(Stage::Ended)),
                    Stage::Ended => return Poll::Ready(None),
                }
                if next_stage.as_mut().poll(context).is_ready() {
                    continue;
                }
            }
            let now_doing = pulse.doing();
            let ticked = tick.as_mut().poll(context).is_ready();
            if now_doing == doing && !turned && !ticked && !looked {
                return Poll::Pending;
            }
            let now = house.clock.elapsed();
            if now_doing != doing {
                (doing, since, looked) = (now_doing, now, false);
            }
            let around = Around {
                full: house.room.is_full(),
                stopping: current != Stage::Running,
            };
            match decide(doing, now.saturating_sub(since), house.times, around, finishing) {
                Act::Wait(time) => {
                    looked = false;
                    let time = time.min(TICK);
                    if !ticked && wakes_at <= now + time {
                        return Poll::Pending;
                    }
                    wakes_at = now + time;
                    tick.set(sleep(time));
                }
                Act::Drop => {
                    if let Some(late) = doing.late().filter(|_| !finishing) {
                        house.room.late(late);
                    }
                    return Poll::Ready(None);
                }
                // A request that has just arrived is not lost: it is looked for before the connection is closed.
                Act::Finish if doing.is_between_requests() && !looked => {
                    pulse.ask_for_unread();
                    looked = true;
                }
                Act::Finish if doing.is_between_requests() && pulse.has_unread() => {
                    looked = false;
                    wakes_at = now + READING;
                    tick.set(sleep(READING));
                }
                Act::Finish => {
                    if let Some(late) = doing.late().filter(|_| !around.stopping) {
                        house.room.late(late);
                    }
                    Pin::new(&mut http).graceful_shutdown();
                    (finishing, since, looked) = (true, now, false);
                }
            }
        }
    });
    if let Some(Err(error)) = ended.await
        && (error.is_parse() || error.is_parse_too_large())
    {
        let mut noted = http.into_parts().io.into_inner();
        // The client may be gone by then.
        let _ = timeout(DRAINING, drain(&mut noted, DRAINED)).await;
    }
}

/// The request lasts as long as its answer: until that is at hand as a whole, or for as long as there is more of it.
fn held(response: Response, answering: Answering) -> Response {
    match response.body().size_hint().exact() {
        Some(length) if length <= AT_HAND => response,
        _ => response.map(|body| {
            Body::new(Held {
                body,
                _answering: answering,
            })
        }),
    }
}

/// A body that is still being made.
struct Held {
    body: Body,
    _answering: Answering,
}

impl HttpBody for Held {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// Tells a client that it has too many connections, if that can be said at once and without TLS.
pub(super) fn refuse(stream: &Stream, house: &House) {
    if house.tls.is_some() {
        return;
    }
    // A connection that was just made takes these few bytes; and if not, its end says the same.
    let _ = send(
        stream.socket(),
        TOO_MANY,
        SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
    );
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::routing::get;
    use tokio::net::UnixStream;
    use tokio::time::Sleep;

    use super::*;
    use crate::http::Door;
    use crate::listen::socket::Socket;
    use crate::listen::{Listening, Terms};
    use crate::metrics::Connections;

    /// Makes a letter now and then.
    struct Slow {
        left: u32,
        next: Pin<Box<Sleep>>,
    }

    const PAUSE: Duration = Duration::from_millis(300);

    impl HttpBody for Slow {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            if self.left == 0 {
                return Poll::Ready(None);
            }
            std::task::ready!(self.next.as_mut().poll(context));
            self.next.set(sleep(PAUSE));
            self.left -= 1;
            Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"x")))))
        }
    }

    fn serve_slowly() -> (Listening, std::path::PathBuf, tempfile::TempDir) {
        let slow = || async {
            Response::new(Body::new(Slow {
                left: 4,
                next: Box::pin(sleep(PAUSE)),
            }))
        };
        let door = Door::to(Router::new().route("/", get(slow)));
        let terms = Terms {
            header_timeout: PAUSE / 3,
            idle_timeout: PAUSE / 3,
            header_size: 8 << 10,
            header_count: 100,
            connections: 10,
            client_connections: 10,
            counted: Connections::default(),
            proxies: "".parse().unwrap(),
            tls: None,
        };
        let dir = tempfile::TempDir::new().unwrap();
        let path = dir.path().join("x.sock");
        let socket = Socket::bind_file(&path, 0o600).unwrap();
        (crate::listen::serve(vec![socket], door, &terms), path, dir)
    }

    async fn say(stream: &UnixStream, bytes: &[u8]) {
        stream.writable().await.unwrap();
        assert_eq!(stream.try_write(bytes).unwrap(), bytes.len());
    }

    async fn hear(stream: &UnixStream) -> String {
        let mut heard = Vec::new();
        let mut buffer = [0; 1024];
        loop {
            stream.readable().await.unwrap();
            match stream.try_read(&mut buffer) {
                Ok(0) => return String::from_utf8(heard).unwrap(),
                Ok(read) => heard.extend_from_slice(&buffer[..read]),
                Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock),
            }
        }
    }

    /// The answer takes longer than anything else may.
    #[tokio::test]
    async fn an_answer_takes_the_time_that_it_takes() {
        let (listening, path, _dir) = serve_slowly();
        let stream = UnixStream::connect(&path).await.unwrap();
        say(&stream, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        let answer = tokio::spawn(async move { hear(&stream).await });
        sleep(PAUSE / 2).await;
        assert!(listening.stop(Duration::from_secs(20)).await);
        let answer = answer.await.unwrap();
        assert_eq!(answer.matches("1\r\nx\r\n").count(), 4, "{answer}");
        assert!(answer.ends_with("0\r\n\r\n"), "{answer}");
    }

    #[tokio::test]
    async fn an_answer_that_takes_too_long_for_a_stop_is_cut_off() {
        let (listening, path, _dir) = serve_slowly();
        let stream = UnixStream::connect(&path).await.unwrap();
        say(&stream, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").await;
        sleep(PAUSE / 2).await;
        assert!(!listening.stop(PAUSE).await);
        assert!(!hear(&stream).await.ends_with("0\r\n\r\n"));
    }

    #[test]
    fn the_short_answer_is_whole() {
        let text = std::str::from_utf8(TOO_MANY).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(
            head.contains(&format!("content-length: {}", body.len())),
            "{}",
            body.len()
        );
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert!(body["code"].is_string() && body["message"].is_string());
    }
}
