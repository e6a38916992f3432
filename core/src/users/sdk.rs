//! What application code reports: the user, logins, signups and custom events.
//!
//! These calls report what they are given, whatever the collection mode, as that is the application's decision. Tracers
//! have two generations of these calls, one that starts with the user's id (v1), one with the login (v2); they differ
//! only in how arguments are passed and in the telemetry, so both end in the same functions here.

use super::event::{LoginEvent, internal, public, required_metadata};
use super::flatten::Flattened;
use super::identity::{id_text, non_empty_text, unusable_user};
use super::outcome::{CallOutcome, SESSION_ID, USER_ID, USER_LOGIN};
use super::propagation::{self, propagated_id};
use super::scope::RequestScope;
use crate::value::FloatStyle;
use crate::value::{Object, View};

/// Which generation of calls an application used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Generation {
    V1,
    #[default]
    V2,
}

impl Generation {
    fn name(self) -> &'static str {
        match self {
            Self::V1 => "v1",
            Self::V2 => "v2",
        }
    }
}

/// How a call was made.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    /// The generation of the call form.
    pub generation: Generation,
    /// Whether to pass the user's id to downstream services.
    pub propagate: bool,
    /// How the host prints floats.
    pub floats: FloatStyle,
}

/// The arguments of a login or signup event; `None` for those left out.
#[derive(Clone, Copy, Default)]
pub struct LoginReport<'a> {
    /// The login as it was entered.
    pub login: Option<&'a Object>,
    /// The user's id, or a map with `id` and other fields.
    pub user: Option<&'a Object>,
    /// Whether the account exists (failures).
    pub exists: Option<bool>,
    /// False for a signup that failed.
    pub success: bool,
    /// Arbitrary metadata, a map.
    pub metadata: Option<&'a Object>,
}

/// Sets the authenticated user of this request.
pub fn set_user(scope: &mut RequestScope, user: Option<&Object>, options: CallOptions) -> CallOutcome {
    let unusable = user.and_then(|user| unusable_user(user, options.floats)).unwrap_or("there is no user");
    let user = User::read(user, options.floats);
    let Some(id) = &user.id else {
        return CallOutcome::ignored(format!("set_user was ignored: {unusable}"));
    };
    let mut fields = Flattened::new(options.floats);
    user.flatten(&mut fields);
    let mut outcome = CallOutcome::accepted();
    authenticate(scope, &mut outcome, id, &fields.pairs, options.propagate);
    outcome.submit(USER_ID, Some(id));
    outcome.submit(USER_LOGIN, user.login.as_deref());
    outcome.submit(SESSION_ID, user.session_id.as_deref());
    note_losses(&mut outcome, &fields, "set_user");
    scope.observe_session(&outcome.meta);
    outcome
}

/// Reports a successful login. Without a login and without an id there is nothing to report.
pub fn login_success(scope: &mut RequestScope, report: LoginReport<'_>, options: CallOptions) -> CallOutcome {
    identified_event(scope, LoginEvent::Success, LoginReport { success: true, ..report }, options)
}

/// Reports a signup.
pub fn signup(scope: &mut RequestScope, report: LoginReport<'_>, options: CallOptions) -> CallOutcome {
    identified_event(scope, LoginEvent::Signup, report, options)
}

/// Reports a failed login, even without a login, as that still counts as an attempt.
///
/// The id goes into the event but never to the engine or into the request's user: otherwise entering a blocked user's
/// name in the login form would reveal who is on the denylist.
pub fn login_failure(scope: &mut RequestScope, report: LoginReport<'_>, options: CallOptions) -> CallOutcome {
    let event = LoginEvent::Failure;
    let user = User::read(report.user, options.floats);
    let id = user.id;
    let login = login_of(report, user.login).or_else(|| id.clone());
    let mut outcome = start(scope, event, "true", options);
    warn_of_unusable_user(&mut outcome, event, report, options);
    if login.is_none() {
        outcome.warnings.push("A login failure without a login can't be attributed to an account".into());
    }
    let mut fields = Flattened::new(options.floats);
    add_metadata(&mut outcome, &mut fields, report.metadata, &|key| {
        let explicit = match key {
            "track" => true,
            "usr.login" => login.is_some(),
            "usr.id" => id.is_some(),
            "usr.exists" => report.exists.is_some(),
            _ => false,
        };
        !explicit
    });
    let identity = [("usr.login", login.as_deref()), ("usr.id", id.as_deref())];
    write_event(&mut outcome, event.name(), &fields, &identity);
    if let Some(exists) = report.exists {
        outcome.tag(public(event.name(), "usr.exists"), if exists { "true" } else { "false" });
    }
    outcome.submit(USER_LOGIN, login.as_deref());
    outcome.submit_marker(event.marker());
    scope.observe(event, &outcome.meta);
    outcome
}

