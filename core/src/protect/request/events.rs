//! Connects requests to the detector of account takeover: the events they report, and the login attempts they refuse.
//!
//! Events come from calls about users (by applications and instrumentation), from business events, and from rules
//! that tag. They are read from the resulting tags and attributes, which name the event and its fields, and completed
//! with what is known of the request: its source, the traits of its device, and whether the firewall found an attack
//! in it.

use super::super::cause::Cause;
use super::{Decision as ProtectDecision, Login, Request};
use crate::Outcome;
use crate::report;
use crate::takeover::headers::Headers;
use crate::takeover::{Assessment, Decision, Event, Look, name, source};
use crate::users::identity::id_text;
use crate::users::text::utf8;
use crate::users::{Call, USER_ID, Who};
use crate::value::{Object, Value};
use std::borrow::Cow;
use std::net::IpAddr;

/// The prefix of tags and attributes of events.
const EVENTS: &str = "appsec.events.";
/// Calls of language models are business events, but not account events.
const NOT_OF_ACCOUNTS: &str = "llm.call";

impl Request {
    /// Assesses a login attempt before the password is checked. If it is refused, the request is blocked: see
    /// [`Request::block_response`]. If it must pass a further step, [`Request::step_up`] says so.
    ///
    /// ```
    /// # use bartizan::protect::{Engine, Login, Settings, Start};
    /// use bartizan::takeover::Decision;
    /// # let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": []}"#)?)?;
    /// let mut request = engine.request();
    /// request.start(Start::new("POST", "/login").peer("192.0.2.7"));
    /// assert_eq!(request.assess(&Login::of("bob@example.org")).decision, Decision::Allow);
    /// # Ok::<(), bartizan::protect::Error>(())
    /// ```
    pub fn assess(&mut self, login: &Login) -> Assessment {
        let Some(detector) = self.engine.takeover().filter(|_| self.context.is_some()).cloned() else {
            return Assessment::allow();
        };
        let report = login.report();
        let user = report.user.map(|user| if user.is_map() { user.get(b"id") } else { Some(user) });
        let mut attempt = Event { login: text(report.login), user_id: text(user.flatten()), ..Event::default() };
        attempt.login = attempt.login.or_else(|| attempt.user_id.clone());
        self.complete(&mut attempt, "");
        let mut assessment = detector.judge(&attempt, !self.refusal_counted);
        if self.asked && assessment.decision == Decision::Allow {
            assessment = Assessment::asked_by_rule();
        }
        let login = attempt.login.map(Cow::into_owned);
        self.step_up |= assessment.decision == Decision::StepUp;
        self.refusal_counted |= matches!(assessment.decision, Decision::Stealth | Decision::Block);
        match assessment.decision {
            Decision::Allow => {}
            Decision::StepUp => self.tell_attempt("step_up", login.as_deref()),
            Decision::Stealth => self.refused_login(Look::Stealth, login),
            Decision::Block => self.refused_login(Look::Block, login),
        }
        assessment
    }

    /// Returns the login that a body brings to a configured login path.
    pub(super) fn login_of(&self, body: Option<&Object>) -> Option<Login> {
        let login = self.engine.takeover.as_ref()?.login(self.path.as_deref()?, body?)?;
        text(Some(login)).map(|login| Login::of(login.as_ref()))
    }

    /// Assesses the login attempt that a request brought. If a rule made of an attack blocks the request, or any rule asks
    /// for a further step, the attempt counts as refused.
    pub(super) fn gated(&mut self, login: Option<Login>, decision: ProtectDecision) -> ProtectDecision {
        if decision.blocked {
            let outcome = decision.found.as_ref();
            if outcome.is_some_and(|outcome| outcome.events.iter().any(is_of_attack)) {
                self.login = login
                    .and_then(|login| login.report().login.and_then(|login| text(Some(login))).map(Cow::into_owned));
                self.tell_attempt("stealth", self.login.clone().as_deref());
            }
            return decision;
        }
        let Some(login) = login else {
            if self.asked {
                self.tell_attempt("step_up", None);
            }
            return decision;
        };
        let blocked = self.assess(&login).is_refused();
        ProtectDecision { blocked, ..decision }
    }

