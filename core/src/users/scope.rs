//! What is known about the user of a request.
//!
//! Application code and automated hooks may both report the same login, in either order, and the application must take
//! precedence. So each request remembers which kinds of event the application has reported, and which tags are set.
//! These are a few bits, small enough to be passed by value, so that a host can keep them wherever it keeps the
//! request.

use super::event::{LoginEvent, public};
use super::outcome::SESSION_ID;
use std::collections::BTreeMap;

/// A tag of an event that automation must not override.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Login,
    Id,
    Exists,
}

impl Field {
    const ALL: [Self; 3] = [Self::Login, Self::Id, Self::Exists];

    pub fn name(self) -> &'static str {
        match self {
            Self::Login => "usr.login",
            Self::Id => "usr.id",
            Self::Exists => "usr.exists",
        }
    }
}

/// The state of one request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestScope {
    bits: u32,
    seen_user: Option<String>,
}

const SDK_USER: u32 = 1 << 3;
const SESSION_TAG: u32 = 1 << 4;
const FIRST_FIELD: u32 = 5;
const ALL_BITS: u32 = (1 << 14) - 1;

impl RequestScope {
    /// Restores a scope from [`RequestScope::bits`] and [`RequestScope::seen_user`].
    pub fn restore(bits: u32, seen_user: Option<String>) -> Self {
        Self { bits: bits & ALL_BITS, seen_user }
    }

    /// The scope as a number.
    pub fn bits(&self) -> u32 {
        self.bits
    }

    /// The id that automation saw last in this request, before anonymization.
    pub fn seen_user(&self) -> Option<&str> {
        self.seen_user.as_deref()
    }

    pub(super) fn sdk_reported(&self, event: LoginEvent) -> bool {
        self.bits & 1 << event as u32 != 0
    }

    pub(super) fn mark_sdk(&mut self, event: LoginEvent) {
        self.bits |= 1 << event as u32;
    }

    pub(super) fn sdk_owns_user(&self) -> bool {
        self.bits & SDK_USER != 0
    }

    pub(super) fn mark_sdk_user(&mut self) {
        self.bits |= SDK_USER;
    }

    pub(super) fn has_session(&self) -> bool {
        self.bits & SESSION_TAG != 0
    }

    /// Whether automation may write a field of an event, that is, unless the application has reported both.
    pub(super) fn may_write(&self, event: LoginEvent, field: Field) -> bool {
        !(self.sdk_reported(event) && self.bits & field_bit(event, field) != 0)
    }

    /// Records which of these tags a call has written.
    pub(super) fn observe(&mut self, event: LoginEvent, meta: &BTreeMap<String, String>) {
        for field in Field::ALL {
            if meta.contains_key(&public(event.name(), field.name())) {
                self.bits |= field_bit(event, field);
            }
        }
        self.observe_session(meta);
    }

    /// Records whether a session id has been written.
    pub(super) fn observe_session(&mut self, meta: &BTreeMap<String, String>) {
        if meta.contains_key(SESSION_ID) {
            self.bits |= SESSION_TAG;
        }
    }

    /// Records the id that automation saw; false if it is the one it saw last.
    pub(super) fn first_sight(&mut self, id: &str) -> bool {
        if self.seen_user.as_deref() == Some(id) {
            return false;
        }
        self.seen_user = Some(id.into());
        true
    }
}

fn field_bit(event: LoginEvent, field: Field) -> u32 {
    1 << (FIRST_FIELD + 3 * event as u32 + field as u32)
}
