//! A request: its data, the engine's findings, and the tags for its span.

mod decision;
mod end;
mod evaluate;
mod events;
mod inbound;
mod notices;
mod parts;
mod person;
mod users;

pub use decision::{Decision, UserDecision};
pub use end::{Finish, RequestReport};
pub use parts::{Response, Start, Taken};
pub use person::{Login, User};

use super::allow::ALLOWED;
use super::cause::Cause;
use super::engine::Engine;
use super::notice::Notice;
use crate::eval::Context;
use crate::http::addresses::{RequestParts, request_addresses, response_addresses};
use crate::http::inbound::Held;
use crate::http::report::{Report, Scope};
use crate::http::stealth::LoginFailure;
use crate::http::target::path;
use crate::http::{ClientAddress, client_address};
use crate::report::{Incomplete, ReportedAction};
use crate::support::Deadline;
use crate::takeover::Look;
use crate::users::{RequestScope, Who};
use crate::value::Value;
use parts::{Headers, OwnedHeaders, owned};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One request, from its first header to its report. Used by one thread at a time.
///
/// Every call that evaluates returns whether its evaluation (or an earlier one of the same user) blocks the request.
/// The host then writes the response of [`Request::block_response`] and runs no more application code.
pub struct Request {
    engine: Arc<Engine>,
    context: Option<Context>,
    scope: RequestScope,
    report: Report,
    meta: BTreeMap<String, String>,
    metrics: BTreeMap<String, f64>,
    /// The action that ends the request.
    verdict: Option<ReportedAction>,
    /// Why it is to end.
    cause: Option<Cause>,
    /// Whether the client's address is one that is never refused.
    allowed: bool,
    /// The route of the application that serves the request.
    route: Option<String>,
    /// Whether the block was told.
    told: bool,
    /// What happened since the host last asked.
    notices: Vec<Notice>,
    /// Users and sessions refused by a rule or the denylist, by address.
    refused: Vec<(&'static str, String)>,
    user: Option<String>,
    keep: bool,
    rate_limited: bool,
    blocked: bool,
    block_failed: bool,
    accept: Option<String>,
    method: Option<String>,
    client: ClientAddress,
    request_headers: OwnedHeaders,
    response_headers: OwnedHeaders,
    /// Whether a refusal by a block was counted; each request counts once.
    refusal_counted: bool,
    /// The path asked for, without query; kept for the detector of account takeover.
    path: Option<String>,
    /// The name under which the detector knows the request, once there was an event.
    event_id: Option<String>,
    /// The refusal is to look like a wrong password, of this login.
    stealth: bool,
    login: Option<String>,
    /// Whether a login attempt must pass a further step, because of its assessment.
    step_up: bool,
    /// Whether a rule asks for a further step.
    asked: bool,
    /// The login that failed in this request.
    failed_login: Option<String>,
    /// When the request began, in nanoseconds of the service.
    began: u64,
    /// What was not inspected so far.
    incomplete: Incomplete,
    /// The deadline of the evaluation that the current call leads to.
    deadline: Option<Deadline>,
    /// Whether data that identifies the client was cut from the current call.
    client_cut: bool,
    /// The body that is being received.
    body: Option<Held>,
}

impl Engine {
    /// A request served by the current instance.
    pub fn request(self: &Arc<Self>) -> Request {
        Request::new(self.clone(), self.waf().map(|waf| waf.context()))
    }
}

impl Request {
    fn new(engine: Arc<Engine>, context: Option<Context>) -> Self {
        let began = engine.service().elapsed();
        engine.counts.request();
        Self {
            engine,
            context,
            scope: RequestScope::default(),
            report: Report::default(),
            meta: BTreeMap::new(),
            metrics: BTreeMap::new(),
            verdict: None,
            cause: None,
            allowed: false,
            route: None,
            told: false,
            notices: Vec::new(),
            refused: Vec::new(),
            user: None,
            keep: false,
            rate_limited: false,
            blocked: false,
            block_failed: false,
            accept: None,
            method: None,
            client: ClientAddress::default(),
            request_headers: Vec::new(),
            response_headers: Vec::new(),
            refusal_counted: false,
            path: None,
            event_id: None,
            stealth: false,
            login: None,
            step_up: false,
            asked: false,
            failed_login: None,
            began,
            incomplete: Incomplete::default(),
            deadline: None,
            client_cut: false,
            body: None,
        }
    }