    /// Reports a call about a user.
    pub(super) fn tell_call(&mut self, call: Call<'_>, outcome: &crate::users::CallOutcome) {
        if !self.tells() || !outcome.accepted {
            return;
        }
        let producer = match call {
            Call::SawEvent(..) => "auto",
            Call::SawUser(_) | Call::SawSession(_) | Call::SetUser(_) => return,
            _ => "sdk",
        };
        let attributes = Value::from_entries(outcome.meta.iter().filter(|(tag, _)| tag.starts_with(EVENTS)));
        let mut events = source::events(&attributes, &Value::null());
        for event in &mut events {
            event.insert("producer", producer);
            for (field, tag) in [
                ("usr.id", USER_ID),
                ("usr.id", "_dd.appsec.usr.id"),
                ("usr.login", "_dd.appsec.usr.login"),
                ("usr.session_id", "usr.session_id"),
            ] {
                if let Some(text) = outcome.meta.get(tag).filter(|_| event.get(field.as_bytes()).is_none()) {
                    event.insert(field, text);
                }
            }
        }
        self.tell(&events);
    }

    /// Reports a business event.
    pub(super) fn tell_business(&mut self, name: &str, values: &Object) {
        if !self.tells() || name == NOT_OF_ACCOUNTS {
            return;
        }
        let mut event = Value::from_entries([("event", name), ("producer", "sdk")]);
        if values.is_map() {
            event.insert("meta", values.to_value());
            for field in ["usr.id", "usr.login"] {
                if let Some(value) = values.get(field.as_bytes()) {
                    event.insert(field, value.to_value());
                }
            }
        }
        self.tell(&[event]);
    }

    /// Reports the findings of rules that are marked as events.
    pub(super) fn tell_found(&mut self, outcome: &Outcome) {
        let marks = |name: &[u8]| name.starts_with(EVENTS.as_bytes());
        let tags = outcome.attributes.iter().any(|(name, _)| marks(name)) || outcome.events.iter().any(is_of_business);
        if !tags || self.engine.takeover.is_none() {
            return;
        }
        let attributes = outcome.attributes.iter().filter(|(name, _)| marks(name));
        let attributes = Value::from_entries(attributes.map(|(name, value)| (name, value.to_value())));
        let reported: Value =
            outcome.events.iter().filter(|event| is_of_business(event)).map(report::Event::to_value).collect();
        let events = source::events(&attributes, &reported);
        self.tell(&events);
    }

    fn tells(&self) -> bool {
        self.engine.takeover.is_some() && self.context.is_some()
    }

    fn tell(&mut self, events: &[Value]) {
        let Some(takeover) = self.engine.takeover.as_ref().filter(|_| !events.is_empty()) else { return };
        let id = self.event_id.get_or_insert_with(|| takeover.request_id()).clone();
        let mut failed = None;
        for value in events {
            let Ok(mut event) = Event::read(value) else {
                // The detector counts it as dropped.
                let _ = takeover.detector.event(value);
                continue;
            };
            self.complete(&mut event, &id);
            if let Some(path) = self.path.as_deref().filter(|_| is_login(&event.event)) {
                takeover.saw_login(path);
            }
            takeover.detector.take(&event);
            if event.event == name::LOGIN_FAILURE {
                failed = event.login.map(Cow::into_owned);
            }
        }
        self.failed_login = failed.or(self.failed_login.take());
    }

