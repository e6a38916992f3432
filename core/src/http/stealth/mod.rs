//! Refusing a login so that the attacker can't tell it from a wrong password.
//!
//! A block page tells a credential-stuffing tool exactly which of its traits gave it away. A stealth answer repeats the
//! application's own login failure instead: the page, the headers that are always there, and a delay like the real ones,
//! because checking a password takes time and not checking it is a tell.
//!
//! What is repeated must not be anybody's, and must not be what an attacker wants others to see. So an answer consists of
//! what the failures of several people have in common (three at least, twenty at most, then the next page is begun);
//! tokens, ids and numbers are drawn anew in the shape they have in common, and all else that differs is left out.
//! The login is echoed where the application does, but only as text: never in tags, attributes, scripts and style sheets.
//! A login that is a word of the page itself teaches nothing.
//!
//! Failures are learned by route, status and media type, of the statuses that applications answer a wrong password with.
//! Of these kinds the one that brought most of the latest failures of a route is repeated. An answer never carries a cookie
//! or a response id, and says the same whether the account exists or not: the choice doesn't look at the account.
//!
//! | file | concept |
//! |---|---|
//! | `kinds` | all kinds of failures that are known, within bounds |
//! | `kind` | one of them: the page in use, and the next one |
//! | `page` | what the failures of several people have in common |
//! | `template` | the same of texts, and texts made from it |
//! | `align`, `words` | which words of two texts are the same ones |
//! | `gap`, `random` | what differs and is drawn anew |
//! | `place` | where something stands in a page, and so what may be written there |

mod align;
mod failure_kind;
mod gap;
mod kinds;
mod page;
mod place;
mod random;
mod template;
#[cfg(test)]
mod tests;
mod words;

use kinds::{Key, Kinds};
use page::{DROPPED_HEADERS, Sample};
use place::Media;
use random::Random;
use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

/// Answers that are recognized when they come back.
const REMEMBERED_ANSWERS: usize = 1024;
const LONGEST_ROUTE: usize = 512;
const LONGEST_TYPE: usize = 128;

/// A failed login as the application answered it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginFailure {
    /// The status code.
    pub status: u16,
    /// The media type.
    pub content_type: String,
    /// The other headers.
    pub headers: Vec<(String, String)>,
    /// The body, decoded.
    pub body: String,
    /// How long the application took, in microseconds.
    pub latency: u64,
}

impl LoginFailure {
    /// The answer that an operator wants, as it is: for routes where nothing has been learned.
    pub fn answer(&self) -> StealthAnswer {
        let kept =
            |(name, _): &&(String, String)| !DROPPED_HEADERS.iter().any(|dropped| name.eq_ignore_ascii_case(dropped));
        let headers = self.headers.iter().filter(kept).cloned().collect();
        StealthAnswer::new(self.status, &self.content_type, headers, self.body.clone(), self.latency)
    }

    /// Whether this can be an application's answer to a wrong password: the form once more, a redirection to it, or what
    /// interfaces say of wrong credentials. Limits, errors of the server and unknown pages are something else, and so are
    /// blocking answers, which carry an id.
    fn is_genuine(&self) -> bool {
        let is_block = ["security_response_id", "security-response-id"].iter().any(|id| self.body.contains(id));
        matches!(self.status, 200 | 301..=303 | 307 | 308 | 400 | 401 | 403 | 422) && !is_block
    }
}

/// An answer to write, after a delay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StealthAnswer {
    /// The status code.
    pub status: u16,
    /// All headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
    /// Microseconds the whole request should have taken.
    pub delay: u64,
}

impl StealthAnswer {
    fn new(status: u16, content_type: &str, mut headers: Vec<(String, String)>, body: String, delay: u64) -> Self {
        if !content_type.is_empty() {
            headers.push(("content-type".into(), content_type.into()));
        }
        headers.push(("content-length".into(), body.len().to_string()));
        Self { status, headers, body, delay }
    }
}

/// The failures learned so far.
#[derive(Debug, Default)]
pub struct StealthTemplates {
    kinds: Kinds,
    /// Hashes of the answers given last, so that they are not learned from.
    given: VecDeque<u64>,
    hasher: RandomState,
}

impl StealthTemplates {
    /// Learns from a real failure of a login; `now` in nanoseconds of a clock that never steps back. False if it taught
    /// nothing: the status is none of a wrong password, it is a blocking answer or one of ours, the same person failed
    /// before, the login is too short or a word of the page, or the page is unlike those before.
    pub fn learn(&mut self, route: &str, login: &str, failure: &LoginFailure, now: u64) -> bool {
        let Some(media) = Media::of(&failure.content_type) else { return false };
        let bounded = route.len() <= LONGEST_ROUTE && failure.content_type.len() <= LONGEST_TYPE;
        if !bounded || !failure.is_genuine() || self.given.contains(&self.fingerprint(failure.status, &failure.body)) {
            return false;
        }
        let key = Key { route: route.into(), status: failure.status, content_type: failure.content_type.clone() };
        let person = self.hasher.hash_one(login.trim().to_lowercase());
        let Some(kind) = self.kinds.seen(&key, media) else { return false };
        let learned = kind.learn(|media| Sample::of(failure, login, person, media), now);
        if learned {
            self.kinds.taught(&key);
        }
        learned
    }

    /// The answer for a login on a route; `None` when nothing is known.
    pub fn answer(&mut self, route: &str, login: &str, random: u64) -> Option<StealthAnswer> {
        let mut random = Random::new(random);
        let answer = self.kinds.of_route(route).into_iter().find_map(|(key, kind)| {
            kind.page()?.answer(key.status, &key.content_type, kind.media(), login, &mut random)
        })?;
        self.given.truncate(REMEMBERED_ANSWERS - 1);
        self.given.push_front(self.fingerprint(answer.status, &answer.body));
        Some(answer)
    }

    fn fingerprint(&self, status: u16, body: &str) -> u64 {
        self.hasher.hash_one((status, body))
    }
}