/// Reports a custom event; the names of the three login events set their marker, too.
pub fn custom_event(
    scope: &mut RequestScope,
    name: Option<&Object>,
    metadata: Option<&Object>,
    options: CallOptions,
) -> CallOutcome {
    let Some(name) = name.and_then(non_empty_text) else {
        return CallOutcome::ignored("track_custom_event was ignored: the event's name must be a non-empty string");
    };
    let mut outcome = CallOutcome::accepted();
    begin(&mut outcome, &name, "true", "custom", options);
    let mut fields = Flattened::new(options.floats);
    add_metadata(&mut outcome, &mut fields, metadata, &|key| key != "track");
    write_event(&mut outcome, &name, &fields, &[]);
    if let Some(event) = LoginEvent::of(&name) {
        scope.mark_sdk(event);
        outcome.submit_marker(event.marker());
        scope.observe(event, &outcome.meta);
    }
    for key in required_metadata(&name) {
        if !outcome.meta.contains_key(&public(&name, key)) {
            outcome.notes.push(format!("The detection rules for {name} need the metadata {key}"));
        }
    }
    outcome
}

/// Success and signup: these identify a user, so the request's user may be set, too.
fn identified_event(
    scope: &mut RequestScope,
    event: LoginEvent,
    report: LoginReport<'_>,
    options: CallOptions,
) -> CallOutcome {
    let user = User::read(report.user, options.floats);
    let Some(login) = login_of(report, user.login.clone()).or_else(|| user.id.clone()) else {
        return CallOutcome::ignored(format!("{} was ignored: it has neither a login nor a user id", event.name()));
    };
    let mut outcome = start(scope, event, if report.success { "true" } else { "false" }, options);
    warn_of_unusable_user(&mut outcome, event, report, options);
    let mut fields = Flattened::new(options.floats);
    user.flatten(&mut fields);
    let of_user = fields.pairs.len();
    add_metadata(&mut outcome, &mut fields, report.metadata, &|key| {
        key != "track" && key != "usr.login" && !(key == "usr.id" && user.id.is_some())
    });
    let identity = [("usr.login", Some(login.as_str())), ("usr.id", user.id.as_deref())];
    write_event(&mut outcome, event.name(), &fields, &identity);
    if let Some(id) = &user.id {
        let of_user = fields.pairs.get(..of_user).unwrap_or_default();
        authenticate(scope, &mut outcome, id, of_user, options.propagate);
    }
    outcome.submit(USER_LOGIN, Some(&login));
    outcome.submit(USER_ID, user.id.as_deref());
    if event == LoginEvent::Success {
        outcome.submit(SESSION_ID, user.session_id.as_deref());
    }
    outcome.submit_marker(event.marker());
    scope.observe(event, &outcome.meta);
    outcome
}

/// A user as passed by an application.
#[derive(Default)]
struct User<'a> {
    id: Option<String>,
    login: Option<String>,
    session_id: Option<String>,
    fields: Option<&'a Object>,
}

impl<'a> User<'a> {
    fn read(user: Option<&'a Object>, floats: FloatStyle) -> Self {
        let Some(user) = user else { return Self::default() };
        if !matches!(user.view(), View::Map(_)) {
            return Self { id: id_text(user, floats).map(String::from), ..Self::default() };
        }
        let text = |field: &[u8]| user.get(field).and_then(non_empty_text).map(String::from);
        Self {
            id: user.get(b"id").and_then(|id| id_text(id, floats)).map(String::from),
            login: text(b"login"),
            session_id: text(b"session_id"),
            fields: Some(user),
        }
    }

