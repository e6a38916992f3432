//! What bindings hold: an engine and contexts behind shared references.
//!
//! Rust callers own a [`Builder`] and pass a `&mut` [`Context`] around; hosts with threads and a garbage collector
//! cannot. Here updates, and calls of one context, are serialized; without rules an instance finds nothing instead of
//! not existing; and a panic ends the context instead of the process.

use crate::config::Warning;
use crate::protect::{Engine, Request, Taken};
use crate::sdk::{Place, call_in_scope, call_request};
use crate::support::fork::{Renewable, Versioned};
use crate::users::RequestScope;
use crate::value::Text;
use crate::value::{Input, Object, Value};
use crate::{Added, Builder, Context, Deadline, Outcome, RunError, Waf};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

/// The path of the initial rules.
pub const FIRST_RULES: &str = "default";

/// A set of configurations and the instance built from it. Each change builds a new instance; existing contexts keep
/// theirs.
#[derive(Default)]
pub struct SharedWaf(Versioned<Built>);

#[derive(Clone, Default)]
struct Built {
    builder: Builder,
    waf: Option<Waf>,
}

impl SharedWaf {
    /// Without any configuration.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a configuration or replaces the one under this path; a refused one changes only the path itself.
    pub fn update(&self, path: &str, document: &Object) -> Added {
        self.0.change(|built| {
            let added = built.builder.add_or_update(path.as_bytes(), document);
            built.waf = built.builder.build();
            added
        })
    }

    /// Adds the initial rules, as [`Builder::add_ruleset`] does.
    pub fn set_rules(&self, ruleset: &Object) -> Added {
        self.0.change(|built| {
            let added = built.builder.add_ruleset(FIRST_RULES.as_bytes(), ruleset);
            built.waf = built.builder.build();
            added
        })
    }

    /// Warnings about all current configurations.
    pub fn warnings(&self) -> Vec<Warning> {
        self.0.load().builder.warnings()
    }

    /// Adds the built-in rules, each document under its own path.
    pub fn add_builtin(&self) {
        self.0.change(|built| {
            built.builder.add_builtin();
            built.waf = built.builder.build();
        });
    }

    /// Removes a configuration; returns whether there was one.
    pub fn remove(&self, path: &str) -> bool {
        self.0.change(|built| {
            let removed = built.builder.remove(path.as_bytes());
            if removed {
                built.waf = built.builder.build();
            }
            removed
        })
    }

    /// The paths of all configurations.
    pub fn paths(&self) -> Vec<String> {
        let built = self.0.load();
        built.builder.paths(None).into_iter().map(|path| String::from_utf8_lossy(path).into_owned()).collect()
    }

    /// The addresses that the current instance uses.
    pub fn known_addresses(&self) -> Vec<Text> {
        self.current().map(|waf| waf.known_addresses().to_vec()).unwrap_or_default()
    }

    /// The types of actions that a match of the current instance can lead to.
    pub fn known_actions(&self) -> Vec<Text> {
        self.current().map(|waf| waf.known_actions().to_vec()).unwrap_or_default()
    }

    /// A context of the current instance.
    pub fn context(&self) -> SharedContext {
        let context = SharedContext::closed();
        context.restart(&self.instance());
        context
    }

    /// The current instance, for later contexts.
    pub fn instance(&self) -> SharedInstance {
        SharedInstance(self.current())
    }

    fn current(&self) -> Option<Waf> {
        self.0.load().waf.clone()
    }
}

/// The instance at some moment, if there were rules.
pub struct SharedInstance(Option<Waf>);

impl From<Waf> for SharedInstance {
    fn from(waf: Waf) -> Self {
        SharedInstance(Some(waf))
    }
}

/// A context that several threads may call; calls are serialized. One that is in use when the process forks cannot be
/// used in the child.
pub struct SharedContext(Renewable<State>);

#[derive(Default)]
enum State {
    Ready(Box<Context>),
    NoRules,
    /// Left by a panic, or by a thread that does not exist in this process.
    #[default]
    Broken,
}

impl SharedContext {
    /// A context without rules.
    pub fn closed() -> Self {
        SharedContext(Renewable::new(State::NoRules))
    }

