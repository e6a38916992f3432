//! A request from its bytes: the head, then the body in pieces.

use super::parts::owned;
use super::{Decision, Request};
use crate::eval::Context;
use crate::http::inbound::{Head, Held};
use crate::http::report::Scope;
use crate::report::Incomplete;
use crate::users::text::utf8;

impl Request {
    /// Evaluates the head of a request as it was received, query and cookies included.
    ///
    /// The body follows in pieces: [`Request::body`] takes them, and [`Request::body_end`] evaluates it. The host keeps
    /// the pieces, and passes them to the application once it knows that the request is not blocked.
    ///
    /// ```
    /// use bartizan::http::inbound::Head;
    /// use bartizan::protect::{Engine, Settings};
    /// let engine = Engine::new(Settings::builtin())?;
    /// let mut request = engine.request();
    /// let head = Head::new(b"POST", b"/comments").header(b"Content-Type", b"application/json").peer("192.0.2.7");
    /// assert!(!request.head(&head).blocked);
    /// request.body(b"{\"text\": \"<script>al");
    /// request.body(b"ert(1)</script>\"}");
    /// let found = request.body_end().found.expect("an evaluation");
    /// assert_eq!(found.events[0].matches[0].arguments[0].address, "server.request.body");
    /// # Ok::<(), bartizan::protect::Error>(())
    /// ```
    pub fn head(&mut self, head: &Head<'_>) -> Decision {
        let client = head.client(self.engine.service().proxies());
        let proxies = head.proxies.as_ref().unwrap_or(self.engine.service().proxies());
        self.allowed = self.engine.allows(client, proxies);
        let headers = head.texts();
        self.remember(client, Some(&utf8(&head.method)), Some(&utf8(&head.target)), &headers);
        self.request_headers = owned(headers);
        let addresses = self.is_on().then(|| head.addresses(client));
        self.body = self.is_on().then(|| Held::new(head, self.engine.bodies, self.engine.room.clone()));
        self.begin(addresses)
    }

    /// Takes the next piece of the body. False once no more is read: the limit of
    /// [`Settings::bodies`](crate::protect::Settings::bodies) is reached, or nothing is evaluated. The host then goes on
    /// to [`Request::body_end`], and lets what lies beyond pass unread.
    pub fn body(&mut self, piece: &[u8]) -> bool {
        self.body.as_mut().is_some_and(|body| body.push(piece))
    }

    /// Evaluates a message of a websocket, or of another stream in which each is judged by itself: together with the head of
    /// the request, but without keeping its data. It is read as the format that it looks like.
    pub fn message(&mut self, message: &[u8]) -> Decision {
        let mut held = Held::new(&Head::default(), self.engine.bodies, self.engine.room.clone());
        held.push(message);
        let read = held.finish();
        self.incomplete.merge(&Incomplete { body_cut: read.cut, ..Incomplete::default() });
        let aside = self.context.as_ref().map(Context::subcontext);
        let found = self.evaluate_in(aside, Scope::Request, read.addresses);
        self.decide(found)
    }

    /// Evaluates the body as far as it was received.
    pub fn body_end(&mut self) -> Decision {
        let Some(body) = self.body.take() else { return self.decide(None) };
        let read = body.finish();
        // A body without its end is rarely valid; that it was cut says more.
        let body = read.fault.filter(|_| !read.cut).map(String::from);
        self.incomplete.merge(&Incomplete { body, body_cut: read.cut, ..Incomplete::default() });
        match read.addresses.is_empty() {
            true => self.decide(None),
            false => self.run(read.addresses),
        }
    }
}
