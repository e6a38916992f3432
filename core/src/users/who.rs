//! A user, a session, or both.

use super::identity::{id_text, unusable_id};
use super::{CallOutcome, SESSION_ID, USER_ID};
use crate::value::FloatStyle;
use crate::value::{Object, Value, View};

/// A user, a session, or both; nobody, by default.
///
/// ```
/// use bartizan::users::Who;
/// let who = Who::user("u-1").and_session("s-1");
/// assert_eq!((who.id(), who.session_id()), (Some("u-1"), Some("s-1")));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Who {
    user: Option<String>,
    session: Option<String>,
}

impl Who {
    /// A user, by the text of the id; the empty text is nobody.
    pub fn user(id: impl Into<String>) -> Self {
        Self { user: Some(id.into()).filter(|id| !id.is_empty()), session: None }
    }

    /// A session of any user.
    pub fn session(id: impl Into<String>) -> Self {
        Self::default().and_session(id)
    }

    /// Adds a session.
    #[must_use]
    pub fn and_session(self, id: impl Into<String>) -> Self {
        Self { session: Some(id.into()).filter(|id| !id.is_empty()), ..self }
    }

    /// Reads a user, which is an id or a map with `id` and `session_id`, and a session's id, which takes precedence.
    /// Missing values name nobody.
    ///
    /// # Errors
    ///
    /// A value that cannot be an id, as it would otherwise pass for somebody who is not refused.
    pub fn read(user: Option<&Object>, session: Option<&Object>, floats: FloatStyle) -> Result<Self, &'static str> {
        let of_user = |field: &[u8]| user.and_then(|user| user.get(field));
        let id = if user.is_some_and(Object::is_map) { of_user(b"id") } else { user };
        let given = id.filter(|id| !matches!(id.view(), View::Null | View::Invalid | View::String(b"")));
        if let Some(reason) = given.and_then(|id| unusable_id(id, floats)) {
            return Err(reason);
        }
        let text = |value: &Object| id_text(value, floats).map(String::from);
        Ok(Self { user: given.and_then(text), session: session.or(of_user(b"session_id")).and_then(text) })
    }

    /// The user and the session of a call's outcome.
    pub fn of(outcome: &CallOutcome) -> Self {
        let find = |wanted| outcome.addresses.iter().find(|(address, _)| *address == wanted);
        let value = |wanted| find(wanted).and_then(|(_, value)| value.clone());
        Self { user: value(USER_ID), session: value(SESSION_ID) }
    }

    /// The user's id.
    pub fn id(&self) -> Option<&str> {
        self.user.as_deref()
    }

    /// The session's id.
    pub fn session_id(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Whether this is neither a user nor a session.
    pub fn is_nobody(&self) -> bool {
        self.user.is_none() && self.session.is_none()
    }

    /// The user and the session, if given, each with its address.
    pub fn parts(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let parts = [(USER_ID, self.id()), (SESSION_ID, self.session_id())];
        parts.into_iter().filter_map(|(address, value)| Some((address, value?)))
    }

    /// What to evaluate to find out whether they are refused: a map from addresses to values.
    pub fn addresses(&self) -> Value {
        Value::from_entries(self.parts())
    }
}
