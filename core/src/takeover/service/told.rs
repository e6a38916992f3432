//! An event with the values derived from it.

use crate::takeover::config::exceptions::Trust;
use crate::takeover::event::Event;
use crate::takeover::name;
use crate::takeover::signal::campaign;
use crate::takeover::state::{Key, Moment, Origin};
use crate::takeover::subject::Subject;

/// An event with the values derived from it, each computed once.
pub(super) struct Told<'e> {
    pub event: &'e Event<'e>,
    pub subject: &'e Subject<'e>,
    pub when: Moment,
    pub account: Option<Key>,
    pub origin: Origin,
    /// Whether the origin is familiar to the account; `None` while too little is known of accounts in general.
    pub familiar: Option<bool>,
    pub flagged: bool,
    pub scanner: bool,
    pub trust: Option<Trust>,
    /// The hash of the source.
    pub source: Option<u64>,
    pub network: Option<u64>,
}

impl Told<'_> {
    pub(super) fn now(&self) -> u64 {
        self.when.now_s.into()
    }

    pub(super) fn kind(&self) -> campaign::Kind {
        match self.event.event.as_ref() {
            name::LOGIN_FAILURE => campaign::Kind::Failure,
            name::LOGIN_SUCCESS => campaign::Kind::Success,
            _ => campaign::Kind::Other,
        }
    }
}
