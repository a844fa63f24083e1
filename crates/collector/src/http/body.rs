//! Reading a request's body: bounded in size, in time, and by the memory that all requests share.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};

use super::answer::Refused;
use crate::budget::Charge;

/// How many times what has come is held ready for what is still to come.
const GROWTH: usize = 4;
/// Most bytes of a refused body that are taken from the wire; bodies that are not refused are smaller.
pub(super) const DISCARDED: usize = 16 << 20;

/// Reads a body of at most `limit` bytes as it came.
pub(super) async fn read(
    body: Body,
    limit: usize,
    within: Duration,
    charge: &mut Charge,
) -> Result<Bytes, Refused> {
    let mut reading = pin!(frames(body, limit, charge));
    // Most bodies have come with their heads: they need no timer.
    let begun = poll_fn(|context| Poll::Ready(reading.as_mut().poll(context))).await;
    match begun {
        Poll::Ready(read) => read,
        Poll::Pending => tokio::time::timeout(within, reading)
            .await
            .unwrap_or(Err(Refused::TooSlow)),
    }
}

async fn frames(mut body: Body, limit: usize, charge: &mut Charge) -> Result<Bytes, Refused> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > limit {
        discard(body).await;
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        let Ok(data) = frame.map_err(|_| Refused::Incomplete)?.into_data() else {
            continue;
        };
        let length = bytes.len() + data.len();
        if length > limit {
            discard(body).await;
            return Err(too_large(limit));
        }
        if bytes.is_empty() && body.is_end_stream() {
            charge.set(length).map_err(|_| Refused::Busy)?;
            return Ok(data);
        }
        if bytes.capacity() < length {
            // What is announced may never come: memory is taken by what has.
            let more = announced.saturating_sub(bytes.len()).min(GROWTH * length);
            bytes.reserve_exact(more.max(data.len()));
        }
        bytes.extend_from_slice(&data);
        charge.set(bytes.capacity()).map_err(|_| Refused::Busy)?;
    }
    Ok(Bytes::from(bytes))
}

/// Takes a body that is refused from the wire, within reason: who is cut off while writing may never read the answer, and would
/// take it for a broken network and try again.
pub(super) async fn discard(mut body: Body) {
    let mut left = DISCARDED;
    while let Some(Ok(frame)) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
        left = left.saturating_sub(frame.data_ref().map_or(0, Bytes::len));
        if left == 0 {
            return;
        }
    }
}

fn too_large(limit: usize) -> Refused {
    Refused::TooLarge(format!("the body is larger than {limit} bytes"))
}
