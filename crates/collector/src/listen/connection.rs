//! A connection from beginning to end.

use std::convert::Infallible;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustix::net::{SendFlags, send};
use tokio::select;
use tokio::time::{sleep, timeout};

use super::House;
use super::pulse::{Act, Around, Pulse, TICK, decide};
use super::room::Seat;
use super::stage::Stage;
use super::stream::{Noted, Stream, drain};
use crate::client::Peer;

/// How long the runtime may take to notice bytes that have come.
const READING: Duration = Duration::from_millis(100);
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
            if let Ok(Ok(stream)) = shaken {
                serve(Stream::Tls(Box::new(stream)), peer, &house).await;
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
            drop(answering);
            Ok::<_, Infallible>(response)
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
                Act::Drop => return Poll::Ready(None),
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
    use super::*;

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