    /// Reuses this as the context of another request.
    pub fn restart(&self, instance: &SharedInstance) {
        *self.0.lock() = match &instance.0 {
            Some(waf) => State::Ready(Box::new(waf.context())),
            None => State::NoRules,
        };
    }

    /// As [`Context::run`].
    pub fn run(&self, data: impl Into<Input>, budget: impl Into<Deadline>) -> Result<Outcome, RunError> {
        let data = data.into();
        match data.is_map() {
            true => self.call(1, |context| context.run(data, budget)),
            false => Err(RunError::InvalidObject),
        }
    }

    /// As [`Context::run_batches`].
    pub fn run_batches(&self, batches: impl Into<Input>, budget: impl Into<Deadline>) -> Result<Outcome, RunError> {
        let batches = batches.into();
        match batches.as_array() {
            Some(maps) if maps.iter().all(|map| map.is_map()) => {
                self.call(maps.len() as u64, |context| context.run_batches(batches, budget))
            }
            _ => Err(RunError::InvalidObject),
        }
    }

    /// As [`Context::subcontext`].
    pub fn subcontext(&self) -> SharedContext {
        SharedContext(Renewable::new(match &*self.0.lock() {
            State::Ready(context) => State::Ready(Box::new(context.subcontext())),
            State::NoRules => State::NoRules,
            State::Broken => State::Broken,
        }))
    }

    /// Drops all data, so that memory need not wait for a garbage collector. Later calls find nothing.
    pub fn close(&self) {
        *self.0.lock() = State::NoRules;
    }

    fn call(
        &self,
        batches: u64,
        run: impl FnOnce(&mut Context) -> Result<Outcome, RunError>,
    ) -> Result<Outcome, RunError> {
        let mut state = self.0.lock();
        match &mut *state {
            State::Ready(context) => catch_unwind(AssertUnwindSafe(|| run(context))).unwrap_or_else(|_| {
                *state = State::Broken;
                Err(RunError::Internal)
            }),
            State::NoRules => Ok(Outcome { evaluated: batches, ..Outcome::default() }),
            State::Broken => Err(RunError::Internal),
        }
    }
}

/// A request that several threads may call; calls are serialized. One that is in use when the process forks cannot be
/// used in the child.
pub struct SharedRequest(Renewable<Option<Request>>);

impl SharedRequest {
    /// A request served by the current instance.
    pub fn new(engine: &Arc<Engine>) -> Self {
        SharedRequest(Renewable::new(Some(engine.request())))
    }

    /// As [`call_request`].
    pub fn call(&self, function: &str, arguments: &Object, taken: Taken) -> Result<Value, RunError> {
        self.with(|request| call_request(request, function, arguments, taken))
    }

    /// As [`Request::body`].
    pub fn body(&self, piece: &[u8]) -> Result<bool, RunError> {
        self.with(|request| request.body(piece))
    }

    fn with<T>(&self, run: impl FnOnce(&mut Request) -> T) -> Result<T, RunError> {
        let mut held = self.0.lock();
        let request = held.as_mut().ok_or(RunError::Internal)?;
        catch_unwind(AssertUnwindSafe(|| run(request))).map_err(|_| {
            *held = None;
            RunError::Internal
        })
    }
}

/// The user state of a request without an [`Engine`], whose calls are evaluated in a context of the host's. Threads may
/// share it; calls are serialized.
#[derive(Default)]
pub struct SharedScope(Renewable<RequestScope>);

impl SharedScope {
    /// The scope of a new request.
    pub fn new() -> Self {
        Self::default()
    }