    /// The engine that serves the request.
    pub fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Whether anything is evaluated: false if the engine was off when the request began.
    pub fn is_on(&self) -> bool {
        self.context.is_some()
    }

    /// The origin of the request; known once it was started.
    pub fn client(&self) -> ClientAddress {
        self.client
    }

    /// The string tags for the request's span that are known so far.
    pub fn tags(&self) -> &BTreeMap<String, String> {
        &self.meta
    }

    /// Makes a call whose arguments may have been cut, within the rest of its budget.
    pub fn within<T>(&mut self, taken: Taken, call: impl FnOnce(&mut Self) -> T) -> T {
        self.incomplete.truncation = self.incomplete.truncation.or(taken.truncation);
        self.deadline = taken.deadline;
        self.client_cut = taken.client_cut;
        let result = call(self);
        self.deadline = None;
        self.client_cut = false;
        result
    }

    /// Names the route of the application that serves the request, such as `/users/{id}`, for logs.
    pub fn set_route(&mut self, route: impl Into<String>) {
        self.route = Some(route.into());
    }

    /// The attacks and blocks since the last call, for hooks and logs of the host. Their lines were logged as messages of
    /// the engine.
    ///
    /// ```
    /// use bartizan::protect::{Engine, Settings, Start};
    /// use bartizan::value::Value;
    /// let mut request = Engine::new(Settings::builtin())?.request();
    /// let query = Value::from_entries([("q", "<script>alert(1)</script>")]);
    /// request.start(Start::new("GET", "/search?q=...").query(query));
    /// let notices = request.take_notices();
    /// let line = notices[0].line.as_deref().expect("the first one is logged");
    /// assert!(line.contains(r#""key_path":["q"]"#) && line.contains(r#""action":"would_block""#));
    /// # Ok::<(), bartizan::protect::Error>(())
    /// ```
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Records why a body was not parsed, which makes the request incomplete.
    pub fn body_unparsed(&mut self, reason: impl Into<String>) {
        self.incomplete.merge(&Incomplete { body: Some(reason.into()), ..Incomplete::default() });
    }

    /// Evaluates what is known at the beginning of the request, as a host has parsed it. [`Request::head`] takes bytes.
    pub fn start(&mut self, start: Start<'_>) -> Decision {
        let proxies = start.proxies.as_ref().unwrap_or(self.engine.service().proxies());
        let client = client_address(&start.headers, start.peer.as_deref(), proxies);
        self.allowed = self.engine.allows(client, proxies);
        let Start { method, url, headers, query, cookies, path_params, body, .. } = start;
        let (method, url) = (method.as_deref(), url.as_deref());
        self.remember(client, method, url, &headers);
        let addresses = self.is_on().then(|| {
            let headers = &headers;
            request_addresses(RequestParts { method, url, headers, query, cookies, path_params, body, address: client })
        });
        self.request_headers = owned(headers);
        self.begin(addresses)
    }

    /// Keeps what later steps need of the beginning.
    fn remember(&mut self, client: ClientAddress, method: Option<&str>, url: Option<&str>, headers: &Headers<'_>) {
        self.client = client;
        let accept = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("accept"));
        self.accept = accept.map(|(_, value)| value.to_string());
        self.method = method.map(String::from);
        self.path = url.map(|url| path(url).into());
    }

