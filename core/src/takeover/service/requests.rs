//! Deduplication of the events of a request: each name counts once, and a failure after a success is ignored.

use crate::takeover::event::Event;
use crate::takeover::key::HashKey;
use crate::takeover::name;

/// The number of requests that are remembered.
const SLOTS: usize = 8192;
/// The number of event names that are remembered for a request.
const NAMES: usize = 4;

/// How an event relates to earlier ones of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No event of this name was seen.
    First,
    /// The same event was seen.
    Again,
    /// The event is a failure after a success. The reverse order is not detected, because the failure was already
    /// counted.
    Contradicts,
}

/// The latest requests, in a direct-mapped table: a later request replaces an earlier one in the same slot.
#[derive(Default)]
pub struct Requests(Vec<(u64, [u64; NAMES])>);

impl Requests {
    /// Records an event.
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