    /// As [`call_in_scope`], evaluated within a budget in the request's context, if there is one.
    pub fn call(
        &self,
        function: &str,
        arguments: &Object,
        context: Option<(&SharedContext, Duration)>,
    ) -> Result<(Value, Option<Outcome>), RunError> {
        call_in_scope(&mut self.0.lock(), function, arguments, |addresses, place| {
            let Some((context, budget)) = context else { return Ok(None) };
            let outcome = match place {
                Place::Request => context.run(addresses, budget),
                Place::Aside => context.subcontext().run(addresses, budget),
            };
            outcome.map(Some)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn rules(pattern: &str) -> Value {
        let text = format!(
            r#"{{"version": "2.2", "rules": [{{"id": "r", "name": "n", "tags": {{"type": "t", "category": "c"}},
             "conditions": [{{"operator": "match_regex",
                              "parameters": {{"regex": "{pattern}", "inputs": [{{"address": "a"}}]}}}}]}}]}}"#
        );
        json::parse(text.as_bytes()).unwrap()
    }

    fn finds(context: &SharedContext, text: &str) -> bool {
        let data = Value::from_entries([("a", text)]);
        context.run(data, Duration::from_secs(1)).unwrap().is_match()
    }

    #[test]
    fn contexts_keep_the_rules_they_began_with() {
        let waf = SharedWaf::new();
        assert!(!finds(&waf.context(), "one"));
        assert!(waf.update(FIRST_RULES, &rules("one")).accepted);
        let before = waf.context();
        assert!(waf.update(FIRST_RULES, &rules("two")).accepted);
        assert!(finds(&before.subcontext(), "one") && !finds(&waf.context(), "one") && finds(&waf.context(), "two"));
        assert_eq!((waf.paths(), waf.known_addresses()), (vec![FIRST_RULES.to_string()], vec![b"a"[..].into()]));
        assert!(waf.remove(FIRST_RULES) && !waf.remove(FIRST_RULES));
        assert!(!finds(&waf.context(), "two") && waf.known_addresses().is_empty());
        assert!(finds(&before, "one"));
        before.close();
        assert!(!finds(&before, "one"));
        assert!(waf.update(FIRST_RULES, &rules("three")).accepted);
        let instance = waf.instance();
        assert!(waf.remove(FIRST_RULES));
        before.restart(&instance);
        assert!(finds(&before, "three") && !finds(&waf.context(), "three"));
        before.restart(&waf.instance());
        assert!(!finds(&before, "three"));
    }

    #[test]
    fn only_maps_are_data() {
        let context = SharedWaf::new().context();
        assert_eq!(context.run(Value::array(), Duration::MAX).unwrap_err(), RunError::InvalidObject);
        assert_eq!(context.run_batches(Value::map(), Duration::MAX).unwrap_err(), RunError::InvalidObject);
        let empty: Value = [Value::map(), Value::map()].into_iter().collect();
        assert_eq!(context.run_batches(empty, Duration::MAX).unwrap().evaluated, 2);
    }

    #[test]
    fn calls_about_users_are_evaluated_where_they_belong() {
        let waf = SharedWaf::new();
        let rules = json::to_string(&rules("^bad$")).replace(r#""address":"a""#, r#""address":"usr.id""#);
        let rules = rules.replace(r#""id":"r""#, r#""id":"r","on_match":["block"]"#);
        assert!(waf.set_rules(&json::parse(rules.as_bytes()).unwrap()).accepted);
        let (context, scope) = (waf.context(), SharedScope::new());
        let call = |function: &str, arguments: &str, context| {
            let arguments = json::parse(arguments.as_bytes()).unwrap();
            let (answer, found) = scope.call(function, &arguments, context).unwrap();
            (json::to_string(&answer), found.is_some_and(|found| found.blocking_action().is_some()))
        };
        let own = Some((&context, Duration::from_secs(1)));
        assert_eq!(call("is_user_blocked", r#"{"user": "bad"}"#, own).0, r#"{"blocked":true}"#);
        assert_eq!(call("is_user_blocked", r#"{"user": "bad"}"#, None).0, r#"{"blocked":false}"#);
        assert_eq!(call("is_user_blocked", r#"{"user": null}"#, own).0, r#"{"blocked":false}"#);
        assert!(call("is_user_blocked", r#"{"user": true}"#, own).0.starts_with(r#"{"error":"#));
        assert!(call("nothing", "{}", own).0.starts_with(r#"{"error":"unknown function"#));
        assert!(call("set_user", r#"{"user": "bad"}"#, own).1, "the question left nothing in the context");
        assert!(!call("set_user", r#"{"user": "bad"}"#, own).1, "the call did");
        let (answer, _) = call("auto_login_success", r#"{"login": "seen", "user": "other"}"#, own);
        assert!(!answer.contains(r#""usr.id":"other""#), "the application has named the user: {answer}");
    }
}
