//! Requests through the layer, to a service that accepts everybody.

use bartizan::protect::Until;
use bartizan::protect::{Engine, Mode, RequestReport, Settings, Subject, User};
use bartizan_tower::{Protect, ProtectLayer, Protected, Replayed};
use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use std::convert::Infallible;
use std::future::{Future, Ready, poll_fn, ready};
use std::pin::{Pin, pin};
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Waker};
use tower::{Layer, Service};

/// A body in several chunks.
#[derive(Default)]
struct Pieces(Vec<&'static str>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let first = (!self.0.is_empty()).then(|| self.0.remove(0));
        Poll::Ready(first.map(|piece| Ok(Frame::data(Bytes::from(piece)))))
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::default()
    }
}

/// Runs a future that never waits.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("nothing wakes this future"),
    }
}

fn text<B: Body<Data = Bytes> + Unpin>(mut body: B) -> String {
    let mut text = Vec::new();
    while let Some(Ok(frame)) = now(poll_fn(|context| Pin::new(&mut body).poll_frame(context))) {
        text.extend(frame.into_data().unwrap_or_default());
    }
    String::from_utf8(text).unwrap()
}

/// Sets the user from a header, and sends the body back.
#[derive(Clone)]
struct Echo;

impl Service<Request<Replayed<Pieces>>> for Echo {
    type Response = Response<Replayed<Pieces>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Replayed<Pieces>>) -> Self::Future {
        if let Some(user) = request.headers().get("x-user") {
            let protected = request.extensions().get::<Protected>().unwrap();
            protected.with(|request| request.set_user(&User::new(user.to_str().unwrap())));
        }
        ready(Ok(Response::new(request.into_body())))
    }
}

fn protected() -> (Protect<Echo>, mpsc::Receiver<RequestReport>) {
    let rule = |id: &str, address: &str| {
        let inputs = format!(r#"{{"regex": "attack", "inputs": [{{"address": "{address}"}}]}}"#);
        let condition = format!(r#"{{"operator": "match_regex", "parameters": {inputs}}}"#);
        format!(
            r#"{{"id": "{id}", "name": "n", "tags": {{"type": "t"}}, "on_match": ["block"], "conditions": [{condition}]}}"#
        )
    };
    let rules = [rule("query", "server.request.query"), rule("body", "server.request.body")].join(",");
    let engine = Engine::new(
        Settings::from_json(format!(r#"{{"version": "2.2", "rules": [{rules}]}}"#)).unwrap().mode(Mode::Block),
    )
    .unwrap();
    engine.service().block(&Subject::user("mallory").and_address("192.0.2.1"), Until::Forever).unwrap();
    let (send, receive) = mpsc::channel();
    (ProtectLayer::new(Arc::clone(&engine), move |report| send.send(report).unwrap()).layer(Echo), receive)
}

#[test]
fn requests_are_evaluated_blocked_and_reported() {
    const FORM: &str = "application/x-www-form-urlencoded";
    let (mut service, reports) = protected();
    let cases: [(&str, &str, &str, &[&'static str], u16); 8] = [
        ("/", "x-user", "bob", &[], 200),
        ("/", "x-user", "mallory", &[], 403),
        ("/", "x-forwarded-for", "192.0.2.1", &[], 403),
        ("/?q=an+%61ttack", "accept", "text/html", &[], 403),
        ("/", "content-type", FORM, &["a=1&b=an+%6", "1ttack"], 403),
        ("/", "content-type", FORM, &["a=1&", "b=2"], 200),
        ("/", "content-type", "application/json", &[r#"{"a": ["att"#, r#"ack"]}"#], 403),
        ("/", "content-type", "text/plain", &["an attack"], 403),
    ];
    for (target, name, value, pieces, status) in cases {
        let request = Request::post(target).header(name, value).body(Pieces(pieces.to_vec())).unwrap();
        now(poll_fn(|context| service.poll_ready(context))).unwrap();
        let response = now(service.call(request)).unwrap();
        assert_eq!(response.status(), status, "{target} {name}: {value} {pieces:?}");
        let body = text(response.into_body());
        match status {
            200 => assert_eq!(body, pieces.concat()),
            _ => assert!(body.contains("blocked"), "{body}"),
        }
        let report = reports.try_recv().expect("one report");
        assert_eq!(report.meta.contains_key("appsec.blocked"), status == 403, "{:?}", report.meta);
        assert!(reports.try_recv().is_err(), "and no other");
    }
}

#[test]
fn large_bodies_pass_and_are_reported() {
    let (mut service, reports) = protected();
    let piece: &'static str = Box::leak("x".repeat(700_000).into_boxed_str());
    let request = Request::post("/").body(Pieces(vec![piece, piece, "end"])).unwrap();
    let response = now(service.call(request)).unwrap();
    assert_eq!(text(response.into_body()).len(), 1_400_003);
    assert_eq!(reports.try_recv().unwrap().incomplete, ["body"]);
}