    /// Evaluates the beginning, unless the client is refused whatever it asks for; none if the engine is off.
    fn begin(&mut self, addresses: Option<Value>) -> Decision {
        let Some(mut addresses) = addresses else { return Decision::default() };
        let login = self.login_of(addresses.get(b"server.request.body"));
        self.meta.extend(self.client.tags().map(|(tag, address)| (tag.to_string(), address)));
        let client = self.client.client.filter(|_| !self.allowed);
        if self.allowed {
            addresses.insert(ALLOWED, true);
        }
        let refused = client.and_then(|client| Some((client, self.refusal(Some(client), &Who::default())?)));
        let found = match refused {
            Some((client, look)) => {
                self.stealth = look == Look::Stealth;
                self.tell_refusal(look, None);
                self.refuse_client(client);
                return self.refused_decision();
            }
            // The client may be one of the refused ones.
            None if self.client_cut && !self.allowed && self.engine.service().refuses_addresses() => {
                self.refuse_incomplete();
                return self.refused_decision();
            }
            None => self.evaluate(Scope::Request, addresses),
        };
        let decision = self.decide(found);
        self.gated(login, decision)
    }

    /// Evaluates more of the request: a map from addresses to values.
    ///
    /// ```
    /// # use bartizan::protect::{Engine, Settings};
    /// use bartizan::value::Value;
    /// # let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": []}"#)?)?;
    /// let mut request = engine.request();
    /// let decision = request.run(Value::from_entries([("server.request.body", "text")]));
    /// assert!(!decision.blocked);
    /// # Ok::<(), bartizan::protect::Error>(())
    /// ```
    pub fn run(&mut self, addresses: Value) -> Decision {
        let login = self.login_of(addresses.get(b"server.request.body"));
        let found = self.evaluate(Scope::Request, addresses);
        let decision = self.decide(found);
        self.gated(login, decision)
    }

    /// Evaluates a dangerous operation (a file opened, a query sent) before it happens: together with the request, but
    /// without keeping its data.
    pub fn operation(&mut self, addresses: Value) -> Decision {
        let aside = self.context.as_ref().map(Context::subcontext);
        let found = self.evaluate_in(aside, Scope::Exploit, addresses);
        self.decide(found)
    }

    /// Evaluates the head of the response before it is sent. A blocking response of our own is not evaluated.
    pub fn response(&mut self, response: Response<'_>) -> Decision {
        if self.verdict.is_some() {
            self.response_headers = owned(response.headers);
            return Decision::default();
        }
        let addresses = response_addresses(response.status, &response.headers, response.body);
        self.response_headers = owned(response.headers);
        let found = self.evaluate(Scope::Request, addresses);
        self.decide(found)
    }

    /// Whether the application must ask for a further step, such as a captcha or a second factor, before it checks a password
    /// or does what else the request wants. Either the account of a login attempt, or the service, is under attack, and nobody
    /// logged in to the account from here before; or a rule with an action of the type `ato_step_up` matched.
    pub fn step_up(&self) -> bool {
        self.step_up || self.asked
    }

    /// Whether a login failed in this request, as the application or a rule reported. The host then passes the response, with its
    /// body, to [`Request::learn_login_failure`].
    pub fn login_failed(&self) -> bool {
        self.failed_login.is_some() && self.verdict.is_none()
    }

    /// Learns from the application's response to a wrong password, so that refusals at this path can look like it. False if no
    /// login failed in this request, or the response is of no use.
    pub fn learn_login_failure(&mut self, mut response: LoginFailure) -> bool {
        if !self.login_failed() {
            return false;
        }
        let (Some(login), Some(path)) = (self.failed_login.take(), self.path.as_deref()) else { return false };
        let service = self.engine.service();
        response.latency = service.elapsed().saturating_sub(self.began) / 1000;
        service.learn_login_failure(path, &login, &response)
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request").field("on", &self.is_on()).field("client", &self.client).finish_non_exhaustive()
    }
}
