//! Whom a call is about: a user, a session, or both.

use super::args::{Args, Result};
use crate::users::identity::{id_text, unusable_id};
use crate::users::text::FloatStyle;
use crate::users::{Outcome, SESSION_ID, USER_ID};
use crate::value::{Object, View};

/// Whom a call is about.
#[derive(Default)]
pub(super) struct Identity {
    pub user: Option<String>,
    pub session: Option<String>,
}

impl Identity {
    /// The user and the session that are submitted.
    pub fn of(outcome: &Outcome) -> Self {
        let find = |wanted| outcome.addresses.iter().find(|(address, _)| *address == wanted);
        let value = |wanted| find(wanted).and_then(|(_, value)| value.clone());
        Identity { user: value(USER_ID), session: value(SESSION_ID) }
    }

    /// The arguments `user`, an id or a map with `id` and `session_id`, and `session_id`.
    /// Nothing is nobody; what cannot be an id is an error, as it would pass for somebody who is not refused.
    pub fn asked(args: Args<'_>, floats: FloatStyle) -> Result<Self> {
        let user = args.object("user");
        let of_user = |field: &[u8]| user.and_then(|user| user.get(field));
        let id = if user.is_some_and(Object::is_map) { of_user(b"id") } else { user };
        let given = id.filter(|id| !matches!(id.view(), View::Null | View::Invalid | View::String(b"")));
        if let Some(reason) = given.and_then(|id| unusable_id(id, floats)) {
            return Err(reason.into());
        }
        let text = |value: &Object| id_text(value, floats).map(String::from);
        Ok(Identity {
            user: given.and_then(text),
            session: args.object("session_id").or(of_user(b"session_id")).and_then(text),
        })
    }

    /// What there is of them, under the addresses they are submitted under.
    pub fn addresses(&self) -> Vec<(&'static str, String)> {
        let parts = [(USER_ID, &self.user), (SESSION_ID, &self.session)];
        parts.into_iter().filter_map(|(address, value)| Some((address, value.clone()?))).collect()
    }
}
