//! The events of one request: each name once, and not both a success and a failure.

use crate::takeover::event::Event;
use crate::takeover::key::HashKey;
use crate::takeover::name;

/// Requests that are remembered.
const SLOTS: usize = 8192;
/// Names of events of one request that are remembered.
const NAMES: usize = 4;

/// What is known of an event's request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing like it.
    First,
    /// The same event.
    Again,
    /// A failure where there was a success. (A failure that came first has been counted.)
    Contradicts,
}

/// The latest requests, in a table of fixed size: a later request takes the place of an earlier one.
#[derive(Default)]
pub struct Requests(Vec<(u64, [u64; NAMES])>);

impl Requests {
    /// Notes an event.
    pub fn note(&mut self, event: &Event<'_>, hash: &HashKey) -> Seen {
        let Some(id) = &event.request_id else { return Seen::First };
        if self.0.is_empty() {
            self.0 = vec![(0, [0; NAMES]); SLOTS];
        }
        let id = hash.hash(id.as_bytes()) | 1;
        let of = |name: &str| hash.hash(name.as_bytes()) | 1;
        let name = of(&event.event);
        let slot = &mut self.0[(id >> 32) as usize % SLOTS];
        if slot.0 != id {
            *slot = (id, [0; NAMES]);
        }
        if slot.1.contains(&name) {
            return Seen::Again;
        }
        let contradicts = event.event == name::LOGIN_FAILURE && slot.1.contains(&of(name::LOGIN_SUCCESS));
        if let Some(free) = slot.1.iter_mut().find(|name| **name == 0) {
            *free = name;
        }
        if contradicts { Seen::Contradicts } else { Seen::First }
    }
}
