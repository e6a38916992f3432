//! Deduplication of the events of a request.
//!
//! A login may reach the detector twice: from the application and from the instrumentation of its framework, or from a
//! rule. So of equal events of one request only the first counts. But one request can also try many logins, such as a
//! batch of GraphQL operations, and each of them is an attempt. Events are therefore equal if the request, the name and
//! the login are; an event without a login is the same as one of the same name with any login. A failure after a
//! success of the same login is a fault of the instrumentation and does not count. The reverse order is not detected,
//! because the failure was already counted.

use crate::takeover::event::Event;
use crate::takeover::key::{HashKey, combined};
use crate::takeover::name;
use crate::takeover::subject::Subject;

/// The number of sets, a power of two.
const SETS: usize = 8192;
/// The number of events that a set remembers.
const WAYS: usize = 4;

/// How an event relates to earlier ones of its request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// No equal event was seen.
    First,
    /// An equal event was seen.
    Again,
    /// The event is a failure after a success.
    Contradicts,
}

/// The latest events, in a set-associative table: a later event replaces the oldest one of its set. So a request with
/// very many logins costs no more memory, and at worst a repeated event counts again.
#[derive(Default)]
pub struct Requests(Vec<[u64; WAYS]>);

/// What is remembered of the events of one name in a request, beside their logins.
#[derive(Clone, Copy)]
enum Mark {
    /// There was an event.
    Any = 1,
    /// There was an event without a login, which none with a login was found to be the same as.
    Nameless = 2,
}

impl Requests {
    /// Records an event.
    pub fn note(&mut self, event: &Event<'_>, subject: &Subject<'_>, hash: &HashKey) -> Seen {
        let Some(id) = &event.request_id else { return Seen::First };
        if self.0.is_empty() {
            self.0 = vec![[0; WAYS]; SETS];
        }
        let request = hash.hash(id.as_bytes());
        let of = |name: &str| combined(request, hash.hash(name.as_bytes()));
        let name = of(&event.event);
        let id = event.user_id.as_ref().map(|id| hash.hasher().part(b"id").part(id.as_bytes()).finish());
        let who: Vec<u64> = subject.login_hash().into_iter().chain(id).collect();
        if self.is_same(name, &who) {
            return Seen::Again;
        }
        let success = of(name::LOGIN_SUCCESS);
        let contradicts = event.event == name::LOGIN_FAILURE && self.was(success, &who);
        self.insert(marked(name, Mark::Any));
        if who.is_empty() {
            self.insert(marked(name, Mark::Nameless));
        }
        who.iter().for_each(|who| self.insert(combined(name, *who)));
        if contradicts { Seen::Contradicts } else { Seen::First }
    }

    /// Whether an event of this name and account was seen.
    fn was(&self, name: u64, who: &[u64]) -> bool {
        match who {
            [] => self.has(marked(name, Mark::Any)),
            who => self.has(marked(name, Mark::Nameless)) || who.iter().any(|who| self.has(combined(name, *who))),
        }
    }

    /// The same for the event at hand. An event without a login is the same as only one with a login.
    fn is_same(&mut self, name: u64, who: &[u64]) -> bool {
        let same = self.was(name, who);
        if same && !who.is_empty() {
            self.remove(marked(name, Mark::Nameless));
            who.iter().for_each(|who| self.insert(combined(name, *who)));
        }
        same
    }

    fn has(&self, event: u64) -> bool {
        self.0[set(event)].contains(&event)
    }

    fn insert(&mut self, event: u64) {
        let set = &mut self.0[set(event)];
        if !set.contains(&event) {
            set.rotate_right(1);
            set[0] = event;
        }
    }

    fn remove(&mut self, event: u64) {
        self.0[set(event)].iter_mut().filter(|known| **known == event).for_each(|known| *known = 0);
    }
}

fn marked(name: u64, mark: Mark) -> u64 {
    combined(name, mark as u64)
}

fn set(event: u64) -> usize {
    (event >> 32) as usize % SETS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::normalization::Normalization;
    use Seen::*;

    /// Notes events of one request: name, login and id.
    fn note(requests: &mut Requests, events: &[(&str, &str, &str, Seen)]) {
        for (name, login, id, expected) in events {
            let text = |text: &&str| (!text.is_empty()).then(|| text.to_string().into());
            let event = Event {
                event: name.to_string().into(),
                request_id: Some("r".into()),
                login: text(login).or(text(id)),
                user_id: text(id),
                ..Event::default()
            };
            let hash = HashKey([1, 2]);
            let subject = Subject::of(&event, &Normalization::default(), &hash);
            assert_eq!(requests.note(&event, &subject, &hash), *expected, "{name} {login} {id} in {events:?}");
        }
    }

    #[test]
    fn events_of_one_login_are_one_and_those_of_many_are_many() {
        let (failure, success) = (name::LOGIN_FAILURE, name::LOGIN_SUCCESS);
        let table: [&[(&str, &str, &str, Seen)]; 7] = [
            &[(failure, "a", "", First), (failure, " A", "", Again), (failure, "b", "", First)],
            &[(failure, "a", "7", First), (failure, "", "7", Again), (failure, "x", "7", Again)],
            &[(failure, "a", "", First), (failure, "", "", Again), (failure, "b", "", First)],
            &[
                (failure, "", "", First),
                (failure, "a", "", Again),
                (failure, "b", "", First),
                (failure, "a", "", Again),
            ],
            &[(success, "a", "", First), (failure, "A", "", Contradicts), (failure, "b", "", First)],
            &[(success, "a", "", First), (failure, "", "", Contradicts), (failure, "", "", Again)],
            &[(success, "", "", First), (failure, "a", "", Contradicts), ("x.y", "a", "", First)],
        ];
        table.iter().for_each(|events| note(&mut Requests::default(), events));
    }

    #[test]
    fn a_request_with_very_many_logins_counts_each_of_them() {
        let mut requests = Requests::default();
        for n in 0..100_000 {
            note(&mut requests, &[(name::LOGIN_FAILURE, &n.to_string(), "", First)]);
        }
        assert_eq!(requests.0.len() * WAYS * 8, 262_144);
    }
}
