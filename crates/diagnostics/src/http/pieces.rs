//! A body that is made while it is sent: the next piece when the one before has left.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use http_body::Frame;

/// The pieces.
pub(super) struct Pieces<I>(I);

impl<I> Pieces<I>
where
    I: Iterator<Item = Bytes> + Send + Unpin + 'static,
{
    /// A body of these pieces.
    pub(super) fn body(pieces: I) -> Body {
        Body::new(Pieces(pieces))
    }
}

impl<I: Iterator<Item = Bytes> + Unpin> HttpBody for Pieces<I> {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.next().map(|piece| Ok(Frame::data(piece))))
    }
}