    fn flatten(&self, into: &mut Flattened) {
        if let Some(fields) = self.fields {
            into.add(fields, "usr", &|key| key != "usr.id");
        }
    }
}

/// The login: the explicit one, the user's, or the one in the metadata (flat or nested).
fn login_of(report: LoginReport<'_>, of_user: Option<String>) -> Option<String> {
    let explicit = report.login.and_then(non_empty_text).map(String::from);
    explicit.or(of_user).or_else(|| {
        let metadata = report.metadata?;
        let flat = metadata.get(b"usr.login").and_then(non_empty_text);
        flat.or_else(|| non_empty_text(metadata.get(b"usr")?.get(b"login")?)).map(String::from)
    })
}

/// Warns that the event is reported without the user, because the value does not name one.
fn warn_of_unusable_user(outcome: &mut CallOutcome, event: LoginEvent, report: LoginReport<'_>, options: CallOptions) {
    if let Some(reason) = report.user.and_then(|user| unusable_user(user, options.floats)) {
        outcome.warnings.push(format!("{} was reported without a user: {reason}", event.name()));
    }
}

fn start(scope: &mut RequestScope, event: LoginEvent, track: &str, options: CallOptions) -> CallOutcome {
    let mut outcome = CallOutcome::accepted();
    scope.mark_sdk(event);
    begin(&mut outcome, event.name(), track, event.telemetry(), options);
    outcome
}

fn begin(outcome: &mut CallOutcome, name: &str, track: &str, telemetry: &str, options: CallOptions) {
    outcome.keep = true;
    outcome.tag(public(name, "track"), track);
    outcome.tag(internal(name, "sdk"), "true");
    outcome.count("sdk.event", [("event_type", telemetry), ("sdk_version", options.generation.name())]);
}

fn add_metadata(
    outcome: &mut CallOutcome,
    fields: &mut Flattened,
    metadata: Option<&Object>,
    wanted: &impl Fn(&str) -> bool,
) {
    match metadata.map(Object::view) {
        None | Some(View::Null | View::Invalid) => {}
        Some(View::Map(_)) => {
            if let Some(metadata) = metadata {
                fields.add(metadata, "", wanted);
            }
        }
        Some(_) => outcome.warnings.push("Metadata was ignored: it must be a map".into()),
    }
}

/// Writes fields and identity under the event's public prefix; the identity overrides a user field of the same name.
fn write_event(outcome: &mut CallOutcome, name: &str, fields: &Flattened, identity: &[(&str, Option<&str>)]) {
    for (key, value) in &fields.pairs {
        outcome.tag(public(name, key), value);
    }
    for (key, value) in identity {
        if let Some(value) = value {
            outcome.tag(public(name, key), *value);
        }
    }
    note_losses(outcome, fields, name);
}

/// Sets the root tags of the request's user.
fn authenticate(
    scope: &mut RequestScope,
    outcome: &mut CallOutcome,
    id: &str,
    fields: &[(String, String)],
    propagate: bool,
) {
    for (key, value) in fields {
        outcome.tag(key, value);
    }
    outcome.tag(USER_ID, id);
    outcome.tag("_dd.appsec.user.collection_mode", "sdk");
    scope.mark_sdk_user();
    if propagate {
        add_propagation(outcome, id);
    }
}

pub(super) fn add_propagation(outcome: &mut CallOutcome, id: &str) {
    match propagated_id(id) {
        Some(value) => outcome.tag(propagation::TAG, value),
        None => outcome.warnings.push("The user id is too long to be propagated".into()),
    }
}

fn note_losses(outcome: &mut CallOutcome, fields: &Flattened, method: &str) {
    if fields.too_deep {
        outcome.warnings.push(format!("{method}: metadata nested deeper than five keys was dropped"));
    }
    if fields.truncated > 0 {
        outcome.metrics.insert("_dd.appsec.sdk.metadata_truncated".into(), fields.truncated as f64);
        outcome.warnings.push(format!("{method}: {} metadata entries beyond the limit were dropped", fields.truncated));
    }
}