    /// Completes an event with what is known of the request.
    fn complete<'a>(&'a self, event: &mut Event<'a>, id: &'a str) {
        event.request_id = (!id.is_empty()).then_some(Cow::Borrowed(id));
        event.ip = event.ip.or(self.client.client);
        let header = |wanted: &str| {
            let found = self.request_headers.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted));
            found.map(|(_, value)| &**value).filter(|value| !value.is_empty()).map(Cow::Borrowed)
        };
        event.user_agent = header("user-agent");
        event.accept_language = header("accept-language");
        event.header_count = Some(self.request_headers.len()).filter(|count| *count > 0);
        event.method = self.method.as_deref().map(Cow::Borrowed);
        event.path = self.path.as_deref().map(Cow::Borrowed);
        event.route = event.route.take().or(event.path.clone());
        event.accept = header("accept");
        event.accept_encoding = header("accept-encoding");
        event.content_type = header("content-type");
        event.headers = Headers::Received(&self.request_headers);
        let fragment = |name: &str| self.report.meta.get(name).map(|text| Cow::Borrowed(text.as_str()));
        event.fp_header = fragment("_dd.appsec.fp.http.header");
        event.fp_network = fragment("_dd.appsec.fp.http.network");
        event.fp_endpoint = fragment("_dd.appsec.fp.http.endpoint");
        event.fp_session = fragment("_dd.appsec.fp.session");
        event.waf_attack = self.report.events.iter().any(is_attack);
        // The event belongs to the logged-in user, except for logins, which name their own account.
        if event.user_id.is_none() && event.login.is_none() && !is_login(&event.event) {
            event.user_id = self.user.as_deref().map(Cow::Borrowed);
            event.login = event.user_id.clone();
        }
    }

    /// Reports a request refused at a login, which keeps the signal alive for which it was refused.
    pub(super) fn tell_refusal(&mut self, look: Look, login: Option<&str>) {
        let how = if look == Look::Stealth { "stealth" } else { "block" };
        self.tell_attempt(how, login);
    }

    /// Reports a login attempt that was stopped before the password was checked.
    fn tell_attempt(&mut self, how: &'static str, login: Option<&str>) {
        let Some(takeover) = &self.engine.takeover else { return };
        if login.is_none() && !self.path.as_deref().is_some_and(|path| takeover.logs_in(path)) {
            return;
        }
        let id = self.event_id.get_or_insert_with(|| takeover.request_id()).clone();
        let mut event = Event {
            event: name::LOGIN_REFUSED.into(),
            refused: Some(Cow::Borrowed(how)),
            login: login.map(Cow::Borrowed),
            ..Event::default()
        };
        self.complete(&mut event, &id);
        takeover.detector.take(&event);
    }

    /// How a client, or a user and a session, are refused, if they are. Only the first refusal of the request counts.
    pub(super) fn refusal(&mut self, client: Option<IpAddr>, who: &Who) -> Option<Look> {
        let refusal = self.engine.refusal(client, who, !self.refusal_counted);
        self.refusal_counted |= refusal.is_some();
        refusal
    }

    fn refused_login(&mut self, look: Look, login: Option<String>) {
        self.stealth = look == Look::Stealth;
        self.tell_refusal(look, login.as_deref());
        self.login = login;
        self.cause.get_or_insert_with(|| Cause::decided("takeover"));
        self.block();
    }
}

fn text(value: Option<&Object>) -> Option<Cow<'_, str>> {
    id_text(value?, Default::default())
}

fn is_login(event: &str) -> bool {
    matches!(event, name::LOGIN_SUCCESS | name::LOGIN_FAILURE | name::LOGIN_REFUSED | name::SIGNUP)
}

fn is_of_business(event: &report::Event) -> bool {
    event.rule.tags.iter().any(|(tag, value)| &**tag == b"category" && &**value == b"business_logic")
}

/// Whether a rule that was made of an attack on logins reports an event.
fn is_of_attack(event: &report::Event) -> bool {
    event.rule.tags.iter().any(|(tag, value)| &**tag == b"category" && &**value == b"account_takeover")
}

fn is_attack(event: &Value) -> bool {
    let category = event.get(b"rule").and_then(|rule| rule.get(b"tags")).and_then(|tags| tags.get(b"category"));
    category.and_then(Object::as_bytes).is_some_and(|category| utf8(category) == "attack_attempt")
}
