//! One call about a user, whatever its origin.

use super::automatic::{Sighting, automatic_event, automatic_session, automatic_user};
use super::event::LoginEvent;
use super::mode::CollectionMode;
use super::sdk::{CallOptions, LoginReport, custom_event, login_failure, login_success, set_user, signup};
use super::{CallOutcome, RequestScope};
use crate::value::Object;

/// A call about a user, with its arguments: everything that application code ([`super::sdk`]) and framework
/// integrations ([`super::automatic`]) can report.
///
/// ```
/// use bartizan::users::mode::CollectionMode;
/// use bartizan::users::sdk::{CallOptions, LoginReport};
/// use bartizan::users::{Call, RequestScope};
/// use bartizan::value::Value;
/// let login = Value::from("bob@example.org");
/// let call = Call::LoginFailure(LoginReport { login: Some(&login), exists: Some(true), ..LoginReport::default() });
/// let outcome = call.decide(&mut RequestScope::default(), CollectionMode::default(), CallOptions::default());
/// assert_eq!(outcome.meta["appsec.events.users.login.failure.usr.exists"], "true");
/// ```
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Call<'a> {
    /// Who the authenticated user is: an id, or a map with `id` and other fields.
    SetUser(Option<&'a Object>),
    /// A login that succeeded.
    LoginSuccess(LoginReport<'a>),
    /// A login that failed.
    LoginFailure(LoginReport<'a>),
    /// A signup.
    Signup(LoginReport<'a>),
    /// An event that the application defines.
    Custom {
        /// Its name, a non-empty string.
        name: Option<&'a Object>,
        /// Arbitrary metadata, a map.
        metadata: Option<&'a Object>,
    },
    /// An integration saw a login or a signup.
    SawEvent(LoginEvent, Sighting<'a>),
    /// An integration restored a user from a session.
    SawUser(Sighting<'a>),
    /// An integration learned the session's id.
    SawSession(Option<&'a Object>),
}

impl Call<'_> {
    /// The outcome of the call in the scope of its request. Only reports of integrations are subject to the mode.
    pub fn decide(self, scope: &mut RequestScope, mode: CollectionMode, options: CallOptions) -> CallOutcome {
        match self {
            Self::SetUser(user) => set_user(scope, user, options),
            Self::LoginSuccess(report) => login_success(scope, report, options),
            Self::LoginFailure(report) => login_failure(scope, report, options),
            Self::Signup(report) => signup(scope, report, options),
            Self::Custom { name, metadata } => custom_event(scope, name, metadata, options),
            Self::SawEvent(event, sighting) => automatic_event(scope, event, mode, sighting, options),
            Self::SawUser(sighting) => automatic_user(scope, mode, sighting, options),
            Self::SawSession(session_id) => automatic_session(scope, mode, session_id),
        }
    }
}
