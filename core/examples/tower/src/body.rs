//! Bodies: a request's, which is read up to a limit and replayed, and a response's, which is the service's or the
//! engine's.

use bytes::{Buf, Bytes, BytesMut};
use http_body::{Body, Frame, SizeHint};
use std::future::poll_fn;
use std::mem::take;
use std::pin::Pin;
use std::task::{Context, Poll};

/// The body of a request: the part that was read, and the rest.
pub struct Replayed<B> {
    read: Option<Bytes>,
    /// What ended the reading other than the end of the data: trailers or an error.
    last: Option<Result<http::HeaderMap, Box<dyn std::error::Error + Send + Sync>>>,
    rest: Option<B>,
}

/// An error of a body as a service sees it.
type BodyError = Box<dyn std::error::Error + Send + Sync>;

impl<B> Replayed<B>
where
    B: Body + Unpin,
    B::Error: Into<BodyError>,
{
    /// Reads at most `limit` bytes. Returns the text if it is the whole body.
    pub(crate) async fn read(mut body: B, limit: usize) -> (Self, Option<Bytes>) {
        let mut read = BytesMut::new();
        let mut last = None;
        while read.len() <= limit {
            match poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(mut data) => read.extend_from_slice(&data.copy_to_bytes(data.remaining())),
                    Err(frame) => last = frame.into_trailers().ok().map(Ok),
                },
                Some(Err(error)) => {
                    last = Some(Err(error.into()));
                    return (Self { read: Some(read.freeze()), last, rest: None }, None);
                }
                None => {
                    let whole = read.freeze();
                    return (Self { read: Some(whole.clone()), last, rest: None }, Some(whole));
                }
            }
        }
        (Self { read: Some(read.freeze()), last, rest: Some(body) }, None)
    }
}

impl<B> Body for Replayed<B>
where
    B: Body + Unpin,
    B::Error: Into<BodyError>,
{
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        if let Some(read) = take(&mut self.read).filter(|read| !read.is_empty()) {
            return Poll::Ready(Some(Ok(Frame::data(read))));
        }
        if let Some(rest) = &mut self.rest {
            let frame = Pin::new(rest).poll_frame(context);
            let whole = |mut data: B::Data| data.copy_to_bytes(data.remaining());
            return frame.map(|frame| Some(frame?.map(|frame| frame.map_data(whole)).map_err(Into::into)));
        }
        Poll::Ready(take(&mut self.last).map(|last| last.map(Frame::trailers)))
    }

    fn is_end_stream(&self) -> bool {
        let read = self.read.as_ref().is_none_or(Bytes::is_empty);
        read && self.last.is_none() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let read = self.read.as_ref().map_or(0, Bytes::len) as u64;
        let rest = self.rest.as_ref().map(Body::size_hint).unwrap_or_else(|| SizeHint::with_exact(0));
        let mut hint = SizeHint::new();
        hint.set_lower(read + rest.lower());
        if let Some(upper) = rest.upper() {
            hint.set_upper(read + upper);
        }
        hint
    }
}

/// The body of a response: the service's or the engine's.
pub enum Answered<B> {
    /// By the service.
    Service(B),
    /// By the engine.
    Engine(Option<Bytes>),
}

impl<B> Body for Answered<B>
where
    B: Body<Data = Bytes> + Unpin,
{
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match &mut *self {
            Self::Service(body) => Pin::new(body).poll_frame(context),
            Self::Engine(page) => Poll::Ready(take(page).map(|page| Ok(Frame::data(page)))),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Service(body) => body.is_end_stream(),
            Self::Engine(page) => page.is_none(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Service(body) => body.size_hint(),
            Self::Engine(page) => SizeHint::with_exact(page.as_ref().map_or(0, Bytes::len) as u64),
        }
    }
}
