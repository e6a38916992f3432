//! The layer, and the service it makes.

use crate::body::{Answered, Replayed};
use crate::parse;
use bartizan::http::block::{Answer, Ask};
use bartizan::protect::{Engine, Finish, Request as Guarded, RequestReport, Response as Head, Start};
use bartizan::value::Value;
use bytes::Bytes;
use http::{HeaderMap, Request, Response};
use http_body::Body;
use std::borrow::Cow;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// Bodies up to this size are read.
const LARGEST_BODY: usize = 1 << 20;

type OnReport = Arc<dyn Fn(RequestReport) + Send + Sync>;

/// Protects services with an engine.
#[derive(Clone)]
pub struct ProtectLayer {
    engine: Arc<Engine>,
    on_report: OnReport,
}

impl ProtectLayer {
    /// A layer that passes the report of each request to a function.
    pub fn new(engine: Arc<Engine>, on_report: impl Fn(RequestReport) + Send + Sync + 'static) -> Self {
        Self { engine, on_report: Arc::new(on_report) }
    }
}

impl<S> Layer<S> for ProtectLayer {
    type Service = Protect<S>;

    fn layer(&self, inner: S) -> Protect<S> {
        Protect { inner, layer: self.clone() }
    }
}

/// A service that is protected. The peer's [`SocketAddr`] is expected in the extensions of the request.
#[derive(Clone)]
pub struct Protect<S> {
    inner: S,
    layer: ProtectLayer,
}

/// The protected request, for the service's calls about its user. It ends when the response has been evaluated.
#[derive(Clone)]
pub struct Protected(Arc<Mutex<Guarded>>);

impl Protected {
    /// Makes calls. A user who is refused ends the request, whatever the service answers.
    #[expect(clippy::disallowed_methods, reason = "this server does not fork")]
    pub fn with<T>(&self, call: impl FnOnce(&mut Guarded) -> T) -> T {
        call(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The engine's response, if the request is to be blocked.
    fn answer<B>(&self) -> Option<Response<Answered<B>>> {
        let Answer::Http(page) = self.with(|request| request.block_response(&Ask::default()))? else { return None };
        let mut response = Response::builder().status(page.status);
        for (name, value) in page.headers {
            response = response.header(&*name, value);
        }
        let body = Some(Bytes::from(page.body)).filter(|body| !body.is_empty());
        response.body(Answered::Engine(body)).ok()
    }
}

impl<S, B, R> Service<Request<B>> for Protect<S>
where
    S: Service<Request<Replayed<B>>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Body + Unpin + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    type Response = Response<Answered<R>>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready handles this call.
        let next = self.inner.clone();
        let inner = std::mem::replace(&mut self.inner, next);
        let ProtectLayer { engine, on_report } = self.layer.clone();
        Box::pin(async move {
            let protected = Protected(Arc::new(Mutex::new(engine.request())));
            let _report = ReportAtEnd { protected: protected.clone(), on_report };
            serve(inner, request, &protected).await
        })
    }
}

/// Reports the request however it ends: the client may disconnect, or the service panic.
struct ReportAtEnd {
    protected: Protected,
    on_report: OnReport,
}

impl Drop for ReportAtEnd {
    fn drop(&mut self) {
        (self.on_report)(self.protected.with(|request| request.finish(&Finish::default())));
    }
}

async fn serve<S, B, R>(
    mut inner: S,
    request: Request<B>,
    protected: &Protected,
) -> Result<Response<Answered<R>>, S::Error>
where
    S: Service<Request<Replayed<B>>, Response = Response<R>>,
    B: Body + Unpin,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let (mut parts, body) = request.into_parts();
    let decision = protected.with(|request| request.start(start(&parts)));
    if let Some(answer) = decision.blocked.then(|| protected.answer()).flatten() {
        return Ok(answer);
    }
    let (body, whole) = Replayed::read(body, LARGEST_BODY).await;
    protected.with(|request| judge_body(request, &parts.headers, whole));
    if let Some(answer) = protected.answer() {
        return Ok(answer);
    }
    parts.extensions.insert(protected.clone());
    let response = inner.call(Request::from_parts(parts, body)).await?;
    let head = Head::new(response.status().as_u16()).with_headers(pairs(response.headers()));
    protected.with(|request| request.response(head));
    Ok(protected.answer().unwrap_or_else(|| response.map(Answered::Service)))
}

fn start(parts: &http::request::Parts) -> Start<'_> {
    let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
    let mut start = Start::new(parts.method.as_str(), target).with_headers(pairs(&parts.headers));
    if let Some(query) = parts.uri.query() {
        start = start.query(parse::form(query.as_bytes()));
    }
    match parts.extensions.get::<SocketAddr>() {
        Some(peer) => start.peer(peer.to_string()),
        None => start,
    }
}

/// Reports why a body was not parsed; the part that was read is evaluated as a whole.
fn judge_body(request: &mut Guarded, headers: &HeaderMap, whole: Option<Bytes>) {
    let body = match whole {
        Some(text) if text.is_empty() => return,
        Some(text) => parse::body(headers, &text).unwrap_or_else(|reason| {
            request.body_unparsed(reason);
            Value::from(&text[..])
        }),
        None => {
            request.body_unparsed(format!("more than {LARGEST_BODY} bytes, or broken off"));
            Value::null()
        }
    };
    request.run(Value::from_entries([("server.request.body", body)]));
}

fn pairs(headers: &HeaderMap) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
    let text = String::from_utf8_lossy;
    headers.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), text(value.as_bytes()))).collect()
}
