//! What framework integrations report by themselves: logins, signups and the user restored from a session.
//!
//! Automation obeys the collection mode and never overrides the application: where the SDK has reported something,
//! hooks add what they saw under their own names (`_dd.appsec.usr.*`) and change nothing else. In anonymization mode
//! all personal data is replaced before it goes anywhere, even to the engine, as events contain copies of matched
//! values.

use super::anonymize::anonymize;
use super::event::{LoginEvent, internal, public};
use super::identity::{best_effort_id, id_text, non_empty_text};
use super::mode::CollectionMode;
use super::outcome::{CallOutcome, SESSION_ID, USER_ID, USER_LOGIN};
use super::scope::{Field, RequestScope};
use super::sdk::{CallOptions, add_propagation};
use crate::value::Object;

/// What a hook knows.
#[derive(Clone, Copy, Default)]
pub struct Sighting<'a> {
    /// The integration's name.
    pub framework: &'a str,
    /// The login as it was entered.
    pub login: Option<&'a Object>,
    /// The user's id, or an object that contains it somewhere.
    pub user: Option<&'a Object>,
    /// The session's id.
    pub session_id: Option<&'a Object>,
    /// Whether the account exists (failures).
    pub exists: Option<bool>,
}

/// A hook saw a login or a signup.
pub fn automatic_event(
    scope: &mut RequestScope,
    event: LoginEvent,
    mode: CollectionMode,
    sighting: Sighting<'_>,
    options: CallOptions,
) -> CallOutcome {
    if mode == CollectionMode::Disabled {
        return CallOutcome::default();
    }
    let mut outcome = CallOutcome::accepted();
    let id = sighting.user.and_then(|user| best_effort_id(user, options.floats));
    let login = sighting.login.and_then(non_empty_text);
    if login.is_none() {
        count_missing(&mut outcome, "instrum.user_auth.missing_user_login", sighting.framework, event.telemetry());
        if id.is_none() {
            count_missing(&mut outcome, "instrum.user_auth.missing_user_id", sighting.framework, event.telemetry());
        }
    }
    let Some(login) = login.as_ref().or(id.as_ref()) else {
        outcome.accepted = false;
        return outcome;
    };
    let (login, id) = (personal(login, mode), id.as_deref().map(|id| personal(id, mode)));
    let name = event.name();

    outcome.keep = true;
    if !scope.sdk_reported(event) {
        outcome.tag(public(name, "track"), "true");
    }
    outcome.tag(internal(name, "auto.mode"), mode.name());
    write_seen(&mut outcome, id.as_deref(), Some(&login));
    let exists = sighting.exists.filter(|_| event == LoginEvent::Failure).map(|exists| exists.to_string());
    let event_id = id.as_ref().filter(|_| event != LoginEvent::Success);
    for (field, value) in [(Field::Login, Some(&login)), (Field::Id, event_id), (Field::Exists, exists.as_ref())] {
        if let Some(value) = value.filter(|_| scope.may_write(event, field)) {
            outcome.tag(public(name, field.name()), value);
        }
    }

    outcome.submit(USER_LOGIN, Some(&login));
    match event {
        LoginEvent::Success => {
            become_user(scope, &mut outcome, id.as_deref(), mode, options);
            add_session(scope, &mut outcome, sighting.session_id, mode);
        }
        LoginEvent::Signup => outcome.submit(USER_ID, id.as_deref()),
        LoginEvent::Failure => {}
    }
    outcome.submit_marker(event.marker());
    scope.observe(event, &outcome.meta);
    outcome
}

/// A hook restored a user from a session. Frameworks do so several times per request, which counts once.
pub fn automatic_user(
    scope: &mut RequestScope,
    mode: CollectionMode,
    sighting: Sighting<'_>,
    options: CallOptions,
) -> CallOutcome {
    if mode == CollectionMode::Disabled {
        return CallOutcome::default();
    }
    let mut outcome = CallOutcome::accepted();
    let Some(raw) = sighting.user.and_then(|user| best_effort_id(user, options.floats)) else {
        let metric = "instrum.user_auth.missing_user_id";
        count_missing(&mut outcome, metric, sighting.framework, "authenticated_request");
        outcome.accepted = false;
        return outcome;
    };
    if !scope.first_sight(&raw) {
        return outcome;
    }
    let id = personal(&raw, mode);
    let login = sighting.login.and_then(non_empty_text).map(|login| personal(&login, mode));
    write_seen(&mut outcome, Some(&id), login.as_deref());
    become_user(scope, &mut outcome, Some(&id), mode, options);
    add_session(scope, &mut outcome, sighting.session_id, mode);
    scope.observe_session(&outcome.meta);
    outcome
}

/// A hook learned the session's id before the user, which is worth an evaluation of its own.
pub fn automatic_session(scope: &mut RequestScope, mode: CollectionMode, session_id: Option<&Object>) -> CallOutcome {
    let mut outcome = CallOutcome::default();
    if mode != CollectionMode::Disabled {
        add_session(scope, &mut outcome, session_id, mode);
        outcome.accepted = !outcome.addresses.is_empty();
        scope.observe_session(&outcome.meta);
    }
    outcome
}

fn personal(text: &str, mode: CollectionMode) -> String {
    match mode {
        CollectionMode::Anonymization => anonymize(text),
        _ => text.into(),
    }
}

fn write_seen(outcome: &mut CallOutcome, id: Option<&str>, login: Option<&str>) {
    for (tag, value) in [("_dd.appsec.usr.id", id), ("_dd.appsec.usr.login", login)] {
        if let Some(value) = value {
            outcome.tag(tag, value);
        }
    }
}

/// Makes the user that automation saw the request's user, unless the application has named one.
fn become_user(
    scope: &RequestScope,
    outcome: &mut CallOutcome,
    id: Option<&str>,
    mode: CollectionMode,
    options: CallOptions,
) {
    let Some(id) = id.filter(|_| !scope.sdk_owns_user()) else { return };
    outcome.tag(USER_ID, id);
    outcome.tag("_dd.appsec.user.collection_mode", mode.name());
    outcome.submit(USER_ID, Some(id));
    if options.propagate {
        add_propagation(outcome, id);
    }
}

fn add_session(scope: &RequestScope, outcome: &mut CallOutcome, session_id: Option<&Object>, mode: CollectionMode) {
    if scope.has_session() {
        return;
    }
    if let Some(session_id) = session_id.and_then(|id| id_text(id, Default::default())) {
        let session_id = personal(&session_id, mode);
        outcome.submit(SESSION_ID, Some(&session_id));
        outcome.tag(SESSION_ID, session_id);
    }
}

fn count_missing(outcome: &mut CallOutcome, metric: &'static str, framework: &str, event_type: &str) {
    outcome.count(metric, [("framework", &framework.to_lowercase()), ("event_type", event_type)]);
}
