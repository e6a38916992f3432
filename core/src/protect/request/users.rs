//! Calls about the user of a request.

use super::evaluate::{blocks, concerns};
use super::{Decision, Login, Request, User, UserDecision};
use crate::Outcome;
use crate::http::report::Scope;
use crate::users::event::business_logic_address;
use crate::users::sdk::CallOptions;
use crate::users::{Call, USER_ID, Who};
use crate::value::Value;

impl Request {
    /// Sets the authenticated user.
    pub fn set_user(&mut self, user: &User) -> UserDecision {
        self.report_user(Call::SetUser(Some(user.fields())), self.engine.call_options())
    }

    /// Reports a successful login.
    pub fn login_success(&mut self, login: &Login) -> UserDecision {
        self.report_user(Call::LoginSuccess(login.report()), self.engine.call_options())
    }

    /// Reports a failed login. Whether its user is refused is not checked: see [`crate::users::sdk::login_failure`].
    ///
    /// ```
    /// # use bartizan::protect::{Engine, Login, Settings};
    /// # let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": []}"#)?)?;
    /// let mut request = engine.request();
    /// request.login_failure(&Login::of("bob@example.org").exists(false));
    /// assert_eq!(request.tags()["appsec.events.users.login.failure.usr.exists"], "false");
    /// # Ok::<(), bartizan::protect::Error>(())
    /// ```
    pub fn login_failure(&mut self, login: &Login) -> UserDecision {
        self.report_user(Call::LoginFailure(login.report()), self.engine.call_options())
    }

    /// Reports a signup.
    pub fn signup(&mut self, login: &Login) -> UserDecision {
        self.report_user(Call::Signup(login.report()), self.engine.call_options())
    }

    /// Reports a custom event, such as `users.password_reset`; the metadata is a map, or null.
    pub fn custom_event(&mut self, name: &str, metadata: Value) -> UserDecision {
        let name = Value::from(name);
        let call = Call::Custom { name: Some(&name), metadata: Some(&metadata) };
        self.report_user(call, self.engine.call_options())
    }

    /// Evaluates a business event, such as `payment.failure`, with its values.
    pub fn business_event(&mut self, name: &str, values: Value) -> Decision {
        self.tell_business(name, &values);
        self.run(Value::from_entries([(business_logic_address(name), values)]))
    }

    /// Makes any call about a user with these options. Tags, retention and telemetry of its outcome become those of the
    /// request, and a refused user blocks it.
    pub fn report_user(&mut self, call: Call<'_>, options: CallOptions) -> UserDecision {
        let outcome = call.decide(&mut self.scope, self.engine.mode(), options);
        self.meta.extend(outcome.meta.iter().map(|(tag, text)| (tag.clone(), text.clone())));
        self.metrics.extend(outcome.metrics.iter().map(|(name, number)| (name.clone(), *number)));
        self.keep |= outcome.keep;
        self.tell_call(call, &outcome);
        if outcome.addresses.is_empty() {
            return UserDecision { outcome, ..UserDecision::default() };
        }
        let found = self.evaluate(Scope::Request, outcome.addresses_value());
        let who = Who::of(&outcome);
        self.remember_refusal(found.as_ref(), &who);
        let mut blocked = found.as_ref().is_some_and(blocks);
        if let Some(id) = who.id() {
            self.user = Some(id.into());
            blocked = blocked || self.is_refused(USER_ID, id);
        }
        blocked = blocked || self.deny(&who);
        UserDecision { blocked, outcome, found }
    }

    /// Whether this user or session is refused; never for nobody. The request's own user is evaluated in its context,
    /// so that the result is kept; anybody else in a separate one, so that nothing is.
    pub fn is_user_blocked(&mut self, who: &Who) -> bool {
        if who.is_nobody() {
            return false;
        }
        if who.parts().any(|(address, value)| self.is_refused(address, value)) {
            return true;
        }
        let own = self.user.as_ref().is_none_or(|user| Some(user.as_str()) == who.id());
        let found = if own {
            self.evaluate(Scope::Request, who.addresses())
        } else {
            let aside = self.engine.waf().map(|waf| waf.context());
            self.evaluate_in(aside, Scope::Request, who.addresses())
        };
        self.remember_refusal(found.as_ref(), who) || self.deny(who)
    }

    fn is_refused(&self, address: &str, value: &str) -> bool {
        self.refused.iter().any(|(known, refused)| *known == address && refused == value)
    }

    /// Records whether a blocking result is about the user or the session, as a rule fires only once. Returns whether
    /// there is one.
    fn remember_refusal(&mut self, found: Option<&Outcome>, who: &Who) -> bool {
        let Some(outcome) = found.filter(|outcome| blocks(outcome)) else { return false };
        let before = self.refused.len();
        let refused = who.parts().filter(|(address, _)| concerns(outcome, address));
        self.refused.extend(refused.map(|(address, value)| (address, value.to_string())));
        self.refused.len() > before
    }

    /// A user or a session refused at run time is reported like one on the engine's list.
    fn deny(&mut self, who: &Who) -> bool {
        if self.context.is_none() || who.is_nobody() || self.refusal(None, who).is_none() {
            return false;
        }
        self.refuse_user(who.id().unwrap_or_default());
        self.refused.extend(who.parts().map(|(address, value)| (address, value.to_string())));
        true
    }
}
